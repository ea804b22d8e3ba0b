//! The scan: who is suitable, and in which order.
use crate::hours::{covered_from, minute_of_week};
use crate::input::{GenderWish, Planned, Visit, Worker};
use crate::reason::{Exclusion, Reason};
use crate::travel::{Ground, travel_minutes};
use kernel::{CivilDate, Instant, OrgId, Sex, WorkerId};
use std::cmp::Ordering;
use std::collections::BinaryHeap;

/// A worker further away than this is not sent.
pub const REACH_MINUTES: u32 = 60;
/// After a gap of this length the worker comes from home, not from the visit before.
pub const HOME_AFTER_MINUTES: u32 = 240;
/// So many minutes of work already given weigh as much as one minute on the way.
pub const LOAD_MINUTES_PER_POINT: u32 = 12;
/// A visit to the same elder before is worth so many minutes on the way…
pub const KNOWN_TIMES_WORTH: u32 = 4;
/// …and no more than this many visits count.
pub const KNOWN_TIMES_CAP: u32 = 5;
/// Speaking the wished language is worth so many minutes on the way.
pub const LANGUAGE_WORTH: i32 = 10;
/// Being of the wished sex is worth so many minutes on the way.
pub const WISHED_GENDER_WORTH: i32 = 15;
/// Each place further back in the rotation costs so many minutes on the way…
pub const ROTATION_STEP: u32 = 10;
/// …and no more than this many places count.
pub const ROTATION_STEPS_CAP: u32 = 6;

/// Where the worker comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    Home,
    PreviousVisit,
}

/// The cost of sending someone, in minutes on the way or their worth. Below zero speaks for the worker.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Parts {
    /// Additional minutes on the way, counting the way to the visit after.
    pub travel: i32,
    pub load: i32,
    pub continuity: i32,
    pub language: i32,
    pub gender: i32,
    pub rotation: i32,
}

impl Parts {
    pub const fn total(&self) -> i32 {
        self.travel + self.load + self.continuity + self.language + self.gender + self.rotation
    }
}

/// A worker who can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ranked {
    pub worker: WorkerId,
    pub org: OrgId,
    /// Sum of the parts; the smallest is best.
    pub cost: i32,
    pub parts: Parts,
    pub origin: Origin,
    /// Straight-line metres from the origin.
    pub metres: u32,
    /// Minutes on the way from the origin.
    pub minutes: u32,
    /// Visits the worker already has on the day of the visit.
    pub visits_that_day: u32,
    /// Times the worker has been at this elder's.
    pub known_times: u32,
    /// `None`: no wish.
    pub language: Option<(crate::Language, bool)>,
    /// `None`: no wish.
    pub gender: Option<(Sex, bool)>,
    pub rotation_rank: u32,
    pub load_minutes: u32,
}

impl Ranked {
    /// Why the worker stands here, the weightiest for a reader first.
    pub fn reasons(&self) -> Vec<Reason> {
        let mut reasons = vec![Reason::Distance { metres: self.metres, minutes: self.minutes, origin: self.origin }];
        if self.known_times > 0 {
            reasons.push(Reason::Known { times: self.known_times });
        }
        if let Some((language, speaks)) = self.language {
            reasons.push(Reason::Language { language, speaks });
        }
        if let Some((wished, matched)) = self.gender {
            reasons.push(Reason::Gender { wished, matched });
        }
        reasons.push(Reason::VisitsThatDay(self.visits_that_day));
        reasons.push(Reason::Turn { rank: self.rotation_rank });
        reasons
    }
    fn order(&self, other: &Ranked) -> Ordering {
        let key = |r: &Ranked| (r.cost, r.metres, r.load_minutes, r.worker);
        key(self).cmp(&key(other))
    }
}

/// A worker who is not sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Excluded {
    pub worker: WorkerId,
    pub org: OrgId,
    pub reason: Exclusion,
}

/// The answer to one visit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Ranking {
    /// The best, best first, as many as were asked for.
    pub best: Vec<Ranked>,
    /// How many could go in all.
    pub suitable: usize,
    /// Everyone else, in the order given.
    pub excluded: Vec<Excluded>,
}

/// Largest first, so that the top of the heap is the one to drop.
struct Worst(Ranked);
impl PartialEq for Worst {
    fn eq(&self, other: &Worst) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Worst {}
impl PartialOrd for Worst {
    fn partial_cmp(&self, other: &Worst) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Worst {
    fn cmp(&self, other: &Worst) -> Ordering {
        self.0.order(&other.0)
    }
}

/// Looks at every worker once and gives the `keep` best; who is left out is left out for the first reason that
/// applies, in the order of [`Exclusion`]. Ties fall to the nearer, then the less loaded, then the smaller id.
pub fn rank(visit: &Visit<'_>, workers: &[Worker], keep: usize) -> Ranking {
    let asked = Asked::of(visit);
    let mut best = BinaryHeap::with_capacity(keep.min(workers.len()));
    let mut excluded = Vec::with_capacity(workers.len());
    for worker in workers {
        match asked.judge(worker) {
            Err(reason) => excluded.push(Excluded { worker: worker.id, org: worker.org, reason }),
            Ok(ranked) if best.len() < keep => best.push(Worst(ranked)),
            Ok(ranked) => {
                if let Some(mut worst) = best.peek_mut().filter(|worst| ranked.order(&worst.0) == Ordering::Less) {
                    *worst = Worst(ranked);
                }
            }
        }
    }
    Ranking {
        suitable: workers.len() - excluded.len(),
        best: best.into_sorted_vec().into_iter().map(|w| w.0).collect(),
        excluded,
    }
}

/// The visit with what is worked out once for all workers.
struct Asked<'a> {
    visit: &'a Visit<'a>,
    end: Instant,
    date: CivilDate,
    day: (Instant, Instant),
    minute_of_week: u32,
    ground: Ground,
}

impl<'a> Asked<'a> {
    fn of(visit: &'a Visit<'a>) -> Asked<'a> {
        let date = visit.start.date();
        Asked {
            visit,
            end: visit.end(),
            date,
            day: (date.at(0, 0), date.plus_days(1).at(0, 0)),
            minute_of_week: minute_of_week(visit.start),
            ground: Ground::around(visit.place),
        }
    }

