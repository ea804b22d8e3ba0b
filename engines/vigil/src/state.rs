//! What the watch remembers about one elder: small, bounded, and enough to go on exactly where it stopped.
use crate::alarm::{Alarm, AlarmKind, Evidence, Outcome, Urgency};
use crate::home::HomeState;
use crate::measure::{Encoded, MAX_DEVICES, Slot};
use crate::places::PlacesState;
use crate::routine::Habit;
use crate::settings::{MAX_FENCES, Settings};
use crate::trend::TrendState;
use crate::vitals::VitalsState;
use kernel::Instant;
use serde::{Deserialize, Serialize};

/// The version written by this program.
pub const STATE_VERSION: u8 = 1;
/// A count of the same alarm is told at most this often, unless it got worse; the count itself misses nothing.
const COUNT_EVERY_MS: i64 = Instant::MINUTE;
/// A repetition of the very same message within this time is one event.
const SAME_EVENT_MS: i64 = 10 * Instant::MINUTE;
/// How many closed alarms are remembered to recognise a repeated message.
const REMEMBER_CLOSED: usize = 8;
/// The platform's clock may step back this far without being taken for a jump.
const JUMP_MS: i64 = 2 * Instant::MINUTE;

/// One open alarm.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Open {
    pub kind: AlarmKind,
    pub urgency: Urgency,
    pub since: Instant,
    pub raised: Instant,
    /// How often it happened, 1 at first.
    pub count: u32,
    /// The cause is gone since then (platform time).
    pub well_since: Option<Instant>,
    pub(crate) told: Instant,
    pub(crate) last: Mark,
}

/// Which message an alarm last came from, to recognise the same message again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Mark {
    at: Instant,
    device: Option<Slot>,
    measure: Option<Encoded>,
    received: Instant,
}

impl Mark {
    fn of(evidence: &Evidence, received: Instant) -> Mark {
        Mark { at: evidence.at, device: evidence.device, measure: evidence.measure, received }
    }
    fn is_same_message(&self, other: &Mark) -> bool {
        self.measure.is_some()
            && (self.at, self.device, self.measure) == (other.at, other.device, other.measure)
            && other.received.since(self.received) < SAME_EVENT_MS
    }
}

/// What waits for a moment rather than for a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(usize)]
pub(crate) enum Timer {
    Silent,
    TakenOff,
    LeftBed,
    NoMotion,
    DoorOpen,
    Away,
    FenceConfirm,
    FenceAbsent,
    Wander,
    Settle,
    Routine,
    DayEnd,
}
const TIMERS: usize = 12;
const NEVER: i64 = i64::MAX;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Devices {
    /// When each device was last heard, platform time; 0 = not yet.
    pub heard: Vec<Instant>,
    /// Watched devices that are lost, and those with a low battery: a bit each.
    pub silent: u32,
    pub low: u32,
    /// When silence was last closed by a person, and when a low battery was last told.
    pub silence_closed: Instant,
    pub low_told: Instant,
    /// Devices taken off, and since when the first was.
    pub off: u32,
    pub off_since: Option<Instant>,
}

/// The memory of the watch over one elder. Serialise it with serde (JSON: some 2–6 KB) or with [`State::to_json`].
///
/// It is bounded: at most one open alarm a kind, [`MAX_DEVICES`] devices, [`MAX_FENCES`] fences and eight weeks of
/// day summaries.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct State {
    version: u8,
    /// Latest platform time seen.
    pub(crate) now: Instant,
    pub(crate) open: Vec<Open>,
    closed: Vec<(AlarmKind, Mark)>,
    due: [i64; TIMERS],
    revision: u64,
    /// Day (days since 1970) on which a wrong device clock, or an impossible value, was last told.
    pub(crate) clock_told: i32,
    pub(crate) implausible_told: i32,
    pub(crate) devices: Devices,
    pub(crate) vitals: VitalsState,
    pub(crate) trend: TrendState,
    pub(crate) home: HomeState,
    pub(crate) places: PlacesState,
    pub(crate) habit: Habit,
}

/// A stored state that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StateError {
    #[error("watch state cannot be read: {0}")]
    Unreadable(#[from] serde_json::Error),
    #[error("watch state has version {0}, this program knows {STATE_VERSION}")]
    Version(u8),
}

