//! The dump of settings (command 02): same items, several numbers big-endian.
use crate::bytes::{Read, Reader, hex};
use crate::record::Record;

pub(super) fn read(items: &[u8]) -> Record {
    let mut record = Record::new();
    let mut r = Reader::new(items);
    while let Ok(n) = r.u8() {
        let Ok(item) = r.take(usize::from(n)) else { break };
        let [key, value @ ..] = item else { continue };
        if one(&mut record, *key, value).is_err() {
            record.set(format!("short{key:02x}"), hex(value));
        }
    }
    record
}

fn one(r: &mut Record, key: u8, value: &[u8]) -> Read<()> {
    let mut v = Reader::new(value);
    let n = value.len();
    match key {
        0x01 => r.set("moduleNumber", v.u32()?),
        0x02 => r.set("versionFw", v.u32()?.to_string()),
        0x03 => r.set("imei", v.text(n)?),
        0x04 => r.set("iccid", v.text(n)?),
        0x05 => r.set("bleMac", hex(value)),
        0x06 => r.set("settingTime", v.u32()?),
        0x07 => r.set("runTimes", v.u32()?),
        0x0A => {
            r.set("interval", v.u24()?);
            r.set("petMode", v.u8()?);
        }
        0x0D => r.set("passwordProtect", v.u32()?),
        0x0E => r.set("timeZone", v.i8()?),
        0x0F => r.set("enableControl", v.u32()?),
        0x13 => r.set("deviceName", v.text(n)?),
        0x14 => {
            r.battery_level(v.u8()?.into());
            r.set("battery", f64::from(v.u16()?) / 1000.0);
        }
        0x15 => {
            r.set("bleLatitude", f64::from(v.i32le()?) * 1e-7);
            r.set("bleLongitude", f64::from(v.i32le()?) * 1e-7);
            r.set("bleLocation", v.text(n - 8)?);
        }
        0x17 => r.set("gpsUrl", v.text(n)?),
        0x18 => r.set("lbsUrl", v.text(n)?),
        0x1A => r.set("firmware", v.text(n)?),
        0x1B => r.set("gsmModule", v.text(n)?),
        0x1D => {
            r.set("agpsUpdate", v.u8()?);
            r.set("agpsLatitude", f64::from(v.i32le()?) * 1e-7);
            r.set("agpsLongitude", f64::from(v.i32le()?) * 1e-7);
        }
        0x30 => {
            r.set("numberFlag", v.u8()?);
            r.set("number", v.text(n - 1)?);
        }
        0x31 => {
            r.set("prefixFlag", v.u8()?);
            r.set("prefix", v.text(n - 1)?);
        }
        0x33 => r.set("phoneSwitches", v.u8()?),
        0x40 => r.set("apn", v.text(n)?),
        0x41 => r.set("apnUser", v.text(n)?),
        0x43 => {
            v.skip(1)?;
            r.set("port", v.u16()?);
            r.set("server", v.text(n - 3)?);
        }
        0x44 => {
            r.set("heartbeatInterval", v.u32()?);
            r.set("uploadInterval", v.u32()?);
            r.set("uploadLazyInterval", v.u32()?);
        }
        0x47 => r.set("deviceId", v.text(n)?),
        0x4E => r.set("gsmBand", v.u8()?),
        0x50 => r.set("powerAlert", v.u32()?),
        0x51 => r.set("geoAlert", v.u32()?),
        0x53 => r.set("motionAlert", v.u32()?),
        0x5C => {
            r.set("barkLevel", v.u8()?);
            if v.left() >= 4 {
                r.set("barkInterval", v.u32()?);
            }
        }
        0x61 => r.set("msisdn", v.text(n)?),
        0x62 => {
            r.set("wifiWhitelist", v.u8()?);
            r.set("wifiWhitelistMac", v.hex(6)?);
        }
        0x64 => {
            r.set("rssi", v.u8()?);
            r.set("networkBand", v.u32()?);
            r.set("operator", v.text(n - 5)?);
        }
        0x65 => {
            r.set("rssi", v.u8()?);
            r.set("networkStatus", v.u8()?);
            r.set("serverStatus", v.u8()?);
            if v.left() >= 6 {
                r.set("networkPlmn", v.hex(6)?);
            }
            if v.left() >= 6 {
                r.set("homePlmn", v.hex(6)?);
            }
        }
        0x66 => r.set("imsi", v.text(n)?),
        _ => {}
    }
    Ok(())
}
