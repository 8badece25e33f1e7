//! What the deployment sets, by flag or environment; checked before anything starts.

use std::fmt;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use clap::Args;
use ipnet::IpNet;
use url::Url;

use crate::model::address::Sender;
use crate::server::secret_key::{KeySource, SecretKey};
use crate::server::store::dialect::{Dialect, sqlite_path};

pub use mail::{Encryption, Login, SmtpServer};

mod mail;

/// All settings of a running service.
#[derive(Clone)]
pub struct Settings {
    pub database_url: String,
    pub listen_addr: SocketAddr,
    /// Where people and Entra reach the service, without a trailing slash; the only source of absolute links.
    pub public_url: String,
    /// Where `/metrics` is; nowhere if absent.
    pub metrics_addr: Option<SocketAddr>,
    pub data_dir: PathBuf,
    pub log_retention_days: u32,
    pub payload_retention_days: u32,
    pub audit_retention_days: u32,
    /// Proxies whose `X-Forwarded-For` header is believed.
    pub trusted_proxies: Vec<IpNet>,
    /// Who takes mail; nobody if absent, then it stays in the data folder.
    pub smtp: Option<SmtpServer>,
    /// Whom mail is from.
    pub mail_from: Sender,
    pub secret_key: KeySource,
}

impl Settings {
    /// The Tenant URL of an organization, as its admin pastes it into Entra.
    pub fn tenant_url(&self, slug: &str) -> String {
        format!("{}/scim/{slug}/v2", self.public_url)
    }

    /// Whether people and Entra come by TLS, which ends before the service does.
    pub fn is_https(&self) -> bool {
        self.public_url.starts_with("https:")
    }

    /// The database as it may be shown: the full path of a file; a server's URL without user and password.
    pub fn database_name(&self) -> String {
        database_name(&self.database_url)
    }
}

impl fmt::Debug for Settings {
    /// Without the database's password.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("database", &self.database_name())
            .field("listen_addr", &self.listen_addr)
            .field("public_url", &self.public_url)
            .field("data_dir", &self.data_dir)
            .field("smtp", &self.smtp)
            .finish_non_exhaustive()
    }
}

fn database_name(url: &str) -> String {
    if Dialect::of_url(url) == Some(Dialect::Sqlite) {
        let path = sqlite_path(url);
        return std::path::absolute(&path)
            .unwrap_or(path)
            .display()
            .to_string();
    }
    match Url::parse(url) {
        Ok(url) => {
            let port = url.port().map(|port| format!(":{port}"));
            format!(
                "{}://{}{}{}",
                url.scheme(),
                url.host_str().unwrap_or_default(),
                port.unwrap_or_default(),
                url.path()
            )
        }
        Err(_) => "the database".to_owned(),
    }
}

/// How logs are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum LogFormat {
    #[default]
    Pretty,
    Json,
}

/// A setting that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{name} is {value:?}: {reason}")]
pub struct SettingError {
    /// The environment's name of the setting.
    pub name: &'static str,
    /// As given, or what may be shown of it.
    pub value: String,
    pub reason: String,
}

