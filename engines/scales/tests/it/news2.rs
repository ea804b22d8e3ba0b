//! NEWS2: every value of every parameter against the published table, and the risk levels.
#![allow(clippy::unwrap_used)]
use crate::common::{done, level, scale};
use scales::{AnswerKind, Answers, Context, Outcome, Scale, ScoreError, score};

/// Everything normal, on air.
fn normal() -> Answers {
    let mut answers = Answers::new();
    answers.measure("rr", 16).choose("spo2_scale", "one").measure("spo2", 98).choose("oxygen", "air");
    answers.measure("sbp", 120).measure("pulse", 70).choose("consciousness", "alert").measure("temperature", 370);
    answers
}

fn news2(scale: &Scale, answers: &Answers) -> Outcome {
    done(scale, answers, &Context::default())
}

fn item(outcome: &Outcome, id: &str) -> i32 {
    outcome.items.iter().find(|i| i.item.as_str() == id).unwrap().score
}

/// The published table as plain conditions.
fn published(id: &str, v: i32) -> i32 {
    match id {
        "rr" => match v {
            ..=8 => 3,
            9..=11 => 1,
            12..=20 => 0,
            21..=24 => 2,
            _ => 3,
        },
        "spo2" => match v {
            ..=91 => 3,
            92 | 93 => 2,
            94 | 95 => 1,
            _ => 0,
        },
        "sbp" => match v {
            ..=90 => 3,
            91..=100 => 2,
            101..=110 => 1,
            111..=219 => 0,
            _ => 3,
        },
        "pulse" => match v {
            ..=40 => 3,
            41..=50 => 1,
            51..=90 => 0,
            91..=110 => 1,
            111..=130 => 2,
            _ => 3,
        },
        "temperature" => match v {
            ..=350 => 3,
            351..=360 => 1,
            361..=380 => 0,
            381..=390 => 1,
            _ => 2,
        },
        _ => panic!("{id}"),
    }
}

#[test]
fn every_measurable_value_scores_as_published() {
    let scale = scale("news2");
    let mut tried = 0;
    for measured in scale.items() {
        let AnswerKind::Number(kind) = &measured.answer else { continue };
        for v in kind.range.min..=kind.range.max {
            let mut answers = normal();
            answers.measure(measured.id.clone(), v);
            assert_eq!(item(&news2(&scale, &answers), measured.id.as_str()), published(measured.id.as_str(), v), "{v}");
            tried += 1;
        }
        for v in [kind.range.min - 1, kind.range.max + 1, i32::MIN, i32::MAX] {
            let mut answers = normal();
            answers.measure(measured.id.clone(), v);
            assert!(matches!(score(&scale, &answers, &Context::default()), Err(ScoreError::OutOfRange { .. })));
        }
    }
    assert!(tried > 900);
}

#[test]
fn the_second_oxygen_scale_depends_on_oxygen() {
    let scale = scale("news2");
    for v in 30..=100 {
        for oxygen in ["air", "oxygen"] {
            let mut answers = normal();
            answers.choose("spo2_scale", "two").choose("oxygen", oxygen).measure("spo2", v);
            let expected = match v {
                ..=83 => 3,
                84 | 85 => 2,
                86 | 87 => 1,
                88..=92 => 0,
                _ if oxygen == "air" => 0,
                93 | 94 => 1,
                95 | 96 => 2,
                _ => 3,
            };
            let outcome = news2(&scale, &answers);
            assert_eq!(item(&outcome, "spo2"), expected, "{v} {oxygen}");
            assert_eq!(outcome.total.unwrap().value, expected + if oxygen == "air" { 0 } else { 2 });
            // The first scale does not ask about oxygen.
            answers.choose("spo2_scale", "one");
            assert_eq!(item(&news2(&scale, &answers), "spo2"), published("spo2", v));
        }
    }
}

#[test]
fn anything_but_alert_scores_three() {
    let scale = scale("news2");
    for (option, expected) in [("alert", 0), ("confusion", 3), ("voice", 3), ("pain", 3), ("unresponsive", 3)] {
        let mut answers = normal();
        answers.choose("consciousness", option);
        assert_eq!(news2(&scale, &answers).total.unwrap().value, expected, "{option}");
    }
}

#[test]
fn risk_by_total_and_by_a_single_three() {
    let scale = scale("news2");
    let with = |change: &dyn Fn(&mut Answers)| {
        let mut answers = normal();
        change(&mut answers);
        let outcome = news2(&scale, &answers);
        (outcome.total.unwrap().value, level(&outcome).to_owned(), outcome.adjustments.len())
    };
    let risk = |total, level: &str, adjusted| (total, level.to_owned(), adjusted);
    assert_eq!(with(&|_| ()), risk(0, "low", 0));
    // 2 + 2 = 4 without a three.
    assert_eq!(
        with(&|a| {
            a.measure("rr", 22);
        }),
        risk(2, "low", 0)
    );
    assert_eq!(
        with(&|a| {
            a.measure("rr", 22).measure("pulse", 120);
        }),
        risk(4, "low", 0)
    );
    assert_eq!(
        with(&|a| {
            a.measure("rr", 8);
        }),
        risk(3, "low_medium", 1)
    );
    assert_eq!(
        with(&|a| {
            a.measure("rr", 8).measure("pulse", 45);
        }),
        risk(4, "low_medium", 1)
    );
    assert_eq!(
        with(&|a| {
            a.measure("rr", 22).measure("pulse", 120).measure("temperature", 385);
        }),
        risk(5, "medium", 0)
    );
    // A three does not lower what the total says.
    assert_eq!(
        with(&|a| {
            a.measure("rr", 8).measure("pulse", 120);
        }),
        risk(5, "medium", 1)
    );
    assert_eq!(
        with(&|a| {
            a.measure("rr", 22).measure("pulse", 120).choose("oxygen", "oxygen");
        }),
        risk(6, "medium", 0)
    );
    assert_eq!(
        with(&|a| {
            a.measure("rr", 22).measure("pulse", 120).choose("oxygen", "oxygen").measure("temperature", 385);
        }),
        risk(7, "high", 0)
    );
    let worst = |a: &mut Answers| {
        a.measure("rr", 30).measure("spo2", 80).choose("oxygen", "oxygen").measure("sbp", 80).measure("pulse", 140);
        a.choose("consciousness", "unresponsive").measure("temperature", 340);
    };
    assert_eq!(with(&worst), risk(20, "high", 1));
}

#[test]
fn without_any_one_parameter_there_is_no_score() {
    let scale = scale("news2");
    for item in scale.items() {
        let mut answers = normal();
        answers.remove(&item.id);
        let missing = ScoreError::Missing { items: vec![item.id.clone()], conditions: vec![] };
        assert_eq!(score(&scale, &answers, &Context::default()).unwrap_err(), missing);
    }
}

#[test]
fn measured_values_are_shown_with_their_unit() {
    let scale = scale("news2");
    let outcome = news2(&scale, &normal());
    let words: Vec<&str> = outcome.items.iter().map(|i| i.words.as_str()).collect();
    assert_eq!(words, ["16 次/分", "标准 1", "98 %", "没有吸氧", "120 mmHg", "70 次/分", "清醒", "37.0 ℃"]);
    let mut answers = normal();
    answers.measure("temperature", 4_500);
    let error = score(&scale, &answers, &Context::default()).unwrap_err().to_string();
    assert_eq!(error, "“temperature”填了 450.0，应在 25.0 到 45.0 之间，再量一次");
}
