//! Rhombus Provisioning: a SCIM 2.0 service provider for Microsoft Entra ID, and its dashboard.

pub mod model;

#[cfg(feature = "ssr")]
pub mod server;
