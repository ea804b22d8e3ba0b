//! Identifiers of this capability's own rows, and the number people call a case by.
use kernel::CivilDate;
use std::fmt;

store::ids! {
    /// One emergency of one elder: the emergency work order.
    CaseId,
    /// One kind of alarm of a case.
    AlarmId,
    /// A line of a case's history.
    EventId,
    /// A person on a duty roster.
    RosterId,
    /// A ladder of a region.
    LadderId,
    /// A message to somebody.
    NoticeId,
    /// A link by which helpers look for somebody.
    RescueId,
    /// A time in which devices are expected to be silent.
    DowntimeId,
    /// Somebody near who can go and look.
    HelperId,
}

/// `JJ20261121-000123`: 紧急, the day, the place in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Number {
    pub day: CivilDate,
    pub place: i64,
}

impl fmt::Display for Number {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "JJ{}-{:06}", self.day.compact(), self.place)
    }
}
