//! Tests of `providers` through its public surface: one program, so that it is linked once.
mod common;
mod pages;
mod papers;
mod rotation;
mod scope;
