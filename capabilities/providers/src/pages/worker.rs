//! The list of workers and the record of one.
use super::{Asked, done_word, worker_id};
use crate::model::{Ban, Document, PaperState, WorkerCard, hours_zh};
use crate::service::{self, WorkerFilter};
use askama::Template;
use catalogue::Skill;
use kernel::{CivilDate, Dir, Permission};
use web::axum::extract::{Path, Query, State};
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Page, Tab, Viewer};

struct Row {
    card: WorkerCard,
    today: CivilDate,
}

/// Can this worker be sent today, and if so, does a paper end soon?
pub(super) fn standing(w: &WorkerCard, today: CivilDate) -> (Mark, String) {
    if !w.active {
        return (Mark::Off, "已离职".into());
    }
    if w.ban_on(today).is_some() {
        return (Mark::Danger, "行业禁入".into());
    }
    if let Some(block) = w.standing_blocks(today).first() {
        return (Mark::Warn, block.zh());
    }
    let mut lapsed = Vec::new();
    let mut due: Option<(i64, String)> = None;
    let mut look = |d: Option<&Document>| match d.map(|d| (d.state_on(today), d)) {
        Some((PaperState::Expired { .. }, d)) => lapsed.push(d.name.clone()),
        Some((PaperState::Due { days }, d)) if due.as_ref().is_none_or(|(n, _)| days < *n) => {
            due = Some((days, d.kind.zh().to_string()));
        }
        _ => {}
    };
    for kind in crate::DocumentKind::ALL.iter().filter(|k| **k != crate::DocumentKind::Certificate) {
        look(w.paper(*kind, None, today));
    }
    for skill in Skill::of(w.skills).into_iter().filter(|s| s.needs_certificate()) {
        look(w.paper(crate::DocumentKind::Certificate, Some(skill), today));
    }
    lapsed.dedup();
    match (lapsed.first(), due) {
        (Some(name), _) => (Mark::Warn, format!("{name}已到期")),
        (None, Some((0, kind))) => (Mark::Note, format!("{kind}今天到期")),
        (None, Some((days, kind))) => (Mark::Note, format!("{kind}还有 {days} 天")),
        (None, None) => (Mark::Ok, "可派单".into()),
    }
}

/// `GET /workers`
pub async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let own = viewer.scope.org_id().is_some();
    let state = ask.filter("state").unwrap_or("").to_string();
    let filter = WorkerFilter {
        org: ask.filter("provider").and_then(|o| o.parse().ok()),
        skill: ask.filter("skill").and_then(Skill::parse),
        active: match state.as_str() {
            "left" => Some(false),
            "banned" => None,
            _ => Some(true),
        },
        banned: state == "banned",
        q: ask.q.clone(),
    };
    let today = app.clock().today();
    let (soon, gone) = service::paper_counts(app.db(), &viewer.scope).await?;
    let tab = |code: &str, word: &str| Tab {
        href: if code.is_empty() { "/workers".into() } else { format!("/workers?state={code}") },
        word: word.into(),
        count: None,
        current: state == code,
    };
    let papers = |state: &str, word: &str, n: i64| Tab {
        href: format!("/providers/papers?state={state}"),
        word: word.into(),
        count: Some(n),
        current: false,
    };
    let mut cols: Vec<Col<Row>> = vec![
        Col::new("name", "姓名", |r: &Row| Cell::name(format!("/workers/{}", r.card.id), &r.card.name)).sort("w.name"),
        Col::new("state", "状态", |r: &Row| {
            let (mark, word) = standing(&r.card, r.today);
            Cell::State(mark, word)
        }),
        Col::new("sex", "性别", |r: &Row| Cell::text(r.card.sex.zh())).sort("w.sex"),
        Col::new("age", "周岁", |r: &Row| Cell::Int(i64::from(r.card.birth.age_on(r.today)))),
        Col::new("skills", "技能", |r: &Row| Cell::text(r.card.skills_zh().join("、"))),
        Col::new("languages", "会说", |r: &Row| Cell::text(r.card.languages_zh().join("、"))),
        Col::new("training", "培训学时", |r: &Row| Cell::Int(i64::from(r.card.training_hours)))
            .sort("w.training_hours"),
        Col::new("phone", "电话", |r: &Row| Cell::text(&r.card.phone_masked)),
    ];
    if !own {
        let org = Col::new("org", "服务商", |r: &Row| Cell::Link {
            href: format!("/providers/{}", r.card.org),
            text: r.card.org_name.clone(),
        });
        cols.insert(1, org.sort("p.name"));
    }
    let sub = match filter.org {
        Some(org) if !own => service::provider(app.db(), &viewer.scope, org).await?.provider.name,
        _ => String::new(),
    };
    let mut actions = Vec::new();
    if viewer.may(Permission::WorkerWrite) {
        actions.push(("/workers/new".to_string(), "plus", "登记护理员".to_string(), true));
    }
    let spec: ListSpec<Row> = ListSpec {
        title: "护理员".into(),
        path: "/workers".into(),
        nav: if own { "/workers" } else { "/providers" },
        sub,
        cols,
        filters: vec![FilterSpec {
            key: "skill",
            label: "技能",
            choices: Skill::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
        }],
        tabs: vec![
            tab("", "在职"),
            tab("left", "已离职"),
            tab("banned", "行业禁入"),
            papers("due", "证件 30 天内到期", soon),
            papers("expired", "证件已到期", gone),
        ],
        search_hint: Some("姓名、出发地"),
        default_sort: ("name", Dir::Asc),
        tie: "w.id",
        actions,
        empty: match state.as_str() {
            "banned" => ("没有在禁入期的人".into(), "这是好事".into(), None),
            "left" => ("没有离职的人".into(), "离职的护理员会列在这里".into(), None),
            _ => ("还没有护理员".into(), "由服务商登记，再录保险、体检和证书".into(), None),
        },
        flash: None,
    };
    let (db, scope) = (app.db().clone(), viewer.scope);
    web::respond(&app, &viewer, spec, ask, |f| async move {
        let found = service::worker_list(&db, &scope, &filter, &f.order, f.page).await?;
        Ok(found.map(|card| Row { card, today }))
    })
    .await
}

