//! The home: bed at night, signs of life, the entrance, being out.
use crate::alarm::{Alarm, AlarmKind, Evidence, Outcome, Urgency};
use crate::measure::{DoorKind, MAX_DEVICES, Measure, Reading, Room};
use crate::routine::{self, Seen};
use crate::settings::{Settings, Span};
use crate::state::{State, Timer};
use crate::step::{duration_words, late_words};
use kernel::Instant;
use serde::{Deserialize, Serialize};

/// Movement this soon after the entrance moved may still be the leaving itself: anywhere, and in the hall.
const LEAVING_MS: i64 = 20_000;
const LEAVING_HALL_MS: i64 = 90_000;
/// Nothing inside for this long after the entrance moved: taken for out.
pub(crate) const OUT_AFTER_MS: i64 = 15 * Instant::MINUTE;

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct HomeState {
    /// Whether the bed is occupied, and since when it says so.
    pub bed: Option<(bool, Instant)>,
    /// Last sign of life: movement, door, bed, steps.
    life: Option<Instant>,
    room: Option<Room>,
    /// Entrances that stand open, a bit each, the first since when, and when an entrance last moved.
    open_doors: u32,
    open_since: Option<Instant>,
    door_at: Instant,
    /// The entrance moved then and nothing was seen inside since.
    pub exit: Option<Instant>,
    steps: u32,
    /// A person closed the alarm then: waiting begins anew.
    bed_closed: Instant,
    life_closed: Instant,
    away_closed: Instant,
    /// Readings in a row of a room too cold (negative) or too hot, and when the newest was.
    climate: i8,
    climate_at: Instant,
}

impl HomeState {
    pub(crate) fn closed(&mut self, _: &Settings, kind: AlarmKind, now: Instant) {
        match kind {
            AlarmKind::LeftBed => self.bed_closed = now,
            AlarmKind::NoMotion => self.life_closed = now,
            _ => self.away_closed = now,
        }
    }
    pub(crate) fn clock_back(&mut self, now: Instant) {
        let back = |t: &mut Instant| *t = (*t).min(now);
        if let Some((_, at)) = &mut self.bed {
            back(at);
        }
        for t in [&mut self.life, &mut self.open_since, &mut self.exit].into_iter().flatten() {
            back(t);
        }
        for t in [
            &mut self.door_at,
            &mut self.bed_closed,
            &mut self.life_closed,
            &mut self.away_closed,
            &mut self.climate_at,
        ] {
            back(t);
        }
    }
}

/// Minutes as a span of time to add.
fn after(from: Instant, minutes: u16) -> Instant {
    from.plus_minutes(i64::from(minutes))
}

pub(crate) fn step(settings: &Settings, state: &mut State, reading: &Reading, when: Instant, out: &mut Vec<Outcome>) {
    match reading.what {
        Measure::Bed { occupied } => bed(settings, state, occupied, when, out),
        Measure::Motion { room } => {
            life(settings, state, when, Some(room), out);
            inside(settings, state, when, room, out);
            routine::take(settings, state, when, Seen::Room(room), out);
        }
        Measure::Door { door: DoorKind::Entrance, open, .. } => {
            life(settings, state, when, Some(Room::Hall), out);
            entrance(settings, state, reading, open, when, out);
        }
        Measure::Door { door, room, .. } => {
            life(settings, state, when, Some(room), out);
            inside(settings, state, when, room, out);
            // A door between rooms is passed both ways: it says that someone is on the way, not in which room.
            let seen = if door == DoorKind::Inner { Seen::Passage } else { Seen::Room(room) };
            routine::take(settings, state, when, seen, out);
        }
        Measure::Steps(steps) => {
            // A running total: only its growth is movement, and a smaller figure is a new day.
            if steps > state.home.steps {
                life(settings, state, when, None, out);
            }
            state.home.steps = steps;
        }
        Measure::RoomTemperature(t) => climate(settings, state, reading, t, when, out),
        _ => {}
    }
}

fn life(settings: &Settings, state: &mut State, when: Instant, room: Option<Room>, out: &mut Vec<Outcome>) {
    let home = &mut state.home;
    if home.life.is_some_and(|l| l > when) {
        return;
    }
    let first = home.life.is_none();
    home.life = Some(when);
    home.room = room.or(home.room);
    if let Some(limit) = settings.home.no_motion {
        if first {
            state.arm(Timer::NoMotion, after(when, limit));
        }
        state.well(settings, out, AlarmKind::NoMotion, "又有活动了");
    }
}

/// Something inside moved: whoever seemed out is in.
fn inside(settings: &Settings, state: &mut State, when: Instant, room: Room, out: &mut Vec<Outcome>) {
    let Some(exit) = state.home.exit else { return };
    let leaving = if room == Room::Hall { LEAVING_HALL_MS } else { LEAVING_MS };
    if when.since(exit) < leaving {
        return;
    }
    came_in(settings, state, exit, when, out);
}

