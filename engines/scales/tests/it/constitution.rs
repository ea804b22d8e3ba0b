//! TCM constitution in 33 questions: nine kinds, their bounds and how they exclude each other.
#![allow(clippy::unwrap_used)]
use crate::common::scale;
use scales::{Answers, Context, Finding, Outcome, Scale, Verdict, score};
use std::collections::BTreeMap;

/// Items of every kind as published.
const BIASED: [(&str, [u8; 4]); 8] = [
    ("气虚质", [2, 3, 4, 14]),
    ("阳虚质", [11, 12, 13, 29]),
    ("阴虚质", [10, 21, 26, 31]),
    ("痰湿质", [9, 16, 28, 32]),
    ("湿热质", [23, 25, 27, 30]),
    ("血瘀质", [19, 22, 24, 33]),
    ("气郁质", [5, 6, 7, 8]),
    ("特禀质", [15, 17, 18, 20]),
];

/// All 33 answers: `base`, with exceptions.
fn answered(scale: &Scale, base: u8, other: &[(u8, u8)]) -> Outcome {
    let mut answers = Answers::new();
    for n in 1..=33u8 {
        let value = other.iter().rev().find(|(item, _)| *item == n).map_or(base, |(_, v)| *v);
        answers.choose(n.to_string().as_str(), value.to_string().as_str());
    }
    score(scale, &answers, &Context::default()).unwrap()
}

fn verdicts(outcome: &Outcome) -> BTreeMap<&str, (i32, Verdict)> {
    outcome.kinds.iter().map(|k| (k.title.as_str(), (k.sum.value, k.verdict))).collect()
}

#[test]
fn questions_2_to_33_belong_to_exactly_one_biased_kind() {
    let mut all: Vec<u8> = BIASED.iter().flat_map(|(_, items)| *items).collect();
    all.sort_unstable();
    assert_eq!(all, (2..=33).collect::<Vec<_>>());
    let scale = scale("tcm-33");
    // Question n answered 5, the rest 1: the kind it belongs to has 8, every other 4.
    for (title, items) in BIASED {
        for n in items {
            let outcome = answered(&scale, 1, &[(n, 5)]);
            for (kind, (sum, _)) in verdicts(&outcome) {
                if kind != "平和质" {
                    assert_eq!(sum, if kind == title { 8 } else { 4 }, "{n} {kind}");
                }
            }
        }
    }
}

#[test]
fn biased_kinds_change_at_8_9_10_and_11() {
    let scale = scale("tcm-33");
    for (title, [a, b, c, d]) in BIASED {
        for (values, sum, verdict) in [
            ([1, 1, 1, 1], 4, Verdict::No),
            ([2, 2, 2, 2], 8, Verdict::No),
            ([3, 2, 2, 2], 9, Verdict::Tendency),
            ([3, 3, 2, 2], 10, Verdict::Tendency),
            ([3, 3, 3, 2], 11, Verdict::Yes),
            ([5, 5, 5, 5], 20, Verdict::Yes),
        ] {
            let outcome = answered(&scale, 1, &[(a, values[0]), (b, values[1]), (c, values[2]), (d, values[3])]);
            assert_eq!(verdicts(&outcome)[title], (sum, verdict), "{title}");
            let bounds = outcome.kinds.iter().find(|k| k.title == title).unwrap().sum.bounds;
            assert_eq!((bounds.min, bounds.max), (4, 20));
        }
    }
}

#[test]
fn the_balanced_kind_needs_17_and_nothing_else() {
    let scale = scale("tcm-33");
    let balanced = |base, other: &[(u8, u8)]| verdicts(&answered(&scale, base, other))["平和质"];
    // Full of energy (1), nothing bad: 5 + 4 reversed ones of 5.
    assert_eq!(balanced(1, &[(1, 5)]), (25, Verdict::Yes));
    assert_eq!(balanced(5, &[(1, 1)]), (5, Verdict::No));
    // 16 and 17: energy 1 or 2, the reversed ones at 2, 2, 2, 3 (6 − x): 4 + 4 + 4 + 3 = 15.
    let tired = [(2, 2), (4, 2), (5, 2), (13, 3)];
    let with = |energy| [&tired[..], &[(1, energy)]].concat();
    assert_eq!(balanced(1, &with(1)), (16, Verdict::No));
    assert_eq!(balanced(1, &with(2)), (17, Verdict::Yes));
    // Another kind (湿热质, 23 25 27 30) at 8, 9, 10, 11.
    let hot = |sum: u8| {
        let mut values = vec![(1, 5), (23, 2), (25, 2), (27, 2), (30, 2)];
        for extra in 0..sum - 8 {
            values[usize::from(extra) + 1].1 = 3;
        }
        values
    };
    assert_eq!(balanced(1, &hot(8)), (25, Verdict::Yes));
    assert_eq!(balanced(1, &hot(9)), (25, Verdict::Basically));
    assert_eq!(balanced(1, &hot(10)), (25, Verdict::Basically));
    assert_eq!(balanced(1, &hot(11)), (25, Verdict::No));
}

#[test]
fn several_kinds_or_none_are_left_to_a_doctor() {
    let scale = scale("tcm-33");
    let all = answered(&scale, 5, &[]);
    assert_eq!(all.kinds.iter().filter(|k| k.verdict == Verdict::Yes).count(), 8);
    assert!(all.notes[0].contains("有 8 种体质") && all.notes[0].contains("中医师"));
    assert_eq!((all.kinds.len(), all.total, &all.level), (9, None, &Finding::NotGraded));
    // Nothing biased and not energetic enough to be balanced.
    let none = answered(&scale, 2, &[(1, 1), (2, 3), (3, 1), (5, 3), (6, 1)]);
    assert!(none.kinds.iter().all(|k| k.verdict == Verdict::No), "{:?}", verdicts(&none));
    assert!(none.notes[0].contains("隔两周再问"), "{:?}", none.notes);
    assert!(answered(&scale, 1, &[(1, 5)]).notes.is_empty());
}
