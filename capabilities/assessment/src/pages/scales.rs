//! Scales: readable, with what is sure and what is not; accepting, loading, settling.
use super::form::{FormPage, Input};
use super::{again, done, to, to_correct};
use crate::book::{Scales, fingerprint};
use crate::service::{self, ScaleView};
use askama::Template;
use kernel::{FieldError, Permission};
use scales::{AnswerKind, Combining, Item, Mark as Sure, Scale, Settings, Stacking};
use web::axum::extract::{Path, State as Take};
use web::axum::response::Response;
use web::{App, Form, ListAsk, Mark, Page, Viewer, html};

fn frame(app: &App, viewer: &Viewer, title: impl Into<String>) -> Page {
    let at = if viewer.may(Permission::ScaleManage) { "/scales" } else { "/assessments" };
    Page::new(app, viewer, title).at(at)
}

struct Line {
    href: String,
    title: String,
    about: String,
    document: String,
    mark: Mark,
    word: String,
}

#[derive(Template)]
#[template(path = "assessment/scales.html")]
struct ListPage {
    page: Page,
    lines: Vec<Line>,
    may_load: bool,
}

fn standing(v: &ScaleView) -> (Mark, String) {
    match (v.scale.to_confirm().len(), &v.acceptance) {
        (0, _) => (Mark::Ok, "可以用".into()),
        (_, Some(_)) => (Mark::Ok, "已核对启用".into()),
        (n, None) => (Mark::Note, format!("{n} 处待核对，结果先不作数")),
    }
}

fn items(scale: &Scale) -> usize {
    scale.items().count()
}

pub(super) async fn list(Take(app): Take<App>, viewer: Viewer) -> web::Result<Response> {
    let all = service::scales_list(app.db(), &*app.thing::<Scales>()?).await?;
    let lines = all
        .iter()
        .map(|v| {
            let (mark, word) = standing(v);
            Line {
                href: format!("/scales/{}", v.scale.id),
                title: v.scale.title.clone(),
                about: format!("{} 项，{}", items(&v.scale), v.scale.grading.kind().zh()),
                document: v.scale.document.clone(),
                mark,
                word,
            }
        })
        .collect();
    html(&ListPage { page: frame(&app, &viewer, "评估量表"), lines, may_load: viewer.may(Permission::ScaleManage) })
}

struct Flagged {
    part: &'static str,
    note: String,
    sure: Sure,
}

struct Choice {
    score: i32,
    label: String,
    meaning: String,
}

struct Asked {
    id: String,
    title: String,
    question: String,
    choices: Vec<Choice>,
    measured: String,
}

struct Part {
    title: String,
    about: String,
    items: Vec<Asked>,
}

#[derive(Template)]
#[template(path = "assessment/scale.html")]
struct ScalePage {
    page: Page,
    v: ScaleView,
    mark: Mark,
    word: String,
    flags: Vec<Flagged>,
    parts: Vec<Part>,
    levels: Vec<(String, String)>,
    manage: bool,
    settings: Vec<(String, String)>,
    validity: String,
}

fn asked(item: &Item) -> Asked {
    let (choices, measured) = match &item.answer {
        AnswerKind::Options(options) => {
            let all = options.iter();
            let choice =
                |o: &scales::Choice| Choice { score: o.score, label: o.label.clone(), meaning: o.meaning.clone() };
            (all.map(choice).collect(), String::new())
        }
        AnswerKind::Number(k) => {
            (Vec::new(), format!("量出来填：{} 到 {} {}", k.show(k.range.min), k.show(k.range.max), k.unit))
        }
    };
    Asked { id: item.id.to_string(), title: item.title.clone(), question: item.question.clone(), choices, measured }
}

fn settings_words(v: &ScaleView) -> Vec<(String, String)> {
    let now = v.settled.as_ref().map(|s| s.settings).unwrap_or_default();
    let who = v.settled.as_ref().map(|s| format!("{} {} 设定：{}", s.set_by, s.at.date(), s.reason));
    let who = who.unwrap_or_else(|| "还没有设定，按这个办".into());
    let mut out = Vec::new();
    if v.asks_combining() {
        out.push((format!("原文没写明的组合：{}", now.combination.zh()), who.clone()));
    }
    if v.asks_stacking() {
        let stacking = now.stacking.unwrap_or(v.scale.stacking);
        out.push((format!("几种变更情形同时有：{}", stacking.zh()), who));
    }
    out
}

pub(super) async fn page(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    ask: ListAsk,
) -> web::Result<Response> {
    let v = service::scale_view(app.db(), &*app.thing::<Scales>()?, &id).await?;
    let s = &v.scale;
    let flag = |sure| move |f: &scales::Flag| Flagged { part: f.part.zh(), note: f.note.clone(), sure };
    let mut flags: Vec<Flagged> = s.to_confirm().iter().map(flag(Sure::ToConfirm)).collect();
    flags.extend(s.verified.iter().map(flag(Sure::Verified)));
    let parts = s
        .sections
        .iter()
        .map(|x| Part {
            title: x.title.clone(),
            about: x
                .sum
                .map(|r| format!("{} 项，{}–{} 分", x.items.len(), r.min, r.max))
                .unwrap_or_else(|| format!("{} 项，不相加", x.items.len())),
            items: x.items.iter().map(asked).collect(),
        })
        .collect();
    let levels = s
        .levels
        .iter()
        .map(|l| {
            let range = l.bounds.map(|b| format!("{}–{} 分", b.min, b.max)).unwrap_or_default();
            let care =
                l.care.as_ref().map(|c| format!("　政策里算{}（{}）", c.care.zh(), c.basis.zh())).unwrap_or_default();
            (l.title.clone(), format!("{range}{care}"))
        })
        .collect();
    let (mark, word) = standing(&v);
    html(&ScalePage {
        page: frame(&app, &viewer, s.title.clone()).flash(done(ask.filter("done"))),
        flags,
        parts,
        levels,
        manage: viewer.may(Permission::ScaleManage),
        settings: settings_words(&v),
        validity: s.validity_months.map_or_else(|| "没有写明".into(), |m| format!("{m} 个月")),
        mark,
        word,
        v,
    })
}

