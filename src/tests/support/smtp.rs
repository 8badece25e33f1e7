//! A mail server on a real socket (RFC 5321), as well or as badly mannered as a test wants it.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rhombus_provisioning::server::settings::{SettingArgs, Settings};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::pki_types::PrivateKeyDer;

/// How a session is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    Plain,
    Starttls,
    Tls,
}

/// What the server does with mail. Codes and texts are those of servers in use.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Conduct {
    Accept,
    /// `554` instead of a greeting.
    TurnAway,
    /// At `MAIL FROM`.
    RefuseSender,
    /// At `RCPT TO`, for good.
    RefuseRecipient,
    /// At `RCPT TO`, to see who comes again.
    Greylist,
    /// At `MAIL FROM`: nobody may without signing in.
    WantLogin,
    /// After the mail, for good.
    RefuseContent,
    /// Says nothing more after the mail.
    Hang,
    /// Breaks the connection after the mail.
    Die,
    /// Takes the mail, then breaks the connection.
    AcceptThenDie,
}

/// A server's ways.
#[derive(Debug, Clone)]
pub struct Ways {
    pub security: Security,
    /// The mechanism, user and password without which there is no mail.
    pub login: Option<(&'static str, &'static str, &'static str)>,
    pub knows_utf8: bool,
}

impl Default for Ways {
    fn default() -> Self {
        Self {
            security: Security::Plain,
            login: None,
            knows_utf8: false,
        }
    }
}

/// A mail that came in whole.
#[derive(Debug, Clone)]
pub struct Received {
    pub hello: String,
    pub is_encrypted: bool,
    pub user: Option<String>,
    /// `MAIL FROM:` and all that follows.
    pub from: String,
    pub to: String,
    /// Without the dots that the protocol adds.
    pub text: String,
}

impl Received {
    /// A header, unfolded; "" if there is none.
    pub fn header(&self, name: &str) -> String {
        let head = self.text.split("\r\n\r\n").next().unwrap_or_default();
        let head = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        head.lines()
            .filter_map(|line| line.split_once(": "))
            .find(|(found, _)| found.eq_ignore_ascii_case(name))
            .map_or_else(String::new, |(_, value)| value.trim().to_owned())
    }

    /// The part of a content type, decoded.
    pub fn part(&self, content_type: &str) -> String {
        let part = self
            .text
            .split("\r\n--")
            .find(|part| part.contains(&format!("Content-Type: {content_type}")))
            .expect("a part of this type");
        let (head, body) = part.split_once("\r\n\r\n").unwrap();
        let bytes = if head.contains("quoted-printable") {
            from_quoted_printable(body)
        } else if head.contains("base64") {
            STANDARD.decode(body.replace("\r\n", "")).unwrap()
        } else {
            body.as_bytes().to_vec()
        };
        String::from_utf8(bytes).unwrap().replace("\r\n", "\n")
    }
}

fn from_quoted_printable(text: &str) -> Vec<u8> {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        if byte != b'=' {
            bytes.push(byte);
            continue;
        }
        let digits = [rest.next().unwrap(), rest.next().unwrap()];
        let digits = std::str::from_utf8(&digits).unwrap();
        bytes.push(u8::from_str_radix(digits, 16).unwrap());
    }
    bytes
}

/// A running server.
pub struct SmtpServer {
    pub address: SocketAddr,
    ways: Ways,
    folder: tempfile::TempDir,
    shared: Arc<Shared>,
    accepting: tokio::task::JoinHandle<()>,
}

struct Shared {
    conduct: Mutex<Conduct>,
    sessions: AtomicUsize,
    received: Mutex<Vec<Received>>,
    /// Every command as it came, without passwords.
    commands: Mutex<Vec<String>>,
}

