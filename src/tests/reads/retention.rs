use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE};
use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::jobs::retention::{self, Purged};
use rhombus_provisioning::server::store::leases::claim;
use rhombus_provisioning::server::store::retention::{Expired, delete_batch};
use rhombus_provisioning::server::store::sql::sql;

use super::fill::*;
use crate::db_test;

db_test! {
    async fn what_is_old_goes_and_the_rest_stays(db) {
        let app = two_organizations(db).await;
        let kept = entry("update", 89 * DAY);
        let old: Vec<_> = (0..1_001).map(|index| entry("update", 91 * DAY + index)).collect();
        let mut statements: Vec<_> = old.iter().chain([&kept]).map(Entry::insert).collect();
        statements.extend([
            kept.payload(None),
            entry("update", 31 * DAY).payload(None),
            entry("update", 29 * DAY).payload(None),
            tombstone("gone", "a", NOW - 91 * DAY),
            tombstone("left", "b", NOW - 89 * DAY),
            change("gone", NOW - 100 * DAY, None, "[]"),
            change("left", NOW - 100 * DAY, None, "[]"),
            change("here", NOW - 100 * DAY, None, "[]"),
        ]);
        for (id, at) in [("old", NOW - 731 * DAY), ("new", NOW - 729 * DAY)] {
            statements.push(
                sql("INSERT INTO audit_log (id, occurred_at, actor_kind, actor_id, actor_name, address, action, \
                     target_kind, target_id, target_name) VALUES ($1, $2, '', '', '', '', '', '', '', '')")
                .bind(id).bind(at),
            );
        }
        for (id, at, seen) in [("old", NOW - 1, NOW - 1), ("idle", NOW + 1, NOW - 13 * HOUR), ("new", NOW + 1, NOW - 11 * HOUR)] {
            statements.push(
                sql("INSERT INTO sessions (id, data, created_at, last_seen_at, expires_at, address, user_agent) \
                     VALUES ($1, '', 0, $3, $2, '', '')")
                .bind(id).bind(at).bind(seen),
            );
        }
        for (id, at) in [("old", NOW - 1), ("new", NOW + 1)] {
            statements.push(
                sql("INSERT INTO support_bundles (id, organization_id, hash, subject, subject_id, title, is_anonymous, \
                     created_at, created_by, expires_at, opened, document) VALUES ($1, '', $1, '', '', '', FALSE, 0, '', $2, 0, '')")
                .bind(id).bind(at),
            );
        }
        for (id, at) in [("old", NOW - 16 * MINUTE), ("new", NOW - 14 * MINUTE)] {
            statements.push(
                sql("INSERT INTO sign_in_attempts (key, window_started_at, attempts) VALUES ($1, $2, 1)")
                    .bind(id).bind(at),
            );
        }
        for (id, days) in [("old", 31), ("new", 29)] {
            statements.push(
                sql("INSERT INTO account_links (hash, purpose, created_at, expires_at) VALUES ($1, 'reset', 0, $2)")
                    .bind(id).bind(NOW - days * DAY),
            );
        }
        for (organization, at) in [(CONTOSO, NOW - 401 * DAY), ("", NOW - 401 * DAY), (CONTOSO, NOW - 399 * DAY)] {
            statements.push(
                sql("INSERT INTO provisioning_log_hours (organization_id, hour, action, status, reason, token_id, \
                     entries, unrecorded, duration_us) VALUES ($1, $2, 'update', 'success', '', '', 1, 0, 0)")
                .bind(organization).bind(at),
            );
        }
        for (id, resolved_at) in [("old", Some(NOW - 91 * DAY)), ("new", Some(NOW - 89 * DAY)), ("open", None)] {
            statements.extend([
                sql("INSERT INTO issues (id, organization_id, action, reason, attribute, state, is_open, reopened, events, \
                     users_affected, first_seen_at, last_seen_at, opened_at, resolved_at) \
                     VALUES ($1, $2, 'update', 'role_unknown', $1, '', $3, 0, 1, 0, 0, 0, 0, $4)")
                .bind(id).bind(CONTOSO).bind(resolved_at.is_none()).bind(resolved_at),
                sql("INSERT INTO issue_users (issue_id, user_key, organization_id, action, first_seen_at, last_seen_at, \
                     events, is_counted) VALUES ($1, 'u:a', $2, 'update', 0, 0, 1, FALSE)")
                .bind(id).bind(CONTOSO),
                sql("INSERT INTO issue_history (id, issue_id, organization_id, occurred_at, actor_id, actor_name, kind, note) \
                     VALUES ($1, $1, $2, 0, '', '', 'note', '')")
                .bind(id).bind(CONTOSO),
                sql("INSERT INTO issue_days (issue_id, day, events) VALUES ($1, $2, 1), ($1, $3, 1)")
                    .bind(id).bind(NOW - 29 * DAY).bind(NOW - 31 * DAY),
            ]);
        }
        for (user, days) in [("new", 34), ("old", 36)] {
            let at = NOW - days * DAY;
            statements.push(
                sql("INSERT INTO guard_holds (organization_id, user_id, action, first_held_at, last_held_at, attempts, \
                     log_id, decision) VALUES ($1, $2, 'disable', 0, $3, 1, '', 'waiting')")
                .bind(CONTOSO).bind(user).bind(at),
            );
        }
        for (user, days) in [("old", 91), ("new", 89)] {
            statements.push(
                sql("INSERT INTO take_overs (organization_id, user_id, user_name_key, decision, decided_by, decided_at) \
                     VALUES ($1, $2, '', 'kept', '', $3)")
                .bind(CONTOSO).bind(user).bind(NOW - days * DAY),
            );
        }
        for (id, at, is_initial) in [("old", 91, false), ("first", 91, true), ("new", 89, false)] {
            statements.push(
                sql("INSERT INTO cycles (organization_id, id, started_at, last_at, requests, calls, changes, failures, \
                     users, is_initial, counted_at) VALUES ($1, $2, 0, $3, 1, 1, 1, 0, 0, $4, 0)")
                .bind(CONTOSO).bind(id).bind(NOW - at * DAY).bind(is_initial),
            );
        }
        for (id, ended) in [("old", Some(91)), ("new", Some(89)), ("open", None)] {
            statements.push(
                sql("INSERT INTO problems (id, organization_id, kind, subject, began_at, ended_at, detail) \
                     VALUES ($1, $2, 'silent', '', 0, $3, '')")
                .bind(id).bind(CONTOSO).bind(ended.map(|ended| NOW - ended * DAY)),
            );
        }
        for (id, days, due) in [("old", 91, None), ("new", 89, None), ("waiting", 91, Some(NOW))] {
            let at = NOW - days * DAY;
            statements.extend([
                sql("INSERT INTO outbox (id, organization_id, kind, event_key, address, address_key, subject, created_at, \
                     state, due_at, attempts, retries) VALUES ($1, $2, 'issue', $1, '', '', '', $3, 'sent', $4, 1, 1)")
                .bind(id).bind(CONTOSO).bind(at).bind(due),
                sql("INSERT INTO outbox_attempts (outbox_id, number, attempted_at, is_accepted, answer) \
                     VALUES ($1, 1, $2, TRUE, '')")
                .bind(id).bind(at),
            ]);
        }
        for (id, closed) in [("old", Some(91)), ("new", Some(89)), ("open", None)] {
            statements.push(
                sql("INSERT INTO notification_marks (organization_id, kind, cause_id, opened_at, repeats, noted_at, closed_at) \
                     VALUES ($1, 'issue', $2, 0, '', 0, $3)")
                .bind(CONTOSO).bind(id).bind(closed.map(|closed| NOW - closed * DAY)),
            );
        }
        run(&app, statements).await;
        let purged = Purged {
            entries: 1_001,
            payloads: 2,
            audit: 1,
            tombstones: 1,
            user_changes: 1,
            hours: 2,
            issues: 1,
            of_issues: 5,
            guard: 1,
            take_overs: 1,
            cycles: 1,
            problems: 1,
            mails: 1,
            of_mails: 2,
            support_bundles: 1,
            ..Purged::default()
        };
        let of_signing_in = Purged { sessions: 2, sign_in_attempts: 1, account_links: 1, ..Purged::default() };
        assert_eq!(retention::run_once(&app).await.unwrap(), purged);
        assert_eq!(retention::purge_access(&app).await.unwrap(), of_signing_in);
        assert_eq!(retention::run_once(&app).await.unwrap(), Purged::default());
        assert_eq!(retention::purge_access(&app).await.unwrap(), Purged::default());
        let mut connection = app.db.read().await.unwrap();
        for (table, rows) in [
            ("SELECT count(*) FROM provisioning_logs", 1),
            ("SELECT count(*) FROM provisioning_log_payloads", 1),
            ("SELECT count(*) FROM user_changes", 2),
            ("SELECT count(*) FROM deleted_users", 1),
            ("SELECT count(*) FROM issues", 2),
            ("SELECT count(*) FROM issue_users", 2),
            ("SELECT count(*) FROM issue_history", 2),
            ("SELECT count(*) FROM guard_holds", 1),
            ("SELECT count(*) FROM take_overs", 1),
            ("SELECT count(*) FROM cycles", 2),
            ("SELECT count(*) FROM problems", 2),
            ("SELECT count(*) FROM outbox", 2),
            ("SELECT count(*) FROM outbox_attempts", 2),
            ("SELECT count(*) FROM notification_marks", 2),
            ("SELECT count(*) FROM support_bundles", 1),
            ("SELECT count(*) FROM account_links", 1),
            ("SELECT count(*) FROM sessions", 1),
            ("SELECT count(*) FROM sign_in_attempts", 1),
        ] {
            assert_eq!(connection.fetch_count(sql(table)).await.unwrap(), rows, "{table}");
        }
    }
}

