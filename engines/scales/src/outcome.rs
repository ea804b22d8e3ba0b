//! The result of scoring: numbers, level, and every step in words.
use crate::answers::Answer;
use crate::ids::{ItemId, KindId, LevelCode, ScaleId, SectionId};
use crate::scale::{CareMapping, Range, words};
use serde::{Deserialize, Serialize};

/// Everything that follows from one set of answers. Complete: it can be stored and shown without the scale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outcome {
    pub scale: ScaleId,
    pub version: String,
    pub title: String,
    /// In the document's order.
    pub items: Vec<ItemScore>,
    pub sections: Vec<SectionScore>,
    pub total: Option<Total>,
    /// From the scores alone.
    pub preliminary: Finding,
    /// Adjustments whose circumstances are given, in the document's order, with what each did.
    pub adjustments: Vec<Applied>,
    /// The final level.
    pub level: Finding,
    /// Settings of the place that decided something the document leaves open, and other things to know; Chinese.
    pub notes: Vec<String>,
    /// For scales that sort into kinds.
    pub kinds: Vec<KindScore>,
    /// What the final level means to policy packs. `None`: nothing follows from this scale or the level is undecided.
    pub care: Option<CareMapping>,
}

/// An answered item. `words`: the option's label, or the value with its unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ItemScore {
    pub item: ItemId,
    pub title: String,
    pub answer: Answer,
    pub words: String,
    pub score: i32,
}

/// A sum and the bounds it could have had.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Total {
    pub value: i32,
    pub bounds: Range,
}

/// A section's subtotal and grade, where it has them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SectionScore {
    pub section: SectionId,
    pub title: String,
    pub sum: Option<Total>,
    pub grade: Option<Graded>,
}

/// A level or grade. `order`: 0 = best.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Graded {
    pub code: LevelCode,
    pub zh: String,
    pub order: u8,
}

/// What the scores, or scores and adjustments, come to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum Finding {
    Level(Graded),
    /// The document's text does not decide, and the place has not set what to do then.
    Undecided {
        cause: Ambiguity,
        /// Between which levels, from the better to the worse. In a gap: the levels of the nearest decided
        /// combinations; possibly one.
        between: Vec<Graded>,
        /// Chinese.
        why: String,
    },
    /// The scale has no levels.
    NotGraded,
}

impl Finding {
    pub fn graded(&self) -> Option<&Graded> {
        match self {
            Finding::Level(level) => Some(level),
            Finding::Undecided { .. } | Finding::NotGraded => None,
        }
    }
    /// The level, or what there is instead.
    pub fn zh(&self) -> &str {
        match self {
            Finding::Level(level) => &level.zh,
            Finding::Undecided { .. } => "未定",
            Finding::NotGraded => "不分级",
        }
    }
}

words! {
    /// Why a combination has no single level.
    Ambiguity {
        /// No rule holds.
        Gap "gap" "原文没有写到",
        /// Rules of several levels hold.
        Overlap "overlap" "原文有几级都符合",
    }
}

/// An adjustment whose circumstances are given.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Applied {
    pub id: String,
    /// Chinese.
    pub reason: String,
    pub source: String,
    pub result: AppliedResult,
    /// The level after it, or what there is instead; Chinese.
    pub after: String,
}

words! {
    /// What an adjustment did.
    AppliedResult {
        Changed "changed" "等级变了",
        /// The level was already as bad, or the worst.
        NoEffect "no_effect" "等级已经不低于此，没有再变",
        /// Another one has already raised the level and they do not add up.
        CountedOnce "counted_once" "前面已提高一级，不再重复提高",
    }
}

/// One kind, its score and what it means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KindScore {
    pub kind: KindId,
    pub title: String,
    pub sum: Total,
    pub verdict: Verdict,
}

words! {
    /// Whether someone is of a kind.
    Verdict {
        Yes "yes" "是",
        /// Of biased kinds.
        Tendency "tendency" "倾向是",
        /// Of the balanced kind.
        Basically "basically" "基本是",
        No "no" "否",
    }
}
