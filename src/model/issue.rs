//! Issues: failures and warnings of one cause, counted once, and how their list stands in an address.

use serde::{Deserialize, Serialize};

use super::account::OrganizationLink;
use super::log::{Action, Explanation};
use super::page::{Count, Moment, Page};
use super::query::{Pair, href};

/// Days of the small chart.
pub const CHART_DAYS: usize = 14;

/// Where an issue stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueState {
    #[default]
    Open,
    /// Open, and somebody works on it.
    Acknowledged,
    Resolved,
    Ignored,
}

impl IssueState {
    /// Every state.
    pub const ALL: [Self; 4] = [
        Self::Open,
        Self::Acknowledged,
        Self::Resolved,
        Self::Ignored,
    ];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Acknowledged => "acknowledged",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
        }
    }

    /// The state that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }

    /// Whether somebody should look at it.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Open | Self::Acknowledged)
    }
}

/// Which issues a list shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueTab {
    /// Acknowledged ones too.
    #[default]
    Open,
    Resolved,
    Ignored,
}

impl IssueTab {
    /// Every tab, in the order shown.
    pub const ALL: [Self; 3] = [Self::Open, Self::Resolved, Self::Ignored];

    /// As it stands in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
        }
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::Open => "Open",
            Self::Resolved => "Resolved",
            Self::Ignored => "Ignored",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|tab| tab.as_str() == text)
    }
}

/// Whose issues a list is narrowed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Assigned {
    ToMe,
    ToNobody,
}

impl Assigned {
    /// Every choice, in the order shown.
    pub const ALL: [Self; 2] = [Self::ToMe, Self::ToNobody];

    /// As it stands in URLs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::ToMe => "me",
            Self::ToNobody => "nobody",
        }
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::ToMe => "Me",
            Self::ToNobody => "Nobody",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|assigned| assigned.as_str() == text)
    }
}

/// An issue in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueRow {
    pub id: String,
    pub organization: OrganizationLink,
    pub title: String,
    pub happened: String,
    pub action: Action,
    /// A reason code.
    pub reason: String,
    /// "400 invalidValue"; none for a remark.
    pub code: Option<String>,
    pub attribute: Option<String>,
    pub state: IssueState,
    /// How often it came back.
    pub reopened: u64,
    /// Users who have not succeeded since; none for refused connections and look-ups.
    pub users: u64,
    pub events: u64,
    /// Events of the last [`CHART_DAYS`], today last.
    pub days: Vec<u64>,
    pub first_seen: Moment,
    pub last_seen: Moment,
    pub assignee: Option<String>,
}

impl IssueRow {
    /// The issue's page.
    pub fn href(&self) -> String {
        format!(
            "/organizations/{}/issues/{}",
            self.organization.slug, self.id
        )
    }

    /// Whether requests are refused, rather than carried out with a remark.
    pub fn is_failure(&self) -> bool {
        self.code.is_some()
    }
}

/// How many there are under each tab, and what may be chosen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueCounts {
    pub open: Count,
    pub resolved: Count,
    pub ignored: Count,
    /// Whether Entra has ever called with a good token; of all organizations it is not asked.
    pub has_called: bool,
    /// Reason codes of open issues, with their titles.
    pub causes: Vec<(String, String)>,
}

/// Everything about one issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueDetail {
    pub row: IssueRow,
    pub explanation: Explanation,
    /// Until when it is ignored, in words.
    pub ignored: Option<String>,
    /// The latest log entry, while it is kept.
    pub log_id: Option<String>,
    pub users: Page<IssueUser>,
    /// Newest first.
    pub history: Vec<IssueEvent>,
    pub assignee_id: Option<String>,
    /// Whom it can be given to: id and name.
    pub assignees: Vec<(String, String)>,
    /// Whether whoever looks may change it.
    pub may_manage: bool,
}

/// Somebody that an issue is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueUser {
    /// `None` for a create that was refused.
    pub user_id: Option<String>,
    pub name: String,
    pub user_name: Option<String>,
    pub events: u64,
    pub first_seen: Moment,
    pub last_seen: Moment,
}

/// What happened to an issue.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct IssueEvent {
    pub kind: IssueEventKind,
    pub at: Moment,
    /// `None` for what it did by itself.
    pub by: Option<String>,
    /// A note, or a detail such as until when.
    pub text: String,
}

/// What can stand in an issue's history.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum IssueEventKind {
    FirstSeen,
    CameBack,
    Acknowledged,
    Assigned,
    Resolved,
    Ignored,
    Reopened,
    Note,
}

