//! Workers, their papers and bans.
use super::{like, only_visible, unknown};
use crate::model::{Ban, BanDraft, Document, DocumentDraft, DocumentKind, WorkerCard, WorkerDraft};
use catalogue::Skill;
use dispatch::{LanguageSet, SkillSet, Window};
use kernel::{CivilDate, Error, GeoPoint, OrgId, PageAsk, Paged, Result, Scope, Sex, UserId, WorkerId};
use std::collections::HashMap;
use store::sea_orm::{self, FromQueryResult};
use store::{Filter, Sql, SqlExt, Tx, Value, insert_many, vals};
use uuid::Uuid;

const WORKER: &str = "w.id, w.org, p.name AS org_name, w.user_id, w.name, w.sex, w.birth, w.id_masked, w.id_blind, \
                      w.phone_masked, w.skills, w.languages, w.home_lat, w.home_lng, w.home_address, \
                      w.training_hours, w.joined_on, w.active, w.version";
const FROM: &str = "worker w JOIN provider p ON p.org = w.org";

#[derive(FromQueryResult)]
struct WorkerRow {
    id: WorkerId,
    org: OrgId,
    org_name: String,
    user_id: Option<UserId>,
    name: String,
    sex: String,
    birth: CivilDate,
    id_masked: String,
    id_blind: Vec<u8>,
    phone_masked: String,
    skills: i64,
    languages: i64,
    home_lat: Option<i64>,
    home_lng: Option<i64>,
    home_address: String,
    training_hours: i64,
    joined_on: CivilDate,
    active: bool,
    version: i64,
}

#[derive(FromQueryResult)]
struct HoursRow {
    worker: WorkerId,
    weekday: i64,
    from_minute: i64,
    to_minute: i64,
}

#[derive(FromQueryResult)]
struct DocumentRow {
    id: Uuid,
    worker: WorkerId,
    kind: String,
    name: String,
    number: String,
    issuer: String,
    covers: i64,
    valid_from: CivilDate,
    valid_to: CivilDate,
    void_reason: Option<String>,
}

impl DocumentRow {
    fn read(self) -> Result<Document> {
        Ok(Document {
            id: self.id,
            worker: self.worker,
            kind: DocumentKind::parse(&self.kind).ok_or_else(|| unknown("document kind", &self.kind))?,
            name: self.name,
            number: self.number,
            issuer: self.issuer,
            covers: SkillSet(self.covers.cast_unsigned()),
            from: self.valid_from,
            to: self.valid_to,
            void: self.void_reason,
        })
    }
}

#[derive(FromQueryResult)]
struct BanRow {
    id: Uuid,
    id_blind: Vec<u8>,
    starts: CivilDate,
    ends: Option<CivilDate>,
    reason: String,
    document: String,
    made_by: String,
    lifted_on: Option<CivilDate>,
}

impl BanRow {
    fn read(&self) -> Ban {
        Ban {
            id: self.id,
            from: self.starts,
            to: self.ends,
            reason: self.reason.clone(),
            document: self.document.clone(),
            made_by: self.made_by.clone(),
            lifted_on: self.lifted_on,
        }
    }
}

fn marks(n: usize) -> String {
    (1..=n).map(|i| format!("${i}")).collect::<Vec<_>>().join(", ")
}

