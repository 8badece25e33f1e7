//! Code with its heading, its note and a copy button; JSON is coloured by kind.

use leptos::prelude::*;

use super::copy::CopyButton;

/// `mark` is the text of the faulty value: the first line that has it is marked.
#[component]
pub fn Code(
    #[prop(into)] heading: String,
    #[prop(into)] text: String,
    /// What the region shows: "Request body".
    what: &'static str,
    #[prop(optional_no_strip)] mark: Option<String>,
    #[prop(optional)] wrap: bool,
    #[prop(optional, into)] note: Option<String>,
) -> impl IntoView {
    let text = indented(&text).unwrap_or(text);
    let marked = mark.and_then(|mark| text.lines().position(|line| line.contains(&mark)));
    let lines = text
        .lines()
        .enumerate()
        .map(|(number, line)| {
            let spans = spans(line);
            if marked == Some(number) {
                view! { <mark>{spans}</mark> "\n" }.into_any()
            } else {
                view! { {spans} "\n" }.into_any()
            }
        })
        .collect_view();
    view! {
        <div class=if wrap { "code code-wrap" } else { "code" }>
            <div class="code-head">
                <code>{heading}</code>
                <CopyButton text=text.clone() what plain=true/>
            </div>
            <pre tabindex="0" role="region" aria-label=what>
                <code>{lines}</code>
            </pre>
            {note.map(|note| view! { <p class="code-note">{note}</p> })}
        </div>
    }
}

/// Deepest indentation: bodies come from outside, and may nest without end.
const DEEPEST: usize = 24;

/// JSON on one line, spread over many; anything else is left alone.
fn indented(text: &str) -> Option<String> {
    if !text.starts_with(['{', '[']) || text.contains('\n') {
        return None;
    }
    let mut spread = String::with_capacity(text.len() * 2);
    let mut depth = 0_usize;
    let break_line = |spread: &mut String, depth: usize| {
        spread.push('\n');
        spread.extend(std::iter::repeat_n("  ", depth.min(DEEPEST)));
    };
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = if first == '"' {
            text_length(rest)
        } else {
            first.len_utf8()
        };
        let (token, after) = rest.split_at(length);
        rest = after;
        match first {
            '{' | '[' => {
                spread.push(first);
                let is_empty = rest.trim_start().starts_with(['}', ']']);
                if !is_empty {
                    depth += 1;
                    break_line(&mut spread, depth);
                }
            }
            '}' | ']' => {
                if !spread.ends_with(['{', '[']) {
                    depth = depth.saturating_sub(1);
                    break_line(&mut spread, depth);
                }
                spread.push(first);
            }
            ',' => {
                spread.push(first);
                break_line(&mut spread, depth);
            }
            ':' => spread.push_str(": "),
            c if c.is_whitespace() => {}
            _ => spread.push_str(token),
        }
    }
    Some(spread)
}

fn spans(line: &str) -> impl IntoView + use<> {
    tokens(line)
        .into_iter()
        .map(|(kind, text)| match kind {
            Kind::Plain => view! { {text} }.into_any(),
            Kind::Key => view! { <span class="k">{text}</span> }.into_any(),
            Kind::Text => view! { <span class="s">{text}</span> }.into_any(),
            Kind::Literal => view! { <span class="l">{text}</span> }.into_any(),
        })
        .collect_view()
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Plain,
    Key,
    Text,
    Literal,
}

/// Splits a line of indented JSON; anything else comes back as it is, for bodies may be broken.
fn tokens(line: &str) -> Vec<(Kind, String)> {
    let mut found: Vec<(Kind, String)> = Vec::new();
    let mut rest = line;
    while let Some(first) = rest.chars().next() {
        let (kind, length) = match first {
            '"' => {
                let length = text_length(rest);
                let is_key = rest[length..].trim_start().starts_with(':');
                (if is_key { Kind::Key } else { Kind::Text }, length)
            }
            '-' | '0'..='9' | 'a'..='z' => {
                let end = rest
                    .find(|c: char| !(c.is_ascii_alphanumeric() || matches!(c, '-' | '+' | '.')))
                    .unwrap_or(rest.len());
                let word = &rest[..end];
                let is_literal =
                    matches!(word, "true" | "false" | "null") || word.parse::<f64>().is_ok();
                (
                    if is_literal {
                        Kind::Literal
                    } else {
                        Kind::Plain
                    },
                    end,
                )
            }
            other => (Kind::Plain, other.len_utf8()),
        };
        let (token, after) = rest.split_at(length);
        match found.last_mut() {
            Some((Kind::Plain, plain)) if kind == Kind::Plain => plain.push_str(token),
            _ => found.push((kind, token.to_owned())),
        }
        rest = after;
    }
    found
}

/// How many bytes the quoted text at the start has, both quotes included.
fn text_length(text: &str) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            '"' => return at + 1,
            _ => {}
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::{Kind, indented, tokens};

    #[test]
    fn a_line_keeps_its_text_and_gains_kinds() {
        let line = r#"  "path": "roles[primary eq \"True\"].value", "n": -1.5, "b": true}"#;
        let found = tokens(line);
        assert_eq!(
            found
                .iter()
                .map(|(_, text)| text.as_str())
                .collect::<String>(),
            line
        );
        let of = |kind| {
            found
                .iter()
                .filter(|(k, _)| *k == kind)
                .map(|(_, text)| text.as_str())
                .collect::<Vec<_>>()
        };
        assert_eq!(of(Kind::Key), [r#""path""#, r#""n""#, r#""b""#]);
        assert_eq!(of(Kind::Text), [r#""roles[primary eq \"True\"].value""#]);
        assert_eq!(of(Kind::Literal), ["-1.5", "true"]);
    }

    #[test]
    fn json_on_one_line_is_spread() {
        let text = r#"{"a":[1,{"b":"x, {y}"}],"c":{},"d":[ ]}"#;
        let spread = "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"x, {y}\"\n    }\n  ],\n  \"c\": {},\n  \"d\": []\n}";
        assert_eq!(indented(text).as_deref(), Some(spread));
        assert_eq!(indented("no json"), None);
        assert_eq!(indented("{\n}"), None);
        let bomb = "[".repeat(10_000);
        assert!(indented(&bomb).is_some_and(|spread| spread.len() < 1_000_000));
    }

    #[test]
    fn broken_text_is_kept() {
        for line in ["\"open", "é \\ \"ü", "{nul", "\u{0}"] {
            let found = tokens(line);
            assert_eq!(
                found
                    .iter()
                    .map(|(_, text)| text.as_str())
                    .collect::<String>(),
                line
            );
        }
    }
}
