//! The dependency rule: who may use whom. It reads the sources, so a forbidden import fails the tests and not a review.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use paths::paths;

mod paths;

/// What each layer may use besides itself. A module belongs to the longest entry that begins its path. A layer that is
/// listed as `store::sessions` may use that much of it and no more.
const RULE: &[(&str, &[&str])] = &[
    // Both targets, but for `app` and `pages`, which the server alone renders.
    ("app", &["pages", "islands", "components", "api", "model"]),
    ("pages", &["islands", "components", "api", "model"]),
    ("islands", &["components", "api", "model"]),
    ("components", &["model"]),
    (
        "api",
        &["model", "server::auth", "server::services", LEAVES],
    ),
    ("model", &[]),
    // The server, from the outside in.
    (
        "server::cli",
        &[
            "model",
            "server::http",
            "server::jobs",
            "server::telemetry",
            "server::auth",
            "server::services",
            "server::scim",
            "server::store",
            LEAVES,
        ],
    ),
    // `app` and `api`: the router serves the pages.
    (
        "server::http",
        &[
            "app",
            "api",
            "model",
            "server::auth",
            "server::services",
            "server::scim",
            LEAVES,
        ],
    ),
    (
        "server::jobs",
        &[
            "model",
            "server::auth",
            "server::services",
            "server::scim",
            LEAVES,
        ],
    ),
    ("server::telemetry", &[LEAVES]),
    // A refused bearer token is answered as SCIM.
    (
        "server::auth",
        &[
            "model",
            "server::services",
            "server::scim",
            "server::store::sessions",
            LEAVES,
        ],
    ),
    (
        "server::services",
        &[
            "model",
            "server::store",
            "server::scim",
            "server::mail",
            LEAVES,
        ],
    ),
    ("server::mail", &["model", LEAVES]),
    ("server::store", &["model", "server::scim", LEAVES]),
    ("server::scim", &[]),
    ("server::api_error", &["model", LEAVES]),
    ("server::clock", &[LEAVES]),
    ("server::ids", &[LEAVES]),
    ("server::metrics", &[]),
    ("server::secret", &[LEAVES]),
    ("server::secret_key", &[LEAVES]),
    ("server::error", &["model", LEAVES]),
    ("server::actor", &["model", LEAVES]),
    ("server::settings", &["model", LEAVES]),
    ("server::zone", &[]),
];

/// Stands in the rule for what every layer of the server may use.
const LEAVES: &str = "(leaves)";
const LEAF_MODULES: &[&str] = &[
    "server::App",
    "server::actor",
    "server::api_error",
    "server::clock",
    "server::error",
    "server::ids",
    "server::metrics",
    "server::secret",
    "server::secret_key",
    "server::settings",
    "server::zone",
];

/// Layers whose modules may not use each other: a page is a page.
const APART: &[&str] = &["pages"];

/// Single uses beyond the rule: (module, what it uses, why).
const EXCEPTIONS: &[(&str, &str, &str)] = &[
    (
        "components::command_search",
        "api::search::search",
        "an island lives alone in the browser: no page there could ask the server for it",
    ),
    (
        "server::auth::session",
        "server::store::Db",
        "the session store opens its own transactions on its own table",
    ),
    (
        "server::http::dashboard",
        "components::problem::AnswerStatus",
        "a page tells the response its status through this context",
    ),
    (
        "server::http::forms",
        "components::form::PageAddress",
        "a refused form tells the page where it stands through this context",
    ),
    (
        "server::http::forms",
        "components::problem::AnswerStatus",
        "a refused form's status counts more than what the page says beside it",
    ),
    (
        "server::http::health",
        "server::store::migrate",
        "readiness is whether the database answers and is migrated",
    ),
    (
        "server::jobs::retention",
        "server::store::retention",
        "deleting what is old is no use case of anybody",
    ),
    (
        "server::jobs::retention",
        "server::store::leases",
        "one replica at a time deletes it",
    ),
    (
        "server::settings",
        "server::store::dialect",
        "which DATABASE_URL names which database is known there alone",
    ),
];