impl Drop for SmtpServer {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

impl SmtpServer {
    /// A server that accepts all mail.
    pub async fn start(ways: Ways) -> Self {
        let made =
            rcgen::generate_simple_self_signed(["localhost".to_owned(), "127.0.0.1".to_owned()])
                .unwrap();
        let key = PrivateKeyDer::Pkcs8(made.signing_key.serialize_der().into());
        let config = ServerConfig::builder()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ca.pem"), made.cert.pem()).unwrap();

        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let shared = Arc::new(Shared {
            conduct: Mutex::new(Conduct::Accept),
            sessions: AtomicUsize::new(0),
            received: Mutex::default(),
            commands: Mutex::default(),
        });
        let accepting = tokio::spawn({
            let (shared, ways) = (Arc::clone(&shared), ways.clone());
            async move {
                while let Ok((stream, _)) = listener.accept().await {
                    shared.sessions.fetch_add(1, Ordering::SeqCst);
                    let session = Session {
                        shared: Arc::clone(&shared),
                        ways: ways.clone(),
                        acceptor: acceptor.clone(),
                        stream: Box::new(stream),
                        is_encrypted: false,
                        hello: String::new(),
                        user: None,
                        from: String::new(),
                        to: String::new(),
                    };
                    tokio::spawn(session.run());
                }
            }
        });
        Self {
            address,
            ways,
            folder,
            shared,
            accepting,
        }
    }

    /// From now on.
    pub fn conduct(&self, conduct: Conduct) {
        *self.shared.conduct.lock().unwrap() = conduct;
    }

    /// Connections that there have been.
    pub fn sessions(&self) -> usize {
        self.shared.sessions.load(Ordering::SeqCst)
    }

    /// The mails that came in whole, accepted or not.
    pub fn received(&self) -> Vec<Received> {
        self.shared.received.lock().unwrap().clone()
    }

    /// What was said to it, without passwords.
    pub fn commands(&self) -> Vec<String> {
        self.shared.commands.lock().unwrap().clone()
    }

    /// The certificate that it shows.
    pub fn ca_file(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// The `SMTP_URL` that fits it.
    pub fn url(&self) -> String {
        let login = match self.ways.login {
            Some((_, user, password)) => format!("{user}:{password}@"),
            None => String::new(),
        };
        let address = self.address;
        match self.ways.security {
            Security::Plain => format!("smtp://{login}{address}"),
            Security::Starttls => format!("smtp://{login}{address}?tls=required"),
            Security::Tls => format!("smtps://{login}{address}"),
        }
    }

    /// Settings of a deployment that sends by it.
    pub fn settings(&self) -> Settings {
        self.settings_with(&self.url(), true)
    }

    /// As [`SmtpServer::settings`], with another URL, or without trusting its certificate.
    pub fn settings_with(&self, url: &str, is_trusted: bool) -> Settings {
        let arguments = SettingArgs {
            data_dir: Some(self.folder.path().display().to_string()),
            public_url: Some("https://provisioning.test".to_owned()),
            smtp_url: Some(url.to_owned()),
            smtp_ca_file: is_trusted.then(|| self.ca_file().display().to_string()),
            ..SettingArgs::default()
        };
        arguments.resolve().unwrap()
    }
}

trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}
impl<T: AsyncRead + AsyncWrite + Unpin + Send> Stream for T {}

struct Session {
    shared: Arc<Shared>,
    ways: Ways,
    acceptor: TlsAcceptor,
    stream: Box<dyn Stream>,
    is_encrypted: bool,
    hello: String,
    user: Option<String>,
    from: String,
    to: String,
}

/// Whether the session goes on.
type Goes = Option<()>;

impl Session {
    async fn run(mut self) {
        let _ = self.talk().await;
    }

    async fn talk(&mut self) -> Goes {
        if self.ways.security == Security::Tls {
            self.encrypt().await?;
        }
        if self.conduct() == Conduct::TurnAway {
            return self.say("554 5.3.2 No SMTP service here").await;
        }
        self.say("220 mail.test ESMTP").await?;
        loop {
            let line = self.line().await?;
            let verb = line.split(' ').next().unwrap_or_default().to_uppercase();
            let kept = if verb == "AUTH" { "AUTH ..." } else { &line };
            self.shared.commands.lock().unwrap().push(kept.to_owned());
            match verb.as_str() {
                "EHLO" => self.greet(&line).await?,
                "STARTTLS" => {
                    self.say("220 2.0.0 Ready to start TLS").await?;
                    self.encrypt().await?;
                }
                "AUTH" => self.sign_in(&line).await?,
                "MAIL" => self.sender(&line).await?,
                "RCPT" => self.recipient(&line).await?,
                "DATA" => self.content().await?,
                "NOOP" | "RSET" => self.say("250 2.0.0 Ok").await?,
                "QUIT" => {
                    self.say("221 2.0.0 Bye").await?;
                    return None;
                }
                _ => self.say("502 5.5.2 Command not recognized").await?,
            }
        }
    }

