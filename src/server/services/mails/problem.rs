//! What is wrong with a connection, and that it is over: of each kind what it means for people and what to do.

use super::letter::{Letter, Part, Span, Tone};
use super::{Composed, LONGEST_PHRASE, MailContext, capitalized, clean, compose};
use crate::server::clock::{DAY, HOUR, MINUTE, Millis};
use crate::server::services::problems::{ProblemKind, THRESHOLDS};

/// What is kept of a problem.
#[derive(Debug, Clone)]
pub struct ProblemFacts {
    pub kind: ProblemKind,
    pub subject: String,
    pub began_at: Millis,
    /// A phrase for people, such as "the token 'Entra' expired".
    pub detail: String,
}

const CREDENTIALS: &str =
    "Open Enterprise applications › Rhombus Systems › Provisioning › Admin Credentials.";
const PASTE: &str = "Paste the new token into Secret Token, select Test Connection, then Save.";
const STATUS: &str =
    "Open Enterprise applications › Rhombus Systems › Provisioning and read its status.";

/// Four weeks of quarantine, after which Entra turns the job off.
const QUARANTINE: Millis = 28 * DAY;

impl ProblemFacts {
    fn phrase(&self) -> String {
        clean(&self.detail, LONGEST_PHRASE)
    }

    /// What is wrong, in one line.
    pub(super) fn title(&self) -> String {
        let phrase = self.phrase();
        match self.kind {
            ProblemKind::Refused => format!("Entra is refused: {phrase}"),
            ProblemKind::QuarantineRisk => {
                "Entra may put the application into quarantine".to_owned()
            }
            ProblemKind::Quarantined => {
                "Entra has probably put the application into quarantine".to_owned()
            }
            ProblemKind::Silent => "Entra has gone silent".to_owned(),
            ProblemKind::Paused => "Provisioning is paused".to_owned(),
            ProblemKind::Off => "Provisioning is turned off".to_owned(),
            // The rest of the phrase is what the mail says itself.
            ProblemKind::GuardHolding => {
                capitalized(phrase.split(", who").next().unwrap_or(&phrase))
            }
            ProblemKind::TokenExpiring | ProblemKind::TokenExpired => capitalized(&phrase),
        }
    }

    /// The page where most can be done about it.
    pub(super) fn path(&self) -> &'static str {
        match self.kind {
            ProblemKind::Refused | ProblemKind::TokenExpiring | ProblemKind::TokenExpired => {
                "/tokens"
            }
            ProblemKind::QuarantineRisk => "/issues",
            ProblemKind::Quarantined | ProblemKind::Silent | ProblemKind::Off => "",
            ProblemKind::Paused => "/settings",
            ProblemKind::GuardHolding => "/held",
        }
    }

    /// That it is over, and what follows.
    pub(super) fn over(&self) -> (&'static str, &'static str) {
        match self.kind {
            ProblemKind::Refused => (
                "Entra is accepted again",
                "Entra’s requests are accepted again. What waited arrives in the coming cycles. There is nothing to do.",
            ),
            ProblemKind::TokenExpired => (
                "Entra has a valid Secret Token again",
                "There is a valid Secret Token again. What waited arrives in the coming cycles. There is nothing to do.",
            ),
            ProblemKind::TokenExpiring => (
                "The Secret Token was replaced in time",
                "Another token has taken over. Check that Entra uses it: its last use is on the Tokens page.",
            ),
            ProblemKind::QuarantineRisk => (
                "The risk of quarantine is over",
                "Failures are far from Entra’s limits again. There is nothing to do.",
            ),
            ProblemKind::Quarantined => (
                "Entra calls on schedule again",
                "Entra calls every 40 minutes again, so it is probably out of quarantine. There is nothing to do.",
            ),
            ProblemKind::Silent => (
                "Entra calls again",
                "Entra’s requests arrive again. What changed meanwhile arrives in the coming cycles. There is nothing to do.",
            ),
            ProblemKind::Paused => (
                "Provisioning goes on",
                "An Admin has resumed provisioning. What waited arrives in the coming cycles. There is nothing to do.",
            ),
            ProblemKind::Off => (
                "Provisioning is on again",
                "Rhombus support has turned provisioning on. What waited arrives in the coming cycles. There is nothing to do.",
            ),
            ProblemKind::GuardHolding => (
                "The guard holds nobody any more",
                "Somebody has decided, or Entra no longer wants to take access away. There is nothing to do.",
            ),
        }
    }

    /// When the token ends: its problem begins so many days before.
    fn expires_at(&self) -> Millis {
        let days = self
            .subject
            .rsplit(':')
            .next()
            .and_then(|days| days.parse().ok());
        let days = days.filter(|days| THRESHOLDS.contains(days)).unwrap_or(0);
        self.began_at + days * DAY
    }
}

