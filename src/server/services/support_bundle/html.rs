//! A bundle as one HTML file: its style inside, no scripts, no links. Everything that is not written here is escaped.

use std::fmt::Write;
use std::sync::LazyLock;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use sha2::{Digest, Sha256};

use super::document::{AffectedUser, Document, Entry, Event, Fact, Role};
use crate::model::log::{AttributeChange, Explanation};

const STYLE: &str = include_str!("bundle.css");

/// What a bundle's own page may load: its style, known by its hash, and nothing else.
static POLICY: LazyLock<String> = LazyLock::new(|| {
    let hash = STANDARD.encode(Sha256::digest(STYLE.as_bytes()));
    format!("default-src 'none'; style-src 'sha256-{hash}'; base-uri 'none'; form-action 'none'")
});

/// The Content-Security-Policy of every answer that is made here. Only a header can say the last part of it.
pub fn policy() -> String {
    format!("{}; frame-ancestors 'none'", *POLICY)
}

/// What a link shows that does not work, whyever it does not.
pub fn unavailable() -> String {
    page(
        "This link does not work",
        "<h1>This link does not work</h1>\n<p>It may have expired, or it was revoked. Ask whoever sent it to you for a \
         new one.</p>\n",
    )
}

fn page(title: &str, body: &str) -> String {
    format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
         <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
         <meta name=\"robots\" content=\"noindex, nofollow\">\n<meta name=\"referrer\" content=\"no-referrer\">\n\
         <meta http-equiv=\"Content-Security-Policy\" content=\"{}\">\n<title>{} · Rhombus Provisioning</title>\n\
         <style>{STYLE}</style>\n</head>\n<body>\n<main>\n{body}</main>\n</body>\n</html>\n",
        *POLICY,
        Escaped(title)
    )
}

/// The whole file.
pub(super) fn render(document: &Document) -> String {
    let mut page = Page(String::new());
    page.head(document);
    document
        .explanation
        .iter()
        .for_each(|why| page.explanation(why));
    page.users(&document.users);
    page.entries(&document.entries);
    page.history(&document.history);
    page.settings(&document.settings, &document.roles);
    self::page(&format!("{}, support bundle", document.title.text), &page.0)
}

/// Text in HTML, between tags or in a quoted attribute.
struct Escaped<'a>(&'a str);

impl std::fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        for letter in self.0.chars() {
            match letter {
                '&' => f.write_str("&amp;")?,
                '<' => f.write_str("&lt;")?,
                '>' => f.write_str("&gt;")?,
                '"' => f.write_str("&quot;")?,
                '\'' => f.write_str("&#39;")?,
                letter => f.write_char(letter)?,
            }
        }
        Ok(())
    }
}

struct Page(String);

impl Page {
    fn add(&mut self, text: std::fmt::Arguments<'_>) {
        // Writing into a string cannot fail.
        let _ = self.0.write_fmt(text);
        self.0.push('\n');
    }

    fn head(&mut self, document: &Document) {
        let Document {
            about,
            title,
            organization,
            made_at,
            made_by,
            program_version,
            ..
        } = document;
        self.add(format_args!(
            "<header class=\"head\">\n<p class=\"kind\">Support bundle · {} · {}</p>\n<h1>{}</h1>",
            Escaped(about),
            Escaped(organization),
            Escaped(&title.text)
        ));
        let personal = match document.without_personal_data {
            true => {
                "Personal data is replaced by pseudonyms: one name stands for the same person throughout."
            }
            false => "It holds personal data: hand it on only to those who need it.",
        };
        self.add(format_args!(
            "<p class=\"note\">Made by {} on {} with Rhombus Provisioning {}. {personal} Tokens and passwords are \
             never included.</p>",
            Escaped(&made_by.text),
            Escaped(made_at),
            Escaped(program_version)
        ));
        for text in &document.left_out {
            self.add(format_args!("<p class=\"note\">{}</p>", Escaped(text)));
        }
        self.add(format_args!("</header>"));
        self.facts(&document.facts);
    }

    fn facts(&mut self, facts: &[Fact]) {
        if facts.is_empty() {
            return;
        }
        self.add(format_args!("<dl>"));
        for fact in facts {
            self.add(format_args!(
                "<dt>{}</dt><dd>{}</dd>",
                Escaped(&fact.name),
                Escaped(&fact.value.text)
            ));
        }
        self.add(format_args!("</dl>"));
    }