fn came_in(settings: &Settings, state: &mut State, exit: Instant, when: Instant, out: &mut Vec<Outcome>) {
    state.home.exit = None;
    if when.since(exit) >= OUT_AFTER_MS {
        routine::take(settings, state, when, Seen::Back { left: exit }, out);
    }
    state.well(settings, out, AlarmKind::NotReturned, "已有回家后的活动");
}

fn bed(settings: &Settings, state: &mut State, occupied: bool, when: Instant, out: &mut Vec<Outcome>) {
    life(settings, state, when, Some(Room::Bedroom), out);
    if state.home.bed.is_some_and(|(was, at)| at > when || was == occupied) {
        return;
    }
    state.home.bed = Some((occupied, when));
    routine::take(settings, state, when, if occupied { Seen::BedIn } else { Seen::BedOut }, out);
    if occupied {
        if let Some(exit) = state.home.exit {
            came_in(settings, state, exit, when, out);
        }
        state.well(settings, out, AlarmKind::LeftBed, &format!("{} 已回到床上", when.hhmm()));
    } else if let Some(limit) = settings.home.left_bed
        && settings.home.night.contains(when.minute_of_day())
    {
        state.arm(Timer::LeftBed, after(when, limit));
    }
}

pub(crate) fn look_left_bed(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    let (Some(limit), Some((false, left))) = (settings.home.left_bed, state.home.bed) else { return };
    let now = state.now;
    let from = left.max(state.home.bed_closed);
    let due = after(from, limit);
    // Both ends of the wait lie in the night: rising in the morning is no alarm.
    let night = |at: Instant| settings.home.night.contains(at.minute_of_day());
    if !night(from) || !night(due) {
        return;
    }
    if due > now {
        return state.arm(Timer::LeftBed, due);
    }
    let seen = state.home.life.filter(|l| *l > left).zip(state.home.room);
    let seen = seen.map(|(l, room)| format!("，最后活动 {} 在{}", l.hhmm(), room.zh())).unwrap_or_default();
    let reason = format!("{} 离床，{} 未归{seen}", left.hhmm(), duration_words(now.since(left)));
    tell(state, out, AlarmKind::LeftBed, AlarmKind::LeftBed.urgency(), left, reason);
}

fn tell(state: &mut State, out: &mut Vec<Outcome>, kind: AlarmKind, urgency: Urgency, since: Instant, reason: String) {
    let (raised, evidence) = (state.now, Evidence::absence(since));
    state.raise(out, Alarm { kind, urgency, since, raised, reason, evidence });
}

/// The moment `minutes` of waking time after `from`: the night does not count.
fn waking(from: Instant, minutes: u16, night: Span) -> Instant {
    if night.from == night.to {
        return after(from, minutes);
    }
    let day = i64::from(1440 - night.minutes());
    let mut at = from;
    let minute = i64::from(at.minute_of_day());
    if night.contains(at.minute_of_day()) {
        let wait = (i64::from(night.to) - minute).rem_euclid(1440);
        at = Instant(at.0 - at.0.rem_euclid(Instant::MINUTE)).plus_minutes(wait);
    }
    let mut left = i64::from(minutes);
    // Minutes until the night begins.
    let mut today = (i64::from(night.from) - i64::from(at.minute_of_day())).rem_euclid(1440).min(day);
    while left > today {
        left -= today;
        at = at.plus_minutes(today + i64::from(night.minutes()));
        today = day;
    }
    at.plus_minutes(left)
}

pub(crate) fn look_no_motion(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    let (Some(limit), Some(last)) = (settings.home.no_motion, state.home.life) else { return };
    let now = state.now;
    let due = waking(last.max(state.home.life_closed), limit, settings.home.night);
    if due > now {
        return state.arm(Timer::NoMotion, due);
    }
    // Whoever went out is waited for by the rule of being out; looked at again while that lasts.
    let out_since = state.home.exit.filter(|e| *e >= last.plus_ms(-LEAVING_HALL_MS));
    if settings.home.away.is_some() && out_since.is_some() {
        return state.arm(Timer::NoMotion, now.plus_minutes(30));
    }
    state.arm(Timer::NoMotion, now.plus_minutes(60));
    if state.open.iter().any(|o| o.kind == AlarmKind::NoMotion && o.well_since.is_none()) {
        return;
    }
    let room = state.home.room.map_or(String::new(), |r| format!("（{}）", r.zh()));
    let silent = if state.is_open(AlarmKind::DeviceSilent) { "；有设备失联，无法确认" } else { "" };
    let bed = if matches!(state.home.bed, Some((true, _))) { "，在床" } else { "" };
    let reason =
        format!("已 {} 没有活动，最后一次 {}{room}{bed}{silent}", duration_words(now.since(last)), last.stamp());
    tell(state, out, AlarmKind::NoMotion, AlarmKind::NoMotion.urgency(), last, reason);
}

