//! The lines of a list, one line, and what may be done about it.
use super::{NAV, Query, asked, done_word, line_no, list_id, standing_mark, unprocessable};
use crate::model::{Decision, ListState, Standing, Step};
use crate::service::{self, LineAsk, LineEvent, LineView, ListView, Seen};
use askama::Template;
use kernel::{Actor, Dir, Error, Fen, FieldError, PaymentListId, Permission, RegionBook, Result};
use std::sync::Arc;
use web::axum::extract::{Path, State};
use web::axum::response::{IntoResponse, Redirect, Response};
use web::{App, Cell, Choice, Col, FilterSpec, Form, ListAsk, ListSpec, Mark, Page, Tab, Viewer, html, respond};

/// A line with the names only the application knows.
struct Shown {
    line: LineView,
    regions: Arc<RegionBook>,
    orders: bool,
    purses: bool,
}

pub(super) async fn list(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let id = list_id(&id)?;
    let scope = viewer.scope;
    let list = service::list(app.db(), &scope, id).await?;
    let towns = service::towns(app.db(), &scope, id).await?;
    let regions = app.regions();
    let standing = ask.filter("standing").and_then(Standing::parse);
    let found = LineAsk { standing, town: ask.filter("town").and_then(|t| t.parse().ok()), q: ask.q.clone() };
    let path = format!("/settlements/{id}/lines");
    let mut tabs = vec![Tab {
        href: path.clone(),
        word: "全部".into(),
        count: Some(list.totals.orders),
        current: standing.is_none(),
    }];
    tabs.extend(Standing::ALL[1..].iter().map(|s| Tab {
        href: format!("{path}?standing={}", s.code()),
        word: s.zh().into(),
        count: None,
        current: standing == Some(*s),
    }));
    let spec = ListSpec {
        title: format!("{} 的工单", list.no),
        path,
        nav: NAV,
        sub: format!(
            "{}：应付 {}，核减 {}，暂不付 {}，这次付 {}",
            list.provider_name, list.totals.gov, list.totals.deducted, list.totals.held_back, list.payable
        ),
        cols: columns(),
        filters: vec![FilterSpec {
            key: "town",
            label: "镇街",
            choices: towns.iter().map(|t| Choice::new(t.town.to_string(), regions.name(&t.town))).collect(),
        }],
        tabs,
        search_hint: Some("工单号、老人、护理员"),
        default_sort: ("seq", Dir::Asc),
        tie: "seq",
        actions: vec![
            (format!("/settlements/{id}"), "arrow-left", "回清单".into(), false),
            (format!("/settlements/{id}.xlsx"), "download", "整份 Excel".into(), false),
        ],
        empty: ("没有这样的单".into(), "换一个条件看".into(), Some((format!("/settlements/{id}"), "回清单".into()))),
        flash: None,
    };
    let (orders, purses) = (viewer.may(Permission::OrderRead), viewer.may(Permission::EntitlementRead));
    let db = app.db().clone();
    respond(&app, &viewer, spec, ask, |f| async move {
        let page = service::lines(&db, &scope, id, &found, f.page, &f.order).await?;
        Ok(page.map(|line| Shown { line, regions: regions.clone(), orders, purses }))
    })
    .await
}

