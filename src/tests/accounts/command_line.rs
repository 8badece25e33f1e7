//! The real program, beside a database of its own.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Command, Output, Stdio};

use rhombus_provisioning::server::error::StoreError;
use rhombus_provisioning::server::store::Db;
use rhombus_provisioning::server::store::audit;
use rhombus_provisioning::server::store::migrate::{self, Version};
use rhombus_provisioning::server::store::sql::{Sql, sql};
use serde_json::Value;

use crate::db_test;

/// The program on a database, with no settings of this computer.
fn program(url: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rhombus-provisioning"));
    command
        .env_clear()
        .env("DATABASE_URL", url)
        .env("PUBLIC_URL", "https://provisioning.test")
        .env("DATA_DIR", std::env::temp_dir())
        .env("SECRET_KEY", "0".repeat(64))
        .stdin(Stdio::null());
    command
}

fn run(url: &str, arguments: &[&str]) -> Output {
    program(url).args(arguments).output().unwrap()
}

/// What a command prints that is to succeed.
#[track_caller]
fn done(url: &str, arguments: &[&str]) -> String {
    let output = run(url, arguments);
    let stderr = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {stderr}");
    String::from_utf8(output.stdout).unwrap()
}

/// The exit code and the one line of a command that is to fail.
#[track_caller]
fn fails(mut command: Command) -> (i32, String) {
    let output = command.output().unwrap();
    let stderr = String::from_utf8(output.stderr).unwrap();
    assert_eq!(stderr.lines().count(), 1, "{stderr}");
    assert!(output.stdout.is_empty());
    (output.status.code().unwrap(), stderr.trim_end().to_owned())
}

#[track_caller]
fn json(url: &str, arguments: &[&str]) -> Value {
    serde_json::from_str(&done(url, &[arguments, &["--json"]].concat())).unwrap()
}

