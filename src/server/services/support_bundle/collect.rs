//! What a bundle is made of, as it is stored: the log has it, the issue, the user's history, the settings.

use super::Wanted;
use super::document::{AffectedUser, Document, Entry, Event, Fact, Kind, Person, Role, Text};
use super::entry::entry;
use crate::model::log::Action;
use crate::model::support_bundle::{BUNDLE_SPANS, BundleSubject};
use crate::model::user::ChangeKind;
use crate::server::App;
use crate::server::actor::{Allowed, OrganizationRef, Permission};
use crate::server::clock::Millis;
use crate::server::error::{ServiceError, StoreError};
use crate::server::scim::reason::Reason;
use crate::server::scim::resource::case_key;
use crate::server::services::issues::name_of;
use crate::server::services::moments::{self, Moments};
use crate::server::services::{changes, log_search};
use crate::server::store::issues::{self, Issue};
use crate::server::store::sql::Connection;
use crate::server::store::user_records::{self, FoundUser, StoredChange};
use crate::server::store::{issue_entries, log_details, organizations, role_catalogue};

/// Users of an issue, each with the latest request.
const USERS: i64 = 100;
/// Entries of a user.
const ENTRIES: i64 = 500;
/// Changes in the history of the one user, and of each of several.
const CHANGES: i64 = 500;
const CHANGES_OF_EACH: i64 = 10;
/// Role values that are listed.
const ROLES: usize = 200;
/// Bytes of requests, answers and what they changed in one bundle, and of changes in its history.
const BODIES: usize = 2 * 1024 * 1024;
const HISTORY: usize = 2 * 1024 * 1024;

const LARGE_CHANGES: &str =
    "Large changes are left out of the history; their log entries have them.";
const NO_ROOM: &str = "Request and response are left out: the bundle has no room for more of them.";

/// The title of what a bundle would be about.
pub(super) async fn title(
    app: &App,
    allowed: &Allowed,
    subject: &BundleSubject,
) -> Result<String, ServiceError> {
    let organization = allowed.check_in(Permission::ReadPayloads)?;
    let mut connection = app.db.read_by_key().await?;
    Ok(match subject {
        BundleSubject::LogEntry(id) => {
            let found = log_details::find(&mut connection, &organization.id, id).await?;
            let found = found.ok_or(ServiceError::NotFound { what: "log entry" })?;
            entry_title(&found.entry.action, found.entry.reason.as_deref())
        }
        BundleSubject::Issue(id) => {
            issue_title(&find_issue(&mut connection, organization, id).await?)
        }
        BundleSubject::User(id) => find_user(&mut connection, organization, id).await?.label,
    })
}

/// "Create: The userName is already taken".
fn entry_title(action: &str, reason: Option<&str>) -> String {
    let known = Action::parse(action).map(Action::label);
    let action = known.unwrap_or(action);
    match reason.and_then(Reason::from_code) {
        Some(reason) => format!("{action}: {}", reason.explanation().title),
        None => action.to_owned(),
    }
}

fn issue_title(issue: &Issue) -> String {
    let attribute = (!issue.attribute.is_empty()).then_some(issue.attribute.as_str());
    Reason::from_code(&issue.reason).map_or_else(
        || issue.reason.clone(),
        |reason| log_search::title(reason.explanation(), attribute, issue.value.as_deref()),
    )
}

async fn find_issue(
    connection: &mut Connection<'_>,
    organization: &OrganizationRef,
    id: &str,
) -> Result<Issue, ServiceError> {
    issues::find(connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "issue" })
}

async fn find_user(
    connection: &mut Connection<'_>,
    organization: &OrganizationRef,
    id: &str,
) -> Result<FoundUser, ServiceError> {
    user_records::find(connection, &organization.id, id)
        .await?
        .ok_or(ServiceError::NotFound { what: "user" })
}

/// Bytes of what may be large in an entry: request, answer and changes.
fn size(entry: &Entry) -> usize {
    let bodies = [&entry.request_body, &entry.response_body];
    let changes = entry.changes.iter();
    let values = changes.flat_map(|change| [&change.old, &change.new]);
    let texts = bodies.into_iter().chain(values).flatten();
    texts.map(String::len).sum()
}

