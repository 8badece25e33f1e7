//! Reason codes: one stable name for every outcome that is not plain success, and its explanation.
//!
//! A code is the key of issues and of the log's filter, so codes are never renamed. Refusals carry
//! the status and `scimType` of their answer; remarks (status 200) belong to requests that were
//! carried out and are shown as Warning.

mod access;
mod issues;
mod queries;
mod remarks;
mod requests;
mod service;
mod values;

use super::error::ScimType;
pub use issues::Concern;

/// What a reason means and how it is put right, for the customer's Entra admin and for support.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Explanation {
    /// HTTP status of the answer; 200 for a remark.
    pub status: u16,
    /// `scimType` of the answer, where RFC 7644 table 9 has one that fits.
    pub scim_type: Option<ScimType>,
    /// The problem in plain words, as an issue's title.
    pub title: &'static str,
    /// The same with `{attribute}` or `{value}` in it, for where they are known.
    pub named: Option<&'static str>,
    /// What the service did.
    pub happened: &'static str,
    /// Why Entra sends such a request.
    pub why: &'static str,
    /// Steps in Entra, with menu paths and field names as its admin sees them.
    pub fix_in_entra: &'static [&'static str],
    /// Steps in the dashboard.
    pub fix_here: &'static [&'static str],
    /// What becomes of it now: of Entra's tries, as an estimate, and of what waits for it.
    pub next: &'static str,
    /// The code in Entra's own provisioning log, where it is known.
    pub entra_code: Option<&'static str>,
    /// The rule, such as "RFC 7644 3.12".
    pub rfc: Option<&'static str>,
}

