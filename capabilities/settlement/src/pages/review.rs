//! Confirm pages of the three steps, and returning a list.
use super::{NAV, Query, asked, list_id, unprocessable};
use crate::model::{ListState, Standing, Step, TownState, rmb_upper};
use crate::service::{self, LineAsk, ListView, MAX_REASON, SeenList};
use askama::Template;
use kernel::{Error, Fen, FieldError, PageAsk, Quarter, RegionCode, Result};
use web::axum::extract::{Path, State};
use web::axum::response::{IntoResponse, Redirect, Response};
use web::{App, Form, Page, Viewer, html};

struct Share {
    name: String,
    no: String,
    amount: Fen,
}

#[derive(Template)]
#[template(path = "settlement/confirm.html")]
struct ConfirmPage {
    page: Page,
    back: String,
    back_word: String,
    action: &'static str,
    heading: String,
    sub: String,
    amount: Fen,
    upper: String,
    /// 付给 5 家服务商
    main_word: String,
    shares: Vec<Share>,
    held: Fen,
    held_lines: i64,
    deducted: Fen,
    deducted_lines: i64,
    next: &'static str,
    /// What must have been looked at, as a tick.
    look: String,
    looked: bool,
    note: String,
    note_hint: String,
    /// Paying asks who sits at the screen.
    pays: bool,
    /// The demo says so instead of asking.
    ask_password: bool,
    tokens: Vec<String>,
    button: &'static str,
}

/// What is up for a step: the list asked for, or all of a quarter that wait.
async fn due(app: &App, viewer: &Viewer, step: Step, form: &mut Form) -> Result<Vec<ListView>> {
    let (db, scope) = (app.db(), &viewer.full_scope);
    if let Some(id) = form.opt("list") {
        let list = service::list(db, scope, list_id(&id)?).await?;
        let towns = service::towns(db, scope, list.id).await?;
        let done = step == Step::Town && towns.iter().all(|t| t.state == TownState::Approved);
        return Ok(if list.state == step.state() && !done { vec![list] } else { Vec::new() });
    }
    let quarter: Option<Quarter> = form.need("quarter", "季度");
    form.done().map_err(|_| Error::NotFound("这个季度".into()))?;
    Ok(service::desk(db, scope, viewer.role, quarter).await?.waiting)
}

