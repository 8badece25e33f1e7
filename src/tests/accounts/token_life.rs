use std::time::Duration;

use rhombus_provisioning::model::token::{Overlap, TokenState};
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::Permission;
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::ids;
use rhombus_provisioning::server::secret;
use rhombus_provisioning::server::services::tokens::{self, NewToken};
use rhombus_provisioning::server::store::request_lookup::{Lookup, look_up as look_up_request};
use rhombus_provisioning::server::store::tokens::touch;

use super::{actions, allowed, app_on, audited, organization};
use crate::db_test;
use crate::support::app::START;

const DAY: u64 = 24 * 60 * 60;

async fn look_up(app: &App, slug: &str, secret: &str) -> Lookup {
    let mut connection = app.db.read().await.unwrap();
    look_up_request(&mut connection, slug, &secret::hash(secret), None)
        .await
        .unwrap()
}

fn named(name: &str) -> NewToken {
    NewToken {
        name: name.to_owned(),
        ..NewToken::default()
    }
}

db_test! {
    async fn a_token_is_found_by_its_secret_alone_and_kept_as_a_hash(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        organization(&app, "fabrikam").await;
        let may = allowed(&app, Permission::ManageTokens, "contoso").await;
        let created = tokens::create(&app, &may, named("Entra")).await.unwrap();
        assert!(tokens::looks_genuine(&created.secret));
        assert_eq!(created.tenant_url, "https://provisioning.test/scim/contoso/v2");

        let found = look_up(&app, "contoso", &created.secret).await;
        let (organization, token) = (found.organization.unwrap(), found.token.unwrap());
        assert_eq!(token.organization_id, organization.id);
        assert_eq!((token.name.as_str(), token.revoked_at), ("Entra", None));
        let foreign = look_up(&app, "fabrikam", &created.secret).await;
        assert_ne!(foreign.token.unwrap().organization_id, foreign.organization.unwrap().id);
        let nothing = look_up(&app, "nobody", "rhp_nothing").await;
        assert_eq!((nothing.organization, nothing.token), (None, None));

        let entries = audited(&app).await;
        assert!(entries.iter().any(|entry| entry.action == "token.create"));
        for entry in entries {
            let text = format!("{entry:?}");
            assert!(!text.contains(&created.secret) && !text.contains(&secret::hash(&created.secret)));
        }
    }

    async fn names_and_lifetimes_are_checked_and_a_form_makes_one_token(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageTokens, "contoso").await;
        for (name, days) in [("", None), ("Entra", Some(0)), ("Entra", Some(731)), (&*"a".repeat(101), None)] {
            let life = days.map(|days: i64| days * i64::try_from(DAY).unwrap() * 1_000);
            let new = NewToken { life, ..named(name) };
            let refused = tokens::create(&app, &may, new).await;
            assert!(matches!(refused, Err(ServiceError::Invalid { .. })), "{name} {days:?}");
        }
        let form = ids::new_id(START);
        let once = |form: &str| NewToken { once: Some(form.to_owned()), ..named("Entra") };
        tokens::create(&app, &may, once(&form)).await.unwrap();
        for again in [&form, &form.to_uppercase(), &format!("{{{form}}}")] {
            let refused = tokens::create(&app, &may, once(again)).await;
            assert!(matches!(refused, Err(ServiceError::Conflict { .. })), "{again}");
        }
        let read = allowed(&app, Permission::ReadTokens, "contoso").await;
        assert_eq!(tokens::list(&app, &read).await.unwrap().len(), 1);
        assert!(matches!(tokens::create(&app, &read, named("x")).await, Err(ServiceError::Forbidden)));
    }

    async fn rotating_lets_the_old_token_live_for_a_while(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageTokens, "contoso").await;
        let read = allowed(&app, Permission::ReadTokens, "contoso").await;
        let old = tokens::create(&app, &may, named("Entra")).await.unwrap();
        let id = tokens::get_id(&app, &may, &old.prefix).await.unwrap();
        app.clock.advance(Duration::from_secs(1));
        let new = tokens::rotate(&app, &may, &id, Overlap::OneDay).await.unwrap();
        assert_ne!(new.secret, old.secret);
        assert_eq!(new.name, "Entra");
        let ends = look_up(&app, "contoso", &old.secret).await.token.unwrap().expires_at;
        assert_eq!(ends, START + (24 * 60 * 60 + 1) * 1_000);
        let again = tokens::rotate(&app, &may, &id, Overlap::OneDay).await;
        assert!(matches!(again, Err(ServiceError::Conflict { .. })));

        let states = async || -> Vec<TokenState> {
            tokens::list(&app, &read).await.unwrap().iter().map(|row| row.state).collect()
        };
        assert_eq!(states().await, [TokenState::Active, TokenState::Expiring]);
        app.clock.advance(Duration::from_secs(DAY));
        assert_eq!(states().await, [TokenState::Active, TokenState::Expired]);
        app.clock.advance(Duration::from_secs(340 * DAY));
        assert_eq!(states().await, [TokenState::Expiring, TokenState::Expired]);
    }

    async fn revoking_works_at_once_and_is_audited_once(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        organization(&app, "fabrikam").await;
        let may = allowed(&app, Permission::ManageTokens, "contoso").await;
        let created = tokens::create(&app, &may, named("Entra")).await.unwrap();
        let id = tokens::get_id(&app, &may, &created.prefix).await.unwrap();
        let foreign = allowed(&app, Permission::ManageTokens, "fabrikam").await;
        assert!(matches!(tokens::revoke(&app, &foreign, &id).await, Err(ServiceError::NotFound { .. })));
        tokens::revoke(&app, &may, &id).await.unwrap();
        tokens::revoke(&app, &may, &id).await.unwrap();
        assert_eq!(look_up(&app, "contoso", &created.secret).await.token.unwrap().revoked_at, Some(START));
        assert_eq!(
            actions(&app).await,
            ["organization.create", "organization.create", "token.create", "token.revoke"]
        );
    }

    async fn a_use_is_noted(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageTokens, "contoso").await;
        let created = tokens::create(&app, &may, named("Entra")).await.unwrap();
        let id = look_up(&app, "contoso", &created.secret).await.token.unwrap().id;
        app.db
            .write(move |tx| Box::pin(async move { touch(tx, &id, START, "192.0.2.1", Some("Entra")).await }))
            .await
            .unwrap();
        let read = allowed(&app, Permission::ReadTokens, "contoso").await;
        let row = tokens::list(&app, &read).await.unwrap().remove(0);
        assert_eq!(row.last_used_address.as_deref(), Some("192.0.2.1"));
        assert_eq!((row.requests_24h, row.failures_24h), (0, 0));
    }
}
