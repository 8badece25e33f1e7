//! What Entra does, as requests and the answers they must get.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use anyhow::{Context, Result};
use clap::ValueEnum;
use hyper::Method;
use hyper::header::IF_MATCH;
use serde_json::json;

use crate::client::{Connection, Expected};
use crate::copies;
use crate::fill::people::Person;

/// One kind of measurement.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, ValueEnum)]
pub enum Operation {
    /// The bare handler, or a bare insert: what the computer can do
    #[value(skip)]
    Ceiling,
    /// A filter on userName that finds a user
    MatchHit,
    /// A filter on userName that finds nobody
    MatchMiss,
    /// A user by id
    Read,
    /// A new user
    Create,
    /// A new user with all that Microsoft's default mapping sends
    #[value(skip)]
    CreateMapped,
    /// Removal of a user that the measurement before created
    Delete,
    /// PATCH of `active`, each a real change
    PatchActive,
    /// PATCH of the primary role, each a real change
    PatchRole,
    /// PATCH of the primary role; so many in a hundred name a role that nobody knows, which is an issue
    #[value(skip)]
    Failing(u8),
    /// PATCH of the primary role with an old version: refused and logged, and no issue
    #[value(skip)]
    Outdated,
    /// Match, read and patch a user; one in ten is a match without result and a create
    EntraMix,
}

impl Operation {
    pub const ALL: [Self; 8] = [
        Self::MatchHit,
        Self::MatchMiss,
        Self::Read,
        Self::PatchActive,
        Self::PatchRole,
        Self::EntraMix,
        Self::Create,
        Self::Delete,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Ceiling => "ceiling",
            Self::MatchHit => "match, hit",
            Self::MatchMiss => "match, miss",
            Self::Read => "read",
            Self::Create => "create",
            Self::CreateMapped => "create with everything mapped",
            Self::Delete => "delete",
            Self::PatchActive => "patch active",
            Self::PatchRole => "patch role",
            Self::Failing(_) => "failing",
            Self::Outdated => "outdated",
            Self::EntraMix => "Entra's mix",
        }
    }

    /// Whether it waits for the disk.
    pub fn is_change(self) -> bool {
        !matches!(
            self,
            Self::Ceiling | Self::MatchHit | Self::MatchMiss | Self::Read
        )
    }

    /// Requests of one turn.
    pub fn requests(self) -> usize {
        if self == Self::EntraMix { 3 } else { 1 }
    }
}

/// A user that is there.
pub struct User {
    pub id: String,
    pub name: String,
    active: AtomicBool,
    is_admin: AtomicBool,
}

impl User {
    fn copy(&self, digits: &str) -> Self {
        Self {
            id: copies::id_of(&self.id, digits),
            name: copies::name_of(&self.name, digits),
            active: AtomicBool::new(self.active.load(Ordering::Relaxed)),
            is_admin: AtomicBool::new(self.is_admin.load(Ordering::Relaxed)),
        }
    }
}

/// The users of the organization under load.
#[derive(Default)]
pub struct World {
    pub users: Vec<User>,
    /// Created beyond them; what `Delete` takes away.
    created: Mutex<Vec<User>>,
    /// Number of the next new user.
    next: AtomicUsize,
}

/// What one connection does, turn after turn.
pub struct Worker {
    pub connection: Connection,
    /// Which of how many connections.
    pub index: usize,
    pub of: usize,
}

impl World {
    /// Makes what was created part of the users.
    pub fn keep_created(&mut self) {
        let created = std::mem::take(
            self.created
                .get_mut()
                .unwrap_or_else(std::sync::PoisonError::into_inner),
        );
        self.users.extend(created);
    }

    /// Makes the copies of [`crate::copies::multiply`] part of the users.
    pub fn add_copies(&mut self, times: usize) {
        let copied: Vec<User> = copies::digits(times)
            .flat_map(|digits| {
                let copy = |user: &User| user.copy(&digits);
                self.users.iter().map(copy).collect::<Vec<_>>()
            })
            .collect();
        self.users.extend(copied);
    }

