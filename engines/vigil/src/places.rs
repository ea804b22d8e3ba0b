//! Positions against fences, and the extra watch for people who may lose their way.
use crate::alarm::{Alarm, AlarmKind, Evidence, Outcome};
use crate::fence::{Fence, FenceRule, Side};
use crate::measure::{Encoded, Reading};
use crate::settings::{MAX_FENCES, Settings};
use crate::state::{State, Timer};
use crate::step::{duration_words, late_words};
use kernel::{GeoPoint, Instant};
use serde::{Deserialize, Serialize};

/// Fixes kept for the shape of a walk.
const WALK: usize = 12;
/// Pacing: this much way, this little distance between its ends, within this time.
const PACING_WAY_M: f64 = 1_500.0;
const PACING_NET_M: f64 = 300.0;
const PACING_MS: i64 = 2 * Instant::HOUR;

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
struct FenceState {
    id: u16,
    /// Whether the elder counts as inside; `None` before the first clear fix.
    inside: Option<bool>,
    /// The first fix wholly outside that waits to be confirmed.
    doubt: Option<Instant>,
    /// How far outside the newest fix was, metres.
    distance: u32,
    /// "Should be there" is waited for since: begin of the schedule or of being outside; told once per stretch.
    absent_told: bool,
}

#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct PlacesState {
    fences: Vec<FenceState>,
    /// The newest fix.
    last: Option<(GeoPoint, u16, Instant)>,
    evidence: Option<Encoded>,
    /// Newest fixes outside the home, for the shape of the walk; and since when they are away from home.
    walk: Vec<(GeoPoint, Instant)>,
    away_since: Option<Instant>,
    absent_closed: Instant,
    wander_closed: Instant,
}

impl PlacesState {
    pub(crate) fn closed(&mut self, kind: AlarmKind, now: Instant) {
        match kind {
            AlarmKind::Wandering => {
                self.wander_closed = now;
                self.walk.clear();
            }
            AlarmKind::FenceAbsent | AlarmKind::FenceLeft => {
                self.absent_closed = now;
                self.fences.iter_mut().for_each(|f| f.absent_told = false);
            }
            _ => {}
        }
    }
    pub(crate) fn clock_back(&mut self, now: Instant) {
        let back = |t: &mut Instant| *t = (*t).min(now);
        if let Some((_, _, at)) = &mut self.last {
            back(at);
        }
        for fence in &mut self.fences {
            fence.doubt.iter_mut().for_each(back);
        }
        self.walk.iter_mut().for_each(|(_, at)| back(at));
        self.away_since.iter_mut().for_each(back);
        back(&mut self.absent_closed);
        back(&mut self.wander_closed);
    }
    pub(crate) fn truncate(&mut self, fences: usize) {
        self.fences.truncate(fences);
        self.walk.truncate(WALK);
    }
    /// The states of the fences in the settings, in their order; fences that are gone are forgotten.
    fn follow(&mut self, fences: &[Fence]) {
        let fences = &fences[..fences.len().min(MAX_FENCES)];
        let same = self.fences.len() == fences.len() && self.fences.iter().zip(fences).all(|(s, f)| s.id == f.id);
        if same {
            return;
        }
        let old = std::mem::take(&mut self.fences);
        self.fences = fences
            .iter()
            .map(|f| {
                let fresh = FenceState { id: f.id, inside: None, doubt: None, distance: 0, absent_told: false };
                old.iter().find(|s| s.id == f.id).copied().unwrap_or(fresh)
            })
            .collect();
    }
}

fn tell(state: &mut State, out: &mut Vec<Outcome>, kind: AlarmKind, since: Instant, reason: String) {
    let evidence = Evidence { at: since, device: None, measure: state.places.evidence, score: None };
    let reason = reason + &late_words(since, state.now);
    state.raise(out, Alarm { kind, urgency: kind.urgency(), since, raised: state.now, reason, evidence });
}

pub(crate) fn step(
    settings: &Settings,
    state: &mut State,
    reading: &Reading,
    when: Instant,
    place: GeoPoint,
    accuracy_m: u16,
    out: &mut Vec<Outcome>,
) {
    // A fix that comes in late says where they were, not where they are.
    if state.places.last.is_some_and(|(_, _, at)| at >= when) {
        return;
    }
    let accuracy = if accuracy_m == 0 { settings.places.unknown_accuracy_m } else { accuracy_m };
    state.places.last = Some((place, accuracy, when));
    if settings.places.fences.is_empty() && settings.places.wandering.is_none() {
        return;
    }
    state.places.evidence = Some(reading.what.encode());
    state.places.follow(&settings.places.fences);
    for (n, fence) in settings.places.fences.iter().take(MAX_FENCES).enumerate() {
        match fence.rule {
            FenceRule::StayInside => stay_inside(settings, state, n, fence, when, (place, accuracy), out),
            FenceRule::KeepOut => keep_out(settings, state, n, fence, when, (place, accuracy), out),
        }
    }
    wander(settings, state, place, accuracy, when, out);
}

