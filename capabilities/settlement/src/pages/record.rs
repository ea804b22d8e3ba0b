//! One list.
use super::{NAV, Query, asked, done_word, grouped, less, list_id, list_mark, paper};
use crate::model::{Act, ListState, Step, TownState, rmb_upper};
use crate::service::{self, ListView, Review, TownView, Verdict};
use askama::Template;
use kernel::{Fen, PaymentListId, Permission, RegionBook};
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Mark, Page, Viewer, html};

struct TownRow {
    name: String,
    href: String,
    orders: String,
    gov: Fen,
    less: String,
    held: Fen,
    held_any: bool,
    payable: Fen,
    mark: Mark,
    state: &'static str,
    signed: String,
    note: String,
}

struct ReviewRow {
    bad: bool,
    time: String,
    words: String,
    who: String,
}

struct ChainRow {
    pos: &'static str,
    number: usize,
    title: String,
    text: String,
}

#[derive(Template)]
#[template(path = "settlement/record.html")]
struct RecordPage {
    page: Page,
    list: ListView,
    mark: Mark,
    state: &'static str,
    place: String,
    base: String,
    chain: Vec<ChainRow>,
    orders: String,
    deducted: String,
    held_any: bool,
    payable_upper: String,
    towns: Vec<TownRow>,
    reviews: Vec<ReviewRow>,
    act: Option<(String, String)>,
    back: Option<(String, &'static str)>,
    lines_href: String,
    deducted_href: String,
    held_href: String,
    seal: String,
    /// What a check of the whole list found, if one was asked for: (mark, words).
    verdict: Option<(&'static str, String)>,
    made: String,
    /// Statement of what is owed to the provider.
    payable_account: Option<String>,
}

pub(super) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Path(id): Path<String>,
    query: Query,
) -> web::Result<Response> {
    if let Some(number) = id.strip_suffix(".xlsx") {
        return paper::sheet(&app, &viewer, list_id(number)?).await;
    }
    let id = list_id(&id)?;
    let (db, scope) = (app.db(), &viewer.scope);
    let list = service::list(db, scope, id).await?;
    let towns = service::towns(db, scope, id).await?;
    let reviews = service::reviews(db, scope, id).await?;
    let form = asked(query);
    // Reading a whole list takes a moment: only when asked, and always before it is paid.
    let verdict = match form.checked("verify") {
        true => Some(service::verify(db, scope, id).await?),
        false => None,
    };
    let code = books::codes::payable(list.provider, list.quarter);
    let payable_account = books::service::account(db.read(), &code).await?.map(|a| format!("/books/accounts/{}", a.id));
    let regions = app.regions();
    let base = format!("/settlements/{id}");
    let title = format!("{} {}", list.no, list.provider_name);
    let view = RecordPage {
        page: Page::new(&app, &viewer, title).at(NAV).flash(done_word(form.raw("done"))),
        mark: list_mark(list.state),
        state: list.state.zh(),
        place: regions.name(&list.town.unwrap_or(list.county)),
        chain: chain(&list, &towns, &reviews),
        orders: grouped(list.totals.orders),
        deducted: less(list.totals.deducted),
        held_any: !list.totals.held_back.is_zero(),
        payable_upper: rmb_upper(list.payable),
        act: act(&viewer, &list, &towns),
        back: back(&viewer, &list, &base),
        towns: towns.into_iter().map(|t| town_row(t, id, &regions)).collect(),
        reviews: reviews.iter().map(|r| review_row(r, &regions)).collect(),
        seal: list.snapshot_hash.chars().take(16).collect(),
        lines_href: format!("{base}/lines"),
        deducted_href: format!("{base}/lines?standing=deducted"),
        held_href: format!("{base}/lines?standing=held_back"),
        verdict: verdict.map(|v| verdict_words(&v)),
        made: list.made_at.stamp(),
        payable_account,
        base,
        list,
    };
    html(&view)
}

fn verdict_words(v: &Verdict) -> (&'static str, String) {
    let n = grouped(v.lines);
    match (v.sealed, v.summed) {
        (true, true) => ("ok", format!("核对了 {n} 单，和生成时一样，合计对得上")),
        (false, _) => ("danger", format!("核对了 {n} 单，内容和生成时不一样，不能拨付")),
        (true, false) => ("danger", format!("核对了 {n} 单，合计和明细对不上，不能拨付")),
    }
}

fn act(viewer: &Viewer, list: &ListView, towns: &[TownView]) -> Option<(String, String)> {
    let (path, word, needs) = match list.state.step()? {
        Step::Town => ("town-approval", "同意本镇的单", Permission::SettlementTown),
        Step::County => ("county-approval", "同意支付", Permission::SettlementCounty),
        Step::Finance => ("payment", "拨付", Permission::SettlementPay),
    };
    let town_done = list.state == ListState::Town && towns.iter().all(|t| t.state == TownState::Approved);
    (viewer.may(needs) && !town_done)
        .then(|| (format!("/settlements/{path}?list={}", list.id), format!("{word} {}", list.payable)))
}

fn back(viewer: &Viewer, list: &ListView, base: &str) -> Option<(String, &'static str)> {
    match list.state {
        ListState::County if viewer.may(Permission::SettlementCounty) => {
            Some((format!("{base}/return-to-town"), "退回镇里"))
        }
        ListState::Finance if viewer.may(Permission::SettlementPay) => {
            Some((format!("{base}/return-to-county"), "退回县里"))
        }
        _ => None,
    }
}

fn chain(list: &ListView, towns: &[TownView], reviews: &[Review]) -> Vec<ChainRow> {
    let approved = towns.iter().filter(|t| t.state == TownState::Approved).count();
    let at = match list.state {
        ListState::Making | ListState::Town => 0,
        ListState::County => 1,
        ListState::Finance => 2,
        ListState::Paid => 3,
    };
    Step::ALL
        .into_iter()
        .enumerate()
        .map(|(i, step)| {
            // Reviews come newest first: a step that was returned since is not signed.
            let signed = reviews.iter().find(|r| r.step == step.code()).filter(|r| r.decision != "return" && i < at);
            let text = match (signed, i == at) {
                (Some(r), _) => format!("{} {} {}", r.by_name, r.at.date().md(), r.at.hhmm()),
                (None, true) => "待签".into(),
                (None, false) => String::new(),
            };
            ChainRow {
                pos: if i < at {
                    "done"
                } else if i == at {
                    "now"
                } else {
                    "later"
                },
                number: i + 1,
                title: match step {
                    Step::Town => format!("{} {approved} / {}", step.zh(), towns.len()),
                    Step::County | Step::Finance => step.zh().into(),
                },
                text,
            }
        })
        .collect()
}

fn town_row(t: TownView, id: PaymentListId, regions: &RegionBook) -> TownRow {
    TownRow {
        name: regions.name(&t.town),
        href: format!("/settlements/{id}/lines?town={}", t.town),
        orders: grouped(t.totals.orders),
        gov: t.totals.gov,
        less: less(t.totals.deducted),
        held: t.totals.held_back,
        held_any: !t.totals.held_back.is_zero(),
        payable: t.payable,
        mark: match t.state {
            TownState::Waiting => Mark::Todo,
            TownState::Approved => Mark::Ok,
            TownState::Returned => Mark::Note,
        },
        state: t.state.zh(),
        signed: t.at.map(|at| format!("{} {} {}", t.by_name, at.date().md(), at.hhmm())).unwrap_or_default(),
        note: t.note,
    }
}

fn review_row(r: &Review, regions: &RegionBook) -> ReviewRow {
    let step = Step::parse(&r.step).map(Step::zh).unwrap_or_default();
    let town = r.town.map(|t| format!(" {}", regions.name(&t))).unwrap_or_default();
    let reason = if r.reason.is_empty() { String::new() } else { format!("：{}", r.reason) };
    ReviewRow {
        bad: r.decision == "return",
        time: format!("{} {}", r.at.date().md(), r.at.hhmm()),
        words: format!("{step}{town} {}{reason}", Act::zh_of(&r.decision)),
        who: format!("{}，当时合计 {}", r.by_name, r.payable),
    }
}
