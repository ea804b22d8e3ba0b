//! Heartbeats, texts and information messages.
use super::blocks::time;
use crate::bytes::{Read, Reader, bit, hex, latin1, utf16be};
use crate::record::Record;
use crate::session::Session;
use crate::time::{pairs, unix, utc};

/// 23: info, battery in 0.01 V, signal.
pub(super) fn heartbeat(r: &mut Reader, out: &mut Record) -> Read<()> {
    let word = u32::from(r.u8()?);
    out.set("armed", bit(word, 0));
    out.set("ignition", bit(word, 1));
    out.set("charge", bit(word, 2));
    if r.left() >= 2 {
        out.set("battery", f64::from(r.u16()?) / 100.0);
    }
    if r.left() >= 1 {
        out.set("rssi", r.u8()?);
    }
    Ok(())
}

/// 13 with 17 bytes of content: battery in percent and an outside temperature.
pub(super) fn long_status(r: &mut Reader, out: &mut Record) -> Read<()> {
    r.skip(1 + 2 + 1 + 1)?;
    out.battery_level(r.u8()?.into());
    r.skip(1 + 2 + 1 + 2 + 2)?;
    let word = r.u16()?;
    let celsius = f64::from(word & 0x7FFF) / 10.0;
    out.set("temp1", if word & 0x8000 != 0 { celsius } else { -celsius });
    Ok(())
}

/// 15: n, server flag, ASCII.
pub(super) fn answer_text(r: &mut Reader, out: &mut Record) -> Read<()> {
    let n = usize::from(r.u8()?);
    if n < 4 {
        return Ok(());
    }
    r.u32()?;
    let text = latin1(r.take((n - 4).min(r.left()))?);
    match text.strip_prefix("<ICCID:").and_then(|t| t.get(..20)) {
        Some(iccid) => out.set("iccid", iccid.to_string()),
        None => out.set("result", text),
    }
    Ok(())
}

/// 21: server flag, encoding, text. A position in words is read as one.
pub(super) fn answer_unicode(r: &mut Reader, out: &mut Record) -> Read<()> {
    r.u32()?;
    let text = if r.u8()? == 1 { latin1(r.rest()) } else { utf16be(r.rest()) };
    if position_in_words(&text, out).is_none() {
        out.set("result", text);
    }
    Ok(())
}

/// `Current position!Lat:N54.7,Lon:E25.2,Course:126.5,Speed:0.0,DateTime:2017-05-26  10:27:47`
fn position_in_words(text: &str, out: &mut Record) -> Option<()> {
    let rest = text.strip_prefix("Current position!")?;
    let mut fields = rest.splitn(5, ',');
    let mut field = |name: &str| fields.next()?.strip_prefix(name)?.strip_prefix(':');
    let degrees = |v: &str, minus: char| -> Option<f64> {
        let hemisphere = v.chars().next()?;
        let degrees: f64 = v.get(1..)?.parse().ok()?;
        Some(if hemisphere == minus { -degrees } else { degrees })
    };
    let (lat, lon) = (degrees(field("Lat")?, 'S')?, degrees(field("Lon")?, 'W')?);
    let (course, speed): (f64, f64) = (field("Course")?.parse().ok()?, field("Speed")?.parse().ok()?);
    let digits: String = field("DateTime")?.chars().filter(char::is_ascii_digit).collect();
    let [c, y, mo, d, h, mi, s] = pairs::<7>(&digits)?;
    out.time = utc(i64::from(c * 100 + y), mo, d, h, mi, s);
    out.valid = Some(out.place(lat, lon));
    out.course(course);
    out.speed_kmh = Some(speed).filter(|v| (0.0..=1600.0).contains(v));
    Some(())
}

