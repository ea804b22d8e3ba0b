//! Family, guardians and emergency contacts.
use crate::model::{Contact, ContactId, ContactKind};
use crate::store::elders::marks;
use kernel::{ElderId, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Sql, SqlExt, Tx, Value, insert_many, vals};

#[derive(FromQueryResult)]
struct Row {
    id: ContactId,
    kind: ContactKind,
    name: String,
    relation: String,
    phone_masked: String,
    lives: String,
}

/// Contacts of some elders that were not removed; guardians first.
pub(crate) async fn of<C: Sql>(conn: &C, elders: &[ElderId]) -> Result<Vec<Contact>> {
    let sql = format!(
        "SELECT id, kind, name, relation, phone_masked, lives FROM contact WHERE elder_id IN ({}) AND removed_at IS NULL
         ORDER BY CASE kind WHEN 'guardian' THEN 0 WHEN 'emergency' THEN 1 ELSE 2 END, created_at, id",
        marks(1, elders.len())
    );
    let rows: Vec<Row> = conn.all(&sql, elders.iter().map(|e| Value::from(*e)).collect()).await?;
    Ok(rows
        .into_iter()
        .map(|r| Contact {
            id: r.id,
            kind: r.kind,
            name: r.name,
            relation: r.relation,
            phone_masked: r.phone_masked,
            lives: r.lives,
        })
        .collect())
}

/// A contact as a row of a file is compared with it.
#[derive(FromQueryResult)]
pub(crate) struct KnownContact {
    pub elder_id: ElderId,
    pub name: String,
    pub relation: String,
    pub phone_blind: Option<Vec<u8>>,
}

/// Contacts of many elders that were not removed, in no order.
pub(crate) async fn known<C: Sql>(conn: &C, elders: &[ElderId]) -> Result<Vec<KnownContact>> {
    let mut out = Vec::new();
    for part in elders.chunks(500) {
        let sql = format!(
            "SELECT elder_id, name, relation, phone_blind FROM contact WHERE elder_id IN ({}) AND removed_at IS NULL",
            marks(1, part.len())
        );
        let rows: Vec<KnownContact> = conn.all(&sql, part.iter().map(|e| Value::from(*e)).collect()).await?;
        out.extend(rows);
    }
    Ok(out)
}

#[derive(FromQueryResult)]
pub(crate) struct Owner {
    pub elder_id: ElderId,
    pub phone_sealed: Option<Vec<u8>>,
}

pub(crate) async fn owner<C: Sql>(conn: &C, id: ContactId) -> Result<Option<Owner>> {
    conn.one("SELECT elder_id, phone_sealed FROM contact WHERE id = $1 AND removed_at IS NULL", vals![id]).await
}

pub(crate) async fn insert(tx: &Tx, rows: Vec<Vec<Value>>) -> Result<u64> {
    let columns = &[
        "id",
        "elder_id",
        "kind",
        "name",
        "relation",
        "phone_sealed",
        "phone_blind",
        "phone_masked",
        "lives",
        "created_at",
    ];
    insert_many(tx, "contact", columns, rows, "").await
}

pub(crate) async fn remove(tx: &Tx, id: ContactId) -> Result<()> {
    tx.exec("UPDATE contact SET removed_at = $2 WHERE id = $1", vals![id, tx.now()]).await?;
    Ok(())
}

/// Elders one of whose contacts has this phone.
pub(crate) async fn by_phone(db: &Db, blind: Vec<u8>, limit: i64) -> Result<Vec<ElderId>> {
    let sql =
        format!("SELECT DISTINCT elder_id FROM contact WHERE phone_blind = $1 AND removed_at IS NULL LIMIT {limit}");
    db.read().column(&sql, vals![blind]).await
}
