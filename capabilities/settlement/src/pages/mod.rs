//! Pages of settlement.
mod api;
mod desk;
mod lines;
mod paper;
mod record;
mod review;
mod run;

use crate::model::{ListState, Standing};
use kernel::{Error, Fen, PaymentListId, Permission, Result};
use web::axum::http::StatusCode;
use web::axum::response::{IntoResponse, Response};
use web::{Form, Mark, Routes};

/// The rail entry all pages belong to.
const NAV: &str = "/settlements";

pub fn routes() -> Routes {
    Routes::new("settlement")
        .get("/settlements", Permission::SettlementRead, desk::page)
        .get("/settlements/all", Permission::SettlementRead, desk::all)
        .get("/settlements/run", Permission::SettlementRun, run::page)
        .post("/settlements/run", Permission::SettlementRun, run::submit)
        .get("/settlements/town-approval", Permission::SettlementTown, review::town_page)
        .post("/settlements/town-approval", Permission::SettlementTown, review::town_submit)
        .get("/settlements/county-approval", Permission::SettlementCounty, review::county_page)
        .post("/settlements/county-approval", Permission::SettlementCounty, review::county_submit)
        .get("/settlements/payment", Permission::SettlementPay, review::pay_page)
        .post("/settlements/payment", Permission::SettlementPay, review::pay_submit)
        // A number ending in .xlsx is the same list as a file.
        .get("/settlements/{id}", Permission::SettlementRead, record::page)
        .get("/settlements/{id}/print", Permission::SettlementRead, paper::print)
        .get("/settlements/{id}/return-to-town", Permission::SettlementCounty, review::return_town_page)
        .post("/settlements/{id}/return-to-town", Permission::SettlementCounty, review::return_town_submit)
        .get("/settlements/{id}/return-to-county", Permission::SettlementPay, review::return_county_page)
        .post("/settlements/{id}/return-to-county", Permission::SettlementPay, review::return_county_submit)
        .get("/settlements/{id}/lines", Permission::SettlementRead, lines::list)
        .get("/settlements/{id}/lines/{seq}", Permission::SettlementRead, lines::record)
        .post("/settlements/{id}/lines/{seq}/town", Permission::SettlementTown, lines::town_decides)
        .post("/settlements/{id}/lines/{seq}/county", Permission::SettlementCounty, lines::county_decides)
        .post("/settlements/{id}/lines/{seq}/answer", Permission::SettlementCounty, lines::county_answers)
        .post("/settlements/{id}/lines/{seq}/dispute", Permission::SettlementDispute, lines::provider_disputes)
        .get("/api/v1/settlements/{id}", Permission::SettlementRead, api::show)
}

/// Shape and colour of a list's state.
fn list_mark(state: ListState) -> Mark {
    match state {
        ListState::Making => Mark::Todo,
        ListState::Town | ListState::County | ListState::Finance => Mark::Doing,
        ListState::Paid => Mark::Ok,
    }
}

/// Shape and colour of a line's standing.
fn standing_mark(standing: Standing) -> Mark {
    match standing {
        Standing::Ok => Mark::Ok,
        Standing::Deducted => Mark::Note,
        Standing::HeldBack => Mark::Warn,
        Standing::Disputed => Mark::Danger,
    }
}

/// A path segment that is not an id is a page that does not exist.
fn list_id(text: &str) -> Result<PaymentListId> {
    text.parse().map_err(|_| Error::NotFound("这份结算清单".into()))
}

fn line_no(text: &str) -> Result<i64> {
    text.parse().map_err(|_| Error::NotFound("清单里的这一单".into()))
}

type Query = web::axum::extract::Query<Vec<(String, String)>>;

/// The query of a page, read like a form.
fn asked(query: Query) -> Form {
    Form::from_pairs(query.0)
}

/// What a finished step says on the next page.
fn done_word(code: &str) -> Option<String> {
    let word = match code {
        "town" => "已同意，等其他镇和县里",
        "county" => "已同意支付，等财务拨付",
        "paid" => "已拨付，工单和清单都已锁定",
        "returned" => "已退回，原因写进了清单",
        "line" => "这一单已记下，合计已更新",
        "released" => "已放行，进下一份清单",
        "disputed" => "争议已提交，县里答复前不会定",
        "answered" => "争议已答复",
        _ => return None,
    };
    Some(word.into())
}

/// The same page again with what was wrong.
fn unprocessable(page: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

/// `12,345`
fn grouped(n: i64) -> String {
    let digits = n.unsigned_abs().to_string();
    let mut out = String::new();
    if n < 0 {
        out.push('−');
    }
    for (i, c) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(c);
    }
    out
}

/// An amount taken off: `−¥1,212.00`, or a dash for nothing.
fn less(fen: Fen) -> String {
    if fen.is_zero() { "—".into() } else { (-fen).to_string() }
}

fn or_dash(fen: Fen) -> String {
    if fen.is_zero() { "—".into() } else { fen.to_string() }
}

/// `+¥28,320.00`, `−¥11,040.00`
fn signed(fen: Fen) -> String {
    if fen > Fen::ZERO { format!("+{fen}") } else { fen.to_string() }
}

/// Change in tenths of a percent as `+5.5%`; `None` when there was nothing before.
fn percent(before: Fen, now: Fen) -> Option<(String, i64)> {
    if before <= Fen::ZERO {
        return None;
    }
    let tenths = (i128::from((now - before).0) * 1000 / i128::from(before.0)).clamp(-99_999, 99_999) as i64;
    let sign = if tenths > 0 {
        "+"
    } else if tenths < 0 {
        "−"
    } else {
        ""
    };
    Some((format!("{sign}{}.{}%", tenths.abs() / 10, tenths.abs() % 10), tenths))
}
