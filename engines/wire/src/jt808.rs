//! `jt808`: JT/T 808-2013 and -2019, binary big-endian, with the extensions of card-type wearables and trackers.
mod items;
mod location;
mod nested;
mod orders;
mod short;
mod transparent;

use crate::bytes::{Read, Reader, gbk, hex, latin1, luhn, trimmed, utf16be, xor};
use crate::frame::{Cut, Resume, skip_to};
use crate::record::Record;
use crate::session::{Decoded, Integrity, MAX_RECORDS, Refusal, Session};
use crate::time::{compact, parts, utc};
use kernel::Instant;

pub(crate) use orders::encode;
pub use orders::register_answer;

/// What a connection has learnt: the version of its headers and its delimiter, and a message being put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    version: Option<u8>,
    alternative: bool,
    split: Option<Split>,
}

#[derive(Clone, Debug)]
struct Split {
    id: u16,
    parts: Vec<Option<Vec<u8>>>,
}

/// Most parts of one message; more are refused.
const MAX_PARTS: usize = 64;
/// Longest `( … )` text frame.
const MAX_TEXT: usize = 512;
/// Times are written in China Standard Time.
const ZONE_MS: i64 = Instant::ZONE_MS;

pub(crate) fn cut(bytes: &[u8], resume: Resume) -> Cut {
    let start = |b: &[u8]| matches!(b[0], 0x7E | 0xE7 | b'(');
    let Some(first) = bytes.first().copied() else { return Cut::Need(Resume::default()) };
    if !start(bytes) {
        return skip_to(bytes, start);
    }
    if first == b'(' {
        let end = bytes.iter().take(MAX_TEXT).position(|b| *b == b')');
        let text = &bytes[..end.unwrap_or(bytes.len().min(MAX_TEXT))];
        return match end {
            _ if !text.iter().all(|b| (0x20..0x7F).contains(b)) => skip_to(bytes, start),
            Some(end) => Cut::Frame(end + 1, bytes[..=end].to_vec()),
            None if bytes.len() >= MAX_TEXT => skip_to(bytes, start),
            None => Cut::Need(Resume::default()),
        };
    }
    let from = resume.at.max(1);
    match bytes[from..].iter().position(|b| *b == first) {
        // Two delimiters side by side: the first one closed a frame whose start was lost.
        Some(0) if from == 1 => Cut::Skip(1),
        Some(n) => {
            let end = from + n;
            let frame = unescape(&bytes[..=end]);
            // An E7 in rubbish is not the other delimiter: what it leads to holds together, or at least swallows no
            // frame of the usual kind.
            if first == 0xE7 && xor(&frame[1..frame.len() - 1]) != 0 && bytes[..end].contains(&0x7E) {
                return skip_to(bytes, start);
            }
            if frame.len() < 12 && bytes.get(end + 1) != Some(&first) && bytes.len() > end + 1 {
                // What lies between is no message: its second delimiter is the next one's first.
                return Cut::Skip(end);
            }
            Cut::Frame(end + 1, frame)
        }
        None if first == 0xE7 && bytes.contains(&0x7E) && bytes.len() > 256 => skip_to(bytes, start),
        None => Cut::Need(Resume { at: bytes.len(), depth: 0 }),
    }
}

/// Undoes the escapes between the delimiters (`7D 01`, `7D 02`; in the E7 variant `E6 01`, `E6 02`, `3E 01`, `3E 02`).
pub(crate) fn unescape(frame: &[u8]) -> Vec<u8> {
    let pairs: &[(u8, u8, u8)] = if frame.first() == Some(&0xE7) {
        &[(0xE6, 1, 0xE6), (0xE6, 2, 0xE7), (0x3E, 1, 0x3E), (0x3E, 2, 0x3D)]
    } else {
        &[(0x7D, 1, 0x7D), (0x7D, 2, 0x7E)]
    };
    let mut out = Vec::with_capacity(frame.len());
    let mut at = 0;
    while let Some(b) = frame.get(at) {
        let next = frame.get(at + 1).copied();
        match pairs.iter().find(|(mark, code, _)| mark == b && Some(*code) == next) {
            Some((_, _, plain)) => {
                out.push(*plain);
                at += 2;
            }
            None => {
                out.push(*b);
                at += 1;
            }
        }
    }
    out
}

