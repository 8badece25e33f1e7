//! Endpoints, versions and faults of the service.

use super::super::error::ScimType;
use super::{Explanation, steps};

const NOT_FOUND: Explanation = Explanation {
    status: 404,
    scim_type: None,
    title: "",
    named: None,
    happened: "",
    why: "Entra does not ask for it; another program, or a Tenant URL with something added, probably does.",
    fix_in_entra: &[
        steps::CREDENTIALS,
        "Paste the Tenant URL whole, as shown on the Tokens page.",
    ],
    fix_here: &[steps::ENTRY],
    entra_code: None,
    rfc: Some("RFC 7644 3.12"),
    next: "The same request gets the same answer again. Users are provisioned meanwhile.",
};

const NOT_IMPLEMENTED: Explanation = Explanation {
    status: 501,
    why: "Entra does not use it; another program probably does.",
    fix_in_entra: &[],
    fix_here: &[
        "Use /Users instead; /ServiceProviderConfig says what is offered.",
        steps::ENTRY,
    ],
    entra_code: Some("NotImplemented"),
    ..NOT_FOUND
};

const FAULT: Explanation = Explanation {
    status: 503,
    why: "The cause lies with Rhombus, not with Entra or your settings.",
    fix_in_entra: &[steps::WAIT],
    fix_here: &[steps::SUPPORT],
    entra_code: Some("InternalServerError"),
    next: "Entra tries again by itself, at the latest with the next cycle, about 40 minutes later.",
    ..NOT_FOUND
};

pub(super) static USER_NOT_FOUND: Explanation = Explanation {
    title: "The user does not exist here any more",
    happened: "No user of your organization has this id. It was deleted, or never existed.",
    why: "Entra remembers the id from the first match and goes on using it after the user was deleted here.",
    fix_in_entra: &[
        "Restart provisioning through Microsoft Graph with resetScope Full: Entra then drops the ids that it remembers, and matches all users anew. Restart provisioning in the portal keeps them.",
        "Or remove the link of this user alone, through objectConnections of Microsoft Graph (beta).",
        "Nothing has to be done where only a deletion was refused: the user is gone already.",
    ],
    fix_here: &["Open Users and search for the name among the deleted ones."],
    entra_code: Some("InvalidAnchor"),
    next: "Until the id is dropped, every change of this user is refused again.",
    ..NOT_FOUND
};

pub(super) static SCHEMA_NOT_FOUND: Explanation = Explanation {
    title: "The schema does not exist",
    happened: "There is no schema of this name; /Schemas lists those that there are.",
    rfc: Some("RFC 7644 4"),
    ..NOT_FOUND
};

pub(super) static RESOURCE_TYPE_NOT_FOUND: Explanation = Explanation {
    title: "The resource type does not exist",
    happened: "There is no resource type of this name; /ResourceTypes lists those that there are.",
    rfc: Some("RFC 7644 4"),
    ..NOT_FOUND
};

pub(super) static ENDPOINT_NOT_FOUND: Explanation = Explanation {
    title: "Nothing is served under this address",
    happened: "The path after the Tenant URL is not one of this service.",
    ..NOT_FOUND
};

pub(super) static GROUPS_NOT_OFFERED: Explanation = Explanation {
    title: "Entra asks for groups",
    happened: "Rhombus provisions users only and has no groups, so the request was answered with not found.",
    why: "The mapping of groups is enabled for this application.",
    fix_in_entra: &[
        "Open Enterprise applications › Rhombus Systems › Provisioning › Mappings › Provision Microsoft Entra ID Groups.",
        "Set Enabled to No and save.",
    ],
    fix_here: &["Roles come from app roles; no groups are needed."],
    ..NOT_FOUND
};

pub(super) static METHOD_NOT_ALLOWED: Explanation = Explanation {
    status: 405,
    title: "The endpoint does not have this method",
    happened: "The address exists, but not for this kind of request, so nothing was changed.",
    entra_code: Some("MethodNotAllowed"),
    rfc: Some("RFC 9110 15.5.6"),
    ..NOT_FOUND
};

pub(super) static ME_NOT_SUPPORTED: Explanation = Explanation {
    title: "/Me is not supported",
    happened: "A Secret Token stands for an organization, not for a user, so there is no resource to answer with.",
    rfc: Some("RFC 7644 3.11"),
    ..NOT_IMPLEMENTED
};

pub(super) static BULK_NOT_SUPPORTED: Explanation = Explanation {
    title: "/Bulk is not supported",
    happened: "Several changes in one bulk request are not taken, so nothing was changed.",
    rfc: Some("RFC 7644 3.7"),
    ..NOT_IMPLEMENTED
};

pub(super) static VERSION_UNSUPPORTED: Explanation = Explanation {
    status: 400,
    scim_type: Some(ScimType::InvalidVers),
    title: "The Tenant URL names another protocol version",
    happened: "The service speaks SCIM v2 only, so the request was refused.",
    why: "Entra calls whatever is in the Tenant URL field.",
    fix_in_entra: &[
        steps::CREDENTIALS,
        "Paste the Tenant URL whole; it ends in /v2. Select Test Connection, then Save.",
    ],
    fix_here: &["Open Tokens and copy the Tenant URL."],
    rfc: Some("RFC 7644 3.13"),
    next: "Every request is refused until the Tenant URL is right. Entra goes on trying, and may put provisioning into quarantine.",
    ..NOT_FOUND
};

pub(super) static PRECONDITION_FAILED: Explanation = Explanation {
    status: 412,
    title: "The user was changed in the meantime",
    happened: "The request was made for another version of the user, so nothing was changed.",
    why: "Entra sends no versions; another program with If-Match or If-None-Match does.",
    fix_in_entra: &[],
    fix_here: &["Read the user again and repeat the change on its present version."],
    rfc: Some("RFC 7644 3.14"),
    ..NOT_FOUND
};

pub(super) static REQUEST_TIMEOUT: Explanation = Explanation {
    title: "The request took too long",
    happened: "The request was not finished within 25 seconds and was ended; whether its change was stored shows in the user's history.",
    entra_code: Some("Timeout"),
    ..FAULT
};

pub(super) static INTERNAL_ERROR: Explanation = Explanation {
    status: 500,
    title: "Rhombus made an error",
    happened: "The request met a fault of the service and was not carried out.",
    ..FAULT
};

pub(super) static DATABASE_UNAVAILABLE: Explanation = Explanation {
    title: "The database could not carry it out",
    happened: "The database did not answer, or gave up on a change that waited for another.",
    ..FAULT
};
