//! The figures of answering, out of what is written in the events. Pure.
//!
//! 接听: an alarm counts as answered when a *person* takes it; what answers by itself does not. Both limits include their
//! last millisecond. An alarm nobody has answered counts from the moment its limit has passed.
use super::{AlarmKind, CaseId, Cause, SlowClass};
use kernel::{Instant, RegionCode};

/// Answered within 60 s: at least 97.5 %.
pub const FAST: Limit = Limit { ms: 60_000, goal_permille: 975 };
/// Answered within 180 s: at least 99 %.
pub const SLOW: Limit = Limit { ms: 180_000, goal_permille: 990 };

/// A time and the share that has to keep it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limit {
    pub ms: i64,
    pub goal_permille: i64,
}

/// One alarm of a month as its events tell it.
#[derive(Clone, Debug, PartialEq)]
pub struct Call {
    pub case: CaseId,
    pub no: String,
    pub elder_name: String,
    pub about: String,
    pub region: RegionCode,
    pub kind: AlarmKind,
    pub opened_at: Instant,
    /// The first taking by a person.
    pub answered_at: Option<Instant>,
    pub arrived_at: Option<Instant>,
    pub closed_at: Option<Instant>,
    pub cause: Option<Cause>,
    pub slow: Option<(SlowClass, String)>,
}

impl Call {
    /// How long it waited for a person, up to `now` if nobody came.
    pub fn waited_ms(&self, now: Instant) -> i64 {
        self.answered_at.unwrap_or(now).since(self.opened_at).max(0)
    }
    /// `Some(kept)` once it is known whether the limit was kept.
    pub fn kept(&self, limit: Limit, now: Instant) -> Option<bool> {
        let waited = self.waited_ms(now);
        match self.answered_at {
            Some(_) => Some(waited <= limit.ms),
            None => (waited > limit.ms).then_some(false),
        }
    }
}

/// How many kept a limit, of those of which it is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Share {
    pub kept: i64,
    pub of: i64,
}

impl Share {
    /// Rounded down, so that a goal missed by one never looks reached. `None` of nothing.
    pub fn permille(self) -> Option<i64> {
        (self.of > 0).then(|| self.kept * 1000 / self.of)
    }
    /// `97.9`
    pub fn percent(self) -> String {
        self.permille().map_or_else(|| "—".into(), |p| format!("{}.{}", p / 10, p % 10))
    }
    pub fn reached(self, limit: Limit) -> Option<bool> {
        (self.of > 0).then(|| self.kept * 1000 >= self.of * limit.goal_permille)
    }
    /// How many more would have had to keep it.
    pub fn missing(self, limit: Limit) -> i64 {
        ((self.of * limit.goal_permille + 999) / 1000 - self.kept).max(0)
    }
}

/// A month, or today, in figures.
#[derive(Clone, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Figures {
    pub calls: i64,
    pub fast: Share,
    pub slow: Share,
    /// Mean wait of those answered, milliseconds.
    pub mean_ms: Option<i64>,
    /// Median from alarm to arrival, milliseconds.
    pub arrival_ms: Option<i64>,
    pub closed: i64,
    /// Closed with a cause; a case cannot close without, so the two differ only by a defect.
    pub caused: i64,
    /// By hour of the day: calls, share within 60 s, how many over 180 s.
    pub hours: Vec<Hour>,
    /// Most frequent first.
    pub causes: Vec<(Cause, i64)>,
}

/// One hour of the day over the month.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Hour {
    pub calls: i64,
    pub fast: Share,
    pub over: i64,
}

