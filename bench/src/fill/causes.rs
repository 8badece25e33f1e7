//! One issue of each kind that the settings of a new organization give, each by its real cause.

use anyhow::Result;
use hyper::Method;
use hyper::body::Bytes;
use hyper::header::{AUTHORIZATION, CONTENT_TYPE};
use serde_json::{Value, json};

use super::{Filling, Person, filter};
use crate::client::{Connection, JSON, Target};

impl Filling {
    /// What a mapping, an expression or another program may send.
    pub(super) async fn causes(&mut self) -> Result<()> {
        let add = |path: &str, value: Value| json!([{ "op": "Add", "path": path, "value": value }]);
        let emails: Vec<Value> = (0..1_001)
            .map(|number| json!({ "value": format!("{number}@contoso.com") }))
            .collect();
        for (number, operations) in [
            (7, add("meta.created", json!("2020-01-01T00:00:00Z"))),
            (8, json!([{ "op": "Remove", "path": "userName" }])),
            (9, add("title", json!(7))),
            (10, add("title", json!("x".repeat(20_000)))),
            (11, add("emails[type eq \"work\"", json!("x@contoso.com"))),
            (12, json!([{ "op": "Move", "path": "title", "value": "x" }])),
            (13, json!([{ "op": "Add", "path": "title" }])),
            (14, add("password", json!("correct horse battery staple"))),
            (15, add("favouriteColour", json!("blue"))),
            (
                16,
                json!([{ "op": "Replace", "path": "active", "value": null }]),
            ),
            (18, json!([{ "op": "Remove" }])),
            (19, add("ims[type ne \"a\"].value", json!("x"))),
            (20, add("emails", json!(emails))),
            (21, add("title", json!("a\u{0}b"))),
            (
                22,
                json!(vec![
                    json!({ "op": "Add", "path": "title", "value": "x" });
                    1_001
                ]),
            ),
            (23, add("userName", json!(" "))),
        ] {
            if let Some(id) = self.find(&Person::new(number)).await? {
                self.patch(&id, operations).await?;
            }
        }
        let mut unnamed = Person::new(17).body();
        unnamed["userName"] = json!("");
        self.refused(unnamed, 1).await?;
        let mut first_name_missing = Person::new(900_001).body();
        first_name_missing["name"] = json!({ "familyName": "Reception" });
        self.refused(first_name_missing, 1).await?;
        let mut repeated = Person::new(900_002).body();
        repeated["Title"] = json!("Porter");
        repeated["title"] = json!("Receptionist");
        self.refused(repeated, 1).await?;
        let mut two_primaries = Person::new(900_003).body();
        two_primaries["emails"] = json!([
            { "value": "a@contoso.com", "type": "work", "primary": true },
            { "value": "b@contoso.com", "type": "home", "primary": true },
        ]);
        self.refused(two_primaries, 1).await?;
        self.messages().await?;
        self.queries().await?;
        println!("issues of many kinds");
        Ok(())
    }

    /// Bodies that are none, or not the right ones.
    async fn messages(&mut self) -> Result<()> {
        let Some(id) = self.find(&Person::new(25)).await? else {
            return Ok(());
        };
        let user = format!("/Users/{id}");
        for (method, path, kind, body) in [
            (Method::POST, "/Users", JSON, Vec::new()),
            (Method::POST, "/Users", JSON, b"{\"userName\":".to_vec()),
            (Method::POST, "/Users", JSON, b"[]".to_vec()),
            (
                Method::POST,
                "/Users",
                JSON,
                b"{\"userName\":\"\xff\"}".to_vec(),
            ),
            (Method::POST, "/Users", JSON, vec![b' '; 1_100_000]),
            (
                Method::POST,
                "/Users",
                "text/plain",
                b"userName=ana".to_vec(),
            ),
            (Method::POST, "/Bulk", JSON, b"{}".to_vec()),
            (Method::PATCH, &user, JSON, b"{\"Operations\":1}".to_vec()),
            (
                Method::PATCH,
                &user,
                JSON,
                b"{\"schemas\":[\"urn:x\"],\"Operations\":[]}".to_vec(),
            ),
            (
                Method::POST,
                "/.search",
                JSON,
                b"{\"attributes\":1}".to_vec(),
            ),
        ] {
            self.send_raw(method, path, kind, body).await?;
        }
        Ok(())
    }

    async fn queries(&mut self) -> Result<()> {
        let long = format!("/Users?filter={}", "x".repeat(9_000));
        let deep = format!("/Users?filter={}", "(".repeat(60));
        for path in [
            "/Groups",
            "/Me",
            "/Elsewhere",
            "/Schemas/nothing",
            "/ResourceTypes/nothing",
            "/Schemas?filter=id+pr",
            "/Users?filter=userName+eq",
            "/Users?filter=userName+is+%22x%22",
            "/Users?filter=active+eq+%22x%22",
            "/Users?count=many",
            "/Users?startIndex=first",
            "/Users?sortBy=shoeSize",
            "/Users?sortOrder=up",
            "/Users?attributes=title&excludedAttributes=name",
            &long,
            &deep,
        ] {
            self.send(Method::GET, path, None).await?;
        }
        self.send(Method::PUT, "/Users", None).await?;
        Ok(())
    }

    async fn send_raw(
        &mut self,
        method: Method,
        path: &str,
        kind: &str,
        body: Vec<u8>,
    ) -> Result<()> {
        let authorization = self.authorization.clone();
        let headers = [
            (AUTHORIZATION, authorization.as_str()),
            (CONTENT_TYPE, kind),
        ];
        let answer = self
            .entra
            .exchange_raw(method, path, &headers, Bytes::from(body))
            .await;
        match answer {
            Ok((status, _)) => self.answers.push(status),
            // What is too large is not read to its end: the answer may come too late to be seen.
            Err(_) => self.entra = Connection::open(&self.target).await?,
        }
        Ok(())
    }
}

/// Callers that are not let in, and one that is in spite of itself.
pub(super) async fn refused_callers(target: &Target) -> Result<()> {
    let mut caller = Connection::open(target).await?;
    let stranger = format!("Bearer rhp_{}", "Stranger".repeat(6));
    let doubled = format!("Bearer Bearer {}", target.token);
    for authorization in [
        Some(stranger.as_str()),
        Some(&stranger),
        Some(&stranger),
        Some("Basic YTpi"),
        Some(&doubled),
        None,
    ] {
        let headers = authorization.map(|value| (AUTHORIZATION, value));
        let headers: Vec<_> = headers.into_iter().collect();
        let path = filter("ana.ruiz@contoso.com");
        caller
            .exchange_raw(Method::GET, &path, &headers, Bytes::new())
            .await?;
    }
    let other_version = Target {
        base: target.base.replace("/v2", "/v1"),
        ..target.clone()
    };
    let mut caller = Connection::open(&other_version).await?;
    caller.exchange(Method::GET, "/Users", None).await?;
    println!("callers with a wrong token, with none, and with another version");
    Ok(())
}
