//! Which months count: birthdays, deaths, moves, passages between packs, and households.
#![allow(clippy::unwrap_used)]
use kernel::{CivilDate, Fen, Month, Quarter};
use policy::{
    Fact, Facts, MonthStatus, Pack, PersonMonth, Refusal, SHIPPED, Timeline, Value, entitled_months, groups,
    household_months, shipped,
};
use proptest::prelude::*;

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}
fn person(birth: &str, hukou: &str) -> Timeline {
    let facts = Facts::new()
        .with(Fact::BirthDate, birth)
        .and_then(|f| f.with(Fact::Hukou, hukou))
        .and_then(|f| f.with(Fact::HukouRegion, "441523102205"))
        .and_then(|f| f.with(Fact::Alive, "true"));
    Timeline::new(facts.unwrap())
}
fn change(mut person: Timeline, on: &str, fact: Fact, text: &str) -> Timeline {
    person.change(day(on), fact, Value::parse(fact.ty(), text).unwrap()).unwrap();
    person
}
/// The shipped packs that fill the home care purse.
fn purses() -> Vec<Pack> {
    shipped().unwrap().into_iter().filter(Pack::fills_purse).collect()
}
/// The shipped packs with some parameters set otherwise; their own month examples no longer apply.
fn packs_with(changes: &[(&str, &str)]) -> Vec<Pack> {
    let load = |(file, text): &(&str, &str)| {
        let text = text.split("[[examples]]").next().unwrap().to_owned();
        let text = changes.iter().fold(text, |text, (name, value)| {
            let at = text.find(&format!("name = \"{name}\"")).unwrap();
            let from = at + text[at..].find("value = \"").unwrap();
            let end = from + 9 + text[from + 9..].find('"').unwrap();
            format!("{}value = \"{value}{}", &text[..from], &text[end..])
        });
        Pack::load(file, &text).unwrap_or_else(|e| panic!("{e}"))
    };
    SHIPPED.iter().filter(|(_, text)| text.contains("_purse\"")).map(load).collect()
}
/// For each month of the quarter the pack's id, `-` if not entitled, `?` if unknown.
fn quarter_of(packs: &[Pack], person: &Timeline, quarter: &str) -> Vec<String> {
    let quarter: Quarter = quarter.parse().unwrap();
    let group: Vec<&Pack> = packs.iter().collect();
    let months = entitled_months(&group, person, &quarter.months()).unwrap();
    months.iter().map(|m| name(packs, m)).collect()
}
fn name(packs: &[Pack], month: &PersonMonth) -> String {
    match month.status {
        MonthStatus::Entitled { pack, .. } => packs[pack].id.clone(),
        MonthStatus::NotEntitled => "-".into(),
        MonthStatus::Unknown(_) => "?".into(),
    }
}
const R75: &str = "rural-home-care-75-79";
const R80: &str = "rural-home-care-80";
const URBAN: &str = "urban-home-care";

#[test]
fn turning_75_in_the_quarter() {
    let born = person("1951-08-20", "rural");
    assert_eq!(quarter_of(&purses(), &born, "2026Q3"), ["-", R75, R75]);
    let next = packs_with(&[("start_month_after_birthday", "next")]);
    assert_eq!(quarter_of(&next, &born, "2026Q3"), ["-", "-", R75]);
    // The month after the birthday's may be the first of the next quarter.
    let september = person("1951-09-30", "rural");
    assert_eq!(quarter_of(&next, &september, "2026Q3"), ["-", "-", "-"]);
    assert_eq!(quarter_of(&next, &september, "2026Q4"), [R75, R75, R75]);
}

#[test]
fn turning_80_in_the_quarter_leaves_no_gap_and_no_double_month() {
    let born = person("1946-08-20", "rural");
    assert_eq!(quarter_of(&purses(), &born, "2026Q3"), [R75, R80, R80]);
    // Whatever the packs say singly, the passage is whole.
    for end in ["previous", "same", "next"] {
        let next = packs_with(&[("start_month_after_birthday", "next"), ("end_month_after_age", end)]);
        assert_eq!(quarter_of(&next, &born, "2026Q3"), [R75, R75, R80], "{end}");
        let same = packs_with(&[("end_month_after_age", end)]);
        assert_eq!(quarter_of(&same, &born, "2026Q3"), [R75, R80, R80], "{end}");
    }
    // Without a successor the pack's own rule holds.
    let alone = packs_with(&[("end_month_after_age", "same")]);
    assert_eq!(quarter_of(&alone[..1], &born, "2026Q3"), [R75, R75, "-"]);
}

#[test]
fn turning_75_on_28_february_for_the_29th() {
    let packs = packs_with(&[("start_month_after_birthday", "next")]);
    assert_eq!(quarter_of(&packs, &person("1952-02-29", "rural"), "2027Q1"), ["-", "-", R75]);
}

