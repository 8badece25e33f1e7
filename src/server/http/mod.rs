//! The edge towards browsers and Entra.

pub mod assets;
pub mod dashboard;
pub mod organization_forms;
pub mod token_forms;
