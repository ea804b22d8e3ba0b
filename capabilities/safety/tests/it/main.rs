//! Tests of `safety` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used, clippy::disallowed_methods)]

mod climbing;
mod common;
mod estate;
mod figures;
mod handling;
mod keeping;
mod lessons;
mod looking;
mod never_lost;
mod raising;
mod readings;
