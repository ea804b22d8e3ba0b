//! Device protocols without IO: bytes in, [`Record`]s and acknowledgements out, commands to bytes.
//!
//! Five TCP protocols of pendants, watches and trackers ([`Protocol`]) share one path:
//! [`Framer`] cuts the stream into frames, [`decode`] reads a frame in its [`Session`], [`encode`] writes a command.
//! Messages that come through a broker or the web are read by [`thing`], [`zigbee`], [`plain`] and [`scaip`].
//! What each covers is told in `docs/devices.md`.
//!
//! **Invariants**: no IO, no clock (time is passed in), no panic on any bytes, memory bounded by the limits named
//! in each module. A frame whose length or checksum does not agree is refused, unless the session is lenient; an
//! SOS or a fall in it is still reported, marked unverified. A reply is bytes to be sent *after* the records have
//! been stored.
#![forbid(unsafe_code)]

mod alarm;
mod bytes;
mod command;
mod frame;
mod gt06;
mod jt808;
pub mod meaning;
mod minifinder2;
pub mod plain;
mod record;
pub mod scaip;
mod session;
pub mod sip;
pub mod thing;
mod time;
mod trv;
pub mod vectors;
mod watch;
pub mod zigbee;

pub use alarm::Alarm;
pub use bytes::{hex, unhex};
pub use command::{Command, Measure, encode};
pub use frame::{Framer, MAX_PENDING};
pub use jt808::register_answer;
pub use record::{Cell, MAX_ATTRIBUTES, MAX_LIST, MAX_TEXT, Media, Record, Value, Vitals, Wifi};
pub use session::{Decoded, Integrity, Protocol, Refusal, Session, decode};
pub use time::iso;
