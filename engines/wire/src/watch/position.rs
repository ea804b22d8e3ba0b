//! The position block of `UD…`, `WT` and `AL…`.
use crate::alarm::Alarm;
use crate::bytes::{Short, bit};
use crate::record::Record;
use crate::time::{pairs, utc};

/// Status bits that are alarms (the high half of the word).
const ALARMS: [(u32, Alarm); 7] = [
    (16, Alarm::Sos),
    (17, Alarm::LowBattery),
    (18, Alarm::GeofenceExit),
    (19, Alarm::GeofenceEnter),
    (20, Alarm::Removing),
    (21, Alarm::FallDown),
    // The maker's page says abnormal heart rate; others read a second fall bit.
    (22, Alarm::HeartRate),
];

/// Reads the block after TYPE and its comma. `alarm`: it came in an `AL…` message, which is an alarm even without
/// a known bit.
pub(super) fn decode(kind: &str, text: &str, alarm: bool) -> Result<Record, Short> {
    let fields: Vec<&str> = text.split(',').map(str::trim).collect();
    let field = |i: usize| fields.get(i).copied().ok_or(Short);
    let number = |i: usize| field(i).map(|f| f.parse::<f64>().unwrap_or(0.0));
    let mut r = Record::new();

    let date: [u32; 3] = pairs(field(0)?).ok_or(Short)?;
    let time: [u32; 3] = pairs(field(1)?).ok_or(Short)?;
    r.time = utc(2000 + i64::from(date[2]), date[1], date[0], time[0], time[1], time[2]);
    r.valid = Some(match field(2)? {
        "A" => true,
        "V" => false,
        _ => return Err(Short),
    });
    let degrees = |value: usize, sign: usize, minus: &str| -> Result<f64, Short> {
        let v: f64 = field(value)?.parse().map_err(|_| Short)?;
        Ok(if field(sign)? == minus { -v.abs() } else { v })
    };
    r.place(degrees(3, 4, "S")?, degrees(5, 6, "W")?);
    r.speed_kmh = Some(number(7)?).filter(|v| (0.0..=1600.0).contains(v));
    r.course(number(8)?);
    r.altitude_m = Some(number(9)?).filter(|v| v.is_finite());
    r.set("sat", number(10)? as i64);
    r.set("rssi", number(11)? as i64);
    r.battery_level(number(12)? as i64);
    r.steps((number(13)?.clamp(0.0, f64::from(u32::MAX))) as u32);
    r.set("tumbles", number(14)? as i64);
    status(&mut r, field(15)?, alarm)?;
    if kind.eq_ignore_ascii_case("UD2") {
        r.archive = true;
        r.set("archive", true);
    }
    // The radio lists are the least reliable part; what cannot be read of them does not cost the position.
    let _ = radio(&mut r, fields.get(16..).unwrap_or(&[]));
    Ok(r)
}

fn status(r: &mut Record, hex: &str, alarm: bool) -> Result<(), Short> {
    let word = u64::from_str_radix(hex, 16).map_err(|_| Short)? as u32;
    r.set("status", word);
    for (n, a) in ALARMS {
        r.alarm_if(bit(word, n), a);
    }
    // States, not alarms of their own, except that an alarm message without alarm bits may mean them.
    r.set("worn", bit(word, 3));
    if bit(word, 4) {
        r.set("motion", false);
    }
    if bit(word, 1) {
        r.set("outsideFence", true);
    }
    if bit(word, 2) {
        r.set("insideFence", true);
    }
    r.alarm_if(bit(word, 0), Alarm::LowBattery);
    r.alarm_if(bit(word, 14), Alarm::PowerCut);
    if alarm {
        r.alarm_if(bit(word, 1), Alarm::GeofenceExit);
        r.alarm_if(bit(word, 2), Alarm::GeofenceEnter);
        if r.alarms.is_empty() {
            r.alarm(Alarm::General);
        }
    }
    Ok(())
}

fn radio(r: &mut Record, fields: &[&str]) -> Result<(), Short> {
    let mut it = fields.iter().copied();
    let mut next = || it.next().ok_or(Short);
    let int = |s: &str| s.parse::<i64>().map_err(|_| Short);
    // LAC and CID may be hexadecimal; MCC and MNC may be FFFF.
    let hex = fields.iter().take(4 + 3).any(|f| f.bytes().any(|b| b.is_ascii_hexdigit() && !b.is_ascii_digit()));
    let code = |s: &str| u64::from_str_radix(s, if hex { 16 } else { 10 }).ok();
    let cells = int(next()?)?;
    let mut wifi = None;
    if cells > 0 {
        let _timing_advance = next()?;
        let (mcc, mnc) = (next()?.parse().ok(), next()?.parse().ok());
        for _ in 0..cells.min(64) {
            let (lac, cid, rssi) = (next()?, next()?, next()?);
            if let (Some(mcc), Some(mnc), Some(lac), Some(cid)) = (mcc, mnc, code(lac), code(cid)) {
                r.cell(mcc, mnc, lac, cid, rssi.parse().ok());
            }
        }
    } else {
        // Without cells either the WiFi count follows at once, or the empty cell fields do (`0,1,,,,00`).
        let first = next()?;
        let rest: Vec<&str> = fields.iter().skip(2).copied().collect();
        let empty_cells = matches!(rest.as_slice(), [a, b, ..] if (a.is_empty() || *a == "0") && (b.is_empty() || *b == "0"))
            && !rest.iter().any(|f| f.contains(':'));
        if empty_cells {
            return Ok(());
        }
        wifi = Some(int(first)?);
    }
    let count = match wifi {
        Some(n) => n,
        None => int(next()?)?,
    };
    for _ in 0..count.clamp(0, 64) {
        let (ssid, mac, rssi) = (next()?, next()?, next()?);
        r.wifi(ssid, mac, rssi.parse().ok());
    }
    let accuracy: f64 = next()?.parse().map_err(|_| Short)?;
    r.accuracy_m = Some(accuracy).filter(|a| *a > 0.0 && a.is_finite());
    Ok(())
}

/// In an alarm message that cannot be read: is there a status word with the SOS bit anywhere?
pub(super) fn looks_like_sos(body: &[u8]) -> bool {
    body.split(|b| *b == b',').any(|f| {
        f.len() == 8
            && std::str::from_utf8(f)
                .ok()
                .and_then(|f| u32::from_str_radix(f.trim(), 16).ok())
                .is_some_and(|w| bit(w, 16) && w & 0xFF80_0000 == 0)
    })
}
