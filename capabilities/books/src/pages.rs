//! Pages: the list of accounts and the statement of one.
use crate::codes::{self, Subject};
use crate::model::{AccountView, Line, lead};
use crate::service;
use kernel::{AccountId, Dir, Error, Permission, RegionBook};
use ledger::{AccountKind, Purpose};
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

/// An account with the words that only the application knows.
struct Shown {
    account: AccountView,
    regions: Arc<RegionBook>,
}

impl Shown {
    fn whose(&self) -> String {
        let place = self.regions.name(&self.account.region);
        match codes::parse(&self.account.code) {
            Some(Subject::Purse { pack, .. } | Subject::Fund { pack, .. }) => format!("{place}　{pack}"),
            _ => place,
        }
    }
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
            Col::new("whose", "归属", |s| Cell::text(s.whose())),
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
    let (db, scope, regions) = (app.db().clone(), viewer.scope, app.regions());
    respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::list(&db, &scope, &kinds, &f.order, f.page).await?;
        Ok(found.map(|account| Shown { account, regions: regions.clone() }))
    })
    .await
}

async fn statement(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let id: AccountId = id.parse().map_err(|_| Error::NotFound("这个账户".into()))?;
    let account = service::seen(app.db(), &viewer.scope, viewer.role, id).await?;
    let shown = Shown { regions: app.regions(), account };
    let account = shown.account.clone();
    let mut sub = format!("{}　余额 {}", shown.whose(), account.balance());
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
            Col::new("reference", "依据", |l| match lead(&l.transfer.reference) {
                (Some(href), text) => Cell::Link { href, text },
                (None, text) => Cell::text(text),
            }),
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
    let db = app.db().clone();
    respond(&app, &viewer, spec, ask, |f| async move { service::lines(&db, &account, purpose, f.page).await }).await
}
