//! Mails as files, for a deployment without a mail server.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::message::Message;
use super::{Accepted, Mail, Refusal};
use crate::server::clock::Millis;
use crate::server::ids;

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

/// Deletes the files of mails that were written before that time; answers how many.
pub(super) async fn purge(data_dir: &Path, before: Millis) -> io::Result<usize> {
    let folder = Folder::new(data_dir).0;
    let purged = tokio::task::spawn_blocking(move || purge_files(&folder, before)).await;
    purged.map_err(io::Error::other)?
}

fn purge_files(folder: &Path, before: Millis) -> io::Result<usize> {
    let files = match fs::read_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
        files => files?,
    };
    let mut purged = 0;
    for file in files {
        let path = file?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        // Drafts too, and nothing that is not ours.
        let id = name
            .and_then(|name| name.split_once(".eml"))
            .map(|(id, _)| id);
        if id.and_then(ids::made_at).is_some_and(|at| at < before) {
            fs::remove_file(&path)?;
            purged += 1;
        }
    }
    Ok(purged)
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

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[tokio::test]
    async fn files_of_old_mails_are_deleted_and_nothing_else() {
        let data = tempfile::tempdir().unwrap();
        assert_eq!(
            purge(data.path(), Millis::MAX).await.unwrap(),
            0,
            "no folder"
        );
        let folder = data.path().join(NAME);
        fs::create_dir(&folder).unwrap();
        let (old, new) = (ids::new_id(1_000_000), ids::new_id(2_000_000));
        let names = [
            format!("{old}.eml"),
            format!("{old}.eml.new"),
            format!("{new}.eml"),
            "notes.eml".to_owned(),
            "notes.txt".to_owned(),
        ];
        for name in &names {
            fs::write(folder.join(name), "").unwrap();
        }
        assert_eq!(purge(data.path(), 1_500_000).await.unwrap(), 2);
        let left = names.iter().filter(|name| folder.join(name).exists());
        assert_eq!(left.collect::<Vec<_>>(), [&names[2], &names[3], &names[4]]);
    }
}
