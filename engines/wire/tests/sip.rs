//! SIP around alarm messages: what units send, what has to come back.
#![allow(clippy::unwrap_used)]
use proptest::prelude::*;
use wire::sip::{Answer, Frame, Message, Request, Stream, Wrong};

const XML: &str = "<mrq><ref>1</ref><cid>26317</cid><dty>3</dty></mrq>";

fn unit(extra: &str) -> String {
    format!(
        "MESSAGE sip:alarm@10.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 192.168.1.7:5062;branch=z9hG4bKabc{extra}\r\n\
         Max-Forwards: 70\r\nFrom: \"Flat 4\" <sip:26317@192.168.1.7>;tag=q1\r\nTo: <sip:alarm@10.0.0.1>\r\n\
         Call-ID: 77@unit\r\nCSeq: 4 MESSAGE\r\nContent-Type: application/scaip+xml; charset=utf-8\r\n\
         Content-Length: {}\r\n\r\n{XML}",
        XML.len()
    )
}

fn request(text: &str) -> Request {
    match Message::parse(text.as_bytes()).unwrap() {
        Message::Request(r) => r,
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_request_is_read_and_answered() {
    let r = request(&unit(";rport"));
    assert_eq!((r.method.as_str(), r.from_user(), r.body.as_slice()), ("MESSAGE", Some("26317"), XML.as_bytes()));
    assert_eq!(r.content_type(), "application/scaip+xml");
    assert_eq!(r.answer_port(), None, "rport: where it came from");
    let answer =
        r.answer(("203.0.113.9", 40_001), &Answer { status: 200, reason: "OK", tag: "y1", ..Answer::default() });
    assert_eq!(
        String::from_utf8(answer).unwrap(),
        "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 192.168.1.7:5062;branch=z9hG4bKabc;rport=40001;received=203.0.113.9\r\n\
         From: \"Flat 4\" <sip:26317@192.168.1.7>;tag=q1\r\nTo: <sip:alarm@10.0.0.1>;tag=y1\r\nCall-ID: 77@unit\r\n\
         CSeq: 4 MESSAGE\r\nContent-Length: 0\r\n\r\n"
    );
    assert_eq!(request(&unit("")).answer_port(), Some(5_062), "no rport: the port it names");
}

#[test]
fn compact_and_folded_headers_are_the_same_request() {
    let short = "MESSAGE sip:a@b SIP/2.0\nv: SIP/2.0/TCP h;branch=z9hG4bK1\nv: SIP/2.0/TCP p\nf: <sip:9@h>\n ;tag=2\n\
                 t: <sip:a@b>\ni: x\nCSeq: 1 MESSAGE\nc: application/scaip+xml\nl: 2\n\nok";
    let r = request(short);
    assert_eq!((r.from_user(), r.body.as_slice(), r.answer_port()), (Some("9"), &b"ok"[..], Some(5_060)));
    let back =
        String::from_utf8(r.answer(("h", 1), &Answer { status: 405, reason: "No", ..Answer::default() })).unwrap();
    assert_eq!(back.matches("Via: ").count(), 2, "all of them go back, in order: {back}");
    for (from, user) in
        [("sip:7@h;tag=1", Some("7")), ("<tel:+4670;x=y>", Some("+4670")), ("<sip:h>", None), ("junk", None)]
    {
        assert_eq!(request(&short.replace("<sip:9@h>", from)).from_user(), user, "{from}");
    }
}

#[test]
fn a_retransmission_has_the_same_transaction_and_nothing_else() {
    let one = unit("");
    let t = |text: &str| request(text).transaction();
    assert_eq!(t(&one), t(&one));
    for (a, b) in [("z9hG4bKabc", "z9hG4bKabd"), ("CSeq: 4", "CSeq: 5"), ("77@unit", "78@unit")] {
        assert_ne!(t(&one), t(&one.replace(a, b)));
    }
}

#[test]
fn a_message_back_is_a_message() {
    let back = request(&unit("")).message_back("k1", "UDP", "10.0.0.1:5060", "application/scaip+xml", "<mrs/>");
    let r = request(std::str::from_utf8(&back).unwrap());
    assert_eq!(
        (r.uri.as_str(), r.from_user(), r.body.as_slice()),
        ("sip:26317@192.168.1.7", Some("alarm"), &b"<mrs/>"[..])
    );
    let ok = "SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP x\r\nFrom: a\r\nTo: b\r\nCall-ID: k1\r\nCSeq: 1 MESSAGE\r\n\r\n";
    assert!(matches!(Message::parse(ok.as_bytes()), Ok(Message::Response(r)) if r.status == 200 && r.call_id == "k1"));
}

#[test]
fn what_is_no_message_is_refused() {
    let wrong = |text: &str| Message::parse(text.as_bytes()).unwrap_err();
    assert_eq!(wrong("hello"), Wrong::Malformed);
    assert_eq!(wrong(&unit("").replace("Call-ID: 77@unit\r\n", "")), Wrong::HeaderMissing);
    assert_eq!(wrong(&unit("").replace("SIP/2.0\r\nVia", "HTTP/1.1\r\nVia")), Wrong::NotSip);
    assert_eq!(wrong(&unit("").replace("CSeq: 4 MESSAGE", "CSeq: 4 INVITE")), Wrong::Malformed);
    assert_eq!(wrong(&unit("").replace("Content-Length: ", "Content-Length: 9")), Wrong::Malformed);
    assert_eq!(wrong(&unit("").replace("77@unit", "77\r@unit")), Wrong::Malformed, "no line can be smuggled in");
    assert_eq!(wrong(&unit(&"x".repeat(40_000))), Wrong::TooLong);
    assert_eq!(wrong(&unit(&"\r\nX-Y: z".repeat(100))), Wrong::TooLong);
}

#[test]
fn a_stream_is_cut_where_messages_end() {
    let text = format!("{}\r\n{}\r\n\r\n{}", unit(""), unit(";rport"), unit(""));
    let m = |t: String| Frame::Message(t.into_bytes());
    for step in [1, 7, 100, 5_000] {
        let (mut s, mut out) = (Stream::new(), Vec::new());
        text.as_bytes().chunks(step).for_each(|c| s.feed(c, &mut out).unwrap());
        assert_eq!(out, [m(unit("")), m(unit(";rport")), Frame::Ping, m(unit(""))], "{step}");
    }
    let no_length = unit("").replace("Content-Length", "X-Length");
    assert_eq!(Stream::new().feed(no_length.as_bytes(), &mut Vec::new()), Err(Wrong::HeaderMissing));
    let long = unit("").replace("Content-Length: ", "Content-Length: 99999");
    assert_eq!(Stream::new().feed(long.as_bytes(), &mut Vec::new()), Err(Wrong::TooLong));
    let mut s = Stream::new();
    let endless = vec![b'a'; 20_000];
    assert_eq!(s.feed(&endless, &mut Vec::new()), Ok(()));
    assert_eq!(s.feed(&endless, &mut Vec::new()), Err(Wrong::TooLong));
}

proptest! {
    #[test]
    fn any_bytes_are_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
        let _ = Message::parse(&bytes);
        let _ = Stream::new().feed(&bytes, &mut Vec::new());
    }

    /// However damaged, what is read as a request gives an answer that is a response to it.
    #[test]
    fn every_request_can_be_answered(at in 0usize..300, byte in any::<u8>()) {
        let mut bytes = unit(";rport").into_bytes();
        bytes[at] = byte;
        if let Ok(Message::Request(r)) = Message::parse(&bytes) {
            let answer = r.answer(("h", 1), &Answer { status: 200, reason: "OK", tag: "t", ..Answer::default() });
            let is_response = matches!(Message::parse(&answer), Ok(Message::Response(_)));
            prop_assert!(is_response, "{}", String::from_utf8_lossy(&answer));
        }
    }
}
