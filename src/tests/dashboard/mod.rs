//! Pages, server functions and forms, through the real router.

mod own_account;
mod permissions;
mod person;
mod roles;
mod settings;
mod time_zone;
