//! The rules at the door. Pure: positions, times and the plan go in, an answer with its figures comes out.
//!
//! Evidence comes from the worker's device and is judged by the server: the position it reports, and the time at which
//! the server received it. The device's own clock is kept beside it and decides nothing.
use kernel::{Error, GeoPoint, Instant};

/// A check-in is open this long before the planned start.
pub const EARLY_MINUTES: i64 = 30;
/// … and this long after the planned end: an order whose check-in has shut is one that was not served.
pub const LATE_MINUTES: i64 = orders::model::LAPSE_MINUTES;
/// The door is at most this far away, metres.
pub const DOOR_METRES: i64 = 300;
/// At most this much of a reported inaccuracy is granted on top, metres: a phone indoors.
pub const ACCURACY_CAP: i64 = 200;
/// A shorter visit than this share of the normal minutes asks for a reason, percent.
pub const SHORT_PERCENT: i64 = 50;
/// Photos of one visit.
pub const MAX_PHOTOS: usize = 12;

store::words! {
    /// What a piece of evidence shows.
    Kind {
        SetOut "set_out" "出发",
        CheckIn "check_in" "签到",
        CheckOut "check_out" "签退",
        Photo "photo" "照片",
        Confirmation "confirmation" "老人确认",
    }
}

/// Where the device says it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Position {
    pub point: GeoPoint,
    /// Radius of the device's own 68 % circle, metres.
    pub accuracy_m: i64,
}

/// What was planned.
#[derive(Clone, Copy, Debug)]
pub struct Plan {
    pub starts_at: Instant,
    pub ends_at: Instant,
    /// `None`: nobody has put the door on the map yet.
    pub door: Option<GeoPoint>,
}

/// Why a step at the door is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Refusal {
    TooEarly {
        opens: Instant,
    },
    TooLate {
        closed: Instant,
    },
    NoPosition,
    TooFar {
        metres: i64,
        allowed: i64,
    },
    /// The door is not on the map: only the elder's own code proves the place.
    CodeNeeded,
    CodeWrong,
    ReasonNeeded {
        minutes: i64,
        normal: i64,
    },
    ChecklistOpen {
        left: usize,
    },
    PhotosMissing {
        have: usize,
        want: usize,
    },
}

impl Refusal {
    /// The field of the form it stands at.
    pub const fn field(&self) -> &'static str {
        match self {
            Refusal::CodeNeeded | Refusal::CodeWrong => "code",
            Refusal::ReasonNeeded { .. } | Refusal::ChecklistOpen { .. } => "reason",
            Refusal::PhotosMissing { .. } => "photo",
            Refusal::TooEarly { .. } | Refusal::TooLate { .. } | Refusal::NoPosition | Refusal::TooFar { .. } => "",
        }
    }
    pub fn zh(&self) -> String {
        match self {
            Refusal::TooEarly { opens } => format!("还早，{} 起才能签到", opens.stamp()),
            Refusal::TooLate { closed } => format!("过了 {} 就不能签到了。打电话给本单位改时间", closed.stamp()),
            Refusal::NoPosition => "没有拿到位置。打开手机定位，走到室外再试".into(),
            Refusal::TooFar { metres, allowed } => {
                format!("离门口 {}，{} 米内才能签到、签退", distance_zh(*metres), allowed)
            }
            Refusal::CodeNeeded => "这家还没有门口位置，要输入老人码".into(),
            Refusal::CodeWrong => "老人码不对。请老人或家属再看一遍卡片".into(),
            Refusal::ReasonNeeded { minutes, normal } => {
                format!("只做了 {minutes} 分钟，正常要 {normal} 分钟。写明原因再签退")
            }
            Refusal::ChecklistOpen { left } => format!("还有 {left} 项没做完。做完，或写明原因再签退"),
            Refusal::PhotosMissing { have, want } => format!("要拍 {want} 张照片，现在 {have} 张"),
        }
    }
}

impl From<Refusal> for Error {
    fn from(r: Refusal) -> Error {
        match r.field() {
            "" => Error::Refused(r.zh()),
            field => Error::invalid(field, r.zh()),
        }
    }
}

/// 850 米, 3.1 公里.
pub fn distance_zh(metres: i64) -> String {
    if metres < 1000 { format!("{metres} 米") } else { format!("{}.{} 公里", metres / 1000, metres % 1000 / 100) }
}

/// How far the device is from the door, and whether that is at the door.
///
/// # Errors
/// No position, too far, or – without a door on the map – no proof by code.
pub fn at_door(plan: &Plan, at: Option<Position>, code_ok: Option<bool>) -> Result<Option<i64>, Refusal> {
    if code_ok == Some(false) {
        return Err(Refusal::CodeWrong);
    }
    let Some(door) = plan.door else {
        return if code_ok == Some(true) { Ok(None) } else { Err(Refusal::CodeNeeded) };
    };
    let at = at.ok_or(Refusal::NoPosition)?;
    let metres = at.point.distance_m(door).round() as i64;
    let allowed = DOOR_METRES + at.accuracy_m.clamp(0, ACCURACY_CAP);
    if metres > allowed { Err(Refusal::TooFar { metres, allowed }) } else { Ok(Some(metres)) }
}

/// Whether a check-in is open at `now` (the server's time).
///
/// # Errors
/// Too early or too late, with the moment.
pub fn in_time(plan: &Plan, now: Instant) -> Result<(), Refusal> {
    let (opens, closed) = (plan.starts_at.plus_minutes(-EARLY_MINUTES), plan.ends_at.plus_minutes(LATE_MINUTES));
    if now < opens {
        Err(Refusal::TooEarly { opens })
    } else if now > closed {
        Err(Refusal::TooLate { closed })
    } else {
        Ok(())
    }
}

