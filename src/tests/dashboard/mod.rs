//! Pages, server functions and forms, through the real router.

mod issues;
mod own_account;
mod permissions;
mod person;
mod roles;
mod settings;
