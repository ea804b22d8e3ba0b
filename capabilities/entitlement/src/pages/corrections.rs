//! The list of what was put right: taken back, to be taken back, made up for; whom to tell.
use crate::model::{Cause, CorrectionKind};
use crate::service::{self, Correction, CorrectionAsk};
use crate::shelf::Shelf;
use axum::extract::State;
use axum::response::Response;
use kernel::{CorrectionId, Dir, ElderId, Fen, Paged, Permission};
use people::model::ElderCard;
use std::collections::HashMap;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Tab, Viewer};

pub(crate) struct Row {
    id: CorrectionId,
    name: String,
    place: String,
    title: String,
    c: Correction,
}

/// Where the money stands, in a word.
pub(crate) fn standing(c: &Correction) -> (Mark, &'static str) {
    match (c.kind(), c.outstanding > Fen::ZERO, c.owed > Fen::ZERO) {
        (CorrectionKind::TopUp, ..) => (Mark::Ok, "已补到额度"),
        (_, false, _) => (Mark::Ok, "已从额度收回"),
        (_, true, true) => (Mark::Warn, "已用掉，待追回"),
        (_, true, false) => (Mark::Ok, "已抵扣完"),
    }
}

fn columns() -> Vec<Col<Row>> {
    vec![
        Col::new("who", "老人", |r: &Row| Cell::name(format!("/corrections/{}", r.id), r.name.clone())),
        Col::new("region", "村（社区）", |r: &Row| Cell::text(r.place.clone())).sort("c.region"),
        Col::new("kind", "更正", |r: &Row| match r.c.kind() {
            CorrectionKind::Clawback => Cell::State(Mark::Note, "收回".into()),
            CorrectionKind::TopUp => Cell::State(Mark::Ok, "补发".into()),
        })
        .sort("c.kind"),
        Col::new("pack", "政策", |r: &Row| Cell::text(r.title.clone())).sort("c.pack"),
        Col::new("months", "月份", |r: &Row| Cell::text(r.c.months_zh())).sort("c.months"),
        Col::new("posted", "已记账", |r: &Row| Cell::Money(r.c.posted)).sort("c.posted").total(),
        Col::new("outstanding", "已用掉", |r: &Row| Cell::MoneyOrDash(r.c.outstanding)).sort("c.outstanding").total(),
        Col::new("cause", "原因", |r: &Row| Cell::text(r.c.cause().zh())).sort("c.cause"),
        Col::new("at", "更正日期", |r: &Row| Cell::Date(Some(r.c.at.date()))).sort("c.at"),
        Col::new("state", "钱", |r: &Row| {
            let (mark, word) = standing(&r.c);
            Cell::State(mark, word.into())
        }),
        Col::new("told", "告知", |r: &Row| match (r.c.told_on, r.c.told_how()) {
            (Some(day), Some(how)) => Cell::State(Mark::Ok, format!("{day} {}", how.zh())),
            _ => Cell::State(Mark::Todo, "未告知".into()),
        })
        .sort("c.told_on"),
    ]
}

pub(crate) async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let regions = app.regions();
    let (sums, owed) = service::correction_sums(app.db(), &viewer.scope).await?;
    let told = match ask.filter("told") {
        Some("yes") => Some(true),
        Some("no") => Some(false),
        _ => None,
    };
    let kind = ask.filter("kind").and_then(CorrectionKind::parse);
    let open = ask.filter("owed").is_some();
    let wanted = CorrectionAsk {
        kind,
        cause: ask.filter("cause").and_then(Cause::parse),
        pack: ask.filter("pack").map(str::to_string),
        region: ask.filter("region").and_then(|r| r.parse().ok()),
        told,
        owed: open,
        quarter: ask.filter("quarter").and_then(|q| q.parse().ok()),
    };
    let children = regions.children(&viewer.scope.region);
    let mut filters = vec![
        FilterSpec {
            key: "kind",
            label: "更正",
            choices: CorrectionKind::ALL.iter().map(|k| Choice::new(k.code(), k.zh())).collect(),
        },
        FilterSpec {
            key: "cause",
            label: "原因",
            choices: Cause::ALL.iter().map(|c| Choice::new(c.code(), c.zh())).collect(),
        },
        FilterSpec {
            key: "told",
            label: "告知",
            choices: vec![Choice::new("no", "未告知"), Choice::new("yes", "已告知")],
        },
        FilterSpec { key: "owed", label: "钱", choices: vec![Choice::new("yes", "已用掉，待追回")] },
    ];
    if !children.is_empty() {
        let choices = children.iter().map(|c| Choice::new(c.to_string(), regions.name(c))).collect();
        filters.push(FilterSpec { key: "region", label: "区域", choices });
    }
    let tab = |href: &str, word: &str, count: Option<i64>, current: bool| Tab {
        href: href.into(),
        word: word.into(),
        count,
        current,
    };
    let plain = told.is_none() && kind.is_none() && !open;
    let spec = ListSpec {
        title: "收回和补发".into(),
        path: "/corrections".into(),
        nav: "/policies",
        sub: format!("共收回 {}，补发 {}，还有 {owed} 已用掉待追回", sums.taken, sums.given),
        cols: columns(),
        filters,
        tabs: vec![
            tab("/entitled", "享受中", None, false),
            tab("/corrections", "全部更正", Some(sums.n), plain),
            tab("/corrections?told=no", "要去告知", Some(sums.untold), told == Some(false)),
            tab("/corrections?owed=yes", "待追回", None, open),
        ],
        search_hint: None,
        default_sort: ("at", Dir::Desc),
        tie: "c.id",
        actions: Vec::new(),
        empty: (
            "没有要更正的钱".into(),
            "迟报去世、更正出生日期、证件作废以后，多发的收回，少发的补发，都列在这里".into(),
            Some(("/purses".into(), "看额度".into())),
        ),
        flash: None,
    };
    let (db, actor, scope) = (app.db(), viewer.actor(), viewer.scope);
    let names = viewer.may(Permission::EntitlementRead);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let Paged { rows, total, page, per_page } =
            service::corrections(db, &actor, &scope, &wanted, &f.order, f.page).await?;
        let ids: Vec<ElderId> = rows.iter().filter_map(|c| c.elder).collect();
        let mut cards: HashMap<ElderId, ElderCard> = HashMap::new();
        for part in ids.chunks(1_000).filter(|_| names) {
            cards.extend(people::service::cards(db, &scope, part).await?);
        }
        let rows = rows
            .into_iter()
            .map(|c| Row {
                id: c.id,
                name: c.elder.and_then(|e| cards.get(&e)).map_or_else(|| "已不在册".into(), |card| card.name.clone()),
                place: regions.short(&c.region),
                title: packs.title(&c.pack).unwrap_or(&c.pack).to_string(),
                c,
            })
            .collect();
        Ok(Paged { rows, total, page, per_page })
    })
    .await
}
