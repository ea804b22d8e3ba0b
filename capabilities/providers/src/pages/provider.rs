//! The list of providers and the record of one.
use super::{Asked, done_word, org_id};
use crate::model::{Contract, PaperState};
use crate::service::{self, Position, ProviderFilter, ProviderLine};
use askama::Template;
use catalogue::Category;
use kernel::{Dir, Permission};
use web::axum::extract::{Path, Query, State};
use web::axum::response::{IntoResponse, Redirect, Response};
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Page, Tab, Viewer};

struct Row {
    line: ProviderLine,
    region: String,
    contract: Option<Contract>,
}

/// Contract and insurance of a provider in one chip.
fn standing(line: &ProviderLine) -> (Mark, String) {
    match line.blocks.first() {
        None => (Mark::Ok, "可接单".into()),
        Some(b) => {
            let mark = match b.code() {
                "inactive" => Mark::Off,
                "suspended" => Mark::Danger,
                "contract_not_begun" => Mark::Todo,
                _ => Mark::Warn,
            };
            (mark, b.zh())
        }
    }
}

/// `GET /providers`: government sees its region's; a provider goes straight to its own record.
pub async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    if let Some(org) = viewer.scope.org_id() {
        return Ok(Redirect::to(&format!("/providers/{org}")).into_response());
    }
    let filter = ProviderFilter {
        category: ask.filter("category").and_then(Category::parse),
        running: ask.filter("contract").map(|c| c == "running"),
        q: ask.q.clone(),
    };
    let (soon, gone) = service::paper_counts(app.db(), &viewer.scope).await?;
    let county = viewer.region().at(kernel::Tier::County);
    let thin = service::coverage(app.db(), &viewer.scope, &[county], app.clock().today())
        .await?
        .iter()
        .filter(|c| c.thin())
        .count();
    let mut actions = vec![("/providers/coverage".to_string(), "table", "轮岗".to_string(), false)];
    if viewer.may(Permission::ProviderWrite) {
        actions.push(("/providers/new".into(), "plus", "登记服务商".into(), true));
    }
    let tab = |code: &str, word: &str| Tab {
        href: if code.is_empty() { "/providers".into() } else { format!("/providers?contract={code}") },
        word: word.into(),
        count: None,
        current: ask.filter("contract").unwrap_or("") == code,
    };
    let papers = |state: &str, word: &str, n: i64| Tab {
        href: format!("/providers/papers?state={state}"),
        word: word.into(),
        count: Some(n),
        current: false,
    };
    let spec: ListSpec<Row> = ListSpec {
        title: "服务商".into(),
        path: "/providers".into(),
        nav: "/providers",
        sub: if thin == 0 {
            String::new()
        } else {
            format!("有 {thin} 类不足 {} 家，看轮岗", service::WANTED)
        },
        cols: vec![
            Col::new("name", "名称", |r: &Row| {
                Cell::name(format!("/providers/{}", r.line.provider.org), &r.line.provider.name)
            })
            .sort("p.name"),
            Col::new("region", "登记地", |r: &Row| Cell::text(&r.region)).sort("p.region"),
            Col::new("state", "状态", |r: &Row| {
                let (mark, word) = standing(&r.line);
                Cell::State(mark, word)
            }),
            Col::new("categories", "合同类别", |r: &Row| {
                Cell::text(match &r.contract {
                    Some(c) if c.categories.len() == Category::ALL.len() => "七类都做".to_string(),
                    Some(c) => c.categories_zh(),
                    None => String::new(),
                })
            }),
            Col::new("to", "合同到", |r: &Row| Cell::Date(r.contract.as_ref().map(|c| c.to))),
            Col::new("insured", "责任险到", |r: &Row| Cell::Date(r.contract.as_ref().map(|c| c.insured_to))),
            Col::new("staff", "护理员", |r: &Row| Cell::Int(r.line.staff)).total(),
            Col::new("contact", "联系人", |r: &Row| {
                Cell::text(format!("{} {}", r.line.provider.contact, r.line.provider.phone))
            }),
        ],
        filters: vec![FilterSpec {
            key: "category",
            label: "类别",
            choices: Category::ALL.iter().map(|c| Choice::new(c.code(), c.zh())).collect(),
        }],
        tabs: vec![
            tab("", "全部"),
            tab("running", "合同有效"),
            tab("ended", "没有有效合同"),
            papers("due", "证件 30 天内到期", soon),
            papers("expired", "证件已到期", gone),
        ],
        search_hint: Some("名称、联系人、信用代码"),
        default_sort: ("name", Dir::Asc),
        tie: "p.org",
        actions,
        empty: ("这里还没有服务商".into(), "中标后由县民政登记，再录合同".into(), None),
        flash: None,
    };
    let (db, scope, book) = (app.db().clone(), viewer.scope, app.regions());
    let today = app.clock().today();
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::list(&db, &scope, &filter, &f.order, f.page).await?;
        Ok(found.map(|line| Row {
            region: book.name(&line.provider.region),
            contract: line.contract(today).cloned(),
            line,
        }))
    })
    .await
}

