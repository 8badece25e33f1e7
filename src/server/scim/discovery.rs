//! ServiceProviderConfig, ResourceTypes and Schemas (RFC 7644 4, RFC 7643 5 to 7): exactly what is
//! offered and enforced.

use serde_json::{Value, json};

use super::list::{DEFAULT_COUNT, MAX_COUNT, list_response};
use super::schema::{self, Enforcement, Schema};

/// `GET /ServiceProviderConfig`. `base_url` is the Tenant URL without a slash at its end.
#[must_use]
pub fn service_provider_config(base_url: &str) -> Value {
    json!({
        "schemas": [schema::SERVICE_PROVIDER_CONFIG],
        "patch": {"supported": true},
        "bulk": {"supported": false, "maxOperations": 0, "maxPayloadSize": 0},
        "filter": {"supported": true, "maxResults": MAX_COUNT},
        "changePassword": {"supported": false},
        "sort": {"supported": true},
        "etag": {"supported": true},
        // RFC 9865 4.
        "pagination": {
            "cursor": false,
            "index": true,
            "defaultPaginationMethod": "index",
            "defaultPageSize": DEFAULT_COUNT,
            "maxPageSize": MAX_COUNT,
        },
        "authenticationSchemes": [{
            "type": "oauthbearertoken",
            "name": "Secret Token",
            "description": "A token of the organization, sent as a bearer token.",
            "specUri": "https://www.rfc-editor.org/info/rfc6750",
            "primary": true,
        }],
        "meta": {
            "resourceType": "ServiceProviderConfig",
            "location": format!("{base_url}/ServiceProviderConfig"),
        },
    })
}

/// `GET /ResourceTypes`. Users only: groups are not offered, so they are not listed.
#[must_use]
pub fn resource_types(base_url: &str) -> Value {
    list_response(1, 1, vec![user_type(base_url)])
}

/// `GET /ResourceTypes/{name}`; `None` for any other than "User".
#[must_use]
pub fn resource_type(base_url: &str, name: &str) -> Option<Value> {
    (name == "User").then(|| user_type(base_url))
}

fn user_type(base_url: &str) -> Value {
    json!({
        "schemas": [schema::RESOURCE_TYPE],
        "id": "User",
        "name": "User",
        "endpoint": "/Users",
        "description": "A person of the organization",
        "schema": schema::USER,
        "schemaExtensions": [{"schema": schema::ENTERPRISE_USER, "required": false}],
        "meta": {
            "resourceType": "ResourceType",
            "location": format!("{base_url}/ResourceTypes/User"),
        },
    })
}

/// `GET /Schemas`, with what the organization enforces.
#[must_use]
pub fn schemas(base_url: &str, enforcement: &Enforcement) -> Value {
    let resources: Vec<Value> = [schema::USER, schema::ENTERPRISE_USER]
        .iter()
        .filter_map(|urn| schema(base_url, urn, enforcement))
        .collect();
    list_response(2, 1, resources)
}

