//! Types, the states of an assessment and its decisions. Pure: no IO, no clock, no randomness.

mod assessor;
mod case;
mod draw;
mod meaning;
mod sheet;
mod steps;

pub use assessor::{Assessor, Block, Profession, Setting, Side, Team, blocks, team_refusal};
pub use case::{Case, Place, Purpose, Reason};
pub use draw::draw;
pub use meaning::{ability_code, care_of, indicators, indicators_by_correspondence, standard_code};
pub use sheet::{Clash, Field, Merged, Sheet, Value, merge};
pub use steps::{Refusal, State, Step, next};
