//! What is looked at before a line may be paid. A line that fails is held back until the county clears it.
use kernel::{CivilDate, Fen, Instant};

/// Why a line is held back at once.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flag {
    NoCheckIn,
    NoCheckOut,
    /// No approved price on that day, or the order's unit price is above it.
    NoApprovedPrice,
    AbovePrice {
        approved: Fen,
        charged: Fen,
    },
    DiedBefore(CivilDate),
    /// The worker was checked in at two homes at once.
    Overlap {
        order_no: String,
    },
}

impl Flag {
    /// The reason shown on the line.
    pub fn zh(&self) -> String {
        match self {
            Flag::NoCheckIn => "没有签到记录".into(),
            Flag::NoCheckOut => "没有签退记录".into(),
            Flag::NoApprovedPrice => "当天没有核定价".into(),
            Flag::AbovePrice { approved, charged } => format!("单价 {charged}，高于核定价 {approved}"),
            Flag::DiedBefore(day) => format!("老人 {day} 已去世，服务在其后"),
            Flag::Overlap { order_no } => format!("和 {order_no} 时间重叠，同一位护理员"),
        }
    }
}

/// What the checks of one order look at.
#[derive(Clone, Copy, Debug)]
pub struct VisitFacts {
    pub served_on: CivilDate,
    pub checked_in_at: Option<Instant>,
    pub checked_out_at: Option<Instant>,
    pub price: Fen,
    /// Approved unit price on that day in that place.
    pub approved: Option<Fen>,
    pub died_on: Option<CivilDate>,
}

/// Everything that is wrong with one order by itself.
pub fn flags(v: &VisitFacts) -> Vec<Flag> {
    let mut out = Vec::new();
    if v.checked_in_at.is_none() {
        out.push(Flag::NoCheckIn);
    }
    if v.checked_out_at.is_none() {
        out.push(Flag::NoCheckOut);
    }
    match v.approved {
        None => out.push(Flag::NoApprovedPrice),
        Some(approved) if v.price > approved => out.push(Flag::AbovePrice { approved, charged: v.price }),
        Some(_) => {}
    }
    // A death on the day of the visit is not "before": the visit may have been that morning.
    if let Some(day) = v.died_on.filter(|d| *d < v.served_on) {
        out.push(Flag::DiedBefore(day));
    }
    out
}

/// One stay at a home, for the search of overlaps.
#[derive(Clone, Debug)]
pub struct Visit<K> {
    pub worker: kernel::WorkerId,
    pub from: Instant,
    pub to: Instant,
    pub key: K,
}

/// Pairs (earlier, later) of visits of one worker that overlap. `visits` are sorted by worker, then by `from`.
/// Leaving one home at the minute another is entered is not an overlap. Every visit that overlaps any other is in at
/// least one pair.
pub fn overlapping<K: Clone>(visits: &[Visit<K>]) -> Vec<(K, K)> {
    let mut out = Vec::new();
    let mut last: Option<&Visit<K>> = None;
    for v in visits {
        match last {
            Some(l) if l.worker == v.worker && v.from < l.to => {
                out.push((l.key.clone(), v.key.clone()));
                if v.to > l.to {
                    last = Some(v);
                }
            }
            _ => last = Some(v),
        }
    }
    out
}
