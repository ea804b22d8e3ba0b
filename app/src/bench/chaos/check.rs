//! What the run promised, held against what is stored.
use super::super::device;
use super::load::Promises;
use super::store as sql;
use super::town::{AGAIN_S, RUNGS, Town};
use kernel::{Instant, Result};
use safety::devices::{self, Protocol};
use safety::model::CaseId;
use serde_json::json;
use std::collections::{HashMap, HashSet};
use vigil::Measure;

/// What is due may be so late.
const LATE_MS: i64 = 5_000;
/// The same, and the moment it takes to write.
pub(super) const ALLOWED: std::time::Duration = std::time::Duration::from_millis(LATE_MS as u64 + 1_000);

/// Holds everything against each other; the figures, and what is wrong in words.
pub(super) async fn check(
    town: &Town,
    p: &Promises,
    served_since: Instant,
    away: (Instant, Instant),
) -> Result<(serde_json::Value, Vec<String>)> {
    let mut wrong = Vec::new();
    let (lost, doubled) = alarms(town, p, &mut wrong).await?;
    let crooked = sql::crooked(&town.db).await?;
    if crooked > 0 {
        wrong.push(format!("{crooked} cases that cannot be"));
    }
    let (steps, steps_lost) = readings(town, p, &mut wrong).await?;
    let taken = sql::taken(&town.db).await?;
    let mut claims_lost = 0;
    for case in p.claims() {
        claims_lost += usize::from(taken.get(&case).is_none_or(|t| t.claims < 1));
    }
    for case in p.closes() {
        claims_lost += usize::from(taken.get(&case).is_none_or(|t| t.closes != 1));
    }
    let twice = taken.values().filter(|t| t.claims > 1).count();
    let causeless = sql::closed_without_cause(&town.db).await?;
    if claims_lost + twice > 0 || causeless > 0 {
        wrong.push(format!("{claims_lost} steps lost, {twice} cases with two owners, {causeless} without a cause"));
    }
    let rungs = ladder(town, away, &mut wrong).await?;
    let timers = timers(town, served_since, away, &mut wrong).await?;
    let value = json!({
        "alarms_acknowledged": p.acknowledged(),
        "alarms_lost": lost,
        "alarms_doubled": doubled,
        "orders_crooked": crooked,
        "readings_acknowledged": steps,
        "readings_lost": steps_lost,
        "cases_taken": p.claims().len(),
        "cases_closed": p.closes().len(),
        "steps_lost": claims_lost,
        "two_owners": twice,
        "ladder": rungs,
        "timers": timers,
    });
    Ok((value, wrong))
}

async fn alarms(town: &Town, p: &Promises, wrong: &mut Vec<String>) -> Result<(usize, usize)> {
    let (raised, promised) = (sql::raised(&town.db).await?, p.calls());
    let lost: Vec<usize> = promised.iter().copied().filter(|n| !raised.contains_key(&town.elders[*n])).collect();
    // Each called once, however often it was said.
    let doubled = raised.values().filter(|r| r.cases != 1 || r.alarms != 1 || r.times != 1).count();
    if !lost.is_empty() || doubled > 0 {
        wrong.push(format!("alarms of elders {lost:?} are lost, {doubled} are doubled"));
    }
    Ok((lost.len(), doubled))
}

async fn readings(town: &Town, p: &Promises, wrong: &mut Vec<String>) -> Result<(usize, usize)> {
    let (mut all, mut lost) = (0, 0);
    let today = town.db.now().date();
    for (n, steps) in p.steps() {
        let known = devices::by_identity(&town.db, Protocol::Mqtt, &device::mqtt_name(n)).await?;
        let Some(bound) = known.and_then(|k| k.bound) else { continue };
        let (from, to) = (today.plus_days(-1), today.plus_days(1));
        let stored = safety::readings::by_number(&town.telemetry, bound.no, from, to).await?;
        let stored: HashSet<u32> = stored
            .into_iter()
            .filter_map(|s| if let Some(Measure::Steps(n)) = Measure::decode(s.what) { Some(n) } else { None })
            .collect();
        all += steps.len();
        lost += steps.iter().filter(|s| !stored.contains(s)).count();
    }
    if lost > 0 {
        wrong.push(format!("{lost} of {all} acknowledged readings are lost"));
    }
    Ok((all, lost))
}

/// Lateness summed up.
#[derive(Default)]
struct Late {
    n: usize,
    worst: i64,
    over: usize,
}

impl Late {
    fn add(&mut self, ms: i64) {
        self.n += 1;
        self.worst = self.worst.max(ms);
        self.over += usize::from(ms > LATE_MS);
    }
    fn json(&self, missing: usize) -> serde_json::Value {
        json!({ "fired": self.n, "worst_ms": self.worst, "over_5_s": self.over, "missing": missing })
    }
}

/// What fell due while nothing could be written, or whose five seconds were not over when that began, is due when it could
/// be written again.
fn possible(due: Instant, (from, to): (Instant, Instant)) -> Instant {
    if due.plus_ms(LATE_MS) >= from && due <= to { to } else { due }
}

/// Every rung of cases nobody took came when it was due, also while the program was down in between.
async fn ladder(town: &Town, away: (Instant, Instant), wrong: &mut Vec<String>) -> Result<serde_json::Value> {
    let mut by: HashMap<CaseId, Vec<Instant>> = HashMap::new();
    for r in sql::rungs(&town.db).await? {
        by.entry(r.case_id).or_default().push(r.at);
    }
    let (mut late, mut missing, now) = (Late::default(), 0, town.db.now());
    for (case, opened) in sql::unclaimed(&town.db).await? {
        let climbed = by.remove(&case).unwrap_or_default();
        let mut due = opened.plus_ms(RUNGS[0] * 1_000);
        for (n, at) in climbed.iter().enumerate() {
            late.add(at.since(possible(due, away)).max(0));
            due = match RUNGS.get(n + 1) {
                Some(s) => opened.plus_ms(s * 1_000).max(*at),
                None => at.plus_ms(AGAIN_S * 1_000),
            };
        }
        missing += usize::from(now.since(due) > LATE_MS);
    }
    if late.over + missing > 0 {
        wrong.push(format!("{} rungs came late, {missing} not at all", late.over));
    }
    Ok(late.json(missing))
}

/// What nobody said anything about: the silent device, the home in which nobody moves.
async fn timers(
    town: &Town,
    served_since: Instant,
    away: (Instant, Instant),
    wrong: &mut Vec<String>,
) -> Result<serde_json::Value> {
    let (mut late, mut missing, now) = (Late::default(), 0, town.db.now());
    for d in town.due.iter().filter(|d| d.at > served_since) {
        match sql::first_at(&town.db, d.elder, d.kind).await? {
            Some(at) => late.add(at.since(possible(d.at, away)).max(d.at.since(at))),
            None => missing += usize::from(now.since(d.at) > LATE_MS),
        }
    }
    if late.over + missing > 0 {
        wrong.push(format!("{} timers came late, {missing} not at all", late.over));
    }
    Ok(late.json(missing))
}
