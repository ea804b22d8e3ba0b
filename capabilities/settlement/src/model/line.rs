//! What a reviewer may do with one line.
use super::chain::{ListState, Step};
use kernel::{Error, Fen, Result};

/// What becomes of a line's public part.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// Paid in full.
    Ok,
    /// Paid less what was deducted.
    Deducted,
    /// Not paid now; waits until the county clears it.
    HeldBack,
    /// The provider disagrees and nobody has answered yet; counted as it stood before.
    Disputed,
}

impl Standing {
    pub const ALL: [Standing; 4] = [Standing::Ok, Standing::Deducted, Standing::HeldBack, Standing::Disputed];
    pub const fn code(self) -> &'static str {
        match self {
            Standing::Ok => "ok",
            Standing::Deducted => "deducted",
            Standing::HeldBack => "held_back",
            Standing::Disputed => "disputed",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Standing::Ok => "照付",
            Standing::Deducted => "核减",
            Standing::HeldBack => "暂不付",
            Standing::Disputed => "有争议",
        }
    }
    pub fn parse(code: &str) -> Option<Standing> {
        Standing::ALL.into_iter().find(|s| s.code() == code)
    }
}

/// The part of a line that review may change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineState {
    pub standing: Standing,
    /// How it stood when it was disputed.
    pub before: Option<Standing>,
    /// What is taken off the public part; 0 unless it was deducted.
    pub deducted: Fen,
}

impl LineState {
    pub const fn ok() -> LineState {
        LineState { standing: Standing::Ok, before: None, deducted: Fen::ZERO }
    }
    /// The standing that decides about the money: a disputed line counts as it stood before.
    pub fn counted(&self) -> Standing {
        match self.standing {
            Standing::Disputed => self.before.unwrap_or(Standing::Ok),
            s => s,
        }
    }
    fn set(decision: Decision) -> LineState {
        let (standing, deducted) = match decision {
            Decision::Pay => (Standing::Ok, Fen::ZERO),
            Decision::Deduct(fen) => (Standing::Deducted, fen),
            Decision::HoldBack => (Standing::HeldBack, Fen::ZERO),
        };
        LineState { standing, before: None, deducted }
    }
}

/// A reviewer's decision about a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Pay,
    Deduct(Fen),
    HoldBack,
}

impl Decision {
    pub const fn standing(self) -> Standing {
        match self {
            Decision::Pay => Standing::Ok,
            Decision::Deduct(_) => Standing::Deducted,
            Decision::HoldBack => Standing::HeldBack,
        }
    }
}

/// What comes of a decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineChange {
    /// The line changes inside its list.
    Within(LineState),
    /// The list is already decided: the line stays as it was there and its order may enter the next list.
    Released,
}

fn amount(gov: Fen, decision: Decision) -> Result<()> {
    if let Decision::Deduct(fen) = decision {
        if fen <= Fen::ZERO {
            return Err(Error::invalid("deducted", "核减金额要大于 0"));
        }
        if fen > gov {
            return Err(Error::invalid("deducted", format!("核减最多 {gov}，这单政府只付这么多")));
        }
    }
    Ok(())
}

/// A town or the county decides about a line whose public part is `gov`.
///
/// The towns may only make it stricter: what a check or the county held back, only the county clears. After the county
/// has decided about the list, it may still clear a line that was held back; its order then goes into the next list.
///
/// # Errors
/// `Invalid` for a wrong amount, `Refused` when it is not the step's turn.
pub fn decide(list: ListState, step: Step, line: LineState, gov: Fen, decision: Decision) -> Result<LineChange> {
    amount(gov, decision)?;
    match (step, list) {
        (Step::Finance, _) => return Err(Error::refused("财务不改单，退回县里改")),
        (_, ListState::Making) => return Err(Error::refused("清单还在生成，做完再审")),
        (Step::Town, ListState::Town) | (Step::County, ListState::County) => {}
        (Step::County, ListState::Finance | ListState::Paid) => {
            return if line.standing == Standing::HeldBack && decision == Decision::Pay {
                Ok(LineChange::Released)
            } else {
                Err(Error::refused("县里已经定了，只能放行暂不付的单，放行后进下一份清单"))
            };
        }
        (s, l) => return Err(Error::refused(format!("清单现在{}，还轮不到{}", l.zh(), s.zh()))),
    }
    if line.standing == Standing::Disputed {
        return Err(Error::refused("服务商有争议，先答复争议"));
    }
    if step == Step::Town && line.standing == Standing::HeldBack && decision == Decision::Pay {
        return Err(Error::refused("暂不付的单由县里放行"));
    }
    Ok(LineChange::Within(LineState::set(decision)))
}

/// The provider disagrees with a line of its own list.
///
/// # Errors
/// `Refused` once the county has decided, or when a dispute is already open.
pub fn dispute(list: ListState, line: LineState) -> Result<LineState> {
    if !list.open() {
        return Err(Error::refused("县里已经定了，不能再提争议"));
    }
    if line.standing == Standing::Disputed {
        return Err(Error::refused("这单的争议已经提过，等县里答复"));
    }
    Ok(LineState { standing: Standing::Disputed, before: Some(line.standing), deducted: line.deducted })
}

/// The county answers a dispute with its decision.
///
/// # Errors
/// `Invalid` for a wrong amount, `Refused` when there is no open dispute or the county has decided the list.
pub fn answer_dispute(list: ListState, line: LineState, gov: Fen, decision: Decision) -> Result<LineState> {
    amount(gov, decision)?;
    if !list.open() {
        return Err(Error::refused("县里已经定了，争议不能再改"));
    }
    if line.standing != Standing::Disputed {
        return Err(Error::refused("这单没有争议要答复"));
    }
    Ok(LineState::set(decision))
}
