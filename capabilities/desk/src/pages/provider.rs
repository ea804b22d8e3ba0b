//! A provider manager's desk.
use super::{ListLine, OrderLine, frame};
use crate::figures::running;
use crate::model::links;
use crate::model::visits::{WorkerDay, by_worker, done};
use crate::model::words::{Tile, count, joined};
use askama::Template;
use axum::response::Response;
use kernel::{CivilDate, Error, Fen, PageAsk, Scope};
use orders::service::View;
use orders::{Order, State};
use providers::service::{PaperFilter, PaperRow};
use store::Db;
use web::{App, Mark, Page, Viewer, html};

/// Lines of each list on the right.
const SHOWN: usize = 5;
/// Workers in the table; the board shows all.
const WORKERS: usize = 12;

/// A worker's row.
struct Line {
    name: String,
    href: String,
    visits: i64,
    done: i64,
    next_href: String,
    next: String,
    mark: Mark,
    word: String,
}

fn line(d: WorkerDay) -> Line {
    let (next_href, next) = match &d.next {
        Some(n) => (links::order(n.order), format!("{} {}", n.starts_at.hhmm(), n.words)),
        None => (String::new(), "今天的都做完了".to_string()),
    };
    let (mark, word) = match &d.next {
        Some(n) => (n.mark, n.word.clone()),
        None => (Mark::Ok, "做完了".to_string()),
    };
    Line {
        href: format!("/orders?view=today&worker={}", d.worker),
        name: d.name,
        visits: d.visits,
        done: d.done,
        next_href,
        next,
        mark,
        word,
    }
}

/// A paper that ends or has ended.
struct Paper {
    href: String,
    who: String,
    what: String,
    mark: Mark,
    word: String,
}

fn paper(p: PaperRow, today: CivilDate) -> Paper {
    let left = p.ends.days_since(today);
    let (mark, word) = match left {
        ..0 => (Mark::Danger, format!("{} 到期", p.ends)),
        0 => (Mark::Warn, "今天到期".to_string()),
        n => (Mark::Warn, format!("还有 {n} 天")),
    };
    let href = match p.worker {
        Some(w) => format!("/workers/{w}"),
        None => format!("/providers/{}", p.org),
    };
    let who = if p.holder.is_empty() { p.org_name } else { p.holder };
    Paper { href, who, what: p.name, mark, word }
}

/// Papers that have ended come before those that will.
fn papers_tile(soon: i64, gone: i64) -> Tile {
    if gone > 0 {
        let note = format!("不能派单；另有 {soon} 份快到期");
        return Tile::new("/providers/papers?state=expired", "证件已过期", gone, "份").warn_if(true, note);
    }
    Tile::new("/providers/papers?state=due", "证件快到期", soon, "份").note(if soon == 0 {
        "30 天内没有到期的"
    } else {
        "到期第二天起不能派单"
    })
}

/// Those of the board's waiting orders that stand in a state.
fn of(waiting: &[Order], state: State) -> Vec<&Order> {
    waiting.iter().filter(|o| o.state == state).collect()
}

/// The board holds at most this many of each kind of waiting order.
const BOARD: usize = 60;

/// How many a view holds, when `loaded` of it were read for the board.
async fn all(db: &Db, scope: &Scope, view: View, loaded: usize) -> kernel::Result<i64> {
    if loaded < BOARD { Ok(loaded as i64) } else { orders::service::count_of(db, scope, view).await }
}

#[derive(Template)]
#[template(path = "desk/provider.html")]
struct Desk {
    page: Page,
    head: String,
    sub: String,
    tiles: Vec<Tile>,
    lines: Vec<Line>,
    workers: usize,
    to_accept: Vec<OrderLine>,
    to_assign: Vec<OrderLine>,
    waiting_all: String,
    papers: Vec<Paper>,
    papers_all: i64,
    lists: Vec<ListLine>,
    next_visit: String,
}