/// The settings as given; [`SettingArgs::resolve`] checks them.
#[derive(Debug, Clone, Default, Args)]
#[command(next_help_heading = "Settings (each also by its environment variable)")]
pub struct SettingArgs {
    /// The database: `sqlite:PATH` or `postgres://USER:PASSWORD@HOST/DATABASE` [default: sqlite:{DATA_DIR}/rhombus.db]
    #[arg(
        long,
        global = true,
        env = "DATABASE_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub database_url: Option<String>,
    /// Where the service listens [default: 127.0.0.1:3000]
    #[arg(long, global = true, env = "LISTEN_ADDR", value_name = "ADDRESS:PORT")]
    pub listen_addr: Option<String>,
    /// Where operators get `/metrics`, for Prometheus [default: nowhere]
    #[arg(long, global = true, env = "METRICS_ADDR", value_name = "ADDRESS:PORT")]
    pub metrics_addr: Option<String>,
    /// Where people and Entra reach the service; the Tenant URL begins with it [default: http://{LISTEN_ADDR}]
    #[arg(long, global = true, env = "PUBLIC_URL", value_name = "URL")]
    pub public_url: Option<String>,
    /// The folder for what the service keeps beside the database [default: data]
    #[arg(long, global = true, env = "DATA_DIR", value_name = "FOLDER")]
    pub data_dir: Option<String>,
    /// Days that entries of the provisioning log are kept [default: 90]
    #[arg(long, global = true, env = "LOG_RETENTION_DAYS", value_name = "DAYS")]
    pub log_retention_days: Option<String>,
    /// Days that request and response bodies are kept [default: 30]
    #[arg(
        long,
        global = true,
        env = "PAYLOAD_RETENTION_DAYS",
        value_name = "DAYS"
    )]
    pub payload_retention_days: Option<String>,
    /// Days that the audit log is kept [default: 730]
    #[arg(long, global = true, env = "AUDIT_RETENTION_DAYS", value_name = "DAYS")]
    pub audit_retention_days: Option<String>,
    /// Proxies whose X-Forwarded-For is believed: addresses or networks, with commas between
    #[arg(long, global = true, env = "TRUSTED_PROXIES", value_name = "NETWORKS")]
    pub trusted_proxies: Option<String>,
    /// The server that takes mail: `smtp://USER:PASSWORD@HOST` or `smtps://...` [default: mail stays in {DATA_DIR}/mail]
    #[arg(
        long,
        global = true,
        env = "SMTP_URL",
        value_name = "URL",
        hide_env_values = true
    )]
    pub smtp_url: Option<String>,
    /// A file of certificates (PEM) to trust for the mail server, beside the public ones
    #[arg(long, global = true, env = "SMTP_CA_FILE", value_name = "FILE")]
    pub smtp_ca_file: Option<String>,
    /// Whom mail is from [default: Rhombus Provisioning <provisioning@HOST of PUBLIC_URL>]
    #[arg(long, global = true, env = "MAIL_FROM", value_name = "ADDRESS")]
    pub mail_from: Option<String>,
    /// Signs links and encrypts stored secrets: 32 random characters or more [default on SQLite: kept in the data folder]
    #[arg(
        long,
        global = true,
        env = "SECRET_KEY",
        value_name = "KEY",
        hide_env_values = true
    )]
    pub secret_key: Option<String>,
    /// How logs are written: pretty or json [default: pretty]
    #[arg(long, global = true, env = "LOG_FORMAT", value_name = "FORMAT")]
    pub log_format: Option<String>,
    /// Which logs are written, such as `info` or `warn,rhombus_provisioning=debug` [default: info]
    #[arg(long = "log", global = true, env = "RUST_LOG", value_name = "FILTER")]
    pub rust_log: Option<String>,
}

/// A setting as given; an empty one (`PUBLIC_URL=` in a compose file) is none.
fn given(value: &Option<String>) -> Option<&str> {
    value
        .as_deref()
        .map(str::trim)
        .filter(|value| !value.is_empty())
}

impl SettingArgs {
    /// The settings, checked. Opens no connection.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn resolve(&self) -> Result<Settings, SettingError> {
        let data_dir = PathBuf::from(given(&self.data_dir).unwrap_or("data"));
        let database_url = match given(&self.database_url) {
            Some(url) => check_database_url(url)?,
            None => format!("sqlite:{}", data_dir.join("rhombus.db").display()),
        };
        let listen_addr = address(
            "LISTEN_ADDR",
            given(&self.listen_addr).unwrap_or("127.0.0.1:3000"),
        )?;
        let metrics_addr = given(&self.metrics_addr)
            .map(|text| address("METRICS_ADDR", text))
            .transpose()?;
        let public_url = match given(&self.public_url) {
            Some(url) => check_public_url(url)?,
            None => default_public_url(listen_addr),
        };
        let secret_key = match given(&self.secret_key) {
            Some(text) => KeySource::Given(
                SecretKey::new(text)
                    .map_err(|error| wrong("SECRET_KEY", "...", error.to_string()))?,
            ),
            None if Dialect::of_url(&database_url) == Some(Dialect::Sqlite) => {
                KeySource::in_folder(&data_dir)
            }
            None => KeySource::Missing,
        };
        Ok(Settings {
            smtp: given(&self.smtp_url)
                .map(|url| mail::smtp_server(url, given(&self.smtp_ca_file)))
                .transpose()?,
            mail_from: mail::sender(given(&self.mail_from), &public_url)?,
            secret_key,
            database_url,
            listen_addr,
            metrics_addr,
            public_url,
            data_dir,
            log_retention_days: days("LOG_RETENTION_DAYS", &self.log_retention_days, 90)?,
            payload_retention_days: days(
                "PAYLOAD_RETENTION_DAYS",
                &self.payload_retention_days,
                30,
            )?,
            audit_retention_days: days("AUDIT_RETENTION_DAYS", &self.audit_retention_days, 730)?,
            trusted_proxies: given(&self.trusted_proxies)
                .unwrap_or_default()
                .split(',')
                .map(str::trim)
                .filter(|network| !network.is_empty())
                .map(trusted_proxy)
                .collect::<Result<_, _>>()?,
        })
    }

    /// How logs are written.
    ///
    /// # Errors
    /// When it is neither `pretty` nor `json`.
    pub fn log_format(&self) -> Result<LogFormat, SettingError> {
        match given(&self.log_format) {
            None | Some("pretty") => Ok(LogFormat::Pretty),
            Some("json") => Ok(LogFormat::Json),
            Some(other) => Err(wrong("LOG_FORMAT", other, "it must be pretty or json")),
        }
    }

    /// Which logs are written.
    pub fn log_filter(&self) -> Option<&str> {
        given(&self.rust_log)
    }

    /// Whether the public URL follows from the listening address.
    pub fn is_public_url_default(&self) -> bool {
        given(&self.public_url).is_none()
    }
}

