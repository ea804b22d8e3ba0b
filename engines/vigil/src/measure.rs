//! What a device can say about an elder, with a compact form for storage.
use crate::codes::coded;
use kernel::{GeoPoint, Instant};
use serde::{Deserialize, Serialize};

/// A device of one elder: the number the caller gave it among the elder's devices (0–[`MAX_DEVICES`] − 1). Devices
/// that share a number are watched as one; numbers beyond the range are read but not watched for silence or battery.
pub type Slot = u8;

/// How many devices of one elder are watched.
pub const MAX_DEVICES: usize = 32;

/// One thing a device said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reading {
    /// When it was so, by the device's clock (UTC). Devices without a clock: the same as `received`.
    pub at: Instant,
    /// When the platform took it in, by the platform's clock.
    pub received: Instant,
    /// Which of the elder's devices.
    pub device: Slot,
    pub what: Measure,
}

impl Reading {
    /// A reading taken in at the moment it was made.
    pub fn now(at: Instant, device: Slot, what: Measure) -> Reading {
        Reading { at, received: at, device, what }
    }
}

coded! {
    /// Where in the home a sensor hangs.
    Room {
        Bedroom = 1, "bedroom", "卧室";
        Living = 2, "living", "客厅";
        Kitchen = 3, "kitchen", "厨房";
        Bathroom = 4, "bathroom", "卫生间";
        Hall = 5, "hall", "门厅";
        Other = 6, "other", "其他房间";
    }
}

coded! {
    /// What a contact sensor sits on.
    DoorKind {
        /// The door to the outside.
        Entrance = 1, "entrance", "大门";
        /// A door between rooms.
        Inner = 2, "inner", "房门";
        Fridge = 3, "fridge", "冰箱";
        /// A cupboard, drawer or medicine box.
        Cupboard = 4, "cupboard", "柜门";
        Window = 5, "window", "窗";
    }
}

coded! {
    /// How a position was found.
    FixSource {
        Satellite = 1, "satellite", "卫星";
        Wifi = 2, "wifi", "无线网络";
        Cell = 3, "cell", "基站";
        Beacon = 4, "beacon", "信标";
    }
}

coded! {
    /// Level of consciousness as NEWS2 asks for it (ACVPU).
    Consciousness {
        Alert = 1, "A", "清醒";
        /// New confusion.
        Confusion = 2, "C", "新出现意识混乱";
        Voice = 3, "V", "对声音有反应";
        Pain = 4, "P", "对疼痛有反应";
        Unresponsive = 5, "U", "无反应";
    }
}

coded! {
    /// An alarm the device judged itself and that is not one of the measures of its own.
    DeviceAlarm {
        /// An alarm frame without a known bit.
        General = 1, "general", "设备报警";
        HeartRate = 2, "heart_rate", "设备报心率异常";
        FenceLeft = 3, "fence_left", "设备报离开围栏";
        FenceEntered = 4, "fence_entered", "设备报进入围栏";
        PowerOff = 5, "power_off", "设备关机";
        Tamper = 6, "tamper", "设备被拆动";
        NoMovement = 7, "no_movement", "设备报长时间不动";
        BloodPressure = 8, "blood_pressure", "设备报血压异常";
        Spo2 = 9, "spo2", "设备报血氧异常";
        Temperature = 10, "temperature", "设备报体温异常";
        DoorForced = 11, "door_forced", "门被撬";
        DoorLeftOpen = 12, "door_left_open", "门一直没关";
        Intruder = 13, "intruder", "有人闯入";
    }
}

/// What was measured or happened. Values a device uses for "not measured" (heart rate 0, temperature 0…) are not
/// readings: decoders leave them out, and the engine passes over what no body can have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Measure {
    /// Beats a minute.
    HeartRate(u16),
    /// mmHg.
    BloodPressure {
        systolic: u16,
        diastolic: u16,
    },
    /// Per cent.
    Spo2(u8),
    /// Body temperature in tenths of a degree Celsius.
    Temperature(i16),
    /// Blood glucose in tenths of a mmol/L.
    Glucose(u16),
    /// Breaths a minute.
    Respiration(u8),
    /// Steps of the day so far.
    Steps(u32),
    /// One night's sleep as the device counts it, in minutes.
    Sleep {
        minutes: u16,
        deep: u16,
    },
    /// Breathes extra oxygen (told by staff; NEWS2 needs it).
    Oxygen(bool),
    /// Told by staff; NEWS2 needs it.
    Consciousness(Consciousness),
    Bed {
        occupied: bool,
    },
    Fix {
        place: GeoPoint,
        accuracy_m: u16,
        source: FixSource,
    },
    /// An infrared or radar sensor saw someone move.
    Motion {
        room: Room,
    },
    /// `open` true: the contact opened.
    Door {
        door: DoorKind,
        room: Room,
        open: bool,
    },
    Smoke(bool),
    Gas(bool),
    Water(bool),
    Co(bool),
    /// Carbon monoxide, parts per million.
    CoPpm(u16),
    /// Room temperature in tenths of a degree Celsius.
    RoomTemperature(i16),
    /// Relative humidity of the room, per cent.
    Humidity(u8),
    /// Someone asked for help: button, pendant, cord, web page. `unverified`: the frame was damaged.
    Sos {
        unverified: bool,
    },
    Fall {
        unverified: bool,
    },
    Device(DeviceAlarm),
    Worn(bool),
    /// Per cent.
    Battery(u8),
    /// The device says that its battery is low, without a figure.
    BatteryLow,
    /// The gateway says that the device is reachable or gone.
    Online(bool),
    /// A sign of life that carries nothing else.
    Heartbeat,
}

