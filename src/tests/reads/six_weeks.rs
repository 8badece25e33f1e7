//! Six weeks of an organization's life through the real endpoint, by a clock that the test moves: what the first line of
//! its overview says, and which problems begin and end, and which mails go out.

use rhombus_provisioning::model::guard::Decision;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE, Millis};
use rhombus_provisioning::server::services::moments::machine;
use rhombus_provisioning::server::services::notifications::pass;
use rhombus_provisioning::server::services::{guard, health_watch, organizations, overview};
use rhombus_provisioning::server::store::problems::Problem;
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use crate::entra_test;
use crate::support::app::START;
use crate::support::entra::{Entra, user};

/// What is told, line by line.
struct Life<'a> {
    entra: Entra<'a>,
    told: Vec<String>,
}

impl Life<'_> {
    async fn watch(&self) {
        self.entra.app.flush().await;
        let app = &self.entra.app.app;
        health_watch::run_claimed(app).await.unwrap();
        pass::run(app).await.unwrap();
    }

    /// Somebody who is told from the start.
    async fn listen(&self) {
        let statement = sql(
            "INSERT INTO notification_recipients (id, organization_id, address, address_key, state, created_at, \
             created_by, link_sent_at, verified_at, uses) \
             VALUES ('r', $1, 'dana@contoso.com', 'dana@contoso.com', 'verified', $2, 'test', $2, $2, 2)",
        );
        let organization = &self.entra.organization_id;
        self.entra
            .app
            .execute(statement.bind(organization).bind(START))
            .await;
    }

    async fn mails(&self) -> Vec<String> {
        let all = sql("SELECT created_at, subject FROM outbox ORDER BY created_at, id");
        let found: Vec<(Millis, String)> = self.entra.app.rows(all).await;
        let lines = found.into_iter();
        lines
            .map(|(at, subject)| format!("{} {subject}", minute(at)))
            .collect()
    }

    async fn allowed(&self, permission: Permission) -> Allowed {
        let organization = organizations::find(&self.entra.app.app, "contoso").await;
        Allowed::command_line(permission, organization.unwrap())
    }

    /// Notes what the overview says now.
    async fn tell(&mut self, what: &str) {
        self.watch().await;
        let app = &self.entra.app.app;
        let allowed = self.allowed(Permission::ReadLogs).await;
        let overview = overview::get(app, &allowed).await.unwrap();
        let health = &overview.health;
        self.told
            .push(format!("{} {what}", minute(app.clock.now())));
        self.told.push(format!(
            "    {:?}, risk {}: {}",
            health.state,
            health.risk.label(),
            health.sentence
        ));
        if let Some(next) = &overview.cycles.next {
            self.told.push(format!("    next cycle {next}"));
        }
        if let Some(progress) = overview.cycles.latest.and_then(|latest| latest.progress) {
            let (users, expected, ends) = (progress.users, progress.expected, progress.ends);
            self.told.push(format!(
                "    {users} of {expected} users, {}",
                ends.unwrap_or_default()
            ));
        }
    }

    fn pass(&self, time: Millis) {
        self.entra.app.advance(time);
    }

    /// Entra's cycles until then, in which nothing has changed.
    async fn quiet_until(&self, end: Millis) {
        let mut cycles = 0;
        while self.entra.app.app.clock.now() < end {
            self.pass(40 * MINUTE);
            self.probe(200).await;
            cycles += 1;
            if cycles % 6 == 0 {
                self.watch().await;
            }
        }
        self.watch().await;
    }

    /// What Entra begins a cycle with.
    async fn probe(&self, status: u16) {
        let answer = self
            .entra
            .filter("userName eq \"7f0c3d86-6c4f-4b6e-9d3c-2f1d7a0b1c11\"")
            .await;
        assert_eq!(answer.status, status, "{}", answer.text);
    }

    /// Nobody calls for so long, while the watch goes on.
    async fn silence(&self, cycles: usize) {
        for _ in 0..cycles {
            self.pass(40 * MINUTE);
            self.watch().await;
        }
    }

    async fn role(&self, id: &str, value: &str) -> u16 {
        let path = "roles[primary eq \"True\"].value";
        self.entra
            .change(id, "Replace", path, json!(value))
            .await
            .status
    }

    /// Deactivates users in a cycle of its own; answers how many are held.
    async fn remove(&self, ids: &[String]) -> usize {
        self.pass(40 * MINUTE);
        self.probe(200).await;
        let mut held = 0;
        for id in ids {
            let answer = self
                .entra
                .change(id, "Replace", "active", json!("False"))
                .await;
            held += usize::from(answer.status == 503);
        }
        self.pass(MINUTE);
        held
    }

    async fn problems(&self) -> Vec<String> {
        let all = sql("SELECT * FROM problems ORDER BY began_at, id");
        let found: Vec<Problem> = self.entra.app.rows(all).await;
        let lines = found.into_iter().map(|problem| {
            let days = problem.subject.split_once(':').map_or("", |(_, days)| days);
            let ended = problem.ended_at.map_or_else(|| "...".to_owned(), minute);
            let words = format!("{} {days}", problem.kind);
            format!(
                "{} to {ended} {}: {}",
                minute(problem.began_at),
                words.trim(),
                problem.detail
            )
        });
        lines.collect()
    }
}

