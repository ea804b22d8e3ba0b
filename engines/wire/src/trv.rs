//! `trv`: `IW…#` and `TRV…#` health watches and trackers, ASCII.
use crate::alarm::Alarm;
use crate::bytes::{Short, latin1, utf16be_hex};
use crate::command::{Command, Measure};
use crate::frame::{Cut, Resume};
use crate::record::{Media, Record};
use crate::session::{Decoded, Refusal, Session};
use crate::time::{compact, pairs, utc};
use kernel::Instant;

/// Longest voice part, in bytes.
const MAX_VOICE_PART: usize = 8_192;

/// `IWAP01…`, `TRVYP14…`: maker, then a letter, `P` and two characters.
fn header(bytes: &[u8]) -> Option<usize> {
    let maker = if bytes.starts_with(b"IW") {
        2
    } else if bytes.starts_with(b"TRV") {
        3
    } else {
        return None;
    };
    let code = bytes.get(maker..maker + 4)?;
    let ok = code[0].is_ascii_uppercase() && code[1] == b'P' && code[2..].iter().all(u8::is_ascii_alphanumeric);
    ok.then_some(maker + 4)
}

/// `IWAP07,time,total,part,len,` of a voice message: where its bytes begin and how many there are.
fn voice(bytes: &[u8]) -> Option<Option<(usize, usize)>> {
    let body = header(bytes).filter(|h| &bytes[h - 4..*h] == b"AP07")?;
    let mut at = body;
    let mut fields = Vec::new();
    if bytes.get(at) != Some(&b',') {
        return None;
    }
    at += 1;
    while fields.len() < 4 {
        let Some(n) = bytes[at..].iter().position(|b| *b == b',') else {
            // Not all there yet; but such a head is short and has no end mark.
            return (bytes.len() - at < 40 && !bytes[at..].contains(&b'#')).then_some(None);
        };
        fields.push(latin1(&bytes[at..at + n]));
        at += n + 1;
    }
    let len: usize = fields[3].parse().ok().filter(|n| *n <= MAX_VOICE_PART)?;
    Some(Some((at, len)))
}

pub(crate) fn cut(bytes: &[u8], resume: Resume) -> Cut {
    if bytes.len() >= 7 && header(bytes).is_none() {
        // Junk up to the next header; its own '#' goes with it.
        let next = (1..bytes.len()).find(|i| header(&bytes[*i..]).is_some());
        return match next {
            Some(n) => Cut::Skip(n),
            None => Cut::Skip(bytes.len() - 6),
        };
    }
    if bytes.len() < 7 {
        let junk_end = bytes.iter().position(|b| *b == b'#');
        return junk_end.map_or(Cut::Need(resume), |n| Cut::Skip(n + 1));
    }
    match voice(bytes) {
        Some(None) => return Cut::Need(resume),
        Some(Some((at, len))) => {
            let end = at + len;
            return match bytes.get(end) {
                None => Cut::Need(Resume::default()),
                Some(b'#') => Cut::Frame(end + 1, bytes[..end].to_vec()),
                // The length does not lead to the end mark: cut at the mark instead.
                Some(_) => at_mark(bytes, 0),
            };
        }
        None => {}
    }
    at_mark(bytes, resume.at)
}

fn at_mark(bytes: &[u8], from: usize) -> Cut {
    for at in from.max(6)..bytes.len() {
        if bytes[at] == b'#' {
            return Cut::Frame(at + 1, bytes[..at].to_vec());
        }
        // A header within: the message before it has lost its end.
        if header(&bytes[at..]).is_some() {
            return Cut::Frame(at, bytes[..at].to_vec());
        }
    }
    Cut::Need(Resume { at: bytes.len().saturating_sub(6), depth: 0 })
}

/// Confirmations of a command with extra fields: they must not be answered.
const CONFIRMATIONS: [&str; 9] = ["AP12", "AP33", "AP34", "AP40", "AP76", "AP77", "AP84", "AP85", "AP86"];

