//! Mails as files, for a deployment without a mail server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::message::Message;
use super::{Accepted, Mail, Refusal};

/// The folder in the data folder.
const NAME: &str = "mail";

/// Where the files are.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn new(data_dir: &Path) -> Self {
        let path = data_dir.join(NAME);
        Self(std::path::absolute(&path).unwrap_or(path))
    }

    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// Writes the mail's file; another attempt writes the same one.
    pub(super) async fn keep(&self, mail: &Mail, message: &Message) -> Result<Accepted, Refusal> {
        let name: String = mail
            .id
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
            .collect();
        let path = self.0.join(format!("{name}.eml"));
        let (bytes, target) = (message.bytes.clone(), path.clone());
        let written = tokio::task::spawn_blocking(move || write(&target, &bytes)).await;
        let failed = |error: &dyn std::fmt::Display| {
            Refusal::for_now(format!(
                "The mail could not be written to {}: {error}.",
                path.display()
            ))
        };
        match written {
            Ok(Ok(())) => Ok(Accepted {
                answer: path.display().to_string(),
            }),
            Ok(Err(error)) => Err(failed(&error)),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// Whole or not at all, and for this user alone: there are links in it.
fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    if let Some(folder) = path.parent() {
        let mut builder = fs::DirBuilder::new();
        builder.recursive(true);
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
        builder.create(folder)?;
    }
    let draft = path.with_extension("eml.new");
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
