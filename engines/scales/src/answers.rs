//! What assessors found, and what a place has decided where a document leaves something open.
use crate::ids::{ConditionId, ItemId, OptionCode};
use crate::scale::{Stacking, words};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answer to one item. As JSON: an option's code as text, a measured value as a whole number in units of
/// `10^-decimals` of its item.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum Answer {
    Option(OptionCode),
    Number(i32),
}

/// Answers by item. As JSON: an object `{"B.1.1": "4", "pulse": 72}`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Answers(BTreeMap<ItemId, Answer>);

impl Answers {
    pub fn new() -> Answers {
        Answers::default()
    }
    /// Records the option chosen; an earlier answer to the item is replaced.
    pub fn choose(&mut self, item: impl Into<ItemId>, option: impl Into<OptionCode>) -> &mut Answers {
        self.0.insert(item.into(), Answer::Option(option.into()));
        self
    }
    /// Records a measured value, in units of `10^-decimals` of the item.
    pub fn measure(&mut self, item: impl Into<ItemId>, value: i32) -> &mut Answers {
        self.0.insert(item.into(), Answer::Number(value));
        self
    }
    pub fn set(&mut self, item: ItemId, answer: Answer) {
        self.0.insert(item, answer);
    }
    pub fn remove(&mut self, item: &ItemId) -> Option<Answer> {
        self.0.remove(item)
    }
    pub fn get(&self, item: &ItemId) -> Option<&Answer> {
        self.0.get(item)
    }
    pub fn iter(&self) -> impl Iterator<Item = (&ItemId, &Answer)> {
        self.0.iter()
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The answer to a condition of the document. As JSON: `true`, `false` or a number of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged)]
pub enum ConditionAnswer {
    Flag(bool),
    Count(u32),
}

/// What is known beside the items: circumstances that move the level, and the place's settings.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// Every condition of the document has to be answered, like every item.
    #[serde(default)]
    pub conditions: BTreeMap<ConditionId, ConditionAnswer>,
    #[serde(default)]
    pub settings: Settings,
}

impl Context {
    pub fn flag(&mut self, id: impl Into<ConditionId>, value: bool) -> &mut Context {
        self.conditions.insert(id.into(), ConditionAnswer::Flag(value));
        self
    }
    pub fn count(&mut self, id: impl Into<ConditionId>, times: u32) -> &mut Context {
        self.conditions.insert(id.into(), ConditionAnswer::Count(times));
        self
    }
}

/// A place's decisions where a standard's text does not decide.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Settings {
    #[serde(default)]
    pub combination: Combining,
    /// `None`: as the scale's document says.
    #[serde(default)]
    pub stacking: Option<Stacking>,
}

words! {
    /// What to do where the combination rules of a standard overlap or leave a gap.
    #[derive(Default)]
    Combining {
        /// Say so, and leave the level to people.
        #[default]
        Undecided "undecided" "不代为选择，由评估员和主管部门商定",
        /// Where rules overlap the better level; in a gap the level of the nearest decided combination below.
        LowerLevel "lower_level" "取较轻的一级",
        /// Where rules overlap the worse level; in a gap the level of the nearest decided combination above.
        HigherLevel "higher_level" "取较重的一级",
    }
}
