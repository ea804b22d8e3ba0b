//! Rows of `elder` and `household`.
use crate::model::{Care, DisabilityCert, ElderCard, ElderFacts, Hukou, IncomeClass, Living, Source, groups_from};
use kernel::{CivilDate, ElderId, GeoPoint, HouseholdId, Instant, RegionCode, Result, Scope, Sex};
use std::collections::HashMap;
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, Value, insert_many, vals};

/// A stored archive.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct ElderRow {
    pub id: ElderId,
    pub household_id: HouseholdId,
    pub standing: String,
    pub merged_into: Option<ElderId>,
    pub name: String,
    pub sex: String,
    pub birth: CivilDate,
    pub id_sealed: Vec<u8>,
    pub id_masked: String,
    pub phone_sealed: Option<Vec<u8>>,
    pub phone_masked: String,
    pub region: RegionCode,
    pub address: String,
    pub lat_e6: Option<i64>,
    pub lng_e6: Option<i64>,
    pub hukou: Hukou,
    pub hukou_region: Option<RegionCode>,
    pub living: Living,
    pub income: IncomeClass,
    pub specials: String,
    pub care: Option<Care>,
    pub certificate: Option<DisabilityCert>,
    pub chronic_sealed: Option<Vec<u8>>,
    pub preference: String,
    pub died_on: Option<CivilDate>,
    pub moved_in_on: Option<CivilDate>,
    pub moved_out_on: Option<CivilDate>,
    pub institution_since: Option<CivilDate>,
    pub institution_until: Option<CivilDate>,
    pub lacks: i64,
    pub source: Source,
    pub version: i64,
    pub created_at: Instant,
    pub created_by: String,
    pub updated_at: Instant,
    pub updated_by: String,
}

const FULL: &str = "id, household_id, standing, merged_into, name, sex, birth, id_sealed, id_masked, phone_sealed, \
    phone_masked, region, address, lat_e6, lng_e6, hukou, hukou_region, living, income, specials, care, certificate, \
    chronic_sealed, preference, died_on, moved_in_on, moved_out_on, institution_since, institution_until, lacks, source, \
    version, created_at, created_by, updated_at, updated_by";

pub(crate) fn point(lat: Option<i64>, lng: Option<i64>) -> Option<GeoPoint> {
    Some(GeoPoint { lat_e6: lat?, lng_e6: lng? })
}

/// Only the two codes are ever written.
fn sex(code: &str) -> Sex {
    if code == Sex::Male.code() { Sex::Male } else { Sex::Female }
}

impl ElderRow {
    pub(crate) fn sex(&self) -> Sex {
        sex(&self.sex)
    }
    pub(crate) fn place(&self) -> Option<GeoPoint> {
        point(self.lat_e6, self.lng_e6)
    }
    pub(crate) fn card(&self) -> ElderCard {
        ElderCard {
            id: self.id,
            household: self.household_id,
            name: self.name.clone(),
            sex: self.sex(),
            birth: self.birth,
            region: self.region,
            address: self.address.clone(),
            place: self.place(),
            hukou: self.hukou,
            hukou_region: self.hukou_region,
            living: self.living,
            income: self.income,
            specials: groups_from(&self.specials),
            care: self.care,
            certificate: self.certificate,
            died_on: self.died_on,
            moved_out_on: self.moved_out_on,
            phone_masked: self.phone_masked.clone(),
            id_masked: self.id_masked.clone(),
            version: self.version,
        }
    }
}

/// What a list or card shows.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct CardRow {
    id: ElderId,
    household_id: HouseholdId,
    merged_into: Option<ElderId>,
    name: String,
    sex: String,
    birth: CivilDate,
    region: RegionCode,
    address: String,
    lat_e6: Option<i64>,
    lng_e6: Option<i64>,
    hukou: Hukou,
    hukou_region: Option<RegionCode>,
    living: Living,
    income: IncomeClass,
    specials: String,
    care: Option<Care>,
    certificate: Option<DisabilityCert>,
    died_on: Option<CivilDate>,
    moved_out_on: Option<CivilDate>,
    phone_masked: String,
    id_masked: String,
    version: i64,
}

pub(crate) const CARD: &str = "e.id, e.household_id, e.merged_into, e.name, e.sex, e.birth, e.region, e.address, \
    e.lat_e6, e.lng_e6, e.hukou, e.hukou_region, e.living, e.income, e.specials, e.care, e.certificate, e.died_on, \
    e.moved_out_on, e.phone_masked, e.id_masked, e.version";

