//! How the list of provisioning logs stands in an address.

use super::log::{Action, LogFilter, Status};
use super::query::{Pair, href};

/// Time spans that one may choose: value and words.
pub const SPANS: [(&str, &str); 4] = [
    ("1h", "Last hour"),
    ("24h", "Last 24 hours"),
    ("7d", "Last 7 days"),
    ("30d", "Last 30 days"),
];

impl LogFilter {
    /// What the overview counts and leads to: everything that failed in the last 24 hours.
    pub fn failures_of_a_day() -> Self {
        Self {
            statuses: vec![Status::Failure],
            within: Some("24h".to_owned()),
            lookups: true,
            ..Self::default()
        }
    }

    /// Reads what stands in the address; what cannot be read is left out, and blank fields of a form say nothing.
    pub fn from_pairs<'a>(pairs: impl Iterator<Item = (impl AsRef<str>, &'a str)>) -> Self {
        let mut filter = Self::default();
        for (name, value) in pairs.filter(|(_, value)| !value.trim().is_empty()) {
            let text = || Some(value.trim().to_owned());
            match name.as_ref() {
                // A request id is no name: whatever it was is to be found, lookups too.
                "q" if is_request_id(value.trim()) => filter.request_id = text(),
                "q" => value.trim().clone_into(&mut filter.text),
                "request" => filter.request_id = text(),
                "issue" => filter.issue_id = text(),
                "action" => filter.actions.extend(Action::parse(value)),
                "status" => filter.statuses.extend(Status::parse(value)),
                "reason" => filter.reason = text(),
                "token" => filter.token_prefix = text(),
                "user" => filter.user_id = text(),
                "cycle" => filter.cycle_id = text(),
                "within" => {
                    filter.within = SPANS
                        .iter()
                        .find(|(span, _)| *span == value)
                        .map(|(span, _)| (*span).to_owned());
                }
                "from" => filter.from = minute(value),
                "to" => filter.to = minute(value),
                "zone" => filter.zone = text(),
                "lookups" => filter.lookups = value == "1",
                "after" => (filter.cursor, filter.newer) = (text(), false),
                "before" => (filter.cursor, filter.newer) = (text(), true),
                _ => {}
            }
        }
        if filter.has_minutes() {
            filter.within = None;
        } else {
            filter.zone = None;
        }
        filter
    }

    /// What [`LogFilter::from_pairs`] reads back.
    pub fn to_pairs(&self) -> Vec<Pair> {
        let mut pairs = Vec::new();
        if !self.text.is_empty() {
            pairs.push(("q", self.text.clone()));
        }
        pairs.extend(
            self.actions
                .iter()
                .map(|action| ("action", action.as_str().to_owned())),
        );
        pairs.extend(
            self.statuses
                .iter()
                .map(|status| ("status", status.as_str().to_owned())),
        );
        let single = [
            ("reason", &self.reason),
            ("token", &self.token_prefix),
            ("user", &self.user_id),
            ("cycle", &self.cycle_id),
            ("request", &self.request_id),
            ("issue", &self.issue_id),
            ("within", &self.within),
            ("from", &self.from),
            ("to", &self.to),
            ("zone", &self.zone.clone().filter(|_| self.has_minutes())),
        ];
        pairs.extend(
            single
                .into_iter()
                .filter_map(|(name, value)| Some((name, value.clone()?))),
        );
        if self.lookups {
            pairs.push(("lookups", "1".to_owned()));
        }
        if let Some(cursor) = &self.cursor {
            pairs.push((if self.newer { "before" } else { "after" }, cursor.clone()));
        }
        pairs
    }

    fn has_minutes(&self) -> bool {
        self.from.is_some() || self.to.is_some()
    }

    /// The list below `path`, with this filter from its newest entry on.
    pub fn href(&self, path: &str) -> String {
        let first_page = Self {
            cursor: None,
            newer: false,
            ..self.clone()
        };
        href(path, &first_page.to_pairs())
    }

    /// The page after `cursor` (older), or the one before it.
    pub fn page_href(&self, path: &str, cursor: &str, newer: bool) -> String {
        let page = Self {
            cursor: Some(cursor.to_owned()),
            newer,
            ..self.clone()
        };
        href(path, &page.to_pairs())
    }

    /// The page that is shown, with one entry in the drawer.
    pub fn entry_href(&self, path: &str, entry: &str) -> String {
        let mut pairs = self.to_pairs();
        pairs.push(("entry", entry.to_owned()));
        href(path, &pairs)
    }

    /// Whether anything but lookups is left out of the list.
    pub fn is_narrowed(&self) -> bool {
        let Self {
            text,
            actions,
            statuses,
            reason,
            token_prefix,
            user_id,
            cycle_id,
            request_id,
            issue_id,
            within,
            from,
            to,
            ..
        } = self;
        !(text.is_empty() && actions.is_empty() && statuses.is_empty())
            || [reason, token_prefix, user_id, cycle_id, request_id]
                .into_iter()
                .chain([issue_id, within, from, to])
                .any(Option::is_some)
    }
}

