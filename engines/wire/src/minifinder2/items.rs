//! The items of data messages: `n | key | value[n-1]`.
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, bit, hex, latin1, trimmed};
use crate::record::Record;
use crate::session::MAX_RECORDS;
use crate::time::unix;

pub(super) struct Items {
    pub imei: Option<String>,
    pub records: Vec<Record>,
    /// All items could be read to their end.
    pub whole: bool,
}

const FIX: f64 = 1e-7;

/// Reads all items; a key seen before since the last record starts a new one.
pub(super) fn read(items: &[u8]) -> Items {
    let mut out = Items { imei: None, records: Vec::new(), whole: true };
    let mut record = Record::new();
    let mut seen = [false; 256];
    let mut r = Reader::new(items);
    while let Ok(n) = r.u8() {
        let Ok(item) = r.take(usize::from(n)) else {
            out.whole = false;
            break;
        };
        let [key, value @ ..] = item else { continue };
        let repeats = matches!(key, 0x28 | 0x2C);
        if seen[usize::from(*key)] && !repeats {
            if out.records.len() >= MAX_RECORDS {
                out.whole = false;
                break;
            }
            out.records.push(std::mem::take(&mut record));
            seen = [false; 256];
        }
        seen[usize::from(*key)] = true;
        if *key == 0x01 {
            let id = trimmed(value.get(..15).unwrap_or(value));
            out.imei = Some(id).filter(|i| !i.is_empty() && i.bytes().all(|b| b.is_ascii_alphanumeric()));
        } else if one(&mut record, *key, value).is_err() {
            // An item shorter than its layout costs only itself.
            record.set(format!("short{key:02x}"), hex(value));
        }
    }
    out.records.push(record);
    out
}

fn one(r: &mut Record, key: u8, value: &[u8]) -> Read<()> {
    let mut v = Reader::new(value);
    match key {
        0x02 => alarms(r, &mut v)?,
        0x14 => {
            r.battery_level(v.u8()?.into());
            r.set("battery", f64::from(v.u16le()?) / 1000.0);
        }
        0x20 => position(r, &mut v)?,
        0x21 | 0x29 | 0x2B => cells(r, key, &mut v)?,
        0x22 | 0x19 => {
            while v.left() > 0 {
                let (rssi, mac) = (v.i8()?, v.mac()?);
                let ssid = if key == 0x19 {
                    let n = v.u8()?;
                    latin1(v.take(n.into())?)
                } else {
                    String::new()
                };
                r.wifi(&ssid, &mac, Some(rssi.into()));
            }
        }
        0x23 => {
            r.set("tagId", tag(&mut v)?);
            if v.left() >= 8 {
                known_place(r, &mut v)?;
            }
            name(r, &mut v);
        }
        0x24 => status(r, &mut v)?,
        0x25 => {
            r.time = r.time.or(unix(v.u32le()?));
            r.set("callStatus", v.u8()?);
            r.set("callDuration", v.u16le()?);
            r.set("callResult", v.u8()?);
            let number = trimmed(v.rest());
            if !number.is_empty() {
                r.set("phone", number);
            }
        }
        0x26 => {
            r.set("tagId", tag(&mut v)?);
            known_place(r, &mut v)?;
            quality(r, &mut v)?;
        }
        0x27 => {
            known_place(r, &mut v)?;
            quality(r, &mut v)?;
        }
        0x28 | 0x2C => beacon(r, key, &mut v)?,
        0x2A => {
            let flags = v.u8()?;
            r.set("homeWifi", v.mac()?);
            r.set("homeWifiRssi", v.i8()?);
            if flags & 0x80 != 0 {
                known_place(r, &mut v)?;
            }
            if flags & 0x40 != 0 {
                name(r, &mut v);
            }
        }
        0x30 => {
            let time = unix(v.u32le()?);
            r.time = r.time.or(time);
            r.steps(v.u32le()?);
        }
        0x31 => {
            let mut n = 1;
            while v.left() >= 8 && n <= 64 {
                r.set(format!("activity{n}Time"), v.u32le()?);
                r.set(format!("activity{n}"), v.u32le()?);
                n += 1;
            }
        }
        0x37 => {
            r.time = r.time.or(unix(v.u32le()?));
            let word = v.u32le()?;
            r.set("barkCount", word & 0x7FFF_FFFF);
            if bit(word, 31) {
                r.set("barkStop", true);
            }
        }
        // 0 and 1 mean that nothing could be measured.
        0x40 => {
            r.time = r.time.or(unix(v.u32le()?));
            match v.u8()? {
                0 | 1 => r.set("notMeasured", true),
                bpm => r.heart_rate(bpm.into()),
            }
        }
        0x41 => {
            r.time = r.time.or(unix(v.u32le()?));
            match v.u8()? {
                0 | 1 => r.set("notMeasured", true),
                percent => r.spo2("spO2", percent.into()),
            }
        }
        _ => {}
    }
    Ok(())
}

