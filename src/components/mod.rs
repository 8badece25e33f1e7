//! The building blocks of pages. They take data and never call the server; each owns one class prefix and one
//! file in `style/components`.

pub mod avatar;
pub mod badge;
pub mod callout;
pub mod card;
pub mod chart;
pub mod code;
pub mod copy;
pub mod dialog;
pub mod diff;
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
pub mod nav;
pub mod page;
pub mod pager;
pub mod problem;
pub mod progress;
pub mod region;
pub mod skeleton;
pub mod stat;
pub mod stepper;
pub mod steps;
pub mod table;
pub mod tabs;
pub mod time;
pub mod timeline;
