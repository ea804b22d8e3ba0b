//! Any text as a condition: loaded or refused, and what is loaded decides without a panic.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|cel: &str| {
    let text = format!(
        "format = 1\nid = \"fuzz\"\ntitle = \"t\"\ndocument = \"d\"\nplace = \"4415\"\neffective_from = 2026-01-01\n\
         conditions = [{{ name = \"who\", label = \"l\", cel = {cel:?} }}]\n\
         classes = [{{ name = \"one\", label = \"l\", when = \"who\", grants = [] }}]\n"
    );
    let Ok(pack) = policy::Pack::load("fuzz.toml", &text) else { return };
    let facts = policy::Facts::new();
    if let Ok(on) = pack.at(pack.effective_from) {
        assert_eq!(on.decide(&facts), on.decide_by_cel(&facts));
        let _ = on.counterfactual(&facts);
    }
});
