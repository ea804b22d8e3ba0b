//! What a pack gives: the kinds of grants, and what each comes to for one case.
use crate::decide::PackOn;
use crate::facts::{Fact, Facts, Value};
use crate::parameter::Setting;
use kernel::{Fen, Month};
use serde::Serialize;

/// When a purse is settled and its rest decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Settlement {
    Month,
    Quarter,
    Year,
}

impl Settlement {
    pub const fn code(self) -> &'static str {
        match self {
            Settlement::Month => "month",
            Settlement::Quarter => "quarter",
            Settlement::Year => "year",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Settlement::Month => "按月结算",
            Settlement::Quarter => "按季结算",
            Settlement::Year => "按年结算",
        }
    }
    pub fn parse(code: &str) -> Option<Settlement> {
        [Settlement::Month, Settlement::Quarter, Settlement::Year].into_iter().find(|s| s.code() == code)
    }
    const fn ends_with(self, month: Month) -> bool {
        match self {
            Settlement::Month => true,
            Settlement::Quarter => month.month % 3 == 0,
            Settlement::Year => month.month == 12,
        }
    }
}

/// How often something is given or done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Period {
    Once,
    Week,
    Month,
}

impl Period {
    pub const fn code(self) -> &'static str {
        match self {
            Period::Once => "once",
            Period::Week => "week",
            Period::Month => "month",
        }
    }
    pub fn parse(code: &str) -> Option<Period> {
        [Period::Once, Period::Week, Period::Month].into_iter().find(|p| p.code() == code)
    }
}

/// What part of the cost a reimbursement looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Covers {
    /// The basic items; optional ones are the applicant's own.
    Basic,
    /// The basic items, and optional ones once all basic ones are done.
    BasicThenOptional,
}

impl Covers {
    pub const fn code(self) -> &'static str {
        match self {
            Covers::Basic => "basic",
            Covers::BasicThenOptional => "basic_then_optional",
        }
    }
    pub fn parse(code: &str) -> Option<Covers> {
        [Covers::Basic, Covers::BasicThenOptional].into_iter().find(|c| c.code() == code)
    }
}

/// What a class is given. Amounts and numbers are indices into [`crate::Pack::parameters`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum GrantKind {
    /// One purse per household and month, however many of its members are entitled.
    HouseholdPurse {
        /// Per month.
        amount: usize,
        settlement: Settlement,
        /// Whether the rest of a settlement period moves into the next.
        carry_over: bool,
        /// Whether a month's rest stays usable until the settlement period ends.
        accumulates: bool,
        /// The most that moves into the next period; all of it if absent.
        carry_limit: Option<usize>,
    },
    /// One purse per person and month.
    PersonPurse {
        amount: usize,
        settlement: Settlement,
        carry_over: bool,
        accumulates: bool,
        carry_limit: Option<usize>,
    },
    /// A sum paid one time.
    OneOff { amount: usize },
    /// A sum paid every year.
    Yearly { amount: usize },
    /// The actual cost up to a cap; what is above it the applicant pays.
    Reimbursement { cap: usize, covers: Covers },
    /// A sum for each meal, for at most `per_day` meals a day.
    PerMeal { amount: usize, per_day: usize },
    /// A sum for each bed, one time or every month.
    PerBed { amount: usize, period: Period },
    /// A service due `times` in every week or month.
    ServiceFrequency { times: usize, period: Period },
    /// To be served, or to be served before others; no money.
    PriorityRight,
    /// At least this percentage of a sum of public money has to go to elderly care.
    ShareFloor { percent: usize },
    /// The person pays this percentage of the price, the rest is paid for them.
    PayShare { percent: usize },
}

