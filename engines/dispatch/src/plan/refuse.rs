//! What cannot be planned: problems that make no sense are refused as a whole, visits nobody can do are named one by one.
use super::city::{City, NONE, starts};
use super::model::{FAR, Problem, Seconds, VisitIx, Ways, WorkerIx};
use super::tours::{FREE, Tours};
use crate::input::GenderWish;
use kernel::Sex;

/// The problem itself is broken: an index that leads nowhere, a time that runs backwards. The first of its kind is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    #[error("the matrix is not n × n, or has a way below zero or above 30 days (entry {0})")]
    Matrix(usize),
    #[error("seconds per metre must be above zero and below 100")]
    Speed,
    #[error("place {0} is further than 1,000 km from the middle of the map")]
    Spot(usize),
    #[error("visit {0:?} is at a place that is not there")]
    VisitPlace(VisitIx),
    #[error("worker {0:?} is at a place that is not there")]
    WorkerPlace(WorkerIx),
    #[error("visit {0:?} has no span of time, or spans out of order or beyond 30 days")]
    VisitTimes(VisitIx),
    #[error("worker {0:?} has a shift, a rest, a limit or costs out of range")]
    WorkerTimes(WorkerIx),
    #[error("visit {0:?} names a worker who is not there")]
    VisitWorker(VisitIx),
    #[error("link {0} names a visit twice or one that is not there, or its gap is out of range")]
    Link(usize),
    #[error("visit {0:?} is in two links")]
    LinkedTwice(VisitIx),
    #[error("pin {0} names a visit or a worker that is not there, or its visit a second time")]
    Pin(usize),
    #[error("more than 4 billion visits or workers, or more than 60 rests")]
    Size,
}

/// Why no plan whatever can have a visit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// The service does not fit into any of its spans.
    SpanTooShort,
    /// Nobody has all the skills.
    NobodyHasSkills,
    /// Somebody has the skills, but not with the certificates.
    NobodyCertified,
    /// Nobody of the demanded sex among those who could.
    NobodyOfSex(Sex),
    /// Everyone who could is not to be sent.
    NobodyWelcome,
    /// The one it is pinned to may not do it.
    PinnedToUnfit(WorkerIx),
    /// The moment it is pinned to lies outside its spans.
    PinnedOutside,
    /// Nobody who could is on duty then, with the way there and back.
    NobodyOnDuty,
    /// The two of a link cannot keep the gap between their spans, or there are no two different workers.
    LinkApart,
    /// The other visit of the link is impossible.
    MateImpossible(VisitIx),
}

impl Impossible {
    pub fn zh(self) -> String {
        match self {
            Impossible::SpanTooShort => "可服务的时段比服务时长短".into(),
            Impossible::NobodyHasSkills => "没有人会这项服务".into(),
            Impossible::NobodyCertified => "会做的人都没有有效证书".into(),
            Impossible::NobodyOfSex(sex) => format!("会做的人里没有{}护理员", sex.zh()),
            Impossible::NobodyWelcome => "能做的人都不派给这位老人".into(),
            Impossible::PinnedToUnfit(_) => "指定的人不能做".into(),
            Impossible::PinnedOutside => "指定的时间不在可服务的时段里".into(),
            Impossible::NobodyOnDuty => "这个时段没有能做的人上班，或路太远".into(),
            Impossible::LinkApart => "两个人的时间凑不到一起".into(),
            Impossible::MateImpossible(_) => "同去的另一单排不了".into(),
        }
    }
    pub const fn code(self) -> &'static str {
        match self {
            Impossible::SpanTooShort => "span_too_short",
            Impossible::NobodyHasSkills => "nobody_has_skills",
            Impossible::NobodyCertified => "nobody_certified",
            Impossible::NobodyOfSex(_) => "nobody_of_sex",
            Impossible::NobodyWelcome => "nobody_welcome",
            Impossible::PinnedToUnfit(_) => "pinned_to_unfit",
            Impossible::PinnedOutside => "pinned_outside",
            Impossible::NobodyOnDuty => "nobody_on_duty",
            Impossible::LinkApart => "link_apart",
            Impossible::MateImpossible(_) => "mate_impossible",
        }
    }
}

