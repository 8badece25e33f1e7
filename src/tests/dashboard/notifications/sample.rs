//! The sample mail: on the page, and as a mail program shows it.

use rhombus_provisioning::model::account::AccountRole;

use super::PAGE;
use crate::dashboard::person::{account, cookie, open, post};
use crate::db_test;
use crate::support::app::TestApp;

const TITLE: &str =
    "3 users were not updated: role value SECURITY_LEAD is not in the role catalogue";

async fn person(app: &TestApp, role: AccountRole) -> String {
    let email = format!("{}@people.example", role.as_str());
    let id = account(app, &email, role, Some("contoso")).await;
    cookie(app, &id).await
}

db_test! {
    async fn the_sample_is_a_mail_of_the_organization_that_says_that_it_is_none(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let viewer = person(&app, AccountRole::Viewer).await;
        let page = open(&app, &viewer, PAGE).await;
        assert_eq!(page.status, 200);
        assert!(page.text.contains(&format!("Example: {TITLE}")), "{}", page.text);
        assert!(page.text.contains("https://provisioning.test/unsubscribe/example"));

        let mail = open(&app, &viewer, &format!("{PAGE}/sample")).await;
        assert_eq!(mail.status, 200);
        assert!(mail.header("content-type").starts_with("text/html"));
        assert_eq!(mail.header("cache-control"), "no-store");
        assert!(mail.text.contains("Example of a failure at "), "{}", mail.text);
        assert!(mail.text.contains(TITLE));
        // Its links are as dead as the page says.
        for path in ["/organizations/contoso/issues/example", "/unsubscribe/example"] {
            assert!(mail.text.contains(&format!("https://provisioning.test{path}\"")), "{path}");
            assert_eq!(open(&app, &viewer, path).await.status, 404, "{path}");
        }
    }
}

db_test! {
    async fn nothing_in_the_sample_runs_or_is_loaded(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let viewer = person(&app, AccountRole::Viewer).await;
        let mail = open(&app, &viewer, &format!("{PAGE}/sample")).await;
        assert_eq!(
            mail.header("content-security-policy"),
            "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
             sandbox allow-popups allow-popups-to-escape-sandbox"
        );
        let page = open(&app, &viewer, PAGE).await;
        assert!(!page.header("content-security-policy").contains("unsafe-inline"));
    }
}

db_test! {
    async fn the_sample_follows_the_settings(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let admin = person(&app, AccountRole::Admin).await;
        let sample = format!("{PAGE}/sample");
        assert!(open(&app, &admin, &sample).await.text.contains("at most once a day"));
        let form = "send=on&still_failing=on&digest_hours=12&silence_hours=2&zone=Asia%2FTokyo";
        assert_eq!(post(&app, &admin, PAGE, form).await.status, 303);
        let mail = open(&app, &admin, &sample).await.text;
        assert!(mail.contains("at most every 12 hours."), "{mail}");
        assert!(mail.contains(" JST"), "{mail}");
    }
}
