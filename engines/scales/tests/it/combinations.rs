//! MZ/T 039-2013 and long-term-care insurance: section grades, all combinations, gaps, overlaps and settings.
#![allow(clippy::unwrap_used)]
use crate::common::{answers, done, level, nothing_else, put_section, scale, ways};
use scales::{Ambiguity, Answers, AppliedResult, Combining, Context, Finding, Grading, Outcome, Scale, score};

/// The words of MZ/T 039-2013 once more, written as plain conditions: every level whose words fit.
fn words(a: usize, m: usize, p: usize, s: usize) -> Vec<u8> {
    let rest = [m, p, s];
    let some = |is: &dyn Fn(usize) -> bool| rest.iter().filter(|g| is(**g)).count();
    let mut levels = Vec::new();
    if a == 0 && m == 0 && p == 0 && s <= 1 {
        levels.push(0);
    }
    if (a == 0 && (m >= 1 || p >= 1 || s == 2)) || (a == 1 && some(&|g| g <= 1) > 0) {
        levels.push(1);
    }
    let one_or_two = some(&|g| g == 1 || g == 2);
    if (a == 1 && (some(&|g| g == 2) == 3 || some(&|g| g == 3) > 0)) || (a == 2 && (1..=2).contains(&one_or_two)) {
        levels.push(2);
    }
    if a == 3 || (a == 2 && some(&|g| g == 2) == 3) || (a == 2 && some(&|g| g == 3) > 0) {
        levels.push(3);
    }
    levels
}

const GAPS: [[usize; 4]; 9] = [
    [0, 0, 0, 3],
    [2, 0, 0, 0],
    [2, 1, 1, 1],
    [2, 1, 1, 2],
    [2, 1, 2, 1],
    [2, 1, 2, 2],
    [2, 2, 1, 1],
    [2, 2, 1, 2],
    [2, 2, 2, 1],
];
const MZT: [&str; 4] = ["intact", "mild", "moderate", "severe"];

/// Answers that give these grades: adl, mental, sensory, social.
fn graded(scale: &Scale, grades: [usize; 4]) -> Answers {
    let mut answers = Answers::new();
    put_section(scale, &mut answers, "adl", [100, 80, 50, 0][grades[0]]);
    // Grade 2 by attacks and low mood, so that no diagnosis is given; grade 3 cannot do without them either.
    let mental = [["0", "0", "0"], ["1", "0", "0"], ["0", "1", "1"], ["0", "2", "2"]][grades[1]];
    for (item, option) in ["B.2.1", "B.2.2", "B.2.3"].into_iter().zip(mental) {
        answers.choose(item, option);
    }
    let vision = ["0", "2", "3", "4"][grades[2]];
    answers.choose("B.3.1", "0").choose("B.3.2", vision).choose("B.3.3", "0").choose("B.3.4", "0");
    put_section(scale, &mut answers, "social", [0, 5, 10, 17][grades[3]]);
    answers
}

fn set(scale: &Scale, combination: Combining) -> Context {
    let mut context = nothing_else(scale);
    context.settings.combination = combination;
    context
}

fn every_combination() -> impl Iterator<Item = [usize; 4]> {
    (0..256).map(|n| [n / 64, n / 16 % 4, n / 4 % 4, n % 4])
}

fn mzt(scale: &Scale, grades: [usize; 4], setting: Combining) -> Outcome {
    let outcome = done(scale, &graded(scale, grades), &set(scale, setting));
    let found: Vec<usize> = outcome.sections.iter().map(|s| usize::from(s.grade.as_ref().unwrap().order)).collect();
    assert_eq!(found, grades);
    outcome
}

