//! Who is at the other end: bearer tokens of SCIM, sessions of the dashboard, and the guards that turn a session
//! into permission.

pub mod bearer;
pub mod cookies;
pub mod guards;
pub mod session;