fn columns() -> Vec<Col<Shown>> {
    vec![
        Col::new("seq", "序号", |s: &Shown| {
            Cell::name(format!("/settlements/{}/lines/{}", s.line.list, s.line.seq), s.line.seq.to_string())
        })
        .sort("seq"),
        Col::new("order", "工单", |s: &Shown| {
            let text = s.line.order_no.clone();
            if s.orders { Cell::Link { href: format!("/orders/{}", s.line.order), text } } else { Cell::Text(text) }
        })
        .sort("order_no"),
        Col::new("day", "服务日期", |s: &Shown| Cell::Date(Some(s.line.served_on))).sort("served_on"),
        Col::new("place", "村社区", |s: &Shown| Cell::text(s.regions.short(&s.line.region))).sort("region"),
        Col::new("elder", "老人", |s: &Shown| Cell::text(s.line.elder_name.clone())).sort("elder_name"),
        Col::new("item", "服务", |s: &Shown| Cell::text(format!("{} {} 分", s.line.item_name, s.line.minutes)))
            .sort("item_name"),
        Col::new("worker", "护理员", |s: &Shown| Cell::text(s.line.worker_name.clone())).sort("worker_name"),
        Col::new("gov", "政府付", |s: &Shown| Cell::Money(s.line.gov)).sort("gov").total(),
        Col::new("own", "自己付", |s: &Shown| Cell::Money(s.line.own)).total(),
        Col::new("deducted", "核减", |s: &Shown| Cell::Money(s.line.deducted)).total(),
        Col::new("payable", "这次付", |s: &Shown| Cell::Money(s.line.payable)).total(),
        Col::new("purse", "额度账", |s: &Shown| match s.line.purse_account {
            Some(account) if s.purses => {
                Cell::Link { href: format!("/books/accounts/{account}"), text: "看账".into() }
            }
            _ => Cell::text(""),
        }),
        Col::new("article", "政策条款", |s: &Shown| match &s.line.pack {
            Some(pack) if s.purses => Cell::Link { href: format!("/policies/{pack}"), text: s.line.article.clone() },
            _ => Cell::text(s.line.article.clone()),
        }),
        Col::new("standing", "结果", |s: &Shown| {
            Cell::State(standing_mark(s.line.standing), s.line.standing.zh().into())
        })
        .sort("standing"),
    ]
}

/// What the viewer may do about a line now.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    Nothing,
    Town,
    County,
    Answer,
    /// The list is decided; the county may let a held back order into the next one.
    Release,
    Dispute,
}

fn way(viewer: &Viewer, list: &ListView, line: &LineView) -> Way {
    if !line.live {
        return Way::Nothing;
    }
    let disputed = line.standing == Standing::Disputed;
    if viewer.may(Permission::SettlementDispute) {
        return if list.state.open() && !disputed { Way::Dispute } else { Way::Nothing };
    }
    if viewer.may(Permission::SettlementCounty) {
        return match list.state {
            ListState::Town | ListState::County if disputed => Way::Answer,
            ListState::County => Way::County,
            ListState::Finance | ListState::Paid if line.standing == Standing::HeldBack => Way::Release,
            _ => Way::Nothing,
        };
    }
    if viewer.may(Permission::SettlementTown) && list.state == ListState::Town && !disputed {
        Way::Town
    } else {
        Way::Nothing
    }
}

struct EventRow {
    bad: bool,
    time: String,
    words: String,
    who: String,
}

#[derive(Template)]
#[template(path = "settlement/line.html")]
struct LinePage {
    page: Page,
    list: ListView,
    line: LineView,
    mark: Mark,
    place: String,
    visit: String,
    elder_href: Option<String>,
    order_href: Option<String>,
    purse_href: Option<String>,
    policy_href: Option<String>,
    events: Vec<EventRow>,
    form: Option<FormView>,
}

struct FormView {
    action: String,
    heading: &'static str,
    hint: &'static str,
    button: &'static str,
    /// Decisions to choose from; empty when there is only a reason to give.
    options: Vec<(&'static str, String)>,
    deduct: bool,
    decision: String,
    deducted: String,
    reason: String,
    seen: String,
    reason_label: &'static str,
}

pub(super) async fn record(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, seq)): Path<(String, String)>,
    query: Query,
) -> web::Result<Response> {
    let (id, seq) = (list_id(&id)?, line_no(&seq)?);
    let done = done_word(asked(query).raw("done"));
    draw(&app, &viewer, id, seq, &Form::default(), Vec::new(), done).await
}

