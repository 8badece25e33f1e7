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
