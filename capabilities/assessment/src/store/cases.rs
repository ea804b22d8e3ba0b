//! Assessments and their events.
use crate::model::{Case, Place, Purpose, Reason, State};
use kernel::{Actor, AssessmentId, AssessorId, CivilDate, ElderId, Instant, OrgId, RegionCode, Result, Scope};
use people::model::Care;
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Secret, Sql, SqlExt, Tx, Value, insert_many, vals};

/// How far a reader sees: a region, and of an assessor only what they are appointed to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sight {
    pub scope: Scope,
    pub only: Option<AssessorId>,
}

impl Sight {
    /// All of a region.
    pub fn all(scope: Scope) -> Sight {
        Sight { scope, only: None }
    }
    pub(crate) fn narrow(&self, f: &mut Filter) {
        f.region("c.region", &self.scope);
        if self.scope.org_id().is_some() {
            // Assessments are the government's: a provider finds none.
            f.clause("1 = 0", vec![]);
        }
        if let Some(who) = self.only {
            f.clause("(c.first_assessor = ? OR c.second_assessor = ?)", vals![who, who]);
        }
    }
}

#[derive(FromQueryResult)]
pub(crate) struct Row {
    id: AssessmentId,
    no: String,
    elder_id: ElderId,
    elder_name: String,
    region: RegionCode,
    scale: String,
    fingerprint: Option<String>,
    purpose: Purpose,
    reason: Reason,
    state: State,
    version: i64,
    applied_org: Option<OrgId>,
    place: Option<Place>,
    starts_at: Option<Instant>,
    address: String,
    first_assessor: Option<AssessorId>,
    second_assessor: Option<AssessorId>,
    prior: Option<AssessmentId>,
    provenance: String,
    created_at: Instant,
    created_by: String,
    submitted_at: Option<Instant>,
    first_signed_at: Option<Instant>,
    second_signed_at: Option<Instant>,
    assessed_on: Option<CivilDate>,
    valid_until: Option<CivilDate>,
    level: Option<String>,
    level_zh: Option<String>,
    level_order: Option<i64>,
    care: Option<Care>,
}

pub(crate) const COLUMNS: &str = "c.id, c.no, c.elder_id, c.elder_name, c.region, c.scale, c.fingerprint, c.purpose, \
    c.reason, c.state, c.version, c.applied_org, c.place, c.starts_at, c.address, c.first_assessor, c.second_assessor, \
    c.prior, c.provenance, c.created_at, c.created_by, c.submitted_at, c.first_signed_at, c.second_signed_at, \
    c.assessed_on, c.valid_until, c.level, c.level_zh, c.level_order, c.care";

impl Row {
    pub(crate) fn case(self) -> Case {
        Case {
            id: self.id,
            no: self.no,
            elder: self.elder_id,
            elder_name: self.elder_name,
            region: self.region,
            scale: self.scale,
            fingerprint: self.fingerprint,
            purpose: self.purpose,
            reason: self.reason,
            state: self.state,
            version: self.version,
            applied_org: self.applied_org,
            place: self.place,
            starts_at: self.starts_at,
            address: self.address,
            first: self.first_assessor,
            second: self.second_assessor,
            prior: self.prior,
            provenance: self.provenance,
            created_at: self.created_at,
            created_by: self.created_by,
            submitted_at: self.submitted_at,
            first_signed_at: self.first_signed_at,
            second_signed_at: self.second_signed_at,
            assessed_on: self.assessed_on,
            valid_until: self.valid_until,
            level: self.level,
            level_zh: self.level_zh,
            level_order: self.level_order,
            care: self.care,
        }
    }
}

const INSERTED: &[&str] = &[
    "id",
    "no",
    "elder_id",
    "elder_name",
    "region",
    "scale",
    "fingerprint",
    "purpose",
    "reason",
    "state",
    "version",
    "applied_org",
    "place",
    "starts_at",
    "address",
    "first_assessor",
    "second_assessor",
    "prior",
    "provenance",
    "created_at",
    "created_by",
    "submitted_at",
    "first_signed_at",
    "second_signed_at",
    "assessed_on",
    "valid_until",
    "level",
    "level_zh",
    "level_order",
    "care",
    "result",
    "sheet_version",
];

