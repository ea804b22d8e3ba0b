//! Items that are lists themselves.
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, bit, latin1, trimmed};
use crate::record::Record;

/// Items of a vehicle's diagnosis unit, up to the end of the message.
pub(super) fn obd_extension(r: &mut Reader, out: &mut Record) -> Read<()> {
    while r.left() >= 2 {
        let (id, n) = (r.u8()?, usize::from(r.u8()?));
        let Ok(value) = r.take(n) else { break };
        let _ = obd_item(id, value, out);
    }
    Ok(())
}

fn obd_item(id: u8, value: &[u8], out: &mut Record) -> Read<()> {
    let mut v = Reader::new(value);
    match id {
        0x01 => out.set("odometer", u64::from(v.u32()?) * 100),
        0x02 => out.set("fuel", f64::from(v.u16()?) / 10.0),
        0x03 => out.set("obdSpeed", f64::from(v.u16()?) / 10.0),
        0x56 => {
            v.u8()?;
            out.battery_level(v.u8()?.into());
        }
        0x61 => out.set("power", f64::from(v.u16()?) / 100.0),
        0x69 => out.set("battery", f64::from(v.u16()?) / 100.0),
        0x80 => out.set("obdSpeed", v.u8()?),
        0x81 => out.set("rpm", v.u16()?),
        0x82 => out.set("power", f64::from(v.u16()?) / 10.0),
        0x83 => out.set("engineLoad", v.u8()?),
        0x84 => out.set("coolantTemp", i32::from(v.u8()?) - 40),
        0x85 => out.set("fuelConsumption", v.u16()?),
        0x86 => out.set("intakeTemp", i32::from(v.u8()?) - 40),
        0x87 => out.set("intakeFlow", v.u16()?),
        0x88 => out.set("intakePressure", v.u8()?),
        0x89 => out.set("throttle", v.u8()?),
        0x8B => out.set("vin", latin1(v.take(17)?)),
        0x8C => out.set("obdOdometer", u64::from(v.u32()?) * 100),
        0x8D => out.set("tripOdometer", u64::from(v.u16()?) * 1000),
        0x8E => out.set("fuel", v.u8()?),
        0xA0 => out.set("dtcs", latin1(value).replace(',', " ")),
        0xCC => out.set("iccid", latin1(v.take(20)?)),
        _ => {}
    }
    Ok(())
}

pub(super) fn lock_command(v: &mut Reader, n: usize, out: &mut Record) -> Read<()> {
    out.set("lockCommand", v.u8()?);
    match n {
        5 | 6 => out.set("lockCard", v.u32()?),
        7.. => out.set("lockPassword", latin1(v.take(6)?)),
        _ => {}
    }
    if n.is_multiple_of(2) {
        out.set("unlockResult", v.u8()?);
    }
    Ok(())
}

pub(super) fn locks(v: &mut Reader, n: usize, out: &mut Record) -> Read<()> {
    if n == 2 {
        out.set("battery", f64::from(v.u16()?) / 100.0);
        return Ok(());
    }
    let count = v.u8()?;
    for i in 1..=count {
        out.set(format!("lock{i}Id"), v.hex(5)?);
        out.set(format!("lock{i}Card"), v.hex(5)?);
        out.set(format!("lock{i}Battery"), v.u8()?);
        out.set(format!("lock{i}Locked"), !bit(v.u16()?.into(), 5));
    }
    Ok(())
}

/// `$OBD-RT,…` text, or temperature and humidity sensors of 11 bytes each.
pub(super) fn obd_or_sensors(value: &[u8], out: &mut Record) -> Read<()> {
    if value.starts_with(b"$OBD-RT") {
        obd_text(&latin1(value), out);
        return Ok(());
    }
    if value.len() < 11 || !value.len().is_multiple_of(11) {
        return Ok(());
    }
    let mut v = Reader::new(value);
    // Whole part signed, fraction in 255ths, the whole part's sign for both.
    let real = |v: &mut Reader| -> Read<f64> {
        let (whole, part) = (f64::from(v.i8()?), f64::from(v.u8()?) / 255.0);
        Ok(if whole < 0.0 { whole - part } else { whole + part })
    };
    while v.left() > 0 {
        let sensor = v.u8()?;
        v.skip(6)?;
        out.set(format!("temp{sensor}"), real(&mut v)?);
        out.set(format!("humidity{sensor}"), real(&mut v)?);
    }
    Ok(())
}

