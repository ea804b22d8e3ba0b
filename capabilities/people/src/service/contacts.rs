//! Family, guardians and emergency contacts.
use super::CONTACT;
use super::read::{identities, scoped};
use crate::model::{Contact, ContactId, NewContact};
use crate::store::contacts as sql;
use kernel::{Actor, ElderId, Error, Instant, Permission, Result, Scope};
use store::{Db, Secret, Value, vals};

/// An elder's contacts, guardians first; those of merged archives too.
pub async fn contacts(db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<Contact>> {
    scoped(db.read(), scope, elder).await?;
    sql::of(db.read(), &identities(db, elder).await?).await
}

pub(crate) fn row(db: &Db, elder: ElderId, c: &NewContact, now: Instant) -> Result<Vec<Value>> {
    let id: ContactId = db.new_id();
    let (sealed, blind, masked) = match &c.phone {
        Some(p) => (
            Some(db.keys().seal(Secret::Phone, p.as_str())?),
            Some(db.keys().blind(Secret::Phone, p.as_str())),
            p.masked(),
        ),
        None => (None, None, String::new()),
    };
    Ok(vals![id, elder, c.kind, c.name.trim(), c.relation.trim(), sealed, blind, masked, c.lives.trim(), now])
}

/// # Errors
/// `Forbidden`, `NotFound` outside the scope, `Invalid` without a name.
pub async fn add_contact(db: &Db, actor: &Actor, elder: ElderId, contact: &NewContact) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    if contact.name.trim().is_empty() {
        return Err(Error::invalid("name", "联系人姓名没有填"));
    }
    let tx = db.begin().await?;
    let row = scoped(&tx, actor.scope(), elder).await?;
    sql::insert(&tx, vec![self::row(db, row.id, contact, tx.now())?]).await?;
    let entry = audit::Entry::new(CONTACT, "elder", row.id)
        .region(row.region)
        .detail(serde_json::json!({ "step": "add", "kind": contact.kind.code() }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}

/// # Errors
/// `Forbidden`, or `NotFound` when it is not a contact of this elder.
pub async fn remove_contact(db: &Db, actor: &Actor, elder: ElderId, contact: ContactId) -> Result<()> {
    actor.require(Permission::ElderWrite)?;
    let tx = db.begin().await?;
    let row = scoped(&tx, actor.scope(), elder).await?;
    let gone = || Error::NotFound("这位联系人".into());
    let owner = sql::owner(&tx, contact).await?.ok_or_else(gone)?;
    if scoped(&tx, actor.scope(), owner.elder_id).await?.id != row.id {
        return Err(gone());
    }
    sql::remove(&tx, contact).await?;
    let entry = audit::Entry::new(CONTACT, "elder", row.id)
        .region(row.region)
        .detail(serde_json::json!({ "step": "remove", "contact": contact.to_string() }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}
