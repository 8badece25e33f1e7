//! Whatever is sent: a clear SCIM error, nothing stored, and the next request is served.

use axum::body::Body;
use serde_json::{Value, json};

use crate::entra_test;
use crate::support::app::Answer;
use crate::support::entra::{Entra, user};

const ENT: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";

async fn raw(entra: &Entra<'_>, method: &str, path: &str, body: impl Into<Body>) -> Answer {
    let request = entra
        .request(method, path)
        .header("content-type", "application/scim+json");
    entra.app.send(request.body(body.into()).unwrap()).await
}

/// Nothing was stored, and the service goes on.
async fn unharmed(entra: &Entra<'_>) {
    assert_eq!(entra.users().await, 0);
    entra.get("/Users").await.is(200);
}

entra_test! {
    async fn malformed_json(entra: Entra) {
        for (body, reason) in [
            (&b""[..], "body_empty"), (b"  \n", "body_empty"), (b"{", "json_malformed"), (b"{\"userName\":}", "json_malformed"),
            (b"{'userName':'a'}", "json_malformed"), (b"{\"userName\":\"a\"} x", "json_malformed"), (b"{\"userName\":\"a\",}", "json_malformed"),
            (b"{\"userName\":NaN}", "json_malformed"), (b"{\"a\":\"\\ud800\"}", "json_malformed"), (b"<xml/>", "json_malformed"),
            (b"userName=a", "json_malformed"), (b"{\"userName\":\"a\x01\"}", "json_malformed"),
            (b"{\"userName\":\"\xff\xfe\"}", "utf8_invalid"), (b"\xff\xfe{\x00}\x00", "utf8_invalid"), (b"{\"a\":\"\xed\xa0\x80\"}", "utf8_invalid"),
            (b"[]", "body_not_object"), (b"null", "body_not_object"), (b"\"text\"", "body_not_object"), (b"12", "body_not_object"),
        ] {
            for (method, path) in [("POST", "/Users"), ("PUT", "/Users/x"), ("PATCH", "/Users/x"), ("POST", "/.search")] {
                let answer = raw(&entra, method, path, body).await;
                let detail = answer.is_error(400, "invalidSyntax");
                assert!(!detail.is_empty());
                assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some(reason), "{method} {}", String::from_utf8_lossy(body));
            }
        }
        unharmed(&entra).await;
        raw(&entra, "POST", "/Users", format!("\u{feff}{}", user("bom"))).await.is(201);
    }

    async fn rfc9110_15_5_16_compressed_bodies_are_415(entra: Entra) {
        let body = user("ana").to_string();
        for coding in ["gzip", "GZIP", "identity, br", "deflate"] {
            for (method, path) in [("POST", "/Users"), ("PATCH", "/Users/x"), ("POST", "/.search")] {
                let answer = entra.with(method, path, ("content-encoding", coding), &body).await;
                let detail = answer.is_error(415, "");
                assert!(detail.contains("compressed"), "{detail}");
                assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("content_type_unsupported"), "{coding}");
            }
        }
        unharmed(&entra).await;
        for coding in ["identity", "", "utf-8"] {
            let answer = entra.with("POST", "/Users", ("content-encoding", coding), &user(&format!("u{coding}")).to_string()).await;
            answer.is(201);
        }
    }

    async fn wrong_types_are_refused_and_name_the_attribute(entra: Entra) {
        let wrong = [json!(true), json!(7), json!(1.5), json!({"a": 1}), json!(["a", "b"]), json!([["a"]])];
        for attribute in ["userName", "externalId", "displayName", "title", "timezone"] {
            for value in &wrong {
                let mut body = user("ana");
                body[attribute] = value.clone();
                let answer = entra.post(&body).await;
                let detail = answer.is_error(400, "invalidValue");
                assert!(detail.contains(attribute), "{attribute} {value}: {detail}");
                assert_eq!(entra.entry(&answer).await.attribute.as_deref(), Some(attribute));
            }
        }
        for (attribute, values) in [
            ("active", vec![json!("yes"), json!(0), json!({}), json!(["a", "b"]), json!(" true")]),
            ("name", vec![json!("Ana"), json!(7), json!([1]), json!([{}, {}]), json!({"givenName": 7}), json!({"familyName": {"a": 1}})]),
            ("emails", vec![json!(7), json!([7]), json!([[]]), json!([{"value": 7}]), json!([{"value": "a", "primary": "maybe"}])]),
            ("roles", vec![json!(true), json!([{"value": {"a": 1}}]), json!([{"value": "admin", "primary": 2}])]),
            (ENT, vec![json!("x"), json!(7), json!(["x"]), json!({"department": 7}), json!({"manager": {"value": 7}})]),
        ] {
            for value in values {
                let mut body = user("ana");
                body[attribute] = value.clone();
                let detail = entra.post(&body).await.is_error(400, "invalidValue");
                assert!(detail.contains(attribute), "{attribute}: {detail}");
            }
        }
        unharmed(&entra).await;
    }

    async fn nulls_everywhere(entra: Entra) {
        let schemas = entra.get("/Schemas").await.is(200);
        let mut body = json!({"schemas": null, "id": null, "meta": null, "externalId": null, (ENT): null});
        for attribute in schemas["Resources"][0]["attributes"].as_array().unwrap() {
            body[attribute["name"].as_str().unwrap()] = json!(null);
        }
        entra.post(&body).await.is_error(400, "invalidValue");
        body["userName"] = json!("ana");
        body["name"] = json!({"givenName": "A", "familyName": "B", "formatted": null});
        let created = entra.post(&body).await.is(201);
        let id = created["id"].as_str().unwrap();
        for operations in [json!(null), json!([null]), json!([{"op": null}]), json!([{"op": "add", "path": null, "value": null}])] {
            entra.patch(id, operations.clone()).await.is_error(400, if operations[0]["value"].is_null() && operations[0]["op"] == "add" { "invalidValue" } else { "invalidSyntax" });
        }
        let cleared: Value = body.as_object().unwrap().iter().filter(|(key, value)| value.is_null() && *key != "active")
            .map(|(key, _)| (key.clone(), Value::Null)).collect::<serde_json::Map<_, _>>().into();
        assert_eq!(entra.patch(id, json!([{"op": "replace", "value": cleared}])).await.is(200), created);
    }

    async fn large_bodies_are_413(entra: Entra) {
        for size in [1024 * 1024 + 1, 20_000_000] {
            let mut body = user("ana").to_string().into_bytes();
            body.resize(size, b' ');
            for (method, path) in [("POST", "/Users"), ("PATCH", "/Users/x"), ("POST", "/.search")] {
                let answer = raw(&entra, method, path, body.clone()).await;
                answer.is_error(413, "");
                let entry = entra.entry(&answer).await;
                assert_eq!(entry.reason.as_deref(), Some("body_too_large"));
            }
        }
        unharmed(&entra).await;
        let mut body = user("fits").to_string().into_bytes();
        body.resize(1024 * 1024, b' ');
        raw(&entra, "POST", "/Users", body).await.is(201);
    }

    async fn nesting_has_a_limit(entra: Entra) {
        let depth = 10_000;
        for (open, close) in [("[", "]"), ("{\"a\":", "}")] {
            let nested = format!("{}1{}", open.repeat(depth), close.repeat(depth));
            for body in [nested.clone(), format!("{{\"userName\":\"a\",\"x\":{nested}}}"), format!("{{\"Operations\":[{{\"op\":\"add\",\"value\":{nested}}}]}}"),
                format!("{{\"userName\":\"a\",\"roles\":[{{\"value\":{}}}]}}", json!(nested))]
            {
                for (method, path) in [("POST", "/Users"), ("PATCH", "/Users/x")] {
                    let answer = raw(&entra, method, path, body.clone()).await;
                    // Of what can be read at all, that there is no such user comes first.
                    let is_read = serde_json::from_str::<Value>(&body).is_ok();
                    let expected = if method == "PATCH" && is_read { 404 } else { 400 };
                    assert_eq!(answer.status, expected, "{}", answer.text);
                }
            }
        }
        unharmed(&entra).await;
        // What JSON can nest, an attribute that users do not have may.
        let nested = format!("{}1{}", "[".repeat(100), "]".repeat(100));
        let body = user("ana").to_string().replacen('{', &format!("{{\"x\":{nested},"), 1);
        raw(&entra, "POST", "/Users", body).await.is(201);
    }

    async fn filter_bombs_in_paths_and_bodies(entra: Entra) {
        let id = entra.create("ana").await;
        let terms = vec!["value eq \"x\""; 200].join(" or ");
        for path in [
            format!("emails[{terms}].value"),
            format!("emails[{}value eq \"x\"{}].value", "(".repeat(200), ")".repeat(200)),
            "emails[".repeat(5_000),
            format!("emails[value eq \"{}\"].value", "x".repeat(10_000)),
        ] {
            let answer = entra.change(&id, "add", &path, json!("v")).await;
            assert_eq!(answer.status, 400, "{}", answer.text);
            assert!(answer.text.len() < 1_000, "the text does not repeat the path");
        }
        let path = format!("emails[{}].value", vec!["value eq \"x\""; 100].join(" or "));
        let operations: Vec<Value> = (0..30).map(|_| json!({"op": "remove", "path": path})).collect();
        entra.patch(&id, json!(operations)).await.is_error(413, "");
        let search = json!({"filter": format!("{}userName pr{}", "(".repeat(1_000), ")".repeat(1_000))});
        entra.send("POST", "/.search", Some(&search)).await.is_error(400, "invalidFilter");
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
    }

    async fn nul_characters(entra: Entra) {
        for (attribute, value) in [
            ("userName", json!("a\u{0}b")), ("title", json!("\u{0}")), ("externalId", json!("x\u{0}")), ("emails", json!([{"value": "\u{0}"}])),
            ("name", json!({"givenName": "A\u{0}", "familyName": "B"})), ("roles", json!([{"value": "ad\u{0}min"}])),
            (ENT, json!({"department": "\u{0}"})),
        ] {
            let mut body = user("ana");
            body[attribute] = value;
            let answer = entra.post(&body).await;
            answer.is_error(400, "invalidValue");
            assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("nul_character"), "{attribute}");
        }
        unharmed(&entra).await;
        // In a name that is ignored, raw, and in the address.
        let mut body = user("ana");
        body["un\u{0}known"] = json!("\u{0}");
        let answer = entra.post(&body).await;
        let id = answer.id();
        assert_eq!(entra.entry(&answer).await.remark_codes(), ["attribute_ignored"]);
        raw(&entra, "POST", "/Users", &b"{\"userName\":\"a\0b\"}"[..]).await.is_error(400, "invalidSyntax");
        for path in ["/Users/%00", "/Users/a%00b", "/Users/%FF%FE", "/Users/%"] {
            for method in ["GET", "DELETE"] {
                entra.send(method, path, None).await.is_error(404, "");
            }
        }
        assert_eq!(entra.get("/Users?filter=userName+eq+%22a%00%22").await.status, 400);
        assert_eq!(entra.get("/Users?filter=%FF%FE").await.status, 400);
        assert_eq!(entra.get("/Users?filter=userName+eq+%22%FF%22").await.is(200)["totalResults"], 0);
        entra.get("/Users?sortBy=%00&x=%00").await.is_error(400, "invalidValue");
        entra.get("/Users?%00=%00&attributes=%00").await.is(200);
        entra.change(&id, "replace", "title", json!("\u{0}")).await.is_error(400, "invalidValue");
        assert_eq!(entra.change(&id, "replace", "ti\u{0}tle", json!("x")).await.status, 400);
    }

    async fn injections_are_stored_verbatim_and_found(entra: Entra) {
        let strings = [
            "'; DROP TABLE users; --", "\" or \"1\"=\"1", "$1", "?", ":name", "%s%n", "{{7*7}}", "${jndi:ldap://x}", "<script>alert(1)</script>",
            "=cmd|' /C calc'!A0", "../../etc/passwd", "\\'; --", "a\tb\r\nc", "😀 e\u{301} \u{202e}", "\u{7f}\u{1b}[31m", "%00", "null", "true",
        ];
        for (index, text) in strings.into_iter().enumerate() {
            let more = json!({"externalId": text, "displayName": text, "title": text, "nickName": text,
                "name": {"givenName": text, "familyName": text, "formatted": text},
                "emails": [{"value": text, "type": text, "display": text}], (ENT): {"department": text, "manager": {"value": text}}});
            let name = format!("{text} {index}");
            let id = entra.create_with(&name, more.clone()).await;
            let stored = entra.user(&id).await;
            for (attribute, value) in more.as_object().unwrap() {
                assert_eq!(stored[attribute].to_string().len(), value.to_string().len(), "{attribute} of {text:?}");
            }
            assert_eq!((&stored["userName"], &stored["title"]), (&json!(name), &json!(text)));
            let quoted = json!(text).to_string();
            for filter in [
                format!("userName eq {}", json!(name)), format!("externalId eq {quoted}"), format!("displayName eq {quoted}"),
                format!("title eq {quoted}"), format!("name.givenName eq {quoted}"), format!("name.formatted co {quoted}"),
                format!("emails[type eq {quoted}].value eq {quoted}"), format!("emails.display ew {quoted} and title sw {quoted}"),
                format!("{ENT}:department eq {quoted}"), format!("manager eq {quoted}"),
            ] {
                assert!(entra.found(&filter).await.contains(&name), "{filter}");
            }
            let path = format!("emails[value eq {quoted}].display");
            let patched = entra.change(&id, "replace", &path, json!("changed")).await.is(200);
            assert_eq!(patched["emails"][0]["display"], "changed", "{text:?}");
        }
        assert_eq!(entra.users().await, strings.len());
    }

    async fn headers_twice_or_odd(entra: Entra) {
        let body = || Body::from(user("ana").to_string());
        let twice = entra.request("POST", "/Users").header("content-type", "application/json").header("content-type", "text/plain");
        let answer = entra.app.send(twice.body(body()).unwrap()).await;
        assert!([201, 400, 415].contains(&answer.status), "{}", answer.text);
        let twice = entra.request("GET", "/Users").header("authorization", "Bearer x");
        entra.app.send(twice.body(Body::empty()).unwrap()).await.is_error(401, "");
        for value in [&b"\xff\xfe"[..], b"", b";", b"application/json; charset=latin-1", b"/", b"application"] {
            let request = entra.request("POST", "/Users").header("content-type", value).body(Body::from("{}"));
            let answer = entra.app.send(request.unwrap()).await;
            assert!([400, 415].contains(&answer.status), "{value:?}: {}", answer.text);
        }
        let request = entra.request("GET", "/Users").header("if-none-match", &b"\xff"[..]).header("user-agent", &b"\xff\xfe"[..]);
        entra.app.send(request.body(Body::empty()).unwrap()).await.is(200);
    }

    async fn huge_numbers_and_long_lists(entra: Entra) {
        for number in ["1e400", "-1e400", "123456789012345678901234567890", "0.0000000000000000000000001", "-0"] {
            let body = user("ana").to_string().replacen('{', &format!("{{\"x\":{number},\"title\":{number},"), 1);
            assert_eq!(raw(&entra, "POST", "/Users", body).await.status, 400, "{number}");
        }
        entra.get("/Users?count=1e400").await.is_error(400, "invalidValue");
        entra.get(&format!("/Users?count={}", "9".repeat(1_000))).await.is(200);
        let mails = |count: usize| -> Value { (0..count).map(|index| json!({"value": format!("{index}@x")})).collect() };
        let id = entra.create_with("many", json!({"emails": mails(1_000)})).await;
        assert_eq!(entra.user(&id).await["emails"].as_array().unwrap().len(), 1_000);
        assert_eq!(entra.found("emails.value eq \"999@x\"").await, ["many"]);
        let mut body = user("more");
        body["emails"] = mails(1_001);
        let answer = entra.post(&body).await;
        answer.is_error(400, "invalidValue");
        assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("too_many_values"));
        entra.change(&id, "add", "emails", json!([{"value": "one more"}])).await.is_error(400, "invalidValue");
        entra.change(&id, "replace", "emails", mails(1_000)).await.is(200);
        assert_eq!(entra.users().await, 1);
    }

    async fn long_texts_have_a_limit(entra: Entra) {
        for (attribute, limit) in [("userName", 1_024), ("externalId", 1_024), ("displayName", 1_024), ("title", 16 * 1_024)] {
            let mut body = user(&format!("user-{attribute}"));
            body[attribute] = json!("é".repeat(limit / 2));
            let created = entra.post(&body).await;
            created.is(201);
            let filter = format!("{attribute} eq {}", body[attribute]);
            if filter.len() <= 8 * 1_024 {
                assert_eq!(entra.filter(&filter).await.is(200)["totalResults"], 1, "{attribute}");
            }
            body[attribute] = json!("é".repeat(limit / 2 + 1));
            let answer = entra.post(&body).await;
            let detail = answer.is_error(400, "invalidValue");
            assert!(detail.contains(attribute) && detail.len() < 500, "{detail}");
            assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("value_too_long"));
        }
        let id = entra.create("ana").await;
        let value = format!("{}x", "a".repeat(16 * 1_024 - 1));
        for path in ["emails[type eq \"work\"].value", "roles[primary eq \"True\"].display", &format!("{ENT}:department"), "name.formatted", "profileUrl"] {
            entra.change(&id, "add", path, json!(value)).await.is(200);
            assert_eq!(entra.change(&id, "replace", path, json!(format!("{value}y"))).await.status, 400, "{path}");
        }
    }

    async fn what_makes_a_user_too_large_never_keeps_access(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let display = "x".repeat(15_000);
        let roles: Vec<Value> = (0..40).map(|at| json!({"value": format!("r{at}"), "display": display})).collect();
        let set = json!({"op": "replace", "path": "roles", "value": roles});
        let off = json!({"op": "Replace", "path": "active", "value": "False"});
        let id = entra.create("ana").await;
        let before = entra.user(&id).await;
        let refused = entra.patch(&id, json!([set])).await;
        refused.is_error(400, "invalidValue");
        assert_eq!(entra.entry(&refused).await.reason.as_deref(), Some("value_too_long"));
        // The same again goes to an inactive user.
        for operations in [json!([off, set]), json!([set])] {
            let answer = entra.patch(&id, operations).await;
            let after = answer.is(200);
            assert_eq!((&after["active"], &after["roles"]), (&json!(false), &before["roles"]));
            assert_eq!(entra.entry(&answer).await.remark_codes(), ["value_kept"]);
        }
        let name = json!({"givenName": "Ana", "familyName": "Ruiz"});
        let whole = |active: bool| json!({"userName": "ana", "active": active, "name": name, "roles": roles});
        assert_eq!(entra.put(&id, &whole(false)).await.is(200)["roles"], before["roles"]);
        entra.put(&id, &whole(true)).await.is_error(400, "invalidValue");

        // Beside what is large already, a name may be too much.
        let mails: Vec<Value> = (0..32).map(|at| json!({"value": format!("{at}{}", "m".repeat(16_000)), "type": "other"})).collect();
        let id = entra.create_with("ben", json!({"emails": mails})).await;
        let rename = json!({"op": "replace", "path": "name.formatted", "value": "n".repeat(16_000)});
        entra.patch(&id, json!([rename])).await.is_error(400, "invalidValue");
        let after = entra.patch(&id, json!([rename, off])).await.is(200);
        assert_eq!((&after["active"], &after["name"]["formatted"]), (&json!(false), &json!("Ana Ruiz")));

        // A user that is inactive from the start has nothing to keep.
        let mut body = user("eve");
        body["roles"] = json!(roles);
        entra.post(&body).await.is_error(400, "invalidValue");
        body["active"] = json!(false);
        let made = entra.post(&body).await;
        assert_eq!(made.is(201).get("roles"), None);
        assert!(entra.entry(&made).await.remark_codes().contains(&"attribute_ignored".to_owned()));
    }

    async fn long_texts_in_paths_have_the_same_limit(entra: Entra) {
        entra.policy("missing_names", "accept").await;
        entra.policy("unknown_role", "accept").await;
        let id = entra.post(&json!({"userName": "ana"})).await.id();
        let long = "x".repeat(3_000);
        for (path, attribute) in [("name[givenName eq \"LONG\"].familyName", "name.givenName"), ("roles[value eq \"LONG\"].display", "roles.value")] {
            let answer = entra.change(&id, "add", &path.replace("LONG", &long), json!("x")).await;
            answer.is_error(400, "invalidValue");
            let entry = entra.entry(&answer).await;
            assert_eq!((entry.reason.as_deref(), entry.attribute.as_deref()), (Some("value_too_long"), Some(attribute)));
        }
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
    }

    async fn many_unknown_attributes(entra: Entra) {
        let mut body = user("ana");
        for index in 0..5_000 {
            body[format!("unknown{index}")] = json!(index);
        }
        body["roles"] = json!([]);
        let answer = entra.post(&body).await;
        answer.is(201);
        let entry = entra.entry(&answer).await;
        assert_eq!(entry.remark_codes().len(), 51);
        assert_eq!(entry.reason.as_deref(), Some("default_role_used"));
        // The same attribute in two cases: the last one counts.
        let twice = r#"{"userName":"first","USERNAME":"second","name":{"givenName":"A","GIVENNAME":"B","familyName":"C"}}"#;
        let answer = raw(&entra, "POST", "/Users", twice).await;
        let created = answer.is(201);
        assert_eq!((&created["userName"], &created["name"]["givenName"]), (&json!("second"), &json!("B")));
        assert!(entra.entry(&answer).await.remark_codes().contains(&"attribute_repeated".to_owned()));
    }
}
