//! What the watch says: alarms, their urgency, and what happens to them.
use crate::codes::coded;
use crate::measure::{Encoded, Measure, Reading, Slot};
use kernel::Instant;
use serde::{Deserialize, Serialize};

coded! {
    /// How fast someone has to look. Ordered: a later value is more urgent.
    Urgency {
        /// To be looked at today; no bell.
        Notice = 1, "notice", "提醒";
        /// To be answered within minutes.
        Urgent = 2, "urgent", "紧急";
        /// A life or a home may be in danger now.
        Critical = 3, "critical", "危急";
    }
}

coded! {
    /// Why an alarm is raised. At most one alarm of a kind is open for one elder.
    AlarmKind {
        Sos = 1, "sos", "求助";
        Fall = 2, "fall", "跌倒";
        Smoke = 3, "smoke", "烟雾报警";
        Gas = 4, "gas", "燃气泄漏";
        Co = 5, "co", "一氧化碳";
        Water = 6, "water", "漏水";
        /// Left the bed at night and did not come back.
        LeftBed = 10, "left_bed", "夜间离床未归";
        NoMotion = 11, "no_motion", "长时间无活动";
        DoorOpen = 12, "door_open", "大门未关";
        /// Out of the home longer than this elder's limit.
        NotReturned = 13, "not_returned", "外出未归";
        HeartRateHigh = 20, "heart_rate_high", "心率过快";
        HeartRateLow = 21, "heart_rate_low", "心率过慢";
        BloodPressureHigh = 22, "blood_pressure_high", "血压过高";
        BloodPressureLow = 23, "blood_pressure_low", "血压过低";
        Spo2Low = 24, "spo2_low", "血氧低";
        TemperatureHigh = 25, "temperature_high", "体温高";
        TemperatureLow = 26, "temperature_low", "体温过低";
        GlucoseHigh = 27, "glucose_high", "血糖过高";
        GlucoseLow = 28, "glucose_low", "血糖过低";
        RespirationHigh = 29, "respiration_high", "呼吸过快";
        RespirationLow = 30, "respiration_low", "呼吸过慢";
        /// The NEWS2 sum: an aid that says "look", never a diagnosis.
        EarlyWarning = 31, "early_warning", "早期预警评分";
        /// A slow change over days.
        Trend = 32, "trend", "指标变化";
        /// Left a place where they should be.
        FenceLeft = 40, "fence_left", "离开围栏";
        /// Came into a place where they should not be.
        FenceEntered = 41, "fence_entered", "进入禁区";
        /// Should be inside by the clock, and is not.
        FenceAbsent = 42, "fence_absent", "应在未在";
        Wandering = 43, "wandering", "疑似走失";
        DeviceSilent = 50, "device_silent", "设备失联";
        BatteryLow = 51, "battery_low", "电量低";
        TakenOff = 52, "taken_off", "设备未佩戴";
        /// An alarm the device judged itself.
        Device = 53, "device", "设备报警";
        RoomCold = 54, "room_cold", "室温过低";
        RoomHot = 55, "room_hot", "室温过高";
        /// Departures from the learnt day (SAF-5).
        LateRise = 60, "late_rise", "起床异常";
        NoMeal = 61, "no_meal", "未见做饭";
        NightActivity = 62, "night_activity", "夜间活动异常";
        LongBathroom = 63, "long_bathroom", "卫生间停留过久";
        StayingOut = 64, "staying_out", "外出异常";
        QuietDay = 65, "quiet_day", "白天活动异常";
        UpLate = 66, "up_late", "晚睡异常";
    }
}

impl AlarmKind {
    /// The urgency it starts with. Vitals start with the level they crossed instead.
    pub const fn urgency(self) -> Urgency {
        match self {
            AlarmKind::Sos | AlarmKind::Fall | AlarmKind::Smoke | AlarmKind::Gas | AlarmKind::Co => Urgency::Critical,
            AlarmKind::Water
            | AlarmKind::LeftBed
            | AlarmKind::NoMotion
            | AlarmKind::NotReturned
            | AlarmKind::HeartRateHigh
            | AlarmKind::HeartRateLow
            | AlarmKind::BloodPressureHigh
            | AlarmKind::BloodPressureLow
            | AlarmKind::Spo2Low
            | AlarmKind::TemperatureHigh
            | AlarmKind::TemperatureLow
            | AlarmKind::GlucoseHigh
            | AlarmKind::GlucoseLow
            | AlarmKind::RespirationHigh
            | AlarmKind::RespirationLow
            | AlarmKind::EarlyWarning
            | AlarmKind::FenceLeft
            | AlarmKind::FenceEntered
            | AlarmKind::FenceAbsent
            | AlarmKind::Wandering
            | AlarmKind::Device
            | AlarmKind::LateRise
            | AlarmKind::LongBathroom
            | AlarmKind::StayingOut => Urgency::Urgent,
            AlarmKind::DoorOpen
            | AlarmKind::Trend
            | AlarmKind::DeviceSilent
            | AlarmKind::BatteryLow
            | AlarmKind::TakenOff
            | AlarmKind::RoomCold
            | AlarmKind::RoomHot
            | AlarmKind::NoMeal
            | AlarmKind::NightActivity
            | AlarmKind::QuietDay
            | AlarmKind::UpLate => Urgency::Notice,
        }
    }

