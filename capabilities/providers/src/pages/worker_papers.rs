//! Papers and bans of a worker.
use super::provider_form::{Stop, draw_stop, read_stop};
use super::reason::{self, Ask};
use super::{again, parsed, to_correct, to_worker, worker_id};
use crate::model::{Ban, BanDraft, Document, DocumentDraft, DocumentKind, WorkerCard};
use crate::service;
use askama::Template;
use catalogue::Skill;
use kernel::{CivilDate, Error, FieldError};
use uuid::Uuid;
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Form, Page, Viewer};

#[derive(Template)]
#[template(path = "providers/document_form.html")]
struct DocumentForm {
    page: Page,
    form: Form,
    card: WorkerCard,
    kinds: Vec<(&'static str, &'static str)>,
    skills: Vec<(&'static str, &'static str, bool)>,
}

fn draw(app: &App, viewer: &Viewer, form: Form, card: WorkerCard, errors: Vec<FieldError>) -> web::Result<Response> {
    web::html(&DocumentForm {
        page: Page::new(app, viewer, format!("登记{}的证件", card.name)).at("/workers").errors(errors),
        kinds: DocumentKind::ALL.iter().map(|k| (k.code(), k.zh())).collect(),
        skills: Skill::ALL
            .iter()
            .filter(|s| s.needs_certificate())
            .map(|s| (s.code(), s.zh(), form.all("covers").iter().any(|c| c == s.code())))
            .collect(),
        form,
        card,
    })
}

async fn card_of(app: &App, viewer: &Viewer, id: &str) -> kernel::Result<WorkerCard> {
    service::worker(app.db(), &viewer.scope, worker_id(id)?).await
}

/// `GET /workers/{id}/documents/new`
pub async fn new_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let card = card_of(&app, &viewer, &id).await?;
    let form = Form::from_pairs([("from".to_string(), app.clock().today().to_string())]);
    draw(&app, &viewer, form, card, Vec::new())
}

fn read(form: &mut Form) -> Option<DocumentDraft> {
    let kind = form.choice("kind", "种类", DocumentKind::parse);
    let name = form.text("name", "名称", 30);
    let number = form.text("number", "编号", 40);
    let issuer = form.text("issuer", "发证单位", 30);
    let from: Option<CivilDate> = form.need("from", "从哪天起有效");
    let to: Option<CivilDate> = form.need("to", "哪天到期");
    let covers: Vec<Skill> = form.all("covers").iter().filter_map(|c| Skill::parse(c)).collect();
    form.done().ok()?;
    Some(DocumentDraft { kind: kind?, name, number, issuer, covers: Skill::set(&covers), from: from?, to: to? })
}

/// `POST /workers/{id}/documents/new`
pub async fn add(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let card = card_of(&app, &viewer, &id).await?;
    let Some(draft) = read(&mut form) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw(&app, &viewer, form, card, errors)?));
    };
    let tx = app.db().begin().await?;
    match service::add_document(&tx, app.db(), &viewer.actor(), card.id, draft).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(to_worker(card.id, "document"))
        }
        Err(e) => Ok(again(draw(&app, &viewer, form, card, to_correct(e)?)?)),
    }
}

fn document_of<'a>(card: &'a WorkerCard, text: &str) -> kernel::Result<&'a Document> {
    let id: Uuid = parsed(text, "这张证件")?;
    let found = card.documents.iter().find(|d| d.id == id && d.void.is_none());
    found.ok_or_else(|| Error::NotFound("这张证件".into()))
}

fn void_ask(card: &WorkerCard, d: &Document) -> Ask<'static> {
    Ask {
        nav: "/workers",
        title: format!("作废{}的“{}”", card.name, d.name),
        lines: vec![
            ("receipt", "编号".into(), d.number.clone()),
            ("calendar", "有效期".into(), format!("{} 至 {}", d.from, d.to)),
            ("circle-off", "靠它才能做的服务".into(), "马上不能派".into()),
        ],
        hint: "如：编号录错，已重新登记",
        verb: "作废这张证件",
        back: format!("/workers/{}", card.id),
        danger: true,
    }
}

/// What a confirm page with a reason takes back.
#[derive(Clone, Copy)]
enum TakeBack {
    Document,
    Ban,
}

