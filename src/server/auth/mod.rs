//! Who is at the other end: sessions of the dashboard, and the guards that turn them into permission.

pub mod guards;
pub mod session;
