//! The list of orders.
use super::shared::{done, standing, when};
use crate::model::{Order, State};
use crate::service::{self, OrderAsk, View};
use access::model::OrgKind;
use axum::extract::State as Take;
use axum::response::Response;
use catalogue::Category;
use kernel::{CivilDate, Dir, Instant, OrgId, Permission, RegionCode, Scope, Tier};
use web::axum;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Tab, Viewer, respond};

struct Row {
    order: Order,
    village: String,
    now: Instant,
}

fn columns() -> Vec<Col<Row>> {
    vec![
        Col::new("no", "工单号", |r: &Row| Cell::name(format!("/orders/{}", r.order.id), r.order.no.clone())),
        Col::new("state", "状态", |r| {
            let (mark, word) = standing(&r.order, r.now);
            Cell::State(mark, word)
        }),
        Col::new("when", "上门时间", |r: &Row| Cell::text(when(r.order.starts_at, r.now))).sort("o.starts_at"),
        Col::new("elder", "老人", |r: &Row| Cell::text(r.order.elder_name.clone())),
        Col::new("village", "村（社区）", |r: &Row| Cell::text(r.village.clone())),
        Col::new("item", "服务", |r: &Row| Cell::text(r.order.item_name.clone())),
        Col::new("provider", "服务商", |r: &Row| Cell::text(r.order.provider_name.clone())),
        Col::new("worker", "护理员", |r: &Row| {
            Cell::text(r.order.worker_name.clone().unwrap_or_else(|| "—".into()))
        }),
        Col::new("fee", "费用", |r: &Row| Cell::Money(r.order.fee)).total(),
        Col::new("gov", "政府付", |r: &Row| Cell::Money(r.order.gov)).total(),
        Col::new("own", "自己付", |r: &Row| Cell::Money(r.order.own)).total(),
    ]
}

fn view_of(code: Option<&str>, now: Instant) -> Option<View> {
    Some(match code? {
        "today" => View::Day(now.date()),
        "to_accept" => View::ToAccept,
        "to_assign" => View::ToAssign,
        "late" => View::Late(now),
        "follow_up" => View::FollowUp,
        "unconfirmed" => View::Unconfirmed(now),
        "disputed" => View::Disputed,
        _ => return None,
    })
}

pub(super) async fn list(Take(app): Take<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let now = app.now();
    let view = ask.filter("view");
    let counts = service::counts(app.db(), &viewer.scope).await?;
    let tab = |code: &str, word: &str, count: Option<i64>| Tab {
        href: if code.is_empty() { "/orders".into() } else { format!("/orders?view={code}") },
        word: word.into(),
        count,
        current: view.unwrap_or_default() == code,
    };
    let mut tabs = vec![
        tab("", "全部", None),
        tab("today", "今天", None),
        tab("to_accept", "待接单", Some(counts.to_accept)),
        tab("to_assign", "待指派", Some(counts.to_assign)),
        tab("late", "要迟到和已迟到", Some(counts.late)),
        tab("follow_up", "待回访", None),
        tab("unconfirmed", "待确认", Some(counts.unconfirmed)),
        tab("disputed", "有争议", Some(counts.disputed)),
    ];
    if viewer.may(Permission::OrderDispatch) {
        tabs.retain(|t| t.word != "待回访");
    }
    let states = State::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect();
    let categories = Category::ALL.iter().map(|c| Choice::new(c.code(), c.zh())).collect();
    let mut filters = vec![
        FilterSpec { key: "state", label: "状态", choices: states },
        FilterSpec { key: "category", label: "类别", choices: categories },
    ];
    let book = app.regions();
    let below = book.children(viewer.region());
    if !below.is_empty() && viewer.scope.org_id().is_none() {
        let label = if viewer.region().tier() >= Tier::Town { "村（社区）" } else { "镇（县）" };
        let choices = below.iter().map(|c| Choice::new(c.to_string(), book.name(c))).collect();
        filters.push(FilterSpec { key: "region", label, choices });
    }
    if viewer.scope.org_id().is_none() && viewer.may(Permission::ProviderRead) {
        let county = Scope { region: viewer.region().at(Tier::County), ..viewer.scope };
        let found = access::service::orgs(app.db(), &county, Some(OrgKind::Provider)).await?;
        let choices = found.into_iter().map(|o| Choice::new(o.id.to_string(), o.name)).collect();
        filters.push(FilterSpec { key: "provider", label: "服务商", choices });
    }
    let mut actions = Vec::new();
    if viewer.may(Permission::OrderCreate) {
        actions.push(("/orders/new".to_string(), "plus", "下工单".to_string(), true));
    }
    if viewer.may(Permission::OrderDispatch) {
        actions.push(("/orders/board".to_string(), "timeline", "今日排班".to_string(), true));
    }
    let way = actions.first().map(|(href, _, word, _)| (href.clone(), word.clone()));
    let newest_first = !matches!(view, Some("today" | "to_accept" | "to_assign" | "late" | "unconfirmed"));
    let spec = ListSpec {
        title: "工单".into(),
        path: "/orders".into(),
        nav: "/orders",
        sub: book.name(viewer.region()),
        cols: columns(),
        filters,
        tabs,
        search_hint: Some("工单号或老人姓名"),
        default_sort: ("when", if newest_first { Dir::Desc } else { Dir::Asc }),
        tie: "o.id",
        actions,
        empty: ("还没有工单".into(), "老人要服务，就从这里下单".into(), way),
        flash: done(ask.filter("done")),
    };
    let wanted = OrderAsk {
        view: view_of(view, now),
        state: ask.filter("state").and_then(State::parse),
        category: ask.filter("category").and_then(Category::parse).map(|c| c.code().to_string()),
        provider: ask.filter("provider").and_then(|t| t.parse::<OrgId>().ok()),
        region: ask.filter("region").and_then(|t| t.parse::<RegionCode>().ok()),
        elders: match ask.filter("elder").and_then(|t| t.parse().ok()) {
            Some(id) => service::same_elder(app.db(), id).await?,
            None => Vec::new(),
        },
        from: ask.filter("from").and_then(|t| t.parse::<CivilDate>().ok()),
        to: ask.filter("to").and_then(|t| t.parse::<CivilDate>().ok()),
        worker: ask.filter("worker").and_then(|t| t.parse().ok()),
        q: ask.q.clone(),
    };
    let (db, scope) = (app.db().clone(), viewer.scope);
    respond(&app, &viewer, spec, ask, |fetch| async move {
        let found = service::list(&db, &scope, &wanted, &fetch).await?;
        Ok(found.map(|order| Row { village: book.name(&order.region), order, now }))
    })
    .await
}
