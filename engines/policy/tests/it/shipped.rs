//! The shipped packs: what the requirement says of them, and that their examples guard them.
#![allow(clippy::unwrap_used)]
use kernel::{CivilDate, Fen};
use policy::{Fact, Facts, GrantKind, Pack, SHIPPED, Settlement, Truth, Verdict, check_set, shipped};

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}
fn rural(birth: &str) -> Facts {
    Facts::new()
        .with(Fact::BirthDate, birth)
        .and_then(|f| f.with(Fact::Hukou, "rural"))
        .and_then(|f| f.with(Fact::HukouRegion, "441523102205"))
        .and_then(|f| f.with(Fact::Alive, "true"))
        .unwrap()
}
fn pack(id: &str) -> Pack {
    shipped().unwrap().into_iter().find(|p| p.id == id).unwrap()
}

#[test]
fn the_rural_pack_is_what_the_requirement_says() {
    let pack = pack("rural-home-care-75-79");
    assert!(!pack.local_example && !pack.application_needed);
    let GrantKind::HouseholdPurse { settlement, carry_over, .. } = pack.grants[0].kind else {
        panic!("one purse per household");
    };
    assert_eq!((settlement, carry_over), (Settlement::Quarter, false));
    let on = pack.at(day("2026-11-20")).unwrap();
    for (birth, verdict, monthly) in [
        ("1951-11-21", Verdict::NotEligible, 0),
        ("1951-11-20", Verdict::Eligible, 10_000),
        ("1946-11-21", Verdict::Eligible, 10_000),
        ("1946-11-20", Verdict::NotEligible, 0),
    ] {
        let outcome = on.decide(&rural(birth));
        assert_eq!((outcome.verdict, on.monthly(&outcome)), (verdict, Fen(monthly)), "born {birth}");
    }
    let urban = rural("1949-03-08").with(Fact::Hukou, "urban").unwrap();
    assert_eq!(on.decide(&urban).verdict, Verdict::NotEligible);
    let elsewhere = rural("1949-03-08").with(Fact::HukouRegion, "440103001001").unwrap();
    assert_eq!(on.decide(&elsewhere).verdict, Verdict::NotEligible);
}

#[test]
fn neighbours_are_marked_as_local_examples_and_silent_points_are_visible() {
    let packs = shipped().unwrap();
    assert!(check_set(&packs).is_empty(), "{:?}", check_set(&packs));
    for pack in &packs {
        let invented = ["rural-home-care-80", "urban-home-care"].contains(&pack.id.as_str());
        assert_eq!(pack.local_example, invented, "{}", pack.id);
        assert_eq!(pack.local_example, !pack.local_example_note.is_empty());
        let choices = pack.choices(day("2026-11-20"));
        if pack.fills_purse() {
            for name in ["start_month_after_birthday", "end_month_after_death", "end_month_after_move"] {
                let choice = choices.iter().find(|c| c.parameter == name).unwrap();
                assert!(!choice.why.is_empty() && !choice.value.is_empty());
            }
        }
        assert!(pack.examples >= 6, "{}", pack.id);
        assert!(pack.conditions.iter().all(|c| c.cel().is_none() || c.is_native()), "{}", pack.id);
        assert!(pack.conditions.iter().all(|c| c.article.is_some()), "{}", pack.id);
        assert!(!pack.application_needed || !pack.evidence.is_empty(), "{} asks for nothing", pack.id);
    }
}

#[test]
fn every_kind_of_rule_the_requirement_names_is_shipped() {
    let packs = shipped().unwrap();
    let sum = |id: &str, grant: &str| {
        let pack = packs.iter().find(|p| p.id == id).unwrap();
        let on = pack.at(day("2026-11-20")).unwrap();
        let grant = pack.grants.iter().find(|g| g.name == grant).unwrap();
        on.grant_zh(&grant.kind)
    };
    for (pack, grant, text) in [
        ("rural-home-care-75-79", "home_care", "每户每月 ¥100.00"),
        ("renovation-chongqing-2020", "renovation", "据实补贴，最高 ¥2,000.00"),
        ("renovation-hubei", "renovation", "据实补贴，最高 ¥2,000.00"),
        ("visits-monthly", "visit", "每月 1 次"),
        ("visits-weekly", "visit", "每周 1 次"),
        ("meal-help", "meal", "每餐 ¥2.00，每天最多 2 餐"),
        ("service-tiers-yiwu", "free_service", "免费"),
        ("service-tiers-yiwu", "low_fee_service", "自付 50%"),
        ("service-tiers-yiwu", "paid_service", "自付 100%"),
        ("bed-subsidy-quxian", "bed", "每张床一次性 ¥10,000.00"),
        ("inner-medical-luoyuan", "clinic", "一次性 ¥80,000.00"),
        ("inner-medical-luoyuan", "nursing_station", "一次性 ¥100,000.00"),
        ("demonstration-sites", "centre", "一次性 ¥500,000.00"),
        ("demonstration-sites", "station", "一次性 ¥200,000.00"),
        ("canteen-subsidy", "canteen", "每年 ¥60,000.00"),
        ("lottery-share", "floor", "不低于 55%"),
    ] {
        assert_eq!(sum(pack, grant), text, "{pack}");
    }
    for (id, place) in [
        ("renovation-chongqing-2020", "50"),
        ("renovation-hubei", "42"),
        ("service-tiers-yiwu", "330782"),
        ("bed-subsidy-quxian", "511725"),
        ("inner-medical-luoyuan", "350123"),
    ] {
        assert_eq!(packs.iter().find(|p| p.id == id).unwrap().place.prefix(), place);
    }
}