async fn count(app: &App, viewer: &Viewer, lists: &[ListView], standing: Standing) -> Result<i64> {
    let ask = LineAsk { standing: Some(standing), ..LineAsk::default() };
    let mut all = 0;
    for l in lists {
        let none = match standing {
            Standing::HeldBack => l.totals.held_back.is_zero(),
            Standing::Deducted => l.totals.deducted.is_zero(),
            Standing::Disputed => l.disputes == 0,
            Standing::Ok => false,
        };
        if none {
            continue;
        }
        // A page beyond the first is counted by the database.
        let page = PageAsk { page: 2, rows: 1 };
        all += service::lines(app.db(), &viewer.full_scope, l.id, &ask, page, "seq").await?.total;
    }
    Ok(all)
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    step: Step,
    lists: Vec<ListView>,
    typed: &Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let Some(first) = lists.first() else {
        return Err(Error::refused(match step {
            Step::Town => "没有等本镇审核的清单",
            Step::County => "没有等县里审核的清单",
            Step::Finance => "没有等财务拨付的清单",
        })
        .into());
    };
    let regions = app.regions();
    let quarter = first.quarter;
    let amount: Fen = lists.iter().map(|l| l.payable).sum();
    let held_lines = count(app, viewer, &lists, Standing::HeldBack).await?;
    let deducted_lines = count(app, viewer, &lists, Standing::Deducted).await?;
    let (heading, main, next, button, action) = match step {
        Step::Town => (
            format!("同意本镇第 {} 季度的单？", quarter.q),
            "本镇的服务费",
            "各镇都同意后，清单到县民政审核",
            "确认，同意",
            "/settlements/town-approval",
        ),
        Step::County => (
            format!("同意支付第 {} 季度养老服务费？", quarter.q),
            "付给服务商",
            "送财务拨付，拨付前可以由财务退回",
            "确认，同意支付",
            "/settlements/county-approval",
        ),
        Step::Finance => (
            format!("拨付第 {} 季度养老服务费？", quarter.q),
            "付给服务商",
            "从应付记到已付，工单和清单锁定，不能再改",
            "确认，拨付",
            "/settlements/payment",
        ),
    };
    let providers: std::collections::HashSet<_> = lists.iter().map(|l| l.provider).collect();
    let look = match (held_lines, deducted_lines) {
        (0, 0) => String::new(),
        (h, 0) => format!("我看过 {h} 单暂不付的原因"),
        (0, d) => format!("我看过 {d} 单核减的原因"),
        (h, d) => format!("我看过 {h} 单暂不付和 {d} 单核减的原因"),
    };
    let failed = !errors.is_empty();
    let single = lists.len() == 1;
    let view = ConfirmPage {
        page: Page::new(app, viewer, heading.clone()).at(NAV).errors(errors),
        back: if single { format!("/settlements/{}", first.id) } else { format!("/settlements?quarter={quarter}") },
        back_word: if single { format!("回 {}", first.no) } else { format!("回{}结算", quarter.zh()) },
        sub: match lists.as_slice() {
            [only] => format!("清单 {}，{}。", only.no, regions.name(&only.town.unwrap_or(only.county))),
            many => format!("{}，{} 份清单。", regions.name(&viewer.full_scope.region), many.len()),
        },
        upper: rmb_upper(amount),
        main_word: format!("{main} {} 家", providers.len()),
        held: lists.iter().map(|l| l.totals.held_back).sum(),
        deducted: lists.iter().map(|l| l.totals.deducted).sum(),
        tokens: lists.iter().map(|l| SeenList { id: l.id, version: l.version }.token()).collect(),
        shares: lists
            .iter()
            .map(|l| Share { name: l.provider_name.clone(), no: l.no.clone(), amount: l.payable })
            .collect(),
        note: typed.raw("note").to_string(),
        looked: typed.checked("looked"),
        pays: step == Step::Finance,
        ask_password: access::service::asks_password(app.site()),
        note_hint: format!("写进清单，下一步看得到，{MAX_REASON} 字以内"),
        action,
        heading,
        amount,
        held_lines,
        deducted_lines,
        next,
        look,
        button,
    };
    let page = html(&view)?;
    Ok(if failed { unprocessable(page) } else { page })
}

async fn show(app: App, viewer: Viewer, query: Query, step: Step) -> web::Result<Response> {
    let mut form = asked(query);
    let lists = due(&app, &viewer, step, &mut form).await?;
    draw(&app, &viewer, step, lists, &Form::default(), Vec::new()).await
}

/// Approves what was seen; money leaves only after the password of the person at the screen.
async fn approve(app: &App, viewer: &Viewer, step: Step, seen: &[SeenList], form: &Form) -> Result<()> {
    if step == Step::Finance {
        // Whose lists they are comes first: an attempt at others' counts as no wrong password.
        for s in seen {
            service::list(app.db(), &viewer.full_scope, s.id).await?;
        }
        access::service::confirm_password(app.db(), app.site(), &viewer.actor(), form.raw("password")).await?;
    }
    service::approve(app.db(), &viewer.actor(), step, seen, form.raw("note")).await.map(|_| ())
}

async fn submit(app: App, viewer: Viewer, mut form: Form, step: Step) -> web::Result<Response> {
    let mut seen = Vec::new();
    for token in form.all("seen").to_vec() {
        seen.push(token.parse::<SeenList>().map_err(Error::refused)?);
    }
    if form.raw("must_look") == "1" && !form.checked("looked") {
        form.error("looked", "看过暂不付和核减的单再勾选");
    }
    let result = match form.done() {
        Ok(()) => approve(&app, &viewer, step, &seen, &form).await,
        Err(e) => Err(e),
    };
    match result {
        Ok(()) => {
            let done = match step {
                Step::Town => "town",
                Step::County => "county",
                Step::Finance => "paid",
            };
            let to = match seen.as_slice() {
                [only] => format!("/settlements/{}?done={done}", only.id),
                [first, ..] => {
                    let list = service::list(app.db(), &viewer.full_scope, first.id).await?;
                    format!("/settlements?quarter={}&done={done}", list.quarter)
                }
                [] => "/settlements".into(),
            };
            Ok(Redirect::to(&to).into_response())
        }
        Err(Error::Invalid(fields)) => {
            let mut lists = Vec::new();
            for s in &seen {
                lists.push(service::list(app.db(), &viewer.full_scope, s.id).await?);
            }
            draw(&app, &viewer, step, lists, &form, fields).await
        }
        Err(e) => Err(e.into()),
    }
}