fn stay_inside(
    settings: &Settings,
    state: &mut State,
    n: usize,
    fence: &Fence,
    when: Instant,
    (place, accuracy): (GeoPoint, u16),
    out: &mut Vec<Outcome>,
) {
    let side = fence.shape.side(place, accuracy);
    let places = &mut state.places;
    let own = &mut places.fences[n];
    match side {
        Side::Inside => {
            // Coming in needs no second fix: nobody is harmed by a fence that calms down early.
            own.doubt = None;
            own.distance = 0;
            own.absent_told = false;
            if own.inside.replace(true) == Some(false) || state.is_open(AlarmKind::FenceAbsent) {
                let others_in =
                    state.places.fences.iter().zip(&settings.places.fences).all(|(s, f)| {
                        f.rule != FenceRule::StayInside || s.inside != Some(false) || !f.schedule.runs(when)
                    });
                if others_in {
                    let words = format!("{} 已回到{}", when.hhmm(), fence.name);
                    state.well(settings, out, AlarmKind::FenceLeft, &words);
                    state.well(settings, out, AlarmKind::FenceAbsent, &words);
                }
            }
        }
        // The error circle touches the fence: nothing is known, and a doubt does not survive it.
        Side::Doubt => own.doubt = None,
        Side::Outside => {
            own.distance = fence.shape.distance_outside_m(place).round().clamp(0.0, 1e9) as u32;
            match (own.inside, own.doubt) {
                (Some(false), _) => {}
                (_, None) => {
                    own.doubt = Some(when);
                    let wait = i64::from(settings.places.confirm_wait);
                    state.arm(Timer::FenceConfirm, state.now.max(when).plus_minutes(wait));
                }
                (_, Some(first)) if when.since(first) >= i64::from(settings.places.confirm_seconds) * 1000 => {
                    left(state, n, fence, first, "", out);
                }
                _ => {}
            }
            if fence.schedule.runs(when) && state.places.fences[n].inside == Some(false) {
                state.arm(Timer::FenceAbsent, state.now.plus_minutes(i64::from(fence.grace)));
            }
        }
    }
}

/// The exit is certain: told when the fence is watched now and they were inside before.
fn left(state: &mut State, n: usize, fence: &Fence, first: Instant, words: &str, out: &mut Vec<Outcome>) {
    let own = &mut state.places.fences[n];
    own.doubt = None;
    let was = own.inside.replace(false);
    let distance = own.distance;
    if was == Some(true) && fence.schedule.runs(first) {
        own.absent_told = true;
        let reason = format!("{} 离开{}，在围栏外 {distance} 米{words}", first.hhmm(), fence.name);
        tell(state, out, AlarmKind::FenceLeft, first, reason);
    }
}

/// No second fix came: the one fix outside has to do.
pub(crate) fn look_confirm(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    state.places.follow(&settings.places.fences);
    let wait = i64::from(settings.places.confirm_wait);
    let now = state.now;
    for (n, fence) in settings.places.fences.iter().take(MAX_FENCES).enumerate() {
        let Some(first) = state.places.fences[n].doubt else { continue };
        let due = first.plus_minutes(wait);
        if due > now {
            state.arm(Timer::FenceConfirm, due);
        } else {
            left(state, n, fence, first, "，之后没有新的定位", out);
            state.arm(Timer::FenceAbsent, now.plus_minutes(i64::from(fence.grace)));
        }
    }
}

fn keep_out(
    settings: &Settings,
    state: &mut State,
    n: usize,
    fence: &Fence,
    when: Instant,
    (place, accuracy): (GeoPoint, u16),
    out: &mut Vec<Outcome>,
) {
    let side = fence.shape.side(place, accuracy);
    let own = &mut state.places.fences[n];
    match side {
        Side::Inside => {
            let was = own.inside.replace(true);
            if was != Some(true) && fence.schedule.runs(when) {
                tell(state, out, AlarmKind::FenceEntered, when, format!("{} 进入{}", when.hhmm(), fence.name));
            }
        }
        Side::Doubt => {}
        Side::Outside => {
            own.inside = Some(false);
            let all_out = state
                .places
                .fences
                .iter()
                .zip(&settings.places.fences)
                .all(|(s, f)| f.rule != FenceRule::KeepOut || s.inside != Some(true));
            if all_out {
                state.well(settings, out, AlarmKind::FenceEntered, &format!("{} 已离开{}", when.hhmm(), fence.name));
            }
        }
    }
}

