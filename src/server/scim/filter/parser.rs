//! Tokens to tree, by recursive descent with bounded depth.

mod root;

use super::ast::{CompareOp, Filter, Literal};
use super::lexer::{self, Placed, Token, malformed};
use crate::server::scim::error::{ScimError, quoted, shortened};
use crate::server::scim::path::{AttributePath, PathError, is_name};
use crate::server::scim::reason::Reason;
use crate::server::scim::schema::{Kind, Returned};
use crate::server::scim::time;

type Parsed<T> = Result<T, ScimError>;

impl Filter {
    /// The most bytes of a filter.
    pub const MAX_LENGTH: usize = 8 * 1024;
    /// The most levels of parentheses and brackets.
    pub const MAX_DEPTH: usize = 32;
    /// The most comparisons.
    pub const MAX_TERMS: usize = 128;
    /// The most comparisons by anything but `eq` and `ne`: no index answers them, so that each
    /// reads every value that the organization's users have of its attribute.
    pub const MAX_SEARCHES: usize = 16;

    /// Reads a filter: the whole grammar of RFC 7644 3.4.2.2, names and operators in any case,
    /// and what Entra adds to it: a comparison after a value path, an unquoted value after `eq`,
    /// and "True" or "False" for a boolean.
    ///
    /// # Errors
    /// A `filter_...` reason (400 `invalidFilter`), or `nul_character`.
    pub fn parse(text: &str) -> Result<Self, ScimError> {
        Parser::new(text, None)?.whole()
    }
}

/// Reads the part in brackets of a value path on `path`.
pub(in crate::server::scim) fn parse_selection(path: &AttributePath, text: &str) -> Parsed<Filter> {
    let parser = Parser::new(text, Some(path.whole()))?;
    parser.check_selectable(path)?;
    parser.whole()
}

struct Parser<'a> {
    tokens: Vec<Placed<'a>>,
    next: usize,
    /// Where errors at the end of the text are placed.
    end: usize,
    depth: usize,
    terms: usize,
    searches: usize,
    /// The attribute inside whose brackets names are read.
    scope: Option<AttributePath>,
    /// Whether attributes that users do not have are no error.
    at_root: bool,
}

/// What an attribute is compared with, as written.
struct Operand {
    text: String,
    is_quoted: bool,
    at: usize,
}

impl Operand {
    fn is_null(&self) -> bool {
        !self.is_quoted && self.text == "null"
    }
}

impl<'a> Parser<'a> {
    fn new(text: &'a str, scope: Option<AttributePath>) -> Parsed<Self> {
        if text.len() > Filter::MAX_LENGTH {
            return Err(ScimError::new(
                Reason::FilterTooLong,
                format!(
                    "The filter has {} bytes; at most {} are accepted. Shorten it.",
                    text.len(),
                    Filter::MAX_LENGTH
                ),
            ));
        }
        Ok(Self {
            tokens: lexer::tokens(text)?,
            next: 0,
            end: text.len(),
            depth: 0,
            terms: 0,
            searches: 0,
            scope,
            at_root: false,
        })
    }

    fn whole(mut self) -> Parsed<Filter> {
        let filter = self.or()?;
        match self.peek() {
            None => Ok(filter),
            Some(_) => Err(self.wrong("expected \"and\", \"or\" or the end")),
        }
    }

