//! A letter as HTML for mail clients: tables and inline styles, since many of them know nothing else. Only what is written
//! here is markup: whatever is known at run time goes through [`Page::text`], which escapes it.

use super::letter::{Foot, Item, Letter, Part, Person, Span, Tone};
use crate::model::page::number;

/// Escaped text between literal markup.
struct Page(String);

impl Page {
    fn markup(&mut self, markup: &'static str) -> &mut Self {
        self.0.push_str(markup);
        self
    }

    /// Text, or the value of a quoted attribute.
    fn text(&mut self, text: &str) -> &mut Self {
        for letter in text.chars() {
            match letter {
                '&' => self.0.push_str("&amp;"),
                '<' => self.0.push_str("&lt;"),
                '>' => self.0.push_str("&gt;"),
                '"' => self.0.push_str("&quot;"),
                '\'' => self.0.push_str("&#39;"),
                letter => self.0.push(letter),
            }
        }
        self
    }
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<head>
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">
<meta name=\"color-scheme\" content=\"light dark\">
<meta name=\"supported-color-schemes\" content=\"light dark\">
<meta name=\"x-apple-disable-message-reformatting\">
<meta name=\"format-detection\" content=\"telephone=no, date=no, address=no, email=no\">
<title>";

const STYLE: &str = "</title>
<style>
:root { color-scheme: light dark; supported-color-schemes: light dark; }
a { text-decoration: underline; }
@media (max-width: 620px) {
  .pad { padding-left: 20px !important; padding-right: 20px !important; }
  .col { display: block !important; width: auto !important; padding: 0 0 8px !important; }
}
@media (prefers-color-scheme: dark) {
  .bg { background: #0b0d11 !important; } .card { background: #12151b !important; border-color: #232832 !important; }
  .ink { color: #edeff3 !important; } .ink2 { color: #b3bac6 !important; } .ink3 { color: #8e97a6 !important; }
  .link { color: #8fb2ff !important; } .line { border-color: #232832 !important; }
  .fail { color: #ff9089 !important; } .failbg { background: #2b1716 !important; }
  .warn { color: #ecb453 !important; } .warnbg { background: #2b2009 !important; }
  .ok { color: #56c795 !important; } .okbg { background: #10261c !important; }
  .plainbg { background: #1e232c !important; }
  .btn { background: #eef0f4 !important; color: #12151b !important; }
}
[data-ogsc] .ink { color: #edeff3 !important; } [data-ogsc] .ink2 { color: #b3bac6 !important; }
[data-ogsc] .ink3 { color: #8e97a6 !important; } [data-ogsc] .link { color: #8fb2ff !important; }
</style>
</head>
<body class=\"bg\" style=\"margin:0;padding:0;background:#f4f5f7;\">
<main><div role=\"article\" aria-roledescription=\"email\" lang=\"en\" aria-label=\"";

const PREVIEW: &str = "\">
<div style=\"display:none;max-height:0;overflow:hidden;\">";

const FRAME: &str = "</div>
<table role=\"presentation\" class=\"bg\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"background:#f4f5f7;\"><tr><td align=\"center\" style=\"padding:32px 12px;\">
<table role=\"presentation\" width=\"600\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"width:100%;max-width:600px;table-layout:fixed;text-align:left;font-family:-apple-system,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;overflow-wrap:anywhere;word-break:break-word;\">
<tr><td class=\"pad ink\" style=\"padding:0 32px 16px;font-size:14px;line-height:20px;font-weight:600;color:#13161c;\"><span aria-hidden=\"true\">&#9670;&nbsp;</span>Rhombus Provisioning</td></tr>
<tr><td class=\"card\" style=\"background:#ffffff;border:1px solid #e7e9ee;border-radius:12px;\">
<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"table-layout:fixed;\">
<tr><td class=\"pad\" style=\"padding:28px 32px 0;\">
";

const TITLE: &str = "</p>
<h1 class=\"ink\" style=\"margin:0;font-size:22px;line-height:29px;letter-spacing:-.3px;font-weight:600;color:#13161c;\">";

const CARD_END: &str = "<tr><td style=\"height:28px;line-height:28px;font-size:0;\">&nbsp;</td></tr>
</table></td></tr>
<tr><td class=\"pad ink3\" style=\"padding:16px 32px 0;font-size:12px;line-height:18px;color:#626978;\">";

const END: &str = "</td></tr>
</table></td></tr></table>
</div></main>
</body>
</html>
";

/// The mail as a whole HTML document, with its style inside.
pub(super) fn render(letter: &Letter) -> String {
    let mut page = Page(String::new());
    page.markup(HEAD)
        .text(&letter.subject)
        .markup(STYLE)
        .text(&letter.kind)
        .markup(PREVIEW)
        .text(&letter.preview)
        .markup(FRAME)
        .markup(match letter.tone {
            Tone::Fail => "<p class=\"fail\" style=\"margin:0 0 8px;font-size:13px;line-height:18px;font-weight:600;color:#b92c26;\">",
            Tone::Warn => "<p class=\"warn\" style=\"margin:0 0 8px;font-size:13px;line-height:18px;font-weight:600;color:#8a5300;\">",
            Tone::Ok => "<p class=\"ok\" style=\"margin:0 0 8px;font-size:13px;line-height:18px;font-weight:600;color:#17734a;\">",
            Tone::Plain => "<p class=\"ink3\" style=\"margin:0 0 8px;font-size:13px;line-height:18px;font-weight:600;color:#626978;\">",
        })
        .text(&letter.kind)
        .markup(TITLE)
        .text(&letter.title)
        .markup("</h1>\n</td></tr>\n");
    for part in &letter.parts {
        page.part(part, letter.tone);
    }
    page.markup(CARD_END).foot(&letter.foot).markup(END);
    page.0
}

const TEXT: &str = "<tr><td class=\"pad ink2\" style=\"padding:12px 32px 0;font-size:15px;line-height:23px;color:#454c5a;\">";
const HEADING: &str = "<tr><td class=\"pad\" style=\"padding:24px 32px 0;\">
<h2 class=\"ink\" style=\"margin:0 0 6px;font-size:15px;line-height:22px;font-weight:600;color:#13161c;\">";
const LIST_TEXT: &str =
    " class=\"ink2\" style=\"margin:0;font-size:14px;line-height:22px;color:#454c5a;";
const LINK: &str = "<a class=\"link\" style=\"color:#2253d8;\" href=\"";
const BUTTON: &str = "<tr><td class=\"pad\" style=\"padding:24px 32px 0;\">
<table role=\"presentation\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"><tr><td class=\"btn\" style=\"background:#171a21;border-radius:7px;\"><a class=\"btn\" style=\"display:inline-block;padding:11px 18px;font-size:14px;line-height:18px;font-weight:600;color:#ffffff;background:#171a21;border-radius:7px;text-decoration:none;\" href=\"";
const PANEL: &str = "style=\"margin:0;font-size:14px;line-height:22px;color:#454c5a;\">";

impl Page {
    fn part(&mut self, part: &Part, tone: Tone) {
        match part {
            Part::Text(spans) => {
                self.markup(TEXT).spans(spans).markup("</td></tr>\n");
            }
            Part::People { people, more } => self.people(people, *more, tone),
            Part::Steps { title, steps } => self.steps(title, steps),
            Part::List { title, items, more } => self.list(title, items, more.as_ref()),
            Part::Button { label, url } => {
                self.markup(BUTTON)
                    .text(url)
                    .markup("\">")
                    .text(label)
                    .markup("</a></td></tr></table>\n</td></tr>\n");
            }
            Part::Facts(facts) => self.facts(facts),
        }
    }

    fn spans(&mut self, spans: &[Span]) -> &mut Self {
        for span in spans {
            match span {
                Span::Text(text) => self.text(text),
                Span::Link { label, url } => self.link(label, url),
            };
        }
        self
    }

    fn link(&mut self, label: &str, url: &str) -> &mut Self {
        self.markup(LINK)
            .text(url)
            .markup("\">")
            .text(label)
            .markup("</a>")
    }

    fn people(&mut self, people: &[Person], more: u64, tone: Tone) {
        self.markup("<tr><td class=\"pad\" style=\"padding:20px 32px 0;\">\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\"")
            .markup(match tone {
                Tone::Fail => " class=\"failbg\" style=\"background:#fdeeec;",
                Tone::Warn => " class=\"warnbg\" style=\"background:#fdf4e0;",
                Tone::Ok => " class=\"okbg\" style=\"background:#e7f5ed;",
                Tone::Plain => " class=\"plainbg\" style=\"background:#eff1f4;",
            })
            .markup("table-layout:fixed;border-radius:8px;\"><tr><td style=\"padding:14px 16px;\">\n<p class=\"ink2\" ")
            .markup(PANEL);
        for (at, person) in people.iter().enumerate() {
            if at > 0 {
                self.markup("<br>\n");
            }
            self.markup("<b class=\"ink\" style=\"color:#13161c;\">")
                .text(&person.name)
                .markup("</b>");
            if !person.user_name.is_empty() {
                self.markup(", ").text(&person.user_name);
            }
        }
        if more > 0 {
            self.markup("<br>\nand ")
                .text(&number(more))
                .markup(" more");
        }
        self.markup("</p>\n</td></tr></table></td></tr>\n");
    }

    fn steps(&mut self, title: &'static str, steps: &[Vec<Span>]) {
        self.markup(HEADING).markup(title).markup("</h2>\n");
        match steps {
            [step] => {
                self.markup("<p").markup(LIST_TEXT).markup("\">");
                self.spans(step).markup("</p>\n");
            }
            steps => {
                self.markup("<ol")
                    .markup(LIST_TEXT)
                    .markup("padding:0 0 0 20px;\">\n");
                for step in steps {
                    self.markup("<li style=\"margin:0 0 4px;\">")
                        .spans(step)
                        .markup("</li>\n");
                }
                self.markup("</ol>\n");
            }
        }
        self.markup("</td></tr>\n");
    }

    fn list(&mut self, title: &str, items: &[Item], more: Option<&Item>) {
        self.markup(HEADING).text(title).markup("</h2>\n");
        for Item { title, url, detail } in items.iter().chain(more) {
            self.markup("<p")
                .markup(LIST_TEXT)
                .markup("padding:6px 0 0;\">");
            self.link(title, url);
            if !detail.is_empty() {
                self.markup("<br>\n").text(detail);
            }
            self.markup("</p>\n");
        }
        self.markup("</td></tr>\n");
    }

    fn facts(&mut self, facts: &[(&'static str, String)]) {
        self.markup("<tr><td style=\"height:28px;line-height:28px;font-size:0;\">&nbsp;</td></tr>\n<tr><td class=\"pad line\" style=\"padding:16px 32px 0;border-top:1px solid #e7e9ee;\">\n<table role=\"presentation\" width=\"100%\" cellpadding=\"0\" cellspacing=\"0\" border=\"0\" style=\"table-layout:fixed;\"><tr>\n");
        for (name, value) in facts {
            self.markup("<td class=\"col ink3\" valign=\"top\" style=\"padding:0 12px 0 0;font-size:12px;line-height:18px;color:#626978;\">")
                .markup(name)
                .markup("<br><b class=\"ink\" style=\"color:#13161c;\">")
                .text(value)
                .markup("</b></td>\n");
        }
        self.markup("</tr></table></td></tr>\n");
    }

    fn foot(&mut self, foot: &Foot) -> &mut Self {
        self.text(&foot.why);
        for (at, (label, url)) in foot.links.iter().enumerate() {
            self.markup(if at == 0 { " " } else { " &middot; " });
            self.link(label, url);
        }
        self
    }
}
