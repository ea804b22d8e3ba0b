//! One assessment: its result with reasons, how it came about, and what can be done with it.
use super::form::{FormPage, Input};
use super::shown::{Shown, shown};
use super::sign::{Signature, held, signatures};
use super::{done, id_of, mark, staff, to, to_correct};
use crate::book::Scales;
use crate::model::{Case, Purpose, Reason, State, Step, next};
use crate::service::{self, Found};
use askama::Template;
use kernel::{Error, FieldError, Permission};
use scales::Finding;
use web::axum::extract::{Path, State as Take};
use web::axum::response::Response;
use web::{App, Form, ListAsk, Mark, Page, Viewer, html};

struct Happened {
    time: String,
    text: String,
    who: String,
    bad: bool,
}

struct Link {
    href: String,
    word: String,
}

#[derive(Template)]
#[template(path = "assessment/record.html")]
struct Record {
    page: Page,
    case: Case,
    scale: String,
    village: String,
    mark: Mark,
    word: String,
    when: String,
    elder_link: bool,
    r: Option<Shown>,
    signatures: Vec<Signature>,
    held: Vec<&'static str>,
    events: Vec<Happened>,
    prior: Option<Link>,
    after: Vec<Link>,
    buttons: Vec<(String, &'static str, &'static str, bool)>,
    object_until: String,
    steps: Vec<(&'static str, usize, &'static str, String)>,
}

/// The word for a step of the history.
pub(super) fn step_zh(code: &str) -> &'static str {
    match code {
        "apply" => "申请评估",
        "appoint" => "约定",
        "begin" => "开始评估",
        "submit" => "提交答案",
        "reopen" => "退回修改",
        "sign" => "签字",
        "signed_by_all" => "两人签齐",
        "conclude" => "结果生效",
        "settle_level" => "商定等级",
        "object" => "提出异议",
        "objection_dropped" => "撤回异议，结果不变",
        "review" => "复评完成",
        "recognise" => "认可其他部门的结果",
        "cancel" => "取消",
        _ => "改动",
    }
}

fn chain(case: &Case) -> Vec<(&'static str, usize, &'static str, String)> {
    let at = match case.state {
        State::Applied => 1,
        State::Appointed => 2,
        State::InProgress => 3,
        State::Submitted | State::Signed => 4,
        State::Final | State::Objected | State::Reviewed => 6,
        State::Cancelled => 0,
    };
    let pos = |n: usize| {
        if n < at {
            "done"
        } else if n == at {
            "now"
        } else {
            "later"
        }
    };
    let text = |n: usize, done: String, word: &str| if n < at { done } else { word.to_string() };
    vec![
        (pos(1), 1, "申请", text(2, case.created_by.clone(), &case.created_by)),
        (pos(2), 2, "约定", text(2, case.starts_at.map(|t| t.stamp()).unwrap_or_default(), "时间、地点、评估员")),
        (pos(3), 3, "评估", text(3, "逐项填好".into(), "逐项问，两人合到一起")),
        (pos(4), 4, "签字", text(4, case.submitted_at.map(|t| t.stamp()).unwrap_or_default(), "两人都签")),
        (
            pos(5),
            5,
            "生效",
            text(5, case.assessed_on.map(|d| d.to_string()).unwrap_or_default(), "写进档案，重新认定待遇"),
        ),
    ]
}

fn buttons(
    viewer: &Viewer,
    found: &Found,
    today: kernel::CivilDate,
) -> Vec<(String, &'static str, &'static str, bool)> {
    let c = &found.case;
    let at = |what: &str| format!("/assessments/{}/{what}", c.id);
    let mut out = Vec::new();
    if viewer.may(Permission::AssessmentDo)
        && matches!(c.state, State::Appointed | State::InProgress | State::Submitted)
    {
        out.push((format!("/assess/{}", c.id), "clipboard-list", "去评估", true));
    }
    if viewer.may(Permission::AssessmentArrange) && next(c.state, Step::Appoint).is_ok() {
        out.push((
            at("appoint"),
            "calendar",
            if c.first.is_none() { "约时间和评估员" } else { "改约" },
            c.first.is_none(),
        ));
    }
    let open =
        found.outcome.as_ref().is_some_and(|o| matches!(o.level, Finding::Undecided { .. })) && c.level.is_none();
    if viewer.may(Permission::AssessmentSupervise) && c.state == State::Signed && open {
        out.push((at("level"), "scale", "商定等级", true));
    }
    if viewer.may(Permission::AssessmentApply) && service::may_object_until(c).is_some_and(|d| today <= d) {
        out.push((at("object"), "message", "提出异议", false));
    }
    if c.state.has_result() || c.reason == Reason::Recognition {
        out.push((at("print"), "printer", "打印结果", false));
    }
    if viewer.may(Permission::AssessmentArrange) && next(c.state, Step::Cancel).is_ok() {
        out.push((at("cancel"), "x", "取消", false));
    }
    out
}

