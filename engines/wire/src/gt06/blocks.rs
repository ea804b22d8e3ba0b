//! The blocks messages are made of: time, GPS, cell, status, alarm code.
use crate::alarm::Alarm;
use crate::bytes::{Read, Reader, bit};
use crate::record::Record;
use crate::session::Session;
use crate::time::utc;
use kernel::Instant;

/// Layouts that hide behind the same type, told apart by the frame's length.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Standard,
    Vxt01,
    WanwayS20,
    Sr411,
    Gt06Card,
    Benway,
    S5,
    Space10x,
    Obd6,
    Wetrust,
    Jc400,
    Sl4x,
    Seeworld,
    /// The "SEEWORLD" tracker status with steps.
    SeeworldSteps,
    Rfid,
    Lw4g,
}

impl Kind {
    pub fn of(kind: u8, length: usize, long: bool, frame: &[u8]) -> Kind {
        if long {
            return Kind::Standard;
        }
        match (kind, length) {
            (0x12 | 0x16, 0x24) => Kind::Vxt01,
            (0x24, 0x31) => Kind::WanwayS20,
            (0x24, 0x2E) => Kind::Sr411,
            (0x12, 0x71..) => Kind::Gt06Card,
            (0x12, 0x21) => Kind::Benway,
            (0x12, 0x2B) => Kind::S5,
            (0x19, 0x17..) => Kind::Space10x,
            (0x13, 0x13) => Kind::Obd6,
            (0x12, 0x29) => Kind::Wetrust,
            (0x95, _) if frame.get(4..6) == Some(&[0xFF, 0xFF]) => Kind::Jc400,
            (0x34, 0x37) | (0x31, 0x2A) | (0x32, 0x27 | 0x29) => Kind::Sl4x,
            (0x22, 0x2F) | (0x16, 0x26) | (0xA3, 0x0C) => Kind::Seeworld,
            (0xA3, 0x18) => Kind::SeeworldSteps,
            (0x17, 0x28) => Kind::Rfid,
            (0xA2, 0x40) => Kind::Lw4g,
            _ => Kind::Standard,
        }
    }
}

/// Models whose 22 and 25 messages carry a source, an IMEI and a second time.
pub(super) const NT: &[&str] = &["NT11", "NT20", "NT26", "NT40", "NT46", "VL100", "XT40"];
pub(super) const VL: &[&str] = &["VL103", "LL303", "VL512", "G18"];

pub(super) fn is_lw(session: &Session) -> bool {
    session.model.as_deref().is_some_and(|m| m.to_ascii_uppercase().starts_with("LW"))
}

/// Six bytes of local time in the device's zone; UTC if it told none.
pub(super) fn time(r: &mut Reader, session: &Session) -> Read<Option<Instant>> {
    let b = r.take(6)?;
    let [y, mo, d, h, mi, s] = std::array::from_fn(|i| u32::from(b[i]));
    let zone = session.zone_ms.unwrap_or(0);
    Ok(utc(2000 + i64::from(y), mo, d, h, mi, s).map(|t| t.plus_ms(-zone)))
}

#[derive(Clone, Copy)]
pub(super) struct Gps {
    pub satellites: bool,
    pub speed: bool,
    /// Speed in two bytes, and the flags before it.
    pub camera: bool,
}

pub(super) const GPS: Gps = Gps { satellites: true, speed: true, camera: false };

pub(super) fn gps(r: &mut Reader, session: &Session, out: &mut Record, with: Gps) -> Read<()> {
    out.time = time(r, session)?;
    if with.satellites {
        out.set("sat", r.u8()? & 15);
    }
    fix(r, out, with)
}

pub(super) fn fix(r: &mut Reader, out: &mut Record, with: Gps) -> Read<()> {
    let (lat, lon) = (f64::from(r.u32()?) / 1_800_000.0, f64::from(r.u32()?) / 1_800_000.0);
    let mut flags = if with.camera { u32::from(r.u16()?) } else { 0 };
    if with.speed {
        out.speed_kmh = Some(if with.camera { r.u16()?.into() } else { r.u8()?.into() }).filter(|v| *v <= 1600.0);
    }
    if !with.camera {
        flags = r.u16()?.into();
    }
    out.course((flags & 0x3FF).into());
    let ok = out.place(if bit(flags, 10) { lat } else { -lat }, if bit(flags, 11) { -lon } else { lon });
    out.valid = Some(ok && bit(flags, 12));
    if bit(flags, 14) {
        out.set("ignition", bit(flags, 15));
    }
    Ok(())
}

