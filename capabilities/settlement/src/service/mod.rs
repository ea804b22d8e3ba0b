//! Use cases of settlement.
mod desk;
mod home;
mod lapse;
mod lines;
mod making;
mod pay;
mod read;
mod review;
mod verify;

pub use crate::store::{LineAsk, LineEvent, ListsAsk, Review};
pub use desk::{Desk, DeskRow, OddGroup, StepProgress, desk, to_do};
pub use home::{InState, by_state, paid_between, towns_approved, unpaid, waiting};
pub use lines::{Seen, answer, decide_line, dispute_line};
pub use making::{BATCH, NoProgress, Progress, SettleJob, Settled, closed_quarter, request, settle, settle_in_batches};
pub use read::{LineView, ListView, TownView, line, line_events, lines, list, lists, reviews, step_of, towns, whole};
pub use review::{Approved, SeenList, approve, return_list};
pub use verify::{Verdict, verify};

use kernel::{Error, Result};

const MADE: audit::Action = audit::Action::new("settlement.made", "生成结算清单");
const REVIEWED: audit::Action = audit::Action::new("settlement.reviewed", "审核结算清单");
const RETURNED: audit::Action = audit::Action::new("settlement.returned", "退回结算清单");
const PAID: audit::Action = audit::Action::new("settlement.paid", "拨付结算清单");
const LINE_DECIDED: audit::Action = audit::Action::new("settlement.line_decided", "审核单项");
const LINE_DISPUTED: audit::Action = audit::Action::new("settlement.line_disputed", "服务商提争议");

fn no_list() -> Error {
    Error::NotFound("这份结算清单".into())
}

fn no_line() -> Error {
    Error::NotFound("清单里的这一单".into())
}

/// Somebody else was faster.
fn changed() -> Error {
    Error::Conflict("清单刚被别人改过，看过新的再办".into())
}

/// Longest reason or opinion.
pub const MAX_REASON: usize = 200;

/// A reason people read later: trimmed, at most [`MAX_REASON`] characters.
fn reason_text(field: &str, label: &str, text: &str, needed: bool) -> Result<String> {
    let text = text.trim();
    let n = text.chars().count();
    if needed && text.is_empty() {
        return Err(Error::invalid(field, format!("{label}没有填")));
    }
    if n > MAX_REASON {
        return Err(Error::invalid(field, format!("{label}最多 {MAX_REASON} 字，现在 {n} 字")));
    }
    Ok(text.to_string())
}
