//! Those entitled, those who cannot be decided, and purses.
use crate::model::{ElderRow, PurseRow, PurseState};
use crate::packs::Packs;
use crate::service::{self, EntitledAsk, PurseAsk, SOON_DAYS};
use crate::shelf::Shelf;
use axum::extract::State;
use axum::response::Response;
use kernel::{CivilDate, Dir, ElderId, Fen, Paged, Permission, Quarter, RegionBook};
use people::model::ElderCard;
use std::cmp::Ordering;
use std::collections::HashMap;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListFetch, ListSpec, Mark, Tab, Viewer};

/// The page of `rows` that was asked for, in the order asked for: of lists that are held in memory.
pub(crate) fn paged<T>(mut rows: Vec<T>, fetch: &ListFetch, compare: fn(&T, &T, &str) -> Ordering) -> Paged<T> {
    let total = rows.len() as i64;
    let mut words = fetch.order.split([' ', ',']);
    let (key, desc) = (words.next().unwrap_or_default(), words.next() == Some("DESC"));
    rows.sort_by(|a, b| if desc { compare(b, a, key) } else { compare(a, b, key) });
    let skip = usize::try_from(fetch.page.offset()).unwrap_or(0);
    let rows = rows.into_iter().skip(skip).take(fetch.page.rows as usize).collect();
    Paged { rows, total, page: fetch.page.page, per_page: fetch.page.rows }
}

/// How many elders a search by name brings at most.
const FOUND: usize = 200;

/// The common views above the lists of this capability.
pub(crate) async fn tabs(app: &App, viewer: &Viewer, path: &str, view: Option<&str>) -> kernel::Result<Vec<Tab>> {
    let counts = service::counts(app.db(), &viewer.scope, app.clock().today()).await?;
    let tab = |href: &str, word: &str, count: Option<i64>, current: bool| Tab {
        href: href.into(),
        word: word.into(),
        count,
        current,
    };
    let here = |wanted: Option<&str>| path == "/entitled" && view == wanted;
    Ok(vec![
        tab("/policies", "政策", None, path == "/policies"),
        tab("/entitled", "享受中", Some(counts.entitled), here(None)),
        tab("/entitled?view=newly", "本月新增", Some(counts.newly), here(Some("newly"))),
        tab("/entitled?view=ending", "快到期", Some(counts.ending), here(Some("ending"))),
        tab("/entitled?view=unknown", "缺资料", Some(counts.unknown), here(Some("unknown"))),
        tab("/purses", "额度", Some(counts.purses), path == "/purses"),
        tab(
            "/corrections",
            "收回和补发",
            Some(service::untold(app.db(), &viewer.scope).await?).filter(|n| *n > 0),
            false,
        ),
    ])
}

/// The packs that decide about people here; with `purse` only those that fill one.
fn packs_filter(packs: &Packs, viewer: &Viewer, purse: bool) -> FilterSpec {
    let local = packs.local(&viewer.scope.region).into_iter().map(|i| packs.versions(i));
    let kept = local.filter(|v| !purse || v.fills_purse()).map(|v| v.newest());
    let choices = kept.map(|p| Choice::new(p.id.clone(), p.title.clone())).collect();
    FilterSpec { key: "pack", label: "政策", choices }
}

fn region_filter(app: &App, viewer: &Viewer) -> Option<FilterSpec> {
    let regions = app.regions();
    let children = regions.children(&viewer.scope.region);
    let choices: Vec<Choice> = children.iter().map(|c| Choice::new(c.to_string(), regions.name(c))).collect();
    (!choices.is_empty()).then_some(FilterSpec { key: "region", label: "区域", choices })
}

/// A row of the list with its words.
struct Row {
    elder: ElderId,
    name: String,
    age: i64,
    place: String,
    title: String,
    monthly: Fen,
    since: CivilDate,
    ends_on: Option<CivilDate>,
    passed: bool,
    soon: bool,
    unknown: bool,
}

fn row(r: ElderRow, packs: &Packs, book: &RegionBook, cards: &HashMap<ElderId, ElderCard>, today: CivilDate) -> Row {
    let title = |id: &str| packs.title(id).unwrap_or(id).to_string();
    let card = cards.get(&r.elder);
    Row {
        name: card.map_or_else(|| "档案已合并".into(), |c| c.name.clone()),
        age: card.map_or(0, |c| i64::from(c.age(today))),
        place: book.short(&r.region),
        title: title(&r.pack),
        monthly: r.monthly,
        since: r.since,
        ends_on: r.ends_on,
        passed: r.passed_from.as_ref().is_some_and(|from| *from != r.pack),
        soon: r.ends_on.is_some_and(|d| d <= today.plus_days(SOON_DAYS)),
        unknown: r.unknown,
        elder: r.elder,
    }
}

