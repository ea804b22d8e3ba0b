//! The learnt day (SAF-5): what an elder's days usually look like, and what departs from it.
//!
//! A day runs from four in the morning to four in the morning. Each day is summed up in sixteen numbers; eight weeks
//! of them are kept, newer ones count more (half after three weeks), and what is usual is read off them as weighted
//! quantiles. There is no model to train: few days give wide limits, the season moves them along, a day that was told
//! as a departure does not make itself usual.
mod day;
mod depart;
mod learnt;
mod usual;

pub(crate) use day::{Day, Told};
pub(crate) use depart::look;
pub use learnt::{Learnt, Usually};

use crate::alarm::Outcome;
use crate::measure::Room;
use crate::settings::Settings;
use crate::state::{State, Timer};
use kernel::Instant;
use serde::{Deserialize, Serialize};
use usual::Usual;

/// Days kept.
pub(crate) const DAYS: usize = 56;
/// When a day begins, minutes after midnight.
pub(crate) const DAY_BEGINS: i64 = 4 * 60;
/// Not seen that day.
pub(crate) const NONE: u16 = u16::MAX;
/// Minutes of one cell of the day's picture, and cells of a day.
pub(crate) const CELL: u16 = 5;
const CELLS: u16 = 1440 / CELL;
/// Being up is read off this many cells in a row: enough of them busy, half of those outside the bedroom, and someone
/// about in them, in a room that is neither bedroom nor bathroom.
const UP_SPAN: u16 = 8;
/// Out of bed for this long in the morning is having risen.
pub(crate) const RISEN_MS: i64 = 30 * Instant::MINUTE;
/// No activity for this long after the usual bedtime: asleep.
const ASLEEP_MS: i64 = 40 * Instant::MINUTE;
/// Shorter pauses by day are not worth recording.
const LEAST_QUIET: i64 = 30 * Instant::MINUTE;
/// Longest stay that is recorded, minutes.
const LONGEST: i64 = 20 * 60;
/// A day with fewer events than this is no day to learn from: nobody was there, or the sensors were not.
const LEAST_EVENTS: u16 = 12;

/// Meals by the clock, minutes after midnight.
pub(crate) const MEALS: [(u16, u16, &str); 3] =
    [(5 * 60, 10 * 60 + 30, "早上"), (10 * 60 + 30, 14 * 60 + 30, "中午"), (16 * 60, 20 * 60 + 30, "傍晚")];

/// What home sensors tell the routine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Seen {
    Room(Room),
    /// A door between rooms moved.
    Passage,
    Entrance {
        open: bool,
    },
    BedIn,
    BedOut,
    /// Came back from having been out since `left`.
    Back {
        left: Instant,
    },
}

/// The learnt days and the one that is running.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Habit {
    /// Days that are over, oldest first.
    pub days: Vec<Day>,
    pub today: Day,
    /// Busy cells of today, and those busy outside the bedroom: turning over in bed is no being up.
    active: [u64; 5],
    abroad: [u64; 5],
    /// The newest cell of today in which someone was about: neither in the bedroom nor in the bathroom.
    about_cell: u16,
    /// When something outside the bedroom was seen last.
    last_abroad: Option<Instant>,
    /// The newest event inside, and the room it was in.
    pub last: Option<Instant>,
    pub room: Option<Room>,
    /// In the bathroom since.
    pub bath: Option<Instant>,
    /// Its sensor has been busy without a long pause since.
    pub bath_run: Option<Instant>,
    /// Fell asleep (no activity after the usual bedtime, or the bed is occupied); the cell last counted as night.
    asleep: bool,
    night_cell: u16,
    /// Minutes of activity in the night that is running, and the day it began.
    pub night: u16,
    pub night_day: i32,
    pub night_told: bool,
    pub usual: Usual,
}

impl Default for Habit {
    fn default() -> Habit {
        Habit {
            days: Vec::new(),
            today: Day::new(i32::MIN),
            active: [0; 5],
            abroad: [0; 5],
            about_cell: NONE,
            last_abroad: None,
            last: None,
            room: None,
            bath: None,
            bath_run: None,
            asleep: false,
            night_cell: NONE,
            night: 0,
            night_day: i32::MIN,
            night_told: false,
            usual: Usual::default(),
        }
    }
}