/// Adds a month up.
pub fn figures(calls: &[Call], now: Instant) -> Figures {
    let mut f = Figures { calls: calls.len() as i64, hours: vec![Hour::default(); 24], ..Figures::default() };
    let (mut waits, mut arrivals) = (Vec::new(), Vec::new());
    for c in calls {
        let hour = &mut f.hours[(c.opened_at.minute_of_day() / 60) as usize % 24];
        hour.calls += 1;
        if let Some(kept) = c.kept(FAST, now) {
            for share in [&mut f.fast, &mut hour.fast] {
                share.of += 1;
                share.kept += i64::from(kept);
            }
        }
        if let Some(kept) = c.kept(SLOW, now) {
            f.slow.of += 1;
            f.slow.kept += i64::from(kept);
            hour.over += i64::from(!kept);
        }
        if c.answered_at.is_some() {
            waits.push(c.waited_ms(now));
        }
        arrivals.extend(c.arrived_at.map(|a| a.since(c.opened_at)));
        f.closed += i64::from(c.closed_at.is_some());
        if let Some(cause) = c.cause.filter(|_| c.closed_at.is_some()) {
            f.caused += 1;
            match f.causes.iter_mut().find(|(k, _)| *k == cause) {
                Some((_, n)) => *n += 1,
                None => f.causes.push((cause, 1)),
            }
        }
    }
    f.causes.sort_by_key(|(cause, n)| (-n, *cause));
    f.mean_ms = (!waits.is_empty()).then(|| waits.iter().sum::<i64>() / waits.len() as i64);
    arrivals.sort_unstable();
    f.arrival_ms = arrivals.get(arrivals.len().saturating_sub(1) / 2).copied();
    f
}

/// Those over 180 s, oldest first: each needs a reason.
pub fn exceptions(calls: &[Call], now: Instant) -> Vec<&Call> {
    calls.iter().filter(|c| c.kept(SLOW, now) == Some(false)).collect()
}

/// `04:12`, from an hour on `11:43:10`.
pub fn minutes_zh(ms: i64) -> String {
    let s = ms.max(0) / 1000;
    let (h, m, s) = (s / 3_600, s / 60 % 60, s % 60);
    if h == 0 { format!("{m:02}:{s:02}") } else { format!("{h}:{m:02}:{s:02}") }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(wait_ms: Option<i64>) -> Call {
        let opened_at = Instant::parse_local("2026-10-06 02:17").expect("a moment");
        Call {
            case: CaseId(uuid::Uuid::nil()),
            no: String::new(),
            elder_name: String::new(),
            about: String::new(),
            region: "441523".parse().expect("a region"),
            kind: AlarmKind::Sos,
            opened_at,
            answered_at: wait_ms.map(|w| opened_at.plus_ms(w)),
            arrived_at: None,
            closed_at: None,
            cause: None,
            slow: None,
        }
    }

    #[test]
    fn the_last_millisecond_counts() {
        let now = Instant::parse_local("2026-10-07 00:00").expect("a moment");
        let f = figures(&[call(Some(60_000)), call(Some(60_001)), call(Some(180_000)), call(Some(180_001))], now);
        assert_eq!((f.fast, f.slow), (Share { kept: 1, of: 4 }, Share { kept: 3, of: 4 }));
        assert_eq!(f.hours[2], Hour { calls: 4, fast: f.fast, over: 1 });
        assert_eq!(f.mean_ms, Some(120_000));
    }

    #[test]
    fn what_still_rings_counts_when_its_limit_has_passed() {
        let c = call(None);
        let at = |s: i64| c.opened_at.plus_ms(s * 1000);
        let f = |s| figures(std::slice::from_ref(&c), at(s));
        assert_eq!(f(59).fast.of, 0);
        assert_eq!(f(60).fast.of, 0);
        assert_eq!(f(61).fast, Share { kept: 0, of: 1 });
        assert_eq!((f(61).slow.of, f(181).slow.of), (0, 1));
        assert_eq!(exceptions(std::slice::from_ref(&c), at(181)).len(), 1);
    }

    #[test]
    fn a_goal_missed_by_one_does_not_look_reached() {
        let s = Share { kept: 989, of: 1000 };
        assert_eq!((s.percent().as_str(), s.reached(SLOW), s.missing(SLOW)), ("98.9", Some(false), 1));
        assert_eq!(Share { kept: 990, of: 1000 }.reached(SLOW), Some(true));
        assert_eq!(Share::default().percent(), "—");
    }
}
