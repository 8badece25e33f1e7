//! How mail goes out: `SMTP_URL`, `SMTP_CA_FILE`, `MAIL_FROM`.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use lettre::transport::smtp::client::{Certificate, TlsParameters};
use percent_encoding::percent_decode_str;
use url::{Host, Url};

use super::{SettingError, wrong};
use crate::model::address::{Address, Sender};
use crate::server::secret::Secret;

/// The ports of submission (RFC 6409) and of submission over TLS (RFC 8314).
const SUBMISSION: u16 = 587;
const SUBMISSIONS: u16 = 465;

const SMTP_URL: &str = "SMTP_URL";
const MAIL_FROM: &str = "MAIL_FROM";

/// A server that takes mail.
#[derive(Clone)]
pub struct SmtpServer {
    /// A name, or an address as it is connected to.
    pub host: String,
    pub port: u16,
    pub encryption: Encryption,
    pub login: Option<Login>,
}

/// How the connection to a server is encrypted.
#[derive(Clone)]
pub enum Encryption {
    /// By STARTTLS before anything else is said; a server that does not offer it gets no mail.
    Starttls(TlsParameters),
    /// From the first byte.
    Tls(TlsParameters),
    /// Not at all: a server on this computer, or where the deployment says so.
    None,
}

/// As whom the service signs in to the server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Login {
    pub user: String,
    pub password: Secret,
}

impl fmt::Debug for SmtpServer {
    /// Without user and password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let encryption = match self.encryption {
            Encryption::Starttls(_) => "STARTTLS",
            Encryption::Tls(_) => "TLS",
            Encryption::None => "none",
        };
        f.debug_struct("SmtpServer")
            .field("host", &self.host)
            .field("port", &self.port)
            .field("encryption", &encryption)
            .finish_non_exhaustive()
    }
}

/// The server of an `SMTP_URL`. `ca_file` names more certificates to trust, for a server with a private one.
pub(super) fn smtp_server(text: &str, ca_file: Option<&str>) -> Result<SmtpServer, SettingError> {
    let refused = |reason: &str| Err(wrong(SMTP_URL, &shown(text), reason));
    let looks = "it must look like smtp://USER:PASSWORD@HOST:587 or smtps://HOST (special characters in user and \
                 password as %XX)";
    let Ok(url) = Url::parse(text) else {
        return refused(looks);
    };
    let is_tls = match url.scheme() {
        "smtp" => false,
        "smtps" => true,
        _ => {
            return refused(
                "it must begin with smtp:// (STARTTLS) or smtps:// (TLS from the first byte)",
            );
        }
    };
    let Some(host) = url.host_str().filter(|host| !host.is_empty()) else {
        return refused("it names no host: it must look like smtp://HOST:587");
    };
    let Ok(host) = percent_decode_str(host)
        .decode_utf8()
        .map_err(drop)
        .and_then(|host| Host::parse(&host).map_err(drop))
    else {
        return refused("its host is neither a name nor an address");
    };
    if !matches!(url.path(), "" | "/") || url.fragment().is_some() {
        return refused("nothing may follow host and port but ?tls=required or ?tls=none");
    }
    let wanted = match (url.query(), is_tls) {
        (None, true) => Wanted::Tls,
        (None, false) if is_this_computer(&host) => Wanted::None,
        (None | Some("tls=required"), false) => Wanted::Starttls,
        (Some("tls=none"), false) => Wanted::None,
        (Some(_), true) => {
            return refused("nothing may follow host and port: smtps:// is always encrypted");
        }
        (Some(_), false) => {
            return refused("nothing may follow host and port but ?tls=required or ?tls=none");
        }
    };
    let Some(login) = login(&url) else {
        return refused(looks);
    };
    if login.is_some() && matches!(wanted, Wanted::None) && !is_this_computer(&host) {
        return refused(
            "with tls=none the password would be sent unencrypted: leave one of them out",
        );
    }
    let name = match &host {
        Host::Ipv6(address) => address.to_string(),
        other => other.to_string(),
    };
    let encryption = match wanted {
        Wanted::Tls => Encryption::Tls(tls(&name, ca_file)?),
        Wanted::Starttls => Encryption::Starttls(tls(&name, ca_file)?),
        Wanted::None => Encryption::None,
    };
    let port = if is_tls { SUBMISSIONS } else { SUBMISSION };
    Ok(SmtpServer {
        host: name,
        port: url.port().unwrap_or(port),
        encryption,
        login,
    })
}

