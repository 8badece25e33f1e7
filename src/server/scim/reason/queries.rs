//! Filters, sorting, paging and projection.

use super::super::error::ScimType;
use super::{Explanation, steps};

const FILTER: Explanation = Explanation {
    status: 400,
    scim_type: Some(ScimType::InvalidFilter),
    title: "",
    named: None,
    happened: "",
    why: "Entra builds its filter from the attribute that is marked as matching in Mappings.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Check the target attributes that have a Matching precedence; userName is the usual one.",
        steps::SAVE,
    ],
    fix_here: &[steps::ENTRY],
    entra_code: Some("SystemForCrossDomainIdentityManagementServiceIncompatible"),
    rfc: Some("RFC 7644 3.4.2.2"),
    next: "While the filter is refused, Entra can match no user, so nobody is created or changed. It tries again with every cycle, about every 40 minutes.",
};

const PARAMETER: Explanation = Explanation {
    scim_type: Some(ScimType::InvalidValue),
    why: "Entra does not send such a query; another program probably does.",
    fix_in_entra: &[],
    fix_here: &[steps::ENTRY, steps::SUPPORT],
    rfc: Some("RFC 7644 3.4.2.4"),
    next: "The same query is refused again whenever it is sent. Entra's own requests are not held up.",
    ..FILTER
};

pub(super) static FILTER_MALFORMED: Explanation = Explanation {
    title: "The filter cannot be read",
    happened: "The filter breaks the grammar at the place that the error names, so nothing was searched.",
    ..FILTER
};

pub(super) static FILTER_ATTRIBUTE_UNKNOWN: Explanation = Explanation {
    title: "The filter names an attribute that cannot be searched",
    named: Some("The filter names {attribute}, which cannot be searched"),
    happened: "The attribute is not in the schema, or is never given out. Nothing was searched: an unfiltered answer would match the wrong user.",
    ..FILTER
};

pub(super) static FILTER_OPERATOR_UNSUPPORTED: Explanation = Explanation {
    title: "The filter's operator does not suit the attribute",
    named: Some("The filter's operator does not suit {attribute}"),
    happened: "The operator does not exist, or has no meaning for this type of attribute, so nothing was searched.",
    ..FILTER
};

pub(super) static FILTER_VALUE_INVALID: Explanation = Explanation {
    title: "The filter's value does not suit the attribute",
    named: Some("The filter's value does not suit {attribute}"),
    happened: "The attribute takes another type of value than the filter compares it with, so nothing was searched.",
    ..FILTER
};

pub(super) static FILTER_TOO_LONG: Explanation = Explanation {
    title: "The filter is too long",
    happened: "The filter has more characters or comparisons than are accepted, so nothing was searched.",
    ..FILTER
};

pub(super) static FILTER_TOO_DEEP: Explanation = Explanation {
    title: "The filter nests too deeply",
    happened: "The filter has more levels of parentheses than are accepted, so nothing was searched.",
    ..FILTER
};

pub(super) static SORT_ATTRIBUTE_UNKNOWN: Explanation = Explanation {
    title: "sortBy names nothing to sort by",
    named: Some("{attribute} is nothing to sort by"),
    happened: "The attribute is not in the schema, or has several parts of which none is named.",
    rfc: Some("RFC 7644 3.4.2.3"),
    ..PARAMETER
};

pub(super) static SORT_ORDER_INVALID: Explanation = Explanation {
    title: "sortOrder is neither ascending nor descending",
    happened: "The query was refused, because its order is not clear.",
    rfc: Some("RFC 7644 3.4.2.3"),
    ..PARAMETER
};

pub(super) static COUNT_INVALID: Explanation = Explanation {
    title: "count is not a whole number",
    happened: "The query was refused, because the size of its page is not clear.",
    ..PARAMETER
};

pub(super) static START_INDEX_INVALID: Explanation = Explanation {
    title: "startIndex is not a whole number",
    happened: "The query was refused, because the start of its page is not clear.",
    ..PARAMETER
};

pub(super) static PROJECTION_CONFLICT: Explanation = Explanation {
    title: "attributes and excludedAttributes were sent together",
    happened: "One names what to return, the other what to leave out; together they contradict, so the request was refused.",
    rfc: Some("RFC 7644 3.9"),
    ..PARAMETER
};

pub(super) static QUERY_MALFORMED: Explanation = Explanation {
    title: "A query parameter has the wrong form",
    happened: "A parameter, or a member of a search, could not be read, so nothing was searched.",
    rfc: Some("RFC 7644 3.4.3"),
    ..PARAMETER
};

pub(super) static DISCOVERY_FILTER_REFUSED: Explanation = Explanation {
    status: 403,
    scim_type: None,
    title: "A filter was sent to a discovery endpoint",
    happened: "ServiceProviderConfig, ResourceTypes and Schemas are always answered whole; a filter on them is refused.",
    entra_code: Some("InsufficientRights"),
    rfc: Some("RFC 7644 4"),
    ..PARAMETER
};

pub(super) static TOO_MANY_RESOURCES: Explanation = Explanation {
    scim_type: Some(ScimType::TooMany),
    title: "The query would return too much",
    happened: "The answer would be larger than is accepted, so nothing was returned.",
    fix_here: &[
        "Ask for fewer resources with count, or narrow the filter.",
        steps::SUPPORT,
    ],
    rfc: Some("RFC 7644 3.4.2.1"),
    ..PARAMETER
};
