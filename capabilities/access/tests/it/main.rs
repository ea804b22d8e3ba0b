//! Tests of `access` through its public surface: one program, so that it is linked once.
mod accounts;
mod common;
mod router;
mod second_factor;
mod sign_in;
