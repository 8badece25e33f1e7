//! What the mails say: each as it reads, and what holds for all of them.

use jiff::tz::TimeZone;
use rhombus_provisioning::model::account::AccountRole;
use rhombus_provisioning::model::log::Action;
use rhombus_provisioning::server::clock::{DAY, HOUR, MINUTE};
use rhombus_provisioning::server::scim::reason::Reason;
use rhombus_provisioning::server::services::mails::{
    self, Composed, Digest, Ended, Invitation, IssueFacts, IssuePerson, MailContext, Organization,
    ProblemFacts, Reset, Setting, Verification,
};
use rhombus_provisioning::server::services::problems::ProblemKind;

use crate::support::app::START;

const PUBLIC_URL: &str = "https://provisioning.example.com";

fn setting() -> Setting<'static> {
    Setting {
        public_url: PUBLIC_URL,
        now: START,
        zone: TimeZone::UTC,
    }
}

fn contoso() -> MailContext<'static> {
    context("Contoso Ltd")
}

fn context(name: &str) -> MailContext<'_> {
    MailContext {
        setting: setting(),
        organization: Organization {
            name,
            slug: "contoso",
        },
        unsubscribe_url: "https://provisioning.example.com/unsubscribe/7Kq2.Zm9v",
        digest_hours: Some(24),
        tells_recovery: true,
    }
}

fn problem_of(kind: ProblemKind) -> ProblemFacts {
    let (subject, detail) = match kind {
        ProblemKind::Refused => ("", "its token is not known here"),
        ProblemKind::QuarantineRisk => (
            "",
            "35 % of 7,000 changes failed in one cycle; the limit is 40 % from 5,000 failures on",
        ),
        ProblemKind::Quarantined => ("", "Entra calls only once a day, as it does in quarantine"),
        ProblemKind::Silent => ("", "Entra has not called, which it does every 40 minutes"),
        ProblemKind::GuardHolding => (
            "",
            "the accidental-deletion guard holds 25 users, who keep their access until somebody decides",
        ),
        ProblemKind::Paused => ("", "an administrator has paused provisioning"),
        ProblemKind::Off => ("", "Rhombus support has turned provisioning off"),
        ProblemKind::TokenExpiring => ("token-1:7", "the token 'Entra' expires within 7 days"),
        ProblemKind::TokenExpired => (
            "token-1",
            "the token 'Entra' expired, and no other is valid",
        ),
    };
    ProblemFacts {
        kind,
        subject: subject.to_owned(),
        began_at: START - 18 * MINUTE,
        detail: detail.to_owned(),
    }
}

fn person(name: &str, user_name: &str) -> IssuePerson {
    IssuePerson {
        name: name.to_owned(),
        user_name: Some(user_name.to_owned()),
    }
}

fn unknown_role() -> IssueFacts {
    IssueFacts {
        id: "0197f3a0-0000-7000-8000-000000000031".to_owned(),
        action: Action::Update,
        reason: Reason::RoleUnknown,
        attribute: Some("roles".to_owned()),
        value: Some("SECURITY_LEAD".to_owned()),
        users: 3,
        people: vec![
            person("Marcus Bell", "marcus.bell@contoso.com"),
            person("Elif Demir", "elif.demir@contoso.com"),
            person("Jonas Weber", "jonas.weber@contoso.com"),
        ],
        events: 4,
        first_seen_at: START - 18 * MINUTE,
        last_seen_at: START - 2 * MINUTE,
    }
}

fn of_reason(reason: Reason) -> IssueFacts {
    IssueFacts {
        reason,
        attribute: None,
        value: None,
        ..unknown_role()
    }
}

/// A name as somebody could choose it who means no good.
const HOSTILE: &str =
    "<script>alert(1)</script> \"Ünï\" & 'Söhne'\r\nBcc: eve@evil.example\u{202e}東京";

