//! One order: where it stands, what happened, who pays, what proves it.
use super::shared::{done, order_id, standing, when};
use crate::model::{
    Event, Next, Order, Receipt, State, Step, Who, cancel_effect, next, no_show_open, own_left, paid_of,
};
use crate::service;
use askama::Template;
use async_trait::async_trait;
use axum::extract::{Path, Query, State as Take};
use axum::response::Response;
use kernel::{Fen, Instant, Permission, Result, Tier};
use std::collections::HashMap;
use std::sync::Arc;
use web::axum;
use web::{App, Mark, Page, Viewer, html};

/// Shows what proves a visit: positions, photos, checklist. Registered by a later capability as [`Evidence`].
#[async_trait]
pub trait EvidencePanel: Send + Sync {
    /// The inside of the evidence card, or an empty text when there is nothing yet.
    async fn html(&self, app: &App, viewer: &Viewer, order: &Order) -> Result<String>;
}

/// The evidence panel of the program; a thing of the [`App`].
pub struct Evidence(pub Arc<dyn EvidencePanel>);

struct StepView {
    pos: &'static str,
    number: usize,
    title: &'static str,
    text: String,
}

struct Button {
    href: String,
    icon: &'static str,
    word: &'static str,
    primary: bool,
    /// Posted at once instead of opening a page.
    post: bool,
}

struct Moment {
    kind: &'static str,
    time: String,
    text: String,
    who: String,
}

#[derive(Template)]
#[template(path = "orders/record.html")]
struct RecordPage {
    page: Page,
    o: Order,
    mark: Mark,
    word: String,
    when: String,
    village: String,
    age: i16,
    elder_link: bool,
    purse_link: bool,
    steps: Vec<StepView>,
    buttons: Vec<Button>,
    events: Vec<Moment>,
    evidence: String,
    before: String,
    after: String,
    used_pct: i64,
    held_pct: i64,
    purse_say: String,
    money_note: &'static str,
    receipts: Vec<Receipt>,
}

const TITLES: [&str; 10] = ["下单", "接单", "指派", "出发", "签到", "签退", "确认", "评价", "结算", "拨付"];

fn steps(o: &Order) -> Vec<StepView> {
    let times = [
        Some(o.created_at),
        o.accepted_at,
        o.assigned_at,
        o.set_out_at,
        o.checked_in_at,
        o.checked_out_at,
        o.confirmed_at,
    ];
    let place = o.state.place();
    // Beside the way: as far as it came.
    let reached = place.unwrap_or_else(|| times.iter().rposition(|t| t.is_some()).unwrap_or(0));
    TITLES
        .iter()
        .enumerate()
        .map(|(i, title)| {
            let pos = match place {
                // What is done is ticked; the next thing to do is the present one.
                Some(9) => "done",
                Some(at) if i <= at => "done",
                Some(at) if i == at + 1 => "now",
                None if i <= reached => "done",
                _ => "later",
            };
            let text = match (i, times.get(i).copied().flatten()) {
                (_, Some(at)) if pos == "done" => format!("{} {}", at.date().md(), at.hhmm()),
                (7, _) => o.rating.map(|r| format!("{r} 分")).unwrap_or_default(),
                _ => String::new(),
            };
            StepView { pos, number: i + 1, title, text }
        })
        .collect()
}

fn buttons(o: &Order, viewer: &Viewer, now: Instant, paid: Fen) -> Vec<Button> {
    let who = Who::of(&viewer.actor());
    let can = |step: Step| {
        let may = step.needs(who).is_some_and(|p| viewer.may(p));
        may && matches!(next(o.state, step, who), Ok(Next::Go(_)))
    };
    let mut out = Vec::new();
    let mut add = |tail: &str, icon, word, primary, post| {
        out.push(Button { href: format!("/orders/{}/{tail}", o.id), icon, word, primary, post });
    };
    if can(Step::Accept) {
        add("accept", "check", "接单", true, true);
    }
    if can(Step::Assign) {
        add("assign", "user", "指派护理员", true, false);
    }
    if can(Step::Reassign) {
        add("assign", "user", "改派", false, false);
    }
    if can(Step::Confirm) && who == Who::Staff {
        add("follow-up", "phone-call", "电话确认", true, false);
    } else if can(Step::Rate) && o.rating.is_none() {
        add("follow-up", "phone-call", "电话回访", o.state == State::Confirmed, false);
    }
    if viewer.may(Permission::OrderDispatch) && own_left(o, paid).is_ok_and(|left| left > Fen::ZERO) {
        add("own-payment", "receipt", "收自付的钱", false, false);
    }
    if viewer.may(Permission::OrderDispatch) && paid > Fen::ZERO {
        add("own-refund", "refresh-off", "退自付的钱", false, false);
    }
    if can(Step::Resolve { served: true }) {
        add("resolve", "scale", "了结争议", true, false);
    }
    if can(Step::Refuse { passed_on: false }) {
        add("refuse", "x", "不接，退回", false, false);
    }
    if can(Step::NoShow) && no_show_open(o.starts_at, now).is_ok() {
        add("no-show", "circle-off", "没服务成", false, false);
    }
    if can(Step::Dispute) {
        add("dispute", "message", "提出争议", false, false);
    }
    if can(Step::Cancel) {
        add("cancel", "circle-x", "取消", false, false);
    }
    out
}