    fn peek(&self) -> Option<&Token<'a>> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn at(&self) -> usize {
        self.tokens
            .get(self.next)
            .map_or(self.end, |placed| placed.at)
    }

    fn wrong(&self, problem: &str) -> ScimError {
        malformed(self.at(), problem)
    }

    fn take(&mut self, token: &Token<'_>) -> bool {
        let found = self.peek() == Some(token);
        if found {
            self.next += 1;
        }
        found
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Word(w)) if w.eq_ignore_ascii_case(word));
        if found {
            self.next += 1;
        }
        found
    }

    /// `and` binds tighter than `or`.
    fn or(&mut self) -> Parsed<Filter> {
        self.chain("or", Self::and, Filter::Or)
    }

    fn and(&mut self) -> Parsed<Filter> {
        self.chain("and", Self::factor, Filter::And)
    }

    fn chain(
        &mut self,
        word: &str,
        part: fn(&mut Self) -> Parsed<Filter>,
        join: fn(Vec<Filter>) -> Filter,
    ) -> Parsed<Filter> {
        let first = part(self)?;
        let mut parts = vec![first];
        while self.take_word(word) {
            parts.push(part(self)?);
        }
        if parts.len() > 1 {
            return Ok(join(parts));
        }
        parts
            .pop()
            .ok_or_else(|| self.wrong("expected a comparison"))
    }

    fn factor(&mut self) -> Parsed<Filter> {
        if self.peek() == Some(&Token::Open) {
            return self.group();
        }
        if self.take_word("not") {
            // The grammar wants the parentheses: `not a eq 1 and b` would be read in two ways.
            if self.peek() != Some(&Token::Open) {
                return Err(self.wrong("expected an opening parenthesis after \"not\""));
            }
            return Ok(Filter::Not(Box::new(self.group()?)));
        }
        let Some(Token::Word(name)) = self.peek() else {
            return Err(self.wrong("expected the name of an attribute"));
        };
        let name = *name;
        let Some(path) = self.find(name)? else {
            return self.absent(name);
        };
        self.next += 1;
        if self.scope.is_none() && self.peek() == Some(&Token::BracketOpen) {
            return self.value_path(path);
        }
        self.comparison(path)
    }

    fn group(&mut self) -> Parsed<Filter> {
        self.enter()?;
        self.next += 1;
        let filter = self.or()?;
        if !self.take(&Token::Close) {
            return Err(self.wrong("expected a closing parenthesis"));
        }
        self.depth -= 1;
        Ok(filter)
    }

    fn enter(&mut self) -> Parsed<()> {
        self.depth += 1;
        if self.depth > Filter::MAX_DEPTH {
            return Err(ScimError::new(
                Reason::FilterTooDeep,
                format!(
                    "The filter nests parentheses deeper than {} levels. Make it flatter.",
                    Filter::MAX_DEPTH
                ),
            ));
        }
        Ok(())
    }

    fn value_path(&mut self, path: AttributePath) -> Parsed<Filter> {
        self.check_selectable(&path)?;
        self.enter()?;
        self.next += 1;
        self.scope = Some(path.clone());
        let inner = self.or()?;
        let close = self.at();
        if !self.take(&Token::BracketClose) {
            return Err(self.wrong("expected a closing bracket"));
        }
        self.depth -= 1;
        // Outside the RFC's grammar, but what Entra sends for a matching attribute such as
        // emails[type eq "work"].value. Both conditions are about the same element.
        let filter = match self.sub_after(close) {
            Some(name) => {
                let last = match self.find(name)? {
                    Some(sub) => {
                        self.next += 1;
                        self.comparison(sub)?
                    }
                    None => self.absent(name)?,
                };
                match inner {
                    Filter::And(mut parts) => {
                        parts.push(last);
                        Filter::And(parts)
                    }
                    inner => Filter::And(vec![inner, last]),
                }
            }
            None => inner,
        };
        self.scope = None;
        Ok(Filter::ValuePath {
            path,
            filter: Box::new(filter),
        })
    }

    /// The name after `].`, which must follow without a space.
    fn sub_after(&self, close: usize) -> Option<&'a str> {
        let placed = self.tokens.get(self.next)?;
        match placed.token {
            Token::Word(word) if placed.at == close + 1 => word.strip_prefix('.'),
            _ => None,
        }
    }

    fn check_selectable(&self, path: &AttributePath) -> Parsed<()> {
        if path.sub.is_some() {
            return Err(self.wrong("a part of an attribute cannot be followed by a bracket"));
        }
        if !path.attribute.is_complex() {
            return Err(unsupported(path, "it has no parts to select by"));
        }
        Ok(())
    }

    fn resolve(&self, name: &str) -> Parsed<AttributePath> {
        let unknown = |name: &str| {
            ScimError::new(
                Reason::FilterAttributeUnknown,
                format!(
                    "The filter names {}, which is not a searchable attribute of a user. Use one \
                     that /Schemas lists, such as userName. Choose another matching attribute in \
                     Provisioning, Mappings.",
                    quoted(name)
                ),
            )
            .on(shortened(name))
        };
        let path = match &self.scope {
            Some(scope) => match scope.attribute.sub_attribute(name) {
                Some(sub) => scope.with_sub(sub),
                None if is_name(name) => return Err(unknown(name)),
                None => return Err(self.wrong("expected the name of an attribute")),
            },
            None => AttributePath::parse(name).map_err(|error| match error {
                PathError::Unknown(name) => unknown(&name),
                PathError::Malformed => self.wrong("expected the name of an attribute"),
            })?,
        };
        // A secret could be guessed letter by letter through a filter.
        if path.attribute.returned == Returned::Never {
            return Err(unknown(name));
        }
        Ok(path)
    }

    fn comparison(&mut self, path: AttributePath) -> Parsed<Filter> {
        match self.operand(&path.canonical())? {
            Some((op, operand)) => compare(path, op, &operand),
            None => Ok(Filter::Present(path)),
        }
    }

    /// What follows the name of an attribute: an operator and what to compare with, or `None` for `pr`.
    fn operand(&mut self, name: &str) -> Parsed<Option<(CompareOp, Operand)>> {
        self.terms += 1;
        if self.terms > Filter::MAX_TERMS {
            return Err(ScimError::new(
                Reason::FilterTooLong,
                format!(
                    "The filter has more than {} comparisons. Shorten it.",
                    Filter::MAX_TERMS
                ),
            ));
        }
        let Some(Token::Word(word)) = self.peek() else {
            return Err(self.wrong("expected an operator such as eq"));
        };
        if word.eq_ignore_ascii_case("pr") {
            self.next += 1;
            return Ok(None);
        }
        let Some(op) = CompareOp::parse(word) else {
            return Err(ScimError::new(
                Reason::FilterOperatorUnsupported,
                format!(
                    "The filter has the operator {}; use eq, ne, co, sw, ew, pr, gt, ge, lt or le.",
                    quoted(word)
                ),
            )
            .on(shortened(name)));
        };
        if !matches!(op, CompareOp::Eq | CompareOp::Ne) {
            self.searches += 1;
            if self.searches > Filter::MAX_SEARCHES {
                return Err(ScimError::new(
                    Reason::FilterTooLong,
                    format!(
                        "The filter has more than {} comparisons by co, sw, ew, gt, ge, lt or le. \
                         Use eq, or ask in several requests.",
                        Filter::MAX_SEARCHES
                    ),
                ));
            }
        }
        self.next += 1;
        let at = self.at();
        let Some(placed) = self.tokens.get(self.next) else {
            return Err(self.wrong("expected a value in quotation marks"));
        };
        let (text, is_quoted) = match &placed.token {
            Token::Text(text) => (text.clone(), true),
            Token::Word(word) => ((*word).to_owned(), false),
            _ => return Err(self.wrong("expected a value in quotation marks")),
        };
        self.next += 1;
        let operand = Operand {
            text,
            is_quoted,
            at,
        };
        Ok(Some((op, operand)))
    }
}

