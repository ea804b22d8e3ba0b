//! One correction: what was put right and why, the notice on paper, and that the person was told.
use super::corrections::standing;
use super::{again, done, to, to_correct};
use crate::model::{Cause, CorrectionKind, Told};
use crate::service::{self, Correction};
use crate::shelf::Shelf;
use askama::Template;
use axum::extract::{Path, Query, State};
use axum::response::Response;
use kernel::{CivilDate, CorrectionId, Error, Fen, FieldError, Permission};
use people::model::ElderCard;
use std::collections::HashMap;
use web::{App, Form, Mark, Page, Viewer, html};

struct Shown {
    c: Correction,
    elder: Option<ElderCard>,
    title: String,
    document: String,
    place: String,
    why: String,
    mark: Mark,
    word: &'static str,
    taken: bool,
}

#[derive(Template)]
#[template(path = "entitlement/correction.html")]
struct CorrectionPage {
    page: Page,
    s: Shown,
    may_tell: bool,
    archive_link: bool,
    form: Form,
    today: String,
    ways: Vec<(String, String)>,
}

#[derive(Template)]
#[template(path = "entitlement/correction_notice.html")]
struct NoticePage {
    page: Page,
    s: Shown,
    today: CivilDate,
    issuer: String,
}

fn correction_id(text: &str) -> kernel::Result<CorrectionId> {
    text.parse().map_err(|_| Error::NotFound("这条更正".into()))
}

/// 2026-08-05 去世，2026-11-20 才登记；从 9 月起不再享受
fn why(c: &Correction) -> String {
    let learnt = c.at.date();
    match (c.cause(), c.since) {
        (Cause::Death, Some(day)) => format!("{day} 去世，{learnt} 登记"),
        (Cause::Moved, Some(day)) => format!("{day} 户籍或住址变了，{learnt} 登记"),
        (Cause::Birth, _) => format!("{learnt} 更正了出生日期"),
        (Cause::Policy, Some(day)) => format!("政策从 {day} 起换了新版"),
        (cause, Some(day)) => format!("{day} 起{}，{learnt} 登记", cause.zh()),
        (cause, None) => format!("{learnt} 登记：{}", cause.zh()),
    }
}

async fn shown(app: &App, viewer: &Viewer, id: &str) -> kernel::Result<Shown> {
    let c = service::correction(app.db(), &viewer.actor(), &viewer.scope, correction_id(id)?).await?;
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let elder = match c.elder {
        Some(elder) => people::service::cards(app.db(), &viewer.scope, &[elder]).await?.remove(&elder),
        None => None,
    };
    let (mark, word) = standing(&c);
    let pack = packs.get(&c.pack, c.at.date());
    Ok(Shown {
        elder,
        title: pack.map_or_else(|| c.pack.clone(), |p| p.title.clone()),
        document: pack.map(|p| p.document.clone()).unwrap_or_default(),
        place: app.regions().full(&c.region),
        why: why(&c),
        mark,
        word,
        taken: c.kind() == CorrectionKind::Clawback,
        c,
    })
}

fn draw(
    app: &App,
    viewer: &Viewer,
    s: Shown,
    form: Form,
    errors: Vec<FieldError>,
    flash: Option<String>,
) -> web::Result<Response> {
    let wrong = !errors.is_empty();
    let drawn = html(&CorrectionPage {
        page: Page::new(app, viewer, "收回和补发").at("/policies").errors(errors).flash(flash),
        may_tell: viewer.may(Permission::CorrectionTell) && s.c.told_at.is_none(),
        archive_link: viewer.may(Permission::ElderRead),
        today: app.clock().today().to_string(),
        ways: Told::ALL.iter().map(|t| (t.code().to_string(), t.zh().to_string())).collect(),
        s,
        form,
    })?;
    Ok(if wrong { again(drawn) } else { drawn })
}

pub(crate) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(ask): Query<HashMap<String, String>>,
) -> web::Result<Response> {
    let s = shown(&app, &viewer, &id).await?;
    draw(&app, &viewer, s, Form::default(), Vec::new(), done(ask.get("done").map(String::as_str)))
}

pub(crate) async fn tell(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let s = shown(&app, &viewer, &id).await?;
    let how = form.choice("how", "怎么告知的", Told::parse);
    let on: Option<CivilDate> = form.need("on", "哪天告知的");
    let whom = form.text("whom", "告诉了谁", 40);
    let result = match (form.done(), how, on) {
        (Ok(()), Some(how), Some(on)) => {
            service::tell(app.db(), &viewer.actor(), correction_id(&id)?, how, on, &whom).await
        }
        (wrong, ..) => wrong,
    };
    match result {
        Ok(()) => Ok(to(format!("/corrections/{id}?done=told"))),
        Err(e) => {
            let errors = to_correct(e)?;
            draw(&app, &viewer, s, form, errors, None)
        }
    }
}

pub(crate) async fn print(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let s = shown(&app, &viewer, &id).await?;
    html(&NoticePage {
        page: Page::new(&app, &viewer, "待遇更正告知书"),
        today: app.clock().today(),
        issuer: viewer.org_name.clone(),
        s,
    })
}

impl Shown {
    /// What was spent already.
    fn spent(&self) -> bool {
        self.c.outstanding > Fen::ZERO
    }
}
