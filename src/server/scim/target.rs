//! What a URL below `/scim` names, and asks for.

use percent_encoding::percent_decode_str;

/// An endpoint of one organization.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// The base path: a query over all resources (RFC 7644 3.4.2.1), which are users.
    Root,
    RootSearch,
    Users,
    UsersSearch,
    User(String),
    ServiceProviderConfig,
    ResourceTypes,
    ResourceType(String),
    Schemas,
    Schema(String),
    Me,
    Bulk,
    Groups,
    /// A protocol version that is not served (RFC 7644 3.13).
    OtherVersion(String),
    Unknown,
}

/// Whether a path is below the SCIM endpoint, however its slashes are doubled and its first name is written.
pub fn is_scim(path: &str) -> bool {
    path.split('/')
        .find(|segment| !segment.is_empty())
        .is_some_and(|first| first.eq_ignore_ascii_case("scim"))
}

/// The slug and what follows it. Slashes may be doubled or trail; `v2` may be left out; endpoint names are
/// taken without regard to case.
pub fn parse(path: &str) -> (String, Target) {
    let mut segments = path
        .split('/')
        .filter(|segment| !segment.is_empty())
        .map(|segment| percent_decode_str(segment).decode_utf8_lossy().into_owned())
        .skip(1);
    let slug = segments.next().unwrap_or_default();
    let mut segments: Vec<String> = segments.collect();
    if let Some(first) = segments.first()
        && let Some(number) = first.strip_prefix(['v', 'V'])
        && !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
    {
        if number != "2" {
            return (slug, Target::OtherVersion(first.clone()));
        }
        segments.remove(0);
    }
    let names: Vec<String> = segments
        .iter()
        .map(|segment| segment.to_ascii_lowercase())
        .collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let target = match names.as_slice() {
        [] => Target::Root,
        [".search"] => Target::RootSearch,
        ["users"] => Target::Users,
        ["users", ".search"] => Target::UsersSearch,
        ["users", _] => Target::User(segments.swap_remove(1)),
        ["serviceproviderconfig"] => Target::ServiceProviderConfig,
        ["resourcetypes"] => Target::ResourceTypes,
        ["resourcetypes", _] => Target::ResourceType(segments.swap_remove(1)),
        ["schemas"] => Target::Schemas,
        ["schemas", _] => Target::Schema(segments.swap_remove(1)),
        ["me", ..] => Target::Me,
        ["bulk"] => Target::Bulk,
        ["groups", ..] => Target::Groups,
        _ => Target::Unknown,
    };
    (slug, target)
}

/// The query's parameters, form-decoded: `+` and `%20` are blanks, `%2B` is a plus.
pub fn query_pairs(query: Option<&str>) -> Vec<(String, String)> {
    url::form_urlencoded::parse(query.unwrap_or_default().as_bytes())
        .into_owned()
        .collect()
}

/// The value of a parameter, whose name matches in any case. An empty one counts as absent; the last of several wins.
pub fn parameter<'a>(pairs: &'a [(String, String)], name: &str) -> Option<&'a str> {
    pairs
        .iter()
        .rev()
        .find(|(key, value)| key.eq_ignore_ascii_case(name) && !value.trim().is_empty())
        .map(|(_, value)| value.as_str())
}

impl Target {
    /// Whether it is a query over all types of resources.
    pub fn is_root(&self) -> bool {
        matches!(self, Self::Root | Self::RootSearch)
    }

    /// The methods it has, for `Allow`.
    pub fn methods(&self) -> &'static str {
        match self {
            Self::Root
            | Self::ServiceProviderConfig
            | Self::ResourceTypes
            | Self::ResourceType(_)
            | Self::Schemas
            | Self::Schema(_) => "GET, HEAD",
            Self::RootSearch | Self::UsersSearch => "POST",
            Self::Users => "GET, HEAD, POST",
            Self::User(_) => "GET, HEAD, PUT, PATCH, DELETE",
            Self::Me | Self::Bulk | Self::Groups | Self::OtherVersion(_) | Self::Unknown => "",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slashes_and_versions_are_tolerated() {
        for path in [
            "/scim/contoso/v2/Users",
            "/scim/contoso/v2/Users/",
            "/scim//contoso//v2//Users",
            "/scim/contoso/Users",
            "/scim/contoso/v2/users",
            "//SCIM/contoso/V2/USERS",
        ] {
            assert!(is_scim(path), "{path}");
            assert_eq!(parse(path), ("contoso".to_owned(), Target::Users), "{path}");
        }
        assert_eq!(parse("/scim/contoso/v2/").1, Target::Root);
        assert_eq!(
            parse("/scim/contoso/v3/Users").1,
            Target::OtherVersion("v3".to_owned())
        );
        assert_eq!(
            parse("/scim/contoso/v2/Users/a%2Fb").1,
            Target::User("a/b".to_owned())
        );
        assert_eq!(parse("/scim/contoso/v2/Users/1/2").1, Target::Unknown);
    }

    #[test]
    fn the_first_name_of_a_path_tells_whose_it_is() {
        for path in ["/scim", "/Scim/", "///SCIM//contoso"] {
            assert!(is_scim(path), "{path}");
        }
        for path in [
            "",
            "/",
            "/scims/contoso",
            "/organizations/scim",
            "/api/scim",
        ] {
            assert!(!is_scim(path), "{path}");
        }
    }
}