/// Escapes a whole frame between its delimiters, as it goes on the wire.
pub(crate) fn escape(frame: &[u8]) -> Vec<u8> {
    let [first, inner @ .., last] = frame else { return frame.to_vec() };
    let mut out = vec![*first];
    for b in inner {
        match (*first, *b) {
            (0xE7, 0xE6) => out.extend([0xE6, 1]),
            (0xE7, 0xE7) => out.extend([0xE6, 2]),
            (0xE7, 0x3E) => out.extend([0x3E, 1]),
            (0xE7, 0x3D) => out.extend([0x3E, 2]),
            (0x7E, 0x7D) => out.extend([0x7D, 1]),
            (0x7E, 0x7E) => out.extend([0x7D, 2]),
            _ => out.push(*b),
        }
    }
    out.push(*last);
    out
}

pub(crate) struct Head {
    pub delimiter: u8,
    pub id: u16,
    attr: u16,
    pub version: Option<u8>,
    pub terminal: Vec<u8>,
    pub serial: u16,
    split: Option<(u16, u16)>,
    /// Where the body begins in the frame.
    at: usize,
}

pub(crate) fn head(frame: &[u8]) -> Read<Head> {
    let mut r = Reader::new(frame);
    let delimiter = r.u8()?;
    let (id, attr) = (r.u16()?, r.u16()?);
    let version = if attr & 0x4000 != 0 { Some(r.u8()?) } else { None };
    let digits = match (version, delimiter) {
        (Some(_), _) => 10,
        (None, 0xE7) => 7,
        _ => 6,
    };
    let terminal = r.take(digits)?.to_vec();
    let one_byte = matches!(id, 0x5501 | 0x5502);
    let serial = if one_byte { u16::from(r.u8()?) } else { r.u16()? };
    let split = if attr & 0x2000 != 0 && !one_byte { Some((r.u16()?, r.u16()?)) } else { None };
    Ok(Head { delimiter, id, attr, version, terminal, serial, split, at: r.at() })
}

fn integrity(frame: &[u8], head: &Head) -> Integrity {
    let body = frame.len().checked_sub(head.at + 2);
    let closed = frame.last() == Some(&head.delimiter);
    Integrity {
        length_ok: Some(closed && body == Some(usize::from(head.attr & 0x3FF))),
        checksum_ok: Some(frame.len() > 3 && xor(&frame[1..frame.len() - 1]) == 0),
    }
}

/// The terminal's number: decimal digits, or a 48-bit integer of the first 14 digits of an IMEI.
pub(crate) fn terminal_name(terminal: &[u8]) -> String {
    let digits = hex(terminal);
    if digits.bytes().all(|b| b.is_ascii_digit()) {
        let plain = digits.trim_start_matches('0');
        return if plain.is_empty() { "0".into() } else { plain.into() };
    }
    let number = terminal.iter().take(6).fold(0u64, |n, b| n << 8 | u64::from(*b));
    format!("{number}{}", luhn(number))
}

pub(crate) fn decode(frame: &[u8], session: &mut Session, now: Instant) -> Decoded {
    let mut out = Decoded::default();
    if frame.first() == Some(&b'(') {
        return text_frame(frame, session, now);
    }
    let bad = |mut out: Decoded| {
        out.refused = Some(Refusal::NotAFrame);
        out
    };
    if !matches!(frame.first(), Some(0x7E | 0xE7)) {
        return bad(out);
    }
    let Ok(mut head_) = head(frame) else { return bad(out) };
    out.integrity = integrity(frame, &head_);
    let mut frame = std::borrow::Cow::Borrowed(frame);
    if !out.integrity.ok() {
        // Perhaps it comes straight from the wire, still escaped.
        let plain = unescape(&frame);
        if let Ok(h) = head(&plain)
            && integrity(&plain, &h).ok()
        {
            (out.integrity, head_, frame) = (integrity(&plain, &h), h, plain.into());
        }
    }
    let head = head_;
    out.kind = format!("{:04X}", head.id);
    let name = terminal_name(&head.terminal);
    out.device = Some(name.clone());
    session.device = Some(name);
    session.jt808.version = head.version;
    session.jt808.alternative = head.delimiter == 0xE7;
    let one_byte = matches!(head.id, 0x5501 | 0x5502);
    if head.attr & 0x1C00 == 0x0400 && !one_byte && !session.lenient {
        out.refused = Some(Refusal::Encrypted);
        return out;
    }
    let answer = general_answer(&head, session, now);
    let mut joined = None;
    if let Some((total, part)) = head.split.filter(|(total, _)| *total > 1) {
        let body = frame.get(head.at..frame.len().saturating_sub(2)).unwrap_or(&[]);
        if out.integrity.ok() || session.lenient {
            joined = join(&mut session.jt808.split, head.id, total, part, body);
        }
        if joined.is_none() {
            out.reply = answer;
            return out;
        }
    }
    let mut body = match &joined {
        Some(whole) => Reader::new(whole),
        None => {
            let mut r = Reader::with_tail(&frame, 2);
            r.seek(head.at);
            r
        }
    };
    if message(&head, &mut body, session, &mut out.records).is_err() {
        out.refused = Some(Refusal::Malformed);
    }
    out.reply = answer;
    out
}

