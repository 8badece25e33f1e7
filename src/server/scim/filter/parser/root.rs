//! Filters over resources of all types: an attribute that users do not have counts as one without a
//! value (RFC 7644 3.4.2.1), where a filter over users alone is refused.

use super::{CompareOp, Filter, Parsed, Parser, Token};
use crate::server::scim::error::ScimError;
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;

impl Filter {
    /// Reads a filter at the root.
    ///
    /// # Errors
    /// As [`Self::parse`], but for attributes that are unknown.
    pub fn parse_at_root(text: &str) -> Result<Self, ScimError> {
        let mut parser = Parser::new(text, None)?;
        parser.at_root = true;
        parser.whole()
    }
}

impl Parser<'_> {
    /// The attribute of a name; `None` for one that users do not have, where that is no error.
    pub(super) fn find(&self, name: &str) -> Parsed<Option<AttributePath>> {
        match self.resolve(name) {
            Err(error) if self.at_root && error.reason == Reason::FilterAttributeUnknown => {
                Ok(None)
            }
            found => found.map(Some),
        }
    }

    /// A term about an attribute that users do not have.
    pub(super) fn absent(&mut self, name: &str) -> Parsed<Filter> {
        self.next += 1;
        if self.scope.is_none() && self.peek() == Some(&Token::BracketOpen) {
            return self.absent_value_path(name);
        }
        let absent = Filter::Absent(name.to_owned());
        let holds = match self.operand(name)? {
            // `ne` is the negation of `eq`, and `eq null` of `pr`.
            Some((op, operand)) if operand.is_null() => op == CompareOp::Eq,
            Some((op, _)) => op == CompareOp::Ne,
            None => false,
        };
        Ok(if holds {
            Filter::Not(Box::new(absent))
        } else {
            absent
        })
    }

    /// No element fulfils what is in the brackets; it is read for its grammar.
    fn absent_value_path(&mut self, name: &str) -> Parsed<Filter> {
        self.enter()?;
        self.next += 1;
        self.or()?;
        let close = self.at();
        if !self.take(&Token::BracketClose) {
            return Err(self.wrong("expected a closing bracket"));
        }
        self.depth -= 1;
        if self.sub_after(close).is_some() {
            self.next += 1;
            self.operand(name)?;
        }
        Ok(Filter::Absent(name.to_owned()))
    }
}
