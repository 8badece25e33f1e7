//! The title of a document, which names what Entra sent.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use super::person::{account, cookie, open};
use crate::entra_test;

/// Ends the title, and leads the browser elsewhere: no Content-Security-Policy forbids that.
const NAME: &str =
    "</title><meta http-equiv=\"refresh\" content=\"0;url=https://evil.example/\">&amp;";

entra_test! {
    async fn names_do_not_end_the_title(entra: Entra) {
        let id = account(entra.app, "sam@rhombus.example", AccountRole::Support, None).await;
        let support = cookie(entra.app, &id).await;
        let user = entra.create_with("ana", json!({"displayName": NAME})).await;
        entra.change(&user, "replace", "roles[primary eq \"True\"].value", json!(NAME)).await.is(400);
        entra.app.flush().await;
        let issues: Vec<(String,)> = entra.app.rows(sql("SELECT id FROM issues WHERE reason = 'role_unknown'")).await;

        for page in [format!("users/{user}"), format!("issues/{}", issues[0].0)] {
            let page = open(entra.app, &support, &format!("/organizations/contoso/{page}")).await;
            assert_eq!(page.status, 200);
            assert!(page.text.contains("&lt;/title>&lt;meta http-equiv="), "{}", page.text);
            assert!(page.text.contains("&amp;amp;"), "{}", page.text);
            assert!(!page.text.contains("<meta http-equiv="), "{}", page.text);
        }
    }
}
