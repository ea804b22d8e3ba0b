//! The list on paper and as an Excel file.
use super::{NAV, grouped, less, list_id};
use crate::model::{Standing, Totals, rmb_upper};
use crate::service::{self, LineView, ListView, TownView};
use askama::Template;
use kernel::{CivilDate, Error, Fen, PageAsk, PaymentListId, RegionBook, RegionCode, Tier};
use std::collections::{BTreeMap, BTreeSet};
use web::axum::extract::{Path, State};
use web::axum::response::Response;
use web::{App, Page, Viewer, html, sheet_response};

const EXPORTED: audit::Action = audit::Action::new("settlement.exported", "导出结算清单");

/// An export takes a whole list or says that it cannot.
async fn all_lines(app: &App, viewer: &Viewer, list: &ListView) -> web::Result<Vec<LineView>> {
    if list.totals.orders > i64::from(PageAsk::EXPORT_ROWS) {
        let most = grouped(i64::from(PageAsk::EXPORT_ROWS));
        return Err(Error::refused(format!(
            "这份清单 {} 单，一次最多导出 {most} 单。先选一个镇街",
            grouped(list.totals.orders)
        ))
        .into());
    }
    Ok(service::whole(app.db(), &viewer.scope, list.id).await?)
}

/// The list as Excel: what is signed, line by line, with the sums of the lines to the fen.
pub(super) async fn sheet(app: &App, viewer: &Viewer, id: PaymentListId) -> web::Result<Response> {
    let list = service::list(app.db(), &viewer.scope, id).await?;
    let lines = all_lines(app, viewer, &list).await?;
    let regions = app.regions();
    let file = workbook(&list, &lines, &regions, app.clock().today()).map_err(Error::internal)?;
    let tx = app.db().begin().await?;
    let entry = audit::Entry::new(EXPORTED, "payment_list", id)
        .region(list.county)
        .detail(serde_json::json!({ "rows": lines.len() }));
    audit::record(&tx, &viewer.actor(), entry).await?;
    tx.commit().await?;
    Ok(sheet_response(&format!("{}-{}", list.no, list.provider_name), file))
}

fn workbook(
    list: &ListView,
    lines: &[LineView],
    regions: &RegionBook,
    today: CivilDate,
) -> Result<papers::Exported, papers::PaperError> {
    use papers::{Cell, Column};
    let sheet = papers::Sheet::new(
        list.no.clone(),
        vec![
            Column::int("序号"),
            Column::text("工单号"),
            Column::date("服务日期"),
            Column::text("镇街"),
            Column::text("村社区"),
            Column::text("老人"),
            Column::text("服务"),
            Column::int("时长（分钟）"),
            Column::text("护理员"),
            Column::money("单价").totalled(false),
            Column::money("服务费"),
            Column::money("政府付"),
            Column::money("自己付"),
            Column::money("核减"),
            Column::money("暂不付"),
            Column::money("这次付"),
            Column::text("结果"),
            Column::text("原因"),
            Column::text("政策条款"),
        ],
    )
    .titled(format!("{}　{}", list.provider_name, list.title()))
    .note(format!(
        "清单号 {}　区域 {}　结算期 {} 至 {}",
        list.no,
        regions.name(&list.town.unwrap_or(list.county)),
        list.quarter.first_day(),
        list.quarter.last_day()
    ))
    .note(format!("这次付 {}　{}　{}", list.payable, rmb_upper(list.payable), list.state.zh()))
    .with_totals();
    let rows = lines.iter().map(|l| {
        let held = if counted(l) == Standing::HeldBack { l.gov } else { Fen::ZERO };
        let deducted = if counted(l) == Standing::Deducted { l.deducted } else { Fen::ZERO };
        vec![
            Cell::Int(l.seq),
            l.order_no.clone().into(),
            Cell::Date(l.served_on),
            regions.name(&l.town).into(),
            village(regions, &l.region).into(),
            l.elder_name.clone().into(),
            l.item_name.clone().into(),
            Cell::Int(l.minutes),
            l.worker_name.clone().into(),
            Cell::Money(l.price),
            Cell::Money(l.fee),
            Cell::Money(l.gov),
            Cell::Money(l.own),
            Cell::Money(deducted),
            Cell::Money(held),
            Cell::Money(l.payable),
            Cell::from(l.standing.zh()),
            l.reason.clone().into(),
            l.article.clone().into(),
        ]
    });
    papers::export(papers::Format::Xlsx, sheet, today, rows)
}

fn counted(l: &LineView) -> Standing {
    l.state().counted()
}

fn village(regions: &RegionBook, region: &RegionCode) -> String {
    if region.tier() == Tier::Village { regions.name(region) } else { String::new() }
}

struct ServiceRow {
    name: String,
    count: String,
    price: String,
    amount: String,
    articles: String,
}

struct OddRow {
    no: String,
    who: String,
    what: &'static str,
    reason: String,
    amount: String,
}

struct LineRow {
    no: String,
    day: String,
    elder: String,
    village: String,
    service: String,
    worker: String,
    amount: String,
}

struct Signature {
    title: String,
    by: String,
    day: String,
}