/// `req_` and 26 characters, as every answer names its request.
fn is_request_id(text: &str) -> bool {
    text.strip_prefix("req_").is_some_and(|rest| {
        rest.len() == 26 && rest.bytes().all(|byte| byte.is_ascii_alphanumeric())
    })
}

/// "2026-11-23T09:13", as a form sends it; seconds are cut off.
fn minute(text: &str) -> Option<String> {
    let minute = text.trim().get(..16)?;
    let is_minute = minute.bytes().zip(b"0000-00-00T00:00").all(|(byte, like)| {
        if *like == b'0' {
            byte.is_ascii_digit()
        } else {
            byte == *like
        }
    });
    is_minute.then(|| minute.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_the_whole_filter() {
        let filter = LogFilter {
            text: "ana".into(),
            actions: vec![Action::Create, Action::TestConnection],
            statuses: vec![Status::Failure],
            reason: Some("role_unknown".into()),
            token_prefix: Some("rhp_AbCd1234".into()),
            user_id: Some("u1".into()),
            cycle_id: Some("c1".into()),
            request_id: Some("req_1".into()),
            issue_id: Some("i1".into()),
            within: None,
            from: Some("2026-11-23T09:13".into()),
            to: Some("2026-11-24T00:00".into()),
            zone: Some("Europe/Berlin".into()),
            lookups: true,
            cursor: Some("1:2".into()),
            newer: true,
        };
        let pairs = filter.to_pairs();
        let read = LogFilter::from_pairs(pairs.iter().map(|(name, value)| (*name, value.as_str())));
        assert_eq!(read, filter);
        assert!(filter.is_narrowed());
        assert_eq!(
            LogFilter {
                lookups: true,
                ..LogFilter::default()
            }
            .href("/logs"),
            "/logs?lookups=1"
        );
    }

    #[test]
    fn nonsense_and_blanks_are_left_out() {
        let pairs = [
            ("q", " "),
            ("action", "dance"),
            ("within", "1000y"),
            ("from", "yesterday"),
            ("to", "2026-11-23 09:13"),
            ("zone", "Europe/Berlin"),
            ("x", "y"),
        ];
        assert_eq!(
            LogFilter::from_pairs(pairs.into_iter()),
            LogFilter::default()
        );
    }

    #[test]
    fn a_request_id_is_found_from_the_search_field() {
        let id = "req_01KB1Q6Z8N5V2X3Y4Z5A6B7C8D";
        let filter = LogFilter::from_pairs([("q", id), ("within", "7d")].into_iter());
        assert_eq!(filter.request_id.as_deref(), Some(id));
        assert_eq!(
            (filter.text.as_str(), filter.within.as_deref()),
            ("", Some("7d"))
        );
        let filter = LogFilter::from_pairs([("q", "req_x")].into_iter());
        assert_eq!((filter.text.as_str(), filter.request_id), ("req_x", None));
    }

    #[test]
    fn minutes_stand_in_the_place_of_a_span() {
        let pairs = [("within", "7d"), ("from", "2026-11-23T09:13:59")];
        let filter = LogFilter::from_pairs(pairs.into_iter());
        assert_eq!(filter.from.as_deref(), Some("2026-11-23T09:13"));
        assert_eq!(filter.within, None);
        let both = LogFilter {
            zone: Some("Europe/Berlin".to_owned()),
            ..filter
        };
        assert!(both.href("/logs").ends_with("&zone=Europe%2FBerlin"));
        let neither = LogFilter { from: None, ..both };
        assert_eq!(neither.href("/logs"), "/logs");
    }
}