    /// How many users stand ready for `Delete`.
    pub fn created(&self) -> usize {
        self.created_users().len()
    }

    /// Number and userName of the next new user.
    fn newcomer(&self) -> (usize, String) {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        (number, format!("user-{number:07}@contoso.com"))
    }

    fn created_users(&self) -> std::sync::MutexGuard<'_, Vec<User>> {
        self.created
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }
}

impl Worker {
    /// One turn of an operation. An error is a broken connection; wrong answers are counted.
    pub async fn turn(&mut self, operation: Operation, world: &World, turn: usize) -> Result<()> {
        match operation {
            Operation::Ceiling => {
                let expected = Expected {
                    status: 200,
                    texts: &["\"totalResults\":1"],
                };
                self.connection
                    .send(Method::GET, "/", None, expected)
                    .await
                    .map(drop)
            }
            Operation::MatchHit => self.match_user(&self.user(world, turn).name).await,
            Operation::MatchMiss => {
                self.match_nobody(&format!("nobody-{}-{turn}@contoso.com", self.index))
                    .await
            }
            Operation::Read => self.read(self.user(world, turn)).await,
            Operation::Create => self.create(world).await,
            Operation::CreateMapped => self.create_mapped(world).await,
            Operation::Delete => {
                let user = world.created_users().pop();
                let user =
                    user.context("there is nobody left to delete: measure create before delete")?;
                let expected = Expected {
                    status: 204,
                    texts: &[],
                };
                self.connection
                    .send(
                        Method::DELETE,
                        &format!("/Users/{}", user.id),
                        None,
                        expected,
                    )
                    .await
                    .map(drop)
            }
            Operation::PatchActive => self.patch_active(self.user(world, turn)).await,
            Operation::PatchRole => self.patch_role(self.user(world, turn)).await,
            // Spread evenly: 37 and 100 have no divisor in common.
            Operation::Failing(share) if turn * 37 % 100 < usize::from(share) => {
                self.patch_unknown_role(self.user(world, turn)).await
            }
            Operation::Failing(_) => self.patch_role(self.user(world, turn)).await,
            Operation::Outdated => self.patch_outdated(self.user(world, turn)).await,
            Operation::EntraMix if turn % 10 == 9 => {
                self.match_nobody(&format!("newcomer-{}-{turn}@contoso.com", self.index))
                    .await?;
                self.create(world).await
            }
            Operation::EntraMix => {
                let user = self.user(world, turn);
                self.match_user(&user.name).await?;
                self.read(user).await?;
                self.patch_role(user).await
            }
        }
    }