/// One cell. `sized`: a length byte comes first; zero means an empty block, which some devices pad to 45 bytes.
pub(super) fn cell(r: &mut Reader, out: &mut Record, kind: u8, variant: Kind, sized: bool) -> Read<()> {
    let mut length = 0;
    if sized {
        length = usize::from(r.u8()?);
        if length == 0 {
            // Zeros from where the status would end: the empty block was padded.
            let padding = (9..45).map_while(|i| r.peek(i));
            if padding.into_iter().all(|b| b == 0) {
                r.seek(r.at() + 45.min(r.left() + 6));
            }
            return Ok(());
        }
    }
    let generation = if kind == 0x38 { r.u8()? } else { 0 };
    let country = r.u16()?;
    let wide_network = country & 0x8000 != 0 || kind == 0x11 || variant == Kind::Sl4x;
    let network = if wide_network { r.u16()?.into() } else { u32::from(r.u8()?) };
    let wide = generation >= 3 || matches!(kind, 0xA5 | 0xA0) || variant == Kind::Lw4g;
    let lac = if wide { u64::from(r.u32()?) } else { r.u16()?.into() };
    let cid = if wide || variant == Kind::Sl4x {
        r.u64()?
    } else if matches!(kind, 0x11 | 0x61 | 0x25) || variant == Kind::Seeworld {
        r.u32()?.into()
    } else {
        r.u24()?.into()
    };
    if kind == 0x38 {
        r.skip(if generation >= 3 { 2 } else { 1 })?;
    }
    out.cell((country & 0x7FFF).into(), network, lac, cid, None);
    r.skip(length.saturating_sub(9))
}

/// The first byte of the status block.
pub(super) fn state(info: u8, variant: Kind, out: &mut Record) {
    let word = u32::from(info);
    out.set("status", info);
    out.set("armed", bit(word, 0));
    out.set("ignition", bit(word, 1));
    out.set("charge", bit(word, 2));
    out.set("blocked", bit(word, 7));
    match word >> 3 & 7 {
        1 => out.alarm(Alarm::Vibration),
        2 => out.alarm(Alarm::PowerCut),
        3 => out.alarm(Alarm::LowBattery),
        4 => out.alarm(Alarm::Sos),
        6 => out.alarm(Alarm::Geofence),
        7 if variant == Kind::Vxt01 => out.alarm(Alarm::Overspeed),
        7 => out.alarm(Alarm::Removing),
        _ => {}
    }
}

/// 0–6 bars or a percentage.
pub(super) fn battery(value: u8, out: &mut Record) {
    out.battery_level(if value <= 6 { i64::from(value) * 100 / 6 } else { value.into() });
}

/// The alarm code, extended by the high half of the language byte. 0 is none; an unknown one is still an alarm.
pub(super) fn code(code: u16, session: &Session, out: &mut Record) {
    let (lw, sw, vl) = (is_lw(session), session.model_is(&["SEEWORLD"]), session.model_is(VL));
    let alarm = match code {
        0 | 0xFF => return,
        0x01 => Alarm::Sos,
        0x02 => Alarm::PowerCut,
        0x03 => Alarm::Vibration,
        0x04 => Alarm::GeofenceEnter,
        0x05 => Alarm::GeofenceExit,
        0x06 => Alarm::Overspeed,
        0x09 if vl => Alarm::Tow,
        0x09 => Alarm::Vibration,
        0x0C | 0x13 | 0x25 | 0x32 => Alarm::Tampering,
        0x0E | 0x0F => Alarm::LowBattery,
        0x11 => Alarm::PowerOff,
        0x14 => Alarm::Door,
        0x18 if lw => Alarm::Accident,
        0x18 => Alarm::Removing,
        0x19 if lw => Alarm::HardAcceleration,
        0x19 => Alarm::LowBattery,
        0x1A | 0x27 => Alarm::HardBraking,
        0x1B | 0x2A | 0x2B | 0x2E => Alarm::HardCornering,
        0x23 => Alarm::FallDown,
        0x26 => Alarm::HardAcceleration,
        0x28 if sw => Alarm::HardCornering,
        0x28 => Alarm::HardBraking,
        0x29 if sw => Alarm::Accident,
        0x29 => Alarm::HardAcceleration,
        0x2C => Alarm::Accident,
        0x30 if vl => Alarm::HardBraking,
        0x30 => Alarm::Jamming,
        0x5B | 0x5C => Alarm::Temperature,
        0xC9 => Alarm::Idle,
        // Not in any list: kept as an attribute, and not raised, for codes also tell ignition and charging.
        _ => {
            out.set("event", code);
            return;
        }
    };
    out.set("alarmCode", code);
    out.alarm(alarm);
}
