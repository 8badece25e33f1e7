//! A logged request as a command to try it again, without the token.

use crate::model::log::LogPayload;

/// Headers that change what a request means.
const HEADERS: [&str; 3] = ["content-type", "if-match", "if-none-match"];

/// A command for any POSIX shell; the token is taken from `$TOKEN`.
pub(super) fn command(public_url: &str, method: &str, path: &str, payload: &LogPayload) -> String {
    let mut url = format!("{public_url}{path}");
    if let Some(query) = &payload.query {
        url.push('?');
        url.push_str(query);
    }
    let mut lines = vec![
        // Brackets and braces stand for themselves.
        format!(
            "curl --globoff --request {} --url {}",
            quoted(method),
            quoted(&url)
        ),
        r#"--header "Authorization: Bearer $TOKEN""#.to_owned(),
    ];
    lines.extend(
        payload
            .request_headers
            .iter()
            .filter(|(name, _)| HEADERS.contains(&name.to_ascii_lowercase().as_str()))
            .map(|(name, value)| format!("--header {}", quoted(&format!("{name}: {value}")))),
    );
    if let Some(body) = payload
        .request_body
        .as_ref()
        .filter(|body| !body.is_empty())
    {
        lines.push(format!("--data-raw {}", quoted(body)));
    }
    lines.join(" \\\n  ")
}

/// `text` as one word of a shell, whatever is in it.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What curl would be called with, according to the shell.
    fn arguments(command: &str) -> Vec<String> {
        let script = format!("curl() {{ printf '%s\\0' \"$@\"; }}\nTOKEN=secret\n{command}");
        let output = std::process::Command::new("sh")
            .arg("-c")
            .arg(script)
            .output();
        let text = output.map_or_else(
            |error| error.to_string(),
            |output| String::from_utf8_lossy(&output.stdout).into_owned(),
        );
        text.split_terminator('\0').map(str::to_owned).collect()
    }

    #[test]
    fn the_shell_passes_everything_on_unchanged() {
        let body = "{\"userName\":\"O'Neil $(id) `id` \\\\ \\\" !! * \u{e9}\",\n\"a\":\"@file\"}";
        let payload = LogPayload {
            query: Some("filter=userName%20eq%20%22a'b%22&x[0]={1,2}".to_owned()),
            request_headers: vec![
                ("authorization".to_owned(), "[redacted]".to_owned()),
                (
                    "Content-Type".to_owned(),
                    "application/scim+json; charset=utf-8".to_owned(),
                ),
                ("user-agent".to_owned(), "Entra".to_owned()),
                ("if-match".to_owned(), "W/\"1\"".to_owned()),
            ],
            request_body: Some(body.to_owned()),
            response_body: None,
            is_cut: false,
        };
        let command = command(
            "https://rhombus.example",
            "PATCH",
            "/scim/contoso/v2/Users/1",
            &payload,
        );
        assert_eq!(
            arguments(&command),
            [
                "--globoff",
                "--request",
                "PATCH",
                "--url",
                "https://rhombus.example/scim/contoso/v2/Users/1?filter=userName%20eq%20%22a'b%22&x[0]={1,2}",
                "--header",
                "Authorization: Bearer secret",
                "--header",
                "Content-Type: application/scim+json; charset=utf-8",
                "--header",
                "if-match: W/\"1\"",
                "--data-raw",
                body,
            ]
        );
        assert!(!command.contains("redacted"));
    }

    #[test]
    fn a_request_without_body_has_no_data() {
        let payload = LogPayload {
            query: None,
            request_headers: Vec::new(),
            request_body: None,
            response_body: None,
            is_cut: false,
        };
        let command = command(
            "https://rhombus.example",
            "GET",
            "/scim/contoso/v2/Users",
            &payload,
        );
        assert!(!command.contains("--data"));
        assert_eq!(arguments(&command).len(), 7);
    }
}