/// Keeps one part; the whole body once all parts are there.
fn join(split: &mut Option<Split>, id: u16, total: u16, part: u16, body: &[u8]) -> Option<Vec<u8>> {
    let (total, part) = (usize::from(total), usize::from(part));
    if total > MAX_PARTS || part == 0 || part > total {
        return None;
    }
    if split.as_ref().is_none_or(|s| s.id != id || s.parts.len() != total) {
        *split = Some(Split { id, parts: vec![None; total] });
    }
    let parts = &mut split.as_mut()?.parts;
    parts[part - 1] = Some(body.to_vec());
    if parts.iter().any(Option::is_none) {
        return None;
    }
    let whole = parts.iter_mut().filter_map(Option::take).flatten().collect();
    *split = None;
    Some(whole)
}

fn text_frame(frame: &[u8], session: &mut Session, now: Instant) -> Decoded {
    let text = latin1(frame);
    let mut out = Decoded { kind: "text".into(), ..Decoded::default() };
    if text.contains("BASE,2") {
        out.reply = Some(text.replace("TIME", &compact(now)).into_bytes());
    } else if session.device.is_some() {
        let mut record = Record::new();
        record.set("result", text);
        out.records.push(record);
    } else {
        out.refused = Some(Refusal::BeforeLogin);
    }
    out
}

/// What the server must answer to this message, as the standard and the vendors want it.
fn general_answer(head: &Head, session: &mut Session, now: Instant) -> Option<Vec<u8>> {
    let (id, body): (u16, Vec<u8>) = match head.id {
        0x0100 => return register_frame(head, session, 0, &terminal_text(&head.terminal)),
        0x0109 => {
            let (y, mo, d, h, mi, s) = parts(now);
            let year = (y as u16).to_be_bytes();
            (0x8109, vec![year[0], year[1], mo, d, h, mi, s, 0])
        }
        0x0004 => {
            let (y, mo, d, h, mi, s) = parts(now);
            let bcd = |v: u8| ((v / 10) << 4) | (v % 10);
            (0x8004, [(y.rem_euclid(100)) as u8, mo, d, h, mi, s].map(bcd).to_vec())
        }
        0x5501 | 0x5502 if head.attr & 0x8000 != 0 => {
            let id = head.id.to_be_bytes();
            let mut out = message_frame(head, 0x4401, None, &[id[0], id[1], 0]);
            return Some(std::mem::take(&mut out));
        }
        0x0002 | 0x0003 | 0x0102 | 0x0107 | 0x0200 | 0x0210 | 0x0506 | 0x0704 | 0x0900 | 0x1007 | 0x6006 | 0x8888 => {
            let (serial, id) = (head.serial.to_be_bytes(), head.id.to_be_bytes());
            (0x8001, vec![serial[0], serial[1], id[0], id[1], 0])
        }
        _ => return None,
    };
    let serial = next_serial(session);
    Some(message_frame(head, id, Some(serial), &body))
}

fn next_serial(session: &mut Session) -> u16 {
    let serial = session.serial as u16;
    session.serial = session.serial.wrapping_add(1);
    serial
}

/// The terminal's number with its leading zeros, the authentication code handed out unless the caller has another.
fn terminal_text(terminal: &[u8]) -> String {
    let digits = hex(terminal);
    if digits.bytes().all(|b| b.is_ascii_digit()) { digits } else { terminal_name(terminal) }
}

fn register_frame(head: &Head, session: &mut Session, result: u8, code: &str) -> Option<Vec<u8>> {
    let serial = head.serial.to_be_bytes();
    let mut body = vec![serial[0], serial[1], result];
    if result == 0 {
        body.extend_from_slice(code.as_bytes());
    }
    let own = next_serial(session);
    Some(message_frame(head, 0x8100, Some(own), &body))
}

/// A frame back to the terminal of `head`, escaped. `serial` absent: the one-byte serial 01.
fn message_frame(head: &Head, id: u16, serial: Option<u16>, body: &[u8]) -> Vec<u8> {
    frame_for(head.delimiter, head.version, &head.terminal, id, serial, body)
}

