//! FHIR R4: required fields, link ids that meet, codes and values.
#![allow(clippy::unwrap_used)]
use crate::common::{by_total, done, nothing_else, put_section, scale};
use kernel::CivilDate;
use scales::fhir::{Envelope, observation, questionnaire, questionnaire_response};
use scales::{Answers, Context, shipped};
use serde_json::{Value, json};
use std::collections::BTreeSet;

const BASE: &str = "https://yl.example.cn/fhir";

fn envelope() -> Envelope<'static> {
    Envelope {
        base: BASE,
        id: "a1",
        subject: "Patient/e1",
        assessors: &["Practitioner/u1", "Practitioner/u2"],
        at: CivilDate::new(2026, 11, 20).unwrap().at(14, 32),
    }
}

/// FHIR knows no nulls, no empty lists or objects, and no empty text.
fn nothing_empty(value: &Value, path: &str) {
    match value {
        Value::Null => panic!("null at {path}"),
        Value::String(s) => assert!(!s.trim().is_empty(), "empty text at {path}"),
        Value::Array(a) => {
            assert!(!a.is_empty(), "empty list at {path}");
            a.iter().enumerate().for_each(|(i, v)| nothing_empty(v, &format!("{path}[{i}]")));
        }
        Value::Object(o) => {
            assert!(!o.is_empty(), "empty object at {path}");
            o.iter().for_each(|(k, v)| nothing_empty(v, &format!("{path}.{k}")));
        }
        Value::Bool(_) | Value::Number(_) => {}
    }
}

/// A code is text without leading, trailing or double spaces; a resource id is at most 64 letters, digits, `-`, `.`.
fn valid_id(id: &Value) -> bool {
    let id = id.as_str().unwrap();
    (1..=64).contains(&id.len()) && id.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.'))
}

fn leaves(items: &Value, found: &mut Vec<Value>) {
    for item in items.as_array().into_iter().flatten() {
        if item.get("item").is_some() { leaves(&item["item"], found) } else { found.push(item.clone()) }
    }
}

/// Any complete answers: first options, and measured values at their lowest.
fn some_answers(scale: &scales::Scale) -> Answers {
    let mut answers = Answers::new();
    for item in scale.items() {
        match &item.answer {
            scales::AnswerKind::Options(o) => answers.choose(item.id.clone(), o[0].code.clone()),
            scales::AnswerKind::Number(n) => answers.measure(item.id.clone(), n.range.min),
        };
    }
    answers
}

#[test]
fn every_questionnaire_has_what_r4_requires() {
    for scale in shipped().unwrap() {
        let q = questionnaire(&scale, BASE);
        nothing_empty(&q, scale.id.as_str());
        assert_eq!(q["resourceType"], "Questionnaire");
        assert!(valid_id(&q["id"]));
        assert_eq!(q["url"], format!("{BASE}/Questionnaire/{}", scale.id));
        assert!(["draft", "active"].contains(&q["status"].as_str().unwrap()));
        let mut questions = Vec::new();
        leaves(&q["item"], &mut questions);
        assert_eq!(questions.len(), scale.items().count() + scale.conditions.len(), "{}", scale.id);
        let links: BTreeSet<&str> = questions.iter().map(|i| i["linkId"].as_str().unwrap()).collect();
        assert_eq!(links.len(), questions.len(), "link ids are unique");
        for item in &questions {
            let kind = item["type"].as_str().unwrap();
            assert!(["choice", "quantity", "boolean", "integer"].contains(&kind));
            assert_eq!(item.get("answerOption").is_some(), kind == "choice");
        }
    }
    let gbt = questionnaire(&scale("gbt-42195-2022"), BASE);
    let first = &gbt["item"][0]["item"][0]["answerOption"][0]["valueCoding"];
    assert_eq!((first["code"].as_str(), first["extension"][0]["valueDecimal"].as_i64()), (Some("4"), Some(4)));
    assert_eq!(questionnaire(&scale("gds-15"), BASE)["code"][0]["code"], "48545-8");
}

#[test]
fn every_response_answers_its_questionnaire() {
    for scale in shipped().unwrap() {
        let answers = some_answers(&scale);
        let r = questionnaire_response(&scale, &answers, &nothing_else(&scale), &envelope());
        nothing_empty(&r, scale.id.as_str());
        assert_eq!(r["resourceType"], "QuestionnaireResponse");
        assert!(valid_id(&r["id"]));
        assert_eq!(r["status"], "completed");
        assert_eq!(r["questionnaire"], format!("{BASE}/Questionnaire/{}|{}", scale.id, scale.version));
        assert_eq!(r["authored"], "2026-11-20T14:32:00+08:00");
        assert_eq!(
            (r["subject"].clone(), r["author"].clone()),
            (json!({"reference": "Patient/e1"}), json!({"reference": "Practitioner/u1"}))
        );
        let (mut asked, mut given) = (Vec::new(), Vec::new());
        leaves(&questionnaire(&scale, BASE)["item"], &mut asked);
        leaves(&r["item"], &mut given);
        let links = |items: &[Value]| items.iter().map(|i| i["linkId"].clone()).collect::<Vec<_>>();
        assert_eq!(links(&asked), links(&given), "{}", scale.id);
        for (question, answer) in asked.iter().zip(&given) {
            let value = match question["type"].as_str().unwrap() {
                "choice" => "valueCoding",
                "quantity" => "valueQuantity",
                "boolean" => "valueBoolean",
                _ => "valueInteger",
            };
            assert!(answer["answer"][0].get(value).is_some(), "{answer}");
        }
    }
}

