//! Several packs together: faults among them, and which gives way.
#![allow(clippy::unwrap_used)]
use crate::common::{day, leaf, pack_text};
use policy::{Fact, Facts, Pack, PacksOn, Verdict, check_set, shipped};

fn pack(id: &str, extra: &str) -> Pack {
    let text = pack_text(&leaf("alive"))
        .replace("id = \"trial\"", &format!("id = \"{id}\"\n{extra}"))
        .replace(", to = 2026-12-31", "");
    Pack::load(&format!("{id}.toml"), &text).unwrap_or_else(|e| panic!("{e}"))
}

#[track_caller]
fn faults(packs: &[Pack], says: &[&str]) {
    let found = check_set(packs);
    assert_eq!(found.len(), says.len(), "{found:?}");
    for (fault, says) in found.iter().zip(says) {
        assert!(fault.message.contains(says), "{fault}");
        assert!(fault.file.ends_with(".toml") && fault.line > 1, "{fault}");
    }
}

#[test]
fn packs_that_do_not_fit_are_found() {
    faults(&[pack("a", "excludes = [\"b\"]"), pack("b", "")], &[]);
    faults(&[pack("a", "excludes = [\"c\"]")], &["没有“c”这个政策包"]);
    faults(&[pack("a", "excludes = [\"b\"]"), pack("b", "excludes = [\"a\"]")], &["绕成了圈：a → b → a"]);
    faults(
        &[pack("a", "excludes = [\"b\"]"), pack("b", "excludes = [\"c\"]"), pack("c", "excludes = [\"a\"]")],
        &["绕成了圈：a → b → c → a"],
    );
    faults(&[pack("a", "exclusive_with = [\"b\"]"), pack("b", "")], &["分不出先后"]);
    faults(&[pack("a", "exclusive_with = [\"b\"]\nprecedence = 1"), pack("b", "precedence = 2")], &[]);
    // The rank says a before b, the exclusion says b before a.
    let ranked = pack("a", "exclusive_with = [\"b\"]\nprecedence = 1");
    faults(&[ranked, pack("b", "excludes = [\"a\"]\nprecedence = 2")], &["绕成了圈"]);
    faults(&[pack("a", "group = \"g\""), pack("b", "group = \"g\"")], &["分不出先后"]);
    let money = "subject = \"fund\"";
    let fund = Pack::load(
        "f.toml",
        &pack_text(&leaf("lottery_total > 0")).replace("id = \"trial\"", &format!("id = \"f\"\n{money}")),
    );
    faults(&[pack("a", "excludes = [\"f\"]"), fund.unwrap()], &["不会相斥"]);
    let itself = pack_text(&leaf("alive")).replace("id = \"trial\"", "id = \"a\"\nexcludes = [\"a\"]");
    assert!(Pack::load("a.toml", &itself).unwrap_err().message.contains("不能排除自己"));
}

#[test]
fn versions_of_one_pack_may_not_overlap() {
    let ending = |to: &str| {
        let text = pack_text(&leaf("alive"))
            .replace("effective_from = 2026-01-01", &format!("effective_from = 2026-01-01\neffective_to = {to}"));
        Pack::load("old.toml", &text.replace(", to = 2026-12-31", "")).unwrap()
    };
    let newer = || {
        let text = pack_text(&leaf("alive"))
            .replace("effective_from = 2026-01-01", "effective_from = 2026-09-01")
            .replace(", to = 2026-12-31", "");
        Pack::load("new.toml", &text).unwrap()
    };
    faults(&[ending("2026-08-31"), newer()], &[]);
    faults(&[ending("2026-09-01"), newer()], &["两个版本的施行期重叠"]);
    // Each day has its version.
    let packs = [ending("2026-08-31"), newer()];
    for (on, file) in [("2026-08-31", "old.toml"), ("2026-09-01", "new.toml")] {
        let set = PacksOn::new(&packs, day(on));
        assert_eq!(set.packs.iter().map(|p| p.pack.file.as_str()).collect::<Vec<_>>(), [file]);
    }
}

#[test]
fn the_stronger_pack_gives_and_only_if_it_gives() {
    let packs = [
        pack("weak", "precedence = 9"),
        pack("middle", "excludes = [\"weak\"]"),
        pack("strong", "excludes = [\"middle\"]"),
        pack("apart", ""),
    ];
    let set = PacksOn::new(&packs, day("2026-03-01"));
    let alive = Facts::new().with(Fact::Alive, "true").unwrap();
    let outcomes: Vec<_> = set.packs.iter().map(|p| Some(p.decide(&alive))).collect();
    // The middle one gives way, so that the weak one is not displaced by it.
    assert_eq!(set.displaced(&outcomes), [None, Some(2), None, None]);
    let mut without = outcomes.clone();
    without[2] = None;
    assert_eq!(set.displaced(&without), [Some(1), None, None, None]);
    without[1] = Some(set.packs[1].decide(&Facts::new()));
    assert_eq!(without[1].unwrap().verdict, Verdict::Unknown);
    assert_eq!(set.displaced(&without), [None; 4], "an open pack displaces nobody");
}

#[test]
fn one_home_care_purse_and_one_kind_of_visit_are_shipped_for_a_person() {
    let packs = shipped().unwrap();
    let set = PacksOn::new(&packs, day("2026-11-22"));
    let person = Facts::new()
        .with(Fact::BirthDate, "1940-03-08")
        .and_then(|f| f.with(Fact::Alive, "true"))
        .and_then(|f| f.with(Fact::ResidenceRegion, "441523102205"))
        .and_then(|f| f.with(Fact::InstitutionResident, "false"))
        .and_then(|f| f.with(Fact::Living, "living_alone"))
        .unwrap();
    let outcomes: Vec<_> = set.packs.iter().map(|p| Some(p.decide(&person))).collect();
    let by = set.displaced(&outcomes);
    let at = |id: &str| set.packs.iter().position(|p| p.pack.id == id).unwrap();
    assert_eq!(by[at("visits-monthly")], Some(at("visits-weekly")));
    assert_eq!(by[at("visits-weekly")], None);
}

#[test]
fn a_pack_whose_parameters_ran_out_refuses_and_the_others_decide() {
    let expiring = Pack::load("trial.toml", &pack_text(&leaf("age >= limit"))).unwrap();
    let packs = [expiring, pack("b", "")];
    let set = PacksOn::new(&packs, day("2027-01-01"));
    assert_eq!((set.packs.len(), set.refused.len()), (1, 1));
    assert!(set.refused[0].to_string().contains("限"));
    assert_eq!(packs[0].expired(day("2027-01-01")).map(|p| p.name.as_str()).collect::<Vec<_>>(), ["limit"]);
}