/// How a problem is told.
struct Told {
    kind: &'static str,
    tone: Tone,
    parts: Vec<Part>,
    /// What the button to the problem's page says.
    button: &'static str,
}

/// A problem that began.
pub fn problem(context: &MailContext<'_>, facts: &ProblemFacts) -> Composed {
    let Told {
        kind,
        tone,
        mut parts,
        button,
    } = match facts.kind {
        ProblemKind::Refused => refused(context),
        ProblemKind::TokenExpired => token_expired(context),
        ProblemKind::TokenExpiring => token_expiring(context, facts),
        ProblemKind::QuarantineRisk => quarantine_risk(context, facts),
        ProblemKind::Quarantined => quarantined(context, facts),
        ProblemKind::Silent => silent(),
        ProblemKind::Paused => paused(context),
        ProblemKind::Off => off(),
        ProblemKind::GuardHolding => guard_holding(),
    };
    let preview = match parts.first() {
        Some(Part::Text(spans)) => first_sentence(spans),
        _ => capitalized(&facts.phrase()),
    };
    parts.push(Part::Button {
        label: button,
        url: context.page(facts.path()),
    });
    let title = facts.title();
    // What ends by itself at a known time is not summed up in between.
    let goes_on = (facts.kind != ProblemKind::TokenExpiring).then_some("this");
    compose(&Letter {
        subject: context.subject(&title),
        preview,
        tone,
        kind: context.kind(kind, facts.began_at),
        title,
        parts,
        foot: context.foot(goes_on),
    })
}

/// What to do on a page of the dashboard: "Open *page* `and`".
fn on_page(context: &MailContext<'_>, page: (&'static str, &str), and: &'static str) -> Vec<Span> {
    let (name, path) = page;
    vec![
        Span::text("Open "),
        Span::link(name, context.page(path)),
        Span::text(and),
    ]
}

const TOKENS: (&str, &str) = ("Tokens", "/tokens");

fn refused(context: &MailContext<'_>) -> Told {
    Told {
        kind: "Failure",
        tone: Tone::Fail,
        parts: vec![
            Part::text(
                "Until Entra sends a valid Secret Token again, no user is created, changed or removed. All users \
                 stay as they are. Entra goes on trying, puts the application into quarantine after a while and \
                 then calls once a day only.",
            ),
            Part::steps(
                "Fix it in Entra",
                &[
                    CREDENTIALS,
                    "Compare the Tenant URL with the one on Rhombus’s Tokens page.",
                    "Paste a valid token into Secret Token, select Test Connection, then Save.",
                    "If the status shows quarantine, select Restart provisioning.",
                ],
            ),
            Part::Steps {
                title: "If the token has expired or is lost",
                steps: vec![on_page(
                    context,
                    TOKENS,
                    " and create a new one. It is shown once.",
                )],
            },
        ],
        button: "Open Tokens",
    }
}

fn token_expired(context: &MailContext<'_>) -> Told {
    Told {
        kind: "Failure",
        tone: Tone::Fail,
        parts: vec![
            Part::text(
                "Until Entra sends a valid Secret Token, it is refused: no user is created, changed or removed. All \
                 users stay as they are.",
            ),
            Part::Steps {
                title: "Create a token in Rhombus",
                steps: vec![on_page(
                    context,
                    TOKENS,
                    " and create a new token. It is shown once.",
                )],
            },
            Part::steps("Then in Entra", &[CREDENTIALS, PASTE]),
        ],
        button: "Open Tokens",
    }
}

fn token_expiring(context: &MailContext<'_>, facts: &ProblemFacts) -> Told {
    Told {
        kind: "Reminder",
        tone: Tone::Warn,
        parts: vec![
            Part::text(format!(
                "It works until {}. Afterwards Entra is refused and no change arrives. Rotating needs no \
                 downtime: the old token lives on for as long as you choose, up to 7 days.",
                context.setting.at(facts.expires_at())
            )),
            Part::Steps {
                title: "Rotate it in Rhombus",
                steps: vec![on_page(
                    context,
                    TOKENS,
                    " and select Rotate. The new token is shown once.",
                )],
            },
            Part::steps("Then in Entra", &[CREDENTIALS, PASTE]),
        ],
        button: "Open Tokens",
    }
}

fn quarantine_risk(context: &MailContext<'_>, facts: &ProblemFacts) -> Told {
    Told {
        kind: "Warning",
        tone: Tone::Warn,
        parts: vec![
            Part::text(format!(
                "{}. In quarantine Entra calls once a day instead of every 40 minutes, and after four weeks \
                 it turns provisioning off. This is an estimate from what Entra sends.",
                capitalized(&facts.phrase())
            )),
            Part::Steps {
                title: "What to do",
                steps: vec![
                    on_page(
                        context,
                        ("Issues", "/issues"),
                        " and put right those that most users have.",
                    ),
                    vec![Span::text(
                        "If Entra asks for an address that does not exist: compare the Tenant URL in Admin \
                         Credentials with the one on the Tokens page.",
                    )],
                ],
            },
        ],
        button: "Open Issues",
    }
}

