//! Departures from the usual day, said in words with a score.
use super::usual::{Feature, LEAST_DAYS, clock, meal_name, up};
use super::{MEALS, NONE, RISEN_MS, Told, day_and_minute, meal_moment, moment};
use crate::alarm::{Alarm, AlarmKind, Evidence, Outcome};
use crate::home::OUT_AFTER_MS;
use crate::settings::Settings;
use crate::state::{State, Timer};
use crate::step::duration_words;
use kernel::Instant;

/// A departure that goes on is told again, with its new length, this often.
const AGAIN_MS: i64 = 60 * Instant::MINUTE;
/// Meals usually taken are missed on at most one day in five.
const MEAL_USUAL: u16 = 200;
/// Missing them together must happen by chance on less than one day in a hundred (parts per million).
const MEALS_CHANCE: u64 = 10_000;
/// Out in an hour in which they are out on less than one day in twenty-five.
const OUT_RARE: u16 = 40;
const OUT_RARE_DAYS: u16 = 14;
const OUT_RARE_FROM: u16 = 15 * 60;
const OUT_RARE_MS: i64 = 90 * Instant::MINUTE;

struct Departure {
    kind: AlarmKind,
    what: Told,
    since: Instant,
    score: u16,
    reason: String,
}

fn tell(state: &mut State, out: &mut Vec<Outcome>, d: Departure) {
    state.habit.tell(d.what);
    let evidence = Evidence { at: state.now, device: None, measure: None, score: Some(d.score) };
    let (kind, urgency, raised) = (d.kind, d.kind.urgency(), state.now);
    state.raise(out, Alarm { kind, urgency, since: d.since, raised, reason: d.reason, evidence });
}

/// Whether silence may be read as the elder's: not while a device is lost.
fn can_tell(state: &State) -> bool {
    state.habit.usual.days >= LEAST_DAYS && !state.is_open(AlarmKind::DeviceSilent)
}

/// What an event itself ends or shows: departures that are over, activity at night, being up late.
pub(crate) fn after_activity(settings: &Settings, state: &mut State, when: Instant, out: &mut Vec<Outcome>) {
    if !state.open.is_empty() {
        ended(settings, state, when, out);
    }
    if !can_tell(state) {
        return;
    }
    night(state, when, out);
    up_late(state, when, out);
    busy_bathroom(state, when, out);
}

/// Busy in the bathroom for longer than usual, seen while it goes on.
fn busy_bathroom(state: &mut State, when: Instant, out: &mut Vec<Outcome>) {
    let usual = state.habit.usual.bath_run;
    let (Some(_), Some(run), true) = (state.habit.bath, state.habit.bath_run, usual.known()) else { return };
    let stay = (when.since(run) / Instant::MINUTE).clamp(0, 1439) as u16;
    if stay <= usual.limit {
        return;
    }
    let known = state.open.iter().find(|o| o.kind == AlarmKind::LongBathroom && o.well_since.is_none());
    if known.is_some_and(|o| state.now.since(o.told) < AGAIN_MS) {
        return;
    }
    tell_bathroom(state, out, run, stay, usual);
}

fn tell_bathroom(state: &mut State, out: &mut Vec<Outcome>, since: Instant, stay: u16, usual: Feature) {
    let words = duration_words(i64::from(stay) * Instant::MINUTE);
    let reason = format!("在卫生间已 {words}，平时不超过 {} 分钟", up(usual.q90).max(5));
    let score = usual.score(stay);
    tell(state, out, Departure { kind: AlarmKind::LongBathroom, what: Told::Bathroom, since, score, reason });
}