/// Writes new assessments, each with its sealed result where there is one.
pub(crate) async fn insert(tx: &Tx, cases: Vec<(Case, Option<Vec<u8>>, i64)>) -> Result<()> {
    let rows = cases
        .into_iter()
        .map(|(c, result, sheet_version)| {
            vals![
                c.id,
                c.no,
                c.elder,
                c.elder_name,
                c.region,
                c.scale,
                c.fingerprint,
                c.purpose,
                c.reason,
                c.state,
                c.version,
                c.applied_org,
                c.place,
                c.starts_at,
                c.address,
                c.first,
                c.second,
                c.prior,
                c.provenance,
                c.created_at,
                c.created_by,
                c.submitted_at,
                c.first_signed_at,
                c.second_signed_at,
                c.assessed_on,
                c.valid_until,
                c.level,
                c.level_zh,
                c.level_order,
                c.care,
                result,
                sheet_version
            ]
        })
        .collect();
    insert_many(tx, "assessment", INSERTED, rows, "").await.map(drop)
}

/// One assessment inside a reader's sight; `lock` holds it until the transaction ends.
pub(crate) async fn one<C: Sql>(conn: &C, sight: &Sight, id: AssessmentId, lock: &str) -> Result<Option<Case>> {
    let mut f = Filter::from("assessment c");
    f.and("c.id = ?", id);
    sight.narrow(&mut f);
    let sql = format!("SELECT {COLUMNS} {}{lock}", f.sql());
    Ok(conn.one::<Row>(&sql, f.values).await?.map(Row::case))
}

/// The sealed result and the version of the answers it was scored from.
pub(crate) async fn result<C: Sql>(conn: &C, id: AssessmentId) -> Result<Option<Vec<u8>>> {
    conn.scalar("SELECT result FROM assessment WHERE id = $1", vals![id]).await
}

/// Sets columns where the version is still `was`. Returns whether it was.
pub(crate) async fn update(tx: &Tx, id: AssessmentId, was: i64, sets: Vec<(&'static str, Value)>) -> Result<bool> {
    let mut sql = String::from("UPDATE assessment SET version = version + 1");
    let mut values = vals![id, was];
    for (column, value) in sets {
        values.push(value);
        sql.push_str(&format!(", {column} = ${}", values.len()));
    }
    sql.push_str(" WHERE id = $1 AND version = $2");
    Ok(tx.exec(&sql, values).await? == 1)
}

/// Reserves `count` places in a day's numbering and gives the first.
pub(crate) async fn take_numbers(tx: &Tx, day: CivilDate, count: i64) -> Result<i64> {
    tx.exec(
        "INSERT INTO assessment_number (day, last) VALUES ($1, $2)
         ON CONFLICT (day) DO UPDATE SET last = assessment_number.last + $3",
        vals![day, count, count],
    )
    .await?;
    let last: Option<i64> = tx.scalar("SELECT last FROM assessment_number WHERE day = $1", vals![day]).await?;
    Ok(last.unwrap_or(count) - count + 1)
}

/// `PG20261120-000001`
pub(crate) fn number(day: CivilDate, place: i64) -> String {
    format!("PG{}-{place:06}", day.compact())
}

/// One thing that happened to an assessment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    pub at: Instant,
    pub step: String,
    pub by_name: String,
    pub note: String,
}

pub(crate) async fn add_event(tx: &Tx, db: &Db, actor: &Actor, id: AssessmentId, step: &str, note: &str) -> Result<()> {
    let sealed = if note.is_empty() { None } else { Some(db.keys().seal(Secret::Health, note)?) };
    let event: uuid::Uuid = db.new_id();
    tx.exec(
        "INSERT INTO assessment_event (id, assessment_id, at, step, by_name, by_user, note)
         VALUES ($1, $2, $3, $4, $5, $6, $7)",
        vals![event, id, tx.now(), step, actor.label(), actor.user_id(), sealed],
    )
    .await?;
    Ok(())
}

