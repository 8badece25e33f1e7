//! Sending over SMTP (RFC 5321): one attempt, its steps, and what a refusal at each of them means.

use std::error::Error as _;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use futures_util::future::join_all;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials, DEFAULT_MECHANISMS};
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::{ClientId, Extension, MailBodyParameter, MailParameter};
use lettre::transport::smtp::response::Response;
use tokio::time::{Instant, sleep, timeout};
use url::{Host, Url};

use super::message::Message;
use super::{Accepted, Refusal};
use crate::server::settings::{Encryption, SmtpServer};

/// How long one attempt may take in all.
const TIME_LIMIT: Duration = Duration::from_secs(30);

/// How long a connection waits for the next mail, and how many do. A storm needs no handshake for each mail, and
/// nobody's server is kept busy by us for longer.
const IDLE: Duration = Duration::from_secs(20);
const MOST_IDLE: usize = 4;

/// How long a connection that waited has to show that it still works.
const PROBE: Duration = Duration::from_secs(3);

/// Characters of a server's answer that are kept.
const LONGEST_ANSWER: usize = 400;

/// The way to one server. lettre's own pool would hand on a connection whose last attempt was abandoned in the middle,
/// and with it the answers to that one; here a connection comes back only after a mail that was taken.
#[derive(Clone)]
pub(super) struct Smtp {
    server: Arc<SmtpServer>,
    hello: ClientId,
    pub(super) time_limit: Duration,
    idle: Arc<Mutex<Vec<Idle>>>,
}

struct Idle {
    connection: AsyncSmtpConnection,
    since: Instant,
}

/// How far an attempt has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Connect,
    Encrypt,
    SignIn,
    Sender,
    Recipient,
    Content,
    Answer,
}

/// Why an attempt ended early.
enum Ending {
    /// At its step.
    Failed(Error),
    /// By a rule of our own.
    Refused(Refusal),
}

impl From<Error> for Ending {
    fn from(error: Error) -> Self {
        Self::Failed(error)
    }
}

impl fmt::Debug for Smtp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Smtp")
            .field("server", &self.server)
            .finish_non_exhaustive()
    }
}

impl Smtp {
    /// Opens no connection yet. The host of `public_url` is what it greets the server with.
    pub(super) fn new(server: SmtpServer, public_url: &str) -> Self {
        let url = Url::parse(public_url).ok();
        let hello = match url.as_ref().and_then(Url::host) {
            Some(Host::Domain(name)) => ClientId::Domain(name.to_owned()),
            Some(Host::Ipv4(address)) => ClientId::Ipv4(address),
            Some(Host::Ipv6(address)) => ClientId::Ipv6(address),
            None => ClientId::default(),
        };
        Self {
            server: Arc::new(server),
            hello,
            time_limit: TIME_LIMIT,
            idle: Arc::default(),
        }
    }

    /// The server's name.
    pub(super) fn host(&self) -> &str {
        &self.server.host
    }

    /// One attempt.
    pub(super) async fn send(&self, message: &Message) -> Result<Accepted, Refusal> {
        let mut step = Step::Connect;
        // Abandoned in the middle, the attempt drops its connection: nobody reads an answer that was not for them.
        let ended = timeout(self.time_limit, self.attempt(message, &mut step)).await;
        match ended {
            Ok(Ok(response)) => {
                let lines: Vec<&str> = response.message().collect();
                Ok(Accepted {
                    answer: shortened(&format!("{} {}", response.code(), lines.join(" "))),
                })
            }
            Ok(Err(Ending::Refused(refusal))) => Err(refusal),
            Ok(Err(Ending::Failed(error))) => Err(self.refusal(message, step, &error)),
            Err(_) => Err(Refusal::for_now(format!(
                "The mail server {} did not answer in time ({}).{}",
                self.host(),
                seconds(self.time_limit),
                may_have_arrived(step)
            ))),
        }
    }

    async fn attempt(&self, message: &Message, step: &mut Step) -> Result<Response, Ending> {
        let mut connection = match self.idle_connection().await {
            Some(connection) => connection,
            None => self.connect(step).await?,
        };
        *step = Step::Sender;
        let parameters = self.parameters(message, &connection)?;
        let sender = Mail::new(Some(message.from.clone()), parameters);
        connection.command(sender).await?;
        *step = Step::Recipient;
        let recipient = Rcpt::new(message.to.clone(), Vec::new());
        connection.command(recipient).await?;
        *step = Step::Content;
        connection.command(Data).await?;
        *step = Step::Answer;
        let response = connection.message(&message.bytes).await?;
        self.keep(connection);
        Ok(response)
    }

    /// A new connection, encrypted and signed in as the settings say.
    async fn connect(&self, step: &mut Step) -> Result<AsyncSmtpConnection, Ending> {
        *step = Step::Connect;
        let SmtpServer {
            host,
            port,
            encryption,
            login,
        } = &*self.server;
        let tls = match encryption {
            Encryption::Tls(parameters) => Some(parameters.clone()),
            Encryption::Starttls(_) | Encryption::None => None,
        };
        let address = (host.as_str(), *port);
        // The time is limited as a whole.
        let mut connection =
            AsyncSmtpConnection::connect_tokio1(address, None, &self.hello, tls, None).await?;
        if let Encryption::Starttls(parameters) = encryption {
            *step = Step::Encrypt;
            if !connection.can_starttls() {
                return Err(Ending::Refused(Refusal::for_now(format!(
                    "The mail server {host} offers no encryption (STARTTLS), and mail is not sent in the clear. Use \
                     smtps:// or ?tls=none in SMTP_URL."
                ))));
            }
            connection.starttls(parameters.clone(), &self.hello).await?;
        }
        if let Some(login) = login {
            *step = Step::SignIn;
            let password = login.password.reveal().to_owned();
            let credentials = Credentials::new(login.user.clone(), password);
            connection.auth(DEFAULT_MECHANISMS, &credentials).await?;
        }
        Ok(connection)
    }