/// Everything, secrets and people included.
pub(super) async fn collect(
    app: &App,
    allowed: &Allowed,
    wanted: &Wanted,
) -> Result<Document, ServiceError> {
    let organization = allowed.check_in(Permission::ReadPayloads)?;
    let now = app.clock.now();
    let moments = Moments::of(allowed, now);
    let mut document = Document {
        about: wanted.subject.label().to_owned(),
        organization: organization.name.clone(),
        tenant_url: app.settings.tenant_url(&organization.slug),
        made_at: moments.moment(now).exact,
        made_by: Text::new(Kind::Account, allowed.actor().name()),
        program_version: env!("CARGO_PKG_VERSION").to_owned(),
        without_personal_data: wanted.without_personal_data,
        ..Document::default()
    };
    let collector = Collector {
        app,
        allowed,
        organization,
        moments,
    };
    match &wanted.subject {
        BundleSubject::LogEntry(id) => collector.log_entry(&mut document, id).await?,
        BundleSubject::Issue(id) => collector.issue(&mut document, id).await?,
        BundleSubject::User(id) => collector.user(&mut document, id, &wanted.within).await?,
    }
    collector.settings(&mut document).await?;
    Ok(document)
}

struct Collector<'a> {
    app: &'a App,
    allowed: &'a Allowed,
    organization: &'a OrganizationRef,
    moments: Moments,
}

