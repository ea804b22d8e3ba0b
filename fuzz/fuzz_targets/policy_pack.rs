//! Any bytes as a policy pack: loaded or refused with a place inside the text, never a panic.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match policy::Pack::load("fuzz.toml", text) {
        Ok(pack) => {
            let packs = [pack];
            let _ = policy::check_set(&packs);
            let set = policy::PacksOn::new(&packs, packs[0].effective_from);
            let _ = policy::decide_line(&set, "{}");
        }
        Err(error) => assert!(error.line <= text.matches('\n').count() + 1),
    }
});
