//! Tests of `yinian` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod authorisation;
mod calls;
mod commands;
mod devices;
mod kill;
mod policy;
mod program;
mod world;
