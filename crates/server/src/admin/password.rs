//! Passwords: argon2id, at least 15 characters (decision 27).

use std::sync::LazyLock;

use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use argon2::{Algorithm, Argon2, Params, Version};
use secrecy::{ExposeSecret as _, SecretString};
use vouchkey_types::problem::{FieldCode, FieldError};

use super::turn::Turn;
use crate::http::ApiError;

/// The fewest characters of a password that is the only factor (NIST SP 800-63B-4).
pub(super) const MIN_CHARACTERS: usize = 15;
/// The most, so that hashing stays bounded.
pub(super) const MAX_CHARACTERS: usize = 1_000;

/// 64 MiB and three passes: some 200 ms of one core. Tests sign in dozens of times, and take less.
const MEMORY_KIB: u32 = if cfg!(test) { 512 } else { 64 * 1_024 };
const PASSES: u32 = 3;
/// What is compared where there is no password, so that an unknown address costs as much as a wrong password.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hashed("nobody has this password"));

/// What is wrong with a new password.
pub(super) fn mistake(password: &str) -> Option<FieldError> {
    let characters = password.chars().count();
    if characters < MIN_CHARACTERS {
        let message = format!("Use at least {MIN_CHARACTERS} characters; a few random words do.");
        return Some(FieldError::new("password", FieldCode::OutOfRange, message));
    }
    (characters > MAX_CHARACTERS).then(|| {
        let message = format!("Use at most {MAX_CHARACTERS} characters.");
        FieldError::new("password", FieldCode::TooLong, message)
    })
}

impl Turn {
    /// Hashes a new password.
    ///
    /// # Errors
    /// 500 if the machine has no memory for it.
    pub(super) async fn hash(self, password: SecretString) -> Result<String, ApiError> {
        self.used_for(move || hashed(password.expose_secret()))
            .await?
            .ok_or_else(|| ApiError::internal(&"a password could not be hashed"))
    }

    /// Whether a password is the one of this hash. Without one it takes as long and is wrong.
    ///
    /// # Errors
    /// 500 if the work breaks off.
    pub(super) async fn finds_right(
        self,
        hash: Option<String>,
        password: SecretString,
    ) -> Result<bool, ApiError> {
        self.used_for(move || {
            // Made in any case, so that the first one who asks does not learn from the time it takes.
            let nobody = NOBODY.as_deref().unwrap_or_default();
            let found = PasswordHash::new(hash.as_deref().unwrap_or(nobody)).is_ok_and(|found| {
                argon2()
                    .verify_password(password.expose_secret().as_bytes(), &found)
                    .is_ok()
            });
            found && hash.is_some()
        })
        .await
    }

    /// The place is held by the work itself, which goes on when whoever asked for it has hung up.
    async fn used_for<T: Send + 'static>(
        self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Result<T, ApiError> {
        let work = move || {
            let _place = self;
            work()
        };
        tokio::task::spawn_blocking(work)
            .await
            .map_err(|error| ApiError::internal(&error))
    }
}

fn argon2() -> Argon2<'static> {
    let params = Params::new(MEMORY_KIB, PASSES, 1, None).unwrap_or_default();
    Argon2::new(Algorithm::Argon2id, Version::V0x13, params)
}

fn hashed(password: &str) -> Option<String> {
    argon2()
        .hash_password(password.as_bytes())
        .ok()
        .map(|hash| hash.to_string())
}

#[cfg(test)]
mod tests {
    use super::super::turn::Turns;
    use super::*;

    #[test]
    fn a_password_has_15_to_1_000_characters() {
        assert!(mistake(&"x".repeat(14)).is_some());
        assert!(mistake(&"é".repeat(15)).is_none());
        assert!(mistake(&"x".repeat(1_000)).is_none());
        assert!(mistake(&"x".repeat(1_001)).is_some());
    }

    #[tokio::test]
    async fn only_the_same_password_is_right_and_nobody_has_none() {
        let turn = async || Turn::wait(None).await.unwrap();
        let hash = turn()
            .await
            .hash("correct horse battery".into())
            .await
            .unwrap();
        assert!(hash.starts_with("$argon2id$v=19$m=512,t=3,p=1$"), "{hash}");
        assert!(
            turn()
                .await
                .finds_right(Some(hash.clone()), "correct horse battery".into())
                .await
                .unwrap()
        );
        assert!(
            !turn()
                .await
                .finds_right(Some(hash), "correct horse batterx".into())
                .await
                .unwrap()
        );
        assert!(
            !turn()
                .await
                .finds_right(None, "nobody has this password".into())
                .await
                .unwrap()
        );
        assert!(
            NOBODY
                .as_ref()
                .is_some_and(|hash| hash.starts_with("$argon2id$v=19$m=512,t=3,p=1$"))
        );
    }

    #[tokio::test]
    async fn who_hangs_up_makes_no_room_before_the_work_is_done() {
        let turns = Turns::new(1);
        let (begun, begins) = tokio::sync::oneshot::channel();
        let (end, ends) = std::sync::mpsc::channel::<()>();
        let turn = turns.wait(None).await.unwrap();
        let caller = tokio::spawn(turn.used_for(move || {
            begun.send(()).unwrap();
            ends.recv().unwrap();
        }));
        begins.await.unwrap();
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
        assert_eq!(turns.free(), 0);
        end.send(()).unwrap();
        turns.wait(None).await.unwrap();
    }
}
