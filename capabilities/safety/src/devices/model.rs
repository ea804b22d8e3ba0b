//! Devices as values.
use ::store::sea_orm::{self, FromQueryResult};
use kernel::{CivilDate, ElderId, Error, Fen, FieldError, Instant, RegionCode, Result};
use subtle::ConstantTimeEq;
use vigil::{DoorKind, Room, Slot};

store::ids! {
    /// One device.
    DeviceId,
    /// Something that happened to a device.
    DeviceEventId,
}

store::words! {
    /// How a device reaches the platform.
    Protocol {
        Watch "watch" "watch（手表）",
        Trv "trv" "IW（健康手表）",
        Minifinder2 "minifinder2" "EV-07B（吊坠）",
        Jt808 "jt808" "JT/T 808",
        Gt06 "gt06" "GT06",
        Mqtt "mqtt" "MQTT",
        Http "http" "接口推送",
        Scaip "scaip" "SCAIP",
    }
}

store::words! {
    /// What a device is.
    DeviceKind {
        Watch "watch" "手表",
        Pendant "pendant" "吊坠",
        Button "button" "呼叫按钮",
        Smoke "smoke" "烟感",
        Gas "gas" "燃气报警器",
        Co "co" "一氧化碳报警器",
        Water "water" "水浸传感器",
        Door "door" "门磁",
        Motion "motion" "红外",
        Bed "bed" "床垫",
        Radar "radar" "雷达",
        Climate "climate" "温湿度计",
        Vitals "vitals" "体征仪",
        Gateway "gateway" "家庭网关",
        Lock "lock" "门锁",
        Access "access" "门禁",
        Robot "robot" "机器人",
        Other "other" "其他设备",
    }
}

impl DeviceKind {
    /// Whether it keeps a door that can be opened from afar.
    pub const fn unlocks(self) -> bool {
        matches!(self, DeviceKind::Lock | DeviceKind::Access)
    }
    /// Whether it hangs in a room, not on a person.
    pub const fn in_a_room(self) -> bool {
        !matches!(self, DeviceKind::Watch | DeviceKind::Pendant)
    }
    /// Minutes of silence after which it counts as lost, until somebody sets another limit. `None`: silence is normal.
    /// Battery sensors of a home hub report once in 50 minutes at the least.
    pub const fn silent_minutes(self) -> Option<i64> {
        match self {
            DeviceKind::Watch | DeviceKind::Gateway | DeviceKind::Radar | DeviceKind::Bed => Some(60),
            DeviceKind::Motion | DeviceKind::Climate => Some(180),
            DeviceKind::Pendant
            | DeviceKind::Smoke
            | DeviceKind::Gas
            | DeviceKind::Co
            | DeviceKind::Water
            | DeviceKind::Door
            | DeviceKind::Lock
            | DeviceKind::Access
            | DeviceKind::Robot => Some(26 * 60),
            DeviceKind::Button | DeviceKind::Vitals | DeviceKind::Other => None,
        }
    }
}

store::words! {
    /// Where a device is in its life.
    DeviceState {
        Stock "stock" "在库",
        Bound "bound" "使用中",
        /// Bound, to be given back.
        Lent "lent" "借出",
        Repair "repair" "维修",
        Retired "retired" "报废",
    }
}

store::words! {
    /// Who paid for it.
    Payer {
        Own "own" "自费",
        Subsidy "subsidy" "政府补贴",
        Project "project" "项目配发",
        Donation "donation" "捐赠",
        Operator "operator" "运营方提供",
    }
}

/// A device as people see it.
#[derive(Clone, Debug, PartialEq)]
pub struct Device {
    pub id: DeviceId,
    /// The short number it has in stored readings.
    pub no: i64,
    pub protocol: Protocol,
    pub identity: String,
    pub kind: DeviceKind,
    pub model: String,
    pub state: DeviceState,
    pub region: RegionCode,
    pub bound: Option<Bound>,
    pub room: Option<Room>,
    pub door: Option<DoorKind>,
    /// Minutes; `None`: silence is normal.
    pub silent: Option<i64>,
    pub firmware: String,
    pub payer: Payer,
    pub payer_note: String,
    pub has_secret: bool,
    pub created_at: Instant,
    pub version: i64,
    /// What was paid for it.
    pub cost: Option<Fen>,
    /// When a lent device is to be back.
    pub due_back: Option<CivilDate>,
}