/// Files that may be longer than `LONGEST` lines, and why.
const LONG_FILES: &[(&str, &str)] = &[];
const LONGEST: usize = 500;

/// Folder names that say nothing about what is inside.
const EMPTY_NAMES: &[&str] = &["common", "helpers", "misc", "shared", "util", "utils"];

#[test]
fn nobody_imports_what_the_dependency_rule_forbids() {
    let mut broken = Vec::new();
    for file in rust_files(&source()) {
        let Some(module) = module_of(&file) else {
            continue;
        };
        let text = fs::read_to_string(&file).unwrap();
        for fault in faults(&module, &text) {
            broken.push(format!(
                "src/{}:{fault}",
                file.strip_prefix(source()).unwrap().display()
            ));
        }
    }
    assert!(
        broken.is_empty(),
        "forbidden by the rule at the top of src/tests/architecture.rs:\n{}",
        broken.join("\n")
    );
}

#[test]
fn a_forbidden_import_is_found_however_it_is_written() {
    let forbidden = [
        (
            "server::store::users",
            "use crate::server::services::users;",
        ),
        (
            "server::store::users",
            "use crate::{model::user::User, server::{clock::Clock, services}};",
        ),
        (
            "server::store::users",
            "fn f() { crate::server::http::router::build(); }",
        ),
        ("server::store::users", "use super::super::auth;"),
        (
            "server::store::users",
            "mod tests { use super::super::super::http; }",
        ),
        (
            "server::store",
            "macro_rules! m { () => { $crate::server::auth::x() } }",
        ),
        ("server::scim::patch", "use crate::server::store::sql::sql;"),
        (
            "server::auth::guards",
            "use crate::server::store::users::find;",
        ),
        ("server::http::sign_in", "use crate::server::store::users;"),
        ("model::user", "use crate::server::App;"),
        (
            "components::table",
            "view! { <p>{crate::api::users::list()}</p> }",
        ),
        ("pages::users", "use crate::pages::logs::Row;"),
        ("pages::users", "use super::logs::Row;"),
        ("pages::users", "use crate::server::services;"),
    ];
    for (module, text) in forbidden {
        assert_eq!(faults(module, text).len(), 1, "in {module}: {text}");
    }
}

#[test]
fn what_is_allowed_or_no_code_at_all_is_left_alone() {
    let allowed = [
        (
            "server::store::users",
            "use crate::server::{App, clock::Clock}; use super::sql::sql; use super::*;",
        ),
        (
            "server::store::users",
            "mod tests { use super::*; use super::super::db; }",
        ),
        (
            "server::auth::session",
            "use crate::server::store::sessions::find;",
        ),
        (
            "pages::users",
            "use self::row::Row; use crate::pages::users::row; use crate::components::table::Table;",
        ),
        (
            "pages",
            "pub mod users; use self::users::UsersPage; use super::components;",
        ),
        (
            "model::user",
            "// use crate::server::App;\n/* crate::server /* crate::api */ */ fn f() {}",
        ),
        (
            "model::user",
            r##"const A: &str = "use crate::server::App;"; const B: &str = r#"crate::"api"::x"#;"##,
        ),
        (
            "model::user",
            "fn f<'a>(c: char) -> bool { c == '\"' || c == '\\'' } // \" crate::api",
        ),
        (
            "model::user",
            "use serde::Serialize; use other::crate_name; fn f() { super_crate::server(); }",
        ),
    ];
    for (module, text) in allowed {
        assert_eq!(
            faults(module, text),
            Vec::<String>::new(),
            "in {module}: {text}"
        );
    }
}

