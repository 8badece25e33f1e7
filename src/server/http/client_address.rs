//! Where a request really comes from: what proxies say counts only if we were told to believe them.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::HeaderMap;
use axum::middleware::Next;
use axum::response::Response;
use ipnet::IpNet;

use crate::server::App;
pub use crate::server::actor::ClientAddress;

/// Middleware: gives the request its [`ClientAddress`], from the peer's address (`ConnectInfo<SocketAddr>`) and, behind a
/// trusted proxy, its header.
pub async fn identify(State(app): State<App>, mut request: Request, next: Next) -> Response {
    let peer = request
        .extensions()
        .get::<ConnectInfo<SocketAddr>>()
        .map(|ConnectInfo(peer)| peer.ip());
    if let Some(peer) = peer {
        let address = resolve(peer, request.headers(), &app.settings.trusted_proxies);
        request.extensions_mut().insert(address);
    }
    next.run(request).await
}

/// Who called, given the connection's peer. `X-Forwarded-For` is read from the right: the last entry was written
/// by the proxy nearest to us, and the first address that is no trusted proxy is the client's. What stands left
/// of it, the client may have made up.
pub fn resolve(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> ClientAddress {
    let is_trusted = |address: IpAddr| trusted.iter().any(|network| network.contains(&address));
    let peer = peer.to_canonical();
    if !is_trusted(peer) {
        return ClientAddress { address: peer };
    }
    let mut client = peer;
    for entry in entries(headers).into_iter().rev() {
        let Some(address) = parse(entry) else {
            break;
        };
        client = address;
        if !is_trusted(address) {
            break;
        }
    }
    ClientAddress { address: client }
}

fn entries(headers: &HeaderMap) -> Vec<&str> {
    headers
        .get_all("x-forwarded-for")
        .iter()
        // Something that is no text ends the chain like any other entry that is no address.
        .flat_map(|value| value.to_str().unwrap_or("?").split(','))
        .map(str::trim)
        .collect()
}

/// An address as proxies write it: alone or with a port, IPv6 with or without brackets.
fn parse(entry: &str) -> Option<IpAddr> {
    let address = entry
        .parse::<IpAddr>()
        .or_else(|_| entry.parse::<SocketAddr>().map(|socket| socket.ip()))
        .or_else(|_| entry.trim_start_matches('[').trim_end_matches(']').parse())
        .ok()?;
    Some(address.to_canonical())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        let trusted = ["10.0.0.0/8".parse().unwrap(), "::1/128".parse().unwrap()];
        resolve(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn a_stranger_is_not_believed() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"]), "203.0.113.9");
        assert_eq!(client("::ffff:203.0.113.9", &[]), "203.0.113.9");
    }

    #[test]
    fn the_rightmost_untrusted_address_counts() {
        assert_eq!(client("10.1.1.1", &["198.51.100.1"]), "198.51.100.1");
        assert_eq!(
            client("10.1.1.1", &["1.1.1.1, 198.51.100.1, 10.2.2.2"]),
            "198.51.100.1",
            "what stands left of it may be made up"
        );
        assert_eq!(
            client("10.1.1.1", &["1.1.1.1", "198.51.100.1"]),
            "198.51.100.1"
        );
        assert_eq!(client("10.1.1.1", &["10.3.3.3, 10.2.2.2"]), "10.3.3.3");
    }

    #[test]
    fn ports_brackets_and_nonsense() {
        assert_eq!(client("::1", &["198.51.100.1:4711"]), "198.51.100.1");
        assert_eq!(client("::1", &["[2001:db8::7]:4711"]), "2001:db8::7");
        assert_eq!(client("::1", &["[2001:db8::7]"]), "2001:db8::7");
        assert_eq!(client("10.1.1.1", &["198.51.100.1, unknown"]), "10.1.1.1");
        assert_eq!(client("10.1.1.1", &[""]), "10.1.1.1");
    }
}