coded! {
    /// The kind of a measure: the first column of a stored reading.
    MeasureKind {
        HeartRate = 1, "heart_rate", "心率";
        BloodPressure = 2, "blood_pressure", "血压";
        Spo2 = 3, "spo2", "血氧";
        Temperature = 4, "temperature", "体温";
        Glucose = 5, "glucose", "血糖";
        Respiration = 6, "respiration", "呼吸";
        Steps = 7, "steps", "步数";
        Sleep = 8, "sleep", "睡眠";
        Oxygen = 9, "oxygen", "吸氧";
        Consciousness = 10, "consciousness", "意识";
        Bed = 11, "bed", "在床";
        Fix = 12, "fix", "位置";
        Motion = 13, "motion", "活动";
        Door = 14, "door", "门磁";
        Smoke = 15, "smoke", "烟雾";
        Gas = 16, "gas", "燃气";
        Water = 17, "water", "漏水";
        Co = 18, "co", "一氧化碳";
        CoPpm = 19, "co_ppm", "一氧化碳浓度";
        RoomTemperature = 20, "room_temperature", "室温";
        Humidity = 21, "humidity", "湿度";
        Sos = 22, "sos", "求助";
        Fall = 23, "fall", "跌倒";
        Device = 24, "device", "设备报警";
        Worn = 25, "worn", "佩戴";
        Battery = 26, "battery", "电量";
        BatteryLow = 27, "battery_low", "电量低";
        Online = 28, "online", "在线";
        Heartbeat = 29, "heartbeat", "心跳";
    }
}

impl MeasureKind {
    /// The unit beside a figure of this kind; empty where there is none.
    pub const fn unit(self) -> &'static str {
        match self {
            MeasureKind::HeartRate | MeasureKind::Respiration => "次/分",
            MeasureKind::BloodPressure => "mmHg",
            MeasureKind::Spo2 | MeasureKind::Humidity | MeasureKind::Battery => "%",
            MeasureKind::Temperature | MeasureKind::RoomTemperature => "℃",
            MeasureKind::Glucose => "mmol/L",
            MeasureKind::Steps => "步",
            MeasureKind::Sleep => "分钟",
            MeasureKind::CoPpm => "ppm",
            _ => "",
        }
    }
    /// Whether the figure is stored in tenths of its unit.
    pub const fn tenths(self) -> bool {
        matches!(self, MeasureKind::Temperature | MeasureKind::RoomTemperature | MeasureKind::Glucose)
    }
}

/// A measure as four small integers: the kind and up to three figures (unused ones are 0).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Encoded {
    pub kind: u8,
    pub a: i32,
    pub b: i32,
    pub c: i32,
}