#[test]
fn every_layer_stands_in_the_rule_once_and_every_exception_is_needed() {
    let files: Vec<(String, String)> = rust_files(&source())
        .into_iter()
        .filter_map(|file| Some((module_of(&file)?, fs::read_to_string(&file).unwrap())))
        .collect();
    let mut layers = BTreeSet::new();
    for (layer, _) in RULE {
        assert!(layers.insert(layer), "{layer} stands in the rule twice");
        let exists = files.iter().any(|(module, _)| begins(module, layer));
        assert!(exists, "{layer} is no module any more");
    }
    for (module, used, _) in EXCEPTIONS {
        let is_needed = files
            .iter()
            .filter(|(name, _)| begins(name, module))
            .flat_map(|(name, text)| paths(name, text))
            .any(|(_, path)| begins(&path, used));
        assert!(is_needed, "{module} does not use {used} any more");
    }
}

#[test]
fn files_stay_short_enough_to_read() {
    let long: Vec<_> = rust_files(&source())
        .into_iter()
        .filter_map(|file| {
            let name = file.strip_prefix(source()).unwrap().display().to_string();
            let lines = fs::read_to_string(&file).unwrap().lines().count();
            let excused = LONG_FILES.iter().any(|(listed, _)| *listed == name);
            (lines > LONGEST && !excused).then(|| format!("src/{name}: {lines} lines"))
        })
        .collect();
    assert!(
        long.is_empty(),
        "longer than {LONGEST} lines; split them, or list them with a reason:\n{}",
        long.join("\n")
    );
}

#[test]
fn folders_and_files_are_named_for_what_they_hold() {
    for file in rust_files(&source()) {
        for part in file.with_extension("").strip_prefix(source()).unwrap() {
            assert!(
                !EMPTY_NAMES.contains(&part.to_str().unwrap()),
                "{} says nothing by its name",
                file.display()
            );
        }
    }
}

fn source() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("src")
}

fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|ending| ending == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// `src/server/store/db.rs` is `server::store::db`. None for what holds the layers together (`lib.rs`, `main.rs`,
/// `server/mod.rs`) and for these tests: they may use everything.
fn module_of(file: &Path) -> Option<String> {
    let path = file.strip_prefix(source()).unwrap().with_extension("");
    let mut parts: Vec<_> = path.iter().map(|part| part.to_str().unwrap()).collect();
    if parts.last() == Some(&"mod") {
        parts.pop();
    }
    let module = parts.join("::");
    (!matches!(module.as_str(), "lib" | "main" | "server") && parts[0] != "tests").then_some(module)
}

/// What a module's text uses against the rule, each as "line: text".
fn faults(module: &str, text: &str) -> Vec<String> {
    let Some((layer, allowed)) = RULE
        .iter()
        .filter(|(layer, _)| begins(module, layer))
        .max_by_key(|(layer, _)| layer.len())
    else {
        return vec![format!(
            "1: the module {module} belongs to no layer of the rule"
        )];
    };
    let apart = APART.contains(layer) && module != *layer;
    paths(module, text)
        .into_iter()
        .filter(|(_, path)| {
            let own = if apart {
                begins(path, &child(module, layer))
            } else {
                begins(path, layer)
            };
            // The parent itself, or all of it by a star, brings nothing that would be a layer.
            let parent = begins(layer, path);
            let listed = allowed.iter().any(|entry| match *entry {
                LEAVES => LEAF_MODULES.iter().any(|leaf| begins(path, leaf)),
                entry => begins(path, entry),
            });
            let excused = EXCEPTIONS
                .iter()
                .any(|(who, what, _)| begins(module, who) && begins(path, what));
            !(own || parent || listed || excused)
        })
        .map(|(line, path)| format!("{line}: {module} ({layer}) uses {path}"))
        .collect()
}

/// Whether a path is the prefix or lies below it.
fn begins(path: &str, prefix: &str) -> bool {
    path.strip_prefix(prefix)
        .is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// The child of a layer that a module lies in: `pages::users` for `pages::users::row`.
fn child(module: &str, layer: &str) -> String {
    module
        .split("::")
        .take(layer.split("::").count() + 1)
        .collect::<Vec<_>>()
        .join("::")
}
