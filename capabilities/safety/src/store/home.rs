//! What helps at the door, who lives near, and whose account belongs to which elder.
use super::{cases::point, open_opt, seal};
use crate::model::{Consent, HelperId, HelperKind};
use kernel::{ElderId, GeoPoint, Instant, RegionCode, Result, Scope, UserId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, vals};

/// What an operator needs at the door of an elder, and whether it may be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Home {
    pub consent: Consent,
    pub consent_at: Option<Instant>,
    /// The lock's code.
    pub door: String,
    /// Who has a key.
    pub keys: String,
    pub medication: String,
    pub allergy: String,
    /// How to speak to the person: hard of hearing, which dialect.
    pub manner: String,
    pub version: i64,
    pub changed_by: String,
    pub changed_at: Option<Instant>,
}

impl Home {
    pub(crate) fn unknown() -> Home {
        Home {
            consent: Consent::NotAsked,
            consent_at: None,
            door: String::new(),
            keys: String::new(),
            medication: String::new(),
            allergy: String::new(),
            manner: String::new(),
            version: 0,
            changed_by: String::new(),
            changed_at: None,
        }
    }
}

#[derive(FromQueryResult)]
struct HomeRow {
    consent: Consent,
    consent_at: Option<Instant>,
    door: Option<Vec<u8>>,
    keys: Option<Vec<u8>>,
    medication: Option<Vec<u8>>,
    allergy: Option<Vec<u8>>,
    manner: Option<Vec<u8>>,
    version: i64,
    changed_by: String,
    changed_at: Instant,
}

pub(crate) async fn home<C: Sql>(conn: &C, db: &Db, elder: ElderId) -> Result<Home> {
    let row: Option<HomeRow> = conn
        .one(
            "SELECT consent, consent_at, door, keys, medication, allergy, manner, version, changed_by, changed_at
             FROM safety_home WHERE elder_id = $1",
            vals![elder],
        )
        .await?;
    let Some(r) = row else { return Ok(Home::unknown()) };
    Ok(Home {
        consent: r.consent,
        consent_at: r.consent_at,
        door: open_opt(db, &r.door)?,
        keys: open_opt(db, &r.keys)?,
        medication: open_opt(db, &r.medication)?,
        allergy: open_opt(db, &r.allergy)?,
        manner: open_opt(db, &r.manner)?,
        version: r.version,
        changed_by: r.changed_by,
        changed_at: Some(r.changed_at),
    })
}

pub(crate) async fn set_home(tx: &Tx, db: &Db, elder: ElderId, h: &Home, by: &str) -> Result<()> {
    let sealed = |t: &str| if t.is_empty() { Ok(None) } else { seal(db, t).map(Some) };
    tx.exec(
        "INSERT INTO safety_home (elder_id, consent, consent_at, door, keys, medication, allergy, manner, version, changed_by,
           changed_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,1,$9,$10)
         ON CONFLICT (elder_id) DO UPDATE SET consent = excluded.consent, consent_at = excluded.consent_at,
           door = excluded.door, keys = excluded.keys, medication = excluded.medication, allergy = excluded.allergy,
           manner = excluded.manner, version = safety_home.version + 1, changed_by = excluded.changed_by,
           changed_at = excluded.changed_at",
        vals![
            elder,
            h.consent,
            h.consent_at,
            sealed(&h.door)?,
            sealed(&h.keys)?,
            sealed(&h.medication)?,
            sealed(&h.allergy)?,
            sealed(&h.manner)?,
            by,
            tx.now()
        ],
    )
    .await?;
    Ok(())
}

/// Somebody near who can go and look.
#[derive(Clone, Debug)]
pub struct HelperLine {
    pub id: HelperId,
    pub region: RegionCode,
    pub kind: HelperKind,
    pub name: String,
    pub phone_masked: String,
    pub place: Option<GeoPoint>,
    /// Paired with this elder.
    pub elder: Option<ElderId>,
    pub has_key: bool,
    pub note: String,
}

#[derive(FromQueryResult)]
pub(crate) struct HelperRow {
    id: HelperId,
    region: RegionCode,
    kind: HelperKind,
    name: String,
    pub(crate) phone: Vec<u8>,
    phone_masked: String,
    lat: Option<i64>,
    lng: Option<i64>,
    elder_id: Option<ElderId>,
    has_key: bool,
    note: String,
}

