//! The register of assessors and what they declared.
use crate::model::{Assessor, Profession};
use kernel::{AssessorId, CivilDate, ElderId, Instant, OrgId, PageAsk, Paged, RegionCode, Result, Scope, Tier, UserId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, Value, vals};

#[derive(FromQueryResult)]
struct Row {
    id: AssessorId,
    user_id: Option<UserId>,
    name: String,
    profession: Profession,
    region: RegionCode,
    employer: String,
    employer_org: Option<OrgId>,
    certificate: String,
    valid_to: CivilDate,
    active: bool,
}

const COLUMNS: &str =
    "a.id, a.user_id, a.name, a.profession, a.region, a.employer, a.employer_org, a.certificate, a.valid_to, a.active";

impl Row {
    fn assessor(self) -> Assessor {
        Assessor {
            id: self.id,
            user: self.user_id,
            name: self.name,
            profession: self.profession,
            region: self.region,
            employer: self.employer,
            employer_org: self.employer_org,
            certificate: self.certificate,
            valid_to: self.valid_to,
            active: self.active,
        }
    }
}

pub(crate) async fn insert(tx: &Tx, a: &Assessor, by: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO assessor (id, user_id, name, profession, region, employer, employer_org, certificate, valid_to,
           active, created_at, created_by) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)",
        vals![
            a.id,
            a.user,
            a.name.as_str(),
            a.profession,
            a.region,
            a.employer.as_str(),
            a.employer_org,
            a.certificate.as_str(),
            a.valid_to,
            a.active,
            tx.now(),
            by
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn update(tx: &Tx, a: &Assessor) -> Result<()> {
    tx.exec(
        "UPDATE assessor SET user_id = $2, name = $3, profession = $4, region = $5, employer = $6, employer_org = $7,
           certificate = $8, valid_to = $9, active = $10 WHERE id = $1",
        vals![
            a.id,
            a.user,
            a.name.as_str(),
            a.profession,
            a.region,
            a.employer.as_str(),
            a.employer_org,
            a.certificate.as_str(),
            a.valid_to,
            a.active
        ],
    )
    .await?;
    Ok(())
}

/// One assessor whose working area lies inside the scope, or holds it: both sides have to do with each other.
pub(crate) async fn one<C: Sql>(conn: &C, scope: &Scope, id: AssessorId) -> Result<Option<Assessor>> {
    let row: Option<Row> = conn.one(&format!("SELECT {COLUMNS} FROM assessor a WHERE a.id = $1"), vals![id]).await?;
    let near = |r: &RegionCode| scope.region.contains(r) || r.contains(&scope.region);
    Ok(row.map(Row::assessor).filter(|a| scope.org_id().is_none() && near(&a.region)))
}

/// Those of a team, wherever they work: the assessment they belong to was read inside its scope.
pub(crate) async fn of_team<C: Sql>(conn: &C, ids: &[AssessorId]) -> Result<Vec<Assessor>> {
    let mut out = Vec::new();
    for id in ids {
        let row: Option<Row> =
            conn.one(&format!("SELECT {COLUMNS} FROM assessor a WHERE a.id = $1"), vals![*id]).await?;
        out.extend(row.map(Row::assessor));
    }
    Ok(out)
}

pub(crate) async fn by_user<C: Sql>(conn: &C, user: UserId) -> Result<Option<Assessor>> {
    let sql = format!("SELECT {COLUMNS} FROM assessor a WHERE a.user_id = $1");
    Ok(conn.one::<Row>(&sql, vals![user]).await?.map(Row::assessor))
}

/// Everyone whose working area holds a place, those at work first.
pub(crate) async fn for_place<C: Sql>(conn: &C, place: &RegionCode) -> Result<Vec<Assessor>> {
    let areas: Vec<Value> = [Tier::Province, Tier::City, Tier::County, Tier::Town, Tier::Village]
        .iter()
        .map(|t| Value::from(place.at(*t)))
        .collect();
    let sql = format!(
        "SELECT {COLUMNS} FROM assessor a WHERE a.region IN ($1, $2, $3, $4, $5) ORDER BY a.active DESC, a.name, a.id"
    );
    Ok(conn.all::<Row>(&sql, areas).await?.into_iter().map(Row::assessor).collect())
}

/// What a list of assessors is narrowed to.
#[derive(Clone, Debug, Default)]
pub struct AssessorAsk {
    pub profession: Option<Profession>,
    pub active: Option<bool>,
    /// The certificate ends before this day.
    pub ends_before: Option<CivilDate>,
    pub q: String,
}

pub(crate) async fn list(
    db: &Db,
    scope: &Scope,
    ask: &AssessorAsk,
    order: &str,
    page: PageAsk,
) -> Result<Paged<Assessor>> {
    let mut f = Filter::from("assessor a");
    f.region("a.region", scope);
    if scope.org_id().is_some() {
        f.clause("1 = 0", vec![]);
    }
    if let Some(p) = ask.profession {
        f.and("a.profession = ?", p);
    }
    if let Some(active) = ask.active {
        f.and("a.active = ?", active);
    }
    if let Some(day) = ask.ends_before {
        f.and("a.valid_to < ?", day);
    }
    if !ask.q.is_empty() {
        f.clause("(a.name = ? OR a.certificate = ?)", vals![ask.q.as_str(), ask.q.as_str()]);
    }
    Ok(db.read().page::<Row>(COLUMNS, &f, order, page).await?.map(Row::assessor))
}

/// A declared relation.
#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Relation {
    pub assessor_id: AssessorId,
    pub elder_id: ElderId,
    /// 女婿, 邻居 …
    pub relation: String,
    pub declared_by: String,
    pub declared_at: Instant,
}

pub(crate) async fn put_relation(
    tx: &Tx,
    assessor: AssessorId,
    elder: ElderId,
    relation: &str,
    by: &str,
) -> Result<()> {
    tx.exec(
        "INSERT INTO assessor_relation (assessor_id, elder_id, relation, declared_by, declared_at)
         VALUES ($1, $2, $3, $4, $5)
         ON CONFLICT (assessor_id, elder_id) DO UPDATE SET relation = $3, declared_by = $4, declared_at = $5",
        vals![assessor, elder, relation, by, tx.now()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn drop_relation(tx: &Tx, assessor: AssessorId, elder: ElderId) -> Result<u64> {
    tx.exec("DELETE FROM assessor_relation WHERE assessor_id = $1 AND elder_id = $2", vals![assessor, elder]).await
}

pub(crate) async fn relations_of(db: &Db, assessor: AssessorId) -> Result<Vec<Relation>> {
    let sql = "SELECT * FROM assessor_relation WHERE assessor_id = $1 ORDER BY declared_at DESC, elder_id";
    db.read().all(sql, vals![assessor]).await
}

/// Who is related to an elder, under any of its ids.
pub(crate) async fn related<C: Sql>(conn: &C, elders: &[ElderId]) -> Result<Vec<Relation>> {
    let mut out = Vec::new();
    for elder in elders {
        out.extend(conn.all("SELECT * FROM assessor_relation WHERE elder_id = $1", vals![*elder]).await?);
    }
    Ok(out)
}
