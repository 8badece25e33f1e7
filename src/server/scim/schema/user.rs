//! Core User, RFC 7643 4.1 and 8.7.1, and the common attributes, RFC 7643 3.

use super::{Attribute, Kind};

pub(super) const ATTRIBUTES: &[Attribute] = &[
    Attribute::string(
        "userName",
        "Unique identifier for the User, typically used by the user to directly authenticate to the service provider. Unique within the organization, without regard to case.",
    )
    .required()
    .unique(),
    Attribute::complex("name", NAME, "The components of the user's real name."),
    Attribute::string(
        "displayName",
        "The name of the User, suitable for display to end-users.",
    ),
    Attribute::string("nickName", "The casual way to address the user in real life."),
    Attribute::reference(
        "profileUrl",
        EXTERNAL,
        "A fully qualified URL pointing to a page representing the User's online profile.",
    ),
    Attribute::string("title", "The user's title, such as \"Vice President\"."),
    Attribute::string(
        "userType",
        "Used to identify the relationship between the organization and the user.",
    ),
    Attribute::string(
        "preferredLanguage",
        "Indicates the User's preferred written or spoken language.",
    ),
    Attribute::string(
        "locale",
        "Used to indicate the User's default location for purposes of localizing items.",
    ),
    Attribute::string("timezone", "The User's time zone, such as \"America/Los_Angeles\"."),
    Attribute::boolean(
        "active",
        "Whether the user may sign in. An inactive user keeps record, id and roles. True when a new user comes without it.",
    ),
    Attribute::string(
        "password",
        "Accepted and discarded: users sign in through their organization.",
    )
    .write_only(),
    Attribute::complex("emails", EMAILS, "Email addresses for the user.").list(),
    Attribute::complex("phoneNumbers", PHONE_NUMBERS, "Phone numbers for the User.").list(),
    Attribute::complex("ims", IMS, "Instant messaging addresses for the User.").list(),
    Attribute::complex("photos", PHOTOS, "URLs of photos of the User.").list(),
    Attribute::complex("addresses", ADDRESSES, "Physical mailing addresses for this User.").list(),
    Attribute::complex(
        "groups",
        GROUPS,
        "A list of groups to which the user belongs. Set by the service provider.",
    )
    .list()
    .read_only(),
    Attribute::complex(
        "entitlements",
        VALUES,
        "A list of entitlements for the User that represent a thing the User has.",
    )
    .list(),
    Attribute::complex(
        "roles",
        VALUES,
        "A list of roles for the User. The primary role decides what the user may do.",
    )
    .list(),
    Attribute::complex(
        "x509Certificates",
        CERTIFICATES,
        "A list of certificates issued to the User.",
    )
    .list(),
];

pub(super) const COMMON: &[Attribute] = &[
    Attribute::reference("schemas", URI, "The schemas of the resource.")
        .list()
        .exact()
        .read_only()
        .always(),
    Attribute::string(
        "id",
        "Unique identifier of the resource, set by the service provider.",
    )
    .exact()
    .read_only()
    .always()
    .unique(),
    Attribute::string(
        "externalId",
        "Identifier of the resource set by the client.",
    )
    .exact(),
    Attribute::complex("meta", META, "Metadata of the resource.").read_only(),
];

const EXTERNAL: &[&str] = &["external"];
const URI: &[&str] = &["uri"];

const TYPE: &str = "A label indicating the attribute's function.";
const DISPLAY: &str = "A human-readable name, primarily used for display purposes.";
const PRIMARY: &str = "Whether this is the primary or preferred value. True at most once.";

const META: &[Attribute] = &[
    Attribute::string("resourceType", "The name of the resource type.")
        .exact()
        .read_only(),
    Attribute::new("created", Kind::DateTime, "When the resource was created.").read_only(),
    Attribute::new(
        "lastModified",
        Kind::DateTime,
        "When the resource was last changed.",
    )
    .read_only(),
    Attribute::reference("location", URI, "The URI of the resource.")
        .exact()
        .read_only(),
    Attribute::string(
        "version",
        "The version of the resource, as in the ETag header.",
    )
    .exact()
    .read_only(),
];

const NAME: &[Attribute] = &[
    Attribute::string("formatted", "The full name, formatted for display."),
    Attribute::string("familyName", "The family name of the User, or last name."),
    Attribute::string("givenName", "The given name of the User, or first name."),
    Attribute::string("middleName", "The middle name(s) of the User."),
    Attribute::string(
        "honorificPrefix",
        "The honorific prefix(es) of the User, or title.",
    ),
    Attribute::string(
        "honorificSuffix",
        "The honorific suffix(es) of the User, or suffix.",
    ),
];

const EMAILS: &[Attribute] = &[
    Attribute::string("value", "Email address of the User."),
    Attribute::string("display", DISPLAY),
    Attribute::string("type", TYPE).canonical(&["work", "home", "other"]),
    Attribute::boolean("primary", PRIMARY),
];

const PHONE_NUMBERS: &[Attribute] = &[
    Attribute::string("value", "Phone number of the User."),
    Attribute::string("display", DISPLAY),
    Attribute::string("type", TYPE).canonical(&["work", "home", "mobile", "fax", "pager", "other"]),
    Attribute::boolean("primary", PRIMARY),
];

const IMS: &[Attribute] = &[
    Attribute::string("value", "Instant messaging address of the User."),
    Attribute::string("display", DISPLAY),
    Attribute::string("type", TYPE)
        .canonical(&["aim", "gtalk", "icq", "xmpp", "msn", "skype", "qq", "yahoo"]),
    Attribute::boolean("primary", PRIMARY),
];

const PHOTOS: &[Attribute] = &[
    Attribute::reference("value", EXTERNAL, "URL of a photo of the User."),
    Attribute::string("display", DISPLAY),
    Attribute::string("type", TYPE).canonical(&["photo", "thumbnail"]),
    Attribute::boolean("primary", PRIMARY),
];

const ADDRESSES: &[Attribute] = &[
    Attribute::string(
        "formatted",
        "The full mailing address, formatted for display.",
    ),
    Attribute::string("streetAddress", "The full street address component."),
    Attribute::string("locality", "The city or locality component."),
    Attribute::string("region", "The state or region component."),
    Attribute::string("postalCode", "The zip code or postal code component."),
    Attribute::string("country", "The country name component."),
    Attribute::string("type", TYPE).canonical(&["work", "home", "other"]),
];

const GROUPS: &[Attribute] = &[
    Attribute::string("value", "The identifier of the User's group.").read_only(),
    Attribute::reference("$ref", &["User", "Group"], "The URI of the User's group.").read_only(),
    Attribute::string("display", DISPLAY).read_only(),
    Attribute::string("type", TYPE)
        .canonical(&["direct", "indirect"])
        .read_only(),
];

/// Entitlements and roles.
const VALUES: &[Attribute] = &[
    Attribute::string("value", "The value of an entitlement or role."),
    Attribute::string("display", DISPLAY),
    Attribute::string("type", TYPE),
    Attribute::boolean("primary", PRIMARY),
];

const CERTIFICATES: &[Attribute] = &[
    Attribute::new("value", Kind::Binary, "The value of an X.509 certificate."),
    Attribute::string("display", DISPLAY),
    Attribute::string("type", TYPE),
    Attribute::boolean("primary", PRIMARY),
];
