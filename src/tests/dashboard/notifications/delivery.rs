//! What becomes of a mail: taken, refused, delayed, given up, sent again; and clocks that jump meanwhile.

use std::time::{Duration, UNIX_EPOCH};

use futures_util::future::join;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::model::notification::TESTS_AN_HOUR;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE, SECOND};
use rhombus_provisioning::server::error::{ServiceError, StoreError};
use rhombus_provisioning::server::jobs::retention;
use rhombus_provisioning::server::services::notifications::delivery::send_test;
use rhombus_provisioning::server::services::notifications::pass;
use rhombus_provisioning::server::services::organizations;
use rhombus_provisioning::server::services::outbox::{self, ATTEMPTS, CLAIM, claim_at};
use rhombus_provisioning::server::store::dialect::Dialect;
use rhombus_provisioning::server::store::organizations as organization_store;
use rhombus_provisioning::server::store::outbox::{self as outbox_store, Claim, Claimed};
use rhombus_provisioning::server::store::sql::sql;

use super::{DANA, PAGE, Post, add, refused_role};
use crate::dashboard::person::{self, account, cookie, open};
use crate::db_test;
use crate::support::app::TestApp;
use crate::support::db::while_held;
use crate::support::smtp::Conduct;

/// Of the mail that was written last: state, attempts, minutes until it is tried again.
async fn last(app: &TestApp) -> (String, i64, Option<i64>) {
    let rows: Vec<(String, i64, Option<i64>)> = app
        .rows(sql(
            "SELECT state, attempts, due_at FROM outbox ORDER BY created_at DESC, id DESC LIMIT 1",
        ))
        .await;
    let (state, attempts, due) = rows[0].clone();
    let now = app.app.clock.now();
    (
        state,
        attempts,
        due.map(|due| (due - now).div_euclid(MINUTE)),
    )
}

async fn answers(app: &TestApp) -> Vec<(i64, bool, String)> {
    app.rows(sql(
        "SELECT a.number, a.is_accepted, a.answer FROM outbox_attempts a JOIN outbox o ON o.id = a.outbox_id \
         WHERE o.kind <> 'verification' ORDER BY o.id, a.number",
    ))
    .await
}

/// A mail about an issue that is written and not sent.
async fn written(post: &Post) -> (String, usize) {
    let entra = post.app.entra("contoso").await;
    let admin = post.person(AccountRole::Admin).await;
    let seen = post.recipient(&admin, DANA).await;
    refused_role(&entra, "ana@contoso.com", "LEAD").await;
    post.app.advance(MINUTE);
    assert_eq!(post.tell().await.first, 1);
    (admin, seen)
}

/// As somebody who has just signed in: sessions end meanwhile.
async fn later_admin(post: &Post) -> String {
    let email = format!("admin{}@contoso.com", post.app.app.clock.now());
    let id = account(&post.app, &email, AccountRole::Admin, Some("contoso")).await;
    cookie(&post.app, &id).await
}

async fn take(post: &Post, claim: Claim) -> Vec<Claimed> {
    let db = &post.app.app.db;
    db.write::<_, StoreError, _>(move |tx| {
        Box::pin(async move { outbox_store::claim(tx, claim).await })
    })
    .await
    .unwrap()
}

/// From now on the database refuses to add to this table.
async fn refuse(app: &TestApp, table: &str) {
    let statements = match app.app.db.dialect() {
        Dialect::Sqlite => vec![format!(
            "CREATE TRIGGER away BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'away'); END"
        )],
        Dialect::Postgres => vec![
            "CREATE OR REPLACE FUNCTION away() RETURNS trigger AS $$ BEGIN RAISE 'away'; END $$ LANGUAGE plpgsql"
                .to_owned(),
            format!("CREATE TRIGGER away BEFORE INSERT ON {table} FOR EACH ROW EXECUTE FUNCTION away()"),
        ],
    };
    for statement in statements {
        app.execute(sql(statement.leak())).await;
    }
}

/// It is itself again.
async fn accept(app: &TestApp, table: &str) {
    let statement = match app.app.db.dialect() {
        Dialect::Sqlite => "DROP TRIGGER away".to_owned(),
        Dialect::Postgres => format!("DROP TRIGGER away ON {table}"),
    };
    app.execute(sql(statement.leak())).await;
}