impl GrantKind {
    /// The codes a document may use for `kind`.
    pub const CODES: [&'static str; 11] = [
        "household_purse",
        "person_purse",
        "one_off",
        "yearly",
        "reimbursement",
        "per_meal",
        "per_bed",
        "service_frequency",
        "priority_right",
        "share_floor",
        "pay_share",
    ];
    pub const fn code(&self) -> &'static str {
        match self {
            GrantKind::HouseholdPurse { .. } => "household_purse",
            GrantKind::PersonPurse { .. } => "person_purse",
            GrantKind::OneOff { .. } => "one_off",
            GrantKind::Yearly { .. } => "yearly",
            GrantKind::Reimbursement { .. } => "reimbursement",
            GrantKind::PerMeal { .. } => "per_meal",
            GrantKind::PerBed { .. } => "per_bed",
            GrantKind::ServiceFrequency { .. } => "service_frequency",
            GrantKind::PriorityRight => "priority_right",
            GrantKind::ShareFloor { .. } => "share_floor",
            GrantKind::PayShare { .. } => "pay_share",
        }
    }
    /// Index of the money parameter that holds the amount, unit amount or cap; none for kinds without one.
    pub const fn amount(&self) -> Option<usize> {
        match self {
            GrantKind::HouseholdPurse { amount, .. }
            | GrantKind::PersonPurse { amount, .. }
            | GrantKind::OneOff { amount }
            | GrantKind::Yearly { amount }
            | GrantKind::Reimbursement { cap: amount, .. }
            | GrantKind::PerMeal { amount, .. }
            | GrantKind::PerBed { amount, .. } => Some(*amount),
            GrantKind::ServiceFrequency { .. }
            | GrantKind::PriorityRight
            | GrantKind::ShareFloor { .. }
            | GrantKind::PayShare { .. } => None,
        }
    }
    /// Index of the number that is not money: times, percent, meals a day.
    pub const fn number(&self) -> Option<usize> {
        match self {
            GrantKind::PerMeal { per_day: n, .. }
            | GrantKind::ServiceFrequency { times: n, .. }
            | GrantKind::ShareFloor { percent: n }
            | GrantKind::PayShare { percent: n } => Some(*n),
            _ => None,
        }
    }
    /// Whether it fills a purse month by month.
    pub const fn is_purse(&self) -> bool {
        matches!(self, GrantKind::HouseholdPurse { .. } | GrantKind::PersonPurse { .. })
    }
    /// `每户每月`
    pub const fn per_zh(&self) -> &'static str {
        match self {
            GrantKind::HouseholdPurse { .. } => "每户每月",
            GrantKind::PersonPurse { .. } => "每人每月",
            GrantKind::OneOff { .. } => "一次性",
            GrantKind::Yearly { .. } => "每年",
            GrantKind::Reimbursement { .. } => "据实补贴，最高",
            GrantKind::PerMeal { .. } => "每餐",
            GrantKind::PerBed { period: Period::Once, .. } => "每张床一次性",
            GrantKind::PerBed { .. } => "每张床每月",
            GrantKind::ServiceFrequency { period: Period::Week, .. } => "每周",
            GrantKind::ServiceFrequency { .. } => "每月",
            GrantKind::PriorityRight => "按规定安排",
            GrantKind::ShareFloor { .. } => "不低于",
            GrantKind::PayShare { .. } => "自付",
        }
    }
}

/// What a grant's sum may depend on besides the pack.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Inputs {
    /// Actual cost of the basic items.
    pub cost: Option<Fen>,
    /// Actual cost of optional items; none means nothing was spent on them.
    pub optional_cost: Option<Fen>,
    /// Whether all basic items are done; none counts as not yet.
    pub basics_done: Option<bool>,
    pub beds: Option<i64>,
    pub meals: Option<i64>,
    /// Days the meals or visits are spread over.
    pub days: Option<i64>,
    /// Months of a purse or of a monthly sum for beds, years of a yearly sum; none counts as one.
    pub periods: Option<i64>,
    /// The price a pay share is taken from.
    pub price: Option<Fen>,
    /// The sum of public money a share is taken from.
    pub total: Option<Fen>,
}

impl Inputs {
    /// The inputs that are themselves recorded as facts.
    pub fn of(facts: &Facts) -> Inputs {
        let int = |fact: Fact| match facts.get(fact) {
            Value::Int(n) => Some(n),
            _ => None,
        };
        Inputs {
            cost: int(Fact::RenovationBasicCost).map(Fen),
            optional_cost: int(Fact::RenovationOptionalCost).map(Fen),
            basics_done: match facts.get(Fact::RenovationBasicDone) {
                Value::Bool(done) => Some(done),
                _ => None,
            },
            beds: int(Fact::NewBeds),
            meals: int(Fact::MealsPerDay),
            days: int(Fact::MealsPerDay).map(|_| 1),
            periods: None,
            price: None,
            total: int(Fact::LotteryTotal).map(Fen),
        }
    }
}

/// What a grant comes to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Paid out of public money, or for a share floor the least that has to go to elderly care.
    pub granted: Fen,
    /// Left for the person to pay.
    pub own: Fen,
    /// How often a service is due in its period.
    pub times: Option<i64>,
}

