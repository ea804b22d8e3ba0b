//! The list of assessments.
use super::{done, mark};
use crate::book::Scales;
use crate::model::{Case, Purpose, State};
use crate::service::{self, AHEAD_DAYS, CaseAsk, View};
use kernel::{CivilDate, Dir, Permission};
use web::axum::extract::State as Take;
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Tab, Viewer, respond};

struct Row {
    case: Case,
    village: String,
    scale: String,
    today: CivilDate,
    /// The assessor's own page of it, where they still have something to do.
    mine: bool,
}

fn columns() -> Vec<Col<Row>> {
    vec![
        Col::new("no", "编号", |r: &Row| {
            let to = if r.mine { format!("/assess/{}", r.case.id) } else { format!("/assessments/{}", r.case.id) };
            Cell::name(to, r.case.no.clone())
        })
        .sort("c.created_at"),
        Col::new("elder", "老人", |r: &Row| Cell::text(r.case.elder_name.clone())).sort("c.elder_name"),
        Col::new("village", "村（社区）", |r: &Row| Cell::text(r.village.clone())),
        Col::new("scale", "量表", |r: &Row| Cell::text(r.scale.clone())),
        Col::new("purpose", "种类", |r: &Row| Cell::text(r.case.purpose.zh())),
        Col::new("reason", "原因", |r: &Row| Cell::text(r.case.reason.zh())),
        Col::new("state", "进度", |r: &Row| {
            let (mark, word) = mark(&r.case, r.today);
            Cell::State(mark, word)
        }),
        Col::new("when", "约在", |r: &Row| {
            Cell::text(r.case.starts_at.map(|t| t.stamp()).unwrap_or_else(|| "—".into()))
        })
        .sort("c.starts_at"),
        Col::new("level", "等级", |r: &Row| Cell::text(r.case.level_zh.clone().unwrap_or_else(|| "—".into())))
            .sort("c.level_order"),
        Col::new("until", "有效期至", |r: &Row| Cell::Date(r.case.valid_until)).sort("c.valid_until"),
    ]
}

fn view_of(code: Option<&str>, today: CivilDate) -> Option<View> {
    Some(match code? {
        "to_appoint" => View::ToAppoint,
        "today" => View::Day(today),
        "late" => View::Late(today),
        "in_progress" => View::InProgress,
        "to_sign" => View::ToSign,
        "held" => View::Held,
        "ending" => View::EndsBy(today.plus_days(AHEAD_DAYS)),
        "objected" => View::Objected,
        _ => return None,
    })
}

pub(super) async fn list(Take(app): Take<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = done(ask.filters.remove("done").as_deref());
    let today = app.clock().today();
    let sight = service::sight(app.db(), &viewer.actor(), &viewer.scope).await?;
    let counts = service::counts(app.db(), &sight).await?;
    let view = ask.filter("view").map(str::to_string);
    let tab = |code: &str, word: &str, count: Option<i64>| Tab {
        href: if code.is_empty() { "/assessments".into() } else { format!("/assessments?view={code}") },
        word: word.into(),
        count,
        current: view.as_deref().unwrap_or_default() == code,
    };
    let tabs = vec![
        tab("", "全部", None),
        tab("to_appoint", "待约", Some(counts.to_appoint)),
        tab("today", "今天", Some(counts.today)),
        tab("late", "过期没评", Some(counts.late)),
        tab("to_sign", "待签字", Some(counts.to_sign)),
        tab("held", "待生效", Some(counts.held)),
        tab("objected", "有异议", Some(counts.objected)),
        tab("ending", "30 天内到期", Some(counts.ending)),
    ];
    let scales = app.thing::<Scales>()?;
    let all = scales.all(app.db()).await?;
    let mut filters = vec![
        FilterSpec {
            key: "state",
            label: "进度",
            choices: State::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
        },
        FilterSpec {
            key: "scale",
            label: "量表",
            choices: all.iter().map(|s| Choice::new(s.id.as_str(), s.short_title.clone())).collect(),
        },
        FilterSpec {
            key: "purpose",
            label: "种类",
            choices: Purpose::ALL.iter().map(|p| Choice::new(p.code(), p.zh())).collect(),
        },
    ];
    // A level means something within one scale only.
    if let Some(scale) = ask.filter("scale").and_then(|id| all.iter().find(|s| s.id.as_str() == id)) {
        let choices = scale.levels.iter().map(|l| Choice::new(l.code.as_str(), l.title.clone())).collect();
        filters.push(FilterSpec { key: "level", label: "等级", choices });
    }
    let mut actions = Vec::new();
    if viewer.may(Permission::AssessmentSupervise) {
        actions.push(("/assessors".to_string(), "users", "评估员".to_string(), false));
        actions.push(("/assessment-samples".to_string(), "target", "质量抽查".to_string(), false));
    }
    if viewer.may(Permission::ScaleRead) {
        actions.push(("/scales".to_string(), "list", "量表".to_string(), false));
    }
    if viewer.may(Permission::ElderRead) {
        actions.push(("/elders?view=unassessed80".to_string(), "old", "80 岁以上没评估".to_string(), false));
    }
    if viewer.may(Permission::AssessmentApply) {
        actions.push(("/assessments/new".to_string(), "plus", "申请评估".to_string(), true));
    }
    let way = viewer.may(Permission::AssessmentApply).then(|| ("/assessments/new".to_string(), "申请评估".to_string()));
    let book = app.regions();
    let soonest_first = matches!(view.as_deref(), Some("today" | "late" | "to_appoint" | "in_progress"));
    let spec = ListSpec {
        title: "能力评估".into(),
        path: "/assessments".into(),
        nav: "/assessments",
        sub: book.name(viewer.region()),
        cols: columns(),
        filters,
        tabs,
        search_hint: Some("编号或老人姓名"),
        default_sort: match view.as_deref() {
            Some("ending") => ("until", Dir::Asc),
            Some("today" | "late") => ("when", Dir::Asc),
            _ => ("no", if soonest_first { Dir::Asc } else { Dir::Desc }),
        },
        tie: "c.id",
        actions,
        empty: ("这里没有评估".into(), "换个条件，或者替老人申请".into(), way),
        flash,
    };
    let wanted = CaseAsk {
        view: view_of(view.as_deref(), today),
        state: ask.filter("state").and_then(State::parse),
        scale: ask.filter("scale").map(str::to_string),
        purpose: ask.filter("purpose").and_then(Purpose::parse),
        level: ask.filter("level").map(str::to_string),
        assessor: ask.filter("assessor").and_then(|t| t.parse().ok()),
        q: ask.q.clone(),
    };
    let db = app.db().clone();
    let does = viewer.may(Permission::AssessmentDo);
    respond(&app, &viewer, spec, ask, |fetch| async move {
        let found = service::list(&db, &sight, &wanted, &fetch).await?;
        Ok(found.map(|case| Row {
            village: book.name(&case.region),
            scale: scales.title(&case.scale),
            mine: does && case.state.open(),
            today,
            case,
        }))
    })
    .await
}
