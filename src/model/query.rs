//! Query strings of lists: every filter stands in the address, so that it can be shared and gone back to.

/// A parameter of a query string, decoded.
pub type Pair = (&'static str, String);

/// `path?name=value&...`, or only the path when there is nothing to say.
pub fn href(path: &str, pairs: &[Pair]) -> String {
    let mut text = path.to_owned();
    for (at, (name, value)) in pairs.iter().enumerate() {
        text.push(if at == 0 { '?' } else { '&' });
        text.push_str(name);
        text.push('=');
        text.push_str(&encode(value));
    }
    text
}

/// Percent-encodes everything but unreserved characters (RFC 3986 section 2.3).
pub fn encode(value: &str) -> String {
    use std::fmt::Write as _;
    value
        .bytes()
        .fold(String::with_capacity(value.len()), |mut text, byte| {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    text.push(char::from(byte))
                }
                _ => {
                    let _ = write!(text, "%{byte:02X}");
                }
            }
            text
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_encoded() {
        let pairs = [("q", "a&b=ü /".to_owned()), ("sort", "name".to_owned())];
        assert_eq!(
            href("/users", &pairs),
            "/users?q=a%26b%3D%C3%BC%20%2F&sort=name"
        );
        assert_eq!(href("/users", &[]), "/users");
    }
}
