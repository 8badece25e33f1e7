//! What the service does on its own, by the clock.

pub mod health;
pub mod mail;
pub mod retention;
