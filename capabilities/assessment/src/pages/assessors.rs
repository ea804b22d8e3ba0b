//! The register of assessors.
use super::form::{FormPage, Input, words};
use super::{done, staff, to, to_correct};
use crate::book::Scales;
use crate::model::{Assessor, Profession};
use crate::service::{self, Agreement, AssessorAsk, NewAssessor};
use access::model::OrgKind;
use askama::Template;
use kernel::{AssessorId, CivilDate, Dir, ElderId, FieldError, OrgId, RegionCode, Role, Tier, UserId};
use web::axum::extract::{Path, State as Take};
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, Form, ListAsk, ListSpec, Mark, Page, Viewer, html, respond};

/// A certificate that ends within so many days is pointed out.
const SOON: i64 = 60;

struct Row {
    a: Assessor,
    region: String,
    today: CivilDate,
}

fn standing(a: &Assessor, today: CivilDate) -> (Mark, &'static str) {
    if !a.active {
        (Mark::Off, "已停用")
    } else if a.valid_to < today {
        (Mark::Warn, "证书过期")
    } else if a.valid_to < today.plus_days(SOON) {
        (Mark::Note, "证书快到期")
    } else if a.user.is_none() {
        (Mark::Note, "没有账号")
    } else {
        (Mark::Ok, "可以约")
    }
}

fn columns() -> Vec<Col<Row>> {
    vec![
        Col::new("name", "姓名", |r: &Row| Cell::name(format!("/assessors/{}", r.a.id), r.a.name.clone()))
            .sort("a.name"),
        Col::new("state", "状态", |r: &Row| {
            let (mark, word) = standing(&r.a, r.today);
            Cell::State(mark, word.into())
        }),
        Col::new("profession", "职业", |r: &Row| Cell::text(r.a.profession.zh())).sort("a.profession"),
        Col::new("employer", "工作单位", |r: &Row| Cell::text(r.a.employer.clone())),
        Col::new("region", "评估区域", |r: &Row| Cell::text(r.region.clone())).sort("a.region"),
        Col::new("certificate", "证书号", |r: &Row| Cell::text(r.a.certificate.clone())),
        Col::new("valid_to", "证书有效期至", |r: &Row| Cell::Date(Some(r.a.valid_to))).sort("a.valid_to"),
    ]
}

pub(super) async fn list(Take(app): Take<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = done(ask.filters.remove("done").as_deref());
    let today = app.clock().today();
    let book = app.regions();
    let spec = ListSpec {
        title: "评估员".into(),
        path: "/assessors".into(),
        nav: "/assessments",
        sub: book.name(viewer.region()),
        cols: columns(),
        filters: vec![
            FilterSpec {
                key: "profession",
                label: "职业",
                choices: Profession::ALL.iter().map(|p| Choice::new(p.code(), p.zh())).collect(),
            },
            FilterSpec {
                key: "state",
                label: "状态",
                choices: vec![
                    Choice::new("active", "在用"),
                    Choice::new("inactive", "已停用"),
                    Choice::new("soon", "证书 60 天内到期"),
                ],
            },
        ],
        tabs: Vec::new(),
        search_hint: Some("姓名或证书号"),
        default_sort: ("name", Dir::Asc),
        tie: "a.id",
        actions: vec![("/assessors/new".into(), "plus", "登记评估员".into(), true)],
        empty: (
            "还没有评估员".into(),
            "登记了医师、护士、社工等，才能约评估".into(),
            Some(("/assessors/new".into(), "登记评估员".into())),
        ),
        flash,
    };
    let wanted = AssessorAsk {
        profession: ask.filter("profession").and_then(Profession::parse),
        active: match ask.filter("state") {
            Some("active" | "soon") => Some(true),
            Some("inactive") => Some(false),
            _ => None,
        },
        ends_before: (ask.filter("state") == Some("soon")).then(|| today.plus_days(SOON)),
        q: ask.q.clone(),
    };
    let (db, scope) = (app.db().clone(), viewer.scope);
    respond(&app, &viewer, spec, ask, |fetch| async move {
        let found = service::assessors(&db, &scope, &wanted, &fetch).await?;
        Ok(found.map(|a| Row { region: book.short(&a.region), a, today }))
    })
    .await
}

struct Agreed {
    scale: String,
    words: String,
    kappa: String,
    meaning: &'static str,
}

/// How agreement is read (Landis and Koch 1977).
fn meaning(kappa: f64) -> &'static str {
    match kappa {
        k if k >= 0.81 => "几乎一致",
        k if k >= 0.61 => "比较一致",
        k if k >= 0.41 => "一致性一般",
        k if k >= 0.21 => "不太一致，要培训",
        _ => "不一致，要查原因",
    }
}

