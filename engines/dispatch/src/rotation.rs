//! Whose turn it is among the providers of a category (ORG-1, 轮岗).
//!
//! The provider with the fewest turns is next. An order received and an order declined are both a turn: declining
//! does not bring the next one sooner, and nobody is asked again and again. Ties fall to the one that has waited
//! longest, then to the smaller id.
use kernel::{Instant, OrgId};

/// Where a provider stands in the period.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    pub org: OrgId,
    /// Orders received in the period.
    pub orders: u32,
    /// Orders offered and declined in the period.
    pub declines: u32,
    /// Turns credited on joining in the middle of the period; see [`joining_credit`].
    pub credit: u32,
    /// Most orders it takes in the period; `None`: no limit.
    pub capacity: Option<u32>,
    /// Under contract, not blocked, serving the place.
    pub available: bool,
    /// When it last received or declined an order; `None`: not in this period.
    pub last_turn: Option<Instant>,
}

impl Standing {
    /// Turns had so far.
    pub const fn turns(&self) -> u64 {
        self.orders as u64 + self.declines as u64 + self.credit as u64
    }
    /// Why it is passed over; `None`: it takes part.
    pub const fn skip(&self) -> Option<Skip> {
        if !self.available {
            return Some(Skip::Unavailable);
        }
        match self.capacity {
            Some(most) if self.orders >= most => Some(Skip::Full { capacity: most }),
            _ => None,
        }
    }
    fn key(&self) -> (u64, Option<Instant>, OrgId) {
        // `None` sorts first: who had no turn yet has waited longest.
        (self.turns(), self.last_turn, self.org)
    }
}

/// Why a provider is passed over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Skip {
    Unavailable,
    Full { capacity: u32 },
}

impl Skip {
    pub fn zh(&self) -> String {
        match self {
            Skip::Unavailable => "现在不能接单".into(),
            Skip::Full { capacity } => format!("已满 {capacity} 单"),
        }
    }
}

/// A provider's place in the order of turns.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Turn {
    pub org: OrgId,
    /// 0: its turn.
    pub rank: u32,
    /// Turns had so far.
    pub turns: u64,
}

/// The provider whose turn it is; `None` if nobody takes part.
pub fn choose(standings: &[Standing]) -> Option<OrgId> {
    standings.iter().filter(|s| s.skip().is_none()).min_by_key(|s| s.key()).map(|s| s.org)
}

/// Everyone who takes part, in the order of turns.
pub fn order(standings: &[Standing]) -> Vec<Turn> {
    let mut fit: Vec<&Standing> = standings.iter().filter(|s| s.skip().is_none()).collect();
    fit.sort_unstable_by_key(|s| s.key());
    fit.iter().zip(0..).map(|(s, rank)| Turn { org: s.org, rank, turns: s.turns() }).collect()
}

/// Turns to credit to a provider that joins now: as many as the one with the fewest has had, so that it does not
/// get every order until it has caught up.
pub fn joining_credit(standings: &[Standing]) -> u32 {
    let fewest = standings.iter().filter(|s| s.skip().is_none()).map(Standing::turns).min().unwrap_or(0);
    u32::try_from(fewest).unwrap_or(u32::MAX)
}
