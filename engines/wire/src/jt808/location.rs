//! The location body of 0200, 0201 and 0704, its alarm word and its status word.
use super::{bcd_time, items};
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, bit};
use crate::record::Record;
use crate::session::Session;

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    Alone,
    OfBatch,
}

/// Card-type and asset models whose private items differ.
pub(super) const PADLOCKS: &[&str] = &["G-360P", "G-508P"];
pub(super) const AOVX: &[&str] = &["AL300", "GL100"];
pub(super) const JIMI: &[&str] = &["JC371", "JC181", "JC182", "JC450", "JC451"];
pub(super) const VEHICLES: &[&str] = &["VL300"];
pub(super) const DOORED: &[&str] = &["MV710G", "MV810G"];

pub(super) fn decode(r: &mut Reader, session: &Session, part: Part, out: &mut Vec<Record>) -> Read<()> {
    let mut record = Record::new();
    let done = fields(r, session, part, &mut record);
    // Cut short: what was read stays, so that its alarms are not lost.
    if done.is_ok() || !record.alarms.is_empty() {
        out.push(record);
    }
    done
}

fn fields(r: &mut Reader, session: &Session, part: Part, record: &mut Record) -> Read<()> {
    alarms(r.u32()?, session, record);
    coordinates(r, session, record)?;
    motion(r, record)?;
    // Exactly 18 bytes to the end of the body: a vendor's fixed tail, not items.
    if part == Part::Alone && r.left() == 18 {
        r.skip(4)?;
        record.set("odometer", u64::from(r.u32()?) * 1000);
        record.set("battery", f64::from(r.u16()?) / 10.0);
        r.skip(4)?;
        record.set("rssi", r.u8()?);
        return r.skip(3);
    }
    items::decode(r, session, record)
}

/// Altitude, speed, course and time.
pub(super) fn motion(r: &mut Reader, record: &mut Record) -> Read<()> {
    record.altitude_m = Some(r.i16()?.into());
    record.speed_kmh = Some(f64::from(r.u16()?) / 10.0).filter(|v| *v <= 1600.0);
    record.course(r.u16()?.into());
    record.time = bcd_time(r)?;
    Ok(())
}

/// Status word and coordinates.
pub(super) fn coordinates(r: &mut Reader, session: &Session, record: &mut Record) -> Read<()> {
    let status = r.u32()?;
    record.set("ignition", bit(status, 0));
    if session.model_is(&["G1C Pro"]) {
        record.set("motion", bit(status, 4));
    }
    record.set("blocked", bit(status, 10));
    if session.model_is(DOORED) {
        record.set("door", bit(status, 16));
    }
    record.set("charge", bit(status, 26));
    let degrees = |raw: u32, minus| if minus { -f64::from(raw) / 1e6 } else { f64::from(raw) / 1e6 };
    let (lat, lon) = (degrees(r.u32()?, bit(status, 2)), degrees(r.u32()?, bit(status, 3)));
    let ok = record.place(lat, lon);
    record.valid = Some(ok && bit(status, 1));
    Ok(())
}

/// The alarm word: the national standard, and what the wearables' makers put into its reserved bits.
fn alarms(word: u32, session: &Session, r: &mut Record) {
    const STANDARD: &[(u32, Alarm)] = &[
        (0, Alarm::Sos),
        (1, Alarm::Overspeed),
        (2, Alarm::FatigueDriving),
        (3, Alarm::General),
        (4, Alarm::Fault),
        (5, Alarm::GpsAntennaCut),
        (6, Alarm::GpsAntennaCut),
        (7, Alarm::LowBattery),
        (8, Alarm::PowerOff),
        (9, Alarm::Fault),
        (10, Alarm::Fault),
        (11, Alarm::Fault),
        (12, Alarm::Fault),
        (13, Alarm::Overspeed),
        (14, Alarm::FatigueDriving),
        (15, Alarm::Vibration),
        (16, Alarm::Tampering),
        (17, Alarm::Tampering),
        (18, Alarm::LowBattery),
        (19, Alarm::Parking),
        (20, Alarm::Geofence),
        (21, Alarm::Geofence),
        (22, Alarm::Geofence),
        (23, Alarm::Geofence),
        (24, Alarm::Fault),
        (25, Alarm::General),
        (26, Alarm::General),
        (27, Alarm::General),
        (28, Alarm::Movement),
        (31, Alarm::Door),
    ];
    if word != 0 {
        r.set("alarmBits", word);
    }
    if session.model_is(PADLOCKS) {
        r.alarm_if(bit(word, 0) || bit(word, 4), Alarm::Removing);
        r.alarm_if(bit(word, 1), Alarm::Tampering);
    } else if session.model_is(AOVX) {
        r.alarm_if(bit(word, 16), Alarm::Movement);
    } else {
        for (n, alarm) in STANDARD {
            r.alarm_if(bit(word, *n), *alarm);
        }
        // Collision and rollover of the standard are what wearables use for a fall.
        if (bit(word, 29) || bit(word, 30)) && !session.model_is(VEHICLES) {
            r.alarm(Alarm::FallDown);
            r.alarm(Alarm::Accident);
        }
    }
}
