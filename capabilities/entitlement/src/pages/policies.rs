//! The packs as a person reads them.
use super::lists::tabs;
use crate::model::Verdicts;
use crate::packs::{Packs, standard};
use crate::service;
use askama::Template;
use axum::extract::{Path, State};
use axum::response::{Redirect, Response};
use kernel::{CivilDate, Dir, Error, Paged, Permission};
use policy::{Pack, ParameterValue};
use web::{App, Cell, Col, ListAsk, ListSpec, Mark, Page, Viewer, html};

/// A row of the list of policies.
struct Listed {
    id: String,
    title: String,
    place: String,
    standard: String,
    from: CivilDate,
    in_effect: bool,
    local_example: bool,
    conditions: i64,
    examples: i64,
    counts: Verdicts,
}

pub(crate) async fn list(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let packs = app.thing::<Packs>()?;
    let today = app.clock().today();
    let counts = service::by_pack(app.db(), &viewer.scope).await?;
    let regions = app.regions();
    let rows: Vec<Listed> = packs
        .all()
        .iter()
        .map(|p| Listed {
            id: p.id.clone(),
            title: p.title.clone(),
            place: regions.name(&p.place),
            standard: standard(p, today),
            from: p.effective_from,
            in_effect: p.in_effect(today),
            local_example: p.local_example,
            conditions: p.conditions.iter().filter(|c| c.children().is_empty()).count() as i64,
            examples: p.examples as i64,
            counts: counts.get(&p.id).copied().unwrap_or_default(),
        })
        .collect();
    let last = service::determined_on(app.db(), &viewer.scope).await?;
    let sub = match last {
        Some((day, at)) => format!("已认定到 {day}，{} 做完", at.stamp()),
        None => "还没有认定过".into(),
    };
    let spec = ListSpec {
        title: "政策".into(),
        path: "/policies".into(),
        nav: "/policies",
        sub,
        cols: vec![
            Col::new("title", "政策", |r: &Listed| Cell::name(format!("/policies/{}", r.id), r.title.clone())),
            Col::new("state", "施行", |r| match (r.in_effect, r.local_example) {
                (true, true) => Cell::State(Mark::Note, format!("{} 起，本地举例", r.from)),
                (true, false) => Cell::State(Mark::Ok, format!("{} 起", r.from)),
                (false, _) => Cell::State(Mark::Off, "不在施行期".into()),
            }),
            Col::new("place", "适用", |r| Cell::text(r.place.clone())),
            Col::new("standard", "标准", |r| Cell::text(r.standard.clone())),
            Col::new("conditions", "条件", |r| Cell::Int(r.conditions)),
            Col::new("examples", "样例", |r| Cell::State(Mark::Ok, format!("{} 个全部通过", r.examples))),
            Col::new("eligible", "享受中", |r| Cell::Link {
                href: format!("/entitled?pack={}", r.id),
                text: format!("{} 人", r.counts.eligible),
            }),
            Col::new("unknown", "缺资料", |r| Cell::Int(r.counts.unknown)),
        ],
        filters: Vec::new(),
        tabs: tabs(&app, &viewer, "/policies", None).await?,
        search_hint: None,
        default_sort: ("title", Dir::Asc),
        tie: "id",
        actions: Vec::new(),
        empty: ("没有政策".into(), "安装时没有放进政策文件".into(), None),
        flash: None,
    };
    let total = rows.len() as i64;
    web::respond(&app, &viewer, spec, ask, |f| async move { Ok(Paged { rows, total, page: 1, per_page: f.page.rows }) })
        .await
}

/// A condition of the tree.
pub(crate) struct Branch {
    text: String,
    cel: String,
    article: String,
    opens: bool,
    closes: usize,
}

/// One parameter with its periods.
struct ParameterShown {
    label: String,
    values: Vec<ValueShown>,
}
struct ValueShown {
    value: String,
    days: String,
    now: bool,
    article: String,
    choice: String,
}

/// One example of the pack's own; it passed when the pack was loaded.
struct ExampleShown {
    name: String,
    asked: String,
    answer: String,
}

#[derive(Template)]
#[template(path = "entitlement/policy.html")]
struct PolicyView<'a> {
    page: Page,
    pack: &'a Pack,
    place: String,
    standard: String,
    in_effect: bool,
    root: String,
    branches: Vec<Branch>,
    parameters: Vec<ParameterShown>,
    choices: usize,
    examples: Vec<ExampleShown>,
    passed: String,
    counts: Verdicts,
    may_run: bool,
    today: CivilDate,
}

