//! `watch`: Setracker / 4P-Touch frames `[MM*ID*LEN*CONTENT]`, with an index before LEN in the "ZJ" variant.
mod position;

use crate::alarm::Alarm;
use crate::bytes::{Short, latin1, utf16be_hex};
use crate::command::{Command, Measure};
use crate::frame::{Cut, Resume, skip_to};
use crate::record::{Media, Record};
use crate::session::{Decoded, Integrity, Refusal, Session};

/// Most bytes of a voice clip that comes in parts.
const MAX_VOICE: usize = 512 * 1024;

/// What a connection has learnt: how the device writes its frames, and a voice clip being put together.
#[derive(Clone, Debug, Default)]
pub(crate) struct Link {
    maker: Option<String>,
    index: Option<String>,
    voice: Vec<u8>,
}

/// A header like `[3G*8800000015*` within another frame: the frame before it has lost its end.
fn header(bytes: &[u8]) -> bool {
    bytes.len() >= 14
        && bytes[0] == b'['
        && bytes[1..3].iter().all(u8::is_ascii_alphanumeric)
        && bytes[3] == b'*'
        && bytes[4..14].iter().all(u8::is_ascii_digit)
}

pub(crate) fn cut(bytes: &[u8], resume: Resume) -> Cut {
    if bytes.first() != Some(&b'[') {
        return skip_to(bytes, |b| b[0] == b'[');
    }
    let Resume { mut at, mut depth } = resume;
    while let Some(b) = bytes.get(at) {
        match b {
            b'[' if at > 0 => {
                if bytes.len() < at + 14 {
                    break;
                }
                if header(&bytes[at..]) {
                    return Cut::Frame(at, bytes[..at].to_vec());
                }
                depth += 1;
            }
            b'[' => depth += 1,
            b']' => {
                depth -= 1;
                if depth == 0 {
                    return Cut::Frame(at + 1, bytes[..=at].to_vec());
                }
            }
            _ => {}
        }
        at += 1;
    }
    Cut::Need(Resume { at, depth })
}

const ESCAPES: [(u8, u8); 5] = [(0x7D, 1), (b'[', 2), (b']', 3), (b',', 4), (b'*', 5)];

/// Undoes `7D 01`…`7D 05`; `None` on any other byte after 7D.
fn unescape(bytes: &[u8]) -> Option<Vec<u8>> {
    let mut out = Vec::with_capacity(bytes.len());
    let mut it = bytes.iter();
    while let Some(b) = it.next() {
        if *b == 0x7D {
            let code = *it.next()?;
            out.push(ESCAPES.iter().find(|(_, c)| *c == code)?.0);
        } else {
            out.push(*b);
        }
    }
    Some(out)
}

/// A whole frame without its escapes, as other servers hand it on; as it is if an escape is broken.
pub(crate) fn plain_frame(frame: &[u8]) -> Vec<u8> {
    unescape(frame).unwrap_or_else(|| frame.to_vec())
}

fn escape(bytes: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(bytes.len());
    for b in bytes {
        match ESCAPES.iter().find(|(plain, _)| plain == b) {
            Some((_, code)) => out.extend([0x7D, *code]),
            None => out.push(*b),
        }
    }
    out
}

struct Parts<'a> {
    maker: String,
    id: String,
    index: Option<String>,
    declared: Option<usize>,
    content: &'a [u8],
    closed: bool,
}

