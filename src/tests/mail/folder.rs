//! Mail where no server is set.

use std::time::{Duration, UNIX_EPOCH};

use rhombus_provisioning::server::mail::{Destination, Mailer};

use super::mail;
use crate::support::app::settings;

#[tokio::test]
async fn without_a_server_mails_are_files_that_nobody_else_reads() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings("sqlite:unused.db");
    settings.data_dir = folder.path().to_owned();
    let mailer = Mailer::new(&settings);
    let path = folder.path().join("mail");
    assert_eq!(
        mailer.destination(),
        Destination::Folder { path: path.clone() }
    );

    let mut letter = mail("dana@contoso.com");
    let accepted = mailer.send(&letter).await.unwrap();
    let file = path.join(format!("{}.eml", letter.id));
    assert_eq!(accepted.answer, file.display().to_string());
    let text = std::fs::read_to_string(&file).unwrap();
    assert!(text.contains("To: dana@contoso.com\r\n"), "{text}");
    #[cfg(unix)]
    for (path, expected) in [(&path, 0o700), (&file, 0o600)] {
        let permissions = std::fs::metadata(path).unwrap().permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&permissions);
        assert_eq!(mode & 0o777, expected, "{}", path.display());
    }
    // Another attempt is the same mail.
    mailer.send(&letter).await.unwrap();
    assert_eq!(std::fs::read_dir(&path).unwrap().count(), 1);

    letter.id = "../../elsewhere".to_owned();
    let accepted = mailer.send(&letter).await.unwrap();
    assert_eq!(
        accepted.answer,
        path.join("elsewhere.eml").display().to_string()
    );
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("mail"), "in the way").unwrap();
    let mut settings = settings("sqlite:unused.db");
    settings.data_dir = folder.path().to_owned();
    let refusal = Mailer::new(&settings)
        .send(&mail("dana@contoso.com"))
        .await
        .unwrap_err();
    assert!(!refusal.is_final);
    let path = folder.path().join("mail").display().to_string();
    assert!(refusal.answer.contains(&path), "{}", refusal.answer);
}

#[tokio::test]
async fn an_old_file_that_stays_is_named_and_keeps_no_other() {
    let folder = tempfile::tempdir().unwrap();
    let mut settings = settings("sqlite:unused.db");
    settings.data_dir = folder.path().to_owned();
    let path = folder.path().join("mail");
    // In whatever order they are listed, one that cannot be removed as files are comes before one that can.
    for index in 0..10 {
        std::fs::create_dir_all(path.join(format!("stays-{index}.eml"))).unwrap();
        std::fs::write(path.join(format!("goes-{index}.eml")), "").unwrap();
    }
    let later = UNIX_EPOCH + Duration::from_secs(1 << 33);
    let error = Mailer::new(&settings)
        .remove_files_older(later)
        .await
        .unwrap_err();
    assert!(error.to_string().contains("stays-"), "{error}");
    let left = std::fs::read_dir(&path).unwrap();
    assert!(left.count() == 10, "only what cannot be removed is left");
}
