//! SCAIP messages of four makers, and what the standard wants of a receiver.
#![allow(clippy::unwrap_used)]
use serde_json::Value;
use wire::Alarm;
use wire::scaip::{Kind, Reply, Request, Status, Voice};

fn samples() -> Vec<Value> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/scaip_samples.jsonl");
    std::fs::read_to_string(path).unwrap().lines().map(|l| serde_json::from_str(l).unwrap()).collect()
}

#[test]
fn every_sample_is_read_and_accepted() {
    let mut count = 0;
    for s in samples() {
        let xml = s["xml"].as_str().unwrap();
        let request = Request::parse(xml.as_bytes()).unwrap_or_else(|e| panic!("{e:?} {xml}"));
        let heartbeat = s["mty"] == "PI";
        assert_eq!(request.kind == Kind::Heartbeat, heartbeat);
        let record = request.record();
        let wanted: &[Alarm] = match s["note"].as_str().unwrap() {
            _ if heartbeat => &[],
            "malfunction" => &[Alarm::Fault],
            _ => &[Alarm::Sos],
        };
        assert_eq!(record.alarms, wanted, "{xml}");
        let reply = request.accept(Some("sip:desk@yinian.example")).to_xml();
        let read = Reply::parse(reply.as_bytes()).unwrap();
        assert!(xml.contains(&format!("<ref>{}</ref>", read.reference)));
        assert_eq!(read.voice != Voice::None, !heartbeat, "{reply}");
        count += 1;
    }
    assert_eq!(count, 10);
}

#[test]
fn the_reply_is_as_documented() {
    let request = Request::parse(b"<mrq><ref>a1</ref><cid> 8031372</cid><dty>3</dty><crd>gsm:+</crd></mrq>").unwrap();
    assert_eq!(
        request.accept(Some("sip:desk")).to_xml(),
        "<mrs><ref>a1</ref><snu>0</snu><mre>1</mre><cre>62</cre><tnu>sip:desk</tnu></mrs>"
    );
    assert_eq!(request.refuse(Status::Busy).to_xml(), "<mrs><ref>a1</ref><snu>6</snu><mre>0</mre></mrs>");
    assert!(request.sent_by("8031372") && request.sent_by("+08031372") && !request.sent_by("9"));
}

#[test]
fn codes_are_numbers_and_the_type_decides() {
    let alarms = |inner: &str| {
        let xml = format!("<?xml version=\"1.0\"?><scaip><ref>r</ref><cid>1</cid>{inner}</scaip>");
        Request::parse(xml.as_bytes()).unwrap().record().alarms
    };
    assert_eq!(alarms("<dty>0005</dty><stc>9</stc>"), [Alarm::FallDown]);
    assert_eq!(alarms("<dty>5</dty><stc>0009</stc>"), [Alarm::FallDown]);
    assert_eq!(alarms("<dty>10</dty><stc>9</stc>"), [Alarm::Inactivity]);
    assert_eq!(alarms("<dty>0023</dty><stc>0009</stc>"), [Alarm::Smoke]);
    assert_eq!(alarms("<dty>12</dty><stc>9</stc>"), [Alarm::BedExit]);
    assert_eq!(alarms("<dty>3</dty>"), [Alarm::Sos], "manual alarm where the status is missing");
    assert_eq!(alarms("<dty>3</dty><stc>16</stc>"), [Alarm::LowBattery]);
    assert_eq!(alarms("<dty>3</dty><stc>19</stc>"), []);
    assert_eq!(alarms("<dty>3</dty><mty>RE</mty><stc>10</stc>"), []);
    let places =
        Request::parse(b"<mrq><ref>r</ref><cid>1</cid><dty>51</dty><lge><geo>34.2608,117.1859</geo></lge></mrq>");
    assert_eq!(places.unwrap().record().lat, Some(34.2608));
}

#[test]
fn what_cannot_be_taken_is_refused_with_its_number() {
    let status = |xml: &str| Request::parse(xml.as_bytes()).unwrap_err().status.number();
    assert_eq!(status("<mrq><ref>1</ref><dty>3</dty></mrq>"), 7);
    assert_eq!(status("<mrq><ref>1</ref><cid>1</cid></mrq>"), 7);
    assert_eq!(status("<mrq><ref>1</ref><cid>1</cid><dty>x</dty></mrq>"), 3);
    assert_eq!(status("<mrq><ref>1</ref><cid>1</cid><dty>3</dty><mty>ZZ</mty></mrq>"), 3);
    assert_eq!(status("<mrq><ref>1</ref>"), 2);
    assert_eq!(status("<!DOCTYPE x [<!ENTITY a \"b\">]><mrq><ref>&a;</ref></mrq>"), 2);
    assert_eq!(status(&format!("<mrq>{}</mrq>", "x".repeat(20_000))), 1);
    let refused = Request::parse(b"<mrq><ref>q&amp;1</ref><cid>1</cid></mrq>").unwrap_err();
    assert_eq!(refused.reply(), "<mrs><ref>q&amp;1</ref><snu>7</snu><mre>0</mre></mrs>");
}
