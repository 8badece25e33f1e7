//! Recipients: added, confirmed by a link, removed; and what their links do and do not.

use axum::body::Body;
use axum::http::Request;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE};
use rhombus_provisioning::server::store::sql::sql;

use super::{DANA, PAGE, Post, SETTINGS, add, change, link, look, press, refused_role, states};
use crate::dashboard::person::{account, cookie, open, post};
use crate::db_test;
use crate::support::app::{Answer, TestApp};

/// What a mail program posts when somebody selects its own *Unsubscribe*: from elsewhere, without cookies.
async fn one_click(app: &TestApp, path: &str) -> Answer {
    let request = Request::post(path)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Body::from("List-Unsubscribe=One-Click"));
    app.send(request.unwrap()).await
}

/// The same in the encoding that RFC 8058 asks for.
async fn one_click_in_parts(app: &TestApp, path: &str) -> Answer {
    let body = "--b\r\nContent-Disposition: form-data; name=\"List-Unsubscribe\"\r\n\r\nOne-Click\r\n--b--\r\n";
    let request = Request::post(path)
        .header("content-type", "multipart/form-data; boundary=b")
        .body(Body::from(body));
    app.send(request.unwrap()).await
}

fn state(state: &str) -> Vec<(String, String)> {
    vec![(DANA.to_owned(), state.to_owned())]
}