    fn explanation(&mut self, why: &Explanation) {
        self.add(format_args!(
            "<section class=\"why\">\n<h2>{}</h2>\n<p>{}</p>\n<p>{}</p>",
            Escaped(&why.title),
            Escaped(&why.happened),
            Escaped(&why.why)
        ));
        self.steps_to_take("Fix it in Entra", &why.fix_in_entra);
        let here = match why.fix_in_entra.is_empty() {
            true => "Fix it in Rhombus",
            false => "Or fix it in Rhombus",
        };
        self.steps_to_take(here, &why.fix_here);
        self.add(format_args!(
            "<h3>What happens next</h3>\n<p>{}</p>",
            Escaped(&why.next)
        ));
        let code = why
            .entra_code
            .as_ref()
            .map(|code| format!("In Entra’s own log: {code}."));
        let rule = why.rfc.as_ref().map(|rule| format!("The rule: {rule}."));
        let both: Vec<String> = code.into_iter().chain(rule).collect();
        if !both.is_empty() {
            self.add(format_args!(
                "<p class=\"note\">{}</p>",
                Escaped(&both.join(" "))
            ));
        }
        self.add(format_args!("</section>"));
    }

    fn steps_to_take(&mut self, title: &str, steps: &[String]) {
        if steps.is_empty() {
            return;
        }
        self.add(format_args!("<h3>{title}</h3>\n<ol>"));
        for step in steps {
            self.add(format_args!("<li>{}</li>", Escaped(step)));
        }
        self.add(format_args!("</ol>"));
    }

    fn users(&mut self, users: &[AffectedUser]) {
        if users.is_empty() {
            return;
        }
        self.table(
            "Affected users",
            "users",
            &[
                "User",
                "userName",
                "ID",
                "Events",
                "First seen",
                "Last seen",
            ],
            users.iter().map(|user| {
                [
                    user.name.text.clone(),
                    user.user_name.text.clone(),
                    user.id.text.clone(),
                    user.events.to_string(),
                    user.first_seen.clone(),
                    user.last_seen.clone(),
                ]
            }),
        );
    }

    /// A section that is a table.
    fn table<const N: usize>(
        &mut self,
        title: &str,
        class: &str,
        heads: &[&str; N],
        rows: impl Iterator<Item = [String; N]>,
    ) {
        self.add(format_args!(
            "<section>\n<h2>{title}</h2>\n<div class=\"table {class}\" tabindex=\"0\" role=\"region\" \
             aria-label=\"{title}\">\n<table>\n<thead><tr>"
        ));
        for head in heads {
            self.add(format_args!("<th scope=\"col\">{head}</th>"));
        }
        self.add(format_args!("</tr></thead>\n<tbody>"));
        for row in rows {
            self.add(format_args!("<tr>"));
            for cell in row {
                self.add(format_args!("<td>{}</td>", Escaped(&cell)));
            }
            self.add(format_args!("</tr>"));
        }
        self.add(format_args!("</tbody>\n</table>\n</div>\n</section>"));
    }

    fn entries(&mut self, entries: &[Entry]) {
        if entries.is_empty() {
            return;
        }
        let title = match entries {
            [_] => "Log entry".to_owned(),
            several => format!("Log entries ({}), newest first", several.len()),
        };
        self.add(format_args!("<section>\n<h2>{title}</h2>"));
        entries.iter().for_each(|entry| self.entry(entry));
        self.add(format_args!("</section>"));
    }

    fn entry(&mut self, entry: &Entry) {
        self.add(format_args!(
            "<article class=\"entry\">\n<div class=\"head\">\n<h3>{}: <span class=\"status {}\">{}</span> \
             <code>{}</code></h3>\n<p class=\"note\">{} · <code>{}</code></p>\n</div>",
            Escaped(&entry.action),
            Escaped(&entry.status),
            Escaped(&entry.status),
            Escaped(&entry.answer),
            Escaped(&entry.at),
            Escaped(&entry.id)
        ));
        self.facts(&entry.facts);
        if !entry.steps.is_empty() {
            self.add(format_args!("<h4>Steps</h4>\n<ol>"));
            for step in &entry.steps {
                self.add(format_args!(
                    "<li><b>{}</b>, <span class=\"{}\">{}</span>, {}: {}</li>",
                    Escaped(&step.name),
                    Escaped(&step.outcome),
                    Escaped(&step.outcome.to_lowercase()),
                    Escaped(&step.duration),
                    Escaped(&step.text)
                ));
            }
            self.add(format_args!("</ol>"));
        }
        if !entry.remarks.is_empty() {
            self.add(format_args!("<h4>Remarks</h4>\n<ul>"));
            for remark in &entry.remarks {
                self.add(format_args!(
                    "<li><code>{}</code> {}</li>",
                    Escaped(&remark.code),
                    Escaped(&remark.text)
                ));
            }
            self.add(format_args!("</ul>"));
        }
        if !entry.changes.is_empty() {
            let title = if entry.is_refused {
                "Refused changes"
            } else {
                "Changes"
            };
            self.add(format_args!("<h4>{title}</h4>"));
            self.changes(&entry.changes);
        }
        self.request(entry);
        self.add(format_args!("</article>"));
    }

