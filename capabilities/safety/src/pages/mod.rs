//! Pages: the desk, a case, lists, figures, rosters, the outbox, what is prepared for an elder, and the elder's and family's
//! own.
mod act;
mod desk;
mod devices;
mod downtime;
mod duty;
mod fences;
mod figures;
mod helpers;
mod home;
mod limits;
mod list;
mod my;
mod notices;
mod panel;
mod record;
mod rescue;
mod shown;
mod track;
mod vitals;

pub use notices::Outbox;
pub(crate) use panel::{DevicesPanel, SafetyPanel};

use crate::Bell;
use crate::model::CaseId;
use kernel::{Error, FieldError, Permission};
use std::str::FromStr;
use web::axum::http::StatusCode;
use web::axum::response::{IntoResponse, Redirect, Response};
use web::{App, NavEntry, Need, Page, Routes, Viewer};

pub fn routes() -> Routes {
    use Permission::*;
    devices::routes(Routes::new("safety"))
        .get("/safety", SafetyRead, desk::page)
        .get("/safety/live", SafetyRead, desk::live)
        .post("/safety/ready", SafetyHandle, desk::ready)
        .get("/safety/bell", SafetyHandle, desk::bell_page)
        .post("/safety/bell", SafetyHandle, desk::bell)
        .get("/safety/cases", SafetyRead, list::list)
        .get("/safety/cases/{id}", SafetyRead, record::page)
        .get("/safety/cases/{id}/print", SafetyRead, record::print)
        .post("/safety/cases/{id}/claim", SafetyHandle, act::claim)
        .post("/safety/cases/{id}/seen", SafetyHandle, act::seen)
        .get("/safety/cases/{id}/release", SafetyHandle, act::release_page)
        .post("/safety/cases/{id}/release", SafetyHandle, act::release)
        .get("/safety/cases/{id}/take-over", SafetyHandle, act::take_over_page)
        .post("/safety/cases/{id}/take-over", SafetyHandle, act::take_over)
        .post("/safety/cases/{id}/number", SafetyHandle, desk::number)
        .post("/safety/cases/{id}/call", SafetyHandle, act::call)
        .post("/safety/cases/{id}/send", SafetyHandle, act::send)
        .get("/safety/cases/{id}/hand-over", SafetyHandle, act::hand_over_page)
        .post("/safety/cases/{id}/hand-over", SafetyHandle, act::hand_over)
        .post("/safety/cases/{id}/arrive", SafetyHandle, act::arrive)
        .get("/safety/cases/{id}/close", SafetyHandle, act::close_page)
        .post("/safety/cases/{id}/close", SafetyHandle, act::close)
        .post("/safety/cases/{id}/note", SafetyHandle, act::note)
        .post("/safety/cases/{id}/slow", SafetyHandle, figures::slow)
        .get("/safety/figures", SafetyRead, figures::page)
        .get("/safety/duty", SafetyRead, duty::page)
        .get("/safety/duty/new", SafetyArrange, duty::new_page)
        .post("/safety/duty/new", SafetyArrange, duty::create)
        .post("/safety/duty/{id}/end", SafetyArrange, duty::end)
        .post("/safety/duty/{id}/away", SafetyArrange, duty::away)
        .get("/safety/ladder", SafetyArrange, duty::ladder_page)
        .post("/safety/ladder", SafetyArrange, duty::ladder)
        .get("/safety/notices", SafetyRead, notices::list)
        .post("/safety/notices/{id}/again", SafetyHandle, notices::again)
        .post("/api/v1/safety/notices/{id}/receipt", SafetyArrange, notices::receipt)
        .get("/safety/helpers", SafetyRead, helpers::list)
        .get("/safety/helpers/new", SafetyPrepare, helpers::new_page)
        .post("/safety/helpers/new", SafetyPrepare, helpers::create)
        .post("/safety/helpers/{id}/remove", SafetyPrepare, helpers::remove)
        .get("/elders/{id}/safety", SafetyPrepare, home::page)
        .post("/elders/{id}/safety", SafetyPrepare, home::save)
        .post("/elders/{id}/safety/accounts", SafetyPrepare, home::open_account)
        .post("/elders/{id}/safety/accounts/{user}/end", SafetyPrepare, home::end_account)
        .get("/safety/elders/{id}/vitals", SafetyRead, vitals::page)
        .get("/safety/elders/{id}/track", SafetyRead, track::page)
        .get("/safety/elders/{id}/limits", SafetyPrepare, limits::page)
        .post("/safety/elders/{id}/limits", SafetyPrepare, limits::save)
        .get("/safety/elders/{id}/fences", SafetyPrepare, fences::page)
        .post("/safety/elders/{id}/fences", SafetyPrepare, fences::save)
        .post("/safety/elders/{id}/fences/remove", SafetyPrepare, fences::remove)
        .post("/safety/elders/{id}/fences/wandering", SafetyPrepare, fences::wandering)
        .get("/safety/cases/{id}/rescue", SafetyHandle, rescue::page)
        .post("/safety/cases/{id}/rescue", SafetyHandle, rescue::start)
        .post("/safety/cases/{id}/rescue/end", SafetyHandle, rescue::end)
        .get("/safety/downtime", SafetyRead, downtime::list)
        .get("/safety/downtime/new", SafetyArrange, downtime::new_page)
        .post("/safety/downtime/new", SafetyArrange, downtime::create)
        .get("/safety/downtime/{id}/end", SafetyArrange, downtime::end_page)
        .post("/safety/downtime/{id}/end", SafetyArrange, downtime::end)
        .get("/r/{token}", Need::Public, rescue::sought)
        .get("/my", OwnCare, my::home)
        .post("/my/help", OwnCare, my::help)
        .get("/my/cases", OwnCare, my::cases)
        .get("/my/cases/{id}", OwnCare, my::case)
        .get("/my/cases/{id}/live", OwnCare, my::live)
        .post("/my/cases/{id}/mistake", OwnCare, my::mistake)
        .post("/my/cases/{id}/place", OwnCare, my::place)
}