db_test! {
    async fn an_address_is_confirmed_by_a_link_that_works_once(db: TestDb) {
        let post_office = Post::new(db).await;
        let app = &post_office.app;
        app.entra("contoso").await;
        let admin = post_office.person(AccountRole::Admin).await;
        assert!(open(app, &admin, PAGE).await.text.contains("no recipient has confirmed an address yet"));
        let added = add(app, &admin, &format!("  {DANA} ")).await;
        assert_eq!((added.status, added.header("location")), (303, "/organizations/contoso/notifications?done=added"));
        assert_eq!(post_office.deliver().await, 1);
        let mail = post_office.server.received().remove(0);
        assert_eq!(mail.to, format!("RCPT TO:<{DANA}>"));
        assert_eq!(mail.header("List-Unsubscribe"), "", "nothing has begun that could be stopped");
        assert_eq!(mail.header("Auto-Submitted"), "auto-generated");
        let link = link(&mail, "/verify/");

        // A program that looks through mails opens every link, more than once.
        for _ in 0..2 {
            let page = look(app, &link).await;
            assert_eq!(page.status, 200);
            assert!(page.text.contains("Confirm the address") && page.text.contains(DANA), "{}", page.text);
        }
        assert_eq!(states(app).await, state("unverified"));
        assert_eq!(press(app, &link).await.header("location"), link);
        assert_eq!(states(app).await, state("verified"));
        assert!(look(app, &link).await.text.contains("The address is confirmed"));
        assert!(!open(app, &admin, PAGE).await.text.contains("no recipient has confirmed"));
        // The text of a mail with a link that acts is not kept.
        let kept: Vec<(Option<String>,)> = app.rows(sql("SELECT body FROM outbox")).await;
        assert_eq!(kept, [(None,)]);
        let audit: Vec<(String, String)> = app.rows(sql(
            "SELECT action, target_name FROM audit_log WHERE action LIKE 'recipient.%' ORDER BY occurred_at, id",
        )).await;
        let of = |action: &str| (action.to_owned(), DANA.to_owned());
        assert_eq!(audit, [of("recipient.add"), of("recipient.verify")]);
    }

    async fn a_used_link_does_not_confirm_again_and_a_new_one_ends_the_others(db: TestDb) {
        let post_office = Post::new(db).await;
        let app = &post_office.app;
        app.entra("contoso").await;
        let admin = post_office.person(AccountRole::Admin).await;
        add(app, &admin, DANA).await;
        post_office.deliver().await;
        let first = link(&post_office.server.received()[0], "/verify/");
        let id: Vec<(String,)> = app.rows(sql("SELECT id FROM notification_recipients")).await;
        let again = format!("{PAGE}/recipients/{}", id[0].0);
        assert_eq!(post(app, &admin, &again, "").await.status, 303);
        post_office.deliver().await;
        let second = link(&post_office.server.received()[1], "/verify/");
        assert_eq!(look(app, &first).await.status, 404);
        press(app, &first).await;
        assert_eq!(states(app).await, state("unverified"));
        press(app, &second).await;
        assert_eq!(states(app).await, state("verified"));
        assert_eq!(post(app, &admin, &again, "").await.status, 409, "it is confirmed");

        // Stopped, by the link in a mail; the link of before confirms nothing then.
        assert_eq!(post(app, &admin, &format!("{PAGE}/test"), "").await.status, 303);
        let test = post_office.server.received().pop().unwrap();
        let stop = link(&test, "/unsubscribe/");
        let header = test.header("List-Unsubscribe");
        assert_eq!(header, format!("<https://provisioning.test{stop}>"));
        assert_eq!(test.header("List-Unsubscribe-Post"), "List-Unsubscribe=One-Click");
        assert!(look(app, &stop).await.text.contains("Stop the mails"));
        assert_eq!(states(app).await, state("verified"), "opening it does nothing");
        assert_eq!(one_click_in_parts(app, &stop).await.status, 200);
        assert_eq!(states(app).await, state("unsubscribed"));
        assert_eq!(one_click(app, &stop).await.status, 200, "once more changes nothing");
        assert!(look(app, &stop).await.text.contains("The mails are stopped"));
        press(app, &second).await;
        assert_eq!(states(app).await, state("unsubscribed"));
        // Only whoever confirms again gets mails again, and the link of then stops nothing any more.
        app.advance(2 * HOUR);
        assert_eq!(post(app, &admin, &again, "").await.status, 303);
        post_office.deliver().await;
        press(app, &link(&post_office.server.received().pop().unwrap(), "/verify/")).await;
        assert_eq!(states(app).await, state("verified"));
        assert_eq!(one_click(app, &stop).await.status, 404);
        assert_eq!(states(app).await, state("verified"));
    }

    async fn links_expire_and_only_ours_work(db: TestDb) {
        let post_office = Post::new(db).await;
        let app = &post_office.app;
        app.entra("contoso").await;
        let admin = post_office.person(AccountRole::Admin).await;
        add(app, &admin, DANA).await;
        post_office.deliver().await;
        let verify = link(&post_office.server.received()[0], "/verify/");
        let token = verify.trim_start_matches("/verify/");
        let (text, signature) = token.rsplit_once('.').unwrap();
        let (head, expires) = text.rsplit_once('.').unwrap();
        let later = expires.parse::<i64>().unwrap() + DAY;
        for wrong in [
            "/verify/x".to_owned(),
            "/verify/...".to_owned(),
            format!("/verify/{text}"),
            format!("/verify/{text}.{}", "A".repeat(43)),
            format!("/verify/{head}.{later}.{signature}"),
            // One is worth nothing as the other.
            format!("/unsubscribe/{token}"),
        ] {
            assert_eq!(look(app, &wrong).await.status, 404, "{wrong}");
            press(app, &wrong).await;
            assert_eq!(one_click(app, &wrong.replace("verify", "unsubscribe")).await.status, 404, "{wrong}");
        }
        assert_eq!(states(app).await, state("unverified"));
        app.advance(7 * DAY - MINUTE);
        assert_eq!(look(app, &verify).await.status, 200);
        app.advance(MINUTE);
        assert_eq!(look(app, &verify).await.status, 404);
        press(app, &verify).await;
        assert_eq!(states(app).await, state("unverified"));
    }

    async fn what_people_mistype_is_refused_in_words_and_shown_again(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let id = account(&app, DANA, AccountRole::Admin, Some("contoso")).await;
        let admin = cookie(&app, &id).await;
        for (typed, reason) in [
            ("", "Enter an email address"),
            ("dana", "holds no @"),
            ("dana@contoso", "is not whole"),
            ("dana@contoso.com, ana@contoso.com", "one address at a time"),
            ("Dana <dana@contoso.com>", "without a name"),
            ("dana@contoso.com\nBcc: eve@evil.example", "one line"),
        ] {
            let refused = add(&app, &admin, typed).await;
            assert_eq!(refused.status, 422, "{typed}");
            assert!(refused.text.contains(reason), "{typed}: {}", refused.text);
        }
        assert_eq!(add(&app, &admin, "Dana@Contoso.com").await.status, 303);
        let twice = add(&app, &admin, "dana@contoso.COM").await;
        assert_eq!(twice.status, 422);
        assert!(twice.text.contains("is a recipient already"), "{}", twice.text);
        assert_eq!(add(&app, &admin, "用户@例子.广告").await.status, 303);
    }

    async fn there_are_bounds_to_recipients_and_to_links(db: TestDb) {
        let app = TestApp::new(db).await;
        app.entra("contoso").await;
        let id = account(&app, DANA, AccountRole::Admin, Some("contoso")).await;
        let admin = cookie(&app, &id).await;
        add(&app, &admin, "ana@contoso.com").await;
        let found: Vec<(String,)> = app.rows(sql("SELECT id FROM notification_recipients")).await;
        let again = format!("{PAGE}/recipients/{}", found[0].0);
        for status in [303, 303, 409] {
            let answer = post(&app, &admin, &again, "").await;
            assert_eq!(answer.status, status, "{}", answer.text);
        }
        // Removing and adding it is no way around.
        assert_eq!(post(&app, &admin, &format!("{again}/remove"), "").await.status, 303);
        let refused = add(&app, &admin, "Ana@contoso.com").await;
        assert_eq!(refused.status, 409);
        assert!(refused.text.contains("3 links within an hour"), "{}", refused.text);
        // A clock that was ahead is nobody's hindrance.
        app.execute(sql("UPDATE outbox SET created_at = $1").bind(app.app.clock.now() + 30 * DAY)).await;
        assert_eq!(add(&app, &admin, "ana@contoso.com").await.status, 303);
        for number in 1..20 {
            assert_eq!(add(&app, &admin, &format!("r{number}@contoso.com")).await.status, 303);
        }
        let refused = add(&app, &admin, "one.more@contoso.com").await;
        assert_eq!(refused.status, 409);
        assert!(refused.text.contains("at most 20 recipients"), "{}", refused.text);
    }

    async fn a_removed_recipient_gets_nothing_more(db: TestDb) {
        let post_office = Post::new(db).await;
        let app = &post_office.app;
        let entra = app.entra("contoso").await;
        let admin = post_office.person(AccountRole::Admin).await;
        let seen = post_office.recipient(&admin, DANA).await;
        refused_role(&entra, "ana@contoso.com", "LEAD").await;
        app.advance(MINUTE);
        assert_eq!(post_office.tell().await.first, 1);
        let id: Vec<(String,)> = app.rows(sql("SELECT id FROM notification_recipients")).await;
        let removed = post(app, &admin, &format!("{PAGE}/recipients/{}/remove", id[0].0), "").await;
        assert_eq!(removed.status, 303);
        assert_eq!(post_office.deliver().await, 0);
        assert_eq!(post_office.count(), seen);
        let page = open(app, &admin, PAGE).await.text;
        assert!(page.contains("Taken back"), "{page}");
        // Another organization's Admin finds nobody here.
        app.entra("fabrikam").await;
        add(app, &admin, DANA).await;
        let id: Vec<(String,)> = app.rows(sql("SELECT id FROM notification_recipients")).await;
        let ana = account(app, "ana@fabrikam.com", AccountRole::Admin, Some("fabrikam")).await;
        let ana = cookie(app, &ana).await;
        let path = format!("/organizations/fabrikam/notifications/recipients/{}/remove", id[0].0);
        assert_eq!(post(app, &ana, &path, "").await.status, 404);
        assert_eq!(states(app).await, state("unverified"));
    }

    async fn settings_are_changed_as_a_whole_or_refused_with_the_field(db: TestDb) {
        let post_office = Post::new(db).await;
        let app = &post_office.app;
        app.entra("contoso").await;
        let admin = post_office.person(AccountRole::Admin).await;
        for (from, to, reason) in [
            ("digest_hours=24", "digest_hours=5", "one of the intervals"),
            ("silence_hours=2", "silence_hours=0", "from 1 to 72"),
            ("silence_hours=2", "silence_hours=many", "from 1 to 72"),
            ("zone=UTC", "zone=Mars%2FOlympus", "no such time zone"),
            ("quiet_from=&", "quiet_from=22%3A00&", "both times"),
            ("quiet_from=&quiet_until=", "quiet_from=22%3A00&quiet_until=22%3A00", "end when they begin"),
        ] {
            let refused = change(app, &admin, from, to).await;
            assert_eq!(refused.status, 422, "{to}");
            assert!(refused.text.contains(reason), "{to}: {}", refused.text);
        }
        let changed = change(
            app, &admin, "recovered=on&digest_hours=24&quiet_from=&quiet_until=&zone=UTC",
            "digest_hours=12&quiet_from=22%3A00&quiet_until=06%3A00&zone=Europe%2FBerlin",
        ).await;
        assert_eq!((changed.status, changed.header("location")), (303, "/organizations/contoso/notifications?done=saved"));
        let page = open(app, &admin, PAGE).await.text;
        assert!(page.contains("value=\"22:00\"") && page.contains("value=\"06:00\""), "{page}");
        let audit: Vec<(String, String)> = app.rows(sql(
            "SELECT before, after FROM audit_log WHERE action = 'notifications.set'",
        )).await;
        let all = "new_issue, refused, quarantine, silent, guard_holding, token_expiring, stopped, still_failing";
        assert_eq!(audit, [(
            format!(r#"{{"events":"{all}, recovered","digest_hours":24,"quiet_hours":"none","time_zone":"UTC"}}"#),
            format!(r#"{{"events":"{all}","digest_hours":12,"quiet_hours":"22:00 to 06:00","time_zone":"Europe/Berlin"}}"#),
        )]);
        // The same again is no change.
        let same = SETTINGS.replace(
            "recovered=on&digest_hours=24&quiet_from=&quiet_until=&zone=UTC",
            "digest_hours=12&quiet_from=22%3A00&quiet_until=06%3A00&zone=Europe%2FBerlin",
        );
        assert_eq!(post(app, &admin, PAGE, &same).await.status, 303);
        let audit: Vec<(String,)> = app.rows(sql("SELECT id FROM audit_log WHERE action = 'notifications.set'")).await;
        assert_eq!(audit.len(), 1);
        let viewer = post_office.person(AccountRole::Viewer).await;
        let page = open(app, &viewer, PAGE).await.text;
        assert!(page.contains("Recipients") || page.contains("There are no recipients yet"), "{page}");
        assert!(!page.contains("Send test email") && !page.contains("Save changes"));
    }
}