struct PaperView {
    document: Document,
    covers: String,
    mark: Mark,
    word: String,
    can_void: bool,
}

struct BanView {
    ban: Ban,
    mark: Mark,
    word: &'static str,
    can_lift: bool,
}

#[derive(Template)]
#[template(path = "providers/worker.html")]
struct WorkerPage {
    page: Page,
    card: WorkerCard,
    age: i16,
    standing: (Mark, String),
    /// What keeps the worker from every visit, and skills that lack a valid certificate.
    blocks: Vec<String>,
    papers: Vec<PaperView>,
    bans: Vec<BanView>,
    skills: Vec<(&'static str, &'static str, Mark)>,
    languages: Vec<&'static str>,
    hours: String,
    can_edit: bool,
    can_ban: bool,
}

/// `GET /workers/{id}`
pub async fn record(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(asked): Asked,
) -> web::Result<Response> {
    let card = service::worker(app.db(), &viewer.scope, worker_id(&id)?).await?;
    let today = app.clock().today();
    let can_edit = viewer.may(Permission::WorkerWrite) && viewer.scope.org_id() == Some(card.org);
    let can_ban = viewer.may(Permission::ProviderWrite);
    let papers = card
        .documents
        .iter()
        .map(|d| {
            let s = d.state_on(today);
            PaperView {
                covers: Skill::of(d.covers).iter().map(|s| s.zh()).collect::<Vec<_>>().join("、"),
                mark: s.mark(),
                word: s.zh(),
                can_void: can_edit && d.void.is_none(),
                document: d.clone(),
            }
        })
        .collect();
    let bans = card
        .bans
        .iter()
        .map(|b| BanView {
            mark: if b.covers(today) { Mark::Danger } else { Mark::Off },
            word: if b.covers(today) {
                "禁入中"
            } else if b.lifted_on.is_some() {
                "已撤销"
            } else if b.from > today {
                "未开始"
            } else {
                "已期满"
            },
            can_lift: can_ban && b.lifted_on.is_none() && b.to.is_none_or(|to| to >= today),
            ban: b.clone(),
        })
        .collect();
    let skills = Skill::of(card.skills)
        .into_iter()
        .map(|s| {
            let valid =
                || card.paper(crate::DocumentKind::Certificate, Some(s), today).is_some_and(|d| d.valid_on(today));
            match (s.needs_certificate(), valid) {
                (false, _) => (s.zh(), "", Mark::Ok),
                (true, v) if v() => (s.zh(), "有证", Mark::Ok),
                (true, _) => (s.zh(), "没有有效的证", Mark::Warn),
            }
        })
        .collect();
    web::html(&WorkerPage {
        page: Page::new(&app, &viewer, card.name.clone())
            .at(if viewer.scope.org_id().is_some() { "/workers" } else { "/providers" })
            .flash(done_word(&asked)),
        age: card.birth.age_on(today),
        standing: standing(&card, today),
        blocks: card.blocks(card.skills, today).iter().map(|b| b.zh()).collect(),
        papers,
        bans,
        skills,
        languages: card.languages_zh(),
        hours: hours_zh(&card.hours),
        can_edit,
        can_ban,
        card,
    })
}
