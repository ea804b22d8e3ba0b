//! `minifinder2`: Eview EV-07B pendants, binary little-endian with CRC-16/XMODEM.
mod config;
mod items;

use crate::bytes::{Reader, crc16_xmodem, trimmed};
use crate::command::Command;
use crate::frame::{Cut, Resume, skip_to};
use crate::record::Record;
use crate::session::{Decoded, Integrity, Refusal, Session};
use kernel::Instant;

const HEAD: usize = 8;
const MAX_BODY: usize = 8_192 - HEAD;

pub(crate) mod command_code {
    pub const DATA: u8 = 0x01;
    pub const CONFIGURATION: u8 = 0x02;
    pub const SERVICES: u8 = 0x03;
    pub const SYSTEM_CONTROL: u8 = 0x04;
    pub const FIRMWARE: u8 = 0x7E;
    pub const RESPONSE: u8 = 0x7F;
}
use command_code::*;

pub(crate) fn cut(bytes: &[u8]) -> Cut {
    let start = |b: &[u8]| b[0] == 0xAB;
    if !start(bytes) {
        return skip_to(bytes, start);
    }
    let need = Cut::Need(Resume::default());
    let Some(head) = bytes.get(..HEAD) else { return need };
    let length = usize::from(u16::from_le_bytes([head[2], head[3]]));
    let Some(command) = bytes.get(HEAD) else { return need };
    let known = matches!(*command, DATA | CONFIGURATION | SERVICES | SYSTEM_CONTROL | FIRMWARE | RESPONSE);
    if length == 0 || length > MAX_BODY || !known {
        return skip_to(bytes, start);
    }
    let Some(frame) = bytes.get(..HEAD + length) else { return need };
    // A wrong checksum is a damaged frame if another follows at once or nothing does; otherwise this was no start.
    let alone = bytes.get(HEAD + length).is_none_or(|b| *b == 0xAB);
    let sum = u16::from_le_bytes([head[4], head[5]]);
    // The cheap question first: do the items lead to the end?
    if alone || (chained(&frame[HEAD + 1..]) && crc16_xmodem(&frame[HEAD..]) == sum) {
        Cut::Frame(HEAD + length, frame.to_vec())
    } else {
        skip_to(bytes, start)
    }
}

fn chained(mut items: &[u8]) -> bool {
    while let [n, rest @ ..] = items {
        match rest.get(usize::from(*n)..) {
            Some(next) => items = next,
            None => return false,
        }
    }
    true
}

pub(crate) fn decode(frame: &[u8], session: &mut Session, now: Instant) -> Decoded {
    let mut out = Decoded::default();
    let (Some(head), Some(body)) = (frame.get(..HEAD), frame.get(HEAD..)) else {
        out.refused = Some(Refusal::NotAFrame);
        return out;
    };
    if head[0] != 0xAB || body.is_empty() {
        out.refused = Some(Refusal::NotAFrame);
        return out;
    }
    let (flags, seq) = (head[1], [head[6], head[7]]);
    out.integrity = Integrity {
        length_ok: Some(usize::from(u16::from_le_bytes([head[2], head[3]])) == body.len()),
        checksum_ok: Some(u16::from_le_bytes([head[4], head[5]]) == crc16_xmodem(body)),
    };
    let (command, items) = (body[0], &body[1..]);
    out.kind = format!("{command:02X}");
    if flags & 0x10 != 0 {
        out.reply = Some(acknowledge(command, items, seq, now));
    }
    match command {
        DATA | SERVICES => {
            let read = items::read(items);
            out.device = read.imei.clone();
            if read.imei.is_some() {
                session.device = read.imei;
            }
            out.records = read.records;
            if !read.whole {
                out.refused = Some(Refusal::Malformed);
            }
            if session.device.is_none() {
                out.refused = Some(Refusal::BeforeLogin);
            }
        }
        _ if session.device.is_none() => out.refused = Some(Refusal::BeforeLogin),
        CONFIGURATION => out.records.push(config::read(items)),
        SYSTEM_CONTROL => out.records.extend(text_result(items)),
        RESPONSE => {
            let mut record = Record::new();
            record.set("result", items.get(1).copied().unwrap_or(0).to_string());
            out.records.push(record);
        }
        _ => {}
    }
    out
}

/// Key 1F: a type byte, then text.
fn text_result(items: &[u8]) -> Option<Record> {
    let mut r = Reader::new(items);
    while let Ok(n) = r.u8() {
        let value = r.take(usize::from(n)).ok()?;
        if let [0x1F, _kind, text @ ..] = value {
            let mut record = Record::new();
            record.set("result", trimmed(text));
            return Some(record);
        }
    }
    None
}

fn acknowledge(command: u8, items: &[u8], seq: [u8; 2], now: Instant) -> Vec<u8> {
    let mut answer = Vec::new();
    if command == SERVICES {
        let mut r = Reader::new(items);
        while let Ok(n) = r.u8() {
            let Ok(item) = r.take(usize::from(n)) else { break };
            match item.first() {
                Some(key @ (0x11 | 0x21 | 0x22)) => {
                    // Where it is cannot be told here: zero coordinates, no address.
                    answer.extend([0x0A, *key]);
                    answer.extend([0; 9]);
                }
                Some(0x12) => {
                    let seconds = u32::try_from(now.0.div_euclid(1000)).unwrap_or(0);
                    answer.extend([0x05, 0x12]);
                    answer.extend(seconds.to_le_bytes());
                }
                _ => {}
            }
            if answer.len() > 256 {
                break;
            }
        }
    }
    if answer.is_empty() {
        return wrap(&[RESPONSE, 0x01, 0x00], seq);
    }
    answer.insert(0, SERVICES);
    wrap(&answer, seq)
}

fn wrap(body: &[u8], seq: [u8; 2]) -> Vec<u8> {
    let mut out = vec![0xAB, 0x00];
    out.extend((body.len() as u16).to_le_bytes());
    out.extend(crc16_xmodem(body).to_le_bytes());
    out.extend(seq);
    out.extend_from_slice(body);
    out
}

pub(crate) fn encode(command: &Command, session: &Session) -> Option<Vec<u8>> {
    let item = |code: u8, key: u8, value: &[u8]| -> Option<Vec<u8>> {
        let length = u8::try_from(value.len() + 1).ok()?;
        let mut body = vec![code, length, key];
        body.extend_from_slice(value);
        Some(body)
    };
    let body = match command {
        Command::Configuration => vec![CONFIGURATION, 0x01, 0xF0],
        Command::Firmware { url } => item(SYSTEM_CONTROL, 0x30, url.as_bytes())?,
        _ => return None,
    };
    Some(wrap(&body, ((session.serial + 1) as u16).to_le_bytes()))
}
