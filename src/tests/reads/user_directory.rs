use rhombus_provisioning::model::page::Count;
use rhombus_provisioning::model::user::{RoleState, UserFilter, UserSort, UserState};
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::Permission;
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE};
use rhombus_provisioning::server::error::{ServiceError, StoreError};
use rhombus_provisioning::server::services::user_directory;
use rhombus_provisioning::server::store::sql::sql;

use super::fill::*;
use crate::db_test;

async fn ids(app: &App, filter: UserFilter) -> Vec<String> {
    let allowed = allowed(Permission::ReadUsers, CONTOSO);
    let page = user_directory::list(app, &allowed, &filter).await.unwrap();
    assert_eq!(page.total, Count::Exactly(page.items.len() as u64));
    page.items.into_iter().map(|user| user.id).collect()
}

async fn four_users(app: &App) {
    let ana = User {
        external_id: Some("ext-1"),
        role: Some("admin"),
        ..user("Ana", "Ruiz")
    };
    let tom = User {
        active: false,
        role: None,
        role_state: "missing",
        updated_at: NOW - 2 * MINUTE,
        ..user("Tom", "Okafor")
    };
    let elodie = User {
        blocked_at: Some(NOW),
        updated_at: NOW - 3 * MINUTE,
        ..user("Élodie", "O_Brien")
    };
    let yuki = User {
        label: "tanaka 100% yuki".to_owned(),
        role_state: "defaulted",
        updated_at: NOW - 2 * DAY,
        ..user("Yuki", "Tanaka")
    };
    let elsewhere = User {
        id: "u-elsewhere".to_owned(),
        organization: FABRIKAM,
        ..user("Ana", "Ruiz")
    };
    let users = [ana, tom, elodie, yuki, elsewhere];
    run(app, users.iter().map(User::insert).collect()).await;
}

db_test! {
    async fn users_are_sorted_by_what_the_page_shows(db) {
        let app = two_organizations(db).await;
        four_users(&app).await;
        let (ana, tom, elodie, yuki) = ("u-Ana", "u-Tom", "u-Élodie", "u-Yuki");
        for (sort, descending, expected) in [
            (UserSort::Changed, true, [ana, tom, elodie, yuki]),
            (UserSort::Changed, false, [yuki, elodie, tom, ana]),
            (UserSort::Name, false, [ana, yuki, tom, elodie]),
            (UserSort::UserName, false, [ana, tom, yuki, elodie]),
            (UserSort::UserName, true, [elodie, yuki, tom, ana]),
            (UserSort::Role, false, [ana, yuki, elodie, tom]),
            (UserSort::Role, true, [tom, elodie, yuki, ana]),
            (UserSort::Status, false, [ana, yuki, elodie, tom]),
            (UserSort::Status, true, [tom, elodie, ana, yuki]),
        ] {
            let filter = UserFilter { sort, descending, ..UserFilter::default() };
            assert_eq!(ids(&app, filter).await, expected, "{sort:?} {descending}");
        }
    }
}

db_test! {
    async fn a_role_state_that_nobody_wrote_is_not_shown_as_another(db) {
        let app = two_organizations(db).await;
        let lost = User { role_state: "lost", ..user("Ana", "Ruiz") };
        run(&app, vec![lost.insert()]).await;
        let allowed = allowed(Permission::ReadUsers, CONTOSO);
        let listed = user_directory::list(&app, &allowed, &UserFilter::default()).await;
        assert!(matches!(listed, Err(ServiceError::Store(StoreError::Corrupt(_)))), "{listed:?}");
        let detail = user_directory::detail(&app, &allowed, "u-Ana").await;
        assert!(matches!(detail, Err(ServiceError::Store(StoreError::Corrupt(_)))), "{detail:?}");
    }
}

db_test! {
    async fn users_are_found_by_each_filter_in_their_organization_only(db) {
        let app = two_organizations(db).await;
        four_users(&app).await;
        let text = |text: &str| UserFilter { text: text.to_owned(), ..UserFilter::default() };
        let state = |state| UserFilter { state: Some(state), ..UserFilter::default() };
        let role_state = |state| UserFilter { role_state: Some(state), ..UserFilter::default() };
        for (filter, expected) in [
            (text("  ANA.RU"), vec!["u-Ana"]),
            (text("okaf"), vec!["u-Tom"]),
            (text("e\u{301}lo"), vec!["u-Élodie"]),
            (text("o_b"), vec!["u-Élodie"]),
            (text("o%"), vec![]),
            (text("tanaka 100%"), vec!["u-Yuki"]),
            (text("u-Tom"), vec!["u-Tom"]),
            (text("ext-1"), vec!["u-Ana"]),
            (text("ext-"), vec![]),
            (text("u-elsewhere"), vec![]),
            (text("' OR 1=1 --"), vec![]),
            (state(UserState::Active), vec!["u-Yuki", "u-Élodie", "u-Ana"]),
            (state(UserState::Inactive), vec!["u-Tom"]),
            (state(UserState::Blocked), vec!["u-Élodie"]),
            (role_state(RoleState::Known), vec!["u-Élodie", "u-Ana"]),
            (role_state(RoleState::Missing), vec!["u-Tom"]),
            (
                UserFilter { roles: vec![format!("{CONTOSO}-admin")], ..UserFilter::default() },
                vec!["u-Ana"],
            ),
            (
                UserFilter { within: Some("24h".to_owned()), ..UserFilter::default() },
                vec!["u-Élodie", "u-Tom", "u-Ana"],
            ),
        ] {
            assert_eq!(ids(&app, filter.clone()).await, expected, "{filter:?}");
        }
    }
}

