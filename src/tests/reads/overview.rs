use rhombus_provisioning::model::health::{HealthState, NextStep};
use rhombus_provisioning::model::organization::{
    OrganizationPage, OrganizationQuery, OrganizationSort, ProvisioningState,
};
use rhombus_provisioning::model::overview::{Overview, SeenKind};
use rhombus_provisioning::model::page::Count;
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::clock::{HOUR, MINUTE};
use rhombus_provisioning::server::services::{
    health_watch, organization_list, organizations, overview,
};
use rhombus_provisioning::server::store::sql::sql;
use serde_json::json;

use super::fill::{CONTOSO, FABRIKAM, entry, many_users, run, two_organizations, user};
use crate::support::entra::Entra;
use crate::{db_test, entra_test};

async fn overview_of(app: &App, slug: &str) -> Overview {
    let organization = organizations::find(app, slug).await.unwrap();
    let allowed = Allowed::command_line(Permission::ReadLogs, organization);
    overview::get(app, &allowed).await.unwrap()
}

async fn seen_by(entra: &Entra<'_>) -> Overview {
    entra.app.flush().await;
    overview_of(&entra.app.app, "contoso").await
}

async fn listed(app: &App, query: OrganizationQuery) -> OrganizationPage {
    let allowed = Allowed::command_line(Permission::ListOrganizations, None);
    organization_list::list(app, &allowed, &query)
        .await
        .unwrap()
}

fn slugs(found: &OrganizationPage) -> Vec<&str> {
    let rows = found.page.items.iter();
    rows.map(|row| row.slug.as_str()).collect()
}

entra_test! {
    async fn the_overview_follows_entra_from_its_first_attempt_on(entra: Entra) {
        let waiting = seen_by(&entra).await;
        assert_eq!(waiting.health.state, HealthState::Waiting);
        assert!(!waiting.is_connected);
        let kinds: Vec<_> = waiting.seen.iter().map(|seen| seen.kind).collect();
        assert_eq!(kinds, [SeenKind::Done, SeenKind::Awaited]);
        let values: Vec<_> = waiting.roles.iter().map(|role| role.value.as_str()).collect();
        assert_eq!(values, ["super_admin", "admin", "viewer"]);

        let wrong = Entra::new(entra.app, "contoso", entra.organization_id.clone(), "rhp_wrong".to_owned());
        wrong.filter("userName eq \"a\"").await.is_error(401, "");
        let refused = seen_by(&entra).await;
        assert_eq!((refused.health.state, refused.is_connected), (HealthState::Refused, false));
        assert_eq!(refused.seen[1].kind, SeenKind::Refused);

        entra.app.advance(MINUTE);
        entra.filter("userName eq \"a\"").await.is(200);
        let healthy = seen_by(&entra).await;
        // A stranger may have sent the wrong token.
        assert_eq!((healthy.health.state, healthy.is_connected), (HealthState::Healthy, true));
        assert!(healthy.seen.is_empty());

        let user = json!({"userName": "ana@contoso.com", "name": {"givenName": "Ana", "familyName": "Ruiz"},
            "active": true, "roles": [{"value": "admin", "primary": true}]});
        entra.post(&user).await.is(201);
        let used = seen_by(&entra).await;
        assert_eq!((used.day.changes(), used.week.changes(), used.users.created), (1, 1, 1));
        assert_eq!((used.users.all, used.users.active), (Count::Exactly(1), Count::Exactly(1)));
        assert_eq!(used.users.roles[1].users, Count::Exactly(1));

        entra.app.advance(3 * HOUR);
        assert_eq!(seen_by(&entra).await.health.state, HealthState::Silent);
    }

    async fn a_token_that_ended_is_named_with_the_time_of_the_first_refusal(entra: Entra) {
        entra.filter("userName eq \"a\"").await.is(200);
        entra.app.advance(10 * MINUTE);
        let now = entra.app.app.clock.now();
        entra.app.execute(sql("UPDATE tokens SET expires_at = $1").bind(now)).await;
        entra.app.advance(4 * MINUTE);
        for _ in 0..3 {
            entra.filter("userName eq \"a\"").await.is_error(401, "");
            entra.app.advance(MINUTE);
        }
        let health = seen_by(&entra).await.health;
        assert_eq!(
            health.sentence,
            "Entra has been refused since 09:14: the token 'Entra' expired. Create a new one and paste it into Admin \
             Credentials."
        );
        assert_eq!((health.state, health.next), (HealthState::Refused, NextStep::CreateToken));
        health_watch::run(&entra.app.app).await.unwrap();
        let help = OrganizationQuery { needs_help: true, ..OrganizationQuery::default() };
        let found = listed(&entra.app.app, help).await;
        assert_eq!(slugs(&found), ["contoso"]);
        assert_eq!(found.page.items[0].health, health);
    }
}

