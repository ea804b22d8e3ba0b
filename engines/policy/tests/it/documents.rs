//! What the documents say is what the program does.
#![allow(clippy::unwrap_used)]
use policy::{FACTS, Pack, Subject, facts_markdown, shipped};

const GUIDE: &str = include_str!("../../../../docs/policy-packs.md");
const START: &str = "<!-- facts -->\n";
const END: &str = "<!-- /facts -->";

#[test]
fn the_guide_holds_the_table_of_facts() {
    let table = GUIDE.split_once(START).and_then(|(_, rest)| rest.split_once(END)).unwrap().0;
    assert_eq!(table, facts_markdown(), "paste what facts_markdown() gives between the marks");
    for def in FACTS {
        assert!(table.contains(&format!("`{}`", def.name)) && table.contains(def.meaning));
    }
    for subject in Subject::ALL {
        assert!(table.contains(&format!("### `{}`", subject.code())));
    }
}

#[test]
fn the_example_of_the_guide_loads() {
    let example = GUIDE.split("```toml\n").nth(1).and_then(|rest| rest.split("```").next()).unwrap();
    let pack = Pack::load("guide.toml", example).unwrap_or_else(|e| panic!("{e}"));
    assert!(pack.examples >= 6 && pack.assessment.is_some() && !pack.evidence.is_empty());
}

#[test]
fn the_guide_lists_every_shipped_pack_with_its_examples() {
    for pack in shipped().unwrap() {
        let row = GUIDE.lines().find(|l| l.starts_with(&format!("| `{}` |", pack.id)));
        let row = row.unwrap_or_else(|| panic!("{} is not in the guide", pack.id));
        assert!(row.contains(&format!("| {} |", pack.examples)), "{}: {} examples", pack.id, pack.examples);
    }
}
