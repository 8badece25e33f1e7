//! Filters of RFC 7644 3.4.2.2: text to tree, tree to text, and matching of elements.

mod ast;
mod lexer;
mod matching;
mod parser;
#[cfg(test)]
mod tests;

pub use ast::{CompareOp, Filter, Literal, is_keyword};
pub(super) use lexer::string_end;
pub(super) use parser::{parse_bool, parse_selection};
