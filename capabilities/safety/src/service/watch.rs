//! What has to happen though nobody asks for it: the next rung, an owner who is gone, the family, the empty desk.
//!
//! All moments stand in the database. The loop only looks: after a restart the next look finds what became due.
use super::{CLIMBED, desk, platform_of};
use crate::devices::minutes_words;
use crate::model::{Case, CaseId, CaseState, Duty, EventKind, NoticeKind, RosterLine, Rung, kind_zh};
use crate::store::{cases, duty, lists, notices};
use kernel::{Instant, Phone, RegionBook, RegionCode, Result, Scope};
use people::model::ContactKind;
use store::{Db, Secret, Tx};

/// An owner whose desk gave no sign of life for so long, and who has sent nobody yet, loses the case.
pub const OWNER_MS: i64 = 180_000;
/// A case that rings since a moment so far ahead was begun before the platform's clock was put back. Less is the order of
/// two machines.
const AHEAD_MS: i64 = 2 * Instant::MINUTE;
/// At most so many of one kind of work in one look.
const BATCH: i64 = 200;

/// A ladder has at most so many rungs.
const RUNGS: usize = 8;

/// What one look did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Looked {
    pub climbed: usize,
    pub released: usize,
    pub told: usize,
}

impl Looked {
    pub fn any(self) -> bool {
        self.climbed + self.released + self.told > 0
    }
}

/// Does all that is due. What fails for one case is logged and holds up no other.
pub async fn look(db: &Db, book: &RegionBook) -> Result<Looked> {
    let mut out = Looked::default();
    let now = db.now();
    for (id, user) in lists::held(db).await? {
        let gone = duty::presence_of(db.read(), user).await?.is_none_or(|p| now.since(p.seen_at) > OWNER_MS);
        if gone {
            out.released += usize::from(tried(id, owner_lost(db, id, user).await));
        }
    }
    for id in lists::ahead(db, now.plus_ms(AHEAD_MS)).await? {
        tried(id, timed_anew(db, id).await);
    }
    let mut due = lists::due(db, now, BATCH).await?;
    // Nobody at a desk any more: the first rung does not wait for its time.
    let desks = duty::present(db.read(), now.plus_ms(-desk::ONLINE_MS)).await?;
    for r in lists::ringing(db).await? {
        let alone = !desks.iter().any(|p| p.ready && p.region.contains(&r.region));
        if alone && r.rung == 0 && !due.contains(&r.id) {
            due.push(r.id);
        }
    }
    for id in due {
        // Two rungs may stand at one time, and after a standstill several are due.
        for _ in 0..RUNGS {
            if !tried(id, climb(db, book, id).await) {
                break;
            }
            out.climbed += 1;
        }
    }
    for id in cases::family_due(db).await? {
        out.told += usize::from(tried(id, tell_family(db, book, id).await));
    }
    Ok(out)
}

fn tried(case: CaseId, done: Result<bool>) -> bool {
    match done {
        Ok(did) => did,
        Err(e) => {
            tracing::error!(case = %case, error = %e, "what was due for a case failed; it is tried again");
            false
        }
    }
}

/// Puts a case back whose owner's desk is gone.
async fn owner_lost(db: &Db, id: CaseId, user: kernel::UserId) -> Result<bool> {
    let tx = db.begin().await?;
    let Some(mut case) = cases::any(&tx, id, tx.lock()).await? else { return Ok(false) };
    let still = matches!(case.state, CaseState::Claimed | CaseState::Calling) && case.owned_by(Some(user));
    if !still {
        return Ok(false);
    }
    let name = case.owner.take().map(|o| o.name).unwrap_or_default();
    ring_again(&tx, db, &mut case, &format!("{name}的工作台 3 分钟没有动静，重新响铃")).await?;
    tx.commit().await?;
    Ok(true)
}

async fn ring_again(tx: &Tx, db: &Db, case: &mut Case, why: &str) -> Result<()> {
    let now = tx.now();
    case.owner = None;
    case.state = CaseState::Open;
    case.ringing_at = now;
    case.rung = 0;
    case.news = 0;
    case.next_rung_at = super::raise::first_rung(tx, &case.region, now).await?;
    cases::save(tx, case).await?;
    cases::tell(tx, db, case.id, EventKind::OwnerLost, &platform_of(case), why, true).await
}

