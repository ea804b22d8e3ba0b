//! 0900: a vendor's own data, `type u8 | payload`. Unknown types say nothing.
use super::location::{coordinates, motion};
use super::{bcd_time, nested};
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, bit, latin1, trimmed};
use crate::record::{Record, Value};
use crate::session::Session;

pub(super) fn decode(r: &mut Reader, session: &Session, out: &mut Vec<Record>) -> Read<()> {
    let mut record = Record::new();
    let kind = r.u8()?;
    match kind {
        0x40 => {
            let text = latin1(r.rest()).trim_matches(|c: char| c <= ' ').to_string();
            match text.strip_prefix("GTSL").map(|_| text.split('|').nth(4)) {
                Some(Some(card)) => record.set("driverUniqueId", card.to_string()),
                Some(None) => return Ok(()),
                None => record.set("data", text),
            }
        }
        0x41 => nested::obd_text(&trimmed(r.rest()), &mut record),
        0x53 | 0x54 => sensors(r, kind == 0x53, session, &mut record)?,
        0xF0 => {
            if !vehicle(r, session, &mut record)? {
                return Ok(());
            }
        }
        0xF3 => {
            while r.left() >= 4 {
                let (id, n) = (r.u16()?, usize::from(r.u16()?));
                let mut v = Reader::new(r.take(n.min(r.left()))?);
                match id {
                    0x0002 => record.set("collision", f64::from(v.u16()?) / 256.0 / 100.0),
                    0x0006 => record.time = bcd_time(&mut v)?,
                    _ => {}
                }
            }
        }
        0xFF => {
            record.time = bcd_time(r)?;
            let ok = record.place(f64::from(r.i32()?) / 1e6, f64::from(r.i32()?) / 1e6);
            record.valid = Some(ok);
            record.altitude_m = Some(r.i16()?.into());
            record.speed_kmh = Some(f64::from(r.u16()?) / 10.0).filter(|v| *v <= 1600.0);
            record.course(r.u16()?.into());
        }
        _ => return Ok(()),
    }
    out.push(record);
    Ok(())
}

/// 53: Bluetooth tags heard; 54: stored readings of sensors. Both after status word, coordinates and motion.
fn sensors(r: &mut Reader, tags: bool, session: &Session, record: &mut Record) -> Read<()> {
    coordinates(r, session, record)?;
    motion(r, record)?;
    if tags {
        r.u8()?;
        while r.left() >= 9 {
            let i = u32::from(r.u8()?) + 1;
            record.set(format!("tag{i}Mac"), r.hex(6)?);
            record.set(format!("tag{i}Rssi"), r.i8()?);
            let n = usize::from(r.u8()?);
            record.set(format!("tag{i}Data"), r.hex(n.min(r.left()))?);
        }
        return Ok(());
    }
    while r.left() >= 8 {
        let mask = u32::from(r.u16()?);
        r.skip(6)?;
        if bit(mask, 0) {
            record.set("lightSensor", r.u16()?);
        }
        if bit(mask, 1) {
            record.set("deviceTemp", f64::from(r.i16()?) / 10.0);
            record.set("humidity", f64::from(r.i16()?) / 10.0);
        }
        if bit(mask, 2) {
            record.set("temp3", f64::from(r.i16()?) / 10.0);
        }
        r.skip(if bit(mask, 3) { 6 } else { 0 })?;
        if bit(mask, 4) {
            record.set("airPressure", r.u16()?);
        }
    }
    Ok(())
}

