//! Reading archives.
use super::{government, no_elder};
use crate::model::{ElderCard, ElderFacts, FactRow, HouseholdFacts, Source, dated_changes};
use crate::store::elders::{self, ElderRow, HouseholdRow};
use crate::store::facts;
use kernel::{CivilDate, ElderId, Error, HouseholdId, Instant, Result, Scope};
use std::collections::HashMap;
use store::{Db, Secret, Sql, Tx};

/// How many merges one after another are followed.
const MERGE_DEPTH: usize = 20;

/// The archive in force behind an id: itself, or the survivor of the merges it went through.
pub(crate) async fn resolve<C: Sql>(conn: &C, id: ElderId) -> Result<ElderRow> {
    let mut at = id;
    for _ in 0..MERGE_DEPTH {
        let row = elders::by_id(conn, at, "").await?.ok_or_else(no_elder)?;
        match row.merged_into {
            Some(next) => at = next,
            None => return Ok(row),
        }
    }
    Err(Error::Internal(format!("merge chain of {id} does not end")))
}

/// The row behind an id, inside the scope.
pub(crate) async fn scoped<C: Sql>(conn: &C, scope: &Scope, id: ElderId) -> Result<ElderRow> {
    government(scope)?;
    let row = resolve(conn, id).await?;
    if scope.covers(&row.region) { Ok(row) } else { Err(no_elder()) }
}

/// One elder. An id that was merged gives its survivor.
///
/// # Errors
/// `NotFound` when there is none, or it lies outside the scope.
pub async fn card(db: &Db, scope: &Scope, id: ElderId) -> Result<ElderCard> {
    Ok(scoped(db.read(), scope, id).await?.card())
}

/// One elder wherever they live: for the platform, when a device or a watch names nothing but the elder. Nothing of it may
/// reach a person before a scope was asked for.
///
/// # Errors
/// `NotFound` when there is none.
pub async fn card_anywhere<C: Sql>(conn: &C, id: ElderId) -> Result<ElderCard> {
    Ok(resolve(conn, id).await?.card())
}

/// Several elders by the ids asked for; those outside the scope are left out.
pub async fn cards(db: &Db, scope: &Scope, ids: &[ElderId]) -> Result<HashMap<ElderId, ElderCard>> {
    if government(scope).is_err() {
        return Ok(HashMap::new());
    }
    let mut out = HashMap::with_capacity(ids.len());
    for row in elders::cards_by_id(db.read(), ids).await? {
        let merged = row.merged_into();
        let mut found = row.card();
        let asked = found.id;
        if merged.is_some() {
            found = resolve(db.read(), asked).await?.card();
        }
        if scope.covers(&found.region) {
            out.insert(asked, found);
        }
    }
    Ok(out)
}

/// The whole archive of one elder, for its pages.
#[derive(Clone, Debug)]
pub struct Archive {
    pub card: ElderCard,
    pub preference: String,
    /// Chronic conditions in words.
    pub chronic: String,
    pub moved_in_on: Option<CivilDate>,
    pub institution_since: Option<CivilDate>,
    pub institution_until: Option<CivilDate>,
    pub source: Source,
    /// `false` after its import was taken back.
    pub in_force: bool,
    pub created_at: Instant,
    pub created_by: String,
    pub updated_at: Instant,
    pub updated_by: String,
    /// How many of the asked-for parts are missing.
    pub lacks: i64,
}

/// # Errors
/// As [`card`].
pub async fn archive(db: &Db, scope: &Scope, id: ElderId) -> Result<Archive> {
    let row = scoped(db.read(), scope, id).await?;
    let chronic = match &row.chronic_sealed {
        Some(sealed) => db.keys().open(Secret::Health, sealed)?,
        None => String::new(),
    };
    Ok(Archive {
        card: row.card(),
        preference: row.preference,
        chronic,
        moved_in_on: row.moved_in_on,
        institution_since: row.institution_since,
        institution_until: row.institution_until,
        source: row.source,
        in_force: row.standing == "live",
        created_at: row.created_at,
        created_by: row.created_by,
        updated_at: row.updated_at,
        updated_by: row.updated_by,
        lacks: row.lacks,
    })
}

/// Every id an elder was ever known by: the one in force first, then those merged into it. Rows that point at an elder
/// are to be looked for under all of them.
pub async fn identities(db: &Db, id: ElderId) -> Result<Vec<ElderId>> {
    let mut out = vec![resolve(db.read(), id).await?.id];
    let mut next = 0;
    while next < out.len() {
        for older in elders::merged_into(db, out[next]).await? {
            if !out.contains(&older) {
                out.push(older);
            }
        }
        next += 1;
    }
    Ok(out)
}

/// The history of an elder, oldest record first; of the merged archives too.
pub async fn history(db: &Db, scope: &Scope, id: ElderId) -> Result<Vec<FactRow>> {
    scoped(db.read(), scope, id).await?;
    facts::of(db.read(), &identities(db, id).await?).await
}