/// A comparison whose operator and value suit the attribute (RFC 7644 table 3).
fn compare(path: AttributePath, op: CompareOp, operand: &Operand) -> Parsed<Filter> {
    let text = operand.text.as_str();
    if operand.is_null() {
        return match op {
            CompareOp::Eq => Ok(Filter::Not(Box::new(Filter::Present(path)))),
            CompareOp::Ne => Ok(Filter::Present(path)),
            _ => Err(unsupported(
                &path,
                "null can only be compared with eq or ne",
            )),
        };
    }
    let path = comparable(path)?;
    let equality = matches!(op, CompareOp::Eq | CompareOp::Ne);
    let value = match path.kind() {
        Kind::Boolean => {
            if !equality {
                return Err(unsupported(&path, "it is true or false; use eq or ne"));
            }
            // Entra writes "True" and "False", quoted, in its paths and filters.
            match parse_bool(text) {
                Some(value) => Literal::Boolean(value),
                None => return Err(invalid(&path, text, "true or false")),
            }
        }
        Kind::DateTime => {
            if !equality && !op.is_ordering() {
                return Err(unsupported(
                    &path,
                    "it is a time; use eq, ne, gt, ge, lt or le",
                ));
            }
            check_quoted(&path, op, operand)?;
            match time::parse(text) {
                Some(ms) => Literal::DateTime(ms),
                None => return Err(invalid(&path, text, "a time like \"2026-11-23T09:14:00Z\"")),
            }
        }
        Kind::Integer | Kind::Decimal => match text.parse() {
            Ok(number) if equality || op.is_ordering() => Literal::Number(number),
            Ok(_) => return Err(unsupported(&path, "it is a number")),
            Err(_) => return Err(invalid(&path, text, "a number")),
        },
        Kind::Binary if op.is_ordering() => {
            return Err(unsupported(&path, "binary values have no order"));
        }
        // An entity tag is opaque: it is the same or not (RFC 9110 8.8.3).
        Kind::String if path.canonical() == "meta.version" && !equality => {
            return Err(unsupported(&path, "it is the same or not; use eq or ne"));
        }
        Kind::String | Kind::Reference | Kind::Binary | Kind::Complex => {
            check_quoted(&path, op, operand)?;
            Literal::String(text.to_owned())
        }
    };
    Ok(Filter::Compare { path, op, value })
}

