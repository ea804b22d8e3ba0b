//! The register of assessors.
use super::{ASSESSOR_CHANGED, DECLARED, REGISTERED};
use crate::model::{Assessor, Profession};
use crate::store::assessors::{self as sql, AssessorAsk, Relation};
use kernel::{
    Actor, AssessorId, CivilDate, ElderId, Error, FieldError, OrgId, Paged, Permission, RegionCode, Result, Scope,
    UserId,
};
use store::{Db, Tx};
use web::ListFetch;

/// What an entry of the register is made from.
#[derive(Clone, Debug)]
pub struct NewAssessor {
    pub name: String,
    pub user: Option<UserId>,
    pub profession: Profession,
    pub region: RegionCode,
    pub employer: String,
    pub employer_org: Option<OrgId>,
    pub certificate: String,
    pub valid_to: CivilDate,
    pub active: bool,
}

fn nobody() -> Error {
    Error::NotFound("这位评估员".into())
}

async fn check(tx: &Tx, actor: &Actor, new: &NewAssessor, own: Option<AssessorId>) -> Result<()> {
    let mut wrong = Vec::new();
    if new.name.trim().is_empty() {
        wrong.push(FieldError::new("name", "姓名没有填"));
    }
    if new.employer.trim().is_empty() {
        wrong.push(FieldError::new("employer", "工作单位没有填"));
    }
    if new.certificate.trim().is_empty() {
        wrong.push(FieldError::new("certificate", "证书号没有填"));
    }
    if !actor.scope().covers(&new.region) {
        wrong.push(FieldError::new("region", "这个区域不归你管"));
    }
    if let Some(user) = new.user
        && sql::by_user(tx, user).await?.is_some_and(|a| Some(a.id) != own)
    {
        wrong.push(FieldError::new("user", "这个账号已经是另一位评估员的"));
    }
    if wrong.is_empty() { Ok(()) } else { Err(Error::Invalid(wrong)) }
}

/// Enters a person into the register.
///
/// # Errors
/// `Forbidden`; `Invalid` names every wrong field.
pub async fn register(tx: &Tx, db: &Db, actor: &Actor, new: NewAssessor) -> Result<AssessorId> {
    actor.require(Permission::AssessmentSupervise)?;
    check(tx, actor, &new, None).await?;
    let assessor = entry(db.new_id(), new);
    sql::insert(tx, &assessor, &actor.label()).await?;
    let detail = serde_json::json!({ "profession": assessor.profession, "employer_org": assessor.employer_org });
    let row = audit::Entry::new(REGISTERED, "assessor", assessor.id).region(assessor.region).detail(detail);
    audit::record(tx, actor, row).await?;
    Ok(assessor.id)
}

fn entry(id: AssessorId, new: NewAssessor) -> Assessor {
    Assessor {
        id,
        user: new.user,
        name: new.name.trim().into(),
        profession: new.profession,
        region: new.region,
        employer: new.employer.trim().into(),
        employer_org: new.employer_org,
        certificate: new.certificate.trim().into(),
        valid_to: new.valid_to,
        active: new.active,
    }
}

/// Changes an entry.
///
/// # Errors
/// As [`register`]; `NotFound` for someone of another region.
pub async fn update_assessor(db: &Db, actor: &Actor, id: AssessorId, new: NewAssessor) -> Result<()> {
    actor.require(Permission::AssessmentSupervise)?;
    let tx = db.begin().await?;
    let old = sql::one(&tx, actor.scope(), id).await?.filter(|a| actor.scope().covers(&a.region)).ok_or_else(nobody)?;
    check(&tx, actor, &new, Some(id)).await?;
    let now = entry(id, new);
    sql::update(&tx, &now).await?;
    let detail = serde_json::json!({ "active": now.active, "valid_to": now.valid_to, "was_valid_to": old.valid_to });
    let row = audit::Entry::new(ASSESSOR_CHANGED, "assessor", id).region(now.region).detail(detail);
    audit::record(&tx, actor, row).await?;
    tx.commit().await
}

