//! The learnt day.
use crate::alarm::Outcome;
use crate::settings::Settings;
use crate::state::State;
use kernel::Instant;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Habit {}
impl Habit {
    pub(crate) fn clock_back(&mut self, _: Instant) {}
    pub(crate) fn truncate(&mut self) {}
}
pub(crate) fn look(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