/// Entries of the rail.
pub fn nav() -> Vec<NavEntry> {
    let entry = |href, icon, word, needs, order| NavEntry { href, icon, word, needs, order };
    vec![
        entry("/safety", "bell-ringing", "报警", Permission::SafetyRead, 2),
        entry("/safety/figures", "chart-bar", "接听", Permission::SafetyRead, 44),
        entry("/safety/devices", "device-watch", "设备", Permission::DeviceRead, 45),
        entry("/my", "heart", "今天", Permission::OwnCare, 1),
        entry("/my/cases", "bell-ringing", "呼叫", Permission::OwnCare, 2),
    ]
}

fn parsed<T: FromStr>(text: &str, what: &str) -> kernel::Result<T> {
    text.parse().map_err(|_| Error::NotFound(what.into()))
}

fn case_id(text: &str) -> kernel::Result<CaseId> {
    parsed(text, "这件报警")
}

/// What the same form shows again; other errors go on.
fn to_correct(e: Error) -> web::Result<Vec<FieldError>> {
    match e {
        Error::Invalid(fields) => Ok(fields),
        Error::Refused(m) | Error::Conflict(m) => Ok(vec![FieldError::new("", m)]),
        other => Err(other.into()),
    }
}

fn again(page: Response) -> Response {
    (StatusCode::UNPROCESSABLE_ENTITY, page).into_response()
}

fn to(path: impl AsRef<str>) -> Response {
    Redirect::to(path.as_ref()).into_response()
}

fn staff(app: &App, viewer: &Viewer, title: impl Into<String>) -> Page {
    Page::new(app, viewer, title).at("/safety")
}

/// After a commit: open desks look at once.
fn ring(app: &App) {
    if let Ok(bell) = app.thing::<Bell>() {
        bell.ring();
    }
}

/// The sentence for a `done` code of the address; anything else says nothing.
fn done(code: Option<&str>) -> Option<String> {
    let word = match code? {
        "claimed" => "你接手了，先打给本人",
        "released" => "已放回，重新响铃",
        "taken" => "接过来了",
        "called" => "电话已记下",
        "sent" => "已派人，短信在排队，打个电话更稳",
        "sent-voice" => "已派人",
        "handed" => "已转交，说的话记在处置记录里",
        "arrived" => "到场已记",
        "closed" => "已关闭",
        "noted" => "补记已存",
        "seen" => "知道了",
        "unlocking" => "开锁已下发，门锁回没回话看处置记录",
        "ready" => "示闲，有报警会响",
        "busy" => "小休，这段时间不算你在线",
        "bell-on" => "铃声开了",
        "bell-off" => "铃声关了，右上角一直写着，直到再开",
        "duty" => "值班表已存",
        "ladder" => "升级阶梯已存",
        "again" => "已放回待发",
        "helper" => "帮手已登记",
        "removed" => "已去掉",
        "home" => "已存好",
        "limits" => "界限已存，几秒后就按新的看",
        "fences" => "围栏已存，几秒后就按新的看",
        "downtime" => "停机已登记，到时设备没有消息不逐个报",
        "downtime-end" => "停机结束，15 分钟后还没消息的设备再报",
        "rescue" => "链接好了，发给去找的人",
        "rescue-end" => "链接停了，再打开就没有了",
        "unlinked" => "账号已停，再也看不到这位老人",
        "slow" => "原因已存",
        "mistake" => "知道按错了。坐席还会打个电话问一声",
        _ => return None,
    };
    Some(word.to_string())
}

/// `?done=` of a page one was sent back to.
#[derive(Debug, Default, serde::Deserialize)]
struct Done {
    #[serde(default)]
    done: String,
}