/// Refuses a problem that is broken.
///
/// # Errors
/// The first thing that is wrong.
pub fn refuse(problem: &Problem) -> Result<(), Refusal> {
    ways(&problem.ways)?;
    let (places, workers) = (problem.ways.len(), problem.workers.len());
    let limit = (super::tours::ABSENT - 64) as usize;
    if problem.visits.len() >= limit || workers >= limit {
        return Err(Refusal::Size);
    }
    for (i, w) in problem.workers.iter().enumerate() {
        let ix = WorkerIx(i as u32);
        if w.start.at() >= places || w.end.at() >= places {
            return Err(Refusal::WorkerPlace(ix));
        }
        if w.rests.len() > 60 {
            return Err(Refusal::Size);
        }
        let rests = w.rests.iter().all(|r| near(r.from) && near(r.until) && r.from <= r.until && length(r.seconds));
        let ordered = w.rests.windows(2).all(|p| p[0].from <= p[1].from && p[0].until <= p[1].until);
        let costs = length(w.load) && length(w.fixed_cost) && length(w.cost_per_hour);
        let limit = w.max_work.is_none_or(length);
        if !(near(w.shift.0) && near(w.shift.1) && w.shift.0 <= w.shift.1 && rests && ordered && costs && limit) {
            return Err(Refusal::WorkerTimes(ix));
        }
    }
    for (i, visit) in problem.visits.iter().enumerate() {
        refuse_visit(VisitIx(i as u32), visit, places, workers)?;
    }
    let mut linked = vec![false; problem.visits.len()];
    for (i, link) in problem.links.iter().enumerate() {
        let there = link.first.at() < linked.len() && link.second.at() < linked.len() && link.first != link.second;
        if !there || !(0..=FAR).contains(&link.min_gap) || !(link.min_gap..=FAR).contains(&link.max_gap) {
            return Err(Refusal::Link(i));
        }
        for v in [link.first, link.second] {
            if std::mem::replace(&mut linked[v.at()], true) {
                return Err(Refusal::LinkedTwice(v));
            }
        }
    }
    let mut pinned = vec![false; problem.visits.len()];
    for (i, pin) in problem.pins.iter().enumerate() {
        let there = pin.visit.at() < pinned.len() && pin.worker.at() < workers && pin.start.is_none_or(near);
        if !there || std::mem::replace(&mut pinned[pin.visit.at()], true) {
            return Err(Refusal::Pin(i));
        }
    }
    Ok(())
}

/// Refuses one visit that is broken.
///
/// # Errors
/// What is wrong with it.
pub fn refuse_visit(ix: VisitIx, visit: &super::model::Visit, places: usize, workers: usize) -> Result<(), Refusal> {
    if visit.place.at() >= places {
        return Err(Refusal::VisitPlace(ix));
    }
    let ordered = visit.spans.windows(2).all(|p| p[0].until < p[1].from);
    let sane = visit.spans.iter().all(|s| near(s.from) && near(s.until) && s.from <= s.due && s.due <= s.until);
    if visit.spans.is_empty() || !ordered || !sane || !length(visit.seconds) || !length(visit.penalty) {
        return Err(Refusal::VisitTimes(ix));
    }
    if visit.ties.iter().any(|t| t.0.at() >= workers) {
        return Err(Refusal::VisitWorker(ix));
    }
    Ok(())
}

const fn near(t: Seconds) -> bool {
    t >= -FAR && t <= FAR
}

const fn length(t: Seconds) -> bool {
    t >= 0 && t <= FAR
}

fn ways(ways: &Ways) -> Result<(), Refusal> {
    match ways {
        Ways::Flat { spots, seconds_per_metre } => {
            if !(*seconds_per_metre > 0.0 && *seconds_per_metre < 1.0) {
                return Err(Refusal::Speed);
            }
            let far = |c: i32| !(-1_000_000..=1_000_000).contains(&c);
            spots.iter().position(|s| far(s.east) || far(s.north)).map_or(Ok(()), |i| Err(Refusal::Spot(i)))
        }
        Ways::Matrix { n, seconds } => {
            if n.checked_mul(*n) != Some(seconds.len()) {
                return Err(Refusal::Matrix(seconds.len()));
            }
            seconds.iter().position(|s| !length(*s)).map_or(Ok(()), |i| Err(Refusal::Matrix(i)))
        }
    }
}

