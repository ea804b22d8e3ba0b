//! An elder's own limits and fences: what the watch goes by, who set it, and when.
use crate::devices;
use crate::store::limits as sql;
use kernel::{Actor, ElderId, Error, FieldError, GeoPoint, Permission, Result};
use people::model::ElderCard;
use store::Db;
use vigil::{Fence, Home, Levels, MAX_CORNERS, MAX_FENCES, Settings, Shape, Vitals, WanderingMode};

pub use crate::store::limits::Change;

/// How many changes are listed.
const SHOWN: i64 = 20;
/// A fence's radius, metres.
pub const RADIUS: std::ops::RangeInclusive<u32> = 20..=20_000;

/// What holds for an elder.
#[derive(Clone, Debug)]
pub struct Limits {
    pub card: ElderCard,
    pub settings: Settings,
    pub version: i64,
    pub changes: Vec<Change>,
}

/// A change to an elder's limits.
#[derive(Clone, Debug)]
pub enum Edit {
    Levels {
        vitals: Box<Vitals>,
        home: Box<Home>,
        battery_low: u8,
    },
    /// A new one has the id 0.
    Fence(Fence),
    RemoveFence(u16),
    Wandering(Option<WanderingMode>),
}

/// Which of [`Vitals`]' levels.
pub type Of = fn(&mut Vitals) -> &mut Levels;
/// Figures with levels: code of the form's fields, word, whose levels, and whether it is written with a decimal.
pub const FIGURES: [(&str, &str, Of, bool); 7] = [
    ("pulse", "心率", |v| &mut v.heart_rate, false),
    ("systolic", "收缩压", |v| &mut v.systolic, false),
    ("diastolic", "舒张压", |v| &mut v.diastolic, false),
    ("spo2", "血氧", |v| &mut v.spo2, false),
    ("temperature", "体温", |v| &mut v.temperature, true),
    ("glucose", "血糖", |v| &mut v.glucose, true),
    ("breath", "呼吸", |v| &mut v.respiration, false),
];

/// What holds for an elder, and who set it.
///
/// # Errors
/// `Forbidden`; `NotFound` outside the scope.
pub async fn limits(db: &Db, actor: &Actor, elder: ElderId) -> Result<Limits> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    let settings = devices::settings(db, actor.scope(), card.id).await?;
    let version = sql::version(db.read(), card.id).await?;
    let changes = sql::changes(db, card.id, SHOWN).await?;
    Ok(Limits { card, settings, version, changes })
}

/// Changes an elder's limits; they hold within seconds. `seen` is the version the form was filled on.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid`; `Conflict` when somebody changed them meanwhile.
pub async fn edit(db: &Db, actor: &Actor, elder: ElderId, seen: i64, edit: Edit) -> Result<()> {
    actor.require(Permission::SafetyPrepare)?;
    let card = people::service::card(db, actor.scope(), elder).await?;
    let tx = db.begin().await?;
    crate::store::alarms::hold(&tx, card.id).await?;
    if sql::version(&tx, card.id).await? != seen {
        return Err(Error::Conflict("有人先改了，刷新再改".into()));
    }
    let old = devices::settings(db, actor.scope(), card.id).await?;
    let mut new = old.clone();
    let what = apply(&mut new, edit)?;
    if new == old {
        return Ok(());
    }
    devices::set_settings(&tx, db, actor, card.id, &new).await?;
    sql::changed(&tx, db, card.id, &actor.label(), &what).await?;
    tx.commit().await
}

