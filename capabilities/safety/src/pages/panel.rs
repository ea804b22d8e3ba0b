//! What an elder's page shows of alarms.
use crate::devices;
use crate::model::{EventKind, kind_zh};
use crate::service::{self, CaseAsk};
use crate::store::home;
use askama::Template;
use async_trait::async_trait;
use kernel::{ElderId, Permission, Result, Scope};
use people::model::ElderCard;
use people::service::{Panel, PanelHtml, Slot, TimelineItem};
use store::Db;
use web::{App, Mark, Viewer};

struct Line {
    href: String,
    at: String,
    kind: &'static str,
    word: String,
    mark: Mark,
}

#[derive(Template)]
#[template(path = "safety/panel.html")]
struct Card {
    elder: String,
    lines: Vec<Line>,
    consent: &'static str,
    consent_mark: &'static str,
    prepared: bool,
    may: bool,
}

/// How many lines.
const LINES: u32 = 5;

pub(crate) struct SafetyPanel;

async fn latest(db: &Db, scope: &Scope, elder: ElderId, rows: u32) -> Result<Vec<crate::model::Case>> {
    let ask = CaseAsk { elder: Some(elder), ..CaseAsk::default() };
    let fetch = web::ListFetch { page: kernel::PageAsk { page: 1, rows }, order: "c.opened_at DESC, c.id DESC".into() };
    Ok(service::cases_list(db, scope, &ask, &fetch).await?.rows)
}

#[async_trait]
impl Panel for SafetyPanel {
    fn order(&self) -> i32 {
        20
    }
    async fn panel(&self, app: &App, viewer: &Viewer, elder: &ElderCard) -> Result<Option<PanelHtml>> {
        if !viewer.may(Permission::SafetyRead) {
            return Ok(None);
        }
        let cases = latest(app.db(), &viewer.scope, elder.id, LINES).await?;
        let h = home::home(app.db().read(), app.db(), elder.id).await?;
        let view = Card {
            elder: elder.id.to_string(),
            lines: cases
                .iter()
                .map(|c| Line {
                    href: format!("/safety/cases/{}", c.id),
                    at: c.opened_at.stamp(),
                    kind: kind_zh(c.kind),
                    word: c.cause.map_or_else(|| c.state.zh().to_string(), |x| x.zh().to_string()),
                    mark: c.state.mark(),
                })
                .collect(),
            consent: h.consent.zh(),
            consent_mark: match h.consent {
                crate::model::Consent::Given => "ok",
                crate::model::Consent::NotAsked => "todo",
                crate::model::Consent::Withdrawn => "note",
            },
            prepared: h.version > 0,
            may: viewer.may(Permission::SafetyPrepare),
        };
        let html = view.render().map_err(kernel::Error::internal)?;
        Ok(Some(PanelHtml { slot: Slot::Right, html }))
    }
    async fn timeline(&self, db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<TimelineItem>> {
        let mut out = Vec::new();
        for c in latest(db, scope, elder, 10).await? {
            let href = Some(format!("/safety/cases/{}", c.id));
            let bad = c.risk.rings() && c.state.open();
            let text = format!("{}：{}", EventKind::Opened.zh(), kind_zh(c.kind));
            out.push(TimelineItem { at: c.opened_at, text, who: "自动".into(), bad, href: href.clone() });
            if let (Some(at), Some(cause)) = (c.closed_at, c.cause) {
                let who = c.owner.map(|o| o.name).unwrap_or_default();
                let text = format!("{}关闭：{}", kind_zh(c.kind), cause.zh());
                out.push(TimelineItem { at, text, who, bad: false, href });
            }
        }
        out.sort_by_key(|i| std::cmp::Reverse(i.at));
        Ok(out)
    }
}

struct DeviceLine {
    href: String,
    word: String,
    note: String,
    mark: Mark,
    state: String,
}

#[derive(Template)]
#[template(path = "safety/devices_panel.html")]
struct DevicesCard {
    elder: String,
    lines: Vec<DeviceLine>,
    may: bool,
}

/// The devices that watch over an elder.
pub(crate) struct DevicesPanel;

#[async_trait]
impl Panel for DevicesPanel {
    fn order(&self) -> i32 {
        22
    }
    async fn panel(&self, app: &App, viewer: &Viewer, elder: &ElderCard) -> Result<Option<PanelHtml>> {
        if !viewer.may(Permission::DeviceRead) {
            return Ok(None);
        }
        let now = app.now();
        let all = devices::listed_of(app.db(), &viewer.scope, elder.id).await?;
        let lines = all
            .iter()
            .map(|l| {
                let d = &l.device;
                let (mark, state) = super::devices::state_of(d, devices::standing(d, l.sign.as_ref(), now));
                let room = d.room.filter(|r| *r != vigil::Room::Other).map_or("", |r| r.zh());
                let battery = l.sign.as_ref().and_then(|s| s.battery).map(|b| format!("电量 {b}%"));
                DeviceLine {
                    href: format!("/safety/devices/{}", d.id),
                    word: format!("{room}{} {}", d.kind.zh(), d.identity),
                    note: battery.unwrap_or_default(),
                    mark,
                    state,
                }
            })
            .collect();
        let view = DevicesCard { elder: elder.id.to_string(), lines, may: viewer.may(Permission::SafetyPrepare) };
        let html = view.render().map_err(kernel::Error::internal)?;
        Ok(Some(PanelHtml { slot: Slot::Right, html }))
    }
    async fn timeline(&self, _: &Db, _: &Scope, _: ElderId) -> Result<Vec<TimelineItem>> {
        Ok(Vec::new())
    }
}
