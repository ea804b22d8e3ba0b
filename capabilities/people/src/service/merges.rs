//! Duplicates: the review queue, merging two archives, and taking a merge back.
use super::bulk::create_in;
use super::imports::opened;
use super::no_elder;
use super::read::scoped;
use super::write::{Changes, correct_in};
use crate::model::{
    BatchId, FactKind, HouseholdOf, IncomeClass, Judge, Living, MergeId, NewElder, ReviewId, ReviewState, RowState,
    Since, Source, TwinWhy, groups_from,
};
use crate::store::duplicates::{self as sql, Merge, Review};
use crate::store::elders::{self, ElderRow};
use crate::store::imports;
use audit::Action;
use kernel::{Actor, ElderId, Error, PageAsk, Paged, Permission, Result, Scope};
use store::{Db, Secret, Tx};

const MERGED: Action = Action::new("elder.merged", "合并档案");
const UNMERGED: Action = Action::new("elder.unmerged", "撤回合并");
const DECIDED: Action = Action::new("duplicate.decided", "认定疑似重复");

/// What someone decides about a row of a file that looks like an archive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RowDecision {
    /// One person; the archive takes the row's values.
    SameTakeRow,
    /// One person; the archive stays as it is.
    SameKeepArchive,
    /// Two people; the row becomes an archive of its own.
    Different,
}

impl RowDecision {
    pub fn parse(code: &str) -> Option<RowDecision> {
        match code {
            "take" => Some(RowDecision::SameTakeRow),
            "keep" => Some(RowDecision::SameKeepArchive),
            "different" => Some(RowDecision::Different),
            _ => None,
        }
    }
}

/// The review queue of the viewer's region; `order` is an allow-listed ORDER BY.
pub async fn duplicate_reviews(
    db: &Db,
    scope: &Scope,
    state: ReviewState,
    page: PageAsk,
    order: &str,
) -> Result<Paged<Review>> {
    super::government(scope)?;
    sql::reviews(db, scope, state, page, order).await
}

/// # Errors
/// `NotFound` outside the scope.
pub async fn duplicate_review(db: &Db, scope: &Scope, id: ReviewId) -> Result<Review> {
    super::government(scope)?;
    sql::review(db.read(), scope, id, "").await
}

/// The row of the file a question is about.
///
/// # Errors
/// `NotFound` when the question is about two archives.
pub async fn review_row(db: &Db, scope: &Scope, review: &Review) -> Result<super::RowView> {
    let (Some(batch), Some(row)) = (review.batch_id, review.row_no) else {
        return Err(Error::NotFound("这一行".into()));
    };
    imports::batch(db.read(), scope, batch, "").await?;
    opened(db, imports::row(db.read(), batch, row).await?)
}