db_test! {
    async fn pages_go_forth_and_back_without_losing_anyone(db) {
        let app = two_organizations(db).await;
        let names: Vec<String> = (0..120).map(|index| format!("user{index:03}@contoso.com")).collect();
        let users = names.iter().enumerate().map(|(index, name)| User {
            id: format!("u-{index:03}"),
            user_name: name.clone(),
            label: format!("same name {}", index % 7),
            // Several share a moment, and the page's edge falls among them.
            updated_at: NOW - (index as i64 / 40) * MINUTE,
            role: [Some("admin"), Some("viewer"), None][index % 3],
            active: index % 4 != 0,
            ..user("A", "B")
        }.insert()).collect();
        run(&app, users).await;
        let allowed = allowed(Permission::ReadUsers, CONTOSO);
        // Walked in order, and looked up by a text that all have.
        for (sort, text) in UserSort::ALL.into_iter().flat_map(|sort| [(sort, ""), (sort, "user")]) {
            for descending in [false, true] {
                let text = text.to_owned();
                let mut filter = UserFilter { sort, descending, text, ..UserFilter::default() };
                let mut pages = Vec::new();
                loop {
                    let page = user_directory::list(&app, &allowed, &filter).await.unwrap();
                    assert_eq!(page.total, Count::Exactly(120));
                    assert_eq!(page.previous.is_some(), !pages.is_empty());
                    filter.cursor = page.next.clone();
                    pages.push(page);
                    if filter.cursor.is_none() {
                        break;
                    }
                }
                let mut seen: Vec<_> = pages.iter().flat_map(|page| &page.items).map(|user| &user.id).collect();
                seen.sort();
                seen.dedup();
                assert_eq!((pages.len(), seen.len()), (3, 120), "{sort:?} {descending}");
                filter.newer = true;
                for index in [2, 1] {
                    filter.cursor = pages[index].previous.clone();
                    let page = user_directory::list(&app, &allowed, &filter).await.unwrap();
                    assert_eq!(page.items, pages[index - 1].items, "{sort:?} {descending} {index}");
                    assert_eq!(page.previous.is_some(), index == 2);
                    assert!(page.next.is_some());
                }
            }
        }
        let nonsense = UserFilter { cursor: Some("~x".to_owned()), ..UserFilter::default() };
        assert_eq!(user_directory::list(&app, &allowed, &nonsense).await.unwrap().items.len(), 50);
    }
}

db_test! {
    async fn a_failure_shows_until_a_later_change_succeeds(db) {
        let app = two_organizations(db).await;
        four_users(&app).await;
        let refused = |user, ago| entry("update", ago).about(user, "x").failed("role_unknown", "No such role.");
        run(&app, vec![
            refused("u-Ana", HOUR).insert(),
            entry("update", MINUTE).about("u-Ana", "x").insert(),
            entry("update", HOUR).about("u-Tom", "x").insert(),
            refused("u-Tom", 2 * MINUTE).insert(),
            // Reading somebody makes nothing good.
            entry("read", MINUTE).about("u-Tom", "x").insert(),
            Entry { organization: FABRIKAM, ..refused("u-Yuki", MINUTE) }.insert(),
        ]).await;
        let allowed = allowed(Permission::ReadUsers, CONTOSO);
        let page = user_directory::list(&app, &allowed, &UserFilter::default()).await.unwrap();
        let failing: Vec<_> = page.items.iter()
            .filter_map(|user| Some((user.id.as_str(), user.last_failure.as_ref()?.title.as_str())))
            .collect();
        assert_eq!(failing, [("u-Tom", "No such role.")]);
        let filter = UserFilter { has_failures: true, ..UserFilter::default() };
        assert_eq!(ids(&app, filter).await, ["u-Tom"]);
        let counts = user_directory::counts(&app, &allowed).await.unwrap();
        assert_eq!(
            [counts.all, counts.active, counts.inactive, counts.blocked, counts.with_errors, counts.deleted],
            [4, 3, 1, 1, 1, 0].map(Count::Exactly)
        );
        let roles = user_directory::roles(&app, &allowed).await.unwrap();
        let names: Vec<&str> = roles.iter().map(|role| role.name.as_str()).collect();
        assert_eq!(names, ["Administrator", "Viewer"]);
    }
}