impl IssueEventKind {
    /// Every kind.
    pub const ALL: [Self; 8] = [
        Self::FirstSeen,
        Self::CameBack,
        Self::Acknowledged,
        Self::Assigned,
        Self::Resolved,
        Self::Ignored,
        Self::Reopened,
        Self::Note,
    ];

    /// As stored.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FirstSeen => "first_seen",
            Self::CameBack => "came_back",
            Self::Acknowledged => "acknowledged",
            Self::Assigned => "assigned",
            Self::Resolved => "resolved",
            Self::Ignored => "ignored",
            Self::Reopened => "reopened",
            Self::Note => "note",
        }
    }

    /// The kind that [`Self::as_str`] calls so.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }

    /// As shown.
    pub fn label(self) -> &'static str {
        match self {
            Self::FirstSeen => "First seen",
            Self::CameBack => "Came back",
            Self::Acknowledged => "Acknowledged",
            Self::Assigned => "Assigned",
            Self::Resolved => "Resolved",
            Self::Ignored => "Ignored",
            Self::Reopened => "Reopened",
            Self::Note => "Note",
        }
    }
}

/// What the list is narrowed to; all of it stands in the address.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct IssueFilter {
    /// Words of the title, a reason, an attribute or a value; or how an affected user's name begins.
    pub text: String,
    pub tab: IssueTab,
    pub action: Option<Action>,
    /// A reason code.
    pub reason: Option<String>,
    pub assigned: Option<Assigned>,
    /// A slug; in the list of all organizations.
    pub organization: Option<String>,
    pub cursor: Option<String>,
    /// Whether the page before the cursor is meant.
    pub back: bool,
}

impl IssueFilter {
    /// Reads what stands in the address; what cannot be read is left out.
    pub fn from_pairs<'a>(pairs: impl Iterator<Item = (impl AsRef<str>, &'a str)>) -> Self {
        let mut filter = Self::default();
        for (name, value) in pairs.filter(|(_, value)| !value.trim().is_empty()) {
            let text = || Some(value.trim().to_owned());
            match name.as_ref() {
                "q" => filter.text = value.trim().to_owned(),
                "state" => filter.tab = IssueTab::parse(value).unwrap_or_default(),
                "action" => filter.action = Action::parse(value),
                "reason" => filter.reason = text(),
                "assigned" => filter.assigned = Assigned::parse(value),
                "organization" => filter.organization = text(),
                "after" => (filter.cursor, filter.back) = (text(), false),
                "before" => (filter.cursor, filter.back) = (text(), true),
                _ => {}
            }
        }
        filter
    }

    /// What narrows the list, without the page.
    pub fn to_pairs(&self) -> Vec<Pair> {
        let owned = |text: &'static str| Some(text.to_owned());
        let tab = (self.tab != IssueTab::default()).then(|| self.tab.as_str().to_owned());
        let text = (!self.text.is_empty()).then(|| self.text.clone());
        [
            ("q", text),
            ("state", tab),
            (
                "action",
                self.action.and_then(|action| owned(action.as_str())),
            ),
            ("reason", self.reason.clone()),
            ("assigned", self.assigned.and_then(|to| owned(to.as_str()))),
            ("organization", self.organization.clone()),
        ]
        .into_iter()
        .filter_map(|(name, value)| Some((name, value?)))
        .collect()
    }

    /// The list below `path`, from its first page on.
    pub fn href(&self, path: &str) -> String {
        href(path, &self.to_pairs())
    }

    /// The page after `cursor`, or the one before it.
    pub fn page_href(&self, path: &str, cursor: String, back: bool) -> String {
        let mut pairs = self.to_pairs();
        pairs.push((if back { "before" } else { "after" }, cursor));
        href(path, &pairs)
    }

    /// Whether anything but the tab leaves issues out.
    pub fn is_narrowed(&self) -> bool {
        !self.text.is_empty()
            || self.action.is_some()
            || self.reason.is_some()
            || self.assigned.is_some()
            || self.organization.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_the_whole_filter() {
        let filter = IssueFilter {
            text: "unknown role & ana".to_owned(),
            tab: IssueTab::Ignored,
            action: Some(Action::Create),
            reason: Some("role_unknown".to_owned()),
            assigned: Some(Assigned::ToNobody),
            organization: Some("contoso".to_owned()),
            ..IssueFilter::default()
        };
        let pairs = filter.to_pairs();
        let read =
            IssueFilter::from_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())));
        assert_eq!(read, filter);
        let nonsense = [
            ("state", "asleep"),
            ("action", "x"),
            ("reason", " "),
            ("a", "b"),
        ];
        let read = IssueFilter::from_pairs(nonsense.into_iter());
        assert_eq!(read, IssueFilter::default());
        assert_eq!(read.href("/issues"), "/issues");
    }
}
