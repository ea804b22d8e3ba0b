//! Facts of somebody who is in no database in, outcomes out: one JSON object, one line.
//!
//! A line is an object: `{"id": "a-1", "facts": {"birth_date": "1949-03-08", …}}`, or the facts beside the id:
//! `{"id": "a-1", "birth_date": "1949-03-08", …}`. `id` may be any JSON value or be left out; it comes back as it was.
//! `"subject": "facility"` or `"fund"` asks the packs about those; without it the line is about a person. A name that is
//! no fact of the subject, a derived fact, or a value of another type is an error of the line; `null` is unknown.
//!
//! Every pack of the subject that is in effect answers. `applies` says whether the pack is of the place the subject
//! lives, is registered or lies in; unknown places count as applying, and the answer then names what is missing.
//! Where packs exclude each other, `excluded_by` names the one that gives instead: sums over packs leave those out.
use crate::decide::{Outcome, PackOn, Verdict};
use crate::facts::{FACTS, Fact, Facts, Subject, Value};
use crate::grant::{GrantKind, Inputs};
use crate::set::PacksOn;
use crate::{FactError, Truth};
use kernel::{CivilDate, Fen};
use serde::Serialize;

/// The longest line, in bytes.
const MAX_LINE: usize = 64 * 1024;

/// Why a line was not decided. The message is Chinese and says what to do.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LineError {
    #[error("这一行太长：{0} 字节，最多 {MAX_LINE} 字节")]
    TooLong(usize),
    #[error("这一行不是 JSON：第 {column} 列：{message}")]
    NotJson { column: usize, message: String },
    #[error("这一行要是一个 JSON 对象")]
    NotAnObject,
    #[error("facts 要是一个 JSON 对象")]
    FactsNotAnObject,
    #[error("subject 可用的是 person、facility、fund")]
    NoSuchSubject,
    #[error("写了 facts，别的事实也写到 facts 里：“{0}”不认识")]
    Beside(String),
    #[error("“{0}”（{1}）说的不是{2}")]
    OtherSubject(&'static str, &'static str, &'static str),
    #[error(transparent)]
    Fact(#[from] FactError),
}

/// The answer to one line.
#[derive(Clone, Debug, Serialize)]
pub struct LineResult {
    /// As it came.
    pub id: serde_json::Value,
    pub subject: Subject,
    pub on: CivilDate,
    pub packs: Vec<PackResult>,
}

/// What one pack says.
#[derive(Clone, Debug, Serialize)]
pub struct PackResult {
    pub pack: String,
    pub title: String,
    /// [`crate::Pack::version`] in hexadecimal.
    pub version: String,
    /// Whether the pack is of the subject's place.
    pub applies: bool,
    pub outcome: Verdict,
    /// The class's name; none unless eligible.
    pub class: Option<String>,
    /// The pack that gives instead, where packs exclude each other.
    pub excluded_by: Option<String>,
    pub grants: Vec<LineGrant>,
    /// Names of the facts whose absence left the outcome open.
    pub missing: Vec<&'static str>,
    /// Every condition read from facts, in the order of the pack.
    pub reasons: Vec<LineReason>,
}

/// A grant with what can be said of its sum.
#[derive(Clone, Debug, Serialize)]
pub struct LineGrant {
    pub name: String,
    pub kind: &'static str,
    pub label: String,
    pub article: String,
    /// In words: `每户每月 ¥100.00`.
    pub text: String,
    /// The amount, unit amount or cap in fen; none for kinds without money.
    pub fen: Option<Fen>,
    /// What it comes to in fen where the facts say enough: actual cost, beds, meals a day.
    pub granted_fen: Option<Fen>,
    /// What is left to pay, where the kind leaves something.
    pub own_fen: Option<Fen>,
    /// Times in a week or month, percent, or meals a day.
    pub number: Option<i64>,
}

/// A condition with its state and ground.
#[derive(Clone, Debug, Serialize)]
pub struct LineReason {
    pub condition: String,
    pub label: String,
    pub result: Truth,
    pub article: Option<String>,
    pub facts: Vec<LineFact>,
}

/// A fact as the pack saw it, derived facts included.
#[derive(Clone, Debug, Serialize)]
pub struct LineFact {
    pub name: &'static str,
    /// `null` when unknown.
    pub value: serde_json::Value,
    /// The value in Chinese.
    pub zh: String,
}

/// Decides one line under every pack of its subject.
///
/// # Errors
/// The line cannot be read, or a fact has a wrong name or type.
pub fn decide_line(set: &PacksOn, line: &str) -> Result<LineResult, LineError> {
    let (id, subject, facts) = read(line)?;
    let about = |on: &PackOn| on.pack.subject == subject;
    let outcomes: Vec<Option<Outcome>> = set.packs.iter().map(|on| about(on).then(|| on.decide(&facts))).collect();
    let displaced = set.displaced(&outcomes);
    let packs = set.packs.iter().zip(&outcomes).zip(displaced).filter_map(|((on, outcome), by)| {
        let by = by.map(|i| set.packs[i].pack.id.clone());
        Some(result(on, &facts, outcome.as_ref()?, by))
    });
    Ok(LineResult { id, subject, on: set.on, packs: packs.collect() })
}

fn read(line: &str) -> Result<(serde_json::Value, Subject, Facts), LineError> {
    use serde_json::Value as J;
    if line.len() > MAX_LINE {
        return Err(LineError::TooLong(line.len()));
    }
    let json: J =
        serde_json::from_str(line).map_err(|e| LineError::NotJson { column: e.column(), message: e.to_string() })?;
    let J::Object(mut object) = json else { return Err(LineError::NotAnObject) };
    let id = object.remove("id").unwrap_or(J::Null);
    let subject = match object.remove("subject") {
        None | Some(J::Null) => Subject::Person,
        Some(code) => code.as_str().and_then(Subject::parse).ok_or(LineError::NoSuchSubject)?,
    };
    let object = match object.remove("facts") {
        None => object,
        Some(J::Object(facts)) => match object.keys().next() {
            None => facts,
            Some(other) => return Err(LineError::Beside(other.clone())),
        },
        Some(_) => return Err(LineError::FactsNotAnObject),
    };
    let facts = Facts::from_json(&object)?;
    let foreign = FACTS.iter().find(|d| d.subject != subject && object.contains_key(d.name));
    match foreign {
        Some(def) => Err(LineError::OtherSubject(def.zh, def.name, subject.zh())),
        None => Ok((id, subject, facts)),
    }
}

/// Whether the pack is of the subject's place; unknown places count as applying.
fn applies(on: &PackOn, facts: &Facts) -> bool {
    let places: &[Fact] = match on.pack.subject {
        Subject::Person => &[Fact::InLocalHukou, Fact::InLocalResidence],
        Subject::Facility => &[Fact::InLocalFacility],
        Subject::Fund => &[Fact::InLocalFund],
    };
    places.iter().any(|&place| on.value(facts, place) != Value::Bool(false))
}

fn result(on: &PackOn, facts: &Facts, outcome: &Outcome, excluded_by: Option<String>) -> PackResult {
    let pack = on.pack;
    let inputs = Inputs::of(facts);
    let eligible = outcome.verdict == Verdict::Eligible;
    let grants = on.grants(outcome).map(|(grant, base)| {
        let amount = on.amount_for(&grant.kind, &inputs).ok();
        let money = grant.kind.amount().is_some();
        let leaves = matches!(grant.kind, GrantKind::Reimbursement { .. } | GrantKind::PayShare { .. });
        let says = money || matches!(grant.kind, GrantKind::ShareFloor { .. } | GrantKind::PayShare { .. });
        LineGrant {
            name: grant.name.clone(),
            kind: grant.kind.code(),
            label: on.fill(&grant.label),
            article: pack.articles[grant.article].label.clone(),
            text: on.grant_zh(&grant.kind),
            fen: money.then_some(base),
            granted_fen: amount.filter(|_| says).map(|a| a.granted),
            own_fen: amount.filter(|_| leaves).map(|a| a.own),
            number: on.number(&grant.kind),
        }
    });
    let read = pack.conditions.iter().enumerate().filter(|(_, c)| c.children().is_empty());
    let reasons = read.map(|(i, condition)| LineReason {
        condition: condition.name.clone(),
        label: on.fill(&condition.label),
        result: outcome.truth(i),
        article: condition.article.map(|a| pack.articles[a].label.clone()),
        facts: condition.facts().iter().map(|fact| shown(on, facts, fact)).collect(),
    });
    PackResult {
        pack: pack.id.clone(),
        title: pack.title.clone(),
        version: format!("{:016x}", pack.version),
        applies: applies(on, facts),
        outcome: outcome.verdict,
        class: outcome.class.filter(|_| eligible).map(|c| pack.classes[usize::from(c)].name.clone()),
        excluded_by,
        grants: grants.collect(),
        missing: outcome.missing.iter().map(Fact::name).collect(),
        reasons: reasons.collect(),
    }
}

fn shown(on: &PackOn, facts: &Facts, fact: Fact) -> LineFact {
    let value = on.value(facts, fact);
    LineFact { name: fact.name(), value: value.json(fact.ty()), zh: value.zh(fact.ty()) }
}
