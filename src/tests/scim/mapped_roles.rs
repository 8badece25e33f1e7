//! What becomes of stored users when their role values come to mean another role of the catalogue (product, Users).

use std::time::Duration;

use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, OrganizationRef, Permission};
use rhombus_provisioning::server::clock::MINUTE;
use rhombus_provisioning::server::error::{ServiceError, StoreError};
use rhombus_provisioning::server::services::roles::{self, TypedRole};
use rhombus_provisioning::server::store::sql::sql;
use rhombus_provisioning::server::store::{role_catalogue, users};
use serde_json::{Value, json};
use tokio::sync::oneshot;

use crate::entra_test;
use crate::support::entra::{Changed, Entra, user};

const ROLE: &str = "roles[primary eq \"True\"].value";

fn role(value: &str) -> Value {
    json!([{"value": value, "primary": true}])
}

/// The state of a user's role, and the value of the catalogue's role that decides.
async fn decided(entra: &Entra<'_>, id: &str) -> (String, String) {
    let statement = sql(
        "SELECT u.role_state, r.value FROM users u JOIN roles r ON r.id = u.role_id WHERE u.id = $1",
    );
    let rows: Vec<(String, String)> = entra.app.rows(statement.bind(id)).await;
    rows.into_iter().next().unwrap()
}

fn is(state: &str, role: &str) -> (String, String) {
    (state.to_owned(), role.to_owned())
}

fn allowed(entra: &Entra<'_>, permission: Permission) -> Allowed {
    let organization = OrganizationRef {
        id: entra.organization_id.clone(),
        slug: entra.slug.clone(),
        name: "Contoso".to_owned(),
    };
    Allowed::command_line(permission, Some(organization))
}

async fn role_id(entra: &Entra<'_>, value: &str) -> String {
    let statement = sql("SELECT id FROM roles WHERE organization_id = $1 AND value = $2");
    let statement = statement.bind(&entra.organization_id).bind(value);
    let rows: Vec<(String,)> = entra.app.rows(statement).await;
    rows.into_iter().next().unwrap().0
}

fn typed(display_name: &str, mapped_values: &str) -> TypedRole {
    TypedRole {
        display_name: display_name.to_owned(),
        description: String::new(),
        mapped_values: mapped_values.to_owned(),
    }
}

/// Adds 1,100 users with the same role.
async fn copy(entra: &Entra<'_>, id: &str) {
    for copies in [
        "INSERT INTO users (id, organization_id, user_name, user_name_key, active, label, label_key, role_id, role_value, \
         role_state, version, created_at, updated_at, document) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) \
         SELECT id || '-' || i, organization_id, user_name || i, user_name_key || i, active, label, label_key, role_id, \
         role_value, role_state, version, created_at, updated_at, document FROM users, n WHERE id = $1",
        "INSERT INTO user_values (user_id, organization_id, attribute, element, sub, value_key, match_key) \
         WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100) \
         SELECT user_id || '-' || i, organization_id, attribute, element, sub, value_key, match_key \
         FROM user_values, n WHERE user_id = $1 AND attribute = 'roles'",
    ] {
        entra.app.execute(sql(copies).bind(id)).await;
    }
}

/// How many changes of the catalogue have not been followed by all.
async fn unsettled(entra: &Entra<'_>) -> i64 {
    let rows: Vec<(i64,)> = entra
        .app
        .rows(sql("SELECT count(*) FROM role_settlements"))
        .await;
    rows[0].0
}

