//! Tests of `people` through its public surface: one program, so that it is linked once.
mod archive;
mod common;
mod import;
mod merge;
mod model;
mod pages;
mod search;
