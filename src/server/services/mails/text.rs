//! A letter as plain text, in lines that fit a terminal.

use super::letter::{Item, Letter, Part, Person, Span};
use crate::model::page::number;

/// Characters of a line at most, where its words allow it (RFC 3676 4.2).
const WIDTH: usize = 76;

/// The mail as plain text.
pub(super) fn render(letter: &Letter) -> String {
    let mut paragraphs = vec![wrapped(&letter.kind, ""), wrapped(&letter.title, "")];
    paragraphs.extend(letter.parts.iter().map(part));
    let mut foot = vec!["--".to_owned(), wrapped(&letter.foot.why, "")];
    foot.extend(
        letter
            .foot
            .links
            .iter()
            .map(|(label, url)| format!("{label}: {url}")),
    );
    paragraphs.push(foot.join("\n"));
    let mut text = paragraphs.join("\n\n");
    text.push('\n');
    text
}

fn part(part: &Part) -> String {
    match part {
        Part::Text(spans) => wrapped(&line(spans), ""),
        Part::People { people, more } => self::people(people, *more),
        // One step needs no number.
        Part::Steps { title, steps } if steps.len() == 1 => {
            let step = steps.iter().map(|step| wrapped(&line(step), ""));
            let lines: Vec<String> = std::iter::once(title.to_uppercase()).chain(step).collect();
            lines.join("\n")
        }
        Part::Steps { title, steps } => {
            let steps = steps.iter().enumerate().map(|(at, step)| {
                let mark = format!("{}. ", at + 1);
                hanging(&mark, &line(step))
            });
            let lines: Vec<String> = std::iter::once(title.to_uppercase()).chain(steps).collect();
            lines.join("\n")
        }
        Part::List { title, items, more } => {
            let items = items.iter().chain(more).map(item);
            let lines: Vec<String> = std::iter::once(title.to_uppercase()).chain(items).collect();
            lines.join("\n")
        }
        Part::Button { label, url } => format!("{}\n{url}", label.to_uppercase()),
        Part::Facts(facts) => {
            let facts: Vec<String> = facts
                .iter()
                .map(|(name, value)| hanging(&format!("{name}: "), value))
                .collect();
            facts.join("\n")
        }
    }
}

/// Names and userNames in columns.
fn people(people: &[Person], more: u64) -> String {
    let longest = people
        .iter()
        .map(|person| person.name.chars().count())
        .max();
    // A column that one long name makes is too far from the others.
    let width = longest.unwrap_or_default().min(30);
    let mut lines: Vec<String> = people
        .iter()
        .map(|Person { name, user_name }| {
            let line = format!("  {name:<width$}  {user_name}");
            line.trim_end().to_owned()
        })
        .collect();
    if more > 0 {
        lines.push(format!("  and {} more", number(more)));
    }
    lines.join("\n")
}

fn item(item: &Item) -> String {
    let mut lines = vec![hanging("- ", &item.title)];
    if !item.detail.is_empty() {
        lines.push(wrapped(&item.detail, "  "));
    }
    lines.push(format!("  {}", item.url));
    lines.join("\n")
}

fn line(spans: &[Span]) -> String {
    spans
        .iter()
        .map(|span| match span {
            Span::Text(text) => text.clone(),
            // RFC 3986 appendix C: so that a full stop after it is not taken for a part of it.
            Span::Link { label, url } => format!("{label} <{url}>"),
        })
        .collect()
}

/// Text after a mark, its further lines as far in as the first.
fn hanging(mark: &str, text: &str) -> String {
    let indent = " ".repeat(mark.chars().count());
    let wrapped = wrapped(text, &indent);
    format!("{mark}{}", wrapped.trim_start())
}

fn wrapped(text: &str, indent: &str) -> String {
    let mut lines: Vec<String> = Vec::new();
    let mut current = String::new();
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let length = indent.chars().count() + current.chars().count() + 1 + word.chars().count();
        if !current.is_empty() && length > WIDTH {
            lines.push(format!("{indent}{current}"));
            current.clear();
        }
        if !current.is_empty() {
            current.push(' ');
        }
        current.push_str(word);
    }
    lines.push(format!("{indent}{current}"));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_keep_their_indent() {
        let text = "word ".repeat(40);
        for line in hanging("10. ", &text).lines() {
            assert!(line.len() <= WIDTH, "{line}");
        }
        assert!(
            hanging("10. ", &text)
                .lines()
                .skip(1)
                .all(|line| line.starts_with("    word"))
        );
        let long = format!("see {} now", "x".repeat(100));
        assert_eq!(wrapped(&long, "").lines().count(), 3);
    }
}
