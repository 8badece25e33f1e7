//! The deployment's key: signs the links in mails and encrypts what is stored and must be read again. It comes from
//! `SECRET_KEY`; on SQLite it is made and kept in the data folder if that is not set.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use ring::aead::{self, AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::hmac;

use super::error::ServiceError;
use super::secret;

/// Shorter ones could be guessed.
const SHORTEST: usize = 32;

/// The file in the data folder.
const FILE: &str = "secret.key";

/// Keeps keys of this program apart from whatever else the same text is used for.
const SALT: &[u8] = b"rhombus-provisioning";

/// Signs and seals. Each purpose has keys of its own, so that what was made for one is worth nothing for another.
#[derive(Clone)]
pub struct SecretKey {
    /// What HKDF has extracted from the text (RFC 5869 2.2).
    extracted: hmac::Key,
}

impl SecretKey {
    /// The key of a text.
    ///
    /// # Errors
    /// When the text is too short to be a secret.
    pub fn new(text: &str) -> Result<Self, KeyError> {
        if text.chars().count() < SHORTEST {
            return Err(KeyError(format!(
                "it must have at least {SHORTEST} random characters, such as `openssl rand -base64 32` prints"
            )));
        }
        let salt = hmac::Key::new(hmac::HMAC_SHA256, SALT);
        let extracted = hmac::sign(&salt, text.as_bytes());
        Ok(Self {
            extracted: hmac::Key::new(hmac::HMAC_SHA256, extracted.as_ref()),
        })
    }

    /// The signature of a text: 43 characters that may stand in a URL.
    pub fn sign(&self, purpose: &str, text: &str) -> String {
        let signature = hmac::sign(&self.signing_key(purpose), text.as_bytes());
        URL_SAFE_NO_PAD.encode(signature)
    }

    /// Whether the signature is the text's; takes as long for a wrong one as for the right one.
    pub fn verify(&self, purpose: &str, text: &str, signature: &str) -> bool {
        URL_SAFE_NO_PAD.decode(signature).is_ok_and(|signature| {
            hmac::verify(&self.signing_key(purpose), text.as_bytes(), &signature).is_ok()
        })
    }

    /// Encrypts: text that only [`SecretKey::open`] with the same key and purpose can read.
    ///
    /// # Errors
    /// When the operating system has no randomness to give.
    pub fn seal(&self, purpose: &str, bytes: &[u8]) -> Result<String, ServiceError> {
        let nonce = secret::random_bytes::<NONCE_LEN>()?;
        let mut sealed = bytes.to_vec();
        self.sealing_key(purpose)
            .and_then(|key| {
                let nonce = Nonce::assume_unique_for_key(nonce);
                key.seal_in_place_append_tag(nonce, Aad::from(purpose), &mut sealed)
            })
            .map_err(|_| ServiceError::Internal("the text is too long to be encrypted".into()))?;
        Ok(URL_SAFE_NO_PAD.encode([nonce.as_slice(), &sealed].concat()))
    }

    /// What was sealed; `None` when it was for another purpose, by another key, or has been changed.
    pub fn open(&self, purpose: &str, sealed: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, sealed) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let key = self.sealing_key(purpose).ok()?;
        let opened = key.open_in_place(nonce, Aad::from(purpose), sealed).ok()?;
        Some(opened.to_vec())
    }

    fn signing_key(&self, purpose: &str) -> hmac::Key {
        hmac::Key::new(hmac::HMAC_SHA256, self.derived("sign", purpose).as_ref())
    }

    fn sealing_key(&self, purpose: &str) -> Result<LessSafeKey, ring::error::Unspecified> {
        let derived = self.derived("seal", purpose);
        let key: &aead::Algorithm = &AES_256_GCM;
        Ok(LessSafeKey::new(UnboundKey::new(key, derived.as_ref())?))
    }

    /// HKDF's first and only block (RFC 5869 2.3): 32 bytes are all that both uses need.
    fn derived(&self, use_of_it: &str, purpose: &str) -> hmac::Tag {
        let mut context = hmac::Context::with_key(&self.extracted);
        context.update(use_of_it.as_bytes());
        context.update(b":");
        context.update(purpose.as_bytes());
        context.update(&[1]);
        context.sign()
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretKey(hidden)")
    }
}

/// Where the deployment's key is.
#[derive(Debug, Clone)]
pub enum KeySource {
    /// In `SECRET_KEY`.
    Given(SecretKey),
    /// In this file, which is made when there is none.
    File(PathBuf),
    /// Nowhere: on PostgreSQL every replica must have the same, so none can make it.
    Missing,
}

impl KeySource {
    /// The file in a data folder.
    pub fn in_folder(data_dir: &Path) -> Self {
        Self::File(data_dir.join(FILE))
    }

    /// The key, made first if need be.
    ///
    /// # Errors
    /// When it is missing or cannot be read, in one line that says what to do.
    pub fn load(&self) -> Result<SecretKey, KeyError> {
        match self {
            Self::Given(key) => Ok(key.clone()),
            Self::File(path) => read_or_make(path).map_err(|error| {
                let path = std::path::absolute(path).unwrap_or_else(|_| path.clone());
                KeyError(format!(
                    "the key file {} cannot be used: {error}; it is made when there is none, or set SECRET_KEY",
                    path.display()
                ))
            }),
            Self::Missing => Err(KeyError(
                "SECRET_KEY is not set: on PostgreSQL it must be, with the same value on every replica, such as \
                 `openssl rand -base64 32` prints"
                    .to_owned(),
            )),
        }
    }
}

