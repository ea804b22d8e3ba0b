//! Emergencies of the demo: who is on duty, who lives near, the pages of an elder and a daughter, two months of answered
//! alarms, and a few that wait.
use super::names::{Dice, mobile};
use super::{COUNTY, Cast, TOWNS};
use crate::config::Config;
use crate::wire;
use ::safety::model::{AlarmKind, Cause, Consent, Duty, Fix, HelperKind, NewAlarm, Origin, SlowClass};
use ::safety::service::{self, HistoryCase, Home, NewDuty, NewHelper};
use kernel::{CivilDate, ElderId, Error, IdGen, Instant, Result};
use people::model::{ElderCard, Living};
use store::Db;

/// Days of past alarms.
const DAYS: i64 = 50;

/// (kind, cause, words, outcome, per mille)
const PAST: [(AlarmKind, Cause, &str, &str, u64); 7] = [
    (AlarmKind::Sos, Cause::FalseAlarm, "手表长按 3 秒", "本人接了电话，碰到的，没事", 380),
    (AlarmKind::Sos, Cause::Unwell, "手表长按 3 秒", "头晕，村医量过血压，家人在身边", 600),
    (AlarmKind::Sos, Cause::NeedsService, "手表长按 3 秒", "想约打扫，已下单", 740),
    (AlarmKind::Fall, Cause::FellUnhurt, "撞击后 40 秒没有动", "扶起来了，没有外伤", 830),
    (AlarmKind::NoMotion, Cause::Safe, "3 小时 10 分没有人走动", "电话打通，在邻居家", 930),
    (AlarmKind::Smoke, Cause::FalseAlarm, "厨房烟感", "煮粥，开窗散了", 970),
    (AlarmKind::FenceLeft, Cause::Found, "离家 1.2 公里", "去卫生院拿药，已回家", 1000),
];

/// Fills in the emergencies of a town that was built.
pub async fn write(db: &Db, config: &Config, cast: &Cast, seed: u64, now: Instant) -> Result<()> {
    let ids = IdGen::new(seed ^ 0x5AFE);
    let dice = Dice(&ids);
    let platform = wire::platform(config, "demo");
    db.clock().set(now.plus_ms(-3 * Instant::DAY));
    on_duty(db, cast, &dice).await?;
    let mut alone = people_who_live_alone(db, config).await?;
    if alone.len() < 6 {
        return Err(Error::Internal("the demo town is too small for emergencies".into()));
    }
    // The lead of the pages comes first.
    alone.sort_by_key(|e| (e.region.as_str() != super::cast::LEAD_VILLAGE, e.birth));
    for e in alone.iter().take(40) {
        prepare(db, &platform, e, &dice).await?;
    }
    let lead = &alone[0];
    let own = service::home_account(true, &lead.name, "", "demo-elder");
    service::open_home_account(db, &platform, lead.id, own).await?;
    let daughter = service::home_account(false, "彭小梅", "女儿", "demo-family");
    service::open_home_account(db, &platform, lead.id, daughter).await?;
    past(db, cast, &alone, &dice, now).await?;
    db.clock().set(now);
    waiting(db, &alone, now).await
}

async fn people_who_live_alone(db: &Db, config: &Config) -> Result<Vec<ElderCard>> {
    let scope = wire::whole(config);
    let mut out = Vec::new();
    let mut after = None;
    loop {
        let homes = people::service::households_after(db, &scope, after, 500).await?;
        let Some(last) = homes.last() else { return Ok(out) };
        after = Some(last.household);
        let ids: Vec<ElderId> = homes
            .iter()
            .flat_map(|h| &h.members)
            .filter(|m| m.died_on.is_none() && m.moved_out_on.is_none() && m.living == Living::LivingAlone)
            .map(|m| m.elder)
            .collect();
        out.extend(people::service::cards(db, &scope, &ids).await?.into_values());
        if out.len() >= 200 {
            out.sort_by_key(|c| c.id);
            return Ok(out);
        }
    }
}

async fn on_duty(db: &Db, cast: &Cast, dice: &Dice<'_>) -> Result<()> {
    let all = [
        (Duty::Lead, "彭志坚", COUNTY, 8, 20),
        (Duty::Lead, "罗惠芬", COUNTY, 20, 8),
        (Duty::Town, "陈嘉敏", TOWNS[0], 0, 0),
        (Duty::County, "邹建明", COUNTY, 0, 0),
        (Duty::Medical, "罗志成", COUNTY, 0, 0),
    ];
    for (duty, name, region, from, to) in all {
        let new = NewDuty {
            region: region.parse().map_err(Error::internal)?,
            duty,
            name: name.into(),
            phone: mobile(dice).parse().map_err(Error::Internal)?,
            user: None,
            weekdays: 127,
            from_minute: from * 60,
            to_minute: to * 60,
            since: CivilDate::from_epoch_days(20_000),
            until: None,
        };
        service::add_duty(db, &cast.county_staff, new).await?;
    }
    Ok(())
}

