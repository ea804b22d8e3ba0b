//! Cases and their history.
use super::{open, open_opt, seal};
use crate::model::{
    Alarm, AlarmId, Case, CaseId, CaseState, Cause, Consent, Event, EventId, EventKind, Fix, Helper, HelperKind,
    KindColumn, Number, Origin, Owner, Risk, Service,
};
use kernel::{Actor, CivilDate, ElderId, Error, GeoPoint, Instant, RegionCode, Result, Scope, Sex, UserId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, Value, vals};

pub(crate) const CASE: &str = "c.id, c.no, c.elder_id, c.elder_name, c.sex, c.birth, c.region, c.address, c.home_lat, \
   c.home_lng, c.kind, c.risk, c.state, c.version, c.opened_at, c.ringing_at, c.answered_at, c.owner_user, c.owner_name, \
   c.owner_since, c.rung, c.next_rung_at, c.helper_kind, c.helper_name, c.helper_at, c.handed_to, c.arrived_at, \
   c.closed_at, c.cause, c.news, c.consent";

#[derive(FromQueryResult)]
pub(crate) struct CaseRow {
    id: CaseId,
    no: String,
    elder_id: ElderId,
    elder_name: String,
    sex: String,
    birth: CivilDate,
    region: RegionCode,
    address: String,
    home_lat: Option<i64>,
    home_lng: Option<i64>,
    kind: KindColumn,
    risk: Risk,
    state: CaseState,
    version: i64,
    opened_at: Instant,
    ringing_at: Instant,
    answered_at: Option<Instant>,
    owner_user: Option<UserId>,
    owner_name: Option<String>,
    owner_since: Option<Instant>,
    rung: i64,
    next_rung_at: Option<Instant>,
    helper_kind: Option<HelperKind>,
    helper_name: Option<String>,
    helper_at: Option<Instant>,
    handed_to: Option<Service>,
    arrived_at: Option<Instant>,
    closed_at: Option<Instant>,
    cause: Option<Cause>,
    news: i64,
    consent: Consent,
}

pub(crate) fn point(lat: Option<i64>, lng: Option<i64>) -> Option<GeoPoint> {
    Some(GeoPoint { lat_e6: lat?, lng_e6: lng? })
}

impl CaseRow {
    pub(crate) fn case(self) -> Case {
        let owner = match (self.owner_user, self.owner_since) {
            (Some(user), Some(since)) => Some(Owner { user, name: self.owner_name.unwrap_or_default(), since }),
            _ => None,
        };
        let helper = match (self.helper_kind, self.helper_at) {
            (Some(kind), Some(sent_at)) => Some(Helper { kind, name: self.helper_name.unwrap_or_default(), sent_at }),
            _ => None,
        };
        Case {
            id: self.id,
            no: self.no,
            elder: self.elder_id,
            elder_name: self.elder_name,
            sex: Sex::parse(&self.sex).unwrap_or(Sex::Female),
            birth: self.birth,
            region: self.region,
            address: self.address,
            home: point(self.home_lat, self.home_lng),
            kind: self.kind.0,
            risk: self.risk,
            state: self.state,
            version: self.version,
            opened_at: self.opened_at,
            ringing_at: self.ringing_at,
            answered_at: self.answered_at,
            owner,
            rung: self.rung,
            next_rung_at: self.next_rung_at,
            helper,
            handed_to: self.handed_to,
            arrived_at: self.arrived_at,
            closed_at: self.closed_at,
            cause: self.cause,
            news: self.news,
            consent: self.consent,
        }
    }
}

/// Cases are the government's: a provider's or worker's reader finds none.
pub(crate) fn scoped(f: &mut Filter, scope: &Scope) {
    f.region("c.region", scope);
    if scope.org_id().is_some() {
        f.clause("1 = 0", vec![]);
    }
}

pub(crate) async fn one<C: Sql>(conn: &C, scope: &Scope, id: CaseId, lock: &str) -> Result<Option<Case>> {
    let mut f = Filter::from("safety_case c");
    f.and("c.id = ?", id);
    scoped(&mut f, scope);
    let row: Option<CaseRow> = conn.one(&format!("SELECT {CASE} {}{lock}", f.sql()), f.values).await?;
    Ok(row.map(CaseRow::case))
}