fn split(frame: &[u8]) -> Option<Parts<'_>> {
    let inner = frame.strip_prefix(b"[")?;
    let closed = inner.last() == Some(&b']');
    let inner = inner.strip_suffix(b"]").unwrap_or(inner);
    let mut star = inner.splitn(4, |b| *b == b'*');
    let (maker, id, third, rest) = (star.next()?, star.next()?, star.next()?, star.next()?);
    let plain = |b: &[u8]| b.iter().all(u8::is_ascii_alphanumeric).then(|| latin1(b));
    let four_hex = |b: &[u8]| b.len() == 4 && b.iter().all(u8::is_ascii_hexdigit);
    let number = |b: &[u8]| usize::from_str_radix(&latin1(b), 16).ok();
    let maker = plain(maker).filter(|m| (1..=4).contains(&m.len()))?;
    let id = plain(id).filter(|i| (1..=20).contains(&i.len()))?;
    // The variant with an index: after it come four hex digits and another star.
    let (index, declared, content) = match rest {
        [a, b, c, d, b'*', content @ ..] if four_hex(&[*a, *b, *c, *d]) => (plain(third), number(&rest[..4]), content),
        _ => (None, number(third), rest),
    };
    Some(Parts { maker, id, index, declared, content, closed })
}

pub(crate) fn decode(frame: &[u8], session: &mut Session) -> Decoded {
    let mut out = Decoded::default();
    let Some(parts) = split(frame) else {
        out.refused = Some(Refusal::NotAFrame);
        return out;
    };
    let escaped = parts.content.len();
    let plain = unescape(parts.content);
    // Makers disagree whether LEN counts the bytes before or after escaping.
    let fits = |n| n == escaped || plain.as_ref().is_some_and(|p| n == p.len());
    out.integrity = Integrity { length_ok: Some(parts.closed && parts.declared.is_some_and(fits)), checksum_ok: None };
    let content = plain.as_deref().unwrap_or(parts.content);
    out.device = Some(parts.id.clone());
    session.device = Some(parts.id.clone());
    if out.integrity.ok() || session.lenient {
        session.watch.maker = Some(parts.maker.clone());
        session.watch.index = parts.index.clone();
    }
    let comma = content.iter().position(|b| *b == b',');
    let kind = latin1(&content[..comma.unwrap_or(content.len()).min(32)]);
    let body = comma.map_or(&[][..], |c| &content[c + 1..]);
    let whole = out.integrity.ok() || session.lenient;
    let (record, answer) = message(&kind, body, session, whole);
    match record {
        Ok(Some(record)) => out.records.push(record),
        Ok(None) => {}
        Err(Short) => out.refused = Some(Refusal::Malformed),
    }
    // An alarm message whose fields cannot be read is still an alarm.
    if out.refused.is_some() && kind.starts_with("AL") {
        let mut record = Record::new();
        record.alarm(Alarm::General);
        record.alarm_if(position::looks_like_sos(body), Alarm::Sos);
        out.records.push(record);
    }
    out.reply = answer.map(|a| wrap(&parts.maker, &parts.id, parts.index.as_deref(), a.as_bytes()));
    if out.refused.is_some() && session.lenient {
        out.records.iter_mut().for_each(|r| r.unverified = true);
    }
    out.kind = kind;
    out
}

type Message = (Result<Option<Record>, Short>, Option<String>);

fn message(kind: &str, body: &[u8], session: &mut Session, whole: bool) -> Message {
    let text = latin1(body);
    let values: Vec<&str> = if body.is_empty() { Vec::new() } else { text.split(',').collect() };
    let upper = kind.to_ascii_uppercase();
    let none = |answer: Option<&str>| (Ok(None), answer.map(String::from));
    match upper.as_str() {
        "LK" => (Ok(link_keep(&values)), Some("LK".into())),
        "INIT" => none(Some("INIT,1")),
        "CONFIG" => none(Some("CONFIG,1")),
        "WIFIINFOUP" => none(Some("WIFIINFOUP,1")),
        "TKQ" | "TKQ2" => none(Some(kind)),
        "PULSE" | "HEART" | "BLOOD" | "BPHRT" | "TEMP" | "BTEMP2" | "OXYGEN" => {
            let answer = match upper.as_str() {
                "BPHRT" => "bphrt".into(),
                "BTEMP2" => "btemp2".into(),
                "OXYGEN" => "oxygen,1".into(),
                _ => kind.to_string(),
            };
            (health(&upper, &values), Some(answer))
        }
        "TK" | "TK2" if body.len() > 1 => {
            let media = Media { kind: "audio", extension: "amr", bytes: body.to_vec() };
            (Ok(Some(Record { media: Some(media), ..Record::new() })), Some("TK,1".into()))
        }
        "JXTK" => voice_part(body, session, whole),
        "IMG" => {
            let mut parts = body.splitn(3, |b| *b == b',');
            let (_, _, image) = (parts.next(), parts.next(), parts.next());
            let media = image.map(|i| Media { kind: "image", extension: "jpg", bytes: i.to_vec() });
            (Ok(media.map(|m| Record { media: Some(m), ..Record::new() })), None)
        }
        k if k.starts_with("UD") || k.starts_with("WT") => (position::decode(kind, &text, false).map(Some), None),
        k if k.starts_with("AL") => (position::decode(kind, &text, true).map(Some), Some("AL".into())),
        _ => none(None),
    }
}