    async fn greet(&mut self, line: &str) -> Goes {
        self.hello = line.split_once(' ')?.1.to_owned();
        let mut lines = vec!["mail.test".to_owned(), "8BITMIME".to_owned()];
        if self.ways.knows_utf8 {
            lines.push("SMTPUTF8".to_owned());
        }
        if self.ways.security == Security::Starttls && !self.is_encrypted {
            lines.push("STARTTLS".to_owned());
        } else if let Some((mechanism, ..)) = self.ways.login {
            lines.push(format!("AUTH {mechanism}"));
        }
        let last = lines.len() - 1;
        for (at, line) in lines.iter().enumerate() {
            let mark = if at == last { ' ' } else { '-' };
            self.say(&format!("250{mark}{line}")).await?;
        }
        Some(())
    }

    async fn sign_in(&mut self, line: &str) -> Goes {
        let (_, user, password) = self.ways.login?;
        let decoded = |text: &str| String::from_utf8(STANDARD.decode(text).ok()?).ok();
        let words: Vec<&str> = line.split(' ').collect();
        let given = if words[1] == "PLAIN" {
            decoded(words[2])?
        } else {
            let mut given = String::new();
            for question in ["Username:", "Password:"] {
                self.say(&format!("334 {}", STANDARD.encode(question)))
                    .await?;
                given.push('\0');
                given.push_str(&decoded(&self.line().await?)?);
            }
            given
        };
        if given != format!("\0{user}\0{password}") {
            return self
                .say("535 5.7.8 Authentication credentials invalid")
                .await;
        }
        self.user = Some(user.to_owned());
        self.say("235 2.7.0 Authentication succeeded").await
    }

    async fn sender(&mut self, line: &str) -> Goes {
        if self.conduct() == Conduct::WantLogin {
            return self.say("530 5.7.0 Authentication required").await;
        }
        if self.conduct() == Conduct::RefuseSender {
            return self
                .say("550 5.7.60 Client does not have permission to send as this sender")
                .await;
        }
        self.from = line.to_owned();
        self.say("250 2.1.0 Ok").await
    }

    async fn recipient(&mut self, line: &str) -> Goes {
        match self.conduct() {
            Conduct::RefuseRecipient => self.say("550 5.1.1 No such user here").await,
            Conduct::Greylist => self.say("451 4.7.1 Greylisted, please try again").await,
            _ => {
                self.to = line.to_owned();
                self.say("250 2.1.5 Ok").await
            }
        }
    }

    async fn content(&mut self) -> Goes {
        self.say("354 End data with <CR><LF>.<CR><LF>").await?;
        let mut text = String::new();
        loop {
            let line = self.line().await?;
            if line == "." {
                break;
            }
            text.push_str(line.strip_prefix('.').unwrap_or(&line));
            text.push_str("\r\n");
        }
        let count = {
            let mut received = self.shared.received.lock().unwrap();
            received.push(Received {
                hello: self.hello.clone(),
                is_encrypted: self.is_encrypted,
                user: self.user.clone(),
                from: self.from.clone(),
                to: self.to.clone(),
                text,
            });
            received.len()
        };
        let accepted = format!("250 2.0.0 Ok: queued as {count}");
        match self.conduct() {
            Conduct::RefuseContent => self.say("554 5.6.0 Message rejected as spam").await,
            Conduct::Die => None,
            Conduct::Hang => {
                tokio::time::sleep(Duration::from_secs(600)).await;
                None
            }
            Conduct::AcceptThenDie => {
                self.say(&accepted).await?;
                None
            }
            _ => self.say(&accepted).await,
        }
    }

    fn conduct(&self) -> Conduct {
        *self.shared.conduct.lock().unwrap()
    }

    async fn encrypt(&mut self) -> Goes {
        let plain = std::mem::replace(&mut self.stream, Box::new(tokio::io::duplex(1).0));
        self.stream = Box::new(self.acceptor.accept(plain).await.ok()?);
        self.is_encrypted = true;
        Some(())
    }

    async fn say(&mut self, line: &str) -> Goes {
        self.stream
            .write_all(format!("{line}\r\n").as_bytes())
            .await
            .ok()?;
        self.stream.flush().await.ok()
    }

    async fn line(&mut self) -> Option<String> {
        let mut line = Vec::new();
        while !line.ends_with(b"\r\n") {
            line.push(self.stream.read_u8().await.ok()?);
        }
        line.truncate(line.len() - 2);
        String::from_utf8(line).ok()
    }
}