/// Whatever the region: for the platform's own work and for those an account is linked to.
pub(crate) async fn any<C: Sql>(conn: &C, id: CaseId, lock: &str) -> Result<Option<Case>> {
    let row: Option<CaseRow> =
        conn.one(&format!("SELECT {CASE} FROM safety_case c WHERE c.id = $1{lock}"), vals![id]).await?;
    Ok(row.map(CaseRow::case))
}

/// The case of an elder that is not closed: of what rings, or of what does not.
pub(crate) async fn open_of<C: Sql>(conn: &C, elder: ElderId, rings: bool, lock: &str) -> Result<Option<Case>> {
    let sql =
        format!("SELECT {CASE} FROM safety_case c WHERE c.elder_id = $1 AND c.lane = $2 AND c.closed_at IS NULL{lock}");
    let row: Option<CaseRow> = conn.one(&sql, vals![elder, i64::from(rings)]).await?;
    Ok(row.map(CaseRow::case))
}

pub(crate) async fn of_elders<C: Sql>(conn: &C, elders: &[ElderId], limit: i64) -> Result<Vec<Case>> {
    let mut f = Filter::from("safety_case c");
    let marks = vec!["?"; elders.len().max(1)].join(",");
    let ids =
        if elders.is_empty() { vals![uuid::Uuid::nil()] } else { elders.iter().map(|e| Value::from(*e)).collect() };
    f.clause(&format!("c.elder_id IN ({marks})"), ids);
    let sql = format!("SELECT {CASE} {} ORDER BY c.opened_at DESC, c.id DESC LIMIT {limit}", f.sql());
    let rows: Vec<CaseRow> = conn.all(&sql, f.values).await?;
    Ok(rows.into_iter().map(CaseRow::case).collect())
}

/// Takes the next place of the day.
pub(crate) async fn number(tx: &Tx, day: CivilDate) -> Result<Number> {
    tx.exec(
        "INSERT INTO safety_number (day, last) VALUES ($1, 1)
         ON CONFLICT (day) DO UPDATE SET last = safety_number.last + 1",
        vals![day],
    )
    .await?;
    let place = tx.scalar::<i64>("SELECT last FROM safety_number WHERE day = $1", vals![day]).await?;
    Ok(Number { day, place: place.ok_or_else(|| Error::internal("safety_number row is missing"))? })
}

/// A case that is over from the start.
pub(crate) async fn insert_closed(tx: &Tx, c: &Case) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_case (id, no, elder_id, elder_name, sex, birth, region, address, home_lat, home_lng, kind, risk,
           rank, state, version, opened_at, lane, ringing_at, family_due, answered_at, owner_user, owner_name, owner_since,
           rung, helper_kind, helper_name, helper_at, arrived_at, closed_at, cause, news, consent)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$16,FALSE,$18,$19,$20,$21,0,$22,$23,$24,$25,$26,
           $27,0,$28)",
        vals![
            c.id,
            c.no.clone(),
            c.elder,
            c.elder_name.clone(),
            c.sex.code(),
            c.birth,
            c.region,
            c.address.clone(),
            c.home.map(|p| p.lat_e6),
            c.home.map(|p| p.lng_e6),
            c.kind.code(),
            c.risk,
            c.risk.rank(),
            c.state,
            c.version,
            c.opened_at,
            i64::from(c.risk.rings()),
            c.answered_at,
            c.owner.as_ref().map(|o| o.user),
            c.owner.as_ref().map(|o| o.name.clone()),
            c.owner.as_ref().map(|o| o.since),
            c.helper.as_ref().map(|h| h.kind),
            c.helper.as_ref().map(|h| h.name.clone()),
            c.helper.as_ref().map(|h| h.sent_at),
            c.arrived_at,
            c.closed_at,
            c.cause,
            c.consent
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn insert(tx: &Tx, c: &Case, family_due: bool) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_case (id, no, elder_id, elder_name, sex, birth, region, address, home_lat, home_lng, kind, risk,
           rank, state, version, opened_at, lane, ringing_at, family_due, rung, next_rung_at, news, consent)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,$13,$14,$15,$16,$17,$16,$18,$19,$20,$21,$22)",
        vals![
            c.id,
            c.no.clone(),
            c.elder,
            c.elder_name.clone(),
            c.sex.code(),
            c.birth,
            c.region,
            c.address.clone(),
            c.home.map(|p| p.lat_e6),
            c.home.map(|p| p.lng_e6),
            c.kind.code(),
            c.risk,
            c.risk.rank(),
            c.state,
            c.version,
            c.opened_at,
            i64::from(c.risk.rings()),
            family_due,
            c.rung,
            c.next_rung_at,
            c.news,
            c.consent
        ],
    )
    .await?;
    Ok(())
}

