//! A case as the desk, its own page and paper show it.
use crate::devices;
use crate::model::kpi::minutes_zh;
use crate::model::sketch::{Look, Sketch, Spot, metres_zh, sketch};
use crate::model::{Case, CaseState, Event, EventKind, Risk, kind_zh};
use crate::service::{self, Near, Waiting};
use kernel::{CivilDate, Instant, Permission, Result};
use people::model::{ContactId, ElderCard};
use web::{App, Mark, Viewer};

/// One line of the queue.
pub(super) struct Card {
    pub(super) href: String,
    pub(super) ringing: bool,
    pub(super) current: bool,
    pub(super) mark: Mark,
    pub(super) kind: &'static str,
    /// More kinds, and how often.
    pub(super) more: String,
    pub(super) age: String,
    pub(super) since: i64,
    pub(super) name: String,
    pub(super) about: String,
    pub(super) reason: String,
    pub(super) place: String,
    pub(super) owner: String,
    pub(super) news: i64,
    pub(super) unverified: bool,
    pub(super) state: &'static str,
}

pub(super) fn card(app: &App, w: &Waiting, now: Instant, current: bool, shorten: bool) -> Card {
    let c = &w.case;
    let others = w.alarms.iter().filter(|a| a.kind != c.kind).map(|a| kind_zh(a.kind)).collect::<Vec<_>>();
    let mut more = others.join("、");
    let count = w.count();
    if count > w.alarms.len() as i64 {
        more = if more.is_empty() { format!("共 {count} 次") } else { format!("{more}，共 {count} 次") };
    }
    let book = app.regions();
    let reason: String = w.reason();
    Card {
        href: format!("/safety?case={}", c.id),
        ringing: c.ringing(),
        current,
        mark: if c.state == CaseState::Open { c.risk.mark() } else { c.state.mark() },
        kind: kind_zh(c.kind),
        more,
        age: minutes_zh(now.since(c.ringing_at)),
        since: c.ringing_at.0,
        name: c.elder_name.clone(),
        about: c.about(now.date()),
        reason: if shorten { reason.chars().take(34).collect() } else { reason },
        place: book.short(&c.region),
        owner: c.owner.as_ref().map(|o| o.name.clone()).unwrap_or_default(),
        news: c.news,
        unverified: w.unverified(),
        state: c.state.zh(),
    }
}

/// An alarm of a case, in words.
pub(super) struct AlarmLine {
    pub(super) kind: &'static str,
    pub(super) mark: Mark,
    pub(super) reason: String,
    pub(super) count: i64,
    pub(super) last: String,
    pub(super) origin: String,
    pub(super) unverified: bool,
    /// `14:32:10`, when the cause was gone.
    pub(super) cleared: String,
}

/// A contact as the desk shows it.
pub(super) struct ContactLine {
    pub(super) id: ContactId,
    pub(super) name: String,
    pub(super) note: String,
    pub(super) masked: String,
    /// In full, for the call that is about to be made.
    pub(super) number: Option<String>,
    pub(super) key: usize,
}

/// A lock of the elder's home that opens from afar.
pub(super) struct LockLine {
    pub(super) href: String,
    pub(super) name: String,
}

/// Somebody near.
pub(super) struct NearLine {
    pub(super) order: usize,
    pub(super) target: String,
    pub(super) name: String,
    pub(super) kind: &'static str,
    pub(super) note: String,
    pub(super) minutes: String,
    pub(super) masked: String,
}

/// A line of the history.
pub(super) struct EventLine {
    pub(super) time: String,
    pub(super) text: String,
    pub(super) who: String,
    pub(super) class: &'static str,
}

