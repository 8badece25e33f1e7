//! What the pages read: users, the log, and what becomes of both with age.

mod browser;
mod fill;
mod health_watch;
mod live;
mod log_export;
mod log_search;
mod metrics;
mod overview;
mod retention;
mod search;
mod six_weeks;
mod user_directory;
