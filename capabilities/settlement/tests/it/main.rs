//! Tests of `settlement` through its public surface: one program, so that it is linked once.
mod common;
mod model;
mod pages;
mod review;
mod settling;