db_test! {
    async fn organizations_are_sorted_filtered_and_counted_up_to_a_limit(db) {
        let app = two_organizations(db).await;
        let mut statements = many_users(&user("Ana", "Ruiz"), 10_050);
        statements.push(entry("update", HOUR).insert());
        statements.push(sql("UPDATE organizations SET state = 'off' WHERE id = $1").bind(FABRIKAM));
        run(&app, statements).await;
        let (contoso, fabrikam) = (CONTOSO, FABRIKAM);

        let by = |sort, descending| OrganizationQuery { sort, descending, ..OrganizationQuery::default() };
        for (sort, descending, expected) in [
            (OrganizationSort::Health, false, [contoso, fabrikam]),
            (OrganizationSort::Health, true, [fabrikam, contoso]),
            (OrganizationSort::Name, false, [contoso, fabrikam]),
            (OrganizationSort::Name, true, [fabrikam, contoso]),
            (OrganizationSort::LastContact, true, [contoso, fabrikam]),
            (OrganizationSort::LastContact, false, [fabrikam, contoso]),
            (OrganizationSort::Failures, true, [contoso, fabrikam]),
        ] {
            let found = listed(&app, by(sort, descending)).await;
            assert_eq!(slugs(&found), expected, "{sort:?} {descending}");
            assert_eq!((found.page.total, found.stopped_after), (Count::Exactly(2), None));
        }
        let rows = listed(&app, OrganizationQuery::default()).await.page.items;
        assert_eq!(rows[0].users, Count::MoreThan(10_000));
        assert_eq!(rows[0].health.state, HealthState::Waiting);
        assert_eq!(rows[1].health.state, HealthState::Off);
        let off = OrganizationQuery { state: Some(ProvisioningState::Off), ..OrganizationQuery::default() };
        assert_eq!(slugs(&listed(&app, off).await), [fabrikam]);
    }
}

db_test! {
    async fn more_organizations_than_are_read_say_so_and_pages_follow_the_sort(db) {
        let app = two_organizations(db).await;
        run(&app, vec![sql(
            "INSERT INTO organizations (id, slug, name, name_key, state, state_changed_at, missing_names, \
             missing_role, unknown_role, created_at, updated_at) \
             WITH RECURSIVE n (i) AS (SELECT 1000 UNION ALL SELECT i + 1 FROM n WHERE i < 1600) \
             SELECT 'x' || i, 'x' || i, 'x' || i, 'x' || i, state, 0, missing_names, missing_role, unknown_role, 0, 0 \
             FROM organizations, n WHERE id = $1",
        ).bind(CONTOSO)]).await;
        let query = OrganizationQuery {
            search: "x".to_owned(),
            sort: OrganizationSort::Failures,
            ..OrganizationQuery::default()
        };
        let first = listed(&app, query.clone()).await;
        assert_eq!((first.stopped_after, first.page.total), (Some(500), Count::MoreThan(500)));
        assert_eq!(slugs(&first)[..2], ["x1000", "x1001"]);
        let second = listed(&app, OrganizationQuery { after: first.page.next.clone(), ..query.clone() }).await;
        assert_eq!(slugs(&second)[0], "x1050");
        let back = listed(&app, OrganizationQuery { before: second.page.previous, ..query }).await;
        assert_eq!(back.page.items, first.page.items);
    }
}
