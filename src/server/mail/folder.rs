//! Mails as files, for a deployment without a mail server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::message::Message;
use super::{Accepted, Mail, Refusal};

/// The folder in the data folder.
const NAME: &str = "mail";
/// What a file ends with until it is whole.
const DRAFT: &str = "eml.new";

/// Where the files are.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    /// In the data folder, which need not be there yet.
    pub(super) fn new(data_dir: &Path) -> Self {
        let path = data_dir.join(NAME);
        Self(std::path::absolute(&path).unwrap_or(path))
    }

    /// The folder's absolute path.
    pub(super) fn path(&self) -> &Path {
        &self.0
    }

    /// The file of the mail with this id.
    fn file(&self, id: &str) -> PathBuf {
        let name: String = id
            .chars()
            .filter(|letter| letter.is_ascii_alphanumeric() || *letter == '-')
            .collect();
        self.0.join(format!("{name}.eml"))
    }

    /// Removes the files of these mails, those that there are.
    pub(super) async fn remove(&self, ids: Vec<String>) -> io::Result<()> {
        let folder = self.clone();
        let removed = tokio::task::spawn_blocking(move || {
            for id in &ids {
                let path = folder.file(id);
                remove(&path)?;
                remove(&path.with_extension(DRAFT))?;
            }
            Ok(())
        });
        removed.await?
    }

    /// Removes the files that were written before; answers how many.
    pub(super) async fn remove_older(&self, before: SystemTime) -> io::Result<u64> {
        let folder = self.0.clone();
        tokio::task::spawn_blocking(move || remove_older(&folder, before)).await?
    }

    /// Writes the mail's file; another attempt writes the same one.
    pub(super) async fn keep(&self, mail: &Mail, message: &Message) -> Result<Accepted, Refusal> {
        let path = self.file(&mail.id);
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

/// Whether a file is one of ours, or one that was not finished.
fn is_mail(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str());
    name.is_some_and(|name| name.ends_with(".eml") || name.ends_with(".eml.new"))
}

fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(io::Error::new(
            error.kind(),
            format!("{}: {error}", path.display()),
        )),
        _ => Ok(()),
    }
}

fn remove_older(folder: &Path, before: SystemTime) -> io::Result<u64> {
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        files => files?,
    };
    let (mut removed, mut staying) = (0, None);
    for file in files {
        let path = file?.path();
        // Another process may remove it first.
        let is_old = fs::metadata(&path)
            .and_then(|metadata| metadata.modified())
            .is_ok_and(|modified| modified < before);
        if is_old && is_mail(&path) {
            match remove(&path) {
                Ok(()) => removed += 1,
                // The others go all the same.
                Err(error) => staying = Some(error),
            }
        }
    }
    match staying {
        Some(error) => Err(error),
        None => Ok(removed),
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
    let draft = path.with_extension(DRAFT);
    let mut options = fs::OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(&draft)?;
    io::Write::write_all(&mut file, bytes)?;
    file.sync_all()?;
    fs::rename(&draft, path)
}
