//! The assessment a pack stands on: accepted standards, validity, and what a missing or expired one means.
#![allow(clippy::unwrap_used)]
use crate::common::{day, leaf, pack_text};
use policy::{Fact, Facts, Pack, Truth, Verdict};

fn text(missing: &str, expired: &str) -> String {
    pack_text(&format!(
        "[[conditions]]\nname = \"who\"\nlabel = \"条件\"\nall = [\"is_alive\", \"assessed\"]\n{}\n",
        leaf("alive").replace("\"who\"", "\"is_alive\"")
    )) + &format!(
        "[assessment]\nname = \"assessed\"\nlabel = \"{{limit}} 个月以内评估过\"\narticle = \"a\"\n\
         standards = [\"mzt039\"]\nvalid_months = \"limit\"\nmissing = \"{missing}\"\nexpired = \"{expired}\"\n"
    )
}

fn pack(missing: &str, expired: &str) -> Pack {
    let months = text(missing, expired).replace("value = 75", "value = 6").replace("value = 70", "value = 12");
    Pack::load("trial.toml", &months).unwrap_or_else(|e| panic!("{e}"))
}

fn assessed(on: &str) -> Facts {
    Facts::new()
        .with(Fact::Alive, "true")
        .and_then(|f| f.with(Fact::AssessmentStandard, "mzt039"))
        .and_then(|f| f.with(Fact::AssessedOn, on))
        .unwrap()
}

#[track_caller]
fn outcome(pack: &Pack, facts: &Facts, on: &str) -> (Verdict, Vec<Fact>) {
    let outcome = pack.at(day(on)).unwrap().decide(facts);
    assert_eq!(outcome, pack.at(day(on)).unwrap().decide_by_cel(facts));
    (outcome.verdict, outcome.missing.iter().collect())
}

#[test]
fn it_counts_from_its_day_for_so_many_months() {
    let pack = pack("unknown", "unknown");
    let facts = assessed("2025-08-31");
    // Six months from 31 August end with the last day of February, which has no 31st.
    assert_eq!(outcome(&pack, &facts, "2026-02-28").0, Verdict::Eligible);
    assert_eq!(outcome(&pack, &facts, "2026-03-01"), (Verdict::Unknown, vec![Fact::AssessedOn]));
    // From July on twelve months count.
    assert_eq!(outcome(&pack, &facts, "2026-07-01").0, Verdict::Eligible);
    assert_eq!(outcome(&pack, &facts, "2026-09-01").0, Verdict::Unknown);
    assert_eq!(pack.at(day("2026-07-01")).unwrap().assessment_until(&facts), Some(day("2026-08-31")));
    assert_eq!(
        pack.assessment_ends(&facts, day("2026-01-01"), day("2026-12-31")),
        [day("2026-02-28"), day("2026-08-31")]
    );
    // One made later says nothing about the day before it.
    let later = assessed("2026-03-02");
    assert_eq!(outcome(&pack, &later, "2026-03-01").0, Verdict::Unknown);
    assert_eq!(outcome(&pack, &later, "2026-03-02").0, Verdict::Eligible);
}

#[test]
fn its_own_last_day_can_only_shorten_it() {
    let pack = pack("unknown", "unknown");
    let until = |last: &str| assessed("2026-01-15").with(Fact::AssessmentValidUntil, last).unwrap();
    assert_eq!(outcome(&pack, &until("2026-03-10"), "2026-03-10").0, Verdict::Eligible);
    assert_eq!(outcome(&pack, &until("2026-03-10"), "2026-03-11").0, Verdict::Unknown);
    assert_eq!(outcome(&pack, &until("2030-01-01"), "2026-07-15").0, Verdict::Eligible, "twelve months by now");
    assert_eq!(outcome(&pack, &until("2030-01-01"), "2026-06-30").0, Verdict::Eligible);
    assert_eq!(pack.at(day("2026-06-30")).unwrap().assessment_until(&until("2030-01-01")), Some(day("2026-07-15")));
}

#[test]
fn missing_and_expired_mean_what_the_pack_says() {
    let alive = Facts::new().with(Fact::Alive, "true").unwrap();
    let old = assessed("2020-01-01");
    let other = assessed("2026-02-01").with(Fact::AssessmentStandard, "ltci").unwrap();
    let open = pack("unknown", "unknown");
    let both = vec![Fact::AssessmentStandard, Fact::AssessedOn];
    assert_eq!(outcome(&open, &alive, "2026-03-01"), (Verdict::Unknown, both));
    assert_eq!(outcome(&open, &other, "2026-03-01"), (Verdict::Unknown, vec![Fact::AssessedOn]));
    let strict = pack("not_eligible", "unknown");
    assert_eq!(outcome(&strict, &alive, "2026-03-01").0, Verdict::NotEligible);
    assert_eq!(outcome(&strict, &other, "2026-03-01").0, Verdict::NotEligible);
    assert_eq!(outcome(&strict, &old, "2026-03-01").0, Verdict::Unknown);
    let lapsed = pack("unknown", "not_eligible");
    assert_eq!(outcome(&lapsed, &old, "2026-03-01").0, Verdict::NotEligible);
    // The explanation shows it as a condition like any other.
    let on = lapsed.at(day("2026-03-01")).unwrap();
    let shown = on.explain(&on.decide(&old), &old);
    let condition = shown.root.children.iter().find(|r| r.name == "assessed").unwrap();
    assert_eq!((condition.label.as_str(), condition.truth), ("6 个月以内评估过", Truth::Unmet));
    assert_eq!(condition.facts[1].value, "2020-01-01");
}

#[test]
fn a_faulty_assessment_rule_is_shown_at_its_place() {
    let good = text("unknown", "unknown");
    for (from, to, says) in [
        ("standards = [\"mzt039\"]", "standards = [\"mzt040\"]", "没有这个评估标准"),
        ("standards = [\"mzt039\"]", "standards = []", "至少写一个"),
        ("missing = \"unknown\"", "missing = \"maybe\"", "not_eligible"),
        ("valid_months = \"limit\"", "valid_months = \"strict\"", "int 参数"),
        ("\"is_alive\", \"assessed\"", "\"is_alive\"", "没有条件用到"),
        ("value = 75", "value = 0", "1 到 1200"),
        ("format = 1", "format = 1\nsubject = \"fund\"", "说的是老年人"),
    ] {
        let broken = good.replacen(from, to, 1);
        assert_ne!(broken, good);
        let error = Pack::load("f", &broken).unwrap_err();
        assert!(error.message.contains(says) && error.line > 1, "{error}");
    }
}

#[test]
fn a_month_is_open_once_the_assessment_has_run_out() {
    let pack = pack("unknown", "unknown");
    let person = policy::Timeline::new(assessed("2025-10-15"));
    let months: Vec<kernel::Month> = (3..=5).map(|month| kernel::Month { year: 2026, month }).collect();
    let got = policy::entitled_months(&[&pack], &person, &months).unwrap();
    assert!(matches!(got[0].status, policy::MonthStatus::Entitled { .. }));
    // Until 14 April; that month still counts, the next is open.
    assert!(matches!(got[1].status, policy::MonthStatus::Entitled { .. }));
    assert!(matches!(got[2].status, policy::MonthStatus::Unknown(missing) if missing.contains(Fact::AssessedOn)));
}
