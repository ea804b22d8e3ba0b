//! One connection's state and what decoding a frame yields.
use crate::record::Record;
use crate::{gt06, jt808, minifinder2, trv, watch};
use kernel::Instant;

/// A device protocol spoken over TCP.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Setracker / 4P-Touch watches and pendants: `[3G*id*len*content]`
    Watch,
    /// `IW…#` and `TRV…#` health watches
    Trv,
    /// Eview EV-07B pendants, binary with CRC
    Minifinder2,
    /// JT/T 808-2013 and -2019
    Jt808,
    /// Concox / Jimi GT06 family
    Gt06,
}

impl Protocol {
    pub const ALL: [Protocol; 5] =
        [Protocol::Watch, Protocol::Trv, Protocol::Minifinder2, Protocol::Jt808, Protocol::Gt06];

    pub fn code(self) -> &'static str {
        match self {
            Protocol::Watch => "watch",
            Protocol::Trv => "trv",
            Protocol::Minifinder2 => "minifinder2",
            Protocol::Jt808 => "jt808",
            Protocol::Gt06 => "gt06",
        }
    }
    pub fn parse(code: &str) -> Option<Protocol> {
        Protocol::ALL.into_iter().find(|p| p.code() == code)
    }
    /// The protocol of a connection by its first bytes; one port per protocol is safer.
    pub fn detect(first: &[u8]) -> Option<Protocol> {
        match first {
            [b'[', ..] => Some(Protocol::Watch),
            [b'I', b'W', ..] | [b'T', b'R', b'V', ..] => Some(Protocol::Trv),
            [0xAB, ..] => Some(Protocol::Minifinder2),
            [0x7E | 0xE7 | b'(', ..] => Some(Protocol::Jt808),
            [0x78, 0x78, ..] | [0x79, 0x79, ..] => Some(Protocol::Gt06),
            _ => None,
        }
    }
    /// Longest frame taken, in bytes as they stand on the wire; longer ones are skipped as garbage.
    pub fn max_frame(self) -> usize {
        match self {
            Protocol::Watch => 65_536,
            Protocol::Trv => 16_384,
            Protocol::Minifinder2 | Protocol::Gt06 => 8_192,
            Protocol::Jt808 => 4_096,
        }
    }
}

/// Do the frame's own length and checksum agree with its bytes? `None`: the protocol has none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Integrity {
    pub length_ok: Option<bool>,
    pub checksum_ok: Option<bool>,
}

impl Integrity {
    pub fn ok(self) -> bool {
        self.length_ok != Some(false) && self.checksum_ok != Some(false)
    }
}

/// Why a frame was not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// Not a frame of this protocol at all.
    NotAFrame,
    /// The length written in it is not its length.
    Length,
    /// The checksum does not agree.
    Checksum,
    /// The fields end before the layout does, or a field cannot be read.
    Malformed,
    /// Encrypted, and no key is known.
    Encrypted,
    /// Sent before the device named itself.
    BeforeLogin,
}

impl Refusal {
    pub fn code(self) -> &'static str {
        match self {
            Refusal::NotAFrame => "not-a-frame",
            Refusal::Length => "length",
            Refusal::Checksum => "checksum",
            Refusal::Malformed => "malformed",
            Refusal::Encrypted => "encrypted",
            Refusal::BeforeLogin => "before-login",
        }
    }
}

/// One connection: who is on it and what was learnt from earlier frames.
#[derive(Clone, Debug)]
pub struct Session {
    pub protocol: Protocol,
    /// The device as it named itself, in this connection or before (for a device known otherwise).
    pub device: Option<String>,
    /// The model from the device register; some layouts depend on it.
    pub model: Option<String>,
    /// Read frames whose length or checksum does not agree as if they did.
    pub lenient: bool,
    /// The device's offset from UTC in milliseconds where it was told (`gt06` login).
    pub zone_ms: Option<i64>,
    /// The server's own message number, counted up by every reply and command that carries one.
    pub serial: u32,
    /// Frames refused so far.
    pub refused: u64,
    pub(crate) watch: watch::Link,
    pub(crate) jt808: jt808::Link,
}

impl Session {
    pub fn new(protocol: Protocol) -> Session {
        Session {
            protocol,
            device: None,
            model: None,
            lenient: false,
            zone_ms: None,
            serial: 0,
            refused: 0,
            watch: watch::Link::default(),
            jt808: jt808::Link::default(),
        }
    }

    pub(crate) fn model_is(&self, any: &[&str]) -> bool {
        self.model.as_deref().is_some_and(|m| any.iter().any(|a| a.eq_ignore_ascii_case(m)))
    }
}

/// What one frame says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Decoded {
    /// The message type as the protocol writes it (`AL_LTE`, `AP10`, `0200`, …), for logs and counters.
    pub kind: String,
    /// The device this frame names, if it names one.
    pub device: Option<String>,
    pub records: Vec<Record>,
    /// Bytes to write back once the records are stored. A damaged frame gets none, so the device repeats it.
    pub reply: Option<Vec<u8>>,
    pub integrity: Integrity,
    pub refused: Option<Refusal>,
}

/// Most records of one frame.
pub const MAX_RECORDS: usize = 512;

/// Decodes one frame as [`crate::Framer`] cuts it (`jt808`: unescaped, though an escaped one is understood too).
/// `now` is used where the protocol asks the server for the time.
pub fn decode(frame: &[u8], session: &mut Session, now: Instant) -> Decoded {
    let before = session.device.clone();
    let mut out = match session.protocol {
        Protocol::Watch => watch::decode(frame, session),
        Protocol::Trv => trv::decode(frame, session, now),
        Protocol::Minifinder2 => minifinder2::decode(frame, session, now),
        Protocol::Jt808 => jt808::decode(frame, session, now),
        Protocol::Gt06 => gt06::decode(frame, session, now),
    };
    out.records.truncate(MAX_RECORDS);
    if out.refused.is_none() && !out.integrity.ok() && !session.lenient {
        let length = out.integrity.length_ok == Some(false);
        out.refused = Some(if length { Refusal::Length } else { Refusal::Checksum });
    }
    if !out.integrity.ok() || out.refused.is_some() {
        out.records.iter_mut().for_each(|r| r.unverified = true);
    }
    if out.refused.is_some() {
        session.refused += 1;
        out.reply = None;
        out.records.retain(|r| r.alarms.iter().any(|a| a.of_a_person()));
        // A name read from damaged bytes must not take over the connection, but stays with an unverified SOS.
        session.device = before;
    }
    out
}