/// Puts the change in; what it was, in words.
fn apply(s: &mut Settings, edit: Edit) -> Result<String> {
    match edit {
        Edit::Levels { mut vitals, home, battery_low } => {
            let mut wrong = Vec::new();
            let mut said = Vec::new();
            for (code, word, pick, tenths) in FIGURES {
                let (was, now) = (*pick(&mut s.vitals), *pick(&mut vitals));
                if !rising(&now) {
                    wrong.push(FieldError::new(code, format!("{word}的界限要从低到高，紧急在提醒外面")));
                }
                if was != now {
                    said.push(format!("{word} {}", levels_zh(&now, tenths)));
                }
            }
            if !(1..=90).contains(&battery_low) {
                wrong.push(FieldError::new("battery", "电量在 1 到 90 之间"));
            }
            if !wrong.is_empty() {
                return Err(Error::Invalid(wrong));
            }
            if s.home != *home {
                said.push("居家规则".into());
            }
            if s.battery_low != battery_low {
                said.push(format!("电量 {battery_low}%"));
            }
            (s.vitals, s.home, s.battery_low) = (*vitals, *home, battery_low);
            Ok(format!("界限：{}", said.join("，")))
        }
        Edit::Fence(mut f) => {
            checked(&f)?;
            let known = s.places.fences.iter().position(|o| o.id == f.id && f.id != 0);
            let word = format!("围栏「{}」", f.name);
            match known {
                Some(i) => {
                    s.places.fences[i] = f;
                    Ok(format!("改{word}"))
                }
                None if f.id != 0 => Err(Error::NotFound("这个围栏".into())),
                None if s.places.fences.len() >= MAX_FENCES => {
                    Err(Error::refused(format!("一位老人最多 {MAX_FENCES} 个围栏，先去掉不用的")))
                }
                None => {
                    f.id = s.places.fences.iter().map(|o| o.id).max().unwrap_or(0).saturating_add(1);
                    s.places.fences.push(f);
                    Ok(format!("加{word}"))
                }
            }
        }
        Edit::RemoveFence(id) => {
            let at = s.places.fences.iter().position(|f| f.id == id);
            let at = at.ok_or_else(|| Error::NotFound("这个围栏".into()))?;
            Ok(format!("去掉围栏「{}」", s.places.fences.remove(at).name))
        }
        Edit::Wandering(mode) => {
            if let Some(m) = &mode {
                if !(50..=5_000).contains(&m.radius_m) {
                    return Err(Error::invalid("radius", "离家的距离在 50 到 5000 米之间"));
                }
                if !(5..=720).contains(&m.away) {
                    return Err(Error::invalid("away", "离家的时间在 5 到 720 分钟之间"));
                }
            }
            let word = if mode.is_some() { "开防走失" } else { "关防走失" };
            s.places.wandering = mode;
            Ok(word.into())
        }
    }
}

fn rising(l: &Levels) -> bool {
    let all: Vec<i32> = [l.low_urgent, l.low_watch, l.high_watch, l.high_urgent].into_iter().flatten().collect();
    all.windows(2).all(|w| w[0] < w[1]) && all.iter().all(|v| (0..=1_000).contains(v))
}

/// `≤49 提醒，≥121 提醒`
pub fn levels_zh(l: &Levels, tenths: bool) -> String {
    let say = |sign: &str, v: Option<i32>, word: &str| {
        v.map(|v| format!("{sign}{} {word}", crate::model::chart::figure(v, tenths)))
    };
    let all = [
        say("≤", l.low_urgent, "紧急"),
        say("≤", l.low_watch, "提醒"),
        say("≥", l.high_watch, "提醒"),
        say("≥", l.high_urgent, "紧急"),
    ];
    let all: Vec<String> = all.into_iter().flatten().collect();
    if all.is_empty() { "不看".into() } else { all.join("，") }
}

