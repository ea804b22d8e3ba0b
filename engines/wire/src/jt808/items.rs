//! The items after a location: `id u8 | len u8 | value`. Vendors use the same ids for different things; length and
//! model decide.
use super::location::{AOVX, DOORED, JIMI};
use super::nested;
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, bit, latin1, trimmed};
use crate::record::Record;
use crate::session::Session;

pub(super) fn decode(r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    while r.left() >= 2 {
        let (id, n) = (r.u8()?, usize::from(r.u8()?));
        if id == 0x80 {
            // One byte, then items up to the end of the message; its own length means nothing.
            r.u8()?;
            return nested::obd_extension(r, out);
        }
        let Ok(value) = r.take(n) else { break };
        // A value shorter than its layout costs only itself.
        let _ = item(id, value, session, out);
    }
    Ok(())
}

fn tenth(v: u16) -> f64 {
    f64::from(v) / 10.0
}
fn hundredth(v: u16) -> f64 {
    f64::from(v) / 100.0
}
fn milli(v: u16) -> f64 {
    f64::from(v) / 1000.0
}

fn item(id: u8, value: &[u8], session: &Session, out: &mut Record) -> Read<()> {
    let n = value.len();
    let mut v = Reader::new(value);
    match id {
        0x01 => out.set("odometer", u64::from(v.u32()?) * 100),
        0x02 => {
            let fuel = v.u16()?;
            out.set("fuel", if fuel & 0x8000 != 0 { f64::from(fuel & 0x7FFF) } else { tenth(fuel) });
        }
        0x06 => out.battery_level(v.u8()?.into()),
        0x0B => nested::lock_command(&mut v, n, out)?,
        0x14 => out.set("videoAlarm", v.u32()?),
        0x25 => out.set("input", v.u32()?),
        0x2B | 0xA7 => {
            out.set("adc1", hundredth(v.u16()?));
            out.set("adc2", hundredth(v.u16()?));
        }
        0x30 => out.set("rssi", v.u8()?),
        0x31 => out.set("sat", v.u8()?),
        0x33 if n == 1 => out.set("mode", v.u8()?),
        0x33 => {
            // A lock's text `*M00,len,…`: battery in hundredths of a volt after its first two characters.
            let text = latin1(value);
            let volts = text.strip_prefix("*M00").and_then(|_| text.get(10..13)).and_then(|d| d.parse::<u16>().ok());
            if let Some(volts) = volts {
                out.set("battery", hundredth(volts));
            }
        }
        0x51 if n == 2 || n == 16 => {
            for i in 1..=n / 2 {
                let t = v.u16()?;
                if t != 0xFFFF {
                    let celsius = if t & 0x8000 != 0 { -tenth(t & 0x7FFF) } else { tenth(t) };
                    out.set(format!("temp{i}"), celsius);
                }
            }
        }
        0x56 => out.battery_level(i64::from(v.u8()?) * 10),
        0x57 => {
            let driving = u32::from(v.u16()?);
            out.alarm_if(bit(driving, 8), Alarm::HardAcceleration);
            out.alarm_if(bit(driving, 9), Alarm::HardBraking);
            out.alarm_if(bit(driving, 10), Alarm::HardCornering);
            v.u16()?;
            let more = v.u32()?;
            out.alarm_if(session.model_is(DOORED) && bit(more, 16), Alarm::Door);
        }
        0x60 => {
            let event = v.u16()?;
            out.set("event", event);
            if (0x61..=0x66).contains(&event) {
                v.skip(6)?;
                out.set("driverUniqueId", latin1(v.take(8)?));
            }
        }
        0x63 => {
            for i in 1..=n / 11 {
                out.set(format!("lock{i}Id"), v.hex(6)?);
                out.set(format!("lock{i}Battery"), milli(v.u16()?));
                out.set(format!("lock{i}Seal"), v.u8()? == b'1');
                v.skip(2)?;
            }
        }
        0x64 | 0x65 => {
            v.skip(5)?;
            out.set(if id == 0x64 { "adasAlarm" } else { "dmsAlarm" }, v.u8()?);
            if n >= 47 {
                v.seek(n - 16);
                out.set("alarmLabel", v.hex(16)?);
            }
        }
        0x67 => out.set("password", latin1(v.take(8)?)),
        0x68 => out.battery_level_real(hundredth(v.u16()?)),
        0x69 => out.set("battery", hundredth(v.u16()?)),
        0x70 => {
            v.skip(5)?;
            match v.u8()? {
                1 => out.alarm(Alarm::HardAcceleration),
                2 => out.alarm(Alarm::HardBraking),
                3 => out.alarm(Alarm::HardCornering),
                0x16 => out.alarm(Alarm::Accident),
                _ => {}
            }
        }
        0x77 => {
            while v.left() > 0 {
                let tire = v.u8()?;
                out.set(format!("tire{tire}SensorId"), v.hex(3)?);
                out.set(format!("tire{tire}Pressure"), f64::from(v.u16()? & 0x3FF) / 40.0);
                out.set(format!("tire{tire}Temp"), i32::from(v.u8()?) - 50);
                out.set(format!("tire{tire}Status"), v.u8()?);
            }
        }
        0x82 | 0xD3 => out.set("power", tenth(v.u16()?)),
        0x91 => {
            out.set("battery", tenth(v.u16()?));
            out.set("rpm", v.u16()?);
            out.set("obdSpeed", v.u8()?);
            out.set("throttle", u32::from(v.u8()?) * 100 / 255);
            out.set("engineLoad", u32::from(v.u8()?) * 100 / 255);
            out.set("coolantTemp", i32::from(v.u8()?) - 40);
            v.skip(2)?;
            out.set("fuelConsumption", hundredth(v.u16()?));
            v.skip(8)?;
            out.set("fuelUsed", hundredth(v.u16()?));
        }
        0x94 if n > 0 => out.set("vin", latin1(value)),
        0xAC => out.set("odometer", v.u32()?),
        0xBC => out.set("driver", trimmed(value)),
        0xBD => out.set("driverUniqueId", latin1(value)),
        0xD0 => out.alarm_if(bit(v.u32()?, 3), Alarm::Vibration),
        0xDA => {
            v.u16()?;
            let state = u32::from(v.u8()?);
            out.set("string", bit(state, 0));
            out.set("motion", bit(state, 2));
            out.set("cover", bit(state, 3));
        }
        0xE2 if !session.model_is(&["DT800"]) => out.set("fuel", f64::from(v.u32()?) / 10.0),
        0xE3 => {
            v.u8()?;
            out.battery_level(v.u8()?.into());
            out.set("battery", hundredth(v.u16()?));
        }
        0xE4 => {
            if v.u8()? == 0 {
                out.set("charge", true);
            }
            out.battery_level(v.u8()?.into());
        }
        0xE5 if n == 1 => out.set("motion", v.u8()? == 1),
        0xE7 if n == 8 => {
            let word = u32::from(v.u16()?);
            out.alarm_if(bit(word, 0), Alarm::Vibration);
            out.alarm_if(word & 0b1110 != 0, Alarm::Sos);
        }
        0xE8 if session.model_is(JIMI) => nested::jimi_event(&mut v, out)?,
        0xE8 => out.set("lockStatus", v.u24()?),
        0xED => out.set("card", trimmed(value)),
        0xEE if n == 6 => {
            out.set("rssi", v.u8()?);
            out.set("power", milli(v.u16()?));
            out.set("battery", milli(v.u16()?));
            out.set("sat", v.u8()?);
        }
        0xF1 => out.set("power", f64::from(v.u32()?) / 1000.0),
        0xF2 => out.set("versionFw", latin1(value)),
        0xF5 if n == 2 => out.set("illuminance", v.u16()?),
        0xF7 if n == 2 => out.set("humidity", tenth(v.u16()?)),
        0xF7 => {
            out.set("battery", f64::from(v.u32()?) / 1000.0);
            if n >= 5 && matches!(v.u8()?, 2 | 3) {
                out.set("charge", true);
            }
            if n >= 6 {
                out.battery_level(v.u8()?.into());
            }
        }
        0xF8 if session.model_is(AOVX) => {
            v.skip(9)?;
            out.set("iccid", v.hex(10)?);
        }
        0xF8 if session.model_is(&["C5", "C5L"]) => out.steps(v.u16()?.into()),
        0xF8 => out.set("temp2", tenth(v.u16()?) - 50.0),
        0xF9 => gnss_details(&mut v, out)?,
        0xFB => out.set("container", latin1(value)),
        0xFC => out.set("geofence", v.u8()?),
        0xEC | 0xF4 => {
            while v.left() >= 7 {
                let (mac, rssi) = (v.mac()?, v.i8()?);
                out.wifi("", &mac, Some(rssi.into()));
            }
        }
        0xF0 => {
            while v.left() > 0 {
                let (mcc, mnc, cid, lac, rssi) = (v.u16()?, v.u16()?, v.u32()?, v.u32()?, v.u8()?);
                out.cell(mcc.into(), mnc.into(), lac.into(), cid.into(), Some(rssi.into()));
            }
        }
        0xD4 | 0xE1 | 0xE9 => charge_or_cells(id, &mut v, n, out)?,
        0xD5 => nested::locks(&mut v, n, out)?,
        0xE6 => nested::obd_or_sensors(value, out)?,
        0xEA if n > 2 => nested::external_sensors(&mut v, out)?,
        0xEB => nested::extended(value, out)?,
        0xF3 if session.model_is(AOVX) => nested::tags(&mut v, out)?,
        0xF3 => nested::obd_list(&mut v, out)?,
        0xF6 => environment(&mut v, n, session, out)?,
        0xFE => nested::battery_or_events(&mut v, n, out)?,
        _ => {}
    }
    Ok(())
}