#[allow(clippy::too_many_arguments)]
async fn draw(
    app: &App,
    viewer: &Viewer,
    id: PaymentListId,
    seq: i64,
    typed: &Form,
    errors: Vec<FieldError>,
    done: Option<String>,
) -> web::Result<Response> {
    let (db, scope) = (app.db(), &viewer.scope);
    let list = service::list(db, scope, id).await?;
    let line = service::line(db, scope, id, seq).await?;
    let events = service::line_events(db, scope, id, seq).await?;
    let way = way(viewer, &list, &line);
    let title = format!("{} {}", line.elder_name, line.item_name);
    let stay = match (line.checked_in_at, line.checked_out_at) {
        (Some(a), Some(b)) => format!("{} 签到，{} 签退，{} 分钟", a.hhmm(), b.hhmm(), line.minutes),
        (Some(a), None) => format!("{} 签到，没有签退", a.hhmm()),
        (None, Some(b)) => format!("没有签到，{} 签退", b.hhmm()),
        (None, None) => "没有签到和签退".into(),
    };
    let entitled = viewer.may(Permission::EntitlementRead);
    let failed = !errors.is_empty();
    let view = LinePage {
        page: Page::new(app, viewer, title).at(NAV).flash(done).errors(errors),
        mark: standing_mark(line.standing),
        place: app.regions().short(&line.region),
        visit: stay,
        elder_href: viewer.may(Permission::ElderRead).then(|| format!("/elders/{}", line.elder)),
        order_href: viewer.may(Permission::OrderRead).then(|| format!("/orders/{}", line.order)),
        purse_href: line.purse_account.filter(|_| entitled).map(|a| format!("/books/accounts/{a}")),
        policy_href: line.pack.as_ref().filter(|_| entitled).map(|p| format!("/policies/{p}")),
        events: events.iter().map(event_row).collect(),
        form: form_view(way, &line, typed),
        list,
        line,
    };
    let page = html(&view)?;
    Ok(if failed { unprocessable(page) } else { page })
}

fn event_row(e: &LineEvent) -> EventRow {
    let amount = if e.amount.is_zero() { String::new() } else { format!(" {}", e.amount) };
    EventRow {
        bad: e.what == "提出争议",
        time: format!("{} {}", e.at.date().md(), e.at.hhmm()),
        words: format!("{}{amount}：{}", e.what, e.reason),
        who: format!("{} {}", e.by_name, e.role),
    }
}

fn form_view(way: Way, line: &LineView, typed: &Form) -> Option<FormView> {
    let base = format!("/settlements/{}/lines/{}", line.list, line.seq);
    let pay = ("pay", format!("照付 {}", line.gov));
    let deduct = ("deduct", "核减一部分或全部".to_string());
    let hold = ("hold_back", "暂不付，查清再付".to_string());
    let (path, heading, hint, button, options) = match way {
        Way::Nothing => return None,
        Way::Town if line.standing == Standing::HeldBack => {
            ("town", "镇里怎么看", "暂不付的单由县里放行，镇里可以改成核减", "记下", vec![deduct, hold])
        }
        Way::Town => ("town", "镇里怎么看", "原因写进清单，县里和服务商都看得到", "记下", vec![pay, deduct, hold]),
        Way::County => ("county", "县里怎么定", "原因写进清单，服务商看得到", "记下", vec![pay, deduct, hold]),
        Way::Answer => ("answer", "答复争议", "答复后服务商看得到，这单按这里定的付", "答复", vec![pay, deduct, hold]),
        Way::Release => {
            ("county", "查清了，放行", "清单已经定了。放行后这单进下一份清单，不再扣下", "放行", Vec::new())
        }
        Way::Dispute => ("dispute", "对这单有争议", "写清事实，县里答复前清单不会定", "提交争议", Vec::new()),
    };
    let deduct = options.iter().any(|o| o.0 == "deduct");
    let seen = match typed.raw("seen") {
        "" => line.seen(),
        seen => seen.to_string(),
    };
    Some(FormView {
        action: format!("{base}/{path}"),
        heading,
        hint,
        button,
        options,
        deduct,
        decision: typed.raw("decision").to_string(),
        deducted: typed.raw("deducted").to_string(),
        reason: typed.raw("reason").to_string(),
        seen,
        reason_label: if way == Way::Answer { "答复" } else { "原因" },
    })
}

