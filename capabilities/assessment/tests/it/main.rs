//! Tests of `assessment` through its public surface: one program, so that it is linked once.
mod common;
mod pages;
mod quality;
mod sync;
mod workflow;