fn link_keep(values: &[&str]) -> Option<Record> {
    let [steps, tumbles, battery, ..] = values else { return None };
    let mut record = Record::new();
    record.battery_level(battery.trim().parse().ok()?);
    if let Ok(steps) = steps.trim().parse() {
        record.steps(steps);
    }
    if let Ok(tumbles) = tumbles.trim().parse::<u32>() {
        record.set("tumbles", tumbles);
    }
    Some(record)
}

fn health(kind: &str, values: &[&str]) -> Result<Option<Record>, Short> {
    if values.is_empty() {
        return Ok(None);
    }
    let int = |i: usize| values.get(i).and_then(|v| v.trim().parse::<f64>().ok()).map(|v| v as i64);
    let real = |i: usize| values.get(i).and_then(|v| v.trim().parse::<f64>().ok());
    let mut r = Record::new();
    match kind {
        "BLOOD" | "BPHRT" => {
            r.pressure(int(0).unwrap_or(0), int(1).unwrap_or(0));
            if let Some(bpm) = int(2) {
                r.heart_rate(bpm);
            }
        }
        "TEMP" => r.temperature("temp1", real(0).ok_or(Short)?),
        "BTEMP2" => {
            let (mode, celsius) = (int(0).ok_or(Short)?, real(1).ok_or(Short)?);
            r.set("temperatureMode", if mode == 0 { "forehead" } else { "wrist" });
            // Exactly 0 or 1: measurement failed, too low or too high.
            if celsius == 0.0 || celsius == 1.0 {
                r.set("notMeasured", true);
            } else if mode > 0 {
                r.temperature("temp1", celsius);
            } else {
                r.temperature("temperature", celsius);
            }
        }
        "OXYGEN" => r.spo2("bloodOxygen", int(1).ok_or(Short)?),
        _ => r.heart_rate(int(0).ok_or(Short)?),
    }
    Ok(Some(r))
}

/// `0,filename,part,total,<bytes>`; complete at part = total.
fn voice_part(body: &[u8], session: &mut Session, whole: bool) -> Message {
    let mut it = body.splitn(5, |b| *b == b',');
    let mut number = |skip: usize| it.nth(skip).and_then(|v| latin1(v).parse::<u32>().ok());
    let (Some(part), Some(total)) = (number(2), number(0)) else { return (Err(Short), None) };
    let data = it.next().unwrap_or(&[]);
    let voice = &mut session.watch.voice;
    if part <= 1 {
        voice.clear();
    }
    if whole && voice.len() + data.len() <= MAX_VOICE {
        voice.extend_from_slice(data);
    }
    let answer = Some("JXTKR,1".into());
    if part < total {
        return (Ok(None), answer);
    }
    let media = Media { kind: "audio", extension: "amr", bytes: std::mem::take(voice) };
    (Ok(Some(Record { media: Some(media), ..Record::new() })), answer)
}

