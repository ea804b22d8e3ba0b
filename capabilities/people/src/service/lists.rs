//! The list of archives and its common views.
use super::government;
use crate::model::{AgeBand, Care, ElderCard, Hukou, IncomeClass, Living, SpecialGroup, born_to_be};
use crate::store::elders::{self, ListFilter, Status};
use kernel::{CivilDate, PageAsk, Paged, Result, Scope};
use store::Db;

/// A common view of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    All,
    /// Turned 60 in the last 30 days: their archive is new.
    New60,
    /// Something that is asked for is missing.
    Incomplete,
    /// Turn 75 within three months.
    Soon75,
    /// Turn 80 within three months.
    Soon80,
    /// Over 80 without an assessment in force: everyone of that age is to be assessed.
    Unassessed80,
}

/// Nobody is older.
const OLDEST: i16 = 130;

impl View {
    pub const ALL: &'static [View] =
        &[View::All, View::New60, View::Incomplete, View::Soon75, View::Soon80, View::Unassessed80];
    pub const fn code(self) -> &'static str {
        match self {
            View::All => "",
            View::New60 => "new60",
            View::Incomplete => "incomplete",
            View::Soon75 => "soon75",
            View::Soon80 => "soon80",
            View::Unassessed80 => "unassessed80",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            View::All => "全部",
            View::New60 => "新满 60",
            View::Incomplete => "档案不全",
            View::Soon75 => "三个月内满 75",
            View::Soon80 => "三个月内满 80",
            View::Unassessed80 => "80 岁以上没评估",
        }
    }
    pub fn parse(code: &str) -> View {
        View::ALL.iter().copied().find(|v| v.code() == code).unwrap_or(View::All)
    }
    /// Birth dates of those in the view on `today`.
    fn births(self, today: CivilDate) -> Option<(CivilDate, CivilDate)> {
        let soon = |age| (born_to_be(age, today).plus_days(1), born_to_be(age, today.plus_days(91)));
        match self {
            View::All | View::Incomplete => None,
            View::New60 => Some((born_to_be(60, today.plus_days(-30)).plus_days(1), born_to_be(60, today))),
            View::Soon75 => Some(soon(75)),
            View::Soon80 => Some(soon(80)),
            View::Unassessed80 => Some((born_to_be(OLDEST, today), born_to_be(80, today))),
        }
    }
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct ElderAsk {
    pub view: Option<View>,
    pub age: Option<AgeBand>,
    pub hukou: Option<Hukou>,
    pub living: Option<Living>,
    pub income: Option<IncomeClass>,
    pub care: Option<Care>,
    pub special: Option<SpecialGroup>,
    /// Only the dead.
    pub dead: bool,
    /// Only those who moved away.
    pub moved: bool,
}

impl ElderAsk {
    fn filter(&self, today: CivilDate) -> ListFilter {
        let view = self.view.unwrap_or(View::All);
        let narrow = view.births(today);
        ListFilter {
            births: narrow.or_else(|| self.age.map(|a| a.births(today))),
            few: narrow.is_some(),
            hukou: self.hukou,
            living: self.living,
            income: self.income,
            care: self.care,
            special: self.special,
            lacks: view == View::Incomplete,
            unassessed_on: (view == View::Unassessed80).then_some(today),
            status: match (self.dead, self.moved) {
                (true, _) => Status::Dead,
                (false, true) => Status::MovedOut,
                (false, false) => Status::Here,
            },
        }
    }
    /// Whether an elder that was found by a question also fits the rest (as far as a card tells).
    pub fn fits(&self, c: &ElderCard, today: CivilDate) -> bool {
        let f = self.filter(today);
        let here = match f.status {
            Status::Here => c.died_on.is_none() && c.moved_out_on.is_none(),
            Status::Dead => c.died_on.is_some(),
            Status::MovedOut => c.moved_out_on.is_some(),
        };
        here && f.births.is_none_or(|(a, b)| (a..=b).contains(&c.birth))
            && f.hukou.is_none_or(|v| v == c.hukou)
            && f.living.is_none_or(|v| v == c.living)
            && f.income.is_none_or(|v| v == c.income)
            && f.care.is_none_or(|v| Some(v) == c.care)
            && f.special.is_none_or(|v| c.specials.contains(&v))
    }
}

/// Archives of the viewer's region; `order` is an allow-listed ORDER BY.
pub async fn elders_list(
    db: &Db,
    scope: &Scope,
    ask: &ElderAsk,
    page: PageAsk,
    order: &str,
) -> Result<Paged<ElderCard>> {
    government(scope)?;
    let rows = elders::list(db, scope, &ask.filter(db.now().date()), page, order).await?;
    Ok(rows.map(elders::CardRow::card))
}

/// How many are in a view, counted to [`Paged::COUNT_CAP`].
pub async fn count_view(db: &Db, scope: &Scope, view: View) -> Result<i64> {
    government(scope)?;
    let ask = ElderAsk { view: Some(view), ..ElderAsk::default() };
    elders::count(db, scope, &ask.filter(db.now().date())).await
}
