//! The building blocks of pages. They take data and never call the server (but for the search, an island with no page
//! around it that could); each owns one class prefix and one file in `style/components`.

pub mod account_sheet;
pub mod avatar;
pub mod badge;
pub mod callout;
pub mod card;
pub mod code;
pub mod command_search;
pub mod copy;
pub mod dialog;
pub mod diff;
pub mod drawer;
pub mod empty;
pub mod entrance;
pub mod field;
pub mod filter_bar;
pub mod fix;
pub mod form;
pub mod health;
pub mod icon;
pub mod live;
pub mod load;
pub mod log_entry;
pub mod nav;
pub mod page;
pub mod pager;
pub mod print;
pub mod problem;
pub mod region;
pub mod shortcuts;
pub mod skeleton;
pub mod steps;
pub mod table;
pub mod tabs;
pub mod time;
pub mod timeline;
