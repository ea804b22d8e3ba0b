//! The desk of a quarter, and the archive of lists.
use super::{NAV, Query, asked, done_word, grouped, less, list_mark, or_dash, percent, signed, standing_mark};
use crate::model::{Cause, CauseKind, ListState, Step, rmb_upper};
use crate::service::{self, Desk, ListView, ListsAsk, StepProgress};
use askama::Template;
use kernel::{Dir, Error, Fen, Permission, Quarter, RegionBook, Tier};
use web::axum::extract::State;
use web::axum::response::Response;
use web::{App, Cell, Choice, Col, FilterSpec, ListAsk, ListSpec, Mark, Page, Viewer, html, respond};

/// A change of more than this many tenths of a percent is worth a look.
const STRIKING: i64 = 150;

struct ChainView {
    pos: &'static str,
    number: usize,
    title: String,
    text: String,
}

struct RowView {
    href: String,
    name: String,
    tag: String,
    orders: String,
    gov: String,
    less: String,
    held: String,
    held_any: bool,
    payable: Fen,
    change: String,
    striking: bool,
    mark: Mark,
    state: &'static str,
}

struct OddView {
    href: String,
    mark: Mark,
    word: &'static str,
    who: String,
    what: String,
    count: String,
    amount: Fen,
}

struct CauseView {
    title: String,
    amount: String,
    text: String,
    /// Left edge and width in percent.
    left: i64,
    width: i64,
    negative: bool,
}

#[derive(Template)]
#[template(path = "settlement/desk.html")]
struct DeskPage {
    page: Page,
    heading: String,
    quarter: Quarter,
    quarters: Vec<(String, String, bool)>,
    sub: String,
    /// What the viewer has to do: (mark, word).
    due: Option<(Mark, String)>,
    /// The one primary button: (href, word).
    act: Option<(String, String)>,
    run: Option<(String, String)>,
    chain: Vec<ChainView>,
    orders: String,
    gov: Fen,
    deducted: String,
    deducted_note: String,
    held: Fen,
    held_note: String,
    payable: Fen,
    payable_upper: String,
    payable_note: String,
    rows: Vec<RowView>,
    total_orders: String,
    total_change: String,
    odd: Vec<OddView>,
    odd_title: String,
    odd_more: String,
    causes: Vec<CauseView>,
    difference: Option<(String, String)>,
    /// Why there is no comparison.
    no_causes: String,
    own: Fen,
    making: bool,
    empty: bool,
    empty_why: String,
}

pub(super) async fn page(State(app): State<App>, viewer: Viewer, query: Query) -> web::Result<Response> {
    let mut form = asked(query);
    let quarter: Option<Quarter> = form.parse("quarter");
    form.done().map_err(|_| Error::NotFound("这个季度".into()))?;
    let desk = service::desk(app.db(), &viewer.scope, viewer.role, quarter).await?;
    let over = service::closed_quarter(app.clock().today());
    let may_run = viewer.may(Permission::SettlementRun) && viewer.full_scope.region.tier() <= Tier::County;
    let run = (may_run && desk.quarter <= over).then(|| {
        let word = if desk.rows.is_empty() { "生成清单" } else { "补充清单" };
        (format!("/settlements/run?quarter={}", desk.quarter), word.to_string())
    });
    let view = draw(&app, &viewer, desk, run, over, form.raw("done"));
    html(&view)
}

