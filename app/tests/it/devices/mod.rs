//! Devices against the real program: our own client, others' clients, and SIGKILL.
mod brokers;
mod clients;
mod kills;
#[path = "../../../../capabilities/gateway/tests/endpoint/tools.rs"]
mod tools;
mod town;
mod turns;