/// `$OBD-RT,volt,rpm,speed,throttle,load,coolant,instant,average,trip,total,trip fuel,fuel`.
pub(super) fn obd_text(text: &str, out: &mut Record) {
    const NAMES: [&str; 12] = [
        "power",
        "rpm",
        "obdSpeed",
        "throttle",
        "engineLoad",
        "coolantTemp",
        "fuelConsumption",
        "fuelConsumption",
        "tripOdometer",
        "obdOdometer",
        "tripFuelUsed",
        "fuelUsed",
    ];
    for (name, value) in NAMES.into_iter().zip(text.split(',').skip(1)) {
        if let Ok(v) = value.trim().parse::<f64>() {
            out.set(name, v);
        }
    }
}

/// What a Jimi camera adds: a state block or an event.
pub(super) fn jimi_event(v: &mut Reader, out: &mut Record) -> Read<()> {
    let kind = v.u16()?;
    match kind {
        0x2002 => {
            v.u8()?;
            out.set("uploadMode", v.u8()?);
            out.set("buffered", v.u8()? == 1);
        }
        0x2003 => {
            v.u8()?;
            out.set("charge", v.u8()? == 1);
            let bars = v.u8()?;
            if (1..=6).contains(&bars) {
                out.battery_level(i64::from(bars) * 100 / 6);
            }
            out.set("battery", f64::from(v.u16()?) / 100.0);
            out.set("rssi", v.u8()?);
            out.set("power", f64::from(v.u16()?) / 100.0);
        }
        0x2005 => {
            v.u8()?;
            while v.left() >= 3 {
                let (id, n) = (v.u16()?, v.u8()?);
                let mut w = Reader::new(v.take(n.into())?);
                match id {
                    0x0001 => out.set("battery", f64::from(w.u16()?) / 100.0),
                    0x0002 => out.set("dataUsage", w.u32()?),
                    0x0003 => out.battery_level(w.u8()?.into()),
                    0x0004 => out.set("charge", w.u8()? == 0),
                    0x0005 => out.set("iccid", w.hex(10)?.chars().take(19).collect::<String>()),
                    0x0007 => out.set("hdop", f64::from(w.u16()?) / 10.0),
                    0x2001 => out.set("power", f64::from(w.u16()?) / 10.0),
                    _ => {}
                }
            }
        }
        0x0C03 => out.set("ignition", true),
        0x0C04 => out.set("ignition", false),
        _ => {
            let alarm = match kind {
                0x0001 => Alarm::Fault,
                0x0400 | 0x0412 => Alarm::HardAcceleration,
                0x0401 | 0x0413 => Alarm::HardBraking,
                0x0402 | 0x0414 => Alarm::HardCornering,
                0x0403 => Alarm::Overspeed,
                0x0405 | 0x0416 | 0x0417 => Alarm::Accident,
                0x0406 => Alarm::Vibration,
                0x0407 => Alarm::Tow,
                0x0408 => Alarm::GeofenceEnter,
                0x0409 => Alarm::GeofenceExit,
                0x040C => Alarm::Door,
                0x0415 => Alarm::LaneChange,
                0x0C01 => Alarm::Sos,
                0x0C02 => Alarm::LowPower,
                0x0C05 => Alarm::General,
                0x0C0E => Alarm::PowerCut,
                0x0C0F => Alarm::LowBattery,
                0x0C10 => Alarm::PowerOff,
                0x0C12 => Alarm::Tampering,
                _ => return Ok(()),
            };
            out.alarm(alarm);
        }
    }
    Ok(())
}

