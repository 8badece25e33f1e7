//! The search in the top bar: one line in, a few things to go to out. For Support it spans all organizations; for
//! others their own.

use super::moments::Moments;
use super::organizations;
use crate::model::log::{Action, Status};
use crate::model::search::{Found, FoundGroup, Hit, PAGES, shown};
use crate::model::token::TOKEN_START;
use crate::server::App;
use crate::server::actor::{Allowed, Permission};
use crate::server::clock::Millis;
use crate::server::error::ServiceError;
use crate::server::scim::resource::case_key;
use crate::server::store::search::{self as store, FoundEntry, FoundToken, FoundUser};

/// Characters that are looked at: longer than any id.
const LONGEST: usize = 200;

const REQUEST_START: &str = "req_";
/// Characters of a request id from which on few begin alike: its time to 32 ms.
const REQUEST_LEAST: usize = REQUEST_START.len() + 9;

/// What `text` may mean. `slug` names the organization whose pages are meant, for Support; others have their own.
///
/// # Errors
/// [`ServiceError::Forbidden`] without proof of [`Permission::Search`]; else what the database answers.
pub async fn find(
    app: &App,
    allowed: &Allowed,
    text: &str,
    slug: Option<&str>,
) -> Result<Found, ServiceError> {
    allowed.check(Permission::Search)?;
    let own = allowed.organization();
    let text: String = shown(text).chars().take(LONGEST).collect();
    let here = match (own, slug) {
        (Some(own), _) => Some(own.clone()),
        (None, Some(slug)) => organizations::find(app, slug).await?,
        (None, None) => None,
    };
    let mut groups = Vec::new();
    let mut add = |label: &str, hits: Vec<Hit>| {
        if !hits.is_empty() {
            let label = label.to_owned();
            groups.push(FoundGroup { label, hits });
        }
    };
    let pages = pages(
        here.as_ref().map(|here| here.slug.as_str()),
        own.is_none(),
        &text,
    );
    if text.is_empty() {
        add("Pages", pages);
        return Ok(Found { groups });
    }
    let organization_id = own.map(|own| own.id.as_str());
    let now = app.clock.now();
    let mut connection = app.db.read().await?;
    if let Some(prefix) = request_id(&text) {
        let found = store::entries(&mut connection, organization_id, &prefix).await?;
        let moments = Moments::of(allowed, now);
        add(
            "Log entries",
            hits(found, |entry| entry_hit(entry, &moments)),
        );
    } else if text.starts_with(TOKEN_START) {
        let found = store::tokens(&mut connection, organization_id, &text).await?;
        add("Tokens", hits(found, |token| token_hit(token, now)));
    } else {
        let key = case_key(&text);
        let mut users = store::users(&mut connection, organization_id, &text, &key).await?;
        let room = usize::try_from(store::HITS).unwrap_or_default();
        users.extend(store::deleted_users(&mut connection, organization_id, &text, &key).await?);
        users.truncate(room);
        add("Users", hits(users, user_hit));
        if own.is_none() {
            let found = store::organizations(&mut connection, &key).await?;
            let hit = |(slug, name): (String, String)| Hit {
                title: name,
                href: format!("/organizations/{slug}"),
                detail: slug,
            };
            add("Organizations", hits(found, hit));
        }
        add("Pages", pages);
    }
    Ok(Found { groups })
}

fn hits<T>(found: Vec<T>, hit: impl Fn(T) -> Hit) -> Vec<Hit> {
    found.into_iter().map(hit).collect()
}

fn user_hit(user: FoundUser) -> Hit {
    let state = match (user.is_deleted, user.blocked_at, user.active) {
        (true, _, _) => ", deleted",
        (false, Some(_), _) => ", blocked",
        (false, None, false) => ", inactive",
        (false, None, true) => "",
    };
    Hit {
        title: user.label,
        detail: format!("{}, {}{state}", user.user_name, user.organization),
        href: format!("/organizations/{}/users/{}", user.slug, user.id),
    }
}

fn entry_hit(entry: FoundEntry, moments: &Moments) -> Hit {
    let action = Action::parse(&entry.action).unwrap_or(Action::Unknown);
    let status = Status::parse(&entry.status).map_or("", Status::label);
    let subject = entry
        .subject
        .map_or_else(String::new, |subject| format!(" {subject}"));
    let when = moments.moment(entry.occurred_at).relative;
    Hit {
        href: format!("/organizations/{}/logs/{}", entry.slug, entry.id),
        detail: format!(
            "{}{subject}: {status}, {when}, {}",
            action.label(),
            entry.organization
        ),
        title: entry.id,
    }
}

fn token_hit(token: FoundToken, now: Millis) -> Hit {
    let state = match token.revoked_at {
        Some(_) => ", revoked",
        None if token.expires_at <= now => ", expired",
        None => "",
    };
    Hit {
        detail: format!("{}, {}{state}", token.name, token.organization),
        title: token.prefix,
        href: format!("/organizations/{}/tokens", token.slug),
    }
}

/// Pages of which a word begins with `text`; all of them for "".
fn pages(slug: Option<&str>, is_support: bool, text: &str) -> Vec<Hit> {
    let text = text.to_lowercase();
    let fits = |label: &str, words: &str| {
        format!("{label} {words}")
            .to_lowercase()
            .split(' ')
            .any(|word| word.starts_with(&text))
    };
    let hit = |label: &str, detail: &str, href: String| Hit {
        title: label.to_owned(),
        detail: detail.to_owned(),
        href,
    };
    let mut pages = Vec::new();
    if let Some(slug) = slug {
        for (label, path, _) in PAGES.iter().filter(|(label, _, words)| fits(label, words)) {
            pages.push(hit(label, slug, format!("/organizations/{slug}{path}")));
        }
    }
    if is_support && fits("Organizations", "customers") {
        pages.push(hit("Organizations", "All", "/organizations".to_owned()));
    }
    pages
}

/// `text` as the beginning of a request id, if it is one: read out or typed, it may be in small letters, with O for
/// 0 or I and L for 1, which no id has.
fn request_id(text: &str) -> Option<String> {
    let start = text.get(..REQUEST_START.len())?;
    if !start.eq_ignore_ascii_case(REQUEST_START) || text.len() < REQUEST_LEAST {
        return None;
    }
    let digits = text[REQUEST_START.len()..].to_uppercase();
    let digits = digits.replace('O', "0").replace(['I', 'L'], "1");
    Some(format!("{REQUEST_START}{digits}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn request_ids_are_read_as_people_type_them() {
        assert_eq!(
            request_id("REQ_olkqm83t4cm0").as_deref(),
            Some("req_01KQM83T4CM0")
        );
        for text in ["req_", "req_01KQ", "request", "ré"] {
            assert_eq!(request_id(text), None, "{text}");
        }
    }

    #[test]
    fn pages_are_found_by_the_beginning_of_a_word() {
        let titles = |text, slug, is_support| -> Vec<String> {
            pages(slug, is_support, text)
                .into_iter()
                .map(|page| page.title)
                .collect()
        };
        assert_eq!(titles("log", Some("contoso"), false), ["Logs"]);
        assert_eq!(titles("cred", Some("contoso"), false), ["Tokens"]);
        assert_eq!(titles("org", None, true), ["Organizations"]);
        assert!(titles("org", Some("contoso"), false).is_empty());
        assert_eq!(titles("", Some("contoso"), false).len(), PAGES.len());
    }
}
