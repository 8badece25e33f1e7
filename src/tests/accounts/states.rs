use rhombus_provisioning::model::organization::{
    MissingNames, OrganizationQuery, ProvisioningState, UnknownRole,
};
use rhombus_provisioning::model::page::Count;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::services::organization_list;
use rhombus_provisioning::server::services::organizations::{
    self, NewOrganization, OrganizationChange,
};
use rhombus_provisioning::server::store::role_catalogue;

use super::{actions, allowed, app_on, audited, organization};
use crate::db_test;

db_test! {
    async fn a_new_organization_has_its_roles_and_an_audit_entry(db: TestDb) {
        let app = app_on(&db);
        let may = Allowed::command_line(Permission::CreateOrganization, None);
        let new = NewOrganization {
            slug: "contoso".to_owned(),
            name: " Contoso Ltd ".to_owned(),
            ..NewOrganization::default()
        };
        let detail = organizations::create(&app, &may, new.clone()).await.unwrap();
        assert_eq!(detail.name, "Contoso Ltd");
        assert_eq!(detail.state, ProvisioningState::On);
        assert_eq!(detail.tenant_url, "https://provisioning.test/scim/contoso/v2");

        let id = organizations::find(&app, "contoso").await.unwrap().unwrap().id;
        let mut connection = app.db.read().await.unwrap();
        let roles = role_catalogue::list(&mut connection, &id).await.unwrap();
        drop(connection);
        let roles: Vec<_> = roles.iter().map(|role| (role.value_key.as_str(), role.is_default)).collect();
        assert_eq!(roles, [("super_admin", false), ("admin", false), ("viewer", true)]);

        let again = organizations::create(&app, &may, new).await;
        assert!(matches!(again, Err(ServiceError::Conflict { .. })), "{again:?}");
        let entries = audited(&app).await;
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].action, "organization.create");
        assert_eq!(entries[0].actor_name, "Command line");
        assert_eq!(entries[0].organization_id.as_deref(), Some(id.as_str()));
    }

    async fn switches_follow_the_states_and_are_audited_once(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let support = allowed(&app, Permission::SwitchProvisioning, "contoso").await;
        let admin = allowed(&app, Permission::PauseProvisioning, "contoso").await;
        assert_eq!(organizations::enable(&app, &support).await.unwrap(), ProvisioningState::On);
        assert_eq!(organizations::pause(&app, &admin).await.unwrap(), ProvisioningState::Paused);
        assert_eq!(organizations::enable(&app, &support).await.unwrap(), ProvisioningState::Paused);
        assert_eq!(organizations::resume(&app, &admin).await.unwrap(), ProvisioningState::On);
        assert_eq!(organizations::disable(&app, &support).await.unwrap(), ProvisioningState::Off);
        assert_eq!(organizations::disable(&app, &support).await.unwrap(), ProvisioningState::Off);
        assert!(matches!(organizations::resume(&app, &admin).await, Err(ServiceError::Conflict { .. })));
        assert_eq!(
            actions(&app).await,
            ["organization.create", "organization.disable", "organization.pause", "organization.resume"]
        );
        assert!(matches!(organizations::disable(&app, &admin).await, Err(ServiceError::Forbidden)));
    }

    async fn settings_change_with_before_and_after(db: TestDb) {
        let app = app_on(&db);
        organization(&app, "contoso").await;
        let may = allowed(&app, Permission::ManageOrganization, "contoso").await;
        let change = OrganizationChange {
            missing_names: Some(MissingNames::Accept),
            unknown_role: Some(UnknownRole::Reject),
            ..OrganizationChange::default()
        };
        let detail = organizations::set(&app, &may, change.clone()).await.unwrap();
        assert_eq!(detail.missing_names, MissingNames::Accept);
        organizations::set(&app, &may, change).await.unwrap();
        let mut entries = audited(&app).await;
        assert_eq!(entries.len(), 2, "the second time changed nothing");
        entries.sort_by(|a, b| b.action.cmp(&a.action));
        assert_eq!(entries[0].before.as_deref(), Some(r#"{"missing_names":"reject"}"#));
        assert_eq!(entries[0].after.as_deref(), Some(r#"{"missing_names":"accept"}"#));
    }

    async fn the_list_pages_both_ways_and_searches_by_prefix(db: TestDb) {
        let app = app_on(&db);
        for number in 0..60 {
            organization(&app, &format!("org-{number:03}")).await;
        }
        let may = Allowed::command_line(Permission::ListOrganizations, None);
        let first = organization_list::list(&app, &may, &OrganizationQuery::default()).await.unwrap().page;
        assert_eq!((first.items.len(), first.total), (50, Count::Exactly(60)));
        assert_eq!(first.previous, None);
        let query = OrganizationQuery { after: first.next.clone(), ..OrganizationQuery::default() };
        let second = organization_list::list(&app, &may, &query).await.unwrap().page;
        assert_eq!(second.items.first().unwrap().slug, "org-050");
        assert_eq!((second.items.len(), &second.next), (10, &None));
        let query = OrganizationQuery { before: second.previous, ..OrganizationQuery::default() };
        let back = organization_list::list(&app, &may, &query).await.unwrap().page;
        assert_eq!(back.items, first.items);
        assert_eq!((back.previous, back.next), (None, first.next));

        for (search, found) in [("ORG-05", 10), ("org-059 l", 1), ("%", 0), ("rg", 0)] {
            let query = OrganizationQuery { search: search.to_owned(), ..OrganizationQuery::default() };
            let page = organization_list::list(&app, &may, &query).await.unwrap().page;
            assert_eq!(page.items.len(), found, "{search}");
        }
        assert_eq!(first.items[0].users, Count::Exactly(0));
        assert_eq!(first.items[0].last_contact, None);
    }
}