/// What was done, when a check-out is asked for.
#[derive(Clone, Copy, Debug)]
pub struct Done {
    pub checked_in_at: Instant,
    pub now: Instant,
    pub normal_minutes: i64,
    pub lines: usize,
    pub ticked: usize,
    pub photos: usize,
    pub photos_wanted: usize,
}

/// Whether the work may be closed; a reason covers a short visit and open lines, not missing photos.
///
/// # Errors
/// The first thing missing.
pub fn may_finish(done: &Done, reason: Option<&str>) -> Result<(), Refusal> {
    let reasoned = reason.is_some_and(|r| r.trim().chars().count() >= 2);
    let minutes = done.now.since(done.checked_in_at) / Instant::MINUTE;
    if done.photos < done.photos_wanted {
        return Err(Refusal::PhotosMissing { have: done.photos, want: done.photos_wanted });
    }
    if minutes * 100 < done.normal_minutes * SHORT_PERCENT && !reasoned {
        return Err(Refusal::ReasonNeeded { minutes, normal: done.normal_minutes });
    }
    if done.ticked < done.lines && !reasoned {
        return Err(Refusal::ChecklistOpen { left: done.lines - done.ticked });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const DOOR: GeoPoint = GeoPoint { lat_e6: 23_372_000, lng_e6: 115_640_000 };

    fn plan() -> Plan {
        let day: kernel::CivilDate = "2026-11-20".parse().unwrap();
        Plan { starts_at: day.at(15, 0), ends_at: day.at(16, 0), door: Some(DOOR) }
    }
    /// `metres` north of the door.
    fn north(metres: f64, accuracy_m: i64) -> Option<Position> {
        let lat_e6 = DOOR.lat_e6 + (metres / 0.111_195) as i64;
        Some(Position { point: GeoPoint { lat_e6, lng_e6: DOOR.lng_e6 }, accuracy_m })
    }

    #[test]
    fn three_kilometres_away_is_refused_with_the_figure() {
        let e = at_door(&plan(), north(3100.0, 20), None).unwrap_err();
        assert!(e.zh().contains("3.1 公里") && e.zh().contains("320 米内"), "{}", e.zh());
        assert_eq!(at_door(&plan(), north(40.0, 20), None), Ok(Some(40)));
    }

    #[test]
    fn a_vague_position_is_granted_a_little_and_no_more() {
        assert!(at_door(&plan(), north(480.0, 200), None).is_ok());
        assert!(at_door(&plan(), north(480.0, 10), None).is_err());
        assert!(at_door(&plan(), north(900.0, 5000), None).is_err(), "claiming to be vague does not help");
        assert!(at_door(&plan(), north(400.0, -500), None).is_err());
    }

    #[test]
    fn the_door_opens_thirty_minutes_before_and_closes_two_hours_after() {
        let p = plan();
        assert!(matches!(in_time(&p, p.starts_at.plus_minutes(-31)), Err(Refusal::TooEarly { .. })));
        assert!(in_time(&p, p.starts_at.plus_minutes(-30)).is_ok());
        assert!(in_time(&p, p.ends_at.plus_minutes(120)).is_ok());
        assert!(matches!(in_time(&p, p.ends_at.plus_minutes(120).plus_ms(1)), Err(Refusal::TooLate { .. })));
    }

    #[test]
    fn without_a_door_on_the_map_only_the_elders_code_proves_the_place() {
        let p = Plan { door: None, ..plan() };
        assert_eq!(at_door(&p, north(0.0, 5), None), Err(Refusal::CodeNeeded));
        assert_eq!(at_door(&p, None, Some(true)), Ok(None));
        assert_eq!(at_door(&plan(), north(0.0, 5), Some(false)), Err(Refusal::CodeWrong));
        assert_eq!(at_door(&plan(), None, Some(true)), Err(Refusal::NoPosition));
    }

    #[test]
    fn a_reason_covers_a_short_visit_but_not_missing_photos() {
        let p = plan();
        let mut d = Done {
            checked_in_at: p.starts_at,
            now: p.starts_at.plus_minutes(29),
            normal_minutes: 60,
            lines: 3,
            ticked: 3,
            photos: 1,
            photos_wanted: 1,
        };
        assert!(matches!(may_finish(&d, None), Err(Refusal::ReasonNeeded { minutes: 29, normal: 60 })));
        assert!(may_finish(&d, Some("老人要休息")).is_ok());
        d.now = p.starts_at.plus_minutes(30);
        assert!(may_finish(&d, None).is_ok());
        d.ticked = 2;
        assert!(matches!(may_finish(&d, Some(" ")), Err(Refusal::ChecklistOpen { left: 1 })));
        d.photos = 0;
        assert!(matches!(may_finish(&d, Some("老人要休息")), Err(Refusal::PhotosMissing { .. })));
    }

    proptest! {
        #[test]
        fn whoever_is_let_in_is_within_half_a_kilometre(lat in -90_000_000i64..90_000_000, lng in -180_000_000i64..180_000_000, acc in any::<i32>()) {
            let at = Position { point: GeoPoint { lat_e6: lat, lng_e6: lng }, accuracy_m: i64::from(acc) };
            if let Ok(Some(m)) = at_door(&plan(), Some(at), None) {
                prop_assert!(m <= DOOR_METRES + ACCURACY_CAP);
            }
        }
    }
}
