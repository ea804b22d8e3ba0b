//! Tests of `desk` through its public surface: one program, so that it is linked once.
mod common;
mod pages;
mod scope;
