//! Messages made of GPS, cell and status blocks.
use super::blocks::{GPS, Gps, Kind, NT, VL, battery, cell, code, fix, gps, is_lw, state, time};
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, bit, hex, latin1, trimmed};
use crate::record::Record;
use crate::session::Session;

fn has_gps(kind: u8, variant: Kind) -> bool {
    match kind {
        0x10 | 0x11 | 0x12 | 0x16 | 0x1A | 0x1E | 0x22 | 0x25 | 0x26 | 0x27 | 0x2D | 0x31 | 0x32 | 0x37 | 0x39
        | 0xA0 | 0xA4 => true,
        0x17 => variant == Kind::Rfid,
        0xA2 => variant == Kind::Lw4g,
        0xA3 => !matches!(variant, Kind::Seeworld | Kind::SeeworldSteps),
        _ => false,
    }
}

fn has_cell(kind: u8, variant: Kind) -> bool {
    matches!(kind, 0x19 | 0xA5 | 0xA7) || (has_gps(kind, variant) && !matches!(kind, 0x10 | 0x1A | 0x1E))
}

fn has_status(kind: u8, variant: Kind, nt: bool) -> bool {
    match kind {
        0x13 | 0x16 | 0x19 | 0x26 | 0x27 | 0x32 | 0x36 | 0x39 | 0xA4 | 0xA5 => true,
        0xA2 => variant == Kind::Lw4g,
        0x22 | 0x25 => nt,
        _ => false,
    }
}

pub(super) fn knows(kind: u8, variant: Kind) -> bool {
    has_gps(kind, variant) || has_cell(kind, variant) || has_status(kind, variant, false) || kind == 0xA3
}

pub(super) fn decode(kind: u8, variant: Kind, r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    if kind == 0xA3 && matches!(variant, Kind::Seeworld | Kind::SeeworldSteps) {
        return personal_state(variant, r, out);
    }
    out.set("type", kind);
    let nt = session.model_is(NT) && matches!(kind, 0x22 | 0x25);
    let status = has_status(kind, variant, nt);
    if kind == 0x12 && session.model_is(&["QH302R"]) {
        r.skip(8)?;
    }
    if nt {
        // Where the fix came from, the IMEI, the time of the message.
        r.skip(1 + 8)?;
        time(r, session)?;
    }
    if has_gps(kind, variant) {
        gps(r, session, out, GPS)?;
    }
    if has_cell(kind, variant) && r.left() > 0 {
        let sized = status && !matches!(kind, 0x19 | 0xA5 | 0xA2) && !(kind == 0x16 && variant == Kind::Vxt01);
        let done = cell(r, out, kind, variant, sized);
        if status {
            done?;
        } else if done.is_err() {
            // A position whose cell is cut short is still a position.
            return Ok(());
        }
    }
    if status {
        self::status(kind, variant, nt, r, session, out)?;
    }
    // What follows differs by maker; what cannot be read of it does not cost the rest.
    let _ = rest(kind, variant, nt, r, session, out);
    Ok(())
}

fn status(kind: u8, variant: Kind, nt: bool, r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    let (lw, sw) = (is_lw(session), session.model_is(&["SEEWORLD"]));
    if kind == 0xA2 {
        r.u8()?;
    }
    state(r.u8()?, variant, out);
    if variant == Kind::Obd6 {
        let signal = u32::from(r.u16()?);
        out.set("sat", (signal >> 10 & 31) + (signal >> 5 & 31));
        out.set("rssi", signal & 31);
        code(r.u8()?.into(), session, out);
        r.u8()?;
        out.battery_level(r.u8()?.into());
        let mode = r.u8()?;
        out.set("power", f64::from(r.u16()?) / 100.0);
        r.skip(3)?;
        if mode == 4 {
            out.set("temp1", f64::from(r.i16()?) / 10.0);
        }
        return Ok(());
    }
    if kind == 0xA2 || nt {
        out.set("power", f64::from(r.u16()?) / 100.0);
    }
    if kind == 0x13 && session.model_is(&["R11"]) {
        out.set("power", f64::from(r.u16()?) / 100.0);
    } else if nt {
        out.set("battery", f64::from(r.u8()?) / 10.0);
    } else {
        battery(r.u8()?, out);
    }
    out.set("rssi", r.u8()?);
    if kind == 0x13 && lw {
        out.set("power", f64::from(r.u16()? & 0xFFF) / 10.0);
        return Ok(());
    }
    if kind == 0x13 && r.left() == 0 {
        return Ok(());
    }
    let low = u16::from(r.u8()?);
    // In these types the high half of the language byte belongs to the code.
    let high = if matches!(kind, 0x27 | 0xA4 | 0x39) { u16::from(r.peek(0).unwrap_or(0) >> 4) } else { 0 };
    if kind == 0x13 && sw {
        out.set("power", f64::from(low));
    } else if kind == 0x13 {
        // The status message carries here either a code or the number of nothing in particular: codes only.
        code(low, session, out);
    } else if variant != Kind::Vxt01 {
        // FF in the low byte with a clear high half is "nothing", not a code.
        code(high << 8 | low, session, out);
    }
    Ok(())
}