pub(crate) fn frame_for(
    delimiter: u8,
    version: Option<u8>,
    terminal: &[u8],
    id: u16,
    serial: Option<u16>,
    body: &[u8],
) -> Vec<u8> {
    let mut out = vec![delimiter];
    out.extend(id.to_be_bytes());
    let attr = (body.len() as u16 & 0x3FF) | if version.is_some() { 0x4000 } else { 0 };
    out.extend(attr.to_be_bytes());
    out.extend(version);
    out.extend_from_slice(terminal);
    match serial {
        Some(serial) => out.extend(serial.to_be_bytes()),
        None => out.push(1),
    }
    out.extend_from_slice(body);
    out.push(xor(&out[1..]));
    out.push(delimiter);
    escape(&out)
}

/// BCD `yymmddhhmmss` in China Standard Time.
pub(crate) fn bcd_time(r: &mut Reader) -> Read<Option<Instant>> {
    let mut p = [0u32; 6];
    for v in &mut p {
        *v = r.bcd()?;
    }
    Ok(utc(2000 + i64::from(p[0]), p[1], p[2], p[3], p[4], p[5]).map(|t| t.plus_ms(-ZONE_MS)))
}

fn message(head: &Head, r: &mut Reader, session: &Session, out: &mut Vec<Record>) -> Read<()> {
    let mut record = Record::new();
    match head.id {
        0x0002 if r.left() >= 3 => {
            record.battery_level(r.u8()?.into());
            record.set("rssi", r.u8()?);
            record.set("status", r.u8()?);
        }
        0x0107 => {
            r.skip(2 + 5 + 20 + 7)?;
            record.set("iccid", r.hex(10)?);
            let hardware = r.u8()?;
            record.set("hardware", r.text(hardware.into())?);
            let firmware = r.u8()?;
            record.set("versionFw", r.text(firmware.into())?);
        }
        0x0200 => return location::decode(r, session, location::Part::Alone, out),
        0x0201 => {
            r.u16()?;
            return location::decode(r, session, location::Part::Alone, out);
        }
        0x0704 | 0x0210 => return batch(head, r, session, out),
        0x0900 => return transparent::decode(r, session, out),
        0x5501 | 0x5502 => return short::decode(r, head.id, out),
        0x0104 => {
            r.skip(3)?;
            orders::read_parameters(r, &mut record)?;
        }
        0x0701 => {
            let n = r.u32()? as usize;
            record.set("result", trimmed(r.take(n.min(r.left()))?));
        }
        0x0702 => {
            record.set("cardStatus", r.u8()?);
            record.time = bcd_time(r)?;
            record.set("cardResult", r.u8()?);
            let name = r.u8()?;
            record.set("driver", trimmed(gbk(r.take(name.into())?).as_bytes()));
            record.set("cardCode", r.text(20)?);
            let agency = r.u8()?;
            record.set("cardAgency", gbk(r.take(agency.into())?));
            record.set("cardValidity", r.hex(4)?);
        }
        0x1300 => {
            r.u16()?;
            record.set("result", utf16be(r.rest()).trim_matches(|c: char| c <= ' ').to_string());
        }
        0x2070 => {
            let mut triples = Vec::new();
            while r.left() >= 12 && triples.len() < 256 {
                r.skip(6)?;
                let mut word = || r.u16().map(|v| if v & 0x8000 != 0 { -i32::from(v & 0x7FFF) } else { v.into() });
                triples.push(format!("[{},{},{}]", word()?, word()?, word()?));
            }
            record.set("gSensor", format!("[{}]", triples.join(",")));
        }
        0x6006 => {
            r.u8()?;
            record.set("result", gbk(r.rest()));
        }
        _ => return Ok(()),
    }
    out.push(record);
    Ok(())
}

fn batch(head: &Head, r: &mut Reader, session: &Session, out: &mut Vec<Record>) -> Read<()> {
    if head.id == 0x0210 && r.left() == 7 {
        let mut record = Record::new();
        record.battery_level(r.u8()?.into());
        record.time = bcd_time(r)?;
        out.push(record);
        return Ok(());
    }
    let mut stored = false;
    if head.id == 0x0704 {
        r.u16()?;
        stored = r.u8()? > 0;
    }
    while r.left() > 0 && out.len() < MAX_RECORDS {
        let n = if head.id == 0x0704 { usize::from(r.u16()?) } else { usize::from(r.u8()?) };
        let mut part = Reader::new(r.take(n)?);
        let first = out.len();
        location::decode(&mut part, session, location::Part::OfBatch, out)?;
        if stored {
            for record in &mut out[first..] {
                record.archive = true;
                record.set("archive", true);
            }
        }
    }
    Ok(())
}
