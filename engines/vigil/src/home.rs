//! The home: bed, motion, door.
use crate::alarm::{AlarmKind, Outcome};
use crate::measure::Reading;
use crate::settings::Settings;
use crate::state::State;
use kernel::Instant;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HomeState {}
impl HomeState {
    pub(crate) fn closed(&mut self, _: &Settings, _: AlarmKind, _: Instant) {}
    pub(crate) fn clock_back(&mut self, _: Instant) {}
}
pub(crate) fn step(_: &Settings, _: &mut State, _: &Reading, _: Instant, _: &mut Vec<Outcome>) {}
pub(crate) fn look_left_bed(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
pub(crate) fn look_no_motion(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
pub(crate) fn look_door(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
pub(crate) fn look_away(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