fn rest(kind: u8, variant: Kind, nt: bool, r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    if matches!(kind, 0x36 | 0xA2 | 0x27 | 0xA4 | 0x39) || nt {
        r.u8()?;
    }
    match kind {
        0x36 => return modules(r, out),
        0xA2 => {
            out.set("odometer", r.u32()?);
            out.set("hours", u64::from(r.u32()?) * 1000);
            r.skip(8)?;
            out.set("input", r.u16()?);
        }
        0x12 => of_type_12(variant, r, session, out)?,
        0x22 if variant == Kind::Seeworld => {
            out.set("ignition", r.u8()? > 0);
            r.skip(2)?;
            out.set("odometer", r.u32()?);
            r.skip(4)?;
            let signed = |v: u16| if v & 0x8000 != 0 { -f64::from(v & 0x7FFF) } else { f64::from(v) };
            out.set("temp1", signed(r.u16()?) / 100.0);
            out.set("humidity", f64::from(r.u16()?) / 100.0);
        }
        0x32 if variant == Kind::Sl4x => out.altitude_m = Some(r.i16()?.into()),
        _ => {}
    }
    if matches!(kind, 0x22 | 0x37 | 0x2D | 0x31) && r.left() >= 3 && !nt {
        upload(r, out)?;
        if variant == Kind::Sl4x {
            if r.left() > 2 {
                out.set("odometer", r.u32()?);
            }
            out.altitude_m = Some(r.i16()?.into());
        }
    }
    match kind {
        0x37 => {
            let (module, n) = (r.u16()?, usize::from(r.u8()?));
            let mut v = Reader::new(r.take(n)?);
            match module {
                0x0027 => out.set("power", f64::from(v.u16()?) / 100.0),
                0x002E => out.set("odometer", v.u32()?),
                0x003B => out.accuracy_m = Some(f64::from(v.u16()?) / 100.0),
                _ => {}
            }
        }
        0x17 => {
            out.set("driverUniqueId", r.hex(8)?);
            r.u8()?;
        }
        _ => {}
    }
    if nt {
        out.set("odometer", r.u24()?);
        out.set("hours", u64::from(r.u24()?) * 60_000);
        if kind == 0x25 {
            let n = usize::from(r.u8()?);
            if n > 0 {
                r.u8()?;
                out.set("driverUniqueId", r.hex(n - 1)?);
            }
        }
    }
    card_after_alarm(kind, session, r, out)?;
    if matches!(r.left(), 3 | 7) {
        out.set("ignition", r.u8()? > 0);
        r.u8()?;
        if r.u8()? > 0 {
            out.archive = true;
            out.set("archive", true);
        }
    }
    if r.left() == 4 {
        out.set("odometer", r.u32()?);
    }
    if matches!(kind, 0x27 | 0xA4) && r.left() >= 1 {
        out.set("geofence", r.u8()?);
    }
    Ok(())
}

/// Ignition, reason for the upload, stored earlier.
fn upload(r: &mut Reader, out: &mut Record) -> Read<()> {
    out.set("ignition", r.u8()? > 0);
    out.set("event", r.u8()?);
    if r.u8()? > 0 {
        out.archive = true;
        out.set("archive", true);
    }
    Ok(())
}

fn modules(r: &mut Reader, out: &mut Record) -> Read<()> {
    while r.left() >= 3 {
        let (module, n) = (r.u16()?, usize::from(r.u8()?));
        let mut v = Reader::new(r.take(n)?);
        match module {
            0x0018 => out.set("battery", f64::from(v.u16()?) / 100.0),
            0x0032 => out.set("startupStatus", v.u8()?),
            0x006A => out.battery_level(v.u8()?.into()),
            _ => {}
        }
    }
    Ok(())
}

