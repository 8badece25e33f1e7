//! Rows of comma-separated values (RFC 4180) for people who open them in a spreadsheet.

use std::borrow::Cow;

/// Type of a file of such rows.
pub const CSV_TYPE: &str = "text/csv; charset=utf-8; header=present";

/// Type of a file with one JSON object in each line.
pub const NDJSON_TYPE: &str = "application/x-ndjson";

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

/// A cell that begins like a formula gets an apostrophe, which spreadsheets read as "this is text".
fn neutral(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
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
    use super::csv_row;

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
        assert_eq!(csv_row(["=a,\"b\""]), "\"'=a,\"\"b\"\"\"\r\n");
        assert_eq!(csv_row(["a=b", "2026-11-25"]), "a=b,2026-11-25\r\n");
    }
}
