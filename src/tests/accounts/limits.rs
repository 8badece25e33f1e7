//! Attempts that are refused before the password is looked at, and those that wait while the password becomes another.

use std::time::Duration;

use rhombus_provisioning::model::account::{AccountRole, SignInError};
use rhombus_provisioning::server::clock::{HOUR, MINUTE};
use rhombus_provisioning::server::jobs::retention;
use rhombus_provisioning::server::secret::Secret;
use rhombus_provisioning::server::services::forgotten_passwords;
use rhombus_provisioning::server::services::sign_in::sign_in;
use rhombus_provisioning::server::store::sql::sql;

use super::links::refused;
use super::sessions::{self, post};
use super::{PASSWORD, account, actions};
use crate::db_test;
use crate::support::app::{START, TestApp};

const SAM: &str = "sam@rhombus.example";

async fn counted(app: &TestApp) -> Vec<(String, i64)> {
    app.rows(sql(
        "SELECT key, attempts FROM sign_in_attempts ORDER BY key",
    ))
    .await
}

/// Lets `attempt` wait for its turn to look at the password, which becomes another meanwhile.
async fn while_another_is_set<T>(app: &TestApp, attempt: impl Future<Output = T>) -> T {
    let busy: Vec<_> = (0..300)
        .map(|_| {
            let hasher = app.app.passwords.clone();
            tokio::spawn(async move { hasher.hash(&Secret::new(PASSWORD)).await })
        })
        .collect();
    let change = async {
        let begun = "SELECT key FROM sign_in_attempts WHERE key LIKE 'account:%'";
        while app.rows::<(String,)>(sql(begun)).await.is_empty() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
        app.execute(sql("UPDATE accounts SET password_hash = 'another'"))
            .await;
        busy.iter().for_each(tokio::task::JoinHandle::abort);
    };
    tokio::join!(attempt, change).0
}

db_test! {
    async fn an_address_that_is_refused_locks_nobody_out(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, SAM, AccountRole::Support, None).await;
        for (key, attempts) in [("address:192.0.2.9", 50), ("forgotten:address:192.0.2.9", 20)] {
            let full = "INSERT INTO sign_in_attempts (key, window_started_at, attempts) VALUES ($1, $2, $3)";
            app.execute(sql(full).bind(key).bind(START).bind(attempts)).await;
        }
        let before = counted(&app).await;
        for number in 0..11 {
            for email in [SAM, &format!("person{number}@rhombus.example")] {
                let refusals = [
                    refused(sign_in(&app.app, email, &Secret::new("wrong"), "192.0.2.9").await),
                    refused(forgotten_passwords::ask(&app.app, email, "192.0.2.9").await),
                ];
                assert_eq!(refusals, [(); 2].map(|()| SignInError::TooMany { minutes: 15 }));
            }
        }
        assert_eq!(counted(&app).await, before, "a refusal writes nothing");
        sign_in(&app.app, SAM, &Secret::new(PASSWORD), "192.0.2.1").await.unwrap();
        forgotten_passwords::ask(&app.app, SAM, "192.0.2.1").await.unwrap();
    }

    async fn strangers_fill_no_audit_log(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, SAM, AccountRole::Support, None).await;
        // Others have been at it in this minute.
        let many = sql("INSERT INTO sign_in_attempts (key, window_started_at, attempts) VALUES ('unknown', $1, 58)");
        app.execute(many.bind(START)).await;
        let wrong = Secret::new("wrong");
        for (address, email) in [("192.0.2.1", "a@b.example"), ("192.0.2.2", "c@d.example"), ("192.0.2.3", "e@f.example"), ("192.0.2.4", SAM)] {
            assert_eq!(refused(sign_in(&app.app, email, &wrong, address).await), SignInError::Credentials);
            forgotten_passwords::ask(&app.app, email, address).await.unwrap();
        }
        let noted = async || {
            let acts = actions(&app.app).await;
            let of = |action: &str| acts.iter().filter(|act| *act == action).count();
            [of("account.sign_in_failed"), of("account.ask_reset")]
        };
        // One each of strangers, and all of an account.
        assert_eq!(noted().await, [2, 2]);
        app.advance(MINUTE);
        assert_eq!(refused(sign_in(&app.app, "a@b.example", &wrong, "192.0.2.1").await), SignInError::Credentials);
        assert_eq!(noted().await, [3, 2]);
    }

    async fn what_is_over_counts_no_more_and_goes_without_a_sign_in(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, SAM, AccountRole::Support, None).await;
        let old = sessions::sign_in(&app, SAM).await;
        app.advance(12 * HOUR);
        let start = app.app.clock.now() - 15 * MINUTE;
        for key in ["address:192.0.2.1", "address:192.0.2.7"] {
            let full = "INSERT INTO sign_in_attempts (key, window_started_at, attempts) VALUES ($1, $2, 50)";
            app.execute(sql(full).bind(key).bind(start - 1)).await;
        }
        sign_in(&app.app, SAM, &Secret::new(PASSWORD), "192.0.2.1").await.unwrap();
        // Its transaction deletes nothing of others: there may be a million.
        sessions::sign_in(&app, SAM).await;
        let kept = counted(&app).await;
        assert!(kept.contains(&("address:192.0.2.7".to_owned(), 50)), "{kept:?}");
        let count = sql("SELECT count(*) FROM sessions");
        assert_eq!(app.rows::<(i64,)>(count.clone()).await, [(2,)]);
        assert!(!sessions::is_signed_in(&app, &old).await, "idle for twelve hours");

        app.advance(1);
        let purged = retention::purge_access(&app.app).await.unwrap();
        assert_eq!((purged.sessions, purged.sign_in_attempts), (1, 1));
        assert_eq!(app.rows::<(i64,)>(count).await, [(1,)]);
    }

    async fn a_password_that_was_right_before_the_attempt_had_its_turn_is_wrong(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, SAM, AccountRole::Support, None).await;
        let password = Secret::new(PASSWORD);
        let attempt = sign_in(&app.app, SAM, &password, "192.0.2.1");
        assert_eq!(refused(while_another_is_set(&app, attempt).await), SignInError::Credentials);
        let counts: Vec<i64> = counted(&app).await.into_iter().map(|(_, attempts)| attempts).collect();
        assert_eq!(counts, [1, 1]);
        let acts = actions(&app.app).await;
        assert!(acts.contains(&"account.sign_in_failed".to_owned()) && !acts.contains(&"account.sign_in".to_owned()));
    }

    async fn nobody_changes_a_password_that_has_become_another_meanwhile(db: TestDb) {
        let app = TestApp::new(db).await;
        account(&app.app, SAM, AccountRole::Support, None).await;
        let cookie = sessions::sign_in(&app, SAM).await;
        let form = format!("current={PASSWORD}&password=eight+loud+herons&password_again=eight+loud+herons");
        let answer = while_another_is_set(&app, post(&app, "/account", &cookie, &form)).await;
        assert_eq!(answer.status, 422);
        assert!(answer.text.contains("This is not your current password."), "{}", answer.text);
        let hashes: Vec<(String,)> = app.rows(sql("SELECT password_hash FROM accounts")).await;
        assert_eq!(hashes, [("another".to_owned(),)]);
    }
}