/// `[maker*id*(index*)LEN*content]`, LEN counting the content as it stands.
fn wrap(maker: &str, id: &str, index: Option<&str>, content: &[u8]) -> Vec<u8> {
    let index = index.map(|i| format!("{i}*")).unwrap_or_default();
    let mut out = format!("[{maker}*{id}*{index}{:04x}*", content.len()).into_bytes();
    out.extend_from_slice(content);
    out.push(b']');
    out
}

pub(crate) fn encode(command: &Command, device: &str, session: &Session) -> Option<Vec<u8>> {
    let on = |b: &bool| u8::from(*b);
    let text = match command {
        Command::LocateNow => "CR".into(),
        Command::MeasureNow(Measure::Temperature) => "bodytemp2".into(),
        // The watch measures pulse, pressure and oxygen in one go.
        Command::MeasureNow(_) => "hrtstart,1".into(),
        Command::HeartRateEvery { seconds } => {
            format!("hrtstart,{}", if *seconds == 0 { 0 } else { *seconds.max(&300) })
        }
        Command::TemperatureEvery { seconds } => {
            format!("bodytemp,{},{}", u8::from(*seconds > 0), (seconds / 3600).clamp(1, 24))
        }
        Command::CallBack { phone } => format!("CALL,{phone}"),
        Command::Listen { phone } => format!("MONITOR,{phone}"),
        Command::ReportEvery { seconds } => format!("UPLOAD,{seconds}"),
        Command::SosNumber { index, phone } => format!("SOS{index},{phone}"),
        Command::SosNumbers { phones } => format!("SOS,{}", phones.join(",")),
        Command::CentreNumber { phone } => format!("CENTER,{phone}"),
        Command::Find => "FIND".into(),
        Command::Reboot => "RESET".into(),
        Command::PowerOff => "POWEROFF".into(),
        Command::FactoryReset => "FACTORY".into(),
        Command::TakenOffAlarm { on: e } => format!("REMOVE,{}", on(e)),
        Command::SosBySms { on: e } => format!("SOSSMS,{}", on(e)),
        Command::LowBatteryAlarm { on: e } => format!("LOWBAT,{}", on(e)),
        Command::FallAlarm { on: e, call } => format!("FALLDOWN,{},{}", on(e), on(call)),
        Command::FallSensitivity { level } => format!("LSSET,{level}+6"),
        Command::Message { text } => format!("MESSAGE,{}", utf16be_hex(text)),
        Command::Language { language, minutes } => {
            format!("LZ,{language},{}", zone(*minutes))
        }
        Command::Phonebook { entries } => format!("PHB,{entries}"),
        Command::SilenceTimes { times } => format!("SILENCETIME,{times}"),
        Command::Reminders { data } => format!("REMIND,{data}"),
        Command::Rewards { data } => format!("FLOWER,{data}"),
        Command::Version => "VERNO".into(),
        Command::Status => "TS".into(),
        Command::Server { host, port } => format!("IP,{host},{port}"),
        Command::Voice { bytes } => {
            let mut content = b"TK,".to_vec();
            content.extend(escape(bytes));
            return Some(for_device(device, session, &content));
        }
        Command::Raw { text } => text.clone(),
        _ => return None,
    };
    Some(for_device(device, session, text.as_bytes()))
}

fn for_device(device: &str, session: &Session, content: &[u8]) -> Vec<u8> {
    let maker = session.watch.maker.as_deref().unwrap_or("CS");
    let index = session.watch.index.as_ref().map(|_| "0001");
    wrap(maker, device, index, content)
}

/// `+8`, `+5.75`, `-3.5`: hours with as many decimals as needed.
fn zone(minutes: i32) -> String {
    let hundredths = (minutes.unsigned_abs() * 100 + 30) / 60;
    let mut s = format!("{}{}", if minutes < 0 { '-' } else { '+' }, hundredths / 100);
    if !hundredths.is_multiple_of(100) {
        s.push_str(format!(".{:02}", hundredths % 100).trim_end_matches('0'));
    }
    s
}
