//! The whole application on a test database.

use axum::Router;
use axum::body::Body;
use axum::http::{HeaderMap, Request};
use http_body_util::BodyExt;
use rhombus_provisioning::model::address::Sender;
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::clock::{Clock, DAY, Millis};
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::secret_key::{KeySource, SecretKey};
use rhombus_provisioning::server::services::organizations::{self, NewOrganization};
use rhombus_provisioning::server::settings::Settings;
use rhombus_provisioning::server::store::sql::{Record, sql};
use rhombus_provisioning::server::{http, ids, secret};
use serde_json::{Value, json};
use tower::ServiceExt;

use super::db::TestDb;
use super::entra::Entra;

/// The router with everything behind it, and a clock that the test moves.
pub struct TestApp {
    pub app: App,
    pub router: Router,
    pub db: TestDb,
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    pub text: String,
}

impl Answer {
    /// The body as JSON.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text)
            .unwrap_or_else(|error| panic!("{error} in the answer {} {}", self.status, self.text))
    }

    /// The body, of an answer with this status.
    #[track_caller]
    pub fn is(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{}", self.text);
        if self.text.is_empty() {
            return Value::Null;
        }
        assert_eq!(self.header("content-type"), "application/scim+json");
        self.json()
    }

    /// The text of an error with this status and `scimType` ("" for none): exactly the members of RFC 7644 3.12,
    /// and the request id in its last words.
    #[track_caller]
    pub fn is_error(&self, status: u16, scim_type: &str) -> String {
        let body = self.is(status);
        let detail = body["detail"].as_str().unwrap_or_default().to_owned();
        let mut expected = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:Error"],
            "status": status.to_string(),
            "detail": detail,
        });
        if !scim_type.is_empty() {
            expected["scimType"] = json!(scim_type);
        }
        assert_eq!(body, expected);
        let request_id = self.header("x-request-id");
        assert!(request_id.starts_with("req_"), "{request_id:?}");
        let text = detail.strip_suffix(&format!(" Reference {request_id}"));
        text.unwrap_or_else(|| panic!("{detail:?} does not end in {request_id}"))
            .to_owned()
    }

    /// The `id` of the resource.
    #[track_caller]
    pub fn id(&self) -> String {
        self.json()["id"].as_str().unwrap().to_owned()
    }

    /// The header as text, "" when absent.
    pub fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
    }
}

/// Monday, 23 November 2026, 09:00 UTC.
pub const START: Millis = 1_795_424_400_000;

pub fn settings(url: &str) -> Settings {
    Settings {
        database_url: url.to_owned(),
        listen_addr: "127.0.0.1:0".parse().unwrap(),
        metrics_addr: None,
        public_url: "https://provisioning.test".to_owned(),
        data_dir: std::env::temp_dir(),
        log_retention_days: 90,
        payload_retention_days: 30,
        audit_retention_days: 730,
        trusted_proxies: Vec::new(),
        smtp: None,
        mail_from: Sender::parse("Rhombus Provisioning <provisioning@provisioning.test>").unwrap(),
        secret_key: KeySource::Given(SecretKey::new(&"test".repeat(10)).unwrap()),
    }
}

impl TestApp {
    pub async fn new(db: TestDb) -> Self {
        let app = App::new(db.db.clone(), Clock::mock(START), settings(&db.url));
        let router = http::router(app.clone());
        Self { app, router, db }
    }

    /// Sends a request through the router.
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.unwrap().to_bytes();
        Answer {
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8(bytes.to_vec()).unwrap(),
        }
    }

    /// A new organization with the roles that every new one has, and Entra with a token for it.
    pub async fn entra(&self, slug: &str) -> Entra<'_> {
        let allowed = Allowed::command_line(Permission::CreateOrganization, None);
        let new = NewOrganization {
            slug: slug.to_owned(),
            name: slug.to_owned(),
            ..NewOrganization::default()
        };
        organizations::create(&self.app, &allowed, new)
            .await
            .unwrap();
        let organization = organizations::find(&self.app, slug)
            .await
            .unwrap()
            .unwrap()
            .id;
        let token = self.token(&organization, 365 * DAY).await;
        Entra::new(self, slug, organization, token)
    }

    /// A token of an organization that lives for `life`.
    pub async fn token(&self, organization: &str, life: Millis) -> String {
        let secret = format!("rhp_{}", secret::random_base62(49).unwrap());
        let now = self.app.clock.now();
        let statement = sql(
            "INSERT INTO tokens (id, organization_id, name, prefix, hash, created_at, created_by, expires_at) \
             VALUES ($1, $2, 'Entra', $3, $4, $5, 'test', $6)",
        )
        .bind(ids::new_id(now))
        .bind(organization)
        .bind(&secret[..12])
        .bind(secret::hash(&secret))
        .bind(now)
        .bind(now + life);
        self.execute(statement).await;
        secret
    }

    /// Runs a statement, as the command line beside the server would.
    pub async fn execute(&self, statement: rhombus_provisioning::server::store::sql::Sql) {
        self.app
            .db
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(statement).await?;
                    Ok::<_, StoreError>(())
                })
            })
            .await
            .unwrap();
    }

    /// Rows of a query.
    pub async fn rows<T: Record>(
        &self,
        statement: rhombus_provisioning::server::store::sql::Sql,
    ) -> Vec<T> {
        let mut connection = self.app.db.read().await.unwrap();
        connection.fetch_all(statement).await.unwrap()
    }

    /// Waits until the batched log entries are in the database.
    pub async fn flush(&self) {
        self.app.recorder.flush().await;
    }

    /// Moves the clock.
    pub fn advance(&self, by: Millis) {
        self.app
            .clock
            .advance(std::time::Duration::from_millis(by.unsigned_abs()));
    }
}
