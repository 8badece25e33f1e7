//! Server functions: what pages ask the server. Each is a guard, one service call and a mapping.
//!
//! They only read. What changes something is a form posted to a plain route (`server::http`), because such a
//! form answers with its own page: without scripts too, and without carrying an error's text in an address.

pub mod accounts;
pub mod audit;
pub mod frame;
pub mod guard;
pub mod issues;
pub mod links;
pub mod logs;
pub mod notifications;
pub mod organizations;
pub mod overview;
pub mod own_account;
pub mod search;
pub mod settings;
pub mod support_bundles;
pub mod tokens;
pub mod users;

use leptos::server_fn::codec::JsonEncoding;
use leptos::server_fn::error::{FromServerFnError, ServerFnErrorErr};

use crate::model::error::AppError;

impl FromServerFnError for AppError {
    type Encoder = JsonEncoding;

    /// The call itself failed: no connection, or an answer that is none of ours. There is no reference to give. What the
    /// server cannot read was asked by a page that was drawn before the program was replaced, or by hand: that is no
    /// failure of the service.
    fn from_server_fn_error(error: ServerFnErrorErr) -> Self {
        match error {
            ServerFnErrorErr::Args(_) | ServerFnErrorErr::MissingArg(_) => Self::Conflict {
                message: "This page is of another version of Rhombus Provisioning. Load it again."
                    .to_owned(),
            },
            _ => Self::Unavailable {
                reference: "connection".to_owned(),
            },
        }
    }
}