/// Why there is no key: one line for whoever runs the service.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct KeyError(String);

impl From<KeyError> for ServiceError {
    fn from(error: KeyError) -> Self {
        Self::Internal(error.0)
    }
}

fn read_or_make(path: &Path) -> io::Result<SecretKey> {
    let text = match fs::read_to_string(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            make(path)?;
            fs::read_to_string(path)?
        }
        read => read?,
    };
    SecretKey::new(text.trim()).map_err(|_| io::Error::other("it holds no key"))
}

/// Makes the file, whole or not at all: a command beside the server may do the same at this moment, and both must end
/// with the same key.
fn make(path: &Path) -> io::Result<()> {
    let text = secret::random_base62(43).map_err(io::Error::other)?;
    let draft = path.with_extension(format!("{}.new", &text[..8]));
    let made = write_private(&draft, format!("{text}\n").as_bytes()).and_then(|()| {
        match fs::hard_link(&draft, path) {
            // Somebody else was first: theirs counts.
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
            linked => linked,
        }
    });
    let _ = fs::remove_file(&draft);
    made
}

/// Writes a new file that only this user can read.
fn write_private(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut options = fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn key() -> SecretKey {
        SecretKey::new("0123456789abcdef0123456789abcdef").unwrap()
    }

    #[test]
    fn a_signature_is_good_for_its_text_and_purpose_alone() {
        let signature = key().sign("unsubscribe", "recipient-1");
        assert_eq!(signature.len(), 43);
        assert!(key().verify("unsubscribe", "recipient-1", &signature));
        assert!(!key().verify("unsubscribe", "recipient-2", &signature));
        assert!(!key().verify("verify", "recipient-1", &signature));
        let other = SecretKey::new("another key of at least 32 characters").unwrap();
        assert!(!other.verify("unsubscribe", "recipient-1", &signature));
        for wrong in [
            "",
            "x",
            "=",
            "ünï",
            &signature[1..],
            &format!("{signature}A"),
        ] {
            assert!(
                !key().verify("unsubscribe", "recipient-1", wrong),
                "{wrong}"
            );
        }
    }

    #[test]
    fn keys_are_derived_as_hkdf_says() {
        // RFC 5869 with SHA-256, by ring's own implementation.
        struct Bytes32;
        impl ring::hkdf::KeyType for Bytes32 {
            fn len(&self) -> usize {
                32
            }
        }
        let text = "0123456789abcdef0123456789abcdef";
        let salt = ring::hkdf::Salt::new(ring::hkdf::HKDF_SHA256, SALT);
        let extracted = salt.extract(text.as_bytes());
        let mut derived = [0; 32];
        extracted
            .expand(&[b"seal:mail"], Bytes32)
            .unwrap()
            .fill(&mut derived)
            .unwrap();
        assert_eq!(key().derived("seal", "mail").as_ref(), derived);
    }

    #[test]
    fn what_is_sealed_opens_once_more_and_only_unchanged() {
        let sealed = key().seal("mail", "Grüße".as_bytes()).unwrap();
        assert_ne!(sealed, key().seal("mail", "Grüße".as_bytes()).unwrap());
        assert_eq!(key().open("mail", &sealed).unwrap(), "Grüße".as_bytes());
        assert_eq!(key().open("other", &sealed), None);
        let other = SecretKey::new("another key of at least 32 characters").unwrap();
        assert_eq!(other.open("mail", &sealed), None);
        let mut changed = sealed.clone().into_bytes();
        changed[20] = if changed[20] == b'A' { b'B' } else { b'A' };
        assert_eq!(
            key().open("mail", &String::from_utf8(changed).unwrap()),
            None
        );
        for wrong in ["", "A", "AAAA", &sealed[..20]] {
            assert_eq!(key().open("mail", wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_key_shows_itself_nowhere_and_a_short_one_is_none() {
        assert_eq!(format!("{:?}", key()), "SecretKey(hidden)");
        let refused = SecretKey::new("hunter2").unwrap_err().to_string();
        assert!(refused.contains("at least 32") && !refused.contains("hunter2"));
    }

    #[test]
    fn the_key_file_is_made_once_whoever_comes_first() {
        let folder = tempfile::tempdir().unwrap();
        let source = KeySource::in_folder(folder.path());
        let signatures: Vec<String> = std::thread::scope(|scope| {
            let makers: Vec<_> = (0..8)
                .map(|_| scope.spawn(|| source.load().unwrap().sign("p", "t")))
                .collect();
            makers
                .into_iter()
                .map(|maker| maker.join().unwrap())
                .collect()
        });
        assert!(
            signatures
                .iter()
                .all(|signature| *signature == signatures[0])
        );
        let path = folder.path().join(FILE);
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        #[cfg(unix)]
        {
            let mode = std::os::unix::fs::PermissionsExt::mode(
                &fs::metadata(&path).unwrap().permissions(),
            );
            assert_eq!(mode & 0o777, 0o600);
        }
        fs::write(&path, "short\n").unwrap();
        let refused = source.load().unwrap_err().to_string();
        assert!(
            refused.contains("secret.key cannot be used: it holds no key"),
            "{refused}"
        );
        assert!(
            KeySource::Missing
                .load()
                .unwrap_err()
                .to_string()
                .starts_with("SECRET_KEY is not set")
        );
    }
}