db_test! {
    async fn the_commands_of_a_first_day(db: TestDb) {
        let url = db.url.clone();
        let tenant_url = done(&url, &["organization", "create", "contoso", "--name", "Contoso Ltd"]);
        assert_eq!(tenant_url, "https://provisioning.test/scim/contoso/v2\n");
        let made = json(&url, &["organization", "create", "fabrikam", "--name", "Fabrikam", "--off", "--unknown-role", "accept"]);
        assert_eq!((&made["state"], &made["unknown_role"]), (&"off".into(), &"accept".into()));
        let listed = json(&url, &["organization", "list"]);
        assert_eq!(listed[0]["slug"], "contoso");
        assert_eq!(listed[1]["state"], "off");
        assert!(done(&url, &["organization", "list"]).contains("Contoso Ltd"));
        done(&url, &["organization", "enable", "fabrikam"]);
        done(&url, &["organization", "pause", "fabrikam"]);
        assert_eq!(json(&url, &["organization", "resume", "fabrikam"])["state"], "on");
        done(&url, &["organization", "disable", "fabrikam"]);
        let set = json(&url, &["organization", "set", "contoso", "--missing-role", "reject"]);
        assert_eq!((&set["missing_role"], &set["name"]), (&"reject".into(), &"Contoso Ltd".into()));
        assert!(set["removal_limit"].is_null());
        let guarded = json(&url, &["organization", "set", "contoso", "--removal-limit", "20"]);
        assert_eq!(guarded["removal_limit"], 20);
        let off = done(&url, &["organization", "set", "contoso", "--removal-limit", "off"]);
        assert!(off.ends_with("guard off\n"), "{off}");

        let secret = done(&url, &["token", "create", "contoso", "--name", "Entra", "--expires-in", "30d"]);
        assert!(secret.starts_with("rhp_") && secret.len() == 54 && secret.ends_with('\n'));
        let tokens = json(&url, &["token", "list", "contoso"]);
        assert_eq!((&tokens[0]["state"], &tokens[0]["prefix"]), (&"expiring".into(), &secret[..12].into()));
        done(&url, &["token", "revoke", "contoso", &secret[..12]]);
        assert_eq!(json(&url, &["token", "list", "contoso"])[0]["state"], "revoked");

        let link = done(&url, &["account", "create", "dana@contoso.com", "--role", "admin", "--organization", "contoso"]);
        assert!(link.starts_with("https://provisioning.test/invitation/"));
        let mut child = program(&url)
            .args(["account", "create", "sam@rhombus.example", "--role", "support"])
            .stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(b"seven quiet herons\n").unwrap();
        assert!(child.wait_with_output().unwrap().status.success());
        let accounts = json(&url, &["account", "list"]);
        assert_eq!((&accounts[0]["state"], &accounts[1]["state"]), (&"invited".into(), &"active".into()));
        let link = json(&url, &["account", "reset", "sam@rhombus.example"])["link"].clone();
        assert!(link.as_str().unwrap().starts_with("https://provisioning.test/reset/"));

        let mut connection = db.db.read().await.unwrap();
        let entries: Vec<audit::Entry> = connection.fetch_all(sql("SELECT * FROM audit_log")).await.unwrap();
        assert_eq!(entries.len(), 14);
        assert!(entries.iter().all(|entry| entry.actor_kind == "command_line"));
    }

    async fn refusals_are_one_line_that_says_why(db: TestDb) {
        let url = &db.url;
        done(url, &["organization", "create", "contoso", "--name", "Contoso"]);
        done(url, &["organization", "set", "contoso", "--removal-limit", "20"]);
        let cases: [(&[&str], i32, &str); 15] = [
            (&["organization", "create", "contoso", "--name", "x"], 1, "already"),
            (&["organization", "create", "Con toso", "--name", "x"], 2, "a-z"),
            (&["organization", "create", "other"], 2, "--name"),
            (&["organization", "set", "contoso", "--missing-names", "maybe"], 2, "reject or accept"),
            (&["organization", "set", "contoso", "--removal-limit", "all"], 2, "a number of users, or off"),
            (&["organization", "set", "contoso", "--removal-limit", "0"], 2, "from 1 to 1,000,000"),
            (&["organization", "set", "contoso", "--removal-limit", "0", "--name", "Other"], 2, "from 1 to 1,000,000"),
            (&["organization", "set", "contoso", "--removal-limit", "off", "--name", ""], 2, "name: Enter a name."),
            (&["token", "create", "nobody", "--name", "x"], 1, "no organization with the slug \"nobody\""),
            (&["token", "create", "contoso", "--name", "x", "--expires-in", "3y"], 2, "90d"),
            (&["token", "create", "contoso", "--name", "x", "--expires-in", "0s"], 2, "at most 730 days"),
            (&["token", "create", "contoso", "--name", "x", "--expires-in", "17521h"], 2, "at most 730 days"),
            (&["token", "revoke", "contoso", "rhp_none"], 1, "token not found"),
            (&["account", "create", "a@b.example", "--role", "admin"], 2, "--organization"),
            (&["frobnicate"], 2, "frobnicate"),
        ];
        for (arguments, code, text) in cases {
            let mut command = program(url);
            command.args(arguments);
            let (exit, said) = fails(command);
            assert!(exit == code && said.contains(text), "{arguments:?}: {exit} {said}");
        }
        let set = json(url, &["organization", "set", "contoso"]);
        assert_eq!((&set["name"], &set["removal_limit"]), (&"Contoso".into(), &20.into()), "nothing by halves");
    }

    async fn a_database_of_another_version_is_refused_and_left_as_it_is(db: TestDb) {
        let url = &db.url;
        let path = url::Url::parse(url).unwrap().path().to_owned();
        let alter = async |statement: Sql| {
            let altered = db.db.write(move |tx| {
                Box::pin(async move {
                    tx.execute(statement).await?;
                    Ok::<_, StoreError>(())
                })
            });
            altered.await.unwrap();
        };
        let of_last = "version = (SELECT max(version) FROM _sqlx_migrations)";
        for (change, word) in [
            ("UPDATE _sqlx_migrations SET version = 9999 WHERE ", "by a later version"),
            ("DELETE FROM _sqlx_migrations WHERE ", "older than this program"),
        ] {
            alter(sql(format!("{change}{of_last}").leak())).await;
            let mut command = program(url);
            command.args(["organization", "list"]);
            let (code, said) = fails(command);
            assert!(code == 1 && said.contains(word) && said.contains(&path), "{said}");
        }
        let version = migrate::version(&db.db).await.unwrap();
        assert!(matches!(version, Version::Older { applied, needed } if applied + 1 == needed), "{version:?}");
    }
}

#[test]
fn a_wrong_setting_stops_the_start_with_its_name() {
    for (name, value) in [
        ("LISTEN_ADDR", "everywhere"),
        ("PUBLIC_URL", "provisioning.test"),
        ("DATABASE_URL", "mysql://root:secret@db/x"),
        ("LOG_RETENTION_DAYS", "0"),
        ("TRUSTED_PROXIES", "nginx"),
        ("SMTP_URL", "smtp://me:secret@mail.example.com/inbox"),
        ("SMTP_CA_FILE", "/nowhere/ca.pem"),
        ("MAIL_FROM", "Rhombus"),
        ("SECRET_KEY", "secret"),
        ("LOG_FORMAT", "xml"),
        ("RUST_LOG", "info,=,"),
    ] {
        let mut command = program("sqlite:unused.db");
        // A file of certificates counts only where there is a server to trust.
        if name == "SMTP_CA_FILE" {
            command.env("SMTP_URL", "smtps://mail.example.com");
        }
        command.env(name, value).arg("serve");
        let (code, said) = fails(command);
        assert!(code == 2 && said.contains(name), "{said}");
        assert!(!said.contains("secret"), "{said}");
    }
}