impl TakeBack {
    /// The thing the path names, and what its page says.
    fn ask(self, card: &WorkerCard, text: &str) -> kernel::Result<(Uuid, Ask<'static>)> {
        Ok(match self {
            TakeBack::Document => document_of(card, text).map(|d| (d.id, void_ask(card, d)))?,
            TakeBack::Ban => ban_of(card, text).map(|b| (b.id, lift_ask(card, b)))?,
        })
    }
    async fn form(self, app: &App, viewer: &Viewer, worker: &str, text: &str) -> web::Result<Response> {
        let card = card_of(app, viewer, worker).await?;
        let (_, ask) = self.ask(&card, text)?;
        reason::draw(app, viewer, ask, Form::default(), Vec::new())
    }
    async fn done(self, app: &App, viewer: &Viewer, worker: &str, text: &str, form: Form) -> web::Result<Response> {
        let card = card_of(app, viewer, worker).await?;
        let (id, ask) = self.ask(&card, text)?;
        let (actor, why) = (viewer.actor(), form.raw("reason"));
        let tx = app.db().begin().await?;
        let (result, done) = match self {
            TakeBack::Document => (service::void_document(&tx, &actor, card.id, id, why).await, "voided"),
            TakeBack::Ban => (service::lift_ban(&tx, &actor, card.id, id, why).await, "lifted"),
        };
        match result {
            Ok(()) => {
                tx.commit().await?;
                Ok(to_worker(card.id, done))
            }
            Err(e) => Ok(again(reason::draw(app, viewer, ask, form, to_correct(e)?)?)),
        }
    }
}

/// `GET /workers/{id}/documents/{document}/void`
pub async fn void_form(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, document)): Path<(String, String)>,
) -> web::Result<Response> {
    TakeBack::Document.form(&app, &viewer, &id, &document).await
}

/// `POST /workers/{id}/documents/{document}/void`
pub async fn void(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, document)): Path<(String, String)>,
    form: Form,
) -> web::Result<Response> {
    TakeBack::Document.done(&app, &viewer, &id, &document, form).await
}

const DECISION: &str = "决定书文号";

fn ban_stop(card: &WorkerCard) -> Stop {
    Stop {
        nav: "/providers",
        title: format!("把{}列入行业禁入名单", card.name),
        what: "禁入期间",
        document_label: DECISION,
        effects: vec![
            ("circle-off", "在任何一家都不能派单".into(), "从起始日起".into()),
            ("users", "不能换一家重新登记".into(), "按证件号码认人".into()),
        ],
        open_end: "不填就是终身",
        verb: "列入禁入名单",
        back: format!("/workers/{}", card.id),
    }
}

/// `GET /workers/{id}/ban`
pub async fn ban_form(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let card = card_of(&app, &viewer, &id).await?;
    let form = Form::from_pairs([("from".to_string(), app.clock().today().to_string())]);
    draw_stop(&app, &viewer, ban_stop(&card), form, Vec::new())
}

/// `POST /workers/{id}/ban`
pub async fn ban(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let card = card_of(&app, &viewer, &id).await?;
    let Some(s) = read_stop(&mut form, DECISION) else {
        let errors = form.errors().to_vec();
        return Ok(again(draw_stop(&app, &viewer, ban_stop(&card), form, errors)?));
    };
    let draft = BanDraft { from: s.from, to: s.to, reason: s.reason, document: s.document };
    let tx = app.db().begin().await?;
    match service::ban(&tx, app.db(), &viewer.actor(), card.id, draft).await {
        Ok(_) => {
            tx.commit().await?;
            Ok(to_worker(card.id, "banned"))
        }
        Err(e) => Ok(again(draw_stop(&app, &viewer, ban_stop(&card), form, to_correct(e)?)?)),
    }
}

fn ban_of<'a>(card: &'a WorkerCard, text: &str) -> kernel::Result<&'a Ban> {
    let id: Uuid = parsed(text, "这条禁入记录")?;
    let found = card.bans.iter().find(|b| b.id == id && b.lifted_on.is_none());
    found.ok_or_else(|| Error::NotFound("这条禁入记录".into()))
}

fn lift_ask(card: &WorkerCard, b: &Ban) -> Ask<'static> {
    Ask {
        nav: "/providers",
        title: format!("把{}移出行业禁入名单", card.name),
        lines: vec![
            ("history", "禁入期间".into(), b.period_zh()),
            ("receipt", "决定书".into(), b.document.clone()),
            ("circle-check-f", "重新可以派单".into(), "从今天起".into()),
        ],
        hint: "如：复核撤销，文号……",
        verb: "移出名单",
        back: format!("/workers/{}", card.id),
        danger: false,
    }
}

/// `GET /workers/{id}/bans/{ban}/lift`
pub async fn lift_form(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, ban)): Path<(String, String)>,
) -> web::Result<Response> {
    TakeBack::Ban.form(&app, &viewer, &id, &ban).await
}

/// `POST /workers/{id}/bans/{ban}/lift`
pub async fn lift(
    State(app): State<App>,
    viewer: Viewer,
    Path((id, ban)): Path<(String, String)>,
    form: Form,
) -> web::Result<Response> {
    TakeBack::Ban.done(&app, &viewer, &id, &ban, form).await
}
