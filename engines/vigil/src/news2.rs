//! NEWS2 (Royal College of Physicians, 2017): an early-warning sum. Made for adults in hospital; here an aid that says
//! "look", never a diagnosis. One of the seven parameters missing: no score.
use crate::codes::coded;

coded! {
    /// What the sum says about urgency.
    Risk {
        /// 0–4.
        Low = 1, "low", "低风险";
        /// 0–4 with a single parameter at 3.
        LowMedium = 2, "low_medium", "单项 3 分，低中风险";
        /// 5–6.
        Medium = 3, "medium", "中风险";
        /// 7 and more.
        High = 4, "high", "高风险";
    }
}

/// The seven parameters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Observed {
    /// Breaths a minute.
    pub respiration: i32,
    /// Per cent.
    pub spo2: i32,
    pub oxygen: bool,
    /// mmHg.
    pub systolic: i32,
    /// Beats a minute.
    pub pulse: i32,
    /// The number of a [`crate::Consciousness`].
    pub consciousness: i32,
    /// Tenths of ℃.
    pub temperature: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Score {
    /// 0–20
    pub total: u8,
    /// Points of respiration, SpO₂, oxygen, systolic pressure, pulse, consciousness, temperature.
    pub points: [u8; 7],
    pub risk: Risk,
}

/// The sum. `scale2`: the SpO₂ scale for people with a target of 88–92 %. `None` when the consciousness is no known
/// level.
pub fn score(o: &Observed, scale2: bool) -> Option<Score> {
    let consciousness = match crate::Consciousness::from_number(u8::try_from(o.consciousness).ok()?)? {
        crate::Consciousness::Alert => 0,
        _ => 3,
    };
    let spo2 = match (scale2, o.oxygen) {
        (false, _) => match o.spo2 {
            ..=91 => 3,
            92..=93 => 2,
            94..=95 => 1,
            _ => 0,
        },
        (true, false) => match o.spo2 {
            ..=83 => 3,
            84..=85 => 2,
            86..=87 => 1,
            _ => 0,
        },
        (true, true) => match o.spo2 {
            ..=83 => 3,
            84..=85 => 2,
            86..=87 => 1,
            88..=92 => 0,
            93..=94 => 1,
            95..=96 => 2,
            _ => 3,
        },
    };
    let points = [
        match o.respiration {
            ..=8 => 3,
            9..=11 => 1,
            12..=20 => 0,
            21..=24 => 2,
            _ => 3,
        },
        spo2,
        if o.oxygen { 2 } else { 0 },
        match o.systolic {
            ..=90 => 3,
            91..=100 => 2,
            101..=110 => 1,
            111..=219 => 0,
            _ => 3,
        },
        match o.pulse {
            ..=40 => 3,
            41..=50 => 1,
            51..=90 => 0,
            91..=110 => 1,
            111..=130 => 2,
            _ => 3,
        },
        consciousness,
        match o.temperature {
            ..=350 => 3,
            351..=360 => 1,
            361..=380 => 0,
            381..=390 => 1,
            _ => 2,
        },
    ];
    let total: u8 = points.iter().sum();
    let risk = match total {
        7.. => Risk::High,
        5..=6 => Risk::Medium,
        _ if points.contains(&3) => Risk::LowMedium,
        _ => Risk::Low,
    };
    Some(Score { total, points, risk })
}
