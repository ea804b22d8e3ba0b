//! The audit log and its proof.
use super::{form_page, region_name};
use askama::Template;
use axum::extract::State;
use axum::response::Response;
use kernel::{Dir, Role};
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Page, Viewer};

struct Line {
    r: audit::Row,
    region: String,
}

/// What a kind of thing is called; a kind this page does not know keeps its code.
fn kind_zh(entity: &str) -> &str {
    match entity {
        "account" => "账号",
        "address" => "网络地址",
        "api_key" => "密钥",
        "determination_run" => "认定",
        "elder" => "老人",
        "household" => "家庭",
        "import" => "导入",
        "job" => "后台工作",
        "list" => "列表",
        "org" => "单位",
        "payment_list" => "结算清单",
        "provider" => "服务商",
        "region" => "区划",
        "route" => "页面",
        "service_item" => "服务项目",
        "session" => "设备",
        "work_order" => "工单",
        "worker" => "护理员",
        other => other,
    }
}

/// 老人 …3f2a10: the kind, and of an id its end, which is enough to tell rows apart.
fn target(r: &audit::Row) -> String {
    let n = r.entity_id.chars().count();
    match n {
        36 => format!("{} …{}", kind_zh(&r.entity), r.entity_id.chars().skip(n - 6).collect::<String>()),
        _ => format!("{} {}", kind_zh(&r.entity), r.entity_id),
    }
}

/// `GET /audit`
pub(crate) async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let cols = vec![
        Col::new("seq", "序号", |l: &Line| Cell::Int(l.r.seq)),
        Col::new("at", "时间", |l: &Line| Cell::text(l.r.at.stamp_seconds())),
        Col::new("actor", "谁", |l: &Line| Cell::text(&l.r.actor)),
        Col::new("role", "角色", |l: &Line| Cell::text(Role::parse(&l.r.role).map_or("平台", Role::zh))),
        Col::new("words", "做了什么", |l: &Line| Cell::text(&l.r.words)),
        Col::new("entity", "对什么", |l: &Line| Cell::Link {
            href: format!("/audit?entity={}", l.r.entity_id.replace(['&', '#', '?', '%'], "")),
            text: target(&l.r),
        }),
        Col::new("region", "区域", |l: &Line| Cell::text(&l.region)),
        Col::new("reason", "为什么", |l: &Line| Cell::text(l.r.reason.clone().unwrap_or_default())),
    ];
    let mut filters = vec![FilterSpec {
        key: "action",
        label: "做了什么",
        choices: audit::kinds(app.db()).await?.into_iter().map(|k| Choice::new(k.code, k.words)).collect(),
    }];
    if let Some(e) = ask.filter("entity") {
        filters.push(FilterSpec { key: "entity", label: "对什么", choices: vec![Choice::new(e, e)] });
    }
    let spec = ListSpec {
        title: "审计".into(),
        path: "/audit".into(),
        nav: "/audit",
        sub: "谁在什么时候看了、改了什么，一行也删不掉".into(),
        cols,
        filters,
        tabs: Vec::new(),
        search_hint: Some("姓名"),
        default_sort: ("seq", Dir::Desc),
        tie: "seq",
        actions: vec![("/audit/verify".into(), "shield-check", "核对有没有被改".into(), false)],
        empty: ("还没有记录".into(), "有人登录、看了或改了，就有一行".into(), None),
        flash: None,
    };
    let wanted = audit::AuditList {
        region: Some(viewer.scope.region),
        entity_id: ask.filter("entity").map(str::to_string),
        action: ask.filter("action").map(str::to_string),
        actor: (!ask.q.is_empty()).then(|| ask.q.clone()),
    };
    let (to, wanted) = (&app, &wanted);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = audit::list(to.db(), wanted, f.page).await?;
        Ok(found.map(|r| Line { region: r.region.map(|c| region_name(to, &c)).unwrap_or_default(), r }))
    })
    .await
}

#[derive(Template)]
#[template(path = "audit_verify.html")]
struct VerifyPage {
    page: Page,
    verdict: Option<audit::Verdict>,
    at: String,
}

/// `GET /audit/verify`
pub(crate) async fn verify_page(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let page = Page::new(&app, &viewer, "核对审计").at("/audit");
    form_page(&VerifyPage { page, verdict: None, at: String::new() }, false)
}

/// `POST /audit/verify`: walks the whole chain; a form, because it reads every row.
pub(crate) async fn verify(State(app): State<App>, viewer: Viewer) -> web::Result<Response> {
    let verdict = audit::verify(app.db()).await?;
    let page = Page::new(&app, &viewer, "核对审计").at("/audit");
    form_page(&VerifyPage { page, verdict: Some(verdict), at: app.now().stamp_seconds() }, false)
}
