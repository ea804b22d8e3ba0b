//! The second factor: six digits every 30 seconds (RFC 6238, SHA-1, what every authenticator app reads).
use kernel::{Error, Instant, Result};
use totp_rs::{Algorithm, Builder, Totp};

/// A secret of 20 bytes.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Secret([u8; 20]);

impl Secret {
    pub(crate) fn random() -> Result<Secret> {
        crate::secret::random::<20>().map(Secret)
    }
    pub(crate) fn from_hex(text: &str) -> Result<Secret> {
        let raw = hex::decode(text).ok().and_then(|v| <[u8; 20]>::try_from(v).ok());
        raw.map(Secret).ok_or_else(|| Error::Internal("a stored second factor is not 20 bytes".into()))
    }
    pub(crate) fn to_hex(&self) -> String {
        hex::encode(self.0)
    }
    fn totp(&self) -> Totp {
        Builder::new()
            .with_algorithm(Algorithm::SHA1)
            .with_digits(6)
            .with_skew(1)
            .with_step_duration(30)
            .with_secret(self.0)
            .build_noncompliant()
    }
    /// The number of the 30-second step `code` belongs to, if it is right now or one step away.
    pub(crate) fn step_of(&self, code: &str, now: Instant) -> Option<i64> {
        let code: String = code.chars().filter(|c| !c.is_whitespace()).collect();
        self.totp().check(&code, seconds(now)).map(|s| s as i64)
    }
    #[cfg(any(test, feature = "testing"))]
    pub(crate) fn code_at(&self, now: Instant) -> String {
        self.totp().generate(seconds(now)).to_string()
    }
    /// RFC 4648 base 32, in groups of four for typing.
    pub(crate) fn for_typing(&self) -> String {
        let text = base32(&self.0);
        text.as_bytes().chunks(4).map(|c| String::from_utf8_lossy(c).into_owned()).collect::<Vec<_>>().join(" ")
    }
    #[cfg(feature = "testing")]
    pub(crate) fn from_typed(text: &str) -> Option<Secret> {
        let (mut held, mut bits, mut out) = (0u32, 0u32, Vec::new());
        for c in text.bytes().filter(|c| *c != b' ') {
            let five = match c {
                b'A'..=b'Z' => c - b'A',
                b'2'..=b'7' => c - b'2' + 26,
                _ => return None,
            };
            held = (held << 5) | u32::from(five);
            bits += 5;
            if bits >= 8 {
                bits -= 8;
                out.push((held >> bits) as u8);
            }
        }
        out.try_into().ok().map(Secret)
    }
    /// What the QR code says.
    pub(crate) fn uri(&self, login: &str) -> String {
        let secret = base32(&self.0);
        format!("otpauth://totp/Yinian:{login}?secret={secret}&issuer=Yinian&algorithm=SHA1&digits=6&period=30")
    }
}

fn seconds(now: Instant) -> u64 {
    u64::try_from(now.0 / 1000).unwrap_or_default()
}

fn base32(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let mut out = String::new();
    let (mut bits, mut held) = (0u32, 0u32);
    for b in bytes {
        held = (held << 8) | u32::from(*b);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            out.push(ALPHABET[((held >> bits) & 31) as usize] as char);
        }
    }
    if bits > 0 {
        out.push(ALPHABET[((held << (5 - bits)) & 31) as usize] as char);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_of_rfc_6238() {
        let s = Secret(*b"12345678901234567890");
        assert_eq!(s.code_at(Instant(59_000)), "287082");
        assert_eq!(s.code_at(Instant(1_111_111_109_000)), "081804");
        assert_eq!(s.step_of("287 082", Instant(59_000)), Some(1));
        assert_eq!(s.step_of("287082", Instant(89_000)), Some(1), "one step late is taken");
        assert_eq!(s.step_of("287082", Instant(120_000)), None, "two steps late is not");
    }

    #[test]
    fn base_32_of_rfc_4648() {
        assert_eq!(base32(b"foobar"), "MZXW6YTBOI");
        assert_eq!(base32(b"fooba"), "MZXW6YTB");
        assert_eq!(base32(b"f"), "MY");
    }
}
