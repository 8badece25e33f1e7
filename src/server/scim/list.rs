//! Queries and lists (RFC 7644 3.4.2 and 3.4.3).

use serde_json::{Value, json};

use super::body::{self, member};
use super::error::{ScimError, quoted, shortened};
use super::filter::Filter;
use super::path::{AttributePath, is_name, is_urn, without_filter};
use super::projection::Projection;
use super::reason::Reason;
use super::schema::{self, Returned};
use super::target::parameter;

/// The parameters of a list (RFC 7644 3.4.2 and 3.4.3).
pub const PARAMETERS: [&str; 7] = [
    "filter",
    "sortBy",
    "sortOrder",
    "startIndex",
    "count",
    "attributes",
    "excludedAttributes",
];

/// Resources of a page when `count` is absent.
pub const DEFAULT_COUNT: i64 = 100;
/// The most resources of a page, `filter.maxResults`.
pub const MAX_COUNT: i64 = 1000;

/// What a query asks for.
#[derive(Debug, Clone, PartialEq)]
pub struct ListQuery {
    /// Which users.
    pub filter: Option<Filter>,
    /// A single value to sort by; ties and its absence are ordered by `id`.
    pub sort_by: Option<AttributePath>,
    /// Sort order; ascending by default.
    pub descending: bool,
    /// Index of the first resource, from 1.
    pub start_index: i64,
    /// Resources of the page, 0 to [`MAX_COUNT`]; 0 asks for the total only.
    pub count: i64,
    /// Which attributes.
    pub projection: Projection,
}

impl Default for ListQuery {
    fn default() -> Self {
        Self {
            filter: None,
            sort_by: None,
            descending: false,
            start_index: 1,
            count: DEFAULT_COUNT,
            projection: Projection::All,
        }
    }
}

impl ListQuery {
    /// Reads decoded query parameters. Names match in any case, unknown ones are ignored (Entra's
    /// `aadOptscim062020` among them), empty values count as absent, and the last of several wins.
    /// `at_root` says that all types of resources are asked for, not users alone.
    ///
    /// # Errors
    /// A `filter_...` reason, `sort_attribute_unknown`, `sort_order_invalid`, `count_invalid`,
    /// `start_index_invalid`, `projection_conflict`.
    pub fn from_query(pairs: &[(String, String)], at_root: bool) -> Result<Self, ScimError> {
        let parse = if at_root {
            Filter::parse_at_root
        } else {
            Filter::parse
        };
        let value = |name| parameter(pairs, name);
        Ok(Self {
            filter: value("filter").map(parse).transpose()?,
            sort_by: value("sortBy").map(sort_path).transpose()?,
            descending: is_descending(value("sortOrder"))?,
            start_index: start_index(value("startIndex"))?,
            count: count(value("count"))?,
            projection: Projection::from_query(pairs)?,
        })
    }

    /// Reads the body of `POST .search`, which answers exactly like GET (RFC 7644 3.4.3). Numbers
    /// may be text, and the attribute lists may be one text with commas.
    ///
    /// # Errors
    /// As [`Self::from_query`], and `body_not_object`, `schemas_wrong`, `query_malformed`.
    pub fn from_search_request(body: &Value, at_root: bool) -> Result<Self, ScimError> {
        let members = body::object(body)?;
        if body::names_other_schema(members, schema::SEARCH_REQUEST) {
            return Err(ScimError::new(
                Reason::SchemasWrong,
                format!("schemas must name {} in a search.", schema::SEARCH_REQUEST),
            )
            .on("schemas"));
        }
        let mut pairs = Vec::new();
        for name in ["filter", "sortBy", "sortOrder", "startIndex", "count"] {
            let value = match member(members, name) {
                None | Some(Value::Null) => continue,
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                Some(_) => return Err(query_malformed(name, "text or a number")),
            };
            pairs.push((name.to_owned(), value));
        }
        for name in ["attributes", "excludedAttributes"] {
            if let Some(value) = member(members, name) {
                pairs.push((name.to_owned(), name_list(name, value)?));
            }
        }
        Self::from_query(&pairs, at_root)
    }
}

/// The ListResponse. All members are always there: Entra's probe expects the empty list written out.
#[must_use]
pub fn list_response(total: i64, start_index: i64, resources: Vec<Value>) -> Value {
    json!({
        "schemas": [schema::LIST_RESPONSE],
        "totalResults": total,
        "startIndex": start_index,
        "itemsPerPage": resources.len(),
        "Resources": resources,
    })
}