/// After the clock was put back a case is waited for from the new time on, so that nothing comes late by the jump.
async fn timed_anew(db: &Db, id: CaseId) -> Result<bool> {
    let tx = db.begin().await?;
    let now = tx.now();
    let Some(mut case) = cases::any(&tx, id, tx.lock()).await? else { return Ok(false) };
    if case.ringing_at.since(now) <= AHEAD_MS || case.next_rung_at.is_none() {
        return Ok(false);
    }
    case.ringing_at = now;
    case.next_rung_at = match case.owner {
        Some(_) => Some(now.plus_ms(super::NEWS_MS)),
        None => super::raise::first_rung(&tx, &case.region, now).await?,
    };
    cases::save(&tx, &case).await?;
    let text = "平台时钟往回拨了，从现在重新计时";
    cases::tell(&tx, db, case.id, EventKind::Noted, &platform_of(&case), text, false).await?;
    tx.commit().await?;
    Ok(true)
}

/// Climbs the next rung of a case, if it is due still. A rung on which nobody is on duty does not wait for its time.
async fn climb(db: &Db, book: &RegionBook, id: CaseId) -> Result<bool> {
    let tx = db.begin().await?;
    let now = tx.now();
    let Some(mut case) = cases::any(&tx, id, tx.lock()).await? else { return Ok(false) };
    if !case.state.open() || !case.risk.rings() {
        return Ok(false);
    }
    if case.owner.is_some() {
        // The owner has news and did not look.
        if case.news > 0 && case.next_rung_at.is_some_and(|t| t <= now) {
            let name = case.owner.as_ref().map(|o| o.name.clone()).unwrap_or_default();
            ring_again(&tx, db, &mut case, &format!("又有报警，{name} 1 分钟没看，重新响铃")).await?;
            tx.commit().await?;
            return Ok(true);
        }
        return Ok(false);
    }
    let alone = desk::online(&tx, &case.region, now).await?.is_empty();
    let due = case.next_rung_at.is_some_and(|t| t <= now);
    let nobody_there = alone && case.rung == 0;
    if !due && !nobody_there {
        return Ok(false);
    }
    let ladder = duty::ladder_for(&tx, &case.region).await?;
    if ladder.rungs.is_empty() {
        case.next_rung_at = None;
        cases::save(&tx, &case).await?;
        tx.commit().await?;
        return Ok(false);
    }
    let me = platform_of(&case);
    let waited = now.since(case.ringing_at) / 1000;
    let why = if alone { "没有坐席在线".to_string() } else { format!("{waited} 秒没人接") };
    let steps = ladder.rungs.len() as i64;
    let mut found = false;
    for _ in 0..steps {
        let Some(rung) = ladder.rung(case.rung) else { break };
        let reached = reach(&tx, db, book, &case, rung, &why).await?;
        case.rung += 1;
        let text = match reached.is_empty() {
            false => format!("{why}，通知{}{}", rung.duty.zh(), reached.join("、")),
            true => format!("{why}，{}现在没人，直接到下一级", rung.duty.zh()),
        };
        cases::tell(&tx, db, case.id, EventKind::Rung, &me, &text, true).await?;
        if !reached.is_empty() {
            found = true;
            break;
        }
        // Past the end the last one comes again after a while, not at once.
        if case.rung >= steps {
            break;
        }
    }
    case.next_rung_at = if case.rung < steps && found {
        // The ladder's own time, also after the machine was off for a while.
        ladder.due(case.ringing_at, case.rung).map(|t| t.max(now))
    } else {
        Some(now.plus_ms(ladder.again_s * 1000))
    };
    cases::save(&tx, &case).await?;
    let entry = audit::Entry::new(CLIMBED, "safety_case", case.id)
        .region(case.region)
        .detail(serde_json::json!({ "rung": case.rung, "found": found }));
    audit::record(&tx, &me, entry).await?;
    tx.commit().await?;
    Ok(true)
}

/// Those a rung reaches at this moment, by name, each with a message in the outbox.
async fn reach(tx: &Tx, db: &Db, book: &RegionBook, case: &Case, rung: Rung, why: &str) -> Result<Vec<String>> {
    let now = tx.now();
    if rung.duty == Duty::Desk {
        return Ok(desk::online(tx, &case.region, now).await?.into_iter().map(|p| p.name).collect());
    }
    if rung.duty == Duty::Family {
        return family(tx, db, book, case, NoticeKind::Rung, why).await;
    }
    let mut names = Vec::new();
    for row in duty::roster_for(tx, &case.region, rung.duty).await? {
        let phone = db.keys().open(Secret::Phone, &row.phone)?;
        let line: RosterLine = row.line();
        if !line.on_duty(now) {
            continue;
        }
        // Whoever left has no account any more, whatever the roster says.
        if let Some(user) = line.user
            && !access::directory::is_active(db, user).await?
        {
            continue;
        }
        let text = format!(
            "{}{} {} {}，{why}。单号 {}，请打 12349 接手。",
            place(book, &case.region),
            case.elder_name,
            case.about(now.date()),
            kind_zh(case.kind),
            case.no
        );
        let notice = notices::NewNotice {
            case: case.id,
            region: case.region,
            kind: NoticeKind::Rung,
            name: line.name.clone(),
            phone,
            phone_masked: line.phone_masked,
            text,
        };
        notices::insert(tx, db, notice).await?;
        names.push(line.name);
    }
    Ok(names)
}

