//! What is told and when, from real requests to mails on a real server.

use futures_util::future::join_all;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE};
use rhombus_provisioning::server::services::notifications::pass::{self, Told};
use rhombus_provisioning::server::services::overview;
use rhombus_provisioning::server::services::{health_watch, organizations};
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use super::{DANA, PAGE, Post, change, refused_role};
use crate::dashboard::person::{self, open};
use crate::db_test;
use crate::support::entra::Entra;

const FIRST: Told = Told {
    first: 1,
    over: 0,
    digests: 0,
};
const OVER: Told = Told {
    first: 0,
    over: 1,
    digests: 0,
};
const DIGEST: Told = Told {
    first: 0,
    over: 0,
    digests: 1,
};

/// As many failures as one says, counted where they are counted.
async fn storm(entra: &Entra<'_>, events: i64) {
    let more = sql(
        "UPDATE issues SET events = events + $1, users_affected = users_affected + $1, last_seen_at = $2 \
                    WHERE organization_id = $3",
    );
    let now = entra.app.app.clock.now();
    entra
        .app
        .execute(more.bind(events).bind(now).bind(&entra.organization_id))
        .await;
}

/// Entra comes as it always does, so that nothing is silent.
async fn probe(entra: &Entra<'_>) {
    entra.filter("userName eq \"nobody\"").await.is(200);
}

/// Time passes with a cycle of Entra's every 40 minutes; what is told then, and when, in hours since.
async fn hours(post: &Post, entra: &Entra<'_>, hours: i64) -> Vec<(i64, Told)> {
    let start = post.app.app.clock.now();
    let mut told = Vec::new();
    while post.app.app.clock.now() < start + hours * HOUR {
        post.app.advance(40 * MINUTE);
        probe(entra).await;
        let now = post.tell().await;
        post.deliver().await;
        if now != Told::default() {
            told.push(((post.app.app.clock.now() - start) / HOUR, now));
        }
    }
    told
}

