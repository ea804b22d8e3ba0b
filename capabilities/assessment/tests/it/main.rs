//! Tests of `assessment` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used)]
mod common;
mod pages;
mod quality;
mod sync;
mod workflow;
