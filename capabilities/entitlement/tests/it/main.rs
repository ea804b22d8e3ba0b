//! Tests of `entitlement` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used)]
mod catching_up;
mod common;
mod corrections;
mod determine;
mod pages;
mod purses;
mod simulate;
mod versions;
