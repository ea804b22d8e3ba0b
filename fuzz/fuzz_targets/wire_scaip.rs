//! Any bytes as a SCAIP request: read or refused, and every reply is well-formed.
#![no_main]
#[path = "../common/tcp.rs"]
#[allow(dead_code)]
mod tcp;
use libfuzzer_sys::fuzz_target;
use wire::scaip::{Reply, Request};

fuzz_target!(|data: &[u8]| {
    match Request::parse(data) {
        Ok(request) => {
            tcp::sound(&request.record());
            let reply = request.accept(Some("sip:desk")).to_xml();
            assert!(Reply::parse(reply.as_bytes()).is_some());
        }
        Err(refused) => assert!(Reply::parse(refused.reply().as_bytes()).is_some()),
    }
});