fn checked(f: &Fence) -> Result<()> {
    let mut wrong = Vec::new();
    if f.name.trim().is_empty() || f.name.chars().count() > 20 {
        wrong.push(FieldError::new("name", "名字写 1 到 20 字，如家附近"));
    }
    match &f.shape {
        Shape::Circle { radius_m, .. } if !RADIUS.contains(radius_m) => {
            wrong.push(FieldError::new("radius", "半径在 20 到 20000 米之间"));
        }
        Shape::Circle { .. } => {}
        Shape::Polygon(c) if c.len() < 3 || c.len() > MAX_CORNERS => {
            wrong.push(FieldError::new("corners", format!("多边形要 3 到 {MAX_CORNERS} 个角")));
        }
        Shape::Polygon(c) if crosses(c) => {
            wrong.push(FieldError::new("corners", "边线交叉了，按一圈的顺序写"));
        }
        Shape::Polygon(_) => {}
    }
    if f.schedule.weekdays & 0x7f == 0 {
        wrong.push(FieldError::new("weekday", "至少选一天"));
    }
    if f.grace > 240 {
        wrong.push(FieldError::new("grace", "宽限最多 240 分钟"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

/// Whether two sides of a polygon cross.
fn crosses(c: &[GeoPoint]) -> bool {
    let turn = |a: GeoPoint, b: GeoPoint, p: GeoPoint| {
        let (abx, aby) = (i128::from(b.lng_e6 - a.lng_e6), i128::from(b.lat_e6 - a.lat_e6));
        let (apx, apy) = (i128::from(p.lng_e6 - a.lng_e6), i128::from(p.lat_e6 - a.lat_e6));
        (abx * apy - aby * apx).signum()
    };
    let n = c.len();
    let side = |i: usize| (c[i], c[(i + 1) % n]);
    (0..n).any(|i| {
        (i + 2..n).filter(|j| (j + 1) % n != i).any(|j| {
            let ((a, b), (p, q)) = (side(i), side(j));
            turn(a, b, p) * turn(a, b, q) < 0 && turn(p, q, a) * turn(p, q, b) < 0
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use vigil::{FenceRule, Schedule};

    fn fence(shape: Shape) -> Fence {
        Fence {
            id: 0, name: "家附近".into(), shape, rule: FenceRule::StayInside, schedule: Schedule::ALWAYS, grace: 5
        }
    }
    fn p(lat: f64, lng: f64) -> GeoPoint {
        GeoPoint::from_degrees(lat, lng).expect("a point")
    }

    #[test]
    fn a_crossed_fence_is_refused_and_a_plain_one_is_not() {
        let square = vec![p(23.0, 115.0), p(23.0, 115.1), p(23.1, 115.1), p(23.1, 115.0)];
        assert!(checked(&fence(Shape::Polygon(square.clone()))).is_ok());
        let bow = vec![square[0], square[2], square[1], square[3]];
        assert!(checked(&fence(Shape::Polygon(bow))).is_err());
        assert!(checked(&fence(Shape::Polygon(square[..2].to_vec()))).is_err());
        assert!(checked(&fence(Shape::Circle { center: p(23.0, 115.0), radius_m: 5 })).is_err());
    }

    #[test]
    fn fences_keep_their_numbers_and_end_at_the_limit() {
        let mut s = Settings::default();
        let circle = || fence(Shape::Circle { center: p(23.0, 115.0), radius_m: 300 });
        for _ in 0..MAX_FENCES {
            apply(&mut s, Edit::Fence(circle())).expect("room");
        }
        assert!(apply(&mut s, Edit::Fence(circle())).is_err());
        apply(&mut s, Edit::RemoveFence(3)).expect("there");
        apply(&mut s, Edit::Fence(circle())).expect("room again");
        let mut ids: Vec<u16> = s.places.fences.iter().map(|f| f.id).collect();
        ids.dedup();
        assert_eq!(ids.len(), MAX_FENCES, "no number twice: {ids:?}");
        assert!(apply(&mut s, Edit::Fence(Fence { id: 999, ..circle() })).is_err());
    }

    #[test]
    fn levels_stand_in_order() {
        let mut s = Settings::default();
        let mut vitals = Vitals::default();
        vitals.heart_rate.high_watch = Some(40);
        let all = |v| Edit::Levels { vitals: Box::new(v), home: Box::default(), battery_low: 20 };
        let Err(Error::Invalid(wrong)) = apply(&mut s, all(vitals.clone())) else { panic!("taken") };
        assert_eq!(wrong[0].field, "pulse");
        vitals.heart_rate.high_watch = Some(110);
        assert_eq!(apply(&mut s, all(vitals)).ok().as_deref(), Some("界限：心率 ≤49 提醒，≥110 提醒"));
    }
}
