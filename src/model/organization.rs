//! Organizations: Rhombus customers.

use serde::{Deserialize, Serialize};

use super::health::Health;
use super::page::{Count, Moment, Page};
use super::query::{self, Pair};

/// Whether Entra may provision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ProvisioningState {
    /// Support has not turned it on, or has turned it off: SCIM answers 403.
    Off,
    On,
    /// An Admin's switch: SCIM answers 503 with Retry-After.
    Paused,
}

impl ProvisioningState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Off, Self::On, Self::Paused];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::On => "on",
            Self::Paused => "paused",
        }
    }

    /// The state that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Off => "Off",
            Self::On => "On",
            Self::Paused => "Paused",
        }
    }
}

/// What happens to a user without `name.givenName` or `name.familyName`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingNames {
    #[default]
    Reject,
    /// Stored with a warning in the log.
    Accept,
}

/// What happens to a user without a role.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MissingRole {
    /// The organization's default role with a warning: on-demand provisioning sends none.
    #[default]
    Default,
    Reject,
}

/// What happens to a role value that is not in the catalogue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnknownRole {
    #[default]
    Reject,
    /// The default role with a warning.
    Default,
    /// Added to the catalogue as unreviewed.
    Accept,
}

macro_rules! stored_as {
    ($policy:ident, $($variant:ident = $text:literal),+) => {
        impl $policy {
            /// As stored and typed on the command line.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }

            /// The value that [`Self::as_str`] calls so.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some(Self::$variant),)+ _ => None }
            }
        }
    };
}
stored_as!(MissingNames, Reject = "reject", Accept = "accept");
stored_as!(MissingRole, Default = "default", Reject = "reject");
stored_as!(
    UnknownRole,
    Reject = "reject",
    Default = "default",
    Accept = "accept"
);

/// An organization in Support's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationRow {
    pub slug: String,
    pub name: String,
    pub state: ProvisioningState,
    pub health: Health,
    pub users: Count,
    /// Failed requests of the last 24 hours.
    pub failures: u64,
    pub open_issues: u64,
    pub last_contact: Option<Moment>,
}

/// A page of that list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationPage {
    pub page: Page<OrganizationRow>,
    /// Only so many, the first by name, were sorted and filtered: more match.
    pub stopped_after: Option<u64>,
}

/// What organizations are listed by. Users are not among it: they are counted up to a limit, and only for the
/// organizations that are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OrganizationSort {
    /// Who needs help most comes first.
    #[default]
    Health,
    Name,
    LastContact,
    Failures,
}

impl OrganizationSort {
    /// Every order that the list can have.
    pub const ALL: [Self; 4] = [Self::Health, Self::Name, Self::LastContact, Self::Failures];

    /// As it stands in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Health => "health",
            Self::Name => "name",
            Self::LastContact => "last_contact",
            Self::Failures => "failures",
        }
    }

    /// The order that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.as_str() == text)
    }
}

/// Which part of Support's list is shown; all of it stands in the address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct OrganizationQuery {
    /// The beginning of a name or slug, without regard to case.
    pub search: String,
    pub state: Option<ProvisioningState>,
    pub needs_help: bool,
    pub sort: OrganizationSort,
    pub descending: bool,
    /// Slugs, as the page before answered them.
    pub after: Option<String>,
    pub before: Option<String>,
}

impl OrganizationQuery {
    /// From a query string; what is not understood is left out.
    pub fn from_pairs<N: AsRef<str>, V: AsRef<str>>(
        pairs: impl IntoIterator<Item = (N, V)>,
    ) -> Self {
        let mut query = Self::default();
        for (name, value) in pairs {
            let value = value.as_ref();
            match name.as_ref() {
                "q" => value.clone_into(&mut query.search),
                "state" => query.state = ProvisioningState::parse(value),
                "needs_help" => query.needs_help = value == "1",
                "sort" => query.sort = OrganizationSort::parse(value).unwrap_or_default(),
                "order" => query.descending = value == "descending",
                "after" => query.after = Some(value.to_owned()),
                "before" => query.before = Some(value.to_owned()),
                _ => {}
            }
        }
        query
    }

    /// The address of the list with this query; what is at its default is left out.
    pub fn href(&self, path: &str) -> String {
        let mut pairs: Vec<Pair> = Vec::new();
        if !self.search.is_empty() {
            pairs.push(("q", self.search.clone()));
        }
        if let Some(state) = self.state {
            pairs.push(("state", state.as_str().to_owned()));
        }
        if self.needs_help {
            pairs.push(("needs_help", "1".to_owned()));
        }
        if self.sort != OrganizationSort::default() {
            pairs.push(("sort", self.sort.as_str().to_owned()));
        }
        if self.descending {
            pairs.push(("order", "descending".to_owned()));
        }
        for (name, cursor) in [("after", &self.after), ("before", &self.before)] {
            if let Some(cursor) = cursor {
                pairs.push((name, cursor.clone()));
            }
        }
        query::href(path, &pairs)
    }

    /// The first page of the list with other filters.
    #[must_use]
    pub fn with(&self, change: impl FnOnce(&mut Self)) -> Self {
        let mut query = Self {
            after: None,
            before: None,
            ..self.clone()
        };
        change(&mut query);
        query
    }
}

/// An organization as its own pages know it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrganizationDetail {
    pub slug: String,
    pub name: String,
    pub state: ProvisioningState,
    /// What the admin pastes into Entra: `{PUBLIC_URL}/scim/{slug}/v2`.
    pub tenant_url: String,
    pub missing_names: MissingNames,
    pub missing_role: MissingRole,
    pub unknown_role: UnknownRole,
    /// Users that Entra is to provision, as an Admin says.
    pub expected_users: Option<u64>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_query_survives_the_address() {
        let query = OrganizationQuery {
            search: "con".to_owned(),
            state: Some(ProvisioningState::On),
            needs_help: true,
            sort: OrganizationSort::Failures,
            descending: true,
            after: Some("contoso".to_owned()),
            before: None,
        };
        let address = query.href("");
        assert_eq!(
            address,
            "?q=con&state=on&needs_help=1&sort=failures&order=descending&after=contoso"
        );
        let pairs = address[1..]
            .split('&')
            .filter_map(|pair| pair.split_once('='));
        assert_eq!(OrganizationQuery::from_pairs(pairs), query);
        assert_eq!(query.with(|query| query.needs_help = false).after, None);
        assert_eq!(
            OrganizationQuery::default().href("/organizations"),
            "/organizations"
        );
    }
}