fn entrance(
    settings: &Settings,
    state: &mut State,
    reading: &Reading,
    open: bool,
    when: Instant,
    out: &mut Vec<Outcome>,
) {
    if state.home.door_at > when {
        return;
    }
    state.home.door_at = when;
    // The door that ends an absence moves before anything inside does.
    if let Some(exit) = state.home.exit.filter(|e| when.since(*e) >= OUT_AFTER_MS) {
        came_in(settings, state, exit, when, out);
    }
    state.home.exit = Some(when);
    routine::take(settings, state, when, Seen::Entrance { open }, out);
    if let Some(limit) = settings.home.away {
        state.arm(Timer::Away, after(when, limit));
    }
    let bit = if usize::from(reading.device) < MAX_DEVICES { 1 << reading.device } else { 0 };
    if open {
        state.home.open_doors |= bit;
        state.home.open_since.get_or_insert(when);
        if let Some(due) = door_due(settings, when, state.now) {
            state.arm(Timer::DoorOpen, due);
        }
        wandering(settings, state, reading, when, out);
    } else {
        state.home.open_doors &= !bit;
        if state.home.open_doors == 0 {
            state.home.open_since = None;
            state.well(settings, out, AlarmKind::DoorOpen, "门已关上");
        }
    }
}

/// In wandering mode the entrance at night is told at once.
fn wandering(settings: &Settings, state: &mut State, reading: &Reading, when: Instant, out: &mut Vec<Outcome>) {
    if settings.places.wandering.is_none() || !settings.home.night.contains(when.minute_of_day()) {
        return;
    }
    let kind = AlarmKind::Wandering;
    let reason = format!("夜里 {} 打开了大门{}", when.hhmm(), late_words(when, state.now));
    let evidence = Evidence::of(reading, when);
    state.raise(out, Alarm { kind, urgency: kind.urgency(), since: when, raised: state.now, reason, evidence });
}

/// When a door open since `since` is told next: by the day's limit and by the night's, whichever comes first after
/// `told`.
fn door_due(settings: &Settings, since: Instant, told: Instant) -> Option<Instant> {
    let day = settings.home.door_open.map(|m| after(since, m));
    let night = settings.home.door_open_night.map(|m| {
        let minute = since.minute_of_day();
        let wait = if settings.home.night.contains(minute) {
            0
        } else {
            (i64::from(settings.home.night.from) - i64::from(minute)).rem_euclid(1440)
        };
        after(since.plus_minutes(wait), m)
    });
    [day, night].into_iter().flatten().filter(|due| *due >= told).min()
}

pub(crate) fn look_door(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    let Some(since) = state.home.open_since else { return };
    let now = state.now;
    // Every limit that has passed is told; a later one is waited for.
    if let Some(next) = door_due(settings, since, now.plus_ms(1)) {
        state.arm(Timer::DoorOpen, next);
    }
    let Some(first) = door_due(settings, since, since).filter(|due| *due <= now) else { return };
    let at_night = settings.home.night.contains(now.minute_of_day()) && settings.home.door_open_night.is_some();
    let urgency = if at_night { Urgency::Urgent } else { Urgency::Notice };
    let known = state.open.iter().find(|o| o.kind == AlarmKind::DoorOpen && o.since >= since);
    if known.is_some_and(|o| o.urgency >= urgency) {
        return;
    }
    let reason = format!("大门从 {} 开着，已 {}", since.hhmm(), duration_words(now.since(since)));
    tell(state, out, AlarmKind::DoorOpen, urgency, since.min(first), reason);
}

pub(crate) fn look_away(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    let (Some(limit), Some(exit)) = (settings.home.away, state.home.exit) else { return };
    let now = state.now;
    let due = after(exit.max(state.home.away_closed), limit);
    if due > now {
        return state.arm(Timer::Away, due);
    }
    let reason = format!("{} 出门，{} 没有回家的记录", exit.stamp(), duration_words(now.since(exit)));
    tell(state, out, AlarmKind::NotReturned, AlarmKind::NotReturned.urgency(), exit, reason);
}

fn climate(settings: &Settings, state: &mut State, reading: &Reading, t: i16, when: Instant, out: &mut Vec<Outcome>) {
    if state.home.climate_at >= when {
        return;
    }
    state.home.climate_at = when;
    let home = &settings.home;
    let run = state.home.climate;
    let (kind, run, level) = match (home.room_cold, home.room_hot) {
        (Some(cold), _) if t <= cold => (AlarmKind::RoomCold, run.min(0).saturating_sub(1), cold),
        (_, Some(hot)) if t >= hot => (AlarmKind::RoomHot, run.max(0).saturating_add(1), hot),
        _ => {
            state.home.climate = 0;
            state.well(settings, out, AlarmKind::RoomCold, "室温已恢复");
            return state.well(settings, out, AlarmKind::RoomHot, "室温已恢复");
        }
    };
    state.home.climate = run;
    // One reading may be a hand on the sensor or an open window.
    if run.unsigned_abs() < 2 {
        return;
    }
    let tenths = |v: i16| crate::measure::tenths(i32::from(v));
    let reason = format!("室温 {} ℃（界限 {} ℃）{}", tenths(t), tenths(level), late_words(when, state.now));
    let evidence = Evidence::of(reading, when);
    state.raise(out, Alarm { kind, urgency: kind.urgency(), since: when, raised: state.now, reason, evidence });
}
