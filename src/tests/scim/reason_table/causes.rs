//! What leads to each reason: requests, and the settings that they meet.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::server::scim::reason::Reason;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use crate::support::entra::{Entra, user};

const ROLE: &str = r#"roles[primary eq "True"].value"#;

/// Why a reason is in no answer that a test can ask for.
pub struct NotFromOutside(pub &'static str);

pub type Cause = Result<&'static str, NotFromOutside>;

async fn create(entra: &Entra<'_>, change: impl FnOnce(&mut Value)) {
    let mut body = user("new@contoso.com");
    change(&mut body);
    entra.post(&body).await;
}

async fn raw(entra: &Entra<'_>, method: &str, path: &str, kind: &str, body: impl Into<Body>) {
    let request = entra.request(method, path).header("content-type", kind);
    entra.app.send(request.body(body.into()).unwrap()).await;
}

/// A PATCH of Ana Ruiz.
async fn change(entra: &Entra<'_>, operation: Value) {
    let id = entra.create("ana@contoso.com").await;
    entra.patch(&id, json!([operation])).await;
}

/// A request with this `Authorization` header, or none.
async fn call(entra: &Entra<'_>, slug: &str, version: &str, authorization: Option<&str>) {
    let mut request = Request::get(format!("/scim/{slug}/{version}/Users"));
    if let Some(value) = authorization {
        request = request.header("authorization", value);
    }
    entra.app.send(request.body(Body::empty()).unwrap()).await;
}

/// Does what leads to the reason; answers it in words.
pub async fn cause(entra: &Entra<'_>, reason: Reason) -> Cause {
    let bearer = format!("Bearer {}", entra.token);
    let add = |path: &str, value: Value| json!({"op": "Add", "path": path, "value": value});
    let get = async |path: &str| {
        entra.get(path).await;
    };
    let json_type = "application/scim+json";
    Ok(match reason {
        Reason::TokenMissing => {
            call(entra, &entra.slug, "v2", None).await;
            "no Authorization header"
        }
        Reason::TokenMalformed => {
            call(entra, &entra.slug, "v2", Some("Basic YTpi")).await;
            "Authorization: Basic"
        }
        Reason::TokenUnknown => {
            call(entra, &entra.slug, "v2", Some("Bearer rhp_unknown")).await;
            "a token that nobody knows"
        }
        Reason::TokenExpired => {
            let expire =
                sql("UPDATE tokens SET expires_at = created_at WHERE organization_id = $1");
            entra.app.execute(expire.bind(&entra.organization_id)).await;
            get("/Users").await;
            "a token past its expiry"
        }
        Reason::TokenRevoked => {
            let revoke =
                sql("UPDATE tokens SET revoked_at = created_at WHERE organization_id = $1");
            entra.app.execute(revoke.bind(&entra.organization_id)).await;
            get("/Users").await;
            "a token that was revoked"
        }
        Reason::TokenWrongOrganization => {
            let other = entra.app.entra(&format!("{}-other", entra.slug)).await;
            call(
                entra,
                &entra.slug,
                "v2",
                Some(&format!("Bearer {}", other.token)),
            )
            .await;
            "another organization's token"
        }
        Reason::OrganizationUnknown => {
            call(entra, "nobody-knows-it", "v2", Some(&bearer)).await;
            "a Tenant URL of no organization"
        }
        Reason::OrganizationOff => {
            entra.policy("state", "off").await;
            get("/Users").await;
            "any request while provisioning is off"
        }
        Reason::OrganizationPaused => {
            entra.policy("state", "paused").await;
            get("/Users").await;
            "any request while provisioning is paused"
        }
        Reason::GuardHolding => {
            let limit = sql("UPDATE organizations SET removal_limit = 1 WHERE id = $1");
            entra.app.execute(limit.bind(&entra.organization_id)).await;
            for name in ["ana@contoso.com", "ben@contoso.com"] {
                let id = entra.create(name).await;
                entra.change(&id, "Replace", "active", json!("False")).await;
            }
            "PATCH that disables one user more than the guard lets go"
        }

        Reason::UserNameTaken => {
            entra.create("NEW@contoso.com").await;
            create(entra, |_| ()).await;
            "POST of a userName that another user has"
        }
        Reason::UserNameMissing => {
            create(entra, |body| body["userName"] = json!(null)).await;
            "POST without userName"
        }
        Reason::UserNameInvalid => {
            create(entra, |body| body["userName"] = json!(" ")).await;
            "POST with a userName of white space"
        }
        Reason::GivenNameMissing => {
            create(entra, |body| body["name"] = json!({"familyName": "Ruiz"})).await;
            "POST without name.givenName, policy reject"
        }
        Reason::FamilyNameMissing => {
            create(entra, |body| body["name"] = json!({"givenName": "Ana"})).await;
            "POST without name.familyName, policy reject"
        }
        Reason::RoleMissing => {
            entra.policy("missing_role", "reject").await;
            create(entra, |body| body["roles"] = json!([])).await;
            "POST without a role, policy reject"
        }
        Reason::RoleUnknown => {
            change(entra, add(ROLE, json!("SECURITY_LEAD"))).await;
            "PATCH of an unknown role, policy reject"
        }
        Reason::RoleAmbiguous => {
            return Err(NotFromOutside(
                "the lowest of several roles decides, so nothing gives it",
            ));
        }
        Reason::ActiveValueMissing => {
            change(entra, add("active", json!(null))).await;
            "PATCH of active with null"
        }
        Reason::ValueWrongType => {
            create(entra, |body| body["title"] = json!(7)).await;
            "POST with a number as title"
        }
        Reason::ValueNotCanonical => {
            return Err(NotFromOutside(
                "values that the schema suggests are not enforced",
            ));
        }
        Reason::ValueTooLong => {
            create(entra, |body| body["title"] = json!("x".repeat(20_000))).await;
            "POST with a title of 20,000 characters"
        }
        Reason::TooManyValues => {
            let emails: Value = (0..1_001)
                .map(|n| json!({"value": n.to_string()}))
                .collect();
            create(entra, |body| body["emails"] = emails).await;
            "POST with 1,001 emails"
        }
        Reason::NulCharacter => {
            create(entra, |body| body["title"] = json!("a\u{0}b")).await;
            "POST with a NUL in title"
        }
        Reason::AttributeReadOnly => {
            change(entra, add("meta.created", json!("2020-01-01T00:00:00Z"))).await;
            "PATCH of meta.created"
        }
        Reason::AttributeRequiredRemoved => {
            change(entra, json!({"op": "Remove", "path": "userName"})).await;
            "PATCH that removes userName"
        }

        Reason::JsonMalformed => {
            raw(entra, "POST", "/Users", json_type, "{").await;
            "POST of half a JSON object"
        }
        Reason::BodyEmpty => {
            raw(entra, "POST", "/Users", json_type, "").await;
            "POST without a body"
        }
        Reason::BodyNotObject => {
            raw(entra, "POST", "/Users", json_type, "[]").await;
            "POST of a JSON list"
        }
        Reason::BodyTooLarge => {
            raw(entra, "POST", "/Users", json_type, " ".repeat(1_100_000)).await;
            "POST of more than 1 MiB"
        }
        Reason::BodyTimeout => {
            return Err(NotFromOutside("takes a sender that stalls for 10 s"));
        }
        Reason::ContentTypeUnsupported => {
            raw(entra, "POST", "/Users", "text/plain", "x").await;
            "POST of text/plain"
        }
        Reason::Utf8Invalid => {
            raw(
                entra,
                "POST",
                "/Users",
                json_type,
                &b"{\"userName\":\"\xff\"}"[..],
            )
            .await;
            "POST of bytes that are no UTF-8"
        }
        Reason::SchemasWrong => {
            let id = entra.create("ana@contoso.com").await;
            let body = json!({"schemas": ["urn:x"], "Operations": []});
            entra
                .send("PATCH", &format!("/Users/{id}"), Some(&body))
                .await;
            "PATCH with another message's schemas"
        }
        Reason::PatchOperationsMissing => {
            let id = entra.create("ana@contoso.com").await;
            entra.patch(&id, json!(1)).await;
            "PATCH whose Operations is no list"
        }
        Reason::PatchOpUnknown => {
            change(entra, json!({"op": "Move", "path": "title", "value": "x"})).await;
            "PATCH with the op Move"
        }
        Reason::PatchPathMalformed => {
            change(entra, add("emails[type eq \"work\"", json!("x"))).await;
            "PATCH of a path without its closing bracket"
        }
        Reason::PatchRemoveWithoutPath => {
            change(entra, json!({"op": "Remove"})).await;
            "PATCH with a remove without path"
        }
        Reason::PatchValueMissing => {
            change(entra, json!({"op": "Add", "path": "title"})).await;
            "PATCH with an add without value"
        }
        Reason::PatchTooManyOperations => {
            let id = entra.create("ana@contoso.com").await;
            entra
                .patch(&id, json!(vec![add("title", json!("x")); 1_001]))
                .await;
            "PATCH of 1,001 operations"
        }
        Reason::PatchValuePathNoTarget => {
            change(entra, add("ims[type ne \"a\"].value", json!("x"))).await;
            "PATCH of a value path with ne that selects nothing"
        }

        Reason::FilterMalformed => {
            get("/Users?filter=userName+eq").await;
            "a filter without its value"
        }
        Reason::FilterAttributeUnknown => {
            get("/Users?filter=colour+eq+%22red%22").await;
            "a filter on an unknown attribute"
        }
        Reason::FilterOperatorUnsupported => {
            get("/Users?filter=userName+is+%22x%22").await;
            "a filter with the operator is"
        }
        Reason::FilterValueInvalid => {
            get("/Users?filter=active+eq+%22x%22").await;
            "a filter on active with a text"
        }
        Reason::FilterTooLong => {
            get(&format!("/Users?filter={}", "x".repeat(9_000))).await;
            "a filter of 9,000 characters"
        }
        Reason::FilterTooDeep => {
            get(&format!("/Users?filter={}", "(".repeat(40))).await;
            "a filter in 40 brackets"
        }
        Reason::SortAttributeUnknown => {
            get("/Users?sortBy=colour").await;
            "sortBy an unknown attribute"
        }
        Reason::SortOrderInvalid => {
            get("/Users?sortOrder=up").await;
            "sortOrder=up"
        }
        Reason::CountInvalid => {
            get("/Users?count=x").await;
            "count=x"
        }
        Reason::StartIndexInvalid => {
            get("/Users?startIndex=x").await;
            "startIndex=x"
        }
        Reason::ProjectionConflict => {
            get("/Users?attributes=a&excludedAttributes=b").await;
            "attributes and excludedAttributes at once"
        }
        Reason::QueryMalformed => {
            entra
                .send("POST", "/.search", Some(&json!({"attributes": 1})))
                .await;
            "POST /.search with a number as attributes"
        }
        Reason::DiscoveryFilterRefused => {
            get("/Schemas?filter=id+pr").await;
            "a filter on /Schemas"
        }
        Reason::TooManyResources => {
            return Err(NotFromOutside(
                "lists are paged instead, so nothing gives it",
            ));
        }

        Reason::UserNotFound => {
            let operation = add("title", json!("x"));
            entra.patch("0190-nobody", json!([operation])).await;
            "PATCH of a user that does not exist"
        }
        Reason::SchemaNotFound => {
            get("/Schemas/x").await;
            "GET of an unknown schema"
        }
        Reason::ResourceTypeNotFound => {
            get("/ResourceTypes/x").await;
            "GET of an unknown resource type"
        }
        Reason::EndpointNotFound => {
            get("/elsewhere").await;
            "GET of an unknown path"
        }
        Reason::GroupsNotOffered => {
            get("/Groups").await;
            "GET /Groups"
        }
        Reason::MethodNotAllowed => {
            entra.send("PUT", "/Users", None).await;
            "PUT /Users"
        }
        Reason::MeNotSupported => {
            get("/Me").await;
            "GET /Me"
        }
        Reason::BulkNotSupported => {
            entra.send("POST", "/Bulk", Some(&json!({}))).await;
            "POST /Bulk"
        }
        Reason::VersionUnsupported => {
            call(entra, &entra.slug, "v1", Some(&bearer)).await;
            "a Tenant URL that ends in v1"
        }
        Reason::PreconditionFailed => {
            let id = entra.create("ana@contoso.com").await;
            let path = format!("/Users/{id}");
            entra
                .with("DELETE", &path, ("if-match", "W/\"9\""), "")
                .await;
            "DELETE with If-Match of another version"
        }
        Reason::RequestTimeout => {
            return Err(NotFromOutside("takes work of more than 30 s"));
        }
        Reason::InternalError => {
            return Err(NotFromOutside(
                "a fault of the service, of which none is known",
            ));
        }
        Reason::DatabaseUnavailable => {
            return Err(NotFromOutside("takes a database that does not answer"));
        }

        Reason::AttributeIgnored => {
            create(entra, |body| body["favouriteColour"] = json!("blue")).await;
            "POST with an attribute that there is not"
        }
        Reason::AttributeRepeated => {
            create(entra, |body| {
                (body["title"], body["Title"]) = (json!("a"), json!("b"))
            })
            .await;
            "POST with title and Title"
        }
        Reason::PasswordDiscarded => {
            create(entra, |body| body["password"] = json!("correct horse")).await;
            "POST with a password"
        }
        Reason::PrimaryRepeated => {
            let email =
                |value: &str, kind: &str| json!({"value": value, "type": kind, "primary": true});
            let emails = json!([
                email("a@contoso.com", "work"),
                email("b@contoso.com", "home")
            ]);
            create(entra, |body| body["emails"] = emails).await;
            "POST with two primary emails"
        }
        Reason::DefaultRoleUsed => {
            create(entra, |body| body["roles"] = json!([])).await;
            "POST without a role, policy default"
        }
        Reason::UnknownRoleReplaced => {
            entra.policy("unknown_role", "default").await;
            create(entra, |body| {
                body["roles"][0]["value"] = json!("SECURITY_LEAD")
            })
            .await;
            "POST with an unknown role, policy default"
        }
        Reason::RoleUnreviewed => {
            entra.policy("unknown_role", "accept").await;
            create(entra, |body| {
                body["roles"][0]["value"] = json!("SECURITY_LEAD")
            })
            .await;
            "POST with an unknown role, policy accept"
        }
        Reason::NamesMissing => {
            entra.policy("missing_names", "accept").await;
            create(entra, |body| body["name"] = json!({"familyName": "Ruiz"})).await;
            "POST without name.givenName, policy accept"
        }
        Reason::ValueKept => {
            let id = entra.create("ana@contoso.com").await;
            let operations = json!([add("active", json!("False")), add(ROLE, json!("Boss"))]);
            entra.patch(&id, operations).await;
            "PATCH that disables and gives an unknown role"
        }
        Reason::BearerDoubled => {
            call(entra, &entra.slug, "v2", Some(&format!("Bearer {bearer}"))).await;
            "Authorization: Bearer Bearer"
        }
        Reason::UserRehired => {
            let id = entra.create("ana@contoso.com").await;
            entra.change(&id, "Replace", "active", json!("False")).await;
            let operations = json!([
                add("active", json!("True")),
                add("externalId", json!("another"))
            ]);
            entra.patch(&id, operations).await;
            "PATCH that enables under a new externalId"
        }
        Reason::UserTakenOver => {
            let id = entra.create("new@contoso.com").await;
            entra.change(&id, "Replace", "active", json!("False")).await;
            let allow = sql(
                "INSERT INTO take_overs (organization_id, user_id, user_name_key, decision, decided_by, decided_at, \
                 expires_at) VALUES ($1, $2, 'new@contoso.com', 'allowed', 'Dana', 0, $3)",
            );
            let allow = allow.bind(&entra.organization_id).bind(id).bind(i64::MAX);
            entra.app.execute(allow).await;
            create(entra, |_| ()).await;
            "POST of a userName whose inactive holder may be taken over"
        }
    })
}