fn of_type_12(variant: Kind, r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    match variant {
        Kind::Gt06Card => {
            out.set("odometer", r.u32()?);
            let n = usize::from(r.u8()?);
            let card = trimmed(r.take(n)?);
            r.skip(2)?;
            out.set("card", card);
        }
        Kind::Benway => {
            let mask = u32::from(r.u16()?);
            out.set("ignition", bit(mask, 15));
            out.set("in2", bit(mask, 14));
            if bit(mask, 12) {
                let value = (mask & 0x1FF) as i32;
                out.set("temp1", if bit(mask, 9) { -value } else { value });
            } else if bit(mask, 13) {
                out.set("adc1", mask & 0x3FF);
            } else {
                out.set("adc1", f64::from(mask & 0x3FF) / 10.0);
            }
        }
        Kind::Vxt01 | Kind::S5 => {
            state(r.u8()?, variant, out);
            out.set("power", f64::from(r.u16()?) / 100.0);
            out.set("rssi", r.u8()?);
            if variant == Kind::Vxt01 {
                return r.skip(1);
            }
            code(r.u8()?.into(), session, out);
            out.set("oil", r.u16()?);
            let t = r.u8()?;
            out.set("temp1", if t & 0x80 != 0 { -i32::from(t & 0x7F) } else { t.into() });
            out.set("odometer", u64::from(r.u32()?) * 10);
        }
        Kind::Wetrust => {
            out.set("odometer", r.u32()?);
            let n = usize::from(r.u8()?);
            out.set("card", latin1(r.take(n)?));
            out.alarm_if(r.u8()? > 0, Alarm::General);
            out.set("cardStatus", r.u8()?);
            out.set("drivingTime", r.u16()?);
        }
        _ => {}
    }
    Ok(())
}

/// Alarms of later Jimi models: language, then the card that was held to the reader.
fn card_after_alarm(kind: u8, session: &Session, r: &mut Reader, out: &mut Record) -> Read<()> {
    if kind == 0x16 && session.model_is(VL) && r.left() == 9 {
        r.u8()?;
        driver(r.take(8)?, out);
    }
    Ok(())
}

fn driver(card: &[u8], out: &mut Record) {
    if card.iter().any(|b| *b != 0) {
        out.set("driverUniqueId", hex(card));
    }
}

/// 36 of later Jimi models: GPS, cell with a four-byte id, upload, mileage, voltages, hours, card.
pub(super) fn with_card(r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    gps(r, session, out, GPS)?;
    cell(r, out, 0x25, Kind::Standard, false)?;
    upload(r, out)?;
    out.set("odometer", r.u32()?);
    out.set("power", f64::from(r.u16()?) / 100.0);
    out.set("battery", f64::from(r.u8()?) / 10.0);
    out.set("hours", u64::from(r.u24()?) * 60_000);
    driver(r.take(8)?, out);
    Ok(())
}

/// A3 of a personal tracker: a short state of 7 bytes, or 19 with steps, battery, charging and moving.
fn personal_state(variant: Kind, r: &mut Reader, out: &mut Record) -> Read<()> {
    if variant == Kind::Seeworld {
        state(r.u8()?, variant, out);
        // Only the state byte is documented; the rest is kept for whoever knows the model.
        out.set("state", hex(r.rest()));
        return Ok(());
    }
    out.set("state", r.hex(9)?);
    out.steps(r.u32()?);
    out.battery_level(r.u8()?.into());
    out.set("charge", r.u8()? > 0);
    out.set("motion", r.u8()? > 0);
    Ok(())
}

/// 38: GPS, upload mode, stored earlier, then the cell with its generation.
pub(super) fn gps_then_cell(r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    gps(r, session, out, GPS)?;
    r.skip(2)?;
    let _ = cell(r, out, 0x38, Kind::Standard, false);
    Ok(())
}

/// AZ735 in long frames: sized GPS, sized cell, more cells, WiFi, status, extension.
pub(super) fn az735(kind: u8, r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    out.time = time(r, session)?;
    if r.u8()? > 0 {
        out.set("sat", r.u8()? & 15);
        fix(r, out, Gps { satellites: true, speed: true, camera: false })?;
    }
    let before = r.at();
    cell(r, out, kind, Kind::Standard, true)?;
    if r.at() > before + 1 {
        out.set("rssi", r.u8()?);
    }
    for _ in 0..2 {
        let n = usize::from(r.u8()?);
        r.skip(n)?;
    }
    let status = r.u8()?;
    out.set("status", status);
    if kind == 0x33 {
        match status {
            0xA0 => out.set("armed", true),
            0xA1 => out.set("armed", false),
            0xA2 | 0xA3 => out.alarm(Alarm::LowBattery),
            0xA4 => out.alarm(Alarm::General),
            0xA5 => out.alarm(Alarm::Door),
            _ => {}
        }
    }
    Ok(())
}