/// Events of one assessment, oldest first. The caller has read the assessment inside its sight.
pub(crate) async fn events(db: &Db, id: AssessmentId) -> Result<Vec<Event>> {
    #[derive(FromQueryResult)]
    struct EventRow {
        at: Instant,
        step: String,
        by_name: String,
        note: Option<Vec<u8>>,
    }
    let sql = "SELECT at, step, by_name, note FROM assessment_event WHERE assessment_id = $1 ORDER BY at, id";
    let rows: Vec<EventRow> = db.read().all(sql, vals![id]).await?;
    rows.into_iter()
        .map(|r| {
            let note = r.note.map(|n| db.keys().open(Secret::Health, &n)).transpose()?.unwrap_or_default();
            Ok(Event { at: r.at, step: r.step, by_name: r.by_name, note })
        })
        .collect()
}

/// An assessment of this elder under this scale that has no result yet.
pub(crate) async fn open_of<C: Sql>(conn: &C, elders: &[ElderId], scale: &str) -> Result<Option<String>> {
    for elder in elders {
        let sql = "SELECT no FROM assessment WHERE elder_id = $1 AND scale = $2 AND purpose <> 'quality'
                   AND state IN ('applied', 'appointed', 'in_progress', 'submitted', 'signed') LIMIT 1";
        if let Some(no) = conn.scalar(sql, vals![*elder, scale]).await? {
            return Ok(Some(no));
        }
    }
    Ok(None)
}

/// All assessments of an elder under any of its ids, newest first.
pub(crate) async fn of_elder(db: &Db, elders: &[ElderId], limit: i64) -> Result<Vec<Case>> {
    let mut out = Vec::new();
    for elder in elders {
        let sql = format!(
            "SELECT {COLUMNS} FROM assessment c WHERE c.elder_id = $1 ORDER BY c.created_at DESC, c.id LIMIT {limit}"
        );
        out.extend(db.read().all::<Row>(&sql, vals![*elder]).await?.into_iter().map(Row::case));
    }
    out.sort_by_key(|c| (std::cmp::Reverse(c.created_at), c.id));
    Ok(out)
}

/// Assessments that look at this one again.
pub(crate) async fn after<C: Sql>(conn: &C, id: AssessmentId) -> Result<Vec<Case>> {
    let sql = format!("SELECT {COLUMNS} FROM assessment c WHERE c.prior = $1 ORDER BY c.created_at, c.id");
    Ok(conn.all::<Row>(&sql, vals![id]).await?.into_iter().map(Row::case).collect())
}

/// Signed ones of a scale's text that wait for it to be accepted.
pub(crate) async fn waiting_for_scale(tx: &Tx, scale: &str, fingerprint: &str) -> Result<Vec<Case>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM assessment c WHERE c.state = 'signed' AND c.scale = $1 AND c.fingerprint = $2 ORDER BY c.id"
    );
    Ok(tx.all::<Row>(&sql, vals![scale, fingerprint]).await?.into_iter().map(Row::case).collect())
}

/// Results that end by `day` and nobody looks at again yet, in id order after `from`.
pub(crate) async fn ending<C: Sql>(
    conn: &C,
    scope: &Scope,
    day: CivilDate,
    from: Option<AssessmentId>,
    limit: i64,
) -> Result<Vec<Case>> {
    let mut f = Filter::from("assessment c");
    f.region("c.region", scope);
    f.clause("c.state = 'final' AND c.purpose <> 'quality'", vec![]).and("c.valid_until <= ?", day);
    if let Some(id) = from {
        f.and("c.id > ?", id);
    }
    f.clause(
        "NOT EXISTS (SELECT 1 FROM assessment n WHERE n.elder_id = c.elder_id AND n.scale = c.scale
           AND n.created_at > c.created_at AND n.purpose <> 'quality')",
        vec![],
    );
    let sql = format!("SELECT {COLUMNS} {} ORDER BY c.id LIMIT {limit}", f.sql());
    Ok(conn.all::<Row>(&sql, f.values).await?.into_iter().map(Row::case).collect())
}

/// Open assessments of an elder.
pub(crate) async fn open_all(tx: &Tx, elder: ElderId) -> Result<Vec<Case>> {
    let sql = format!(
        "SELECT {COLUMNS} FROM assessment c WHERE c.elder_id = $1
           AND c.state IN ('applied', 'appointed', 'in_progress', 'submitted', 'signed')"
    );
    Ok(tx.all::<Row>(&sql, vals![elder]).await?.into_iter().map(Row::case).collect())
}