/// `GET /Schemas/{urn}`, in any case of letters; `None` for a schema that users do not have.
#[must_use]
pub fn schema(base_url: &str, urn: &str, enforcement: &Enforcement) -> Option<Value> {
    let (urn, name, description, schema) = if urn.eq_ignore_ascii_case(schema::USER) {
        (schema::USER, "User", "User Account", Schema::Core)
    } else if urn.eq_ignore_ascii_case(schema::ENTERPRISE_USER) {
        let name = "EnterpriseUser";
        (
            schema::ENTERPRISE_USER,
            name,
            "Enterprise User",
            Schema::Enterprise,
        )
    } else {
        return None;
    };
    let mut out = schema::to_json(urn, name, description, schema.attributes(), enforcement);
    out["meta"] = json!({
        "resourceType": "Schema",
        "location": format!("{base_url}/Schemas/{urn}"),
    });
    Some(out)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    const BASE: &str = "https://example.com/scim/contoso/v2";

    fn attribute<'a>(list: &'a Value, name: &str) -> &'a Value {
        let list = list.as_array().unwrap();
        list.iter()
            .find(|attribute| attribute["name"] == name)
            .unwrap()
    }

    fn has_null(value: &Value) -> bool {
        match value {
            Value::Null => true,
            Value::Array(list) => list.iter().any(has_null),
            Value::Object(map) => map.values().any(has_null),
            _ => false,
        }
    }

    #[test]
    fn rfc7643_5_config_has_the_required_members() {
        let config = service_provider_config(BASE);
        assert_eq!(config["patch"]["supported"], true);
        let bulk = json!({"supported": false, "maxOperations": 0, "maxPayloadSize": 0});
        assert_eq!(config["bulk"], bulk);
        assert_eq!(config["filter"]["maxResults"], MAX_COUNT);
        assert_eq!(
            config["authenticationSchemes"][0]["type"],
            "oauthbearertoken"
        );
        for member in ["changePassword", "sort", "etag"] {
            assert!(config[member]["supported"].is_boolean(), "{member}");
        }
    }

    #[test]
    fn only_users_are_listed_and_nothing_is_null() {
        let types = resource_types(BASE);
        assert_eq!(types["totalResults"], 1);
        assert_eq!(types["Resources"][0]["endpoint"], "/Users");
        assert_eq!(resource_type(BASE, "Group"), None);
        let schemas = schemas(BASE, &Enforcement::default());
        assert_eq!(schemas["itemsPerPage"], 2);
        for value in [service_provider_config(BASE), types, schemas] {
            assert!(!has_null(&value));
        }
    }

    #[test]
    fn e37_schemas_are_rfc_exact() {
        let user = schema(BASE, &schema::USER.to_uppercase(), &Enforcement::default()).unwrap();
        assert_eq!(
            user["meta"]["location"],
            format!("{BASE}/Schemas/{}", schema::USER)
        );
        let attributes = &user["attributes"];
        assert_eq!(attribute(attributes, "userName")["required"], true,);
        assert_eq!(attribute(attributes, "userName")["uniqueness"], "server");
        assert_eq!(attribute(attributes, "active")["type"], "boolean");
        assert_eq!(attribute(attributes, "password")["mutability"], "writeOnly");
        assert_eq!(attribute(attributes, "password")["returned"], "never");
        assert_eq!(attribute(attributes, "groups")["mutability"], "readOnly");
        let emails = attribute(attributes, "emails");
        assert_eq!(emails["multiValued"], true);
        let kinds = json!(["work", "home", "other"]);
        assert_eq!(
            attribute(&emails["subAttributes"], "type")["canonicalValues"],
            kinds
        );
        let enterprise = schema(BASE, schema::ENTERPRISE_USER, &Enforcement::default()).unwrap();
        let manager = attribute(&enterprise["attributes"], "manager");
        let reference = attribute(&manager["subAttributes"], "$ref");
        assert_eq!(reference["referenceTypes"], json!(["User"]));
    }

    #[test]
    fn what_is_enforced_is_advertised_and_nothing_more() {
        let none = schema(BASE, schema::USER, &Enforcement::default()).unwrap();
        let required =
            |schema: &Value, name: &str| attribute(&schema["attributes"], name)["required"] == true;
        for name in ["name", "roles", "active"] {
            assert!(!required(&none, name), "{name}");
        }
        let enforcement = Enforcement {
            names_required: true,
            role_required: true,
            role_values: vec!["admin".into(), "viewer".into()],
        };
        let all = schema(BASE, schema::USER, &enforcement).unwrap();
        assert!(required(&all, "name") && required(&all, "roles") && !required(&all, "active"));
        let name = attribute(&all["attributes"], "name");
        assert_eq!(
            attribute(&name["subAttributes"], "givenName")["required"],
            true
        );
        assert_eq!(
            attribute(&name["subAttributes"], "formatted")["required"],
            false
        );
        let roles = attribute(&all["attributes"], "roles");
        let value = attribute(&roles["subAttributes"], "value");
        assert_eq!(value["canonicalValues"], json!(["admin", "viewer"]));
    }
}
