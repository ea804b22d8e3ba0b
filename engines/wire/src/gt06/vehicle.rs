//! Messages of vehicle trackers and cameras that share the protocol.
use super::blocks::{GPS, Gps, Kind, cell, gps, time};
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, latin1, trimmed};
use crate::record::Record;
use crate::session::Session;
use crate::time::unix;

/// 34 of the X1: data and alarm word, GPS, mileage, cell, driver, voltages, ports.
pub(super) fn tracker_x1(r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    r.u32()?;
    gps(r, session, out, GPS)?;
    r.u16()?;
    out.set("odometer", r.u32()?);
    let (mcc, mnc, lac, cid) = (r.u16()?, r.u8()?, r.u16()?, r.u32()?);
    out.cell(mcc.into(), mnc.into(), lac.into(), cid.into(), None);
    let driver = r.u32()?;
    if driver > 0 {
        out.set("driverUniqueId", driver.to_string());
    }
    out.set("battery", f64::from(r.u16()?) / 100.0);
    out.set("power", f64::from(r.u16()?) / 100.0);
    let ports = r.u32()?;
    out.set("input", r.u8()?);
    out.set("output", r.u8()?);
    for i in 1..=(ports >> 20 & 15) {
        out.set(format!("adc{i}"), f64::from(r.u16()?) / 100.0);
    }
    Ok(())
}

/// 24 of the SR411 mini: GPS, cell, ignition, two voltages.
pub(super) fn sr411(r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    gps(r, session, out, GPS)?;
    cell(r, out, 0x24, Kind::Sr411, false)?;
    out.set("ignition", r.u8()? > 0);
    out.set("power", f64::from(r.u16()?) / 100.0);
    out.set("battery", f64::from(r.u16()?) / 100.0);
    Ok(())
}

/// 61: IMEI, GPS, cell, the number of a key fob.
pub(super) fn ibutton(r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    r.skip(8)?;
    gps(r, session, out, GPS)?;
    cell(r, out, 0x61, Kind::Standard, false)?;
    let number = u64::from(r.u32()?) << 16 | u64::from(r.u16()?);
    out.set("driverUniqueId", number.to_string());
    Ok(())
}

/// 40: a battery pack's management unit.
pub(super) fn battery_pack(r: &mut Reader, out: &mut Record) -> Read<()> {
    r.skip(8)?;
    out.time = unix(r.u32()?);
    out.set("relativeCapacity", r.u8()?);
    out.set("remainingCapacity", r.u16()?);
    out.set("absoluteCapacity", r.u8()?);
    out.set("fullCapacity", r.u16()?);
    out.set("batteryHealth", r.u8()?);
    out.set("batteryTemp", f64::from(r.u16()?) / 10.0 - 273.1);
    out.set("current", r.u16()?);
    out.set("battery", f64::from(r.u16()?) / 1000.0);
    out.set("cycleIndex", r.u16()?);
    for i in 1..=14 {
        out.set(format!("batteryCell{i}"), f64::from(r.u16()?) / 1000.0);
    }
    out.set("currentChargeInterval", r.u16()?);
    out.set("maxChargeInterval", r.u16()?);
    out.set("barcode", r.text(16)?);
    out.set("batteryVersion", r.u16()?);
    out.set("manufacturer", r.text(16)?);
    out.set("batteryStatus", r.u32()?);
    out.set("controllerStatus", r.u32()?);
    out.set("controllerFault", r.u32()?);
    Ok(())
}

/// 95: an alarm of a camera, with a position or without, and the names of the files it recorded.
pub(super) fn camera_alarm(variant: Kind, r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    let camera = variant == Kind::Jc400;
    let with_place = r.left() > 7;
    if with_place {
        if camera {
            r.skip(3)?;
        }
        gps(r, session, out, Gps { satellites: camera, speed: camera, camera })?;
    } else {
        out.time = time(r, session)?;
    }
    if camera {
        out.set("power", f64::from(r.u16()?) / 10.0);
    }
    let event = r.u8()?;
    out.set("event", event);
    match event {
        0x01 if with_place => out.alarm(Alarm::Sos),
        0x01 => out.alarm(Alarm::General),
        0x0E => out.alarm(Alarm::LowPower),
        0x76 => out.alarm(Alarm::Temperature),
        0x80 => out.alarm(Alarm::Vibration),
        0x87 => out.alarm(Alarm::Overspeed),
        0x88 => out.alarm(Alarm::PowerCut),
        0x90 => out.alarm(Alarm::HardAcceleration),
        0x91 => out.alarm(Alarm::HardBraking),
        0x92 => out.alarm(Alarm::HardCornering),
        0x93 => out.alarm(Alarm::Accident),
        _ => {}
    }
    if r.left() >= 2 {
        out.set("eventData", r.u16()?);
    }
    if r.left() > 0 {
        out.set("eventFiles", latin1(r.rest()));
    }
    Ok(())
}

/// 8C: `id=hex` pairs of the diagnosis port.
pub(super) fn obd(r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    out.time = time(r, session)?;
    out.set("ignition", r.u8()? > 0);
    let text = trimmed(r.take(r.left().saturating_sub(12))?);
    for pair in text.split(',') {
        let Some((key, value)) = pair.split_once('=') else { continue };
        let Some(id) = key.get(..2).and_then(|k| u32::from_str_radix(k, 16).ok()) else { continue };
        if id == 74 {
            out.set("vin", value.to_string());
            continue;
        }
        let name = match id {
            40 => "odometer",
            43 => "fuel",
            45 => "coolantTemp",
            53 => "obdSpeed",
            54 => "rpm",
            71 => "fuelUsed",
            73 => "hours",
            _ => continue,
        };
        if let Ok(v) = i64::from_str_radix(value.trim(), 16) {
            out.set(name, v as f64 / 100.0);
        }
    }
    Ok(())
}
