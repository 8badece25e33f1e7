//! Whoever is erased is in no mail that is still to be sent, and nobody hears less for it.

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::clock::{HOUR, MINUTE};
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use super::delivery::later_admin;
use super::{DANA, Post};
use crate::dashboard::person;
use crate::db_test;
use crate::support::entra::Entra;
use crate::support::smtp::Conduct;

const ANA: &str = "ana.quill@contoso.com";
const BEN: &str = "ben.okri@contoso.com";
const ROLE: &str = "roles[primary eq \"True\"].value";

async fn refused_change(entra: &Entra<'_>, id: &str) {
    let refused = entra.change(id, "Replace", ROLE, json!("LEAD")).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
}

/// Two users in trouble of one cause, and the Admin whom the mails go to.
async fn two_in_trouble(post: &Post) -> (Entra<'_>, String, [String; 2]) {
    let entra = post.app.entra("contoso").await;
    let admin = post.person(AccountRole::Admin).await;
    post.recipient(&admin, DANA).await;
    let (ana, ben) = (entra.create(ANA).await, entra.create(BEN).await);
    refused_change(&entra, &ana).await;
    refused_change(&entra, &ben).await;
    (entra, admin, [ana, ben])
}

async fn erase(entra: &Entra<'_>, admin: &str, id: &str) {
    entra.delete(id).await.is(204);
    let path = format!("/organizations/contoso/users/{id}/erase");
    let erased = person::post(entra.app, admin, &path, &format!("user_name={ANA}")).await;
    assert_eq!(erased.status, 303, "{}", erased.text);
}

/// Kind, state and whether there is a text of each mail that may name users.
async fn outbox(post: &Post) -> Vec<(String, String, bool)> {
    let all = sql(
        "SELECT kind, state, body IS NOT NULL FROM outbox WHERE kind IN ('issue', 'digest', 'recovered') ORDER BY created_at, id",
    );
    post.app.rows(all).await
}

fn mail(kind: &str, state: &str, has_text: bool) -> (String, String, bool) {
    (kind.to_owned(), state.to_owned(), has_text)
}

db_test! {
    async fn a_first_mail_that_waits_is_written_anew_without_them(db: TestDb) {
        let post = Post::new(db).await;
        let (entra, admin, [ana, _]) = two_in_trouble(&post).await;
        post.server.conduct(Conduct::Greylist);
        assert_eq!(post.minute().await.first, 1);
        assert_eq!(outbox(&post).await, [mail("issue", "waiting", true)]);

        erase(&entra, &admin, &ana).await;
        assert_eq!(outbox(&post).await, [mail("issue", "dropped", false)]);
        post.server.conduct(Conduct::Accept);
        let seen = post.count();
        assert_eq!(post.minute().await.first, 1);
        assert_eq!(outbox(&post).await, [mail("issue", "dropped", false), mail("issue", "sent", true)]);
        let received = post.server.received();
        assert_eq!(received.len(), seen + 1);
        let text = received[seen].part("text/plain");
        assert!(text.contains(BEN) && !text.contains("ana.quill"), "{text}");
    }

    async fn a_digest_that_waits_is_written_anew(db: TestDb) {
        let post = Post::new(db).await;
        let (entra, admin, [ana, _]) = two_in_trouble(&post).await;
        assert_eq!(post.minute().await.first, 1);
        post.server.conduct(Conduct::Greylist);
        post.app.advance(25 * HOUR);
        assert_eq!(post.minute().await.digests, 1);
        drop(admin);
        let admin = later_admin(&post).await;
        erase(&entra, &admin, &ana).await;
        post.server.conduct(Conduct::Accept);
        assert_eq!(post.minute().await.digests, 1);
        post.app.advance(5 * MINUTE);
        assert_eq!(post.minute().await.digests, 0, "once");
        let mut mails = outbox(&post).await;
        mails.retain(|(kind, ..)| kind == "digest");
        assert_eq!(mails, [mail("digest", "dropped", false), mail("digest", "sent", true)]);
    }

    async fn a_mail_that_it_is_over_is_written_anew(db: TestDb) {
        let post = Post::new(db).await;
        let (entra, admin, [ana, ben]) = two_in_trouble(&post).await;
        assert_eq!(post.minute().await.first, 1);
        for id in [&ana, &ben] {
            entra.change(id, "Replace", ROLE, json!("admin")).await.is(200);
        }
        post.server.conduct(Conduct::Greylist);
        assert_eq!(post.minute().await.over, 1);
        erase(&entra, &admin, &ana).await;
        post.server.conduct(Conduct::Accept);
        assert_eq!(post.minute().await.over, 1);
        assert_eq!(post.minute().await.over, 0, "once");
        assert_eq!(outbox(&post).await, [
            mail("issue", "sent", false),
            mail("recovered", "dropped", false),
            mail("recovered", "sent", true),
        ]);
    }
}