#[test]
fn dying_in_the_quarter() {
    let alive = person("1949-03-08", "rural");
    let dead = change(alive, "2026-09-01", Fact::DeathDate, "2026-08-05");
    // The notice came later; the day of death counts.
    assert_eq!(quarter_of(&purses(), &dead, "2026Q3"), [R75, R75, "-"]);
    for (rule, months) in [("previous", [R75, "-", "-"]), ("next", [R75, R75, R75])] {
        assert_eq!(quarter_of(&packs_with(&[("end_month_after_death", rule)]), &dead, "2026Q3"), months, "{rule}");
    }
    let first = change(person("1949-03-08", "rural"), "2026-08-01", Fact::DeathDate, "2026-08-01");
    assert_eq!(quarter_of(&purses(), &first, "2026Q3"), [R75, R75, "-"]);
    assert_eq!(quarter_of(&purses(), &first, "2026Q4"), ["-", "-", "-"]);
}

#[test]
fn moving_in_the_quarter() {
    let left = change(person("1949-03-08", "rural"), "2026-07-20", Fact::HukouRegion, "440103001001");
    assert_eq!(quarter_of(&purses(), &left, "2026Q3"), [R75, "-", "-"]);
    assert_eq!(quarter_of(&packs_with(&[("end_month_after_move", "previous")]), &left, "2026Q3"), ["-", "-", "-"]);
    let came = change(left, "2026-09-09", Fact::HukouRegion, "441523102205");
    assert_eq!(quarter_of(&purses(), &came, "2026Q3"), [R75, "-", R75]);
    assert_eq!(quarter_of(&packs_with(&[("start_month_after_move", "next")]), &came, "2026Q3"), [R75, "-", "-"]);
    let within = change(person("1949-03-08", "rural"), "2026-08-02", Fact::HukouRegion, "441502001001");
    assert_eq!(quarter_of(&purses(), &within, "2026Q3"), [R75, R75, R75]);
}

#[test]
fn passing_from_rural_to_urban_in_the_quarter() {
    let moved = change(person("1949-03-08", "rural"), "2026-08-10", Fact::Hukou, "urban");
    assert_eq!(quarter_of(&purses(), &moved, "2026Q3"), [R75, URBAN, URBAN]);
    assert_eq!(quarter_of(&packs_with(&[("start_month_after_move", "next")]), &moved, "2026Q3"), [R75, R75, URBAN]);
    // There and back within one month.
    let back = change(moved, "2026-08-25", Fact::Hukou, "rural");
    assert_eq!(quarter_of(&purses(), &back, "2026Q3"), [R75, R75, R75]);
}

#[test]
fn an_unknown_fact_leaves_the_month_open_until_it_is_known() {
    let mut facts =
        Timeline::new(Facts::new().with(Fact::BirthDate, "1949-03-08").unwrap().with(Fact::Alive, "true").unwrap());
    facts.change(day("2026-01-01"), Fact::HukouRegion, Value::Region("441523102205".parse().unwrap())).unwrap();
    assert_eq!(quarter_of(&purses(), &facts, "2026Q3"), ["?", "?", "?"]);
    let known = change(facts, "2026-08-15", Fact::Hukou, "rural");
    assert_eq!(quarter_of(&purses(), &known, "2026Q3"), ["?", R75, R75]);
}

#[test]
fn two_in_one_house_are_one_purse() {
    let packs = purses();
    let group: Vec<&Pack> = packs.iter().collect();
    let quarter: Quarter = "2026Q3".parse().unwrap();
    let of = |p: &Timeline| entitled_months(&group, p, &quarter.months()).unwrap();
    let wife = of(&person("1949-03-08", "rural"));
    let husband = of(&change(person("1948-01-01", "rural"), "2026-07-09", Fact::DeathDate, "2026-07-09"));
    let both = household_months(&group, &[wife.clone(), husband.clone()]).unwrap();
    assert!(both.iter().all(|m| m.amount == Fen::yuan(100)));
    assert_eq!(both.iter().map(|m| m.entitled.len()).collect::<Vec<_>>(), [2, 1, 1]);
    // The survivor keeps the purse; with nobody left there is none.
    let alone = household_months(&group, &[husband]).unwrap();
    assert_eq!(alone.iter().map(|m| m.amount).sum::<Fen>(), Fen::yuan(100));
    // Members under packs with different standards: one purse at the higher one, or the lower where the pack says so.
    let elder = of(&person("1940-01-01", "rural"));
    let mixed = household_months(&group, &[wife.clone(), elder.clone()]).unwrap();
    assert!(mixed.iter().all(|m| m.amount == Fen::yuan(120) && m.pack == Some(1)));
    let lowest = packs_with(&[("household_rule", "lowest")]);
    let group: Vec<&Pack> = lowest.iter().collect();
    let mixed = household_months(&group, &[wife, elder]).unwrap();
    assert!(mixed.iter().all(|m| m.amount == Fen::yuan(100) && m.pack == Some(0)));
}