fn quarantined(context: &MailContext<'_>, facts: &ProblemFacts) -> Told {
    Told {
        kind: "Failure",
        tone: Tone::Fail,
        parts: vec![
            Part::text(format!(
                "Since {} Entra calls only once a day, as it does in quarantine, so changes arrive up to a day \
                 late. After four weeks, on {}, it turns provisioning off. This is an estimate from when Entra \
                 calls.",
                context.setting.at(facts.began_at),
                context.setting.at(facts.began_at + QUARANTINE)
            )),
            Part::steps(
                "Fix it in Entra",
                &[
                    STATUS,
                    "Put right what it names: mostly Admin Credentials, or the issues that are open here.",
                    "Select Restart provisioning.",
                ],
            ),
        ],
        button: "Open the overview",
    }
}

fn silent() -> Told {
    Told {
        kind: "Failure",
        tone: Tone::Fail,
        parts: vec![
            Part::text(
                "Entra calls every 40 minutes while provisioning runs, and it has not called for longer than you \
                 allow. Nothing that changes in Entra arrives; all users stay as they are.",
            ),
            Part::steps(
                "Look in Entra",
                &[
                    STATUS,
                    "If it is off, select Start provisioning.",
                    "If it is in quarantine, put right what it names and select Restart provisioning.",
                    "If it runs, select Test Connection in Admin Credentials: the Tenant URL must be reachable \
                     from the internet.",
                ],
            ),
        ],
        button: "Open the overview",
    }
}

fn paused(context: &MailContext<'_>) -> Told {
    Told {
        kind: "Paused",
        tone: Tone::Warn,
        parts: vec![
            Part::text(
                "An Admin has paused provisioning. Entra’s changes wait: it tries again for up to four weeks and \
                 may show quarantine meanwhile. Nothing is lost.",
            ),
            Part::Steps {
                title: "To go on",
                steps: vec![on_page(
                    context,
                    ("Settings", "/settings"),
                    " and select Resume.",
                )],
            },
        ],
        button: "Open Settings",
    }
}

fn off() -> Told {
    Told {
        kind: "Turned off",
        tone: Tone::Warn,
        parts: vec![Part::text(
            "Rhombus support has turned provisioning off: Entra’s calls are refused, and no user is created, \
             changed or removed. Ask Rhombus support if you do not know why.",
        )],
        button: "Open the overview",
    }
}

fn guard_holding() -> Told {
    Told {
        kind: "Decision needed",
        tone: Tone::Warn,
        parts: vec![
            Part::text(
                "Entra wants to take away the access of more users in one cycle than your guard against accidental \
                 deletions lets through. They keep their access until you decide, and Entra tries again.",
            ),
            Part::steps(
                "What to do",
                &[
                    "If it is meant so, select Allow: their next tries pass.",
                    "If it is not, select Keep holding and look in Entra: a group, an assignment or a scoping \
                     filter has probably been changed.",
                ],
            ),
        ],
        button: "See who is held",
    }
}

/// A problem that is over and was told. Of one that ended because another took its place (provisioning was paused or
/// turned off, a token that was to expire has expired) there is nothing to recover from: tell the other instead.
pub fn recovered(context: &MailContext<'_>, facts: &ProblemFacts, ended_at: Millis) -> Composed {
    let (title, text) = facts.over();
    let at = |time| context.setting.at(time);
    compose(&Letter {
        subject: context.subject(&format!("Recovered: {title}")),
        preview: text.to_owned(),
        tone: Tone::Ok,
        kind: context.kind("Recovered", ended_at),
        title: title.to_owned(),
        parts: vec![
            Part::text(text),
            Part::Facts(vec![
                ("Began", at(facts.began_at)),
                ("Over", at(ended_at)),
                ("After", lasted(ended_at - facts.began_at)),
            ]),
        ],
        foot: context.foot(None),
    })
}

/// A span in its two largest units: "3 days 4 h", "2 h 5 min".
fn lasted(span: Millis) -> String {
    let units = [
        (DAY, "day", "days"),
        (HOUR, "h", "h"),
        (MINUTE, "min", "min"),
    ];
    let mut left = span.max(MINUTE);
    let mut words: Vec<String> = Vec::new();
    for (unit, one, many) in units {
        let n = left / unit;
        left %= unit;
        if n > 0 {
            words.push(format!("{n} {}", if n == 1 { one } else { many }));
        }
    }
    words.truncate(2);
    words.join(" ")
}

fn first_sentence(spans: &[Span]) -> String {
    let text: String = spans
        .iter()
        .map(|span| match span {
            Span::Text(text) | Span::Link { label: text, .. } => text.as_str(),
        })
        .collect();
    match text.split_once(". ") {
        Some((first, _)) => format!("{first}."),
        None => text,
    }
}
