//! Any bytes as a recorded home: refused with a row, or run to its end without a panic.
#![no_main]
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let text = String::from_utf8_lossy(bytes);
    if let Ok(replay) = vigil::replay(&text, &vigil::Settings::default()) {
        assert!(replay.used <= replay.rows);
        assert!(replay.faults.len() <= replay.bad_rows);
    }
});
