//! Tokens, organizations and the guard.

use super::{Explanation, steps};

const UNAUTHORIZED: Explanation = Explanation {
    status: 401,
    scim_type: None,
    title: "",
    named: None,
    happened: "",
    why: "",
    fix_in_entra: &[steps::CREDENTIALS, steps::PASTE_TOKEN],
    fix_here: &[steps::NEW_TOKEN],
    entra_code: Some("Unauthorized"),
    rfc: Some("RFC 7644 2"),
    next: "Every request is refused until the field is right. Entra goes on trying, but soon puts provisioning into quarantine, with one try a day; Restart provisioning ends that.",
};

pub(super) static TOKEN_MISSING: Explanation = Explanation {
    title: "The request has no Secret Token",
    happened: "The request had no Authorization header and was refused.",
    why: "With an empty Secret Token field Entra sends none, or a token of its own that Rhombus does not accept. Browsers and monitors that open the Tenant URL send none either.",
    ..UNAUTHORIZED
};

pub(super) static TOKEN_MALFORMED: Explanation = Explanation {
    title: "The Secret Token is not a Rhombus token",
    happened: "The Authorization header does not hold a whole token that begins with rhp_, so the request was refused.",
    why: "Entra sends the text of the Secret Token field as it is. Usually a part was not copied, another secret was pasted, or the field was left empty and Entra sent a token of its own.",
    ..UNAUTHORIZED
};

pub(super) static TOKEN_UNKNOWN: Explanation = Explanation {
    title: "The Secret Token is not known",
    happened: "The token has the right form, but was never created here or was removed, so the request was refused.",
    why: "Entra goes on sending the token that is stored in Admin Credentials until another one is saved there.",
    ..UNAUTHORIZED
};

pub(super) static TOKEN_EXPIRED: Explanation = Explanation {
    title: "The Secret Token has expired",
    happened: "The token was valid once and is past its expiry date, so every request is refused.",
    why: "Entra does not know when a Secret Token expires and goes on sending it. After refused credentials it puts provisioning in quarantine.",
    fix_in_entra: &[
        steps::CREDENTIALS,
        steps::PASTE_TOKEN,
        "If the status shows quarantine, select Restart provisioning to leave it sooner.",
    ],
    fix_here: &["Open Tokens and create a new token, with a later expiry date; it is shown once."],
    ..UNAUTHORIZED
};

pub(super) static TOKEN_REVOKED: Explanation = Explanation {
    title: "The Secret Token was revoked",
    happened: "The token was revoked here, so every request that carries it is refused.",
    why: "Entra goes on sending the token that is stored in Admin Credentials until another one is saved there.",
    fix_here: &[
        "Open Audit to see who revoked the token and when.",
        steps::NEW_TOKEN,
    ],
    ..UNAUTHORIZED
};

pub(super) static TOKEN_WRONG_ORGANIZATION: Explanation = Explanation {
    title: "The Secret Token belongs to another organization",
    happened: "Tenant URL and Secret Token belong to different organizations, so the request was refused.",
    why: "This happens when one of the two fields in Admin Credentials was copied from another organization's page.",
    fix_in_entra: &[
        steps::CREDENTIALS,
        "Paste Tenant URL and Secret Token from the same organization, select Test Connection, then Save.",
    ],
    fix_here: &["Open Tokens in the right organization; it shows the Tenant URL."],
    ..UNAUTHORIZED
};

pub(super) static ORGANIZATION_UNKNOWN: Explanation = Explanation {
    title: "The Tenant URL names no organization",
    happened: "No organization has the name in the Tenant URL, so the request was refused like one with an unknown token.",
    why: "Entra calls whatever is in the Tenant URL field; a letter is probably wrong or missing.",
    fix_in_entra: &[
        steps::CREDENTIALS,
        "Paste the Tenant URL whole, select Test Connection, then Save.",
    ],
    fix_here: &["Open Tokens and copy the Tenant URL."],
    ..UNAUTHORIZED
};

pub(super) static ORGANIZATION_OFF: Explanation = Explanation {
    status: 403,
    scim_type: None,
    title: "Provisioning is off for this organization",
    named: None,
    happened: "Rhombus Support has not turned provisioning on, or has turned it off, so every request is refused.",
    why: "Entra sends on its own schedule and does not know the setting.",
    fix_in_entra: &["Once it is on, select Test Connection and Start provisioning."],
    fix_here: &["Ask Rhombus Support to turn provisioning on for your organization."],
    entra_code: Some("InsufficientRights"),
    rfc: Some("RFC 7644 3.12"),
    next: "Every request is refused until provisioning is on. Entra puts it into quarantine meanwhile; Restart provisioning ends that.",
};

pub(super) static ORGANIZATION_PAUSED: Explanation = Explanation {
    status: 503,
    scim_type: None,
    title: "Provisioning is paused",
    named: None,
    happened: "An Admin of your organization paused provisioning, so requests are answered with \"try later\" and nothing is changed.",
    why: "Entra goes on with its cycles, tries refused changes again for up to four weeks, and may show quarantine meanwhile.",
    fix_in_entra: &["To stop the requests as well, select Pause provisioning there."],
    fix_here: &["Open Settings and select Resume."],
    entra_code: Some("InternalServerError"),
    rfc: Some("RFC 9110 15.6.4"),
    next: "Changes wait in Entra and arrive after Resume, the first of them with the next cycle.",
};

pub(super) static GUARD_HOLDING: Explanation = Explanation {
    status: 503,
    scim_type: None,
    title: "The accidental-deletion guard holds a deactivation or deletion",
    named: None,
    happened: "More users than the limit were to be deactivated or deleted in one cycle. This one was not; the user stays as it is until somebody decides.",
    why: "A changed scoping filter, a removed group assignment or a change in Users and groups can take many users out of scope at once.",
    fix_in_entra: &[
        "Check Provisioning › Settings › Scope and Mappings › Source Object Scope.",
        steps::ASSIGNMENTS,
        "If the users should keep access, assign them again and wait for the next cycle.",
    ],
    fix_here: &[
        "Open Held users from the Overview and look at who is held.",
        "Select Allow if they should be deactivated or deleted, or Keep holding.",
    ],
    entra_code: Some("InternalServerError"),
    rfc: None,
    next: "Entra tries again with every cycle. Once it is allowed, the next try goes through.",
};
