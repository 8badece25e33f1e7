//! Files that are exported: how they are written, and rows of comma-separated values (RFC 4180) for people who open them
//! in a spreadsheet.

use std::borrow::Cow;

/// How a file is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// For spreadsheets, with a line of headings.
    Csv,
    /// One JSON object on a line, for programs.
    Ndjson,
}

impl Format {
    /// As addresses name it.
    pub fn parse(text: &str) -> Option<Self> {
        [Self::Csv, Self::Ndjson]
            .into_iter()
            .find(|format| format.extension() == text)
    }

    /// As it ends a file's name.
    pub fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Ndjson => "ndjson",
        }
    }

    /// For the `Content-Type` header.
    pub fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8; header=present",
            Self::Ndjson => "application/x-ndjson",
        }
    }
}

/// One row with its line end. Cells that a spreadsheet would run as a formula are neutralized.
pub fn csv_row<S: AsRef<str>>(cells: impl IntoIterator<Item = S>) -> String {
    let mut row = String::new();
    for (index, cell) in cells.into_iter().enumerate() {
        if index > 0 {
            row.push(',');
        }
        push_cell(&mut row, &neutral(cell.as_ref()));
    }
    row.push_str("\r\n");
    row
}

/// What formulas begin with. Where people write with wide signs, spreadsheets take these for the others; and some skip a
/// tab or a line end before a sign.
const FORMULA: [char; 11] = [
    '=', '+', '-', '@', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}', '\t', '\r', '\n',
];

/// A cell that begins like a formula gets an apostrophe, which spreadsheets read as "this is text".
fn neutral(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(FORMULA) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

fn push_cell(row: &mut String, cell: &str) {
    if cell.contains([',', '"', '\r', '\n']) {
        row.push('"');
        row.push_str(&cell.replace('"', "\"\""));
        row.push('"');
    } else {
        row.push_str(cell);
    }
}

#[cfg(test)]
mod tests {
    use super::{Format, csv_row};

    #[test]
    fn formats_are_named_as_they_end_a_file() {
        assert_eq!(Format::parse("csv"), Some(Format::Csv));
        assert_eq!(Format::parse("ndjson"), Some(Format::Ndjson));
        assert_eq!(Format::parse("pdf"), None);
    }

    #[test]
    fn plain_cells_stay_as_they_are() {
        assert_eq!(csv_row(["Ana", "", "a b", "7"]), "Ana,,a b,7\r\n");
    }

    #[test]
    fn separators_quotes_and_line_ends_are_quoted() {
        assert_eq!(
            csv_row(["a,b", "c\"d", "e\nf"]),
            "\"a,b\",\"c\"\"d\",\"e\nf\"\r\n"
        );
    }

    #[test]
    fn what_a_spreadsheet_would_run_is_text() {
        assert_eq!(
            csv_row(["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"]),
            "'=1+1,'+1,'-1,'@SUM(A1),'\t=1,\"'\r=1\"\r\n"
        );
        assert_eq!(csv_row(["\n=1"]), "\"'\n=1\"\r\n");
        assert_eq!(
            csv_row(["＝1+1", "＋1", "－1", "＠SUM(A1)"]),
            "'＝1+1,'＋1,'－1,'＠SUM(A1)\r\n"
        );
        assert_eq!(csv_row(["=a,\"b\""]), "\"'=a,\"\"b\"\"\"\r\n");
        assert_eq!(csv_row(["a=b", "2026-11-25"]), "a=b,2026-11-25\r\n");
    }
}