    fn request(&mut self, entry: &Entry) {
        let query = entry
            .query
            .as_ref()
            .map_or_else(String::new, |query| format!("?{query}"));
        self.add(format_args!(
            "<h4>Request</h4>\n<pre>{} {}{}</pre>",
            Escaped(&entry.method),
            Escaped(&entry.path),
            Escaped(&query)
        ));
        if !entry.headers.is_empty() {
            let lines: Vec<String> = entry
                .headers
                .iter()
                .map(|(name, value)| format!("{name}: {value}"))
                .collect();
            self.add(format_args!("<pre>{}</pre>", Escaped(&lines.join("\n"))));
        }
        if let Some(body) = &entry.request_body {
            self.add(format_args!("<pre>{}</pre>", Escaped(body)));
        }
        if let Some(body) = &entry.response_body {
            self.add(format_args!(
                "<h4>Response</h4>\n<pre>{}</pre>",
                Escaped(body)
            ));
        }
        if !entry.note.is_empty() {
            self.add(format_args!(
                "<p class=\"note\">{}</p>",
                Escaped(&entry.note)
            ));
        }
    }

    fn changes(&mut self, changes: &[AttributeChange]) {
        self.add(format_args!("<ul>"));
        for change in changes {
            self.add(format_args!(
                "<li><code>{}</code>: ",
                Escaped(&change.attribute)
            ));
            if let Some(old) = &change.old {
                self.add(format_args!("<del>{}</del>", Escaped(old)));
            }
            match &change.new {
                Some(new) => self.add(format_args!("<ins>{}</ins>", Escaped(new))),
                None => self.add(format_args!("removed")),
            }
            self.add(format_args!("</li>"));
        }
        self.add(format_args!("</ul>"));
    }

    fn history(&mut self, history: &[Event]) {
        if history.is_empty() {
            return;
        }
        self.add(format_args!("<section>\n<h2>History</h2>"));
        for event in history {
            self.add(format_args!(
                "<article>\n<div class=\"head\">\n<h3>{} {}</h3>\n<p class=\"note\">{}, by {}{}</p>\n</div>",
                Escaped(&event.user.text),
                Escaped(&event.what),
                Escaped(&event.at),
                Escaped(&event.by.text),
                Escaped(&event.log_entry.as_ref().map_or_else(String::new, |id| format!(", {id}")))
            ));
            if !event.changes.is_empty() {
                self.changes(&event.changes);
            }
            self.add(format_args!("</article>"));
        }
        self.add(format_args!("</section>"));
    }

    fn settings(&mut self, settings: &[Fact], roles: &[Role]) {
        self.add(format_args!(
            "<section>\n<h2>Settings of the organization</h2>"
        ));
        self.facts(settings);
        self.add(format_args!("</section>"));
        self.table(
            "Role values",
            "roles",
            &["Value", "Role", "Note"],
            roles.iter().map(|role| {
                let marks = [
                    (role.is_default, "Default"),
                    (!role.is_reviewed, "Not reviewed"),
                ];
                let marks: Vec<&str> = marks
                    .into_iter()
                    .filter(|(is, _)| *is)
                    .map(|(_, text)| text)
                    .collect();
                [role.value.clone(), role.means.clone(), marks.join(", ")]
            }),
        );
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::services::support_bundle::document::{Kind, Text};

    #[test]
    fn the_style_is_known_by_a_padded_hash() {
        // 32 bytes end with one sign of padding; browsers know no hash without it.
        assert!(policy().contains("='; base-uri"), "{}", policy());
    }

    #[test]
    fn nothing_in_a_bundle_becomes_markup() {
        let evil = "</style><script>alert(1)</script><img src=x onerror='a'>\"&";
        let document = Document {
            title: Text::new(Kind::Ours, evil),
            organization: evil.to_owned(),
            facts: vec![Fact::new(evil, Kind::Ours, evil)],
            entries: vec![Entry {
                status: evil.to_owned(),
                request_body: Some(evil.to_owned()),
                headers: vec![(evil.to_owned(), evil.to_owned())],
                ..Entry::default()
            }],
            ..Document::default()
        };
        let page = render(&document);
        assert!(
            !page.contains("<script") && !page.contains("<img"),
            "{page}"
        );
        assert_eq!(page.matches("</style>").count(), 1);
        assert!(page.contains("&lt;script&gt;"));
    }
}