#[test]
fn all_256_combinations_are_decided_as_the_words_say_or_undecided() {
    let scale = scale("mzt-039-2013");
    let (mut decided, mut overlaps, mut gaps) = (0, 0, Vec::new());
    for grades in every_combination() {
        let expected = words(grades[0], grades[1], grades[2], grades[3]);
        let outcome = mzt(&scale, grades, Combining::Undecided);
        match (&outcome.level, expected.as_slice()) {
            (Finding::Level(l), [one]) => {
                decided += 1;
                assert_eq!((l.order, l.code.as_str()), (*one, MZT[usize::from(*one)]), "{grades:?}");
                assert!(outcome.notes.is_empty() && outcome.care.is_some());
            }
            (Finding::Undecided { cause: Ambiguity::Gap, why, .. }, []) => {
                gaps.push(grades);
                assert!(why.contains("没有写"), "{why}");
                assert_eq!(outcome.care, None);
            }
            (Finding::Undecided { cause: Ambiguity::Overlap, between, why }, several) => {
                overlaps += 1;
                assert_eq!(between.iter().map(|l| l.order).collect::<Vec<_>>(), several, "{grades:?}");
                assert!(between.iter().all(|l| why.contains(&l.zh)), "{why}");
                assert_eq!(outcome.care, None);
            }
            (found, expected) => panic!("{grades:?}: {found:?}, by the words {expected:?}"),
        }
    }
    assert_eq!((decided, overlaps, gaps.as_slice()), (187, 60, GAPS.as_slice()));
}

#[test]
fn a_setting_decides_every_combination_and_says_so() {
    let scale = scale("mzt-039-2013");
    for grades in every_combination() {
        let words = words(grades[0], grades[1], grades[2], grades[3]);
        let (low, high) = (mzt(&scale, grades, Combining::LowerLevel), mzt(&scale, grades, Combining::HigherLevel));
        let orders = [&low, &high].map(|o| o.level.graded().unwrap().order);
        match words.as_slice() {
            [one] => assert_eq!((orders, low.notes.len(), high.notes.len()), ([*one; 2], 0, 0)),
            [] => {
                // (0,0,0,3) lies between two mild ones; the others between moderate and severe, or mild and moderate.
                let expected = match grades {
                    [0, ..] => [1, 1],
                    [2, 0, 0, 0] => [1, 2],
                    _ => [2, 3],
                };
                assert_eq!(orders, expected, "{grades:?}");
            }
            several => assert_eq!(orders.as_slice(), [several[0], several[several.len() - 1]], "{grades:?}"),
        }
        if words.len() != 1 {
            assert!(low.notes[0].contains("取较轻的一级"), "{:?}", low.notes);
            assert!(high.notes[0].contains("取较重的一级"), "{:?}", high.notes);
            assert!(high.notes[0].contains(&high.level.graded().unwrap().zh));
        }
    }
}

#[test]
fn with_the_worse_level_set_nobody_worse_off_in_every_grade_comes_out_better() {
    let scale = scale("mzt-039-2013");
    let level = |g| mzt(&scale, g, Combining::HigherLevel).level.graded().unwrap().order;
    let table: Vec<([usize; 4], u8)> = every_combination().map(|g| (g, level(g))).collect();
    for (a, la) in &table {
        for (b, lb) in &table {
            if a.iter().zip(b).all(|(x, y)| x <= y) {
                assert!(la <= lb, "{a:?} {la} but {b:?} {lb}");
            }
        }
    }
}

#[test]
fn the_table_can_be_read_without_answers() {
    let Grading::Combination(rules) = scale("mzt-039-2013").grading else { panic!() };
    assert!(rules.ambiguous);
    assert_eq!(rules.all().count(), 256);
    assert_eq!(rules.literal(&[1, 0, 0, 3]), Some([1u8, 2].as_slice()));
    assert_eq!(rules.literal(&[0, 0, 0, 3]), Some([].as_slice()));
    assert_eq!(rules.literal(&[0, 0, 0, 4]), None);
    assert_eq!(rules.literal(&[0, 0, 0]), None);
}

