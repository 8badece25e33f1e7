//! Issues that need other settings or other tokens. The program's own command line makes them, as an Admin would, and
//! puts everything back.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use hyper::Method;
use serde_json::{Value, json};

use super::{Person, filter};
use crate::client::{Connection, Target};

/// The command line, for one organization. It finds the database as the running program does: by the environment.
struct CommandLine<'a> {
    program: &'a Path,
    slug: &'a str,
}

impl CommandLine<'_> {
    fn run(&self, arguments: &[&str]) -> Result<String> {
        let output = Command::new(self.program)
            .args(arguments)
            .output()
            .with_context(|| format!("cannot start {}", self.program.display()))?;
        if !output.status.success() {
            let error = String::from_utf8_lossy(&output.stderr);
            bail!("{}: {}", arguments.join(" "), error.trim());
        }
        Ok(String::from_utf8(output.stdout)?)
    }

    fn json(&self, arguments: &[&str]) -> Result<Value> {
        Ok(serde_json::from_str(&self.run(arguments)?)?)
    }

    fn set(&self, policy: &str, value: &str) -> Result<()> {
        self.run(&["organization", "set", self.slug, policy, value])
            .map(drop)
    }
}

/// Makes them, and puts back what was changed whether or not that went well.
pub(super) async fn run(program: &Path, slug: &str, target: &Target) -> Result<()> {
    let line = CommandLine { program, slug };
    let before = line.json(&["organization", "set", slug, "--json"])?;
    let state = before["state"].as_str().unwrap_or_default().to_owned();
    if state != "on" {
        bail!("provisioning of {slug} has to be on: it is {state}");
    }
    let made = with_policies(&line, target).await;
    for (policy, name) in [
        ("--missing-names", "missing_names"),
        ("--missing-role", "missing_role"),
        ("--unknown-role", "unknown_role"),
    ] {
        let value = before[name]
            .as_str()
            .with_context(|| format!("no policy {name}"))?;
        line.set(policy, value)?;
    }
    made?;
    let held = with_guard(&line, target).await;
    let limit = before["removal_limit"].as_i64();
    let limit = limit.map_or_else(|| "off".to_owned(), |limit| limit.to_string());
    line.set("--removal-limit", &limit)?;
    held?;
    with_tokens(&line, target).await?;
    line.run(&["organization", "disable", slug])?;
    let refused = calls(target, 3).await;
    line.run(&["organization", "enable", slug])?;
    refused?;
    println!("issues of other settings and tokens; the settings are as they were");
    Ok(())
}

/// Users without names or role, and with an unknown one, each under the policy that accepts or refuses it.
async fn with_policies(line: &CommandLine<'_>, target: &Target) -> Result<()> {
    let mut entra = Connection::open(target).await?;
    for (number, policy, value) in [
        (900_010, "--missing-names", "accept"),
        (900_020, "--missing-role", "reject"),
        (900_030, "--unknown-role", "default"),
        (900_040, "--unknown-role", "accept"),
    ] {
        line.set(policy, value)?;
        for number in number..number + 2 {
            let mut body = Person::new(number).body();
            match policy {
                "--missing-names" => body["name"] = json!({}),
                "--missing-role" => body["roles"] = json!([]),
                _ => body["roles"][0]["value"] = json!(format!("Wizard, {value}")),
            }
            entra
                .exchange(Method::POST, "/Users", Some(body.to_string()))
                .await?;
        }
        // One policy at a time.
        let usual = if policy == "--missing-role" {
            "default"
        } else {
            "reject"
        };
        line.set(policy, usual)?;
    }
    Ok(())
}

/// Three users who lose access in one cycle, where one may.
async fn with_guard(line: &CommandLine<'_>, target: &Target) -> Result<()> {
    let mut entra = Connection::open(target).await?;
    line.set("--removal-limit", "1")?;
    for number in 900_050..900_053 {
        let body = Person::new(number).body().to_string();
        let (_, answer) = entra.exchange(Method::POST, "/Users", Some(body)).await?;
        let answer: Value = serde_json::from_slice(&answer)?;
        // Who is held since an earlier run cannot be created again.
        let Some(id) = answer["id"].as_str() else {
            continue;
        };
        entra
            .exchange(Method::DELETE, &format!("/Users/{id}"), None)
            .await?;
    }
    Ok(())
}

/// A revoked token, an expired one and, where there is another organization, one of that.
async fn with_tokens(line: &CommandLine<'_>, target: &Target) -> Result<()> {
    let revoked = token(line, line.slug)?;
    calls(
        &Target {
            token: revoked,
            ..target.clone()
        },
        2,
    )
    .await?;
    let brief = [
        "token",
        "create",
        line.slug,
        "--name",
        "Filling",
        "--expires-in",
        "1s",
    ];
    let expired = line.run(&brief)?;
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    calls(
        &Target {
            token: expired.trim().to_owned(),
            ..target.clone()
        },
        2,
    )
    .await?;
    let all = line.json(&["organization", "list", "--json"])?;
    let other = all
        .as_array()
        .into_iter()
        .flatten()
        .find_map(|organization| {
            organization["slug"]
                .as_str()
                .filter(|slug| *slug != line.slug)
        });
    match other {
        Some(other) => {
            let token = line.run(&["token", "create", other, "--name", "Filling"])?;
            let called = calls(
                &Target {
                    token: token.trim().to_owned(),
                    ..target.clone()
                },
                2,
            )
            .await;
            revoke(line, other, token.trim())?;
            called?;
        }
        None => println!("no other organization, so no token of one"),
    }
    Ok(())
}

/// A token that has been revoked.
fn token(line: &CommandLine<'_>, slug: &str) -> Result<String> {
    let token = line.run(&["token", "create", slug, "--name", "Filling"])?;
    revoke(line, slug, token.trim())?;
    Ok(token.trim().to_owned())
}

fn revoke(line: &CommandLine<'_>, slug: &str, token: &str) -> Result<()> {
    let prefix = token.get(..12).context("a token of another form")?;
    line.run(&["token", "revoke", slug, prefix]).map(drop)
}

async fn calls(target: &Target, times: usize) -> Result<()> {
    let mut caller = Connection::open(target).await?;
    for _ in 0..times {
        caller
            .exchange(Method::GET, &filter("ana.ruiz@contoso.com"), None)
            .await?;
    }
    Ok(())
}