/// Adds hours, papers and bans to worker rows, keeping their order.
async fn assembled<C: Sql>(on: &C, rows: Vec<WorkerRow>) -> Result<Vec<WorkerCard>> {
    let mut hours: HashMap<WorkerId, Vec<Window>> = HashMap::new();
    let mut documents: HashMap<WorkerId, Vec<Document>> = HashMap::new();
    let mut bans: HashMap<Vec<u8>, Vec<Ban>> = HashMap::new();
    for part in rows.chunks(500) {
        let ids: Vec<Value> = part.iter().map(|r| Value::from(r.id)).collect();
        let m = marks(ids.len());
        let sql = format!(
            "SELECT worker, weekday, from_minute, to_minute FROM worker_hours WHERE worker IN ({m}) ORDER BY weekday, \
             from_minute"
        );
        for h in on.all::<HoursRow>(&sql, ids.clone()).await? {
            let window = u8::try_from(h.weekday)
                .ok()
                .zip(u16::try_from(h.from_minute).ok())
                .zip(u16::try_from(h.to_minute).ok())
                .and_then(|((d, a), b)| Window::new(d, a, b));
            hours.entry(h.worker).or_default().extend(window);
        }
        let sql = format!(
            "SELECT id, worker, kind, name, number, issuer, covers, valid_from, valid_to, void_reason FROM \
             worker_document WHERE worker IN ({m}) ORDER BY kind, valid_to DESC, id"
        );
        for d in on.all::<DocumentRow>(&sql, ids).await? {
            documents.entry(d.worker).or_default().push(d.read()?);
        }
        let people: Vec<Value> = part.iter().map(|r| Value::from(r.id_blind.clone())).collect();
        let sql = format!(
            "SELECT id, id_blind, starts, ends, reason, document, made_by, lifted_on FROM worker_ban WHERE id_blind IN \
             ({m}) ORDER BY starts DESC, id"
        );
        for b in on.all::<BanRow>(&sql, people).await? {
            bans.entry(b.id_blind.clone()).or_default().push(b.read());
        }
    }
    rows.into_iter()
        .map(|r| {
            Ok(WorkerCard {
                hours: hours.remove(&r.id).unwrap_or_default(),
                documents: documents.remove(&r.id).unwrap_or_default(),
                // Two rows may be one person at two providers.
                bans: bans.get(&r.id_blind).cloned().unwrap_or_default(),
                home: r.home_lat.zip(r.home_lng).map(|(lat_e6, lng_e6)| GeoPoint { lat_e6, lng_e6 }),
                id: r.id,
                org: r.org,
                org_name: r.org_name,
                user: r.user_id,
                name: r.name,
                sex: Sex::parse(&r.sex).ok_or_else(|| unknown("sex", &r.sex))?,
                birth: r.birth,
                id_masked: r.id_masked,
                phone_masked: r.phone_masked,
                skills: SkillSet(r.skills.cast_unsigned()),
                languages: LanguageSet(r.languages.cast_unsigned()),
                home_address: r.home_address,
                training_hours: u32::try_from(r.training_hours).map_err(Error::internal)?,
                joined_on: r.joined_on,
                active: r.active,
                version: r.version,
            })
        })
        .collect()
}

fn only_own(f: &mut Filter, scope: &Scope) {
    only_visible(f, scope);
    if let Some(w) = scope.worker_id() {
        f.and("w.id = ?", w);
    }
}

/// One worker the reader may see.
pub(crate) async fn worker<C: Sql>(on: &C, scope: &Scope, id: WorkerId) -> Result<Option<WorkerCard>> {
    let mut f = Filter::from(FROM);
    f.and("w.id = ?", id);
    only_own(&mut f, scope);
    let rows: Vec<WorkerRow> = on.all(&format!("SELECT {WORKER} {}", f.sql()), f.values).await?;
    Ok(assembled(on, rows).await?.pop())
}

/// One worker, for decisions of the platform itself.
pub(crate) async fn any_worker<C: Sql>(on: &C, id: WorkerId) -> Result<Option<WorkerCard>> {
    let rows: Vec<WorkerRow> = on.all(&format!("SELECT {WORKER} FROM {FROM} WHERE w.id = $1"), vals![id]).await?;
    Ok(assembled(on, rows).await?.pop())
}

/// All active workers of an organisation the reader may see, by name.
pub(crate) async fn workers_of<C: Sql>(on: &C, scope: &Scope, org: OrgId) -> Result<Vec<WorkerCard>> {
    let mut f = Filter::from(FROM);
    f.and("w.org = ?", org).and("w.active = ?", true);
    only_own(&mut f, scope);
    let rows: Vec<WorkerRow> = on.all(&format!("SELECT {WORKER} {} ORDER BY w.name, w.id", f.sql()), f.values).await?;
    assembled(on, rows).await
}

/// Active workers who live inside a square around a place, nearest first by the square's measure.
pub(crate) async fn near<C: Sql>(
    on: &C,
    scope: &Scope,
    at: GeoPoint,
    (lat, lng): (i64, i64),
    limit: i64,
) -> Result<Vec<WorkerCard>> {
    let mut f = Filter::from(FROM);
    f.and("w.active = ?", true);
    only_visible(&mut f, scope);
    f.clause(
        "w.home_lat BETWEEN ? AND ? AND w.home_lng BETWEEN ? AND ?",
        vals![at.lat_e6 - lat, at.lat_e6 + lat, at.lng_e6 - lng, at.lng_e6 + lng],
    );
    let n = f.values.len();
    let sql = format!(
        "SELECT {WORKER} {} ORDER BY ABS(w.home_lat - ${}) + ABS(w.home_lng - ${}), w.id LIMIT ${}",
        f.sql(),
        n + 1,
        n + 2,
        n + 3
    );
    let mut values = f.values;
    values.extend(vals![at.lat_e6, at.lng_e6, limit]);
    let rows: Vec<WorkerRow> = on.all(&sql, values).await?;
    assembled(on, rows).await
}