fn moment(e: &Event, last: bool) -> Moment {
    let bad = matches!(e.step.as_str(), "cancel" | "no_show" | "lapse" | "refuse" | "dispute" | "resolve_void");
    Moment {
        kind: if bad {
            "bad"
        } else if last {
            "now"
        } else {
            ""
        },
        time: e.at.stamp(),
        text: e.words(),
        who: e.actor.clone(),
    }
}

fn money_note(state: State) -> &'static str {
    match state {
        s if s.holds_money() => "补贴先占住，老人确认后才扣",
        s if s.void() => "没有收钱，占的补贴已退回",
        State::Disputed => "有争议，了结以前不进结算",
        State::Paid => "补贴已拨付服务商",
        _ => "补贴已扣，按季结算给服务商",
    }
}

pub(super) async fn record(
    Take(app): Take<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    Query(query): Query<HashMap<String, String>>,
) -> web::Result<Response> {
    let o = service::order(app.db(), &viewer.scope, order_id(&id)?).await?;
    let events = service::events(app.db(), &viewer.scope, o.id).await?;
    let evidence = match app.thing::<Evidence>() {
        Ok(panel) => panel.0.html(&app, &viewer, &o).await?,
        // The program runs without that capability.
        Err(_) => String::new(),
    };
    let receipts = service::receipts(app.db(), &viewer.scope, o.id).await?;
    let now = app.now();
    let book = app.regions();
    let (mark, word) = standing(&o, now);
    let last = events.len().saturating_sub(1);
    let (before, after) = (o.purse_before.unwrap_or_default(), o.purse_before.unwrap_or_default() - o.gov);
    let pct = |part: Fen| if before > Fen::ZERO { (part.0 * 100 / before.0).clamp(0, 100) } else { 0 };
    let share = pct(o.gov);
    let page = Page::new(&app, &viewer, format!("工单 {}", o.no))
        .at("/orders")
        .flash(done(query.get("done").map(String::as_str)));
    let view = RecordPage {
        page,
        mark,
        word,
        when: format!("{}–{}", when(o.starts_at, now), o.ends_at.hhmm()),
        village: if viewer.region().tier() >= Tier::Town { book.name(&o.region) } else { book.short(&o.region) },
        age: o.elder_birth.age_on(o.served_on()),
        elder_link: viewer.may(Permission::ElderRead),
        purse_link: viewer.may(Permission::EntitlementRead) && o.purse_account.is_some(),
        steps: steps(&o),
        buttons: buttons(&o, &viewer, now, paid_of(&receipts)),
        receipts,
        events: events.iter().enumerate().map(|(i, e)| moment(e, i == last)).collect(),
        evidence,
        used_pct: if o.state.holds_money() { 0 } else { share },
        held_pct: if o.state.holds_money() { share } else { 0 },
        purse_say: format!("下单前可用 {before}，本单 {}，之后 {after}", o.gov),
        before: before.to_string(),
        after: after.to_string(),
        money_note: money_note(o.state),
        o,
    };
    html(&view)
}

/// What cancelling does, in lines for the confirm page.
pub(super) fn cancel_lines(o: &Order) -> Vec<(&'static str, String, String)> {
    let effect = cancel_effect(o);
    let mut out = vec![("calendar-event", format!("{} {}不再上门", o.starts_at.stamp(), o.item_name), String::new())];
    if effect.released > Fen::ZERO {
        out.push(("wallet", "占的补贴退回额度，马上可用".into(), effect.released.to_string()));
    }
    if effect.own_dropped > Fen::ZERO {
        out.push(("receipt", "自付的部分不用付".into(), effect.own_dropped.to_string()));
    }
    if let Some(worker) = &o.worker_name {
        out.push(("user", format!("{worker}（{}）的这一户空出来", o.provider_name), String::new()));
    }
    out
}