pub(super) async fn page(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let scales = app.thing::<Scales>()?;
    let found = service::found(app.db(), &scales, &viewer.actor(), id_of(&id)?).await?;
    let today = app.clock().today();
    let (mark, word) = mark(&found.case, today);
    let link = |c: &Case| Link {
        href: format!("/assessments/{}", c.id),
        word: format!("{} {} {}", c.purpose.zh(), c.no, c.level_zh.clone().unwrap_or_else(|| c.state.zh().into())),
    };
    let until = service::may_object_until(&found.case).filter(|d| today <= *d);
    html(&Record {
        page: staff(&app, &viewer, format!("{}的评估", found.case.elder_name)).flash(done(ask.filter("done"))),
        scale: found.scale.title.clone() + "　" + &found.scale.document,
        village: app.regions().name(&found.case.region),
        when: match (found.case.starts_at, found.case.place) {
            (Some(t), Some(p)) => format!("{} {} {}", t.stamp(), p.zh(), found.case.address),
            _ => String::new(),
        },
        elder_link: viewer.may(Permission::ElderRead),
        r: found.outcome.as_ref().map(|o| shown(&found.scale, o, &found.sheet, found.case.level_zh.as_deref())),
        signatures: signatures(&found),
        held: if found.case.state == State::Signed { held(&found) } else { Vec::new() },
        events: found
            .events
            .iter()
            .map(|e| Happened {
                time: e.at.stamp(),
                text: if e.note.is_empty() {
                    step_zh(&e.step).into()
                } else {
                    format!("{}：{}", step_zh(&e.step), e.note)
                },
                who: e.by_name.clone(),
                bad: matches!(e.step.as_str(), "object" | "cancel" | "reopen"),
            })
            .collect(),
        prior: found.prior.as_ref().map(link),
        after: found.after.iter().map(link).collect(),
        buttons: buttons(&viewer, &found, today),
        object_until: until.map(|d| d.to_string()).unwrap_or_default(),
        steps: if found.case.state == State::Cancelled { Vec::new() } else { chain(&found.case) },
        mark,
        word,
        case: found.case,
    })
}

#[derive(Template)]
#[template(path = "assessment/paper.html")]
struct Paper {
    page: Page,
    case: Case,
    about: String,
    scale: String,
    document: String,
    r: Option<Shown>,
    plain: Vec<String>,
    signatures: Vec<Signature>,
    object_until: String,
    printed: String,
}

/// What a level means for the person, in plain words.
fn plain(case: &Case) -> Vec<String> {
    let level = case.level_zh.clone().unwrap_or_else(|| "还没有定".into());
    let mut out = vec![format!("评估结果是：{level}。")];
    out.push(
        match case.care {
            Some(people::model::Care::Independent) => "日常起居能自己照顾自己。",
            Some(people::model::Care::SemiDisabled) => "日常起居有一部分要别人帮。",
            Some(people::model::Care::Disabled) => "日常起居大部分要别人帮。",
            None => "这个结果不用来认定失能。",
        }
        .into(),
    );
    if let Some(until) = case.valid_until {
        out.push(format!("结果管到 {until}。到期前会再约您评一次，身体有变化可以提前申请。"));
    }
    out.push("能享受哪些待遇，社区会另外告诉您，不用自己申请。".into());
    out
}

pub(super) async fn print(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let scales = app.thing::<Scales>()?;
    let found = service::found(app.db(), &scales, &viewer.actor(), id_of(&id)?).await?;
    let card = people::service::card(app.db(), &viewer.full_scope, found.case.elder).await?;
    let today = app.clock().today();
    html(&Paper {
        page: staff(&app, &viewer, "能力评估结果告知书"),
        about: format!(
            "{}，{} 岁，{} {}",
            card.sex.zh(),
            card.age(today),
            app.regions().full(&card.region),
            card.address
        ),
        scale: found.scale.title.clone(),
        document: found.scale.document.clone(),
        r: found.outcome.as_ref().map(|o| shown(&found.scale, o, &found.sheet, found.case.level_zh.as_deref())),
        plain: plain(&found.case),
        signatures: signatures(&found),
        object_until: service::may_object_until(&found.case).map(|d| d.to_string()).unwrap_or_default(),
        printed: app.now().stamp(),
        case: found.case,
    })
}

/// The three pages that ask for a reason.
struct Ask {
    title: &'static str,
    label: &'static str,
    hint: &'static str,
    verb: &'static str,
    step: &'static str,
    aside: Vec<String>,
}

