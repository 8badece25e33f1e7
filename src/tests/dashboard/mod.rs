//! Pages, server functions and forms, through the real router.

mod forms;
mod guard;
mod invitations;
mod issue_fix;
mod issues;
mod log_filters;
mod notifications;
mod own_account;
mod pages;
mod permissions;
mod person;
mod roles;
mod settings;
mod support_bundles;
mod time_zone;
mod titles;
mod user_page;