fn name_list(name: &str, value: &Value) -> Result<String, ScimError> {
    let malformed = || query_malformed(name, "a list of attribute names");
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Array(list) => {
            let names: Option<Vec<&str>> = list.iter().map(Value::as_str).collect();
            names.map(|names| names.join(",")).ok_or_else(malformed)
        }
        _ => Err(malformed()),
    }
}

fn query_malformed(name: &str, expected: &str) -> ScimError {
    ScimError::new(
        Reason::QueryMalformed,
        format!("{name} must be {expected}."),
    )
    .on(name)
}

/// RFC 7644 3.4.2.3: a complex attribute needs a part to sort by; its `value` is the obvious one.
fn sort_path(text: &str) -> Result<AttributePath, ScimError> {
    let unknown = |why: &str| {
        ScimError::new(
            Reason::SortAttributeUnknown,
            format!("sortBy {} {why}. Use one such as userName.", quoted(text)),
        )
        .on(sort_name(text))
    };
    let path = AttributePath::parse(text.trim())
        .ok()
        .filter(|path| path.attribute.returned != Returned::Never)
        .ok_or_else(|| unknown("is not an attribute of a user"))?;
    if path.sub.is_some() || !path.attribute.is_complex() {
        return Ok(path);
    }
    match path.attribute.sub_attribute("value") {
        Some(value) => Ok(path.with_sub(value)),
        None => Err(unknown("has several parts and names none of them")),
    }
}

/// What a refused `sortBy` is about: the attribute that it names. What is not written like one may be about a person.
fn sort_name(text: &str) -> String {
    let text = without_filter(text.trim());
    let name = text.split('[').next().unwrap_or_default();
    let is_path = if is_urn(name) {
        let of_urns = |byte: u8| byte.is_ascii_alphanumeric() || b":._-$".contains(&byte);
        name.bytes().all(of_urns)
    } else {
        name.split('.').all(is_name)
    };
    shortened(if is_path { &text } else { "sortBy" })
}

fn is_descending(text: Option<&str>) -> Result<bool, ScimError> {
    let Some(text) = text.map(str::trim) else {
        return Ok(false);
    };
    if text.eq_ignore_ascii_case("descending") {
        Ok(true)
    } else if text.eq_ignore_ascii_case("ascending") {
        Ok(false)
    } else {
        Err(ScimError::new(
            Reason::SortOrderInvalid,
            format!(
                "sortOrder {} must be ascending or descending.",
                quoted(text)
            ),
        )
        .on("sortOrder"))
    }
}

/// RFC 7644 3.4.2.4: below 1 means 1.
fn start_index(text: Option<&str>) -> Result<i64, ScimError> {
    let value = text.map(|text| integer(text, "startIndex", Reason::StartIndexInvalid));
    Ok(value.transpose()?.unwrap_or(1).max(1))
}

/// RFC 7644 3.4.2.4: below 0 means 0, and the service may return fewer.
fn count(text: Option<&str>) -> Result<i64, ScimError> {
    let value = text.map(|text| integer(text, "count", Reason::CountInvalid));
    Ok(value
        .transpose()?
        .unwrap_or(DEFAULT_COUNT)
        .clamp(0, MAX_COUNT))
}

