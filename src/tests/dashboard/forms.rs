//! Where the answer to a form stands, and what opening a form's own address leads to.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::secret;
use rhombus_provisioning::server::store::sql::sql;

use super::person::{account, cookie, open, post, tag};
use crate::entra_test;
use crate::support::app::START;

const PAGE: &str = "/organizations/contoso/notifications";

entra_test! {
    async fn a_refused_form_stands_at_the_address_of_its_page(entra: Entra) {
        let id = account(entra.app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let admin = cookie(entra.app, &id).await;

        let refused = post(entra.app, &admin, &format!("{PAGE}/test"), "").await;
        assert_eq!(refused.status, 409);
        assert!(refused.text.contains("Nobody would get it"));
        let stands = format!("history.replaceState(null,'',\"{PAGE}\")");
        assert!(refused.text.contains(&stands), "{}", refused.text);

        let opened = open(entra.app, &admin, PAGE).await;
        assert!(!opened.text.contains("replaceState"), "it stands there already");
    }

    async fn a_refused_token_keeps_its_lifetime(entra: Entra) {
        let id = account(entra.app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let admin = cookie(entra.app, &id).await;
        let tokens = "/organizations/contoso/tokens";
        let form = "once=0190b2c0-0000-7000-8000-000000000000&name=+&days=730";
        let refused = post(entra.app, &admin, tokens, form).await;
        assert_eq!(refused.status, 422, "{}", refused.text);
        assert!(refused.text.contains("<option value=\"730\" selected>"), "{}", refused.text);
    }

    async fn a_refused_sign_in_keeps_the_address_and_where_it_leads(entra: Entra) {
        account(entra.app, "dana@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let logs = "next=%2Forganizations%2Fcontoso%2Flogs%3Fstatus%3Dfailure";
        for email in ["dana@contoso.com", "nobody@contoso.com"] {
            let form = format!("email={}&password=lantern+orbit&{logs}", email.replace('@', "%40"));
            let refused = post(entra.app, "", "/sign-in", &form).await;
            assert_eq!((refused.status, refused.header("location"), refused.header("cache-control")), (422, "", "no-store"));
            for part in [
                "The email address or the password is not right.",
                "Type the password again.",
                "name=\"next\" value=\"/organizations/contoso/logs?status=failure\"",
                "history.replaceState(null,'',\"/sign-in?next=",
            ] {
                assert!(refused.text.contains(part), "{part}: {}", refused.text);
            }
            let (typed, password) = (tag(&refused.text, "email"), tag(&refused.text, "password"));
            assert!(typed.contains(&format!("value=\"{email}\"")) && typed.contains("autocomplete=\"username\""), "{typed}");
            assert!(password.contains("autocomplete=\"current-password\""), "{password}");
            assert!(!refused.text.contains("lantern"), "{}", refused.text);
        }
        // What would lead elsewhere is not kept.
        let refused = post(entra.app, "", "/sign-in", "email=dana%40contoso.com&password=x&next=%2F%2Fevil.example").await;
        assert!(!refused.text.contains("evil.example"), "{}", refused.text);

        let full = sql("UPDATE sign_in_attempts SET window_started_at = $1, attempts = 10 WHERE key = $2");
        let key = format!("account:{}", secret::hash("dana@contoso.com"));
        entra.app.execute(full.bind(START).bind(key)).await;
        let refused = post(entra.app, "", "/sign-in", "email=dana%40contoso.com&password=x").await;
        assert_eq!(refused.status, 409);
        assert!(refused.text.contains("Too many attempts. Try again in 15 minutes."), "{}", refused.text);
        assert!(tag(&refused.text, "email").contains("value=\"dana@contoso.com\""), "{}", refused.text);
        assert!(!refused.text.contains("Type the password again."), "{}", refused.text);
    }

    async fn who_is_refused_a_link_sees_what_was_typed(entra: Entra) {
        let refused = post(entra.app, "", "/forgot-password", "email=ana%40contoso").await;
        assert_eq!((refused.status, refused.header("location")), (422, ""));
        assert!(refused.text.contains("Enter an email address, such as ana@example.com."), "{}", refused.text);
        let typed = tag(&refused.text, "email");
        assert!(typed.contains("value=\"ana@contoso\"") && typed.contains("aria-invalid"), "{typed}");
    }

    async fn whoever_opens_the_address_of_a_form_comes_to_its_page(entra: Entra) {
        for (form, page) in [
            ("/organizations/contoso/notifications/test", PAGE),
            ("/organizations/contoso/notifications/recipients", PAGE),
            ("/organizations/contoso/notifications/mails/1", PAGE),
            ("/organizations/contoso/settings/resume", "/organizations/contoso/settings"),
            ("/theme", "/"),
            ("/sign-out", "/"),
        ] {
            let opened = open(entra.app, "", form).await;
            assert_eq!((opened.status, opened.header("location")), (303, page), "{form}");
        }
        let put = Request::put(PAGE).header("sec-fetch-site", "same-origin").body(Body::empty());
        let put = entra.app.send(put.unwrap()).await;
        assert_eq!((put.status, put.header("allow")), (405, "GET,HEAD,POST"));
    }
}
