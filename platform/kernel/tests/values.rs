#![allow(clippy::unwrap_used)]

use kernel::*;
use proptest::prelude::*;

fn day(s: &str) -> CivilDate {
    s.parse().unwrap()
}

#[test]
fn full_age_turns_on_the_birthday_also_for_the_29th_of_february() {
    let born = day("1951-11-21");
    assert_eq!(born.age_on(day("2026-11-20")), 74);
    assert_eq!(born.age_on(day("2026-11-21")), 75);
    let leap = day("1948-02-29");
    assert_eq!(leap.age_on(day("2023-02-27")), 74);
    assert_eq!(leap.age_on(day("2023-02-28")), 75, "no 29 February in 2023: the month's last day stands in");
    assert_eq!(leap.age_on(day("2028-02-28")), 79);
    assert_eq!(leap.age_on(day("2028-02-29")), 80);
    assert_eq!(born.age_on(day("1950-01-01")), 0);
}

#[test]
fn published_identity_numbers_pass_and_slips_are_named() {
    for good in ["11010519491231002X", "11010519491231002x", "440524188001010014", " 440524 18800101 0014 "] {
        assert!(good.parse::<IdNumber>().is_ok(), "{good}");
    }
    let id: IdNumber = "11010519491231002X".parse().unwrap();
    assert_eq!((id.birth(), id.sex(), id.masked()), (day("1949-12-31"), Sex::Female, "1****************X".to_string()));
    for (bad, says) in [
        ("1101051949123100", "现在 16 位"),
        ("110105194912310021", "应为 X"),
        ("110105194913310028", "没有这一天"),
        ("000105194912310028", "不是省级代码"),
        ("11010519491231O02X", "只能有数字"),
    ] {
        assert!(bad.parse::<IdNumber>().unwrap_err().contains(says), "{bad}");
    }
    assert!(!format!("{id:?}").contains("1949"), "debug output hides the number");
}

#[test]
fn regions_nest_by_prefix() {
    let village: RegionCode = "441523101204".parse().unwrap();
    let town: RegionCode = "441523101".parse().unwrap();
    assert_eq!(village.tier(), Tier::Village);
    assert_eq!(village.parent(), Some(town));
    assert!(town.contains(&village) && !village.contains(&town));
    assert_eq!(village.at(Tier::County).as_str(), "441523000000");
    assert!("44152".parse::<RegionCode>().is_err());
    let book = RegionBook::from_csv(include_str!("../../../data/regions.csv")).unwrap();
    assert_eq!(book.name(&village), "墩塘村");
    assert_eq!(book.full(&village), "汕尾市陆河县水唇镇墩塘村");
    assert_eq!(book.find_by_name(&town, Tier::Village, "墩塘村民委员会"), Some(village));
    assert_eq!(book.find_by_name(&town, Tier::Village, "墩塘村"), Some(village));
    let county: RegionCode = "441523".parse().unwrap();
    let towns: Vec<_> = book.children(&county).iter().map(|c| c.tier()).collect();
    assert!(towns.len() >= 8 && towns.iter().all(|t| *t == Tier::Town));
    assert_eq!(RegionBook::from_csv("code12,name\n44152,短\n").unwrap_err().0, 2);
}

#[test]
fn a_scope_is_a_range_of_codes() {
    let s = Scope { region: "441523".parse().unwrap(), org: OrgScope::Any };
    let (low, high) = s.region_range();
    let inside = |c: &str| low.as_str() <= c && c < high.as_str();
    assert!(inside("441523101204") && inside("441523999999"));
    assert!(!inside("441524000000") && !inside("441522999999"));
    assert!(s.narrowed("4415".parse().unwrap()).is_none(), "narrowing never widens");
}

#[test]
fn money_reads_and_writes_as_people_do() {
    assert_eq!(Fen(123_450).to_string(), "¥1,234.50");
    assert_eq!(Fen(-193_600).to_string(), "−¥1,936.00");
    for (t, f) in [("40", 4000), ("40.5", 4050), ("¥1,234.50", 123_450), ("0.01", 1), ("-3", -300)] {
        assert_eq!(Fen::parse_yuan(t), Some(Fen(f)), "{t}");
    }
    for bad in ["", "1.234", "abc", "1e9", "99999999999999999999"] {
        assert_eq!(Fen::parse_yuan(bad), None, "{bad}");
    }
}

