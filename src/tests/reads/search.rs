//! The search in the top bar: of one organization, or for Support of all.

use rhombus_provisioning::model::search::Found;
use rhombus_provisioning::server::App;
use rhombus_provisioning::server::actor::{Allowed, Permission};
use rhombus_provisioning::server::error::ServiceError;
use rhombus_provisioning::server::services::search;
use rhombus_provisioning::server::store::sql::sql;

use super::fill::*;
use crate::db_test;

async fn found(app: &App, organization: Option<&str>, text: &str) -> Found {
    let allowed = match organization {
        Some(id) => allowed(Permission::Search, id),
        None => Allowed::command_line(Permission::Search, None),
    };
    search::find(app, &allowed, text, None).await.unwrap()
}

/// "Users: Ana Ruiz" for each hit.
async fn hits(app: &App, organization: Option<&str>, text: &str) -> Vec<String> {
    let found = found(app, organization, text).await;
    found
        .groups
        .iter()
        .flat_map(|group| {
            group
                .hits
                .iter()
                .map(|hit| format!("{}: {}", group.label, hit.title))
        })
        .collect()
}

async fn filled(db: rhombus_provisioning::server::store::Db) -> App {
    let app = two_organizations(db).await;
    let mut ana = user("Ana", "Ruiz");
    ana.external_id = Some("object-1");
    let mut elsewhere = user("Ana", "Ruiz");
    (elsewhere.organization, elsewhere.id) = (FABRIKAM, "u-elsewhere".to_owned());
    elsewhere.active = false;
    let tom = user("Tom", "Okafor");
    let token = |id: &'static str, organization: &'static str, prefix: &'static str| {
        sql(
            "INSERT INTO tokens (id, organization_id, name, prefix, hash, created_at, created_by, expires_at) \
             VALUES ($1, $2, 'Entra', $3, $1, 0, 'test', 1)",
        )
        .bind(id)
        .bind(organization)
        .bind(prefix)
    };
    let gone = tombstone("u-gone", "Gone@contoso.com", NOW);
    let mut statements = vec![ana.insert(), elsewhere.insert(), tom.insert(), gone];
    statements.push(token("t-1", CONTOSO, "rhp_AbCd1234"));
    statements.push(token("t-2", FABRIKAM, "rhp_AbCd9999"));
    run(&app, statements).await;
    app
}

db_test! {
    async fn support_finds_people_wherever_they_are(db: TestDb) {
        let app = filled(db.db.clone()).await;
        let support = found(&app, None, "ana ruiz").await;
        let details: Vec<&str> = support.groups[0].hits.iter().map(|hit| hit.detail.as_str()).collect();
        assert_eq!(support.groups[0].label, "Users");
        assert_eq!(details.len(), 2);
        assert!(details.iter().any(|detail| detail.ends_with("org-fabrikam, inactive")), "{details:?}");
        let hrefs: Vec<&str> = support.groups[0].hits.iter().map(|hit| hit.href.as_str()).collect();
        assert!(hrefs.contains(&"/organizations/org-fabrikam/users/u-elsewhere"), "{hrefs:?}");
        for (text, expected) in [
            ("tom.okafor@", "Users: Tom Okafor"),
            ("object-1", "Users: Ana Ruiz"),
            ("u-elsewhere", "Users: Ana Ruiz"),
            ("GONE@", "Users: Gone@contoso.com"),
            ("u-gone", "Users: Gone@contoso.com"),
            ("org-fab", "Organizations: org-fabrikam"),
            ("organ", "Pages: Organizations"),
            ("rhp_AbCd9", "Tokens: rhp_AbCd9999"),
        ] {
            assert_eq!(hits(&app, None, text).await, [expected], "{text}");
        }
        assert_eq!(hits(&app, None, "rhp_AbCd").await.len(), 2);
    }

    async fn others_find_their_own(db: TestDb) {
        let app = filled(db.db.clone()).await;
        for (text, expected) in [
            ("ana", vec!["Users: Ana Ruiz"]),
            ("okaf", vec!["Users: Tom Okafor"]),
            ("u-elsewhere", vec![]),
            ("org-fab", vec![]),
            ("rhp_AbCd", vec!["Tokens: rhp_AbCd1234"]),
            ("log", vec!["Pages: Logs"]),
            ("%", vec![]),
            ("' OR 1=1 --", vec![]),
        ] {
            assert_eq!(hits(&app, Some(CONTOSO), text).await, expected, "{text}");
        }
        let wrong = allowed(Permission::ReadUsers, CONTOSO);
        let refused = search::find(&app, &wrong, "ana", None).await;
        assert!(matches!(refused, Err(ServiceError::Forbidden)));
    }

    async fn request_ids_are_found_by_their_beginning(db: TestDb) {
        let app = filled(db.db.clone()).await;
        let id = rhombus_provisioning::server::ids::new_request_id(NOW);
        let mut entry = entry("update", 0);
        entry.id = id.clone();
        run(&app, vec![entry.insert()]).await;
        let hit = format!("Log entries: {id}");
        for text in [id.clone(), id.to_lowercase(), id[..20].to_owned()] {
            assert_eq!(hits(&app, None, &text).await, [hit.as_str()], "{text}");
            assert_eq!(hits(&app, Some(CONTOSO), &text).await, [hit.as_str()], "{text}");
            assert!(hits(&app, Some(FABRIKAM), &text).await.is_empty(), "{text}");
        }
        assert!(hits(&app, None, "req_").await.is_empty());
    }
}
