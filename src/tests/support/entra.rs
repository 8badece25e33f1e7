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
    pub external_id: Option<String>,
    pub scim_type: Option<String>,
    pub method: String,
    pub path: String,
    pub is_lookup: bool,
    pub address: String,
    pub user_agent: Option<String>,
    pub client_version: Option<String>,
    pub occurred_at: i64,
    pub steps: String,
    pub remarks: Option<String>,
}

impl Entry {
    /// The codes of its remarks.
    pub fn remark_codes(&self) -> Vec<String> {
        let remarks: Value = serde_json::from_str(self.remarks.as_deref().unwrap_or("[]")).unwrap();
        let codes = remarks.as_array().unwrap().iter();
        codes
            .map(|remark| remark["code"].as_str().unwrap().to_owned())
            .collect()
    }
}

/// One set of changes in a user's history.
#[derive(Debug, sqlx::FromRow)]
pub struct Changed {
    pub log_id: Option<String>,
    pub changed_at: i64,
    pub kind: String,
    pub actor_kind: String,
    pub actor_name: String,
    pub version: i64,
    pub changes: String,
}

impl Changed {
    /// `[{"attribute", "old", "new"}]`.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.changes).unwrap()
    }
}

/// What the log keeps of a request.
#[derive(Debug, sqlx::FromRow)]
pub struct Payload {
    pub query: Option<String>,
    pub request_headers: String,
    pub request_body: Option<String>,
    pub response_body: Option<String>,
    pub refused_changes: Option<String>,
    pub is_cut: bool,
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

    pub async fn put(&self, id: &str, body: &Value) -> Answer {
        self.send("PUT", &format!("/Users/{id}"), Some(body)).await
    }

    pub async fn delete(&self, id: &str) -> Answer {
        self.send("DELETE", &format!("/Users/{id}"), None).await
    }

    /// A PATCH of one operation.
    pub async fn change(&self, id: &str, op: &str, path: &str, value: Value) -> Answer {
        self.patch(id, json!([{"op": op, "path": path, "value": value}]))
            .await
    }

    /// A request with one more header.
    pub async fn with(&self, method: &str, path: &str, header: (&str, &str), body: &str) -> Answer {
        let request = self.request(method, path).header(header.0, header.1);
        self.app
            .send(request.body(Body::from(body.to_owned())).unwrap())
            .await
    }

    /// The userNames that a filter finds, in alphabetical order.
    pub async fn found(&self, filter: &str) -> Vec<String> {
        let answer = self.filter(filter).await;
        assert_eq!(answer.status, 200, "{filter}: {}", answer.text);
        let mut names = user_names(&answer.json());
        names.sort();
        names
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

    /// Another user, with more attributes than the mapping sends.
    pub async fn create_with(&self, user_name: &str, more: Value) -> String {
        let mut body = user(user_name);
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        let answer = self.post(&body).await;
        assert_eq!(answer.status, 201, "{}", answer.text);
        answer.id()
    }

    /// Sets one of the organization's policies.
    pub async fn policy(&self, name: &str, value: &str) {
        let statement = sql(match name {
            "missing_names" => "UPDATE organizations SET missing_names = $1 WHERE id = $2",
            "missing_role" => "UPDATE organizations SET missing_role = $1 WHERE id = $2",
            "unknown_role" => "UPDATE organizations SET unknown_role = $1 WHERE id = $2",
            "state" => "UPDATE organizations SET state = $1 WHERE id = $2",
            _ => panic!("no policy {name}"),
        });
        self.app
            .execute(statement.bind(value).bind(&self.organization_id))
            .await;
    }

    /// How many users the organization has.
    pub async fn users(&self) -> usize {
        let statement = sql("SELECT id FROM users WHERE organization_id = $1");
        let rows: Vec<(String,)> = self.app.rows(statement.bind(&self.organization_id)).await;
        let statement = sql(
            "SELECT CAST(COALESCE(sum(users), 0) AS BIGINT) FROM user_counts WHERE organization_id = $1",
        );
        let counted: Vec<(i64,)> = self.app.rows(statement.bind(&self.organization_id)).await;
        assert_eq!(
            usize::try_from(counted[0].0),
            Ok(rows.len()),
            "the kept count"
        );
        rows.len()
    }

    /// A user's history, oldest first.
    pub async fn history(&self, id: &str) -> Vec<Changed> {
        self.app
            .rows(
                sql("SELECT * FROM user_changes WHERE organization_id = $1 AND user_id = $2 ORDER BY version")
                    .bind(&self.organization_id)
                    .bind(id),
            )
            .await
    }

    /// The entry of an answer.
    pub async fn entry(&self, answer: &Answer) -> Entry {
        let id = answer.header("x-request-id");
        let mut entries = self.log().await;
        entries.retain(|entry| entry.id == id);
        entries.pop().expect("the answer's entry in the log")
    }

    /// What the log kept of the request and the answer.
    pub async fn payload(&self, answer: &Answer) -> Option<Payload> {
        self.app.flush().await;
        let statement = sql("SELECT * FROM provisioning_log_payloads WHERE log_id = $1");
        let rows = self
            .app
            .rows(statement.bind(answer.header("x-request-id")))
            .await;
        rows.into_iter().next()
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
}

/// The userNames of a list, in its order.
pub fn user_names(list: &Value) -> Vec<String> {
    let resources = list["Resources"].as_array().unwrap().iter();
    resources
        .map(|user| user["userName"].as_str().unwrap().to_owned())
        .collect()
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
