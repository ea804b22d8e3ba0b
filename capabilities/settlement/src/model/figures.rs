//! Sums of a list and why they differ from the quarter before.
use super::line::{LineState, Standing};
use kernel::Fen;

/// The money of one line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineMoney {
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
    pub state: LineState,
}

/// Sums over lines. `payable = gov − deducted − held_back`, always.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, serde::Serialize)]
pub struct Totals {
    pub orders: i64,
    /// Full price of all lines.
    pub fee: Fen,
    /// Public part of all lines.
    pub gov: Fen,
    /// Own part of all lines.
    pub own: Fen,
    /// Taken off by review.
    pub deducted: Fen,
    /// Public part of lines not paid now.
    pub held_back: Fen,
}

impl Totals {
    pub fn payable(&self) -> Fen {
        self.gov - self.deducted - self.held_back
    }
    pub fn of(line: &LineMoney) -> Totals {
        let counted = line.state.counted();
        Totals {
            orders: 1,
            fee: line.fee,
            gov: line.gov,
            own: line.own,
            deducted: if counted == Standing::Deducted { line.state.deducted } else { Fen::ZERO },
            held_back: if counted == Standing::HeldBack { line.gov } else { Fen::ZERO },
        }
    }
    pub fn minus(self, o: Totals) -> Totals {
        Totals {
            orders: self.orders - o.orders,
            fee: self.fee - o.fee,
            gov: self.gov - o.gov,
            own: self.own - o.own,
            deducted: self.deducted - o.deducted,
            held_back: self.held_back - o.held_back,
        }
    }
}

impl std::ops::AddAssign for Totals {
    fn add_assign(&mut self, o: Totals) {
        self.orders += o.orders;
        self.fee += o.fee;
        self.gov += o.gov;
        self.own += o.own;
        self.deducted += o.deducted;
        self.held_back += o.held_back;
    }
}
impl std::iter::Sum for Totals {
    fn sum<I: Iterator<Item = Totals>>(iter: I) -> Totals {
        iter.fold(Totals::default(), |mut all, t| {
            all += t;
            all
        })
    }
}

/// Why a quarter costs more or less than the one before.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum CauseKind {
    /// Households that used nothing in the quarter before.
    NewHouseholds,
    /// Households that used something in the quarter before and nothing now.
    GoneHouseholds,
    /// The same number of orders at other prices.
    Prices,
    /// More or fewer orders; what the other causes leave.
    Orders,
    /// Deductions and held back lines.
    Review,
}

impl CauseKind {
    pub const fn zh(self) -> &'static str {
        match self {
            CauseKind::NewHouseholds => "新用上服务的",
            CauseKind::GoneHouseholds => "这季没用的",
            CauseKind::Prices => "单价变化",
            CauseKind::Orders => "上门次数变化",
            CauseKind::Review => "核减和暂不付",
        }
    }
}

/// One cause with its amount; the amounts of all causes add up to the difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Cause {
    pub kind: CauseKind,
    pub amount: Fen,
    /// Households or orders behind it.
    pub units: i64,
}

/// What `n` orders would have cost at the earlier average price `sum / count`, rounded to the nearest fen.
/// `None` when there was no order then.
pub fn share_of_price(n: i64, sum: Fen, count: i64) -> Option<Fen> {
    if count <= 0 {
        return None;
    }
    let product = i128::from(n) * i128::from(sum.0);
    let count = i128::from(count);
    let rounded = (product * 2 + count).div_euclid(count * 2);
    i64::try_from(rounded).ok().map(Fen)
}