fn entitled_columns() -> Vec<Col<Row>> {
    vec![
        Col::new("name", "姓名", |r: &Row| Cell::name(format!("/elders/{}/entitlement", r.elder), r.name.clone())),
        Col::new("age", "年龄", |r: &Row| Cell::Int(r.age)),
        Col::new("region", "村（社区）", |r: &Row| Cell::text(r.place.clone())).sort("region"),
        Col::new("pack", "政策", |r: &Row| Cell::text(r.title.clone())).sort("pack"),
        Col::new("monthly", "每户每月", |r: &Row| Cell::MoneyOrDash(r.monthly)).sort("monthly"),
        Col::new("since", "从哪天起", |r: &Row| Cell::Date(Some(r.since))).sort("since"),
        Col::new("ends", "到哪天为止", |r: &Row| Cell::Date(r.ends_on.map(|d| d.plus_days(-1)))).sort("ends_on"),
        Col::new("state", "情况", |r: &Row| match (r.unknown, r.soon, r.passed) {
            (true, ..) => Cell::State(Mark::Note, "缺资料".into()),
            (_, true, _) => Cell::State(Mark::Warn, "快到期".into()),
            (_, _, true) => Cell::State(Mark::Ok, "由别的方案转来".into()),
            _ => Cell::State(Mark::Ok, "享受中".into()),
        }),
        Col::new("why", "依据", |r: &Row| Cell::Link {
            href: format!("/elders/{}/entitlement", r.elder),
            text: "看依据".into(),
        }),
    ]
}

pub(crate) async fn entitled(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let today = app.clock().today();
    let view = ask.filter("view").map(str::to_string);
    let mut filters = vec![packs_filter(&packs, &viewer, false)];
    filters.extend(region_filter(&app, &viewer));
    filters.push(FilterSpec {
        key: "view",
        label: "哪些",
        choices: vec![
            Choice::new("newly", "本月新增"),
            Choice::new("ending", "快到期"),
            Choice::new("unknown", "缺资料"),
        ],
    });
    let unknown = view.as_deref() == Some("unknown");
    let (default_sort, empty) = if unknown {
        ("region", ("资料都齐了", "没有因为缺资料认定不了的老人"))
    } else {
        ("since", ("没有符合的老人", "改了档案当时就会重新认定，也可到“政策”里现在认定"))
    };
    let searched = match (ask.q.as_str(), viewer.may(Permission::ElderRead)) {
        ("", _) | (_, false) => None,
        (q, true) => {
            let found = people::service::find(app.db(), &viewer.scope, q, FOUND).await?;
            Some(found.into_iter().map(|c| c.id).collect::<Vec<_>>())
        }
    };
    let wanted = EntitledAsk {
        pack: ask.filter("pack").map(str::to_string),
        since: (view.as_deref() == Some("newly")).then(|| today.month_of().first_day()),
        ends_by: (view.as_deref() == Some("ending")).then(|| today.plus_days(SOON_DAYS)),
        region: ask.filter("region").and_then(|r| r.parse().ok()),
        elders: searched,
    };
    let spec = ListSpec {
        title: "享受待遇的老人".into(),
        path: "/entitled".into(),
        nav: "/policies",
        sub: app.regions().name(&viewer.scope.region),
        cols: entitled_columns(),
        filters,
        tabs: tabs(&app, &viewer, "/entitled", view.as_deref()).await?,
        search_hint: viewer.may(Permission::ElderRead).then_some("姓名、拼音、电话、证件号"),
        default_sort: (default_sort, if unknown { Dir::Asc } else { Dir::Desc }),
        tie: "elder",
        actions: Vec::new(),
        empty: (empty.0.into(), empty.1.into(), Some(("/policies".into(), "看政策".into()))),
        flash: None,
    };
    let (db, actor, scope, book) = (app.db(), viewer.actor(), viewer.scope, app.regions());
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = match unknown {
            true => service::undecided(db, &actor, &scope, &wanted, &f.order, f.page).await?,
            false => service::entitled(db, &actor, &scope, &wanted, &f.order, f.page).await?,
        };
        let ids: Vec<ElderId> = found.rows.iter().map(|r| r.elder).collect();
        let mut cards = HashMap::with_capacity(ids.len());
        for part in ids.chunks(1_000) {
            cards.extend(people::service::cards(db, &scope, part).await?);
        }
        Ok(found.map(|r| row(r, &packs, &book, &cards, today)))
    })
    .await
}

/// A purse with its words.
struct PurseLine {
    row: PurseRow,
    names: String,
    href: String,
    place: String,
    title: String,
}

