//! Tests of `people` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used)]
mod archive;
mod common;
mod import;
mod merge;
mod model;
mod pages;
mod search;