pub(crate) fn decode(frame: &[u8], session: &mut Session, now: Instant) -> Decoded {
    let mut out = Decoded::default();
    let frame = frame.strip_suffix(b"#").unwrap_or(frame);
    let Some(head) = header(frame) else {
        out.refused = Some(Refusal::NotAFrame);
        return out;
    };
    let maker = latin1(&frame[..head - 4]);
    let kind = latin1(&frame[head - 4..head]);
    let body = &frame[head..];
    let text = latin1(body);
    let fields: Vec<&str> = text.strip_prefix(',').unwrap_or(&text).split(',').map(str::trim).collect();
    out.kind = kind.clone();
    out.reply = reply(&maker, &kind, &text, &fields, now).map(String::into_bytes);
    if kind == "AP00" {
        let id: String = text.trim_start_matches(',').chars().take_while(char::is_ascii_digit).collect();
        if id.is_empty() || id.len() > 20 {
            out.refused = Some(Refusal::Malformed);
            return out;
        }
        out.device = Some(id.clone());
        session.device = Some(id);
        return out;
    }
    if session.device.is_none() {
        out.refused = Some(Refusal::BeforeLogin);
    }
    match message(&maker, &kind, body, &text, &fields) {
        Ok(Some(record)) => out.records.push(record),
        Ok(None) => {}
        Err(Short) => {
            out.refused = out.refused.or(Some(Refusal::Malformed));
            // The alarm message is still an alarm; its code follows the cell.
            if kind == "AP10" {
                let mut record = Record::new();
                match fields.iter().skip(1).find_map(|f| alarm_code(f).filter(|_| f.len() == 2)) {
                    Some(alarm) => record.alarm(alarm),
                    None => record.alarm(Alarm::General),
                }
                out.records.push(record);
            }
        }
    }
    out
}

fn reply(maker: &str, kind: &str, text: &str, fields: &[&str], now: Instant) -> Option<String> {
    let first = kind.chars().next()?;
    let head = format!("{maker}{}{}", char::from(first as u8 + 1), &kind[1..]);
    let confirmation = text.starts_with(',')
        && fields.len() == 1
        && fields[0].len() == 6
        && fields[0].bytes().all(|b| b.is_ascii_digit());
    if confirmation || CONFIRMATIONS.contains(&kind) || kind == "AP87" || (kind == "AP14" && maker == "IW") {
        return None;
    }
    let body = match kind {
        "AP00" if maker == "IW" => format!(",{},8", compact(now)),
        "AP14" => ",0.000,0.000".into(),
        "AP07" => match fields {
            [time, total, part, ..] if [time, total, part].iter().all(|f| f.len() <= 14) => {
                format!(",{time},{total},{part},1")
            }
            _ => String::new(),
        },
        // Where it is cannot be told from cells here; the time can.
        "APTM" => format!(",{},0.000000,0.000000", compact(now)),
        _ => String::new(),
    };
    Some(format!("{head}{body}#"))
}

