//! ETags and conditional requests (RFC 7644 3.14).

use axum::http::StatusCode;
use serde_json::json;

use crate::entra_test;
use crate::support::entra::user;

const JSON: &str = "{\"Operations\":[{\"op\":\"replace\",\"path\":\"title\",\"value\":\"x\"}]}";

entra_test! {
    async fn rfc7644_3_14_the_etag_is_the_version(entra: Entra) {
        let created = entra.post(&user("ana")).await;
        let id = created.id();
        assert_eq!(created.header("etag"), "W/\"1\"");
        for version in 2..5 {
            let tag = format!("W/\"{version}\"");
            let changed = entra.change(&id, "replace", "title", json!(format!("t{version}"))).await;
            assert_eq!(changed.header("etag"), tag);
            assert_eq!(changed.json()["meta"]["version"], tag);
            let read = entra.get(&format!("/Users/{id}")).await;
            assert_eq!((read.header("etag"), &read.json()["meta"]["version"]), (tag.as_str(), &json!(tag)));
        }
        assert_eq!(entra.get("/Users").await.header("etag"), "");
        assert_eq!(entra.get("/ServiceProviderConfig").await.is(200)["etag"]["supported"], true);
    }

    async fn rfc9110_if_none_match(entra: Entra) {
        let id = entra.create("ana").await;
        let path = format!("/Users/{id}");
        for (tags, status) in [
            ("W/\"1\"", 304), ("\"1\"", 304), ("W/\"7\", W/\"1\"", 304), ("*", 304),
            ("W/\"2\"", 200), ("\"x\"", 200), ("", 200),
        ] {
            let answer = entra.with("GET", &path, ("if-none-match", tags), "").await;
            assert_eq!(answer.status, status, "{tags}");
            assert_eq!(answer.text.is_empty(), status == 304, "{tags}");
            assert_eq!(answer.header("etag"), "W/\"1\"");
        }
        entra.change(&id, "replace", "title", json!("x")).await.is(200);
        assert_eq!(entra.with("GET", &path, ("if-none-match", "W/\"1\""), "").await.status, 200);
    }

    async fn rfc9110_13_1_2_if_none_match_guards_put_patch_and_delete(entra: Entra) {
        let id = entra.create("ana").await;
        let path = format!("/Users/{id}");
        let put = user("changed").to_string();
        for tags in ["*", "W/\"1\"", "\"1\"", "W/\"7\", W/\"1\""] {
            for (method, body) in [("PUT", put.as_str()), ("PATCH", JSON), ("DELETE", "")] {
                let answer = entra.with(method, &path, ("if-none-match", tags), body).await;
                let detail = answer.is_error(412, "");
                assert!(detail.contains("If-None-Match") && detail.contains("W/\"1\""), "{detail}");
                assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("precondition_failed"));
            }
        }
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
        entra.with("PATCH", &path, ("if-none-match", "W/\"2\""), JSON).await.is(200);
        entra.with("PUT", &path, ("if-none-match", "\"x\""), &put).await.is(200);
        assert_eq!(entra.with("DELETE", &path, ("if-none-match", ""), "").await.status, StatusCode::NO_CONTENT.as_u16());
        entra.with("DELETE", &path, ("if-none-match", "*"), "").await.is_error(404, "");
    }

    async fn rfc7644_3_14_if_match_guards_put_patch_and_delete(entra: Entra) {
        let id = entra.create("ana").await;
        let path = format!("/Users/{id}");
        let put = user("changed").to_string();
        for tags in ["W/\"2\"", "\"0\"", "nonsense", "W/\"2\", \"3\"", ""] {
            for (method, body) in [("PUT", put.as_str()), ("PATCH", JSON), ("DELETE", "")] {
                let answer = entra.with(method, &path, ("if-match", tags), body).await;
                let detail = answer.is_error(412, "");
                assert!(detail.contains("W/\"1\""), "{detail}");
                assert_eq!(entra.entry(&answer).await.reason.as_deref(), Some("precondition_failed"));
            }
        }
        assert_eq!(entra.user(&id).await["meta"]["version"], "W/\"1\"");
        entra.with("PATCH", &path, ("if-match", "W/\"1\""), JSON).await.is(200);
        entra.with("PUT", &path, ("if-match", "\"9\", \"2\""), &put).await.is(200);
        entra.with("PATCH", &path, ("if-match", "*"), JSON).await.is(200);
        // A version that is gone is refused even when nothing would change.
        entra.with("PATCH", &path, ("if-match", "W/\"1\""), JSON).await.is_error(412, "");
        assert_eq!(entra.with("DELETE", &path, ("if-match", "W/\"4\""), "").await.status, StatusCode::NO_CONTENT.as_u16());
        entra.with("DELETE", &path, ("if-match", "*"), "").await.is_error(404, "");
    }
}