enum Wanted {
    Tls,
    Starttls,
    None,
}

/// Whom mail is from: as set, else an address at the host of the public URL.
pub(super) fn sender(text: Option<&str>, public_url: &str) -> Result<Sender, SettingError> {
    let host = || match Url::parse(public_url).ok()?.host()? {
        Host::Domain(name) => Some(name.to_owned()),
        // An address is no domain: what comes from there is not meant to leave this computer.
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    };
    match text {
        Some(text) => Sender::parse(text).map_err(|reason| {
            wrong(
                MAIL_FROM,
                text,
                format!(
                    "{reason} It must look like Rhombus Provisioning <provisioning@example.com>."
                ),
            )
        }),
        None => {
            let host = host().unwrap_or_else(|| "localhost".to_owned());
            let address = Address::parse(&format!("provisioning@{host}")).map_err(|_| {
                wrong(
                    MAIL_FROM,
                    "",
                    format!("no address can be made of the host of PUBLIC_URL, {host}: set it"),
                )
            })?;
            Ok(Sender {
                name: Some("Rhombus Provisioning".to_owned()),
                address,
            })
        }
    }
}

fn is_this_computer(host: &Host) -> bool {
    match host {
        Host::Domain(name) => name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => {
            *address == Ipv6Addr::LOCALHOST || address.to_ipv4_mapped() == Some(Ipv4Addr::LOCALHOST)
        }
    }
}

/// User and password; the outer `None` when they are not written as a URL has them.
fn login(url: &Url) -> Option<Option<Login>> {
    let decoded = |text: &str| {
        let text = percent_decode_str(text).decode_utf8().ok()?;
        // A line break would begin another command.
        (!text.contains(char::is_control)).then(|| text.into_owned())
    };
    match (url.username(), url.password()) {
        ("", None) => Some(None),
        ("", Some(_)) | (_, None) => None,
        (user, Some(password)) => Some(Some(Login {
            user: decoded(user)?,
            password: Secret::new(decoded(password)?),
        })),
    }
}

fn tls(host: &str, ca_file: Option<&str>) -> Result<TlsParameters, SettingError> {
    let mut builder = TlsParameters::builder(host.to_owned());
    if let Some(path) = ca_file {
        let refused = |reason: String| wrong("SMTP_CA_FILE", path, reason);
        let pem = std::fs::read(path).map_err(|error| refused(error.to_string()))?;
        let is_certificate = String::from_utf8_lossy(&pem).contains("-----BEGIN CERTIFICATE-----");
        let certificate = Certificate::from_pem(&pem)
            .ok()
            .filter(|_| is_certificate)
            .ok_or_else(|| refused("it must hold certificates as PEM".to_owned()))?;
        builder = builder.add_root_certificate(certificate);
        return builder
            .build()
            .map_err(|error| refused(format!("its certificates cannot be used ({error})")));
    }
    builder
        .build()
        .map_err(|error| wrong(SMTP_URL, host, format!("TLS cannot be set up ({error})")))
}