/// Every mail there is, by a name for its snapshot.
fn all(name: &str) -> Vec<(String, Composed)> {
    let context = context(name);
    let organization = context.organization;
    let (by, url) = (
        if name == HOSTILE {
            HOSTILE
        } else {
            "Dana Whitfield"
        },
        "https://provisioning.example.com/x/7Kq2",
    );
    let expires_at = START + 7 * DAY;
    let mut mails: Vec<(String, Composed)> = Vec::new();
    for kind in ProblemKind::ALL {
        let mut facts = problem_of(kind);
        if name == HOSTILE {
            facts.detail = format!("the token '{HOSTILE}' expired");
        }
        mails.push((
            format!("mail_{}", kind.as_str()),
            mails::problem(&context, &facts),
        ));
        mails.push((
            format!("mail_{}_over", kind.as_str()),
            mails::recovered(&context, &facts, START + 3 * HOUR),
        ));
    }
    let mut issue = unknown_role();
    let lookup = IssueFacts {
        action: Action::Match,
        users: 0,
        people: Vec::new(),
        events: 12_000,
        ..of_reason(Reason::FilterMalformed)
    };
    if name == HOSTILE {
        issue.value = Some(HOSTILE.to_owned());
        issue.people = vec![
            person(HOSTILE, HOSTILE),
            person(&"長い名前".repeat(40), &"x".repeat(300)),
        ];
        issue.users = 10_000;
    }
    mails.push(("mail_issue".to_owned(), mails::issue(&context, &issue)));
    mails.push(("mail_sample".to_owned(), mails::sample(&context)));
    mails.push((
        "mail_issue_of_lookups".to_owned(),
        mails::issue(&context, &lookup),
    ));
    mails.push((
        "mail_issue_over".to_owned(),
        mails::issue_resolved(&context, &issue, START + HOUR),
    ));
    let one = IssueFacts {
        action: Action::Create,
        users: 1,
        events: 9,
        ..of_reason(Reason::FamilyNameMissing)
    };
    let ended = [
        Ended::Issue(issue.clone(), START + HOUR),
        Ended::Problem(problem_of(ProblemKind::Refused), START + HOUR),
        Ended::Problem(problem_of(ProblemKind::TokenExpired), START + HOUR),
    ];
    let ended: Vec<&Ended> = ended.iter().collect();
    mails.push(("mail_over".to_owned(), mails::over(&context, &ended)));
    let issues = [issue.clone(), one, lookup.clone()];
    let problems = [problem_of(ProblemKind::Refused)];
    let since = START - DAY;
    for (snapshot, problems, issues, issues_open) in [
        ("mail_digest", &problems[..], &issues[..], 14),
        ("mail_digest_of_issues", &[][..], &issues[..1], 1),
        ("mail_digest_of_problems", &problems[..], &[][..], 0),
    ] {
        let digest = Digest {
            since,
            problems,
            issues,
            issues_open,
        };
        mails.push((snapshot.to_owned(), mails::digest(&context, &digest)));
    }
    let verification = Verification {
        organization,
        by,
        url,
        expires_at,
    };
    mails.push((
        "mail_verification".to_owned(),
        mails::verification(&setting(), &verification),
    ));
    mails.push(("mail_test".to_owned(), mails::test(&context, by)));
    for (snapshot, organization, role) in [
        ("mail_invitation_admin", Some(name), AccountRole::Admin),
        ("mail_invitation_viewer", Some(name), AccountRole::Viewer),
        ("mail_invitation_support", None, AccountRole::Support),
    ] {
        let invitation = Invitation {
            organization,
            role,
            by,
            url,
            expires_at,
        };
        mails.push((
            snapshot.to_owned(),
            mails::invitation(&setting(), &invitation),
        ));
    }
    for (snapshot, by) in [("mail_reset_by_admin", Some(by)), ("mail_reset", None)] {
        let reset = Reset {
            email: "ana.ruiz@contoso.com",
            by,
            url,
            expires_at: START + HOUR,
        };
        mails.push((snapshot.to_owned(), mails::reset(&setting(), &reset)));
    }
    mails
}

#[test]
fn every_mail_reads_as_it_was_written() {
    for (name, mail) in all("Contoso Ltd") {
        let shown = format!(
            "Subject: {}\n\n{}\n=====\n{}",
            mail.subject, mail.text, mail.html
        );
        insta::with_settings!({
            snapshot_path => "../snapshots",
            prepend_module_to_snapshot => false,
            omit_expression => true,
        }, {
            insta::assert_snapshot!(name, shown);
        });
    }
}

#[test]
fn what_comes_from_outside_is_text_in_every_mail() {
    for (name, mail) in all(HOSTILE) {
        assert!(!mail.html.contains("<script"), "{name}: {}", mail.html);
        assert!(
            !mail.subject.contains(char::is_control),
            "{name}: {:?}",
            mail.subject
        );
        assert!(
            mail.subject.chars().count() < 260,
            "{name}: {}",
            mail.subject
        );
        for form in [&mail.text, &mail.html, &mail.subject] {
            assert!(!form.contains(['\r', '\u{202e}']), "{name}: {form}");
        }
    }
}

