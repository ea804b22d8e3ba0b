//! Finance's desk: what to pay, what was paid, and where the money of the quarter stands.
use super::{ListLine, frame};
use crate::figures::{Figures, running};
use crate::model::money::{Progress, review, used};
use crate::model::words::{Tile, count};
use askama::Template;
use axum::response::Response;
use books::codes::{Subject, parse};
use entitlement::Shelf;
use kernel::{Fen, PageAsk, Quarter};
use ledger::AccountKind;
use settlement::model::ListState;
use settlement::service::closed_quarter;
use web::{App, Page, Viewer, html};

/// Lists and funds shown.
const LISTS: usize = 8;
const FUNDS: u32 = 12;

struct Fund {
    href: String,
    place: String,
    pack: String,
    /// What went out of it to purses and has not come back.
    out: Fen,
}

#[derive(Template)]
#[template(path = "desk/finance.html")]
struct Desk {
    page: Page,
    head: String,
    sub: String,
    tiles: Vec<Tile>,
    to_pay: Vec<ListLine>,
    to_pay_all: usize,
    to_pay_fen: Fen,
    before: Vec<(String, i64, Fen, String)>,
    progress: Vec<Progress>,
    closed: String,
    funds: Vec<Fund>,
    funds_all: i64,
    next: String,
}

pub(super) async fn desk(app: &App, viewer: &Viewer) -> web::Result<Response> {
    let (db, scope) = (app.db(), &viewer.scope);
    let today = app.clock().today();
    let book = app.regions();
    let packs = app.thing::<Shelf>()?.packs(app.db()).await?;
    let waiting = settlement::service::waiting(db, scope, viewer.role).await?;
    let unpaid = settlement::service::unpaid(db, scope).await?;
    let year = Quarter { year: today.year(), q: 1 };
    let next_year = Quarter { year: today.year() + 1, q: 1 };
    let (from, to) = (year.first_day().at(0, 0), next_year.first_day().at(0, 0));
    let (paid, paid_fen) = settlement::service::paid_between(db, scope, from, to).await?;
    let closed = closed_quarter(today);
    let towns = settlement::service::towns_approved(db, scope, closed).await?;
    let states = settlement::service::by_state(db, scope, closed).await?;
    let page = PageAsk { page: 1, rows: FUNDS };
    let funds = books::service::list(db, scope, &[AccountKind::Fund], "a.code", page).await?;
    let figures = app.thing::<Figures>()?.of(db, *viewer.region()).await?;

    let to_pay_fen: Fen = waiting.iter().map(|l| l.payable).sum();
    let owed: Fen = unpaid.iter().map(|s| s.payable).sum();
    let open: i64 = unpaid.iter().map(|s| s.lists).sum();
    let a = figures.whole;
    let quarter = running(today);
    let tiles = vec![
        Tile::money("/settlements/all?state=finance", "等你拨付", to_pay_fen).note(format!("{} 份清单", waiting.len())),
        Tile::money("/settlements/all", "没拨的一共", owed).note(format!("{open} 份清单，含没审完的")),
        Tile::money("/settlements/all?state=paid", "今年已拨", paid_fen).note(format!("{} 份清单", count(paid))),
        Tile::money("/purses", "本季给出的额度", a.granted).note(format!("已用 {}", a.gov)),
    ];
    let before = [ListState::Town, ListState::County]
        .into_iter()
        .filter_map(|state| unpaid.iter().find(|s| s.state == state))
        .map(|s| (s.state.zh().to_string(), s.lists, s.payable, format!("/settlements/all?state={}", s.state.code())))
        .collect();
    let mut progress = review(closed, towns, &states);
    progress.push(used(quarter, today, a.gov, a.granted));
    let view = Desk {
        head: match waiting.len() {
            0 => "今天没有等你拨付的".to_string(),
            n => format!("{n} 份清单等你拨付，共 {to_pay_fen}"),
        },
        sub: format!("{}，额度数据 {}", book.name(viewer.region()), figures.at.hhmm()),
        tiles,
        to_pay: waiting.iter().take(LISTS).map(ListLine::of).collect(),
        to_pay_all: waiting.len(),
        to_pay_fen,
        before,
        progress,
        closed: closed.zh(),
        funds_all: funds.total,
        funds: funds
            .rows
            .iter()
            .map(|f| Fund {
                href: format!("/books/accounts/{}", f.id),
                place: book.name(&f.region),
                pack: match parse(&f.code) {
                    Some(Subject::Fund { pack, .. }) => packs.title(&pack).map_or(pack.clone(), str::to_string),
                    _ => f.kind.zh().to_string(),
                },
                out: -f.balance(),
            })
            .collect(),
        next: format!("{} 起结 {}", quarter.next().first_day(), quarter.zh()),
        page: frame(app, viewer),
    };
    html(&view)
}