/// Writes what changed of a case, if nobody wrote since it was read.
///
/// # Errors
/// `Conflict` when somebody did.
pub(crate) async fn save(tx: &Tx, c: &Case) -> Result<()> {
    let touched = tx
        .exec(
            "UPDATE safety_case SET kind = $3, risk = $4, rank = $5, state = $6, version = version + 1, answered_at = $7,
               owner_user = $8, owner_name = $9, owner_since = $10, rung = $11, next_rung_at = $12, helper_kind = $13,
               helper_name = $14, helper_at = $15, handed_to = $16, arrived_at = $17, closed_at = $18, cause = $19,
               news = $20, ringing_at = $21
             WHERE id = $1 AND version = $2",
            vals![
                c.id,
                c.version,
                c.kind.code(),
                c.risk,
                c.risk.rank(),
                c.state,
                c.answered_at,
                c.owner.as_ref().map(|o| o.user),
                c.owner.as_ref().map(|o| o.name.clone()),
                c.owner.as_ref().map(|o| o.since),
                c.rung,
                c.next_rung_at,
                c.helper.as_ref().map(|h| h.kind),
                c.helper.as_ref().map(|h| h.name.clone()),
                c.helper.as_ref().map(|h| h.sent_at),
                c.handed_to,
                c.arrived_at,
                c.closed_at,
                c.cause,
                c.news,
                c.ringing_at
            ],
        )
        .await?;
    if touched == 1 { Ok(()) } else { Err(Error::Conflict("有人先改了这一件，刷新再看".into())) }
}

pub(crate) async fn family_told(tx: &Tx, id: CaseId) -> Result<()> {
    tx.exec("UPDATE safety_case SET family_due = FALSE WHERE id = $1", vals![id]).await?;
    Ok(())
}

/// Cases whose family has not been told yet.
pub(crate) async fn family_due(db: &Db) -> Result<Vec<CaseId>> {
    db.read().column("SELECT id FROM safety_case WHERE family_due = TRUE ORDER BY opened_at LIMIT 200", vec![]).await
}

pub(crate) async fn set_outcome(tx: &Tx, db: &Db, id: CaseId, text: &str) -> Result<()> {
    tx.exec("UPDATE safety_case SET outcome = $2 WHERE id = $1", vals![id, seal(db, text)?]).await?;
    Ok(())
}

pub(crate) async fn outcome(db: &Db, id: CaseId) -> Result<String> {
    #[derive(FromQueryResult)]
    struct Row {
        outcome: Option<Vec<u8>>,
    }
    let row: Option<Row> = db.read().one("SELECT outcome FROM safety_case WHERE id = $1", vals![id]).await?;
    row.map_or(Ok(String::new()), |r| open_opt(db, &r.outcome))
}

/// Adds a line to a case's history. The caller holds the case's row.
pub(crate) async fn tell(
    tx: &Tx,
    db: &Db,
    case: CaseId,
    kind: EventKind,
    actor: &Actor,
    text: &str,
    bad: bool,
) -> Result<()> {
    tell_at(tx, db, case, tx.now(), kind, actor, text, bad).await
}

#[allow(clippy::too_many_arguments)]
pub(crate) async fn tell_at(
    tx: &Tx,
    db: &Db,
    case: CaseId,
    at: Instant,
    kind: EventKind,
    actor: &Actor,
    text: &str,
    bad: bool,
) -> Result<()> {
    let id: EventId = db.new_id();
    let seq = tx.scalar::<i64>("SELECT MAX(seq) FROM safety_event WHERE case_id = $1", vals![case]).await?.unwrap_or(0);
    tx.exec(
        "INSERT INTO safety_event (id, case_id, seq, at, kind, text, who, by_user, by_person, bad)
         VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10)",
        vals![
            id,
            case,
            seq + 1,
            at,
            kind,
            seal(db, text)?,
            actor.label(),
            actor.user_id(),
            matches!(actor, Actor::Person { .. }),
            bad
        ],
    )
    .await?;
    Ok(())
}

