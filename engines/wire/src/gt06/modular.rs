//! 70: modules `id u16 | len u16 | value`.
use super::blocks::{GPS, fix};
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader};
use crate::record::Record;
use crate::time::unix;

pub(super) fn decode(r: &mut Reader, out: &mut Record) -> Read<()> {
    while r.left() >= 4 {
        let (id, n) = (r.u16()?, usize::from(r.u16()?));
        // A module that declares more than there is: read what there is.
        let value = r.take(n.min(r.left()))?;
        let _ = module(id, value, out);
    }
    Ok(())
}

fn module(id: u16, value: &[u8], out: &mut Record) -> Read<()> {
    let mut v = Reader::new(value);
    match id {
        0x02 => {
            let bits = value.iter().fold(0u64, |n, b| n << 8 | u64::from(*b));
            out.set("moduleAlarm", bits);
        }
        0x03 => out.set("iccid", v.hex(10)?),
        0x09 => out.set("sat", v.u8()?),
        0x0A => out.set("satVisible", v.u8()?),
        0x11 => {
            let (mcc, mnc, lac, cid, rssi) = (v.u16()?, v.u16()?, v.u16()?, v.u24()?, v.u8()?);
            if cid > 0 {
                out.cell(mcc.into(), mnc.into(), lac.into(), cid.into(), Some(rssi.into()));
            }
        }
        0x18 => out.set("battery", f64::from(v.u16()?) / 100.0),
        0x28 => out.set("hdop", f64::from(v.u8()?) / 10.0),
        0x29 => out.set("index", v.u32()?),
        0x2A => {
            let input = v.u8()?;
            out.set("door", input & 15 > 0);
            out.set("tamper", input >> 4 > 0);
        }
        0x2B => out.set("bootReason", v.u8()?),
        0x2C => out.time = out.time.or(unix(v.u32()?)),
        0x2E => out.set("odometer", v.u32le()?),
        0x33 => {
            out.time = unix(v.u32()?);
            out.set("sat", v.u8()?);
            out.altitude_m = Some(v.i16()?.into());
            fix(&mut v, out, GPS)?;
        }
        0x34 => event(&mut v, out)?,
        0x7F => {
            out.set("tag1Id", v.hex(6)?);
            out.set("tag1Battery", f64::from(v.u16()?) / 1000.0);
            out.set("tag1BatteryLevel", v.u8()?);
            out.set("tag1Temp", f64::from(v.i16()?) / 10.0);
            out.set("tag1Humidity", v.i16()?);
            out.set("tag1Status", v.u8()?);
        }
        _ => {}
    }
    Ok(())
}

fn event(v: &mut Reader, out: &mut Record) -> Read<()> {
    let event = v.u8()?;
    out.set("event", event);
    let alarm = match event {
        0x10 => Alarm::Door,
        0x12 => Alarm::Removing,
        0x14 => Alarm::GeofenceEnter,
        0x15 => Alarm::GeofenceExit,
        0x16 => Alarm::Temperature,
        0x1A => Alarm::LowBattery,
        0x1B => Alarm::Overspeed,
        0x1C => Alarm::PowerOn,
        0x1D => Alarm::PowerOff,
        0x20 => Alarm::Vibration,
        0x21 => Alarm::PowerCut,
        0x23 => Alarm::Tampering,
        _ => return Ok(()),
    };
    out.alarm(alarm);
    Ok(())
}
