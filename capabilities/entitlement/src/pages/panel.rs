//! 正在享受的待遇 on the elder's page.
use super::reasons::{Sources, Twig, Words, headline, in_the_way};
use crate::model::{DeterminationView, Meter, PurseView};
use crate::packs::{Packs, standard};
use crate::service;
use askama::Template;
use kernel::{CivilDate, Error, Fen, Result};
use people::model::ElderCard;
use policy::Verdict;
use web::{App, Viewer};

/// A pack the elder is entitled under, with purse and reasons.
pub(crate) struct Held {
    pub title: String,
    pub standard: String,
    pub purse: Option<PurseShown>,
    pub headline: String,
    pub tree: Vec<Twig>,
    pub local_example: bool,
    pub foot: String,
    pub open: bool,
}

/// A purse ready to be drawn.
pub(crate) struct PurseShown {
    pub left: Fen,
    pub total: String,
    pub ends: String,
    pub meter: Meter,
    pub used: String,
    pub held: String,
    pub free: String,
    pub href: String,
}

/// A pack that does not apply, in one line.
pub(crate) struct Short {
    pub kind: &'static str,
    pub word: &'static str,
    pub title: String,
    pub why: String,
}

#[derive(Template)]
#[template(path = "entitlement/panel.html")]
struct PanelView {
    href: String,
    count: usize,
    held: Vec<Held>,
    others: Vec<Short>,
    silent: bool,
    gone: Option<String>,
}

pub(crate) fn purse_shown(purse: &PurseView, today: CivilDate) -> PurseShown {
    let days = purse.quarter.last_day().days_since(today);
    PurseShown {
        left: purse.available,
        total: format!("{}额度 {}", purse.months_zh(), purse.granted),
        ends: format!("{} 清零，还有 {days} 天", purse.quarter.last_day().md()),
        meter: Meter::of(purse.granted, purse.used, purse.held, purse.available),
        used: purse.used.plain(),
        held: purse.held.plain(),
        free: purse.available.plain(),
        href: format!("/books/accounts/{}", purse.account),
    }
}

/// 政策“…”，2026-10-01 起符合，2026-11-20 00:10 自动认定
pub(crate) fn foot(d: &DeterminationView) -> String {
    format!("{} 起符合，{} 自动认定", d.since, d.recorded_at.stamp())
}

pub(crate) async fn panel_html(app: &App, viewer: &Viewer, packs: &Packs, elder: &ElderCard) -> Result<String> {
    let (db, today) = (app.db(), app.clock().today());
    let all = service::in_force(db, packs, elder.id).await?;
    let purses = service::purses(db, elder.household, today).await?;
    let regions = app.regions();
    let sources = Sources::of(db, &viewer.scope, elder.id).await?;
    let words = Words { regions: &regions, sources: &sources };
    let mut held = Vec::new();
    let mut others = Vec::new();
    for group in packs.groups() {
        let members = packs.members(group);
        let mine: Vec<&DeterminationView> = all.iter().filter(|d| members.iter().any(|p| p.id == d.pack)).collect();
        let entitled = mine.iter().find(|d| d.eligible());
        if let Some(d) = entitled {
            let purse = purses.iter().find(|p| p.group == group.code && p.who.contains(&elder.id));
            held.push(entitled_under(packs, d, purse, &words, today, held.is_empty()));
            continue;
        }
        // Packs of a group exclude each other: the one that is nearest says enough.
        let nearest = mine.iter().min_by_key(|d| {
            let (met, all) = d.explanation.root.count();
            (d.verdict == Verdict::NotEligible, all - met)
        });
        others.extend(nearest.map(|d| short(d)));
    }
    let gone = match (elder.died_on, elder.moved_out_on) {
        (Some(day), _) => Some(format!("{day} 去世，待遇按政策停发")),
        (None, Some(day)) => Some(format!("{day} 迁出，待遇按政策停发")),
        (None, None) => None,
    };
    let view = PanelView {
        href: format!("/elders/{}/entitlement", elder.id),
        count: all.len(),
        silent: all.is_empty(),
        held,
        others,
        gone,
    };
    view.render().map_err(Error::internal)
}

fn entitled_under(
    packs: &Packs,
    d: &DeterminationView,
    purse: Option<&PurseView>,
    words: &Words,
    today: CivilDate,
    open: bool,
) -> Held {
    let mut said = packs.get(&d.pack, today).map(|p| standard(p, today)).unwrap_or_default();
    if purse.is_some_and(|p| p.who.len() > 1) {
        said.push_str("；同户按一户算");
    }
    Held {
        title: d.title.clone(),
        standard: said,
        purse: purse.map(|p| purse_shown(p, today)),
        headline: headline(d),
        tree: words.tree(d),
        local_example: d.explanation.local_example,
        foot: foot(d),
        open,
    }
}

pub(crate) fn short(d: &DeterminationView) -> Short {
    let (kind, word, lead) = match d.verdict {
        Verdict::Eligible => ("ok", "享受中", ""),
        Verdict::NotEligible => ("off", "不符合", "不满足："),
        Verdict::Unknown => ("note", "缺资料", ""),
    };
    Short { kind, word, title: d.title.clone(), why: format!("{lead}{}", in_the_way(d).join("；")) }
}
