//! What the deployment sets, by flag or environment; checked before anything starts.

use std::net::SocketAddr;
use std::path::PathBuf;

use ipnet::IpNet;

/// All settings of a running service.
#[derive(Debug, Clone)]
pub struct Settings {
    pub database_url: String,
    pub listen_addr: SocketAddr,
    /// Where people and Entra reach the service, without a trailing slash; the only source of absolute links.
    pub public_url: String,
    pub data_dir: PathBuf,
    pub log_retention_days: u32,
    pub payload_retention_days: u32,
    pub audit_retention_days: u32,
    /// Proxies whose `X-Forwarded-*` headers are believed.
    pub trusted_proxies: Vec<IpNet>,
}

impl Settings {
    /// The Tenant URL of an organization, as its admin pastes it into Entra.
    pub fn tenant_url(&self, slug: &str) -> String {
        format!("{}/scim/{slug}/v2", self.public_url)
    }
}