impl Collector<'_> {
    async fn log_entry(&self, document: &mut Document, id: &str) -> Result<(), ServiceError> {
        let detail = log_search::whole(self.app, self.allowed, id).await?;
        let title = entry_title(detail.row.action.as_str(), detail.reason.as_deref());
        document.title = Text::new(Kind::Ours, title);
        document.explanation = detail.explanation.clone();
        let user_id = detail.user_id.clone();
        let entry = entry(detail);
        document.person = entry.person.clone();
        document.entries.push(entry);
        if let Some(id) = user_id {
            let mut room = HISTORY;
            self.history(document, &id, Millis::MIN, CHANGES, &mut room)
                .await?;
        }
        Ok(())
    }

    async fn issue(&self, document: &mut Document, id: &str) -> Result<(), ServiceError> {
        let mut connection = self.app.db.read().await?;
        let issue = find_issue(&mut connection, self.organization, id).await?;
        let users = issues::users(&mut connection, id, None, false, USERS).await?;
        let keys: Vec<&str> = users.iter().map(|user| user.user_key.as_str()).collect();
        let mut latest = issue_entries::latest(&mut connection, &issue, &keys).await?;
        let mut entries: Vec<String> = keys.iter().filter_map(|key| latest.remove(*key)).collect();
        drop(connection);
        if users.is_empty() {
            entries.extend(issue.log_id.clone());
        }
        document.title = Text::new(Kind::Sentence, issue_title(&issue));
        document.explanation = log_search::explanation(&issue.reason);
        if issue.users_affected > USERS {
            document.left_out.push(format!(
                "The first {USERS} of {} affected users are here, each with the latest request.",
                issue.users_affected
            ));
        }
        document.facts = self.issue_facts(&issue);
        let history: Vec<String> = users
            .iter()
            .filter_map(|user| user.user_id.clone())
            .collect();
        document.users = users
            .into_iter()
            .map(|user| AffectedUser {
                name: Text::new(Kind::PersonName, name_of(&user)),
                user_name: Text::new(Kind::UserName, user.user_name.clone().unwrap_or_default()),
                id: Text::new(Kind::UserId, user.user_id.clone().unwrap_or_default()),
                events: u64::try_from(user.events).unwrap_or_default(),
                first_seen: self.moments.moment(user.first_seen_at).exact,
                last_seen: self.moments.moment(user.last_seen_at).exact,
                person: Person {
                    id: user.user_id,
                    user_name: user.user_name,
                    external_id: None,
                    name: user.label,
                },
            })
            .collect();
        self.entries(document, entries).await?;
        let mut room = HISTORY;
        for id in history {
            self.history(document, &id, Millis::MIN, CHANGES_OF_EACH, &mut room)
                .await?;
        }
        Ok(())
    }

    fn issue_facts(&self, issue: &Issue) -> Vec<Fact> {
        let at = |at| self.moments.moment(at).exact;
        let known = Action::parse(&issue.action).map(Action::label);
        let action = known.unwrap_or(issue.action.as_str());
        let attribute = (!issue.attribute.is_empty()).then_some(issue.attribute.as_str());
        [
            Some(Fact::new("Issue", Kind::Ours, &issue.id)),
            Some(Fact::new("State", Kind::Ours, issue.state.as_str())),
            Some(Fact::new("Action", Kind::Ours, action)),
            Some(Fact::new("Reason code", Kind::Ours, &issue.reason)),
            Fact::optional("Attribute", Kind::Attribute, attribute),
            Some(Fact::new(
                "Affected users",
                Kind::Ours,
                issue.users_affected.to_string(),
            )),
            Some(Fact::new("Events", Kind::Ours, issue.events.to_string())),
            Some(Fact::new("First seen", Kind::Ours, at(issue.first_seen_at))),
            Some(Fact::new("Last seen", Kind::Ours, at(issue.last_seen_at))),
            Some(Fact::new(
                "Came back",
                Kind::Ours,
                format!("{} times", issue.reopened),
            )),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    async fn user(
        &self,
        document: &mut Document,
        id: &str,
        within: &str,
    ) -> Result<(), ServiceError> {
        let span = BUNDLE_SPANS
            .iter()
            .find(|(value, _)| *value == within)
            .ok_or_else(|| ServiceError::invalid("within", "Choose one of the time spans."))?;
        let since = moments::since(Some(within), self.moments.now()).unwrap_or(Millis::MIN);
        let mut connection = self.app.db.read().await?;
        let user = find_user(&mut connection, self.organization, id).await?;
        let mut found = log_details::ids_of_user(
            &mut connection,
            &self.organization.id,
            id,
            &case_key(&user.user_name),
            since,
            ENTRIES + 1,
        )
        .await?;
        drop(connection);
        document.title = Text::new(Kind::PersonName, &user.label);
        document.person = Person {
            id: Some(user.id.clone()),
            user_name: Some(user.user_name.clone()),
            external_id: user.external_id.clone(),
            name: Some(user.label.clone()),
        };
        document.facts = self.user_facts(&user, span.1);
        let most = usize::try_from(ENTRIES).unwrap_or(usize::MAX);
        if found.len() > most {
            found.truncate(most);
            document.left_out.push(format!(
                "There are more than {ENTRIES} log entries in this time span; the latest {ENTRIES} are here."
            ));
        }
        self.entries(document, found).await?;
        let mut room = HISTORY;
        self.history(document, id, since, CHANGES, &mut room).await
    }

    fn user_facts(&self, user: &FoundUser, span: &str) -> Vec<Fact> {
        let at = |at| self.moments.moment(at).exact;
        let state = match (user.deleted_at, user.blocked_at, user.active) {
            (Some(_), ..) => "Deleted by Entra",
            (None, Some(_), _) => "Blocked by an Admin",
            (None, None, true) => "Active",
            (None, None, false) => "Inactive",
        };
        let role = user.role_value.as_deref().or(user.role.as_deref());
        [
            Some(Fact::new("Time span", Kind::Ours, span)),
            Some(Fact::new("User ID", Kind::UserId, &user.id)),
            Some(Fact::new("userName", Kind::UserName, &user.user_name)),
            Fact::optional("External ID", Kind::ExternalId, user.external_id.as_deref()),
            Some(Fact::new("State", Kind::Ours, state)),
            Fact::optional("Role", Kind::Sentence, role),
            Some(Fact::new("Version", Kind::Ours, user.version.to_string())),
            Some(Fact::new("Created", Kind::Ours, at(user.created_at))),
            Some(Fact::new("Changed", Kind::Ours, at(user.updated_at))),
            user.deleted_at
                .map(|deleted| Fact::new("Deleted", Kind::Ours, at(deleted))),
        ]
        .into_iter()
        .flatten()
        .collect()
    }

    /// Adds these entries with their requests, answers and large changes, as long as there is room.
    async fn entries(&self, document: &mut Document, ids: Vec<String>) -> Result<(), ServiceError> {
        let mut bytes = 0;
        for id in ids {
            let found = if bytes > BODIES {
                log_search::without_bodies(self.app, self.allowed, &id).await
            } else {
                log_search::whole(self.app, self.allowed, &id).await
            };
            let detail = match found {
                Ok(detail) => detail,
                // Purged a moment ago.
                Err(ServiceError::NotFound { .. }) => continue,
                Err(error) => return Err(error),
            };
            let mut entry = entry(detail);
            bytes += size(&entry);
            if bytes > BODIES {
                (entry.request_body, entry.response_body) = (None, None);
                NO_ROOM.clone_into(&mut entry.note);
            }
            document.entries.push(entry);
        }
        if bytes > BODIES {
            document.left_out.push(
                "Requests and responses of the older entries, and large changes, are left out: together they are larger \
                 than 2 MiB."
                    .to_owned(),
            );
        }
        document.entries.sort_by(|a, b| b.id.cmp(&a.id));
        Ok(())
    }

    /// Adds the latest changes of a user, as long as there is room.
    async fn history(
        &self,
        document: &mut Document,
        user_id: &str,
        since: Millis,
        limit: i64,
        room: &mut usize,
    ) -> Result<(), ServiceError> {
        if *room == 0 {
            return Ok(());
        }
        let mut connection = self.app.db.read().await?;
        let organization_id = &self.organization.id;
        let found = user_records::latest_changes(
            &mut connection,
            organization_id,
            user_id,
            since,
            (limit, *room),
        )
        .await?;
        let lengths = found.iter().filter_map(|change| change.changes.as_ref());
        let bytes: usize = lengths.map(String::len).sum();
        *room = room.saturating_sub(bytes);
        if *room == 0 {
            document.left_out.push(
                "Changes may be missing from the history: it ends once it is larger than 2 MiB."
                    .to_owned(),
            );
        }
        let user = user_records::find(&mut connection, organization_id, user_id).await?;
        let person = Person {
            id: Some(user_id.to_owned()),
            user_name: user.as_ref().map(|user| user.user_name.clone()),
            external_id: user.as_ref().and_then(|user| user.external_id.clone()),
            name: user.map(|user| user.label),
        };
        let note = LARGE_CHANGES.to_owned();
        if found.iter().any(|change| change.changes.is_none()) && !document.left_out.contains(&note)
        {
            document.left_out.push(note);
        }
        for change in found {
            document.history.push(self.event(change, &person)?);
        }
        Ok(())
    }

    fn event(&self, change: StoredChange, person: &Person) -> Result<Event, StoreError> {
        let kind = ChangeKind::parse(&change.kind);
        let by = match change.actor_kind.as_str() {
            "token" => Kind::Token,
            "account" => Kind::Account,
            _ => Kind::Ours,
        };
        let name = person.user_name.as_ref().or(person.id.as_ref());
        Ok(Event {
            at: self.moments.moment(change.changed_at).exact,
            what: kind.map_or(change.kind, |kind| kind.as_str().to_owned()),
            user: Text::new(Kind::UserName, name.cloned().unwrap_or_default()),
            by: Text::new(by, change.actor_name),
            log_entry: change.log_id,
            changes: changes::parse(change.changes.as_deref().unwrap_or("[]"))?,
            person: person.clone(),
        })
    }

    async fn settings(&self, document: &mut Document) -> Result<(), ServiceError> {
        let mut connection = self.app.db.read().await?;
        let organization = organizations::find(&mut connection, &self.organization.slug)
            .await?
            .ok_or(ServiceError::NotFound {
                what: "organization",
            })?;
        let policies = organization.policies;
        document.settings = vec![
            Fact::new("Provisioning", Kind::Ours, organization.state.label()),
            Fact::new("Missing names", Kind::Ours, policies.missing_names.as_str()),
            Fact::new("Missing role", Kind::Ours, policies.missing_role.as_str()),
            Fact::new("Unknown role", Kind::Ours, policies.unknown_role.as_str()),
        ];
        let roles = role_catalogue::list(&mut connection, &self.organization.id).await?;
        if roles.len() > ROLES {
            document.left_out.push(format!(
                "The first {ROLES} of {} role values are here.",
                roles.len()
            ));
        }
        document.roles = roles
            .into_iter()
            .take(ROLES)
            .map(|role| Role {
                value: role.value,
                means: role.role_value,
                is_default: role.is_default,
                is_reviewed: role.is_reviewed,
            })
            .collect();
        Ok(())
    }
}
