//! Facts in, outcomes out, one line at a time.
#![allow(clippy::unwrap_used)]
use crate::common::day;
use policy::{LineResult, Pack, PackResult, PacksOn, SHIPPED, Subject, Truth, Verdict, decide_line, shipped};
use proptest::prelude::*;
use std::sync::OnceLock;

fn packs() -> &'static [Pack] {
    static PACKS: OnceLock<Vec<Pack>> = OnceLock::new();
    PACKS.get_or_init(|| shipped().unwrap())
}

fn ask(line: &str) -> Result<LineResult, policy::LineError> {
    decide_line(&PacksOn::new(packs(), day("2026-11-20")), line)
}

fn of<'a>(result: &'a LineResult, pack: &str) -> &'a PackResult {
    result.packs.iter().find(|p| p.pack == pack).unwrap()
}

const ELDER: &str = r#""birth_date": "1949-03-08", "hukou": "rural", "hukou_region": "441523102205", "alive": true"#;

#[test]
fn both_forms_of_a_line_give_the_same_answer() {
    let flat = ask(&format!("{{\"id\": \"甲-1\", {ELDER}}}")).unwrap();
    let nested = ask(&format!("{{\"id\": \"甲-1\", \"facts\": {{{ELDER}}}}}")).unwrap();
    assert_eq!(serde_json::to_value(&flat).unwrap(), serde_json::to_value(&nested).unwrap());
    assert_eq!((flat.id.as_str(), flat.subject), (Some("甲-1"), Subject::Person));
    // Only packs about persons answer, every one of them.
    let persons = packs().iter().filter(|p| p.subject == Subject::Person).count();
    assert_eq!(flat.packs.len(), persons);
    // An id may be anything or nothing.
    assert_eq!(ask(&format!("{{\"id\": 7, {ELDER}}}")).unwrap().id, 7);
    assert!(ask(&format!("{{{ELDER}}}")).unwrap().id.is_null());
}

#[test]
fn the_answer_names_class_grants_reasons_and_missing_facts() {
    let answer = ask(&format!("{{\"id\": 1, {ELDER}}}")).unwrap();
    let rural = of(&answer, "rural-home-care-75-79");
    assert_eq!((rural.outcome, rural.class.as_deref(), rural.applies), (Verdict::Eligible, Some("rural_75_79"), true));
    let grant = serde_json::to_value(&rural.grants[0]).unwrap();
    assert_eq!((&grant["kind"], &grant["fen"]), (&"household_purse".into(), &10_000.into()));
    let age = rural.reasons.iter().find(|r| r.condition == "age_band").unwrap();
    assert_eq!((age.result, age.article.as_deref()), (Truth::Met, Some("服务对象")));
    assert_eq!((age.facts[0].name, &age.facts[0].value), ("age", &serde_json::json!(77)));
    let weekly = of(&answer, "visits-weekly");
    assert_eq!((weekly.outcome, weekly.grants.len()), (Verdict::Unknown, 0));
    assert!(weekly.missing.contains(&"residence_region"));
    let far = ask(&format!("{{{ELDER}, \"residence_region\": \"441523102205\"}}")).unwrap();
    let chongqing = of(&far, "renovation-chongqing-2020");
    assert_eq!((chongqing.applies, chongqing.outcome), (false, Verdict::NotEligible));
}

#[test]
fn sums_are_worked_out_where_the_facts_say_enough() {
    let line = r#"{"birth_date": "1940-01-01", "alive": true, "residence_region": "500112101201",
        "income_class": "lifted_poverty", "home_right": "owned", "home_safe": true, "demolition_listed": false,
        "renovation_subsidised": false, "can_live_elsewhere": true, "renovation_basic_cost": 260000}"#;
    let answer = ask(line).unwrap();
    let grant = &of(&answer, "renovation-chongqing-2020").grants[0];
    let money = serde_json::to_value(grant).unwrap();
    assert_eq!(
        (&money["fen"], &money["granted_fen"], &money["own_fen"]),
        (&200_000.into(), &200_000.into(), &60_000.into())
    );
    let without = ask(&line.replace(", \"renovation_basic_cost\": 260000", "")).unwrap();
    let money = serde_json::to_value(&of(&without, "renovation-chongqing-2020").grants[0]).unwrap();
    assert_eq!((&money["fen"], &money["granted_fen"]), (&200_000.into(), &serde_json::Value::Null));
}