impl HelperRow {
    pub(crate) fn line(self) -> HelperLine {
        HelperLine {
            id: self.id,
            region: self.region,
            kind: self.kind,
            name: self.name,
            phone_masked: self.phone_masked,
            place: point(self.lat, self.lng),
            elder: self.elder_id,
            has_key: self.has_key,
            note: self.note,
        }
    }
}

const HELPER: &str = "id, region, kind, name, phone, phone_masked, lat, lng, elder_id, has_key, note";

/// Those paired with an elder, and those of the same town who are paired with nobody.
pub(crate) async fn helpers_near(db: &Db, elder: ElderId, town: &RegionCode) -> Result<Vec<HelperRow>> {
    let (low, high) = town.range();
    let sql = format!(
        "SELECT {HELPER} FROM safety_helper WHERE active = TRUE AND
           (elder_id = $1 OR (elder_id IS NULL AND region >= $2 AND region < $3)) ORDER BY name, id LIMIT 200"
    );
    db.read().all(&sql, vals![elder, low, high]).await
}

pub(crate) async fn helpers(db: &Db, scope: &Scope) -> Result<Vec<HelperRow>> {
    let mut f = Filter::from("safety_helper");
    f.region("region", scope).and("active = ?", true);
    db.read().all(&format!("SELECT {HELPER} {} ORDER BY region, kind, name, id LIMIT 500", f.sql()), f.values).await
}

pub(crate) async fn helper<C: Sql>(conn: &C, scope: &Scope, id: HelperId) -> Result<Option<HelperRow>> {
    let mut f = Filter::from("safety_helper");
    f.region("region", scope).and("id = ?", id).and("active = ?", true);
    conn.one(&format!("SELECT {HELPER} {}", f.sql()), f.values).await
}

pub(crate) async fn insert_helper(tx: &Tx, l: &HelperLine, phone: Vec<u8>, by: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_helper (id, region, kind, name, phone, phone_masked, lat, lng, elder_id, has_key, note, active,
           made_by, made_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,TRUE,$12,$13)",
        vals![
            l.id,
            l.region,
            l.kind,
            l.name.clone(),
            phone,
            l.phone_masked.clone(),
            l.place.map(|p| p.lat_e6),
            l.place.map(|p| p.lng_e6),
            l.elder,
            l.has_key,
            l.note.clone(),
            by,
            tx.now()
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn end_helper(tx: &Tx, id: HelperId) -> Result<()> {
    tx.exec("UPDATE safety_helper SET active = FALSE WHERE id = $1", vals![id]).await?;
    Ok(())
}

/// An account that belongs to an elder.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Link {
    pub user_id: UserId,
    pub elder_id: ElderId,
    /// 本人, 女儿 …
    pub relation: String,
    pub made_by: String,
    pub made_at: Instant,
}

pub(crate) async fn links_of_user<C: Sql>(conn: &C, user: UserId) -> Result<Vec<Link>> {
    conn.all(
        "SELECT user_id, elder_id, relation, made_by, made_at FROM safety_link WHERE user_id = $1 AND ended_at IS NULL
         ORDER BY made_at, elder_id",
        vals![user],
    )
    .await
}

pub(crate) async fn links_of_elder(db: &Db, elder: ElderId) -> Result<Vec<Link>> {
    db.read()
        .all(
            "SELECT user_id, elder_id, relation, made_by, made_at FROM safety_link WHERE elder_id = $1 AND ended_at IS NULL
             ORDER BY made_at, user_id",
            vals![elder],
        )
        .await
}

pub(crate) async fn insert_link(tx: &Tx, user: UserId, elder: ElderId, relation: &str, by: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_link (user_id, elder_id, relation, made_by, made_at) VALUES ($1,$2,$3,$4,$5)
         ON CONFLICT (user_id, elder_id) DO UPDATE SET relation = excluded.relation, ended_at = NULL",
        vals![user, elder, relation, by, tx.now()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn end_link(tx: &Tx, user: UserId, elder: ElderId) -> Result<bool> {
    let n = tx
        .exec(
            "UPDATE safety_link SET ended_at = $3 WHERE user_id = $1 AND elder_id = $2 AND ended_at IS NULL",
            vals![user, elder, tx.now()],
        )
        .await?;
    Ok(n > 0)
}
