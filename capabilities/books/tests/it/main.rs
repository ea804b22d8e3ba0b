//! Tests of `books` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used)]
mod common;
mod money;
mod pages;
mod properties;
mod together;
