//! One elder's limits. Every level is a setting of the person; the defaults say where they come from.
use crate::fence::Fence;
use crate::measure::Slot;
use kernel::GeoPoint;
use serde::{Deserialize, Serialize};

/// Levels of one figure. Each is inclusive, in the unit of the reading (tenths where the reading is in tenths):
/// `low_*` is crossed at that value and below, `high_*` at that value and above. `None`: not watched.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Levels {
    pub low_urgent: Option<i32>,
    pub low_watch: Option<i32>,
    pub high_watch: Option<i32>,
    pub high_urgent: Option<i32>,
}

impl Levels {
    const fn new(
        low_urgent: Option<i32>,
        low_watch: Option<i32>,
        high_watch: Option<i32>,
        high_urgent: Option<i32>,
    ) -> Levels {
        Levels { low_urgent, low_watch, high_watch, high_urgent }
    }
}

/// Levels of the vitals.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Vitals {
    pub heart_rate: Levels,
    pub systolic: Levels,
    pub diastolic: Levels,
    pub spo2: Levels,
    /// Tenths of ℃.
    pub temperature: Levels,
    /// Tenths of mmol/L.
    pub glucose: Levels,
    pub respiration: Levels,
    /// How many readings in a row must stand beyond a watch level. An urgent level needs one.
    pub confirm: u8,
    /// A vital has to be well for this long before its alarm ends, minutes.
    pub settle_minutes: u16,
    /// NEWS2's second SpO₂ scale, for people whose doctor set a target of 88–92 % (COPD).
    pub spo2_scale2: bool,
    /// Values older than this no longer count for NEWS2, minutes.
    pub news2_minutes: u16,
    /// Whether slow changes over days are told.
    pub trend: bool,
}

impl Default for Vitals {
    fn default() -> Vitals {
        Vitals {
            heart_rate: Levels::new(None, Some(49), Some(121), None),
            systolic: Levels::new(Some(90), None, None, Some(180)),
            diastolic: Levels::new(None, None, None, Some(110)),
            spo2: Levels::new(Some(89), Some(94), None, None),
            temperature: Levels::new(Some(349), None, Some(373), Some(390)),
            glucose: Levels::new(Some(39), None, None, Some(167)),
            respiration: Levels::new(Some(8), Some(11), Some(21), Some(25)),
            confirm: 2,
            settle_minutes: 10,
            spo2_scale2: false,
            news2_minutes: 24 * 60,
            trend: true,
        }
    }
}

impl Vitals {
    /// For people with COPD whose target is 88–92 %: urgent below 86, watch below the target, second NEWS2 scale.
    pub fn for_copd(mut self) -> Vitals {
        self.spo2 = Levels::new(Some(85), Some(87), None, None);
        self.spo2_scale2 = true;
        self
    }
}

/// A stretch of the day in minutes since midnight, city zone; `from` > `to` runs across midnight; equal ends are the
/// whole day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Span {
    pub from: u16,
    pub to: u16,
}

impl Span {
    /// 22:00–06:00
    pub const NIGHT: Span = Span { from: 22 * 60, to: 6 * 60 };

    /// Whether a minute of the day lies in it (`from` included, `to` not).
    pub const fn contains(self, minute: u32) -> bool {
        let (from, to) = (self.from as u32, self.to as u32);
        if from < to {
            from <= minute && minute < to
        } else if from > to {
            minute >= from || minute < to
        } else {
            true
        }
    }
    /// How long it is, minutes.
    pub const fn minutes(self) -> u32 {
        let (from, to) = (self.from as u32, self.to as u32);
        if from < to { to - from } else { to + 1440 - from }
    }
}

/// Rules of the home, the bed and the way out. Minutes; `None`: not watched.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Home {
    pub night: Span,
    /// Left the bed at night and not back for this long.
    pub left_bed: Option<u16>,
    /// No sign of life for this long; the night does not count.
    pub no_motion: Option<u16>,
    /// The entrance stands open by day.
    pub door_open: Option<u16>,
    /// The entrance stands open at night.
    pub door_open_night: Option<u16>,
    /// Went out and not back.
    pub away: Option<u16>,
    /// Tenths of ℃.
    pub room_cold: Option<i16>,
    pub room_hot: Option<i16>,
    /// ppm, told as a danger.
    pub co_ppm: u16,
    /// Whether the usual day is learnt and departures are told (needs the elder's consent).
    pub routine: bool,
}