/// One entry.
///
/// # Errors
/// `NotFound` for someone who has nothing to do with the reader's region.
pub async fn assessor(db: &Db, scope: &Scope, id: AssessorId) -> Result<Assessor> {
    sql::one(db.read(), scope, id).await?.ok_or_else(nobody)
}

/// One page of the register.
pub async fn assessors(db: &Db, scope: &Scope, ask: &AssessorAsk, fetch: &ListFetch) -> Result<Paged<Assessor>> {
    sql::list(db, scope, ask, &fetch.order, fetch.page).await
}

/// What an assessor has declared, newest first, about elders of the reader's region.
pub async fn relations(db: &Db, scope: &Scope, id: AssessorId) -> Result<Vec<(Relation, String)>> {
    assessor(db, scope, id).await?;
    let all = sql::relations_of(db, id).await?;
    let ids: Vec<ElderId> = all.iter().map(|r| r.elder_id).collect();
    let cards = people::service::cards(db, scope, &ids).await?;
    Ok(all.into_iter().filter_map(|r| cards.get(&r.elder_id).map(|c| (r, c.name.clone()))).collect())
}

/// The entry of the assessor who is signed in.
///
/// # Errors
/// `Forbidden` without the permission, `NotFound` for an account that stands in no entry.
pub async fn own_entry(db: &Db, actor: &Actor) -> Result<Assessor> {
    actor.require(Permission::AssessmentDo)?;
    let own = match actor.user_id() {
        Some(user) => sql::by_user(db.read(), user).await?,
        None => None,
    };
    own.ok_or_else(nobody)
}

/// Who may declare for whom: an assessor for themselves, supervisors for those of their region.
async fn declaring(tx: &Tx, actor: &Actor, id: AssessorId) -> Result<Assessor> {
    if actor.require(Permission::AssessmentSupervise).is_ok() {
        return sql::one(tx, actor.scope(), id).await?.filter(|a| actor.scope().covers(&a.region)).ok_or_else(nobody);
    }
    actor.require(Permission::AssessmentDo)?;
    let own = match actor.user_id() {
        Some(user) => sql::by_user(tx, user).await?,
        None => None,
    };
    own.filter(|a| a.id == id).ok_or_else(nobody)
}

/// Declares that an assessor is related to an elder: they will not be appointed to each other.
///
/// # Errors
/// `Forbidden`; `NotFound`; `Invalid` without a word for the relation.
pub async fn declare(db: &Db, actor: &Actor, id: AssessorId, elder: ElderId, relation: &str) -> Result<()> {
    if relation.trim().is_empty() {
        return Err(Error::invalid("relation", "写明是什么关系"));
    }
    let card = people::service::card(db, actor.scope(), elder).await?;
    let tx = db.begin().await?;
    let who = declaring(&tx, actor, id).await?;
    sql::put_relation(&tx, who.id, card.id, relation.trim(), &actor.label()).await?;
    let detail = serde_json::json!({ "elder": card.id });
    audit::record(&tx, actor, audit::Entry::new(DECLARED, "assessor", id).region(who.region).detail(detail)).await?;
    tx.commit().await
}

/// Takes a declaration back that was made by mistake.
///
/// # Errors
/// As [`declare`]; only supervisors may.
pub async fn withdraw_declaration(db: &Db, actor: &Actor, id: AssessorId, elder: ElderId) -> Result<()> {
    actor.require(Permission::AssessmentSupervise)?;
    let tx = db.begin().await?;
    let who = declaring(&tx, actor, id).await?;
    if sql::drop_relation(&tx, id, elder).await? == 0 {
        return Err(Error::NotFound("这条申报".into()));
    }
    let detail = serde_json::json!({ "elder": elder, "withdrawn": true });
    audit::record(&tx, actor, audit::Entry::new(DECLARED, "assessor", id).region(who.region).detail(detail)).await?;
    tx.commit().await
}