/// The day (from four to four) and the minute in it.
pub(crate) fn day_and_minute(at: Instant) -> (i32, u16) {
    let minutes = (at.0 + Instant::ZONE_MS).div_euclid(Instant::MINUTE) - DAY_BEGINS;
    (minutes.div_euclid(1440) as i32, minutes.rem_euclid(1440) as u16)
}

/// The moment of a minute of a day.
pub(crate) fn moment(day: i32, minute: u16) -> Instant {
    Instant((i64::from(day) * 1440 + DAY_BEGINS + i64::from(minute)) * Instant::MINUTE - Instant::ZONE_MS)
}

fn is_set(cells: &[u64; 5], cell: u16) -> bool {
    cells.get(usize::from(cell / 64)).is_some_and(|w| w & (1 << (cell % 64)) != 0)
}

fn set(cells: &mut [u64; 5], cell: u16) {
    if let Some(word) = cells.get_mut(usize::from(cell / 64)) {
        *word |= 1 << (cell % 64);
    }
}

fn minutes(ms: i64) -> u16 {
    (ms / Instant::MINUTE).clamp(0, LONGEST) as u16
}

fn most(known: &mut u16, new: u16) {
    if *known == NONE || *known < new {
        *known = new;
    }
}

impl Habit {
    pub(crate) fn clock_back(&mut self, now: Instant) {
        for t in [&mut self.last, &mut self.last_abroad, &mut self.bath, &mut self.bath_run].into_iter().flatten() {
            *t = (*t).min(now);
        }
        // A day in the future would keep today out.
        let (day, _) = day_and_minute(now);
        if self.today.day > day {
            self.today = Day::new(day);
            self.clear_cells();
            self.days.retain(|d| d.day < day);
        }
    }
    pub(crate) fn truncate(&mut self) {
        let over = self.days.len().saturating_sub(DAYS);
        self.days.drain(..over);
    }
    pub(crate) fn told(&self, what: Told) -> bool {
        self.today.told & what as u8 != 0
    }
    pub(crate) fn tell(&mut self, what: Told) {
        self.today.told |= what as u8;
    }
    /// How many of the cells up to this one are busy and busy outside the bedroom, when they make up being up; and the
    /// first of them.
    fn lasting(&self, cell: u16) -> Option<u16> {
        let from = cell.saturating_sub(UP_SPAN - 1);
        let busy = (from..=cell).filter(|c| is_set(&self.active, *c));
        let abroad = (from..=cell).filter(|c| is_set(&self.abroad, *c)).count() as u32;
        let first = busy.clone().next()?;
        let need = self.usual.up_busy();
        // After the usual time less will do: whoever is awake then has risen.
        let usual = self.usual.rise;
        let awake = self.today.rise == NONE && usual.known() && cell * CELL >= usual.q50;
        let about = awake || (self.about_cell != NONE && self.about_cell >= from);
        (busy.count() as u32 >= need && abroad >= need / 2 && about).then_some(first)
    }
    /// Takes back a rising that was none: something moved well before the usual time, and then nothing for an hour.
    pub(crate) fn reconsider_rise(&mut self, now: Instant) {
        let early = self.usual.night_ends();
        let (Some(last), true) = (self.last, self.today.rise < early) else { return };
        if last < moment(self.today.day, early) && now.since(last) >= 60 * Instant::MINUTE {
            self.today.rise = NONE;
        }
    }
    /// Whether something moved in the last half hour.
    pub(crate) fn stirring(&self, now: Instant) -> bool {
        self.last.is_some_and(|l| now.since(l) < 30 * Instant::MINUTE)
    }
    fn clear_cells(&mut self) {
        (self.active, self.abroad, self.about_cell) = ([0; 5], [0; 5], NONE);
    }
    /// Ends the running day when a new one has begun.
    pub(crate) fn roll(&mut self, day: i32) {
        if day <= self.today.day {
            return;
        }
        let mut over = std::mem::replace(&mut self.today, Day::new(day));
        over.busy = (48..192).filter(|c| is_set(&self.active, *c)).count() as u16;
        self.clear_cells();
        if over.rise != NONE && over.quiet == NONE {
            over.quiet = minutes(LEAST_QUIET);
        }
        if over.events >= LEAST_EVENTS {
            over.night = if self.night_day == over.day { self.night } else { 0 };
            if self.days.len() >= DAYS {
                self.days.remove(0);
            }
            self.days.push(over);
        }
        self.usual = Usual::of(&self.days, day);
    }
    /// Hours and meals of today spent out.
    fn mark_out(&mut self, left: Instant, back: Instant) {
        let today = self.today.day;
        for hour in 0..24 {
            let middle = moment(today, hour * 60 + 30);
            if left <= middle && middle < back {
                self.today.out_hours |= 1 << hour;
            }
        }
        for (n, (from, to, _)) in MEALS.iter().enumerate() {
            let (from, to) = (meal_moment(today, *from).max(left), meal_moment(today, *to).min(back));
            if to.since(from) >= meal_moment(today, MEALS[n].1).since(meal_moment(today, MEALS[n].0)) / 2 {
                self.today.meals_out |= 1 << n;
            }
        }
    }
}