#[test]
fn a_folder_that_cannot_be_is_named_with_its_setting() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "").unwrap();
    let below = file.join("data");
    let database = below.join("rhombus.db");
    for (name, value, place) in [
        ("DATA_DIR", below.display().to_string(), &below),
        (
            "DATABASE_URL",
            format!("sqlite:{}", database.display()),
            &database,
        ),
    ] {
        let mut command = program("sqlite:unused.db");
        command.env(name, value).arg("migrate");
        let (code, said) = fails(command);
        assert_eq!(code, 2, "{said}");
        let expected = format!("{name} is {place:?}: ");
        assert!(said.contains(&expected), "{said}");
        assert!(said.contains("folder cannot be created"), "{said}");
    }
}

#[test]
fn postgresql_needs_a_key_that_all_replicas_share() {
    let mut command = program("postgres://someone:secret@127.0.0.1:1/x");
    command
        .arg("serve")
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .env_remove("SECRET_KEY");
    let (code, said) = fails(command);
    assert!(
        code == 2 && said.contains("SECRET_KEY is not set"),
        "{said}"
    );
}

#[tokio::test]
async fn a_missing_or_empty_database_is_named_and_not_created() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("none.db");
    let url = format!("sqlite:{}", file.display());
    let mut command = program(&url);
    command.args(["organization", "list"]);
    let (code, said) = fails(command);
    assert!(
        code == 1 && said.contains(&*file.to_string_lossy()),
        "{said}"
    );
    assert!(!file.exists());

    Db::open(&url, true).await.unwrap().close().await;
    let mut command = program(&url);
    command.args(["organization", "list"]);
    let (_, said) = fails(command);
    assert!(
        said.contains("is empty") && said.contains(&*file.to_string_lossy()),
        "{said}"
    );
    for outcome in ["created", "up_to_date"] {
        let migrated = json(&url, &["migrate"]);
        let expected = serde_json::json!({"database": file.to_string_lossy(), "outcome": outcome});
        assert_eq!(migrated, expected);
    }
    assert_eq!(done(&url, &["migrate"]), "", "people are told on stderr");
    assert_eq!(done(&url, &["organization", "list", "--json"]), "[]\n");
}

#[test]
fn a_server_that_is_not_there_is_named() {
    // A port that was free a moment ago.
    let address = std::net::TcpListener::bind("127.0.0.1:0")
        .unwrap()
        .local_addr()
        .unwrap();
    let mut command = program(&format!("postgres://someone:secret@{address}/x"));
    command.args(["organization", "list"]);
    let (code, said) = fails(command);
    assert_eq!(code, 1);
    assert!(
        said.contains(&format!("could not connect to {address}")) && said.contains("refused"),
        "{said}"
    );
    assert!(!said.contains("secret"), "{said}");
}

#[test]
fn help_teaches() {
    let help = done("sqlite:unused.db", &["--help"]);
    for text in [
        "organization create",
        "DATABASE_URL",
        "PUBLIC_URL",
        "serve",
        "Examples",
    ] {
        assert!(help.contains(text), "{text} in {help}");
    }
}

#[test]
fn the_server_creates_its_database_prints_a_link_and_stops_when_asked() {
    let folder = tempfile::tempdir().unwrap();
    let data = folder.path().join("data");
    let mut server = Command::new(env!("CARGO_BIN_EXE_rhombus-provisioning"))
        .env_clear()
        .env("DATA_DIR", &data)
        .env("LISTEN_ADDR", "127.0.0.1:0")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(server.stdout.take().unwrap()).lines();
    let mut next = || lines.next().unwrap().unwrap();
    let public_url = next().rsplit_once(' ').unwrap().1.to_owned();
    assert!(public_url.starts_with("http://127.0.0.1:"));
    next();
    assert!(next().starts_with(&format!("{public_url}/first-start/")));

    let url = format!("sqlite:{}", data.join("rhombus.db").display());
    done(
        &url,
        &["organization", "create", "contoso", "--name", "Contoso"],
    );
    let address = public_url.trim_start_matches("http://");
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .write_all(b"GET /readyz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        .unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");

    let id = server.id().to_string();
    assert!(
        Command::new("kill")
            .args(["-TERM", &id])
            .status()
            .unwrap()
            .success()
    );
    assert!(server.wait().unwrap().success());
}