fn purse_columns() -> Vec<Col<PurseLine>> {
    vec![
        Col::new("who", "户（享受的老人）", |r: &PurseLine| Cell::name(r.href.clone(), r.names.clone())),
        Col::new("region", "村（社区）", |r: &PurseLine| Cell::text(r.place.clone())).sort("region"),
        Col::new("pack", "政策", |r: &PurseLine| Cell::text(r.title.clone())).sort("pack"),
        Col::new("months", "月数", |r: &PurseLine| Cell::Int(r.row.months)).sort("months"),
        Col::new("granted", "额度", |r: &PurseLine| Cell::Money(r.row.granted)).sort("granted").total(),
        Col::new("used", "已用", |r: &PurseLine| Cell::Money(r.row.used)).total(),
        Col::new("held", "已预约", |r: &PurseLine| Cell::Money(r.row.held)).total(),
        Col::new("left", "可用", |r: &PurseLine| Cell::Money(r.row.available)).total(),
        Col::new("cleared", "已清零", |r: &PurseLine| Cell::Money(r.row.cleared)).sort("cleared").total(),
        Col::new("over", "多发待追回", |r: &PurseLine| Cell::Money(r.row.overgrant)).sort("overgrant").total(),
        Col::new("state", "状态", |r: &PurseLine| {
            let mark = match r.row.state {
                PurseState::Open => Mark::Ok,
                PurseState::Waiting => Mark::Doing,
                PurseState::Closed => Mark::Off,
            };
            Cell::State(mark, r.row.state.zh().into())
        }),
        Col::new("book", "流水", |r: &PurseLine| Cell::Link {
            href: format!("/books/accounts/{}", r.row.account),
            text: "看流水".into(),
        }),
    ]
}

pub(crate) async fn purses(State(app): State<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let today = app.clock().today();
    let mut quarters = service::quarters(app.db()).await?;
    let quarter: Quarter = ask.filter("quarter").and_then(|q| q.parse().ok()).unwrap_or_else(|| today.quarter());
    if !quarters.contains(&quarter) {
        quarters.push(quarter);
    }
    // A list of purses is always of one quarter: the condition is shown even when nobody set it.
    ask.filters.insert("quarter".into(), quarter.to_string());
    let mut filters = vec![
        FilterSpec {
            key: "quarter",
            label: "季度",
            choices: quarters.iter().map(|q| Choice::new(q.to_string(), q.zh())).collect(),
        },
        packs_filter(&packs, &viewer, true),
        FilterSpec {
            key: "state",
            label: "状态",
            choices: PurseState::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
        },
        FilterSpec { key: "over", label: "多发", choices: vec![Choice::new("yes", "多发待追回")] },
    ];
    filters.extend(region_filter(&app, &viewer));
    let wanted = PurseAsk {
        quarter: Some(quarter),
        pack: ask.filter("pack").map(str::to_string),
        state: ask.filter("state").map(str::to_string),
        region: ask.filter("region").and_then(|r| r.parse().ok()),
        household: None,
        over: ask.filter("over").is_some(),
    };
    let spec = ListSpec {
        title: "额度账户".into(),
        path: "/purses".into(),
        nav: "/policies",
        sub: format!("{}，{}", app.regions().name(&viewer.scope.region), quarter.zh()),
        cols: purse_columns(),
        filters,
        tabs: tabs(&app, &viewer, "/purses", None).await?,
        search_hint: None,
        default_sort: ("region", Dir::Asc),
        tie: "household",
        actions: Vec::new(),
        empty: (
            "这个季度没有额度".into(),
            "认定以后，额度自动到账".into(),
            Some(("/policies".into(), "看政策".into())),
        ),
        flash: None,
    };
    let (db, actor, scope, book) = (app.db(), viewer.actor(), viewer.scope, app.regions());
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let Paged { rows, total, page, per_page } =
            service::purse_list(db, &actor, &scope, &wanted, &f.order, f.page).await?;
        let rows = rows
            .into_iter()
            .map(|row| PurseLine {
                names: match row.who.as_slice() {
                    [] => "已不在册".into(),
                    who => who.iter().map(|(_, name)| name.as_str()).collect::<Vec<_>>().join("、"),
                },
                href: match row.who.first() {
                    Some((elder, _)) => format!("/elders/{elder}/entitlement"),
                    None => format!("/books/accounts/{}", row.account),
                },
                place: book.short(&row.region),
                title: packs.title(&row.pack).unwrap_or(&row.pack).to_string(),
                row,
            })
            .collect();
        Ok(Paged { rows, total, page, per_page })
    })
    .await
}