    fn judge(&self, worker: &Worker) -> Result<Ranked, Exclusion> {
        self.allowed(worker)?;
        let visit = self.visit;
        let near = self.neighbours(worker)?;
        let (from, origin) = match near.before {
            Some(p) => (p.place, Origin::PreviousVisit),
            None => (worker.home, Origin::Home),
        };
        let metres = self.ground.metres(from, visit.place);
        let minutes = travel_minutes(metres);
        if let Some(p) = near.before.filter(|p| p.end.plus_minutes(i64::from(minutes)) > visit.start) {
            return Err(Exclusion::CannotArrive { free_at: p.end, minutes });
        }
        if minutes > REACH_MINUTES {
            return Err(Exclusion::TooFar { metres });
        }
        let mut extra = minutes as i32;
        if let Some(next) = near.after {
            let onward = travel_minutes(self.ground.metres(visit.place, next.place));
            if self.end.plus_minutes(i64::from(onward)) > next.start {
                return Err(Exclusion::CannotReachNext { next_at: next.start, minutes: onward });
            }
            extra += onward as i32 - travel_minutes(self.ground.metres(from, next.place)) as i32;
        }
        let known_times = visit.previous.iter().filter(|p| p.worker == worker.id).map(|p| p.times).max().unwrap_or(0);
        let language = visit.language.map(|wished| (wished, worker.languages.has(wished)));
        let gender = visit.gender.map(|(GenderWish::Prefer(sex) | GenderWish::Require(sex))| (sex, worker.sex == sex));
        let parts = Parts {
            travel: extra,
            load: (worker.load_minutes / LOAD_MINUTES_PER_POINT) as i32,
            continuity: -((known_times.min(KNOWN_TIMES_CAP) * KNOWN_TIMES_WORTH) as i32),
            language: if matches!(language, Some((_, true))) { -LANGUAGE_WORTH } else { 0 },
            gender: if matches!(gender, Some((_, true))) { -WISHED_GENDER_WORTH } else { 0 },
            rotation: (worker.rotation_rank.min(ROTATION_STEPS_CAP) * ROTATION_STEP) as i32,
        };
        Ok(Ranked {
            worker: worker.id,
            org: worker.org,
            cost: parts.total(),
            parts,
            origin,
            metres,
            minutes,
            visits_that_day: near.that_day,
            known_times,
            language,
            gender,
            rotation_rank: worker.rotation_rank,
            load_minutes: worker.load_minutes,
        })
    }

    /// What has nothing to do with where the worker is.
    fn allowed(&self, worker: &Worker) -> Result<(), Exclusion> {
        let visit = self.visit;
        if worker.banned {
            return Err(Exclusion::Banned);
        }
        let missing = visit.skills.without(worker.skills);
        if !missing.is_empty() {
            return Err(Exclusion::MissingSkills(missing));
        }
        let expired = worker
            .certificates
            .iter()
            .filter(|c| c.valid_until < self.date && (c.covers.is_empty() || c.covers.meets(visit.skills)))
            .map(|c| c.valid_until)
            .min();
        if let Some(valid_until) = expired {
            return Err(Exclusion::CertificateExpired(valid_until));
        }
        match worker.insured_until {
            None => return Err(Exclusion::Uninsured),
            Some(until) if until < self.date => return Err(Exclusion::InsuranceExpired(until)),
            Some(_) => {}
        }
        if let Some(GenderWish::Require(wished)) = visit.gender
            && wished != worker.sex
        {
            return Err(Exclusion::Gender(wished));
        }
        if !covered_from(&worker.hours, self.minute_of_week, visit.minutes) {
            return Err(Exclusion::OffDuty);
        }
        Ok(())
    }

    /// The planned visits next to this one, near enough in time to come from or to go to.
    fn neighbours<'w>(&self, worker: &'w Worker) -> Result<Neighbours<'w>, Exclusion> {
        let (start, end) = (self.visit.start, self.end);
        let gap = i64::from(HOME_AFTER_MINUTES) * Instant::MINUTE;
        let mut near = Neighbours { before: None, after: None, that_day: 0 };
        for p in &worker.planned {
            if p.start < end && start < p.end {
                return Err(Exclusion::Overlap { from: p.start, to: p.end });
            }
            if self.day.0 <= p.start && p.start < self.day.1 {
                near.that_day += 1;
            }
            if p.end <= start {
                if start.since(p.end) < gap && near.before.is_none_or(|b| b.end < p.end) {
                    near.before = Some(p);
                }
            } else if p.start.since(end) < gap && near.after.is_none_or(|a| p.start < a.start) {
                near.after = Some(p);
            }
        }
        Ok(near)
    }
}

struct Neighbours<'w> {
    before: Option<&'w Planned>,
    after: Option<&'w Planned>,
    that_day: u32,
}
