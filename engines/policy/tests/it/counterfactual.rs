//! What would have to change for somebody who is not eligible.
#![allow(clippy::unwrap_used)]
use crate::common::{day, load};
use policy::{Counterfactual, Fact, Facts, Pack, Truth, shipped};

fn pack(id: &str) -> Pack {
    shipped().unwrap().into_iter().find(|p| p.id == id).unwrap()
}

fn facts(items: &[(Fact, &str)]) -> Facts {
    items.iter().fold(Facts::new(), |facts, (fact, text)| facts.with(*fact, text).unwrap())
}

fn rural(birth: &str) -> Facts {
    facts(&[
        (Fact::BirthDate, birth),
        (Fact::Hukou, "rural"),
        (Fact::HukouRegion, "441523102205"),
        (Fact::Alive, "true"),
    ])
}

fn ask(pack: &Pack, facts: &Facts) -> Option<Counterfactual> {
    pack.at(day("2026-11-20")).unwrap().counterfactual(facts)
}

#[test]
fn it_says_the_value_there_is_the_value_needed_and_the_day() {
    let pack = pack("rural-home-care-75-79");
    assert_eq!(ask(&pack, &rural("1949-03-08")), None, "eligible: nothing has to change");
    let young = ask(&pack, &rural("1952-02-29")).unwrap();
    assert!(young.possible);
    let [need] = young.needs.as_slice() else { panic!("one condition: {:?}", young.needs) };
    assert_eq!((need.condition.as_str(), need.truth), ("age_band", Truth::Unmet));
    assert_eq!((need.has.as_str(), need.needs.as_str()), ("年龄 74", "要满 75 周岁"));
    assert_eq!((need.met_on, need.can_change), (Some(day("2027-02-28")), true));
    assert_eq!(need.article.as_deref(), Some("服务对象"));
    // Too old does not change any more.
    let old = ask(&pack, &rural("1940-01-01")).unwrap();
    assert!(!old.possible);
    assert_eq!((old.needs[0].needs.as_str(), old.needs[0].can_change), ("要不满 80 周岁", false));
    let urban = ask(&pack, &rural("1949-03-08").with(Fact::Hukou, "urban").unwrap()).unwrap();
    assert_eq!((urban.needs[0].has.as_str(), urban.needs[0].needs.as_str()), ("户籍性质 城镇", "户籍性质要为农村"));
    let dead = ask(&pack, &rural("1949-03-08").with(Fact::DeathDate, "2026-01-01").unwrap()).unwrap();
    assert!(!dead.possible);
}

#[test]
fn the_fewest_conditions_are_named() {
    let pack = pack("renovation-chongqing-2020");
    let able = [
        (Fact::EatUnaided, "true"),
        (Fact::DressUnaided, "true"),
        (Fact::BedTransferUnaided, "true"),
        (Fact::ToiletUnaided, "false"),
        (Fact::WalkIndoorsUnaided, "false"),
        (Fact::BatheUnaided, "false"),
    ];
    let mut person = facts(&able);
    for (fact, text) in [
        (Fact::BirthDate, "1956-05-01"),
        (Fact::Alive, "true"),
        (Fact::ResidenceRegion, "500112101201"),
        (Fact::IncomeClass, "lifted_poverty"),
        (Fact::DisabilityCert, "false"),
        (Fact::HomeRight, "rented"),
        (Fact::HomeSafe, "true"),
        (Fact::DemolitionListed, "false"),
        (Fact::RenovationSubsidised, "false"),
        (Fact::CanLiveElsewhere, "true"),
    ] {
        person = person.with(fact, text).unwrap();
    }
    let answer = ask(&pack, &person).unwrap();
    let named: Vec<&str> = answer.needs.iter().map(|n| n.condition.as_str()).collect();
    // One of: ten more years, one more indicator, a certificate. And the house.
    assert_eq!((answer.possible, named.len()), (true, 2), "{named:?}");
    assert!(named.contains(&"home_right") && named.contains(&"is_aged"), "{named:?}");
    let home = answer.needs.iter().find(|n| n.condition == "home_right").unwrap();
    assert_eq!(home.needs, "住房权属要为有产权、有长期使用权中的一种");
    // What is named is enough: changed, it makes eligible.
    let changed = person.with(Fact::HomeRight, "owned").unwrap();
    let later = pack.at(day("2036-05-01")).unwrap();
    assert_eq!(later.counterfactual(&changed), None);
}

#[test]
fn an_open_fact_and_an_assessment_are_named_too() {
    let pack = pack("service-need-level");
    let person = facts(&[
        (Fact::BirthDate, "1945-05-01"),
        (Fact::Alive, "true"),
        (Fact::ResidenceRegion, "441502001001"),
        (Fact::InstitutionResident, "false"),
        (Fact::AbilityLevel, "moderate"),
    ]);
    let answer = ask(&pack, &person).unwrap();
    assert_eq!((answer.class.as_str(), answer.needs.len()), ("照顾需求中度", 1));
    assert_eq!(answer.needs[0].truth, Truth::Unknown);
    assert!(answer.needs[0].needs.contains("MZ/T 039-2013"), "{}", answer.needs[0].needs);
}

#[test]
fn combined_conditions_are_put_into_words() {
    for (cel, says) in [
        ("!(hukou == 'urban') && household_size < 3", "户籍性质要为农村，户内人数要少于 3"),
        ("disability_cert || household_size == 1", "持残疾证要为是，或者户内人数要为 1"),
        ("3 > household_size", "户内人数要少于 3"),
        ("'dementia' in special_groups", "特殊群体要有失智"),
        ("!('dementia' in special_groups)", ""),
        ("residence_region.startsWith('4401')", "居住地要在区划 4401"),
        ("assessed_on >= '2026-01-01'", "评估日期要不早于 2026-01-01"),
        ("!(age < 75)", "要满 75 周岁"),
    ] {
        let text = format!("[[conditions]]\nname = \"who\"\nlabel = \"条件\"\ncel = \"{cel}\"\n");
        let pack = load(&text).unwrap_or_else(|e| panic!("{e}"));
        let person = facts(&[
            (Fact::BirthDate, "1960-01-01"),
            (Fact::Hukou, "urban"),
            (Fact::HouseholdSize, "4"),
            (Fact::DisabilityCert, "false"),
            (Fact::SpecialGroups, ""),
            (Fact::ResidenceRegion, "441502001001"),
            (Fact::AssessedOn, "2025-01-01"),
        ]);
        let answer = pack.at(day("2026-03-01")).unwrap().counterfactual(&person);
        assert_eq!(answer.map_or(String::new(), |a| a.needs[0].needs.clone()), says, "{cel}");
    }
    let text = "[[conditions]]\nname = \"who\"\nlabel = \"条件\"\ncel = \"birth_date < '1950-01-01'\"\n";
    let never = load(text).unwrap().at(day("2026-03-01")).unwrap().counterfactual(&rural("1960-01-01")).unwrap();
    assert!(!never.possible);
}