entra_test! {
    async fn a_request_that_names_the_same_roles_decides_them_anew(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("Boss")})).await;
        let ben = entra.create_with("ben", json!({"roles": role("Boss")})).await;
        // Beside the service, so that nobody follows by itself.
        entra.app.execute(
            sql("INSERT INTO role_values (organization_id, value_key, value, role_id) \
                 SELECT organization_id, 'boss', 'Boss', id FROM roles WHERE organization_id = $1 AND value = 'super_admin'")
                .bind(&entra.organization_id),
        ).await;
        entra.change(&ana, "Replace", "title", json!("Dr")).await.is(200);
        assert_eq!(decided(&entra, &ana).await, is("defaulted", "viewer"), "no role was named");

        let patched = entra.change(&ana, "Add", ROLE, json!("Boss")).await;
        patched.is(200);
        assert_eq!(patched.header("etag"), "W/\"3\"");
        assert_eq!(decided(&entra, &ana).await, is("known", "super_admin"));
        let mut body = user("ben");
        body["roles"] = role("Boss");
        let replaced = entra.put(&ben, &body).await;
        assert_eq!((replaced.status, replaced.header("etag")), (200, "W/\"2\""));
        assert_eq!(decided(&entra, &ben).await, is("known", "super_admin"));

        for (id, answer) in [(&ana, &patched), (&ben, &replaced)] {
            let entry = entra.entry(answer).await;
            assert_eq!((entry.action.as_str(), entry.status.as_str()), ("update", "success"));
            let history = entra.history(id).await;
            let last = history.last().unwrap();
            assert_eq!(last.json(), json!([{"attribute": "role", "old": "Viewer (default)", "new": "Super admin"}]));
            assert_eq!(last.log_id.as_deref(), Some(answer.header("x-request-id")));
        }
        let again = entra.change(&ana, "Add", ROLE, json!("Boss")).await;
        assert_eq!(entra.entry(&again).await.status, "skipped");
        let again = entra.put(&ben, &body).await;
        assert_eq!(entra.entry(&again).await.status, "skipped");
    }

    async fn a_request_that_names_roles_and_leaves_none_as_before_touches_none(entra: Entra) {
        let mut bare = user("bare");
        bare["roles"] = json!([]);
        let bare = entra.post(&bare).await.id();
        for policy in ["default", "reject"] {
            entra.policy("missing_role", policy).await;
            for operation in [
                json!({"op": "remove", "path": "roles"}),
                json!({"op": "Remove", "path": ROLE}),
                json!({"op": "Replace", "path": "roles", "value": []}),
                json!({"op": "replace", "value": {"roles": []}}),
            ] {
                let answer = entra.patch(&bare, json!([operation])).await;
                answer.is(200);
                let entry = entra.entry(&answer).await;
                assert_eq!((entry.status.as_str(), entry.remark_codes().len()), ("skipped", 0), "{operation}");
            }
        }
        assert_eq!(decided(&entra, &bare).await, is("defaulted", "viewer"));
    }

    async fn stored_users_follow_what_their_values_come_to_mean(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("Boss")})).await;
        let ben = entra.create_with("ben", json!({"roles": role("BOSS"), "active": false})).await;
        let both = json!([{"value": "admin", "primary": true}, {"value": "Boss"}]);
        let cyd = entra.create_with("cyd", json!({"roles": both})).await;
        let dee = entra.create_with("dee", json!({"roles": []})).await;
        let before = entra.user(&ana).await;
        entra.app.advance(1_000);

        let admin = allowed(&entra, Permission::ManageRoles);
        let super_admin = role_id(&entra, "super_admin").await;
        for _ in 0..2 {
            roles::map_value(&entra.app.app, &admin, &super_admin, "Boss").await.unwrap();
            for id in [&ana, &ben] {
                assert_eq!(decided(&entra, id).await, is("known", "super_admin"));
            }
            assert_eq!(decided(&entra, &cyd).await, is("known", "admin"));
            assert_eq!(decided(&entra, &dee).await, is("defaulted", "viewer"));
        }
        assert_eq!(entra.user(&ana).await, before, "SCIM does not know of it");
        assert_eq!(entra.history(&cyd).await.len() + entra.history(&dee).await.len(), 2);

        // Unmapped, taken into another role, made a role, and no role any more.
        let set = async |mapped: &str| {
            let role = typed("Super admin", mapped);
            roles::set(&entra.app.app, &admin, &super_admin, role).await.unwrap();
        };
        entra.app.advance(1_000);
        set("chief").await;
        assert_eq!(decided(&entra, &ana).await, is("defaulted", "viewer"));
        entra.app.advance(1_000);
        set("chief\nBOSS").await;
        assert_eq!(decided(&entra, &ben).await, is("known", "super_admin"));
        entra.app.advance(1_000);
        set("chief").await;
        entra.app.advance(1_000);
        let made = roles::create(&entra.app.app, &admin, "boss", typed("The boss", "")).await.unwrap();
        assert_eq!(decided(&entra, &ana).await, is("known", "boss"));
        for id in [&ana, &ben] {
            entra.change(id, "Replace", "roles", role("viewer")).await.is(200);
        }
        let three = json!([{"value": "boss"}, {"value": "admin"}]);
        entra.change(&cyd, "Replace", "roles", json!(three)).await.is(200);
        assert_eq!(decided(&entra, &cyd).await, is("known", "boss"), "it is the lowest");
        entra.change(&cyd, "Replace", "roles", both).await.is(200);
        entra.app.advance(1_000);
        roles::delete(&entra.app.app, &admin, &made).await.unwrap();

        let history = "SELECT * FROM user_changes WHERE user_id = $1 AND log_id IS NULL ORDER BY changed_at";
        let history: Vec<Changed> = entra.app.rows(sql(history).bind(&ana)).await;
        let seen: Vec<Value> = history.iter().map(|row| {
            assert_eq!((row.kind.as_str(), row.version), ("updated", 1));
            assert_eq!((row.actor_kind.as_str(), row.actor_name.as_str()), ("command_line", "Command line"));
            let changes = row.json();
            assert_eq!((changes.as_array().unwrap().len(), &changes[0]["attribute"]), (1, &json!("role")));
            json!([changes[0]["old"], changes[0]["new"]])
        }).collect();
        assert_eq!(seen, [
            json!(["Viewer (default)", "Super admin"]),
            json!(["Super admin", "Viewer (default)"]),
            json!(["Viewer (default)", "Super admin"]),
            json!(["Super admin", "Viewer (default)"]),
            json!(["Viewer (default)", "The boss"]),
        ]);
    }

    async fn a_role_saved_again_is_followed_by_whom_its_making_has_not_got_to(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("Boss")})).await;
        let ben = entra.create_with("ben", json!({"roles": role("Chief")})).await;
        let admin = allowed(&entra, Permission::ManageRoles);
        let made = roles::create(&entra.app.app, &admin, "boss", typed("The boss", "chief")).await.unwrap();
        // As if it had broken off.
        let viewer = role_id(&entra, "viewer").await;
        let undone = sql("UPDATE users SET role_id = $1, role_state = 'defaulted'");
        entra.app.execute(undone.bind(&viewer)).await;
        assert_eq!(decided(&entra, &ana).await, is("defaulted", "viewer"));
        roles::set(&entra.app.app, &admin, &made, typed("The boss", "chief")).await.unwrap();
        for id in [&ana, &ben] {
            assert_eq!(decided(&entra, id).await, is("known", "boss"));
        }
    }

    async fn what_an_end_of_the_service_broke_off_is_taken_up_by_another_one(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("Boss")})).await;
        copy(&entra, &ana).await;
        let app = &entra.app.app;
        let admin = allowed(&entra, Permission::ManageRoles);
        let super_admin = role_id(&entra, "super_admin").await;
        roles::map_value(app, &admin, &super_admin, "Boss").await.unwrap();
        assert_eq!(unsettled(&entra).await, 0);
        let states = async || {
            let states = sql("SELECT role_state, count(*) FROM users GROUP BY role_state ORDER BY role_state");
            entra.app.rows::<(String, i64)>(states).await
        };
        let some = |state: &str, users: i64| (state.to_owned(), users);
        assert_eq!(states().await, [some("known", 1_101)]);

        entra.app.advance(1_000);
        app.shutdown.cancel();
        let broken_off = roles::set(app, &admin, &super_admin, typed("Super admin", "")).await;
        assert!(matches!(broken_off, Err(ServiceError::Store(_))), "{broken_off:?}");
        assert_eq!(states().await, [some("defaulted", 500), some("known", 601)]);

        let other = App::new(app.db.clone(), app.clock.clone(), app.settings.clone());
        assert_eq!(roles::resume(&other).await.unwrap(), 0, "somebody may be at it");
        entra.app.advance(3 * MINUTE);
        assert_eq!(roles::resume(&other).await.unwrap(), 1);
        assert_eq!(states().await, [some("defaulted", 1_101)]);
        assert_eq!((roles::resume(&other).await.unwrap(), unsettled(&entra).await), (0, 0));
        let told = "SELECT actor_kind, actor_name, count(*) FROM user_changes WHERE log_id IS NULL GROUP BY actor_kind, actor_name";
        let told: Vec<(String, String, i64)> = entra.app.rows(sql(told)).await;
        assert_eq!(told, [("command_line".to_owned(), "Command line".to_owned(), 2_202)]);
    }

    async fn what_is_taken_up_is_the_act_of_whoever_changed_the_catalogue(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("Boss")})).await;
        // As a process leaves it that is killed right after the change.
        for change in [
            "INSERT INTO role_values (organization_id, value_key, value, role_id) \
             SELECT organization_id, 'boss', 'Boss', id FROM roles WHERE organization_id = $1 AND value = 'super_admin'",
            "INSERT INTO role_settlements (id, organization_id, value_keys, actor_kind, actor_id, actor_name, held_until) \
             SELECT 'broken-off', id, '[\"boss\"]', 'account', 'account-1', 'Dana', created_at FROM organizations WHERE id = $1",
        ] {
            entra.app.execute(sql(change).bind(&entra.organization_id)).await;
        }
        entra.app.advance(1_000);
        let app = &entra.app.app;
        let (one, two) = futures_util::join!(roles::resume(app), roles::resume(app));
        assert_eq!(one.unwrap() + two.unwrap(), 1, "one of two takes it up");
        assert_eq!(decided(&entra, &ana).await, is("known", "super_admin"));
        assert_eq!(unsettled(&entra).await, 0);
        let told = "SELECT * FROM user_changes WHERE user_id = $1 AND log_id IS NULL";
        let told: Vec<Changed> = entra.app.rows(sql(told).bind(&ana)).await;
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].actor_kind.as_str(), told[0].actor_name.as_str()), ("account", "Dana"));
        assert_eq!(told[0].changed_at, app.clock.now());
    }

    async fn a_catalogue_that_is_changed_in_every_way_leaves_nothing_to_take_up(entra: Entra) {
        entra.policy("unknown_role", "accept").await;
        entra.create_with("ana", json!({"roles": role("Boss")})).await;
        let app = &entra.app.app;
        let admin = allowed(&entra, Permission::ManageRoles);
        let boss = role_id(&entra, "Boss").await;
        roles::review(app, &admin, &boss).await.unwrap();
        let made = roles::create(app, &admin, "chief", typed("The chief", "head")).await.unwrap();
        for mapped in ["head\nlead", "lead", "lead"] {
            roles::set(app, &admin, &made, typed("The chief", mapped)).await.unwrap();
        }
        for _ in 0..2 {
            roles::map_value(app, &admin, &made, "first").await.unwrap();
        }
        roles::delete(app, &admin, &made).await.unwrap();
        let refused = roles::delete(app, &admin, &boss).await;
        assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{refused:?}");
        assert_eq!(unsettled(&entra).await, 0);
    }

    async fn whoever_had_the_value_before_it_was_a_role_follows_its_review(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("operator")})).await;
        entra.policy("unknown_role", "accept").await;
        let tom = entra.create_with("tom", json!({"roles": role("Operator")})).await;
        assert_eq!(decided(&entra, &ana).await, is("defaulted", "viewer"), "nobody has looked at it");
        assert_eq!(decided(&entra, &tom).await, is("unreviewed", "Operator"));
        let operator = role_id(&entra, "Operator").await;
        roles::review(&entra.app.app, &allowed(&entra, Permission::ManageRoles), &operator).await.unwrap();
        for id in [&ana, &tom] {
            assert_eq!(decided(&entra, id).await, is("known", "Operator"));
        }
    }

    async fn very_many_users_follow_some_at_a_time(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("Boss")})).await;
        entra.policy("unknown_role", "accept").await;
        let tom = entra.create_with("tom", json!({"roles": role("Operator")})).await;
        // Some of them too large to be read together.
        let title = "t".repeat(10_000);
        for id in [&ana, &tom] {
            entra.change(id, "Replace", "title", json!(title)).await.is(200);
            copy(&entra, id).await;
        }
        let admin = allowed(&entra, Permission::ManageRoles);
        let super_admin = role_id(&entra, "super_admin").await;
        roles::map_value(&entra.app.app, &admin, &super_admin, "boss").await.unwrap();
        let operator = role_id(&entra, "Operator").await;
        roles::review(&entra.app.app, &admin, &operator).await.unwrap();
        let followed = "SELECT r.value, u.role_state, count(*) FROM users u JOIN roles r ON r.id = u.role_id \
             GROUP BY r.value, u.role_state ORDER BY r.value";
        let followed: Vec<(String, String, i64)> = entra.app.rows(sql(followed)).await;
        let all = |role: &str| (role.to_owned(), "known".to_owned(), 1_101_i64);
        assert_eq!(followed, [all("Operator"), all("super_admin")]);
        let told = "SELECT changes, count(*) FROM user_changes WHERE log_id IS NULL GROUP BY changes ORDER BY changes";
        let told: Vec<(String, i64)> = entra.app.rows(sql(told)).await;
        let counts: Vec<i64> = told.iter().map(|(_, count)| *count).collect();
        assert_eq!(counts, [1_101, 1_101], "{told:?}");
        assert!(told[0].0.contains("Operator (not reviewed)"), "{told:?}");
    }

    async fn who_is_stored_by_the_old_catalogue_meanwhile_follows_too(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("viewer")})).await;
        // As a request that has read the catalogue, and stores its user a moment later.
        let (db, organization_id, id) = (entra.app.app.db.clone(), entra.organization_id.clone(), ana.clone());
        let (begin, begun) = oneshot::channel::<()>();
        let (release, held) = oneshot::channel::<()>();
        let request = tokio::spawn(async move {
            db.write(move |tx| {
                Box::pin(async move {
                    role_catalogue::list_to_assign(tx, &organization_id).await?;
                    begin.send(()).unwrap();
                    let _ = held.await;
                    for change in [
                        "UPDATE users SET role_value = 'Boss', role_state = 'defaulted', \
                         document = replace(document, '\"viewer\"', '\"Boss\"') WHERE id = $1",
                        "UPDATE user_values SET value_key = 'boss', match_key = 'boss' \
                         WHERE user_id = $1 AND attribute = 'roles' AND sub = 'value'",
                    ] {
                        tx.execute(sql(change).bind(&id)).await?;
                    }
                    Ok::<_, StoreError>(())
                })
            })
            .await
        });
        begun.await.unwrap();
        let admin = allowed(&entra, Permission::ManageRoles);
        let mut created = Box::pin(roles::create(&entra.app.app, &admin, "Boss", typed("The boss", "")));
        let early = tokio::time::timeout(Duration::from_millis(300), &mut created).await;
        assert!(early.is_err(), "it waits for the request");
        release.send(()).unwrap();
        request.await.unwrap().unwrap();
        created.await.unwrap();
        assert_eq!(decided(&entra, &ana).await, is("known", "Boss"));
    }

    async fn who_is_held_by_a_change_that_wants_another_one_keeps_nobody_waiting(entra: Entra) {
        entra.policy("unknown_role", "default").await;
        let ana = entra.create_with("ana", json!({"roles": role("Boss")})).await;
        entra.app.advance(1_000);
        let ben = entra.create_with("ben", json!({"roles": role("Boss")})).await;
        assert!(ana < ben);
        // As a rename that has its user, and then wants the one who gives up the name.
        let (db, organization_id) = (entra.app.app.db.clone(), entra.organization_id.clone());
        let (first, then) = (ben.clone(), ana.clone());
        let (begin, begun) = oneshot::channel::<()>();
        let (release, held) = oneshot::channel::<()>();
        let rename = tokio::spawn(async move {
            db.write(move |tx| {
                Box::pin(async move {
                    users::find_locked(tx, &organization_id, &first).await?;
                    begin.send(()).unwrap();
                    let _ = held.await;
                    users::find_locked(tx, &organization_id, &then).await?;
                    Ok::<_, StoreError>(())
                })
            })
            .await
        });
        begun.await.unwrap();
        let admin = allowed(&entra, Permission::ManageRoles);
        let super_admin = role_id(&entra, "super_admin").await;
        let mut mapped = Box::pin(roles::map_value(&entra.app.app, &admin, &super_admin, "Boss"));
        let early = tokio::time::timeout(Duration::from_millis(300), &mut mapped).await;
        assert!(early.is_err(), "it waits for the rename");
        release.send(()).unwrap();
        rename.await.unwrap().unwrap();
        mapped.await.unwrap();
        for id in [&ana, &ben] {
            assert_eq!(decided(&entra, id).await, is("known", "super_admin"));
        }
    }
}