pub(super) async fn town_page(State(app): State<App>, viewer: Viewer, query: Query) -> web::Result<Response> {
    show(app, viewer, query, Step::Town).await
}
pub(super) async fn town_submit(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    submit(app, viewer, form, Step::Town).await
}
pub(super) async fn county_page(State(app): State<App>, viewer: Viewer, query: Query) -> web::Result<Response> {
    show(app, viewer, query, Step::County).await
}
pub(super) async fn county_submit(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    submit(app, viewer, form, Step::County).await
}
pub(super) async fn pay_page(State(app): State<App>, viewer: Viewer, query: Query) -> web::Result<Response> {
    show(app, viewer, query, Step::Finance).await
}
pub(super) async fn pay_submit(State(app): State<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    submit(app, viewer, form, Step::Finance).await
}

#[derive(Template)]
#[template(path = "settlement/return.html")]
struct ReturnPage {
    page: Page,
    list: ListView,
    action: String,
    heading: &'static str,
    effect: &'static str,
    /// Towns to choose from; empty when it goes back to the county.
    towns: Vec<(String, String)>,
    town: String,
    reason: String,
    seen: String,
}

async fn draw_return(
    app: &App,
    viewer: &Viewer,
    step: Step,
    id: &str,
    typed: &Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let list = service::list(app.db(), &viewer.full_scope, list_id(id)?).await?;
    if list.state != step.state() {
        return Err(Error::refused(format!("清单现在{}，不能从这里退回", list.state.zh())).into());
    }
    let regions = app.regions();
    let towns = match step {
        Step::County => service::towns(app.db(), &viewer.full_scope, list.id)
            .await?
            .iter()
            .map(|t| (t.town.to_string(), regions.name(&t.town)))
            .collect(),
        Step::Town | Step::Finance => Vec::new(),
    };
    let (heading, effect, path) = match list.state {
        ListState::Finance => ("退回县里？", "县里要重新看过、再同意一次，才能拨付", "return-to-county"),
        _ => ("退回镇里？", "退回的镇要重新审核，其他镇不用再审", "return-to-town"),
    };
    let failed = !errors.is_empty();
    let view = ReturnPage {
        page: Page::new(app, viewer, heading).at(NAV).errors(errors),
        action: format!("/settlements/{}/{path}", list.id),
        seen: match typed.raw("seen") {
            "" => SeenList { id: list.id, version: list.version }.token(),
            seen => seen.to_string(),
        },
        town: typed.raw("town").to_string(),
        reason: typed.raw("reason").to_string(),
        heading,
        effect,
        towns,
        list,
    };
    let page = html(&view)?;
    Ok(if failed { unprocessable(page) } else { page })
}

async fn submit_return(app: App, viewer: Viewer, id: String, mut form: Form, step: Step) -> web::Result<Response> {
    let seen: SeenList = form.raw("seen").parse().map_err(Error::refused)?;
    if seen.id != list_id(&id)? {
        return Err(Error::NotFound("这份结算清单".into()).into());
    }
    let town: Option<RegionCode> = form.parse("town");
    let result = match form.done() {
        Ok(()) => service::return_list(app.db(), &viewer.actor(), step, seen, town, form.raw("reason")).await,
        Err(e) => Err(e),
    };
    match result {
        Ok(()) => Ok(Redirect::to(&format!("/settlements/{}?done=returned", seen.id)).into_response()),
        Err(Error::Invalid(fields)) => draw_return(&app, &viewer, step, &id, &form, fields).await,
        Err(e) => Err(e.into()),
    }
}

pub(super) async fn return_town_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    draw_return(&app, &viewer, Step::County, &id, &Form::default(), Vec::new()).await
}
pub(super) async fn return_town_submit(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    submit_return(app, viewer, id, form, Step::County).await
}
pub(super) async fn return_county_page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    draw_return(&app, &viewer, Step::Finance, &id, &Form::default(), Vec::new()).await
}
pub(super) async fn return_county_submit(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    submit_return(app, viewer, id, form, Step::Finance).await
}
