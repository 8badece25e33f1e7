//! Passwords: which ones are accepted, and how they are hashed.

use std::sync::Arc;
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use tokio::sync::Semaphore;
use unicode_normalization::UnicodeNormalization;

use crate::model::account::SignInError;
use crate::server::error::ServiceError;
use crate::server::scim::resource::case_key;
use crate::server::secret::{self, Secret};

/// Characters of a password.
const SHORTEST: usize = 12;
const LONGEST: usize = 128;
/// Hashings at a time: each takes 19 MiB and a core.
const AT_A_TIME: usize = 2;
/// How long one waits for its turn.
const PATIENCE: Duration = Duration::from_secs(10);
/// An e-mail address's local part below this length is found in too many good passwords.
const TELLING: usize = 4;

/// Passwords of 12 characters or more that everybody tries, one a line, in lower case.
static COMMON: &str = include_str!("common_passwords.txt");

/// Whether a password may be chosen for the account of that e-mail address. There are no composition rules:
/// length and not being guessable are what helps (NIST SP 800-63B, 3.1.1.2).
///
/// # Errors
/// What is wrong with it.
pub fn check(password: &Secret, email: &str) -> Result<(), SignInError> {
    let length = password.reveal().chars().count();
    if length < SHORTEST {
        return Err(SignInError::PasswordShort);
    }
    if length > LONGEST {
        return Err(SignInError::PasswordLong);
    }
    let key = case_key(password.reveal());
    let local = case_key(email.split('@').next().unwrap_or_default());
    let is_telling = local.chars().count() >= TELLING;
    if key.contains("rhombus")
        || (is_telling && key.contains(&local))
        || is_repetition(&key)
        || is_sequence(&key)
        || COMMON.lines().any(|common| common == key)
    {
        return Err(SignInError::PasswordCommon);
    }
    Ok(())
}

/// One to four characters again and again: "abcabcabcabc".
fn is_repetition(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    (1..=4).any(|unit| {
        letters
            .iter()
            .zip(letters.iter().skip(unit))
            .all(|(letter, later)| letter == later)
    })
}

/// Characters one after another, up or down, round the digits' end: "abcdefghijkl", "567890123456".
fn is_sequence(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let goes_by = |step: i64| {
        letters.windows(2).all(|pair| match pair {
            [a, b] => {
                let difference = i64::from(u32::from(*b)) - i64::from(u32::from(*a));
                let wraps = a.is_ascii_digit() && b.is_ascii_digit() && difference == -9 * step;
                difference == step || wraps
            }
            _ => false,
        })
    };
    goes_by(1) || goes_by(-1)
}

/// Hashes and verifies passwords with argon2id off the async threads, two at a time. Cloning shares the limit.
#[derive(Debug, Clone)]
pub struct Hasher(Arc<Semaphore>);

impl Hasher {
    /// With nothing under way.
    pub fn new() -> Self {
        Self(Arc::new(Semaphore::new(AT_A_TIME)))
    }

    /// The password's hash in the PHC format, with a salt of its own.
    ///
    /// # Errors
    /// `Internal` when the computer is too busy or has no randomness.
    pub async fn hash(&self, password: &Secret) -> Result<String, ServiceError> {
        let salt = secret::random_bytes::<16>()?;
        let password = normalized(password);
        self.run(move || {
            Argon2::default()
                .hash_password_with_salt(password.reveal().as_bytes(), &salt)
                .map(|hash| hash.to_string())
                .map_err(|error| ServiceError::Internal(format!("hashing a password: {error}")))
        })
        .await
    }

    /// Whether it is the password of `hash`. Without a hash the same work is done in vain, so that the time
    /// does not tell whether there is such an account.
    ///
    /// # Errors
    /// As [`Hasher::hash`]; `Internal` for a stored hash that cannot be read.
    pub async fn verify(
        &self,
        password: &Secret,
        hash: Option<&str>,
    ) -> Result<bool, ServiceError> {
        let Some(hash) = hash.map(str::to_owned) else {
            self.hash(password).await?;
            return Ok(false);
        };
        let password = normalized(password);
        self.run(move || {
            let hash = PasswordHash::new(&hash).map_err(|error| {
                ServiceError::Internal(format!("a stored password hash: {error}"))
            })?;
            Ok(Argon2::default()
                .verify_password(password.reveal().as_bytes(), &hash)
                .is_ok())
        })
        .await
    }

