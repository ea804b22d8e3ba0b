//! Showing what is masked: with a reason, and never without a row in the audit log.
use super::UNMASKED;
use super::read::{resolve, scoped};
use crate::model::ContactId;
use crate::store::{contacts, elders};
use kernel::{Actor, ElderId, Error, Permission, Result};
use store::{Db, Secret, Tx};

fn reasoned(reason: &str) -> Result<&str> {
    let r = reason.trim();
    if r.chars().count() < 2 {
        return Err(Error::invalid("reason", "写一句为什么要看"));
    }
    Ok(r)
}

async fn told(tx: &Tx, actor: &Actor, elder: &crate::store::elders::ElderRow, what: &str, reason: &str) -> Result<()> {
    let entry = audit::Entry::new(UNMASKED, "elder", elder.id)
        .region(elder.region)
        .reason(reason)
        .detail(serde_json::json!({ "field": what }));
    audit::record(tx, actor, entry).await
}

/// An elder's phone in full; `None` when none is known.
///
/// # Errors
/// `Forbidden` without the right to unmask, `Invalid` without a reason, `NotFound` outside the scope.
pub async fn phone_plain(tx: &Tx, db: &Db, actor: &Actor, elder: ElderId, reason: &str) -> Result<Option<String>> {
    actor.require(Permission::ElderUnmask)?;
    let reason = reasoned(reason)?;
    let row = scoped(tx, actor.scope(), elder).await?;
    let plain = row.phone_sealed.as_ref().map(|s| db.keys().open(Secret::Phone, s)).transpose()?;
    told(tx, actor, &row, "phone", reason).await?;
    Ok(plain)
}

/// The phone of the elder a worker is about to visit; `None` when none is known. Whoever calls this has made sure that
/// the actor is the worker of that order and that its visit is due or under way: the archive itself stays closed to
/// workers. Each look is written to the audit log with the order's number.
///
/// # Errors
/// `Forbidden` for anybody but a worker, `NotFound` without such an archive.
pub async fn phone_for_visit(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    elder: ElderId,
    order_no: &str,
) -> Result<Option<String>> {
    actor.require(Permission::VisitDo)?;
    if actor.scope().worker_id().is_none() {
        return Err(Error::Forbidden("只有上门的护理员能看这个电话".into()));
    }
    let row = resolve(tx, elder).await?;
    let plain = row.phone_sealed.as_ref().map(|s| db.keys().open(Secret::Phone, s)).transpose()?;
    told(tx, actor, &row, "phone", &format!("上门前联系，{order_no}")).await?;
    Ok(plain)
}

/// An elder's identity number in full.
///
/// # Errors
/// As [`phone_plain`].
pub async fn id_plain(tx: &Tx, db: &Db, actor: &Actor, elder: ElderId, reason: &str) -> Result<String> {
    actor.require(Permission::ElderUnmask)?;
    let reason = reasoned(reason)?;
    let row = scoped(tx, actor.scope(), elder).await?;
    let plain = db.keys().open(Secret::IdNumber, &row.id_sealed)?;
    told(tx, actor, &row, "id_number", reason).await?;
    Ok(plain)
}

/// A contact's phone in full.
///
/// # Errors
/// As [`phone_plain`].
pub async fn contact_phone_plain(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    contact: ContactId,
    reason: &str,
) -> Result<Option<String>> {
    actor.require(Permission::ElderUnmask)?;
    let reason = reasoned(reason)?;
    let owner = contacts::owner(tx, contact).await?.ok_or_else(|| Error::NotFound("这位联系人".into()))?;
    let row = scoped(tx, actor.scope(), owner.elder_id).await?;
    let plain = owner.phone_sealed.as_ref().map(|s| db.keys().open(Secret::Phone, s)).transpose()?;
    told(tx, actor, &row, "contact_phone", reason).await?;
    Ok(plain)
}

/// Opens a few sealed numbers with the installation's key, newest first: whether the key file belongs to this database.
/// Answers how many were opened; nothing of them leaves this function.
///
/// # Errors
/// `Internal` when one cannot be opened.
pub async fn keys_open(db: &Db) -> Result<usize> {
    let sealed = elders::some_sealed(db.read(), 5).await?;
    for s in &sealed {
        db.keys().open(Secret::IdNumber, s)?;
    }
    Ok(sealed.len())
}