/// A case in full.
pub(super) struct Shown {
    pub(super) id: String,
    pub(super) no: String,
    pub(super) elder: String,
    pub(super) name: String,
    pub(super) about: String,
    pub(super) tags: Vec<String>,
    pub(super) place: String,
    pub(super) manner: String,
    pub(super) kind: &'static str,
    pub(super) state: &'static str,
    pub(super) state_mark: Mark,
    pub(super) open: bool,
    pub(super) ringing: bool,
    pub(super) closed: bool,
    pub(super) since: i64,
    pub(super) age: String,
    /// Percent of the 60 s gone.
    pub(super) spent: i64,
    pub(super) left_s: i64,
    pub(super) owner: String,
    pub(super) owner_since: String,
    pub(super) mine: bool,
    pub(super) may: bool,
    pub(super) news: i64,
    pub(super) alarms: Vec<AlarmLine>,
    pub(super) consent_full: bool,
    pub(super) consent: &'static str,
    pub(super) door: String,
    pub(super) keys: String,
    pub(super) locks: Vec<LockLine>,
    pub(super) medication: String,
    pub(super) allergy: String,
    pub(super) chronic: String,
    pub(super) contacts: Vec<ContactLine>,
    pub(super) near: Vec<NearLine>,
    pub(super) sketch: Option<Sketch>,
    pub(super) fix: String,
    pub(super) from_home: String,
    pub(super) geo: Option<String>,
    pub(super) events: Vec<EventLine>,
    pub(super) helper: String,
    pub(super) may_arrive: bool,
    pub(super) may_release: bool,
    pub(super) outcome: String,
    pub(super) cause: String,
    pub(super) opened: String,
    pub(super) waited: String,
    pub(super) arrived: String,
    pub(super) ended: String,
    pub(super) version: i64,
}

pub(super) fn event_lines(events: &[Event], closed: bool) -> Vec<EventLine> {
    let last = events.len().saturating_sub(1);
    events
        .iter()
        .enumerate()
        .map(|(i, e)| EventLine {
            time: e.at.stamp_seconds().split(' ').nth(1).unwrap_or_default().to_string(),
            text: e.text.clone(),
            who: if e.who == "自动" || e.text.starts_with(&e.who) { String::new() } else { e.who.clone() },
            class: if e.bad {
                "bad"
            } else if i == last && !closed {
                "now"
            } else {
                ""
            },
        })
        .collect()
}

fn near_lines(near: &[Near]) -> Vec<NearLine> {
    near.iter()
        .enumerate()
        .map(|(i, n)| NearLine {
            order: i + 1,
            target: match (n.helper, n.worker) {
                (Some(h), _) => format!("helper:{h}"),
                (None, Some(w)) => format!("worker:{w}"),
                (None, None) => String::new(),
            },
            name: n.name.clone(),
            kind: n.kind.zh(),
            note: match n.metres {
                Some(m) if n.note.is_empty() => metres_zh(m),
                Some(m) => format!("{}，{}", metres_zh(m), n.note),
                None => n.note.clone(),
            },
            minutes: n.minutes.map(|m| m.to_string()).unwrap_or_default(),
            masked: n.phone_masked.clone(),
        })
        .collect()
}

/// `水唇镇 墩塘村 上围 17 号`
pub(super) fn place(app: &App, c: &Case) -> String {
    let book = app.regions();
    let full = book.short(&c.region);
    if c.address.is_empty() { full } else { format!("{full} {}", c.address) }
}

fn tags(card: &ElderCard) -> Vec<String> {
    // The register of residence helps nobody at the door.
    card.tags().into_iter().filter(|t| !t.ends_with("户籍")).take(4).collect()
}

pub(super) struct Numbers {
    pub(super) contact: Option<(ContactId, String)>,
}

/// Where somebody is, and who could be there first.
pub(super) struct Located {
    near: Vec<Near>,
    pub(super) sketch: Option<Sketch>,
    pub(super) fix: String,
}