async fn reason(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: Form,
    errors: Vec<FieldError>,
    ask: Ask,
    more: Vec<Input>,
) -> web::Result<Response> {
    let sight = service::sight(app.db(), &viewer.actor(), &viewer.full_scope).await?;
    let case = service::case(app.db(), &sight, id_of(id)?).await?;
    let mut inputs = more;
    inputs.push(Input::area(ask.label, "reason", &form).hint(ask.hint));
    let seen = if form.raw("version").is_empty() { case.version.to_string() } else { form.raw("version").to_string() };
    FormPage {
        page: staff(app, viewer, ask.title).errors(errors),
        sub: format!("{}　{}", case.elder_name, case.no),
        action: format!("/assessments/{id}/{}", ask.step),
        inputs,
        hidden: vec![("version", seen)],
        verb: ask.verb,
        back: format!("/assessments/{id}"),
        aside: vec![("接下来", ask.aside)],
    }
    .draw()
}

fn to_cancel() -> Ask {
    Ask {
        title: "取消这次评估",
        label: "为什么取消",
        hint: "如：老人住院了，出院再评",
        verb: "取消评估",
        step: "cancel",
        aside: vec!["约好的评估员手机上会看不到它。".into(), "取消的是复评时，异议跟着撤回，第一次的结果不变。".into()],
    }
}

pub(super) async fn cancel_form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    reason(&app, &viewer, &id, Form::default(), Vec::new(), to_cancel(), Vec::new()).await
}

pub(super) async fn cancel(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let seen: i64 = form.parse("version").unwrap_or_default();
    match service::cancel(app.db(), &viewer.actor(), id_of(&id)?, form.raw("reason"), seen).await {
        Ok(()) => Ok(to(format!("/assessments/{id}?done=cancelled"))),
        Err(e) => {
            let errors = to_correct(e)?;
            reason(&app, &viewer, &id, form, errors, to_cancel(), Vec::new()).await
        }
    }
}

fn to_object() -> Ask {
    Ask {
        title: "对结果提出异议",
        label: "老人或家属不同意什么",
        hint: "照他们的话写",
        verb: "登记异议",
        step: "object",
        aside: vec![
            "另外的评估员会再评一次，第一次的人不参加。".into(),
            "复评出来以前，这次的结果照样用。复评的结果是最后的结果。".into(),
        ],
    }
}

pub(super) async fn object_form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    reason(&app, &viewer, &id, Form::default(), Vec::new(), to_object(), Vec::new()).await
}

pub(super) async fn object(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let seen: i64 = form.parse("version").unwrap_or_default();
    match service::object(app.db(), &viewer.actor(), id_of(&id)?, form.raw("reason"), seen).await {
        Ok(second) => Ok(to(format!("/assessments/{second}?done=objected"))),
        Err(e) => {
            let errors = to_correct(e)?;
            reason(&app, &viewer, &id, form, errors, to_object(), Vec::new()).await
        }
    }
}

fn to_settle() -> Ask {
    Ask {
        title: "商定等级",
        label: "怎么商定的",
        hint: "谁参加、依据什么",
        verb: "定这一级",
        step: "level",
        aside: vec![
            "标准的文字对这种组合没有写明，平台不代为选择。".into(),
            "定下来以后结果生效，理由留在经过里。".into(),
        ],
    }
}

async fn levels(app: &App, viewer: &Viewer, id: &str, form: &Form) -> kernel::Result<Vec<Input>> {
    let scales = app.thing::<Scales>()?;
    let found = service::found(app.db(), &scales, &viewer.actor(), id_of(id)?).await?;
    let Some(Finding::Undecided { between, why, .. }) = found.outcome.as_ref().map(|o| &o.level) else {
        return Err(Error::refused("这次评估的等级已定，不用商定"));
    };
    let among = if between.len() < 2 {
        found.scale.levels.iter().map(|l| (l.code.to_string(), l.title.clone())).collect()
    } else {
        between.iter().map(|l| (l.code.to_string(), l.zh.clone())).collect()
    };
    Ok(vec![Input::radios("定哪一级", "level", form, among).hint(why.clone())])
}

pub(super) async fn level_form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let form = Form::default();
    let more = levels(&app, &viewer, &id, &form).await?;
    reason(&app, &viewer, &id, form, Vec::new(), to_settle(), more).await
}

pub(super) async fn level(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let seen: i64 = form.parse("version").unwrap_or_default();
    let scales = app.thing::<Scales>()?;
    let (actor, chosen, why) = (viewer.actor(), form.raw("level"), form.raw("reason"));
    match service::settle_level(app.db(), &scales, &actor, id_of(&id)?, seen, chosen, why).await {
        Ok(_) => Ok(to(format!("/assessments/{id}?done=level"))),
        Err(e) => {
            let errors = to_correct(e)?;
            let more = levels(&app, &viewer, &id, &form).await?;
            reason(&app, &viewer, &id, form, errors, to_settle(), more).await
        }
    }
}