pub(super) async fn desk(app: &App, viewer: &Viewer) -> web::Result<Response> {
    let (db, scope) = (app.db(), &viewer.scope);
    let (now, today) = (app.now(), app.clock().today());
    let org = viewer.org.ok_or_else(|| Error::Forbidden("这个账号没有服务商，请管理员补上".into()))?;
    let (visits, waiting) = orders::service::board(db, scope, today).await?;
    let late = orders::service::count_of(db, scope, View::Late(now)).await?;
    let (to_accept, to_assign) = (of(&waiting, State::Created), of(&waiting, State::Accepted));
    let accept_all = all(db, scope, View::ToAccept, to_accept.len()).await?;
    let assign_all = all(db, scope, View::ToAssign, to_assign.len()).await?;
    // What ended and what ends soon, the earliest first; few enough to be read whole.
    let until = PaperFilter { from: None, ..providers::service::expiring(today) };
    let page = PageAsk { page: 1, rows: PageAsk::MAX_ROWS };
    let mut papers = providers::service::papers(db, scope, &until, "x.ends, x.id", page).await?;
    let gone = papers.rows.iter().filter(|p| p.ends < today).count() as i64;
    let soon = papers.total - gone;
    papers.rows.truncate(SHOWN);
    let unpaid = settlement::service::unpaid(db, scope).await?;
    let due: Fen = unpaid.iter().map(|s| s.payable).sum();
    let lists: i64 = unpaid.iter().map(|s| s.lists).sum();
    let account = books::service::account(db.read(), &books::codes::payable(org, running(today))).await?;
    let earned = account.map(|a| a.balance()).unwrap_or_default();
    let asked = settlement::service::ListsAsk::default();
    let page = PageAsk { page: 1, rows: 3 };
    let newest = settlement::service::lists(db, scope, &asked, page, "p.made_at DESC, p.id").await?.rows;
    let going = visits.iter().filter(|o| !o.state.void()).count();
    let over = visits.iter().filter(|o| done(o.state)).count();
    let next = match going {
        0 => orders::service::next_visit(db, scope, today.plus_days(1).at(0, 0)).await?,
        _ => None,
    };
    let words = |o: &Order| format!("{}，{}", o.item_name, app.regions().name(&o.region));
    let tiles = vec![
        Tile::new("/orders?view=to_accept", "待接单", accept_all, "单").note(if accept_all == 0 {
            "都接了"
        } else {
            "不接会转给下一家"
        }),
        Tile::new("/orders?view=to_assign", "待指派", assign_all, "单").note(if assign_all == 0 {
            "都有人去"
        } else {
            "按远近和技能排好了人"
        }),
        Tile::new("/orders?view=late", "要迟到和已迟到", late, "单")
            .note("现在都准时")
            .warn_if(late > 0, "换人或告诉老人"),
        papers_tile(soon, gone),
        Tile::money("/settlements", "等拨付", due).note(format!("{lists} 份清单；本季已确认 {earned}")),
    ];
    let head = joined(&[(accept_all, "单待接"), (assign_all, "单待指派"), (late, "单要迟到")]);
    let mut days = by_worker(&visits, now);
    let workers = days.len();
    days.truncate(WORKERS);
    let view = Desk {
        head: head.unwrap_or_else(|| "今天没有等你办的".into()),
        sub: format!("{}，今天 {going} 单，{workers} 人在岗，已做完 {over}", viewer.org_name),
        tiles,
        lines: days.into_iter().map(line).collect(),
        workers,
        to_accept: to_accept.into_iter().take(SHOWN).map(|o| OrderLine::of(o, now, words(o))).collect(),
        to_assign: to_assign
            .into_iter()
            .take(SHOWN)
            .map(|o| OrderLine::of(o, now, words(o)).act(format!("/orders/{}/assign", o.id), "指派"))
            .collect(),
        waiting_all: count(accept_all + assign_all),
        papers_all: papers.total,
        papers: papers.rows.into_iter().map(|p| paper(p, today)).collect(),
        lists: newest.iter().map(ListLine::own).collect(),
        next_visit: next.map_or_else(
            || "后面还没有约好的".to_string(),
            |o| format!("下一次 {}，{} {}", orders::when(o.starts_at, now), o.elder_name, o.item_name),
        ),
        page: frame(app, viewer),
    };
    html(&view)
}
