//! The people of the imaginary organization.

use serde_json::{Value, json};

/// Given names and family names of people as they are called, long and short, in many scripts.
const GIVEN_NAMES: [&str; 32] = [
    "Ana",
    "Björn",
    "Chidinma",
    "Dario",
    "Élodie",
    "Fatima",
    "Grzegorz",
    "Hana",
    "İbrahim",
    "Jürgen",
    "Kwame",
    "Lærke",
    "María José",
    "Nguyễn",
    "Óscar",
    "Priya",
    "Quentin",
    "Ragnheiður",
    "Siobhán",
    "Tomáš",
    "Ulrike",
    "Venkatanarasimha",
    "Wei",
    "Xóchitl",
    "Yuki",
    "Zoë",
    "明",
    "Ольга",
    "Γιώργος",
    "محمد",
    "दीपिका",
    "Jean-Christophe",
];
pub const FAMILY_NAMES: [&str; 29] = [
    "Ruiz",
    "Ørsted",
    "Okonkwo-Adeyemi",
    "Rossi",
    "Lefèvre",
    "Al-Hashimi",
    "Brzęczyszczykiewicz",
    "Nováková",
    "Yılmaz",
    "Müller-Lüdenscheidt",
    "Asante",
    "Sørensen",
    "García de la Vega y Fernández de Córdoba",
    "Thị Minh Châu",
    "Núñez",
    "Subramaniam",
    "Dupont",
    "Jónsdóttir",
    "Ní Mhaolagáin",
    "Dvořák",
    "Schmidt",
    "Rajasekharan Thiruvenkatam",
    "Li",
    "O'Brien",
    "Tanaka",
    "van der Berg",
    "Смирнова",
    "Παπαδόπουλος",
    "St. John-Mollusc",
];

pub const DEPARTMENTS: [&str; 6] = [
    "Facilities",
    "Security Operations",
    "IT",
    "Human Resources",
    "Loss Prevention",
    "Legal",
];
pub const TITLES: [&str; 5] = [
    "Engineer",
    "Regional Security Manager",
    "Director",
    "Receptionist",
    "Analyst",
];

/// One person of the imaginary organization; the same number is always the same person.
pub struct Person {
    pub user_name: String,
    pub given_name: &'static str,
    pub family_name: &'static str,
    role: &'static str,
    number: usize,
}

impl Person {
    pub fn new(number: usize) -> Self {
        let given_name = GIVEN_NAMES[number * 7 % GIVEN_NAMES.len()];
        let family_name = FAMILY_NAMES[number * 5 % FAMILY_NAMES.len()];
        // Directories have ASCII names that only resemble the people's.
        let ascii = |name: &str| {
            let letters: String = name.chars().filter(char::is_ascii_alphabetic).collect();
            if letters.is_empty() {
                "x".to_owned()
            } else {
                letters.to_lowercase()
            }
        };
        let role = match number % 25 {
            0 => "super_admin",
            1..=4 => "admin",
            _ => "viewer",
        };
        Self {
            user_name: format!(
                "{}.{}{number}@contoso.com",
                ascii(given_name),
                ascii(family_name)
            ),
            given_name,
            family_name,
            role,
            number,
        }
    }

    fn external_id(&self) -> String {
        format!(
            "5f0c{:04x}-7a1e-4c0b-9d2f-{:012x}",
            self.number,
            self.number * 7_919
        )
    }

    pub fn body(&self) -> Value {
        json!({
            "schemas": [
                "urn:ietf:params:scim:schemas:core:2.0:User",
                "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User",
            ],
            "externalId": self.external_id(),
            "userName": self.user_name,
            "active": true,
            "name": {
                "formatted": format!("{} {}", self.given_name, self.family_name),
                "givenName": self.given_name,
                "familyName": self.family_name,
            },
            "meta": { "resourceType": "User" },
            "roles": [{ "primary": true, "type": "WindowsAzureActiveDirectoryRole", "value": self.role }],
        })
    }

    /// As [`Person::body`] under another userName, with everything that Microsoft's default mapping sends.
    pub fn mapped_body(&self, user_name: &str) -> Value {
        const ENTERPRISE: &str = "urn:ietf:params:scim:schemas:extension:enterprise:2.0:User";
        let number = self.number;
        let mut body = self.body();
        body["userName"] = json!(user_name);
        body["displayName"] = json!(format!("{} {}", self.given_name, self.family_name));
        body["title"] = json!(TITLES[number % TITLES.len()]);
        body["preferredLanguage"] = json!(if number.is_multiple_of(3) {
            "en-US"
        } else {
            "de-DE"
        });
        body["emails"] = json!([{ "type": "work", "value": user_name, "primary": true }]);
        body["phoneNumbers"] = json!([
            { "type": "work", "value": format!("+49 30 {number:07}") },
            { "type": "mobile", "value": format!("+49 171 {number:07}") },
        ]);
        body["addresses"] = json!([{
            "type": "work",
            "formatted": format!("Building {}", number % 40),
            "streetAddress": format!("Friedrichstrasse {}", number % 200),
            "locality": "Berlin",
            "postalCode": "10117",
            "country": "DE",
        }]);
        body[ENTERPRISE] = json!({
            "employeeNumber": format!("{number:07}"),
            "department": DEPARTMENTS[number % DEPARTMENTS.len()],
        });
        body
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::Person;

    #[test]
    fn everybody_has_a_user_name_of_their_own_that_fits_into_an_address() {
        let names: BTreeSet<_> = (0..2_000)
            .map(|number| Person::new(number).user_name)
            .collect();
        assert_eq!(names.len(), 2_000);
        assert!(
            names
                .iter()
                .all(|name| name.is_ascii() && !name.contains(' '))
        );
    }
}
