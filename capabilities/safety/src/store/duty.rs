//! Ladders, rosters, who sits at a desk, gateways' signs of life.
use crate::model::{Duty, Ladder, LadderId, RosterId, RosterLine, Rung};
use kernel::{CivilDate, Error, Instant, RegionCode, Result, Scope, Tier, UserId};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Filter, Sql, SqlExt, Tx, vals};

#[derive(FromQueryResult)]
struct LadderRow {
    region: RegionCode,
    rungs: String,
    again_s: i64,
}

/// The ladder nearest above a place: its town's, county's, city's, province's, or the usual one.
pub(crate) async fn ladder_for<C: Sql>(conn: &C, place: &RegionCode) -> Result<Ladder> {
    for tier in [Tier::Town, Tier::County, Tier::City, Tier::Province] {
        if let Some(l) = ladder_of(conn, &place.at(tier)).await? {
            return Ok(l);
        }
    }
    Ok(Ladder::usual(place.at(Tier::County)))
}

/// A region's own ladder.
pub(crate) async fn ladder_of<C: Sql>(conn: &C, region: &RegionCode) -> Result<Option<Ladder>> {
    let row: Option<LadderRow> =
        conn.one("SELECT region, rungs, again_s FROM safety_ladder WHERE region = $1", vals![*region]).await?;
    row.map(|r| {
        let rungs: Vec<Rung> = serde_json::from_str(&r.rungs).map_err(Error::internal)?;
        Ok(Ladder { region: r.region, rungs, again_s: r.again_s })
    })
    .transpose()
}

pub(crate) async fn set_ladder(tx: &Tx, db: &Db, l: &Ladder, by: &str) -> Result<()> {
    let id: LadderId = db.new_id();
    let rungs = serde_json::to_string(&l.rungs).map_err(Error::internal)?;
    tx.exec(
        "INSERT INTO safety_ladder (id, region, rungs, again_s, version, set_by, set_at) VALUES ($1,$2,$3,$4,1,$5,$6)
         ON CONFLICT (region) DO UPDATE SET rungs = excluded.rungs, again_s = excluded.again_s,
           version = safety_ladder.version + 1, set_by = excluded.set_by, set_at = excluded.set_at",
        vals![id, l.region, rungs, l.again_s, by, tx.now()],
    )
    .await?;
    Ok(())
}

#[derive(FromQueryResult)]
pub(crate) struct RosterRow {
    pub(crate) id: RosterId,
    region: RegionCode,
    duty: Duty,
    name: String,
    pub(crate) phone: Vec<u8>,
    phone_masked: String,
    user_id: Option<UserId>,
    weekdays: i64,
    from_minute: i64,
    to_minute: i64,
    since: CivilDate,
    until: Option<CivilDate>,
    away_until: Option<Instant>,
}

impl RosterRow {
    pub(crate) fn line(self) -> RosterLine {
        RosterLine {
            id: self.id,
            region: self.region,
            duty: self.duty,
            name: self.name,
            phone_masked: self.phone_masked,
            user: self.user_id,
            weekdays: self.weekdays,
            from_minute: self.from_minute,
            to_minute: self.to_minute,
            since: self.since,
            until: self.until,
            away_until: self.away_until,
        }
    }
}

const ROSTER: &str = "id, region, duty, name, phone, phone_masked, user_id, weekdays, from_minute, to_minute, since, \
                      until, away_until";

/// Everyone of a duty who is responsible for a place: of its region or one above.
pub(crate) async fn roster_for<C: Sql>(conn: &C, place: &RegionCode, duty: Duty) -> Result<Vec<RosterRow>> {
    let up = [Tier::Village, Tier::Town, Tier::County, Tier::City].map(|t| place.at(t));
    let sql = format!(
        "SELECT {ROSTER} FROM safety_roster WHERE duty = $1 AND active = TRUE AND region IN ($2,$3,$4,$5)
         ORDER BY region DESC, name, id"
    );
    conn.all(&sql, vals![duty, up[0], up[1], up[2], up[3]]).await
}

pub(crate) async fn roster(db: &Db, scope: &Scope) -> Result<Vec<RosterRow>> {
    let mut f = Filter::from("safety_roster");
    f.region("region", scope).and("active = ?", true);
    db.read().all(&format!("SELECT {ROSTER} {} ORDER BY duty, region, from_minute, name, id", f.sql()), f.values).await
}

pub(crate) async fn roster_one(tx: &Tx, scope: &Scope, id: RosterId) -> Result<Option<RosterRow>> {
    let mut f = Filter::from("safety_roster");
    f.region("region", scope).and("id = ?", id).and("active = ?", true);
    tx.one(&format!("SELECT {ROSTER} {}{}", f.sql(), tx.lock()), f.values).await
}

