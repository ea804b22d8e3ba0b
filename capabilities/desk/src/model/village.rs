//! 要做的事: a village's tasks with the day each is due, and its elders on a sketch.
use super::links;
use super::map::{Home, Kind, Sketch, sketch};
use kernel::{CivilDate, ElderId, OrderId, Sex};
use people::model::Living;
use people::service::RosterLine;
use std::collections::{HashMap, HashSet};
use web::Mark;

/// Ages on which something begins or changes: the packs' own borders.
pub const AGES: [i16; 2] = [75, 80];
/// How far ahead a desk looks, in days.
pub const AHEAD: i64 = 30;
/// Three months, as the views 三个月内满 75 and 80 of the list of archives have it.
const SOON: i64 = 91;
/// Lines shown of each half of the list.
pub const SHOWN: usize = 8;

/// A service that was given and about which nobody has asked the elder yet.
#[derive(Clone, Debug)]
pub struct Served {
    pub order: OrderId,
    pub elder: ElderId,
    pub name: String,
    pub sex: Sex,
    pub birth: CivilDate,
    pub address: String,
    pub item: String,
    pub on: CivilDate,
    /// The elder has confirmed already; only the rating is missing.
    pub confirmed: bool,
}

/// Somebody entitled since this month.
#[derive(Clone, Debug)]
pub struct Entitled {
    pub elder: ElderId,
    pub since: CivilDate,
    pub pack: String,
}

/// One thing to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Task {
    pub due: CivilDate,
    pub mark: Mark,
    /// In the chip: `今天满 75`, `11-23`.
    pub chip: String,
    pub elder: ElderId,
    pub name: String,
    /// `女 84 岁 · 上围 3 号`
    pub about: String,
    pub text: String,
    pub href: String,
    pub action: &'static str,
    address: String,
}

/// What the list is made from.
pub struct Given<'a> {
    pub today: CivilDate,
    pub roster: &'a [RosterLine],
    pub served: &'a [Served],
    pub entitled: &'a [Entitled],
    /// May correct archives.
    pub may_write: bool,
}

/// `女 84 岁 · 上围 3 号`
pub fn about(sex: Sex, birth: CivilDate, today: CivilDate, address: &str) -> String {
    let who = format!("{} {} 岁", sex.zh(), birth.age_on(today));
    if address.trim().is_empty() { who } else { format!("{who} · {address}") }
}

/// The birthday ahead on which `birth` reaches one of [`AGES`], from `today` within [`AHEAD`] days.
pub fn turning(birth: CivilDate, today: CivilDate) -> Option<(i16, CivilDate)> {
    AGES.into_iter()
        .map(|age| (age, birth.birthday(age)))
        .find(|(_, day)| *day >= today && *day <= today.plus_days(AHEAD))
}

/// How many reach `age` within three months after `today`, as the list's own view counts them.
pub fn soon(roster: &[RosterLine], age: i16, today: CivilDate) -> i64 {
    let within = |r: &&RosterLine| {
        let day = r.birth.birthday(age);
        day > today && day <= today.plus_days(SOON)
    };
    roster.iter().filter(within).count() as i64
}

/// Everything to do, the earliest first, on one day by address.
pub fn tasks(given: &Given) -> Vec<Task> {
    let Given { today, roster, served, entitled, may_write } = *given;
    let month_end = today.month_of().last_day();
    let by_id: HashMap<ElderId, &RosterLine> = roster.iter().map(|r| (r.id, r)).collect();
    let mut out: Vec<Task> = Vec::new();
    for s in served {
        let days = today.days_since(s.on).max(0);
        let (mark, chip) = match days {
            0 => (Mark::Todo, "今天服务".to_string()),
            1 => (Mark::Note, "昨天服务".to_string()),
            n => (Mark::Note, format!("等了 {n} 天")),
        };
        let what = if s.confirmed { "问问好不好" } else { "问问做了没有，确认后才能结算" };
        out.push(Task {
            // Asked the day after, when the elder still remembers.
            due: s.on.plus_days(1),
            mark,
            chip,
            elder: s.elder,
            name: s.name.clone(),
            about: about(s.sex, s.birth, today, &s.address),
            text: format!("{} {}，{what}", s.on.md(), s.item),
            href: links::follow_up(s.order),
            action: "回访",
            address: s.address.clone(),
        });
    }
    let of = |r: &RosterLine, due: CivilDate, mark: Mark, chip: String, text: String, href: String, action| Task {
        due,
        mark,
        chip,
        elder: r.id,
        name: r.name.clone(),
        about: about(r.sex, r.birth, today, &r.address),
        text,
        href,
        action,
        address: r.address.clone(),
    };
    for r in roster {
        if let Some((age, day)) = turning(r.birth, today) {
            let (mark, chip) =
                if day == today { (Mark::Note, format!("今天满 {age}")) } else { (Mark::Todo, day.md()) };
            let text = format!("{} 满 {age} 周岁，核对户籍和居住", day.md());
            out.push(of(r, day, mark, chip, text, links::elder(r.id), "核对"));
        }
    }
    let mut told = HashSet::new();
    for e in entitled {
        let Some(r) = by_id.get(&e.elder).filter(|_| told.insert(e.elder)) else { continue };
        let text = format!("{} 起享受{}，告诉本人", e.since.md(), e.pack);
        out.push(of(r, month_end, Mark::Todo, month_end.md(), text, links::entitlement(r.id), "看依据"));
    }
    for r in roster.iter().filter(|r| !r.lacks.is_empty()) {
        let text = format!("档案缺{}", r.lacks.join("、"));
        let (href, action) = if may_write { (links::edit(r.id), "补齐") } else { (links::elder(r.id), "查看") };
        out.push(of(r, month_end, Mark::Todo, month_end.md(), text, href, action));
    }
    out.sort_by(|a, b| (a.due, &a.address, &a.name).cmp(&(b.due, &b.address, &b.name)));
    out
}