/// State against schedule: whoever should be inside and is not, though no crossing was ever seen.
pub(crate) fn look_absent(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    state.places.follow(&settings.places.fences);
    let now = state.now;
    for (n, fence) in settings.places.fences.iter().take(MAX_FENCES).enumerate() {
        let grace = i64::from(fence.grace);
        if fence.rule == FenceRule::KeepOut {
            look_still_inside(state, n, fence, out);
            continue;
        }
        if let Some(start) = fence.schedule.next_start(now.plus_minutes(-grace)) {
            state.arm(Timer::FenceAbsent, start.plus_minutes(grace).max(now.plus_ms(1)));
        }
        let own = state.places.fences[n];
        if !fence.schedule.runs(now) {
            state.places.fences[n].absent_told = false;
            continue;
        }
        // Not before the grace after the schedule began, nor while a person has just closed it.
        if !fence.schedule.runs(now.plus_minutes(-grace)) && fence.schedule != crate::fence::Schedule::ALWAYS {
            state.arm(Timer::FenceAbsent, now.plus_minutes(grace.max(1)));
            continue;
        }
        if own.inside != Some(false) || own.absent_told {
            continue;
        }
        let due = state.places.absent_closed.plus_minutes(grace.max(30));
        if state.places.absent_closed.0 > 0 && due > now {
            state.arm(Timer::FenceAbsent, due);
            continue;
        }
        let Some((_, _, at)) = state.places.last else { continue };
        state.places.fences[n].absent_told = true;
        let reason = format!("现在应在{}，{} 的定位在围栏外 {} 米", fence.name, at.hhmm(), own.distance);
        let evidence = Evidence { at: now, device: None, measure: state.places.evidence, score: None };
        let kind = AlarmKind::FenceAbsent;
        state.raise(out, Alarm { kind, urgency: kind.urgency(), since: now, raised: now, reason, evidence });
    }
}

/// A place to be kept out of that becomes forbidden while they are in it.
fn look_still_inside(state: &mut State, n: usize, fence: &Fence, out: &mut Vec<Outcome>) {
    let now = state.now;
    if let Some(start) = fence.schedule.next_start(now) {
        state.arm(Timer::FenceAbsent, start);
    }
    let inside = state.places.fences[n].inside == Some(true);
    if inside && fence.schedule.runs(now) && !state.is_open(AlarmKind::FenceEntered) {
        tell(state, out, AlarmKind::FenceEntered, now, format!("{} 仍在{}", now.hhmm(), fence.name));
    }
}

fn wander(
    settings: &Settings,
    state: &mut State,
    place: GeoPoint,
    accuracy: u16,
    when: Instant,
    out: &mut Vec<Outcome>,
) {
    let Some(mode) = settings.places.wandering else { return };
    let beyond = mode.home.distance_m(place) - f64::from(mode.radius_m);
    if beyond <= 0.0 {
        state.places.away_since = None;
        state.places.walk.clear();
        return state.well(settings, out, AlarmKind::Wandering, "已回到家附近");
    }
    if beyond <= f64::from(accuracy) {
        return;
    }
    let places = &mut state.places;
    let since = *places.away_since.get_or_insert(when);
    if places.walk.len() == WALK {
        places.walk.remove(0);
    }
    places.walk.push((place, when));
    let first_two = places.walk.len() == 2;
    let pacing = is_pacing(&places.walk, accuracy);
    state.arm(Timer::Wander, since.plus_minutes(i64::from(mode.away)).max(state.now));
    let metres = (beyond.round() as u32).saturating_add(mode.radius_m);
    if first_two && settings.home.night.contains(when.minute_of_day()) {
        tell(state, out, AlarmKind::Wandering, since, format!("夜里离家 {metres} 米"));
    } else if pacing {
        tell(state, out, AlarmKind::Wandering, when, format!("在离家 {metres} 米处来回走动"));
    }
}

/// Much way, little distance: legs shorter than the error are not counted as way.
fn is_pacing(walk: &[(GeoPoint, Instant)], accuracy: u16) -> bool {
    let (Some(first), Some(last)) = (walk.first(), walk.last()) else { return false };
    if walk.len() < WALK || last.1.since(first.1) > PACING_MS {
        return false;
    }
    let legs = walk.windows(2).map(|w| w[0].0.distance_m(w[1].0)).filter(|d| *d > 2.0 * f64::from(accuracy));
    legs.sum::<f64>() >= PACING_WAY_M && first.0.distance_m(last.0) <= PACING_NET_M
}

pub(crate) fn look_wander(settings: &Settings, state: &mut State, out: &mut Vec<Outcome>) {
    let (Some(mode), Some(since)) = (settings.places.wandering, state.places.away_since) else { return };
    let now = state.now;
    let due = since.max(state.places.wander_closed).plus_minutes(i64::from(mode.away));
    if due > now {
        return state.arm(Timer::Wander, due);
    }
    if state.open.iter().any(|o| o.kind == AlarmKind::Wandering && o.well_since.is_none()) {
        return;
    }
    let seen = state.places.last.map_or(String::new(), |(_, _, at)| format!("，最后定位 {}", at.hhmm()));
    let reason = format!("离家已 {}{seen}", duration_words(now.since(since)));
    let evidence = Evidence { at: since, device: None, measure: state.places.evidence, score: None };
    let kind = AlarmKind::Wandering;
    state.raise(out, Alarm { kind, urgency: kind.urgency(), since, raised: now, reason, evidence });
}