fn agreed(scales: &Scales, a: &Agreement) -> Agreed {
    Agreed {
        scale: scales.title(&a.scale),
        words: format!("复查 {} 份，等级相同 {} 份", a.pairs, a.equal),
        kappa: a.kappa.map_or_else(|| "—".into(), |k| format!("{:.2}", k.linear)),
        meaning: a.kappa.map_or("份数太少，或等级都一样，算不出", |k| meaning(k.linear)),
    }
}

struct Relative {
    href: String,
    name: String,
    about: String,
}

#[derive(Template)]
#[template(path = "assessment/assessor.html")]
struct AssessorPage {
    page: Page,
    a: Assessor,
    mark: Mark,
    word: &'static str,
    region: String,
    account: String,
    agreed: Vec<Agreed>,
    relatives: Vec<Relative>,
    elder: String,
    relation: String,
}

async fn draw(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: &Form,
    said: Option<String>,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let id: AssessorId = super::parsed(id, "这位评估员")?;
    let scope = &viewer.full_scope;
    let a = service::assessor(app.db(), scope, id).await?;
    let scales = app.thing::<Scales>()?;
    let agreement = service::agreement(app.db(), &scales, scope, id).await?;
    let relatives = service::relations(app.db(), scope, id).await?;
    let (mark, word) = standing(&a, app.clock().today());
    let wrong = !errors.is_empty();
    let drawn = html(&AssessorPage {
        page: staff(app, viewer, a.name.clone()).flash(said).errors(errors),
        region: app.regions().full(&a.region),
        account: if a.user.is_some() { "有登录账号".into() } else { "还没有登录账号".into() },
        agreed: agreement.iter().map(|x| agreed(&scales, x)).collect(),
        relatives: relatives
            .into_iter()
            .map(|(r, name)| Relative {
                href: format!("/elders/{}", r.elder_id),
                about: format!("{}，{} {} 申报", r.relation, r.declared_at.date(), r.declared_by),
                name,
            })
            .collect(),
        elder: form.raw("elder").to_string(),
        relation: form.raw("relation").to_string(),
        mark,
        word,
        a,
    })?;
    Ok(if wrong { super::again(drawn) } else { drawn })
}

pub(super) async fn page(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    draw(&app, &viewer, &id, &Form::default(), done(ask.filter("done")), Vec::new()).await
}

/// The elder is named by whatever finds one alone: identity number, phone, or a name nobody else has.
pub(super) async fn declare(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let who: AssessorId = super::parsed(&id, "这位评估员")?;
    service::assessor(app.db(), &viewer.full_scope, who).await?;
    let found = people::service::find(app.db(), &viewer.full_scope, form.raw("elder"), 2).await?;
    let elder: Result<ElderId, kernel::Error> = match found.as_slice() {
        [one] => Ok(one.id),
        [] => Err(kernel::Error::invalid("elder", "没有找到这位老人")),
        _ => Err(kernel::Error::invalid("elder", "不止一位，改用证件号")),
    };
    let result = match elder {
        Ok(elder) => service::declare(app.db(), &viewer.actor(), who, elder, form.raw("relation")).await,
        Err(e) => Err(e),
    };
    match result {
        Ok(()) => Ok(to(format!("/assessors/{id}?done=declared"))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw(&app, &viewer, &id, &form, None, errors).await
        }
    }
}

/// Accounts of the role that are not entered yet, and the one entered here.
async fn accounts(app: &App, viewer: &Viewer) -> kernel::Result<Vec<(String, String)>> {
    let all = access::directory::accounts_of(app.db(), &viewer.full_scope, Role::Assessor).await?;
    Ok(all.into_iter().map(|a| (a.id.to_string(), format!("{}（{}）", a.name, a.login))).collect())
}