pub(super) fn external_sensors(v: &mut Reader, out: &mut Record) -> Read<()> {
    v.u8()?;
    while v.left() >= 2 {
        let (id, n) = (v.u8()?, v.u8()?);
        let mut w = Reader::new(v.take(n.into())?);
        match id {
            0x11 => {
                out.set("externalAlarms", w.u16()?);
                out.set("alarmThresholdType", w.u8()?);
            }
            0x13 => out.set("externalIlluminance", w.u16()?),
            0x14 => out.set("externalAirPressure", w.u16()?),
            0x15 => out.set("externalHumidity", f64::from(w.u16()?) / 10.0),
            0x16 => out.set("externalTemp", f64::from(w.u16()?) / 10.0 - 50.0),
            _ => {}
        }
    }
    Ok(())
}

/// Cells, a zone as text, or `len u16 (counting the id) | id u16 | value`.
pub(super) fn extended(value: &[u8], out: &mut Record) -> Read<()> {
    let mut v = Reader::new(value);
    let n = value.len();
    if n >= 8 && (n - 3).is_multiple_of(5) && u16::from_be_bytes([value[0], value[1]]) > 200 {
        let (mcc, mnc) = (v.u16()?, v.u8()?);
        while v.left() > 0 {
            let (lac, cid, rssi) = (v.u16()?, v.u16()?, v.u8()?);
            out.cell(mcc.into(), mnc.into(), lac.into(), cid.into(), Some(rssi.into()));
        }
        return Ok(());
    }
    if value.iter().all(|b| (0x20..0x7F).contains(b)) {
        out.set("timezone", latin1(value));
        return Ok(());
    }
    while v.left() >= 4 {
        let length = usize::from(v.u16()?);
        let Some(size) = length.checked_sub(2) else { break };
        let id = v.u16()?;
        let value = v.take(size.min(v.left()))?;
        let _ = extended_item(id, value, out);
    }
    Ok(())
}

fn extended_item(id: u16, value: &[u8], out: &mut Record) -> Read<()> {
    let mut v = Reader::new(value);
    match id {
        0x0001 => out.set("fuel1", f64::from(v.u16()?) / 10.0),
        0x0023 => {
            if let Ok(fuel) = trimmed(v.take(6)?).parse::<f64>() {
                out.set("fuel2", fuel);
            }
        }
        0x002D if value.len() == 4 => out.set("power", f64::from(v.u32()?) / 1000.0),
        0x002D => out.set("battery", f64::from(v.u16()?) / 1000.0),
        // Active low: a cleared bit is the alarm.
        0x0089 => {
            let word = v.u32()?;
            out.alarm_if(!bit(word, 0), Alarm::PowerOff);
            out.alarm_if(!bit(word, 12), Alarm::Removing);
        }
        0x00B2 => out.set("iccid", v.hex(10)?.trim_end_matches('f').to_string()),
        0x00B9 => {
            let text = latin1(value.get(1..).unwrap_or(&[]));
            let fields: Vec<&str> = text.split(',').filter(|f| !f.is_empty()).collect();
            for pair in fields.chunks_exact(2) {
                out.wifi("", pair[0], pair[1].trim().parse().ok());
            }
        }
        0x00C5 => {
            let word = v.u32()?;
            out.alarm_if(!bit(word, 6), Alarm::Vibration);
            match word >> 23 & 3 {
                0 => out.set("motion", true),
                1 => out.set("motion", false),
                _ => {}
            }
        }
        0x00C6 => {
            let level = v.u8()?;
            out.alarm_if(matches!(level, 3 | 4), Alarm::LowBattery);
            out.set("batteryAlarm", level);
        }
        0x00CE => out.set("power", f64::from(v.u16()?) / 100.0),
        0x00D8 => {
            let (mcc, mnc, lac, cid) = (v.u16()?, v.u8()?, v.u16()?, v.u32()?);
            out.cell(mcc.into(), mnc.into(), lac.into(), cid.into(), None);
        }
        0x00A8 | 0x00E1 => out.battery_level(v.u8()?.into()),
        _ => {}
    }
    Ok(())
}