fn place(book: &RegionBook, region: &RegionCode) -> String {
    let name = book.name(region);
    if name.is_empty() { String::new() } else { format!("{name} ") }
}

/// Writes to guardians and emergency contacts, or where there are none to family, unless consent was withdrawn.
async fn family(tx: &Tx, db: &Db, book: &RegionBook, case: &Case, kind: NoticeKind, why: &str) -> Result<Vec<String>> {
    if !case.consent.full() {
        return Ok(Vec::new());
    }
    let me = platform_of(case);
    let scope: &Scope = me.scope();
    let all = people::service::contacts(db, scope, case.elder).await?;
    let first: Vec<_> = all.iter().filter(|c| c.kind != ContactKind::Family).collect();
    let whom = if first.is_empty() { all.iter().take(2).collect() } else { first };
    let mut names = Vec::new();
    for c in whom {
        let reason = format!("告知家人，{}", case.no);
        let Some(plain) = people::service::contact_phone_plain(tx, db, &me, c.id, &reason).await? else { continue };
        let Ok(phone) = plain.parse::<Phone>() else { continue };
        let text = format!(
            "{}{} {}，{}{}。坐席在处理，单号 {}，可打 12349 问。",
            place(book, &case.region),
            case.elder_name,
            case.opened_at.hhmm(),
            kind_zh(case.kind),
            if why.is_empty() { String::new() } else { format!("，{why}") },
            case.no
        );
        let notice = notices::NewNotice {
            case: case.id,
            region: case.region,
            kind,
            name: c.name.clone(),
            phone_masked: phone.masked(),
            phone: plain,
            text,
        };
        notices::insert(tx, db, notice).await?;
        names.push(format!("{}{}", c.relation, c.name));
    }
    Ok(names)
}

/// Tells the family of a new case, once.
async fn tell_family(db: &Db, book: &RegionBook, id: CaseId) -> Result<bool> {
    let tx = db.begin().await?;
    let Some(case) = cases::any(&tx, id, tx.lock()).await? else { return Ok(false) };
    let names =
        if case.state.open() { family(&tx, db, book, &case, NoticeKind::Raised, "").await? } else { Vec::new() };
    cases::family_told(&tx, id).await?;
    if !names.is_empty() {
        let text = format!("短信告知{}，已排队", names.join("、"));
        cases::tell(&tx, db, id, EventKind::Told, &platform_of(&case), &text, false).await?;
        // A line was added: streams look at versions.
        cases::save(&tx, &case).await?;
    }
    tx.commit().await?;
    Ok(!names.is_empty())
}

/// What everyone of the centre has to see at once, by region.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Loud {
    pub region: RegionCode,
    pub text: String,
    pub href: &'static str,
}

/// What is wrong now: alarms that ring with nobody at a desk, alarms that ring too long, gateways that are cut off.
pub async fn loud(db: &Db) -> Result<Vec<Loud>> {
    let now = db.now();
    let desks = duty::present(db.read(), now.plus_ms(-desk::ONLINE_MS)).await?;
    let mut out: Vec<Loud> = Vec::new();
    let mut by: Vec<(RegionCode, bool, i64, Instant)> = Vec::new();
    for r in lists::ringing(db).await? {
        let county = r.region.at(kernel::Tier::County);
        let alone = !desks.iter().any(|p| p.ready && p.region.contains(&r.region));
        if !alone && now.since(r.ringing_at) < 60_000 {
            continue;
        }
        match by.iter_mut().find(|(c, a, ..)| *c == county && *a == alone) {
            Some(x) => {
                x.2 += 1;
                x.3 = x.3.min(r.ringing_at);
            }
            None => by.push((county, alone, 1, r.ringing_at)),
        }
    }
    for (region, alone, n, since) in by {
        let age = crate::model::kpi::minutes_zh(now.since(since));
        let text = if alone {
            format!("没有坐席在线，{n} 个报警没人接，最久 {age}")
        } else {
            format!("{n} 个报警超过 60 秒没人接，最久 {age}")
        };
        out.push(Loud { region, text, href: "/safety" });
    }
    for g in duty::gateways(db.read()).await? {
        let silent = now.since(g.seen_at);
        if silent > desk::GATEWAY_MS {
            let text =
                format!("网关 {} 断了 {}，这段时间的设备报警收不到", g.name, minutes_words(silent / Instant::MINUTE));
            out.push(Loud { region: g.region, text, href: "/safety/duty" });
        }
    }
    Ok(out)
}
