//! Pages, server functions and forms, through the real router.

mod guard;
mod issues;
mod log_filters;
mod own_account;
mod permissions;
mod person;
mod roles;
mod settings;
mod time_zone;