fn charge_or_cells(id: u8, v: &mut Reader, n: usize, out: &mut Record) -> Read<()> {
    match (id, n) {
        (_, 1) => match v.u8()? {
            0xFF => out.set("charge", true),
            percent => out.battery_level(percent.into()),
        },
        (0xE1, 2) => out.set("power", tenth(v.u16()?)),
        (0xE1, 12..) if (n - 4).is_multiple_of(8) => {
            let (mcc, mnc) = (v.u16()?, v.u16()?);
            while v.left() > 0 {
                let (lac, cid, rssi) = (v.u24()?, v.u32()?, v.u8()?);
                out.cell(mcc.into(), mnc.into(), lac.into(), cid.into(), Some(rssi.into()));
            }
        }
        _ => out.set("driverUniqueId", v.u32()?.to_string()),
    }
    Ok(())
}

fn environment(v: &mut Reader, n: usize, session: &Session, out: &mut Record) -> Read<()> {
    let asset = session.model_is(AOVX);
    if !asset && n == 2 {
        out.set("airPressure", v.u16()?);
        return Ok(());
    }
    if !asset && n == 8 {
        let digits = v.hex(8)?;
        out.set("imei", digits[1..].to_string());
        return Ok(());
    }
    let event = v.u8()?;
    out.set("event", event);
    if event == 2 {
        out.set("motion", true);
    }
    let mask = u32::from(v.u8()?);
    if bit(mask, 0) {
        out.set("lightSensor", v.u16()?);
    }
    if bit(mask, 1) {
        out.set("temp1", f64::from(v.i16()?) / 10.0);
    }
    if bit(mask, 2) {
        out.set("humidity", f64::from(v.i16()?) / 10.0);
    }
    if bit(mask, 3) {
        out.set("gSensor", format!("[{},{},{}]", v.i16()?, v.i16()?, v.i16()?));
    }
    if bit(mask, 4) {
        v.skip(10)?;
    }
    if bit(mask, 5) {
        out.set("airPressure", v.u16()?);
    }
    Ok(())
}

fn gnss_details(v: &mut Reader, out: &mut Record) -> Read<()> {
    let mask = u32::from(v.u16()?);
    v.skip(if bit(mask, 0) { 4 } else { 0 } + if bit(mask, 1) { 4 } else { 0 })?;
    if bit(mask, 2) {
        out.set("hdop", tenth(v.u16()?));
    }
    v.skip(if bit(mask, 3) { 6 } else { 0 } + if bit(mask, 5) { 8 } else { 0 })?;
    if bit(mask, 6) {
        out.set("temp3", f64::from(v.i16()?) / 10.0);
    }
    Ok(())
}