/// The single value that a comparison means: a bare complex attribute stands for its `value`
/// (RFC 7644 3.4.2.2 `emails co "x"`; Entra's `manager eq "id"`).
fn comparable(path: AttributePath) -> Parsed<AttributePath> {
    if path.sub.is_some() || !path.attribute.is_complex() {
        return Ok(path);
    }
    match path.attribute.sub_attribute("value") {
        Some(value) => Ok(path.with_sub(value)),
        None => Err(unsupported(
            &path,
            "it has several parts; name one, such as name.familyName",
        )),
    }
}

/// After `eq` an unquoted value counts as a string, as in a sample of Microsoft's; elsewhere it is
/// an error rather than a guess.
fn check_quoted(path: &AttributePath, op: CompareOp, operand: &Operand) -> Parsed<()> {
    if operand.is_quoted || op == CompareOp::Eq {
        return Ok(());
    }
    let text = operand.text.as_str();
    let literal = matches!(text, "true" | "false") || text.parse::<serde_json::Number>().is_ok();
    if literal {
        Err(invalid(path, text, "text in quotation marks"))
    } else {
        Err(malformed(operand.at, "expected a value in quotation marks"))
    }
}

/// "true" or "false" in any case.
pub(in crate::server::scim) fn parse_bool(text: &str) -> Option<bool> {
    if text.eq_ignore_ascii_case("true") {
        Some(true)
    } else if text.eq_ignore_ascii_case("false") {
        Some(false)
    } else {
        None
    }
}

fn unsupported(path: &AttributePath, why: &str) -> ScimError {
    ScimError::new(
        Reason::FilterOperatorUnsupported,
        format!("The filter cannot compare {path} like this: {why}."),
    )
    .on(path.canonical())
}

fn invalid(path: &AttributePath, text: &str, expected: &str) -> ScimError {
    ScimError::new(
        Reason::FilterValueInvalid,
        format!(
            "The filter compares {path} with {}; use {expected}.",
            quoted(text)
        ),
    )
    .on(path.canonical())
}