fn draw(app: &App, viewer: &Viewer, desk: Desk, run: Option<(String, String)>, over: Quarter, done: &str) -> DeskPage {
    let regions = app.regions();
    let heading = format!("{}结算", desk.quarter.zh());
    let page = Page::new(app, viewer, heading.clone()).at(NAV).flash(done_word(done));
    let payable = desk.totals.payable();
    let waiting: Fen = desk.waiting.iter().map(|l| l.payable).sum();
    let (due, act) = match (desk.step, desk.waiting.len()) {
        (_, 0) | (None, _) => (None, None),
        (Some(step), n) => {
            let (path, verb) = match step {
                Step::Town => ("town-approval", "同意本镇的单"),
                Step::County => ("county-approval", "同意支付"),
                Step::Finance => ("payment", "拨付"),
            };
            let due = (Mark::Doing, format!("{n} 份等你审核"));
            (Some(due), Some((format!("/settlements/{path}?quarter={}", desk.quarter), format!("{verb} {waiting}"))))
        }
    };
    let rows: Vec<RowView> = desk.rows.iter().map(|r| row(&r.list, r.change, &regions, viewer)).collect();
    let total_change = desk.before.and_then(|b| percent(b, payable)).map(|p| p.0).unwrap_or_else(|| "—".into());
    let difference = desk.before.map(|b| {
        let d = payable - b;
        let word = if d.is_negative() { "少" } else { "多" };
        (word.to_string(), if d.is_negative() { -d } else { d }.to_string())
    });
    let no_causes = if viewer.full_scope.org_id().is_some() {
        "只看得到自己的清单，原因由县里比对"
    } else if desk.before.is_none() {
        "上季度没有清单，没有可比的"
    } else {
        "和上季度一样多"
    };
    let held_all = desk.held_lines + desk.disputed_lines;
    DeskPage {
        sub: match desk.rows.len() {
            0 => regions.name(&viewer.scope.region),
            n => format!("{}，{n} 份清单", regions.name(&viewer.scope.region)),
        },
        quarters: desk
            .quarters
            .iter()
            .map(|q| (format!("/settlements?quarter={q}"), q.zh(), *q == desk.quarter))
            .collect(),
        chain: desk.chain.iter().enumerate().map(|(i, s)| chain_view(i, s, &desk.chain, &regions)).collect(),
        orders: grouped(desk.totals.orders),
        gov: desk.totals.gov,
        deducted: less(desk.totals.deducted),
        deducted_note: if desk.deducted_lines > 0 {
            format!("{} 单", desk.deducted_lines)
        } else {
            "没有核减".into()
        },
        held: desk.totals.held_back,
        held_note: match (desk.held_lines, desk.disputed_lines) {
            (0, 0) => String::new(),
            (h, 0) => format!("{h} 单有异常"),
            (h, d) => format!("{h} 单有异常，{d} 单有争议"),
        },
        payable,
        payable_upper: rmb_upper(payable),
        payable_note: match &desk.before {
            Some(b) => percent(*b, payable).map(|p| format!("比上季 {}", p.0)).unwrap_or_default(),
            None => "上季度没有清单".into(),
        },
        total_orders: grouped(desk.totals.orders),
        total_change,
        odd_title: format!("暂不付和有争议的 {held_all} 单"),
        odd_more: format!("/settlements/all?quarter={}", desk.quarter),
        odd: desk
            .odd
            .iter()
            .map(|o| OddView {
                href: format!("/settlements/{}/lines/{}", o.list, o.seq),
                mark: standing_mark(o.standing),
                word: o.standing.zh(),
                who: format!("{} {}", o.elder_name, o.item_name),
                what: format!("{} · {}", o.provider_name, o.reason),
                count: format!("{} 单", o.lines),
                amount: o.amount,
            })
            .collect(),
        causes: cause_views(&desk.causes),
        difference: difference.filter(|_| !desk.causes.is_empty()),
        no_causes: no_causes.into(),
        own: desk.totals.own,
        making: desk.making,
        empty: desk.rows.is_empty(),
        empty_why: if desk.quarter > over {
            format!("{}到 {} 结束，结束后生成清单", desk.quarter.zh(), desk.quarter.last_day())
        } else if run.is_some() {
            "老人确认过的工单会按服务商列成清单".into()
        } else {
            "县里生成清单后会出现在这里".into()
        },
        quarter: desk.quarter,
        heading,
        due,
        act,
        run,
        rows,
        page,
    }
}

fn row(list: &ListView, change: Option<(Fen, Fen)>, regions: &RegionBook, viewer: &Viewer) -> RowView {
    let change = change.and_then(|(then, now)| percent(then, now));
    let mut tags = Vec::new();
    if viewer.scope.region.tier() < Tier::County {
        tags.push(regions.name(&list.county));
    }
    if list.supplement {
        tags.push("补充".into());
    }
    RowView {
        href: format!("/settlements/{}", list.id),
        name: list.provider_name.clone(),
        tag: tags.join(" "),
        orders: grouped(list.totals.orders),
        gov: list.totals.gov.to_string(),
        less: less(list.totals.deducted),
        held: or_dash(list.totals.held_back),
        held_any: !list.totals.held_back.is_zero(),
        payable: list.payable,
        striking: change.as_ref().is_some_and(|c| c.1.abs() > STRIKING),
        change: change.map(|c| c.0).unwrap_or_else(|| "—".into()),
        mark: list_mark(list.state),
        state: list.state.zh(),
    }
}

fn chain_view(at: usize, s: &StepProgress, all: &[StepProgress], regions: &RegionBook) -> ChainView {
    let finished = |s: &StepProgress| s.of > 0 && s.done >= s.of;
    let done = finished(s);
    let now = !done && s.of > 0 && all[..at].iter().all(finished);
    let signed = s.last.as_ref().map(|(who, when, town)| {
        let town = town.map(|t| format!("{} ", regions.name(&t))).unwrap_or_default();
        format!("{town}{who} {} {}", when.date().md(), when.hhmm())
    });
    let text = match (signed, now) {
        (Some(signed), _) => signed,
        (None, true) => "还没有人签".into(),
        (None, false) => "上一步办完一份就能办".into(),
    };
    ChainView {
        pos: if done {
            "done"
        } else if now {
            "now"
        } else {
            "later"
        },
        number: at + 1,
        title: if s.of > 0 { format!("{} {} / {}", s.step.zh(), s.done, s.of) } else { s.step.zh().into() },
        text,
    }
}

