//! `gt06`: Concox / Jimi GT06 family, binary big-endian, frames `78 78 … 0D 0A` and `79 79 … 0D 0A`.
mod blocks;
mod info;
mod location;
mod modular;
mod radio;
mod vehicle;

use crate::bytes::{Read, Reader, crc16_x25, hex};
use crate::command::Command;
use crate::frame::{Cut, Resume, skip_to};
use crate::record::Record;
use crate::session::{Decoded, Integrity, Protocol, Refusal, Session};
use crate::time::parts;
use blocks::Kind;
use kernel::Instant;

const END: [u8; 2] = [0x0D, 0x0A];

fn start(b: &[u8]) -> bool {
    matches!(b, [0x78, 0x78, ..] | [0x79, 0x79, ..])
}

pub(crate) fn cut(bytes: &[u8], resume: Resume) -> Cut {
    if !start(bytes) {
        return match bytes {
            [0x78 | 0x79] => Cut::Need(Resume::default()),
            _ => skip_to(bytes, |b| start(b) || matches!(b, [0x78] | [0x79])),
        };
    }
    let need = Cut::Need(Resume::default());
    if bytes.len() < 5 {
        return need;
    }
    let total = match bytes[0] {
        0x78 => usize::from(bytes[2]) + 5,
        _ => usize::from(u16::from_be_bytes([bytes[2], bytes[3]])) + 6,
    };
    if total > Protocol::Gt06.max_frame() {
        return skip_to(bytes, start);
    }
    let ends_at = |n: usize| n >= 4 && bytes.get(n - 2..n) == Some(&END);
    // Some devices do not count their length byte and type.
    for n in [total, total + 2] {
        if ends_at(n) {
            return Cut::Frame(n, bytes[..n].to_vec());
        }
    }
    // Cousins send a length that means something else: the next end mark then, if what follows begins anew or the
    // declared length has passed.
    let passed = bytes.len() >= total + 2;
    // An end mark seen before its follower was there is looked at again; all earlier ones were no ends.
    let from = if passed && resume.depth == 0 { 3 } else { resume.at.max(3) };
    let within = bytes.windows(2).enumerate().skip(from).filter(|(_, w)| *w == END).map(|(i, _)| i + 2);
    let mut ends = within.filter(|n| passed || start(&bytes[*n..]) || (bytes.len() == *n && total <= 8));
    match ends.next() {
        Some(n) => Cut::Frame(n, bytes[..n].to_vec()),
        None => Cut::Need(Resume { at: bytes.len().saturating_sub(4), depth: i32::from(passed) }),
    }
}

/// One frame in parts: where its content lies and what its header says.
struct Frame<'a> {
    bytes: &'a [u8],
    long: bool,
    length: usize,
    kind: u8,
}

impl<'a> Frame<'a> {
    fn new(bytes: &'a [u8]) -> Option<Frame<'a>> {
        let long = match bytes {
            [0x78, 0x78, ..] => false,
            [0x79, 0x79, ..] => true,
            _ => return None,
        };
        let length = if long {
            usize::from(u16::from_be_bytes([*bytes.get(2)?, *bytes.get(3)?]))
        } else {
            usize::from(*bytes.get(2)?)
        };
        let kind = *bytes.get(if long { 4 } else { 3 })?;
        Some(Frame { bytes, long, length, kind })
    }
    /// After the type; serial, checksum and end mark are the tail.
    fn content(&self) -> Reader<'a> {
        let mut r = Reader::with_tail(self.bytes, 6);
        r.seek(if self.long { 5 } else { 4 });
        r
    }
    /// WiFi messages of cousins: neither serial nor checksum.
    fn bare(&self) -> Reader<'a> {
        let mut r = Reader::with_tail(self.bytes, 2);
        r.seek(4);
        r
    }
    fn serial(&self) -> [u8; 2] {
        let n = self.bytes.len();
        match self.bytes.get(n.wrapping_sub(6)..n.wrapping_sub(4)) {
            Some([a, b]) => [*a, *b],
            _ => [0, 0],
        }
    }
    /// Sent without serial and checksum, with the number of access points for a length.
    fn without_checksum(&self) -> bool {
        !self.long && matches!(self.kind, 0x17 | 0x69) && self.bytes.len() != self.length + 5
    }
    fn integrity(&self) -> Integrity {
        let n = self.bytes.len();
        let closed = self.bytes.ends_with(&END);
        let length_ok = closed && n == self.length + if self.long { 6 } else { 5 };
        let sum = self.bytes.get(n.saturating_sub(4)..n.saturating_sub(2)).unwrap_or(&[]);
        let over = self.bytes.get(2..n.saturating_sub(4)).unwrap_or(&[]);
        let checksum_ok = sum == crc16_x25(over).to_be_bytes();
        Integrity { length_ok: Some(length_ok), checksum_ok: Some(checksum_ok) }
    }
}