pub(super) async fn located(app: &App, viewer: &Viewer, w: &Waiting) -> Result<Located> {
    let (c, fix) = (&w.case, w.fix());
    let near = match c.state.open() {
        true => service::near(app.db(), &viewer.actor(), c, fix.map(|f| f.point), 5).await?,
        false => Vec::new(),
    };
    let spots = near
        .iter()
        .take(4)
        .filter_map(|n| {
            Some(Spot {
                at: n.place?,
                look: if n.worker.is_some() { Look::Worker } else { Look::Neighbour },
                name: format!("{} {}", n.name, n.kind.zh()),
                note: n.way(),
            })
        })
        .collect();
    let words = match fix {
        Some(f) => {
            let at = f.at.stamp_seconds();
            format!("位置 {}，误差约 {} 米", at.split(' ').nth(1).unwrap_or_default(), f.accuracy_m)
        }
        None => "没有定位，按家里的位置".into(),
    };
    Ok(Located { sketch: sketch(fix, c.home, spots), near, fix: words })
}

async fn locks(app: &App, viewer: &Viewer, c: &Case) -> Result<Vec<LockLine>> {
    let all = devices::listed_of(app.db(), &viewer.full_scope, c.elder).await?;
    let locks = all.into_iter().map(|l| l.device).filter(|d| d.kind.unlocks());
    Ok(locks
        .map(|d| LockLine {
            href: format!("/safety/devices/{}/unlock", d.id),
            name: format!("{} {}", d.kind.zh(), d.identity),
        })
        .collect())
}

