//! All cases.
use super::done;
use crate::model::kpi::minutes_zh;
use crate::model::{AlarmKind, Case, CaseState, Cause, kind_zh};
use crate::service::{self, CaseAsk};
use kernel::{CivilDate, Dir, Permission};
use web::axum::extract::State;
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Tab, Viewer, respond};

struct Row {
    case: Case,
    village: String,
    today: CivilDate,
}

fn columns() -> Vec<Col<Row>> {
    vec![
        Col::new("no", "单号", |r: &Row| Cell::name(format!("/safety/cases/{}", r.case.id), r.case.no.clone()))
            .sort("c.opened_at"),
        Col::new("elder", "老人", |r: &Row| Cell::text(format!("{} {}", r.case.elder_name, r.case.about(r.today))))
            .sort("c.elder_name"),
        Col::new("village", "村（社区）", |r: &Row| Cell::text(r.village.clone())),
        Col::new("kind", "报警", |r: &Row| Cell::State(r.case.risk.mark(), kind_zh(r.case.kind).into())).sort("c.rank"),
        Col::new("opened", "什么时候", |r: &Row| Cell::text(r.case.opened_at.stamp())).sort("c.opened_at"),
        Col::new("waited", "等了", |r: &Row| {
            Cell::text(r.case.answered_at.map_or_else(|| "还没接".into(), |t| minutes_zh(t.since(r.case.opened_at))))
        })
        .sort("(COALESCE(c.answered_at, 9000000000000000) - c.opened_at)"),
        Col::new("owner", "经办", |r: &Row| {
            Cell::text(r.case.owner.as_ref().map_or_else(|| "—".into(), |o| o.name.clone()))
        })
        .sort("c.owner_name"),
        Col::new("state", "进度", |r: &Row| Cell::State(r.case.state.mark(), r.case.state.zh().into())).sort("c.state"),
        Col::new("cause", "最后是", |r: &Row| Cell::text(r.case.cause.map_or("—", Cause::zh))).sort("c.cause"),
    ]
}

pub(super) async fn list(State(app): State<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = done(ask.filters.remove("done").as_deref());
    let db = app.db().clone();
    let view = ask.filter("view").unwrap_or_default().to_string();
    let open = CaseAsk { open: Some(true), ..CaseAsk::default() };
    let unanswered = CaseAsk { unanswered: true, ..CaseAsk::default() };
    let open_count = service::count(&db, &viewer.scope, &open).await?;
    let ringing = service::count(&db, &viewer.scope, &unanswered).await?;
    let tab = |code: &str, word: &str, count: Option<i64>| Tab {
        href: if code.is_empty() { "/safety/cases".into() } else { format!("/safety/cases?view={code}") },
        word: word.into(),
        count,
        current: view == code,
    };
    let day = ask.filter("day").and_then(|d| d.parse::<CivilDate>().ok());
    let wanted = CaseAsk {
        open: match view.as_str() {
            "open" => Some(true),
            "closed" => Some(false),
            _ => None,
        },
        unanswered: view == "unanswered",
        state: ask.filter("state").and_then(CaseState::parse),
        kind: ask.filter("kind").and_then(AlarmKind::parse),
        cause: ask.filter("cause").and_then(Cause::parse),
        elder: ask.filter("elder").and_then(|t| t.parse().ok()),
        since: day.map(|d| d.at(0, 0)),
        before: day.map(|d| d.plus_days(1).at(0, 0)),
        owner: None,
        q: ask.q.clone(),
    };
    let mut actions = vec![("/safety".to_string(), "bell-ringing", "回工作台".to_string(), false)];
    if viewer.may(Permission::SafetyRead) {
        actions.push(("/safety/notices".to_string(), "message", "短信".to_string(), false));
    }
    let book = app.regions();
    let today = app.clock().today();
    let spec = ListSpec {
        title: "紧急工单".into(),
        path: "/safety/cases".into(),
        nav: "/safety",
        sub: match day {
            Some(d) => format!("{} {d}", book.name(viewer.region())),
            None => book.name(viewer.region()),
        },
        cols: columns(),
        filters: vec![
            FilterSpec {
                key: "kind",
                label: "报警",
                choices: AlarmKind::ALL.iter().map(|k| Choice::new(k.code(), kind_zh(*k))).collect(),
            },
            FilterSpec {
                key: "state",
                label: "进度",
                choices: CaseState::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
            },
            FilterSpec {
                key: "cause",
                label: "最后是",
                choices: Cause::ALL.iter().map(|c| Choice::new(c.code(), c.zh())).collect(),
            },
        ],
        tabs: vec![
            tab("", "全部", None),
            tab("unanswered", "没人接", Some(ringing)),
            tab("open", "没关的", Some(open_count)),
            tab("closed", "已关", None),
        ],
        search_hint: Some("单号或老人姓名"),
        default_sort: ("no", Dir::Desc),
        tie: "c.id",
        actions,
        empty: ("这里没有报警".into(), "没有报警是好消息".into(), None),
        flash,
    };
    let scope = viewer.scope;
    respond(&app, &viewer, spec, ask, |fetch| async move {
        let found = service::cases_list(&db, &scope, &wanted, &fetch).await?;
        Ok(found.map(|case| Row { village: book.name(&case.region), today, case }))
    })
    .await
}