#[derive(Template)]
#[template(path = "assessment/accept.html")]
struct AcceptPage {
    page: Page,
    v: ScaleView,
    print: String,
    note: String,
}

async fn draw_accept(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: &Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let v = service::scale_view(app.db(), &*app.thing::<Scales>()?, id).await?;
    let wrong = !errors.is_empty();
    let drawn = html(&AcceptPage {
        page: frame(app, viewer, "核对并启用").errors(errors),
        print: fingerprint(&v.scale),
        note: form.raw("note").to_string(),
        v,
    })?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(super) async fn accept_form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    draw_accept(&app, &viewer, &id, &Form::default(), Vec::new()).await
}

pub(super) async fn accept(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let scales = app.thing::<Scales>()?;
    match service::accept(app.db(), &scales, &viewer.actor(), &id, form.raw("seen"), form.raw("note")).await {
        Ok(_) => Ok(to(format!("/scales/{id}?done=accepted"))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw_accept(&app, &viewer, &id, &form, errors).await
        }
    }
}

async fn draw_settings(
    app: &App,
    viewer: &Viewer,
    id: &str,
    form: Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let v = service::scale_view(app.db(), &*app.thing::<Scales>()?, id).await?;
    let mut inputs = Vec::new();
    if v.asks_combining() {
        let options = Combining::ALL.iter().map(|c| (c.code().to_string(), c.zh().to_string())).collect();
        inputs.push(
            Input::radios("原文没有写明、或几级都符合的组合", "combining", &form, options)
                .hint("标准的文字没有覆盖所有组合，有的一级都不符合，有的符合好几级"),
        );
    }
    if v.asks_stacking() {
        let options = Stacking::ALL.iter().map(|c| (c.code().to_string(), c.zh().to_string())).collect();
        inputs.push(Input::radios("几种变更情形同时有", "stacking", &form, options));
    }
    if inputs.is_empty() {
        return Err(kernel::Error::refused("这份量表没有要设定的").into());
    }
    inputs.push(Input::area("依据哪份文件或会议", "reason", &form));
    FormPage {
        page: frame(app, viewer, "设定未写明之处").errors(errors),
        sub: v.scale.title.clone(),
        action: format!("/scales/{id}/settings"),
        inputs,
        hidden: Vec::new(),
        verb: "设定",
        back: format!("/scales/{id}"),
        aside: vec![(
            "影响什么",
            vec![
                "只管以后提交的评估，已有的结果不变。".into(),
                "按设定定的等级，结果里会写明是按本地设定定的。".into(),
                "不设定时，遇到这样的组合由县里逐个商定。".into(),
            ],
        )],
    }
    .draw()
}

pub(super) async fn settings_form(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
) -> web::Result<Response> {
    let v = service::scale_view(app.db(), &*app.thing::<Scales>()?, &id).await?;
    let now = v.settled.as_ref().map(|s| s.settings).unwrap_or_default();
    let form = Form::from_pairs([
        ("combining".into(), now.combination.code().into()),
        ("stacking".into(), now.stacking.unwrap_or(v.scale.stacking).code().into()),
    ]);
    draw_settings(&app, &viewer, &id, form, Vec::new()).await
}

pub(super) async fn settings(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    form: Form,
) -> web::Result<Response> {
    let scales = app.thing::<Scales>()?;
    let wanted = Settings {
        combination: Combining::parse(form.raw("combining")).unwrap_or_default(),
        stacking: Stacking::parse(form.raw("stacking")),
    };
    match service::set_setting(app.db(), &scales, &viewer.actor(), &id, wanted, form.raw("reason")).await {
        Ok(()) => Ok(to(format!("/scales/{id}?done=set"))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw_settings(&app, &viewer, &id, form, errors).await
        }
    }
}

async fn draw_load(app: &App, viewer: &Viewer, form: Form, errors: Vec<FieldError>) -> web::Result<Response> {
    FormPage {
        page: frame(app, viewer, "载入量表").errors(errors),
        sub: "TOML 文本".into(),
        action: "/scales/load".into(),
        inputs: vec![Input::document("量表的文本", "text", &form).hint("写法照自带的量表；有错会指出第几行第几列")],
        hidden: Vec::new(),
        verb: "检查并载入",
        back: "/scales".into(),
        aside: vec![(
            "载入以前",
            vec![
                "有使用许可的量表（如 MMSE、Zarit、MNA）平台不自带，本地取得许可后自己载入。".into(),
                "编号和自带的相同，就代替自带的那份。".into(),
                "载入后待核对的地方要再核对启用，结果才作数。已有的评估仍用原来的文本。".into(),
            ],
        )],
    }
    .draw()
}

pub(super) async fn load_form(Take(app): Take<App>, viewer: Viewer) -> web::Result<Response> {
    draw_load(&app, &viewer, Form::default(), Vec::new()).await
}

pub(super) async fn load(Take(app): Take<App>, viewer: Viewer, form: Form) -> web::Result<Response> {
    // Browsers send lines ended by CR LF; positions count LF.
    let text = form.raw("text").replace("\r\n", "\n");
    match service::load_own(app.db(), &viewer.actor(), "本地量表", &text).await {
        Ok(id) => Ok(to(format!("/scales/{id}?done=loaded"))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw_load(&app, &viewer, form, errors).await
        }
    }
}
