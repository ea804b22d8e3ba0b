//! Positions.
use crate::alarm::{AlarmKind, Outcome};
use crate::measure::Reading;
use crate::settings::Settings;
use crate::state::State;
use kernel::{GeoPoint, Instant};
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlacesState {}
impl PlacesState {
    pub(crate) fn closed(&mut self, _: AlarmKind, _: Instant) {}
    pub(crate) fn clock_back(&mut self, _: Instant) {}
    pub(crate) fn truncate(&mut self, _: usize) {}
}
pub(crate) fn step(_: &Settings, _: &mut State, _: &Reading, _: Instant, _: GeoPoint, _: u16, _: &mut Vec<Outcome>) {}
pub(crate) fn look_confirm(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
pub(crate) fn look_absent(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
pub(crate) fn look_wander(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
