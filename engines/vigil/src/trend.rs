//! Slow changes.
use crate::alarm::Outcome;
use crate::settings::Settings;
use crate::state::State;
use serde::{Deserialize, Serialize};

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct TrendState {}
pub(crate) fn look_day(_: &Settings, _: &mut State, _: &mut Vec<Outcome>) {}
