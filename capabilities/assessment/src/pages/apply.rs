//! Asking for an assessment, and taking over another department's result.
use super::form::{FormPage, Input, words};
use super::{staff, to, to_correct};
use crate::book::Scales;
use crate::model::Reason;
use crate::service::{self, Application, Recognised};
use access::model::OrgKind;
use askama::Template;
use kernel::{CivilDate, ElderId, FieldError};
use people::model::ElderCard;
use web::axum::extract::State as Take;
use web::axum::response::Response;
use web::{App, Form, ListAsk, Page, Viewer, html};

/// Elders found by a question.
const FOUND: usize = 20;

struct Line {
    href: String,
    name: String,
    about: String,
}

#[derive(Template)]
#[template(path = "assessment/pick.html")]
struct Pick {
    page: Page,
    path: String,
    q: String,
    lines: Vec<Line>,
}

/// The elder of the address, or the page to find one.
async fn elder(
    app: &App,
    viewer: &Viewer,
    ask: &ListAsk,
    path: &str,
    title: &str,
) -> web::Result<Result<ElderCard, Response>> {
    if let Some(id) = ask.filter("elder") {
        let id: ElderId = super::parsed(id, "这位老人的档案")?;
        return Ok(Ok(people::service::card(app.db(), &viewer.full_scope, id).await?));
    }
    let found = if ask.q.is_empty() {
        Vec::new()
    } else {
        people::service::find(app.db(), &viewer.scope, &ask.q, FOUND).await?
    };
    let (book, today) = (app.regions(), app.clock().today());
    let lines = found
        .into_iter()
        .map(|c| Line {
            href: format!("{path}?elder={}", c.id),
            about: format!("{} {} 岁　{} {}", c.sex.zh(), c.age(today), book.name(&c.region), c.address),
            name: c.name,
        })
        .collect();
    let page = staff(app, viewer, title);
    Ok(Err(html(&Pick { page, path: path.into(), q: ask.q.clone(), lines })?))
}

/// Scales to choose from, the national standard first.
async fn scales(app: &App) -> kernel::Result<Vec<(String, String)>> {
    let all = app.thing::<Scales>()?.all(app.db()).await?;
    Ok(all.iter().map(|s| (s.id.to_string(), format!("{}（{}）", s.title, s.document))).collect())
}

async fn orgs(app: &App, viewer: &Viewer) -> kernel::Result<Vec<(String, String)>> {
    let county = kernel::Scope { region: viewer.full_scope.region.at(kernel::Tier::County), ..viewer.full_scope };
    let mut out = Vec::new();
    for kind in [OrgKind::Provider, OrgKind::Institution] {
        out.extend(access::service::orgs(app.db(), &county, Some(kind)).await?);
    }
    Ok(out.into_iter().map(|o| (o.id.to_string(), o.name)).collect())
}

fn heading(app: &App, card: &ElderCard) -> String {
    let tags = card.tags().join("　");
    format!(
        "{} {} {} 岁　{}　{tags}",
        card.name,
        card.sex.zh(),
        card.age(app.clock().today()),
        app.regions().name(&card.region)
    )
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    card: &ElderCard,
    form: Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let reasons = Reason::APPLY.iter().map(|r| (r.code(), r.zh())).collect();
    let mut inputs = vec![
        Input::select("用哪份量表", "scale", &form, scales(app).await?),
        Input::radios("为什么评", "reason", &form, words(reasons)),
        Input::select("哪家机构替老人申请", "org", &form, orgs(app, viewer).await?)
            .hint("本人或家属申请的不用选。选了，这家的人就不能来评"),
        Input::area("说明", "note", &form).hint("如：上月摔过两次，起床要人扶").optional(),
    ];
    inputs[2].optional = true;
    FormPage {
        page: staff(app, viewer, "申请能力评估").errors(errors),
        sub: heading(app, card),
        action: format!("/assessments/new?elder={}", card.id),
        inputs,
        hidden: Vec::new(),
        verb: "提交申请",
        back: format!("/elders/{}", card.id),
        aside: vec![(
            "接下来",
            vec![
                "镇街约时间和评估员，上门要两人，一人是医师或护士。".into(),
                "两人签字后结果生效，档案里的能力跟着改，待遇马上重新认定。".into(),
            ],
        )],
    }
    .draw()
}