/// Names every visit that no plan can have.
pub(super) fn impossible(problem: &Problem, city: &City, empty: &Tours) -> Vec<Option<Impossible>> {
    let mut classes = Classes::default();
    let mut found: Vec<Option<Impossible>> =
        (0..city.jobs.len() as u32).map(|v| judge(problem, city, empty, &mut classes, v)).collect();
    for link in &problem.links {
        let (a, b) = (link.first, link.second);
        let apart = || {
            let (one, two) = (starts(&problem.visits[a.at()]), starts(&problem.visits[b.at()]));
            let meet = one.iter().any(|x| two.iter().any(|y| y.0 - link.max_gap <= x.2 && y.2 - link.min_gap >= x.0));
            let some =
                |v: VisitIx| (0..city.hands.len() as u32).filter(|w| city.suits(v.0, *w)).take(2).collect::<Vec<_>>();
            let (one, two) = (some(a), some(b));
            !meet || (one.len() == 1 && one == two)
        };
        match (found[a.at()], found[b.at()]) {
            (None, None) if apart() => {
                found[a.at()] = Some(Impossible::LinkApart);
                found[b.at()] = Some(Impossible::LinkApart);
            }
            (Some(_), None) => found[b.at()] = Some(Impossible::MateImpossible(a)),
            (None, Some(_)) => found[a.at()] = Some(Impossible::MateImpossible(b)),
            _ => {}
        }
    }
    found
}

/// Workers with the same skills and certificates, found once per kind of visit.
#[derive(Default)]
struct Classes(std::collections::BTreeMap<(u64, u64), Vec<u32>>);

/// Why nobody can ever do this one visit, links aside.
pub(super) fn alone(problem: &Problem, city: &City, empty: &Tours, v: u32) -> Option<Impossible> {
    judge(problem, city, empty, &mut Classes::default(), v)
}

fn judge(problem: &Problem, city: &City, empty: &Tours, classes: &mut Classes, v: u32) -> Option<Impossible> {
    let job = &city.jobs[v as usize];
    if starts(&problem.visits[v as usize]).is_empty() {
        return Some(Impossible::SpanTooShort);
    }
    let fit = |w: u32| {
        empty.tour_of_worker(w).is_some_and(|r| empty.best_on(city, v, job.pin_start.unwrap_or(FREE), r).is_some())
    };
    if job.pin_start.is_some_and(|t| job.earliest(t) != t) {
        return Some(Impossible::PinnedOutside);
    }
    if job.pin != NONE {
        let w = job.pin;
        return if !city.suits(v, w) {
            Some(Impossible::PinnedToUnfit(WorkerIx(w)))
        } else if fit(w) {
            None
        } else {
            Some(Impossible::NobodyOnDuty)
        };
    }
    let able = classes.0.entry((job.need, job.papers)).or_insert_with(|| {
        let has = |h: &super::city::Hand| job.need & !h.skills == 0 && job.papers & !h.papers == 0;
        (0..city.hands.len() as u32).filter(|w| has(&city.hands[*w as usize])).collect()
    });
    if able.is_empty() {
        let skilled = city.hands.iter().any(|h| job.need & !h.skills == 0);
        return Some(if skilled { Impossible::NobodyCertified } else { Impossible::NobodyHasSkills });
    }
    let mut some_suits = false;
    let mut some_sex = false;
    for w in able.iter() {
        if let Some(GenderWish::Require(sex)) = job.gender
            && city.hands[*w as usize].sex != sex
        {
            continue;
        }
        some_sex = true;
        if city.suits(v, *w) {
            some_suits = true;
            if fit(*w) {
                return None;
            }
        }
    }
    Some(match job.gender {
        Some(GenderWish::Require(sex)) if !some_sex => Impossible::NobodyOfSex(sex),
        _ if !some_suits => Impossible::NobodyWelcome,
        _ => Impossible::NobodyOnDuty,
    })
}