/// Decides on a row of a file, before or after the file is written.
///
/// # Errors
/// `Refused` when it was decided already, or two people would share an identity number.
pub async fn decide_row(db: &Db, actor: &Actor, batch: BatchId, row_no: i64, decision: RowDecision) -> Result<()> {
    actor.require(Permission::ElderImport)?;
    let book = super::load_book(db).await?;
    let tx = db.begin().await?;
    let file = imports::batch(&tx, actor.scope(), batch, tx.lock()).await?;
    let row = opened(db, imports::row(&tx, batch, row_no).await?)?;
    let (RowState::Twin, Some(twin), Some(why)) = (row.state, row.twin, row.why) else {
        return Err(Error::refused("这一行已经认定过了"));
    };
    let new = Judge::new(&book, file.region)
        .read(&row.cells)
        .map_err(|e| Error::refused(e.iter().map(|x| x.why.clone()).collect::<Vec<_>>().join("；")))?;
    let (standing, review) = match decision {
        RowDecision::SameKeepArchive => (RowState::Kept, ReviewState::Same),
        RowDecision::SameTakeRow => {
            let seen = scoped(&tx, actor.scope(), twin).await?.version;
            let since = Since::Day(tx.now().date());
            correct_in(&tx, db, actor, twin, seen, from_row(new), since, Source::Import).await?;
            (RowState::Merged, ReviewState::Same)
        }
        RowDecision::Different if why == TwinWhy::SameNumber => {
            return Err(Error::refused("证件号相同，只能是同一人。号码写错的，先在表里改好再传"));
        }
        RowDecision::Different => {
            create_in(&tx, db, actor, new, Some(batch)).await?;
            (RowState::Written, ReviewState::Different)
        }
    };
    imports::set_row(&tx, batch, row_no, standing, None).await?;
    sql::insert_row(&tx, db, file.region, why, twin, batch, row_no).await?;
    if let Some(r) = sql::of_row(&tx, batch, row_no).await? {
        sql::decide(&tx, r.id, review, &actor.label()).await?;
    }
    let entry = audit::Entry::new(DECIDED, "elder", twin)
        .region(file.region)
        .detail(serde_json::json!({ "batch": batch, "row": row_no, "decision": review.code() }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// What a row says, as changes of an archive; cells left empty change nothing.
fn from_row(new: NewElder) -> Changes {
    let some = |s: String| if s.trim().is_empty() { None } else { Some(s) };
    Changes {
        name: Some(new.name),
        id_number: Some(new.id_number),
        phone: new.phone.map(Some),
        region: Some(new.region),
        address: some(new.address),
        hukou: Some(new.hukou),
        hukou_region: new.hukou_region.map(Some),
        living: new.living.known().then_some(new.living),
        income: new.income.known().then_some(new.income),
        specials: if new.specials.is_empty() { None } else { Some(new.specials) },
        care: new.care.map(Some),
        certificate: new.certificate.map(Some),
        chronic: some(new.chronic),
        preference: some(new.preference),
        place: None,
        household: match new.household {
            HouseholdOf::Existing(h) => Some(h),
            HouseholdOf::Own | HouseholdOf::Number(_) => None,
        },
    }
}

/// Two archives are two people.
///
/// # Errors
/// `Refused` when it was decided already.
pub async fn decide_different(db: &Db, actor: &Actor, id: ReviewId) -> Result<()> {
    actor.require(Permission::ElderMerge)?;
    let tx = db.begin().await?;
    let review = sql::review(&tx, actor.scope(), id, tx.lock()).await?;
    if review.state != ReviewState::Open || review.other_id.is_none() {
        return Err(Error::refused("这一条已经认定过了"));
    }
    sql::decide(&tx, id, ReviewState::Different, &actor.label()).await?;
    audit::record(&tx, actor, audit::Entry::new(DECIDED, "elder", review.elder_id).region(review.region)).await?;
    tx.commit().await
}

/// Merges `loser` into `survivor`: the loser's id gives the survivor from now on, parts the survivor lacks are filled
/// from it, and nothing of either is lost.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` without a reason, `Refused` when they are one already.
pub async fn merge(db: &Db, actor: &Actor, loser: ElderId, survivor: ElderId, reason: &str) -> Result<MergeId> {
    actor.require(Permission::ElderMerge)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("reason", "写一句凭什么认定是同一人"));
    }
    let tx = db.begin().await?;
    let gone = scoped(&tx, actor.scope(), loser).await?;
    let stays = scoped(&tx, actor.scope(), survivor).await?;
    if gone.id == stays.id {
        return Err(Error::refused("这两个已经是同一份档案"));
    }
    let (gone, stays) = (held(&tx, gone.id).await?, held(&tx, stays.id).await?);
    if gone.standing != "live" || stays.standing != "live" {
        return Err(Error::refused("这份档案已经停用，不能合并"));
    }
    elders::set_standing(&tx, gone.id, "merged", Some(stays.id)).await?;
    let (fill, filled) = lacking(db, &gone, &stays)?;
    if !filled.is_empty() {
        correct_in(&tx, db, actor, stays.id, stays.version, fill, Since::Day(tx.now().date()), Source::Platform)
            .await?;
    }
    let id: MergeId = db.new_id();
    let codes: Vec<&str> = filled.iter().map(|f| f.code()).collect();
    sql::insert_merge(&tx, id, gone.id, stays.id, stays.region, reason, &codes.join(","), &actor.label()).await?;
    sql::close_pair(&tx, gone.id, stays.id, &actor.label()).await?;
    told(&tx, db, &[&gone, &stays]).await?;
    let entry = audit::Entry::new(MERGED, "elder", stays.id)
        .region(stays.region)
        .reason(reason)
        .detail(serde_json::json!({ "merge": id, "loser": gone.id, "filled": codes }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await?;
    Ok(id)
}

async fn held(tx: &Tx, id: ElderId) -> Result<ElderRow> {
    elders::by_id(tx, id, tx.lock()).await?.ok_or_else(no_elder)
}

async fn told(tx: &Tx, db: &Db, rows: &[&ElderRow]) -> Result<()> {
    for r in rows {
        let payload = serde_json::json!({ "elder": r.id, "household": r.household_id });
        work::emit(tx, db, "elder.changed", payload).await?;
    }
    Ok(())
}

/// What the one that stays lacks and the other has.
fn lacking(db: &Db, from: &ElderRow, to: &ElderRow) -> Result<(Changes, Vec<FactKind>)> {
    let mut c = Changes::default();
    let mut filled = Vec::new();
    if let (None, Some(sealed)) = (&to.phone_sealed, &from.phone_sealed) {
        let phone = db.keys().open(Secret::Phone, sealed)?.parse().map_err(Error::Internal)?;
        c.phone = Some(Some(phone));
        filled.push(FactKind::Phone);
    }
    if to.address.is_empty() && !from.address.is_empty() && to.region == from.region {
        c.address = Some(from.address.clone());
        filled.push(FactKind::Address);
    }
    if to.hukou_region.is_none() && from.hukou_region.is_some() {
        c.hukou_region = Some(from.hukou_region);
        filled.push(FactKind::HukouRegion);
    }
    if !to.living.known() && from.living.known() {
        c.living = Some(from.living);
        filled.push(FactKind::Living);
    }
    if !to.income.known() && from.income.known() {
        c.income = Some(from.income);
        filled.push(FactKind::Income);
    }
    if to.care.is_none() && from.care.is_some() {
        c.care = Some(from.care);
        filled.push(FactKind::Care);
    }
    if to.certificate.is_none() && from.certificate.is_some() {
        c.certificate = Some(from.certificate);
        filled.push(FactKind::Certificate);
    }
    if to.specials.is_empty() && !from.specials.is_empty() {
        c.specials = Some(groups_from(&from.specials));
        filled.push(FactKind::Specials);
    }
    Ok((c, filled))
}

/// What was filled and stands unchanged is emptied again.
fn emptied(filled: &str, from: &ElderRow, now: &ElderRow) -> Changes {
    let mut c = Changes::default();
    for kind in filled.split(',').filter_map(FactKind::parse) {
        match kind {
            FactKind::Phone if now.phone_masked == from.phone_masked => c.phone = Some(None),
            FactKind::Address if now.address == from.address => c.address = Some(String::new()),
            FactKind::HukouRegion if now.hukou_region == from.hukou_region => c.hukou_region = Some(None),
            FactKind::Living if now.living == from.living => c.living = Some(Living::Unknown),
            FactKind::Income if now.income == from.income => c.income = Some(IncomeClass::Unknown),
            FactKind::Care if now.care == from.care => c.care = Some(None),
            FactKind::Certificate if now.certificate == from.certificate => c.certificate = Some(None),
            FactKind::Specials if now.specials == from.specials => c.specials = Some(Vec::new()),
            _ => {}
        }
    }
    c
}

/// Takes a merge back: both archives are in force again, the parts that were filled are emptied unless changed since.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Refused` when it was undone, the survivor was merged on, or the identity number of the
/// other is in force again elsewhere.
pub async fn unmerge(db: &Db, actor: &Actor, id: MergeId, reason: &str) -> Result<()> {
    actor.require(Permission::ElderMerge)?;
    let reason = reason.trim();
    if reason.is_empty() {
        return Err(Error::invalid("reason", "写一句为什么撤回合并"));
    }
    let tx = db.begin().await?;
    let merge = sql::merge(&tx, actor.scope(), id, tx.lock()).await?;
    if merge.undone_at.is_some() {
        return Err(Error::refused("这次合并已经撤回过了"));
    }
    let (gone, stays) = (held(&tx, merge.loser).await?, held(&tx, merge.survivor).await?);
    if stays.standing != "live" {
        return Err(Error::refused("留下的那份后来又合并到别处。先撤回那一次"));
    }
    let number = db.keys().open(Secret::IdNumber, &gone.id_sealed)?;
    let blind = db.keys().blind(Secret::IdNumber, &number);
    if elders::live_by_id_number(&tx, &blind).await?.is_some() {
        return Err(Error::refused("合并掉的那份的证件号，现在在另一份档案里用着。先改那一份的证件号"));
    }
    elders::set_standing(&tx, gone.id, "live", None).await?;
    let changes = emptied(&merge.filled, &gone, &stays);
    correct_in(&tx, db, actor, stays.id, stays.version, changes, Since::Day(tx.now().date()), Source::Platform).await?;
    sql::undo_merge(&tx, id, &actor.label()).await?;
    told(&tx, db, &[&gone, &stays]).await?;
    let entry = audit::Entry::new(UNMERGED, "elder", stays.id)
        .region(stays.region)
        .reason(reason)
        .detail(serde_json::json!({ "merge": id, "loser": gone.id }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// Merges into an archive that can be taken back, newest first.
pub async fn merges_of(db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<Merge>> {
    let row = scoped(db.read(), scope, elder).await?;
    sql::merges_of(db, row.id).await
}

/// One merge.
///
/// # Errors
/// `NotFound` outside the scope.
pub async fn merge_record(db: &Db, scope: &Scope, id: MergeId) -> Result<Merge> {
    super::government(scope)?;
    sql::merge(db.read(), scope, id, "").await
}
