//! The SCIM endpoint, called as Entra calls it.

mod lifecycle;
mod regressions;
mod rules;
