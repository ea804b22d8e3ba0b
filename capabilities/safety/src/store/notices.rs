//! Messages to people, and how far each has come.
use super::{open, seal};
use crate::model::{CaseId, NoticeId, NoticeKind, NoticeState};
use kernel::{Instant, PageAsk, Paged, RegionCode, Result, Scope};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Secret, SqlExt, Tx, vals};

/// A message to be written.
pub(crate) struct NewNotice {
    pub(crate) case: CaseId,
    pub(crate) region: RegionCode,
    pub(crate) kind: NoticeKind,
    pub(crate) name: String,
    pub(crate) phone: String,
    pub(crate) phone_masked: String,
    pub(crate) text: String,
}

pub(crate) async fn insert(tx: &Tx, db: &Db, n: NewNotice) -> Result<NoticeId> {
    let id: NoticeId = db.new_id();
    tx.exec(
        "INSERT INTO safety_notice (id, case_id, region, kind, name, phone, phone_masked, text, state, tries, next_at,
           created_at, changed_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,'queued',0,$9,$9,$9)",
        vals![
            id,
            n.case,
            n.region,
            n.kind,
            n.name,
            db.keys().seal(Secret::Phone, &n.phone)?,
            n.phone_masked,
            seal(db, &n.text)?,
            tx.now()
        ],
    )
    .await?;
    Ok(id)
}

#[derive(FromQueryResult)]
struct DueRow {
    id: NoticeId,
    kind: NoticeKind,
    phone: Vec<u8>,
    text: Vec<u8>,
    tries: i64,
}

/// A message as the channel gets it.
pub(crate) struct Due {
    pub(crate) id: NoticeId,
    pub(crate) kind: NoticeKind,
    pub(crate) phone: String,
    pub(crate) text: String,
    pub(crate) tries: i64,
}

pub(crate) async fn due(db: &Db, limit: i64) -> Result<Vec<Due>> {
    let rows: Vec<DueRow> = db
        .read()
        .all(
            "SELECT id, kind, phone, text, tries FROM safety_notice WHERE state = 'queued' AND next_at <= $1
             ORDER BY next_at, id LIMIT $2",
            vals![db.now(), limit],
        )
        .await?;
    rows.into_iter()
        .map(|r| {
            Ok(Due {
                id: r.id,
                kind: r.kind,
                phone: db.keys().open(Secret::Phone, &r.phone)?,
                text: open(db, &r.text)?,
                tries: r.tries,
            })
        })
        .collect()
}

pub(crate) async fn set_state(
    tx: &Tx,
    id: NoticeId,
    from: &[NoticeState],
    state: NoticeState,
    reference: Option<String>,
    error: Option<String>,
    next_at: Instant,
) -> Result<bool> {
    let mut f = Filter::from("safety_notice");
    f.and("id = ?", id);
    let marks = vec!["?"; from.len()].join(",");
    f.clause(&format!("state IN ({marks})"), from.iter().map(|s| (*s).into()).collect());
    let n = f.values.len();
    let wher = f.sql().replacen("FROM safety_notice", "", 1);
    let sql = format!(
        "UPDATE safety_notice SET state = ${}, reference = COALESCE(${}, reference), error = ${}, next_at = ${},
           tries = tries + 1, changed_at = ${} {wher}",
        n + 1,
        n + 2,
        n + 3,
        n + 4,
        n + 5
    );
    let mut values = f.values;
    values.extend(vals![state, reference, error, next_at, tx.now()]);
    Ok(tx.exec(&sql, values).await? > 0)
}

/// A message in the outbox.
#[derive(Clone, Debug, FromQueryResult)]
pub struct NoticeRow {
    pub id: NoticeId,
    pub case_id: CaseId,
    pub case_no: String,
    pub kind: NoticeKind,
    pub name: String,
    pub phone_masked: String,
    pub state: NoticeState,
    pub tries: i64,
    pub error: Option<String>,
    pub created_at: Instant,
    pub changed_at: Instant,
}

const ROW: &str = "n.id, n.case_id, c.no AS case_no, n.kind, n.name, n.phone_masked, n.state, n.tries, n.error, \
                   n.created_at, n.changed_at";

pub(crate) async fn page(
    db: &Db,
    scope: &Scope,
    state: Option<NoticeState>,
    order: &str,
    ask: PageAsk,
) -> Result<Paged<NoticeRow>> {
    let mut f = Filter::from("safety_notice n JOIN safety_case c ON c.id = n.case_id");
    f.region("n.region", scope);
    if let Some(s) = state {
        f.and("n.state = ?", s);
    }
    db.read().page(ROW, &f, order, ask).await
}

pub(crate) async fn of_case(db: &Db, case: CaseId) -> Result<Vec<NoticeRow>> {
    let sql = format!(
        "SELECT {ROW} FROM safety_notice n JOIN safety_case c ON c.id = n.case_id WHERE n.case_id = $1
         ORDER BY n.created_at, n.id"
    );
    db.read().all(&sql, vals![case]).await
}

pub(crate) async fn region_of(db: &Db, id: NoticeId) -> Result<Option<RegionCode>> {
    db.read().scalar("SELECT region FROM safety_notice WHERE id = $1", vals![id]).await
}