/// Grade bounds of summed sections: section, sum, grade.
const MZT_EDGES: &[(&str, &[(i32, u8)])] = &[
    ("adl", &[(100, 0), (95, 1), (65, 1), (60, 2), (45, 2), (40, 3), (0, 3)]),
    ("mental", &[(0, 0), (1, 1), (2, 2), (3, 2), (4, 3), (6, 3)]),
    ("social", &[(0, 0), (2, 0), (3, 1), (7, 1), (8, 2), (13, 2), (14, 3), (20, 3)]),
];
const LTCI_EDGES: &[(&str, &[(i32, u8)])] = &[
    ("C1", &[(100, 0), (95, 1), (65, 1), (60, 2), (45, 2), (40, 3), (0, 3)]),
    ("C2", &[(16, 0), (15, 1), (4, 1), (3, 2), (2, 2), (1, 3), (0, 3)]),
    ("C3", &[(12, 0), (11, 1), (4, 1), (3, 2), (2, 2), (1, 3), (0, 3)]),
];

#[test]
fn section_grades_change_exactly_at_their_bounds() {
    for (id, edges) in [("mzt-039-2013", MZT_EDGES), ("ltci-2021", LTCI_EDGES)] {
        let scale = scale(id);
        let mut base = Answers::new();
        for section in &scale.sections {
            let (_, way) = ways(section.items.iter()).pop_first().unwrap();
            for (item, option) in way {
                base.choose(item.as_str(), option.as_str());
            }
        }
        for (section, sums) in edges {
            for (sum, grade) in *sums {
                let mut answers = base.clone();
                put_section(&scale, &mut answers, section, *sum);
                let outcome = done(&scale, &answers, &nothing_else(&scale));
                let found = outcome.sections.iter().find(|s| s.section.as_str() == *section).unwrap();
                assert_eq!(found.sum.unwrap().value, *sum);
                assert_eq!(found.grade.as_ref().unwrap().order, *grade, "{id} {section} {sum}");
            }
        }
    }
}

#[test]
fn senses_and_communication_follow_their_words_in_all_400_cases() {
    let scale = scale("mzt-039-2013");
    let base = graded(&scale, [0, 0, 0, 0]);
    for n in 0..400 {
        let (c, v, h, t) = (n / 100, n / 20 % 5, n / 4 % 5, n % 4);
        let mut answers = base.clone();
        for (item, score) in [("B.3.1", c), ("B.3.2", v), ("B.3.3", h), ("B.3.4", t)] {
            answers.choose(item, score.to_string().as_str());
        }
        let worse = v.max(h);
        let expected = if c >= 2 || worse == 4 || t == 3 {
            3
        } else if c == 1 || worse == 3 || t == 2 {
            2
        } else if worse == 2 || t == 1 {
            1
        } else {
            0
        };
        let outcome = done(&scale, &answers, &nothing_else(&scale));
        assert_eq!(outcome.sections[2].grade.as_ref().unwrap().order, expected, "{c} {v} {h} {t}");
        assert_eq!(outcome.sections[2].sum, None);
        if c == 3 {
            assert_eq!(level(&outcome), "severe", "coma");
        }
    }
}

#[test]
fn changes_of_level_alone_and_together() {
    let scale = scale("mzt-039-2013");
    // Decided combinations of every level.
    for (grades, order) in [([0, 0, 0, 0], 0), ([0, 1, 0, 0], 1), ([1, 3, 3, 3], 2), ([3, 0, 0, 0], 3)] {
        let base = graded(&scale, grades);
        for mask in 0..8u8 {
            let (diagnosis, events, coma) = (mask & 1 != 0, mask & 2 != 0, mask & 4 != 0);
            let mut context = nothing_else(&scale);
            context.flag("mental_disorder", diagnosis);
            context.count("risk_fall", u32::from(events)).count("risk_wandering", u32::from(events));
            let mut answers = base.clone();
            if coma {
                answers.choose("B.3.1", "3");
            }
            let expected = if coma { 3 } else { (order + usize::from(diagnosis || events)).min(3) };
            assert_eq!(level(&done(&scale, &answers, &context)), MZT[expected], "{grades:?} {mask:03b}");
        }
    }
}

