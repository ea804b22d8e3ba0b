//! Settlement (结算): what government-purchased services cost in a quarter, list by list, from confirmed orders to paid
//! providers.
//!
//! Words: a *payment list* (结算清单) belongs to one provider, one county and one quarter; late orders go into a
//! *supplementary* list. A *line* is the frozen copy of one order. Review goes town → county → finance; a reviewer may
//! *deduct* (核减) from a line or *hold it back* (暂不付); the provider may *dispute* (争议) a line until the county has
//! decided.
//!
//! **Invariants**
//! - Only confirmed orders with a public part are in a list, and an order is in one list at a time (a unique index).
//! - A line never changes after it was copied; the list carries a SHA-256 over all of them, and a list whose lines do
//!   not match it cannot be paid. Review changes only what becomes of the line, with a reason, and an audit row.
//! - `payable = gov − deducted − held back`, for every line, town and list.
//! - The person who pays did not approve for the county.
//! - A list is paid once. What was deducted goes back to the fund the purse was filled from.
//! - Before purses are cleared, orders nobody served are closed and give back what they hold; visits that were begun and
//!   not confirmed keep it, and stand in a supplementary list once they are confirmed.
//! - Closing a quarter is a function of state: running it again changes nothing, after a crash it goes on.
#![forbid(unsafe_code)]

pub mod model;
mod pages;
pub mod service;
mod store;

pub use self::pages::routes;
pub use self::store::MIGRATIONS;

use kernel::Permission;
use std::sync::Arc;

pub fn nav() -> Vec<web::NavEntry> {
    vec![web::NavEntry {
        href: "/settlements",
        icon: "receipt",
        word: "结算",
        needs: Permission::SettlementRead,
        order: 50,
    }]
}

pub fn jobs() -> Vec<Arc<dyn work::Job>> {
    vec![Arc::new(service::SettleJob)]
}

/// Days after a quarter's end on which its lists are made: time to confirm the last visits by telephone.
pub const GRACE_DAYS: i64 = 4;

/// The quarter that ended, once its days of grace are over.
fn closing(day: kernel::CivilDate) -> Option<kernel::Quarter> {
    let quarter = day.quarter();
    (day >= quarter.first_day().plus_days(GRACE_DAYS)).then(|| quarter.previous())
}

/// Makes the lists of the quarter that ended and clears its purses, once a quarter.
pub fn schedules() -> Vec<work::Schedule> {
    vec![work::Schedule {
        kind: service::SettleJob::KIND,
        title: "季度结算",
        minute: 60,
        period: |day| closing(day).map(|q| q.to_string()),
        payload: |day| serde_json::json!({ "quarter": closing(day) }),
    }]
}