/// A clock time (minutes after midnight) of a day that begins at four.
pub(crate) fn meal_moment(day: i32, clock: u16) -> Instant {
    moment(day, (i64::from(clock) - DAY_BEGINS).rem_euclid(1440) as u16)
}

/// Takes what a sensor saw into the running day.
pub(crate) fn take(settings: &Settings, state: &mut State, when: Instant, seen: Seen, out: &mut Vec<Outcome>) {
    if !settings.home.routine {
        return;
    }
    let (day, minute) = day_and_minute(when);
    let habit = &mut state.habit;
    if day > habit.today.day {
        habit.roll(day);
        state.arm(Timer::Routine, state.now);
    }
    let habit = &mut state.habit;
    if day < habit.today.day {
        return;
    }
    let cell = minute / CELL;
    if habit.last.is_some_and(|l| l > when) {
        // Late: it belongs into the day's picture, but changes nothing that is running.
        set(&mut habit.active, cell);
        return;
    }
    match seen {
        Seen::Back { left } => return came_back(state, left, when, minute),
        Seen::BedIn => {
            habit.bath = None;
            habit.room = Some(Room::Bedroom);
            let night_begins = habit.usual.night_begins();
            if minute >= night_begins {
                begin_night(habit, day);
            }
        }
        Seen::BedOut => state.arm(Timer::Routine, when.plus_ms(RISEN_MS)),
        Seen::Entrance { open } => {
            leave_bathroom(habit, when);
            habit.room = Some(Room::Hall);
            if !open {
                state.arm(Timer::Routine, when.plus_ms(crate::home::OUT_AFTER_MS));
            }
        }
        Seen::Room(room) => enter(state, when, room),
        Seen::Passage => {
            leave_bathroom(habit, when);
            habit.room = None;
        }
    }
    activity(state, when, day, cell);
    depart::after_activity(settings, state, when, out);
}

fn begin_night(habit: &mut Habit, day: i32) {
    if habit.night_day != day {
        habit.night_day = day;
        habit.night = 0;
        habit.night_told = false;
    }
    habit.asleep = true;
}

fn leave_bathroom(habit: &mut Habit, when: Instant) {
    if let Some(since) = habit.bath.take() {
        let stay = minutes(when.since(since));
        let (_, minute) = day_and_minute(since);
        let day = &mut habit.today;
        most(if usual::is_night(minute) { &mut day.bath_night } else { &mut day.bath_day }, stay);
    }
}