fn wrong(name: &'static str, value: &str, reason: impl Into<String>) -> SettingError {
    SettingError {
        name,
        value: value.to_owned(),
        reason: reason.into(),
    }
}

fn check_database_url(url: &str) -> Result<String, SettingError> {
    // What is shown of a URL ends where user and password could begin.
    let shown = url.split_once(':').map_or("...", |(scheme, _)| scheme);
    let reason = match Dialect::of_url(url) {
        None => "it must begin with sqlite: or postgres://",
        Some(Dialect::Sqlite) if sqlite_path(url) == Path::new("") => {
            "a path must follow, such as sqlite:data/rhombus.db"
        }
        Some(Dialect::Postgres) if Url::parse(url).is_err() => {
            "it must look like postgres://USER:PASSWORD@HOST/DATABASE (special characters in the password as %XX)"
        }
        Some(_) => return Ok(url.to_owned()),
    };
    Err(wrong("DATABASE_URL", &format!("{shown}:..."), reason))
}

fn address(name: &'static str, text: &str) -> Result<SocketAddr, SettingError> {
    let address = text
        .strip_prefix("localhost:")
        .map_or_else(|| text.to_owned(), |port| format!("127.0.0.1:{port}"));
    address.parse().map_err(|_| {
        wrong(
            name,
            text,
            "it must be an address and a port, such as 127.0.0.1:3000",
        )
    })
}

/// What people on this computer open when nobody has said otherwise.
pub fn default_public_url(listen_addr: SocketAddr) -> String {
    if listen_addr.ip().is_unspecified() {
        format!("http://localhost:{}", listen_addr.port())
    } else {
        format!("http://{listen_addr}")
    }
}

fn check_public_url(text: &str) -> Result<String, SettingError> {
    let url = Url::parse(text).map_err(|error| {
        wrong(
            "PUBLIC_URL",
            text,
            format!("it must be a URL, such as https://provisioning.example.com ({error})"),
        )
    })?;
    let reason = if !matches!(url.scheme(), "http" | "https") {
        "it must begin with https:// or http://"
    } else if url.host_str().is_none() {
        "it names no host"
    } else if !url.username().is_empty() || url.password().is_some() {
        "it must hold no user and no password"
    } else if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
        "the service is at the top of its host: nothing may follow host and port"
    } else {
        return Ok(url.origin().ascii_serialization());
    };
    Err(wrong("PUBLIC_URL", text, reason))
}

fn days(name: &'static str, value: &Option<String>, default: u32) -> Result<u32, SettingError> {
    match given(value) {
        None => Ok(default),
        Some(text) => match text.parse() {
            Ok(days @ 1..=3_650) => Ok(days),
            _ => Err(wrong(
                name,
                text,
                "it must be a number of days from 1 to 3650",
            )),
        },
    }
}

