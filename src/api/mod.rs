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

    /// The call itself failed: no connection, or an answer that is none of ours. There is no reference to give.
    fn from_server_fn_error(_: ServerFnErrorErr) -> Self {
        Self::Unavailable {
            reference: "connection".to_owned(),
        }
    }
}
