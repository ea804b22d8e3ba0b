//! Vitals against levels.
use crate::alarm::Outcome;
use crate::measure::Reading;
use crate::settings::Settings;
use crate::state::State;
use kernel::Instant;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VitalsState {}
impl VitalsState {
    pub(crate) fn clock_back(&mut self, _: Instant) {}
}
pub(crate) fn step(_: &Settings, _: &mut State, _: &Reading, _: Instant, _: &mut Vec<Outcome>) {}
