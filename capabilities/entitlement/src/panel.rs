//! What an elder's page shows of entitlements: 正在享受的待遇, and the events of its timeline.
use crate::pages::panel_html;
use crate::service;
use crate::shelf::Shelf;
use crate::store::purses::Purse;
use async_trait::async_trait;
use kernel::{ElderId, Fen, Permission, Result, Scope};
use people::model::ElderCard;
use people::service::{Panel, PanelHtml, Slot, TimelineItem};
use std::sync::Arc;
use store::Db;
use web::{App, Viewer};

/// The left column of the elder's page.
pub struct EntitlementPanel(pub Arc<Shelf>);

#[async_trait]
impl Panel for EntitlementPanel {
    fn order(&self) -> i32 {
        10
    }
    async fn panel(&self, app: &App, viewer: &Viewer, elder: &ElderCard) -> Result<Option<PanelHtml>> {
        if !viewer.may(Permission::EntitlementRead) {
            return Ok(None);
        }
        let packs = self.0.packs(app.db()).await?;
        let html = panel_html(app, viewer, &packs, elder).await?;
        Ok(Some(PanelHtml { slot: Slot::Left, html }))
    }
    async fn timeline(&self, db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<TimelineItem>> {
        let card = people::service::card(db, scope, elder).await?;
        let href = Some(format!("/elders/{}/entitlement", card.id));
        let mut out = Vec::new();
        let packs = self.0.packs(db).await?;
        for d in service::history(db, &packs, scope, elder)
            .await?
            .into_iter()
            .filter(|d| d.eligible() && !d.monthly.is_zero())
        {
            out.push(TimelineItem {
                at: d.recorded_at,
                text: format!("符合“{}”，{} 起", d.title, d.since),
                who: "自动认定，不用申请".into(),
                bad: false,
                href: href.clone(),
            });
            if let Some(at) = d.superseded_at {
                let text = format!("更正：{} 起符合“{}”的认定作废", d.since, d.title);
                out.push(TimelineItem { at, text, who: "自动".into(), bad: true, href: href.clone() });
            } else if let Some(until) = d.until {
                let text = format!("“{}”到 {until} 为止", d.title);
                let at = until.plus_days(1).at(0, 0);
                out.push(TimelineItem { at, text, who: "自动".into(), bad: false, href: href.clone() });
            }
        }
        for (purse, ..) in service::of_household(db, card.household).await? {
            out.extend(purse_items(&purse));
        }
        out.sort_by_key(|i| std::cmp::Reverse(i.at));
        Ok(out)
    }
}

fn purse_items(purse: &Purse) -> Vec<TimelineItem> {
    let href = Some(format!("/books/accounts/{}", purse.account));
    let mut out = vec![TimelineItem {
        at: purse.opened_at,
        text: format!("{}额度 {} 到账", purse.quarter.zh(), purse.granted()),
        who: "自动认定，无须申请".into(),
        bad: false,
        href: href.clone(),
    }];
    if let Some(at) = purse.cleared_at.filter(|_| purse.cleared() > Fen::ZERO) {
        let text = format!("{}余额 {} 清零", purse.quarter.zh(), purse.cleared());
        out.push(TimelineItem { at, text, who: "自动".into(), bad: false, href });
    }
    out
}