#[test]
fn breaking_any_leaf_of_a_shipped_pack_breaks_an_example() {
    for (file, text) in SHIPPED {
        let pack = Pack::load(file, text).unwrap();
        for condition in pack.conditions.iter() {
            let Some(cel) = condition.cel() else { continue };
            let turned = text.replace(&format!("cel = \"{cel}\""), &format!("cel = \"!({cel})\""));
            assert_ne!(turned, **text);
            let Err(error) = Pack::load(file, &turned) else { panic!("{file}: {} is not tested", condition.name) };
            assert!(error.message.contains("样例"), "{error}");
        }
    }
}

#[test]
fn a_changed_rule_breaks_an_example() {
    for (from, to) in
        [("age < end_age", "age <= end_age"), ("age >= min_age", "age > min_age"), ("== 'rural'", "== 'urban'")]
    {
        let (file, text) = SHIPPED[0];
        assert!(text.contains(from));
        let error = Pack::load(file, &text.replace(from, to)).unwrap_err();
        assert!(error.message.contains("样例"), "{error}");
    }
}

#[test]
fn the_birthday_of_the_29th_of_february() {
    let pack = pack("rural-home-care-75-79");
    let born = rural("1952-02-29");
    let verdict = |on: &str| pack.at(day(on)).unwrap().decide(&born).verdict;
    assert_eq!(verdict("2027-02-27"), Verdict::NotEligible);
    assert_eq!(verdict("2027-02-28"), Verdict::Eligible);
    // 80 falls in a leap year: the day itself exists.
    assert_eq!(verdict("2032-02-28"), Verdict::Eligible);
    assert_eq!(verdict("2032-02-29"), Verdict::NotEligible);
}

#[test]
fn the_explanation_shows_each_condition_with_article_fact_and_value() {
    let pack = pack("rural-home-care-75-79");
    let on = pack.at(day("2026-11-20")).unwrap();
    let facts = rural("1949-03-08");
    let shown = on.explain(&on.decide(&facts), &facts);
    assert_eq!(shown.root.count(), (4, 4));
    let age = shown.root.children.iter().find(|r| r.name == "age_band").unwrap();
    assert_eq!(age.label, "满 75 周岁、不满 80 周岁");
    assert_eq!(age.article.as_deref(), Some("服务对象"));
    assert_eq!((age.facts[0].zh.as_str(), age.facts[0].value.as_str()), ("年龄", "77"));
    let hukou = shown.root.children.iter().find(|r| r.name == "rural_hukou").unwrap();
    assert_eq!((hukou.truth, hukou.facts[0].value.as_str()), (Truth::Met, "农村"));
    assert_eq!((shown.grants[0].per.as_str(), shown.grants[0].amount), ("每户每月", Fen::yuan(100)));
    let stored = serde_json::to_string(&shown).unwrap();
    assert_eq!(serde_json::from_str::<policy::Explanation>(&stored).unwrap(), shown);
}

#[test]
fn an_outcome_and_facts_survive_storage() {
    let pack = pack("rural-home-care-75-79");
    let on = pack.at(day("2026-11-20")).unwrap();
    let facts = rural("1949-03-08").with(Fact::SpecialGroups, "dementia,preferential_treatment").unwrap();
    let outcome = on.decide(&facts);
    let stored = serde_json::to_string(&(outcome, &facts)).unwrap();
    let (again, same): (policy::Outcome, Facts) = serde_json::from_str(&stored).unwrap();
    assert_eq!((again, &same), (outcome, &facts));
    assert_eq!(on.explain(&again, &same), on.explain(&outcome, &facts));
}
