//! The rules on the command line.

use crate::program::{Said, command, said};
use serde_json::Value;

fn say(args: &[&str]) -> Said {
    said(command(args).output().unwrap())
}

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn every_example_of_every_shipped_pack_is_run() {
    let checked = say(&["policy", "check", "--json"]);
    assert!(checked.ok, "{}{}", checked.out, checked.err);
    let value: Value = serde_json::from_str(&checked.out).unwrap();
    let packs = value["packs"].as_array().unwrap();
    assert!(packs.len() >= 18, "{} packs", packs.len());
    assert!(packs.iter().all(|p| p["examples"].as_u64() >= Some(6)), "{packs:?}");
    let listed: Value = serde_json::from_str(&say(&["policy", "list", "--json"]).out).unwrap();
    assert_eq!(listed.as_array().unwrap().len(), packs.len());
}

#[test]
fn a_fault_is_told_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let (_, text) = policy::SHIPPED.iter().find(|(file, _)| file.contains("rural-home-care-75-79")).unwrap();
    let broken = folder.path().join("broken.toml");
    std::fs::write(&broken, text.replace("age >= min_age", "age >= no_such_thing")).unwrap();
    let checked = say(&["policy", "check", broken.to_str().unwrap()]);
    assert!(!checked.ok);
    let at = text.lines().position(|l| l.contains("age >= min_age")).unwrap() + 1;
    assert!(checked.out.contains(&format!("broken.toml:{at}:")), "{}", checked.out);
    // A rule that is changed breaks an example.
    std::fs::write(&broken, text.replace("age < end_age", "age <= end_age")).unwrap();
    let checked = say(&["policy", "check", broken.to_str().unwrap()]);
    assert!(!checked.ok && checked.out.contains("满 80 周岁当天"), "{}", checked.out);
}

#[test]
fn people_of_no_database_are_decided_line_by_line() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("people.jsonl");
    let facts = r#""hukou":"rural","hukou_region":"441523102205","residence_region":"441523102205","alive":true"#;
    let text = format!(
        "{{\"id\":\"a\",\"facts\":{{\"birth_date\":\"1951-11-21\",{facts}}}}}\n\
         {{\"id\":\"b\",\"birth_date\":\"1951-11-22\",{facts}}}\n\
         {{\"id\":\"c\",\"birth_date\":\"1950-01-01\",\"hukou_region\":\"441523102205\",\"alive\":true}}\n\
         not json\n"
    );
    std::fs::write(&file, text).unwrap();
    let decided = say(&["policy", "decide", "--facts", file.to_str().unwrap(), "--on", "2026-11-21", "--json"]);
    assert!(
        !decided.ok && decided.err.contains("people.jsonl:4:"),
        "a bad line is told and stops nobody: {}",
        decided.err
    );
    let answers = lines(&decided.out);
    let of = |id: &str| answers.iter().find(|v| v["id"] == id && v["pack"] == "rural-home-care-75-79").unwrap();
    assert_eq!(of("a")["outcome"], "eligible");
    assert_eq!(of("a")["grants"][0]["fen"], 10_000);
    assert!(of("a")["reasons"].as_array().unwrap().iter().all(|r| r["article"].is_string()));
    assert_eq!(of("b")["outcome"], "not_eligible", "one day short of 75");
    assert_eq!(of("c")["outcome"], "unknown");
    assert_eq!(of("c")["missing"], serde_json::json!(["hukou"]));
}

#[test]
fn facts_are_documented_and_texts_compared() {
    let facts: Value = serde_json::from_str(&say(&["policy", "facts", "--json"]).out).unwrap();
    let hukou = facts.as_array().unwrap().iter().find(|f| f["name"] == "hukou").unwrap();
    assert_eq!(hukou["values"]["rural"], "农村");
    let folder = tempfile::tempdir().unwrap();
    let (_, text) = policy::SHIPPED.iter().find(|(file, _)| file.contains("rural-home-care-75-79")).unwrap();
    let (a, b) = (folder.path().join("a.toml"), folder.path().join("b.toml"));
    std::fs::write(&a, text).unwrap();
    std::fs::write(&b, text.replace("title = \"农村 75–79", "title = \"农村老年人 75–79")).unwrap();
    let diff = |x: &std::path::Path, y: &std::path::Path| {
        let said = say(&["policy", "diff", x.to_str().unwrap(), y.to_str().unwrap(), "--json"]);
        serde_json::from_str::<Value>(&said.out).unwrap()
    };
    assert_eq!(diff(&a, &a), serde_json::json!([]));
    let found = diff(&a, &b);
    assert_eq!((&found[0]["part"], &found[0]["name"]), (&Value::from("pack"), &Value::from("title")));
    assert_eq!(found.as_array().unwrap().len(), 1);
}