pub(crate) async fn page(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let packs = app.thing::<Packs>()?;
    let pack = packs.get(&id).ok_or_else(|| Error::NotFound("这份政策".into()))?;
    let today = app.clock().today();
    let counts = service::by_pack(app.db(), &viewer.scope).await?.get(&pack.id).copied().unwrap_or_default();
    let day = if pack.in_effect(today) { today } else { pack.effective_from };
    let parameters: Vec<ParameterShown> = pack
        .parameters
        .iter()
        .map(|p| ParameterShown {
            label: p.label.clone(),
            values: p.values.iter().map(|v| value(pack, v, day)).collect(),
        })
        .collect();
    let (root, branches) = conditions(pack, day);
    let examples = examples(pack)?;
    html(&PolicyView {
        page: Page::new(&app, &viewer, pack.title.clone()).at("/policies"),
        place: app.regions().full(&pack.place),
        standard: standard(pack, day),
        in_effect: pack.in_effect(today),
        choices: pack.choices(day).len(),
        passed: format!("{} 个全部通过", examples.len()),
        examples,
        may_run: viewer.may(Permission::EntitlementRun),
        pack,
        root,
        branches,
        parameters,
        counts,
        today,
    })
}

fn value(pack: &Pack, v: &ParameterValue, day: CivilDate) -> ValueShown {
    ValueShown {
        value: v.value.zh(),
        days: match v.to {
            Some(to) => format!("{} 至 {to}", v.from),
            None => format!("{} 起", v.from),
        },
        now: v.from <= day && v.to.is_none_or(|to| day <= to),
        article: v.article.map(|a| pack.articles[a].label.clone()).unwrap_or_default(),
        choice: v.choice.clone().unwrap_or_default(),
    }
}

/// The tree of the first class, its root's label apart.
fn conditions(pack: &Pack, day: CivilDate) -> (String, Vec<Branch>) {
    fn grow(pack: &Pack, fill: &dyn Fn(&str) -> String, i: usize, out: &mut Vec<Branch>) {
        let c = &pack.conditions[i];
        out.push(Branch {
            text: fill(&c.label),
            cel: c.cel().unwrap_or_default().to_string(),
            article: c.article.map(|a| pack.articles[a].label.clone()).unwrap_or_default(),
            opens: !c.children().is_empty(),
            closes: 0,
        });
        c.children().iter().for_each(|&child| grow(pack, fill, child, out));
        if !c.children().is_empty()
            && let Some(last) = out.last_mut()
        {
            last.closes += 1;
        }
    }
    let on = pack.at(day).ok();
    let fill = |label: &str| on.as_ref().map_or_else(|| label.to_string(), |on| on.fill(label));
    let mut out = Vec::new();
    let roots: Vec<usize> = pack.classes.iter().map(|c| c.when).collect();
    let root = match roots.as_slice() {
        [only] if !pack.conditions[*only].children().is_empty() => {
            let children = pack.conditions[*only].children();
            children.iter().for_each(|&c| grow(pack, &fill, c, &mut out));
            fill(&pack.conditions[*only].label)
        }
        _ => {
            roots.iter().for_each(|&r| grow(pack, &fill, r, &mut out));
            "属于下列任一类".into()
        }
    };
    (root, out)
}

/// The pack's examples in words. They were all run when it was loaded, so each of them holds.
fn examples(pack: &Pack) -> kernel::Result<Vec<ExampleShown>> {
    let text: toml::Table = pack.text.parse().map_err(Error::internal)?;
    let Some(list) = text.get("examples").and_then(|e| e.as_array()) else { return Ok(Vec::new()) };
    let word = |table: &toml::Value, key: &str| match table.get(key) {
        Some(toml::Value::String(s)) => s.clone(),
        Some(toml::Value::Array(items)) => items.iter().filter_map(|i| i.as_str()).collect::<Vec<_>>().join("、"),
        Some(other) => other.to_string(),
        None => String::new(),
    };
    let named = |codes: String| {
        let names = codes.split('、').filter_map(policy::Fact::parse).map(policy::Fact::zh);
        names.collect::<Vec<_>>().join("、")
    };
    Ok(list
        .iter()
        .map(|e| {
            let quarter = word(e, "quarter");
            let (asked, answer) = if quarter.is_empty() {
                let verdict = policy::Verdict::parse(&word(e, "expect")).map_or("", policy::Verdict::zh);
                let (grant, missing) = (word(e, "grant"), named(word(e, "missing")));
                let answer = match (grant.is_empty(), missing.is_empty()) {
                    (false, _) => format!("{verdict}，每月 ¥{grant}"),
                    (true, false) => format!("{verdict}：{missing}"),
                    (true, true) => verdict.to_string(),
                };
                (word(e, "on"), answer)
            } else {
                let months = word(e, "months");
                let months = if months.is_empty() { "没有".into() } else { months };
                (quarter, format!("享受 {months}"))
            };
            ExampleShown { name: word(e, "name"), asked, answer }
        })
        .collect())
}

/// Asks for a determination of the viewer's region now, and leads to its progress.
pub(crate) async fn run(State(app): State<App>, viewer: Viewer) -> web::Result<Redirect> {
    let id = service::ask_now(app.db(), &viewer.actor(), viewer.scope.region).await?;
    Ok(Redirect::to(&format!("/jobs/{id}")))
}