#[test]
fn facilities_and_funds_have_lines_of_their_own() {
    let facility =
        ask(r#"{"id": "f", "subject": "facility", "facility_region": "441502001001", "facility_kind": "canteen",
            "accepted": true, "subsidies_received": []}"#)
        .unwrap();
    assert!(facility.packs.iter().all(|p| packs().iter().any(|q| q.id == p.pack && q.subject == Subject::Facility)));
    let canteen = serde_json::to_value(of(&facility, "canteen-subsidy")).unwrap();
    assert_eq!((&canteen["outcome"], &canteen["grants"][0]["granted_fen"]), (&"eligible".into(), &6_000_000.into()));
    assert!(!of(&facility, "bed-subsidy-quxian").applies);
    let fund =
        ask(r#"{"subject": "fund", "facts": {"fund_region": "4415", "lottery_total": 100, "lottery_elderly": 54}}"#);
    let fund = fund.unwrap();
    let share = of(&fund, "lottery-share");
    assert_eq!(share.outcome, Verdict::NotEligible);
    let seen = &share.reasons.iter().find(|r| r.condition == "enough").unwrap().facts[0];
    assert_eq!((seen.name, &seen.value), ("lottery_elderly_percent", &serde_json::json!(54)));
}

#[test]
fn a_pack_that_gives_way_says_to_which() {
    let line = r#"{"birth_date": "1940-01-01", "alive": true, "residence_region": "441523102205",
        "institution_resident": false, "living": "living_alone"}"#;
    let answer = ask(line).unwrap();
    assert_eq!(of(&answer, "visits-monthly").excluded_by.as_deref(), Some("visits-weekly"));
    assert_eq!(of(&answer, "visits-weekly").excluded_by, None);
}

#[test]
fn what_cannot_be_read_is_refused_with_its_reason() {
    for (line, says) in [
        ("", "不是 JSON"),
        ("{\"alive\": true", "不是 JSON"),
        ("[1]", "JSON 对象"),
        ("{\"facts\": 3}", "facts 要是"),
        ("{\"facts\": {}, \"alive\": true}", "“alive”不认识"),
        ("{\"birthdate\": \"1949-03-08\"}", "没有“birthdate”这个事实"),
        ("{\"alive\": \"yes\"}", "true 或 false"),
        ("{\"household_size\": -1}", "不小于 0"),
        ("{\"household_size\": 1.5}", "整数"),
        ("{\"birth_date\": \"1949-3-8x\"}", "如 2026-11-21"),
        ("{\"hukou\": \"city\"}", "rural、urban"),
        ("{\"age\": 77}", "由别的事实算出"),
        ("{\"facility_kind\": \"canteen\"}", "说的不是老年人"),
        ("{\"subject\": \"fund\", \"alive\": true}", "说的不是资金"),
        ("{\"subject\": \"cat\"}", "person、facility、fund"),
    ] {
        let error = ask(line).unwrap_err().to_string();
        assert!(error.contains(says), "{line}: {error}");
    }
    assert!(ask(&format!("{{\"id\": \"{}\"}}", "x".repeat(70_000))).unwrap_err().to_string().contains("太长"));
    assert!(ask(&"[".repeat(60_000)).is_err());
}

#[test]
fn lines_hold_for_every_shipped_example_too() {
    // Each example's facts, asked by line, give the verdict the example expects.
    for (file, text) in SHIPPED {
        let document: toml::Table = text.parse().unwrap();
        let subject = document.get("subject").and_then(|s| s.as_str()).unwrap_or("person").to_owned();
        for example in document["examples"].as_array().unwrap() {
            let (Some(on), Some(expect)) = (example.get("on"), example.get("expect")) else { continue };
            let mut facts = serde_json::Map::new();
            for (name, value) in example["facts"].as_table().unwrap() {
                let json = match value {
                    toml::Value::Datetime(date) => date.to_string().into(),
                    other => serde_json::to_value(other).unwrap(),
                };
                facts.insert(name.clone(), json);
            }
            let line = serde_json::json!({ "subject": subject, "facts": facts }).to_string();
            let set = PacksOn::new(packs(), day(&on.to_string()));
            let answer = decide_line(&set, &line).unwrap();
            let pack = of(&answer, document["id"].as_str().unwrap());
            assert_eq!(pack.outcome.code(), expect.as_str().unwrap(), "{file}: {}", example["name"]);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_line_panics(line in "\\PC{0,200}", object in "[a-z_\":,{}\\[\\]0-9.truefalsn -]{0,200}") {
        let _ = ask(&line);
        let _ = ask(&format!("{{{object}}}"));
    }
}