fn message(maker: &str, kind: &str, body: &[u8], text: &str, fields: &[&str]) -> Result<Option<Record>, Short> {
    let int = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok()).map(|v| v as i64);
    let real = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok());
    let mut r = Record::new();
    match kind {
        "AP01" | "AP10" | "YP03" | "YP14" => position(kind, text, &mut r)?,
        // For the `TRV` trackers a request without fields, for `IW` a confirmation: neither says anything.
        "AP14" => return Ok(None),
        "AP02" => radio(fields, &mut r)?,
        "AP03" => {
            status(fields.first().ok_or(Short)?, &mut r)?;
            if let Some(steps) = int(1).and_then(|v| u32::try_from(v).ok()) {
                r.steps(steps);
            }
            if let Some(rolls) = int(2) {
                r.set("rolls", rolls);
            }
        }
        "CP01" => {
            let status_block = fields.first().ok_or(Short)?;
            status(status_block, &mut r)?;
            cp01_tail(status_block.get(14..).unwrap_or(""), &mut r);
        }
        "AP49" => r.heart_rate(int(0).ok_or(Short)?),
        "APHT" => {
            r.heart_rate(int(0).ok_or(Short)?);
            r.pressure(int(1).unwrap_or(0), int(2).unwrap_or(0));
        }
        "APHP" => health(fields, &mut r),
        "AP50" => {
            r.temperature("temperature", real(0).ok_or(Short)?);
            // Zero: not reported.
            if let Some(percent) = int(1).filter(|p| *p > 0) {
                r.battery_level(percent);
            }
        }
        "AP97" => r.set("sleep", text.trim_start_matches(',')),
        "AP07" => match voice_bytes(body) {
            Some(bytes) => r.media = Some(Media { kind: "audio", extension: "amr", bytes }),
            None => return Ok(None),
        },
        "APTM" if maker == "IW" => {
            let n = |i| int(i).and_then(|v| u64::try_from(v).ok()).ok_or(Short);
            r.cell(n(0)? as u32, n(1)? as u32, n(2)?, n(3)?, None);
        }
        _ => return Ok(None),
    }
    Ok(Some(r))
}

fn voice_bytes(body: &[u8]) -> Option<Vec<u8>> {
    let bytes = body.splitn(6, |b| *b == b',').nth(5)?;
    (!bytes.is_empty()).then(|| bytes.to_vec())
}

fn alarm_code(code: &str) -> Option<Alarm> {
    match code {
        "01" => Some(Alarm::Sos),
        "02" => Some(Alarm::LowBattery),
        "03" => Some(Alarm::Removing),
        // Sources differ which of the two is the fall.
        "05" | "06" => Some(Alarm::FallDown),
        _ => None,
    }
}

/// Fixed-width text: date, fix, latitude, longitude, speed, time, course, status; then the radio lists.
fn position(kind: &str, text: &str, r: &mut Record) -> Result<(), Short> {
    let mut rest = text.trim_start_matches(',');
    let mut take = |n: usize| -> Result<&str, Short> {
        let part = rest.get(..n).ok_or(Short)?;
        rest = &rest[n..];
        Ok(part)
    };
    let date: [u32; 3] = pairs(take(6)?).ok_or(Short)?;
    r.valid = Some(match take(1)? {
        "A" => true,
        "V" => false,
        _ => return Err(Short),
    });
    let lat = degrees(take(9)?, 2, take(1)?, "N", "S")?;
    let lon = degrees(take(10)?, 3, take(1)?, "E", "W")?;
    r.place(lat, lon);
    let real = |s: &str| s.parse::<f64>().ok().filter(|v| *v >= 0.0).ok_or(Short);
    r.speed_kmh = Some(real(take(5)?)?);
    let time: [u32; 3] = pairs(take(6)?).ok_or(Short)?;
    r.time = utc(2000 + i64::from(date[0]), date[1], date[2], time[0], time[1], time[2]);
    r.course(real(take(6)?)?);
    let block = rest.split(',').next().unwrap_or("");
    status(block, r)?;
    let after = rest.get(block.len() + 1..).unwrap_or("");
    let mut tail = after.splitn(5, ',').map(str::trim);
    let mut number = || tail.next().and_then(|f| f.parse::<u64>().ok());
    if let (Some(mcc), Some(mnc), Some(lac), Some(cid)) = (number(), number(), number(), number()) {
        r.cell(mcc as u32, mnc as u32, lac, cid, None);
    } else if kind == "AP10" {
        return Err(Short);
    }
    let mut list = tail.next().unwrap_or("");
    if kind == "AP10" {
        let mut it = list.splitn(4, ',').map(str::trim);
        // Only the field after the cell is the alarm; the arm state in the status block is not.
        let code = it.next().ok_or(Short)?;
        match alarm_code(code) {
            Some(alarm) => r.alarm(alarm),
            None if code == "04" => r.set("worn", true),
            None if code.bytes().all(|b| b == b'0') && !code.is_empty() => {}
            None => r.alarm(Alarm::General),
        }
        r.set("alarmCode", code);
        if let Some(language) = it.next() {
            r.set("language", language);
        }
        if let Some(flags) = it.next() {
            r.set("addressWanted", flags.starts_with('1'));
        }
        list = it.next().unwrap_or("");
    }
    wifi_list(list, r);
    Ok(())
}