async fn ask(
    app: &App,
    viewer: &Viewer,
    title: &str,
    action: String,
    back: String,
    form: Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let book = app.regions();
    let here = viewer.full_scope.region;
    let places = std::iter::once(here)
        .chain(book.children(&here).iter().copied())
        .filter(|r| r.tier() <= Tier::Town)
        .map(|r| (r.to_string(), book.name(&r)))
        .collect();
    let mut orgs = Vec::new();
    for kind in [OrgKind::Institution, OrgKind::Provider, OrgKind::Government] {
        let found = access::service::orgs(app.db(), &viewer.full_scope, Some(kind)).await?;
        orgs.extend(found.into_iter().map(|o| (o.id.to_string(), o.name)));
    }
    FormPage {
        page: staff(app, viewer, title).errors(errors),
        sub: String::new(),
        action,
        inputs: vec![
            Input::text("姓名", "name", &form),
            Input::select("职业", "profession", &form, words(Profession::options())),
            Input::select("评估区域", "region", &form, places).hint("可以评这个区域里的老人"),
            Input::text("工作单位", "employer", &form),
            Input::select("平台上的单位", "employer_org", &form, orgs)
                .hint("单位在平台上的要选：它服务的老人，这个人要回避")
                .optional(),
            Input::text("评估员证书号", "certificate", &form),
            Input::date("证书有效期至", "valid_to", &form),
            Input::select("登录账号", "user", &form, accounts(app, viewer).await?)
                .hint("账号由管理员开，角色选“评估员”。没有账号的约不了")
                .optional(),
            Input::radios("状态", "active", &form, vec![("yes".into(), "在用".into()), ("no".into(), "停用".into())]),
        ],
        hidden: Vec::new(),
        verb: "存好",
        back,
        aside: vec![(
            "谁能当评估员",
            vec![
                "医师、护士、康复治疗师、社会工作者，中级以上养老护理员等，有评估员证书。".into(),
                "证书到期、停用、和老人有关系、单位服务这位老人的，约的时候会自动挡住。".into(),
            ],
        )],
    }
    .draw()
}

fn read(form: &mut Form) -> Option<NewAssessor> {
    let name = form.text("name", "姓名", 30);
    let profession = form.choice("profession", "职业", Profession::parse);
    let region: Option<RegionCode> = form.need("region", "评估区域");
    let employer = form.text("employer", "工作单位", 60);
    let employer_org: Option<OrgId> = form.parse("employer_org");
    let certificate = form.text("certificate", "证书号", 60);
    let valid_to: Option<CivilDate> = form.need("valid_to", "证书有效期");
    let user: Option<UserId> = form.parse("user");
    form.done().ok()?;
    Some(NewAssessor {
        name,
        user,
        profession: profession?,
        region: region?,
        employer,
        employer_org,
        certificate,
        valid_to: valid_to?,
        active: form.raw("active") != "no",
    })
}

pub(super) async fn new_form(Take(app): Take<App>, viewer: Viewer) -> web::Result<Response> {
    let form =
        Form::from_pairs([("active".into(), "yes".into()), ("region".into(), viewer.full_scope.region.to_string())]);
    ask(&app, &viewer, "登记评估员", "/assessors/new".into(), "/assessors".into(), form, Vec::new()).await
}

pub(super) async fn create(Take(app): Take<App>, viewer: Viewer, mut form: Form) -> web::Result<Response> {
    let again =
        |form, errors| ask(&app, &viewer, "登记评估员", "/assessors/new".into(), "/assessors".into(), form, errors);
    let Some(new) = read(&mut form) else {
        let errors = form.errors().to_vec();
        return again(form, errors).await;
    };
    let tx = app.db().begin().await?;
    match service::register(&tx, app.db(), &viewer.actor(), new).await {
        Ok(id) => {
            tx.commit().await?;
            Ok(to(format!("/assessors/{id}?done=assessor")))
        }
        Err(e) => {
            let errors = to_correct(e)?;
            drop(tx);
            again(form, errors).await
        }
    }
}

pub(super) async fn edit_form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let a = service::assessor(app.db(), &viewer.full_scope, super::parsed(&id, "这位评估员")?).await?;
    let opt = |v: Option<String>| v.unwrap_or_default();
    let pairs = [
        ("name", a.name.clone()),
        ("profession", a.profession.code().into()),
        ("region", a.region.to_string()),
        ("employer", a.employer.clone()),
        ("employer_org", opt(a.employer_org.map(|o| o.to_string()))),
        ("certificate", a.certificate.clone()),
        ("valid_to", a.valid_to.to_string()),
        ("user", opt(a.user.map(|u| u.to_string()))),
        ("active", if a.active { "yes".into() } else { "no".to_string() }),
    ];
    let form = Form::from_pairs(pairs.map(|(k, v)| (k.to_string(), v)));
    ask(&app, &viewer, "修改评估员", format!("/assessors/{id}/edit"), format!("/assessors/{id}"), form, Vec::new())
        .await
}

pub(super) async fn update(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let who: AssessorId = super::parsed(&id, "这位评估员")?;
    service::assessor(app.db(), &viewer.full_scope, who).await?;
    let again = |form, errors| {
        ask(&app, &viewer, "修改评估员", format!("/assessors/{id}/edit"), format!("/assessors/{id}"), form, errors)
    };
    let Some(new) = read(&mut form) else {
        let errors = form.errors().to_vec();
        return again(form, errors).await;
    };
    match service::update_assessor(app.db(), &viewer.actor(), who, new).await {
        Ok(()) => Ok(to(format!("/assessors/{id}?done=assessor"))),
        Err(e) => {
            let errors = to_correct(e)?;
            again(form, errors).await
        }
    }
}
