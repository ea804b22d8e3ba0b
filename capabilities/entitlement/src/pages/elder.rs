//! One elder's determinations with all their reasons: page, notice on paper, JSON.
use super::done;
use super::panel::{PurseShown, purse_shown};
use super::reasons::{Sources, Twig, Words, headline};
use super::ways::{Missing, Way, missing, way};
use crate::model::{DeterminationView, PurseRow};
use crate::packs::{Packs, standard};
use crate::service::{self, PurseAsk};
use crate::shelf::Shelf;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::{IntoResponse, Response};
use kernel::{CivilDate, ElderId, Error, Fen, Month, PageAsk};
use people::model::ElderCard;
use policy::Choice;
use std::collections::HashMap;
use web::{App, Page, Viewer, html};

/// One pack in full.
struct PackShown {
    id: String,
    title: String,
    document: String,
    standard: String,
    kind: &'static str,
    word: &'static str,
    days: String,
    headline: String,
    root: String,
    tree: Vec<Twig>,
    missing: Vec<Missing>,
    way: Option<Way>,
    /// The pack that gives instead: id and title.
    displaced: Option<(String, String)>,
    /// Shown closed.
    folded: bool,
    /// One of those the same household purse is filled from.
    group: Option<String>,
    choices: Vec<Choice>,
    purse: Option<PurseShown>,
    local_example: bool,
    /// Who meets the conditions still has to ask for it.
    apply: bool,
    recorded: String,
}

/// One line of what was determined before.
struct Past {
    title: String,
    days: String,
    word: &'static str,
    monthly: Fen,
    recorded: String,
    wrong: Option<String>,
}

#[derive(Template)]
#[template(path = "entitlement/elder.html")]
struct ElderView {
    page: Page,
    elder: ElderCard,
    age: i16,
    place: String,
    shown: Vec<PackShown>,
    purses: Vec<PurseRow>,
    past: Vec<Past>,
    /// Finance and administrators see reasons, not archives.
    archive_link: bool,
}

#[derive(Template)]
#[template(path = "entitlement/notice.html")]
struct NoticeView {
    page: Page,
    elder: ElderCard,
    age: i16,
    place: String,
    today: CivilDate,
    shown: Vec<PackShown>,
    /// What is not given, in one line each.
    others: Vec<PackShown>,
    nothing: bool,
    issuer: String,
}

pub(crate) fn elder_id(text: &str) -> kernel::Result<ElderId> {
    text.parse().map_err(|_| Error::NotFound("这位老人的档案".into()))
}

const fn state(d: &DeterminationView) -> (&'static str, &'static str) {
    match d.verdict {
        policy::Verdict::Eligible if d.displaced_by.is_some() => ("off", "符合，已有别的"),
        policy::Verdict::Eligible if d.monthly.is_zero() => ("ok", "符合"),
        policy::Verdict::Eligible => ("ok", "享受中"),
        policy::Verdict::NotEligible => ("off", "不符合"),
        policy::Verdict::Unknown => ("note", "缺资料"),
    }
}

fn days(d: &DeterminationView) -> String {
    match (d.until, d.ends_on) {
        (Some(until), _) => format!("{} 至 {until}", d.since),
        (None, Some(end)) => format!("{} 起，到 {} 为止", d.since, end.plus_days(-1)),
        (None, None) => format!("{} 起", d.since),
    }
}

/// What is given: for those eligible under a pack without a purse what their class gets, otherwise the pack's standard.
fn given(d: &DeterminationView, pack: Option<&policy::Pack>, today: CivilDate) -> String {
    match pack {
        Some(p) if p.fills_purse() || !d.eligible() => standard(p, today),
        None if !d.eligible() => String::new(),
        _ => {
            let each = d.explanation.grants.iter().map(|g| format!("{}，{}", g.label, g.text));
            each.collect::<Vec<_>>().join("；")
        }
    }
}