/// F0: a vehicle's data. False: nothing of it is known here.
fn vehicle(r: &mut Reader, session: &Session, record: &mut Record) -> Read<bool> {
    record.time = bcd_time(r)?;
    if r.u8()? > 0 {
        record.archive = true;
        record.set("archive", true);
    }
    r.u8()?;
    match r.u8()? {
        0x01 => {
            for _ in 0..r.u8()? {
                let (id, n) = (r.u16()?, usize::from(r.u8()?));
                let value = r.take(n)?;
                let _ = reading(id, value, record);
            }
            coordinates(r, session, record)?;
        }
        0x02 => {
            let mut codes = Vec::new();
            for _ in 0..r.u16()? {
                r.u32()?;
                for _ in 0..r.u16()? {
                    r.skip(8)?;
                    let n = usize::from(r.u16()?);
                    codes.push(trimmed(r.take(n)?));
                    if codes.len() > 256 {
                        return Ok(true);
                    }
                }
            }
            record.set("dtcs", codes.join(" "));
            coordinates(r, session, record)?;
        }
        0x03 => {
            for _ in 0..r.u8()? {
                let (id, n) = (r.u8()?, usize::from(r.u8()?));
                r.skip(n)?;
                if let Some(alarm) = driving_alarm(id) {
                    record.alarm(alarm);
                }
            }
            coordinates(r, session, record)?;
        }
        0x04 => {
            let ended = r.u8()? == 2;
            record.set("tripNumber", r.u32()?);
            r.skip(6)?;
            if ended {
                r.skip(6 + 8 + 8 + 1)?;
                record.set("idlingCount", r.u16()?);
                record.set("idlingTime", r.u16()?);
                record.set("tripOdometer", u64::from(r.u16()?) * 100);
                record.set("tripFuel", f64::from(r.u16()?) / 100.0);
            }
        }
        0x0B => {
            if r.u8()? > 0 {
                record.set("vin", r.text(17)?);
            }
        }
        0x15 => match r.u32()? {
            51 => record.alarm(Alarm::HardAcceleration),
            52 => record.alarm(Alarm::HardBraking),
            53 => record.alarm(Alarm::HardCornering),
            54 => record.alarm(Alarm::LaneChange),
            56 => record.alarm(Alarm::Accident),
            event => record.set("event", event),
        },
        _ => return Ok(false),
    }
    Ok(true)
}

fn driving_alarm(id: u8) -> Option<Alarm> {
    Some(match id {
        0x01 => Alarm::PowerRestored,
        0x02 => Alarm::PowerCut,
        0x0E => Alarm::Idle,
        0x1A => Alarm::HardAcceleration,
        0x1B => Alarm::HardBraking,
        0x1C => Alarm::HardCornering,
        0x1D..=0x1F => Alarm::LaneChange,
        0x23 => Alarm::FatigueDriving,
        0x25 => Alarm::Overspeed,
        0x26..=0x28 => Alarm::Accident,
        0x31 | 0x32 => Alarm::Door,
        _ => return None,
    })
}

fn reading(id: u16, value: &[u8], out: &mut Record) -> Read<()> {
    let mut v = Reader::new(value);
    match id {
        0x0102 | 0x0528 | 0x0546 => out.set("odometer", u64::from(v.u32()?) * 100),
        0x0103 => out.set("fuel", f64::from(v.u32()?) / 100.0),
        0x0111 => out.set("fuelTemp", i32::from(v.u8()?) - 40),
        0x012E => out.set("oilLevel", f64::from(v.u16()?) / 10.0),
        0x052A => out.set("fuel", f64::from(v.u16()?) / 100.0),
        0x0105 | 0x052C => out.set("fuelUsed", f64::from(v.u32()?) / 100.0),
        0x014A | 0x0537..=0x0539 => out.set("fuelConsumption", f64::from(v.u16()?) / 100.0),
        0x052B => out.set("fuel", v.u8()?),
        0x052D => out.set("coolantTemp", i32::from(v.u8()?) - 40),
        0x052E => out.set("airTemp", i32::from(v.u8()?) - 40),
        0x0530 => out.set("power", f64::from(v.u16()?) / 1000.0),
        0x0535 => out.set("obdSpeed", f64::from(v.u16()?) / 10.0),
        0x0536 => out.set("rpm", v.u16()?),
        0x053D => out.set("intakePressure", f64::from(v.u16()?) / 10.0),
        0x0544 => out.set("liquidLevel", v.u8()?),
        0x0547 | 0x0548 => out.set("throttle", v.u8()?),
        0xFEEC => out.set("vin", v.text(value.len())?),
        _ => {
            let number = match value.len() {
                1 => Value::from(v.u8()?),
                2 => Value::from(v.u16()?),
                4 => Value::from(v.u32()?),
                _ => return Ok(()),
            };
            out.set(format!("io{id}"), number);
        }
    }
    Ok(())
}