#[test]
fn an_unfinished_response_says_so() {
    let scale = scale("six-indicators");
    let mut answers = some_answers(&scale);
    answers.remove(&"walking".into());
    let r = questionnaire_response(&scale, &answers, &Context::default(), &envelope());
    assert_eq!((r["status"].as_str(), r["item"][0]["item"].as_array().unwrap().len()), (Some("in-progress"), 5));
    let none = questionnaire_response(
        &scale,
        &Answers::new(),
        &Context::default(),
        &Envelope { assessors: &[], ..envelope() },
    );
    nothing_empty(&none, "none");
    assert!(none.get("item").is_none() && none.get("author").is_none());
}

#[test]
fn a_measured_value_keeps_its_decimals() {
    let scale = scale("news2");
    let mut answers = some_answers(&scale);
    answers.measure("temperature", 365);
    let r = questionnaire_response(&scale, &answers, &Context::default(), &envelope());
    let mut given = Vec::new();
    leaves(&r["item"], &mut given);
    let temperature = given.iter().find(|i| i["linkId"] == "temperature").unwrap();
    let expected = json!({"value": 36.5, "unit": "℃", "system": "http://unitsofmeasure.org", "code": "Cel"});
    assert_eq!(temperature["answer"][0]["valueQuantity"], expected);
}

#[test]
fn every_observation_has_what_r4_requires() {
    for scale in shipped().unwrap() {
        let outcome = done(&scale, &some_answers(&scale), &nothing_else(&scale));
        let o = observation(&scale, &outcome, &envelope(), Some("QuestionnaireResponse/a1"));
        nothing_empty(&o, scale.id.as_str());
        assert_eq!(o["resourceType"], "Observation");
        assert!(valid_id(&o["id"]));
        assert_eq!(o["status"], "final");
        assert_eq!(o["category"][0]["coding"][0]["code"], "survey");
        let codes = o["code"]["coding"].as_array().unwrap();
        assert_eq!(codes.last().unwrap()["code"], scale.id.as_str());
        assert_eq!(codes.first().unwrap()["system"] == "http://loinc.org", scale.loinc.is_some());
        assert_eq!(o["effectiveDateTime"], "2026-11-20T14:32:00+08:00");
        assert_eq!(o["performer"].as_array().unwrap().len(), 2);
        assert_eq!(o["derivedFrom"][0]["reference"], "QuestionnaireResponse/a1");
        // A value, components, or a reason why not; never a value with a reason.
        let values = ["valueInteger", "valueCodeableConcept"].iter().filter(|k| o.get(**k).is_some()).count();
        assert!(values <= 1 && !(values == 1 && o.get("dataAbsentReason").is_some()));
        assert!(values == 1 || o.get("component").is_some());
    }
}

#[test]
fn total_level_subtotals_and_adjustments_are_all_there() {
    let scale = scale("gbt-42195-2022");
    let mut context = nothing_else(&scale);
    context.count("risk_fall", 2);
    let outcome = done(&scale, &by_total(&scale)[&46], &context);
    let o = observation(&scale, &outcome, &envelope(), None);
    assert_eq!(o["valueInteger"], 46);
    assert_eq!(o["interpretation"][0]["coding"][0]["code"], "severe");
    let parts: i64 = o["component"].as_array().unwrap().iter().map(|c| c["valueInteger"].as_i64().unwrap()).sum();
    assert_eq!((parts, o["component"].as_array().unwrap().len()), (46, 4));
    assert!(o["note"][0]["text"].as_str().unwrap().contains("照护风险事件"));
    assert!(o.get("derivedFrom").is_none());
}

#[test]
fn an_undecided_level_is_preliminary_and_has_no_value() {
    let scale = scale("mzt-039-2013");
    let mut answers = some_answers(&scale);
    for (section, sum) in [("adl", 100), ("mental", 0), ("social", 17)] {
        put_section(&scale, &mut answers, section, sum);
    }
    let outcome = done(&scale, &answers, &nothing_else(&scale));
    let o = observation(&scale, &outcome, &envelope(), None);
    nothing_empty(&o, "undecided");
    assert_eq!(o["status"], "preliminary");
    assert!(o.get("valueCodeableConcept").is_none());
    assert_eq!(o["dataAbsentReason"]["coding"][0]["code"], "unknown");
    assert!(o["note"][0]["text"].as_str().unwrap().contains("原文没有写"));
    assert_eq!(o["component"][2]["valueCodeableConcept"]["coding"][0]["code"], "sensory-0");
}

#[test]
fn constitutions_are_components() {
    let scale = scale("tcm-33");
    let o = observation(&scale, &done(&scale, &some_answers(&scale), &Context::default()), &envelope(), None);
    let components = o["component"].as_array().unwrap();
    assert_eq!(components.len(), 9);
    assert!(components.iter().all(|c| c["interpretation"][0]["text"].is_string()));
    assert_eq!(components[8]["code"]["text"], "平和质");
}