macro_rules! reasons {
    ($($(#[$doc:meta])* $variant:ident = $code:literal, $explanation:path;)*) => {
        /// Why a request was refused, or what was remarked upon.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Reason {
            $($(#[$doc])* $variant,)*
        }

        impl Reason {
            /// Every reason.
            pub const ALL: &[Reason] = &[$(Reason::$variant,)*];

            /// The stable name, in snake_case.
            #[must_use]
            pub fn code(self) -> &'static str {
                match self { $(Reason::$variant => $code,)* }
            }

            /// The reason of a stable name.
            #[must_use]
            pub fn from_code(code: &str) -> Option<Reason> {
                match code { $($code => Some(Reason::$variant),)* _ => None }
            }

            /// The catalogue's entry.
            #[must_use]
            pub fn explanation(self) -> &'static Explanation {
                match self { $(Reason::$variant => &$explanation,)* }
            }
        }
    };
}

reasons! {
    /// No `Authorization` header.
    TokenMissing = "token_missing", access::TOKEN_MISSING;
    /// The header is not a bearer token of ours.
    TokenMalformed = "token_malformed", access::TOKEN_MALFORMED;
    /// Nobody knows the token.
    TokenUnknown = "token_unknown", access::TOKEN_UNKNOWN;
    /// The token is past its expiry.
    TokenExpired = "token_expired", access::TOKEN_EXPIRED;
    /// The token was revoked.
    TokenRevoked = "token_revoked", access::TOKEN_REVOKED;
    /// The token belongs to another organization than the Tenant URL.
    TokenWrongOrganization = "token_wrong_organization", access::TOKEN_WRONG_ORGANIZATION;
    /// The Tenant URL names no organization.
    OrganizationUnknown = "organization_unknown", access::ORGANIZATION_UNKNOWN;
    /// Support has not turned provisioning on, or has turned it off.
    OrganizationOff = "organization_off", access::ORGANIZATION_OFF;
    /// An Admin has paused provisioning.
    OrganizationPaused = "organization_paused", access::ORGANIZATION_PAUSED;
    /// The accidental-deletion guard holds the change.
    GuardHolding = "guard_holding", access::GUARD_HOLDING;

    /// Another user has the userName.
    UserNameTaken = "user_name_taken", values::USER_NAME_TAKEN;
    /// userName absent, null or empty.
    UserNameMissing = "user_name_missing", values::USER_NAME_MISSING;
    /// userName made of white space.
    UserNameInvalid = "user_name_invalid", values::USER_NAME_INVALID;
    /// name.givenName absent, and the organization rejects that.
    GivenNameMissing = "given_name_missing", values::GIVEN_NAME_MISSING;
    /// name.familyName absent, and the organization rejects that.
    FamilyNameMissing = "family_name_missing", values::FAMILY_NAME_MISSING;
    /// No role, and the organization rejects that.
    RoleMissing = "role_missing", values::ROLE_MISSING;
    /// A role that the catalogue does not have, and the organization rejects that.
    RoleUnknown = "role_unknown", values::ROLE_UNKNOWN;
    /// Several roles that cannot be told apart as the one that decides.
    RoleAmbiguous = "role_ambiguous", values::ROLE_AMBIGUOUS;
    /// `active` set to null or nothing in a PATCH.
    ActiveValueMissing = "active_value_missing", values::ACTIVE_VALUE_MISSING;
    /// A value of another JSON type than the attribute's.
    ValueWrongType = "value_wrong_type", values::VALUE_WRONG_TYPE;
    /// A value outside the accepted ones.
    ValueNotCanonical = "value_not_canonical", values::VALUE_NOT_CANONICAL;
    /// A text longer than its attribute takes.
    ValueTooLong = "value_too_long", values::VALUE_TOO_LONG;
    /// More elements than a multi-valued attribute takes.
    TooManyValues = "too_many_values", values::TOO_MANY_VALUES;
    /// A NUL character in a text.
    NulCharacter = "nul_character", values::NUL_CHARACTER;
    /// A PATCH of a read-only attribute.
    AttributeReadOnly = "attribute_read_only", values::ATTRIBUTE_READ_ONLY;
    /// A PATCH that removes what a user must have.
    AttributeRequiredRemoved = "attribute_required_removed", values::ATTRIBUTE_REQUIRED_REMOVED;

    /// The body is not JSON.
    JsonMalformed = "json_malformed", requests::JSON_MALFORMED;
    /// There is no body.
    BodyEmpty = "body_empty", requests::BODY_EMPTY;
    /// The body is JSON, but no object.
    BodyNotObject = "body_not_object", requests::BODY_NOT_OBJECT;
    /// The body exceeds the limit.
    BodyTooLarge = "body_too_large", requests::BODY_TOO_LARGE;
    /// The body did not arrive in time.
    BodyTimeout = "body_timeout", requests::BODY_TIMEOUT;
    /// The body's declared type is not JSON.
    ContentTypeUnsupported = "content_type_unsupported", requests::CONTENT_TYPE_UNSUPPORTED;
    /// The body is not UTF-8.
    Utf8Invalid = "utf8_invalid", requests::UTF8_INVALID;
    /// `schemas` names another message.
    SchemasWrong = "schemas_wrong", requests::SCHEMAS_WRONG;
    /// A PATCH without a list of operations.
    PatchOperationsMissing = "patch_operations_missing", requests::PATCH_OPERATIONS_MISSING;
    /// `op` is not add, remove or replace.
    PatchOpUnknown = "patch_op_unknown", requests::PATCH_OP_UNKNOWN;
    /// `path` breaks the grammar.
    PatchPathMalformed = "patch_path_malformed", requests::PATCH_PATH_MALFORMED;
    /// `remove` without `path`.
    PatchRemoveWithoutPath = "patch_remove_without_path", requests::PATCH_REMOVE_WITHOUT_PATH;
    /// `add` or `replace` without `value`.
    PatchValueMissing = "patch_value_missing", requests::PATCH_VALUE_MISSING;
    /// More operations or filter terms than one PATCH may have.
    PatchTooManyOperations = "patch_too_many_operations", requests::PATCH_TOO_MANY_OPERATIONS;
    /// A value path that selects nothing and cannot create its target.
    PatchValuePathNoTarget = "patch_value_path_no_target", requests::PATCH_VALUE_PATH_NO_TARGET;

    /// The filter breaks the grammar.
    FilterMalformed = "filter_malformed", queries::FILTER_MALFORMED;
    /// The filter names an attribute that does not exist or cannot be searched.
    FilterAttributeUnknown = "filter_attribute_unknown", queries::FILTER_ATTRIBUTE_UNKNOWN;
    /// The operator does not exist or does not suit the attribute.
    FilterOperatorUnsupported = "filter_operator_unsupported", queries::FILTER_OPERATOR_UNSUPPORTED;
    /// The value does not suit the attribute.
    FilterValueInvalid = "filter_value_invalid", queries::FILTER_VALUE_INVALID;
    /// The filter is too long, or has too many comparisons.
    FilterTooLong = "filter_too_long", queries::FILTER_TOO_LONG;
    /// The filter nests too deeply.
    FilterTooDeep = "filter_too_deep", queries::FILTER_TOO_DEEP;
    /// `sortBy` names nothing to sort by.
    SortAttributeUnknown = "sort_attribute_unknown", queries::SORT_ATTRIBUTE_UNKNOWN;
    /// `sortOrder` is neither ascending nor descending.
    SortOrderInvalid = "sort_order_invalid", queries::SORT_ORDER_INVALID;
    /// `count` is no whole number.
    CountInvalid = "count_invalid", queries::COUNT_INVALID;
    /// `startIndex` is no whole number.
    StartIndexInvalid = "start_index_invalid", queries::START_INDEX_INVALID;
    /// `attributes` and `excludedAttributes` in one request.
    ProjectionConflict = "projection_conflict", queries::PROJECTION_CONFLICT;
    /// A query parameter or member of a search has the wrong form.
    QueryMalformed = "query_malformed", queries::QUERY_MALFORMED;
    /// A filter on a discovery endpoint.
    DiscoveryFilterRefused = "discovery_filter_refused", queries::DISCOVERY_FILTER_REFUSED;
    /// The query would read or return too much.
    TooManyResources = "too_many_resources", queries::TOO_MANY_RESOURCES;

    /// No user has the id.
    UserNotFound = "user_not_found", service::USER_NOT_FOUND;
    /// No schema has the URN.
    SchemaNotFound = "schema_not_found", service::SCHEMA_NOT_FOUND;
    /// No resource type has the name.
    ResourceTypeNotFound = "resource_type_not_found", service::RESOURCE_TYPE_NOT_FOUND;
    /// Nothing is served under the path.
    EndpointNotFound = "endpoint_not_found", service::ENDPOINT_NOT_FOUND;
    /// Groups were asked for.
    GroupsNotOffered = "groups_not_offered", service::GROUPS_NOT_OFFERED;
    /// The endpoint does not have the method.
    MethodNotAllowed = "method_not_allowed", service::METHOD_NOT_ALLOWED;
    /// `/Me` was asked for.
    MeNotSupported = "me_not_supported", service::ME_NOT_SUPPORTED;
    /// `/Bulk` was asked for.
    BulkNotSupported = "bulk_not_supported", service::BULK_NOT_SUPPORTED;
    /// The path names another protocol version.
    VersionUnsupported = "version_unsupported", service::VERSION_UNSUPPORTED;
    /// `If-Match` names another version.
    PreconditionFailed = "precondition_failed", service::PRECONDITION_FAILED;
    /// The request took too long.
    RequestTimeout = "request_timeout", service::REQUEST_TIMEOUT;
    /// A fault of the service.
    InternalError = "internal_error", service::INTERNAL_ERROR;
    /// The database did not answer, or gave up (two changes that waited for each other).
    DatabaseUnavailable = "database_unavailable", service::DATABASE_UNAVAILABLE;

    /// An attribute that is not in the schema, or that clients cannot set, was left out.
    AttributeIgnored = "attribute_ignored", remarks::ATTRIBUTE_IGNORED;
    /// One attribute came twice, in different case.
    AttributeRepeated = "attribute_repeated", remarks::ATTRIBUTE_REPEATED;
    /// A password was discarded.
    PasswordDiscarded = "password_discarded", remarks::PASSWORD_DISCARDED;
    /// Several elements were marked primary.
    PrimaryRepeated = "primary_repeated", remarks::PRIMARY_REPEATED;
    /// No role was sent, so the default role was given.
    DefaultRoleUsed = "default_role_used", remarks::DEFAULT_ROLE_USED;
    /// An unknown role was replaced by the default role.
    UnknownRoleReplaced = "unknown_role_replaced", remarks::UNKNOWN_ROLE_REPLACED;
    /// An unknown role was added to the catalogue.
    RoleUnreviewed = "role_unreviewed", remarks::ROLE_UNREVIEWED;
    /// Names are missing, and the organization accepts that.
    NamesMissing = "names_missing", remarks::NAMES_MISSING;
    /// A value that could not be accepted was kept as it was, because access was taken away.
    ValueKept = "value_kept", remarks::VALUE_KEPT;
    /// The Secret Token was pasted with "Bearer " in front.
    BearerDoubled = "bearer_doubled", remarks::BEARER_DOUBLED;
    /// An inactive user was taken over under a new externalId.
    UserRehired = "user_rehired", remarks::USER_REHIRED;
    /// Somebody gave up a userName by an Admin's decision.
    UserTakenOver = "user_taken_over", remarks::USER_TAKEN_OVER;
}

impl Reason {
    /// Whether the request was carried out all the same (Warning in the log).
    #[must_use]
    pub fn is_remark(self) -> bool {
        self.explanation().status == 200
    }
}

/// Steps that many explanations share.
mod steps {
    pub(super) const MAPPINGS: &str = "Open Enterprise applications › Rhombus Systems › Provisioning \
› Mappings › Provision Microsoft Entra ID Users.";
    pub(super) const CREDENTIALS: &str =
        "Open Enterprise applications › Rhombus Systems › Provisioning › Admin Credentials.";
    pub(super) const PASTE_TOKEN: &str = "Paste the token into Secret Token, select Test Connection, \
then Save.";
    pub(super) const APP_ROLES: &str = "Open App registrations › Rhombus Systems › App roles.";
    pub(super) const ASSIGNMENTS: &str =
        "Open Enterprise applications › Rhombus Systems › Users and groups.";
    pub(super) const ON_DEMAND: &str =
        "Use Provision on demand for one affected user, or wait for the next cycle.";
    pub(super) const WAIT: &str = "Nothing has to be done: Entra tries again by itself.";
    pub(super) const SAVE: &str = "Save the mapping.";
    pub(super) const NEW_TOKEN: &str = "Open Tokens and create a new token; it is shown once.";
    pub(super) const SUPPORT: &str = "If it does not go away, send the log entry's request ID to Rhombus \
Support.";
    pub(super) const ENTRY: &str = "Open the log entry and look at Request to see what was sent.";
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn codes_are_unique_snake_case_and_read_back() {
        let mut seen = HashSet::new();
        for reason in Reason::ALL {
            let code = reason.code();
            assert!(seen.insert(code), "{code} twice");
            assert!(
                code.bytes()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_'),
                "{code}"
            );
            assert_eq!(Reason::from_code(code), Some(*reason));
        }
        assert_eq!(Reason::from_code("nonsense"), None);
    }

    #[test]
    fn every_explanation_is_complete_and_calm() {
        for reason in Reason::ALL {
            let entry = reason.explanation();
            let code = reason.code();
            assert!(
                !entry.title.is_empty() && !entry.title.ends_with('.'),
                "{code}"
            );
            for text in [entry.happened, entry.why, entry.next] {
                assert!(text.ends_with('.'), "{code}: {text}");
            }
            let steps = entry.fix_in_entra.iter().chain(entry.fix_here);
            assert!(steps.clone().count() > 0, "{code} has no fix");
            for text in steps.chain([&entry.title, &entry.happened, &entry.why, &entry.next]) {
                assert!(!text.contains('!'), "{code}: {text}");
                assert!(!text.contains("  "), "{code}: {text}");
            }
            if let Some(named) = entry.named {
                let places = ["{attribute}", "{value}"].map(|place| named.contains(place));
                assert!(places[0] != places[1] && !named.ends_with('.'), "{code}");
            }
            assert!(
                matches!(entry.status, 200 | 400..=415 | 500 | 501 | 503),
                "{code}"
            );
        }
    }

    #[test]
    fn titles_are_unique() {
        let titles: HashSet<_> = Reason::ALL.iter().map(|r| r.explanation().title).collect();
        assert_eq!(titles.len(), Reason::ALL.len());
    }

    #[test]
    fn rfc7644_3_12_scim_type_fits_the_status() {
        for reason in Reason::ALL {
            let entry = reason.explanation();
            match entry.scim_type {
                Some(ScimType::Uniqueness) => assert_eq!(entry.status, 409),
                Some(_) => assert_eq!(entry.status, 400, "{}", reason.code()),
                None => assert_ne!(entry.status, 409),
            }
        }
        for reason in [Reason::TokenUnknown, Reason::TokenWrongOrganization] {
            assert_eq!(reason.explanation().status, 401);
        }
    }
}
