//! Remarks on requests that were carried out (Warning).

use super::{Explanation, steps};

const REMARK: Explanation = Explanation {
    status: 200,
    scim_type: None,
    title: "",
    named: None,
    happened: "",
    why: "",
    fix_in_entra: &[],
    fix_here: &[steps::ENTRY],
    entra_code: None,
    rfc: None,
    next: "Nothing is held up: the request was carried out. The remark comes again with the next request of the kind.",
};

pub(super) static ATTRIBUTE_IGNORED: Explanation = Explanation {
    title: "An attribute was left out",
    named: Some("{attribute} was left out"),
    happened: "The request was carried out, except for an attribute that Rhombus does not have or that clients cannot set.",
    why: "A mapping targets the attribute; Entra does not check it against the schema.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Delete the mapping of the attribute, or choose a target attribute that Rhombus lists.",
        steps::SAVE,
    ],
    rfc: Some("RFC 7644 3.3"),
    ..REMARK
};

pub(super) static ATTRIBUTE_REPEATED: Explanation = Explanation {
    title: "One attribute was sent twice",
    named: Some("{attribute} was sent twice"),
    happened: "The names differ only in the case of letters, which has no meaning. The last value was stored.",
    why: "Two mappings have the same target attribute, written differently.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Delete one of the two mappings.",
        steps::SAVE,
    ],
    rfc: Some("RFC 7643 2.1"),
    ..REMARK
};

pub(super) static PASSWORD_DISCARDED: Explanation = Explanation {
    title: "A password was sent and not kept",
    happened: "The request was carried out; the password was neither stored nor logged, because Rhombus users sign in through Entra.",
    why: "A mapping targets password.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Delete the mapping of password.",
        steps::SAVE,
    ],
    ..REMARK
};

pub(super) static PRIMARY_REPEATED: Explanation = Explanation {
    title: "Several values were marked as primary",
    named: Some("{attribute} has several primary values"),
    happened: "At most one value of an attribute is the primary one. The last that was marked is; the others were kept without the mark.",
    why: "The mapping marks several values, or the user holds several app roles.",
    fix_in_entra: &[
        steps::MAPPINGS,
        "Mark one value of the attribute as primary, or leave the user one app role.",
    ],
    rfc: Some("RFC 7643 2.4"),
    ..REMARK
};

pub(super) static DEFAULT_ROLE_USED: Explanation = Explanation {
    title: "A user without a role got the default role",
    happened: "The request named no role, so the user got your organization's default role.",
    why: "Provision on demand sends no role, and users with Default Access have none.",
    fix_in_entra: &[
        steps::ASSIGNMENTS,
        "Select the user or its group, Edit assignment, and choose a role.",
        "Wait for the next cycle.",
    ],
    fix_here: &[
        "Open Settings › Roles to choose another default, or to reject users without a role.",
    ],
    next: "Nothing is held up. With the next cycle Entra sends the role that the user is assigned to, and the issue resolves itself.",
    ..REMARK
};

pub(super) static UNKNOWN_ROLE_REPLACED: Explanation = Explanation {
    title: "An unknown role was replaced by the default role",
    named: Some("Role value {value} was replaced by the default role"),
    happened: "The role that Entra sent is not in the role catalogue; by your organization's policy the user got the default role.",
    why: "An app role was added or renamed in the app registration.",
    fix_in_entra: &[
        steps::APP_ROLES,
        "Change the Value of the app role to one that Rhombus lists.",
        steps::ON_DEMAND,
    ],
    fix_here: &["Open Settings › Roles and map the value to a Rhombus role."],
    ..REMARK
};

pub(super) static ROLE_UNREVIEWED: Explanation = Explanation {
    title: "A new role was added and awaits review",
    named: Some("Role value {value} was added and awaits review"),
    happened: "The role that Entra sent was not in the role catalogue; by your organization's policy it was added, without rights until somebody reviews it.",
    why: "An app role was added or renamed in the app registration.",
    fix_in_entra: &[
        steps::APP_ROLES,
        "Check that the app role is meant to exist.",
    ],
    fix_here: &["Open Settings › Roles and review the new role."],
    ..REMARK
};

pub(super) static NAMES_MISSING: Explanation = Explanation {
    title: "A user has no given or family name",
    named: Some("{attribute} is missing"),
    happened: "The user was stored without a name, as your organization's policy allows.",
    why: "First name or Last name is empty in Entra, or its mapping is gone.",
    fix_in_entra: &[
        "Open Users, select the user, Edit properties, and fill in First name and Last name.",
        steps::ON_DEMAND,
    ],
    fix_here: &["Open Settings to reject users without names instead."],
    ..REMARK
};

pub(super) static VALUE_KEPT: Explanation = Explanation {
    title: "A value was kept while access was taken away",
    happened: "The request deactivates the user and has a name or role that would be refused. The user was deactivated; the old value stays.",
    why: "Entra sends the deactivation together with its other changes.",
    fix_in_entra: &[
        "Correct the named attribute before the user is assigned again.",
        steps::MAPPINGS,
    ],
    ..REMARK
};

pub(super) static BEARER_DOUBLED: Explanation = Explanation {
    title: "The Secret Token was pasted with Bearer in front",
    happened: "The request was accepted; the word Bearer came twice.",
    why: "Entra adds the word itself. The Secret Token field takes the token alone.",
    fix_in_entra: &[
        steps::CREDENTIALS,
        "Paste the token alone, beginning with rhp_, select Test Connection, then Save.",
    ],
    ..REMARK
};

pub(super) static USER_REHIRED: Explanation = Explanation {
    title: "An inactive user came back under a new externalId",
    happened: "The old record was activated for a new Entra user with the same userName. Id, history and role were kept.",
    why: "Entra matches by userName and found the inactive user.",
    fix_in_entra: &["If it is another person, give one of the two another userPrincipalName."],
    fix_here: &[
        "Open the user and check in the history that it is the same person.",
        "If it is another person, check the role.",
    ],
    next: "Nothing is held up: the user has access again.",
    ..REMARK
};

pub(super) static USER_TAKEN_OVER: Explanation = Explanation {
    title: "Entra took over a user who had the userName",
    happened: "An administrator had decided that the user who had this userName gives it up. A create took that user over, with id and history; a rename deleted the user.",
    why: "Entra wanted the userName for a user whom it does not know as the old one.",
    fix_in_entra: &["If it is another person, give one of the two another userPrincipalName."],
    fix_here: &["Open the user and check in the history that it is the same person."],
    next: "Nothing is held up. The decision is used up: another conflict needs another one.",
    ..REMARK
};
