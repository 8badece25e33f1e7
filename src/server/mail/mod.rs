//! Sending a mail that is ready: to the deployment's SMTP server, or as a file into the data folder where it has none.

use std::io;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use crate::model::address::{Address, Sender};
use crate::server::clock::Millis;
use crate::server::settings::Settings;

mod folder;
mod message;
mod smtp;

use folder::Folder;
use smtp::Smtp;

/// A mail ready to go out.
#[derive(Debug, Clone)]
pub struct Mail {
    /// What its Message-ID is made of: the same at every attempt, so that a mail which was accepted without our hearing
    /// of it can be recognized.
    pub id: String,
    /// When it was written.
    pub at: Millis,
    pub to: Address,
    pub subject: String,
    pub text: String,
    pub html: String,
    /// Where a POST stops further mails (RFC 8058); none for those that somebody has asked for.
    pub unsubscribe_url: Option<String>,
}

/// A mail that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Accepted {
    /// The server's words, or the path of the file.
    pub answer: String,
}

/// A mail that was not taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// Whether it would be refused again: the server has refused this recipient or this mail for good. What operators can
    /// mend (a password, a sender, a broken network) is not final, and the mail waits for it.
    pub is_final: bool,
    /// What happened, in a sentence, with the server's own words.
    pub answer: String,
}

impl Refusal {
    fn for_now(answer: impl Into<String>) -> Self {
        Self {
            is_final: false,
            answer: answer.into(),
        }
    }

    fn for_good(answer: impl Into<String>) -> Self {
        Self {
            is_final: true,
            answer: answer.into(),
        }
    }
}

/// Where mail goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Destination {
    Smtp {
        host: String,
    },
    /// Nobody gets it until somebody looks there.
    Folder {
        path: PathBuf,
    },
}

/// Sends mails. Cloning shares its connections.
#[derive(Debug, Clone)]
pub struct Mailer {
    from: Sender,
    /// Mail goes into the folder where there is none.
    smtp: Option<Smtp>,
    folder: Folder,
}

impl Mailer {
    /// The mailer of a deployment.
    pub fn new(settings: &Settings) -> Self {
        let server = settings.smtp.clone();
        Self {
            from: settings.mail_from.clone(),
            smtp: server.map(|server| Smtp::new(server, &settings.public_url)),
            folder: Folder::new(&settings.data_dir),
        }
    }

    /// With another time for one attempt than half a minute.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        if let Some(smtp) = &mut self.smtp {
            smtp.time_limit = limit;
        }
        self
    }

    /// Sends a mail, once. It ends within half a minute.
    ///
    /// # Errors
    /// When it was not taken. If the connection broke at the very end, it may have been taken all the same.
    pub async fn send(&self, mail: &Mail) -> Result<Accepted, Refusal> {
        let message = message::of(mail, &self.from)?;
        match &self.smtp {
            Some(smtp) => smtp.send(&message).await,
            None => self.folder.keep(mail, &message).await,
        }
    }

    /// Removes the files of these mails from this computer, also those of a time without a mail server.
    ///
    /// # Errors
    /// When one is there and stays.
    pub async fn remove_files(&self, ids: Vec<String>) -> io::Result<()> {
        self.folder.remove(ids).await
    }

    /// Removes the files that were written before; answers how many.
    ///
    /// # Errors
    /// When one stays; the others are gone.
    pub async fn remove_files_older(&self, before: SystemTime) -> io::Result<u64> {
        self.folder.remove_older(before).await
    }

    /// Where mail goes, for the page that says so.
    pub fn destination(&self) -> Destination {
        match &self.smtp {
            Some(smtp) => Destination::Smtp {
                host: smtp.host().to_owned(),
            },
            None => Destination::Folder {
                path: self.folder.path().to_owned(),
            },
        }
    }

    /// Says goodbye to servers that are still connected.
    pub async fn finish(&self) {
        if let Some(smtp) = &self.smtp {
            smtp.finish().await;
        }
    }
}