#[test]
fn months_are_refused_only_for_parameters_they_need() {
    let text = SHIPPED[0].1.split("[[examples]]").next().unwrap().to_owned();
    let text =
        text.replace("value = \"100.00\", from = 2020-06-01", "value = \"100.00\", from = 2020-06-01, to = 2026-09-30");
    let pack = [Pack::load("f", &text).unwrap()];
    let p = person("1949-03-08", "rural");
    assert_eq!(quarter_of(&pack, &p, "2026Q3"), [R75, R75, R75]);
    let next: Quarter = "2026Q4".parse().unwrap();
    let refused = entitled_months(&[&pack[0]], &p, &next.months());
    assert!(matches!(refused, Err(Refusal::ExpiredParameter { .. })), "{refused:?}");
}

#[test]
fn packs_are_grouped_by_what_excludes_each_other() {
    let mut packs = purses();
    let ids = |packs: &[Pack]| -> Vec<Vec<String>> {
        groups(packs).iter().map(|g| g.iter().map(|p| p.id.clone()).collect()).collect()
    };
    packs.reverse();
    assert_eq!(ids(&packs), [[R75, R80, URBAN]]);
    packs[0].group = None;
    assert_eq!(groups(&packs).len(), 2);
    let both = [&packs[0], &packs[1]];
    assert!(matches!(
        entitled_months(&both, &person("1949-03-08", "rural"), &[Month { year: 2026, month: 8 }]),
        Err(Refusal::DifferentGroups(..))
    ));
}

fn any_history() -> impl Strategy<Value = (Timeline, Vec<String>)> {
    let birth = (1940i16..1956, 1i8..=12, 1i8..=31).prop_filter_map("a date", |(y, m, d)| CivilDate::new(y, m, d));
    let change = (
        0i64..700,
        prop::sample::select(vec![
            (Fact::Hukou, "urban"),
            (Fact::Hukou, "rural"),
            (Fact::HukouRegion, "440103001001"),
            (Fact::HukouRegion, "441523102205"),
        ]),
    );
    let death = prop::option::of(0i64..700);
    (birth, prop::collection::vec(change, 0..4), death).prop_map(|(birth, changes, death)| {
        let start = day("2026-01-01");
        let mut p = person(&birth.to_string(), "rural");
        for (after, (fact, text)) in &changes {
            p.change(start.plus_days(*after), *fact, Value::parse(fact.ty(), text).unwrap()).unwrap();
        }
        if let Some(after) = death {
            p.change(start, Fact::DeathDate, Value::Date(start.plus_days(after))).unwrap();
        }
        (p, vec![format!("{birth} {changes:?} {death:?}")])
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    /// A month's answer does not depend on the period it is asked in.
    #[test]
    fn months_asked_singly_or_together_agree(
        (p, note) in any_history(),
        start in prop::sample::select(vec!["same", "next"]),
        end in prop::sample::select(vec!["previous", "same", "next"]),
    ) {
        let packs = packs_with(&[
            ("start_month_after_birthday", start), ("start_month_after_move", start),
            ("end_month_after_age", end), ("end_month_after_death", end), ("end_month_after_move", end),
        ]);
        let group: Vec<&Pack> = packs.iter().collect();
        let first = Month { year: 2026, month: 1 };
        let year: Vec<Month> = (0..24).map(|n| first.plus(n)).collect();
        let together = entitled_months(&group, &p, &year).unwrap();
        for month in &together {
            let single = entitled_months(&group, &p, &[month.month]).unwrap();
            prop_assert_eq!(name(&packs, &single[0]), name(&packs, month), "{:?} {}", &note, month.month);
        }
    }

    /// Someone rural and local is entitled without a gap from the 75th birthday to death.
    #[test]
    fn no_gap_between_75_and_death(y in 1944i16..1954, m in 1i8..=12, d in 1i8..=28, start in prop::sample::select(vec!["same", "next"])) {
        let packs = packs_with(&[("start_month_after_birthday", start)]);
        let group: Vec<&Pack> = packs.iter().collect();
        let birth = CivilDate::new(y, m, d).unwrap();
        let p = person(&birth.to_string(), "rural");
        let offset = if start == "next" { 1 } else { 0 };
        let begins = birth.birthday(75).month_of().plus(offset);
        let passes = birth.birthday(80).month_of().plus(offset);
        let first = Month { year: 2025, month: 1 };
        let months: Vec<Month> = (0..60).map(|n| first.plus(n)).collect();
        for month in entitled_months(&group, &p, &months).unwrap() {
            let expected = if month.month < begins { "-" } else if month.month < passes { R75 } else { R80 };
            prop_assert_eq!(name(&packs, &month), expected, "{} {}", birth, month.month);
        }
    }
}
