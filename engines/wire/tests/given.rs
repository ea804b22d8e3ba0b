//! The published vectors, all of them: leniently every one as stated, strictly every sound one, and every damaged
//! one refused.
#![allow(clippy::unwrap_used)]
use serde_json::Value;
use std::collections::BTreeSet;
use wire::{Protocol, unhex, vectors::Runner};

const NOW: kernel::Instant = kernel::Instant(1_795_000_000_000);

/// Said to be damaged, yet sound: `jt808-0059` still carries its escapes, and undone they agree with length and
/// checksum; WiFi messages 17 and 69 of GT06 have neither, their length byte counts access points, and that agrees.
const SOUND_AFTER_ALL: [&str; 8] =
    ["jt808-0059", "gt06-0077", "gt06-0078", "gt06-0101", "gt06-0104", "gt06-0105", "gt06-0107", "gt06-0161"];

fn rows(protocol: Protocol) -> Vec<(String, Value)> {
    let path = format!("{}/tests/vectors/{}.jsonl", env!("CARGO_MANIFEST_DIR"), protocol.code());
    let text = std::fs::read_to_string(path).unwrap();
    text.lines().map(|l| (l.to_string(), serde_json::from_str(l).unwrap())).collect()
}

fn same(a: &Value, b: &Value) -> bool {
    match (a.as_f64(), b.as_f64()) {
        (Some(a), Some(b)) => (a - b).abs() < 1e-6,
        _ => a == b,
    }
}

/// What of `row` the answer does not fulfil.
fn misses(row: &Value, out: &Value) -> Vec<String> {
    let (expects, expected) = (row["expects"].as_str().unwrap(), &row["expected"]);
    let records = out["records"].as_array().unwrap();
    let mut bad = Vec::new();
    match expects {
        "frame" | "frame_encode" | "command" => {
            if out["bytes_hex"] != expected["bytes_hex"] {
                bad.push(format!("bytes {} instead of {}", out["bytes_hex"], expected["bytes_hex"]));
            }
            return bad;
        }
        "null" => {
            if !records.is_empty() {
                bad.push(format!("records {records:?}"));
            }
            return bad;
        }
        _ => {}
    }
    let Some(first) = records.first() else { return vec![format!("no record, error {}", out["error"])] };
    for (key, want) in expected["attributes"].as_object().into_iter().flatten() {
        let got = &first["attributes"][key];
        let ok = if key == "alarm" {
            let set =
                |v: &Value| -> BTreeSet<String> { v.as_str().unwrap_or("").split(',').map(String::from).collect() };
            set(want).is_subset(&set(got))
        } else {
            same(want, got)
        };
        if !ok {
            bad.push(format!("{key} {got} instead of {want}"));
        }
    }
    for key in ["time", "valid", "altitude_m"] {
        if let Some(want) = expected.get(key).filter(|w| !same(w, &first[key])) {
            bad.push(format!("{key} {} instead of {want}", first[key]));
        }
    }
    for key in ["lat", "lon"] {
        if let Some(want) = expected.get(key).and_then(Value::as_f64) {
            let got = first[key].as_f64().unwrap_or(f64::NAN);
            if (got - want).abs() > 1.1e-5 || got.is_nan() {
                bad.push(format!("{key} {got} instead of {want}"));
            }
        }
    }
    for r in records {
        bad.extend(out_of_range(r));
        if matches!(expects, "position" | "position_exact") && (r["lat"].is_null() || r["time"].is_null()) {
            bad.push("no position or no time".into());
        }
    }
    bad
}

fn out_of_range(r: &Value) -> Vec<String> {
    let mut bad = Vec::new();
    let mut within = |name: &str, v: &Value, low: f64, high: f64| {
        if v.as_f64().is_some_and(|v| !(low..=high).contains(&v)) {
            bad.push(format!("{name} {v} out of range"));
        }
    };
    within("lat", &r["lat"], -90.0, 90.0);
    within("lon", &r["lon"], -180.0, 180.0);
    within("speed", &r["speed_knots"], 0.0, 869.0);
    within("course", &r["course"], 0.0, 360.0);
    within("battery", &r["attributes"]["batteryLevel"], 0.0, 100.0);
    for cell in r["cells"].as_array().unwrap() {
        within("lac", &cell["lac"], 1.0, 65535.0);
        within("cid", &cell["cid"], 0.0, 268_435_455.0);
    }
    for wifi in r["wifi"].as_array().unwrap() {
        assert_eq!(wifi["mac"].as_str().unwrap().len(), 17);
    }
    if r["time"].as_str().is_some_and(|t| t < "2000") {
        bad.push(format!("time {}", r["time"]));
    }
    bad
}