fn ended(settings: &Settings, state: &mut State, when: Instant, out: &mut Vec<Outcome>) {
    let (_, minute) = day_and_minute(when);
    let today = &state.habit.today;
    let (rise, meals) = (today.rise, today.meals);
    if rise != NONE {
        state.well(settings, out, AlarmKind::LateRise, &format!("{} 起床", clock(rise)));
    }
    if state.habit.bath.is_none() {
        state.well(settings, out, AlarmKind::LongBathroom, &format!("{} 离开卫生间", when.hhmm()));
    }
    if state.home.exit.is_none() {
        state.well(settings, out, AlarmKind::StayingOut, &format!("{} 到家", when.hhmm()));
        state.well(settings, out, AlarmKind::QuietDay, &format!("{} 又有活动", when.hhmm()));
    }
    if meals != 0
        && MEALS.iter().enumerate().any(|(n, m)| meals & (1 << n) != 0 && when < meal_moment(today_of(state), m.1))
    {
        state.well(settings, out, AlarmKind::NoMeal, &format!("{} 用了厨房", when.hhmm()));
    }
    // A night ends with the morning.
    if minute >= state.habit.usual.night_ends() && minute < 900 {
        state.well(settings, out, AlarmKind::NightActivity, "夜里已过去");
        state.well(settings, out, AlarmKind::UpLate, "夜里已过去");
    }
}

fn today_of(state: &State) -> i32 {
    state.habit.today.day
}

fn night(state: &mut State, when: Instant, out: &mut Vec<Outcome>) {
    let habit = &state.habit;
    let usual = habit.usual.night;
    let (day, _) = day_and_minute(when);
    if !usual.known() || habit.night_told || habit.night <= usual.limit || day - habit.night_day > 1 {
        return;
    }
    let reason = format!("夜里入睡后活动约 {} 分钟，平时不超过 {} 分钟", habit.night, up(usual.q90).max(5));
    let score = usual.score(habit.night);
    let night_day = habit.night_day;
    state.habit.night_told = true;
    tell(state, out, Departure { kind: AlarmKind::NightActivity, what: Told::Night, since: when, score, reason });
    // The night belongs to the day on which it began.
    if night_day < day {
        state.habit.today.told &= !(Told::Night as u8);
        if let Some(yesterday) = state.habit.days.last_mut().filter(|d| d.day == night_day) {
            yesterday.told |= Told::Night as u8;
        }
    }
}

fn up_late(state: &mut State, when: Instant, out: &mut Vec<Outcome>) {
    let habit = &state.habit;
    let usual = habit.usual.bed;
    let (_, minute) = day_and_minute(when);
    // Someone who has slept and moves again is the night's matter.
    let asleep = habit.night_day == habit.today.day;
    if !usual.known() || asleep || habit.told(Told::Late) || minute <= usual.limit || habit.today.bed < usual.limit {
        return;
    }
    if habit.today.bed.abs_diff(minute) > 30 {
        return;
    }
    let reason = format!("平时 {} 前休息，今天 {} 仍在活动", clock(up(usual.q90)), clock(minute));
    let score = usual.score(minute);
    tell(state, out, Departure { kind: AlarmKind::UpLate, what: Told::Late, since: when, score, reason });
}

/// Looks at everything that shows by not happening, and sets the next moment to look.
pub(crate) fn look(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    if !settings.home.routine {
        return;
    }
    let now = state.now;
    let (day, _) = day_and_minute(now);
    // Nothing was ever seen in this home: there is no routine to watch.
    let Some(last) = state.habit.last else { return };
    if day > state.habit.today.day {
        state.habit.roll(day);
    }
    state.arm(Timer::Routine, moment(day + 1, 0));
    state.habit.reconsider_rise(now);
    bed_risen(state, day);
    // A home without a sign for a day and a half: silence says nothing new any more.
    if now.since(last) > 36 * Instant::HOUR || !can_tell(state) {
        return;
    }
    late_rise(state, day, out);
    meals(state, day, out);
    bathroom(state, out);
    staying_out(state, day, out);
    quiet(state, day, out);
}

