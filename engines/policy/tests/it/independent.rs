//! A second reading of every shipped rule, written from the text of the requirement in plain Rust, against the packs:
//! on random subjects, on their edges, and on subjects with unknown facts.
#![allow(clippy::unwrap_used)]

use crate::reading::{Answer, Case, Dice};
use kernel::{CivilDate, Fen};
use policy::{Fact, Facts, Inputs, PackOn, PacksOn, Subject, Value, Verdict, shipped};

fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}

/// The days decided for: birthdays, month ends, 29 February and the days around it.
const DAYS: [&str; 5] = ["2023-06-30", "2024-02-29", "2025-02-28", "2026-03-01", "2026-11-22"];

fn by_pack(on: &PackOn, facts: &Facts) -> Answer {
    let outcome = on.decide(facts);
    if outcome.verdict != Verdict::Eligible {
        return if outcome.verdict == Verdict::Unknown { Answer::open() } else { Answer::none() };
    }
    let class = &on.pack.classes[usize::from(outcome.class.unwrap())].name;
    let mut sums: Vec<(String, Option<(Fen, Fen)>)> = on
        .grants(&outcome)
        .map(|(grant, _)| {
            let amount = on.amount_for(&grant.kind, &Inputs::of(facts)).ok();
            (grant.name.clone(), amount.map(|a| (a.granted, a.own)))
        })
        .collect();
    sums.sort();
    Answer { class: Some(class.clone()), sums, open: false }
}

/// 400 subjects of each kind on each of the days.
fn cases(subject: Subject, on: CivilDate) -> Vec<Case> {
    let mut dice = Dice::new(0x5eed ^ subject as u64 ^ (on.epoch_days() as u64) << 8);
    (0..400).map(|_| Case::random(&mut dice, subject, on)).collect()
}

#[test]
fn the_packs_agree_with_a_second_reading_of_the_rules() {
    let packs = shipped().unwrap();
    let (mut compared, mut eligible) = (0, std::collections::BTreeMap::<&str, u32>::new());
    for on in DAYS.map(day) {
        let set = PacksOn::new(&packs, on);
        assert!(set.refused.is_empty());
        for subject in Subject::ALL {
            for case in cases(subject, on) {
                let facts = case.facts();
                for pack in set.packs.iter().filter(|p| p.pack.subject == subject) {
                    let expected = case.read(&pack.pack.id, on);
                    let got = by_pack(pack, &facts);
                    assert_eq!(got, expected, "{} on {on}: {:?}", pack.pack.id, facts.to_json());
                    compared += 1;
                    if got.class.is_some() {
                        *eligible.entry(pack.pack.id.as_str()).or_default() += 1;
                    }
                }
            }
        }
    }
    assert!(compared >= 200 * packs.len());
    // A comparison of refusals only would say little.
    for pack in &packs {
        assert!(eligible.get(pack.id.as_str()).is_some_and(|n| *n >= 10), "{}: {eligible:?}", pack.id);
    }
}

#[test]
fn what_is_unknown_never_contradicts_the_second_reading() {
    let packs = shipped().unwrap();
    let on = day("2026-11-22");
    let set = PacksOn::new(&packs, on);
    let mut dice = Dice::new(77);
    let mut open = 0;
    for subject in Subject::ALL {
        for case in cases(subject, on) {
            let all = case.facts();
            let mut some = all.clone();
            // Without a day of death or a last day of its own nothing is unknown: there is none.
            let blank = |f: &Fact| ![Fact::DeathDate, Fact::AssessmentValidUntil].contains(f);
            for fact in all.to_json().keys().filter_map(|name| Fact::parse(name)).filter(blank) {
                if dice.below(5) == 0 {
                    some.set(fact, Value::Unknown).unwrap();
                }
            }
            for pack in set.packs.iter().filter(|p| p.pack.subject == subject) {
                let outcome = pack.decide(&some);
                match outcome.verdict {
                    Verdict::Unknown => {
                        open += 1;
                        assert!(!outcome.missing.is_empty());
                        // What is named as missing is what nobody recorded, or an assessment that does not count.
                        let unrecorded = |f: Fact| f == Fact::AssessedOn || some.get(f) == Value::Unknown;
                        assert!(outcome.missing.iter().all(unrecorded));
                    }
                    decided => {
                        let read = case.read(&pack.pack.id, on);
                        assert_eq!(decided == Verdict::Eligible, read.class.is_some(), "{}", pack.pack.id);
                        assert!(!read.open, "{}", pack.pack.id);
                    }
                }
            }
        }
    }
    assert!(open > 100, "only {open} open outcomes");
}

#[test]
fn the_edges_of_age_are_read_alike() {
    let packs = shipped().unwrap();
    // Born on 29 February: full age on 28 February of a common year, on the day itself of a leap year.
    for (birth, years, reached) in [
        ("1944-02-29", 80, "2024-02-29"),
        ("1945-02-28", 80, "2025-02-28"),
        ("1944-02-29", 81, "2025-02-28"),
        ("1952-02-29", 75, "2027-02-28"),
        ("1964-02-29", 60, "2024-02-29"),
        ("1951-07-15", 75, "2026-07-15"),
        ("1946-12-31", 80, "2026-12-31"),
    ] {
        for shift in [-1, 0, 1] {
            let on = day(reached).plus_days(shift);
            let set = PacksOn::new(&packs, on);
            let mut dice = Dice::new(years);
            for _ in 0..20 {
                let mut case = Case::random(&mut dice, Subject::Person, on);
                case.born(day(birth));
                assert_eq!(case.age(on) >= years as i64, shift >= 0, "{birth} on {on}");
                let facts = case.facts();
                for pack in set.packs.iter().filter(|p| p.pack.subject == Subject::Person) {
                    assert_eq!(by_pack(pack, &facts), case.read(&pack.pack.id, on), "{} on {on}", pack.pack.id);
                }
            }
        }
    }
}
