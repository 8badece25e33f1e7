//! The `Authorization` header of a SCIM request (RFC 6750 2.1), as people really paste tokens.

use crate::model::token::TOKEN_START;
use crate::server::scim::error::ScimError;
use crate::server::scim::reason::Reason;
use crate::server::secret::Secret;
use crate::server::services::provisioning::PresentedToken;

/// Why a request has no usable token.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BearerError {
    Missing,
    /// Several headers, another scheme, or no text after it.
    Malformed,
}

impl BearerError {
    /// The answer to the client: 401.
    pub fn into_scim(self) -> ScimError {
        match self {
            Self::Missing => ScimError::new(
                Reason::TokenMissing,
                "The request has no Authorization header. Paste the Secret Token into Provisioning, Admin \
                 Credentials in Entra.",
            ),
            Self::Malformed => ScimError::new(
                Reason::TokenMalformed,
                "The Authorization header is not 'Bearer' followed by one token. Paste the Secret Token alone \
                 into Provisioning, Admin Credentials in Entra.",
            ),
        }
    }
}

/// Reads the values of all `Authorization` headers.
///
/// # Errors
/// [`BearerError`]; nothing of the header's text goes into it.
pub fn parse<'a>(
    mut values: impl Iterator<Item = &'a [u8]>,
) -> Result<PresentedToken, BearerError> {
    let value = values.next().ok_or(BearerError::Missing)?;
    if values.next().is_some() {
        return Err(BearerError::Malformed);
    }
    let mut rest = std::str::from_utf8(value)
        .map_err(|_| BearerError::Malformed)?
        .trim();
    if rest.is_empty() {
        return Err(BearerError::Missing);
    }
    let mut schemes = 0;
    while let Some(token) = strip_scheme(rest) {
        rest = token.trim_start();
        schemes += 1;
    }
    // Without a scheme only a token of ours is one: anything else may be another scheme's secret.
    if rest.is_empty()
        || rest.contains(char::is_whitespace)
        || (schemes == 0 && !rest.starts_with(TOKEN_START))
    {
        return Err(BearerError::Malformed);
    }
    Ok(PresentedToken {
        secret: Secret::new(rest),
        doubled: schemes > 1,
    })
}

fn strip_scheme(text: &str) -> Option<&str> {
    const SCHEME: &str = "bearer";
    let (scheme, rest) = text.split_at_checked(SCHEME.len())?;
    (scheme.eq_ignore_ascii_case(SCHEME)
        && (rest.is_empty() || rest.starts_with(char::is_whitespace)))
    .then_some(rest)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]
    use super::*;

    fn secret_of(header: &str) -> Result<(String, bool), BearerError> {
        parse(std::iter::once(header.as_bytes()))
            .map(|bearer| (bearer.secret.reveal().to_owned(), bearer.doubled))
    }

    #[test]
    fn e44_doubled_scheme_and_blanks_are_tolerated() {
        assert_eq!(secret_of("Bearer rhp_a").unwrap(), ("rhp_a".into(), false));
        assert_eq!(
            secret_of("bearer   rhp_a ").unwrap(),
            ("rhp_a".into(), false)
        );
        assert_eq!(
            secret_of("Bearer Bearer rhp_a").unwrap(),
            ("rhp_a".into(), true)
        );
        assert_eq!(secret_of("rhp_a").unwrap(), ("rhp_a".into(), false));
    }

    #[test]
    fn other_schemes_and_several_headers_are_refused() {
        assert_eq!(secret_of("Basic dTpw"), Err(BearerError::Malformed));
        assert_eq!(secret_of("Bearer"), Err(BearerError::Malformed));
        assert_eq!(secret_of(""), Err(BearerError::Missing));
        assert_eq!(secret_of("Bearer a b"), Err(BearerError::Malformed));
        assert_eq!(secret_of("dTpw"), Err(BearerError::Malformed));
        let twice = [b"Bearer a".as_slice(), b"Bearer b".as_slice()];
        assert_eq!(parse(twice.into_iter()), Err(BearerError::Malformed));
        assert_eq!(parse(std::iter::empty()), Err(BearerError::Missing));
    }
}