/// Households in id order after `after`, at most `limit`, with all that determinations need. An empty answer is the end.
/// The dead and those who left are members still: benefits end, they do not vanish.
pub async fn households_after(
    db: &Db,
    scope: &Scope,
    after: Option<HouseholdId>,
    limit: i64,
) -> Result<Vec<HouseholdFacts>> {
    government(scope)?;
    let households = elders::households_after(db, scope, after, limit).await?;
    with_members(db.read(), households).await
}

/// The same households as they stand inside a transaction, if any member came, went or changed since they were read;
/// `None` while all is as it was.
pub async fn households_again(tx: &Tx, read: &[HouseholdFacts]) -> Result<Option<Vec<HouseholdFacts>>> {
    let ids: Vec<HouseholdId> = read.iter().map(|h| h.household).collect();
    let was = read.iter().fold((0, 0), |(n, v), h| (n + h.members.len() as i64, v + h.version));
    if elders::stamp(tx, &ids).await? == was {
        return Ok(None);
    }
    with_members(tx, elders::households(tx, &ids).await?).await.map(Some)
}

/// How many households [`households_after`] will go through.
pub async fn household_count(db: &Db, scope: &Scope) -> Result<i64> {
    government(scope)?;
    elders::household_count(db, scope).await
}

/// One household.
///
/// # Errors
/// `NotFound` when there is none or it lies outside the scope.
pub async fn household(db: &Db, scope: &Scope, id: HouseholdId) -> Result<HouseholdFacts> {
    government(scope)?;
    let gone = || Error::NotFound("这一户".into());
    let row = elders::household(db.read(), id).await?.filter(|h| scope.covers(&h.region)).ok_or_else(gone)?;
    with_members(db.read(), vec![row]).await?.pop().ok_or_else(gone)
}

async fn with_members<C: Sql>(conn: &C, households: Vec<HouseholdRow>) -> Result<Vec<HouseholdFacts>> {
    let ids: Vec<HouseholdId> = households.iter().map(|h| h.id).collect();
    let rows = elders::members(conn, &ids).await?;
    // Only an archive that was changed has a history.
    let changed: Vec<ElderId> = rows.iter().filter(|r| r.version > 1).map(|r| r.id).collect();
    let mut histories: HashMap<ElderId, Vec<FactRow>> = HashMap::new();
    for f in facts::of(conn, &changed).await? {
        histories.entry(f.elder).or_default().push(f);
    }
    let mut members: HashMap<HouseholdId, (i64, Vec<ElderFacts>)> = HashMap::with_capacity(households.len());
    for r in rows {
        let (elder, home, version) = (r.id, r.household_id, r.version);
        let mut facts = r.facts();
        if let Some(rows) = histories.get(&elder) {
            facts.changes = dated_changes(rows);
        }
        let found = members.entry(home).or_default();
        found.0 += version;
        found.1.push(facts);
    }
    Ok(households
        .into_iter()
        .map(|h| {
            let (version, members) = members.remove(&h.id).unwrap_or_default();
            HouseholdFacts { household: h.id, region: h.region, version, members }
        })
        .collect())
}

/// Everyone in force under one roof.
pub async fn household_members(db: &Db, scope: &Scope, id: HouseholdId) -> Result<Vec<ElderCard>> {
    government(scope)?;
    let rows = elders::household_cards(db.read(), id).await?;
    Ok(rows.into_iter().map(|r| r.card()).filter(|c| scope.covers(&c.region)).collect())
}

/// Signs that cannot be taken for one another on paper.
const CODE_SIGNS: &[u8; 32] = b"23456789ABCDEFGHJKLMNPQRSTUVWXYZ";

/// The code on an elder's card (一人一码), `K7M4-P2QX`: what is typed, and what the QR code holds. It is a keyed signature
/// of the id, so it cannot be guessed from it and needs no table.
pub fn elder_code(db: &Db, id: ElderId) -> String {
    let signed = db.keys().sign("elder-code", &id.to_string());
    let mut out = String::with_capacity(9);
    for (i, b) in signed.iter().take(8).enumerate() {
        if i == 4 {
            out.push('-');
        }
        out.push(char::from(CODE_SIGNS[usize::from(*b) % CODE_SIGNS.len()]));
    }
    out
}

/// Whether `code` is the elder's, as typed: case and dashes do not matter. Cards printed before a merge stay good.
pub async fn code_matches(db: &Db, id: ElderId, code: &str) -> Result<bool> {
    let bare = |s: &str| s.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
    let typed = bare(code);
    for known in identities(db, id).await? {
        if bare(&elder_code(db, known)) == typed {
            return Ok(true);
        }
    }
    Ok(false)
}

/// The day of death of everyone in the scope who has died: for jobs that check many services at once.
pub async fn deaths(db: &Db, scope: &Scope) -> Result<HashMap<ElderId, CivilDate>> {
    government(scope)?;
    Ok(elders::deaths(db.read(), scope).await?.into_iter().collect())
}
