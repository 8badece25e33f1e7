//! ServiceProviderConfig, ResourceTypes and Schemas (RFC 7644 4, RFC 7643 5 to 7).

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use super::{CORE, ENT};
use crate::entra_test;
use crate::support::entra::Entra;

fn attribute<'a>(schema: &'a Value, path: &str) -> &'a Value {
    let mut list = &schema["attributes"];
    let mut found = &Value::Null;
    for name in path.split('.') {
        found = list
            .as_array()
            .unwrap()
            .iter()
            .find(|attribute| attribute["name"] == name)
            .unwrap();
        list = &found["subAttributes"];
    }
    found
}

async fn user_schema(entra: &Entra<'_>) -> Value {
    entra.get(&format!("/Schemas/{CORE}")).await.is(200)
}

entra_test! {
    async fn rfc7644_4_configuration_is_readable_without_a_token(entra: Entra) {
        let with = entra.get("/ServiceProviderConfig").await.is(200);
        let request = |slug: &str| Request::get(format!("/scim/{slug}/v2/ServiceProviderConfig")).body(Body::empty()).unwrap();
        let without = entra.app.send(request("contoso")).await.is(200);
        assert_eq!(with, without);
        // The same for any organization, existing or not, but for the address.
        let other = entra.app.send(request("nobody")).await.is(200);
        assert_eq!(other.to_string().replace("nobody", "contoso"), with.to_string());
        assert_eq!(with["bulk"], json!({"supported": false, "maxOperations": 0, "maxPayloadSize": 0}));
        assert_eq!(with["authenticationSchemes"][0]["type"], "oauthbearertoken");
        for path in ["/Schemas", "/ResourceTypes", "/ResourceTypes/User", "/Users", "", "/Me", "/Groups", "/nothing"] {
            let request = Request::get(format!("/scim/contoso/v2{path}")).body(Body::empty()).unwrap();
            entra.app.send(request).await.is_error(401, "");
        }
    }

    async fn what_is_read_without_a_token_is_counted(entra: Entra) {
        for slug in ["contoso", "nobody", "contoso", "none%00", ""] {
            let request = Request::get(format!("/scim/{slug}/v2/ServiceProviderConfig"));
            let answer = entra.app.send(request.body(Body::empty()).unwrap()).await;
            // Without a slug, the version is taken for one.
            assert_eq!(answer.status, 200, "{slug}");
        }
        entra.app.flush().await;
        let counted: Vec<(String, i64, i64)> = entra.app.rows(sql(
            "SELECT organization_id, entries, unrecorded FROM provisioning_log_hours \
             WHERE action = 'discover' AND status = 'success' ORDER BY organization_id",
        )).await;
        assert_eq!(counted, [(String::new(), 0, 3), (entra.organization_id.clone(), 0, 2)]);
        assert_eq!(entra.log().await.len(), 0);
    }

    async fn rfc7644_4_lists_ignore_paging_and_refuse_filters(entra: Entra) {
        let config = "/ServiceProviderConfig?filter=patch+pr";
        let request = Request::get(format!("/scim/contoso/v2{config}")).body(Body::empty()).unwrap();
        for answer in [entra.app.send(request).await, entra.get(config).await] {
            assert!(answer.is_error(403, "").contains("filter"));
        }
        for path in ["/Schemas", "/ResourceTypes"] {
            let list = entra.get(path).await.is(200);
            assert_eq!(list["schemas"], json!(["urn:ietf:params:scim:api:messages:2.0:ListResponse"]));
            let total = list["Resources"].as_array().unwrap().len();
            assert_eq!(list["totalResults"], total);
            assert_eq!(entra.get(&format!("{path}?count=0&startIndex=2&sortBy=x&sortOrder=y")).await.is(200), list);
            let answer = entra.get(&format!("{path}?filter=id+pr")).await;
            answer.is_error(403, "");
            assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("discovery_filter_refused"));
        }
        for (path, id) in [("/ResourceTypes/User", "User"), (&format!("/Schemas/{CORE}"), CORE), (&format!("/Schemas/{ENT}"), ENT)] {
            let resource = entra.get(path).await.is(200);
            assert_eq!(resource["id"], id);
            assert_eq!(resource["meta"]["location"], format!("https://provisioning.test/scim/contoso/v2{path}"));
        }
        for path in ["/ResourceTypes/Group", "/Schemas/urn:x", "/Schemas/User"] {
            entra.get(path).await.is_error(404, "");
        }
        for path in ["/Schemas", "/ResourceTypes", "/ServiceProviderConfig"] {
            for method in ["POST", "PUT", "PATCH", "DELETE"] {
                let answer = entra.send(method, path, Some(&json!({}))).await;
                answer.is_error(405, "");
                assert_eq!(answer.header("allow"), "GET, HEAD");
            }
        }
    }

    async fn schemas_advertise_what_the_organization_enforces(entra: Entra) {
        let required = |schema: &Value| -> Vec<bool> {
            ["userName", "name", "name.givenName", "name.familyName", "roles", "active", "emails"]
                .iter()
                .map(|path| attribute(schema, path)["required"].as_bool().unwrap())
                .collect()
        };
        let schema = user_schema(&entra).await;
        assert_eq!(required(&schema), [true, true, true, true, false, false, false]);
        assert_eq!(attribute(&schema, "roles.value")["canonicalValues"], json!(["super_admin", "admin", "viewer"]));
        entra.policy("missing_names", "accept").await;
        entra.policy("missing_role", "reject").await;
        entra.policy("unknown_role", "accept").await;
        let schema = user_schema(&entra).await;
        // Suggestions, whether or not others are accepted.
        assert_eq!(attribute(&schema, "roles.value")["canonicalValues"], json!(["super_admin", "admin", "viewer"]));
        assert_eq!(required(&schema), [true, false, false, false, true, false, false]);
        assert_eq!(attribute(&schema, "userName")["uniqueness"], "server");
        // What is enforced: binary values and references are compared as they stand.
        for (name, exact) in [("userName", false), ("profileUrl", true), ("photos.value", true), ("photos.type", false), ("x509Certificates.value", true)] {
            assert_eq!(attribute(&schema, name)["caseExact"], exact, "{name}");
        }
        assert_eq!(attribute(&schema, "password")["returned"], "never");
        assert_eq!(attribute(&schema, "groups")["mutability"], "readOnly");
    }

    async fn rfc7643_7_schemas_have_all_characteristics_and_no_nulls(entra: Entra) {
        let answer = entra.get("/Schemas").await;
        assert!(!answer.text.contains("null"), "Entra refuses nulls there");
        let schemas = answer.is(200);
        fn check(attribute: &Value) {
            for name in ["name", "type", "multiValued", "description", "required", "mutability", "returned"] {
                assert!(attribute.get(name).is_some(), "{name} is missing in {attribute}");
            }
            for sub in attribute["subAttributes"].as_array().into_iter().flatten() {
                check(sub);
            }
        }
        let ids: Vec<&Value> = schemas["Resources"].as_array().unwrap().iter().map(|schema| &schema["id"]).collect();
        assert_eq!(ids, [CORE, ENT]);
        for schema in schemas["Resources"].as_array().unwrap() {
            schema["attributes"].as_array().unwrap().iter().for_each(check);
        }
    }
}
