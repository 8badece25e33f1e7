use super::super::document::{Fact, Role, Step};
use super::*;

fn document() -> Document {
    let person = |id: &str, user_name: &str| Person {
        id: Some(id.to_owned()),
        user_name: Some(user_name.to_owned()),
        external_id: Some(format!("ext-{id}")),
        name: Some("Ana Ruiz".to_owned()),
    };
    let entry = |id: &str, user_name: &str| Entry {
        person: person(id, user_name),
        path: format!("/scim/contoso/v2/Users/{id}"),
        query: Some(format!(
            "filter=userName+eq+%22{user_name}%22&startIndex=1&who=Ana"
        )),
        request_body: Some(format!(
            r#"{{"schemas":["urn:ietf:params:scim:api:messages:2.0:PatchOp"],"Operations":[
                {{"op":"Replace","path":"emails[type eq \"work\"].value","value":"{user_name}"}},
                {{"op":"Add","path":"addresses[type eq \"work\"].locality","value":"Sevilla"}},
                {{"op":"Add","path":"roles[primary eq \"True\"].value","value":"LEAD"}},
                {{"op":"Add","value":{{"name.familyName":"Ruiz","urn:ietf:params:scim:schemas:extension:enterprise:2.0:User":
                    {{"employeeNumber":447711}},"active":true}}}}]}}"#
        )),
        facts: vec![Fact::new(
            "Result",
            Kind::Sentence,
            format!(
                "roles.value 'LEAD' of Ana Ruiz ({user_name}) in SEVILLA from 192.0.2.7: '447711' is not 'admin'."
            ),
        )],
        steps: vec![Step {
            name: "Match".to_owned(),
            outcome: String::new(),
            duration: String::new(),
            text: "Matched by id to Ana Ruiz.".to_owned(),
        }],
        ..Entry::default()
    };
    Document {
        entries: vec![
            entry("id-a", "ana@contoso.com"),
            entry("id-b", "ruiz@contoso.com"),
        ],
        roles: vec![Role {
            value: "admin".to_owned(),
            means: "Admin".to_owned(),
            is_default: false,
            is_reviewed: true,
        }],
        ..Document::default()
    }
}

#[test]
fn one_person_is_one_pseudonym_and_two_of_one_name_are_two() {
    let document = apply(document());
    for (entry, n) in document.entries.iter().zip(1..) {
        assert_eq!(entry.path, format!("/scim/contoso/v2/Users/user-id-{n}"));
        assert_eq!(
            entry.query.as_deref().unwrap_or_default(),
            format!(
                "filter=userName eq \"user-{n}@example.invalid\"&startIndex=1&[parameter 1]=[value 1]"
            )
        );
        assert_eq!(entry.steps[0].text, format!("Matched by id to User {n}."));
        let fact = &entry.facts[0].value.text;
        assert_eq!(
            *fact,
            format!(
                "roles.value 'LEAD' of User {n} (user-{n}@example.invalid) in [locality 1] from [address 1]: \
                 '[employeeNumber 1]' is not 'admin'."
            )
        );
    }
}

#[test]
fn what_troubles_are_about_stays_and_what_is_personal_goes() {
    let document = apply(document());
    let body = document.entries[0].request_body.clone().unwrap_or_default();
    for kept in [
        "\"op\": \"Replace\"",
        "emails[type eq \\\"work\\\"].value",
        "\"LEAD\"",
        "\"active\": true",
        "user-1@example.invalid",
    ] {
        assert!(body.contains(kept), "{kept}: {body}");
    }
    for gone in ["ana@", "Sevilla", "Ruiz", "447711"] {
        assert!(!body.contains(gone), "{gone}: {body}");
    }
}

#[test]
fn a_body_that_cannot_be_read_is_left_out() {
    let mut names = Pseudonyms::default();
    assert!(!names.body("{\"userName\":\"ana").contains("ana"));
    assert!(!names.body("Ana Ruiz").contains("Ana"));
    assert_eq!(names.body(""), "");
}

#[test]
fn filters_keep_their_words_alone() {
    let mut names = Pseudonyms::default();
    assert_eq!(
        names.filter("(name.familyName sw \"Ru\\\"iz\" and active eq true) or title eq Chief"),
        "(name.familyName sw \"[value 1]\" and active eq true) or title eq [value 2]"
    );
    assert_eq!(
        names.filter("userName eq \"unfinished"),
        "userName eq \"[value 3]\""
    );
}