/// With a bed sensor: out of bed for half an hour in the morning is having risen.
fn bed_risen(state: &mut State, day: i32) {
    let Some((false, left)) = state.home.bed else { return };
    if state.habit.today.rise != NONE || left < moment(day, 0).plus_ms(-RISEN_MS) {
        return;
    }
    let risen = left.plus_ms(RISEN_MS);
    if risen <= state.now {
        state.habit.today.rise = day_and_minute(left.max(moment(day, 0))).1;
    } else {
        state.arm(Timer::Routine, risen);
    }
}

fn out_since(state: &State) -> Option<Instant> {
    state.home.exit.filter(|e| state.now.since(*e) >= OUT_AFTER_MS)
}

fn late_rise(state: &mut State, day: i32, out: &mut Vec<Outcome>) {
    let usual = state.habit.usual.rise;
    let now = state.now;
    if state.habit.today.rise != NONE || !usual.known() || out_since(state).is_some() {
        return;
    }
    let limit = moment(day, usual.limit);
    if now < limit {
        return state.arm(Timer::Routine, limit);
    }
    // Something moves: it may be the rising.
    if state.habit.stirring(now) && now.since(limit) < AGAIN_MS {
        return state.arm(Timer::Routine, now.plus_minutes(20));
    }
    let (_, minute) = day_and_minute(now);
    if minute > 18 * 60 {
        return;
    }
    state.arm(Timer::Routine, now.plus_ms(AGAIN_MS));
    let bed = if matches!(state.home.bed, Some((true, _))) { "，仍在床上" } else { "" };
    // A way to the bathroom is activity, but no rising.
    let stirred = state.habit.last.is_some_and(|l| l >= moment(day, usual.q10));
    let still = if stirred { "仍没有起床后的活动" } else { "仍无活动" };
    let reason = format!("平时 {} 前起床，今天 {} {still}{bed}", clock(up(usual.q90)), clock(minute));
    let score = usual.score(minute);
    tell(state, out, Departure { kind: AlarmKind::LateRise, what: Told::Rise, since: limit, score, reason });
}

fn meals(state: &mut State, day: i32, out: &mut Vec<Outcome>) {
    let now = state.now;
    if let Some(exit) = out_since(state) {
        state.habit.mark_out(exit, now);
    }
    let usual = &state.habit.usual;
    let today = &state.habit.today;
    let (mut chance, mut missed, mut usual_meals, mut next) = (1_000_000u64, Vec::new(), 0, None);
    for (n, (_, to, _)) in MEALS.iter().enumerate() {
        if usual.meal_missed[n] > MEAL_USUAL || usual.meal_days[n] < LEAST_DAYS {
            continue;
        }
        usual_meals += 1;
        let end = meal_moment(day, *to);
        if now < end {
            next = next.or(Some(end));
        } else if today.meals & (1 << n) != 0 {
            // A meal after missed ones starts the count again.
            (chance, missed) = (1_000_000, Vec::new());
        } else if today.meals_out & (1 << n) == 0 {
            chance = chance * u64::from(usual.meal_missed[n]) / 1000;
            missed.push(meal_name(n));
        }
    }
    if let Some(next) = next {
        state.arm(Timer::Routine, next);
    }
    let enough = missed.len() >= 2.min(usual_meals) && chance <= MEALS_CHANCE;
    if !enough || state.habit.told(Told::Meal) || day_and_minute(now).1 > 18 * 60 {
        return;
    }
    let (_, minute) = day_and_minute(now);
    let reason = format!("平时{}都用厨房，今天到 {} 还没有", missed.join("、"), clock(minute));
    // One in a hundred is the limit; every further tenth of the chance adds one spread.
    let score = 35 + 10 * (MEALS_CHANCE / chance.max(1)).max(1).ilog10() as u16;
    tell(state, out, Departure { kind: AlarmKind::NoMeal, what: Told::Meal, since: now, score, reason });
}

