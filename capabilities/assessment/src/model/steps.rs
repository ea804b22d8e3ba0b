//! How an assessment goes from one state to the next.

store::words! {
    /// Where an assessment stands.
    State {
        /// Asked for; nobody is appointed yet.
        Applied "applied" "待约",
        /// Date, place and assessors are set.
        Appointed "appointed" "已约",
        /// Answers come in.
        InProgress "in_progress" "评估中",
        /// Complete and scored; the assessors have to sign.
        Submitted "submitted" "待签字",
        /// Signed by all; something keeps it from deciding yet (scale not accepted, level left open).
        Signed "signed" "待生效",
        /// The result counts.
        Final "final" "已生效",
        /// The elder objects; others assess again, until then the result counts.
        Objected "objected" "有异议，复评中",
        /// The second opinion has replaced or confirmed it.
        Reviewed "reviewed" "已复评",
        Cancelled "cancelled" "已取消",
    }
}

store::words! {
    /// What is done to an assessment.
    Step {
        Appoint "appoint" "约定",
        Begin "begin" "开始",
        Submit "submit" "提交",
        /// Back to the answers before it counts.
        Reopen "reopen" "退回修改",
        /// The last of the assessors signed.
        SignedByAll "signed_by_all" "签齐",
        /// The result counts from now on.
        Conclude "conclude" "生效",
        Object "object" "提出异议",
        /// The second opinion has become final.
        Review "review" "复评完成",
        Cancel "cancel" "取消",
    }
}

/// Why a step cannot be taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    pub state: State,
    pub step: Step,
}

impl Refusal {
    /// `这次评估已生效，不能取消`
    pub fn zh(self) -> String {
        format!("这次评估{}，不能{}", self.state.zh(), self.step.zh())
    }
}

impl From<Refusal> for kernel::Error {
    fn from(r: Refusal) -> kernel::Error {
        kernel::Error::refused(r.zh())
    }
}

/// The state after a step.
///
/// # Errors
/// The refusal when the step does not belong to the state.
pub fn next(state: State, step: Step) -> Result<State, Refusal> {
    use State::*;
    Ok(match (state, step) {
        // Another day or other assessors may be set until answers come in.
        (Applied | Appointed, Step::Appoint) => Appointed,
        (Appointed, Step::Begin) => InProgress,
        (InProgress, Step::Submit) => Submitted,
        (Submitted | Signed, Step::Reopen) => InProgress,
        (Submitted, Step::SignedByAll) => Signed,
        (Signed, Step::Conclude) => Final,
        (Final, Step::Object) => Objected,
        (Objected, Step::Review) => Reviewed,
        (Applied | Appointed | InProgress | Submitted | Signed, Step::Cancel) => Cancelled,
        _ => return Err(Refusal { state, step }),
    })
}

impl State {
    /// Something is still to be done before there is a result.
    pub const fn open(self) -> bool {
        matches!(self, State::Applied | State::Appointed | State::InProgress | State::Submitted | State::Signed)
    }
    /// The result counts, at least until a second opinion.
    pub const fn counts(self) -> bool {
        matches!(self, State::Final | State::Objected)
    }
    /// There is a result, whatever became of it.
    pub const fn has_result(self) -> bool {
        matches!(self, State::Submitted | State::Signed | State::Final | State::Objected | State::Reviewed)
    }
}