/// "2026-11-23 09:13".
fn minute(at: Millis) -> String {
    machine(at)[..16].replace('T', " ")
}

entra_test! {
    async fn six_weeks_are_told_as_they_are(entra: Entra) {
        // The token lives for 24 days.
        let end_of_token = START + 24 * DAY;
        entra.app.execute(sql("UPDATE tokens SET expires_at = $1").bind(end_of_token)).await;
        entra.app.execute(sql("UPDATE organizations SET expected_users = 24")).await;
        let mut life = Life { entra, told: Vec::new() };
        life.listen().await;
        life.tell("nothing has come yet").await;
        life.pass(10 * MINUTE);
        life.probe(200).await;
        life.tell("Test Connection").await;

        life.pass(40 * MINUTE);
        life.probe(200).await;
        let mut ids = Vec::new();
        for number in 0..24 {
            life.pass(10_000);
            let answer = life.entra.post(&user(&format!("user{number}@contoso.com"))).await;
            assert_eq!(answer.status, 201, "{}", answer.text);
            ids.push(answer.id());
            if number == 11 {
                life.tell("half of the initial cycle").await;
            }
        }
        life.pass(6 * MINUTE);
        life.tell("after the initial cycle").await;

        life.quiet_until(START + 8 * DAY).await;
        life.pass(12 * MINUTE);
        life.tell("a quiet week").await;

        life.pass(40 * MINUTE);
        for id in &ids[..3] {
            assert_eq!(life.role(id, "SECURITY_LEAD").await, 400);
        }
        life.tell("a role that is unknown").await;
        life.quiet_until(START + 9 * DAY).await;
        for id in &ids[..3] {
            assert_eq!(life.role(id, "super_admin").await, 200);
        }
        life.tell("the role is put right").await;

        life.quiet_until(START + 17 * DAY + HOUR).await;
        life.tell("the token has a week").await;
        life.quiet_until(end_of_token - HOUR).await;
        life.tell("the token has an hour").await;

        life.pass(2 * HOUR);
        life.probe(401).await;
        life.pass(MINUTE);
        life.tell("the token has expired").await;
        for _ in 0..3 {
            life.pass(DAY);
            life.probe(401).await;
            life.tell("Entra comes once a day").await;
        }
        let token = life.entra.app.token(&life.entra.organization_id, 365 * DAY).await;
        life.entra.token = token;
        life.pass(HOUR);
        life.probe(200).await;
        life.pass(MINUTE);
        life.tell("a new token").await;

        life.quiet_until(START + 30 * DAY).await;
        life.silence(4).await;
        life.tell("nobody calls").await;
        life.silence(3).await;
        life.probe(200).await;
        life.pass(MINUTE);
        life.tell("Entra is back").await;

        life.quiet_until(START + 36 * DAY).await;
        let app = &life.entra.app.app;
        let manages = life.allowed(Permission::ManageGuard).await;
        guard::set_limit(app, &manages, Some(10)).await.unwrap();
        assert_eq!(life.remove(&ids[..16]).await, 6);
        life.tell("two thirds are removed, ten at most without a word").await;
        life.silence(1).await;
        let app = &life.entra.app.app;
        guard::decide(app, &manages, Decision::Allowed, app.clock.now()).await.unwrap();
        assert_eq!(life.remove(&ids[10..16]).await, 0);
        life.tell("the rest is allowed").await;
        life.quiet_until(START + 42 * DAY).await;
        life.tell("six weeks are over").await;

        life.told.push(String::new());
        life.told.extend(life.problems().await);
        life.told.push(String::new());
        life.told.extend(life.mails().await);
        insta::with_settings!({ snapshot_path => "../snapshots", prepend_module_to_snapshot => false, omit_expression => true }, {
            insta::assert_snapshot!("six_weeks", life.told.join("\n"));
        });
    }
}
