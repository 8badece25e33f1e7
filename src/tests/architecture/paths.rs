//! Finding the paths of our own crate in a source text, without compiling it.

/// All paths of our own crate that a text names, with their lines, as written from the crate's root.
pub(super) fn paths(module: &str, text: &str) -> Vec<(usize, String)> {
    let tokens = tokens(text);
    let mut found = Vec::new();
    // Inline modules around the current token, with the depth of braces at which each ends.
    let mut inside: Vec<(usize, &str)> = Vec::new();
    let mut depth = 0;
    let mut at = 0;
    while at < tokens.len() {
        let (line, token) = tokens[at];
        match token {
            "{" => depth += 1,
            "}" => {
                depth -= 1;
                inside.retain(|(end, _)| *end <= depth);
            }
            "mod" if word(&tokens, at + 2) == "{" => {
                inside.push((depth + 1, word(&tokens, at + 1)))
            }
            "crate" | "super" | "self" | "rhombus_provisioning"
                if word(&tokens, at + 1) == "::" && (at == 0 || word(&tokens, at - 1) != "::") =>
            {
                let mut base: Vec<&str> = match token {
                    "super" | "self" => module
                        .split("::")
                        .chain(inside.iter().map(|(_, name)| *name))
                        .collect(),
                    _ => Vec::new(),
                };
                if token == "super" {
                    base.pop();
                }
                at = tree(&tokens, at + 2, &base, line, &mut found);
                continue;
            }
            _ => {}
        }
        at += 1;
    }
    found.retain(|(_, path)| !path.is_empty());
    found
}

/// Reads one path, which may branch in braces, and adds every end of it. Gives the position behind it.
fn tree<'a>(
    tokens: &[(usize, &'a str)],
    mut at: usize,
    base: &[&'a str],
    line: usize,
    found: &mut Vec<(usize, String)>,
) -> usize {
    let mut path = base.to_vec();
    loop {
        match word(tokens, at) {
            "super" => {
                path.pop();
            }
            "self" | "*" => {}
            "{" => {
                at += 1;
                while !matches!(word(tokens, at), "}" | "") {
                    let line = tokens[at].0;
                    at = tree(tokens, at, &path, line, found);
                    if word(tokens, at) == "," {
                        at += 1;
                    }
                }
                return at + 1;
            }
            name if name
                .chars()
                .next()
                .is_some_and(|first| first.is_alphabetic() || first == '_') =>
            {
                path.push(name)
            }
            // Not a path: a type's arguments, say. Always one step on, so that reading ends.
            _ => return at + 1,
        }
        at += 1;
        if word(tokens, at) != "::" {
            break;
        }
        at += 1;
    }
    found.push((line, path.join("::")));
    if word(tokens, at) == "as" { at + 2 } else { at }
}

fn word<'a>(tokens: &[(usize, &'a str)], at: usize) -> &'a str {
    tokens.get(at).map_or("", |(_, token)| token)
}

/// Words, `::` and single signs, with their lines; without comments, strings, characters and lifetimes.
fn tokens(text: &str) -> Vec<(usize, &str)> {
    let mut tokens = Vec::new();
    let mut line = 1;
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '/' if rest.starts_with("//") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => block_comment(rest),
            '"' => string(rest),
            '\'' => character_or_lifetime(rest),
            'r' | 'b' | 'c' if prefixed_string(rest).is_some() => prefixed_string(rest).unwrap(),
            ':' if rest.starts_with("::") => 2,
            _ if first.is_alphanumeric() || first == '_' => rest
                .find(|next: char| !next.is_alphanumeric() && next != '_')
                .unwrap_or(rest.len()),
            _ => first.len_utf8(),
        };
        let (token, behind) = rest.split_at(length);
        let code = first.is_alphanumeric() && !token.contains('"')
            || first == '_'
            || "{}*,:;".contains(first);
        if code {
            tokens.push((line, token));
        }
        line += token.matches('\n').count();
        rest = behind;
    }
    tokens
}

/// Length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        if rest.starts_with("/*") {
            depth += 1;
            at += 2;
        } else if rest.starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += rest.chars().next().map_or(1, char::len_utf8);
        }
    }
    text.len()
}

/// Length of a string in quotes.
fn string(text: &str) -> usize {
    let mut escaped = false;
    for (at, character) in text.char_indices().skip(1) {
        match character {
            '"' if !escaped => return at + 1,
            '\\' => escaped = !escaped,
            _ => escaped = false,
        }
    }
    text.len()
}

/// Length of `r"..."`, `r#"..."#`, `b"..."`, `br"..."`, `c"..."`; None when it is a word after all.
fn prefixed_string(text: &str) -> Option<usize> {
    let quote = text.find('"')?;
    let prefix = &text[..quote];
    let letters = prefix.trim_end_matches('#');
    if !matches!(letters, "r" | "b" | "c" | "br" | "cr") {
        return None;
    }
    if !letters.ends_with('r') {
        return Some(quote + string(&text[quote..]));
    }
    let end = format!("\"{}", &prefix[letters.len()..]);
    Some(
        text[quote + 1..]
            .find(&end)
            .map_or(text.len(), |at| quote + 1 + at + end.len()),
    )
}

/// Length of `'x'` or `'\''`, or of a lifetime's quotation mark and name.
fn character_or_lifetime(text: &str) -> usize {
    let mut characters = text.char_indices().skip(1);
    match characters.next() {
        Some((_, '\\')) => {
            characters.next();
            characters
                .find(|(_, character)| *character == '\'')
                .map_or(text.len(), |(at, _)| at + 1)
        }
        Some(_)
            if characters
                .next()
                .is_some_and(|(_, character)| character == '\'') =>
        {
            text[1..].find('\'').map_or(1, |at| at + 2)
        }
        Some(_) => text[1..]
            .find(|next: char| !next.is_alphanumeric() && next != '_')
            .map_or(text.len(), |at| at + 1),
        None => 1,
    }
}