/// Why a grant's sum cannot be said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AmountError {
    #[error("还不知道{0}")]
    Missing(&'static str),
    #[error("{0}不能小于 0")]
    Negative(&'static str),
    #[error("数字太大，算不出金额")]
    TooLarge,
}

fn given<T: PartialOrd + Default + Copy>(value: Option<T>, what: &'static str) -> Result<T, AmountError> {
    let value = value.ok_or(AmountError::Missing(what))?;
    if value < T::default() { Err(AmountError::Negative(what)) } else { Ok(value) }
}

/// `part`% of `sum`, rounded up or to the nearest fen.
fn percent(sum: Fen, part: i64, up: bool) -> Result<Fen, AmountError> {
    let hundredfold = i128::from(sum.0) * i128::from(part);
    let fen = (hundredfold + if up { 99 } else { 50 }).div_euclid(100);
    i64::try_from(fen).map(Fen).map_err(|_| AmountError::TooLarge)
}

impl PackOn<'_> {
    /// The amount, unit amount or cap of a grant on this day; zero for kinds without money.
    pub fn base(&self, kind: &GrantKind) -> Fen {
        match kind.amount().map(|i| self.setting(i)) {
            Some(Setting::Money(fen)) => fen,
            _ => Fen::ZERO,
        }
    }
    /// The number of a grant that is not money (times, percent, meals a day) on this day.
    pub fn number(&self, kind: &GrantKind) -> Option<i64> {
        match kind.number().map(|i| self.setting(i)) {
            Some(Setting::Int(n)) => Some(n),
            _ => None,
        }
    }

    /// What a grant comes to for one case.
    ///
    /// # Errors
    /// An input the kind needs is missing or below zero, or the sum is out of range.
    pub fn amount_for(&self, kind: &GrantKind, inputs: &Inputs) -> Result<Amount, AmountError> {
        let base = self.base(kind);
        let number = self.number(kind).unwrap_or(0);
        let periods = given(inputs.periods.or(Some(1)), "期数")?;
        let times = |n: i64| base.times(n).ok_or(AmountError::TooLarge);
        let money = |granted: Fen| Amount { granted, ..Amount::default() };
        Ok(match kind {
            GrantKind::HouseholdPurse { .. } | GrantKind::PersonPurse { .. } | GrantKind::Yearly { .. } => {
                money(times(periods)?)
            }
            GrantKind::OneOff { .. } => money(base),
            GrantKind::Reimbursement { covers, .. } => {
                let basic = given(inputs.cost, "实际费用")?;
                let optional = given(inputs.optional_cost.or(Some(Fen::ZERO)), "可选项目费用")?;
                let cost = basic.checked_add(optional).ok_or(AmountError::TooLarge)?;
                let counted = match covers {
                    Covers::BasicThenOptional if inputs.basics_done == Some(true) => cost,
                    _ => basic,
                };
                let granted = counted.min(base);
                Amount { granted, own: cost - granted, times: None }
            }
            GrantKind::PerMeal { .. } => {
                let meals = given(inputs.meals, "餐数")?;
                let most = match inputs.days {
                    Some(_) => given(inputs.days, "天数")?.saturating_mul(number),
                    None => meals,
                };
                money(times(meals.min(most))?)
            }
            GrantKind::PerBed { period, .. } => {
                let beds = given(inputs.beds, "床位数")?;
                let periods = if *period == Period::Once { 1 } else { periods };
                money(times(beds.checked_mul(periods).ok_or(AmountError::TooLarge)?)?)
            }
            GrantKind::ServiceFrequency { .. } => Amount { times: Some(number), ..Amount::default() },
            GrantKind::PriorityRight => Amount::default(),
            GrantKind::ShareFloor { .. } => money(percent(given(inputs.total, "资金总额")?, number, true)?),
            GrantKind::PayShare { .. } => {
                let price = given(inputs.price, "价格")?;
                let own = percent(price, number, false)?;
                Amount { granted: price - own, own, times: None }
            }
        })
    }

    /// What is left of a purse after the end of `month`, of the `rest` it holds then. Zero for kinds that are no purse.
    pub fn kept_after(&self, kind: &GrantKind, month: Month, rest: Fen) -> Fen {
        let (GrantKind::HouseholdPurse { settlement, carry_over, accumulates, carry_limit, .. }
        | GrantKind::PersonPurse { settlement, carry_over, accumulates, carry_limit, .. }) = kind
        else {
            return Fen::ZERO;
        };
        if !accumulates || (settlement.ends_with(month) && !carry_over) {
            return Fen::ZERO;
        }
        match carry_limit.map(|i| self.setting(i)) {
            Some(Setting::Money(limit)) if settlement.ends_with(month) => rest.min(limit),
            _ => rest,
        }
    }

    /// A grant in words: `每户每月 ¥100.00`, `每周 1 次`, `不低于 55%`.
    pub fn grant_zh(&self, kind: &GrantKind) -> String {
        let (per, number) = (kind.per_zh(), self.number(kind).unwrap_or(0));
        match kind {
            GrantKind::ServiceFrequency { .. } => format!("{per} {number} 次"),
            GrantKind::ShareFloor { .. } => format!("{per} {number}%"),
            GrantKind::PayShare { .. } if number == 0 => "免费".into(),
            GrantKind::PayShare { .. } => format!("{per} {number}%"),
            GrantKind::PriorityRight => per.into(),
            GrantKind::PerMeal { .. } => format!("{per} {}，每天最多 {number} 餐", self.base(kind)),
            _ => format!("{per} {}", self.base(kind)),
        }
    }
}
