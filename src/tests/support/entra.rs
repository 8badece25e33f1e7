//! Microsoft Entra ID as the provisioning client of one organization.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::{Value, json};

use super::app::{Answer, TestApp};

/// An enterprise application with its Tenant URL and Secret Token.
pub struct Entra<'a> {
    pub app: &'a TestApp,
    pub slug: String,
    pub organization_id: String,
    pub token: String,
}

/// An entry of the provisioning log, as a test looks at it.
#[derive(Debug, sqlx::FromRow)]
pub struct Entry {
    pub id: String,
    pub cycle_id: String,
    pub action: String,
    pub status: String,
    pub http_status: i64,
    pub reason: Option<String>,
    pub attribute: Option<String>,
    pub detail: Option<String>,
    pub user_id: Option<String>,
    pub user_name: Option<String>,
    pub label: Option<String>,
    pub token_prefix: Option<String>,
    pub steps: String,
    pub remarks: Option<String>,
}

impl<'a> Entra<'a> {
    pub fn new(app: &'a TestApp, slug: &str, organization_id: String, token: String) -> Self {
        Self {
            app,
            slug: slug.to_owned(),
            organization_id,
            token,
        }
    }

    /// A request below the Tenant URL; `path` begins with a slash.
    pub fn request(&self, method: &str, path: &str) -> axum::http::request::Builder {
        Request::builder()
            .method(method)
            .uri(format!("/scim/{}/v2{path}", self.slug))
            .header("authorization", format!("Bearer {}", self.token))
    }

    pub async fn send(&self, method: &str, path: &str, body: Option<&Value>) -> Answer {
        let request = self.request(method, path);
        let request = match body {
            None => request.body(Body::empty()),
            Some(body) => request
                .header("content-type", "application/scim+json; charset=utf-8")
                .body(Body::from(body.to_string())),
        };
        self.app.send(request.unwrap()).await
    }

    pub async fn get(&self, path: &str) -> Answer {
        self.send("GET", path, None).await
    }

    /// `GET /Users?filter=...`, encoded as Entra encodes it.
    pub async fn filter(&self, filter: &str) -> Answer {
        let query: String = url::form_urlencoded::Serializer::new(String::new())
            .append_pair("filter", filter)
            .finish();
        self.get(&format!("/Users?{query}")).await
    }

    pub async fn post(&self, body: &Value) -> Answer {
        self.send("POST", "/Users", Some(body)).await
    }

    pub async fn patch(&self, id: &str, operations: Value) -> Answer {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send("PATCH", &format!("/Users/{id}"), Some(&body))
            .await
    }

    /// Creates Ana Ruiz under a userName; answers her id.
    #[track_caller]
    pub fn create(&self, user_name: &str) -> impl Future<Output = String> {
        let body = user(user_name);
        async move {
            let answer = self.post(&body).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            answer.json()["id"].as_str().unwrap().to_owned()
        }
    }

    /// The user as a GET answers it.
    pub async fn user(&self, id: &str) -> Value {
        let answer = self.get(&format!("/Users/{id}")).await;
        assert_eq!(answer.status, 200, "{}", answer.text);
        answer.json()
    }

    /// The organization's log, oldest first.
    pub async fn log(&self) -> Vec<Entry> {
        self.app.flush().await;
        self.app
            .rows(
                sql("SELECT * FROM provisioning_logs WHERE organization_id = $1 ORDER BY occurred_at, id")
                    .bind(&self.organization_id),
            )
            .await
    }

    /// The newest entry that is no lookup.
    pub async fn last_change(&self) -> Entry {
        let entries = self.log().await;
        entries
            .into_iter()
            .rfind(|entry| {
                !["match", "read", "list", "discover", "test_connection"]
                    .contains(&entry.action.as_str())
            })
            .expect("a change in the log")
    }
}

/// The body of Entra's POST with Rhombus's mapping (entra-client 9).
pub fn user(user_name: &str) -> Value {
    json!({
        "schemas": [
            "urn:ietf:params:scim:schemas:core:2.0:User",
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
        ],
        "externalId": format!("ext-{user_name}"),
        "userName": user_name,
        "active": true,
        "name": {"formatted": "Ana Ruiz", "givenName": "Ana", "familyName": "Ruiz"},
        "meta": {"resourceType": "User"},
        "roles": [{"primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "admin"}],
    })
}
