//! The two folders of migrations make the same schema, and what has landed stays as it is.

use std::collections::BTreeMap;

use rhombus_provisioning::server::secret;
use rhombus_provisioning::server::store::Db;
use rhombus_provisioning::server::store::sql::{Record, Sql, sql};

use crate::support::db::TestDb;

async fn rows<T: Record>(db: &Db, statement: Sql) -> Vec<T> {
    db.read().await.unwrap().fetch_all(statement).await.unwrap()
}

/// "table.column" to "type null?".
type Columns = BTreeMap<String, String>;
/// Index name to "table unique? columns where".
type Indexes = BTreeMap<String, String>;

#[tokio::test]
async fn both_databases_have_one_schema() {
    let Some(postgres) = TestDb::postgres().await else {
        return;
    };
    let sqlite = TestDb::sqlite().await;
    assert_eq!(
        sqlite_columns(&sqlite.db).await,
        postgres_columns(&postgres.db).await
    );
    let (sqlite, postgres) = (
        sqlite_indexes(&sqlite.db).await,
        postgres_indexes(&postgres.db).await,
    );
    assert!(sqlite.len() > 20, "{sqlite:#?}");
    assert_eq!(sqlite, postgres);
}

async fn sqlite_columns(db: &Db) -> Columns {
    let found: Vec<(String, String, String, i64)> = rows(
        db,
        sql("SELECT t.name, c.name, c.type, c.\"notnull\" FROM sqlite_master t JOIN pragma_table_info(t.name) c \
             WHERE t.type = 'table' AND t.name NOT LIKE 'sqlite\\_%' ESCAPE '\\' AND t.name <> '_sqlx_migrations'"),
    )
    .await;
    found
        .into_iter()
        .map(|(table, column, kind, required)| {
            // SQLite has no booleans: the names of such columns say what they are.
            let is_flag = column.starts_with("is_") || column == "active";
            let kind = match kind.as_str() {
                "INTEGER" if is_flag => "boolean",
                "INTEGER" => "bigint",
                "TEXT" => "text",
                other => panic!("{table}.{column} is {other}"),
            };
            let null = if required == 1 { "NOT NULL" } else { "NULL" };
            (format!("{table}.{column}"), format!("{kind} {null}"))
        })
        .collect()
}

async fn postgres_columns(db: &Db) -> Columns {
    let found: Vec<(String, String, String, String, Option<String>)> = rows(
        db,
        sql("SELECT table_name::text, column_name::text, data_type::text, is_nullable::text, collation_name::text \
             FROM information_schema.columns WHERE table_schema = current_schema() AND table_name <> '_sqlx_migrations'"),
    )
    .await;
    found
        .into_iter()
        .map(|(table, column, kind, null, collation)| {
            assert!(
                kind != "text" || collation.as_deref() == Some("C"),
                "{table}.{column} sorts otherwise than on SQLite"
            );
            let null = if null == "NO" { "NOT NULL" } else { "NULL" };
            (format!("{table}.{column}"), format!("{kind} {null}"))
        })
        .collect()
}

/// Named indexes, and keys under "table key columns".
async fn sqlite_indexes(db: &Db) -> Indexes {
    let found: Vec<(String, String, i64, String, Option<String>)> = rows(
        db,
        sql(
            "SELECT t.name, i.name, i.\"unique\", i.origin, m.sql FROM sqlite_master t \
             JOIN pragma_index_list(t.name) i LEFT JOIN sqlite_master m ON m.name = i.name \
             WHERE t.type = 'table' AND t.name <> '_sqlx_migrations'",
        ),
    )
    .await;
    let mut indexes = Indexes::new();
    for (table, name, unique, origin, text) in found {
        let columns: Vec<(Option<String>,)> = rows(
            db,
            sql("SELECT name FROM pragma_index_info($1) ORDER BY seqno").bind(&name),
        )
        .await;
        let columns: Vec<String> = columns.into_iter().filter_map(|(name,)| name).collect();
        let columns = columns.join(", ");
        let condition = text.unwrap_or_default();
        add(
            &mut indexes,
            &table,
            &name,
            origin != "c",
            unique == 1,
            &columns,
            &condition,
        );
    }
    indexes
}

