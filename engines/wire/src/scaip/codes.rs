//! Device types, status codes and places of the standard, and the alarms they mean.
use super::{Kind, Request};
use crate::alarm::Alarm;

/// Only an alarm message raises alarms: a heartbeat may carry an alarm-looking status.
pub(super) fn alarms(request: &Request, out: &mut Vec<Alarm>) {
    if request.kind != Kind::Alarm {
        return;
    }
    let alarm = match request.status {
        // Abort, cancel, back to normal, tests and remarks.
        2 | 15 | 19 | 70 | 82 | 83 | 86 | 92 | 93 | 102 | 103 | 111 | 112 | 113 | 119 | 121 | 124 => return,
        14 | 16 => Alarm::LowBattery,
        23 | 24 | 63 | 123 => Alarm::LinkLost,
        67 => Alarm::Fault,
        76 | 77 => Alarm::Door,
        81 => Alarm::Medication,
        85 => Alarm::PowerCut,
        100 | 101 => Alarm::Temperature,
        110 => Alarm::Sos,
        125 => Alarm::Tampering,
        status => by_device(request.device_type, status),
    };
    out.push(alarm);
}

fn by_device(device: u16, status: u16) -> Alarm {
    match device {
        5 | 30 => Alarm::FallDown,
        10 | 34 => Alarm::Inactivity,
        11 => Alarm::Medication,
        12 | 13 | 18 | 44 => Alarm::BedExit,
        14 => Alarm::Door,
        15 | 51 if status != 10 => Alarm::Wandering,
        19 => Alarm::HeartRate,
        20 => Alarm::Temperature,
        21 => Alarm::Gas,
        23 => Alarm::Smoke,
        25 => Alarm::Heat,
        26 => Alarm::CarbonMonoxide,
        28 => Alarm::Intruder,
        33 => Alarm::WaterLeak,
        41 => Alarm::PowerCut,
        // Local unit, pendant, pull cord, attack, panic button.
        2 | 3 | 4 | 6 | 7 => Alarm::Sos,
        // Pressed by hand on whatever it is: someone calls.
        _ if status == 10 => Alarm::Sos,
        _ => Alarm::General,
    }
}

pub(super) fn device_zh(code: u16) -> Option<&'static str> {
    Some(match code {
        2 => "主机",
        3 => "随身按钮",
        4 => "拉绳按钮",
        5 => "跌倒探测器",
        6 => "防袭按钮",
        7 => "紧急按钮",
        10 => "活动监测",
        11 => "药盒",
        12 => "床",
        13 => "地垫",
        14 => "门磁",
        15 => "防走失",
        16 => "尿湿监测",
        17 => "癫痫监测",
        18 => "在位监测",
        19 => "心率监测",
        20 => "环境监测",
        21 => "燃气探测器",
        23 => "烟雾探测器",
        25 => "感温探测器",
        26 => "一氧化碳探测器",
        28 => "入侵探测器",
        30 => "自动倒地报警",
        33 => "水浸探测器",
        34 => "浴室监测",
        41 => "电源",
        44 => "座椅",
        51 => "定位器",
        _ => return None,
    })
}

pub(super) fn location_zh(code: u16) -> Option<&'static str> {
    Some(match code {
        2 => "家中",
        3 => "外出",
        11 => "卫生间",
        12 => "卧室",
        21 => "厨房",
        25 => "楼梯",
        35 => "附定位",
        39 => "前门",
        42 => "走廊",
        43 => "客厅",
        49 => "房间",
        _ => return None,
    })
}