db_test! {
    async fn deleted_users_go_with_all_their_changes(db) {
        let app = two_organizations(db).await;
        let mut statements = Vec::new();
        for index in 0..1_101 {
            let id = format!("gone-{index}");
            let at = NOW - 100 * DAY - index / 3;
            statements.push(tombstone(&id, &id, at));
            // Most of those that were deleted first have none.
            if index % 100 == 0 {
                statements.extend((0..7).map(|_| change(&id, at, None, "[]")));
            }
        }
        run(&app, statements).await;
        let before = NOW - 90 * DAY;
        let first: u64 = app.db.write::<_, StoreError, _>(move |tx| Box::pin(async move {
            delete_batch(tx, &Expired::Tombstones { before }, 500).await
        })).await.unwrap();
        assert!((1..=495).contains(&first), "{first}: never before their changes");
        let purged = retention::run_once(&app).await.unwrap();
        assert_eq!((purged.tombstones + first, purged.user_changes), (1_101, 84));
        let mut connection = app.db.read().await.unwrap();
        for table in ["SELECT count(*) FROM deleted_users", "SELECT count(*) FROM user_changes"] {
            assert_eq!(connection.fetch_count(sql(table)).await.unwrap(), 0, "{table}");
        }
    }
}

db_test! {
    async fn one_replica_at_a_time_has_the_lease(db) {
        let app = app(db);
        let mut held = Vec::new();
        for (now, until) in [(10, 20), (15, 25), (20, 30), (29, 39), (30, 40)] {
            let claimed: bool = app.db.write::<_, StoreError, _>(move |tx| Box::pin(async move {
                claim(tx, "retention", now, until).await
            })).await.unwrap();
            held.push(claimed);
        }
        assert_eq!(held, [true, false, true, false, true]);
    }
}

db_test! {
    async fn a_clock_that_is_behind_takes_no_lease_that_is_held(db) {
        let app = app(db);
        let mut held = Vec::new();
        // Of an hour: from 0, by clocks that are behind, and by one before which the first was an hour ahead.
        for now in [0, -MINUTE / 2, -MINUTE, -HOUR] {
            let claimed: bool = app.db.write::<_, StoreError, _>(move |tx| Box::pin(async move {
                claim(tx, "retention", now, now + HOUR).await
            })).await.unwrap();
            held.push(claimed);
        }
        assert_eq!(held, [true, false, false, true]);
    }
}
