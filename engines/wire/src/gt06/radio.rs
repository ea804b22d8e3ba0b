//! Messages of cells and access points.
use super::blocks::{Kind, code, time};
use crate::bytes::{Read, Reader};
use crate::record::Record;
use crate::session::Session;
use crate::time::utc;

/// 18, 24, 28, 2C, 2E, 33, 34, A1, A2, A9: time, country, network, up to seven cells, then perhaps WiFi.
pub(super) fn cells_and_wifi(kind: u8, variant: Kind, r: &mut Reader, session: &Session, out: &mut Record) -> Read<()> {
    out.time = time(r, session)?;
    let counted = variant == Kind::WanwayS20;
    let sl4x = variant == Kind::Sl4x;
    if counted || sl4x {
        r.u8()?;
    }
    let country = r.u16()?;
    let network = if country & 0x8000 != 0 || sl4x { u32::from(r.u16()?) } else { r.u8()?.into() };
    let count = match kind {
        _ if counted => r.u8()?,
        0x33 => 6,
        _ => 7,
    };
    for _ in 0..count.min(16) {
        let (lac, cid) = match kind {
            0xA1 | 0xA2 | 0xA9 => (u64::from(r.u32()?), r.u64()?),
            0x33 | 0x34 => (r.u16()?.into(), r.u32()?.into()),
            _ => (r.u16()?.into(), r.u24()?.into()),
        };
        let rssi = r.u8()?;
        out.cell((country & 0x7FFF).into(), network, lac, cid, Some(-i32::from(rssi)));
    }
    if !counted && !sl4x {
        r.u8()?;
    }
    if matches!(kind, 0x18 | 0x2C | 0x33 | 0xA2 | 0xA9) && r.left() > 0 {
        for _ in 0..r.u8()? {
            let mac = r.mac()?;
            let rssi = r.u8()?;
            out.wifi("", &mac, Some(-i32::from(rssi)));
        }
    }
    if kind == 0xA9 && r.left() >= 2 {
        let low = u16::from(r.u8()?);
        code(u16::from(r.peek(0).unwrap_or(0) >> 4) << 8 | low, session, out);
    }
    Ok(())
}

/// 17, 69: BCD time, as many access points as the frame's length byte says, then cells.
pub(super) fn cousin_wifi(r: &mut Reader, count: usize, out: &mut Record) -> Read<()> {
    let mut t = [0u32; 6];
    for v in &mut t {
        *v = r.bcd()?;
    }
    out.time = utc(2000 + i64::from(t[0]), t[1], t[2], t[3], t[4], t[5]);
    for _ in 0..count.min(64) {
        let mac = r.mac()?;
        let rssi = r.u8()?;
        out.wifi("", &mac, Some(-i32::from(rssi)));
    }
    let cells = r.u8()?;
    let (mcc, mnc) = (r.u16()?, r.u8()?);
    for _ in 0..cells.min(64) {
        let (lac, cid, rssi) = (r.u16()?, r.u16()?, r.u8()?);
        out.cell(mcc.into(), mnc.into(), lac.into(), cid.into(), Some(rssi.into()));
    }
    Ok(())
}

/// F3: BCD time and counted access points without a signal.
pub(super) fn wifi_only(r: &mut Reader, out: &mut Record) -> Read<()> {
    let mut t = [0u32; 6];
    for v in &mut t {
        *v = r.bcd()?;
    }
    out.time = utc(2000 + i64::from(t[0]), t[1], t[2], t[3], t[4], t[5]);
    for _ in 0..r.u8()? {
        r.skip(2)?;
        let mac = r.mac()?;
        out.wifi("", &mac, None);
    }
    Ok(())
}