impl Default for Home {
    fn default() -> Home {
        Home {
            night: Span::NIGHT,
            left_bed: Some(30),
            no_motion: Some(8 * 60),
            door_open: Some(30),
            door_open_night: Some(5),
            away: Some(12 * 60),
            room_cold: Some(100),
            room_hot: Some(350),
            co_ppm: 50,
            routine: true,
        }
    }
}

/// A device and how long it may say nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceWatch {
    pub slot: Slot,
    /// How people know it: `手表`, `卫生间红外`.
    pub name: String,
    /// Minutes of silence after which it counts as lost. `None`: silence is normal (a button).
    pub silent: Option<u16>,
}

/// Extra watching for people who may lose their way.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WanderingMode {
    pub home: GeoPoint,
    /// Within this distance they are at home.
    pub radius_m: u32,
    /// Longest time away without an alarm, minutes.
    pub away: u16,
}

/// How positions are read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Places {
    /// At most [`MAX_FENCES`] are watched.
    pub fences: Vec<Fence>,
    pub wandering: Option<WanderingMode>,
    /// Taken for fixes that do not say how exact they are, metres.
    pub unknown_accuracy_m: u16,
    /// A second fix confirms an exit when it is at least this much later, seconds.
    pub confirm_seconds: u16,
    /// No second fix for this long after the first outside: the exit is raised on the one fix, minutes.
    pub confirm_wait: u16,
}

/// How many fences of one elder are watched.
pub const MAX_FENCES: usize = 16;

impl Default for Places {
    fn default() -> Places {
        Places { fences: Vec::new(), wandering: None, unknown_accuracy_m: 50, confirm_seconds: 15, confirm_wait: 5 }
    }
}

/// One elder's settings. [`Settings::default`] is what holds when nobody changed anything.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    pub vitals: Vitals,
    pub home: Home,
    pub places: Places,
    pub devices: Vec<DeviceWatch>,
    /// Per cent at which a battery is low.
    pub battery_low: u8,
    /// Not worn for this long, minutes; `None`: not watched.
    pub taken_off: Option<u16>,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            vitals: Vitals::default(),
            home: Home::default(),
            places: Places::default(),
            devices: Vec::new(),
            battery_low: 20,
            taken_off: Some(12 * 60),
        }
    }
}

impl Settings {
    pub(crate) fn device_name(&self, slot: Slot) -> &str {
        self.devices.iter().find(|d| d.slot == slot).map_or("设备", |d| d.name.as_str())
    }
}

/// One default and where it comes from, for the settings page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Source {
    pub what: &'static str,
    pub default: &'static str,
    pub source: &'static str,
}

/// Every default level with its source.
pub const SOURCES: &[Source] = &[
    Source {
        what: "心率", default: "49 次/分及以下、121 次/分及以上提醒", source: "设备默认值，按个人调整"
    },
    Source {
        what: "血压",
        default: "收缩压 180 或舒张压 110 mmHg 及以上为紧急",
        source: "国家基本公共卫生服务规范（第三版）紧急转诊",
    },
    Source {
        what: "血压过低", default: "收缩压 90 mmHg 及以下为紧急", source: "NEWS2（RCP 2017）单项 3 分"
    },
    Source {
        what: "血氧",
        default: "90–94% 提醒，89% 及以下紧急；慢阻肺按 88–92% 目标调整",
        source: "临床通行界限，按个人调整",
    },
    Source {
        what: "体温", default: "37.3 ℃ 及以上提醒，39.0 ℃ 及以上或低于 35.0 ℃ 紧急", source: "临床通行界限"
    },
    Source {
        what: "血糖",
        default: "16.7 mmol/L 及以上或 3.9 mmol/L 及以下为紧急",
        source: "国家基本公共卫生服务规范（第三版）紧急转诊",
    },
    Source {
        what: "呼吸",
        default: "9–11、21–24 次/分提醒，8 次及以下或 25 次及以上紧急",
        source: "NEWS2（RCP 2017）",
    },
    Source {
        what: "夜间离床", default: "22:00–06:00 离床 30 分钟未归", source: "产品默认值，按个人调整"
    },
    Source { what: "无活动", default: "白天累计 8 小时", source: "产品默认值，按个人调整" },
    Source {
        what: "大门未关", default: "白天 30 分钟，夜间 5 分钟", source: "产品默认值，按个人调整"
    },
    Source { what: "外出未归", default: "12 小时", source: "产品默认值，按个人调整" },
    Source { what: "一氧化碳", default: "50 ppm", source: "EN 50291 最低报警浓度" },
    Source { what: "室温", default: "低于 10 ℃ 或高于 35 ℃", source: "产品默认值，按个人调整" },
    Source { what: "电量", default: "20%", source: "产品默认值" },
];