    async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> Result<T, ServiceError> + Send + 'static,
    ) -> Result<T, ServiceError> {
        let turn = tokio::time::timeout(PATIENCE, self.0.clone().acquire_owned())
            .await
            .map_err(|_| ServiceError::Internal("too many passwords to hash".to_owned()))?
            .map_err(|error| ServiceError::Internal(error.to_string()))?;
        tokio::task::spawn_blocking(move || {
            let outcome = work();
            drop(turn);
            outcome
        })
        .await
        .map_err(|error| ServiceError::Internal(error.to_string()))?
    }
}

impl Default for Hasher {
    fn default() -> Self {
        Self::new()
    }
}

/// The same however the keyboard composes its characters.
fn normalized(password: &Secret) -> Secret {
    Secret::new(password.reveal().nfkc().collect::<String>())
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    fn verdict(password: &str) -> Result<(), SignInError> {
        check(&Secret::new(password), "dana.whitfield@contoso.com")
    }

    #[test]
    fn length_counts_and_composition_does_not() {
        assert_eq!(verdict("elevenchars"), Err(SignInError::PasswordShort));
        assert_eq!(verdict("twelve chars"), Ok(()));
        assert_eq!(verdict("ünïcödé wörd"), Ok(()));
        assert_eq!(
            verdict(&"ab1-cd2_".repeat(17)),
            Err(SignInError::PasswordLong)
        );
    }

    #[test]
    fn guessable_passwords_are_refused() {
        for bad in [
            "Password1234",
            "qwertyuiop12",
            "aaaaaaaaaaaa",
            "abcabcabcabc",
            "1234567890123",
            "abcdefghijklm",
            "987654321098",
            "my Rhombus login",
            "Dana.Whitfield1",
        ] {
            assert_eq!(verdict(bad), Err(SignInError::PasswordCommon), "{bad}");
        }
        assert_eq!(
            check(&Secret::new("infobahn cactus"), "inf@contoso.com"),
            Ok(()),
            "a short local part is in too many words"
        );
    }

    #[test]
    fn the_list_can_match() {
        for line in COMMON.lines() {
            assert!(
                line.chars().count() >= SHORTEST,
                "{line} is too short anyway"
            );
            assert_eq!(line, case_key(line), "{line} is compared in lower case");
        }
    }

    #[tokio::test]
    async fn a_hash_verifies_its_password_only() {
        let hasher = Hasher::new();
        let hash = hasher
            .hash(&Secret::new("cafe\u{301} terrace"))
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$"));
        let composed = Secret::new("caf\u{e9} terrace");
        assert!(hasher.verify(&composed, Some(&hash)).await.unwrap());
        let other = Secret::new("another one");
        assert!(!hasher.verify(&other, Some(&hash)).await.unwrap());
        assert!(!hasher.verify(&other, None).await.unwrap());
    }

    #[tokio::test]
    async fn two_are_hashed_at_a_time_and_the_next_one_waits() {
        let hasher = Hasher::new();
        assert_eq!(hasher.0.available_permits(), 2);
        let (begun, mut begins) = tokio::sync::mpsc::unbounded_channel();
        let mut works = Vec::new();
        for number in 0..3 {
            let (end, ends) = std::sync::mpsc::channel::<()>();
            let (hasher, begun) = (hasher.clone(), begun.clone());
            let work = tokio::spawn(async move {
                let hashing = move || {
                    begun.send(number).unwrap();
                    ends.recv().unwrap();
                    Ok(())
                };
                hasher.run(hashing).await
            });
            works.push((end, work));
        }
        let mut first = [begins.recv().await, begins.recv().await];
        first.sort_unstable();
        assert_eq!(first, [Some(0), Some(1)]);
        assert_eq!(hasher.0.available_permits(), 0);
        works[0].0.send(()).unwrap();
        assert_eq!(begins.recv().await, Some(2), "when one of them has ended");
        for (end, work) in works.into_iter().rev() {
            // The first one has ended.
            let _ = end.send(());
            work.await.unwrap().unwrap();
        }
    }
}
