//! Mails in words: from what is known to subject, text and HTML. Nothing here reads a database or sends anything; what
//! is written holds no secret but the link that the mail is for, and no payload.

mod account;
mod digest;
mod html;
mod issue;
mod letter;
mod over;
mod problem;
mod recipient;
mod sample;
mod text;

use jiff::tz::TimeZone;

pub use account::{Invitation, Reset, invitation, reset};
pub use digest::{DIGEST_ISSUES, Digest, digest};
pub use issue::{IssueFacts, IssuePerson, issue, issue_resolved};
pub use over::{Ended, over};
pub use problem::{ProblemFacts, problem, recovered};
pub use recipient::{Verification, test, verification};
pub use sample::{NOTHING, sample};

use crate::server::clock::Millis;
use crate::server::services::moments::Moments;
use letter::{Foot, Letter, Span};

/// A mail in both its forms.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Composed {
    pub subject: String,
    pub text: String,
    pub html: String,
}

/// What every mail needs: where its links lead and how it says times.
#[derive(Debug, Clone)]
pub struct Setting<'a> {
    pub public_url: &'a str,
    /// When it is written.
    pub now: Millis,
    /// In which times are said.
    pub zone: TimeZone,
}

impl Setting<'_> {
    fn moments(&self) -> Moments {
        Moments::new(self.now, self.zone.clone())
    }

    /// A time of day with its day and zone.
    fn at(&self, at: Millis) -> String {
        self.moments().date_and_time(at)
    }
}

/// What every mail to an organization's recipients needs.
#[derive(Debug, Clone)]
pub struct MailContext<'a> {
    pub setting: Setting<'a>,
    pub organization: Organization<'a>,
    /// The page on which this recipient stops these mails.
    pub unsubscribe_url: &'a str,
    /// Hours between two digests; none where the organization wants none.
    pub digest_hours: Option<i64>,
    /// Whether the organization is told when a problem is over.
    pub tells_recovery: bool,
}

/// Whose mail it is.
#[derive(Debug, Clone, Copy)]
pub struct Organization<'a> {
    pub name: &'a str,
    pub slug: &'a str,
}

/// Characters of a name, a value or a phrase that came from outside; a subject must stay readable.
const LONGEST_NAME: usize = 60;
const LONGEST_PHRASE: usize = 160;

impl MailContext<'_> {
    /// The organization's name as a mail says it.
    fn name(&self) -> String {
        clean(self.organization.name, LONGEST_NAME)
    }

    /// A page of the organization; `path` begins with a slash, or is "" for the overview.
    fn page(&self, path: &str) -> String {
        let slug = self.organization.slug;
        format!("{}/organizations/{slug}{path}", self.setting.public_url)
    }

    /// "[Contoso Ltd] ..."
    fn subject(&self, text: &str) -> String {
        format!("[{}] {text}", self.name())
    }

    /// "Failure at Contoso Ltd, 21 Nov 2026, 15:42 UTC"
    fn kind(&self, what: &str, at: Millis) -> String {
        format!("{what} at {}, {}", self.name(), self.setting.at(at))
    }

    /// Why somebody gets the mail, what else comes, and how to change that.
    fn foot(&self, goes_on: Option<&str>) -> Foot {
        let mut why = format!(
            "You get this because you are a verified recipient at {}.",
            self.name()
        );
        if let Some(it) = goes_on {
            why.push_str(&self.follow_ups(it));
        }
        Foot {
            why,
            links: vec![
                ("Change notifications", self.page("/notifications")),
                ("Stop these mails", self.unsubscribe_url.to_owned()),
            ],
        }
    }

    fn follow_ups(&self, it: &str) -> String {
        let digest = self.digest_hours.map(|hours| match hours {
            24 => "at most once a day".to_owned(),
            hours => format!("at most every {hours} hours"),
        });
        match (digest, self.tells_recovery) {
            (Some(often), true) => format!(
                " While {it} goes on you hear about it {often}, and once more when it is over."
            ),
            (Some(often), false) => format!(" While {it} goes on you hear about it {often}."),
            (None, true) => format!(" You hear about {it} once more, when it is over."),
            (None, false) => format!(" This is the only mail about {it}."),
        }
    }
}

/// What came from outside, as one short line: without line breaks and invisible characters.
fn clean(text: &str, longest: usize) -> String {
    let is_hidden = |letter: char| {
        letter.is_control()
            || matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    let text: String = text
        .chars()
        .map(|letter| if is_hidden(letter) { ' ' } else { letter })
        .collect();
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= longest {
        return line;
    }
    let begin: String = line.chars().take(longest - 1).collect();
    format!("{}…", begin.trim_end())
}

/// The first letter as a sentence begins.
fn capitalized(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(letters).collect()
}

/// A step in the dashboard whose words for a page lead there.
fn linked(step: &str, context: &MailContext<'_>) -> Vec<Span> {
    const PAGES: [(&str, &str); 6] = [
        ("Settings › Roles", "/settings#roles"),
        ("Settings", "/settings"),
        ("Tokens", "/tokens"),
        ("Users", "/users"),
        ("Audit", "/audit"),
        ("Issues", "/issues"),
    ];
    for (words, path) in PAGES {
        let opens = format!("pen {words}");
        if let Some(at) = step.find(&opens) {
            let (before, after) = (at + opens.len() - words.len(), at + opens.len());
            return vec![
                Span::text(&step[..before]),
                Span::link(words, context.page(path)),
                Span::text(&step[after..]),
            ];
        }
    }
    vec![Span::text(step)]
}

fn compose(letter: &Letter) -> Composed {
    Composed {
        subject: letter.subject.clone(),
        text: text::render(letter),
        html: html::render(letter),
    }
}
