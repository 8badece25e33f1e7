//! In which zone somebody reads times.

use serde::{Deserialize, Serialize};

/// The cookie in which a browser says its zone.
pub const COOKIE: &str = "time_zone";

/// The zone of whoever looks, as it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReaderZone {
    /// IANA's: "Europe/Berlin".
    pub name: String,
    /// "CET", or "+0530" where nobody has given it a name.
    pub abbreviation: String,
    /// Seconds east of UTC.
    pub offset: i32,
}

impl ReaderZone {
    /// As a label names it: "Europe/Berlin time", "America/New York time", "UTC".
    pub fn label(&self) -> String {
        match self.name.as_str() {
            "UTC" => "UTC".to_owned(),
            name => format!("{} time", shown(name)),
        }
    }

    /// What stands in an address beside a time; UTC goes without saying.
    pub fn said(&self) -> Option<String> {
        (self.name != "UTC").then(|| self.name.clone())
    }

    /// As a sentence names it: "Times in Europe/Berlin."
    pub fn shown(&self) -> String {
        shown(&self.name)
    }
}

/// A name for the eye: "America/New York".
pub fn shown(name: &str) -> String {
    name.replace('_', " ")
}

/// What an account may choose.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneChoice {
    /// `None` for whatever the browser says.
    pub chosen: Option<String>,
    /// What this browser says, if it has said anything.
    pub browser: Option<String>,
    /// All names, in their order.
    pub names: Vec<String>,
}
