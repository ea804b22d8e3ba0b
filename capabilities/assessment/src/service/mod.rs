//! Use cases. Each authorises, loads inside the reader's sight, decides, writes, audits and tells, in one transaction.
mod answers;
mod apply;
mod appoint;
mod conclude;
mod due;
mod history;
mod read;
mod register;
mod sampling;
mod scales;

pub use self::scales::{ScaleView, accept, load_own, scale_view, scales_list, set_setting, settings_of};
pub use crate::store::assessors::{AssessorAsk, Relation};
pub use crate::store::cases::{Event, Sight};
pub use crate::store::lists::{CaseAsk, View};
pub use crate::store::samples::{Sample, SampleLine};
pub use crate::store::sheets::OpenClash;
pub use answers::{Saved, Submission, WorkView, reopen, save, settle, sheet_at, sign, submit, work};
pub use apply::{Application, OBJECTION_DAYS, Recognised, apply, cancel, may_object_until, object, recognise};
pub use appoint::{Appointment, Candidate, Choice, appoint, candidates};
pub use conclude::settle_level;
pub use due::{AHEAD_DAYS, DueJob, ElderDied, call_again, daily};
pub use history::{HistoryCase, bulk_insert};
pub use read::{Counts, Found, case, cases, count_of, counts, events, found, list, me, of_elder, result, sight, team};
pub use register::{
    NewAssessor, assessor, assessors, declare, own_entry, register, relations, update_assessor, withdraw_declaration,
};
pub use sampling::{Agreement, NewSample, agreement, draw_sample, sample, samples};

use crate::model::{Case, State, Step, next};
use crate::store::cases as sql;
use audit::Action;
use kernel::{Actor, Error, Result};
use store::{Db, Tx, Value};

pub(crate) const REGISTERED: Action = Action::new("assessor.registered", "登记评估员");
pub(crate) const ASSESSOR_CHANGED: Action = Action::new("assessor.changed", "修改评估员");
pub(crate) const DECLARED: Action = Action::new("assessor.declared", "申报回避关系");
pub(crate) const APPLIED: Action = Action::new("assessment.applied", "申请能力评估");
pub(crate) const APPOINTED: Action = Action::new("assessment.appointed", "约定能力评估");
pub(crate) const BEGUN: Action = Action::new("assessment.begun", "开始能力评估");
pub(crate) const SAVED: Action = Action::new("assessment.saved", "保存评估答案");
pub(crate) const CLASH_SETTLED: Action = Action::new("assessment.clash_settled", "确定不一致的答案");
pub(crate) const SUBMITTED: Action = Action::new("assessment.submitted", "提交能力评估");
pub(crate) const REOPENED: Action = Action::new("assessment.reopened", "退回修改评估");
pub(crate) const SIGNED: Action = Action::new("assessment.signed", "评估签字");
pub(crate) const CONCLUDED: Action = Action::new("assessment.concluded", "评估生效");
pub(crate) const LEVEL_SETTLED: Action = Action::new("assessment.level_settled", "商定评估等级");
pub(crate) const OBJECTED: Action = Action::new("assessment.objected", "对评估结果提出异议");
pub(crate) const REVIEWED: Action = Action::new("assessment.reviewed", "复评完成");
pub(crate) const CANCELLED: Action = Action::new("assessment.cancelled", "取消能力评估");
pub(crate) const RECOGNISED: Action = Action::new("assessment.recognised", "认可其他部门的评估");
pub(crate) const READ: Action = Action::new("assessment.read", "查看评估结果");
pub(crate) const SAMPLED: Action = Action::new("assessment.sampled", "抽取质量样本");
pub(crate) const SCALE_ACCEPTED: Action = Action::new("scale.accepted", "核对并启用量表");
pub(crate) const SCALE_LOADED: Action = Action::new("scale.loaded", "载入量表");
pub(crate) const SCALE_SET: Action = Action::new("scale.set", "设定量表未写明之处");

pub(crate) fn no_case() -> Error {
    Error::NotFound("这次评估".into())
}

pub(crate) fn stale() -> Error {
    Error::Conflict("有人先动了这次评估，刷新看看再做".into())
}

/// Takes a step: the new state, columns beside it, an event in the case's history, the audit row.
#[allow(clippy::too_many_arguments)]
pub(crate) async fn advance(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    case: &Case,
    step: Step,
    mut sets: Vec<(&'static str, Value)>,
    action: Action,
    note: &str,
) -> Result<Case> {
    let state: State = next(case.state, step)?;
    sets.push(("state", state.into()));
    if !sql::update(tx, case.id, case.version, sets).await? {
        return Err(stale());
    }
    sql::add_event(tx, db, actor, case.id, step.code(), note).await?;
    let detail = serde_json::json!({ "no": case.no, "state": state.code() });
    audit::record(tx, actor, audit::Entry::new(action, "assessment", case.id).region(case.region).detail(detail))
        .await?;
    let whole = Sight::all(kernel::Scope { region: case.region, org: kernel::OrgScope::Any });
    sql::one(tx, &whole, case.id, "").await?.ok_or_else(no_case)
}
