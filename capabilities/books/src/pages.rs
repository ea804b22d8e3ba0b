//! Pages: the list of accounts and the statement of one.
use crate::codes::{self, Subject};
use crate::model::{AccountView, Line, lead};
use crate::service;
use kernel::{AccountId, Dir, Error, OrgId, Paged, Permission};
use ledger::{AccountKind, Purpose};
use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Routes, Tab, Viewer, respond};

/// The rail entry both pages belong to.
const NAV: &str = "/settlements";

pub fn routes() -> Routes {
    Routes::new("books")
        .get("/books", Permission::SettlementRead, list)
        // Which kinds of account one may open depends on the account: `service::seen` decides.
        .get("/books/accounts/{id}", Permission::SignedIn, statement)
}

/// Who knows the titles of policy packs by id; the books only know the ids.
#[async_trait::async_trait]
pub trait Titles: Send + Sync {
    async fn titles(&self, db: &store::Db) -> kernel::Result<HashMap<String, String>>;
}

/// Wired by whoever loads the packs.
pub struct PackTitles(pub Arc<dyn Titles>);

/// An account with whose it is: a provider, or a place and a policy pack.
struct Shown {
    account: AccountView,
    whose: String,
}

/// Names of one page of accounts, with one query for all providers on it.
async fn named(app: &App, accounts: Vec<AccountView>) -> kernel::Result<Vec<Shown>> {
    let ids: BTreeSet<OrgId> = accounts.iter().filter_map(|a| a.org).collect();
    let ids: Vec<OrgId> = ids.into_iter().collect();
    let orgs = if ids.is_empty() { HashMap::new() } else { access::directory::orgs_by_ids(app.db(), &ids).await? };
    let packs = match app.thing::<PackTitles>() {
        Ok(packs) => packs.0.titles(app.db()).await?,
        Err(_) => HashMap::new(),
    };
    let regions = app.regions();
    let title = |id: &str| packs.get(id).cloned();
    let shown = |account: AccountView| {
        let place = regions.name(&account.region);
        let whose = match (account.org.and_then(|id| orgs.get(&id)), codes::parse(&account.code)) {
            (Some(org), _) => org.name.clone(),
            (None, Some(Subject::Purse { pack, .. } | Subject::Fund { pack, .. })) => match title(&pack) {
                Some(title) => format!("{place}　{title}"),
                None => place,
            },
            (None, _) => place,
        };
        Shown { account, whose }
    };
    Ok(accounts.into_iter().map(shown).collect())
}

async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let may = service::kinds_of(viewer.role);
    let on = ask.filter("kind").and_then(AccountKind::parse).filter(|k| may.contains(k));
    let mut tabs = vec![Tab { href: "/books".into(), word: "全部".into(), count: None, current: on.is_none() }];
    tabs.extend(may.iter().map(|k| Tab {
        href: format!("/books?kind={}", k.code()),
        word: k.zh().into(),
        count: None,
        current: on == Some(*k),
    }));
    let spec = ListSpec {
        title: "账户".into(),
        path: "/books".into(),
        nav: NAV,
        sub: "每一分钱从一个账户进，从另一个账户出".into(),
        cols: vec![
            Col::new("account", "账户", |s: &Shown| {
                Cell::name(format!("/books/accounts/{}", s.account.id), s.account.title())
            }),
            Col::new("whose", "归属", |s| Cell::text(s.whose.clone())),
            Col::new("opened", "开户", |s| Cell::Date(Some(s.account.opened_at.date()))),
            Col::new("balance", "余额", |s| Cell::Money(s.account.balance())),
            Col::new("held", "预占", |s| Cell::MoneyOrDash(s.account.held())),
            Col::new("available", "可用", |s| Cell::Money(s.account.available())),
        ],
        filters: vec![],
        tabs,
        search_hint: None,
        default_sort: ("account", Dir::Desc),
        tie: "a.id",
        actions: vec![],
        empty: ("这里还没有账户".into(), "待遇认定或结算后自动开户".into(), None),
        flash: None,
    };
    let kinds = on.map_or(may, |k| vec![k]);
    let (of, scope, kinds) = (&app, &viewer.scope, &kinds);
    respond(&app, &viewer, spec, ask, |f| async move {
        let Paged { rows, total, page, per_page } = service::list(of.db(), scope, kinds, &f.order, f.page).await?;
        Ok(Paged { rows: named(of, rows).await?, total, page, per_page })
    })
    .await
}

fn linked(l: &Line) -> Cell {
    match lead(&l.transfer.reference) {
        (Some(href), text) => Cell::Link { href, text },
        (None, text) => Cell::text(text),
    }
}

/// For who reads orders and no payment lists.
fn linked_to_orders(l: &Line) -> Cell {
    match l.transfer.reference {
        ledger::Reference::PaymentList(_) => Cell::text("结算清单"),
        _ => linked(l),
    }
}

/// For who reads neither.
fn unlinked(l: &Line) -> Cell {
    match l.transfer.reference {
        ledger::Reference::Order(_) => Cell::text("工单"),
        _ => linked_to_orders(l),
    }
}

/// A line leads only to what the viewer may open.
fn reference_of(viewer: &Viewer) -> fn(&Line) -> Cell {
    match (viewer.may(Permission::OrderRead), viewer.may(Permission::SettlementRead)) {
        (true, true) => linked,
        (true, false) => linked_to_orders,
        (false, _) => unlinked,
    }
}

async fn statement(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let id: AccountId = id.parse().map_err(|_| Error::NotFound("这个账户".into()))?;
    let about = reference_of(&viewer);
    let account = service::seen(app.db(), &viewer.scope, viewer.role, id).await?;
    let whose = named(&app, vec![account.clone()]).await?.pop().map(|s| s.whose).unwrap_or_default();
    let mut sub = format!("{whose}　余额 {}", account.balance());
    if !account.held().is_zero() {
        sub.push_str(&format!("，预占 {}，可用 {}", account.held(), account.available()));
    }
    let purposes = Purpose::ALL.iter().filter(|p| match p.route() {
        Some((debit, credit)) => debit == account.kind || credit == account.kind,
        None => true,
    });
    let spec = ListSpec {
        title: account.title(),
        path: format!("/books/accounts/{id}"),
        nav: NAV,
        sub,
        cols: vec![
            Col::new("at", "时间", |l: &Line| Cell::text(l.transfer.at.stamp())),
            Col::new("purpose", "事由", |l| Cell::text(l.transfer.purpose.zh())),
            Col::new("reference", "依据", about),
            Col::new("other", "对方", |l| Cell::text(l.other.zh())),
            Col::new("actor", "经办", |l| Cell::text(l.actor.clone())),
            Col::new("held", "预占", |l: &Line| Cell::MoneyOrDash(l.held)).total(),
            Col::new("change", "收支", |l: &Line| Cell::MoneyOrDash(l.change)).total(),
            Col::new("after", "余额", |l| Cell::Money(l.after)),
        ],
        filters: vec![FilterSpec {
            key: "purpose",
            label: "事由",
            choices: purposes.map(|p| Choice::new(p.code(), p.zh())).collect(),
        }],
        tabs: vec![],
        search_hint: None,
        default_sort: ("at", Dir::Desc),
        tie: "l.seq",
        actions: vec![],
        empty: ("这个账户还没有流水".into(), "有钱进出后列在这里".into(), None),
        flash: None,
    };
    let purpose = ask.filter("purpose").and_then(Purpose::parse);
    let (db, account) = (app.db(), &account);
    respond(&app, &viewer, spec, ask, |f| async move { service::lines(db, account, purpose, f.page).await }).await
}