/// Conditions of the list page.
#[derive(Clone, Debug, Default)]
pub struct WorkerFilter {
    pub org: Option<OrgId>,
    pub skill: Option<Skill>,
    /// `None`: both.
    pub active: Option<bool>,
    /// Banned on the day.
    pub banned: bool,
    pub q: String,
}

pub(crate) async fn worker_page<C: Sql>(
    on: &C,
    scope: &Scope,
    filter: &WorkerFilter,
    today: CivilDate,
    order: &str,
    ask: PageAsk,
) -> Result<Paged<WorkerCard>> {
    let mut f = Filter::from(FROM);
    only_own(&mut f, scope);
    if let Some(org) = filter.org {
        f.and("w.org = ?", org);
    }
    if let Some(s) = filter.skill {
        f.and("(w.skills & ?) <> 0", SkillSet::EMPTY.with(s.tag()).0.cast_signed());
    }
    if let Some(a) = filter.active {
        f.and("w.active = ?", a);
    }
    if filter.banned {
        f.clause(
            "EXISTS (SELECT 1 FROM worker_ban b WHERE b.id_blind = w.id_blind AND b.starts <= ? AND (b.ends IS NULL OR \
             b.ends >= ?) AND (b.lifted_on IS NULL OR b.lifted_on > ?))",
            vals![today, today, today],
        );
    }
    if !filter.q.is_empty() {
        let l = like(&filter.q);
        f.clause("(w.name LIKE ? ESCAPE '\\' OR w.home_address LIKE ? ESCAPE '\\')", vals![l.clone(), l]);
    }
    let page: Paged<WorkerRow> = on.page(WORKER, &f, order, ask).await?;
    let (total, at, per) = (page.total, page.page, page.per_page);
    Ok(Paged { rows: assembled(on, page.rows).await?, total, page: at, per_page: per })
}

/// What is stored of an identity or telephone number.
pub(crate) struct Sealed {
    pub(crate) sealed: Vec<u8>,
    pub(crate) blind: Vec<u8>,
    pub(crate) masked: String,
}

pub(crate) async fn insert_worker(
    tx: &Tx,
    id: WorkerId,
    d: &WorkerDraft,
    (sex, birth): (Sex, CivilDate),
    id_number: &Sealed,
    phone: &Sealed,
) -> Result<()> {
    tx.exec(
        "INSERT INTO worker (id, org, name, sex, birth, id_sealed, id_blind, id_masked, phone_sealed, phone_masked,
           skills, languages, home_lat, home_lng, home_address, training_hours, joined_on, active, version, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, 1, $19)",
        vals![
            id,
            d.org,
            d.name.trim(),
            sex.code(),
            birth,
            id_number.sealed.clone(),
            id_number.blind.clone(),
            id_number.masked.as_str(),
            phone.sealed.clone(),
            phone.masked.as_str(),
            d.skills.0.cast_signed(),
            d.languages.0.cast_signed(),
            d.home.map(|h| h.lat_e6),
            d.home.map(|h| h.lng_e6),
            d.home_address.trim(),
            i64::from(d.training_hours),
            d.joined_on,
            d.active,
            tx.now()
        ],
    )
    .await?;
    insert_hours(tx, id, &d.hours).await
}

/// `false` if somebody changed it meanwhile. Identity and telephone are changed only where given.
pub(crate) async fn update_worker(
    tx: &Tx,
    id: WorkerId,
    version: i64,
    d: &WorkerDraft,
    phone: Option<&Sealed>,
) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE worker SET name = $3, skills = $4, languages = $5, home_lat = $6, home_lng = $7, home_address = $8,
               training_hours = $9, joined_on = $10, active = $11, version = version + 1
             WHERE id = $1 AND version = $2",
            vals![
                id,
                version,
                d.name.trim(),
                d.skills.0.cast_signed(),
                d.languages.0.cast_signed(),
                d.home.map(|h| h.lat_e6),
                d.home.map(|h| h.lng_e6),
                d.home_address.trim(),
                i64::from(d.training_hours),
                d.joined_on,
                d.active
            ],
        )
        .await?;
    if n != 1 {
        return Ok(false);
    }
    if let Some(p) = phone {
        tx.exec(
            "UPDATE worker SET phone_sealed = $2, phone_masked = $3 WHERE id = $1",
            vals![id, p.sealed.clone(), p.masked.as_str()],
        )
        .await?;
    }
    tx.exec("DELETE FROM worker_hours WHERE worker = $1", vals![id]).await?;
    insert_hours(tx, id, &d.hours).await?;
    Ok(true)
}