/// Door, medication and a neighbour who has a key.
async fn prepare(db: &Db, actor: &kernel::Actor, e: &ElderCard, dice: &Dice<'_>) -> Result<()> {
    let door = if dice.chance(500) { format!("{:04}#", dice.below(10_000)) } else { String::new() };
    let pills = *dice.pick(&["氨氯地平 5 mg 早 1 次", "二甲双胍 0.5 g 早晚各 1 次", "阿司匹林 100 mg 晚 1 次", ""]);
    let name = *dice.pick(&["黄彩云", "叶秀兰", "罗国强", "彭玉珍", "曾志明"]);
    let home = Home {
        consent: Consent::Given,
        consent_at: None,
        door,
        keys: format!("邻居 {name}"),
        medication: pills.into(),
        allergy: if dice.chance(150) { "青霉素".into() } else { String::new() },
        manner: if dice.chance(400) { "听力弱，慢慢说，说客家话".into() } else { "说客家话".into() },
        version: 0,
        changed_by: String::new(),
        changed_at: None,
    };
    service::save_home(db, actor, e.id, home, 0).await?;
    let near = e.place.map(|p| kernel::GeoPoint { lat_e6: p.lat_e6 + 400, lng_e6: p.lng_e6 + 350 });
    let helper = NewHelper {
        region: e.region,
        kind: HelperKind::Neighbour,
        name: name.into(),
        phone: mobile(dice).parse().map_err(Error::Internal)?,
        place: near,
        elder: Some(e.id),
        has_key: true,
        note: String::new(),
    };
    service::add_helper(db, actor, helper).await.map(|_| ())
}

async fn past(db: &Db, cast: &Cast, alone: &[ElderCard], dice: &Dice<'_>, now: Instant) -> Result<()> {
    let mut all = Vec::new();
    for back in (1..=DAYS).rev() {
        for _ in 0..dice.range(4, 10) {
            let roll = dice.below(1000);
            let Some((kind, cause, reason, outcome, _)) = PAST.iter().find(|p| roll < p.4) else { continue };
            let opened_at = now.date().plus_days(-back).at(dice.below(24) as u32, dice.below(60) as u32);
            // Nine of ten within half a minute; a few wait too long, more of them by night.
            let night = opened_at.minute_of_day() < 360;
            let answered_ms = match dice.below(1000) {
                n if n < if night { 25 } else { 4 } => dice.range(185, 400) * 1000,
                n if n < if night { 60 } else { 16 } => dice.range(61, 150) * 1000,
                _ => dice.range(4, 26) * 1000,
            };
            let go = !matches!(cause, Cause::FalseAlarm | Cause::NeedsService);
            let arrived = go.then(|| answered_ms + dice.range(3, 14) * Instant::MINUTE);
            all.push(HistoryCase {
                elder: dice.pick(alone).clone(),
                kind: *kind,
                origin: Origin::Device,
                reason: (*reason).into(),
                opened_at,
                by: cast.operator.clone(),
                answered_ms,
                sent: go.then(|| (HelperKind::Neighbour, "黄彩云".to_string(), answered_ms + 50_000)),
                arrived_ms: arrived,
                closed_ms: arrived.unwrap_or(answered_ms) + dice.range(2, 9) * Instant::MINUTE,
                cause: *cause,
                outcome: (*outcome).into(),
                slow: (answered_ms > 180_000 && back > 6).then(|| (SlowClass::Staff, "夜班 2 人都在通话".to_string())),
            });
        }
    }
    all.sort_by_key(|c| c.opened_at);
    let tx = db.begin().await?;
    service::bulk_insert(&tx, db, &all).await?;
    tx.commit().await
}

/// One that has just been pressed, one in hand, and what is only to be looked at.
async fn waiting(db: &Db, alone: &[ElderCard], now: Instant) -> Result<()> {
    let some = [
        (1, AlarmKind::NoMotion, "客厅 3 小时 10 分没有人走动，电话没人接", 310),
        (2, AlarmKind::BatteryLow, "手表电量 8%", 5400),
        (0, AlarmKind::Sos, "手表长按 3 秒，此前 6 分钟心率由 78 升到 112", 41),
    ];
    for (who, kind, reason, ago) in some {
        let e = &alone[who];
        db.clock().set(now.plus_ms(-ago * 1000));
        let point = e.place.map(|p| kernel::GeoPoint { lat_e6: p.lat_e6 + 120, lng_e6: p.lng_e6 - 90 });
        let alarm = NewAlarm {
            key: format!("demo:{}:{who}", kind.code()),
            elder: e.id,
            kind,
            risk: kind.urgency().into(),
            origin: Origin::Device,
            at: db.now(),
            reason: reason.into(),
            evidence: serde_json::Value::Null,
            unverified: false,
            device: Some(format!("YW-208{}", 71 + who)),
            fix: point.map(|point| Fix { point, accuracy_m: 25, at: db.now() }),
        };
        let tx = db.begin().await?;
        service::raise(&tx, db, alarm).await?;
        tx.commit().await?;
    }
    db.clock().set(now);
    Ok(())
}
