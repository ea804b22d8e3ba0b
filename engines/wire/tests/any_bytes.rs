//! No bytes make a decoder panic, loop or grow: random bytes, and real messages with bytes changed, lost, doubled.
//! `WIRE_CASES=5000000 cargo nextest run -p wire --release any_bytes` for a long run.
#![allow(clippy::unwrap_used)]
use kernel::Instant;
use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use wire::{Framer, MAX_ATTRIBUTES, MAX_LIST, Protocol, Record, Session, decode};

const NOW: Instant = Instant(1_795_000_000_000);
const MODELS: [Option<&str>; 10] = [
    None,
    None,
    Some("GL100"),
    Some("JC371"),
    Some("C5L"),
    Some("NT20"),
    Some("VL103"),
    Some("SEEWORLD"),
    Some("LW4G-4B"),
    Some("G-508P"),
];

fn cases(usual: u32) -> u32 {
    option_env!("WIRE_CASES").and_then(|c| c.parse().ok()).unwrap_or(usual)
}

fn seeds(protocol: Protocol) -> Vec<Vec<u8>> {
    let path = format!("{}/tests/vectors/{}.jsonl", env!("CARGO_MANIFEST_DIR"), protocol.code());
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .filter_map(|l| {
            let row: serde_json::Value = serde_json::from_str(l).unwrap();
            let input = row["input"].as_str()?.to_string();
            match row["input_format"].as_str()? {
                "text" => Some(input.chars().map(|c| c as u8).collect()),
                _ => wire::unhex(&input),
            }
        })
        .collect()
}

fn sound(r: &Record) {
    assert!(r.cells.len() <= MAX_LIST && r.wifi.len() <= MAX_LIST && r.attributes.len() <= MAX_ATTRIBUTES);
    assert_eq!(r.lat.is_some(), r.lon.is_some());
    assert!(r.lat.is_none_or(|v| (-90.0..=90.0).contains(&v)) && r.lon.is_none_or(|v| (-180.0..=180.0).contains(&v)));
    assert!(r.alarms.windows(2).all(|w| w[0] < w[1]));
    assert!(r.course.is_none_or(|c| (0.0..=360.0).contains(&c)));
    serde_json::to_string(&wire::vectors::record(r)).unwrap();
}

fn check(protocol: Protocol, bytes: &[u8], lenient: bool, model: Option<&str>) {
    let mut session = Session::new(protocol);
    session.lenient = lenient;
    session.model = model.map(String::from);
    if lenient {
        session.device = Some("1".into());
    }
    let decoded = decode(bytes, &mut session, NOW);
    decoded.records.iter().for_each(sound);
    assert!(decoded.refused.is_none() || decoded.reply.is_none());
    let mut framer = Framer::new(protocol);
    let mut out = Vec::new();
    let middle = bytes.len() / 3;
    framer.feed(&bytes[..middle], &mut out);
    framer.feed(&bytes[middle..], &mut out);
    framer.finish(&mut out);
    assert!(out.iter().map(Vec::len).sum::<usize>() <= bytes.len());
    for frame in out {
        decode(&frame, &mut session, NOW).records.iter().for_each(sound);
    }
}

/// Changes bytes, cuts, doubles a piece; sometimes repairs the checksum so that deeper fields are reached.
fn mutate(seed: &[u8], changes: &[(u16, u8, u8)]) -> Vec<u8> {
    let mut b = seed.to_vec();
    for (at, what, value) in changes {
        if b.is_empty() {
            break;
        }
        let at = usize::from(*at) % b.len();
        match what % 6 {
            0 | 1 => b[at] = *value,
            2 => b[at] ^= 1 << (value & 7),
            3 => b.truncate(at),
            4 => {
                b.remove(at);
            }
            _ => {
                let piece: Vec<u8> = b[at..].iter().take(usize::from(*value)).copied().collect();
                b.splice(at..at, piece);
            }
        }
    }
    b
}

#[test]
fn any_bytes_are_survived() {
    for protocol in Protocol::ALL {
        let mut runner = TestRunner::new(Config { cases: cases(1_000), ..Config::default() });
        let start = match protocol {
            Protocol::Watch => b"[3G*8800000015*0000*".to_vec(),
            Protocol::Trv => b"IWAP10".to_vec(),
            Protocol::Minifinder2 => vec![0xAB, 0x10],
            Protocol::Jt808 => vec![0x7E, 0x02, 0x00],
            Protocol::Gt06 => vec![0x78, 0x78],
        };
        let bytes = (any::<bool>(), prop::collection::vec(any::<u8>(), 0..300), any::<bool>());
        runner
            .run(&bytes, |(headed, body, lenient)| {
                let bytes = if headed { [start.clone(), body].concat() } else { body };
                check(protocol, &bytes, lenient, None);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn any_change_of_a_real_message_is_survived() {
    for protocol in Protocol::ALL {
        let seeds = seeds(protocol);
        let mut runner = TestRunner::new(Config { cases: cases(3_000), ..Config::default() });
        let input = (
            0..seeds.len(),
            prop::collection::vec((any::<u16>(), any::<u8>(), any::<u8>()), 0..6),
            any::<bool>(),
            0..MODELS.len(),
        );
        runner
            .run(&input, |(seed, changes, lenient, model)| {
                check(protocol, &mutate(&seeds[seed], &changes), lenient, MODELS[model]);
                Ok(())
            })
            .unwrap();
    }
}

#[test]
fn any_payload_is_survived() {
    let mut runner = TestRunner::new(Config { cases: cases(2_000), ..Config::default() });
    let json = "[ -~]{0,80}|\\{\"id\":\"1\",\"params\":\\{\"[a-zA-Z]{1,12}\":(1|\"x\"|null|\\[\\]|\\{\"value\":[0-9]{1,20},\"time\":[0-9]{1,16}\\})\\}\\}";
    runner
        .run(&(json, "[ -~é一]{0,40}"), |(text, topic)| {
            let mapping = wire::thing::Mapping::new();
            for topic in [
                topic.as_str(),
                "$sys/p/d/thing/property/post",
                "/sys/p/d/thing/event/x/post",
                "$sys/p/d/thing/history/post",
            ] {
                let _ = wire::thing::decode(topic, text.as_bytes(), &mapping, NOW, |_, _| true);
            }
            for topic in [topic.as_str(), "z/a", "z/bridge/devices", "z/a/availability"] {
                let _ = wire::zigbee::decode("z", topic, text.as_bytes(), &[], NOW);
            }
            let _ = wire::plain::decode(text.as_bytes(), Some("d"), NOW, |_| true);
            let _ = wire::plain::telemetry(text.as_bytes(), "d", NOW);
            let _ = wire::scaip::Request::parse(text.as_bytes());
            let xml = format!("<mrq><ref>{text}</ref><cid>1</cid><dty>3</dty><geo>{topic}</geo></mrq>");
            if let Ok(request) = wire::scaip::Request::parse(xml.as_bytes()) {
                sound(&request.record());
                let reply = request.accept(Some(&topic)).to_xml();
                assert_eq!(wire::scaip::Reply::parse(reply.as_bytes()).unwrap().reference.trim(), request.reference);
            }
            Ok(())
        })
        .unwrap();
}