/// The decision of a form; a form without choices lets the line pass.
fn decision(form: &mut Form) -> Option<Decision> {
    match form.raw("decision") {
        "pay" => Some(Decision::Pay),
        "hold_back" => Some(Decision::HoldBack),
        "deduct" => match form.opt("deducted").and_then(|t| Fen::parse_yuan(&t)) {
            Some(fen) => Some(Decision::Deduct(fen)),
            None => {
                form.error("deducted", "核减金额要写成 40 或 40.50");
                None
            }
        },
        _ => {
            form.error("decision", "怎么定没有选");
            None
        }
    }
}

type LinePath = Path<(String, String)>;

pub(super) async fn town_decides(app: State<App>, viewer: Viewer, path: LinePath, form: Form) -> web::Result<Response> {
    decide(app, viewer, path, form, Step::Town).await
}

pub(super) async fn county_decides(
    app: State<App>,
    viewer: Viewer,
    path: LinePath,
    form: Form,
) -> web::Result<Response> {
    decide(app, viewer, path, form, Step::County).await
}

async fn decide(
    State(app): State<App>,
    viewer: Viewer,
    path: LinePath,
    mut form: Form,
    step: Step,
) -> web::Result<Response> {
    let (actor, seen) = begin(&viewer, &path, &form)?;
    let release = form.raw("decision").is_empty() && step == Step::County && {
        let list = service::list(app.db(), &viewer.scope, seen.list).await?;
        matches!(list.state, ListState::Finance | ListState::Paid)
    };
    let chosen = if release { Some(Decision::Pay) } else { decision(&mut form) };
    let result = match (form.done(), chosen) {
        (Ok(()), Some(d)) => service::decide_line(app.db(), &actor, step, &seen, d, form.raw("reason")).await,
        (Err(e), _) => Err(e),
        (Ok(()), None) => Err(Error::invalid("decision", "怎么定没有选")),
    };
    after(&app, &viewer, &seen, &form, result, if release { "released" } else { "line" }).await
}

pub(super) async fn county_answers(
    State(app): State<App>,
    viewer: Viewer,
    path: LinePath,
    mut form: Form,
) -> web::Result<Response> {
    let (actor, seen) = begin(&viewer, &path, &form)?;
    let chosen = decision(&mut form);
    let result = match (form.done(), chosen) {
        (Ok(()), Some(d)) => service::answer(app.db(), &actor, &seen, d, form.raw("reason")).await,
        (Err(e), _) => Err(e),
        (Ok(()), None) => Err(Error::invalid("decision", "怎么定没有选")),
    };
    after(&app, &viewer, &seen, &form, result, "answered").await
}

pub(super) async fn provider_disputes(
    State(app): State<App>,
    viewer: Viewer,
    path: LinePath,
    form: Form,
) -> web::Result<Response> {
    let (actor, seen) = begin(&viewer, &path, &form)?;
    let result = service::dispute_line(app.db(), &actor, &seen, form.raw("reason")).await;
    after(&app, &viewer, &seen, &form, result, "disputed").await
}

fn begin(viewer: &Viewer, path: &LinePath, form: &Form) -> Result<(Actor, Seen)> {
    let (id, seq) = &path.0;
    Ok((viewer.actor(), Seen { list: list_id(id)?, seq: line_no(seq)?, state: form.raw("seen").to_string() }))
}

async fn after(
    app: &App,
    viewer: &Viewer,
    seen: &Seen,
    form: &Form,
    result: Result<()>,
    done: &str,
) -> web::Result<Response> {
    match result {
        Ok(()) => {
            let to = format!("/settlements/{}/lines/{}?done={done}", seen.list, seen.seq);
            Ok(Redirect::to(&to).into_response())
        }
        Err(Error::Invalid(fields)) => draw(app, viewer, seen.list, seen.seq, form, fields, None).await,
        Err(e) => Err(e.into()),
    }
}
