//! The history of archives.
use crate::model::{FactKind, FactRow, Source};
use crate::store::elders::marks;
use kernel::{Actor, CivilDate, ElderId, Instant, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Sql, SqlExt, Tx, Value, insert_many, vals};

#[derive(FromQueryResult)]
struct Row {
    elder_id: ElderId,
    fact: String,
    old_value: String,
    new_value: String,
    valid_from: Option<CivilDate>,
    recorded_at: Instant,
    recorded_by: String,
    source: Source,
    note: String,
}

impl Row {
    fn fact(self) -> Option<FactRow> {
        Some(FactRow {
            elder: self.elder_id,
            fact: FactKind::parse(&self.fact)?,
            old: self.old_value,
            new: self.new_value,
            valid_from: self.valid_from,
            recorded_at: self.recorded_at,
            recorded_by: self.recorded_by,
            source: self.source,
            note: self.note,
        })
    }
}

/// All rows of some elders, oldest record first.
pub(crate) async fn of<C: Sql>(conn: &C, elders: &[ElderId]) -> Result<Vec<FactRow>> {
    let mut out = Vec::new();
    for part in elders.chunks(500) {
        let sql = format!(
            "SELECT elder_id, fact, old_value, new_value, valid_from, recorded_at, recorded_by, source, note
             FROM elder_fact WHERE elder_id IN ({}) ORDER BY recorded_at, version, id",
            marks(1, part.len())
        );
        let rows: Vec<Row> = conn.all(&sql, part.iter().map(|e| Value::from(*e)).collect()).await?;
        out.extend(rows.into_iter().filter_map(Row::fact));
    }
    Ok(out)
}

/// One change to be written; `version` is the archive's after it.
pub(crate) struct NewFact {
    pub fact: FactKind,
    pub old: String,
    pub new: String,
    pub old_sealed: Option<Vec<u8>>,
}

#[allow(clippy::too_many_arguments)]
pub(crate) async fn insert(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    elder: ElderId,
    version: i64,
    facts: Vec<NewFact>,
    valid_from: Option<CivilDate>,
    source: Source,
    note: &str,
) -> Result<()> {
    let rows = facts
        .into_iter()
        .map(|f| {
            let id: uuid::Uuid = db.new_id();
            vals![
                id,
                elder,
                f.fact.code(),
                f.old,
                f.new,
                f.old_sealed,
                version,
                valid_from,
                tx.now(),
                actor.label(),
                actor.user_id(),
                source,
                note
            ]
        })
        .collect();
    let columns = &[
        "id",
        "elder_id",
        "fact",
        "old_value",
        "new_value",
        "old_sealed",
        "version",
        "valid_from",
        "recorded_at",
        "recorded_by",
        "actor_user",
        "source",
        "note",
    ];
    insert_many(tx, "elder_fact", columns, rows, "").await?;
    Ok(())
}