/// Whose a device is at present.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    pub elder: ElderId,
    /// The short number the elder has in stored readings.
    pub no: i64,
    pub slot: Slot,
    pub since: Instant,
}

/// What the gateway keeps of a device while it is connected.
#[derive(Clone, Debug, PartialEq)]
pub struct Known {
    pub id: DeviceId,
    pub no: i64,
    pub protocol: Protocol,
    pub identity: String,
    pub kind: DeviceKind,
    pub model: String,
    pub state: DeviceState,
    /// Where its elder lives, or the estate it belongs to.
    pub region: RegionCode,
    pub bound: Option<Bound>,
    pub room: Room,
    pub door: DoorKind,
    /// Counts every change of the device.
    pub version: i64,
    pub(crate) secret: Option<Vec<u8>>,
}

/// That a device changed, and what to look it up by.
#[derive(Clone, Debug, PartialEq, FromQueryResult)]
pub struct Changed {
    pub id: DeviceId,
    pub protocol: Protocol,
    pub identity: String,
    pub version: i64,
}

impl Known {
    /// Whether the password is this device's. Takes the same time whatever differs.
    pub fn secret_is(&self, password: &[u8]) -> bool {
        let given = super::service::secret_hash(password);
        self.secret.as_ref().is_some_and(|s| s.as_slice().ct_eq(&given).into())
    }
    pub fn usable(&self) -> bool {
        self.state != DeviceState::Retired
    }
}

/// A device to be registered.
#[derive(Clone, Debug)]
pub struct NewDevice {
    pub protocol: Protocol,
    pub identity: String,
    pub kind: DeviceKind,
    pub model: String,
    pub region: RegionCode,
    pub firmware: String,
    pub payer: Payer,
    pub payer_note: String,
    /// The password of a device that signs in (MQTT); see [`super::new_secret`].
    pub secret: Option<String>,
    pub room: Option<Room>,
    pub door: Option<DoorKind>,
}

/// Longest identity, characters.
pub const IDENTITY_MAX: usize = 64;

impl NewDevice {
    /// Trimmed and checked.
    ///
    /// # Errors
    /// `Invalid` with the fields.
    pub fn checked(mut self) -> Result<NewDevice> {
        self.identity = self.identity.trim().to_string();
        let mut wrong = Vec::new();
        if self.identity.is_empty() || self.identity.chars().count() > IDENTITY_MAX {
            wrong.push(FieldError::new("identity", "写设备号（IMEI、终端号或序列号），64 字以内"));
        } else if self.identity.chars().any(|c| c.is_control() || matches!(c, '+' | '#')) {
            wrong.push(FieldError::new("identity", "设备号里不能有 + # 和控制符"));
        }
        if self.model.chars().count() > 60 {
            wrong.push(FieldError::new("model", "型号写 60 字以内"));
        }
        if self.payer_note.chars().count() > 100 {
            wrong.push(FieldError::new("payer_note", "来源说明写 100 字以内"));
        }
        if self.secret.as_ref().is_some_and(|s| s.chars().count() < 12) {
            wrong.push(FieldError::new("secret", "密码至少 12 位"));
        }
        if wrong.is_empty() { Ok(self) } else { Err(Error::Invalid(wrong)) }
    }
}

/// Where a device goes.
#[derive(Clone, Copy, Debug)]
pub struct NewBinding {
    pub elder: ElderId,
    pub room: Option<Room>,
    pub door: Option<DoorKind>,
    /// To be given back.
    pub lent: bool,
}

/// One binding of a device's history.
#[derive(Clone, Debug, PartialEq)]
pub struct Binding {
    pub device: DeviceId,
    pub elder: ElderId,
    pub slot: Slot,
    pub since: Instant,
    pub until: Option<Instant>,
    pub by: String,
}

/// An identity that reports and is not registered, or is registered and nobody's.
#[derive(Clone, Debug, PartialEq)]
pub struct Stranger {
    pub protocol: Protocol,
    pub identity: String,
    pub first_at: Instant,
    pub last_at: Instant,
    pub count: i64,
    /// How often it called for help; nobody could be told whose it is.
    pub calls: i64,
    pub peer: String,
    /// The beginning of one of its messages.
    pub sample: Vec<u8>,
}