    /// What the server must be able to do for this message.
    fn parameters(
        &self,
        message: &Message,
        connection: &AsyncSmtpConnection,
    ) -> Result<Vec<MailParameter>, Ending> {
        let can = |extension| connection.server_info().supports_feature(extension);
        let mut parameters = Vec::new();
        if message.has_international_address() {
            if !can(Extension::SmtpUtfEight) {
                return Err(Ending::Refused(Refusal::for_good(format!(
                    "The mail server {} takes no address with letters beyond a-z before the @ (SMTPUTF8): use \
                     another address of this person.",
                    self.host()
                ))));
            }
            parameters.push(MailParameter::SmtpUtfEight);
        }
        // Bodies are encoded: only such an address is written in UTF-8, and who knows SMTPUTF8 knows 8BITMIME.
        if !message.bytes.is_ascii() {
            parameters.push(MailParameter::Body(MailBodyParameter::EightBitMime));
        }
        Ok(parameters)
    }

    /// What an error at a step means.
    fn refusal(&self, message: &Message, step: Step, error: &Error) -> Refusal {
        let host = self.host();
        let port = self.server.port;
        let words = words(error);
        let Some(code) = error.status() else {
            return Refusal::for_now(match step {
                Step::Connect => {
                    format!("The mail server {host}:{port} could not be reached: {words}.")
                }
                Step::Encrypt => {
                    format!(
                        "The connection to the mail server {host} could not be encrypted: {words}."
                    )
                }
                Step::SignIn if error.is_client() => format!(
                    "The mail server {host} offers no way to sign in with a user and a password (PLAIN or LOGIN)."
                ),
                Step::SignIn | Step::Sender | Step::Recipient | Step::Content | Step::Answer => {
                    format!(
                        "The connection to the mail server {host} broke: {words}.{}",
                        may_have_arrived(step)
                    )
                }
            });
        };
        let answer = match step {
            Step::Connect => format!("The mail server {host} takes no mail from here: {words}"),
            Step::Encrypt => format!("The mail server {host} refused encryption: {words}"),
            Step::SignIn => {
                format!("The mail server {host} refused the user and password of SMTP_URL: {words}")
            }
            Step::Sender => format!(
                "The mail server refused the sender {}: {words}",
                message.from
            ),
            Step::Recipient => format!("The mail server refused the recipient: {words}"),
            Step::Content | Step::Answer => {
                format!("The mail server refused the mail: {words}")
            }
        };
        // RFC 4954: who must sign in first has said nothing about this mail.
        let is_about_us = matches!(u16::from(code), 530 | 534 | 535 | 538);
        let is_about_mail = matches!(step, Step::Recipient | Step::Content | Step::Answer);
        Refusal {
            is_final: error.is_permanent() && is_about_mail && !is_about_us,
            answer,
        }
    }

    /// A connection that waited and still works.
    async fn idle_connection(&self) -> Option<AsyncSmtpConnection> {
        loop {
            let Idle {
                mut connection,
                since,
            } = self.idle().pop()?;
            let is_alive = since.elapsed() < IDLE
                && timeout(PROBE, connection.test_connected()).await == Ok(true);
            if is_alive {
                return Some(connection);
            }
        }
    }

    /// Lets a connection wait for the next mail; for a while.
    fn keep(&self, connection: AsyncSmtpConnection) {
        let since = Instant::now();
        let mut idle = self.idle();
        if connection.has_broken() || idle.len() >= MOST_IDLE {
            return;
        }
        idle.push(Idle { connection, since });
        drop(idle);
        let smtp = self.clone();
        tokio::spawn(async move {
            sleep(IDLE).await;
            smtp.close(since).await;
        });
    }

    /// Ends what waits since `time` or longer.
    async fn close(&self, time: Instant) {
        let old: Vec<Idle> = {
            let mut idle = self.idle();
            let (old, young) = idle.drain(..).partition(|idle| idle.since <= time);
            *idle = young;
            old
        };
        join_all(old.into_iter().map(async |mut idle| {
            let _ = timeout(PROBE, idle.connection.quit()).await;
        }))
        .await;
    }

    /// Closes the connections that wait for the next mail.
    pub(super) async fn finish(&self) {
        self.close(Instant::now()).await;
    }

    fn idle(&self) -> MutexGuard<'_, Vec<Idle>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// After the last byte only the server knows.
fn may_have_arrived(step: Step) -> &'static str {
    match step {
        Step::Answer => " The mail may have arrived all the same.",
        _ => "",
    }
}

fn seconds(time: Duration) -> String {
    match time.as_secs() {
        1 => "1 second".to_owned(),
        seconds => format!("{seconds} seconds"),
    }
}

/// The server's own words with their code, or the cause below the library's.
fn words(error: &Error) -> String {
    let cause = error
        .source()
        .map_or_else(|| error.to_string(), ToString::to_string);
    let words = match error.status() {
        Some(code) => format!("{code} {cause}"),
        None => cause,
    };
    shortened(&words)
}

/// One line, of a length that a table can hold.
fn shortened(text: &str) -> String {
    let line = text.replace(|letter: char| letter.is_control(), " ");
    let line = line.split_whitespace().collect::<Vec<_>>().join(" ");
    if line.chars().count() <= LONGEST_ANSWER {
        return line;
    }
    let begin: String = line.chars().take(LONGEST_ANSWER - 1).collect();
    format!("{begin}…")
}