impl Measure {
    pub const fn kind(&self) -> MeasureKind {
        match self {
            Measure::HeartRate(_) => MeasureKind::HeartRate,
            Measure::BloodPressure { .. } => MeasureKind::BloodPressure,
            Measure::Spo2(_) => MeasureKind::Spo2,
            Measure::Temperature(_) => MeasureKind::Temperature,
            Measure::Glucose(_) => MeasureKind::Glucose,
            Measure::Respiration(_) => MeasureKind::Respiration,
            Measure::Steps(_) => MeasureKind::Steps,
            Measure::Sleep { .. } => MeasureKind::Sleep,
            Measure::Oxygen(_) => MeasureKind::Oxygen,
            Measure::Consciousness(_) => MeasureKind::Consciousness,
            Measure::Bed { .. } => MeasureKind::Bed,
            Measure::Fix { .. } => MeasureKind::Fix,
            Measure::Motion { .. } => MeasureKind::Motion,
            Measure::Door { .. } => MeasureKind::Door,
            Measure::Smoke(_) => MeasureKind::Smoke,
            Measure::Gas(_) => MeasureKind::Gas,
            Measure::Water(_) => MeasureKind::Water,
            Measure::Co(_) => MeasureKind::Co,
            Measure::CoPpm(_) => MeasureKind::CoPpm,
            Measure::RoomTemperature(_) => MeasureKind::RoomTemperature,
            Measure::Humidity(_) => MeasureKind::Humidity,
            Measure::Sos { .. } => MeasureKind::Sos,
            Measure::Fall { .. } => MeasureKind::Fall,
            Measure::Device(_) => MeasureKind::Device,
            Measure::Worn(_) => MeasureKind::Worn,
            Measure::Battery(_) => MeasureKind::Battery,
            Measure::BatteryLow => MeasureKind::BatteryLow,
            Measure::Online(_) => MeasureKind::Online,
            Measure::Heartbeat => MeasureKind::Heartbeat,
        }
    }

    /// Whether it must pass every queue, filter and limit: someone asks for help, fell, or the home is in danger.
    pub const fn is_alarm(&self) -> bool {
        matches!(
            self,
            Measure::Sos { .. }
                | Measure::Fall { .. }
                | Measure::Device(_)
                | Measure::Smoke(true)
                | Measure::Gas(true)
                | Measure::Water(true)
                | Measure::Co(true)
        )
    }

    pub fn encode(&self) -> Encoded {
        let (a, b, c) = match *self {
            Measure::HeartRate(v) | Measure::Glucose(v) | Measure::CoPpm(v) => (i32::from(v), 0, 0),
            Measure::BloodPressure { systolic, diastolic } => (i32::from(systolic), i32::from(diastolic), 0),
            Measure::Spo2(v) | Measure::Respiration(v) | Measure::Humidity(v) | Measure::Battery(v) => {
                (i32::from(v), 0, 0)
            }
            Measure::Temperature(v) | Measure::RoomTemperature(v) => (i32::from(v), 0, 0),
            Measure::Steps(v) => (i32::try_from(v).unwrap_or(i32::MAX), 0, 0),
            Measure::Sleep { minutes, deep } => (i32::from(minutes), i32::from(deep), 0),
            Measure::Consciousness(v) => (i32::from(v.number()), 0, 0),
            Measure::Fix { place, accuracy_m, source } => {
                let degrees = |e6: i64| i32::try_from(e6).unwrap_or(0);
                let how = i32::from(accuracy_m) | i32::from(source.number()) << 16;
                (degrees(place.lat_e6), degrees(place.lng_e6), how)
            }
            Measure::Motion { room } => (i32::from(room.number()), 0, 0),
            Measure::Door { door, room, open } => (i32::from(open), i32::from(door.number()), i32::from(room.number())),
            Measure::Bed { occupied: v }
            | Measure::Oxygen(v)
            | Measure::Smoke(v)
            | Measure::Gas(v)
            | Measure::Water(v)
            | Measure::Co(v)
            | Measure::Worn(v)
            | Measure::Online(v)
            | Measure::Sos { unverified: v }
            | Measure::Fall { unverified: v } => (i32::from(v), 0, 0),
            Measure::Device(v) => (i32::from(v.number()), 0, 0),
            Measure::BatteryLow | Measure::Heartbeat => (0, 0, 0),
        };
        Encoded { kind: self.kind().number(), a, b, c }
    }