impl State {
    /// An elder whose watch begins at `now`. Every timer looks at the settings with the first tick.
    pub fn new(now: Instant) -> State {
        let mut state = State {
            version: STATE_VERSION,
            now,
            open: Vec::new(),
            closed: Vec::new(),
            due: [NEVER; TIMERS],
            revision: 0,
            clock_told: i32::MIN,
            implausible_told: i32::MIN,
            devices: Devices {
                heard: Vec::new(),
                silent: 0,
                low: 0,
                silence_closed: Instant(0),
                low_told: Instant(0),
                off: 0,
                off_since: None,
            },
            vitals: VitalsState::default(),
            trend: TrendState::default(),
            home: HomeState::default(),
            places: PlacesState::default(),
            habit: Habit::default(),
        };
        state.settings_changed(now);
        state
    }

    /// To be called when the settings changed: every timer looks at them again at the next tick.
    pub fn settings_changed(&mut self, now: Instant) {
        for timer in &mut self.due {
            *timer = now.0;
        }
        self.devices.heard.resize(MAX_DEVICES, Instant(0));
        for heard in &mut self.devices.heard {
            if heard.0 == 0 {
                *heard = now;
            }
        }
        self.revision += 1;
    }

    /// When [`crate::tick`] has to be called next, though no message comes. It may call a moment too early, never too
    /// late: tick looks again and sets the next moment.
    pub fn next_due(&self) -> Option<Instant> {
        let next = self.due.iter().copied().min().unwrap_or(NEVER);
        (next != NEVER).then_some(Instant(next))
    }

    /// Goes up with everything that must not wait to be stored: an alarm opened, got worse, counted aloud or ended, or
    /// a timer was set earlier. While it stands still, a state may be stored later, as long as the readings since the
    /// stored one are stepped through again after a restart.
    pub fn revision(&self) -> u64 {
        self.revision
    }

    /// Open alarms, most urgent first.
    pub fn open(&self) -> Vec<&Open> {
        let mut all: Vec<&Open> = self.open.iter().collect();
        all.sort_by_key(|o| (std::cmp::Reverse(o.urgency), o.raised, o.kind));
        all
    }

    pub fn is_open(&self, kind: AlarmKind) -> bool {
        self.open.iter().any(|o| o.kind == kind)
    }

    /// A person closed the alarm. The next time it happens it is a new alarm; what goes on unchanged is raised again
    /// after its waiting time. Returns what was closed.
    pub fn close(&mut self, settings: &Settings, kind: AlarmKind, now: Instant) -> Option<Open> {
        self.settle_clock(now);
        let closed = self.take(kind)?;
        self.after_close(settings, kind);
        Some(closed)
    }

    fn after_close(&mut self, settings: &Settings, kind: AlarmKind) {
        match kind {
            AlarmKind::LeftBed | AlarmKind::NoMotion | AlarmKind::NotReturned => {
                self.home.closed(settings, kind, self.now);
            }
            AlarmKind::FenceLeft | AlarmKind::FenceAbsent | AlarmKind::FenceEntered | AlarmKind::Wandering => {
                self.places.closed(kind, self.now);
            }
            AlarmKind::DeviceSilent => {
                self.devices.silent = 0;
                self.devices.silence_closed = self.now;
            }
            AlarmKind::TakenOff => self.devices.off_since = self.devices.off_since.map(|_| self.now),
            _ => {}
        }
        for timer in [
            Timer::LeftBed,
            Timer::NoMotion,
            Timer::Away,
            Timer::Silent,
            Timer::TakenOff,
            Timer::FenceAbsent,
            Timer::Wander,
        ] {
            self.arm(timer, self.now.plus_minutes(1));
        }
    }

    fn take(&mut self, kind: AlarmKind) -> Option<Open> {
        let place = self.open.iter().position(|o| o.kind == kind)?;
        let open = self.open.remove(place);
        if self.closed.len() == REMEMBER_CLOSED {
            self.closed.remove(0);
        }
        self.closed.push((kind, open.last));
        self.revision += 1;
        Some(open)
    }

    /// Brings the state to the platform's time. When the platform's clock jumped back, nothing remembered may lie in
    /// the future: what was waited for would come late by the jump.
    pub(crate) fn settle_clock(&mut self, now: Instant) {
        if now >= self.now {
            self.now = now;
            return;
        }
        if self.now.since(now) <= JUMP_MS {
            return;
        }
        self.now = now;
        self.revision += 1;
        let back = |t: &mut Instant| *t = (*t).min(now);
        for heard in &mut self.devices.heard {
            back(heard);
        }
        back(&mut self.devices.silence_closed);
        back(&mut self.devices.low_told);
        self.devices.off_since.iter_mut().for_each(back);
        for open in &mut self.open {
            back(&mut open.told);
            back(&mut open.last.received);
            open.well_since.iter_mut().for_each(back);
        }
        for (_, mark) in &mut self.closed {
            back(&mut mark.received);
        }
        self.vitals.clock_back(now);
        self.home.clock_back(now);
        self.places.clock_back(now);
        self.habit.clock_back(now);
        for due in &mut self.due {
            *due = now.0;
        }
    }

