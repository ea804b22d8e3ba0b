//! Sensitive fields: sealed with AES-256-GCM at rest, found again by a keyed blind index (HMAC-SHA-256).
use aes_gcm::aead::{Aead, KeyInit, Payload};
use aes_gcm::{Aes256Gcm, Nonce};
use hmac::{Hmac, Mac};
use kernel::{Error, Result};
use sha2::Sha256;
use std::path::Path;
use std::sync::Arc;
use zeroize::Zeroizing;

/// What kind of field is sealed. The kind is bound to the cipher text, so a sealed phone cannot be passed off as an ID.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Secret {
    IdNumber,
    Phone,
    Health,
    Totp,
}

impl Secret {
    const fn domain(self) -> &'static [u8] {
        match self {
            Secret::IdNumber => b"id_number",
            Secret::Phone => b"phone",
            Secret::Health => b"health",
            Secret::Totp => b"totp",
        }
    }
}

/// The installation's two keys. Cheap to clone; never printed.
#[derive(Clone)]
pub struct Keys {
    cipher: Arc<Aes256Gcm>,
    blind: Arc<Zeroizing<[u8; 32]>>,
}

const FORMAT: u8 = 1;
const NONCE: usize = 12;

impl Keys {
    pub fn from_bytes(encrypt: [u8; 32], blind: [u8; 32]) -> Keys {
        let cipher = Aes256Gcm::new(&encrypt.into());
        Keys { cipher: Arc::new(cipher), blind: Arc::new(Zeroizing::new(blind)) }
    }
    /// Reads the key file, or makes one readable by its owner only. Losing it loses the sealed fields: the backup
    /// keeps it apart from the data.
    ///
    /// # Errors
    /// `Internal` when the file is unreadable or not two hex lines of 64 characters.
    pub fn load_or_create(path: &Path) -> Result<Keys> {
        if !path.exists() {
            let mut raw = Zeroizing::new([0u8; 64]);
            random(raw.as_mut_slice())?;
            let text = Zeroizing::new(format!("{}\n{}\n", hex::encode(&raw[..32]), hex::encode(&raw[32..])));
            write_private(path, text.as_bytes())?;
        }
        let text = Zeroizing::new(
            std::fs::read_to_string(path).map_err(|e| Error::Internal(format!("key file {}: {e}", path.display())))?,
        );
        let mut lines = text.lines();
        let mut key = || -> Option<[u8; 32]> { hex::decode(lines.next()?.trim()).ok()?.try_into().ok() };
        match (key(), key()) {
            (Some(a), Some(b)) => Ok(Keys::from_bytes(a, b)),
            _ => Err(Error::Internal(format!("key file {} must hold two lines of 64 hex digits", path.display()))),
        }
    }
    /// Seals a text. The result differs each time.
    pub fn seal(&self, kind: Secret, plain: &str) -> Result<Vec<u8>> {
        let mut nonce = [0u8; NONCE];
        random(&mut nonce)?;
        let sealed = self
            .cipher
            .encrypt(&Nonce::from(nonce), Payload { msg: plain.as_bytes(), aad: kind.domain() })
            .map_err(|_| Error::Internal("sealing failed".into()))?;
        let mut out = Vec::with_capacity(1 + NONCE + sealed.len());
        out.push(FORMAT);
        out.extend_from_slice(&nonce);
        out.extend_from_slice(&sealed);
        Ok(out)
    }
    /// Opens what [`Keys::seal`] made.
    ///
    /// # Errors
    /// `Internal` when the bytes were altered, belong to another kind or another installation's key.
    pub fn open(&self, kind: Secret, sealed: &[u8]) -> Result<String> {
        let broken = || Error::Internal("sealed field cannot be opened".into());
        let (head, body) = sealed.split_at_checked(1 + NONCE).ok_or_else(broken)?;
        if head[0] != FORMAT {
            return Err(broken());
        }
        let nonce: [u8; NONCE] = head[1..].try_into().map_err(|_| broken())?;
        let plain = self
            .cipher
            .decrypt(&Nonce::from(nonce), Payload { msg: body, aad: kind.domain() })
            .map_err(|_| broken())?;
        String::from_utf8(plain).map_err(|_| broken())
    }
    /// The blind index of a normalised text: equal texts of one kind have equal indexes, and nothing else is learnt.
    pub fn blind(&self, kind: Secret, normalised: &str) -> Vec<u8> {
        // HMAC takes keys of any length; this cannot fail for 32 bytes.
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.blind.as_slice()) else { return Vec::new() };
        mac.update(kind.domain());
        mac.update(&[0]);
        mac.update(normalised.as_bytes());
        mac.finalize().into_bytes()[..16].to_vec()
    }
    /// A keyed signature for short-lived tokens (elder codes, exports).
    pub fn sign(&self, purpose: &str, text: &str) -> Vec<u8> {
        let Ok(mut mac) = <Hmac<Sha256> as KeyInit>::new_from_slice(self.blind.as_slice()) else { return Vec::new() };
        mac.update(b"sign\0");
        mac.update(purpose.as_bytes());
        mac.update(&[0]);
        mac.update(text.as_bytes());
        mac.finalize().into_bytes().to_vec()
    }
}

/// Fresh random bytes. Keys and nonces must never repeat, so they cannot be passed in by a caller that might replay them.
#[expect(clippy::disallowed_methods, reason = "a nonce handed in from outside could be used twice")]
fn random(into: &mut [u8]) -> Result<()> {
    getrandom::fill(into).map_err(|e| Error::Internal(format!("random source: {e}")))
}

fn write_private(path: &Path, bytes: &[u8]) -> Result<()> {
    use std::io::Write;
    let fail = |e: std::io::Error| Error::Internal(format!("key file {}: {e}", path.display()));
    let mut options = std::fs::OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    let mut file = options.open(path).map_err(fail)?;
    file.write_all(bytes).map_err(fail)?;
    file.sync_all().map_err(fail)
}
