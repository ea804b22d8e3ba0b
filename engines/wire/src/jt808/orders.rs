//! Messages to the terminal: registration answers and commands.
use super::{frame_for, head, register_frame};
use crate::bytes::{Read, Reader, gbk, to_gbk, to_latin1, trimmed, unhex};
use crate::command::Command;
use crate::record::Record;
use crate::session::{Protocol, Session};

/// The answer to a registration (0100): result 0 ok, 1 vehicle already registered, 2 vehicle unknown, 3 terminal
/// already registered, 4 terminal unknown; the authentication code goes along only with 0. [`crate::decode`] answers
/// with result 0 and the terminal's own number; a register of known devices answers with this instead.
/// `None` if `frame` (unescaped) is no registration.
pub fn register_answer(frame: &[u8], session: &mut Session, result: u8, code: &str) -> Option<Vec<u8>> {
    let head = head(frame).ok().filter(|h| h.id == 0x0100)?;
    register_frame(&head, session, result, code)
}

/// The terminal field of a device: its digits in BCD, or, for an odd number of digits (an IMEI), the first fourteen
/// as a 48-bit integer. Ten bytes of BCD in the 2019 version.
fn terminal(device: &str, session: &Session) -> Option<Vec<u8>> {
    if !device.bytes().all(|b| b.is_ascii_digit()) || device.is_empty() || device.len() > 20 {
        return None;
    }
    if session.jt808.version.is_some() {
        return unhex(&format!("{device:0>20}"));
    }
    if session.jt808.alternative {
        return unhex(&format!("{device:0>14}")).filter(|b| b.len() == 7);
    }
    if device.len() == 15 {
        let number: u64 = device[..14].parse().ok()?;
        return Some(number.to_be_bytes()[2..].to_vec());
    }
    unhex(&format!("{device:0>12}")).filter(|b| b.len() == 6)
}

pub(crate) fn encode(command: &Command, device: &str, session: &Session) -> Option<Vec<u8>> {
    debug_assert_eq!(session.protocol, Protocol::Jt808);
    let asset = session.model_is(super::location::AOVX) || session.model_is(super::location::VEHICLES);
    let parameter = |id: u32, value: &[u8]| -> Option<(u16, Vec<u8>)> {
        let mut body = vec![1];
        body.extend(id.to_be_bytes());
        body.push(u8::try_from(value.len()).ok()?);
        body.extend_from_slice(value);
        Some((0x8103, body))
    };
    let (id, body) = match command {
        Command::LocateNow => (0x8201, Vec::new()),
        Command::Reboot => (0x8105, vec![4]),
        Command::PowerOff => (0x8105, vec![3]),
        Command::FactoryReset => (0x8105, vec![5]),
        Command::Configuration => (0x8104, Vec::new()),
        Command::ReportEvery { seconds } => parameter(0x0029, &seconds.to_be_bytes())?,
        Command::CallBack { phone } | Command::Listen { phone } => {
            let mut body = vec![u8::from(matches!(command, Command::Listen { .. }))];
            body.extend(to_latin1(phone).into_iter().take(20));
            (0x8400, body)
        }
        Command::SosNumber { index: 1, phone } | Command::CentreNumber { phone } => {
            parameter(if matches!(command, Command::CentreNumber { .. }) { 0x0040 } else { 0x0043 }, phone.as_bytes())?
        }
        Command::Message { text } => {
            let mut body = vec![1];
            body.extend(to_gbk(text).into_iter().take(900));
            (0x8300, body)
        }
        Command::ConfirmAlarm { serial } => {
            let mut body = serial.to_be_bytes().to_vec();
            // The emergency bit alone is confirmed by a person.
            body.extend(1u32.to_be_bytes());
            (0x8203, body)
        }
        Command::SetFence { id, lat, lon, radius_m } => {
            let micro = |v: f64| (v.abs() * 1e6).round() as u32;
            let south_west = (u16::from(*lat < 0.0) << 6) | (u16::from(*lon < 0.0) << 7);
            // Append one circle; alarms on entering and leaving go to the platform (attribute bits 3 and 5).
            let mut body = vec![1, 1];
            body.extend(id.to_be_bytes());
            body.extend((south_west | 1 << 3 | 1 << 5).to_be_bytes());
            body.extend(micro(*lat).to_be_bytes());
            body.extend(micro(*lon).to_be_bytes());
            body.extend(radius_m.to_be_bytes());
            (0x8600, body)
        }
        Command::DropFence { id } => {
            let mut body = vec![1];
            body.extend(id.to_be_bytes());
            (0x8601, body)
        }
        Command::EngineCut { on } => {
            let body = if session.model_is(super::location::VEHICLES) {
                format!("#0;{}", u8::from(*on)).into_bytes()
            } else if session.model_is(&["W15L"]) {
                vec![if *on { 0x64 } else { 0x65 }]
            } else {
                vec![if *on { 0xF0 } else { 0xF1 }]
            };
            (0x8105, body)
        }
        Command::Arm { on } => {
            let mut body = vec![1, 0x24, 5, u8::from(*on)];
            body.extend(b"user");
            (0x0310, body)
        }
        Command::Raw { text } if asset => parameter(0xF030, &to_latin1(text))?,
        Command::Raw { text } if session.model_is(super::location::JIMI) => {
            let mut body = vec![0xF0];
            body.extend(to_latin1(text));
            (0x8900, body)
        }
        Command::Raw { text } if session.model_is(&["BSJ"]) => {
            let mut body = vec![1];
            body.extend(to_gbk(text));
            (0x8300, body)
        }
        Command::Raw { text } => return unhex(text),
        _ => return None,
    };
    let terminal = terminal(device, session)?;
    let delimiter = if session.jt808.alternative { 0xE7 } else { 0x7E };
    (body.len() <= 0x3FF)
        .then(|| frame_for(delimiter, session.jt808.version, &terminal, id, Some(session.serial as u16), &body))
}

/// The list of 0104: `id u32 | len u8 | value`.
pub(super) fn read_parameters(r: &mut Reader, out: &mut Record) -> Read<()> {
    while r.left() >= 5 {
        let (id, n) = (r.u32()?, usize::from(r.u8()?));
        let value = r.take(n)?;
        let mut v = Reader::new(value);
        let number = |v: &mut Reader| v.u32().unwrap_or(0);
        match id {
            0x0001 => out.set("heartbeatInterval", number(&mut v)),
            0x0010 => out.set("apn", trimmed(value)),
            0x0013 => out.set("server", trimmed(value)),
            0x0018 => out.set("port", number(&mut v)),
            0x0027 => out.set("sleepReportInterval", number(&mut v)),
            0x0028 => out.set("emergencyReportInterval", number(&mut v)),
            0x0029 => out.set("defaultReportInterval", number(&mut v)),
            0x0055 => out.set("overspeedThreshold", number(&mut v)),
            0x0056 => out.set("speedLimitDuration", number(&mut v)),
            0x0080 => out.set("odometer", u64::from(number(&mut v)) * 100),
            0x0083 => out.set("plateNumber", gbk(value).trim_matches(|c: char| c <= ' ').to_string()),
            _ => {}
        }
    }
    Ok(())
}
