//! All SQL of the audit log.
use crate::model::{Break, Entry, Kind, Row, Verdict};
use kernel::{Actor, PageAsk, Paged, RegionCode, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Migration, SqlExt, Tx, Value, insert_many, vals};

pub const MIGRATIONS: &[Migration] = &[
    Migration {
        id: "audit-0001",
        sql: "CREATE TABLE audit_log (
  seq BIGINT PRIMARY KEY, at BIGINT NOT NULL, actor_user UUID, actor TEXT NOT NULL, role TEXT NOT NULL,
  action TEXT NOT NULL, words TEXT NOT NULL, entity TEXT NOT NULL, entity_id TEXT NOT NULL, region TEXT,
  reason TEXT, detail TEXT NOT NULL, hash TEXT NOT NULL);
CREATE INDEX audit_log_entity ON audit_log (entity_id, seq);
CREATE INDEX audit_log_actor ON audit_log (actor_user, seq);
CREATE TABLE audit_head (id BIGINT PRIMARY KEY, seq BIGINT NOT NULL, hash TEXT NOT NULL);
INSERT INTO audit_head (id, seq, hash) VALUES (1, 0, '');
",
    },
    Migration { id: "audit-0002", sql: "CREATE INDEX audit_log_action ON audit_log (action, seq);\n" },
];

const COLUMNS: &[&str] = &[
    "seq",
    "at",
    "actor_user",
    "actor",
    "role",
    "action",
    "words",
    "entity",
    "entity_id",
    "region",
    "reason",
    "detail",
    "hash",
];

#[derive(FromQueryResult)]
struct Head {
    seq: i64,
    hash: String,
}

/// Records one act inside the caller's transaction.
pub async fn record(tx: &Tx, actor: &Actor, entry: Entry) -> Result<()> {
    record_many(tx, actor, std::slice::from_ref(&entry)).await
}

/// Records several acts of one actor. Holds the chain's head until the transaction ends, so call it last.
pub async fn record_many(tx: &Tx, actor: &Actor, entries: &[Entry]) -> Result<()> {
    if entries.is_empty() {
        return Ok(());
    }
    let sql = format!("SELECT seq, hash FROM audit_head WHERE id = 1{}", tx.lock());
    let mut head: Head =
        tx.one(&sql, vec![]).await?.ok_or_else(|| kernel::Error::Internal("audit_head row is missing".into()))?;
    let mut rows: Vec<Vec<Value>> = Vec::with_capacity(entries.len());
    for e in entries {
        let row = Row::build(head.seq + 1, tx.now(), actor, e, &head.hash);
        head = Head { seq: row.seq, hash: row.hash.clone() };
        rows.push(vals![
            row.seq,
            row.at,
            row.actor_user,
            row.actor,
            row.role,
            row.action,
            row.words,
            row.entity,
            row.entity_id,
            row.region,
            row.reason,
            row.detail,
            row.hash
        ]);
    }
    insert_many(tx, "audit_log", COLUMNS, rows, "").await?;
    tx.exec("UPDATE audit_head SET seq = $1, hash = $2 WHERE id = 1", vals![head.seq, head.hash]).await?;
    Ok(())
}

/// Walks the chain from the first row to the head.
pub async fn verify(db: &Db) -> Result<Verdict> {
    const STEP: i64 = 5_000;
    let mut previous = String::new();
    let mut rows = 0i64;
    loop {
        let part: Vec<Row> =
            db.read().all("SELECT * FROM audit_log WHERE seq > $1 ORDER BY seq LIMIT $2", vals![rows, STEP]).await?;
        if part.is_empty() {
            break;
        }
        for row in part {
            let broken = if row.seq != rows + 1 {
                Some(format!("row {} is missing", rows + 1))
            } else if row.hash != row.chained(&previous) {
                Some("content does not match its hash".to_string())
            } else {
                None
            };
            if let Some(what) = broken {
                return Ok(Verdict { rows, broken: Some(Break { seq: row.seq, what }) });
            }
            rows = row.seq;
            previous = row.hash;
        }
    }
    let head: Option<Head> = db.read().one("SELECT seq, hash FROM audit_head WHERE id = 1", vec![]).await?;
    let broken = match head {
        Some(h) if h.seq == rows && h.hash == previous => None,
        _ => Some(Break { seq: rows + 1, what: "rows are missing at the end".into() }),
    };
    Ok(Verdict { rows, broken })
}

/// The kinds of acts the log holds, by code, with the words of the latest: what a reader can ask for. Goes from code to
/// code along the index, so that it costs as much as there are kinds and not as there are rows.
pub async fn kinds(db: &Db) -> Result<Vec<Kind>> {
    db.read()
        .all(
            "WITH RECURSIVE step AS (
               SELECT MIN(action) AS code FROM audit_log
               UNION ALL
               SELECT (SELECT MIN(action) FROM audit_log WHERE action > step.code) FROM step WHERE step.code IS NOT NULL)
             SELECT code, (SELECT words FROM audit_log WHERE action = code ORDER BY seq DESC LIMIT 1) AS words
             FROM step WHERE code IS NOT NULL ORDER BY code",
            vec![],
        )
        .await
}

/// What a reader of the log asks for.
#[derive(Clone, Debug, Default)]
pub struct AuditList {
    pub region: Option<RegionCode>,
    pub entity_id: Option<String>,
    pub action: Option<String>,
    /// Part of the actor's name.
    pub actor: Option<String>,
}

/// One page of the log, newest first, of a region.
pub async fn list(db: &Db, ask: &AuditList, page: PageAsk) -> Result<Paged<Row>> {
    let mut f = Filter::from("audit_log");
    if let Some(r) = &ask.region {
        let (low, high) = r.range();
        // Acts without a region (sign-ins, settings) belong to whoever may read the whole installation.
        f.clause("(region IS NULL OR (region >= ? AND region < ?))", vals![low, high]);
    }
    if let Some(id) = &ask.entity_id {
        f.and("entity_id = ?", id.clone());
    }
    if let Some(a) = &ask.action {
        f.and("action = ?", a.clone());
    }
    if let Some(a) = &ask.actor {
        f.and("actor LIKE ?", format!("%{a}%"));
    }
    db.read().page("*", &f, "seq DESC", page).await
}
