//! Tests of `catalogue` through its public surface: one program, so that it is linked once.
mod common;
mod pages;
mod prices;
