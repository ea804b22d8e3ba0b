//! Emergencies as values: words, state machine, ladder, figures, the sketch beside a case. Pure.
mod case;
pub mod chart;
pub(crate) mod ids;
pub mod kpi;
mod ladder;
pub mod plane;
pub mod sketch;
pub mod track;
pub(crate) mod words;

pub use case::{Alarm, Case, Event, Fix, HandOverText, Helper, NewAlarm, Owner, next};
pub use ids::{AlarmId, CaseId, DowntimeId, EventId, HelperId, LadderId, NoticeId, Number, RescueId, RosterId};
pub use ladder::{Ladder, RosterLine, Rung};
pub use vigil::AlarmKind;
pub(crate) use words::KindColumn;
pub use words::{
    CallResult, CaseState, Cause, Consent, Duty, EventKind, HelperKind, NoticeKind, NoticeState, Origin, Risk, Service,
    SlowClass, Step, kind_zh,
};
