//! Where the answer to a form stands, and what opening a form's own address leads to.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::model::account::AccountRole;

use super::person::{account, cookie, open, post};
use crate::entra_test;

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