#[test]
fn every_mail_is_whole_html_and_leads_only_here() {
    for organization in ["Contoso Ltd", HOSTILE] {
        for (name, mail) in all(organization) {
            for tag in [
                "table", "tr", "td", "p", "ol", "li", "a", "h1", "h2", "b", "div", "span",
            ] {
                let opened = mail.html.matches(&format!("<{tag} ")).count()
                    + mail.html.matches(&format!("<{tag}>")).count();
                let closed = mail.html.matches(&format!("</{tag}>")).count();
                assert_eq!(opened, closed, "<{tag}> in {name}");
            }
            for href in mail.html.split("href=\"").skip(1) {
                assert!(href.starts_with(PUBLIC_URL), "{name}: {href}");
                let url = href.split('"').next().unwrap();
                assert!(mail.text.contains(url), "{name}: {url} is in the HTML only");
            }
            assert!(
                !mail.html.contains("<img") && !mail.html.contains("<script"),
                "{name}"
            );
            // Gmail cuts what is longer.
            assert!(mail.html.len() < 100_000, "{name}");
            assert!(
                !mail.text.contains('\r') && mail.text.ends_with('\n'),
                "{name}"
            );
            for line in mail.text.lines() {
                let has_room = line.chars().count() <= 76 || line.trim().split(' ').count() <= 2;
                assert!(
                    has_room || line.starts_with("  ") || line.contains("https://"),
                    "{name}: {line}"
                );
            }
        }
    }
}

#[test]
fn every_cause_makes_a_mail_without_gaps() {
    let context = contoso();
    for reason in Reason::ALL {
        for attribute in [None, Some("name.familyName".to_owned())] {
            let facts = IssueFacts {
                attribute,
                ..of_reason(*reason)
            };
            let mail = mails::issue(&context, &facts);
            let code = reason.code();
            assert!(!mail.subject.contains('{'), "{code}: {}", mail.subject);
            assert!(mail.subject.starts_with("[Contoso Ltd] "), "{code}");
            assert!(
                mail.text
                    .contains(reason.explanation().happened.split(' ').next().unwrap()),
                "{code}"
            );
        }
    }
}

#[test]
fn the_sample_is_the_mail_of_an_issue_and_says_that_it_is_none() {
    let context = contoso();
    let (sample, real) = (
        mails::sample(&context),
        mails::issue(
            &context,
            &IssueFacts {
                id: "example".to_owned(),
                people: vec![
                    person("Marcus Bell", "marcus.bell@example.com"),
                    person("Elif Demir", "elif.demir@example.com"),
                    person("Jonas Weber", "jonas.weber@example.com"),
                ],
                events: 3,
                first_seen_at: START,
                ..unknown_role()
            },
        ),
    );
    assert!(sample.subject.starts_with("[Contoso Ltd] Example: "));
    assert!(
        sample
            .text
            .starts_with("Example of a failure at Contoso Ltd, "),
        "{}",
        sample.text
    );
    let without_kind = |text: &str| text.split_once('\n').unwrap().1.to_owned();
    assert_eq!(without_kind(&sample.text), without_kind(&real.text));
}

#[test]
fn a_mail_says_what_else_comes() {
    let said = |digest_hours, tells_recovery| {
        let context = MailContext {
            digest_hours,
            tells_recovery,
            ..contoso()
        };
        let text = mails::issue(&context, &unknown_role())
            .text
            .replace('\n', " ");
        let (_, foot) = text.split_once("Contoso Ltd. ").unwrap();
        foot.split(" Change").next().unwrap().to_owned()
    };
    assert_eq!(
        said(Some(24), true),
        "While this issue goes on you hear about it at most once a day, and once more when it is over."
    );
    assert_eq!(
        said(Some(12), false),
        "While this issue goes on you hear about it at most every 12 hours."
    );
    assert_eq!(
        said(None, true),
        "You hear about this issue once more, when it is over."
    );
    assert_eq!(said(None, false), "This is the only mail about this issue.");
}

#[test]
fn times_are_said_in_the_zone_that_the_organization_reads() {
    let context = MailContext {
        setting: Setting {
            zone: TimeZone::fixed(jiff::tz::offset(1)),
            ..setting()
        },
        ..contoso()
    };
    let mail = mails::test(&context, "Dana");
    assert!(
        mail.text
            .starts_with("Test at Contoso Ltd, 23 Nov 2026, 10:00 +01\n"),
        "{}",
        mail.text
    );
}
