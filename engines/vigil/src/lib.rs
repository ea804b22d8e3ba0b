//! The streaming watch over readings: what an elder's devices say goes in one by one, alarms come out.
//!
//! Pure and deterministic: no IO, no clock, no randomness; integers only, but for distances on the map. The caller
//! keeps one [`State`] an elder, gives every reading to [`step`], and calls [`tick`] when [`State::next_due`] has
//! come. Given the same settings, readings and ticks, the same outcomes follow, also when the state was stored and
//! read back anywhere between.
//!
//! ```
//! use kernel::Instant;
//! use vigil::{Measure, Outcome, Reading, Settings, State, step};
//! let (settings, now) = (Settings::default(), Instant(1_800_000_000_000));
//! let mut state = State::new(now);
//! let outcomes = step(&settings, &mut state, &Reading::now(now, 0, Measure::Sos { unverified: false }));
//! assert!(matches!(&outcomes[0], Outcome::Raise(alarm) if alarm.reason.contains("求助")));
//! ```
#![forbid(unsafe_code)]

mod alarm;
mod codes;
mod devices;
mod fence;
mod home;
mod measure;
pub mod news2;
mod places;
pub mod rehearse;
mod replay;
mod routine;
mod settings;
mod state;
mod step;
mod trend;
mod vitals;

pub use alarm::{Alarm, AlarmKind, Evidence, Notice, NoticeKind, Outcome, Urgency};
pub use fence::{Fence, FenceRule, MAX_CORNERS, Schedule, Shape, Side};
pub use measure::{
    Consciousness, DeviceAlarm, DoorKind, Encoded, FixSource, MAX_DEVICES, Measure, MeasureKind, Reading, Room, Slot,
};
pub use replay::{Departure, OtherAlarm, Replay, ReplayError, RowFault, SensorUse, replay};
pub use routine::{Learnt, Usually};
pub use settings::{
    DeviceWatch, Home, Levels, MAX_FENCES, Places, SOURCES, Settings, Source, Span, Vitals, WanderingMode,
};
pub use state::{Open, STATE_VERSION, State, StateError};
pub use step::{step, tick};
