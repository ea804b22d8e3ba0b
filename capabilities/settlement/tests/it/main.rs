//! Tests of `settlement` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used)]
mod common;
mod model;
mod pages;
mod review;
mod settling;
