//! Any bytes as SIP: read or refused, cut the same in one piece or two, and every answer is a response.
#![no_main]
use libfuzzer_sys::fuzz_target;
use wire::sip::{Answer, Message, Stream};

fuzz_target!(|data: &[u8]| {
    if let Ok(Message::Request(r)) = Message::parse(data) {
        let _ = (r.from_user(), r.transaction(), r.answer_port(), r.content_type());
        let answer = r.answer(("203.0.113.9", 5060), &Answer { status: 200, reason: "OK", tag: "t", ..Answer::default() });
        if answer.len() <= wire::sip::MAX_MESSAGE {
            assert!(matches!(Message::parse(&answer), Ok(Message::Response(_))));
        }
        let _ = Message::parse(&r.message_back("k", "UDP", "127.0.0.1:5060", "text/plain", "x"));
    }
    let (mut whole, mut halves) = (Vec::new(), Vec::new());
    let ok = Stream::new().feed(data, &mut whole);
    let (a, b) = data.split_at(data.len() / 2);
    let mut s = Stream::new();
    let also = s.feed(a, &mut halves).and_then(|()| s.feed(b, &mut halves));
    if ok.is_ok() && also.is_ok() {
        assert_eq!(whole, halves);
    }
});