async fn postgres_indexes(db: &Db) -> Indexes {
    let found: Vec<(String, String, bool, bool, String, String)> = rows(
        db,
        sql("SELECT t.relname::text, i.relname::text, x.indisunique, c.oid IS NOT NULL, \
             (SELECT string_agg(a.attname::text, ', ' ORDER BY k.place) \
              FROM unnest(x.indkey::int2[]) WITH ORDINALITY k (number, place) \
              JOIN pg_attribute a ON a.attrelid = t.oid AND a.attnum = k.number), \
             pg_get_indexdef(i.oid) \
             FROM pg_index x JOIN pg_class i ON i.oid = x.indexrelid JOIN pg_class t ON t.oid = x.indrelid \
             JOIN pg_namespace n ON n.oid = t.relnamespace LEFT JOIN pg_constraint c ON c.conindid = i.oid \
             AND c.contype IN ('p', 'u') \
             WHERE n.nspname = current_schema() AND t.relname <> '_sqlx_migrations'"),
    )
    .await;
    let mut indexes = Indexes::new();
    for (table, name, unique, is_key, columns, text) in found {
        add(&mut indexes, &table, &name, is_key, unique, &columns, &text);
    }
    indexes
}

fn add(
    indexes: &mut Indexes,
    table: &str,
    name: &str,
    is_key: bool,
    unique: bool,
    columns: &str,
    text: &str,
) {
    // Written and quoted by each database in its own way: whether there is a condition, and on which words.
    let condition =
        text.to_lowercase()
            .split_once(" where ")
            .map_or_else(String::new, |(_, condition)| {
                let plain = condition.replace("::text", "");
                let mut words: Vec<&str> = plain
                    .split(|letter: char| !letter.is_alphanumeric() && letter != '_')
                    .filter(|word| !word.is_empty())
                    .collect();
                words.sort_unstable();
                words.join(" ")
            });
    let unique = if unique { "unique" } else { "plain" };
    let name = if is_key {
        format!("{table} key ({columns})")
    } else {
        name.to_owned()
    };
    indexes.insert(name, format!("{table} {unique} ({columns}) {condition}"));
}

