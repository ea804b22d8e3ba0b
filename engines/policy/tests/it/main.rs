//! Tests of `policy` through its public surface: one program, so that it is linked once.
#![allow(clippy::unwrap_used)]
mod assessment;
mod common;
mod counterfactual;
mod documents;
mod grants;
mod independent;
mod limits;
mod lines;
mod loading;
mod months;
mod reading;
mod sets;
mod shipped;
mod three_values;