fn trusted_proxy(text: &str) -> Result<IpNet, SettingError> {
    text.parse::<IpNet>()
        .or_else(|_| text.parse::<std::net::IpAddr>().map(IpNet::from))
        .map_err(|_| {
            wrong(
                "TRUSTED_PROXIES",
                text,
                "it must be addresses or networks with commas between, such as 10.0.0.0/8, 192.168.1.1",
            )
        })
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn args(set: impl FnOnce(&mut SettingArgs)) -> SettingArgs {
        let mut args = SettingArgs::default();
        set(&mut args);
        args
    }

    fn complaint(set: impl FnOnce(&mut SettingArgs)) -> String {
        args(set).resolve().unwrap_err().to_string()
    }

    #[test]
    fn nothing_needs_to_be_set() {
        let settings = args(|args| args.public_url = Some(String::new()))
            .resolve()
            .unwrap();
        assert_eq!(settings.database_url, "sqlite:data/rhombus.db");
        assert_eq!(settings.public_url, "http://127.0.0.1:3000");
        assert_eq!(
            settings.tenant_url("contoso"),
            "http://127.0.0.1:3000/scim/contoso/v2"
        );
        assert_eq!(
            (
                settings.log_retention_days,
                settings.payload_retention_days,
                settings.audit_retention_days
            ),
            (90, 30, 730)
        );
    }

    #[test]
    fn a_wrong_setting_is_named_with_the_reason() {
        let said = complaint(|args| args.listen_addr = Some("3000".to_owned()));
        assert!(
            said.starts_with("LISTEN_ADDR is \"3000\": it must be an address"),
            "{said}"
        );
        let said = complaint(|args| args.public_url = Some("provisioning.example.com".to_owned()));
        assert!(said.starts_with("PUBLIC_URL"), "{said}");
        let said = complaint(|args| args.public_url = Some("https://example.com/scim".to_owned()));
        assert!(said.contains("nothing may follow"), "{said}");
        let said = complaint(|args| args.log_retention_days = Some("-1".to_owned()));
        assert!(said.starts_with("LOG_RETENTION_DAYS"), "{said}");
        let said = complaint(|args| args.trusted_proxies = Some("10.0.0.0/8,nginx".to_owned()));
        assert!(said.starts_with("TRUSTED_PROXIES is \"nginx\""), "{said}");
    }

    #[test]
    fn the_database_password_is_never_shown() {
        let said =
            complaint(|args| args.database_url = Some("mysql://root:hunter2@db/x".to_owned()));
        assert!(
            said.starts_with("DATABASE_URL") && !said.contains("hunter2"),
            "{said}"
        );
        let settings = args(|args| {
            args.database_url = Some("postgres://root:hunter2@db/x".to_owned());
            args.smtp_url = Some("smtp://root:hunter2@mail.example.com".to_owned());
            args.secret_key = Some("hunter2".repeat(5));
        })
        .resolve()
        .unwrap();
        assert!(!format!("{settings:?}").contains("hunter2"));
        assert_eq!(settings.database_name(), "postgres://db/x");
        let elsewhere = database_name("postgres://root:hunter2@db:5433/x");
        assert_eq!(elsewhere, "postgres://db:5433/x");
    }

    #[test]
    fn only_sqlite_keeps_a_key_of_its_own() {
        let key = |url: &str| args(|args| args.database_url = Some(url.to_owned())).resolve();
        let source = key("sqlite:x.db").unwrap().secret_key;
        assert!(matches!(source, KeySource::File(path) if path == Path::new("data/secret.key")));
        let source = key("postgres://db/x").unwrap().secret_key;
        assert!(matches!(source, KeySource::Missing));
        let said = complaint(|args| args.secret_key = Some("hunter2".to_owned()));
        assert!(
            said.starts_with("SECRET_KEY is ") && !said.contains("hunter2"),
            "{said}"
        );
    }

    #[test]
    fn public_urls_lose_their_slash() {
        let settings =
            args(|args| args.public_url = Some("https://Provisioning.Example.com/".to_owned()))
                .resolve()
                .unwrap();
        assert_eq!(settings.public_url, "https://provisioning.example.com");
        assert!(settings.is_https());
        assert_eq!(
            default_public_url("0.0.0.0:80".parse().unwrap()),
            "http://localhost:80"
        );
    }
}
