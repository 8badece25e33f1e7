//! What is over and was told: one mail for all of it.

use super::issue::{IssueFacts, issue_resolved, lower_first};
use super::letter::{Item, Letter, Part, Tone};
use super::problem::{ProblemFacts, recovered};
use super::{Composed, MailContext, compose};
use crate::server::clock::Millis;

/// Something that is over, and since when.
#[derive(Debug, Clone)]
pub enum Ended {
    Problem(ProblemFacts, Millis),
    Issue(IssueFacts, Millis),
}

/// A mail of all this; there is at least one.
pub fn over(context: &MailContext<'_>, ended: &[&Ended]) -> Composed {
    match ended {
        [Ended::Problem(facts, at)] => recovered(context, facts, *at),
        [Ended::Issue(facts, at)] => issue_resolved(context, facts, *at),
        ended => several(context, ended),
    }
}

fn several(context: &MailContext<'_>, ended: &[&Ended]) -> Composed {
    let is_problem = |ended: &Ended| matches!(ended, Ended::Problem(..));
    // The connection comes before single issues.
    let (problems, issues): (Vec<&Ended>, Vec<&Ended>) =
        ended.iter().copied().partition(|ended| is_problem(ended));
    let items: Vec<Item> = problems
        .into_iter()
        .chain(issues)
        .map(|ended| item(context, ended))
        .collect();
    let first = items.first().map_or("", |item| item.title.as_str());
    let subject = format!(
        "Recovered: {}, and {} more",
        lower_first(first),
        items.len() - 1
    );
    compose(&Letter {
        subject: context.subject(&subject),
        preview: items
            .iter()
            .map(|item| item.title.as_str())
            .collect::<Vec<_>>()
            .join(". "),
        tone: Tone::Ok,
        kind: context.kind("Recovered", context.setting.now),
        title: format!("{} things are over", items.len()),
        parts: vec![
            Part::text("You were told of each of them. If one comes back, you hear of it again."),
            Part::List {
                title: "What is over".to_owned(),
                items,
                more: None,
            },
            Part::Button {
                label: "Open the overview",
                url: context.page(""),
            },
        ],
        foot: context.foot(None),
    })
}

fn item(context: &MailContext<'_>, ended: &Ended) -> Item {
    let at = |time| context.setting.at(time);
    match ended {
        Ended::Problem(facts, ended_at) => {
            let (title, text) = facts.over();
            Item {
                title: title.to_owned(),
                url: context.page(facts.path()),
                detail: format!(
                    "{text} It began on {} and was over on {}.",
                    at(facts.began_at),
                    at(*ended_at)
                ),
            }
        }
        Ended::Issue(facts, ended_at) => Item {
            title: format!("Resolved: {}", lower_first(&facts.cause())),
            url: context.page(&facts.path()),
            detail: format!("{}. It was over on {}.", facts.past(context), at(*ended_at)),
        },
    }
}