async fn insert_hours(tx: &Tx, id: WorkerId, hours: &[Window]) -> Result<()> {
    let rows = hours
        .iter()
        .map(|h| vals![id, i64::from(h.weekday()), i64::from(h.from_minute()), i64::from(h.to_minute())])
        .collect();
    let columns = ["worker", "weekday", "from_minute", "to_minute"];
    insert_many(tx, "worker_hours", &columns, rows, "ON CONFLICT DO NOTHING").await?;
    Ok(())
}

pub(crate) async fn set_user(tx: &Tx, id: WorkerId, user: Option<UserId>) -> Result<()> {
    tx.exec("UPDATE worker SET user_id = $2, version = version + 1 WHERE id = $1", vals![id, user]).await?;
    Ok(())
}

pub(crate) async fn phone_sealed<C: Sql>(on: &C, id: WorkerId) -> Result<Option<Vec<u8>>> {
    on.scalar("SELECT phone_sealed FROM worker WHERE id = $1", vals![id]).await
}

/// Another row of the same person at the same provider.
pub(crate) async fn same_person<C: Sql>(on: &C, org: OrgId, blind: &[u8]) -> Result<Option<String>> {
    on.scalar("SELECT name FROM worker WHERE org = $1 AND id_blind = $2", vals![org, blind.to_vec()]).await
}

/// Bans of a person by the blind index.
pub(crate) async fn bans_of<C: Sql>(on: &C, blind: &[u8]) -> Result<Vec<Ban>> {
    let rows: Vec<BanRow> = on
        .all(
            "SELECT id, id_blind, starts, ends, reason, document, made_by, lifted_on FROM worker_ban WHERE id_blind = $1",
            vals![blind.to_vec()],
        )
        .await?;
    Ok(rows.iter().map(BanRow::read).collect())
}

pub(crate) async fn insert_document(tx: &Tx, id: Uuid, worker: WorkerId, d: &DocumentDraft, by: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO worker_document (id, worker, kind, name, number, issuer, covers, valid_from, valid_to, made_by,
           made_at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)",
        vals![
            id,
            worker,
            d.kind.code(),
            d.name.trim(),
            d.number.trim(),
            d.issuer.trim(),
            d.covers.0.cast_signed(),
            d.from,
            d.to,
            by,
            tx.now()
        ],
    )
    .await?;
    Ok(())
}

/// `false` when there is no such paper in force.
pub(crate) async fn void_document(tx: &Tx, worker: WorkerId, id: Uuid, reason: &str) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE worker_document SET void_reason = $3 WHERE id = $1 AND worker = $2 AND void_reason IS NULL",
            vals![id, worker, reason],
        )
        .await?;
    Ok(n == 1)
}

pub(crate) async fn insert_ban(tx: &Tx, id: Uuid, worker: WorkerId, d: &BanDraft, by: &str) -> Result<()> {
    let person: Vec<u8> = tx
        .scalar("SELECT id_blind FROM worker WHERE id = $1", vals![worker])
        .await?
        .ok_or_else(|| Error::NotFound("这位护理员".into()))?;
    tx.exec(
        "INSERT INTO worker_ban (id, id_blind, worker, starts, ends, reason, document, made_by, made_at)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        vals![id, person, worker, d.from, d.to, d.reason.trim(), d.document.trim(), by, tx.now()],
    )
    .await?;
    Ok(())
}

/// `false` when there is no such ban in force.
pub(crate) async fn lift_ban(tx: &Tx, id: Uuid, on: CivilDate, reason: &str) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE worker_ban SET lifted_on = $2, lifted_reason = $3 WHERE id = $1 AND lifted_on IS NULL",
            vals![id, on, reason],
        )
        .await?;
    Ok(n == 1)
}
