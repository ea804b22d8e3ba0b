//! Random samples and what they drew.
use kernel::{AssessmentId, CivilDate, Instant, PageAsk, Paged, RegionCode, Result, SampleId, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, SqlExt, Tx, insert_many, vals};

/// A sample: with its seed it can be drawn again.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult, serde::Serialize)]
pub struct Sample {
    pub id: SampleId,
    pub region: RegionCode,
    pub scale: String,
    pub from_day: CivilDate,
    pub to_day: CivilDate,
    /// How many it was drawn from.
    pub population: i64,
    pub size: i64,
    pub seed: i64,
    pub made_by: String,
    pub made_at: Instant,
}

/// One drawn assessment and the one that repeats it.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct SampleLine {
    pub place: i64,
    pub original: AssessmentId,
    pub recheck: AssessmentId,
}

pub(crate) async fn insert(tx: &Tx, s: &Sample, lines: &[(AssessmentId, AssessmentId)]) -> Result<()> {
    tx.exec(
        "INSERT INTO assessment_sample (id, region, scale, from_day, to_day, population, size, seed, made_by, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
        vals![
            s.id,
            s.region,
            s.scale.as_str(),
            s.from_day,
            s.to_day,
            s.population,
            s.size,
            s.seed,
            s.made_by.as_str(),
            s.made_at
        ],
    )
    .await?;
    let rows = lines.iter().zip(1i64..).map(|((o, r), place)| vals![s.id, place, *o, *r]).collect();
    insert_many(tx, "assessment_sample_line", &["sample_id", "place", "original", "recheck"], rows, "").await.map(drop)
}

pub(crate) async fn one(db: &Db, scope: &Scope, id: SampleId) -> Result<Option<Sample>> {
    let mut f = Filter::from("assessment_sample s");
    f.and("s.id = ?", id).region("s.region", scope);
    db.read().one(&format!("SELECT s.* {}", f.sql()), f.values).await
}

pub(crate) async fn lines(db: &Db, id: SampleId) -> Result<Vec<SampleLine>> {
    let sql = "SELECT place, original, recheck FROM assessment_sample_line WHERE sample_id = $1 ORDER BY place";
    db.read().all(sql, vals![id]).await
}

pub(crate) async fn list(db: &Db, scope: &Scope, order: &str, page: PageAsk) -> Result<Paged<Sample>> {
    let mut f = Filter::from("assessment_sample s");
    f.region("s.region", scope);
    db.read().page("s.*", &f, order, page).await
}