/// `ddmm.mmmm` with its hemisphere.
fn degrees(text: &str, whole: usize, letter: &str, plus: &str, minus: &str) -> Result<f64, Short> {
    let d: f64 = text.get(..whole).and_then(|t| t.parse().ok()).ok_or(Short)?;
    let m: f64 = text.get(whole..).and_then(|t| t.parse().ok()).ok_or(Short)?;
    let value = d + m / 60.0;
    match letter {
        l if l == plus => Ok(value),
        l if l == minus => Ok(-value),
        _ => Err(Short),
    }
}

/// GSM 3, satellites 3, battery % 3, reserved 1, arm state 2 (may be hex), working mode 2.
fn status(block: &str, r: &mut Record) -> Result<(), Short> {
    let digits = |from: usize, to: usize| block.get(from..to).and_then(|t| t.parse::<i64>().ok()).ok_or(Short);
    r.set("rssi", digits(0, 3)?);
    r.set("sat", digits(3, 6)?);
    r.battery_level(digits(6, 9)?);
    let acc = digits(9, 10)?;
    if acc != 0 {
        r.set("ignition", acc == 1);
    }
    let arm = block.get(10..12).and_then(|t| i64::from_str_radix(t, 16).ok()).ok_or(Short)?;
    if arm != 0 {
        r.set("armed", arm == 1);
    }
    let mode = digits(12, 14)?;
    if mode != 0 {
        r.set("mode", mode);
    }
    Ok(())
}

/// Interval 3, vibration alarm 1, sensitivity 3, automatic arming 1, its minutes 4, blocked 1, power 1, moving 1.
fn cp01_tail(tail: &str, r: &mut Record) {
    let digits = |from: usize, to: usize| tail.get(from..to).and_then(|t| t.parse::<i64>().ok());
    let known = |v: Option<i64>| v.filter(|v| *v != 0);
    if let Some(interval) = digits(0, 3) {
        r.set("interval", interval);
    }
    if let Some(v) = known(digits(12, 13)) {
        r.set("blocked", v == 2);
    }
    if let Some(v) = known(digits(13, 14)) {
        r.set("charge", v == 1);
    }
    if let Some(v) = known(digits(14, 15)) {
        r.set("motion", v == 1);
    }
}

/// `bpm,sys,dia,spo2,sugar,temp,…`; any field may be empty.
fn health(fields: &[&str], r: &mut Record) {
    let real = |i: usize| fields.get(i).and_then(|f| f.parse::<f64>().ok());
    let all_zero = [0, 1, 2, 4, 5].iter().all(|i| real(*i).unwrap_or(0.0) == 0.0);
    if let Some(bpm) = real(0) {
        r.heart_rate(bpm as i64);
    }
    if let (Some(sys), Some(dia)) = (real(1), real(2)) {
        r.pressure(sys as i64, dia as i64);
    }
    if let Some(spo2) = real(3) {
        r.spo2("bloodOxygen", spo2 as i64);
        // 95 next to nothing but zeros is what a watch that is not worn sends.
        if all_zero && spo2 == 95.0 {
            r.vitals.spo2 = None;
            r.set("notMeasured", true);
        }
    }
    if let Some(sugar) = real(4) {
        r.set("bloodSugar", sugar);
        r.vitals.glucose = Some(sugar).filter(|s| (1.0..=40.0).contains(s));
    }
    if let Some(celsius) = real(5) {
        r.temperature("temperature", celsius);
    }
}

