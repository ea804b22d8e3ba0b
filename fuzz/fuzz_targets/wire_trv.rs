//! Any bytes on a `trv` connection.
#![no_main]
#[path = "../common/tcp.rs"]
mod tcp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| tcp::connection(wire::Protocol::Trv, data));