#[test]
fn a_diagnosed_dementia_is_asked_once_and_counts_twice_as_the_standard_has_it() {
    let scale = scale("mzt-039-2013");
    let mut answers = graded(&scale, [0, 0, 0, 0]);
    answers.choose("B.2.1", "2");
    let outcome = done(&scale, &answers, &nothing_else(&scale));
    // Grade 2 of the mental state makes it mild, the diagnosis moderate.
    assert_eq!(outcome.preliminary.graded().unwrap().code.as_str(), "mild");
    assert_eq!(level(&outcome), "moderate");
    assert_eq!(outcome.adjustments[0].result, AppliedResult::Changed);
}

#[test]
fn an_overlap_is_settled_when_all_readings_meet_and_a_gap_never_is() {
    let scale = scale("mzt-039-2013");
    let mut context = nothing_else(&scale);
    context.flag("mental_disorder", true);
    // moderate or severe, each one worse: severe either way.
    let outcome = done(&scale, &graded(&scale, [2, 1, 1, 3]), &context);
    assert!(matches!(outcome.preliminary, Finding::Undecided { cause: Ambiguity::Overlap, .. }));
    assert_eq!(level(&outcome), "severe");
    assert!(outcome.notes[0].contains("不用再选"));
    // mild or moderate becomes moderate or severe: still two.
    let outcome = done(&scale, &graded(&scale, [1, 0, 0, 3]), &context);
    let Finding::Undecided { between, .. } = &outcome.level else { panic!("{:?}", outcome.level) };
    assert_eq!(between.iter().map(|l| l.code.as_str()).collect::<Vec<_>>(), ["moderate", "severe"]);
    assert_eq!(outcome.adjustments[0].after, "未定");
    // A gap between moderate and severe: our reading of the neighbours decides nothing, even where they meet.
    for gap in [[2, 1, 1, 1], [0, 0, 0, 3]] {
        let outcome = done(&scale, &graded(&scale, gap), &context);
        assert!(matches!(outcome.level, Finding::Undecided { cause: Ambiguity::Gap, .. }), "{gap:?}");
    }
    // Coma leaves nothing open.
    let mut coma = graded(&scale, [2, 0, 0, 0]);
    coma.choose("B.3.1", "3");
    assert_eq!(level(&done(&scale, &coma, &nothing_else(&scale))), "severe");
}

#[test]
fn long_term_care_follows_its_table_for_all_64_combinations() {
    const TABLE: [[&str; 4]; 4] =
        [["0", "0", "1", "1"], ["1", "1", "1", "2"], ["2", "2", "2", "3"], ["3", "3", "4", "5"]];
    let scale = scale("ltci-2021");
    for (a, row) in TABLE.iter().enumerate() {
        for c in 0..4 {
            for s in 0..4 {
                let mut answers = Answers::new();
                put_section(&scale, &mut answers, "C1", [100, 80, 50, 0][a]);
                put_section(&scale, &mut answers, "C2", [16, 10, 2, 0][c]);
                put_section(&scale, &mut answers, "C3", [12, 10, 2, 0][s]);
                let outcome = done(&scale, &answers, &nothing_else(&scale));
                assert_eq!(level(&outcome), row[c.max(s)], "{a} {c} {s}");
            }
        }
    }
}

#[test]
fn best_and_worst_answers_end_in_best_and_worst_levels() {
    let scale = scale("ltci-2021");
    let all = ways(scale.items());
    let best = done(&scale, &answers(all.last_key_value().unwrap().1), &nothing_else(&scale));
    let worst = done(&scale, &answers(all.first_key_value().unwrap().1), &nothing_else(&scale));
    assert_eq!((best.level.zh(), worst.level.zh()), ("基本正常", "重度失能Ⅲ级"));
    assert_eq!((best.total, score(&scale, &Answers::new(), &Context::default()).is_err()), (None, true));
}