/// Those due today or before, and the rest.
pub fn split(tasks: Vec<Task>, today: CivilDate) -> (Vec<Task>, Vec<Task>) {
    tasks.into_iter().partition(|t| t.due <= today)
}

/// Lives alone, whatever the reason.
fn alone(living: Living) -> bool {
    matches!(living, Living::LivingAlone | Living::ChildlessAlone)
}

/// How many live in a way.
pub fn living(roster: &[RosterLine], how: Living) -> i64 {
    roster.iter().filter(|r| r.living == how).count() as i64
}

/// The village's sketch and how many could not be drawn.
pub fn drawn(roster: &[RosterLine], now: &[Task], today: CivilDate) -> (Sketch, i64) {
    let due: HashMap<ElderId, &Task> = now.iter().rev().map(|t| (t.elder, t)).collect();
    let homes: Vec<Home> = roster
        .iter()
        .filter_map(|r| {
            let task = due.get(&r.id);
            let kind = match task {
                Some(_) => Kind::Todo,
                None if alone(r.living) => Kind::Alone,
                None => Kind::Plain,
            };
            let words = task.map(|t| (format!("{} {} 岁", r.name, r.birth.age_on(today)), t.chip.clone()));
            Some(Home { place: r.place?, kind, words })
        })
        .collect();
    let missing = roster.len() - homes.len();
    (sketch(homes), missing as i64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use kernel::GeoPoint;
    use uuid::Uuid;

    fn day(text: &str) -> CivilDate {
        text.parse().expect("a day")
    }
    fn elder(n: u128, name: &str, birth: &str, address: &str) -> RosterLine {
        RosterLine {
            id: ElderId(Uuid::from_u128(n)),
            name: name.into(),
            sex: Sex::Female,
            birth: day(birth),
            region: "441523101201".parse().expect("a code"),
            address: address.into(),
            place: GeoPoint::from_degrees(23.3 + n as f64 / 1e4, 115.6),
            living: Living::WithChildren,
            lacks: Vec::new(),
        }
    }
    fn served(n: u128, on: &str, confirmed: bool) -> Served {
        Served {
            order: OrderId(Uuid::from_u128(100 + n)),
            elder: ElderId(Uuid::from_u128(n)),
            name: "罗火娇".into(),
            sex: Sex::Female,
            birth: day("1942-03-01"),
            address: "上围 3 号".into(),
            item: "助浴".into(),
            on: day(on),
            confirmed,
        }
    }
    fn given<'a>(roster: &'a [RosterLine], served: &'a [Served], entitled: &'a [Entitled]) -> Given<'a> {
        Given { today: day("2026-11-20"), roster, served, entitled, may_write: true }
    }

    #[test]
    fn a_service_is_asked_about_the_day_after() {
        let s = [served(1, "2026-11-20", false), served(1, "2026-11-19", false), served(1, "2026-11-16", true)];
        let (now, later) = split(tasks(&given(&[], &s, &[])), day("2026-11-20"));
        let chips = |t: &[Task]| t.iter().map(|t| t.chip.clone()).collect::<Vec<_>>();
        assert_eq!(chips(&now), ["等了 4 天", "昨天服务"]);
        assert_eq!(chips(&later), ["今天服务"]);
        assert!(now[0].text.contains("问问好不好") && now[1].text.contains("确认后才能结算"));
        assert_eq!(now[0].href, format!("/orders/{}/follow-up", s[2].order));
    }

    #[test]
    fn birthdays_of_75_and_80_come_up_a_month_ahead_and_on_the_day() {
        let roster = [
            elder(1, "叶金水", "1951-11-20", ""),
            elder(2, "彭运招", "1946-12-20", ""),
            elder(3, "早一天", "1951-11-19", ""),
            elder(4, "晚一天", "1946-12-21", ""),
        ];
        let t = tasks(&given(&roster, &[], &[]));
        assert_eq!(t.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["叶金水", "彭运招"]);
        assert_eq!((t[0].chip.as_str(), t[0].mark), ("今天满 75", Mark::Note));
        assert_eq!((t[1].chip.as_str(), t[1].due), ("12-20", day("2026-12-20")));
    }

    #[test]
    fn three_months_ahead_are_counted_without_today() {
        let roster = [
            elder(1, "今天", "1951-11-20", ""),
            elder(2, "明天", "1951-11-21", ""),
            elder(3, "最后一天", "1952-02-19", ""),
            elder(4, "过了", "1952-02-20", ""),
        ];
        assert_eq!(soon(&roster, 75, day("2026-11-20")), 2);
        assert_eq!(soon(&roster, 80, day("2026-11-20")), 0);
    }

    #[test]
    fn a_leap_day_birthday_falls_on_the_28th() {
        assert_eq!(turning(day("1952-02-29"), day("2027-02-01")), Some((75, day("2027-02-28"))));
        assert_eq!(turning(day("1952-02-29"), day("2027-03-01")), None);
    }

    #[test]
    fn what_an_archive_lacks_is_named_and_led_to() {
        let mut lacking = elder(1, "范金桂", "1946-01-01", "中围 19 号");
        lacking.lacks = vec!["电话", "户籍地"];
        let roster = [lacking];
        let t = tasks(&given(&roster, &[], &[]));
        assert_eq!(t[0].text, "档案缺电话、户籍地");
        assert_eq!((t[0].href.clone(), t[0].action, t[0].due), (links::edit(roster[0].id), "补齐", day("2026-11-30")));
        let reader = Given { may_write: false, ..given(&roster, &[], &[]) };
        assert_eq!(tasks(&reader)[0].href, links::elder(roster[0].id));
    }

    #[test]
    fn someone_entitled_under_two_packs_is_told_once_and_a_stranger_never() {
        let roster = [elder(1, "罗添寿", "1951-11-03", "塘背 5 号")];
        let e = |n: u128| Entitled {
            elder: ElderId(Uuid::from_u128(n)),
            since: day("2026-11-03"),
            pack: "居家养老服务补贴".into(),
        };
        let t = tasks(&given(&roster, &[], &[e(1), e(1), e(9)]));
        assert_eq!(t.len(), 1);
        assert_eq!(t[0].text, "11-03 起享受居家养老服务补贴，告诉本人");
    }

    #[test]
    fn one_day_is_walked_by_address() {
        let mut roster = [elder(1, "甲", "1946-01-01", "下围 9 号"), elder(2, "乙", "1946-01-01", "上围 1 号")];
        for r in &mut roster {
            r.lacks = vec!["电话"];
        }
        let t = tasks(&given(&roster, &[], &[]));
        assert_eq!(t.iter().map(|t| t.name.as_str()).collect::<Vec<_>>(), ["乙", "甲"]);
    }

    #[test]
    fn the_sketch_marks_todays_tasks_and_those_alone_and_counts_who_is_missing() {
        let mut roster = vec![
            elder(1, "罗火娇", "1942-03-01", "上围"),
            elder(2, "独", "1946-01-01", ""),
            elder(3, "丙", "1946-01-01", ""),
        ];
        roster[1].living = Living::ChildlessAlone;
        roster.push(RosterLine { place: None, ..elder(4, "无", "1946-01-01", "") });
        let s = [served(1, "2026-11-18", false)];
        let (now, _) = split(tasks(&given(&roster, &s, &[])), day("2026-11-20"));
        let (sketch, missing) = drawn(&roster, &now, day("2026-11-20"));
        assert_eq!(missing, 1);
        assert_eq!(sketch.marks.iter().map(|m| m.kind).collect::<Vec<_>>(), [Kind::Plain, Kind::Alone, Kind::Todo]);
        assert_eq!(sketch.labels[0].name, "罗火娇 84 岁");
        assert_eq!(sketch.labels[0].what, "等了 2 天");
    }
}
