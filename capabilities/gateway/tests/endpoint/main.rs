//! Real sockets against the gateway, on both engines: what a device meets at the door.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod brokers;
mod clients;
mod commands;
mod common;
mod doors;
mod hub;
mod limits;
mod mqtt3;
mod mqtt5;
mod raw;
mod scaip;
mod sessions;
mod tools;
mod watch;
