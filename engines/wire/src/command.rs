//! Orders to a device, and their bytes.
use crate::session::{Protocol, Session};
use crate::{gt06, jt808, minifinder2, trv, watch};

/// What a device can be asked to measure at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Measure {
    HeartRate,
    BloodPressure,
    BloodOxygen,
    Temperature,
}

/// An order to a device. Not every protocol knows every order: [`encode`] says so.
#[derive(Clone, Debug, PartialEq)]
pub enum Command {
    /// Report the position now.
    LocateNow,
    MeasureNow(Measure),
    /// Measure the heart rate regularly; 0 switches it off.
    HeartRateEvery {
        seconds: u32,
    },
    /// Measure the temperature regularly; 0 switches it off.
    TemperatureEvery {
        seconds: u32,
    },
    /// Let the device call this number, heard by its wearer.
    CallBack {
        phone: String,
    },
    /// Let the device call this number silently. Needs a legal ground each time; the product does not offer it.
    Listen {
        phone: String,
    },
    /// Report the position every so often.
    ReportEvery {
        seconds: u32,
    },
    /// One of the numbers called on SOS, 1–3.
    SosNumber {
        index: u8,
        phone: String,
    },
    SosNumbers {
        phones: Vec<String>,
    },
    CentreNumber {
        phone: String,
    },
    /// A circular fence kept by the device. Radius in metres.
    SetFence {
        id: u32,
        lat: f64,
        lon: f64,
        radius_m: u32,
    },
    DropFence {
        id: u32,
    },
    /// Ring, so that it can be found.
    Find,
    Reboot,
    PowerOff,
    FactoryReset,
    TakenOffAlarm {
        on: bool,
    },
    SosBySms {
        on: bool,
    },
    LowBatteryAlarm {
        on: bool,
    },
    FallAlarm {
        on: bool,
        /// Let the device call the centre by itself.
        call: bool,
    },
    /// 1 is the most sensitive.
    FallSensitivity {
        level: u8,
    },
    /// A text on the screen.
    Message {
        text: String,
    },
    /// A voice clip (AMR).
    Voice {
        bytes: Vec<u8>,
    },
    /// Language as the maker numbers it and the zone in minutes east of UTC.
    Language {
        language: String,
        minutes: i32,
    },
    /// Contacts in the maker's own form.
    Phonebook {
        entries: String,
    },
    SilenceTimes {
        times: String,
    },
    Reminders {
        data: String,
    },
    Rewards {
        data: String,
    },
    /// The working mode by its number.
    Mode {
        mode: u8,
    },
    /// Values of a cuff measurement to calibrate against, mmHg.
    Calibrate {
        systolic: u16,
        diastolic: u16,
    },
    /// The SOS alarm was heard: lets the terminal clear its bit.
    ConfirmAlarm {
        serial: u16,
    },
    Version,
    Status,
    /// Report all settings.
    Configuration,
    /// Move the device to another server.
    Server {
        host: String,
        port: u16,
    },
    Firmware {
        url: String,
    },
    Arm {
        on: bool,
    },
    /// Cut off (`true`) or restore the engine of a vehicle.
    EngineCut {
        on: bool,
    },
    /// Text of the maker's own command language.
    Raw {
        text: String,
    },
    /// A whole frame, as it is.
    Bytes {
        bytes: Vec<u8>,
    },
}

/// The command's bytes for `device`, or `None` if the protocol has no such order. Counts the session's serial up.
pub fn encode(command: &Command, device: &str, session: &mut Session) -> Option<Vec<u8>> {
    if let Command::Bytes { bytes } = command {
        return Some(bytes.clone());
    }
    let bytes = match session.protocol {
        Protocol::Watch => watch::encode(command, device, session),
        Protocol::Trv => trv::encode(command, device, session),
        Protocol::Minifinder2 => minifinder2::encode(command, session),
        Protocol::Jt808 => jt808::encode(command, device, session),
        Protocol::Gt06 => gt06::encode(command),
    }?;
    session.serial = session.serial.wrapping_add(1);
    Some(bytes)
}
