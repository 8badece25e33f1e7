/// placeholder
#[derive(Clone, Copy, Debug)]
pub struct ClientAddress {
    pub address: std::net::IpAddr,
}