/// A landed migration never changes: databases have run it. Add a line for a new one.
#[test]
fn landed_migrations_stay_as_they_are() {
    const LANDED: &[(&str, &str)] = &[
        (
            "postgres/0001_initial.sql",
            "9af11caf644bccec9a0964afd662605d1740c07eee0bf74f9480d038ccfffea4",
        ),
        (
            "postgres/0003_audit_filters.sql",
            "fe35eb96d5cdfe9defedad4d9d7d8cb6fee4542bb3b8d6aa11be9852c93061b1",
        ),
        (
            "sqlite/0001_initial.sql",
            "04173dbf757e71df84c3d449f08e7c77311468d69ed24858da9406e5da81e820",
        ),
        (
            "postgres/0002_user_blocks.sql",
            "283edf57f2578f6f9e7253320bd3d2573eac48bf16d35b953f1b1f6436126051",
        ),
        (
            "sqlite/0002_user_blocks.sql",
            "a4a7e175d740f3efca38648371699e55bf90bebf39b0e196066a8fe5256dda4e",
        ),
        (
            "postgres/0004_account_time_zone.sql",
            "b9e0444c868a28986cdeda72207bff9ab4bfeb51c84b28d2498a6c23ac2b131e",
        ),
        (
            "sqlite/0004_account_time_zone.sql",
            "d65fcd1755f29badc6078e9b1f59087aa1173472e0a234673d3a3c9b22513be6",
        ),
        (
            "sqlite/0003_audit_filters.sql",
            "fe35eb96d5cdfe9defedad4d9d7d8cb6fee4542bb3b8d6aa11be9852c93061b1",
        ),
        (
            "postgres/0005_issues.sql",
            "e6ad2adfaa1eaf49ea55960382be2787cc7c2655d996b5a9fc928b1dfe233ee3",
        ),
        (
            "sqlite/0005_issues.sql",
            "7d8345b69d93e2fc1aa7e76b14c4b6c08161520f7d700bdebff03e66434fe91b",
        ),
        (
            "postgres/0009_support_bundles.sql",
            "9fd5d0dd88d8c4dcadadcfb5aa4bdbb4415f46d31d3906b84a0e06b33693350f",
        ),
        (
            "sqlite/0009_support_bundles.sql",
            "b34e109451e09daf3d92e29f884ebc72c682989b9654596ff8cf1dac9a3b7ec7",
        ),
        (
            "postgres/0010_guard.sql",
            "73afd87980dd9e9f444b995d2070cb93f10627df91337e1fda096c040497f511",
        ),
        (
            "sqlite/0010_guard.sql",
            "3e0063bddb6668c337a832f29e9ac2004f22b83605fb7f3ad7bd729544913a80",
        ),
        (
            "postgres/0012_take_overs.sql",
            "98228fb68d578f6fe720c07adfb421ea168ceb8b9973c90b10b1180978b55505",
        ),
        (
            "sqlite/0012_take_overs.sql",
            "4271aee3eb493a9d86515f94c391d7896023d09142c69bde3a7819e68771b475",
        ),
        (
            "postgres/0013_unnamed_mails.sql",
            "fa06c58478bbb146bda3e06dbca0cb7ca8d6ea8ca433ebde5afee5c2bfd311f2",
        ),
        (
            "sqlite/0013_unnamed_mails.sql",
            "5ceb1b62e94eace3bb5e830378e4dc9fac3580ccf704100a88977847c1cec9dc",
        ),
        (
            "postgres/0011_notifications.sql",
            "094c76afc00d85b5ec90732baf8018eed5505a335e898d75a4b46b8eae1869eb",
        ),
        (
            "sqlite/0011_notifications.sql",
            "b52d65f2363664dff9dd25d62e08ff4294924da8e6affdf17cd3f8256fd1e571",
        ),
        (
            "postgres/0006_cycles.sql",
            "5ea05036e339b6de347bd1c620627e1e600982a3fafee2c417b1448288d8c052",
        ),
        (
            "sqlite/0006_cycles.sql",
            "d7ceb5220c621bba24532b6b06089b301b130e549c5850d35667fc9db4f50db6",
        ),
        (
            "postgres/0015_guard_count.sql",
            "171276729b12a9f1889a3401792b8dd6018f9d9b79ff9af4f3c55a8b8d24ad15",
        ),
        (
            "postgres/0016_guard_cycle.sql",
            "0696c2f141a226001fce72d9bd615fd9f8e3bd185fe14b6aefc3e6dbeeceaa0d",
        ),
        (
            "sqlite/0015_guard_count.sql",
            "1e0671db4c92fbe3bfa847cb5c6cf8692a3cb6ee2f8cff65a884be64aef9f6cd",
        ),
        (
            "sqlite/0016_guard_cycle.sql",
            "d82ed13d28b65362300faec3f32d38eb76a7df27e14e44bffe99fb775981b41f",
        ),
        (
            "postgres/0017_user_counts.sql",
            "2c02bc9d399d51177a8bf4e177e05db8beb0f2ae44f8821f641cc3b8319cfe8d",
        ),
        (
            "sqlite/0017_user_counts.sql",
            "d57dbfff5497aa127cc4949cf19a75872c26267388b018465cea92263a071b02",
        ),
        (
            "postgres/0018_page_indexes.sql",
            "077e1c6e31070b6bf4edd82aab803d7a8d37a7e0450658d8b0f5c542c92dccef",
        ),
        (
            "postgres/0019_guard_allowances.sql",
            "f9668a5340217f7e9ced61c56008eeee85ed81b6f8bc5e2566cebd3ba8c793cc",
        ),
        (
            "sqlite/0018_page_indexes.sql",
            "077e1c6e31070b6bf4edd82aab803d7a8d37a7e0450658d8b0f5c542c92dccef",
        ),
        (
            "sqlite/0019_guard_allowances.sql",
            "f9668a5340217f7e9ced61c56008eeee85ed81b6f8bc5e2566cebd3ba8c793cc",
        ),
        (
            "postgres/0020_list_indexes.sql",
            "e5d45a0acd7752c8e00e39e79170f3db8ed19ffd89e43cfbcf32d9e61ca6ce04",
        ),
        (
            "postgres/0021_kept_blocks.sql",
            "4c4bd83cc4737fea14e958c943a4b64a232bae3329162e801a6871ff981460da",
        ),
        (
            "postgres/0022_sign_in_attempts.sql",
            "49cb46046534ac46033b1b0457e4907dd149692ba15bd60163a4bff189977fc2",
        ),
        (
            "postgres/0023_whole_payloads.sql",
            "21c3d3555df9fb0e755f132d81c9e4b13363e73dfcfe4dee20ab53427f914621",
        ),
        (
            "postgres/0025_exact_references.sql",
            "5b85a051c43f210bdb3d2bbbe992890003ab2c89cf934acc55719760df16e4fa",
        ),
        (
            "postgres/0026_role_settlements.sql",
            "dd80b9dcc2a13d9427201cfb73d483909b7baa4a4306d282ac642cb63a138f3b",
        ),
        (
            "postgres/0027_schema_markers.sql",
            "84150c2bdedbacecf8f5b97161aba4d37dcc6904ebd8b9fd1666aedc5fe0b7f8",
        ),
        (
            "sqlite/0020_list_indexes.sql",
            "e5d45a0acd7752c8e00e39e79170f3db8ed19ffd89e43cfbcf32d9e61ca6ce04",
        ),
        (
            "sqlite/0021_kept_blocks.sql",
            "b1598d536b4028aa9d5cbf29662b64f80732929ccc99bbea04724e66e53b36f5",
        ),
        (
            "sqlite/0022_sign_in_attempts.sql",
            "49cb46046534ac46033b1b0457e4907dd149692ba15bd60163a4bff189977fc2",
        ),
        (
            "sqlite/0023_whole_payloads.sql",
            "d14e251187249bdaf5dae77512a0080cc8477bfa8b226022ffae23025d40c469",
        ),
        (
            "sqlite/0025_exact_references.sql",
            "f78ec394ddee89d74c6b9e92765007671fbca540a77804886d4e4ce5492b73d0",
        ),
        (
            "sqlite/0026_role_settlements.sql",
            "1080df07de623e7f536a360a6d94a241b05a4c4602091bfe64cf470fe01d3e69",
        ),
        (
            "sqlite/0027_schema_markers.sql",
            "84150c2bdedbacecf8f5b97161aba4d37dcc6904ebd8b9fd1666aedc5fe0b7f8",
        ),
    ];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("migrations");
    let mut names: [Vec<String>; 2] = Default::default();
    for (folder, names) in ["sqlite", "postgres"].into_iter().zip(&mut names) {
        for entry in std::fs::read_dir(root.join(folder)).unwrap() {
            let entry = entry.unwrap();
            let name = entry.file_name().into_string().unwrap();
            let text = std::fs::read_to_string(entry.path()).unwrap();
            let path = format!("{folder}/{name}");
            let sum = LANDED.iter().find(|(landed, _)| *landed == path);
            let (_, sum) = sum.unwrap_or_else(|| panic!("{path} has no line"));
            assert_eq!(
                secret::hash(&text),
                *sum,
                "{path} has landed and must not change"
            );
            names.push(name);
        }
        names.sort();
    }
    assert_eq!(names[0], names[1], "both folders have the same files");
    for (path, _) in LANDED {
        assert!(
            root.join(path).exists(),
            "{path} has landed and must not go"
        );
    }
}
