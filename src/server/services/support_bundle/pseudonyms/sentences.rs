//! Sentences, in which anything may be quoted: what looks like an address or an id goes, then what is quoted, then
//! whatever is known as personal from elsewhere.

use std::net::IpAddr;

use super::queries::is_path;
use super::resources::is_action;
use super::{Pseudonyms, key};

/// A part of a sentence, and whether it is as it should be.
struct Piece {
    text: String,
    is_done: bool,
}

impl Piece {
    fn open(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            is_done: false,
        }
    }

    fn done(text: String) -> Self {
        Self {
            text,
            is_done: true,
        }
    }
}

/// Whether it looks like a mail address or a userPrincipalName.
pub(super) fn is_mail(text: &str) -> bool {
    text.split_once('@').is_some_and(|(local, domain)| {
        !local.is_empty()
            && domain.contains('.')
            && !domain.starts_with('.')
            && !text.contains(char::is_whitespace)
    })
}

fn is_uuid(text: &str) -> bool {
    text.len() == 36
        && text.char_indices().all(|(at, letter)| match at {
            8 | 13 | 18 | 23 => letter == '-',
            _ => letter.is_ascii_hexdigit(),
        })
}

/// What words are set apart by, in sentences and addresses.
fn is_gap(letter: char) -> bool {
    letter.is_whitespace() || "\"'“”‘’«»<>()[]{},;=|&?/\\".contains(letter)
}

impl Pseudonyms {
    /// A sentence of ours, with pseudonyms for what it quotes and for whoever is known.
    pub(super) fn sentence(&mut self, text: &str) -> String {
        let pieces = self.without_patterns(text);
        let pieces = self.each_open(pieces, Self::without_quoted);
        let pieces = self.each_open(pieces, |names, text| names.without_known(text));
        pieces.into_iter().map(|piece| piece.text).collect()
    }

    /// Only what looks like an address or an id: for words that are no sentence.
    pub(super) fn patterns(&mut self, text: &str) -> String {
        let pieces = self.without_patterns(text);
        pieces.into_iter().map(|piece| piece.text).collect()
    }

    fn each_open(
        &mut self,
        pieces: Vec<Piece>,
        change: impl Fn(&mut Self, &str) -> Vec<Piece>,
    ) -> Vec<Piece> {
        pieces
            .into_iter()
            .flat_map(|piece| match piece.is_done {
                true => vec![piece],
                false => change(self, &piece.text),
            })
            .collect()
    }

    fn without_patterns(&mut self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let begin = rest.find(|letter| !is_gap(letter)).unwrap_or(rest.len());
            let (gap, words) = rest.split_at(begin);
            pieces.push(Piece::open(gap));
            let end = words.find(is_gap).unwrap_or(words.len());
            let (word, after) = words.split_at(end);
            let bare = word.trim_end_matches(['.', ':', '!']);
            match self.pattern(bare) {
                Some(pseudonym) => {
                    pieces.push(Piece::done(pseudonym));
                    pieces.push(Piece::open(&word[bare.len()..]));
                }
                None => pieces.push(Piece::open(word)),
            }
            rest = after;
        }
        joined(pieces)
    }

    fn pattern(&mut self, word: &str) -> Option<String> {
        if word.is_empty() {
            return None;
        }
        if word.parse::<IpAddr>().is_ok() {
            return Some(self.address(word));
        }
        if is_mail(word) {
            let known = self.known_person(&key(word));
            return Some(known.unwrap_or_else(|| self.of_nobody_known(word)));
        }
        if is_uuid(word) {
            return Some(self.value("id", word));
        }
        None
    }

    /// What stands between quotation marks, unless it is a word of the protocol or a role.
    fn without_quoted(&mut self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, quoted, after)) = next_quoted(rest) {
            pieces.push(Piece::open(before));
            let bare = quoted.trim_matches(['\'', '"', '“', '”', '‘', '’']);
            let is_plain = is_path(bare) || is_action(bare) || self.is_role(&key(bare));
            if is_plain || bare.is_empty() {
                pieces.push(Piece::done(quoted.to_owned()));
            } else {
                let pseudonym = self.value("value", bare);
                pieces.push(Piece::done(quoted.replace(bare, &pseudonym)));
            }
            rest = after;
        }
        pieces.push(Piece::open(rest));
        pieces
    }

    /// What has a pseudonym already, in any case, as whole words; the longest first.
    fn without_known(&self, text: &str) -> Vec<Piece> {
        let mut pieces = Vec::new();
        let mut open = 0;
        let mut at = 0;
        while let Some(begin) = text[at..].find(char::is_alphanumeric) {
            let begin = at + begin;
            match self.known_at(&text[begin..]) {
                Some((length, pseudonym)) => {
                    pieces.push(Piece::open(&text[open..begin]));
                    pieces.push(Piece::done(pseudonym));
                    (open, at) = (begin + length, begin + length);
                }
                None => {
                    let word = &text[begin..];
                    at = begin
                        + word
                            .find(|letter: char| !letter.is_alphanumeric())
                            .unwrap_or(word.len());
                }
            }
        }
        pieces.push(Piece::open(&text[open..]));
        pieces
    }

    /// The longest run of words at the beginning of `text` that has a pseudonym.
    fn known_at(&self, text: &str) -> Option<(usize, String)> {
        /// More words than a name or an address has.
        const WORDS: usize = 24;
        let mut ends = Vec::new();
        let mut inside = false;
        for (at, letter) in text.char_indices() {
            let is_word = letter.is_alphanumeric();
            if inside && !is_word {
                ends.push(at);
                if ends.len() == WORDS {
                    break;
                }
            }
            inside = is_word;
        }
        if inside && ends.len() < WORDS {
            ends.push(text.len());
        }
        ends.into_iter().rev().find_map(|end| {
            let words = &text[..end];
            // Single letters and short numbers are nobody.
            let is_telling =
                words.len() > 1 && (words.len() > 4 || words.chars().any(char::is_alphabetic));
            let key = key(words);
            if !is_telling || self.is_role(&key) {
                return None;
            }
            Some((end, self.known(&key)?))
        })
    }
}

/// Open pieces beside each other as one.
fn joined(pieces: Vec<Piece>) -> Vec<Piece> {
    let mut all: Vec<Piece> = Vec::with_capacity(pieces.len());
    for piece in pieces {
        match all.last_mut() {
            Some(last) if !last.is_done && !piece.is_done => last.text.push_str(&piece.text),
            _ => all.push(piece),
        }
    }
    all
}

/// The text before a quotation, the quotation with its marks, and what follows it. An apostrophe is no mark.
fn next_quoted(text: &str) -> Option<(&str, &str, &str)> {
    let mut before = ' ';
    for (from, letter) in text.char_indices() {
        let close = match letter {
            '\'' if !before.is_alphanumeric() => Some('\''),
            '"' => Some('"'),
            '“' => Some('”'),
            '‘' => Some('’'),
            _ => None,
        };
        before = letter;
        let Some(close) = close else { continue };
        let inside = from + letter.len_utf8();
        let end = text[inside..].char_indices().find(|(at, found)| {
            let next = text[inside + at + found.len_utf8()..].chars().next();
            *found == close && !next.is_some_and(char::is_alphanumeric)
        });
        if let Some((at, found)) = end {
            let end = inside + at + found.len_utf8();
            return Some((&text[..from], &text[from..end], &text[end..]));
        }
    }
    None
}