/// Everything of a case the viewer may see.
pub(super) async fn shown(app: &App, viewer: &Viewer, w: &Waiting, numbers: &Numbers) -> Result<Shown> {
    let (db, actor, c) = (app.db(), viewer.actor(), &w.case);
    let now = app.now();
    let today: CivilDate = now.date();
    let elder = people::service::archive(db, &viewer.full_scope, c.elder).await?;
    let may = viewer.may(Permission::SafetyHandle);
    let full = c.consent.full();
    // What opens a door and what stands in a health record is for whoever handles the case, while it is open.
    let home = if may && c.state.open() { Some(service::home_of_case(db, &actor, c).await?) } else { None };
    let all = people::service::contacts(db, &viewer.full_scope, c.elder).await?;
    let contacts = all
        .into_iter()
        .filter(|k| full || k.kind != people::model::ContactKind::Family)
        .take(4)
        .enumerate()
        .map(|(i, k)| ContactLine {
            number: numbers.contact.as_ref().filter(|(id, _)| *id == k.id).map(|(_, n)| n.clone()),
            id: k.id,
            note: [k.relation.clone(), k.lives.clone()]
                .into_iter()
                .filter(|t| !t.is_empty())
                .collect::<Vec<_>>()
                .join("，"),
            name: k.name,
            masked: k.phone_masked,
            key: i + 1,
        })
        .collect();
    let mine = c.owned_by(actor.user_id());
    // A door opens for whoever handles the case, from the page that asks why.
    let locks = if mine && may && c.state.open() && c.risk.rings() { locks(app, viewer, c).await? } else { Vec::new() };
    let located = located(app, viewer, w).await?;
    let (events, _) = service::case_events(db, &viewer.full_scope, c.id).await?;
    let outcome = service::outcome(db, &viewer.full_scope, c.id).await?;
    let waited = now.since(c.ringing_at);
    let helper = match (&c.helper, c.handed_to) {
        (Some(h), Some(s)) => format!("{}{}，{}", h.kind.zh(), h.name, s.zh()),
        (Some(h), None) => format!("{}{} {} 出发", h.kind.zh(), h.name, h.sent_at.hhmm()),
        (None, Some(s)) => s.zh().to_string(),
        (None, None) => String::new(),
    };
    let h = home.as_ref();
    let word = |pick: fn(&service::Home) -> &String| h.map(|h| pick(h).clone()).unwrap_or_default();
    Ok(Shown {
        id: c.id.to_string(),
        no: c.no.clone(),
        elder: c.elder.to_string(),
        name: c.elder_name.clone(),
        about: c.about(today),
        tags: if full { tags(&elder.card) } else { Vec::new() },
        place: place(app, c),
        manner: word(|h| &h.manner),
        kind: kind_zh(c.kind),
        state: c.state.zh(),
        state_mark: c.state.mark(),
        open: c.state == CaseState::Open,
        ringing: c.ringing(),
        closed: !c.state.open(),
        since: c.ringing_at.0,
        age: minutes_zh(waited),
        spent: (waited / 600).clamp(0, 100),
        left_s: (60 - waited / 1000).clamp(0, 60),
        owner: c.owner.as_ref().map(|o| o.name.clone()).unwrap_or_default(),
        owner_since: c.owner.as_ref().map(|o| o.since.hhmm()).unwrap_or_default(),
        mine,
        may,
        news: c.news,
        alarms: w
            .alarms
            .iter()
            .map(|a| AlarmLine {
                kind: kind_zh(a.kind),
                mark: Risk::from(a.kind.urgency()).mark(),
                reason: a.reason.clone(),
                count: a.count,
                last: a.last_at.stamp_seconds().split(' ').nth(1).unwrap_or_default().to_string(),
                origin: match &a.device {
                    Some(d) => format!("{} {d}", a.origin.zh()),
                    None => a.origin.zh().to_string(),
                },
                unverified: a.unverified,
                cleared: a.cleared_at.map(|t| t.hhmm()).unwrap_or_default(),
            })
            .collect(),
        consent_full: full,
        consent: c.consent.zh(),
        door: word(|h| &h.door),
        keys: word(|h| &h.keys),
        locks,
        medication: word(|h| &h.medication),
        allergy: word(|h| &h.allergy),
        chronic: if full && may && c.state.open() { elder.chronic.clone() } else { String::new() },
        contacts,
        near: near_lines(&located.near),
        sketch: located.sketch,
        fix: located.fix,
        from_home: match (w.fix(), c.home) {
            (Some(f), Some(home)) => format!("距家 {}", metres_zh(f.point.distance_m(home).round() as i64)),
            _ => String::new(),
        },
        geo: w.fix().map(|f| f.point).or(c.home).map(|p| format!("geo:{:.6},{:.6}", p.lat(), p.lng())),
        events: event_lines(&events, !c.state.open()),
        may_arrive: matches!(c.state, CaseState::HelpSent | CaseState::HandedOver),
        may_release: matches!(c.state, CaseState::Claimed | CaseState::Calling),
        helper,
        outcome,
        cause: c.cause.map(|x| x.zh().to_string()).unwrap_or_default(),
        opened: c.opened_at.stamp_seconds(),
        waited: match events.iter().find(|e| e.kind == EventKind::Claimed) {
            Some(e) => minutes_zh(e.at.since(c.opened_at)),
            None => String::new(),
        },
        arrived: c.arrived_at.map(|t| minutes_zh(t.since(c.opened_at))).unwrap_or_default(),
        ended: c.closed_at.map(|t| t.stamp_seconds()).unwrap_or_default(),
        version: c.version,
    })
}

/// The prepared words for 120, 110 or 119.
pub(super) fn hand_over_text(app: &App, w: &Waiting, s: &Shown) -> String {
    let health: Vec<String> = [
        (!s.chronic.is_empty()).then(|| s.chronic.clone()),
        (!s.medication.is_empty()).then(|| format!("在用 {}", s.medication)),
        (!s.allergy.is_empty()).then(|| format!("过敏 {}", s.allergy)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let door: Vec<String> = [
        (!s.door.is_empty()).then(|| format!("门锁 {}", s.door)),
        (!s.keys.is_empty()).then(|| format!("钥匙在{}", s.keys)),
    ]
    .into_iter()
    .flatten()
    .collect();
    crate::model::HandOverText {
        case: &w.case,
        place: &s.place,
        reason: &w.reason(),
        today: app.clock().today(),
        health: &health.join("，"),
        door: &door.join("，"),
        fix: w.fix(),
        callback: "12349",
    }
    .say()
}
