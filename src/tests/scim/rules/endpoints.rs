//! Paths, methods, versions and what is not offered (RFC 7644 3.2, 3.11 to 3.13).

use axum::body::Body;
use axum::http::Request;
use serde_json::json;

use crate::entra_test;
use crate::support::entra::user;

entra_test! {
    async fn rfc7644_3_2_methods(entra: Entra) {
        let id = entra.create("ana").await;
        let user_path = format!("/Users/{id}");
        for (path, wrong, allow) in [
            ("/Users", vec!["PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "BREW"], "GET, HEAD, POST"),
            (user_path.as_str(), vec!["POST", "OPTIONS", "SEARCH"], "GET, HEAD, PUT, PATCH, DELETE"),
            ("", vec!["POST", "PUT", "PATCH", "DELETE"], "GET, HEAD"),
            ("/.search", vec!["GET", "PUT"], "POST"),
        ] {
            for method in wrong {
                let answer = entra.send(method, path, Some(&user("x"))).await;
                let detail = answer.is_error(405, "");
                assert!(detail.contains(method), "{detail}");
                assert_eq!(answer.header("allow"), allow, "{method} {path}");
                assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("method_not_allowed"));
            }
        }
        assert_eq!(entra.users().await, 1);
        let head = entra.send("HEAD", &user_path, None).await;
        assert_eq!((head.status, head.text.as_str(), head.header("etag")), (200, "", "W/\"1\""));
        assert_eq!(entra.send("HEAD", "/Users/nobody", None).await.status, 404);
    }

    async fn paths_tolerate_slashes_case_and_a_missing_version(entra: Entra) {
        let id = entra.create("ana").await;
        for path in ["/scim/contoso/v2/Users/ID", "/scim/contoso/v2/Users/ID/", "/scim//contoso///v2//Users//ID",
            "//scim/contoso/v2/Users/ID", "/SCIM/contoso/v2/Users/ID", "///Scim//contoso/Users/ID",
            "/scim/contoso/Users/ID", "/scim/contoso/V2/users/ID", "/scim/contoso/v2/USERS/ID?aadOptscim062020"]
        {
            let uri = path.replace("ID", &id);
            let request = Request::get(&uri).header("authorization", format!("Bearer {}", entra.token));
            let answer = entra.app.send(request.body(Body::empty()).unwrap()).await;
            assert_eq!(answer.is(200)["id"], json!(id), "{uri}");
        }
        // Ids are opaque and exact.
        entra.get(&format!("/Users/{}", id.to_uppercase())).await.is_error(404, "");
    }

    async fn every_path_below_the_endpoint_is_answered_as_scim(entra: Entra) {
        for uri in ["/scim", "/scim/", "/SCIM", "//scim/", "/Scim/contoso/v2/Users", "//scim/contoso/v2/Users"] {
            for method in ["GET", "POST", "DELETE", "OPTIONS"] {
                // As Entra sends it, which says nothing of where it comes from.
                let request = Request::builder().method(method).uri(uri).body(Body::empty());
                entra.app.send(request.unwrap()).await.is_error(401, "");
            }
        }
        let request = Request::post("/SCIM/contoso/v2/Users")
            .header("authorization", format!("Bearer {}", entra.token))
            .body(Body::from(user("ana").to_string()));
        let answer = entra.app.send(request.unwrap()).await;
        assert_eq!(answer.is(201)["userName"], "ana");
        assert_eq!(entra.entry(&answer).await.action, "create");
    }

    async fn unknown_paths_are_404(entra: Entra) {
        for path in ["/nothing", "/User", "/Users/a/b", "/Users/a/.search", "/Schemas/a/b", "/v2/Users", "/Users;a=b", "/%00", "/..", "/Bulk/1"] {
            for method in ["GET", "POST", "DELETE"] {
                let answer = entra.send(method, path, None).await;
                answer.is_error(404, "");
                assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("endpoint_not_found"), "{method} {path}");
            }
        }
    }

    async fn rfc7644_3_13_other_versions_are_refused(entra: Entra) {
        for version in ["v1", "v3", "V10", "v02"] {
            let request = Request::get(format!("/scim/contoso/{version}/Users"))
                .header("authorization", format!("Bearer {}", entra.token));
            let answer = entra.app.send(request.body(Body::empty()).unwrap()).await;
            assert!(answer.is_error(400, "invalidVers").contains(version));
        }
    }

    async fn me_and_bulk_are_501_and_groups_404(entra: Entra) {
        for (path, method, status, reason) in [
            ("/Me", "GET", 501, "me_not_supported"),
            ("/me", "DELETE", 501, "me_not_supported"),
            ("/Bulk", "POST", 501, "bulk_not_supported"),
            ("/bulk", "GET", 501, "bulk_not_supported"),
            ("/Groups", "GET", 404, "groups_not_offered"),
            ("/Groups", "POST", 404, "groups_not_offered"),
            ("/groups/1", "PATCH", 404, "groups_not_offered"),
            ("/Groups/.search", "POST", 404, "groups_not_offered"),
        ] {
            let answer = entra.send(method, path, Some(&json!({}))).await;
            answer.is_error(status, "");
            let entry = entra.entry(&answer).await;
            assert_eq!(entry.reason.as_deref(), Some(reason), "{method} {path}");
            assert_eq!(entry.action == "bulk", reason.starts_with("bulk"));
        }
    }

    async fn every_answer_names_its_request(entra: Entra) {
        let mut seen = std::collections::HashSet::new();
        for _ in 0..3 {
            for path in ["/Users", "/Users/nobody", "/nothing", "/ServiceProviderConfig"] {
                let answer = entra.get(path).await;
                let id = answer.header("x-request-id").to_owned();
                assert_eq!((id.len(), answer.header("cache-control")), (30, "no-store"));
                assert_eq!(entra.entry(&answer).await.id, id);
                assert!(seen.insert(id));
            }
        }
    }
}