/// Bluetooth tags; a mask says what is told of each.
pub(super) fn tags(v: &mut Reader, out: &mut Record) -> Read<()> {
    let mask = u32::from(v.u8()?);
    let mut i = 0;
    while v.left() > 0 {
        i += 1;
        out.set(format!("tag{i}Mac"), v.hex(6)?);
        out.set(format!("tag{i}Rssi"), v.i8()?);
        if bit(mask, 0) {
            out.set(format!("tag{i}Name"), v.text(10)?);
        }
        v.skip(if bit(mask, 1) { 2 } else { 0 })?;
        if bit(mask, 2) {
            out.set(format!("tag{i}Battery"), f64::from(v.u16()?) / 1000.0);
        }
        if bit(mask, 3) {
            out.set(format!("tag{i}Temp"), f64::from(v.i16()?) / 10.0);
        }
        if bit(mask, 4) {
            out.set(format!("tag{i}Humidity"), f64::from(v.i16()?) / 10.0);
        }
        let more = [(5, 6), (6, 2), (7, 2)].iter().filter(|(b, _)| bit(mask, *b)).map(|(_, n)| n).sum();
        v.skip(more)?;
    }
    Ok(())
}

/// `id u16 | len u8 | value` of a vehicle's diagnosis unit.
pub(super) fn obd_list(v: &mut Reader, out: &mut Record) -> Read<()> {
    while v.left() >= 3 {
        let (id, n) = (v.u16()?, usize::from(v.u8()?));
        let mut w = Reader::new(v.take(n)?);
        match id {
            0x0002 => out.set("obdSpeed", f64::from(w.u16()?) / 10.0),
            0x0003 => out.set("rpm", w.u16()?),
            0x0004 => out.set("power", f64::from(w.u16()?) / 1000.0),
            0x0005 => out.set("obdOdometer", u64::from(w.u32()?) * 100),
            0x0007 => out.set("fuelConsumption", f64::from(w.u16()?) / 10.0),
            0x0008 => out.set("engineLoad", f64::from(w.u16()?) / 10.0),
            0x0009 => out.set("coolantTemp", i32::from(w.u16()?) - 40),
            0x000B => out.set("intakePressure", w.u16()?),
            0x000C => out.set("intakeTemp", i32::from(w.u16()?) - 40),
            0x000D => out.set("intakeFlow", w.u16()?),
            0x000E => out.set("throttle", u32::from(w.u16()?) * 100 / 255),
            0x0050 => out.set("vin", w.text(17)?),
            0x0051 if n > 0 => out.set("cvn", w.hex(n)?),
            0x0052 if n > 0 => out.set("calid", w.text(n)?),
            0x0100 => out.set("tripOdometer", f64::from(w.u16()?) / 10.0),
            0x0102 => out.set("tripFuel", f64::from(w.u16()?) / 10.0),
            0x0112 => out.set("hardAccelerationCount", w.u16()?),
            0x0113 => out.set("hardDecelerationCount", w.u16()?),
            0x0114 => out.set("hardCorneringCount", w.u16()?),
            _ => {}
        }
    }
    Ok(())
}

pub(super) fn battery_or_events(v: &mut Reader, n: usize, out: &mut Record) -> Read<()> {
    match n {
        1 => out.battery_level(v.u8()?.into()),
        2 => out.set("power", f64::from(v.u16()?) / 10.0),
        4 => out.set("odometer", v.u32()?),
        _ => {
            if v.u8()? == 0x7C {
                while v.left() >= 2 {
                    let (id, n) = (v.u8()?, usize::from(v.u8()?));
                    let mut w = Reader::new(v.take(n.min(v.left()))?);
                    if id == 0x01 {
                        let word = w.u32()?;
                        const ALARMS: [Alarm; 5] = [
                            Alarm::HardAcceleration,
                            Alarm::HardBraking,
                            Alarm::HardCornering,
                            Alarm::Accident,
                            Alarm::Tampering,
                        ];
                        for (i, alarm) in ALARMS.into_iter().enumerate() {
                            out.alarm_if(bit(word, i as u32), alarm);
                        }
                    }
                }
            } else {
                out.battery_level(v.u8()?.into());
            }
        }
    }
    Ok(())
}