    /// Sets a timer no later than `at`.
    pub(crate) fn arm(&mut self, timer: Timer, at: Instant) {
        let due = &mut self.due[timer as usize];
        if at.0 < *due {
            *due = at.0;
            self.revision += 1;
        }
    }

    /// Takes a timer that has come due; its watcher sets it again.
    pub(crate) fn take_due(&mut self, timer: Timer, now: Instant) -> bool {
        let due = &mut self.due[timer as usize];
        let come = *due <= now.0;
        if come {
            *due = NEVER;
        }
        come
    }

    /// Raises an alarm, or counts it when one of its kind is open.
    pub(crate) fn raise(&mut self, out: &mut Vec<Outcome>, alarm: Alarm) {
        let mark = Mark::of(&alarm.evidence, self.now);
        let Alarm { kind, urgency, .. } = alarm;
        if let Some(open) = self.open.iter_mut().find(|o| o.kind == kind) {
            open.well_since = None;
            if open.last.is_same_message(&mark) {
                return;
            }
            open.count = open.count.saturating_add(1);
            open.last = mark;
            let worse = urgency > open.urgency;
            let asks = matches!(kind, AlarmKind::Sos | AlarmKind::Fall);
            if worse || asks || self.now.since(open.told) >= COUNT_EVERY_MS {
                open.urgency = open.urgency.max(urgency);
                open.told = self.now;
                self.revision += 1;
                let (count, urgency) = (open.count, open.urgency);
                out.push(Outcome::Count {
                    kind,
                    count,
                    urgency,
                    worse,
                    at: alarm.evidence.at,
                    reason: alarm.reason,
                    score: alarm.evidence.score,
                });
            }
            return;
        }
        if self.closed.iter().any(|(k, m)| *k == kind && m.is_same_message(&mark)) {
            return;
        }
        self.open.push(Open {
            kind,
            urgency,
            since: alarm.since,
            raised: self.now,
            count: 1,
            well_since: None,
            told: self.now,
            last: mark,
        });
        self.revision += 1;
        out.push(Outcome::Raise(alarm));
    }

    /// The cause of an alarm is gone. Alarms that need a person are told so at once and stay open; the others end when
    /// it has been gone for the settling time.
    pub(crate) fn well(&mut self, settings: &Settings, out: &mut Vec<Outcome>, kind: AlarmKind, reason: &str) {
        let now = self.now;
        let Some(open) = self.open.iter_mut().find(|o| o.kind == kind && o.well_since.is_none()) else { return };
        open.well_since = Some(now);
        if kind.needs_person() {
            self.revision += 1;
            out.push(Outcome::Clear { kind, since: open.since, at: now, closed: false, reason: reason.into() });
        } else {
            self.arm(Timer::Settle, now.plus_minutes(i64::from(settings.vitals.settle_minutes)));
        }
    }

    /// Ends the alarms whose cause has been gone long enough.
    pub(crate) fn settle(&mut self, settings: &Settings, out: &mut Vec<Outcome>) {
        let wait = i64::from(settings.vitals.settle_minutes);
        let mut kind = None;
        loop {
            let next =
                self.open.iter().filter(|o| !o.kind.needs_person() && Some(o.kind) > kind).min_by_key(|o| o.kind);
            let Some(open) = next else { return };
            kind = Some(open.kind);
            let Some(well) = open.well_since else { continue };
            let end = well.plus_minutes(wait);
            if end <= self.now {
                let (kind, since) = (open.kind, open.since);
                self.take(kind);
                let reason = format!("{}已恢复 {wait} 分钟", kind.zh());
                out.push(Outcome::Clear { kind, since, at: self.now, closed: true, reason });
            } else {
                self.arm(Timer::Settle, end);
            }
        }
    }

    /// Compact JSON, for a column of a database.
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a stored state.
    ///
    /// # Errors
    /// Text that is no state, or one of another version: the caller begins anew with [`State::new`].
    pub fn from_json(text: &str) -> Result<State, StateError> {
        let mut state: State = serde_json::from_str(text)?;
        if state.version != STATE_VERSION {
            return Err(StateError::Version(state.version));
        }
        state.devices.heard.resize(MAX_DEVICES, state.now);
        state.open.truncate(AlarmKind::ALL.len());
        state.closed.truncate(REMEMBER_CLOSED);
        state.places.truncate(MAX_FENCES);
        state.habit.truncate();
        Ok(state)
    }
}
