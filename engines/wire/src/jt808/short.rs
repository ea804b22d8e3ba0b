//! 5501 and 5502: the short location of padlocks and asset trackers, BCD coordinates, times in UTC.
use super::nested;
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, bit};
use crate::record::Record;
use crate::time::utc;

pub(super) fn decode(r: &mut Reader, id: u16, out: &mut Vec<Record>) -> Read<()> {
    let mut record = Record::new();
    let done = fields(r, id, &mut record);
    if done.is_ok() || !record.alarms.is_empty() {
        out.push(record);
    }
    done
}

fn fields(r: &mut Reader, id: u16, record: &mut Record) -> Read<()> {
    place(r, record)?;
    // 5502 is sent without a present fix.
    if id == 0x5502 {
        record.valid = Some(false);
    }
    record.set("rssi", r.u8()?);
    record.set("sat", r.u8()?);
    record.set("odometer", u64::from(r.u32()?) * 1000);
    match r.u8()? {
        percent @ 0..=100 => record.battery_level(percent.into()),
        0xAA | 0xAB => record.set("charge", true),
        _ => {}
    }
    let (cid, lac) = (r.u32()?, r.u16()?);
    // Neither country nor network is told: the product is sold for mainland China's 460.
    if cid > 0 {
        record.cell(460, 0, lac.into(), cid.into(), None);
    }
    let product = r.u8()?;
    let (status, alarms) = (u32::from(r.u16()?), u32::from(r.u16()?));
    match product {
        1 | 2 => record.alarm_if(bit(alarms, 0), Alarm::LowPower),
        3 => {
            record.set("blocked", bit(status, 5));
            const ALARMS: [(u32, Alarm); 6] = [
                (0, Alarm::Overspeed),
                (1, Alarm::LowPower),
                (2, Alarm::Vibration),
                (3, Alarm::LowBattery),
                (5, Alarm::GeofenceEnter),
                (6, Alarm::GeofenceExit),
            ];
            for (n, alarm) in ALARMS {
                record.alarm_if(bit(alarms, n), alarm);
            }
        }
        _ => {}
    }
    record.set("status", status);
    while r.left() >= 2 {
        let (id, n) = (r.u8()?, usize::from(r.u8()?));
        let Ok(value) = r.take(n) else { break };
        let _ = item(id, value, record);
    }
    Ok(())
}

/// Day, month, year, hour, minute, second; `ddmm.mmmm`; `dddmm.mmmm` whose last digit shares its byte with the flags.
fn place(r: &mut Reader, record: &mut Record) -> Read<()> {
    let mut t = [0u32; 6];
    for v in &mut t {
        *v = r.bcd()?;
    }
    record.time = utc(2000 + i64::from(t[2]), t[1], t[0], t[3], t[4], t[5]);
    let digits = |r: &mut Reader| -> Read<u32> {
        let mut n = 0;
        for _ in 0..4 {
            n = n * 100 + r.bcd()?;
        }
        Ok(n)
    };
    let (lat, lon) = (digits(r)?, digits(r)?);
    let flags = r.u8()?;
    let lon = u64::from(lon) * 10 + u64::from(flags >> 4);
    let degrees = |raw: u64| (raw / 1_000_000) as f64 + (raw % 1_000_000) as f64 / 10_000.0 / 60.0;
    let sign = |on: bool, v: f64| if on { v } else { -v };
    let ok = record.place(sign(flags & 2 != 0, degrees(lat.into())), sign(flags & 4 != 0, degrees(lon)));
    record.valid = Some(ok && flags & 1 != 0);
    record.speed_kmh = Some(f64::from(r.bcd()?) * 1.852);
    record.course(f64::from(r.u8()?) * 2.0);
    Ok(())
}

fn item(id: u8, value: &[u8], out: &mut Record) -> Read<()> {
    let mut v = Reader::new(value);
    match id {
        0x02 => out.altitude_m = Some(v.i16()?.into()),
        0x0B => nested::lock_command(&mut v, value.len(), out)?,
        0x0C => out.set("tilt", format!("[{},{},{}]", v.i16()?, v.i16()?, v.i16()?)),
        0x10 => out.set("wakeSource", v.u8()?),
        0xFC => out.set("geofence", v.u8()?),
        _ => {}
    }
    Ok(())
}