db_test! {
    async fn a_storm_makes_one_mail_one_digest_a_day_and_one_that_it_is_over(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        for number in 0..20 {
            refused_role(&entra, &format!("user{number}@contoso.com"), "LEAD").await;
        }
        storm(&entra, 9_980).await;
        assert_eq!(post.minute().await, FIRST);
        assert_eq!(post.subjects(seen), ["[contoso] 10,000 users were not created: role value LEAD is not in the role catalogue"]);
        let mail = post.server.received().pop().unwrap();
        let text = mail.part("text/plain");
        assert!(text.contains("https://provisioning.test/organizations/contoso/issues/"), "{text}");
        let seen = post.count();

        storm(&entra, 10_000).await;
        assert_eq!(hours(&post, &entra, 23).await, [], "the same issue is no news");
        for _day in 0..2 {
            let told = hours(&post, &entra, 24).await;
            assert_eq!(told.iter().map(|(_, told)| *told).collect::<Vec<_>>(), [DIGEST]);
        }
        let subjects = post.subjects(seen);
        assert!(subjects.iter().all(|subject| subject.starts_with("[contoso] Digest: 1 issue still open")), "{subjects:?}");
        assert_eq!(subjects.len(), 2);
        let seen = post.count();

        entra.app.execute(sql("DELETE FROM issue_users WHERE user_key NOT LIKE 'n:user0@%'")).await;
        entra.app.execute(sql("UPDATE issues SET users_affected = 1")).await;
        entra.create("user0@contoso.com").await;
        assert_eq!(post.minute().await, OVER);
        assert_eq!(post.subjects(seen).len(), 1);
        assert!(post.subjects(seen)[0].starts_with("[contoso] Resolved: "), "{:?}", post.subjects(seen));
        assert_eq!(hours(&post, &entra, 48).await, []);
    }

    async fn a_problem_with_the_connection_is_told_at_once_and_when_it_is_over(db: TestDb) {
        let post = Post::new(db).await;
        let mut entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        probe(&entra).await;
        let seen = post.recipient(&admin, DANA).await;
        entra.app.execute(sql("UPDATE tokens SET revoked_at = $1").bind(post.app.app.clock.now())).await;
        post.app.advance(46 * MINUTE);
        entra.filter("userName eq \"nobody\"").await.is_error(401, "");
        assert_eq!(post.minute().await, FIRST);
        assert_eq!(post.subjects(seen), ["[contoso] Entra is refused: the token 'Entra' was revoked"]);
        assert_eq!(post.minute().await, Told::default());
        let seen = post.count();
        entra.token = post.app.token(&entra.organization_id, 365 * DAY).await;
        probe(&entra).await;
        assert_eq!(post.minute().await, OVER);
        assert_eq!(post.subjects(seen), ["[contoso] Recovered: Entra is accepted again"]);
        // The issues that refused callers make are no mails of their own: strangers can cause them.
        assert_eq!(hours(&post, &entra, 30).await, []);
    }

    async fn nobody_is_told_without_recipients_or_check_box_or_of_what_was_before(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        refused_role(&entra, "ana@contoso.com", "LEAD").await;
        assert_eq!(post.minute().await, Told::default());
        let seen = post.recipient(&admin, DANA).await;
        assert_eq!(post.minute().await, Told::default(), "it was there before");
        assert_eq!(change(&post.app, &admin, "send=on&", "").await.status, 303);
        refused_role(&entra, "ben@contoso.com", "CHIEF").await;
        assert_eq!(post.minute().await, Told::default());
        assert!(open(&post.app, &admin, PAGE).await.text.contains("the check box below is not checked"));
        assert_eq!(hours(&post, &entra, 48).await, []);
        let off = person::account(&post.app, "eve@contoso.com", AccountRole::Admin, Some("contoso")).await;
        let admin = person::cookie(&post.app, &off).await;
        assert_eq!(change(&post.app, &admin, "new_issue=on&", "").await.status, 303);
        assert_eq!(change(&post.app, &admin, "new_issue=on&", "new_issue=on&").await.status, 303);
        assert_eq!(post.minute().await, Told::default());
        assert_eq!(post.count(), seen);
        entra.change(&entra.create("cyd@contoso.com").await, "Replace", "userName", json!("")).await;
        assert_eq!(post.minute().await, FIRST, "what is new since then");
    }

    async fn warnings_are_in_the_digest_alone_and_the_digest_minds_the_night(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        // 09:00 in UTC: quiet from 08:00 to 15:00.
        let quiet = "quiet_from=08%3A00&quiet_until=15%3A00";
        assert_eq!(change(&post.app, &admin, "quiet_from=&quiet_until=", quiet).await.status, 303);
        entra.create_with("ana@contoso.com", json!({"favouriteColour": "blue"})).await;
        assert_eq!(post.minute().await, Told::default());
        let told = hours(&post, &entra, 48).await;
        // A day later it is 09:00 again: it comes at 15:00.
        assert_eq!(told, [(30, DIGEST)]);
        assert_eq!(post.subjects(seen).len(), 1);
    }

    async fn two_replicas_at_once_tell_once(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        for (number, role) in ["LEAD", "CHIEF"].into_iter().enumerate() {
            refused_role(&entra, &format!("user{number}@contoso.com"), role).await;
        }
        post.app.advance(MINUTE);
        post.app.flush().await;
        health_watch::run(&post.app.app).await.unwrap();
        let runs = join_all((0..8).map(|_| pass::run(&post.app.app))).await;
        let first: usize = runs.into_iter().map(|run| run.unwrap().first).sum();
        assert_eq!(first, 1, "of one issue, whatever the values are");
        let sent = join_all((0..8).map(|_| post.deliver())).await;
        assert_eq!(sent.into_iter().sum::<usize>(), 1);
        assert_eq!(post.count(), seen + 1);
        let digests = join_all((0..4).map(|_| async {
            pass::run(&post.app.app).await.unwrap().digests
        }));
        post.app.advance(25 * HOUR);
        assert_eq!(digests.await.into_iter().sum::<usize>(), 1);
    }

    async fn a_digest_follows_a_first_mail_by_an_interval_and_repeats_none(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        refused_role(&entra, "ana@contoso.com", "LEAD").await;
        assert_eq!(post.minute().await, FIRST);
        assert_eq!(hours(&post, &entra, 23).await, []);
        // As the day is over, another issue is new in the same minute.
        post.app.advance(HOUR - MINUTE);
        entra.change(&entra.create("cyd@contoso.com").await, "Replace", "userName", json!("")).await;
        assert_eq!(post.minute().await, Told { first: 1, digests: 1, ..Told::default() });
        let subjects = post.subjects(seen);
        assert_eq!(subjects.len(), 3, "{subjects:?}");
        assert!(subjects.iter().any(|subject| subject.starts_with("[contoso] Digest: 1 issue still open")), "{subjects:?}");
        let digest = post.server.received().into_iter().find(|mail| mail.header("Subject").contains("Digest")).unwrap();
        let text = digest.part("text/plain");
        assert!(text.contains("role") && !text.contains("userName"), "{text}");
        let told = hours(&post, &entra, 25).await;
        assert_eq!(told.iter().map(|(_, told)| *told).collect::<Vec<_>>(), [DIGEST]);
        assert!(post.subjects(seen)[3].starts_with("[contoso] Digest: 2 issues still open"), "{:?}", post.subjects(seen));
    }

    async fn what_is_over_at_once_is_one_mail_to_whom_was_told_of_it(db: TestDb) {
        let post = Post::new(db).await;
        let mut entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        probe(&entra).await;
        let seen = post.recipient(&admin, DANA).await;
        let now = post.app.app.clock.now();
        entra.app.execute(sql("UPDATE tokens SET expires_at = $1").bind(now + MINUTE)).await;
        post.app.advance(46 * MINUTE);
        entra.filter("userName eq \"nobody\"").await.is_error(401, "");
        post.minute().await;
        // The refusal is a problem of its own once the token's end is not told any more.
        assert_eq!(change(&post.app, &admin, "token_expiring=on&", "").await.status, 303);
        post.minute().await;
        let told = post.subjects(seen);
        assert!(told.iter().any(|subject| subject.contains("expired")), "{told:?}");
        assert!(told.iter().any(|subject| subject.contains("Entra is refused")), "{told:?}");
        // Who comes later has heard of nothing.
        post.app.advance(MINUTE);
        let seen = post.recipient(&admin, "late@contoso.com").await;
        entra.token = post.app.token(&entra.organization_id, 365 * DAY).await;
        probe(&entra).await;
        assert_eq!(post.minute().await, OVER);
        assert_eq!(post.subjects(seen), ["[contoso] Recovered: Entra has a valid Secret Token again, and 1 more"]);
        let mail = post.server.received().pop().unwrap();
        assert_eq!(mail.header("To"), DANA);
        let text = mail.part("text/plain");
        assert!(text.contains("Entra is accepted again") && text.contains("has a valid Secret Token again"), "{text}");
        assert_eq!(hours(&post, &entra, 30).await, []);
    }

    async fn no_more_mails_an_hour_than_the_limit_and_none_is_lost(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        probe(&entra).await;
        post.recipient(&admin, "eve@contoso.com").await;
        let seen = post.recipient(&admin, DANA).await;
        let now = post.app.app.clock.now();
        // Nineteen others to one of them, and mails that somebody has asked for.
        let mail = "INSERT INTO outbox (id, organization_id, kind, event_key, address, address_key, subject, created_at, state, \
                    attempts, retries) VALUES ($1, $2, $3, $1, $4, $4, '', $5, 'sent', 1, 0)";
        for (kind, mails, at) in [("digest", 1, now), ("recovered", 18, now), ("test", 9, now), ("issue", 9, now + 30 * DAY)] {
            for number in 0..mails {
                let id = format!("{kind}{number}");
                entra.app.execute(sql(mail).bind(id).bind(&entra.organization_id).bind(kind).bind(DANA).bind(at)).await;
            }
        }
        refused_role(&entra, "ana@contoso.com", "LEAD").await;
        assert_eq!(post.minute().await, FIRST, "one to both");
        assert_eq!(post.count(), seen + 2);
        assert!(open(&post.app, &admin, PAGE).await.text.contains("20 mails have gone out within the hour"));
        entra.create("ana@contoso.com").await;
        assert_eq!(post.minute().await, Told::default(), "there is no room");
        let told = hours(&post, &entra, 3).await;
        assert_eq!(told.iter().map(|(_, told)| *told).collect::<Vec<_>>(), [OVER]);
    }

    async fn two_replicas_at_once_tell_once_what_is_over(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        refused_role(&entra, "ana@contoso.com", "LEAD").await;
        let id = entra.create("cyd@contoso.com").await;
        entra.change(&id, "Replace", "userName", json!("")).await;
        assert_eq!(post.minute().await.first, 2);
        entra.create("ana@contoso.com").await;
        entra.change(&id, "Replace", "userName", json!("cyd.new@contoso.com")).await.is(200);
        post.app.advance(MINUTE);
        post.app.flush().await;
        let runs = join_all((0..8).map(|_| pass::run(&post.app.app))).await;
        assert_eq!(runs.into_iter().map(|run| run.unwrap().over).sum::<usize>(), 1);
        post.deliver().await;
        assert_eq!(post.count(), seen + 3);
        assert!(post.subjects(seen)[2].ends_with(", and 1 more"), "{:?}", post.subjects(seen));
    }

    async fn silence_is_told_after_the_limit_that_is_set(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        let seen = post.recipient(&admin, DANA).await;
        assert_eq!(change(&post.app, &admin, "silence_hours=2", "silence_hours=6").await.status, 303);
        post.app.flush().await;
        health_watch::run_claimed(&post.app.app).await.unwrap();
        probe(&entra).await;
        let mut silent_after = 0;
        for minutes in (10..=600).step_by(10) {
            post.app.advance(10 * MINUTE);
            post.app.flush().await;
            health_watch::run_claimed(&post.app.app).await.unwrap();
            if pass::run(&post.app.app).await.unwrap().first > 0 {
                silent_after = minutes;
                break;
            }
        }
        assert_eq!(silent_after, 370);
        post.deliver().await;
        assert_eq!(post.subjects(seen), ["[contoso] Entra has gone silent"]);
        let organization = organizations::find(&post.app.app, "contoso").await.unwrap();
        let allowed = Allowed::command_line(Permission::ReadLogs, organization);
        let overview = overview::get(&post.app.app, &allowed).await.unwrap();
        assert!(overview.health.sentence.contains("should call every 40 minutes"), "{}", overview.health.sentence);
    }

    async fn a_token_near_its_end_is_told_at_each_threshold_and_once_when_it_is_replaced(db: TestDb) {
        let post = Post::new(db).await;
        let entra = post.app.entra("contoso").await;
        let admin = post.person(AccountRole::Admin).await;
        probe(&entra).await;
        let now = post.app.app.clock.now();
        entra.app.execute(sql("UPDATE tokens SET expires_at = $1").bind(now + 31 * DAY)).await;
        let seen = post.recipient(&admin, DANA).await;
        let told = hours(&post, &entra, 18 * 24).await;
        assert_eq!(told, [(24, FIRST), (17 * 24, FIRST)], "30 days and 14");
        post.app.token(&entra.organization_id, 365 * DAY).await;
        entra.app.execute(sql("UPDATE tokens SET successor_id = id WHERE expires_at < $1").bind(now + 40 * DAY)).await;
        assert_eq!(post.minute().await, OVER);
        let subjects = post.subjects(seen);
        assert_eq!(subjects, [
            "[contoso] The token 'Entra' expires within 30 days",
            "[contoso] The token 'Entra' expires within 14 days",
            "[contoso] Recovered: The Secret Token was replaced in time",
        ]);
    }
}
