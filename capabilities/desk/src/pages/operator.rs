//! A 12349 operator's desk: find the caller first, then call back.
use super::{OrderLine, frame, item_and_who};
use crate::model::links;
use crate::model::words::{Tile, count, joined};
use askama::Template;
use axum::response::Response;
use kernel::Permission;
use orders::Order;
use orders::service::View;
use web::{App, Page, Viewer, html};

/// Lines of the list of calls, and of each list beside it.
const CALLS: i64 = 10;
const BESIDE: i64 = 5;

#[derive(Template)]
#[template(path = "desk/operator.html")]
struct Desk {
    page: Page,
    head: String,
    sub: String,
    may_order: bool,
    tiles: Vec<Tile>,
    calls: Vec<OrderLine>,
    calls_all: String,
    disputes: Vec<OrderLine>,
    late: Vec<OrderLine>,
    next_visit: String,
}

pub(super) async fn desk(app: &App, viewer: &Viewer) -> web::Result<Response> {
    let (db, scope) = (app.db(), &viewer.scope);
    let (now, today) = (app.now(), app.clock().today());
    let calls_all = orders::service::count_of(db, scope, View::FollowUp).await?;
    let calls = orders::service::first_of(db, scope, View::FollowUp, CALLS).await?;
    let disputes_all = orders::service::count_of(db, scope, View::Disputed).await?;
    let disputes = orders::service::first_of(db, scope, View::Disputed, BESIDE).await?;
    let late_all = orders::service::count_of(db, scope, View::Late(now)).await?;
    let late = orders::service::first_of(db, scope, View::Late(now), BESIDE).await?;
    let visits = orders::service::count_of(db, scope, View::Day(today)).await?;
    let next = match visits {
        0 => orders::service::next_visit(db, scope, now).await?,
        _ => None,
    };
    let book = app.regions();
    let place = |o: &Order| format!("{}，{}", item_and_who(o), book.short(&o.region));
    let oldest = calls.first().map_or(0, |o| today.days_since(o.served_on()));
    let tiles = vec![
        Tile::new("/orders?view=follow_up", "待回访", calls_all, "单").note(match oldest {
            0 if calls_all == 0 => "都问过了".to_string(),
            0 => "今天服务的".to_string(),
            n => format!("最久的等了 {n} 天"),
        }),
        Tile::new("/orders?view=disputed", "有争议", disputes_all, "单").note(if disputes_all == 0 {
            "没有争议"
        } else {
            "了结前不进结算"
        }),
        Tile::new("/orders?view=today", "今天的上门", visits, "单").note("老人问起时看到哪一步"),
        Tile::new("/orders?view=late", "要迟到和已迟到", late_all, "单")
            .note("现在都准时")
            .warn_if(late_all > 0, "先打给老人说一声"),
    ];
    let head = joined(&[(calls_all, "单待回访"), (disputes_all, "单有争议"), (late_all, "单要迟到")]);
    let reason = |o: &Order| if o.reason.is_empty() { place(o) } else { format!("{}：{}", o.item_name, o.reason) };
    let view = Desk {
        head: head.unwrap_or_else(|| "今天没有要打的电话".into()),
        sub: book.name(viewer.region()),
        may_order: viewer.may(Permission::OrderCreate),
        tiles,
        calls: calls.iter().map(|o| OrderLine::of(o, now, place(o)).act(links::follow_up(o.id), "回访")).collect(),
        calls_all: count(calls_all),
        disputes: disputes.iter().map(|o| OrderLine::of(o, now, reason(o))).collect(),
        late: late.iter().map(|o| OrderLine::of(o, now, place(o))).collect(),
        next_visit: next.map_or_else(
            || "后面还没有约好的上门".to_string(),
            |o| format!("下一次上门 {}，{} {}", orders::when(o.starts_at, now), o.elder_name, o.item_name),
        ),
        page: frame(app, viewer),
    };
    html(&view)
}