/// A call that was made about a case.
pub(crate) async fn insert_call(
    tx: &Tx,
    db: &Db,
    case: CaseId,
    name: &str,
    result: crate::model::CallResult,
    actor: &Actor,
) -> Result<()> {
    let id: EventId = db.new_id();
    tx.exec(
        "INSERT INTO safety_call (id, case_id, at, name, result, by_name, by_user) VALUES ($1,$2,$3,$4,$5,$6,$7)",
        vals![id, case, tx.now(), name, result, actor.label(), actor.user_id()],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
struct EventRow {
    at: Instant,
    kind: EventKind,
    text: Vec<u8>,
    who: String,
    bad: bool,
}

/// Oldest first.
pub(crate) async fn events<C: Sql>(conn: &C, db: &Db, case: CaseId) -> Result<Vec<Event>> {
    let rows: Vec<EventRow> = conn
        .all("SELECT at, kind, text, who, bad FROM safety_event WHERE case_id = $1 ORDER BY seq", vals![case])
        .await?;
    rows.into_iter()
        .map(|r| Ok(Event { at: r.at, kind: r.kind, text: open(db, &r.text)?, who: r.who, bad: r.bad }))
        .collect()
}

pub(crate) const ALARM: &str = "a.id, a.case_id, a.kind, a.origin, a.count, a.first_at, a.last_at, a.unverified, a.reason, a.device, a.lat, a.lng, \
     a.accuracy, a.fix_at, a.cleared_at";

#[derive(FromQueryResult)]
pub(crate) struct AlarmRow {
    id: AlarmId,
    case_id: CaseId,
    kind: KindColumn,
    origin: Origin,
    count: i64,
    first_at: Instant,
    last_at: Instant,
    unverified: bool,
    reason: Vec<u8>,
    device: Option<String>,
    lat: Option<i64>,
    lng: Option<i64>,
    accuracy: Option<i64>,
    fix_at: Option<Instant>,
    cleared_at: Option<Instant>,
}

impl AlarmRow {
    pub(crate) fn alarm(self, db: &Db) -> Result<Alarm> {
        let fix = match (point(self.lat, self.lng), self.fix_at) {
            (Some(point), Some(at)) => Some(Fix { point, accuracy_m: self.accuracy.unwrap_or(0), at }),
            _ => None,
        };
        Ok(Alarm {
            id: self.id,
            case: self.case_id,
            kind: self.kind.0,
            origin: self.origin,
            count: self.count,
            first_at: self.first_at,
            last_at: self.last_at,
            unverified: self.unverified,
            reason: open(db, &self.reason)?,
            device: self.device,
            fix,
            cleared_at: self.cleared_at,
        })
    }
}

/// The moment of the newest position of a case; 0 for none.
pub(crate) async fn newest_fix(db: &Db, case: CaseId) -> Result<i64> {
    let sql = "SELECT COALESCE(MAX(fix_at), 0) FROM safety_alarm WHERE case_id = $1";
    Ok(db.read().scalar::<i64>(sql, vals![case]).await?.unwrap_or(0))
}

/// The alarms of some cases, oldest first.
pub(crate) async fn alarms<C: Sql>(conn: &C, db: &Db, cases: &[CaseId]) -> Result<Vec<Alarm>> {
    if cases.is_empty() {
        return Ok(Vec::new());
    }
    let mut f = Filter::from("safety_alarm a");
    let marks = vec!["?"; cases.len()].join(",");
    f.clause(&format!("a.case_id IN ({marks})"), cases.iter().map(|c| Value::from(*c)).collect());
    let sql = format!("SELECT {ALARM} {} ORDER BY a.first_at, a.id", f.sql());
    let rows: Vec<AlarmRow> = conn.all(&sql, f.values).await?;
    rows.into_iter().map(|r| r.alarm(db)).collect()
}