impl CardRow {
    pub(crate) fn merged_into(&self) -> Option<ElderId> {
        self.merged_into
    }
    pub(crate) fn card(self) -> ElderCard {
        ElderCard {
            id: self.id,
            household: self.household_id,
            name: self.name,
            sex: sex(&self.sex),
            birth: self.birth,
            region: self.region,
            address: self.address,
            place: point(self.lat_e6, self.lng_e6),
            hukou: self.hukou,
            hukou_region: self.hukou_region,
            living: self.living,
            income: self.income,
            specials: groups_from(&self.specials),
            care: self.care,
            certificate: self.certificate,
            died_on: self.died_on,
            moved_out_on: self.moved_out_on,
            phone_masked: self.phone_masked,
            id_masked: self.id_masked,
            version: self.version,
        }
    }
}

/// `$n, $n+1, …` for `count` values from `first`.
pub(crate) fn marks(first: usize, count: usize) -> String {
    (first..first + count).map(|n| format!("${n}")).collect::<Vec<_>>().join(", ")
}

/// One archive by id, whatever its standing. `lock` holds it until the transaction ends.
pub(crate) async fn by_id<C: Sql>(conn: &C, id: ElderId, lock: &str) -> Result<Option<ElderRow>> {
    conn.one(&format!("SELECT {FULL} FROM elder WHERE id = $1{lock}"), vals![id]).await
}

/// Many archives by id, whatever their standing, in no order.
pub(crate) async fn by_ids<C: Sql>(conn: &C, ids: &[ElderId]) -> Result<Vec<ElderRow>> {
    let mut out = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        let sql = format!("SELECT {FULL} FROM elder WHERE id IN ({})", marks(1, part.len()));
        let rows: Vec<ElderRow> = conn.all(&sql, part.iter().map(|i| Value::from(*i)).collect()).await?;
        out.extend(rows);
    }
    Ok(out)
}

pub(crate) async fn cards_by_id<C: Sql>(conn: &C, ids: &[ElderId]) -> Result<Vec<CardRow>> {
    let mut out = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        let sql = format!("SELECT {CARD} FROM elder e WHERE e.id IN ({})", marks(1, part.len()));
        let rows: Vec<CardRow> = conn.all(&sql, part.iter().map(|i| Value::from(*i)).collect()).await?;
        out.extend(rows);
    }
    Ok(out)
}

/// Ids of the archives merged into `id`, directly.
pub(crate) async fn merged_into(db: &Db, id: ElderId) -> Result<Vec<ElderId>> {
    db.read().column("SELECT id FROM elder WHERE merged_into = $1", vals![id]).await
}