async fn shown(app: &App, viewer: &Viewer, packs: &Packs, elder: &ElderCard) -> kernel::Result<Vec<PackShown>> {
    let (db, today) = (app.db(), app.clock().today());
    let regions = app.regions();
    let sources = Sources::of(db, &viewer.scope, elder.id).await?;
    let words = Words { regions: &regions, sources: &sources };
    let purses = service::purses(db, elder.household, today).await?;
    let mut all = service::current(db, packs, &viewer.scope, elder.id).await?;
    all.sort_by_key(|d| match d.verdict {
        policy::Verdict::Eligible => (0, d.displaced_by.is_some()),
        policy::Verdict::Unknown => (1, false),
        policy::Verdict::NotEligible => (2, false),
    });
    Ok(all
        .into_iter()
        .map(|d| {
            let pack = packs.get(&d.pack, today);
            let (kind, word) = state(&d);
            let purse = purses.iter().find(|p| d.eligible() && p.pack_id == d.pack && p.who.contains(&elder.id));
            PackShown {
                id: d.pack.clone(),
                title: d.title.clone(),
                document: d.explanation.document.clone(),
                standard: given(&d, pack, today),
                kind,
                word,
                days: days(&d),
                headline: headline(&d),
                root: d.explanation.root.label.clone(),
                tree: words.tree(&d),
                missing: missing(&d, elder.id, viewer),
                way: way(&d),
                displaced: d.displaced_by.as_ref().map(|by| (by.clone(), packs.title(by).unwrap_or(by).to_string())),
                folded: d.verdict == policy::Verdict::NotEligible,
                group: pack.and_then(|p| p.group.clone()),
                choices: d.explanation.choices.clone(),
                purse: purse.map(|p| purse_shown(p, today)),
                local_example: d.explanation.local_example,
                apply: pack.is_some_and(|p| p.application_needed),
                recorded: d.recorded_at.stamp(),
            }
        })
        .collect())
}

pub(crate) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(asked): Query<HashMap<String, String>>,
) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let elder = people::service::card(app.db(), &viewer.scope, elder_id(&id)?).await?;
    let shown = shown(&app, &viewer, &packs, &elder).await?;
    let ask = PurseAsk { household: Some(elder.household), ..PurseAsk::default() };
    let page = PageAsk { page: 1, rows: 12 };
    let order = "quarter DESC, grp";
    let purses = service::purse_list(app.db(), &viewer.actor(), &viewer.scope, &ask, order, page).await?.rows;
    let history = service::history(app.db(), &packs, &viewer.scope, elder.id).await?;
    let past = history
        .iter()
        .filter(|d| d.until.is_some() || d.superseded_at.is_some())
        .map(|d| Past {
            title: d.title.clone(),
            days: days(d),
            word: d.verdict.zh(),
            monthly: d.monthly,
            recorded: d.recorded_at.stamp(),
            wrong: d.superseded_at.map(|at| format!("{} 更正", at.date())),
        })
        .collect();
    html(&ElderView {
        page: Page::new(&app, &viewer, format!("{}的待遇认定", elder.name))
            .at("/elders")
            .flash(done(asked.get("done").map(String::as_str))),
        age: elder.age(app.clock().today()),
        place: app.regions().short(&elder.region),
        elder,
        shown,
        purses,
        past,
        archive_link: viewer.may(kernel::Permission::ElderRead),
    })
}

pub(crate) async fn print(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let elder = people::service::card(app.db(), &viewer.scope, elder_id(&id)?).await?;
    let all = shown(&app, &viewer, &packs, &elder).await?;
    let nothing = !all.iter().any(|s| s.kind == "ok");
    let held: Vec<String> = all.iter().filter(|s| s.kind == "ok").filter_map(|s| s.group.clone()).collect();
    // In full: what is given; where nothing is, the packs a purse could be filled from. Of those of a group that is
    // given already nothing more is said.
    let (shown, others): (Vec<PackShown>, Vec<PackShown>) =
        all.into_iter().partition(|s| if nothing { s.group.is_some() } else { s.kind == "ok" });
    let others = others.into_iter().filter(|s| s.group.as_ref().is_none_or(|g| !held.contains(g))).collect();
    html(&NoticeView {
        page: Page::new(&app, &viewer, "居家养老服务待遇认定告知书"),
        age: elder.age(app.clock().today()),
        place: app.regions().full(&elder.region),
        today: app.clock().today(),
        issuer: viewer.org_name.clone(),
        elder,
        shown,
        others,
        nothing,
    })
}

#[derive(serde::Serialize)]
struct Answer {
    elder: ElderId,
    on: CivilDate,
    month: Month,
    determinations: Vec<DeterminationView>,
    purses: Vec<crate::PurseView>,
}

pub(crate) async fn api(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let elder = people::service::card(app.db(), &viewer.scope, elder_id(&id)?).await?;
    let on = app.clock().today();
    Ok(axum::Json(Answer {
        elder: elder.id,
        on,
        month: on.month_of(),
        determinations: service::current(app.db(), &packs, &viewer.scope, elder.id).await?,
        purses: service::purses(app.db(), elder.household, on).await?,
    })
    .into_response())
}