    /// A user that no other connection works on at the same time; neighbours in time are far apart in the table.
    fn user<'a>(&self, world: &'a World, turn: usize) -> &'a User {
        let of_mine = world.users.len() / self.of;
        &world.users[(turn * 7_919 % of_mine) * self.of + self.index]
    }

    async fn match_user(&mut self, name: &str) -> Result<()> {
        let found = format!("\"userName\":\"{name}\"");
        let expected = Expected {
            status: 200,
            texts: &["\"totalResults\":1", &found],
        };
        self.connection
            .send(Method::GET, &filter(name), None, expected)
            .await
            .map(drop)
    }

    async fn match_nobody(&mut self, name: &str) -> Result<()> {
        let expected = Expected {
            status: 200,
            texts: &["\"totalResults\":0"],
        };
        self.connection
            .send(Method::GET, &filter(name), None, expected)
            .await
            .map(drop)
    }

    async fn read(&mut self, user: &User) -> Result<()> {
        let expected = Expected {
            status: 200,
            texts: &[&user.id, &user.name],
        };
        self.connection
            .send(Method::GET, &format!("/Users/{}", user.id), None, expected)
            .await
            .map(drop)
    }

    async fn create(&mut self, world: &World) -> Result<()> {
        let (number, name) = world.newcomer();
        let body = json!({
            "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:User",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            ],
            "externalId": format!("0a21f0f2-0000-4000-8000-{number:012}"),
            "userName": name,
            "active": true,
            "name": { "formatted": format!("Ana Ruiz {number}"), "givenName": "Ana", "familyName": format!("Ruiz {number}") },
            "meta": { "resourceType": "User" },
            "roles": [{ "primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": "viewer" }],
        });
        self.post(world, name, body).await
    }

    async fn create_mapped(&mut self, world: &World) -> Result<()> {
        let (number, name) = world.newcomer();
        let body = Person::new(number).mapped_body(&name);
        self.post(world, name, body).await
    }

    async fn post(&mut self, world: &World, name: String, body: serde_json::Value) -> Result<()> {
        let echoed = format!("\"userName\":\"{name}\"");
        let expected = Expected {
            status: 201,
            texts: &[&echoed, "\"id\":\""],
        };
        let answer = self
            .connection
            .send(Method::POST, "/Users", Some(body.to_string()), expected)
            .await?;
        let answer: serde_json::Value = serde_json::from_slice(&answer).unwrap_or_default();
        if let Some(id) = answer["id"].as_str() {
            let user = User {
                id: id.to_owned(),
                name,
                active: AtomicBool::new(true),
                is_admin: AtomicBool::new(false),
            };
            world.created_users().push(user);
        }
        Ok(())
    }

    /// As Entra without the compliance flag: the boolean is a string.
    async fn patch_active(&mut self, user: &User) -> Result<()> {
        let active = !user.active.load(Ordering::Relaxed);
        let value = if active { "True" } else { "False" };
        let body = patch(&json!({ "op": "Replace", "path": "active", "value": value }));
        let changed = format!("\"active\":{active}");
        let expected = Expected {
            status: 200,
            texts: &[&changed, &user.id],
        };
        self.connection
            .send(
                Method::PATCH,
                &format!("/Users/{}", user.id),
                Some(body),
                expected,
            )
            .await?;
        user.active.store(active, Ordering::Relaxed);
        Ok(())
    }

    async fn patch_role(&mut self, user: &User) -> Result<()> {
        let is_admin = !user.is_admin.load(Ordering::Relaxed);
        let role = if is_admin { "admin" } else { "viewer" };
        let body = patch(
            &json!({ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": role }),
        );
        let changed = format!("\"value\":\"{role}\"");
        let expected = Expected {
            status: 200,
            texts: &[&changed, &user.id],
        };
        self.connection
            .send(
                Method::PATCH,
                &format!("/Users/{}", user.id),
                Some(body),
                expected,
            )
            .await?;
        user.is_admin.store(is_admin, Ordering::Relaxed);
        Ok(())
    }
}

impl Worker {
    async fn patch_unknown_role(&mut self, user: &User) -> Result<()> {
        let body = patch(
            &json!({ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "SECURITY_LEAD" }),
        );
        let expected = Expected {
            status: 400,
            texts: &["SECURITY_LEAD", "invalidValue"],
        };
        let path = format!("/Users/{}", user.id);
        self.connection
            .send(Method::PATCH, &path, Some(body), expected)
            .await
            .map(drop)
    }

    async fn patch_outdated(&mut self, user: &User) -> Result<()> {
        let body = patch(
            &json!({ "op": "Add", "path": "roles[primary eq \"True\"].value", "value": "admin" }),
        );
        let expected = Expected {
            status: 412,
            texts: &[],
        };
        let path = format!("/Users/{}", user.id);
        let version = (IF_MATCH, "W/\"999999999\"");
        self.connection
            .send_with(Method::PATCH, &path, Some(body), &[version], expected)
            .await
            .map(drop)
    }
}

/// As Entra writes it: form-encoded.
fn filter(name: &str) -> String {
    format!(
        "/Users?filter=userName+eq+%22{}%22",
        name.replace('@', "%40")
    )
}

fn patch(operation: &serde_json::Value) -> String {
    json!({ "schemas": ["urn:ietf:params:scim:api:messages:2.0:PatchOp"], "Operations": [operation] }).to_string()
}
