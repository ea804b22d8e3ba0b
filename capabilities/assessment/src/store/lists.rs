//! Lists and counts of assessments.
use super::cases::{COLUMNS, Row, Sight};
use crate::model::{Case, Purpose, State};
use kernel::{AssessmentId, AssessorId, CivilDate, PageAsk, Paged, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt, vals};

/// A common view of the list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum View {
    All,
    /// Nobody is appointed yet.
    ToAppoint,
    /// Appointed for this day.
    Day(CivilDate),
    /// Appointed, and the day is over.
    Late(CivilDate),
    /// Being assessed.
    InProgress,
    /// Complete, signatures are missing.
    ToSign,
    /// Signed and kept from deciding.
    Held,
    /// The result holds until this day at the latest.
    EndsBy(CivilDate),
    /// Objected to.
    Objected,
}

/// What a list is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct CaseAsk {
    pub view: Option<View>,
    pub state: Option<State>,
    pub scale: Option<String>,
    pub purpose: Option<Purpose>,
    pub level: Option<String>,
    pub assessor: Option<AssessorId>,
    /// The elder's name in full, or the number.
    pub q: String,
}

fn filter(sight: &Sight, ask: &CaseAsk) -> Filter {
    let mut f = Filter::from("assessment c");
    sight.narrow(&mut f);
    match ask.view.unwrap_or(View::All) {
        View::All => {}
        View::ToAppoint => drop(f.clause("c.state = 'applied'", vec![])),
        View::Day(day) => {
            f.clause("c.state IN ('appointed', 'in_progress', 'submitted')", vec![]);
            f.clause("c.starts_at >= ? AND c.starts_at < ?", vals![day.at(0, 0), day.plus_days(1).at(0, 0)]);
        }
        View::Late(day) => drop(f.clause("c.state = 'appointed' AND c.starts_at < ?", vals![day.at(0, 0)])),
        View::InProgress => drop(f.clause("c.state = 'in_progress'", vec![])),
        View::ToSign => drop(f.clause("c.state = 'submitted'", vec![])),
        View::Held => drop(f.clause("c.state = 'signed'", vec![])),
        View::EndsBy(day) => {
            f.clause("c.state = 'final' AND c.purpose <> 'quality' AND c.valid_until <= ?", vals![day]);
        }
        View::Objected => drop(f.clause("c.state = 'objected'", vec![])),
    }
    if let Some(state) = ask.state {
        f.and("c.state = ?", state);
    }
    if let Some(scale) = &ask.scale {
        f.and("c.scale = ?", scale.as_str());
    }
    if let Some(purpose) = ask.purpose {
        f.and("c.purpose = ?", purpose);
    }
    if let Some(level) = &ask.level {
        f.and("c.level = ?", level.as_str());
    }
    if let Some(who) = ask.assessor {
        f.clause("(c.first_assessor = ? OR c.second_assessor = ?)", vals![who, who]);
    }
    if !ask.q.is_empty() {
        f.clause("(c.elder_name = ? OR c.no = ?)", vals![ask.q.as_str(), ask.q.to_ascii_uppercase()]);
    }
    f
}

pub(crate) async fn list(db: &Db, sight: &Sight, ask: &CaseAsk, order: &str, page: PageAsk) -> Result<Paged<Case>> {
    Ok(db.read().page::<Row>(COLUMNS, &filter(sight, ask), order, page).await?.map(Row::case))
}

pub(crate) async fn count(db: &Db, sight: &Sight, ask: &CaseAsk) -> Result<i64> {
    let f = filter(sight, ask);
    db.read().count_capped(&f.sql(), f.values.clone()).await
}

/// A regular assessment with a level that a sample may be drawn from: id and its place in line.
pub(crate) async fn population(
    db: &Db,
    sight: &Sight,
    scale: &str,
    from: CivilDate,
    to: CivilDate,
) -> Result<Vec<AssessmentId>> {
    let mut f = Filter::from("assessment c");
    sight.narrow(&mut f);
    f.clause(
        "c.state = 'final' AND c.purpose = 'regular' AND c.level IS NOT NULL AND c.first_assessor IS NOT NULL",
        vec![],
    )
    .and("c.scale = ?", scale)
    .clause("c.assessed_on >= ? AND c.assessed_on <= ?", vals![from, to]);
    let sql = format!("SELECT c.id {} ORDER BY c.id", f.sql());
    db.read().column(&sql, f.values).await
}

/// An assessment and the quality assessment that repeated it.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct Pair {
    pub scale: String,
    pub before: i64,
    pub again: i64,
}

/// Levels found by an assessor and by those who looked again, oldest first.
pub(crate) async fn pairs(db: &Db, assessor: AssessorId) -> Result<Vec<Pair>> {
    db.read()
        .all(
            "SELECT c.scale, c.level_order AS before, q.level_order AS again FROM assessment q
             JOIN assessment c ON c.id = q.prior
             WHERE q.purpose = 'quality' AND q.state = 'final' AND q.level_order IS NOT NULL
               AND c.level_order IS NOT NULL AND (c.first_assessor = $1 OR c.second_assessor = $1) ORDER BY q.id",
            vals![assessor],
        )
        .await
}