/// Where zero stands on the difference bars, in percent of their width.
const ZERO: i64 = 30;

fn cause_views(causes: &[Cause]) -> Vec<CauseView> {
    // One scale for all: the largest gain fills the right side, the largest loss the left.
    let most = |negative: bool| {
        causes.iter().filter(|c| c.amount.is_negative() == negative).map(|c| c.amount.0.abs()).max().unwrap_or(0)
    };
    let (up, down) = (i128::from(most(false)), i128::from(most(true)));
    let per = (up * 100 / i128::from(100 - ZERO)).max(down * 100 / i128::from(ZERO)).max(1);
    causes
        .iter()
        .map(|c| {
            let width = ((i128::from(c.amount.0.abs()) * 100 / per) as i64).max(1);
            let negative = c.amount.is_negative();
            let (title, text) = match c.kind {
                CauseKind::NewHouseholds => {
                    (format!("{} {} 户", c.kind.zh(), grouped(c.units)), "上季度没有用过".into())
                }
                CauseKind::GoneHouseholds => {
                    (format!("{} {} 户", c.kind.zh(), grouped(c.units)), "上季度用过，这季没有".into())
                }
                CauseKind::Prices => (c.kind.zh().to_string(), format!("涉及 {} 单，按每项均价比", grouped(c.units))),
                CauseKind::Orders => {
                    let word = if c.units < 0 { "少" } else { "多" };
                    (c.kind.zh().to_string(), format!("比上季度{word} {} 单", grouped(c.units.abs())))
                }
                CauseKind::Review => (c.kind.zh().to_string(), "两季相比".into()),
            };
            CauseView {
                title,
                text,
                amount: signed(c.amount),
                left: if negative { (ZERO - width).max(0) } else { ZERO },
                width,
                negative,
            }
        })
        .collect()
}

/// All lists of all quarters.
pub(super) async fn all(State(app): State<App>, viewer: Viewer, ask: ListAsk) -> web::Result<Response> {
    let found = ListsAsk {
        quarter: ask.filter("quarter").and_then(|q| q.parse().ok()),
        state: ask.filter("state").and_then(ListState::parse),
        q: ask.q.clone(),
    };
    let quarters = service::desk(app.db(), &viewer.scope, viewer.role, found.quarter).await?.quarters;
    let spec = ListSpec {
        title: "结算清单".into(),
        path: "/settlements/all".into(),
        nav: NAV,
        sub: app.regions().name(&viewer.scope.region),
        cols: vec![
            Col::new("no", "清单号", |l: &ListView| Cell::name(format!("/settlements/{}", l.id), l.no.clone()))
                .sort("p.no"),
            Col::new("provider", "服务商", |l: &ListView| Cell::text(l.provider_name.clone())).sort("p.provider_name"),
            Col::new("quarter", "季度", |l: &ListView| Cell::text(l.quarter.zh())).sort("p.quarter"),
            Col::new("orders", "工单", |l: &ListView| Cell::Int(l.totals.orders)).total(),
            Col::new("gov", "应付", |l: &ListView| Cell::Money(l.totals.gov)).total(),
            Col::new("deducted", "核减", |l: &ListView| Cell::Money(l.totals.deducted)).total(),
            Col::new("held", "暂不付", |l: &ListView| Cell::Money(l.totals.held_back)).total(),
            Col::new("payable", "这次付", |l: &ListView| Cell::Money(l.payable)).total(),
            Col::new("state", "进度", |l: &ListView| Cell::State(list_mark(l.state), l.state.zh().into()))
                .sort("p.state"),
        ],
        filters: vec![
            FilterSpec {
                key: "quarter",
                label: "季度",
                choices: quarters.iter().map(|q| Choice::new(q.to_string(), q.zh())).collect(),
            },
            FilterSpec {
                key: "state",
                label: "进度",
                choices: ListState::ALL[1..].iter().map(|s| Choice::new(s.code(), s.zh())).collect(),
            },
        ],
        tabs: Vec::new(),
        search_hint: Some("服务商、清单号"),
        default_sort: ("quarter", Dir::Desc),
        tie: "p.no",
        actions: Vec::new(),
        empty: (
            "还没有结算清单".into(),
            "季度结束后由县里生成".into(),
            Some(("/settlements".into(), "回结算台".into())),
        ),
        flash: None,
    };
    let (db, scope) = (app.db().clone(), viewer.scope);
    respond(&app, &viewer, spec, ask, |f| async move { service::lists(&db, &scope, &found, f.page, &f.order).await })
        .await
}