/// What a roster line is written with.
pub(crate) struct NewRoster<'a> {
    pub(crate) line: &'a RosterLine,
    pub(crate) phone: Vec<u8>,
    pub(crate) by: String,
}

pub(crate) async fn insert_roster(tx: &Tx, n: NewRoster<'_>) -> Result<()> {
    let l = n.line;
    tx.exec(
        "INSERT INTO safety_roster (id, region, duty, name, phone, phone_masked, user_id, weekdays, from_minute, to_minute,
           since, until, away_until, active, made_by, made_at) VALUES ($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11,$12,NULL,TRUE,$13,$14)",
        vals![
            l.id,
            l.region,
            l.duty,
            l.name.clone(),
            n.phone,
            l.phone_masked.clone(),
            l.user,
            l.weekdays,
            l.from_minute,
            l.to_minute,
            l.since,
            l.until,
            n.by,
            tx.now()
        ],
    )
    .await?;
    Ok(())
}

pub(crate) async fn end_roster(tx: &Tx, id: RosterId) -> Result<()> {
    tx.exec("UPDATE safety_roster SET active = FALSE WHERE id = $1", vals![id]).await?;
    Ok(())
}

pub(crate) async fn set_away(tx: &Tx, id: RosterId, until: Option<Instant>) -> Result<()> {
    tx.exec("UPDATE safety_roster SET away_until = $2 WHERE id = $1", vals![id, until]).await?;
    Ok(())
}

/// A person at a desk.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Presence {
    pub user_id: UserId,
    pub name: String,
    pub region: RegionCode,
    pub seen_at: Instant,
    pub ready: bool,
    pub bell: bool,
}

/// A sign of life from a desk.
pub(crate) async fn seen(tx: &Tx, user: UserId, name: &str, region: RegionCode) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_presence (user_id, name, region, seen_at, ready, bell) VALUES ($1,$2,$3,$4,TRUE,TRUE)
         ON CONFLICT (user_id) DO UPDATE SET seen_at = excluded.seen_at, name = excluded.name, region = excluded.region",
        vals![user, name, region, tx.now()],
    )
    .await?;
    Ok(())
}

pub(crate) async fn set_ready(tx: &Tx, user: UserId, ready: bool) -> Result<()> {
    tx.exec("UPDATE safety_presence SET ready = $2 WHERE user_id = $1", vals![user, ready]).await?;
    Ok(())
}

pub(crate) async fn set_bell(tx: &Tx, user: UserId, bell: bool) -> Result<()> {
    tx.exec("UPDATE safety_presence SET bell = $2 WHERE user_id = $1", vals![user, bell]).await?;
    Ok(())
}

pub(crate) async fn gone(tx: &Tx, user: UserId) -> Result<()> {
    tx.exec("UPDATE safety_presence SET seen_at = 0 WHERE user_id = $1", vals![user]).await?;
    Ok(())
}

pub(crate) async fn presence_of<C: Sql>(conn: &C, user: UserId) -> Result<Option<Presence>> {
    conn.one("SELECT user_id, name, region, seen_at, ready, bell FROM safety_presence WHERE user_id = $1", vals![user])
        .await
}

/// Everyone who gave a sign of life since.
pub(crate) async fn present<C: Sql>(conn: &C, since: Instant) -> Result<Vec<Presence>> {
    conn.all(
        "SELECT user_id, name, region, seen_at, ready, bell FROM safety_presence WHERE seen_at >= $1 ORDER BY name, user_id",
        vals![since],
    )
    .await
}

/// A gateway and when it last gave a sign of life.
#[derive(Clone, Debug, FromQueryResult)]
pub struct Gateway {
    pub name: String,
    pub region: RegionCode,
    pub seen_at: Instant,
    pub note: String,
}

pub(crate) async fn gateway_beat(tx: &Tx, name: &str, region: RegionCode, note: &str) -> Result<()> {
    tx.exec(
        "INSERT INTO safety_gateway (name, region, seen_at, note, told) VALUES ($1,$2,$3,$4,FALSE)
         ON CONFLICT (name) DO UPDATE SET seen_at = excluded.seen_at, note = excluded.note, told = FALSE",
        vals![name, region, tx.now(), note],
    )
    .await?;
    Ok(())
}

pub(crate) async fn gateways<C: Sql>(conn: &C) -> Result<Vec<Gateway>> {
    conn.all("SELECT name, region, seen_at, note FROM safety_gateway ORDER BY name", vec![]).await
}

pub(crate) async fn drop_gateway(tx: &Tx, name: &str) -> Result<()> {
    tx.exec("DELETE FROM safety_gateway WHERE name = $1", vals![name]).await?;
    Ok(())
}
