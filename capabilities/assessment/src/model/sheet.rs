//! Answers as two phones write them, and how they come together.
use scales::{Answer, Answers, ConditionAnswer, Context, Settings};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The longest note to one item, in characters.
pub const MAX_NOTE: usize = 200;

/// Everything written down at one assessment: answers, circumstances, and what was seen beside an item.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sheet {
    #[serde(default)]
    pub answers: BTreeMap<String, Answer>,
    #[serde(default)]
    pub conditions: BTreeMap<String, ConditionAnswer>,
    #[serde(default)]
    pub notes: BTreeMap<String, String>,
}

/// One place of a sheet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(tag = "part", content = "id", rename_all = "snake_case")]
pub enum Field {
    Answer(String),
    Condition(String),
    Note(String),
}

impl Field {
    /// As stored: `answer:B.1.1`.
    pub fn code(&self) -> String {
        match self {
            Field::Answer(id) => format!("answer:{id}"),
            Field::Condition(id) => format!("condition:{id}"),
            Field::Note(id) => format!("note:{id}"),
        }
    }
    pub fn parse(code: &str) -> Option<Field> {
        let (part, id) = code.split_once(':')?;
        match part {
            "answer" => Some(Field::Answer(id.into())),
            "condition" => Some(Field::Condition(id.into())),
            "note" => Some(Field::Note(id.into())),
            _ => None,
        }
    }
}

/// What stands at a place.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "value", rename_all = "snake_case")]
pub enum Value {
    Answer(Answer),
    Condition(ConditionAnswer),
    Note(String),
}

impl Sheet {
    pub fn get(&self, field: &Field) -> Option<Value> {
        match field {
            Field::Answer(id) => self.answers.get(id).cloned().map(Value::Answer),
            Field::Condition(id) => self.conditions.get(id).copied().map(Value::Condition),
            Field::Note(id) => self.notes.get(id).cloned().map(Value::Note),
        }
    }
    /// Puts a value at its place; a value of another kind, or none, empties it.
    pub fn set(&mut self, field: &Field, value: Option<Value>) {
        match (field, value) {
            (Field::Answer(id), Some(Value::Answer(a))) => drop(self.answers.insert(id.clone(), a)),
            (Field::Condition(id), Some(Value::Condition(c))) => drop(self.conditions.insert(id.clone(), c)),
            (Field::Note(id), Some(Value::Note(n))) => drop(self.notes.insert(id.clone(), n)),
            (Field::Answer(id), _) => drop(self.answers.remove(id)),
            (Field::Condition(id), _) => drop(self.conditions.remove(id)),
            (Field::Note(id), _) => drop(self.notes.remove(id)),
        }
    }
    pub fn fields(&self) -> BTreeSet<Field> {
        let answers = self.answers.keys().cloned().map(Field::Answer);
        let conditions = self.conditions.keys().cloned().map(Field::Condition);
        answers.chain(conditions).chain(self.notes.keys().cloned().map(Field::Note)).collect()
    }
    /// As the engine takes it.
    pub fn for_scoring(&self, settings: Settings) -> (Answers, Context) {
        let mut answers = Answers::new();
        for (id, answer) in &self.answers {
            answers.set(id.as_str().into(), answer.clone());
        }
        let conditions = self.conditions.iter().map(|(id, a)| (id.as_str().into(), *a)).collect();
        (answers, Context { conditions, settings })
    }
    /// Removes empty notes and shortens long ones.
    pub fn tidied(mut self) -> Sheet {
        self.notes.retain(|_, text| !text.trim().is_empty());
        for text in self.notes.values_mut() {
            *text = text.trim().chars().take(MAX_NOTE).collect();
        }
        self
    }
}

/// The same place answered differently by both assessors since they last agreed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Clash {
    pub field: Field,
    pub mine: Option<Value>,
    pub stored: Option<Value>,
}

/// Two sheets brought together.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Merged {
    /// Where both differ it holds the stored value: nothing is overwritten silently.
    pub sheet: Sheet,
    pub clashes: Vec<Clash>,
}

/// Brings together what one phone sends (`mine`, written over `base`) with what is stored meanwhile.
pub fn merge(base: &Sheet, stored: &Sheet, mine: &Sheet) -> Merged {
    let mut out = Merged { sheet: stored.clone(), clashes: Vec::new() };
    let mut fields = base.fields();
    fields.extend(mine.fields());
    for field in fields {
        let (was, theirs, ours) = (base.get(&field), stored.get(&field), mine.get(&field));
        if ours == was || ours == theirs {
            continue;
        }
        if theirs == was {
            out.sheet.set(&field, ours);
        } else {
            out.clashes.push(Clash { field, mine: ours, stored: theirs });
        }
    }
    out
}