fn alarms(r: &mut Record, v: &mut Reader) -> Read<()> {
    const KNOWN: [(u32, Alarm); 7] = [
        (0, Alarm::LowBattery),
        (1, Alarm::Overspeed),
        (2, Alarm::FallDown),
        (8, Alarm::PowerOff),
        (9, Alarm::PowerOn),
        (10, Alarm::Movement),
        (12, Alarm::Sos),
    ];
    let word = v.u32le()?;
    r.set("event", word);
    let mut rest = word;
    for (n, alarm) in KNOWN {
        r.alarm_if(bit(word, n), alarm);
        rest &= !(1 << n);
    }
    for fence in 0..4 {
        if bit(word, 4 + fence) {
            let entered = bit(word, 26 + fence);
            r.alarm(if entered { Alarm::GeofenceEnter } else { Alarm::GeofenceExit });
            r.set("geofence", fence + 1);
        }
        // The direction bits say something only with their fence.
        rest &= !(1 << (4 + fence) | 1 << (26 + fence));
    }
    for (n, name) in [(13, "button1"), (14, "button2"), (31, "bark")] {
        if bit(word, n) {
            r.set(name, true);
        }
        rest &= !(1 << n);
    }
    // Side keys are pressed by a person: a call unless the installation says otherwise is decided above this layer.
    r.alarm_if(rest != 0, Alarm::General);
    if v.left() >= 4 {
        r.time = r.time.or(unix(v.u32le()?));
    }
    Ok(())
}

fn position(r: &mut Record, v: &mut Reader) -> Read<()> {
    let (lat, lon) = (v.i32le()?, v.i32le()?);
    let ok = r.place(f64::from(lat) * FIX, f64::from(lon) * FIX);
    r.speed_kmh = Some(v.u16le()?.into());
    r.course(v.u16le()?.into());
    r.altitude_m = Some(v.i16le()?.into());
    let hdop = v.u16le()?;
    r.valid = Some(ok && hdop > 0);
    r.set("hdop", f64::from(hdop) / 10.0);
    r.set("odometer", v.u32le()?);
    r.set("sat", v.u8()?);
    Ok(())
}

/// A place that is known (a beacon's, the home WiFi's), not measured.
fn known_place(r: &mut Record, v: &mut Reader) -> Read<()> {
    let (lat, lon) = (v.i32le()?, v.i32le()?);
    let ok = r.place(f64::from(lat) * FIX, f64::from(lon) * FIX);
    r.valid = Some(ok);
    Ok(())
}

fn quality(r: &mut Record, v: &mut Reader) -> Read<()> {
    r.set("hdop", f64::from(v.u16le()?) / 10.0);
    r.altitude_m = Some(v.i16le()?.into());
    Ok(())
}

fn status(r: &mut Record, v: &mut Reader) -> Read<()> {
    r.time = unix(v.u32le()?).or(r.time);
    let word = v.u32le()?;
    if bit(word, 4) {
        r.set("charge", true);
    }
    if bit(word, 7) {
        r.archive = true;
        r.set("archive", true);
    }
    r.set("motion", bit(word, 9));
    r.set("rssi", word >> 19 & 31);
    r.battery_level((word >> 24).into());
    r.set("status", word);
    Ok(())
}

fn cells(r: &mut Record, key: u8, v: &mut Reader) -> Read<()> {
    let mcc = u32::from(v.u16le()?);
    let mnc = if key == 0x2B { u32::from(v.u16le()?) } else { u32::from(v.u8()?) };
    while v.left() > 0 {
        let (rssi, lac) = (v.i8()?, v.u16le()?);
        let cid = if key == 0x21 { u64::from(v.u16le()?) } else { u64::from(v.u32le()?) };
        r.cell(mcc, mnc, lac.into(), cid, Some(rssi.into()));
    }
    Ok(())
}

/// Six bytes, last first.
fn tag(v: &mut Reader) -> Read<String> {
    let mut id = v.take(6)?.to_vec();
    id.reverse();
    Ok(hex(&id))
}

fn name(r: &mut Record, v: &mut Reader) {
    let text = trimmed(v.rest());
    if !text.is_empty() {
        r.set("description", text);
    }
}

fn beacon(r: &mut Record, key: u8, v: &mut Reader) -> Read<()> {
    let flags = v.u8()?;
    // The first beacon of a record under plain names, all of them under numbered ones.
    let first = !r.attributes.contains_key("tagId");
    let number = (flags & 15) + 1;
    let id = tag(v)?;
    let (rssi, at_1m) = (v.i8()?, v.i8()?);
    if first {
        r.set("tagId", id.clone());
        r.set("tagRssi", rssi);
        r.set("tag1mRssi", at_1m);
    }
    r.set(format!("tagId{number}"), id);
    r.set(format!("tagRssi{number}"), rssi);
    r.set(format!("tag1mRssi{number}"), at_1m);
    if key == 0x2C {
        r.set(format!("tagBattery{number}"), v.u8()?);
    }
    if flags & 0x80 != 0 {
        known_place(r, v)?;
    }
    if flags & 0x40 != 0 {
        let text = if key == 0x2C {
            let n = v.u8()?;
            trimmed(v.take(n.into())?)
        } else {
            trimmed(v.rest())
        };
        if first {
            r.set("description", text.clone());
        }
        r.set(format!("description{number}"), text);
    }
    if key == 0x2C && v.left() >= 2 {
        r.set(format!("tagTemp{number}"), f64::from(v.i16()?) / 10.0);
    }
    Ok(())
}
