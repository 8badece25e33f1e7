#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;
use serde_json::json;

use super::{CompareOp, Filter, Literal};
use crate::server::scim::path::AttributePath;
use crate::server::scim::reason::Reason;
use crate::server::scim::schema::{self, Kind, Schema};

fn printed(text: &str) -> String {
    match Filter::parse(text) {
        Ok(filter) => filter.to_string(),
        Err(error) => format!("{}: {}", error.reason.code(), error.detail),
    }
}

fn reason(text: &str) -> Option<Reason> {
    Filter::parse(text).err().map(|error| error.reason)
}

#[test]
fn rfc7644_3_4_2_2_examples_parse() {
    let urn = schema::USER;
    for text in [
        r#"userName eq "bjensen""#,
        r#"name.familyName co "O'Malley""#,
        r#"userName sw "J""#,
        r#"title pr"#,
        r#"title pr and userType eq "Employee""#,
        r#"title pr or userType eq "Intern""#,
        r#"userType eq "Employee" and (emails.value co "example.com" or emails.value co "example.org")"#,
        r#"not (emails.value co "example.com" or emails.value co "example.org")"#,
        r#"emails[type eq "work" and value co "@example.com"]"#,
        r#"emails[type eq "work" and value co "@example.com"] or ims[type eq "xmpp" and value co "@foo.com"]"#,
    ] {
        assert_eq!(printed(text), text);
    }
    assert_eq!(
        printed(&format!(r#"{urn}:userName sw "J""#)),
        r#"userName sw "J""#
    );
    assert_eq!(
        printed(r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#),
        r#"schemas eq "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User""#
    );
    assert_eq!(
        printed(r#"meta.lastModified gt "2011-05-13T04:42:34Z""#),
        r#"meta.lastModified gt "2011-05-13T04:42:34.000Z""#
    );
}

#[test]
fn precedence_is_parentheses_not_and_or() {
    let a_or_b_and_c = Filter::parse("title pr or userType pr and locale pr").unwrap();
    assert!(matches!(&a_or_b_and_c, Filter::Or(parts) if matches!(parts[1], Filter::And(_))));
    let grouped = Filter::parse("(title pr or userType pr) and locale pr").unwrap();
    assert!(matches!(&grouped, Filter::And(parts) if matches!(parts[0], Filter::Or(_))));
    let not = Filter::parse("not (title pr) and locale pr").unwrap();
    assert!(matches!(&not, Filter::And(parts) if matches!(parts[0], Filter::Not(_))));
}

#[test]
fn names_and_operators_in_any_case() {
    assert_eq!(
        printed(r#"USERNAME Eq "A" AND NOT(Title PR)"#),
        r#"userName eq "A" and not (title pr)"#
    );
}

#[test]
fn e21_comparison_after_a_value_path() {
    assert_eq!(
        printed(r#"emails[type eq "work"].value eq "a@b.c""#),
        r#"emails[type eq "work" and value eq "a@b.c"]"#
    );
    assert_eq!(
        printed(r#"emails[type eq "work" and primary eq true].value pr and active eq true"#),
        r#"emails[type eq "work" and primary eq true and value pr] and active eq true"#
    );
    assert_eq!(
        printed(r#"emails[type eq "work" or type eq "home"].value eq "x""#),
        r#"emails[(type eq "work" or type eq "home") and value eq "x"]"#
    );
}

#[test]
fn e20_unquoted_value_after_eq_only() {
    assert_eq!(printed("externalId eq jyoung"), r#"externalId eq "jyoung""#);
    assert_eq!(printed("externalId eq 0123"), r#"externalId eq "0123""#);
    assert_eq!(
        reason("externalId sw jyoung"),
        Some(Reason::FilterMalformed)
    );
    assert_eq!(reason("externalId gt 5"), Some(Reason::FilterValueInvalid));
}

#[test]
fn e7_true_as_text_for_a_boolean() {
    for text in [r#""True""#, r#""true""#, "TRUE", "true"] {
        assert_eq!(
            printed(&format!("roles[primary eq {text}]")),
            "roles[primary eq true]"
        );
    }
    assert_eq!(
        reason(r#"active eq "yes""#),
        Some(Reason::FilterValueInvalid)
    );
    assert_eq!(printed(r#"title eq "True""#), r#"title eq "True""#);
}

#[test]
fn bare_complex_attribute_means_its_value() {
    assert_eq!(printed(r#"emails co "x""#), r#"emails.value co "x""#);
    assert_eq!(printed("emails pr"), "emails pr");
    assert_eq!(
        printed(r#"id eq "1" and manager eq "2""#),
        format!(
            r#"id eq "1" and {}:manager.value eq "2""#,
            schema::ENTERPRISE_USER
        )
    );
    assert_eq!(
        reason(r#"name eq "x""#),
        Some(Reason::FilterOperatorUnsupported)
    );
    assert_eq!(
        reason(r#"addresses eq "x""#),
        Some(Reason::FilterOperatorUnsupported)
    );
}

#[test]
fn null_means_presence() {
    assert_eq!(printed("title eq null"), "not (title pr)");
    assert_eq!(printed("emails ne null"), "emails pr");
    assert_eq!(printed(r#"title eq "null""#), r#"title eq "null""#);
    assert_eq!(
        reason("title gt null"),
        Some(Reason::FilterOperatorUnsupported)
    );
}

#[test]
fn operators_that_do_not_suit_an_attribute_are_refused() {
    for text in [
        "active gt true",
        "active co true",
        r#"x509Certificates.value ge "AA==""#,
        r#"meta.created co "2011""#,
        r#"meta.version sw "W/""#,
        r#"meta[version gt "W/\"1\""]"#,
        r#"userName like "x""#,
        r#"userName[value eq "x"]"#,
    ] {
        assert_eq!(
            reason(text),
            Some(Reason::FilterOperatorUnsupported),
            "{text}"
        );
    }
}

#[test]
fn unknown_and_secret_attributes_are_refused() {
    for text in [
        r#"foo eq "x""#,
        r#"emails.foo eq "x""#,
        r#"emails[foo eq "x"]"#,
        r#"password eq "x""#,
        "password pr",
        r#"urn:x:2.0:User:a eq "x""#,
        r#"members eq "x""#,
    ] {
        assert_eq!(reason(text), Some(Reason::FilterAttributeUnknown), "{text}");
    }
}

#[test]
fn grammar_errors() {
    for text in [
        "",
        "userName",
        "userName eq",
        r#"userName eq "x"#,
        r#"userName eq "\x""#,
        r#"userName eq "x" and"#,
        r#"userName eq "x" title pr"#,
        r#"(userName eq "x""#,
        r#"userName eq "x")"#,
        r#"not userName eq "x""#,
        r#"emails[type eq "work""#,
        r#"emails[type eq "work"] .value eq "x""#,
        r#"emails[type[value pr]]"#,
        r#"emails.value[type pr]"#,
        r#"meta.created gt 2011"#,
        "userName eq John Doe",
        "userName eq (x)",
        "[]",
    ] {
        let found = reason(text);
        assert!(
            matches!(
                found,
                Some(Reason::FilterMalformed | Reason::FilterValueInvalid)
            ),
            "{text}: {found:?}"
        );
    }
}

#[test]
fn strings_are_json_strings() {
    let filter = Filter::parse(r#"userName eq "a\"b\\c\u00e9\n""#).unwrap();
    assert!(matches!(
        &filter,
        Filter::Compare { value: Literal::String(text), .. } if text == "a\"b\\cé\n"
    ));
    assert_eq!(
        reason(r#"userName eq "a\u0000""#),
        Some(Reason::NulCharacter)
    );
    assert_eq!(reason("userName eq a\0b"), Some(Reason::NulCharacter));
}

#[test]
fn bounds_hold() {
    let deep = |levels: usize| format!("{}title pr{}", "(".repeat(levels), ")".repeat(levels));
    assert_eq!(reason(&deep(Filter::MAX_DEPTH)), None);
    assert_eq!(
        reason(&deep(Filter::MAX_DEPTH + 1)),
        Some(Reason::FilterTooDeep)
    );
    assert_eq!(reason(&deep(4_000)), Some(Reason::FilterTooDeep));
    let wide = |terms: usize| vec!["title pr"; terms].join(" or ");
    assert_eq!(reason(&wide(Filter::MAX_TERMS)), None);
    assert_eq!(
        reason(&wide(Filter::MAX_TERMS + 1)),
        Some(Reason::FilterTooLong)
    );
    let long = format!(r#"userName eq "{}""#, "x".repeat(Filter::MAX_LENGTH));
    assert_eq!(reason(&long), Some(Reason::FilterTooLong));
}

#[test]
fn elements_match() {
    let inner = |text: &str| match Filter::parse(text).unwrap() {
        Filter::ValuePath { filter, .. } => *filter,
        other => other,
    };
    let element = json!({"type": "Work", "value": "Ana@B.C"});
    for (text, expected) in [
        (r#"emails[type eq "work"]"#, true),
        (r#"emails[type ne "work"]"#, false),
        (r#"emails[display ne "x"]"#, true),
        (r#"emails[primary eq "False"]"#, true),
        (r#"emails[primary eq true]"#, false),
        (r#"emails[primary pr]"#, true),
        (r#"emails[primary eq null]"#, false),
        (r#"emails[value sw "ana"]"#, true),
        (r#"emails[value ew ".c"]"#, true),
        (r#"emails[value co "@b"]"#, true),
        (r#"emails[value gt "b"]"#, false),
        (r#"emails[display pr]"#, false),
        (r#"emails[not (display pr) and type pr]"#, true),
        (r#"emails[type eq null or value eq "x"]"#, false),
    ] {
        assert_eq!(inner(text).matches_element(&element), expected, "{text}");
    }
    let certificate = json!({"value": "QUJD"});
    for (text, expected) in [
        (r#"x509Certificates[value eq "QUJD"]"#, true),
        (r#"x509Certificates[value eq "qujd"]"#, false),
        (r#"x509Certificates[value sw "qu"]"#, false),
    ] {
        let found = inner(text).matches_element(&certificate);
        assert_eq!(found, expected, "{text}");
    }
}

/// Every path that a comparison can name.
fn leaf_paths() -> Vec<AttributePath> {
    let mut out = Vec::new();
    for schema in [Schema::Core, Schema::Enterprise, Schema::Common] {
        for attribute in schema.attributes() {
            let path = AttributePath::new(schema, attribute);
            if attribute.name == "password" {
                continue;
            }
            if attribute.is_complex() {
                out.extend(
                    attribute
                        .sub_attributes
                        .iter()
                        .map(|sub| path.with_sub(sub)),
                );
            } else {
                out.push(path);
            }
        }
    }
    out
}

fn compare_strategy(path: AttributePath) -> BoxedStrategy<Filter> {
    use CompareOp::{Co, Eq, Ew, Ge, Gt, Le, Lt, Ne, Sw};
    let (ops, value) = match path.kind() {
        Kind::Boolean => (
            vec![Eq, Ne],
            any::<bool>().prop_map(Literal::Boolean).boxed(),
        ),
        Kind::DateTime => (
            vec![Eq, Ne, Gt, Ge, Lt, Le],
            (-62_167_219_200_000..=253_402_300_799_999_i64)
                .prop_map(Literal::DateTime)
                .boxed(),
        ),
        Kind::Binary => (vec![Eq, Ne, Co, Sw, Ew], text()),
        _ if path.canonical() == "meta.version" => (vec![Eq, Ne], text()),
        _ => (vec![Eq, Ne, Co, Sw, Ew, Gt, Ge, Lt, Le], text()),
    };
    let present = path.clone();
    let compare = (proptest::sample::select(ops), value).prop_map(move |(op, value)| {
        let path = path.clone();
        Filter::Compare { path, op, value }
    });
    prop_oneof![9 => compare, 1 => Just(Filter::Present(present))].boxed()
}

fn text() -> BoxedStrategy<Literal> {
    "[^\\x00]{0,12}".prop_map(Literal::String).boxed()
}

fn tree(leaf: BoxedStrategy<Filter>) -> BoxedStrategy<Filter> {
    leaf.prop_recursive(4, 20, 4, |part| {
        prop_oneof![
            proptest::collection::vec(part.clone(), 2..4).prop_map(Filter::And),
            proptest::collection::vec(part.clone(), 2..4).prop_map(Filter::Or),
            part.prop_map(|part| Filter::Not(Box::new(part))),
        ]
    })
    .boxed()
}

fn filters() -> BoxedStrategy<Filter> {
    let compare = proptest::sample::select(leaf_paths()).prop_flat_map(compare_strategy);
    let complex: Vec<AttributePath> = leaf_paths()
        .iter()
        .filter(|path| path.sub.is_some())
        .map(AttributePath::whole)
        .collect();
    let value_path = proptest::sample::select(complex).prop_flat_map(|path| {
        let subs: Vec<AttributePath> = path
            .attribute
            .sub_attributes
            .iter()
            .map(|sub| path.with_sub(sub))
            .collect();
        let inner = proptest::sample::select(subs)
            .prop_flat_map(compare_strategy)
            .boxed();
        tree(inner).prop_map(move |filter| Filter::ValuePath {
            path: path.clone(),
            filter: Box::new(filter),
        })
    });
    tree(prop_oneof![3 => compare, 1 => value_path].boxed())
}

proptest! {
    #[test]
    fn a_printed_filter_parses_to_itself(filter in filters()) {
        let text = filter.to_string();
        prop_assert_eq!(Filter::parse(&text), Ok(filter), "{}", text);
    }

    #[test]
    fn any_text_is_safe(text in "\\PC{0,80}") {
        let _ = Filter::parse(&text);
    }

    #[test]
    fn any_mix_of_tokens_is_safe(words in proptest::collection::vec(
        proptest::sample::select(vec![
            "userName", "emails", "eq", "pr", "and", "or", "not", "(", ")", "[", "]", "].value",
            "\"x\"", "\"", "\\", "null", "true", "primary", "active", "\u{e9}", ".", "type",
        ]), 0..20)) {
        let text = words.join(" ");
        let _ = Filter::parse(&text);
        let _ = Filter::parse(&words.concat());
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert_eq!(Filter::parse(&filter.to_string()), Ok(filter));
        }
    }
}