#[test]
fn every_vector_lenient_and_every_sound_one_strict() {
    let mut failures = Vec::new();
    println!("{:<12} {:>5} {:>8} {:>6} {:>8}", "protocol", "given", "lenient", "strict", "refused");
    for protocol in Protocol::ALL {
        let (mut lenient_ok, mut strict_ok, mut refused) = (0, 0, 0);
        let mut lenient = Runner::new(None, true, NOW);
        let mut strict = Runner::new(None, false, NOW);
        let rows = rows(protocol);
        for (line, row) in &rows {
            let id = row["id"].as_str().unwrap();
            let misses_lenient = misses(row, &lenient.line(line));
            lenient_ok += usize::from(misses_lenient.is_empty());
            failures.extend(misses_lenient.into_iter().map(|m| format!("{id} lenient: {m}")));
            let damaged = ["length_ok", "checksum_ok"].iter().any(|k| row["integrity"][k] == false);
            let out = strict.line(line);
            if damaged && !SOUND_AFTER_ALL.contains(&id) {
                refused += usize::from(out["error"].is_string() && out["reply"].is_null());
                if !out["error"].is_string() || !out["reply"].is_null() {
                    failures.push(format!("{id} strict: damaged, but taken"));
                }
            } else {
                let misses_strict = misses(row, &out);
                strict_ok += usize::from(misses_strict.is_empty());
                failures.extend(misses_strict.into_iter().map(|m| format!("{id} strict: {m}")));
            }
        }
        println!("{:<12} {:>5} {lenient_ok:>8} {strict_ok:>6} {refused:>8}", protocol.code(), rows.len());
    }
    assert!(failures.is_empty(), "{}", failures.join("\n"));
}

/// A damaged frame with an SOS is refused, but the SOS is raised, unverified.
#[test]
fn an_sos_in_a_damaged_vector_is_raised_unverified() {
    let mut seen = 0;
    for (line, row) in rows(Protocol::Gt06) {
        let damaged = row["integrity"]["checksum_ok"] == false || row["integrity"]["length_ok"] == false;
        if damaged && row["expected"]["attributes"]["alarm"] == "sos" {
            let out = Runner::new(None, false, NOW).line(&line);
            assert_eq!(out["error"], "checksum");
            assert_eq!(out["records"][0]["alarms"][0], "sos");
            assert_eq!(out["records"][0]["unverified"], true);
            assert!(out["reply"].is_null());
            seen += 1;
        }
    }
    assert!(seen > 0);
}

/// Frames glued together and cut at any place come out the same.
#[test]
fn the_stream_may_be_cut_anywhere() {
    for protocol in Protocol::ALL {
        let mut frames = Vec::new();
        for (_, row) in rows(protocol) {
            let sound = ["length_ok", "checksum_ok"].iter().all(|k| row["integrity"][k] != false);
            if row["direction"] != "uplink" || !sound || row["expects"] == "frame" {
                continue;
            }
            let input = row["input"].as_str().unwrap();
            let mut bytes = match row["input_format"].as_str().unwrap() {
                "text" => input.chars().map(|c| c as u8).collect(),
                _ => unhex(input).unwrap(),
            };
            if protocol == Protocol::Trv && bytes.last() != Some(&b'#') {
                bytes.push(b'#');
            }
            if protocol == Protocol::Jt808 {
                bytes = escape(&bytes);
            }
            frames.push(bytes);
        }
        let stream = frames.concat();
        let cut = |sizes: usize| {
            let mut framer = wire::Framer::new(protocol);
            let mut out = Vec::new();
            for part in stream.chunks(sizes) {
                framer.feed(part, &mut out);
                assert!(framer.pending() <= wire::MAX_PENDING);
            }
            framer.finish(&mut out);
            (out, framer.skipped())
        };
        let (whole, skipped) = cut(stream.len());
        assert_eq!((whole.len(), skipped), (frames.len(), 0), "{}", protocol.code());
        for size in [1, 7, 100, 4096] {
            assert_eq!(cut(size).0, whole, "{} in pieces of {size}", protocol.code());
        }
    }
}

fn escape(frame: &[u8]) -> Vec<u8> {
    if frame[0] == b'(' {
        return frame.to_vec();
    }
    let mut out = vec![frame[0]];
    for b in &frame[1..frame.len() - 1] {
        match b {
            0x7D => out.extend([0x7D, 1]),
            0x7E => out.extend([0x7D, 2]),
            b => out.push(*b),
        }
    }
    out.push(frame[frame.len() - 1]);
    out
}
