//! Random tokens and password hashes.
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher, PasswordVerifier};
use argon2::{Algorithm, Argon2, Params, Version};
use kernel::{Error, Result};
use sha2::{Digest, Sha256};
use std::sync::OnceLock;
use tokio::sync::Semaphore;

/// Memory of one hash in KiB (19 MiB), passes and lanes, as OWASP advises for argon2id.
const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;

/// Hashes at the same time; more wait, so that a flood of sign-ins takes 76 MiB and no more.
static AT_ONCE: Semaphore = Semaphore::const_new(4);

/// Random bytes of the operating system. Secrets come from here and never from [`kernel::IdGen`], which can be
/// predicted.
pub(crate) fn random<const N: usize>() -> Result<[u8; N]> {
    let mut out = [0u8; N];
    #[expect(clippy::disallowed_methods, reason = "secrets are made here and nowhere else in this crate")]
    getrandom::fill(&mut out).map_err(|e| Error::Internal(format!("random source: {e}")))?;
    Ok(out)
}

/// A password in the form that is stored (PHC string of argon2id).
#[derive(Clone)]
pub struct HashedPassword(String);

impl HashedPassword {
    /// Takes some 20 ms on another thread.
    pub async fn of(password: &str) -> Result<HashedPassword> {
        let (password, salt) = (password.to_string(), random::<16>()?);
        blocking(move || {
            let hash: PasswordHash = hasher()?
                .hash_password_with_salt(password.as_bytes(), &salt)
                .map_err(|e| Error::Internal(format!("argon2: {e}")))?;
            Ok(HashedPassword(hash.to_string()))
        })
        .await
    }
    pub(crate) fn stored(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Debug for HashedPassword {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("HashedPassword")
    }
}

fn hasher() -> Result<Argon2<'static>> {
    let params =
        Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|e| Error::Internal(format!("argon2 parameters: {e}")))?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

async fn blocking<T: Send + 'static>(work: impl FnOnce() -> Result<T> + Send + 'static) -> Result<T> {
    let _turn = AT_ONCE.acquire().await.map_err(Error::internal)?;
    tokio::task::spawn_blocking(work).await.map_err(Error::internal)?
}

/// Whether the password belongs to the stored hash. Without a hash the same work is done on a made-up one, so that the
/// answer's time does not tell whether the account exists.
pub(crate) async fn password_fits(password: &str, stored: Option<String>) -> Result<bool> {
    static NOBODY: OnceLock<String> = OnceLock::new();
    let real = stored.is_some();
    let hash = match (stored, NOBODY.get()) {
        (Some(h), _) => h,
        (None, Some(h)) => h.clone(),
        (None, None) => {
            let made = HashedPassword::of(&hex::encode(random::<16>()?)).await?.0;
            NOBODY.get_or_init(|| made).clone()
        }
    };
    let password = password.to_string();
    let fits = blocking(move || {
        let hash = PasswordHash::new(&hash).map_err(|e| Error::Internal(format!("stored password hash: {e}")))?;
        Ok(hasher()?.verify_password(password.as_bytes(), &hash).is_ok())
    })
    .await?;
    Ok(fits && real)
}

/// A password to be given to a person: 16 characters without those that look alike, 80 bits.
pub(crate) fn random_password() -> Result<String> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
    let raw = random::<16>()?;
    let text: String = raw.iter().map(|b| LETTERS[usize::from(b & 31)] as char).collect();
    let parts: Vec<&str> = (0..4).map(|i| &text[i * 4..i * 4 + 4]).collect();
    Ok(parts.join("-"))
}

/// The token a browser or program holds, and what is stored of it.
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) hash: Vec<u8>,
}

/// 32 random bytes as hex after `prefix`.
pub(crate) fn token(prefix: &str) -> Result<Token> {
    let text = format!("{prefix}{}", hex::encode(random::<32>()?));
    let hash = token_hash(&text).to_vec();
    Ok(Token { text, hash })
}

/// Tokens are random, so one round of SHA-256 is enough.
pub(crate) fn token_hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}