/// `lang,replyFlag,n,mcc,mnc,` n × `lac|cid|rxlev,` `w,` WiFi. A variant has `lang|n,name|mac|rssi,` first.
fn radio(fields: &[&str], r: &mut Record) -> Result<(), Short> {
    let mut it = fields.iter().copied();
    let mut next = || it.next().ok_or(Short);
    let int = |s: &str| s.parse::<u64>().map_err(|_| Short);
    let language = next()?;
    let (language, beacons) = language.split_once('|').map_or((language, 0), |(l, n)| (l, n.parse().unwrap_or(0)));
    r.set("language", language);
    for n in 1..=beacons.min(16u32) {
        let mut parts = next()?.split('|');
        let (name, mac, rssi) = (parts.next(), parts.next(), parts.next());
        r.set(format!("tag{n}Name"), name.unwrap_or(""));
        r.set(format!("tag{n}Mac"), mac.unwrap_or("").replace('-', ":").to_ascii_lowercase());
        if let Some(rssi) = rssi.and_then(|v| v.parse::<i64>().ok()) {
            r.set(format!("tag{n}Rssi"), rssi);
        }
    }
    r.set("addressWanted", next()? == "1");
    let count = int(next()?)?;
    let (mcc, mnc) = (int(next()?)? as u32, int(next()?)? as u32);
    for _ in 0..count.min(64) {
        let mut parts = next()?.split('|');
        let mut number = || parts.next().and_then(|p| p.trim().parse::<i64>().ok()).ok_or(Short);
        let (lac, cid, rssi) = (number()?, number()?, number()?);
        r.cell(mcc, mnc, lac.max(0) as u64, cid.max(0) as u64, Some(rssi as i32));
    }
    let Ok(_wifi_count) = next() else { return Ok(()) };
    let rest: Vec<&str> = it.collect();
    wifi_list(&rest.join(","), r);
    Ok(())
}

/// `SSID|74-DE-2B-44-88-8C|97` joined by `&`.
fn wifi_list(list: &str, r: &mut Record) {
    for entry in list.split('&').take(64) {
        let mut parts = entry.rsplitn(3, '|');
        let (rssi, mac, ssid) = (parts.next(), parts.next(), parts.next());
        if let (Some(rssi), Some(mac)) = (rssi, mac) {
            r.wifi(ssid.unwrap_or(""), mac, rssi.trim().parse().ok());
        }
    }
}

pub(crate) fn encode(command: &Command, device: &str, session: &Session) -> Option<Vec<u8>> {
    let (code, args) = match command {
        Command::MeasureNow(Measure::HeartRate) => ("XL", String::new()),
        Command::MeasureNow(Measure::BloodPressure) => ("XY", String::new()),
        Command::MeasureNow(Measure::BloodOxygen) => ("XZ", String::new()),
        Command::MeasureNow(Measure::Temperature) => ("XT", String::new()),
        Command::LocateNow => ("16", String::new()),
        Command::ReportEvery { seconds } => ("15", format!(",{seconds}")),
        Command::Mode { mode } => ("33", format!(",{mode}")),
        Command::HeartRateEvery { seconds } => ("86", minutes(*seconds)),
        Command::TemperatureEvery { seconds } => ("87", minutes(*seconds)),
        Command::Calibrate { systolic, diastolic } => ("JZ", format!(",{systolic},{diastolic}")),
        Command::SosNumbers { phones } => ("12", format!(",{}", phones.join(","))),
        Command::Phonebook { entries } => ("14", format!(",{entries}")),
        Command::Message { text } => ("40", format!(",{}", utf16be_hex(text))),
        Command::FallAlarm { on, .. } => ("76", format!(",{}", u8::from(*on))),
        Command::Reminders { data } => ("85", format!(",{data}")),
        Command::FactoryReset => ("17", String::new()),
        Command::Raw { text } => return Some(format!("{}#", text.trim_end_matches('#')).into_bytes()),
        _ => return None,
    };
    Some(format!("IWBP{code},{device},{:06}{args}#", session.serial % 1_000_000).into_bytes())
}

fn minutes(seconds: u32) -> String {
    if seconds == 0 { ",0,0".into() } else { format!(",1,{}", seconds.div_ceil(60)) }
}
