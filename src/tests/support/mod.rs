//! What tests stand on: databases, a whole application, and the actors that use it.

pub mod app;
pub mod db;
pub mod entra;
pub mod process;
pub mod smtp;