/// 94 in long frames, by subtype. False: nothing of it is known here.
pub(super) fn information(r: &mut Reader, length: usize, session: &Session, out: &mut Record) -> Read<bool> {
    match r.u8()? {
        0x00 => {
            let volts = f64::from(r.u16()?) / 100.0;
            out.set("adc1", volts);
            out.set("power", volts);
        }
        0x04 => {
            for pair in latin1(r.rest()).split(';') {
                let Some((key, value)) = pair.split_once('=') else { continue };
                let number = i64::from_str_radix(value.trim(), 16).ok();
                match (key, number) {
                    ("ALM1" | "ALM2" | "ALM3", Some(n)) => out.set(format!("alarm{}Status", &key[3..]), n),
                    ("STA1", Some(n)) => out.set("otherStatus", n),
                    ("DYD", Some(n)) => out.set("engineStatus", n),
                    ("SOS" | "CENTER" | "FENCE" | "ICCID" | "MODE", _) => {
                        out.set(key.to_ascii_lowercase(), value.to_string());
                    }
                    _ => {}
                }
            }
        }
        0x05 => {
            if r.left() >= 7 {
                out.time = time(r, session)?;
            }
            let word = u32::from(r.u8()?);
            out.set("door", bit(word, 0));
            out.set("io1", bit(word, 2));
        }
        0x0A => {
            r.skip(16)?;
            out.set("iccid", r.hex(10)?.replace('f', ""));
        }
        0x0B if length == 7 => out.set("networkTechnology", if r.u8()? > 0 { "4G" } else { "2G" }),
        0x0B => out.set("power", f64::from(r.u16()?) / 100.0),
        0x0D => {
            if r.peek(0) != Some(b'!') {
                r.skip(6)?;
            }
            return Ok(fuel(&latin1(r.rest()), out));
        }
        0x1B if r.peek(0).is_some_and(|b| b.is_ascii_alphabetic()) => {
            out.set("serial", latin1(r.rest()).trim().to_string());
        }
        0x1B => {
            r.skip(2)?;
            out.set("driverUniqueId", r.hex(4)?);
        }
        0x1E => {
            out.set("temp1", f64::from(r.i32()?) / 10.0);
            out.set("humidity", f64::from(r.i32()?) / 10.0);
        }
        _ => return Ok(false),
    }
    Ok(true)
}

/// `!AIOIL,address,output,temperature,version,abc,measured,moving,count,sum`
fn fuel(text: &str, out: &mut Record) -> bool {
    let f: Vec<&str> = text.trim_end_matches(|c: char| c <= ' ').split(',').collect();
    let [head, _, _, celsius, _, _, level, ..] = f.as_slice() else { return false };
    let (Ok(celsius), Ok(level), "!AIOIL") = (celsius.parse::<f64>(), level.parse::<f64>(), *head) else {
        return false;
    };
    out.set("temp1", celsius);
    out.set("fuel", level);
    true
}

/// 9B: what came through the serial port, as text or hex.
pub(super) fn serial_port(r: &mut Reader, out: &mut Record) -> Read<()> {
    r.u8()?;
    let bytes = r.rest();
    let printable = bytes.iter().all(|b| matches!(b, 0x20..0x7F | b'\r' | b'\n'));
    out.set("result", if printable { latin1(bytes).trim().to_string() } else { hex(bytes) });
    Ok(())
}

/// F1 device state and F2 peripherals: time, then items.
pub(super) fn device_state(kind: u8, r: &mut Reader, out: &mut Record) -> Read<()> {
    out.time = unix(r.u32()?);
    while r.left() > 0 {
        let id = r.u16()?;
        if kind == 0xF2 {
            peripheral(id, r, out)?;
            continue;
        }
        let n = usize::from(r.u8()?);
        let mut v = Reader::new(r.take(n)?);
        match id {
            0x0001 => out.set("motion", matches!(v.u8()?, 2 | 4)),
            0x0002 => out.set("armed", v.u8()? > 0),
            0x0004 => out.set("ignition", v.u8()? > 0),
            0x0005 => out.set("power", f64::from(v.u16()?) / 100.0),
            0x0007 => out.set("charge", v.u8()? > 0),
            0x000A => out.set("chargeVoltage", v.u16()?),
            0x000B => out.set("batteryTemp", f64::from(v.u16()?) / 10.0),
            _ => {}
        }
    }
    Ok(())
}

fn peripheral(id: u16, r: &mut Reader, out: &mut Record) -> Read<()> {
    match id {
        0x000A => {
            let n = usize::from(r.u16()?);
            let mut v = Reader::new(r.take(n)?);
            v.u8()?;
            out.set("mac", v.hex(6)?);
            let event = v.u8()?;
            out.set("event", event);
            let data = v.u8()?;
            if event > 0 {
                out.set("eventData", data);
            }
            out.set("dataType", v.u8()?);
            out.set("dataDetails", hex(v.rest()));
        }
        0x000C => {
            r.u8()?;
            out.set("externalBatteryLevel", r.u8()?);
            if r.u8()? > 0 {
                out.set("externalBatteryCharge", true);
            }
            out.set("externalBatteryCycles", r.u16()?);
            r.skip(6)?;
        }
        _ => {
            let n = r.u8()?;
            let n = if n == 0 { r.u8()? } else { n };
            r.skip(n.into())?;
        }
    }
    Ok(())
}
