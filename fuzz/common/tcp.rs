//! One connection fed with any bytes: framing, decoding in both modes, and what must hold of every record.
use kernel::Instant;
use wire::{Framer, MAX_ATTRIBUTES, MAX_LIST, Protocol, Record, Session, decode};

const NOW: Instant = Instant(1_795_000_000_000);
const MODELS: [Option<&str>; 8] =
    [None, None, Some("GL100"), Some("JC371"), Some("NT20"), Some("VL103"), Some("SEEWORLD"), Some("LW4G-4B")];

pub fn connection(protocol: Protocol, data: &[u8]) {
    // The first byte chooses mode and model, the rest is the stream.
    let Some((choice, bytes)) = data.split_first() else { return };
    let mut session = Session::new(protocol);
    session.lenient = choice & 1 == 1;
    session.model = MODELS[usize::from(choice >> 1 & 7)].map(String::from);
    session.device = (choice & 16 != 0).then(|| "868000000000001".to_string());
    one(bytes, &mut session);
    let mut framer = Framer::new(protocol);
    let mut frames = Vec::new();
    for piece in bytes.chunks(usize::from(choice >> 5) * 16 + 1) {
        framer.feed(piece, &mut frames);
    }
    framer.finish(&mut frames);
    assert!(frames.iter().map(Vec::len).sum::<usize>() <= bytes.len());
    for frame in frames {
        one(&frame, &mut session);
    }
}

fn one(frame: &[u8], session: &mut Session) {
    let decoded = decode(frame, session, NOW);
    assert!(decoded.refused.is_none() || decoded.reply.is_none());
    decoded.records.iter().for_each(sound);
}

pub fn sound(r: &Record) {
    assert!(r.cells.len() <= MAX_LIST && r.wifi.len() <= MAX_LIST && r.attributes.len() <= MAX_ATTRIBUTES);
    assert_eq!(r.lat.is_some(), r.lon.is_some());
    assert!(r.alarms.windows(2).all(|w| w[0] < w[1]));
    let _ = wire::vectors::record(r).to_string();
}
