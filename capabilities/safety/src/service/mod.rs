//! Use cases. Each authorises, loads inside the actor's scope, decides, writes, audits and tells, in one transaction.
mod desk;
mod downtime;
mod history;
mod home;
mod limits;
mod looking;
mod notices;
mod own;
mod raise;
mod read;
mod rescue;
mod roster;
mod steps;
mod trouble;
mod watch;

pub use crate::store::home::{HelperLine, Home, Link};
pub use crate::store::lists::{CallLine, CaseAsk};
pub use crate::store::notices::NoticeRow;
pub use desk::{
    GATEWAY_MS, Gateway, ONLINE_MS, Presence, Waiting, desks, fix_stamp, gateway_beat, gateway_off, gateways, left,
    own_desk, queue, seen, set_bell, set_ready, stamp, waiting,
};
pub use downtime::{Downtime, GRACE_MS, NewDowntime, downtime, downtimes, end_downtime, plan_downtime};
pub(crate) use downtime::{cleared, expected_silent, is_now_at};
pub use history::{HistoryCase, bulk_insert};
pub use home::{
    HomeAccount, Near, NewHelper, add_helper, helper_phone, helpers, home, home_account, home_of_case, link_account,
    links, near, open_home_account, remove_helper, save_home, unlink,
};
pub use limits::{Change, Edit, FIGURES, Limits, RADIUS, edit, levels_zh, limits};
pub use looking::{Look, Vitals, Way, vitals, way};
pub use notices::{Channel, Message, Nothing, Taken, deliver, notice_exists, notices, notices_of, receipt, send_again};
pub use own::{OwnCase, OwnElder, call_for_help, own_case, own_cases, own_elders, place_of_call, withdraw};
pub use raise::{NEWS_MS, Raised, raise};
pub use read::{calls, case_events, cases_list, contact_number, count, explain_slow, open_case_of, outcome, record};
pub use rescue::{HOURS, NewRescue, Rescue, Sought, end_rescue, rescue, sought, start_rescue};
pub use roster::{NewDuty, add_duty, away, end_duty, ladder, roster, roster_now, set_ladder};
pub use steps::{
    Sending, acknowledge, arrive, call, claim, close, hand_over, note, release, send_help, settle, take_over,
};
pub use trouble::troubles;
pub use watch::{Looked, Loud, OWNER_MS, look, loud};

use crate::model::{Case, CaseId};
use crate::store::cases;
use audit::Action;
use kernel::{Actor, Error, OrgScope, RegionCode, Result, Scope, Tier};
use store::Db;

pub(crate) const RAISED: Action = Action::new("safety.raised", "报警立案");
pub(crate) const STEPPED: Action = Action::new("safety.step", "处置报警");
pub(crate) const CLIMBED: Action = Action::new("safety.climbed", "没人接，升级");
pub(crate) const READY: Action = Action::new("safety.ready", "坐席示闲示忙");
pub(crate) const ROSTER: Action = Action::new("safety.roster", "修改值班表");
pub(crate) const LADDER: Action = Action::new("safety.ladder", "修改升级阶梯");
pub(crate) const HOME: Action = Action::new("safety.home", "修改进门与用药");
pub(crate) const HOME_SEEN: Action = Action::new("safety.home_seen", "查看进门与用药");
pub(crate) const HELPER: Action = Action::new("safety.helper", "修改附近帮手");
pub(crate) const HELPER_PHONE: Action = Action::new("safety.helper_phone", "查看帮手电话");
pub(crate) const LINKED: Action = Action::new("safety.linked", "开通老人家属账号");
pub(crate) const UNLINKED: Action = Action::new("safety.unlinked", "停用老人家属账号");
pub(crate) const NOTICE: Action = Action::new("safety.notice", "短信回执");
pub(crate) const SLOW: Action = Action::new("safety.slow", "写明超时原因");

pub(crate) fn no_case() -> Error {
    Error::NotFound("这件报警".into())
}

/// The case inside the scope.
pub(crate) async fn scope_case(db: &Db, scope: &Scope, id: CaseId) -> Result<Case> {
    cases::one(db.read(), scope, id, "").await?.ok_or_else(no_case)
}

/// The platform as it acts for the place of a case.
pub(crate) fn platform_of(case: &Case) -> Actor {
    platform_in(&case.region)
}

fn platform_in(region: &RegionCode) -> Actor {
    let scope = Scope { region: region.at(Tier::Province), org: OrgScope::Any };
    Actor::Platform { job: "safety", scope }
}