struct ContractView {
    contract: Contract,
    regions: String,
    term: (Mark, String),
    insurance: (Mark, String),
    can_edit: bool,
}

struct Turn {
    county: String,
    position: Position,
}

struct Staff {
    id: kernel::WorkerId,
    name: String,
    skills: String,
    mark: Mark,
    word: String,
}

#[derive(Template)]
#[template(path = "providers/provider.html")]
struct ProviderPage {
    page: Page,
    line: ProviderLine,
    region: String,
    standing: (Mark, String),
    contracts: Vec<ContractView>,
    turns: Vec<Turn>,
    staff: Vec<Staff>,
    more_staff: usize,
    can_edit: bool,
    can_contract: bool,
    can_hire: bool,
    /// Papers of provider and workers that end soon, and that have ended.
    due: (i64, i64),
    own: bool,
}

/// How many workers the record shows; the rest is one click away.
const SHOWN: usize = 12;

/// `GET /providers/{id}`
pub async fn record(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> web::Result<Response> {
    let org = org_id(&id)?;
    let (db, scope, today) = (app.db(), &viewer.scope, app.clock().today());
    let line = service::provider(db, scope, org).await?;
    let workers = service::workers(db, scope, org).await?;
    let turns = service::position(db, scope, org, today).await?;
    let soon = service::PaperFilter { org: Some(org), ..service::expiring(today) };
    let gone = service::PaperFilter { org: Some(org), ..service::expired(today) };
    let due = (service::paper_count(db, scope, &soon).await?, service::paper_count(db, scope, &gone).await?);
    let book = app.regions();
    let writer = viewer.may(Permission::ProviderWrite);
    let chip = |s: PaperState| (s.mark(), s.zh());
    let contracts = line
        .contracts
        .iter()
        .map(|c| ContractView {
            regions: c.regions.iter().map(|r| book.name(r)).collect::<Vec<_>>().join("、"),
            term: chip(PaperState::of(c.from, c.to, today)),
            insurance: chip(PaperState::of(c.from.min(today), c.insured_to, today)),
            can_edit: writer && c.regions.iter().all(|r| viewer.full_scope.covers(r)),
            contract: c.clone(),
        })
        .collect();
    let more_staff = workers.len().saturating_sub(SHOWN);
    let staff = workers
        .iter()
        .take(SHOWN)
        .map(|w| {
            let (mark, word) = super::worker::standing(w, today);
            Staff { id: w.id, name: w.name.clone(), skills: w.skills_zh().join("、"), mark, word }
        })
        .collect();
    web::html(&ProviderPage {
        page: Page::new(&app, &viewer, line.provider.name.clone()).at("/providers").flash(done_word(&asked)),
        region: book.full(&line.provider.region),
        standing: standing(&line),
        contracts,
        turns: turns.into_iter().map(|p| Turn { county: book.name(&p.county), position: p }).collect(),
        staff,
        more_staff,
        can_edit: writer && viewer.full_scope.covers(&line.provider.region),
        can_contract: writer,
        can_hire: viewer.may(Permission::WorkerWrite),
        due,
        own: viewer.scope.org_id().is_some(),
        line,
    })
}
