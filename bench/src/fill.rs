//! `cargo xtask fill`: what months of provisioning leave behind, in a minute. Everything arrives over SCIM as Entra
//! sends it, so that pages, logs and history are as real as they get; the same numbers on every run.

mod causes;
pub mod people;
mod settings;

use std::path::PathBuf;

use anyhow::{Context, Result, bail};
use hyper::Method;
use serde_json::{Value, json};

use self::people::{DEPARTMENTS, FAMILY_NAMES, Person, TITLES};
use crate::client::{Connection, Target};

#[derive(Debug, clap::Args)]
pub struct Options {
    /// Where the application serves
    #[arg(long, default_value = "http://127.0.0.1:3000")]
    url: String,
    /// The slug of an organization
    #[arg(long)]
    organization: String,
    /// A Secret Token of it
    #[arg(long)]
    token: String,
    /// How many users
    #[arg(long, default_value_t = 400)]
    users: usize,
    /// The application's own program, which finds the same database as the running one: then also the issues that need
    /// other settings or other tokens, all of which are put back
    #[arg(long)]
    program: Option<PathBuf>,
}

pub fn run(options: &Options) -> Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let Some(address) = options.url.trim_end_matches('/').strip_prefix("http://") else {
            bail!("the URL has to begin with http://");
        };
        let target = Target {
            address: address.to_owned(),
            base: format!("/scim/{}/v2", options.organization),
            token: options.token.clone(),
        };
        let mut filling = Filling {
            entra: Connection::open(&target).await?,
            authorization: format!("Bearer {}", target.token),
            target: target.clone(),
            dice: 1,
            answers: Vec::new(),
        };
        filling.connect().await?;
        filling.initial_cycle(options.users).await?;
        filling.changes(options.users).await?;
        filling.lifecycle(options.users).await?;
        filling.failures(options.users).await?;
        filling.causes().await?;
        filling.summarize();
        causes::refused_callers(&target).await?;

        if let Some(program) = &options.program {
            settings::run(program, &options.organization, &target).await?;
        } else {
            println!("without --program no issues that need other settings or tokens");
        }
        Ok(())
    })
}

/// What people become; the highest role is given once.
const ROLES: [&str; 2] = ["admin", "viewer"];

struct Filling {
    entra: Connection,
    target: Target,
    authorization: String,
    dice: u64,
    /// Statuses, in order.
    answers: Vec<u16>,
}

impl Filling {
    async fn send(
        &mut self,
        method: Method,
        path: &str,
        body: Option<Value>,
    ) -> Result<(u16, Value)> {
        let (status, answer) = self
            .entra
            .exchange(method, path, body.map(|body| body.to_string()))
            .await?;
        self.answers.push(status);
        Ok((status, serde_json::from_slice(&answer).unwrap_or_default()))
    }