/// What a message yields: a record or nothing, and whether it is answered.
struct Said {
    record: Option<Record>,
    answer: Answer,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Answer {
    /// `78 78 05 type serial`
    General,
    /// `79 79 00 05 type serial`
    Long,
    None,
}

impl Said {
    fn some(record: Record, answer: Answer) -> Said {
        Said { record: Some(record), answer }
    }
    fn nothing(answer: Answer) -> Said {
        Said { record: None, answer }
    }
}

pub(crate) fn decode(bytes: &[u8], session: &mut Session, now: Instant) -> Decoded {
    let mut out = Decoded::default();
    let Some(frame) = Frame::new(bytes) else {
        out.refused = Some(Refusal::NotAFrame);
        return out;
    };
    out.kind = format!("{}{:02X}", if frame.long { "79/" } else { "" }, frame.kind);
    out.integrity = frame.integrity();
    if frame.without_checksum() && !out.integrity.ok() {
        out.integrity = cousin(&frame);
    }
    if frame.kind == 0x01 && !frame.long {
        login(&frame, session, &mut out);
        return out;
    }
    if session.device.is_none() {
        out.refused = Some(Refusal::BeforeLogin);
    }
    let kind = Kind::of(frame.kind, frame.length, frame.long, bytes);
    let mut record = Record::new();
    let said = message(&frame, kind, session, now, &mut record, &mut out);
    match said {
        Ok(said) => {
            out.records.extend(said.record);
            let serial = frame.serial();
            match said.answer {
                Answer::General => out.reply = Some(wrap(false, frame.kind, &[], serial)),
                Answer::Long => out.reply = Some(wrap(true, frame.kind, &[], serial)),
                Answer::None => {}
            }
        }
        Err(_) => {
            // What was read before the bytes ended stays, so that its alarms are not lost.
            out.refused = out.refused.or(Some(Refusal::Malformed));
            out.records.push(record);
        }
    }
    out
}

/// A frame without serial and checksum: its length byte is a count, and nothing else can be checked.
fn cousin(frame: &Frame) -> Integrity {
    let n = usize::from(*frame.bytes.get(2).unwrap_or(&0));
    let fields = frame.bytes.len().checked_sub(4 + 6 + 2 + n * 7);
    // Access points, then cells: count, country, network, five bytes each.
    let cells = fields.filter(|rest| *rest >= 4 && (rest - 4) % 5 == 0);
    Integrity { length_ok: Some(cells.is_some() && frame.bytes.ends_with(&END)), checksum_ok: None }
}

fn login(frame: &Frame, session: &mut Session, out: &mut Decoded) {
    let mut r = frame.content();
    let Ok(digits) = r.take(8) else {
        out.refused = Some(Refusal::Malformed);
        return;
    };
    // Fifteen digits in eight bytes: the first half byte is padding.
    let id = hex(digits);
    let id = id.strip_prefix('0').unwrap_or(&id).to_string();
    out.device = Some(id.clone());
    session.device = Some(id);
    if r.left() >= 4 && r.skip(2).is_ok() {
        let word = r.u16().unwrap_or(0);
        let minutes = i64::from(word >> 4) / 100 * 60 + i64::from(word >> 4) % 100;
        let west = word & 8 != 0;
        session.zone_ms = Some(if west { -minutes } else { minutes } * Instant::MINUTE);
    }
    out.reply = Some(wrap(false, 0x01, &[], frame.serial()));
}

fn message(
    frame: &Frame,
    kind: Kind,
    session: &Session,
    now: Instant,
    record: &mut Record,
    out: &mut Decoded,
) -> Read<Said> {
    let mut r = frame.content();
    let r = &mut r;
    let take = |record: &mut Record, answer| Ok(Said::some(std::mem::take(record), answer));
    match (frame.kind, frame.long) {
        (0x23, false) => {
            info::heartbeat(r, record)?;
            take(record, Answer::General)
        }
        (0x2A, _) => {
            let text = b"NA&&NA&&0##";
            let mut content = vec![text.len() as u8, 0, 0, 0, 0];
            content.extend_from_slice(text);
            out.reply = Some(wrap(true, 0x97, &content, [0, 0]));
            Ok(Said::nothing(Answer::None))
        }
        (0x8A, _) => {
            let (y, mo, d, h, mi, s) = parts(now);
            out.reply = Some(wrap(false, 0x8A, &[(y - 2000) as u8, mo, d, h, mi, s], [0, 0]));
            Ok(Said::nothing(Answer::None))
        }
        (0x34, _) if kind != Kind::Sl4x => {
            vehicle::tracker_x1(r, session, record)?;
            take(record, Answer::None)
        }
        (0x17, _) if kind == Kind::Rfid => {
            location::decode(frame.kind, kind, r, session, record)?;
            take(record, Answer::General)
        }
        (0x17 | 0x69, _) => {
            let time = frame.bytes.get(4..10).unwrap_or(&[]).to_vec();
            let mut bare = if frame.without_checksum() { frame.bare() } else { frame.content() };
            radio::cousin_wifi(&mut bare, frame.length, record)?;
            out.reply = Some([&[0x78, 0x78, 0x00, frame.kind][..], &time, &END].concat());
            take(record, Answer::None)
        }
        (0xF3, _) => {
            radio::wifi_only(r, record)?;
            take(record, Answer::General)
        }
        (0x94, false) => {
            record.set("power", f64::from(r.i16()?) / 100.0);
            take(record, Answer::None)
        }
        (0x94, true) => {
            let known = info::information(r, frame.length, session, record)?;
            Ok(Said { record: known.then(|| std::mem::take(record)), answer: Answer::None })
        }
        (0x24, _) if kind == Kind::Sr411 => {
            vehicle::sr411(r, session, record)?;
            take(record, Answer::None)
        }
        (0x33, true) | (0x32, true) => {
            location::az735(frame.kind, r, session, record)?;
            take(record, Answer::Long)
        }
        (0x28 | 0x2E | 0x24 | 0x2C | 0x18 | 0xA1 | 0x33 | 0x34 | 0xA9, _) => {
            radio::cells_and_wifi(frame.kind, kind, r, session, record)?;
            take(record, if frame.long { Answer::None } else { Answer::General })
        }
        (0xA2, _) if kind != Kind::Lw4g => {
            radio::cells_and_wifi(frame.kind, kind, r, session, record)?;
            take(record, Answer::General)
        }
        (0x15, _) => {
            info::answer_text(r, record)?;
            take(record, Answer::General)
        }
        (0x21, _) => {
            info::answer_unicode(r, record)?;
            take(record, Answer::None)
        }
        (0x40, _) => {
            vehicle::battery_pack(r, record)?;
            take(record, Answer::General)
        }
        (0x41, _) => Ok(Said::nothing(Answer::Long)),
        (0x13, false) if frame.bytes.len() == 4 + 22 => {
            info::long_status(r, record)?;
            take(record, Answer::General)
        }
        (0x61, _) => {
            vehicle::ibutton(r, session, record)?;
            take(record, Answer::General)
        }
        (0x38, _) => {
            location::gps_then_cell(r, session, record)?;
            take(record, Answer::None)
        }
        (0x36, false) if session.model_is(blocks::VL) && r.left() >= 48 => {
            location::with_card(r, session, record)?;
            take(record, Answer::General)
        }
        (0x19, false) if kind == Kind::Space10x => {
            // Only cells, in a layout nobody documents.
            Ok(Said::nothing(Answer::General))
        }
        (k, false) if location::knows(k, kind) => {
            location::decode(k, kind, r, session, record)?;
            take(record, Answer::General)
        }
        (0x95, _) => {
            vehicle::camera_alarm(kind, r, session, record)?;
            take(record, Answer::General)
        }
        (0x8C, true) => {
            vehicle::obd(r, session, record)?;
            take(record, Answer::None)
        }
        (0x70, _) => {
            modular::decode(r, record)?;
            take(record, Answer::General)
        }
        (0x9B, _) => {
            info::serial_port(r, record)?;
            take(record, Answer::None)
        }
        (0xF1 | 0xF2, _) => {
            info::device_state(frame.kind, r, record)?;
            take(record, Answer::General)
        }
        (0x80..=0x82, _) => Ok(Said::nothing(Answer::None)),
        _ => Ok(Said::nothing(if frame.long { Answer::None } else { Answer::General })),
    }
}

/// `78 78 | len | type | content | serial | crc | 0D 0A`, or the long form.
fn wrap(long: bool, kind: u8, content: &[u8], serial: [u8; 2]) -> Vec<u8> {
    let length = content.len() + 5;
    let mut out = if long {
        let [hi, lo] = (length as u16).to_be_bytes();
        vec![0x79, 0x79, hi, lo]
    } else {
        vec![0x78, 0x78, length as u8]
    };
    out.push(kind);
    out.extend_from_slice(content);
    out.extend(serial);
    let crc = crc16_x25(&out[2..]);
    out.extend(crc.to_be_bytes());
    out.extend(END);
    out
}

pub(crate) fn encode(command: &Command) -> Option<Vec<u8>> {
    let text = match command {
        Command::LocateNow => "WHERE#".into(),
        Command::Reboot => "RESET#".into(),
        Command::FactoryReset => "FACTORY#".into(),
        Command::Find => "FIND#".into(),
        Command::Status => "STATUS#".into(),
        Command::Version => "VERSION#".into(),
        Command::Configuration => "PARAM#".into(),
        Command::SosNumbers { phones } => format!("SOS,A,{}#", phones.join(",")),
        Command::SosNumber { index, phone } => {
            let before = ",".repeat(usize::from(index.clamp(&1, &3) - 1));
            format!("SOS,A,{before}{phone}#")
        }
        Command::CentreNumber { phone } => format!("CENTER,A,{phone}#"),
        Command::CallBack { phone } => format!("CALL,{phone}#"),
        Command::Listen { phone } => format!("MONITOR,{phone}#"),
        Command::ReportEvery { seconds } => format!("TIMER,{seconds}#"),
        Command::SetFence { lat, lon, radius_m, .. } => {
            let (ns, ew) = (if *lat < 0.0 { 'S' } else { 'N' }, if *lon < 0.0 { 'W' } else { 'E' });
            let hundreds = radius_m.div_ceil(100).max(1);
            format!("FENCE,ON,0,{ns}{:.6},{ew}{:.6},{hundreds},IN OR OUT#", lat.abs(), lon.abs())
        }
        Command::DropFence { .. } => "FENCE,OFF#".into(),
        Command::EngineCut { on } => format!("Relay,{}#", u8::from(*on)),
        Command::Server { host, port } => format!("SERVER,1,{host},{port},0#"),
        Command::Raw { text } => text.clone(),
        _ => return None,
    };
    let n = u8::try_from(text.len() + 4).ok().filter(|n| *n <= 240)?;
    let mut content = vec![n, 0, 0, 0, 0];
    content.extend_from_slice(text.as_bytes());
    Some(wrap(false, 0x80, &content, [0, 0]))
}