#[derive(Template)]
#[template(path = "settlement/paper.html")]
struct PrintPage {
    page: Page,
    list: ListView,
    place: String,
    packs: String,
    made: String,
    printed: String,
    qr: String,
    orders: String,
    odd_count: usize,
    odd_amount: String,
    upper: String,
    services: Vec<ServiceRow>,
    total_gov: String,
    odd: Vec<OddRow>,
    lines: Vec<LineRow>,
    left_out: usize,
    signatures: Vec<Signature>,
    back: String,
}

/// Lines printed in full; the rest is in the Excel file.
const PRINTED: usize = 500;

pub(super) async fn print(State(app): State<App>, viewer: Viewer, Path(id): Path<String>) -> web::Result<Response> {
    let id = list_id(&id)?;
    let list = service::list(app.db(), &viewer.scope, id).await?;
    let lines = all_lines(&app, &viewer, &list).await?;
    let towns = service::towns(app.db(), &viewer.scope, id).await?;
    let reviews = service::reviews(app.db(), &viewer.scope, id).await?;
    let regions = app.regions();
    let packs: BTreeSet<&str> = lines.iter().filter_map(|l| l.pack.as_deref()).collect();
    let odd: Vec<OddRow> = lines.iter().filter_map(odd_row).collect();
    let signed = |step: &str| {
        let last = reviews.iter().find(|r| r.step == step).filter(|r| r.decision != "return");
        last.map(|r| (r.by_name.clone(), r.at.date().to_string())).unwrap_or_default()
    };
    let town = town_signature(&towns, &regions);
    let (county, finance) = (signed("county"), signed("finance"));
    let back = format!("/settlements/{id}");
    let view = PrintPage {
        page: Page::new(&app, &viewer, format!("结算清单 {}", list.no)).at(NAV),
        place: regions.name(&list.town.unwrap_or(list.county)),
        packs: packs.into_iter().collect::<Vec<_>>().join("、"),
        made: list.made_at.stamp(),
        printed: format!("{} {} 打印", app.now().stamp(), viewer.name),
        qr: papers::qr_svg(&back).map_err(Error::internal)?,
        orders: grouped(list.totals.orders),
        odd_count: odd.len(),
        odd_amount: less(list.totals.deducted + list.totals.held_back),
        upper: rmb_upper(list.payable),
        services: by_service(&lines),
        total_gov: list.totals.gov.to_string(),
        left_out: lines.len().saturating_sub(PRINTED),
        lines: lines.iter().take(PRINTED).map(|l| line_row(l, &regions)).collect(),
        signatures: vec![
            Signature { title: "服务商".into(), by: String::new(), day: String::new() },
            town,
            Signature { title: "县民政局审核".into(), by: county.0, day: county.1 },
            Signature { title: "县财政局拨付".into(), by: finance.0, day: finance.1 },
        ],
        odd,
        back,
        list,
    };
    html(&view)
}

fn town_signature(towns: &[TownView], regions: &RegionBook) -> Signature {
    match towns {
        [only] => Signature {
            title: format!("{}审核", regions.name(&only.town)),
            by: only.by_name.clone(),
            day: only.at.map(|at| at.date().to_string()).unwrap_or_default(),
        },
        many => {
            let done = many.iter().filter(|t| t.state == crate::model::TownState::Approved).count();
            Signature {
                title: format!("{} 个镇街审核", many.len()), by: format!("已审 {done} 个"), day: String::new()
            }
        }
    }
}

fn by_service(lines: &[LineView]) -> Vec<ServiceRow> {
    #[derive(Default)]
    struct Sum<'a> {
        count: i64,
        gov: Fen,
        prices: BTreeSet<Fen>,
        articles: BTreeSet<&'a str>,
    }
    let mut sums: BTreeMap<&str, Sum<'_>> = BTreeMap::new();
    for l in lines {
        let s = sums.entry(&l.item_name).or_default();
        s.count += l.quantity;
        s.gov += l.gov;
        s.prices.insert(l.price);
        if !l.article.is_empty() {
            s.articles.insert(&l.article);
        }
    }
    sums.into_iter()
        .map(|(name, s)| ServiceRow {
            name: name.to_string(),
            count: grouped(s.count),
            price: s.prices.iter().map(|p| p.plain()).collect::<Vec<_>>().join("、"),
            amount: s.gov.to_string(),
            articles: s.articles.into_iter().collect::<Vec<_>>().join("、"),
        })
        .collect()
}

fn odd_row(l: &LineView) -> Option<OddRow> {
    let change = Totals::of(&crate::model::LineMoney { fee: l.fee, gov: l.gov, own: l.own, state: l.state() });
    let amount = change.deducted + change.held_back;
    (!amount.is_zero()).then(|| OddRow {
        no: l.order_no.clone(),
        who: format!("{} {}", l.elder_name, l.item_name),
        what: counted(l).zh(),
        reason: l.reason.clone(),
        amount: less(amount),
    })
}

fn line_row(l: &LineView, regions: &RegionBook) -> LineRow {
    LineRow {
        no: l.order_no.clone(),
        day: l.served_on.md(),
        elder: l.elder_name.clone(),
        village: village(regions, &l.region),
        service: format!("{} {} 分", l.item_name, l.minutes),
        worker: l.worker_name.clone(),
        amount: l.gov.plain(),
    }
}
