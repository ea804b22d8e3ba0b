//! Links by which helpers see where somebody was last. Of a link's token only the hash can be looked for.
use super::{open, seal};
use crate::model::{CaseId, CaseState, RescueId};
use kernel::{ElderId, Instant, RegionCode, Result};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Sql, SqlExt, Tx, vals};

/// One link.
#[derive(Clone, Debug)]
pub struct Rescue {
    pub id: RescueId,
    pub case: CaseId,
    pub elder: ElderId,
    pub region: RegionCode,
    /// The end of the address; only for whoever may hand it on.
    pub token: String,
    /// How to call out to the person.
    pub called: String,
    /// What they look like and wear.
    pub look: String,
    /// Whom to ring, and the number.
    pub contact: String,
    pub phone: String,
    pub started_by: String,
    pub started_at: Instant,
    pub until: Instant,
    pub ended_at: Option<Instant>,
    pub views: i64,
    pub last_view: Option<Instant>,
    pub case_no: String,
    pub case_state: CaseState,
}

impl Rescue {
    /// Whether the link still shows something: not taken back, its time not over, the emergency not closed.
    pub fn alive(&self, now: Instant) -> bool {
        self.ended_at.is_none() && now < self.until && self.case_state.open()
    }
}

#[derive(FromQueryResult)]
struct Row {
    id: RescueId,
    case_id: CaseId,
    elder_id: ElderId,
    region: RegionCode,
    token: Vec<u8>,
    called: Vec<u8>,
    look: Vec<u8>,
    contact: Vec<u8>,
    phone: Vec<u8>,
    started_by: String,
    started_at: Instant,
    until_at: Instant,
    ended_at: Option<Instant>,
    views: i64,
    last_view: Option<Instant>,
    no: String,
    state: CaseState,
}

impl Row {
    fn rescue(self, db: &Db) -> Result<Rescue> {
        Ok(Rescue {
            id: self.id,
            case: self.case_id,
            elder: self.elder_id,
            region: self.region,
            token: open(db, &self.token)?,
            called: open(db, &self.called)?,
            look: open(db, &self.look)?,
            contact: open(db, &self.contact)?,
            phone: open(db, &self.phone)?,
            started_by: self.started_by,
            started_at: self.started_at,
            until: self.until_at,
            ended_at: self.ended_at,
            views: self.views,
            last_view: self.last_view,
            case_no: self.no,
            case_state: self.state,
        })
    }
}

const RESCUE: &str =
    "r.id, r.case_id, r.elder_id, r.region, r.token, r.called, r.look, r.contact, r.phone, r.started_by,
  r.started_at, r.until_at, r.ended_at, r.views, r.last_view, c.no, c.state
  FROM safety_rescue r JOIN safety_case c ON c.id = r.case_id";

pub(crate) async fn insert(tx: &Tx, db: &Db, r: &Rescue, hash: Vec<u8>) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_rescue (id, case_id, elder_id, region, hash, token, called, look, contact, phone, started_by,
           started_at, until_at, views) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,0)",
        vals![
            r.id,
            r.case,
            r.elder,
            r.region,
            hash,
            seal(db, &r.token)?,
            seal(db, &r.called)?,
            seal(db, &r.look)?,
            seal(db, &r.contact)?,
            seal(db, &r.phone)?,
            r.started_by.clone(),
            r.started_at,
            r.until
        ],
    )
    .await?;
    Ok(())
}

/// The latest link of a case.
pub(crate) async fn of_case<C: Sql>(conn: &C, db: &Db, case: CaseId) -> Result<Option<Rescue>> {
    let sql = format!("SELECT {RESCUE} WHERE r.case_id = $1 ORDER BY r.started_at DESC, r.id DESC LIMIT 1");
    let row: Option<Row> = conn.one(&sql, vals![case]).await?;
    row.map(|r| r.rescue(db)).transpose()
}

/// The link with this hash, dead or alive.
pub(crate) async fn by_hash<C: Sql>(conn: &C, db: &Db, hash: Vec<u8>) -> Result<Option<Rescue>> {
    let sql = format!("SELECT {RESCUE} WHERE r.hash = $1");
    let row: Option<Row> = conn.one(&sql, vals![hash]).await?;
    row.map(|r| r.rescue(db)).transpose()
}

/// Ends what is open of a case; how many.
pub(crate) async fn end(tx: &Tx, case: CaseId, by: &str) -> Result<u64> {
    tx.exec(
        "UPDATE safety_rescue SET ended_at = $2, ended_by = $3 WHERE case_id = $1 AND ended_at IS NULL",
        vals![case, tx.now(), by],
    )
    .await
}

pub(crate) async fn viewed(tx: &Tx, id: RescueId) -> Result<()> {
    tx.exec("UPDATE safety_rescue SET views = views + 1, last_view = $2 WHERE id = $1", vals![id, tx.now()]).await?;
    Ok(())
}