fn bathroom(state: &mut State, out: &mut Vec<Outcome>) {
    let Some(since) = state.habit.bath else { return };
    let Some(limit) = state.habit.usual.bath_limit(since) else { return };
    let (usual, now) = (*state.habit.usual.bath(since), state.now);
    let limit = since.plus_minutes(i64::from(limit));
    if now < limit {
        return state.arm(Timer::Routine, limit);
    }
    state.arm(Timer::Routine, now.plus_ms(AGAIN_MS));
    if now.since(since) > 12 * Instant::HOUR {
        return;
    }
    tell_bathroom(state, out, since, (now.since(since) / Instant::MINUTE) as u16, usual);
}

fn staying_out(state: &mut State, day: i32, out: &mut Vec<Outcome>) {
    let Some(exit) = state.home.exit else { return };
    let now = state.now;
    if now < exit.plus_ms(OUT_AFTER_MS) {
        return state.arm(Timer::Routine, exit.plus_ms(OUT_AFTER_MS));
    }
    let usual = &state.habit.usual;
    let (_, minute) = day_and_minute(now);
    let (long, back) = (usual.out, usual.back);
    let hour = usize::from(minute / 60);
    let rare = usual.days >= OUT_RARE_DAYS
        && minute >= OUT_RARE_FROM
        && (!back.known() || minute >= back.limit)
        && now.since(exit) >= OUT_RARE_MS
        && minute % 60 >= 30
        && usual.out_hours.get(hour).is_some_and(|p| *p <= OUT_RARE);
    let away = (now.since(exit) / Instant::MINUTE).min(i64::from(NONE) - 1) as u16;
    let too_long = long.known() && away >= long.limit;
    // The next half hour, or the moment the longest usual time is over.
    let half = moment(day, (minute / 30 + 1) * 30);
    let end = exit.plus_minutes(i64::from(long.limit));
    state.arm(Timer::Routine, if long.known() && end > now { end.min(half) } else { half });
    if !(rare || too_long) {
        return;
    }
    let told = state.habit.told(Told::Out);
    let open = state.open.iter().find(|o| o.kind == AlarmKind::StayingOut);
    if told && open.is_none_or(|o| now.since(o.told) < AGAIN_MS) {
        return;
    }
    let reason = if too_long {
        let words = duration_words(i64::from(up(long.q90)) * Instant::MINUTE);
        format!("{} 出门，已 {} 未回，平时外出不超过 {words}", exit.hhmm(), duration_words(now.since(exit)))
    } else if back.known() {
        format!("{} 出门，平时 {} 前到家，今天 {} 还没回来", exit.hhmm(), clock(up(back.q90)), clock(minute))
    } else {
        format!("{} 出门，{} 还没回来，平时这时在家", exit.hhmm(), clock(minute))
    };
    let score = if too_long { long.score(away) } else { 35 };
    tell(state, out, Departure { kind: AlarmKind::StayingOut, what: Told::Out, since: exit, score, reason });
}

fn quiet(state: &mut State, day: i32, out: &mut Vec<Outcome>) {
    let habit = &state.habit;
    let usual = habit.usual.quiet;
    let now = state.now;
    let Some(last) = habit.last else { return };
    if habit.today.rise == NONE || !usual.known() || state.home.exit.is_some_and(|e| e >= last) {
        return;
    }
    let risen = habit.today.rise.max(if habit.usual.rise.known() { habit.usual.rise.q50 } else { 0 });
    let due = last.max(moment(day, risen)).plus_minutes(i64::from(usual.limit));
    if due > moment(day, habit.usual.evening()) || habit.told(Told::Quiet) || habit.bath.is_some() {
        return;
    }
    if now < due {
        return state.arm(Timer::Routine, due);
    }
    let words = duration_words(i64::from(up(usual.q90)) * Instant::MINUTE);
    let silence = now.since(last);
    let reason = format!("{} 以后没有活动，已 {}，平时白天不超过 {words}", last.hhmm(), duration_words(silence));
    let score = usual.score((silence / Instant::MINUTE).min(i64::from(NONE) - 1) as u16);
    tell(state, out, Departure { kind: AlarmKind::QuietDay, what: Told::Quiet, since: last, score, reason });
}
