//! One file for each route.

pub mod audit;
pub mod first_start;
pub mod home;
pub mod invitation;
pub mod log;
pub mod logs;
pub mod organizations;
pub mod overview;
pub mod reset;
pub mod sign_in;
pub mod tokens;
pub mod user;
pub mod users;
