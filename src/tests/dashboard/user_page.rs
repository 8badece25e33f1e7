//! The page of one user: whose the attributes are, and what keeps the person out.

use rhombus_provisioning::model::account::AccountRole;

use super::person::{account, cookie, open, post};
use crate::entra_test;
use crate::support::entra::Entra;

async fn person(entra: &Entra<'_>, email: &str, role: AccountRole) -> String {
    let id = account(entra.app, email, role, Some("contoso")).await;
    cookie(entra.app, &id).await
}

async fn shows(entra: &Entra<'_>, cookie: &str, page: &str, words: &[&str]) {
    let answer = open(entra.app, cookie, page).await;
    assert_eq!(answer.status, 200, "{}", answer.text);
    for word in words {
        assert!(answer.text.contains(word), "{word}: {}", answer.text);
    }
}

entra_test! {
    async fn the_page_says_that_entra_manages_the_user_and_where_to_change_it(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let page = format!("/organizations/contoso/users/{id}");
        let viewer = person(&entra, "vic@contoso.com", AccountRole::Viewer).await;
        let managed = ["Managed by Entra ID", "To change a value, change the person in Entra.", "Attribute mapping"];
        shows(&entra, &viewer, &page, &managed).await;
    }

    async fn a_banner_says_who_has_blocked_the_user_and_why(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        let page = format!("/organizations/contoso/users/{id}");
        let admin = person(&entra, "dana@contoso.com", AccountRole::Admin).await;
        let viewer = person(&entra, "vic@contoso.com", AccountRole::Viewer).await;
        let blocked = post(entra.app, &admin, &format!("{page}/block"), "reason=Lost+laptop").await;
        assert_eq!(blocked.status, 303, "{}", blocked.text);
        let banner = ["Blocked by ", "dana", "Lost laptop", "Entra says active, but there is no access"];
        for reader in [&admin, &viewer] {
            shows(&entra, reader, &page, &banner).await;
        }
        // It stays whatever Entra sends.
        entra.change(&id, "Replace", "active", serde_json::json!("False")).await.is(200);
        shows(&entra, &admin, &page, &["Blocked by ", "There is no access even if Entra enables the user"]).await;
    }

    async fn a_deleted_user_is_seen_and_not_revived(entra: Entra) {
        let id = entra.create("ana@contoso.com").await;
        entra.delete(&id).await.is(204);
        let page = format!("/organizations/contoso/users/{id}");
        let admin = person(&entra, "dana@contoso.com", AccountRole::Admin).await;
        let deleted = ["Deleted by Entra ", "The history is kept for 90 days", "Erase now"];
        shows(&entra, &admin, &page, &deleted).await;
        let text = open(entra.app, &admin, &page).await.text;
        assert!(!text.contains("/block\""), "there is nobody to block: {text}");
        entra.get(&format!("/Users/{id}")).await.is_error(404, "");
    }
}
