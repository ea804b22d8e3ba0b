//! Tests of `scales` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used)]
mod adjustments;
mod agreement;
mod combinations;
mod common;
mod constitution;
mod fhir;
mod loading;
mod news2;
mod properties;
mod shipped;