pub(super) async fn form(Take(app): Take<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    match elder(&app, &viewer, &ask, "/assessments/new", "申请能力评估").await? {
        Err(pick) => Ok(pick),
        Ok(card) => {
            let form = Form::from_pairs([
                ("scale".into(), "gbt-42195-2022".into()),
                ("reason".into(), Reason::Application.code().into()),
            ]);
            draw(&app, &viewer, &card, form, Vec::new()).await
        }
    }
}

pub(super) async fn apply(Take(app): Take<App>, viewer: Viewer, ask: ListAsk, mut form: Form) -> web::Result<Response> {
    let id: ElderId = super::parsed(ask.filter("elder").unwrap_or_default(), "这位老人的档案")?;
    let card = people::service::card(app.db(), &viewer.full_scope, id).await?;
    let scale = form.text("scale", "量表", 60);
    let reason = form.choice("reason", "原因", Reason::parse);
    let org = form.parse("org");
    let result = match (form.done(), reason) {
        (Ok(()), Some(reason)) => {
            let note = form.raw("note").trim().chars().take(300).collect();
            let ask = Application { elder: card.id, scale, reason, org, note };
            service::apply(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), ask).await
        }
        (wrong, _) => wrong.and(Err(kernel::Error::invalid("reason", "原因没有选"))),
    };
    match result {
        Ok(id) => Ok(to(format!("/assessments/{id}?done=applied"))),
        Err(e) => draw(&app, &viewer, &card, form, to_correct(e)?).await,
    }
}

async fn draw_recognise(
    app: &App,
    viewer: &Viewer,
    card: &ElderCard,
    form: Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let all = app.thing::<Scales>()?.all(app.db()).await?;
    let graded = all.iter().filter(|s| !s.levels.is_empty());
    let options = graded
        .flat_map(|s| {
            s.levels.iter().map(move |l| (format!("{}/{}", s.id, l.code), format!("{}：{}", s.short_title, l.title)))
        })
        .collect();
    FormPage {
        page: staff(app, viewer, "认可其他部门的结果").errors(errors),
        sub: heading(app, card),
        action: format!("/assessments/recognise?elder={}", card.id),
        inputs: vec![
            Input::select("量表和等级", "level", &form, options).hint("照结论书上的写"),
            Input::date("哪天评的", "on", &form),
            Input::date("有效期至", "until", &form).hint("结论书没写就不填，按量表的年限算").optional(),
            Input::text("哪个部门评的", "department", &form).hint("如：陆河县医疗保障局"),
            Input::text("结论书文号", "document", &form),
        ],
        hidden: Vec::new(),
        verb: "认可这个结果",
        back: format!("/elders/{}", card.id),
        aside: vec![(
            "认可以后",
            vec![
                "等级从评估那天起写进档案，来源记着这个部门和文号。".into(),
                "过期的结果不能认可，要重新评估。".into(),
            ],
        )],
    }
    .draw()
}

pub(super) async fn recognise_form(Take(app): Take<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    match elder(&app, &viewer, &ask, "/assessments/recognise", "认可其他部门的结果").await? {
        Err(pick) => Ok(pick),
        Ok(card) => draw_recognise(&app, &viewer, &card, Form::default(), Vec::new()).await,
    }
}

pub(super) async fn recognise(
    Take(app): Take<App>,
    viewer: Viewer,
    ask: ListAsk,
    mut form: Form,
) -> web::Result<Response> {
    let id: ElderId = super::parsed(ask.filter("elder").unwrap_or_default(), "这位老人的档案")?;
    let card = people::service::card(app.db(), &viewer.full_scope, id).await?;
    let level = form.text("level", "等级", 90);
    let on: Option<CivilDate> = form.need("on", "评估日期");
    let until: Option<CivilDate> = form.parse("until");
    let department = form.text("department", "部门", 40);
    let document = form.text("document", "文号", 60);
    let result = match (form.done(), level.split_once('/'), on) {
        (Ok(()), Some((scale, level)), Some(on)) => {
            let (scale, level) = (scale.to_string(), level.to_string());
            let found = Recognised { elder: card.id, scale, level, on, until, department, document };
            service::recognise(app.db(), &*app.thing::<Scales>()?, &viewer.actor(), found).await
        }
        (wrong, ..) => wrong.and(Err(kernel::Error::invalid("level", "等级没有选"))),
    };
    match result {
        Ok(id) => Ok(to(format!("/assessments/{id}?done=recognised"))),
        Err(e) => draw_recognise(&app, &viewer, &card, form, to_correct(e)?).await,
    }
}
