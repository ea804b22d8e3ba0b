//! Tests of `orders` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used)]
mod common;
mod lapse;
mod model;
mod own;
mod pages;
mod rules;
mod sequences;
mod way;
