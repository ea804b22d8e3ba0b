//! Papers that end within 30 days, and those that have ended.
use crate::model::{DocumentKind, PaperState};
use crate::service::{self, PaperFilter, PaperRow};
use kernel::{CivilDate, Dir};
use web::axum::extract::State;
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Tab, Viewer};

struct Row {
    paper: PaperRow,
    today: CivilDate,
}

/// A contract's own papers beside the workers' kinds.
const OWN_KINDS: [(&str, &str); 2] = [("contract", "服务合同"), ("liability", "责任险")];

fn kind_zh(code: &str) -> &'static str {
    let own = OWN_KINDS.iter().find(|(c, _)| *c == code).map(|(_, word)| *word);
    own.or_else(|| DocumentKind::parse(code).map(DocumentKind::zh)).unwrap_or("证件")
}

/// `GET /providers/papers`
pub async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let today = app.clock().today();
    let state = ask.filter("state").unwrap_or("due").to_string();
    let bounds = match state.as_str() {
        "expired" => service::expired(today),
        "all" => PaperFilter::default(),
        _ => service::expiring(today),
    };
    let filter = PaperFilter {
        kind: ask.filter("kind").map(str::to_string),
        org: ask.filter("provider").and_then(|o| o.parse().ok()),
        q: ask.q.clone(),
        ..bounds
    };
    let (soon, gone) = service::paper_counts(app.db(), &viewer.scope).await?;
    let tab = |code: &str, word: &str, count: Option<i64>| Tab {
        href: format!("/providers/papers?state={code}"),
        word: word.into(),
        count,
        current: state == code,
    };
    let mut kinds: Vec<Choice> = DocumentKind::ALL.iter().map(|k| Choice::new(k.code(), k.zh())).collect();
    kinds.extend(OWN_KINDS.map(|(c, w)| Choice::new(c, w)));
    let own = viewer.scope.org_id().is_some();
    let of = match filter.org {
        Some(org) if !own => format!("{}，", service::provider(app.db(), &viewer.scope, org).await?.provider.name),
        _ => String::new(),
    };
    let spec: ListSpec<Row> = ListSpec {
        title: "证件到期".into(),
        path: "/providers/papers".into(),
        nav: if own { "/workers" } else { "/providers" },
        sub: format!("{of}今天 {today}，到期第二天起不能派单"),
        cols: vec![
            Col::new("holder", "谁的", |r: &Row| match r.paper.worker {
                Some(id) => Cell::name(format!("/workers/{id}"), &r.paper.holder),
                None => Cell::name(format!("/providers/{}", r.paper.org), "服务商"),
            })
            .sort("x.holder"),
            Col::new("org", "服务商", |r: &Row| Cell::Link {
                href: format!("/providers/{}", r.paper.org),
                text: r.paper.org_name.clone(),
            })
            .sort("p.name"),
            Col::new("kind", "种类", |r: &Row| Cell::text(kind_zh(&r.paper.kind))).sort("x.kind"),
            Col::new("name", "名称", |r: &Row| Cell::text(&r.paper.name)),
            Col::new("number", "编号", |r: &Row| Cell::text(&r.paper.number)),
            Col::new("ends", "到期", |r: &Row| Cell::Date(Some(r.paper.ends))).sort("x.ends"),
            Col::new("state", "状态", |r: &Row| {
                let s = PaperState::of(r.today.min(r.paper.ends), r.paper.ends, r.today);
                Cell::State(s.mark(), s.zh())
            }),
        ],
        filters: vec![FilterSpec { key: "kind", label: "种类", choices: kinds }],
        tabs: vec![
            tab("due", "30 天内到期", Some(soon)),
            tab("expired", "已到期", Some(gone)),
            tab("all", "全部", None),
        ],
        search_hint: Some("姓名、服务商、编号"),
        default_sort: ("ends", Dir::Asc),
        tie: "x.id",
        actions: Vec::new(),
        empty: match state.as_str() {
            "expired" => ("没有到期的证件".into(), "都有效".into(), None),
            _ => ("30 天内没有要到期的证件".into(), "都还早".into(), None),
        },
        flash: None,
    };
    let (db, scope) = (app.db().clone(), viewer.scope);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::papers(&db, &scope, &filter, &f.order, f.page).await?;
        Ok(found.map(|paper| Row { paper, today }))
    })
    .await
}
