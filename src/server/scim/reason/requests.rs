//! Bodies and PATCH operations.

use super::super::error::ScimType;
use super::{Explanation, steps};

const SYNTAX: Explanation = Explanation {
    status: 400,
    scim_type: Some(ScimType::InvalidSyntax),
    title: "",
    named: None,
    happened: "",
    why: "Entra does not send such requests; another program, or a proxy that changes bodies, probably does.",
    fix_in_entra: &[],
    fix_here: &[steps::ENTRY, steps::SUPPORT],
    entra_code: Some("SystemForCrossDomainIdentityManagementServiceIncompatible"),
    rfc: Some("RFC 7644 3.12"),
    next: "The same request is refused again whenever it is sent. Entra's own changes are not held up.",
};

pub(super) static JSON_MALFORMED: Explanation = Explanation {
    title: "The request body is not valid JSON",
    happened: "The body could not be read, so nothing was changed.",
    ..SYNTAX
};

pub(super) static BODY_EMPTY: Explanation = Explanation {
    title: "The request has no body",
    happened: "A create or change came without content, so nothing was changed.",
    ..SYNTAX
};

pub(super) static BODY_NOT_OBJECT: Explanation = Explanation {
    title: "The request body is not a JSON object",
    happened: "The body is JSON, but a list or a single value, so nothing was changed.",
    ..SYNTAX
};

pub(super) static BODY_TOO_LARGE: Explanation = Explanation {
    status: 413,
    scim_type: None,
    title: "The request body is too large",
    named: None,
    happened: "The body exceeds the size that is accepted and was not read to its end.",
    why: "A mapping sends something very large, such as a picture or a long list.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Remove the mapping of the large attribute.",
        steps::ON_DEMAND,
    ],
    fix_here: &[],
    entra_code: None,
    rfc: Some("RFC 7644 3.12"),
    next: "Entra tries again in later cycles, with longer and longer pauses. The change waits until the body is smaller.",
};

pub(super) static BODY_TIMEOUT: Explanation = Explanation {
    status: 408,
    scim_type: None,
    title: "The request body did not arrive in time",
    named: None,
    happened: "The sender began a request and then sent nothing more, so it was ended.",
    why: "The connection between Entra and Rhombus was disturbed.",
    fix_in_entra: &[steps::WAIT],
    fix_here: &[steps::SUPPORT],
    entra_code: Some("Timeout"),
    rfc: Some("RFC 9110 15.5.9"),
    next: "Entra tries again by itself, at the latest with the next cycle, about 40 minutes later.",
};

pub(super) static CONTENT_TYPE_UNSUPPORTED: Explanation = Explanation {
    status: 415,
    scim_type: None,
    title: "The request body is declared as something other than JSON",
    happened: "The Content-Type is neither application/scim+json nor application/json, or the Content-Encoding says that the body is compressed, so it was not read.",
    rfc: Some("RFC 7644 3.8"),
    ..SYNTAX
};

pub(super) static UTF8_INVALID: Explanation = Explanation {
    title: "The request body is not UTF-8",
    happened: "The body has bytes that are no UTF-8 text, so nothing was changed.",
    rfc: Some("RFC 7644 3.8"),
    ..SYNTAX
};

pub(super) static SCHEMAS_WRONG: Explanation = Explanation {
    title: "The message names another schema",
    happened: "The list schemas names other messages than the one that this endpoint takes, so nothing was changed.",
    rfc: Some("RFC 7644 3.1"),
    ..SYNTAX
};

pub(super) static PATCH_OPERATIONS_MISSING: Explanation = Explanation {
    title: "The change has no list of operations",
    happened: "A PATCH must have the list Operations. Nothing was changed.",
    rfc: Some("RFC 7644 3.5.2"),
    ..SYNTAX
};

pub(super) static PATCH_OP_UNKNOWN: Explanation = Explanation {
    title: "An operation is not add, remove or replace",
    happened: "One operation of the PATCH has no known op. The whole request was refused.",
    rfc: Some("RFC 7644 3.5.2"),
    ..SYNTAX
};

pub(super) static PATCH_PATH_MALFORMED: Explanation = Explanation {
    scim_type: Some(ScimType::InvalidPath),
    title: "The path of an operation cannot be read",
    happened: "A path of the PATCH breaks the grammar. The whole request was refused.",
    why: "The name of a target attribute was typed by hand in Edit attribute list, with a bracket or a quotation mark missing.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Select Show advanced options › Edit attribute list and correct the attribute's name, for example emails[type eq \"work\"].value.",
        steps::ON_DEMAND,
    ],
    rfc: Some("RFC 7644 3.5.2"),
    ..SYNTAX
};

pub(super) static PATCH_REMOVE_WITHOUT_PATH: Explanation = Explanation {
    scim_type: Some(ScimType::NoTarget),
    title: "A remove operation names no attribute",
    happened: "A remove without path would remove everything, so the whole request was refused.",
    rfc: Some("RFC 7644 3.5.2.2"),
    ..SYNTAX
};

pub(super) static PATCH_VALUE_MISSING: Explanation = Explanation {
    scim_type: Some(ScimType::InvalidValue),
    title: "An operation has no value",
    happened: "An add or replace came without value. The whole request was refused.",
    rfc: Some("RFC 7644 3.5.2.1"),
    ..SYNTAX
};

pub(super) static PATCH_TOO_MANY_OPERATIONS: Explanation = Explanation {
    status: 413,
    scim_type: None,
    title: "One change has too many operations",
    happened: "The PATCH has more operations than are accepted at once. Nothing was changed.",
    rfc: Some("RFC 7644 3.12"),
    ..SYNTAX
};

pub(super) static PATCH_VALUE_PATH_NO_TARGET: Explanation = Explanation {
    scim_type: Some(ScimType::NoTarget),
    title: "The path of an operation selects nothing",
    happened: "No value of the user fits the path's filter, and the filter does not say what a new value should look like. The whole request was refused.",
    why: "A target attribute was given a filter other than a plain comparison with eq.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Select Show advanced options › Edit attribute list and use a filter with eq, for example emails[type eq \"work\"].value.",
        steps::ON_DEMAND,
    ],
    rfc: Some("RFC 7644 3.5.2.3"),
    ..SYNTAX
};