/// Archives in force found by a blind index; merged ones point on to their survivor.
pub(crate) async fn by_blind(db: &Db, column: BlindColumn, blind: Vec<u8>, limit: i64) -> Result<Vec<ElderId>> {
    let (column, table) = match column {
        BlindColumn::IdNumber => ("id_blind", "id"),
        BlindColumn::Phone => ("phone_blind", "id"),
    };
    let sql = format!("SELECT {table} FROM elder WHERE {column} = $1 AND standing <> 'taken_back' LIMIT {limit}");
    db.read().column(&sql, vals![blind]).await
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum BlindColumn {
    IdNumber,
    Phone,
}

/// The elder in force with this identity number.
pub(crate) async fn live_by_id_number<C: Sql>(conn: &C, blind: &[u8]) -> Result<Option<ElderId>> {
    conn.scalar("SELECT id FROM elder WHERE id_blind = $1 AND standing = 'live'", vals![blind.to_vec()]).await
}

#[derive(FromQueryResult)]
pub(crate) struct Known {
    pub id: ElderId,
    pub key: Vec<u8>,
}

/// Which of many keys are in force already. `column` is `id_blind` or `same_key`.
pub(crate) async fn known_keys<C: Sql>(conn: &C, column: &'static str, keys: &[Vec<u8>]) -> Result<Vec<Known>> {
    let mut out = Vec::new();
    for part in keys.chunks(500) {
        let sql = format!(
            "SELECT id, {column} AS key FROM elder WHERE {column} IN ({}) AND standing = 'live'",
            marks(1, part.len())
        );
        let rows: Vec<Known> = conn.all(&sql, part.iter().map(|k| Value::from(k.clone())).collect()).await?;
        out.extend(rows);
    }
    Ok(out)
}

pub(crate) const ELDER_COLUMNS: &[&str] = &[
    "id",
    "household_id",
    "standing",
    "name",
    "sex",
    "birth",
    "id_sealed",
    "id_blind",
    "id_masked",
    "same_key",
    "phone_sealed",
    "phone_blind",
    "phone_masked",
    "region",
    "address",
    "lat_e6",
    "lng_e6",
    "hukou",
    "hukou_region",
    "living",
    "income",
    "specials",
    "care",
    "certificate",
    "chronic_sealed",
    "preference",
    "died_on",
    "moved_in_on",
    "institution_since",
    "lacks",
    "source",
    "batch_id",
    "version",
    "created_at",
    "created_by",
    "updated_at",
    "updated_by",
];

pub(crate) async fn insert(tx: &Tx, rows: Vec<Vec<Value>>) -> Result<u64> {
    insert_many(tx, "elder", ELDER_COLUMNS, rows, "").await
}

/// A changed archive: everything that can change, where the version is still `was`. Returns whether it was.
pub(crate) async fn update(tx: &Tx, id: ElderId, was: i64, sets: &[(&'static str, Value)], by: &str) -> Result<bool> {
    let mut sql = String::from("UPDATE elder SET version = version + 1, updated_at = $3, updated_by = $4");
    let mut values = vals![id, was, tx.now(), by];
    for (column, value) in sets {
        values.push(value.clone());
        sql.push_str(&format!(", {column} = ${}", values.len()));
    }
    sql.push_str(" WHERE id = $1 AND version = $2");
    Ok(tx.exec(&sql, values).await? == 1)
}

pub(crate) async fn insert_households(tx: &Tx, rows: Vec<Vec<Value>>) -> Result<u64> {
    insert_many(tx, "household", &["id", "number", "region", "created_at"], rows, "").await
}

pub(crate) async fn set_household_region(tx: &Tx, id: HouseholdId, region: RegionCode) -> Result<()> {
    tx.exec("UPDATE household SET region = $2 WHERE id = $1", vals![id, region]).await?;
    Ok(())
}

#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct HouseholdRow {
    pub id: HouseholdId,
    pub number: Option<String>,
    pub region: RegionCode,
}

pub(crate) async fn household<C: Sql>(conn: &C, id: HouseholdId) -> Result<Option<HouseholdRow>> {
    conn.one("SELECT id, number, region FROM household WHERE id = $1", vals![id]).await
}

/// The numbers of those households that have one.
pub(crate) async fn household_numbers<C: Sql>(conn: &C, ids: &[HouseholdId]) -> Result<HashMap<HouseholdId, String>> {
    let mut out = HashMap::new();
    for part in ids.chunks(500) {
        let sql = format!("SELECT id, number, region FROM household WHERE id IN ({})", marks(1, part.len()));
        let rows: Vec<HouseholdRow> = conn.all(&sql, part.iter().map(|i| Value::from(*i)).collect()).await?;
        out.extend(rows.into_iter().filter_map(|h| Some((h.id, h.number?))));
    }
    Ok(out)
}

/// Households by their number inside one village.
pub(crate) async fn households_by_number(tx: &Tx, region: RegionCode, numbers: &[String]) -> Result<Vec<HouseholdRow>> {
    let mut out = Vec::new();
    for part in numbers.chunks(500) {
        let sql = format!(
            "SELECT id, number, region FROM household WHERE region = $1 AND number IN ({})",
            marks(2, part.len())
        );
        let mut values = vals![region];
        values.extend(part.iter().map(|n| Value::from(n.clone())));
        let rows: Vec<HouseholdRow> = tx.all(&sql, values).await?;
        out.extend(rows);
    }
    Ok(out)
}

/// How many households lie in the scope: what a walk over them has ahead.
pub(crate) async fn household_count(db: &Db, scope: &Scope) -> Result<i64> {
    let mut f = Filter::from("household");
    f.region("region", scope);
    Ok(db.read().scalar(&format!("SELECT COUNT(*) {}", f.sql()), f.values.clone()).await?.unwrap_or(0))
}

/// Households in id order after `after`, inside the scope's region.
pub(crate) async fn households_after(
    db: &Db,
    scope: &Scope,
    after: Option<HouseholdId>,
    limit: i64,
) -> Result<Vec<HouseholdRow>> {
    let mut f = Filter::from("household h");
    if let Some(a) = after {
        f.and("h.id > ?", a);
    }
    // The walk is in id order; the region must not become the leading index.
    let (low, high) = scope.region_range();
    f.clause("(h.region || '') >= ? AND (h.region || '') < ?", vals![low, high]);
    let sql = format!("SELECT h.id, h.number, h.region {} ORDER BY h.id LIMIT {limit}", f.sql());
    db.read().all(&sql, f.values.clone()).await
}

/// What determinations read of one elder.
#[derive(Clone, Debug, FromQueryResult)]
pub(crate) struct FactsRow {
    pub id: ElderId,
    pub household_id: HouseholdId,
    sex: String,
    birth: CivilDate,
    region: RegionCode,
    hukou: Hukou,
    hukou_region: Option<RegionCode>,
    living: Living,
    income: IncomeClass,
    specials: String,
    care: Option<Care>,
    certificate: Option<DisabilityCert>,
    died_on: Option<CivilDate>,
    moved_in_on: Option<CivilDate>,
    moved_out_on: Option<CivilDate>,
    institution_since: Option<CivilDate>,
    institution_until: Option<CivilDate>,
    pub version: i64,
}

impl FactsRow {
    pub(crate) fn facts(self) -> ElderFacts {
        ElderFacts {
            elder: self.id,
            birth: self.birth,
            sex: sex(&self.sex),
            hukou: self.hukou,
            hukou_region: self.hukou_region,
            region: self.region,
            living: self.living,
            income: self.income,
            specials: groups_from(&self.specials),
            care: self.care,
            certificate: self.certificate,
            died_on: self.died_on,
            moved_in_on: self.moved_in_on,
            moved_out_on: self.moved_out_on,
            institution_since: self.institution_since,
            institution_until: self.institution_until,
            changes: Vec::new(),
        }
    }
}

/// Members in force of several households, oldest first.
pub(crate) async fn members<C: Sql>(conn: &C, households: &[HouseholdId]) -> Result<Vec<FactsRow>> {
    let mut out = Vec::new();
    for part in households.chunks(500) {
        let sql = format!(
            "SELECT id, household_id, sex, birth, region, hukou, hukou_region, living, income, specials, care, certificate,
               died_on, moved_in_on, moved_out_on, institution_since, institution_until, version
             FROM elder WHERE household_id IN ({}) AND standing = 'live' ORDER BY birth, id",
            marks(1, part.len())
        );
        let rows: Vec<FactsRow> = conn.all(&sql, part.iter().map(|h| Value::from(*h)).collect()).await?;
        out.extend(rows);
    }
    Ok(out)
}

/// How many members in force several households have, and the sum of their versions.
pub(crate) async fn stamp(tx: &Tx, households: &[HouseholdId]) -> Result<(i64, i64)> {
    #[derive(FromQueryResult)]
    struct Stamp {
        members: i64,
        versions: Option<i64>,
    }
    let mut sum = (0, 0);
    for part in households.chunks(500) {
        let sql = format!(
            "SELECT COUNT(*) AS members, CAST(SUM(version) AS BIGINT) AS versions FROM elder
             WHERE household_id IN ({}) AND standing = 'live'",
            marks(1, part.len())
        );
        let now: Option<Stamp> = tx.one(&sql, part.iter().map(|h| Value::from(*h)).collect()).await?;
        let now = now.map_or((0, 0), |s| (s.members, s.versions.unwrap_or(0)));
        sum = (sum.0 + now.0, sum.1 + now.1);
    }
    Ok(sum)
}

/// Households by id, in id order.
pub(crate) async fn households(tx: &Tx, ids: &[HouseholdId]) -> Result<Vec<HouseholdRow>> {
    let mut out = Vec::with_capacity(ids.len());
    for part in ids.chunks(500) {
        let sql =
            format!("SELECT id, number, region FROM household WHERE id IN ({}) ORDER BY id", marks(1, part.len()));
        out.extend(tx.all::<HouseholdRow>(&sql, part.iter().map(|h| Value::from(*h)).collect()).await?);
    }
    Ok(out)
}

/// Cards of everyone in force in one household.
pub(crate) async fn household_cards<C: Sql>(conn: &C, household: HouseholdId) -> Result<Vec<CardRow>> {
    let sql =
        format!("SELECT {CARD} FROM elder e WHERE e.household_id = $1 AND e.standing = 'live' ORDER BY e.birth, e.id");
    conn.all(&sql, vals![household]).await
}

/// Puts an archive out of or back into force.
pub(crate) async fn set_standing(tx: &Tx, id: ElderId, standing: &str, into: Option<ElderId>) -> Result<()> {
    tx.exec(
        "UPDATE elder SET standing = $2, merged_into = $3, version = version + 1, updated_at = $4 WHERE id = $1",
        vals![id, standing, into, tx.now()],
    )
    .await?;
    Ok(())
}

/// Columns that follow from the others.
pub(crate) async fn set_derived(
    tx: &Tx,
    id: ElderId,
    lacks: i64,
    same_key: Vec<u8>,
    institution_since: Option<CivilDate>,
    institution_until: Option<CivilDate>,
) -> Result<()> {
    tx.exec(
        "UPDATE elder SET lacks = $2, same_key = $3, institution_since = $4, institution_until = $5 WHERE id = $1",
        vals![id, lacks, same_key, institution_since, institution_until],
    )
    .await?;
    Ok(())
}

/// Every archive in the scope whose person has died, merged archives with the date of their survivor.
pub(crate) async fn deaths<C: Sql>(conn: &C, scope: &kernel::Scope) -> Result<Vec<(ElderId, CivilDate)>> {
    #[derive(FromQueryResult)]
    struct Death {
        id: ElderId,
        died_on: CivilDate,
    }
    let mut f = store::Filter::from("elder e LEFT JOIN elder s ON s.id = e.merged_into");
    f.region("e.region", scope).clause("COALESCE(s.died_on, e.died_on) IS NOT NULL", vec![]);
    let sql = format!("SELECT e.id, COALESCE(s.died_on, e.died_on) AS died_on {}", f.sql());
    Ok(conn.all::<Death>(&sql, f.values.clone()).await?.into_iter().map(|d| (d.id, d.died_on)).collect())
}

/// What a list of archives is narrowed to.
#[derive(Clone, Debug, Default)]
pub(crate) struct ListFilter {
    /// First and last birth date, and whether few are expected inside.
    pub births: Option<(CivilDate, CivilDate)>,
    pub few: bool,
    pub hukou: Option<Hukou>,
    pub living: Option<Living>,
    pub income: Option<IncomeClass>,
    pub care: Option<Care>,
    pub special: Option<crate::model::SpecialGroup>,
    pub lacks: bool,
    /// Without an assessment that is valid on this day.
    pub unassessed_on: Option<CivilDate>,
    pub status: Status,
}

/// Who is meant: those who live here, or those who are gone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Status {
    #[default]
    Here,
    Dead,
    MovedOut,
}

impl ListFilter {
    fn filter(&self, scope: &Scope, order: &str) -> Filter {
        let mut f = Filter::from("elder e");
        f.clause("e.standing = 'live'", vec![]);
        // Which index serves a wide region best the planner cannot know: the order asked for, or a short span of births.
        let wide = scope.region.tier() <= kernel::Tier::County;
        let by_other = order.starts_with("e.birth") || order.starts_with("e.name");
        if wide && (self.few || by_other) {
            let (low, high) = scope.region_range();
            f.clause("(e.region || '') >= ? AND (e.region || '') < ?", vals![low, high]);
        } else {
            f.region("e.region", scope);
        }
        if let Some((first, last)) = self.births {
            let birth = if self.few || order.starts_with("e.birth") { "e.birth" } else { "(e.birth || '')" };
            f.clause(&format!("{birth} >= ? AND {birth} <= ?"), vals![first, last]);
        }
        if let Some(v) = self.hukou {
            f.and("e.hukou = ?", v);
        }
        if let Some(v) = self.living {
            f.and("e.living = ?", v);
        }
        if let Some(v) = self.income {
            f.and("e.income = ?", v);
        }
        if let Some(v) = self.care {
            f.and("e.care = ?", v);
        }
        if let Some(v) = self.special {
            f.and("(',' || e.specials || ',') LIKE ?", format!("%,{},%", v.code()));
        }
        if self.lacks {
            f.clause("e.lacks > 0", vec![]);
        }
        if let Some(day) = self.unassessed_on {
            f.and("(e.assessed_on IS NULL OR e.assessed_until < ?)", day);
        }
        match self.status {
            Status::Here => f.clause("e.died_on IS NULL AND e.moved_out_on IS NULL", vec![]),
            Status::Dead => f.clause("e.died_on IS NOT NULL", vec![]),
            Status::MovedOut => f.clause("e.moved_out_on IS NOT NULL", vec![]),
        };
        f
    }
}

pub(crate) async fn list(
    db: &Db,
    scope: &Scope,
    ask: &ListFilter,
    page: kernel::PageAsk,
    order: &str,
) -> Result<kernel::Paged<CardRow>> {
    db.read().page(CARD, &ask.filter(scope, order), order, page).await
}

pub(crate) async fn count(db: &Db, scope: &Scope, ask: &ListFilter) -> Result<i64> {
    let f = ask.filter(scope, "");
    db.read().count_capped(&f.sql(), f.values.clone()).await
}

/// Sealed numbers of the newest archives.
pub(crate) async fn some_sealed<C: Sql>(c: &C, limit: i64) -> Result<Vec<Vec<u8>>> {
    c.column("SELECT id_sealed FROM elder ORDER BY id DESC LIMIT $1", vals![limit]).await
}