fn enter(state: &mut State, when: Instant, room: Room) {
    let habit = &mut state.habit;
    habit.room = Some(room);
    if room == Room::Bathroom {
        // In a home that does not see every room, the next visit may look like the same stay: a pause parts them.
        let pause = habit.last.is_none_or(|l| when.since(l) > 30 * Instant::MINUTE);
        if habit.bath.is_none() || pause {
            habit.bath_run = Some(when);
        }
        if let Some(run) = habit.bath_run {
            most(&mut habit.today.bath_run, minutes(when.since(run)));
        }
        if habit.bath.is_none() {
            habit.bath = Some(when);
            if let Some(limit) = habit.usual.bath_limit(when) {
                state.arm(Timer::Routine, when.plus_minutes(i64::from(limit)));
            }
        }
        return;
    }
    leave_bathroom(habit, when);
    if room == Room::Kitchen {
        let day = habit.today.day;
        for (n, (from, to, _)) in MEALS.iter().enumerate() {
            if meal_moment(day, *from) <= when && when < meal_moment(day, *to) {
                habit.today.meals |= 1 << n;
            }
        }
    }
}

/// What every event means for the picture of the day: busy cells, rising, the night, the longest quiet time.
fn activity(state: &mut State, when: Instant, day: i32, cell: u16) {
    let habit = &mut state.habit;
    let minute = cell * CELL;
    let gap = habit.last.map(|l| when.since(l));
    let away = habit.room != Some(Room::Bedroom);
    habit.today.events = habit.today.events.saturating_add(1);
    let fresh = !is_set(&habit.active, cell) || (away && !is_set(&habit.abroad, cell));
    set(&mut habit.active, cell);
    habit.reconsider_rise(when);
    if away {
        abroad(habit, when, day, cell);
    }
    if !matches!(habit.room, None | Some(Room::Bedroom | Room::Bathroom)) {
        habit.about_cell = cell;
    }
    // Moving about in the night, and the way to the bathroom, are no late bedtime.
    if fresh && let Some(first) = habit.lasting(cell) {
        if habit.today.rise == NONE {
            habit.today.rise = first * CELL;
        }
        if !habit.asleep {
            habit.today.bed = minute + CELL;
        }
    }
    // Quiet time counts between rising and the usual evening, while in.
    if let (Some(last), Some(gap)) = (habit.last, gap)
        && habit.today.rise != NONE
        && last >= moment(day, habit.today.rise)
        && gap >= LEAST_QUIET
        && state.home.exit.is_none_or(|e| last > e)
    {
        let end = when.min(moment(day, habit.usual.evening()));
        if end > last {
            most(&mut habit.today.quiet, minutes(end.since(last)));
        }
    }
    habit.last = Some(when);
}

/// Activity outside the bedroom: after a while without it in the evening begins the night, and in the night it counts.
fn abroad(habit: &mut Habit, when: Instant, day: i32, cell: u16) {
    let minute = cell * CELL;
    let gap = habit.last_abroad.replace(when).map(|l| when.since(l));
    let fresh = !is_set(&habit.abroad, cell);
    set(&mut habit.abroad, cell);
    // Sitting up in the bedroom keeps its sensor busy; sleeping does not.
    let still = (1..=UP_SPAN).filter(|n| cell >= *n && is_set(&habit.active, cell - n)).count() as u32;
    if minute >= habit.usual.night_begins() && gap.is_some_and(|g| g >= ASLEEP_MS) && still < habit.usual.up_busy() {
        begin_night(habit, day);
    }
    if !habit.asleep || !fresh {
        return;
    }
    // The night that began yesterday evening runs on until the usual time to rise.
    let night_day = habit.night_day;
    if night_day != day && (night_day != day - 1 || minute >= habit.usual.night_ends()) {
        habit.asleep = false;
    } else if habit.night_cell != cell {
        habit.night_cell = cell;
        habit.night = habit.night.saturating_add(CELL);
        if night_day == day - 1
            && let Some(yesterday) = habit.days.last_mut().filter(|d| d.day == night_day)
        {
            yesterday.night = habit.night;
        }
    }
}

fn came_back(state: &mut State, left: Instant, when: Instant, minute: u16) {
    let habit = &mut state.habit;
    let away = minutes(when.since(left));
    most(&mut habit.today.out, away);
    habit.today.back = minute;
    habit.mark_out(left, when);
    // The time out is no quiet time: it ends where the absence ends.
    habit.last = Some(when);
    habit.last_abroad = Some(when);
    if habit.today.rise == NONE {
        habit.today.rise = minute.min(CELLS * CELL);
    }
}