db_test! {
    async fn of_very_many_failures_the_latest_are_looked_through(db) {
        let app = two_organizations(db).await;
        run(&app, many_users(&user("Ana", "Ruiz"), 1_050)).await;
        run(&app, vec![sql(
            "INSERT INTO provisioning_logs (id, organization_id, occurred_at, cycle_id, action, status, is_lookup, \
             method, path, http_status, user_id, address, duration_us, steps) \
             SELECT 'req_' || id, organization_id, updated_at, 'c', 'update', 'failure', FALSE, 'PATCH', '/Users', 400, \
             id, '192.0.2.7', 1, '[]' FROM users WHERE organization_id = $1",
        ).bind(CONTOSO)]).await;
        let allowed = allowed(Permission::ReadUsers, CONTOSO);
        let counts = user_directory::counts(&app, &allowed).await.unwrap();
        assert_eq!(counts.with_errors, Count::MoreThan(1_000));
        let filter = UserFilter { has_failures: true, ..UserFilter::default() };
        let page = user_directory::list(&app, &allowed, &filter).await.unwrap();
        assert_eq!((page.items.len(), page.total), (50, Count::MoreThan(1_000)));
    }
}

db_test! {
    async fn deleted_users_keep_their_page(db) {
        let app = two_organizations(db).await;
        run(&app, vec![
            tombstone("d-1", "Gone@contoso.com", NOW - DAY),
            tombstone("d-2", "Left@contoso.com", NOW - HOUR),
            change("d-1", NOW - DAY, Some("req_x"), r#"[{"attribute":"active","old":true,"new":false},{"attribute":"name","old":{"givenName":"A"},"new":null}]"#),
        ]).await;
        let deleted = |text: &str, descending| UserFilter {
            state: Some(UserState::Deleted),
            text: text.to_owned(),
            descending,
            ..UserFilter::default()
        };
        assert_eq!(ids(&app, deleted("", true)).await, ["d-2", "d-1"]);
        assert_eq!(ids(&app, deleted("", false)).await, ["d-1", "d-2"]);
        assert_eq!(ids(&app, deleted("gone", true)).await, ["d-1"]);
        assert_eq!(ids(&app, deleted("d-2", true)).await, ["d-2"]);
        assert!(ids(&app, UserFilter::default()).await.is_empty());

        let allowed = allowed(Permission::ReadUsers, CONTOSO);
        let detail = user_directory::detail(&app, &allowed, "d-1").await.unwrap();
        assert_eq!(detail.deleted.unwrap().exact, "22 Nov 2026, 09:13:58 UTC");
        let history = user_directory::history(&app, &allowed, "d-1", None).await.unwrap();
        let change = &history.items[0];
        assert_eq!(change.actor, "Token Entra (rhp_AbCd1234)");
        let changes = change.changes.as_deref().unwrap();
        assert_eq!(changes[0].old.as_deref(), Some("true"));
        assert_eq!(changes[1].old.as_deref(), Some(r#"{"givenName":"A"}"#));
        assert_eq!(changes[1].new, None);
    }
}

db_test! {
    async fn one_user_is_shown_whole(db) {
        let app = two_organizations(db).await;
        let document = serde_json::json!({
            "userName": "Ana.Ruiz@contoso.com",
            "externalId": "ext-1",
            "name": {"givenName": "Ana"},
            "active": true,
            "emails": [{"type": "work", "value": "a@contoso.com"}, {"value": "b@contoso.com"}],
            "roles": [{"value": "viewer", "primary": true}],
            "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User": {"department": "Facilities"},
        });
        run(&app, vec![User { document: document.to_string(), ..user("Ana", "Ruiz") }.insert()]).await;
        let reader = allowed(Permission::ReadUsers, CONTOSO);
        let detail = user_directory::detail(&app, &reader, "u-Ana").await.unwrap();
        let attributes: Vec<(&str, &str)> =
            detail.attributes.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        assert_eq!(attributes, [
            ("userName", "Ana.Ruiz@contoso.com"),
            ("externalId", "ext-1"),
            ("name.givenName", "Ana"),
            ("active", "true"),
            ("emails[type eq \"work\"].type", "work"),
            ("emails[type eq \"work\"].value", "a@contoso.com"),
            ("emails[2].value", "b@contoso.com"),
            ("roles[primary eq \"True\"].value", "viewer"),
            ("roles[primary eq \"True\"].primary", "true"),
            ("urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department", "Facilities"),
        ]);
        let json: serde_json::Value = serde_json::from_str(&detail.json).unwrap();
        assert_eq!(json["schemas"].as_array().unwrap().len(), 2);
        assert_eq!(json["meta"]["location"], "https://provisioning.test/scim/contoso/v2/Users/u-Ana");
        assert_eq!(json["meta"]["version"], "W/\"3\"");
        assert_eq!(detail.role.as_deref(), Some("Viewer"));

        for (permission, organization) in [(Permission::ReadUsers, FABRIKAM), (Permission::ReadLogs, CONTOSO)] {
            let other = allowed(permission, organization);
            let answer = user_directory::detail(&app, &other, "u-Ana").await;
            assert!(matches!(answer, Err(ServiceError::NotFound { .. } | ServiceError::Forbidden)));
        }
    }
}

db_test! {
    async fn history_goes_forth_and_back(db) {
        let app = two_organizations(db).await;
        let changes = (0..60).map(|index| change("u-Ana", NOW - index, None, "[]")).collect();
        run(&app, changes).await;
        let allowed = allowed(Permission::ReadUsers, CONTOSO);
        let first = user_directory::history(&app, &allowed, "u-Ana", None).await.unwrap();
        assert_eq!((first.items.len(), first.total), (50, Count::Exactly(60)));
        let second = user_directory::history(&app, &allowed, "u-Ana", first.next.clone()).await.unwrap();
        assert_eq!((second.items.len(), second.next.is_none()), (10, true));
        let again = user_directory::history(&app, &allowed, "u-Ana", second.previous).await.unwrap();
        assert_eq!(again, first);
    }
}

db_test! {
    async fn of_many_changes_the_latest_are_counted(db) {
        let app = two_organizations(db).await;
        let ana = User { updated_at: NOW - HOUR, ..user("Ana", "Ruiz") };
        let tom = User { role: Some("admin"), ..user("Tom", "Okafor") };
        run(&app, [many_users(&ana, 10_010), many_users(&tom, 10_010)].concat()).await;
        let reader = allowed(Permission::ReadUsers, CONTOSO);
        let filter = UserFilter {
            roles: vec![format!("{CONTOSO}-viewer")],
            within: Some("24h".to_owned()),
            descending: true,
            ..UserFilter::default()
        };
        let page = user_directory::list(&app, &reader, &filter).await.unwrap();
        let shown: Vec<_> = page.items.iter().take(2).map(|user| user.id.as_str()).collect();
        // None of the latest 10,000 is a viewer: as many as are listed is all that is known.
        assert_eq!((page.total, shown), (Count::MoreThan(51), vec!["u-Ana", "u-Ana1"]));
        // Few changes are looked up, whatever the order.
        let one = User { id: "u-late".to_owned(), user_name: "late".to_owned(), updated_at: NOW, ..ana };
        app.clock.advance(std::time::Duration::from_millis(DAY.unsigned_abs() - 30_000));
        run(&app, vec![one.insert()]).await;
        for sort in UserSort::ALL {
            assert_eq!(ids(&app, UserFilter { sort, ..filter.clone() }).await, ["u-late"], "{sort:?}");
        }
    }
}

db_test! {
    async fn what_most_users_match_is_found_too(db) {
        let app = two_organizations(db).await;
        run(&app, many_users(&user("Ana", "Ruiz"), 10_050)).await;
        let tom = User { role: Some("admin"), updated_at: NOW - 2 * DAY, ..user("Tom", "Ruiz") };
        run(&app, vec![tom.insert()]).await;
        let reader = allowed(Permission::ReadUsers, CONTOSO);
        let newest = ["u-Ana", "u-Ana1", "u-Ana2"];
        let text = |text: &str| UserFilter { text: text.to_owned(), descending: true, ..UserFilter::default() };
        let viewers = UserFilter { roles: vec![format!("{CONTOSO}-viewer")], ..text("") };
        for filter in [text(""), text("ruiz"), text("ANA"), viewers.clone(), UserFilter { text: "ana".to_owned(), ..viewers }] {
            let page = user_directory::list(&app, &reader, &filter).await.unwrap();
            assert_eq!(page.total, Count::MoreThan(10_000), "{filter:?}");
            let first: Vec<_> = page.items.iter().take(3).map(|user| user.id.as_str()).collect();
            assert_eq!((first, page.items.len()), (newest.to_vec(), 50), "{filter:?}");
        }
        // Few of many: the one condition that finds few is looked up, the other tested.
        let admins = UserFilter { roles: vec![format!("{CONTOSO}-admin")], ..text("ruiz") };
        assert_eq!(ids(&app, admins).await, ["u-Tom"]);
    }
}