db_test! {
    async fn a_database_that_fails_during_a_job_loses_no_mail_and_sends_none_twice(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        refused_role(&entra, "ana@contoso.com", "LEAD").await;
        post.app.advance(MINUTE);
        post.app.flush().await;
        refuse(&post.app, "notification_marks").await;
        assert!(pass::run(&post.app.app).await.is_err());
        assert_eq!(post.deliver().await, 0, "no mail without its mark");
        accept(&post.app, "notification_marks").await;
        assert_eq!(post.tell().await.first, 1);

        // The server takes the mail; that it has is noted when the database is back.
        refuse(&post.app, "outbox_attempts").await;
        let mended = async {
            while post.count() == seen {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            accept(&post.app, "outbox_attempts").await;
        };
        let (sent, ()) = tokio::join!(post.deliver(), mended);
        assert_eq!(sent, 1);
        assert_eq!(post.deliver().await, 0);
        assert_eq!((last(&post.app).await, post.count()), (("sent".to_owned(), 1, None), seen + 1));
    }

    async fn a_server_that_is_away_gets_the_mail_later_with_the_same_id(db: TestDb) {
        let post = Post::new(db).await;
        let (admin, seen) = written(&post).await;
        post.server.conduct(Conduct::Greylist);
        for minutes in [1, 5, 15, 60, 240, 240] {
            assert_eq!(post.deliver().await, 1);
            let (state, _, due) = last(&post.app).await;
            assert_eq!((state.as_str(), due), ("waiting", Some(minutes)));
            assert_eq!(post.deliver().await, 0, "it waits");
            post.app.advance(minutes * MINUTE);
        }
        let page = open(&post.app, &later_admin(&post).await, PAGE).await.text;
        assert!(page.contains("6 attempts") && page.contains("Not taken"), "{page}");
        assert_eq!(post.count(), seen);
        drop(admin);
        post.server.conduct(Conduct::Accept);
        assert_eq!(post.deliver().await, 1);
        assert_eq!(last(&post.app).await, ("sent".to_owned(), 7, None));
        assert_eq!(post.count(), seen + 1);
        let id: Vec<(String,)> = post.app.rows(sql("SELECT id FROM outbox WHERE kind = 'issue'")).await;
        let mail = post.server.received().pop().unwrap();
        assert!(mail.header("Message-ID").contains(&id[0].0), "{}", mail.header("Message-ID"));
    }

    async fn a_mail_is_given_up_after_three_days_and_can_be_sent_again(db: TestDb) {
        let post = Post::new(db).await;
        let (_, seen) = written(&post).await;
        let began = post.app.app.clock.now();
        post.server.conduct(Conduct::RefuseSender);
        let mut attempts = 0;
        while attempts < ATTEMPTS {
            assert_eq!(post.deliver().await, 1);
            attempts += 1;
            let (state, tried, due) = last(&post.app).await;
            assert_eq!(tried, attempts);
            match due {
                Some(minutes) => post.app.advance(minutes * MINUTE),
                None => assert_eq!((state.as_str(), attempts), ("failed", ATTEMPTS)),
            }
        }
        let days = (post.app.app.clock.now() - began) / DAY;
        assert_eq!(days, 3);
        let admin = later_admin(&post).await;
        let page = open(&post.app, &admin, PAGE).await.text;
        assert!(page.contains("Not delivered") && page.contains("23 attempts"), "{page}");
        assert_eq!(page.matches(". Not taken: ").count(), 23, "each with the server's words: {page}");
        assert!(!page.contains("earlier attempt"), "{page}");
        post.server.conduct(Conduct::Accept);
        let id: Vec<(String,)> = post.app.rows(sql("SELECT id FROM outbox WHERE kind = 'issue'")).await;
        let again = format!("{PAGE}/mails/{}", id[0].0);
        assert_eq!(person::post(&post.app, &admin, &again, "").await.status, 303);
        assert_eq!(post.deliver().await, 1);
        assert_eq!(last(&post.app).await, ("sent".to_owned(), ATTEMPTS + 1, None));
        assert_eq!(post.count(), seen + 1);
        let audit: Vec<(String,)> = post.app.rows(sql("SELECT action FROM audit_log WHERE action = 'mail.repeat'")).await;
        assert_eq!(audit.len(), 1);
        for times in 1..=20 {
            let status = person::post(&post.app, &admin, &again, "").await.status;
            assert_eq!(status, if times < 20 { 303 } else { 409 }, "{times}");
        }
        post.app.advance(HOUR);
        let admin = later_admin(&post).await;
        assert_eq!(person::post(&post.app, &admin, &again, "").await.status, 303);
        // A mail with a link that acts is never sent again: its text is not kept.
        let id: Vec<(String,)> = post.app.rows(sql("SELECT id FROM outbox WHERE kind = 'verification'")).await;
        let again = format!("{PAGE}/mails/{}", id[0].0);
        assert_eq!(person::post(&post.app, &admin, &again, "").await.status, 409);
    }

    async fn what_is_refused_for_good_is_not_tried_again(db: TestDb) {
        let post = Post::new(db).await;
        written(&post).await;
        post.server.conduct(Conduct::RefuseRecipient);
        assert_eq!(post.deliver().await, 1);
        assert_eq!(last(&post.app).await, ("failed".to_owned(), 1, None));
        let answers = answers(&post.app).await;
        assert!(!answers[0].1 && answers[0].2.contains("550"), "{answers:?}");
    }

    async fn whoever_takes_mails_and_dies_is_followed_by_another_and_the_page_says_so(db: TestDb) {
        let post = Post::new(db).await;
        written(&post).await;
        let now = post.app.app.clock.now();
        let taken = claim_at(now);
        let claimed = take(&post, taken).await;
        assert_eq!(claimed.len(), 1);
        assert_eq!(post.deliver().await, 0, "somebody has it");
        assert_eq!(take(&post, claim_at(now - 2 * SECOND)).await.len(), 0, "also by a clock that is a little behind");
        post.app.advance(CLAIM - MINUTE);
        assert_eq!(post.deliver().await, 0, "a clock that jumps by minutes sends nothing twice");
        post.app.advance(MINUTE);
        assert_eq!(post.deliver().await, 1);
        assert_eq!(last(&post.app).await, ("sent".to_owned(), 2, None));
        let answers = answers(&post.app).await;
        assert!(answers[0].2.contains("may have arrived"), "{answers:?}");
        // Whoever was first comes back with an answer: the mail stays what it is.
        outbox::attempt(&post.app.app, &claimed[0], taken.until).await.unwrap();
        assert_eq!(last(&post.app).await.0, "sent");
    }

    async fn mails_of_whoever_died_are_taken_one_by_one(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        post.recipient(&admin, DANA).await;
        post.recipient(&admin, "kim@contoso.com").await;
        refused_role(&entra, "ana@contoso.com", "LEAD").await;
        post.app.advance(MINUTE);
        post.tell().await;
        assert_eq!(take(&post, claim_at(post.app.app.clock.now())).await.len(), 2);
        post.app.advance(CLAIM);
        let claim = claim_at(post.app.app.clock.now());
        let (one, other) = (take(&post, claim).await, take(&post, claim).await);
        assert_eq!((one.len(), other.len(), take(&post, claim).await.len()), (1, 1, 0));
        assert_ne!(one[0].id, other[0].id);
    }

    async fn a_mail_during_which_the_service_ends_each_time_is_given_up(db: TestDb) {
        let post = Post::new(db).await;
        let (_, seen) = written(&post).await;
        let dies_after = async |attempts: i64| {
            let tried = sql("UPDATE outbox SET retries = $1 WHERE kind = 'issue'");
            post.app.execute(tried.bind(attempts)).await;
            assert_eq!(take(&post, claim_at(post.app.app.clock.now())).await.len(), 1);
            post.app.advance(CLAIM);
        };
        dies_after(ATTEMPTS - 1).await;
        assert_eq!(post.deliver().await, 0);
        assert_eq!((last(&post.app).await, post.count()), (("failed".to_owned(), 1, None), seen));
        let answers = answers(&post.app).await;
        assert!(answers[0].2.contains("The mail is given up"), "{answers:?}");
        // An Admin may still have it sent; an attempt that is lost counts as any other.
        let admin = later_admin(&post).await;
        let id: Vec<(String,)> = post.app.rows(sql("SELECT id FROM outbox WHERE kind = 'issue'")).await;
        let again = format!("{PAGE}/mails/{}", id[0].0);
        assert_eq!(person::post(&post.app, &admin, &again, "").await.status, 303);
        dies_after(ATTEMPTS - 2).await;
        post.server.conduct(Conduct::Greylist);
        assert_eq!(post.deliver().await, 1);
        assert_eq!(last(&post.app).await, ("failed".to_owned(), 3, None));
    }

    async fn what_a_clock_that_was_ahead_has_noted_holds_nothing_up(db: TestDb) {
        let post = Post::new(db).await;
        let (_, seen) = written(&post).await;
        let ahead = post.app.app.clock.now() + 30 * DAY;
        post.app.execute(sql("UPDATE outbox SET due_at = $1, claimed_until = $1 WHERE kind = 'issue'").bind(ahead)).await;
        assert_eq!(post.deliver().await, 1);
        assert_eq!(post.count(), seen + 1);
    }

    async fn a_test_shows_the_servers_words(db: TestDb) {
        let post = Post::new(db).await;
        post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let test = format!("{PAGE}/test");
        let nobody = person::post(&post.app, &admin, &test, "").await;
        assert_eq!(nobody.status, 409);
        assert!(nobody.text.contains("Nobody would get it"), "{}", nobody.text);
        let seen = post.recipient(&admin, DANA).await;
        let sent = person::post(&post.app, &admin, &test, "").await;
        let result = sent.header("location").to_owned();
        assert_eq!((sent.status, result.as_str()), (303, "/organizations/contoso/notifications?done=test"));
        assert_eq!(post.subjects(seen), ["[contoso] Test email"]);
        let page = open(&post.app, &admin, &result).await.text;
        assert!(page.contains("The mail server has taken the test.") && page.contains("250 2.0.0 Ok"), "{page}");
        assert_eq!(post.deliver().await, 0, "it is sent already");
        post.app.advance(HOUR / 2);
        assert!(!open(&post.app, &admin, &result).await.text.contains("has taken the test"), "old news");
        post.server.conduct(Conduct::RefuseSender);
        person::post(&post.app, &admin, &test, "").await;
        let page = open(&post.app, &admin, &result).await.text;
        assert!(page.contains("The test was not taken everywhere.") && page.contains("127.0.0.1"), "{page}");
        for _ in 0..18 {
            assert_eq!(person::post(&post.app, &admin, &test, "").await.status, 303);
        }
        assert_eq!(person::post(&post.app, &admin, &test, "").await.status, 409, "there is an end to it");
        // What a clock that was ahead has written counts no more, and is not the latest.
        post.app.execute(sql("UPDATE outbox SET created_at = $1").bind(post.app.app.clock.now() + 30 * DAY)).await;
        post.server.conduct(Conduct::Accept);
        assert_eq!(person::post(&post.app, &admin, &test, "").await.status, 303);
        let page = open(&post.app, &admin, &result).await.text;
        assert!(page.contains("The mail server has taken the test."), "{page}");
    }

    async fn tests_that_are_sent_at_once_stay_within_the_limit(db: TestDb) {
        let post = Post::new(db).await;
        post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        let app = &post.app.app;
        let organization = organizations::find(app, "contoso").await.unwrap().unwrap();
        let organization_id = organization.id.clone();
        let may = Allowed::command_line(Permission::ManageNotifications, Some(organization));
        for _ in 1..TESTS_AN_HOUR {
            send_test(app, &may).await.unwrap();
        }
        // One more may be sent. Two are held up where each has to wait its turn.
        let ((one, two), held) = while_held(
            &app.db,
            2,
            move |tx| Box::pin(async move { organization_store::lock(tx, &organization_id).await }),
            join(send_test(app, &may), send_test(app, &may)),
        )
        .await;
        held.unwrap();
        let refused = if one.is_ok() { two } else { one };
        assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
        let sent = i64::try_from(post.count() - seen).unwrap();
        assert_eq!(sent, TESTS_AN_HOUR);
    }

    async fn the_service_does_not_end_before_a_test_that_is_being_sent(db: TestDb) {
        let post = Post::new(db).await;
        post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        post.server.conduct(Conduct::Hang);
        let test = format!("{PAGE}/test");
        let arrives = async {
            while post.count() == seen {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        tokio::select! {
            _ = person::post(&post.app, &admin, &test, "") => panic!("the server has not answered"),
            () = arrives => {}
        }
        // The browser has gone.
        assert_eq!(post.app.app.tasks.len(), 1);
    }

    async fn without_a_server_mails_are_files_and_the_page_says_so(db: TestDb) {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = crate::support::app::settings(&db.url);
        settings.data_dir = folder.path().to_owned();
        let app = TestApp::with(db, settings).await;
        app.entra("contoso").await;
        let id = account(&app, DANA, AccountRole::Admin, Some("contoso")).await;
        let admin = cookie(&app, &id).await;
        add(&app, &admin, DANA).await;
        assert_eq!(outbox::send_due(&app.app).await.unwrap(), 1);
        assert_eq!(last(&app).await, ("filed".to_owned(), 1, None));
        assert_eq!(std::fs::read_dir(folder.path().join("mail")).unwrap().count(), 1);
        let page = open(&app, &admin, PAGE).await.text;
        assert!(page.contains("No mail leaves this server.") && page.contains("Written to a file"), "{page}");
        assert!(page.contains("and deleted after") && page.contains("30 days"), "{page}");
        // Files go after that time, and nothing else that somebody has put there.
        let now = UNIX_EPOCH + Duration::from_millis(app.app.clock.now().try_into().unwrap());
        let written = |name: &str, days: u64| {
            let file = std::fs::File::create(folder.path().join("mail").join(name)).unwrap();
            file.set_modified(now - Duration::from_secs(days * 86_400)).unwrap();
        };
        written("old.eml", 31);
        written("broken.eml.new", 31);
        written("young.eml", 29);
        written("notes.txt", 31);
        assert_eq!(retention::remove_files(&app.app).await.unwrap(), 2);
        let mut left: Vec<_> = std::fs::read_dir(folder.path().join("mail")).unwrap().map(|file| file.unwrap().file_name()).collect();
        left.sort();
        assert_eq!((left.len(), &left[1..]), (3, &["notes.txt".into(), "young.eml".into()][..]));
    }
}
