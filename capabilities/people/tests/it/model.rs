//! Groups, terms and the rules of the list, without a database.
use crate::common::*;
use people::model::{AgeBand, Economy, Health, Living, born_to_be, classify, question, terms};
use people::model::{Care, ElderFacts, Hukou, IncomeClass, Question};

fn facts(birth: &str) -> ElderFacts {
    ElderFacts {
        elder: kernel::ElderId(uuid::Uuid::from_u128(1)),
        birth: day(birth),
        sex: kernel::Sex::Male,
        hukou: Hukou::Rural,
        hukou_region: None,
        region: region(DUNTANG),
        living: Living::Unknown,
        income: IncomeClass::Subsistence,
        specials: vec![],
        care: Some(Care::SemiDisabled),
        certificate: None,
        died_on: None,
        moved_in_on: None,
        moved_out_on: None,
        institution_since: None,
        institution_until: None,
        changes: vec![],
    }
}

#[test]
fn groups_change_by_themselves_on_the_birthday_and_end_with_death() {
    let mut f = facts("1951-11-21");
    let on = |f: &ElderFacts, d: &str| classify(f, day(d)).map(|g| (g.age, g.health, g.economy));
    assert_eq!(on(&f, "2026-11-20"), Some((AgeBand::From70, Health::PartlyDependent, Economy::Supported)));
    assert_eq!(on(&f, "2026-11-21"), Some((AgeBand::From75, Health::PartlyDependent, Economy::Supported)));
    f.died_on = Some(day("2026-12-01"));
    assert!(on(&f, "2026-11-30").is_some());
    assert_eq!(on(&f, "2026-12-01"), None);
}

#[test]
fn birth_dates_of_an_age_agree_with_the_age_on_every_day() {
    for start in ["2023-02-26", "2024-02-27", "2026-11-18"] {
        for n in 0..6 {
            let on = day(start).plus_days(n);
            for years in [60, 75, 80] {
                let latest = born_to_be(years, on);
                assert!(latest.age_on(on) >= years, "{latest} on {on}");
                assert!(latest.plus_days(1).age_on(on) < years, "{latest} on {on}");
            }
        }
    }
}

#[test]
fn a_leap_day_child_is_75_on_the_28th_of_february() {
    let (first, last) = AgeBand::From75.births(day("2027-02-28"));
    assert!((first..=last).contains(&day("1952-02-29")));
    let (first, last) = AgeBand::From75.births(day("2027-02-27"));
    assert!(!(first..=last).contains(&day("1952-02-29")));
}

#[test]
fn both_readings_of_a_surname_are_terms() {
    let t = terms("曾月华", "2345", "墩塘村上围17号");
    for wanted in
        ["曾月华", "月华", "华", "zengyuehua", "cengyuehua", "zyh", "cyh", "yuehua", "#2345", "@上围", "@17号"]
    {
        assert!(t.iter().any(|x| x == wanted), "{wanted} in {t:?}");
    }
}

#[test]
fn questions_are_read_for_what_they_are() {
    let number = id_number("1949-03-08", kernel::Sex::Female, 40);
    assert_eq!(question(&format!(" {} ", number.as_str().to_lowercase())), Question::IdNumber(number.as_str().into()));
    assert_eq!(question("138-6601-2345"), Question::Phone("13866012345".into()));
    assert_eq!(question("２３４５"), Question::PhoneEnd("2345".into()));
    assert_eq!(question("Zeng Yue"), Question::Letters("zengyue".into()));
    assert_eq!(question(" ％'; "), Question::Empty);
}
