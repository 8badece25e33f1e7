//! What a text means among issues.

use crate::server::scim::reason::Reason;
use crate::server::scim::resource::case_key;
use crate::server::store::issue_text::{TextSearch, Word};

/// Characters and words of a text that are looked at.
const LONGEST: usize = 200;
const WORDS: usize = 10;

/// `None` for a text that says nothing.
pub(super) fn search(text: &str) -> Option<TextSearch> {
    let text: String = text.trim().chars().take(LONGEST).collect();
    let words: Vec<Word> = text.split_whitespace().take(WORDS).map(word).collect();
    (!words.is_empty()).then(|| TextSearch {
        words,
        key: case_key(&text),
    })
}

fn word(text: &str) -> Word {
    let text = text.to_ascii_lowercase();
    let is_in = |reason: &&Reason| {
        let explanation = reason.explanation();
        [
            explanation.title,
            explanation.named.unwrap_or_default(),
            reason.code(),
        ]
        .iter()
        .any(|words| words.to_ascii_lowercase().contains(&text))
    };
    Word {
        reasons: Reason::ALL
            .iter()
            .filter(is_in)
            .map(|reason| reason.code())
            .collect(),
        text,
    }
}