#[test]
fn phones_say_how_many_digits_are_missing() {
    assert_eq!("138-1234-5678".parse::<Phone>().unwrap().masked(), "138****5678");
    assert!("1381234567".parse::<Phone>().unwrap_err().contains("现在 10 位"));
    assert!("0660-3382345".parse::<Phone>().is_ok());
}

#[test]
fn every_permission_is_held_by_someone_and_every_role_has_a_desk() {
    for p in Permission::ALL {
        assert!(!p.holders().is_empty(), "{p:?}");
    }
    for r in Role::ALL {
        assert!(r.may(Permission::SignedIn));
        assert_eq!(Role::parse(r.code()), Some(*r));
    }
}

#[test]
fn a_period_of_months_ends_with_the_corresponding_day() {
    let end = |from: &str, months| from.parse::<CivilDate>().unwrap().last_day_of_months(months).to_string();
    assert_eq!(end("2026-03-01", 12), "2027-03-01");
    assert_eq!(end("2024-02-29", 12), "2025-02-28", "a month without the day ends it with its last");
    assert_eq!(end("2026-08-31", 6), "2027-02-28");
    assert_eq!(end("2026-11-30", 3), "2027-02-28");
    assert_eq!(end("2026-02-28", 24), "2028-02-28");
    assert_eq!(end("2026-02-28", 0), "2026-02-28");
}

proptest! {
    #[test]
    fn dates_survive_their_text(d in -200_000i64..200_000) {
        let date = CivilDate::from_epoch_days(d);
        prop_assert_eq!(date.epoch_days(), d);
        if date.year() >= 1000 {
            prop_assert_eq!(date.to_string().parse::<CivilDate>().unwrap(), date);
            prop_assert_eq!(date.at(23, 59).date(), date);
            prop_assert_eq!(date.at(0, 0).date(), date);
        }
        prop_assert!(date.quarter().contains(date));
        prop_assert!(date.month_of().first_day() <= date && date <= date.month_of().last_day());
    }

    #[test]
    fn age_never_falls_and_grows_by_one_a_year(b in -40_000i64..0, a in 0i64..45_000) {
        let (born, on) = (CivilDate::from_epoch_days(b), CivilDate::from_epoch_days(a));
        let age = born.age_on(on);
        prop_assert!(born.birthday(age) <= on && on < born.birthday(age + 1));
        prop_assert!(born.age_on(on.plus_days(1)) - age <= 1);
    }

    #[test]
    fn money_survives_its_text(f in -1_000_000_000_000i64..1_000_000_000_000) {
        prop_assert_eq!(Fen::parse_yuan(&Fen(f).plain()), Some(Fen(f)));
    }

    #[test]
    fn a_check_character_catches_any_single_slip(n in 0u64..1_000_000_000, at in 0usize..17, by in 1u8..10) {
        let head = format!("4415231949{:02}{:02}{:03}", n % 12 + 1, n / 12 % 28 + 1, n / 400 % 1000);
        let c = IdNumber::check_char(head.as_bytes()).unwrap();
        let good = format!("{head}{c}");
        prop_assert!(good.parse::<IdNumber>().is_ok());
        let mut bytes = good.into_bytes();
        bytes[at] = b'0' + (bytes[at] - b'0' + by) % 10;
        prop_assert!(String::from_utf8(bytes).unwrap().parse::<IdNumber>().is_err());
    }

    #[test]
    fn months_and_quarters_step_without_gaps(y in 1990i16..2100, m in 1i8..=12) {
        let month = Month { year: y, month: m };
        prop_assert_eq!(month.next().first_day(), month.last_day().plus_days(1));
        prop_assert_eq!(month.plus(7).plus(-7), month);
        let q = month.quarter();
        prop_assert_eq!(q.next().previous(), q);
        prop_assert_eq!(q.to_string().parse::<Quarter>().unwrap(), q);
    }
}
