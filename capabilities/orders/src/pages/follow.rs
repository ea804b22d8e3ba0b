//! Pages that ask for a reason or a judgement before a step: give back, cancel, follow-up call, not served, dispute.
use super::record::cancel_lines;
use super::shared::{order_id, seen, when};
use crate::model::{ConfirmHow, Order, State, cancel_effect};
use crate::service;
use askama::Template;
use axum::extract::{Path, State as Take};
use axum::http::StatusCode;
use axum::response::{IntoResponse, Redirect, Response};
use kernel::{Error, Fen, FieldError};
use web::axum;
use web::{App, Form, Page, Viewer, html};

/// What differs between the pages that ask for a reason.
pub(super) struct Kind {
    /// Last part of the URL.
    pub(super) tail: &'static str,
    pub(super) title: &'static str,
    pub(super) heading: fn(&Order) -> String,
    pub(super) lines: fn(&Order) -> Vec<(&'static str, String, String)>,
    pub(super) label: &'static str,
    pub(super) hint: &'static str,
    pub(super) verb: &'static str,
    pub(super) danger: bool,
    pub(super) needs_reason: fn(&Order) -> bool,
    /// Ready-made answers and what they answer.
    pub(super) choice_label: &'static str,
    pub(super) choices: &'static [(&'static str, &'static str)],
    pub(super) done: &'static str,
}

const REFUSE: Kind = Kind {
    tail: "refuse",
    title: "不接，退回",
    heading: |o| format!("不接{}的{}？", o.elder_name, o.item_name),
    lines: |o| {
        vec![
            ("refresh-off", "这一单转给轮到的下一家，你们不再看得到".into(), String::new()),
            ("wallet", "占的补贴跟着走，老人不受影响".into(), o.gov.to_string()),
            ("history", "退回算轮过一次".into(), String::new()),
        ]
    },
    label: "原因",
    hint: "下单的人看得到",
    verb: "退回",
    danger: true,
    needs_reason: |_| true,
    choice_label: "结果",
    choices: &[],
    done: "refused",
};

const CANCEL: Kind = Kind {
    tail: "cancel",
    title: "取消工单",
    heading: |o| format!("取消{}的{}？", o.elder_name, o.item_name),
    lines: cancel_lines,
    label: "原因",
    hint: "护理员已经出发的，一定要填",
    verb: "取消这一单",
    danger: true,
    needs_reason: |o| cancel_effect(o).needs_reason,
    choice_label: "结果",
    choices: &[],
    done: "cancelled",
};

const NO_SHOW: Kind = Kind {
    tail: "no-show",
    title: "没服务成",
    heading: |o| format!("{}的{}没服务成？", o.elder_name, o.item_name),
    lines: |o| {
        let mut out = Vec::new();
        if o.gov > Fen::ZERO {
            out.push(("wallet", "占的补贴退回额度".to_string(), o.gov.to_string()));
        }
        out.push(("receipt", "这一单不收钱，也不进结算".to_string(), String::new()));
        out
    },
    label: "怎么没服务成",
    hint: "例如：敲门没人应，电话没人接",
    verb: "记下",
    danger: false,
    needs_reason: |_| true,
    choice_label: "结果",
    choices: &[],
    done: "no_show",
};

const DISPUTE: Kind = Kind {
    tail: "dispute",
    title: "提出争议",
    heading: |o| format!("对{}的{}提出争议？", o.elder_name, o.item_name),
    lines: |_| vec![("lock", "了结以前，这一单不进结算".to_string(), String::new())],
    label: "哪里不对",
    hint: "例如：老人说没有来过",
    verb: "提出争议",
    danger: false,
    needs_reason: |_| true,
    choice_label: "结果",
    choices: &[],
    done: "disputed",
};

const RESOLVE: Kind = Kind {
    tail: "resolve",
    title: "了结争议",
    heading: |o| format!("{}的{}，怎么了结？", o.elder_name, o.item_name),
    lines: |o| {
        vec![
            ("circle-check-f", "服务算数：补贴照扣，进结算".to_string(), o.gov.to_string()),
            ("refresh-off", "作废：补贴退回额度，自付不用付".to_string(), o.fee.to_string()),
        ]
    },
    label: "查到的情况",
    hint: "写清问了谁、看了什么",
    verb: "了结",
    danger: false,
    needs_reason: |_| true,
    choice_label: "结果",
    choices: &[("served", "服务算数"), ("void", "这一单作废")],
    done: "resolved",
};

#[derive(Template)]
#[template(path = "orders/reason.html")]
struct ReasonPage {
    page: Page,
    o: Order,
    when: String,
    action: String,
    back: String,
    heading: String,
    lines: Vec<(&'static str, String, String)>,
    label: &'static str,
    hint: &'static str,
    verb: &'static str,
    danger: bool,
    optional: bool,
    reason: String,
    choice_label: &'static str,
    choices: &'static [(&'static str, &'static str)],
    choice: String,
}

fn draw(
    app: &App,
    viewer: &Viewer,
    kind: &Kind,
    o: Order,
    form: &Form,
    errors: Vec<FieldError>,
) -> web::Result<Response> {
    let view = ReasonPage {
        page: Page::new(app, viewer, kind.title).at("/orders").errors(errors),
        when: when(o.starts_at, app.now()),
        action: format!("/orders/{}/{}", o.id, kind.tail),
        back: format!("/orders/{}", o.id),
        heading: (kind.heading)(&o),
        lines: (kind.lines)(&o),
        label: kind.label,
        hint: kind.hint,
        verb: kind.verb,
        danger: kind.danger,
        optional: !(kind.needs_reason)(&o),
        reason: form.raw("reason").to_string(),
        choice_label: kind.choice_label,
        choices: kind.choices,
        choice: form.raw("choice").to_string(),
        o,
    };
    html(&view)
}

pub(super) async fn show(app: &App, viewer: &Viewer, kind: &Kind, id: &str) -> web::Result<Response> {
    let o = service::order(app.db(), &viewer.scope, order_id(id)?).await?;
    draw(app, viewer, kind, o, &Form::default(), Vec::new())
}

/// After the step: back to the order, or the form again with what was typed.
pub(super) async fn answer(
    app: &App,
    viewer: &Viewer,
    kind: &Kind,
    id: &str,
    form: &Form,
    result: kernel::Result<Order>,
) -> web::Result<Response> {
    match result {
        Ok(_) if kind.tail == "refuse" => Ok(Redirect::to("/orders?done=refused").into_response()),
        Ok(o) => Ok(Redirect::to(&format!("/orders/{}?done={}", o.id, kind.done)).into_response()),
        Err(Error::Invalid(errors)) => {
            let o = service::order(app.db(), &viewer.scope, order_id(id)?).await?;
            let page = draw(app, viewer, kind, o, form, errors)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(e) => Err(e.into()),
    }
}

macro_rules! reason_pages {
    ($($show:ident $post:ident $kind:ident |$db:ident, $actor:ident, $id:ident, $form:ident| $run:expr;)*) => {$(
        pub(super) async fn $show(
            Take(app): Take<App>,
            viewer: Viewer,
            Path(id): Path<String>,
        ) -> web::Result<Response> {
            show(&app, &viewer, &$kind, &id).await
        }
        pub(super) async fn $post(
            Take(app): Take<App>,
            viewer: Viewer,
            Path(id): Path<String>,
            form: Form,
        ) -> web::Result<Response> {
            let ($db, $actor, $id, $form) = (app.db(), &viewer.actor(), order_id(&id)?, &form);
            let result = $run.await;
            answer(&app, &viewer, &$kind, &id, &form, result).await
        }
    )*};
}
pub(super) use reason_pages;
reason_pages! {
    refuse_form refuse REFUSE |db, actor, id, form| service::refuse(db, actor, id, form.raw("reason"), seen(form));
    cancel_form cancel CANCEL |db, actor, id, form| service::cancel(db, actor, id, form.raw("reason"), seen(form));
    no_show_form no_show NO_SHOW |db, actor, id, form| service::no_show(db, actor, id, form.raw("reason"), seen(form));
    dispute_form dispute DISPUTE |db, actor, id, form| service::dispute(db, actor, id, form.raw("reason"), seen(form));
    resolve_form resolve RESOLVE |db, actor, id, form| async {
        match form.raw("choice") {
            "served" => service::resolve(db, actor, id, true, form.raw("reason"), seen(form)).await,
            "void" => service::resolve(db, actor, id, false, form.raw("reason"), seen(form)).await,
            _ => Err(Error::invalid("choice", "选一个结果")),
        }
    };
}

#[derive(Template)]
#[template(path = "orders/follow_up.html")]
struct CallPage {
    page: Page,
    o: Order,
    when: String,
    /// The elder has not confirmed yet: the call confirms too.
    confirms: bool,
    rating: String,
    note: String,
}

fn draw_call(app: &App, viewer: &Viewer, o: Order, form: &Form, errors: Vec<FieldError>) -> web::Result<Response> {
    let confirms = o.state == State::CheckedOut;
    let view = CallPage {
        page: Page::new(app, viewer, if confirms { "电话确认和回访" } else { "电话回访" }).at("/orders").errors(errors),
        when: when(o.starts_at, app.now()),
        confirms,
        rating: form.raw("rating").to_string(),
        note: form.raw("note").to_string(),
        o,
    };
    html(&view)
}

pub(super) async fn call_form(Take(app): Take<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let o = service::order(app.db(), &viewer.scope, order_id(&id)?).await?;
    draw_call(&app, &viewer, o, &Form::default(), Vec::new())
}

/// Confirms and rates in one transaction where the elder had not confirmed at the door.
pub(super) async fn call(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    mut form: Form,
) -> web::Result<Response> {
    let id = order_id(&id)?;
    let rating = form.need::<i64>("rating", "评分").unwrap_or_default();
    let note = form.raw("note").to_string();
    let result = match form.done() {
        Err(e) => Err(e),
        Ok(()) => record_call(&app, &viewer, id, rating, &note, &form).await,
    };
    match result {
        Ok(o) => Ok(Redirect::to(&format!("/orders/{}?done=rated", o.id)).into_response()),
        Err(Error::Invalid(errors)) => {
            let o = service::order(app.db(), &viewer.scope, id).await?;
            let page = draw_call(&app, &viewer, o, &form, errors)?;
            Ok((StatusCode::UNPROCESSABLE_ENTITY, page).into_response())
        }
        Err(e) => Err(e.into()),
    }
}

async fn record_call(
    app: &App,
    viewer: &Viewer,
    id: kernel::OrderId,
    rating: i64,
    note: &str,
    form: &Form,
) -> kernel::Result<Order> {
    let (db, actor) = (app.db(), viewer.actor());
    let tx = db.begin().await?;
    let order = service::order_in(&tx, actor.scope(), id).await?;
    let mut version = seen(form);
    if order.state == State::CheckedOut {
        let confirmed = service::confirm_in(&tx, db, &actor, id, ConfirmHow::FollowUpCall, version).await?;
        version = version.map(|_| confirmed.version);
    }
    let rated = service::rate_in(&tx, db, &actor, id, rating, note, version).await?;
    tx.commit().await?;
    Ok(rated)
}
