//! Any bytes on a `watch` connection.
#![no_main]
#[path = "../common/tcp.rs"]
mod tcp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| tcp::connection(wire::Protocol::Watch, data));
