//! Users who are erased while mails name them.

use std::path::Path;

use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::clock::MINUTE;
use rhombus_provisioning::server::error::{ServiceError, StoreError};
use rhombus_provisioning::server::services::notifications::pass::{self, Told};
use rhombus_provisioning::server::services::{outbox, user_access};
use rhombus_provisioning::server::store::sql::sql;
use rhombus_provisioning::server::store::{issue_records, organizations, outbox as outbox_store};
use serde_json::json;

use super::{DANA, PAGE, Post, add};
use crate::dashboard::person::{self, account, cookie};
use crate::db_test;
use crate::support::app::TestApp;
use crate::support::db::{TestDb, while_held};
use crate::support::entra::Entra;

/// Somebody of whom an update is refused.
async fn refused(entra: &Entra<'_>, user_name: &str) -> String {
    let id = entra
        .create_with(
            user_name,
            json!({"displayName": format!("{user_name} who is named")}),
        )
        .await;
    let role = json!([{"primary": "True", "value": "LEAD"}]);
    let refused = entra.change(&id, "Replace", "roles", role).await;
    assert_eq!(refused.status, 400, "{}", refused.text);
    id
}

/// Deleted in Entra, and erased here.
async fn erase(entra: &Entra<'_>, id: &str, user_name: &str) {
    entra.delete(id).await.is(204);
    erased(entra, id, user_name).await.unwrap();
}

async fn erased(entra: &Entra<'_>, id: &str, user_name: &str) -> Result<(), ServiceError> {
    let organization = OrganizationRef {
        id: entra.organization_id.clone(),
        slug: entra.slug.clone(),
        name: entra.slug.clone(),
    };
    let allowed = Allowed::command_line(Permission::EraseUsers, Some(organization));
    user_access::erase(&entra.app.app, &allowed, id, user_name).await
}

/// Without a mail server.
async fn filing(db: TestDb, folder: &Path) -> TestApp {
    let mut settings = crate::support::app::settings(&db.url);
    settings.data_dir = folder.to_owned();
    TestApp::with(db, settings).await
}

/// Two mails wait: the link to a recipient, and one that names a user; answers the user's id.
async fn told_of_zoe(app: &TestApp, entra: &Entra<'_>) -> String {
    let admin = account(app, DANA, AccountRole::Admin, Some("contoso")).await;
    let admin = cookie(app, &admin).await;
    add(app, &admin, DANA).await;
    let verify = sql("UPDATE notification_recipients SET state = 'verified', verified_at = $1");
    app.execute(verify.bind(app.app.clock.now())).await;
    app.advance(MINUTE);
    let id = refused(entra, "zoe@contoso.com").await;
    app.advance(MINUTE);
    app.flush().await;
    assert_eq!(pass::run(&app.app).await.unwrap().first, 1);
    id
}

fn files(folder: &Path) -> usize {
    std::fs::read_dir(folder.join("mail")).map_or(0, Iterator::count)
}

/// Whatever the outbox has of its mails about issues, read: subjects, texts, and those that take their place.
async fn texts(app: &TestApp) -> Vec<(String, String, String)> {
    let rows: Vec<(String, Option<String>, Option<String>)> = app
        .rows(sql("SELECT subject, body, unnamed FROM outbox WHERE kind = 'issue' ORDER BY created_at, id"))
        .await;
    let key = app.app.secret_key().unwrap();
    let open = |sealed: Option<String>| {
        let sealed = sealed.unwrap_or_default();
        String::from_utf8(key.open("outbox", &sealed).unwrap_or_default()).unwrap()
    };
    let read = |(subject, body, unnamed)| (subject, open(body), open(unnamed));
    rows.into_iter().map(read).collect()
}

/// Of each mail that may name users, whether erasing one rewrites it.
async fn named(entra: &Entra<'_>) -> Vec<bool> {
    let mut connection = entra.app.app.db.read().await.unwrap();
    let mails = outbox_store::list_naming(&mut connection, &entra.organization_id, None);
    let mails = mails.await.unwrap().into_iter();
    mails.map(|mail| mail.is_named).collect()
}

