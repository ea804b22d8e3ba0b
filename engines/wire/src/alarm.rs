//! What a device can call for help about, one code for all protocols.
use serde::{Serialize, Serializer};

macro_rules! alarms {
    ($($(#[$doc:meta])* $name:ident, $code:literal, $zh:literal;)*) => {
        /// An alarm as a device reports it. The order is the order of urgency: SOS first.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum Alarm { $($(#[$doc])* $name,)* }

        impl Alarm {
            /// Every alarm, most urgent first.
            pub const ALL: &'static [Alarm] = &[$(Alarm::$name,)*];
            /// The stored and printed code.
            pub fn code(self) -> &'static str {
                match self { $(Alarm::$name => $code,)* }
            }
            /// The words an operator reads.
            pub fn zh(self) -> &'static str {
                match self { $(Alarm::$name => $zh,)* }
            }
            pub fn parse(code: &str) -> Option<Alarm> {
                match code { $($code => Some(Alarm::$name),)* _ => None }
            }
        }
    };
}

alarms! {
    /// The person pressed for help.
    Sos, "sos", "紧急呼叫";
    FallDown, "fallDown", "跌倒";
    Smoke, "smoke", "烟雾报警";
    Gas, "gas", "燃气泄漏";
    CarbonMonoxide, "carbonMonoxide", "一氧化碳超标";
    WaterLeak, "waterLeak", "漏水";
    HeartRate, "heartRate", "心率异常";
    BloodPressure, "bloodPressure", "血压异常";
    BloodOxygen, "bloodOxygen", "血氧异常";
    Heat, "heat", "高温报警";
    Inactivity, "inactivity", "长时间无活动";
    BedExit, "bedExit", "离床未归";
    Wandering, "wandering", "走失风险";
    GeofenceExit, "geofenceExit", "离开围栏";
    GeofenceEnter, "geofenceEnter", "进入围栏";
    Geofence, "geofence", "围栏报警";
    Intruder, "intruder", "有人闯入";
    /// A lock or door was opened by force.
    DoorForced, "doorForced", "门被撬";
    Accident, "accident", "碰撞";
    General, "general", "设备报警";
    Removing, "removing", "设备摘下";
    LowBattery, "lowBattery", "电量低";
    LowPower, "lowPower", "外接电压低";
    PowerCut, "powerCut", "断电";
    PowerOff, "powerOff", "设备关机";
    PowerOn, "powerOn", "设备开机";
    PowerRestored, "powerRestored", "恢复供电";
    Tampering, "tampering", "设备被拆";
    Fault, "fault", "设备故障";
    LinkLost, "linkLost", "通信中断";
    Door, "door", "门未关";
    Medication, "medication", "漏服药";
    Movement, "movement", "异常移动";
    Vibration, "vibration", "震动";
    Temperature, "temperature", "温度异常";
    Jamming, "jamming", "信号受干扰";
    GpsAntennaCut, "gpsAntennaCut", "定位天线故障";
    Overspeed, "overspeed", "超速";
    HardAcceleration, "hardAcceleration", "急加速";
    HardBraking, "hardBraking", "急减速";
    HardCornering, "hardCornering", "急转弯";
    FatigueDriving, "fatigueDriving", "疲劳驾驶";
    LaneChange, "laneChange", "急变道";
    Parking, "parking", "停留超时";
    Idle, "idle", "怠速";
    Tow, "tow", "被拖动";
}

impl Alarm {
    /// Does this speak of a person in danger, so that a damaged frame must still be shown to someone?
    pub fn of_a_person(self) -> bool {
        matches!(self, Alarm::Sos | Alarm::FallDown)
    }
}

impl Serialize for Alarm {
    fn serialize<S: Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.serialize_str(self.code())
    }
}
