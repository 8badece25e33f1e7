//! What still goes on: one mail for all of it.

use super::issue::IssueFacts;
use super::letter::{Item, Letter, Part, Tone};
use super::problem::ProblemFacts;
use super::{Composed, MailContext, compose};
use crate::model::page::counted;
use crate::server::clock::Millis;

/// Issues that a digest shows.
pub const DIGEST_ISSUES: usize = 10;

/// What is open.
#[derive(Debug, Clone)]
pub struct Digest<'a> {
    /// Since when no mail has told of some of it: the mail before, or when it was noticed.
    pub since: Millis,
    pub problems: &'a [ProblemFacts],
    /// The first ones by users; more than a mail shows do no harm.
    pub issues: &'a [IssueFacts],
    /// How many there are in all.
    pub issues_open: u64,
}

/// The digest of one organization.
pub fn digest(context: &MailContext<'_>, digest: &Digest<'_>) -> Composed {
    let problems = u64::try_from(digest.problems.len()).unwrap_or(u64::MAX);
    let still = match (problems, digest.issues_open) {
        (0, issues) => format!("{} still open", counted(issues, "issue", "issues")),
        (problems, 0) => format!(
            "{} with the connection",
            counted(problems, "problem", "problems")
        ),
        (problems, issues) => format!(
            "{} with the connection, {} still open",
            counted(problems, "problem", "problems"),
            counted(issues, "issue", "issues")
        ),
    };
    let mut parts = vec![Part::text(format!(
        "This still goes on, and some of it has not been in a mail since {}. Entra tries again by itself; what is \
         refused stays refused until its cause is put right.",
        context.setting.at(digest.since)
    ))];
    if !digest.problems.is_empty() {
        parts.push(Part::List {
            title: "The connection".to_owned(),
            items: digest
                .problems
                .iter()
                .map(|problem| Item {
                    title: problem.title(),
                    url: context.page(problem.path()),
                    detail: format!("Since {}.", context.setting.at(problem.began_at)),
                })
                .collect(),
            more: None,
        });
    }
    if !digest.issues.is_empty() {
        let shown = digest.issues.len().min(DIGEST_ISSUES);
        let others = digest
            .issues_open
            .saturating_sub(u64::try_from(shown).unwrap_or(u64::MAX));
        parts.push(Part::List {
            title: "Open issues".to_owned(),
            items: digest
                .issues
                .iter()
                .take(DIGEST_ISSUES)
                .map(|issue| Item {
                    title: issue.line(),
                    url: context.page(&issue.path()),
                    detail: issue.course(context),
                })
                .collect(),
            more: (others > 0).then(|| Item {
                title: format!("And {}", counted(others, "issue more", "issues more")),
                url: context.page("/issues"),
                detail: String::new(),
            }),
        });
    }
    parts.push(Part::Button {
        label: "Open the overview",
        url: context.page(""),
    });
    compose(&Letter {
        subject: context.subject(&format!("Digest: {still}")),
        preview: digest
            .problems
            .iter()
            .map(ProblemFacts::title)
            .chain(digest.issues.iter().map(IssueFacts::line))
            .next()
            .unwrap_or_default(),
        tone: if problems > 0 { Tone::Fail } else { Tone::Warn },
        kind: context.kind("Digest", context.setting.now),
        title: super::capitalized(&still),
        parts,
        foot: context.foot(Some("any of this")),
    })
}
