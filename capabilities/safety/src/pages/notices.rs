//! The outbox.
use super::{done, parsed, to};
use crate::model::{NoticeId, NoticeState};
use crate::service::{self, NoticeRow};
use kernel::Dir;
use std::sync::Arc;
use web::axum::Json;
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Viewer, respond};

fn mark(s: NoticeState) -> Mark {
    match s {
        NoticeState::Queued => Mark::Todo,
        NoticeState::HandedOver => Mark::Doing,
        NoticeState::Delivered => Mark::Ok,
        NoticeState::Failed => Mark::Danger,
    }
}

fn columns() -> Vec<Col<NoticeRow>> {
    vec![
        Col::new("at", "什么时候", |r: &NoticeRow| Cell::text(r.created_at.stamp_seconds())).sort("n.created_at"),
        Col::new("case", "单号", |r: &NoticeRow| {
            Cell::name(format!("/safety/cases/{}", r.case_id), r.case_no.clone())
        }),
        Col::new("kind", "事由", |r: &NoticeRow| Cell::text(r.kind.zh())).sort("n.kind"),
        Col::new("name", "发给", |r: &NoticeRow| Cell::text(r.name.clone())).sort("n.name"),
        Col::new("phone", "电话", |r: &NoticeRow| Cell::text(r.phone_masked.clone())),
        Col::new("state", "到哪一步", |r: &NoticeRow| Cell::State(mark(r.state), r.state.zh().into())).sort("n.state"),
        Col::new("tries", "试过", |r: &NoticeRow| Cell::Int(r.tries)),
        Col::new("error", "为什么", |r: &NoticeRow| Cell::text(r.error.clone().unwrap_or_else(|| "—".into()))),
    ]
}

/// The channel of this installation, as a thing of the app.
pub struct Outbox(pub Arc<dyn service::Channel>);

pub(super) async fn list(State(app): State<App>, viewer: Viewer, mut ask: ListAsk) -> web::Result<Response> {
    let flash = done(ask.filters.remove("done").as_deref());
    let ready = app.thing::<Outbox>().is_ok_and(|o| o.0.ready());
    let state = ask.filter("state").and_then(NoticeState::parse);
    let spec = ListSpec {
        title: "短信".into(),
        path: "/safety/notices".into(),
        nav: "/safety",
        sub: if ready {
            "已接短信通道".into()
        } else {
            "没有接短信通道：都停在待发，谁也没收到。管理员在配置里填 [notify]".to_string()
        },
        cols: columns(),
        filters: vec![FilterSpec {
            key: "state",
            label: "到哪一步",
            choices: NoticeState::ALL.iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
        }],
        tabs: vec![],
        search_hint: None,
        default_sort: ("at", Dir::Desc),
        tie: "n.id",
        actions: vec![("/safety".to_string(), "bell-ringing", "回工作台".to_string(), false)],
        empty: ("还没有短信".into(), "有报警时告知家人、通知值班的短信都在这里".into(), None),
        flash,
    };
    let (db, scope) = (app.db().clone(), viewer.scope);
    respond(&app, &viewer, spec, ask, |fetch| async move { service::notices(&db, &scope, state, &fetch).await }).await
}

pub(super) async fn again(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    service::send_again(app.db(), &viewer.actor(), parsed::<NoticeId>(&id, "这条短信")?).await?;
    Ok(to("/safety/notices?done=again"))
}

/// What the channel tells about a message it took.
#[derive(Debug, Default, serde::Deserialize)]
pub(super) struct Receipt {
    /// `delivered` or `failed`.
    #[serde(default)]
    state: String,
    #[serde(default)]
    error: String,
}

pub(super) async fn receipt(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    body: String,
) -> web::Result<Json<serde_json::Value>> {
    let id = parsed::<NoticeId>(&id, "这条短信")?;
    // Whose it is comes before what was sent.
    let r: Receipt = serde_json::from_str(&body).unwrap_or_default();
    let arrived = match r.state.as_str() {
        "delivered" => true,
        "failed" => false,
        _ => {
            service::notice_exists(app.db(), &viewer.full_scope, id).await?;
            return Err(kernel::Error::invalid("state", "state 写 delivered 或 failed").into());
        }
    };
    service::receipt(app.db(), &viewer.actor(), id, arrived, &r.error).await?;
    Ok(Json(serde_json::json!({ "state": r.state })))
}
