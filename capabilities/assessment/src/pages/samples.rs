//! Random samples for quality.
use super::form::{FormPage, Input};
use super::{done, staff, to, to_correct};
use crate::book::Scales;
use crate::model::Case;
use crate::service::{self, NewSample, Sample};
use askama::Template;
use kernel::{CivilDate, Dir, FieldError, RegionCode, SampleId, Tier};
use web::axum::extract::{Path, State as Take};
use web::axum::response::Response;
use web::{App, Cell, Col, Form, ListAsk, ListSpec, Page, Viewer, html, respond};

struct Row {
    s: Sample,
    scale: String,
    region: String,
}

pub(super) async fn list(Take(app): Take<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = done(ask.filters.remove("done").as_deref());
    let book = app.regions();
    let scales = app.thing::<Scales>()?;
    let spec = ListSpec {
        title: "质量抽查".into(),
        path: "/assessment-samples".into(),
        nav: "/assessments",
        sub: book.name(viewer.region()),
        cols: vec![
            Col::new("made", "抽取时间", |r: &Row| {
                Cell::name(format!("/assessment-samples/{}", r.s.id), r.s.made_at.stamp())
            })
            .sort("s.made_at"),
            Col::new("region", "区域", |r: &Row| Cell::text(r.region.clone())),
            Col::new("scale", "量表", |r: &Row| Cell::text(r.scale.clone())),
            Col::new("from", "从", |r: &Row| Cell::Date(Some(r.s.from_day))),
            Col::new("to", "到", |r: &Row| Cell::Date(Some(r.s.to_day))),
            Col::new("population", "总数", |r: &Row| Cell::Int(r.s.population)),
            Col::new("size", "抽了", |r: &Row| Cell::Int(r.s.size)),
            Col::new("by", "谁抽的", |r: &Row| Cell::text(r.s.made_by.clone())),
        ],
        filters: Vec::new(),
        tabs: Vec::new(),
        search_hint: None,
        default_sort: ("made", Dir::Desc),
        tie: "s.id",
        actions: vec![("/assessment-samples/new".into(), "plus", "抽一次".into(), true)],
        empty: (
            "还没有抽查过".into(),
            "随机抽一批，由另外的评估员再评一次".into(),
            Some(("/assessment-samples/new".into(), "抽一次".into())),
        ),
        flash,
    };
    let (db, scope) = (app.db().clone(), viewer.scope);
    respond(&app, &viewer, spec, ask, |fetch| async move {
        let found = service::samples(&db, &scope, &fetch).await?;
        Ok(found.map(|s| Row { scale: scales.title(&s.scale), region: book.name(&s.region), s }))
    })
    .await
}

async fn draw_form(app: &App, viewer: &Viewer, form: Form, errors: Vec<FieldError>) -> web::Result<Response> {
    let book = app.regions();
    let here = viewer.full_scope.region;
    let places = std::iter::once(here)
        .chain(book.children(&here).iter().copied())
        .filter(|r| r.tier() <= Tier::Town)
        .map(|r| (r.to_string(), book.name(&r)))
        .collect();
    let all = app.thing::<Scales>()?.all(app.db()).await?;
    let graded = all.iter().filter(|s| !s.levels.is_empty());
    let options = graded.map(|s| (s.id.to_string(), s.title.clone())).collect();
    FormPage {
        page: staff(app, viewer, "抽一次质量样本").errors(errors),
        sub: String::new(),
        action: "/assessment-samples/new".into(),
        inputs: vec![
            Input::select("区域", "region", &form, places),
            Input::select("量表", "scale", &form, options),
            Input::date("哪天以后评的", "from", &form),
            Input::date("到哪天", "to", &form),
            Input::number("抽几份", "size", &form).hint("最多 500 份"),
        ],
        hidden: Vec::new(),
        verb: "随机抽取",
        back: "/assessment-samples".into(),
        aside: vec![(
            "怎么抽",
            vec![
                "由平台随机抽，种子留着，谁都可以照样再抽一遍。".into(),
                "每份约另外的评估员再评一次，只看一致不一致，不改老人的等级。".into(),
            ],
        )],
    }
    .draw()
}

pub(super) async fn form(Take(app): Take<App>, viewer: Viewer) -> web::Result<Response> {
    let today = app.clock().today();
    let pairs = [
        ("region", viewer.full_scope.region.to_string()),
        ("scale", "gbt-42195-2022".into()),
        ("from", today.plus_days(-90).to_string()),
        ("to", today.to_string()),
        ("size", "10".into()),
    ];
    draw_form(&app, &viewer, Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v))), Vec::new()).await
}

pub(super) async fn draw(Take(app): Take<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let region: Option<RegionCode> = form.need("region", "区域");
    let scale = form.text("scale", "量表", 60);
    let from: Option<CivilDate> = form.need("from", "开始日期");
    let until: Option<CivilDate> = form.need("to", "结束日期");
    let size: Option<i64> = form.need("size", "份数");
    let result = match (form.done(), region, from, until, size) {
        (Ok(()), Some(region), Some(from), Some(to), Some(size)) => {
            let ask = NewSample { region, scale, from, to, size };
            service::draw_sample(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), ask).await
        }
        (wrong, ..) => wrong.and(Err(kernel::Error::invalid("size", "份数没有填"))),
    };
    match result {
        Ok(id) => Ok(to(format!("/assessment-samples/{id}?done=drawn"))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw_form(&app, &viewer, form, errors).await
        }
    }
}

struct Pair {
    no: usize,
    elder: String,
    village: String,
    first: Case,
    again: Case,
    same: Option<bool>,
}

#[derive(Template)]
#[template(path = "assessment/sample.html")]
struct SamplePage {
    page: Page,
    s: Sample,
    scale: String,
    region: String,
    seed: String,
    pairs: Vec<Pair>,
    done: usize,
    same: usize,
}

pub(super) async fn page(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let id: SampleId = super::parsed(&id, "这次抽查")?;
    let (s, found) = service::sample(app.db(), &viewer.full_scope, id).await?;
    let book = app.regions();
    let pairs: Vec<Pair> = found
        .into_iter()
        .zip(1..)
        .map(|((first, again), no)| Pair {
            no,
            elder: first.elder_name.clone(),
            village: book.name(&first.region),
            same: again.state.counts().then(|| first.level == again.level),
            first,
            again,
        })
        .collect();
    html(&SamplePage {
        page: staff(&app, &viewer, "质量抽查").flash(done(ask.filter("done"))),
        scale: app.thing::<Scales>()?.title(&s.scale),
        region: book.name(&s.region),
        seed: format!("{:016x}", s.seed.cast_unsigned()),
        done: pairs.iter().filter(|p| p.same.is_some()).count(),
        same: pairs.iter().filter(|p| p.same == Some(true)).count(),
        s,
        pairs,
    })
}
