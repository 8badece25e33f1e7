//! One file for each route.

pub mod account;
pub mod accounts;
pub mod audit;
pub mod first_start;
pub mod forgot_password;
pub mod held;
pub mod home;
pub mod invitation;
pub mod issue;
pub mod issues;
pub mod log;
pub mod logs;
pub mod notifications;
pub mod organizations;
pub mod overview;
pub mod own_account;
pub mod recipient_link;
pub mod reset;
pub mod role;
pub mod search;
pub mod settings;
pub mod sign_in;
pub mod support_bundle;
pub mod tokens;
pub mod user;
pub mod users;
