//! Who is on duty, and the ladder.
use super::{LADDER, ROSTER};
use crate::model::{Duty, Ladder, RosterId, RosterLine};
use crate::store::duty as sql;
use kernel::{Actor, CivilDate, Error, Instant, Permission, Phone, RegionCode, Result, Scope, Tier, UserId};
use serde_json::json;
use store::{Db, Secret};

/// Everyone on the rosters of a region.
pub async fn roster(db: &Db, scope: &Scope) -> Result<Vec<RosterLine>> {
    Ok(sql::roster(db, scope).await?.into_iter().map(sql::RosterRow::line).collect())
}

/// Who would be reached for a place right now, rung by rung.
pub async fn roster_now(db: &Db, place: &RegionCode) -> Result<Vec<(crate::model::Rung, Vec<String>)>> {
    let now = db.now();
    let ladder = sql::ladder_for(db.read(), place).await?;
    let mut out = Vec::new();
    for rung in ladder.rungs {
        let names = match rung.duty {
            Duty::Desk => super::desk::online(db.read(), place, now).await?.into_iter().map(|p| p.name).collect(),
            Duty::Family => vec!["各家的紧急联系人".to_string()],
            duty => {
                let rows = sql::roster_for(db.read(), place, duty).await?;
                let lines = rows.into_iter().map(sql::RosterRow::line);
                lines.filter(|l| l.on_duty(now)).map(|l| l.name).collect()
            }
        };
        out.push((rung, names));
    }
    Ok(out)
}

/// Standing hours of duty to be written.
#[derive(Clone, Debug)]
pub struct NewDuty {
    pub region: RegionCode,
    pub duty: Duty,
    pub name: String,
    pub phone: Phone,
    pub user: Option<UserId>,
    /// Monday is bit 0.
    pub weekdays: i64,
    pub from_minute: i64,
    pub to_minute: i64,
    pub since: CivilDate,
    pub until: Option<CivilDate>,
}

/// # Errors
/// `Forbidden`, `NotFound` outside the region, `Invalid`.
pub async fn add_duty(db: &Db, actor: &Actor, new: NewDuty) -> Result<RosterId> {
    actor.require(Permission::SafetyArrange)?;
    if !actor.scope().covers(&new.region) {
        return Err(Error::NotFound("这个地方".into()));
    }
    let name = new.name.trim().to_string();
    if name.is_empty() || name.chars().count() > 40 {
        return Err(Error::invalid("name", "姓名要 1 到 40 字"));
    }
    if matches!(new.duty, Duty::Desk | Duty::Family) {
        return Err(Error::invalid("duty", "坐席看在线状态，家人看档案，不用排班"));
    }
    if new.weekdays & 127 == 0 {
        return Err(Error::invalid("weekdays", "至少选一天"));
    }
    let minute = |m: i64| (0..1440).contains(&m);
    if !minute(new.from_minute) || !minute(new.to_minute) {
        return Err(Error::invalid("from", "钟点写成 08:00 这样"));
    }
    if new.until.is_some_and(|u| u < new.since) {
        return Err(Error::invalid("until", "止期不能早于起期"));
    }
    let line = RosterLine {
        id: db.new_id(),
        region: new.region,
        duty: new.duty,
        name,
        phone_masked: new.phone.masked(),
        user: new.user,
        weekdays: new.weekdays & 127,
        from_minute: new.from_minute,
        to_minute: new.to_minute,
        since: new.since,
        until: new.until,
        away_until: None,
    };
    let tx = db.begin().await?;
    let phone = db.keys().seal(Secret::Phone, new.phone.as_str())?;
    sql::insert_roster(&tx, sql::NewRoster { line: &line, phone, by: actor.label() }).await?;
    told(&tx, actor, &line, "add").await?;
    tx.commit().await?;
    Ok(line.id)
}

async fn told(tx: &store::Tx, actor: &Actor, line: &RosterLine, step: &str) -> Result<()> {
    let entry = audit::Entry::new(ROSTER, "roster", line.id)
        .region(line.region)
        .detail(json!({ "step": step, "duty": line.duty.code() }));
    audit::record(tx, actor, entry).await
}

async fn held(tx: &store::Tx, actor: &Actor, id: RosterId) -> Result<RosterLine> {
    actor.require(Permission::SafetyArrange)?;
    let row = sql::roster_one(tx, actor.scope(), id).await?;
    Ok(row.ok_or_else(|| Error::NotFound("这条值班".into()))?.line())
}

/// Takes somebody off the roster.
pub async fn end_duty(db: &Db, actor: &Actor, id: RosterId) -> Result<()> {
    let tx = db.begin().await?;
    let line = held(&tx, actor, id).await?;
    sql::end_roster(&tx, id).await?;
    told(&tx, actor, &line, "end").await?;
    tx.commit().await
}

/// Leave until a moment; `None` ends it.
pub async fn away(db: &Db, actor: &Actor, id: RosterId, until: Option<Instant>) -> Result<()> {
    let tx = db.begin().await?;
    let line = held(&tx, actor, id).await?;
    sql::set_away(&tx, id, until).await?;
    told(&tx, actor, &line, "away").await?;
    tx.commit().await
}

/// The ladder that holds for a region, and whether it is its own.
pub async fn ladder(db: &Db, region: &RegionCode) -> Result<(Ladder, bool)> {
    if let Some(l) = sql::ladder_of(db.read(), region).await? {
        return Ok((l, true));
    }
    Ok((sql::ladder_for(db.read(), region).await?, false))
}

/// Sets a region's own ladder. A town, county or city may have one.
///
/// # Errors
/// `Forbidden`, `NotFound`, `Invalid` with what is wrong.
pub async fn set_ladder(db: &Db, actor: &Actor, ladder: Ladder) -> Result<()> {
    actor.require(Permission::SafetyArrange)?;
    if !actor.scope().covers(&ladder.region) || ladder.region.tier() == Tier::Village {
        return Err(Error::NotFound("这个地方".into()));
    }
    if let Some(fault) = ladder.fault() {
        return Err(Error::invalid("rungs", fault));
    }
    let tx = db.begin().await?;
    sql::set_ladder(&tx, db, &ladder, &actor.label()).await?;
    let entry = audit::Entry::new(LADDER, "ladder", ladder.region)
        .region(ladder.region)
        .detail(json!({ "rungs": ladder.rungs.len(), "again_s": ladder.again_s }));
    audit::record(&tx, actor, entry).await?;
    tx.commit().await
}