/// What is shown of a URL ends where user and password could begin.
fn shown(text: &str) -> String {
    match text.split_once(':') {
        Some((scheme, _)) if scheme.chars().all(|letter| letter.is_ascii_alphanumeric()) => {
            format!("{scheme}:...")
        }
        _ => "...".to_owned(),
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn described(text: &str) -> String {
        let server = smtp_server(text, None).unwrap();
        let encryption = match server.encryption {
            Encryption::Starttls(_) => "STARTTLS",
            Encryption::Tls(_) => "TLS",
            Encryption::None => "none",
        };
        let login = server.login.map_or_else(
            || "nobody".to_owned(),
            |login| format!("{}/{}", login.user, login.password.reveal()),
        );
        format!("{} {} {encryption} {login}", server.host, server.port)
    }

    #[test]
    fn smtp_urls_say_where_how_and_as_whom() {
        for (url, meant) in [
            (
                "smtp://mail.example.com",
                "mail.example.com 587 STARTTLS nobody",
            ),
            (
                "smtp://mail.example.com:25/",
                "mail.example.com 25 STARTTLS nobody",
            ),
            (
                "smtps://mail.example.com",
                "mail.example.com 465 TLS nobody",
            ),
            ("smtps://127.0.0.1:2465", "127.0.0.1 2465 TLS nobody"),
            ("smtp://localhost:1025", "localhost 1025 none nobody"),
            ("smtp://127.0.0.1", "127.0.0.1 587 none nobody"),
            ("smtp://[::1]:1025", "::1 1025 none nobody"),
            (
                "smtp://localhost:1025?tls=required",
                "localhost 1025 STARTTLS nobody",
            ),
            (
                "smtp://relay.internal:25?tls=none",
                "relay.internal 25 none nobody",
            ),
            (
                "smtp://ops%40example.com:p%40ss%3Aw%2Frd@mail.example.com",
                "mail.example.com 587 STARTTLS ops@example.com/p@ss:w/rd",
            ),
            (
                "smtp://bücher.example",
                "xn--bcher-kva.example 587 STARTTLS nobody",
            ),
            ("smtp://me:pw@localhost", "localhost 587 none me/pw"),
        ] {
            assert_eq!(described(url), meant, "{url}");
        }
    }

    #[test]
    fn a_wrong_smtp_url_is_one_line_without_the_password() {
        for (url, reason) in [
            ("mail.example.com", "must look like"),
            ("mail.example.com:587", "must begin with smtp://"),
            ("https://mail.example.com", "must begin with smtp://"),
            ("smtp://", "names no host"),
            ("smtp://:587", "must look like"),
            ("smtp://me:hunter2@mail.example.com:port", "must look like"),
            ("smtp://me@mail.example.com", "must look like"),
            ("smtp://:hunter2@mail.example.com", "must look like"),
            (
                "smtp://me:hunter2%0d%0aRSET@mail.example.com",
                "must look like",
            ),
            (
                "smtp://me:hunter2@mail.example.com/inbox",
                "nothing may follow",
            ),
            ("smtp://mail.example.com?tls=maybe", "nothing may follow"),
            ("smtps://mail.example.com?tls=none", "always encrypted"),
            ("smtp://me:hunter2@mail.example.com?tls=none", "unencrypted"),
            (
                "smtp://mail%00.example.com",
                "neither a name nor an address",
            ),
        ] {
            let said = smtp_server(url, None).unwrap_err().to_string();
            assert!(
                said.starts_with("SMTP_URL is ") && said.contains(reason),
                "{url}: {said}"
            );
            assert!(!said.contains("hunter2") && !said.contains('\n'), "{said}");
        }
        let server = smtp_server("smtp://me:hunter2@mail.example.com", None).unwrap();
        assert!(!format!("{server:?}").contains("hunter2"));
    }

    #[test]
    fn more_certificates_come_from_a_file() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ca.pem");
        let path = path.to_str().unwrap();
        let complaint = || {
            smtp_server("smtps://mail.example.com", Some(path))
                .unwrap_err()
                .to_string()
        };
        assert!(
            complaint().starts_with("SMTP_CA_FILE is "),
            "{}",
            complaint()
        );
        for wrong in [
            "",
            "hello",
            "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n",
        ] {
            std::fs::write(path, wrong).unwrap();
            assert!(
                complaint().starts_with("SMTP_CA_FILE is "),
                "{}",
                complaint()
            );
        }
    }

    #[test]
    fn mail_is_from_the_public_host_unless_set() {
        let from = |public_url| sender(None, public_url).unwrap().to_string();
        assert_eq!(
            from("https://provisioning.example.com"),
            "Rhombus Provisioning <provisioning@provisioning.example.com>"
        );
        assert_eq!(
            from("http://127.0.0.1:3000"),
            "Rhombus Provisioning <provisioning@localhost>"
        );
        let set = sender(Some("Ops <ops@example.com>"), "https://x.example").unwrap();
        assert_eq!(set.to_string(), "Ops <ops@example.com>");
        let said = sender(Some("Ops"), "https://x.example")
            .unwrap_err()
            .to_string();
        assert!(
            said.starts_with("MAIL_FROM is \"Ops\": \"Ops\" holds no @"),
            "{said}"
        );
        assert!(
            sender(None, "http://intranet")
                .unwrap_err()
                .to_string()
                .contains("set it")
        );
    }
}
