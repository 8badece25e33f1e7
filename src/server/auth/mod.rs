//! Who somebody is: bearer tokens of SCIM, and later sessions of people.

pub mod bearer;
