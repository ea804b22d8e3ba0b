//! The desk of a town, county or city: its parts in a table, how far the quarter has come, and what waits.
use super::{ListLine, OrderLine, frame, item_and_who};
use crate::figures::{Figures, running};
use crate::model::areas::{Row, rows};
use crate::model::links;
use crate::model::money::{Progress, review, used};
use crate::model::words::{Tile, count, grouped, joined, percent, percent_of};
use askama::Template;
use axum::response::Response;
use kernel::{CivilDate, Fen, PageAsk, Permission, Tier};
use orders::service::View;
use people::model::ReviewState;
use settlement::service::closed_quarter;
use web::{App, Page, Viewer, html};

/// Lists and orders shown on the right.
const SHOWN: usize = 4;

/// A part of the region in the table.
struct Part {
    href: String,
    name: String,
    elders: String,
    entitled: String,
    /// Entitled of all elders, whole percents.
    coverage: i64,
    entitled_href: String,
    lacking: i64,
    lacking_href: String,
    orders: String,
    orders_href: String,
    gov: Fen,
    granted: Fen,
    used: i64,
    purses_href: String,
}

/// `from` is the first day of the quarter.
fn part(r: &Row, from: CivilDate) -> Part {
    let a = &r.area;
    Part {
        href: links::desk_of(&r.code),
        name: r.name.clone(),
        elders: grouped(a.elders),
        entitled: grouped(a.entitled),
        coverage: percent(a.entitled, a.elders),
        entitled_href: links::list_in(&r.code, "/entitled"),
        lacking: a.lacking,
        lacking_href: links::list_in(&r.code, "/elders?view=incomplete"),
        orders: grouped(a.orders),
        orders_href: links::list_in(&r.code, &format!("/orders?from={from}")),
        gov: a.gov,
        granted: a.granted,
        used: percent_of(a.gov, a.granted),
        purses_href: links::list_in(&r.code, "/purses"),
    }
}

#[derive(Template)]
#[template(path = "desk/areas.html")]
struct Desk {
    page: Page,
    head: String,
    sub: String,
    town: bool,
    may_order: bool,
    may_import: bool,
    tiles: Vec<Tile>,
    part_word: &'static str,
    parts: Vec<Part>,
    all: Part,
    quarter: String,
    closed: String,
    progress: Vec<Progress>,
    to_review: Vec<ListLine>,
    to_review_all: i64,
    late: Vec<OrderLine>,
    late_all: String,
    disputed: String,
    disputes: i64,
    twins: String,
    papers: Option<(i64, i64)>,
    to_appoint: String,
    objected: String,
    objections: i64,
    next_quarter_day: String,
}

pub(super) async fn desk(app: &App, viewer: &Viewer) -> web::Result<Response> {
    let (db, scope, region) = (app.db(), &viewer.scope, *viewer.region());
    let (now, today) = (app.now(), app.clock().today());
    let town = region.tier() >= Tier::Town;
    let book = app.regions();
    let snapshot = app.thing::<Figures>()?.of(db, region).await?;
    let names: Vec<_> = book.children(&region).iter().map(|c| (*c, book.name(c))).collect();
    let table = rows(&snapshot.villages, &region, &names);

    let soon75 = people::service::count_view(db, scope, people::service::View::Soon75).await?;
    let follow_up = orders::service::count_of(db, scope, View::FollowUp).await?;
    let late_all = orders::service::count_of(db, scope, View::Late(now)).await?;
    let disputes = orders::service::count_of(db, scope, View::Disputed).await?;
    let late = match late_all {
        0 => Vec::new(),
        _ => orders::service::first_of(db, scope, View::Late(now), SHOWN as i64).await?,
    };
    let closed = closed_quarter(today);
    let (mut waiting, mut progress) = (Vec::new(), Vec::new());
    let quarter = running(today);
    progress.push(used(quarter, today, snapshot.whole.gov, snapshot.whole.granted));
    if viewer.may(Permission::SettlementRead) {
        waiting = settlement::service::waiting(db, scope, viewer.role).await?;
        let towns = settlement::service::towns_approved(db, scope, closed).await?;
        let states = settlement::service::by_state(db, scope, closed).await?;
        progress.extend(review(closed, towns, &states));
    }
    let twins = match viewer.may(Permission::ElderMerge) {
        true => {
            let one = PageAsk { page: 1, rows: 1 };
            people::service::duplicate_reviews(db, scope, ReviewState::Open, one, "created_at, id").await?.total
        }
        false => 0,
    };
    let papers = match !town && viewer.may(Permission::ProviderRead) {
        true => Some(providers::service::paper_counts(db, scope).await?),
        false => None,
    };

    let sight = assessment::service::Sight::all(*scope);
    let to_appoint = assessment::service::count_of(db, &sight, assessment::service::View::ToAppoint).await?;
    let objections = assessment::service::count_of(db, &sight, assessment::service::View::Objected).await?;

    let a = snapshot.whole;
    let tiles = vec![
        Tile::new("/entitled?view=newly", "本月新符合", a.newly, "人")
            .note(format!("共享受 {} 人", grouped(a.entitled))),
        Tile::new("/elders?view=soon75", "三个月内满 75", soon75, "人").note("到生日自动判断待遇"),
        Tile::new("/elders?view=incomplete", "档案不全", a.lacking, "人")
            .note(format!("齐全 {}%", 100 - percent(a.lacking, a.elders))),
        Tile::new("/orders?view=follow_up", "待回访", follow_up, "单").note(if follow_up == 0 {
            "都问过了"
        } else {
            "确认后才能结算"
        }),
        Tile::new("/orders?view=late", "要迟到和已迟到", late_all, "单")
            .note("今天都准时")
            .warn_if(late_all > 0, "催服务商换人或改时间"),
    ];
    let to_review_all = waiting.len() as i64;
    let head = joined(&[
        (to_review_all, "份清单等你审"),
        (late_all, "单要迟到"),
        (disputes, "单有争议"),
        (twins, "份档案像重复"),
    ]);
    let part_word = match region.tier() {
        Tier::Town | Tier::Village => "村（社区）",
        Tier::County => "镇（街道）",
        Tier::City | Tier::Province => "县（市、区）",
    };
    let all = Row { code: region, name: "合计".into(), area: a };
    let view = Desk {
        head: head.unwrap_or_else(|| "今天没有等你办的".into()),
        sub: format!("{} {} 位老人，数据 {}", book.name(&region), grouped(a.elders), snapshot.at.hhmm()),
        town,
        may_order: viewer.may(Permission::OrderCreate),
        may_import: viewer.may(Permission::ElderImport),
        tiles,
        part_word,
        parts: table.iter().map(|r| part(r, quarter.first_day())).collect(),
        all: part(&all, quarter.first_day()),
        quarter: quarter.zh(),
        closed: closed.zh(),
        progress,
        to_review: waiting.iter().take(SHOWN).map(ListLine::of).collect(),
        to_review_all,
        late: late.iter().map(|o| OrderLine::of(o, now, item_and_who(o))).collect(),
        late_all: count(late_all),
        disputed: count(disputes),
        disputes,
        twins: count(twins),
        papers,
        to_appoint: count(to_appoint),
        objected: count(objections),
        objections,
        next_quarter_day: quarter.next().first_day().to_string(),
        page: frame(app, viewer),
    };
    html(&view)
}