/// A whole number; beyond 64 bits the nearest one.
fn integer(text: &str, name: &str, reason: Reason) -> Result<i64, ScimError> {
    let text = text.trim();
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        let detail = format!("{name} {} must be a whole number.", quoted(text));
        return Err(ScimError::new(reason, detail).on(name));
    }
    let bound = if text.starts_with('-') {
        i64::MIN
    } else {
        i64::MAX
    };
    Ok(text.parse().unwrap_or(bound))
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    fn query(pairs: &[(&str, &str)]) -> Result<ListQuery, ScimError> {
        let own = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
        ListQuery::from_query(&pairs.iter().map(own).collect::<Vec<_>>(), false)
    }

    fn reason(pairs: &[(&str, &str)]) -> Option<Reason> {
        query(pairs).err().map(|error| error.reason)
    }

    #[test]
    fn e27_unknown_parameters_are_ignored_and_empty_ones_absent() {
        let empty = [
            ("aadOptscim062020", ""),
            ("filter", " "),
            ("count", ""),
            ("x", "1"),
        ];
        assert_eq!(query(&empty).unwrap(), ListQuery::default());
    }

    #[test]
    fn rfc7644_3_4_2_4_index_paging() {
        for (text, expected) in [
            ("-5", 1),
            ("0", 1),
            ("7", 7),
            ("99999999999999999999", i64::MAX),
        ] {
            assert_eq!(
                query(&[("startIndex", text)]).unwrap().start_index,
                expected
            );
        }
        for (text, expected) in [("-5", 0), ("0", 0), ("7", 7), ("5000", MAX_COUNT)] {
            assert_eq!(query(&[("COUNT", text)]).unwrap().count, expected);
        }
        for text in ["x", "1.0", "1e2", "--1", "+"] {
            assert_eq!(
                reason(&[("count", text)]),
                Some(Reason::CountInvalid),
                "{text}"
            );
            assert_eq!(
                reason(&[("startIndex", text)]),
                Some(Reason::StartIndexInvalid)
            );
        }
    }

    #[test]
    fn rfc7644_3_4_2_3_sorting() {
        let sorted = query(&[("sortBy", "name.familyname"), ("sortOrder", "Descending")]).unwrap();
        assert_eq!(sorted.sort_by.unwrap().canonical(), "name.familyName");
        assert!(sorted.descending);
        let emails = query(&[("sortBy", "emails")]).unwrap();
        assert_eq!(emails.sort_by.unwrap().canonical(), "emails.value");
        for text in ["name", "foo", "password", "a b"] {
            assert_eq!(
                reason(&[("sortBy", text)]),
                Some(Reason::SortAttributeUnknown),
                "{text}"
            );
        }
        assert_eq!(
            reason(&[("sortOrder", "up")]),
            Some(Reason::SortOrderInvalid)
        );
    }

    #[test]
    fn no_value_is_in_the_name_of_what_cannot_be_sorted_by() {
        for (text, name) in [
            ("colour", "colour"),
            (" name ", "name"),
            ("name.colour", "name.colour"),
            ("urn:x:2.0:User:colour", "urn:x:2.0:User:colour"),
            (r#"emails[value eq "ana@x"].value"#, "emails[…].value"),
            (
                r#"urn:x:2.0:User:badges[value eq "ana@x"]"#,
                "urn:x:2.0:User:badges[…]",
            ),
            (r#"userName eq "ana@x""#, "sortBy"),
            (r#"urn:x:2.0:User:badge eq "ana@x""#, "sortBy"),
            ("ana@x", "sortBy"),
            ("+49 171", "sortBy"),
        ] {
            let error = query(&[("sortBy", text)]).unwrap_err();
            assert_eq!(error.reason, Reason::SortAttributeUnknown, "{text}");
            assert_eq!(error.attribute.as_deref(), Some(name), "{text}");
        }
    }

    #[test]
    fn rfc7644_3_4_3_search_request_is_the_same_query() {
        let body = json!({
            "schemas": [schema::SEARCH_REQUEST],
            "attributes": ["userName", "name.givenName"],
            "filter": "active eq true",
            "sortBy": "userName",
            "startIndex": 5,
            "count": "10",
        });
        let same = query(&[
            ("attributes", "userName,name.givenName"),
            ("filter", "active eq true"),
            ("sortBy", "userName"),
            ("startIndex", "5"),
            ("count", "10"),
        ]);
        assert_eq!(ListQuery::from_search_request(&body, false), same);
        assert_eq!(
            ListQuery::from_search_request(&json!({}), false),
            Ok(ListQuery::default())
        );
    }

    #[test]
    fn search_requests_of_another_form_are_refused() {
        let reason = |body: Value| {
            let query = ListQuery::from_search_request(&body, false);
            query.unwrap_err().reason
        };
        assert_eq!(reason(json!([])), Reason::BodyNotObject);
        assert_eq!(
            reason(json!({"schemas": [schema::PATCH_OP]})),
            Reason::SchemasWrong
        );
        assert_eq!(reason(json!({"filter": {}})), Reason::QueryMalformed);
        assert_eq!(reason(json!({"attributes": [1]})), Reason::QueryMalformed);
        assert_eq!(reason(json!({"count": 1.5})), Reason::CountInvalid);
        let both = json!({"attributes": ["id"], "excludedAttributes": ["name"]});
        assert_eq!(reason(both), Reason::ProjectionConflict);
    }

    #[test]
    fn e22_no_match_is_a_list_written_out() {
        assert_eq!(
            list_response(0, 1, Vec::new()).to_string(),
            concat!(
                r#"{"schemas":["urn:ietf:params:scim:api:messages:2.0:ListResponse"],"#,
                r#""totalResults":0,"startIndex":1,"itemsPerPage":0,"Resources":[]}"#
            )
        );
    }
}