    /// Whether the alarm stays open until a person closes it ([`crate::State::close`]), even when its cause is gone.
    /// The others end by themselves once the cause has been gone for a while.
    pub const fn needs_person(self) -> bool {
        !matches!(
            self,
            AlarmKind::DoorOpen
                | AlarmKind::HeartRateHigh
                | AlarmKind::HeartRateLow
                | AlarmKind::BloodPressureHigh
                | AlarmKind::BloodPressureLow
                | AlarmKind::Spo2Low
                | AlarmKind::TemperatureHigh
                | AlarmKind::TemperatureLow
                | AlarmKind::GlucoseHigh
                | AlarmKind::GlucoseLow
                | AlarmKind::RespirationHigh
                | AlarmKind::RespirationLow
                | AlarmKind::EarlyWarning
                | AlarmKind::Trend
                | AlarmKind::DeviceSilent
                | AlarmKind::BatteryLow
                | AlarmKind::TakenOff
                | AlarmKind::RoomCold
                | AlarmKind::RoomHot
                | AlarmKind::LateRise
                | AlarmKind::NoMeal
                | AlarmKind::NightActivity
                | AlarmKind::LongBathroom
                | AlarmKind::StayingOut
                | AlarmKind::QuietDay
                | AlarmKind::UpLate
        )
    }

    /// Whether it is a departure from the learnt day.
    pub const fn is_departure(self) -> bool {
        self.number() >= AlarmKind::LateRise.number()
    }
}

/// What an alarm rests on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// When it was so (see the rules about device and platform time in [`crate::step`]).
    pub at: Instant,
    pub device: Option<Slot>,
    /// The reading; none when the alarm says that something expected did not come.
    pub measure: Option<Encoded>,
    /// How far from the usual, in tenths of the usual spread; only for departures from the learnt day.
    pub score: Option<u16>,
}

impl Evidence {
    pub(crate) fn of(reading: &Reading, at: Instant) -> Evidence {
        Evidence { at, device: Some(reading.device), measure: Some(reading.what.encode()), score: None }
    }
    pub(crate) fn absence(at: Instant) -> Evidence {
        Evidence { at, device: None, measure: None, score: None }
    }
    /// The reading behind it.
    pub fn measure(&self) -> Option<Measure> {
        self.measure.and_then(Measure::decode)
    }
}

/// An alarm as it is raised. Whose it is, the caller knows: one state is one elder's.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Alarm {
    pub kind: AlarmKind,
    pub urgency: Urgency,
    /// Since when it has been so: device time where the device's clock can be trusted.
    pub since: Instant,
    /// When the engine raised it: platform time. Answering times count from here.
    pub raised: Instant,
    /// Why, in one Chinese sentence for the operator.
    pub reason: String,
    pub evidence: Evidence,
}

/// What a step or a tick leads to. Everything that happens to an alarm is said; nothing is dropped silently.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// A new alarm.
    Raise(Alarm),
    /// It happened again while the alarm of this kind is open. `worse`: its urgency rose to `urgency`.
    /// `score` as in [`Evidence::score`].
    Count {
        kind: AlarmKind,
        count: u32,
        urgency: Urgency,
        worse: bool,
        at: Instant,
        reason: String,
        score: Option<u16>,
    },
    /// The cause is gone. `closed`: the alarm ended with it; otherwise a person still has to close it.
    Clear { kind: AlarmKind, since: Instant, at: Instant, closed: bool, reason: String },
    /// Worth keeping in the elder's record, no alarm.
    Notice(Notice),
}

impl Outcome {
    pub fn kind(&self) -> Option<AlarmKind> {
        match self {
            Outcome::Raise(a) => Some(a.kind),
            Outcome::Count { kind, .. } | Outcome::Clear { kind, .. } => Some(*kind),
            Outcome::Notice(_) => None,
        }
    }
}

coded! {
    NoticeKind {
        /// The device's clock is wrong; platform time was used.
        ClockWrong = 1, "clock_wrong", "设备时钟不准";
        /// A value beyond a limit arrived late, after newer values that are well.
        LateValue = 2, "late_value", "补传的异常值";
        /// A value no body can have.
        Implausible = 3, "implausible", "读数不可信";
    }
}

/// A remark for the record.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Notice {
    pub kind: NoticeKind,
    pub at: Instant,
    pub reason: String,
}
