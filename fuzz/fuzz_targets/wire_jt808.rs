//! Any bytes on a `jt808` connection.
#![no_main]
#[path = "../common/tcp.rs"]
mod tcp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| tcp::connection(wire::Protocol::Jt808, data));