    /// Reads what [`Measure::encode`] wrote; `None` for figures it never writes.
    pub fn decode(e: Encoded) -> Option<Measure> {
        let yes = || match e.a {
            0 => Some(false),
            1 => Some(true),
            _ => None,
        };
        let small = |v: i32| u8::try_from(v).ok();
        let word = |v: i32| u16::try_from(v).ok();
        Some(match MeasureKind::from_number(e.kind)? {
            MeasureKind::HeartRate => Measure::HeartRate(word(e.a)?),
            MeasureKind::BloodPressure => Measure::BloodPressure { systolic: word(e.a)?, diastolic: word(e.b)? },
            MeasureKind::Spo2 => Measure::Spo2(small(e.a)?),
            MeasureKind::Temperature => Measure::Temperature(i16::try_from(e.a).ok()?),
            MeasureKind::Glucose => Measure::Glucose(word(e.a)?),
            MeasureKind::Respiration => Measure::Respiration(small(e.a)?),
            MeasureKind::Steps => Measure::Steps(u32::try_from(e.a).ok()?),
            MeasureKind::Sleep => Measure::Sleep { minutes: word(e.a)?, deep: word(e.b)? },
            MeasureKind::Oxygen => Measure::Oxygen(yes()?),
            MeasureKind::Consciousness => Measure::Consciousness(Consciousness::from_number(small(e.a)?)?),
            MeasureKind::Bed => Measure::Bed { occupied: yes()? },
            MeasureKind::Fix => Measure::Fix {
                place: GeoPoint { lat_e6: i64::from(e.a), lng_e6: i64::from(e.b) },
                accuracy_m: (e.c & 0xffff) as u16,
                source: FixSource::from_number(small(e.c >> 16)?)?,
            },
            MeasureKind::Motion => Measure::Motion { room: Room::from_number(small(e.a)?)? },
            MeasureKind::Door => Measure::Door {
                door: DoorKind::from_number(small(e.b)?)?,
                room: Room::from_number(small(e.c)?)?,
                open: yes()?,
            },
            MeasureKind::Smoke => Measure::Smoke(yes()?),
            MeasureKind::Gas => Measure::Gas(yes()?),
            MeasureKind::Water => Measure::Water(yes()?),
            MeasureKind::Co => Measure::Co(yes()?),
            MeasureKind::CoPpm => Measure::CoPpm(word(e.a)?),
            MeasureKind::RoomTemperature => Measure::RoomTemperature(i16::try_from(e.a).ok()?),
            MeasureKind::Humidity => Measure::Humidity(small(e.a)?),
            MeasureKind::Sos => Measure::Sos { unverified: yes()? },
            MeasureKind::Fall => Measure::Fall { unverified: yes()? },
            MeasureKind::Device => Measure::Device(DeviceAlarm::from_number(small(e.a)?)?),
            MeasureKind::Worn => Measure::Worn(yes()?),
            MeasureKind::Battery => Measure::Battery(small(e.a)?),
            MeasureKind::BatteryLow => Measure::BatteryLow,
            MeasureKind::Online => Measure::Online(yes()?),
            MeasureKind::Heartbeat => Measure::Heartbeat,
        })
    }

    /// The figure or state for people: `132 次/分`, `36.8 ℃`, `大门打开`.
    pub fn zh(&self) -> String {
        let unit = self.kind().unit();
        match *self {
            Measure::BloodPressure { systolic, diastolic } => format!("{systolic}/{diastolic} {unit}"),
            Measure::Temperature(v) | Measure::RoomTemperature(v) => format!("{} {unit}", tenths(i32::from(v))),
            Measure::Glucose(v) => format!("{} {unit}", tenths(i32::from(v))),
            Measure::HeartRate(v) | Measure::CoPpm(v) => format!("{v} {unit}"),
            Measure::Respiration(v) => format!("{v} {unit}"),
            Measure::Spo2(v) | Measure::Humidity(v) | Measure::Battery(v) => format!("{v}%"),
            Measure::Steps(v) => format!("{v} {unit}"),
            Measure::Sleep { minutes, deep } => {
                format!("{} 小时 {} 分钟，深睡 {deep} 分钟", minutes / 60, minutes % 60)
            }
            Measure::Oxygen(v) => if v { "吸氧" } else { "不吸氧" }.into(),
            Measure::Consciousness(v) => v.zh().into(),
            Measure::Bed { occupied } => if occupied { "在床" } else { "离床" }.into(),
            Measure::Fix { accuracy_m, source, .. } => format!("{}定位，误差 {accuracy_m} 米", source.zh()),
            Measure::Motion { room } => format!("{}有活动", room.zh()),
            Measure::Door { door, open, .. } => format!("{}{}", door.zh(), if open { "打开" } else { "关上" }),
            Measure::Smoke(v) | Measure::Gas(v) | Measure::Water(v) | Measure::Co(v) => {
                format!("{}{}", self.kind().zh(), if v { "报警" } else { "解除" })
            }
            Measure::Sos { unverified } => if unverified { "求助（报文受损，待核实）" } else { "求助" }.into(),
            Measure::Fall { unverified } => if unverified { "跌倒（报文受损，待核实）" } else { "跌倒" }.into(),
            Measure::Device(v) => v.zh().into(),
            Measure::Worn(v) => if v { "已佩戴" } else { "已取下" }.into(),
            Measure::BatteryLow => "电量低".into(),
            Measure::Online(v) => if v { "在线" } else { "离线" }.into(),
            Measure::Heartbeat => "心跳".into(),
        }
    }
}

/// `368` → `36.8`
pub(crate) fn tenths(v: i32) -> String {
    let sign = if v < 0 { "-" } else { "" };
    format!("{sign}{}.{}", v.abs() / 10, v.abs() % 10)
}