    /// The next number of a fixed sequence, below a limit.
    fn roll(&mut self, below: usize) -> usize {
        self.dice = self
            .dice
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.dice >> 33) as usize % below.max(1)
    }

    /// What the button Test Connection does, and Entra's look at the schemas.
    async fn connect(&mut self) -> Result<()> {
        let (status, answer) = self
            .send(
                Method::GET,
                &filter("3f1d7f5e-6f2b-4f4e-9b61-0c8c2a1d9e77"),
                None,
            )
            .await?;
        if status != 200 {
            bail!("the connection does not work: {status} {answer}");
        }
        self.send(Method::GET, "/ServiceProviderConfig", None)
            .await?;
        self.send(Method::GET, "/Schemas", None).await?;
        Ok(())
    }

    async fn initial_cycle(&mut self, users: usize) -> Result<()> {
        for number in 0..users {
            let person = Person::new(number);
            if self.find(&person).await?.is_some() {
                continue;
            }
            let mut body = person.body();
            match number % 60 {
                // On demand: no role, so the default one and a warning.
                17 => {
                    body.as_object_mut().map(|body| body.remove("roles"));
                }
                // An attribute that nobody knows: stored without it, with a remark.
                31 => body["shoeSize"] = json!("43"),
                _ => {}
            }
            self.send(Method::POST, "/Users", Some(body)).await?;
        }
        println!("{users} users matched or created");
        Ok(())
    }

    /// Incremental cycles: titles, departments, roles, new names, and updates that change nothing.
    async fn changes(&mut self, users: usize) -> Result<()> {
        let count = users / 3;
        for _ in 0..count {
            let person = Person::new(self.roll(users));
            let Some(id) = self.find(&person).await? else {
                continue;
            };
            self.send(Method::GET, &format!("/Users/{id}"), None)
                .await?;
            let operations = match self.roll(6) {
                0 => {
                    json!([{ "op": "Add", "path": "title", "value": TITLES[self.roll(TITLES.len())] }])
                }
                1 => json!([{
                    "op": "Add",
                    "path": "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User:department",
                    "value": DEPARTMENTS[self.roll(DEPARTMENTS.len())],
                }]),
                2 => json!([{
                    "op": "Add",
                    "path": "roles[primary eq \"True\"].value",
                    "value": ROLES[self.roll(ROLES.len())],
                }]),
                3 => json!([
                    { "op": "Replace", "path": "name.familyName", "value": FAMILY_NAMES[self.roll(FAMILY_NAMES.len())] },
                    { "op": "Add", "path": "emails[type eq \"work\"].value", "value": person.user_name },
                ]),
                // As with the compliance flag: one operation without a path.
                4 => json!([{
                    "op": "replace",
                    "value": { "displayName": format!("{} {}", person.given_name, person.family_name), "locale": "en-GB" },
                }]),
                _ => json!([{ "op": "Replace", "path": "active", "value": "True" }]),
            };
            self.patch(&id, operations).await?;
        }
        println!("{count} users changed");
        Ok(())
    }

    /// People leave, come back, and are removed for good.
    async fn lifecycle(&mut self, users: usize) -> Result<()> {
        for number in (0..users).filter(|number| number % 14 == 6) {
            let Some(id) = self.find(&Person::new(number)).await? else {
                continue;
            };
            self.patch(
                &id,
                json!([{ "op": "Replace", "path": "active", "value": "False" }]),
            )
            .await?;
            match number % 5 {
                0 => {
                    self.patch(
                        &id,
                        json!([{ "op": "Replace", "path": "active", "value": "True" }]),
                    )
                    .await?
                }
                1 => {
                    self.send(Method::DELETE, &format!("/Users/{id}"), None)
                        .await?;
                    self.send(Method::GET, &format!("/Users/{id}"), None)
                        .await?;
                }
                _ => {}
            }
        }
        println!("one in fourteen disabled, some of them enabled again or deleted");
        Ok(())
    }

    /// What goes wrong in practice, each several times, as Entra tries again.
    async fn failures(&mut self, users: usize) -> Result<()> {
        for number in users..users + 6 {
            let person = Person::new(number);
            let mut unknown_role = person.body();
            unknown_role["roles"][0]["value"] = json!("Site Manager");
            self.refused(unknown_role, 2).await?;
        }
        for number in users + 6..users + 9 {
            let mut nameless = Person::new(number).body();
            nameless["name"] = json!({ "givenName": "Printer Room 4" });
            self.refused(nameless, 1).await?;
        }
        // Somebody who is there already, under another object of the directory.
        for number in 2..5 {
            let mut taken = Person::new(number).body();
            taken["externalId"] = json!("ffffffff-0000-4000-8000-000000000000");
            self.refused(taken, 2).await?;
        }
        let Some(id) = self.find(&Person::new(3)).await? else {
            return Ok(());
        };
        let taken = Person::new(4).user_name;
        self.patch(
            &id,
            json!([{ "op": "Replace", "path": "userName", "value": taken }]),
        )
        .await?;
        let role =
            json!([{ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "Wizard" }]);
        self.patch(&id, role).await?;
        self.patch(
            &id,
            json!([{ "op": "Replace", "path": "active", "value": "perhaps" }]),
        )
        .await?;
        self.patch(
            "01977d0e-0000-7000-8000-000000000000",
            json!([{ "op": "Add", "path": "title", "value": "x" }]),
        )
        .await?;
        self.send(
            Method::GET,
            "/Users?filter=employeeNumbr+eq+%221234%22",
            None,
        )
        .await?;
        println!("failures of several kinds");
        Ok(())
    }

    async fn refused(&mut self, body: Value, times: usize) -> Result<()> {
        for _ in 0..times {
            self.send(Method::POST, "/Users", Some(body.clone()))
                .await?;
        }
        Ok(())
    }

    /// Entra's match: the id, if the user is there.
    async fn find(&mut self, person: &Person) -> Result<Option<String>> {
        let (status, answer) = self
            .send(Method::GET, &filter(&person.user_name), None)
            .await?;
        if status != 200 {
            bail!("a match was answered with {status} {answer}");
        }
        let found = answer["Resources"]
            .as_array()
            .context("an answer without Resources")?
            .first();
        Ok(found
            .and_then(|user| user["id"].as_str())
            .map(str::to_owned))
    }

    async fn patch(&mut self, id: &str, operations: Value) -> Result<()> {
        let body = json!({
            "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"],
            "Operations": operations,
        });
        self.send(Method::PATCH, &format!("/Users/{id}"), Some(body))
            .await?;
        Ok(())
    }

    fn summarize(&self) {
        let mut statuses = self.answers.clone();
        statuses.sort_unstable();
        statuses.dedup();
        for status in statuses {
            let count = self
                .answers
                .iter()
                .filter(|answer| **answer == status)
                .count();
            println!("  {count:>5} answers {status}");
        }
    }
}

/// Form-encoded, as Entra does.
fn filter(user_name: &str) -> String {
    format!(
        "/Users?filter=userName+eq+%22{}%22",
        user_name.replace('@', "%40")
    )
}