db_test! {
    async fn no_mail_keeps_the_name_of_an_erased_user(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        post.app.advance(MINUTE);
        // One that is out, and one that waits.
        let id = refused(&entra, "zoe@contoso.com").await;
        assert_eq!(post.minute().await.first, 1);
        entra.change(&id, "Replace", "userName", json!("")).await;
        post.app.advance(MINUTE);
        assert_eq!(post.tell().await.first, 1);
        let before = texts(&post.app).await;
        assert_eq!(before.len(), 2);
        assert!(before.iter().all(|(_, body, _)| body.contains("zoe@contoso.com who is named")), "{before:?}");

        assert_eq!(named(&entra).await, [true, true]);

        erase(&entra, &id, "zoe@contoso.com").await;
        assert_eq!(named(&entra).await, [false, false]);
        for (subject, body, unnamed) in texts(&post.app).await {
            for text in [subject, body, unnamed] {
                assert!(!text.is_empty() && !text.contains("zoe"), "{text}");
            }
        }
        assert_eq!(post.deliver().await, 1);
        assert_eq!(post.count(), seen + 2);
        let mail = post.server.received().pop().unwrap();
        let text = mail.part("text/plain");
        assert!(text.contains("/unsubscribe/") && text.contains("FIX IT IN ENTRA") && !text.contains("zoe"), "{text}");
        // What is out can be sent again, as it is kept.
        let out: Vec<(String,)> = post.app.rows(sql("SELECT id FROM outbox WHERE kind = 'issue' ORDER BY id")).await;
        let again = format!("{PAGE}/mails/{}", out[0].0);
        assert_eq!(person::post(&post.app, &admin, &again, "").await.status, 303);
        assert_eq!(post.deliver().await, 1);
        assert!(!post.server.received().pop().unwrap().part("text/plain").contains("zoe"));
    }

    async fn names_go_from_all_mails_however_many_there_are(db: TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let app = filing(db, folder.path()).await;
        let entra = app.entra("contoso").await;
        let id = told_of_zoe(&app, &entra).await;
        app.execute(sql(
            "INSERT INTO outbox (id, organization_id, kind, event_key, address, address_key, subject, body, created_at, \
             state, due_at, attempts, retries, unnamed) \
             WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 250) \
             SELECT id || '-' || i, organization_id, kind, event_key || '-' || i, address, address_key, subject, body, \
             created_at, 'sent', CAST(NULL AS BIGINT), attempts, retries, unnamed FROM outbox, n WHERE kind = 'issue'",
        ))
        .await;
        erase(&entra, &id, "zoe@contoso.com").await;
        let texts = texts(&app).await;
        assert_eq!(texts.len(), 251);
        assert!(texts.iter().all(|(_, body, unnamed)| body == unnamed && !body.contains("zoe")));
    }

    async fn a_mail_that_is_composed_meanwhile_does_not_name_the_user(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        post.recipient(&admin, DANA).await;
        post.app.advance(MINUTE);
        let zoe = refused(&entra, "zoe@contoso.com").await;
        refused(&entra, "max@contoso.com").await;
        post.app.advance(MINUTE);
        post.app.flush().await;
        // What erasing does in the end, while it is composed.
        let (organization_id, now) = (entra.organization_id.clone(), post.app.app.clock.now());
        let keys = vec![issue_records::user_key(&zoe)];
        let (told, erased) = while_held(
            &post.app.app.db,
            1,
            move |tx| Box::pin(async move {
                organizations::lock(tx, &organization_id).await?;
                issue_records::forget_user(tx, &organization_id, &keys, now).await
            }),
            pass::run(&post.app.app),
        )
        .await;
        erased.unwrap();
        let told = told.unwrap();
        assert_eq!((told, texts(&post.app).await.len()), (Told::default(), 0));
        assert_eq!(post.tell().await.first, 1);
        let written = texts(&post.app).await;
        assert!(written[0].1.contains("max@") && !written[0].1.contains("zoe"), "{written:?}");
    }

    async fn a_file_that_names_an_erased_user_goes(db: TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let app = filing(db, folder.path()).await;
        let entra = app.entra("contoso").await;
        let id = told_of_zoe(&app, &entra).await;
        assert_eq!(outbox::send_due(&app.app).await.unwrap(), 2);
        assert_eq!(files(folder.path()), 2);
        // One that cannot be removed: erasing goes on where it ended.
        let mails: Vec<(String,)> = app.rows(sql("SELECT id FROM outbox WHERE kind = 'issue'")).await;
        let file = folder.path().join("mail").join(format!("{}.eml", mails[0].0));
        std::fs::remove_file(&file).unwrap();
        std::fs::create_dir(&file).unwrap();
        entra.delete(&id).await.is(204);
        assert!(erased(&entra, &id, "zoe@contoso.com").await.is_err());
        std::fs::remove_dir(&file).unwrap();
        std::fs::write(&file, "zoe").unwrap();
        erased(&entra, &id, "zoe@contoso.com").await.unwrap();
        assert_eq!(files(folder.path()), 1, "the link to the recipient stays");
    }

    async fn a_file_that_is_written_while_its_user_is_erased_goes(db: TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let app = filing(db, folder.path()).await;
        let entra = app.entra("contoso").await;
        let id = told_of_zoe(&app, &entra).await;
        let claim = outbox::claim_at(app.app.clock.now());
        let claimed = app.app.db.write::<_, StoreError, _>(move |tx| Box::pin(outbox_store::claim(tx, claim))).await.unwrap();
        assert_eq!(claimed.len(), 2);
        erase(&entra, &id, "zoe@contoso.com").await;
        for mail in &claimed {
            outbox::attempt(&app.app, mail, claim.until).await.unwrap();
        }
        assert_eq!(files(folder.path()), 1, "the link to the recipient stays");
    }
}
