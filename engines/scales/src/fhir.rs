//! A scale, answers and a result as FHIR R4 (4.0.1) resources, in JSON.
//!
//! Codes are LOINC where the document names one, otherwise our own under the server's base address:
//! `{base}/CodeSystem/scale` for results, `{base}/CodeSystem/{scale}-level`, `-option`, `-kind` for what they say.
use crate::answers::{Answer, Answers, ConditionAnswer, Context};
use crate::outcome::{Finding, Graded, KindScore, Outcome};
use crate::scale::{AnswerKind, Choice, Condition, ConditionKind, Item, NumberKind, Scale};
use kernel::Instant;
use serde_json::{Map, Value, json};

const LOINC: &str = "http://loinc.org";
const UCUM: &str = "http://unitsofmeasure.org";
const ORDINAL: &str = "http://hl7.org/fhir/StructureDefinition/ordinalValue";
const UNIT: &str = "http://hl7.org/fhir/StructureDefinition/questionnaire-unit";
const CATEGORY: &str = "http://terminology.hl7.org/CodeSystem/observation-category";
const ABSENT: &str = "http://terminology.hl7.org/CodeSystem/data-absent-reason";
/// The group of questions about circumstances that are not items.
const CONDITIONS: &str = "conditions";

/// Who, when and where, as references of the server that answers.
#[derive(Clone, Copy, Debug)]
pub struct Envelope<'a> {
    /// The server's base address, without a slash at the end: `https://yl.example.cn/fhir`.
    pub base: &'a str,
    /// Id of the resource that is made.
    pub id: &'a str,
    /// `Patient/…`
    pub subject: &'a str,
    /// `Practitioner/…`, the leading assessor first.
    pub assessors: &'a [&'a str],
    /// When the assessment was finished.
    pub at: Instant,
}

/// The canonical address of the questionnaire.
fn canonical(base: &str, scale: &Scale) -> String {
    format!("{base}/Questionnaire/{}", scale.id)
}

fn system(base: &str, scale: &Scale, what: &str) -> String {
    format!("{base}/CodeSystem/{}-{what}", scale.id)
}

fn concept(loinc: Option<&str>, base: &str, code: &str, text: &str) -> Value {
    let mut coding = Vec::new();
    if let Some(loinc) = loinc {
        coding.push(json!({ "system": LOINC, "code": loinc }));
    }
    coding.push(json!({ "system": format!("{base}/CodeSystem/scale"), "code": code, "display": text }));
    json!({ "coding": coding, "text": text })
}

/// `2026-11-20T14:32:05+08:00`
fn date_time(at: Instant) -> String {
    format!("{}+08:00", at.stamp_seconds().replace(' ', "T"))
}

/// A value in units of `10^-decimals` as a JSON number.
fn decimal(kind: &NumberKind, value: i32) -> Value {
    kind.show(value).parse::<serde_json::Number>().map_or(Value::Null, Value::Number)
}

/// An option with its score as the ordinal value.
fn option(scale: &Scale, base: &str, choice: &Choice) -> Value {
    json!({
        "extension": [{ "url": ORDINAL, "valueDecimal": choice.score }],
        "system": system(base, scale, "option"),
        "code": choice.code.as_str(),
        "display": choice.label,
    })
}

/// The scale as a `Questionnaire`: one group per section, one question per item, one group for conditions.
pub fn questionnaire(scale: &Scale, base: &str) -> Value {
    let mut groups: Vec<Value> = scale
        .sections
        .iter()
        .map(|s| {
            let items: Vec<Value> = s.items.iter().map(|i| question(scale, base, i)).collect();
            json!({ "linkId": s.id.as_str(), "text": s.title, "type": "group", "item": items })
        })
        .collect();
    if !scale.conditions.is_empty() {
        let items: Vec<Value> = scale
            .conditions
            .iter()
            .map(|c| {
                let kind = match c.kind {
                    ConditionKind::Flag => "boolean",
                    ConditionKind::Count => "integer",
                };
                json!({ "linkId": condition_link(c), "text": c.question, "type": kind, "required": true })
            })
            .collect();
        groups.push(json!({ "linkId": CONDITIONS, "text": "其他情形", "type": "group", "item": items }));
    }
    let mut resource = json!({
        "resourceType": "Questionnaire",
        "id": scale.id.as_str(),
        "language": "zh-CN",
        "url": canonical(base, scale),
        "version": scale.version,
        "title": scale.title,
        "status": if scale.to_confirm().is_empty() { "active" } else { "draft" },
        "subjectType": ["Patient"],
        "description": scale.document,
        "copyright": scale.licence,
        "item": groups,
    });
    if let Some(loinc) = &scale.loinc {
        resource["code"] = json!([{ "system": LOINC, "code": loinc }]);
    }
    resource
}

fn condition_link(condition: &Condition) -> String {
    format!("{CONDITIONS}.{}", condition.id)
}

fn question(scale: &Scale, base: &str, item: &Item) -> Value {
    let mut question = json!({
        "linkId": item.id.as_str(),
        "text": format!("{}：{}", item.title, item.question),
        "required": true,
    });
    if let Some(loinc) = &item.loinc {
        question["code"] = json!([{ "system": LOINC, "code": loinc }]);
    }
    match &item.answer {
        AnswerKind::Options(options) => {
            let options: Vec<Value> =
                options.iter().map(|o| json!({ "valueCoding": option(scale, base, o) })).collect();
            question["type"] = json!("choice");
            question["answerOption"] = Value::Array(options);
        }
        AnswerKind::Number(kind) => {
            question["type"] = json!("quantity");
            question["extension"] =
                json!([{ "url": UNIT, "valueCoding": { "system": UCUM, "code": kind.ucum, "display": kind.unit } }]);
        }
    }
    question
}

/// What was answered, as a `QuestionnaireResponse`. It is `completed` when every item and condition has an answer,
/// otherwise `in-progress`; answers that are not of this scale are left out.
pub fn questionnaire_response(scale: &Scale, answers: &Answers, context: &Context, envelope: &Envelope) -> Value {
    let base = envelope.base;
    let mut complete = true;
    let mut groups = Vec::new();
    for section in &scale.sections {
        let given: Vec<Value> = section
            .items
            .iter()
            .filter_map(|item| {
                let value = answers.get(&item.id).and_then(|a| answer(scale, base, item, a));
                complete &= value.is_some();
                Some(json!({ "linkId": item.id.as_str(), "text": item.title, "answer": [value?] }))
            })
            .collect();
        if !given.is_empty() {
            groups.push(json!({ "linkId": section.id.as_str(), "text": section.title, "item": given }));
        }
    }
    let given: Vec<Value> = scale
        .conditions
        .iter()
        .filter_map(|c| {
            let value = match (c.kind, context.conditions.get(&c.id)) {
                (ConditionKind::Flag, Some(ConditionAnswer::Flag(v))) => Some(json!({ "valueBoolean": v })),
                (ConditionKind::Count, Some(ConditionAnswer::Count(n))) => Some(json!({ "valueInteger": n })),
                (ConditionKind::Flag | ConditionKind::Count, _) => None,
            };
            complete &= value.is_some();
            Some(json!({ "linkId": condition_link(c), "text": c.question, "answer": [value?] }))
        })
        .collect();
    if !given.is_empty() {
        groups.push(json!({ "linkId": CONDITIONS, "text": "其他情形", "item": given }));
    }
    let mut resource = json!({
        "resourceType": "QuestionnaireResponse",
        "id": envelope.id,
        "language": "zh-CN",
        "questionnaire": format!("{}|{}", canonical(base, scale), scale.version),
        "status": if complete { "completed" } else { "in-progress" },
        "subject": { "reference": envelope.subject },
        "authored": date_time(envelope.at),
    });
    // An empty list is not allowed in FHIR; R4 knows one author, the others perform the observation.
    if !groups.is_empty() {
        resource["item"] = Value::Array(groups);
    }
    if let Some(author) = envelope.assessors.first() {
        resource["author"] = json!({ "reference": author });
    }
    resource
}

fn answer(scale: &Scale, base: &str, item: &Item, answer: &Answer) -> Option<Value> {
    match (&item.answer, answer) {
        (AnswerKind::Options(options), Answer::Option(code)) => {
            let chosen = options.iter().find(|o| o.code == *code)?;
            Some(json!({ "valueCoding": option(scale, base, chosen) }))
        }
        (AnswerKind::Number(kind), Answer::Number(value)) => Some(json!({ "valueQuantity": {
            "value": decimal(kind, *value), "unit": kind.unit, "system": UCUM, "code": kind.ucum,
        } })),
        (AnswerKind::Options(_), Answer::Number(_)) | (AnswerKind::Number(_), Answer::Option(_)) => None,
    }
}

/// The result as an `Observation`: the total as value and the level as interpretation, or the level as value where there
/// is no total; subtotals, section grades and kinds as components. An undecided level makes it `preliminary`.
/// `response`: reference of the `QuestionnaireResponse` it follows from.
pub fn observation(scale: &Scale, outcome: &Outcome, envelope: &Envelope, response: Option<&str>) -> Value {
    let base = envelope.base;
    let mut resource = Map::new();
    let mut put = |key: &str, value: Value| {
        resource.insert(key.to_owned(), value);
    };
    let undecided = matches!(outcome.level, Finding::Undecided { .. });
    put("resourceType", json!("Observation"));
    put("id", json!(envelope.id));
    put("language", json!("zh-CN"));
    put("status", json!(if undecided { "preliminary" } else { "final" }));
    put("category", json!([{ "coding": [{ "system": CATEGORY, "code": "survey", "display": "Survey" }] }]));
    put("code", concept(scale.loinc.as_deref(), base, scale.id.as_str(), &scale.title));
    put("subject", json!({ "reference": envelope.subject }));
    put("effectiveDateTime", json!(date_time(envelope.at)));
    if !envelope.assessors.is_empty() {
        let performers: Vec<Value> = envelope.assessors.iter().map(|a| json!({ "reference": a })).collect();
        put("performer", Value::Array(performers));
    }
    if let Some(response) = response {
        put("derivedFrom", json!([{ "reference": response }]));
    }
    let mut components: Vec<Value> =
        outcome.sections.iter().filter_map(|s| section_component(scale, base, s)).collect();
    components.extend(outcome.kinds.iter().map(|k| kind_component(scale, base, k)));
    let level = outcome.level.graded().map(|l| level_concept(scale, base, l));
    match (outcome.total, level) {
        (Some(total), level) => {
            put("valueInteger", json!(total.value));
            if let Some(level) = level {
                put("interpretation", json!([level]));
            }
        }
        (None, Some(level)) => put("valueCodeableConcept", level),
        // What there is to say stands in the components.
        (None, None) if undecided || components.is_empty() => {
            put("dataAbsentReason", json!({ "coding": [{ "system": ABSENT, "code": "unknown" }] }));
        }
        (None, None) => {}
    }
    if !components.is_empty() {
        put("component", Value::Array(components));
    }
    let notes = notes(outcome);
    if !notes.is_empty() {
        put("note", Value::Array(notes));
    }
    Value::Object(resource)
}

fn level_concept(scale: &Scale, base: &str, level: &Graded) -> Value {
    json!({
        "coding": [{ "system": system(base, scale, "level"), "code": level.code.as_str(), "display": level.zh }],
        "text": level.zh,
    })
}

fn section_component(scale: &Scale, base: &str, section: &crate::outcome::SectionScore) -> Option<Value> {
    if scale.sections.len() == 1 && section.grade.is_none() {
        return None;
    }
    let code = format!("{}-{}", scale.id, section.section);
    let mut component = json!({ "code": concept(None, base, &code, &section.title) });
    let grade = section.grade.as_ref().map(|g| {
        let code = format!("{}-{}", section.section, g.code);
        json!({
            "coding": [{ "system": system(base, scale, "grade"), "code": code, "display": g.zh }],
            "text": g.zh,
        })
    });
    match (section.sum, grade) {
        (Some(sum), grade) => {
            component["valueInteger"] = json!(sum.value);
            if let Some(grade) = grade {
                component["interpretation"] = json!([grade]);
            }
        }
        (None, Some(grade)) => component["valueCodeableConcept"] = grade,
        (None, None) => return None,
    }
    Some(component)
}

fn kind_component(scale: &Scale, base: &str, kind: &KindScore) -> Value {
    let code = format!("{}-{}", scale.id, kind.kind);
    let verdict = json!({
        "coding": [{
            "system": system(base, scale, "kind"), "code": kind.verdict.code(), "display": kind.verdict.zh(),
        }],
        "text": kind.verdict.zh(),
    });
    json!({
        "code": concept(None, base, &code, &kind.title),
        "valueInteger": kind.sum.value,
        "interpretation": [verdict],
    })
}

/// Adjustments and choices, in words.
fn notes(outcome: &Outcome) -> Vec<Value> {
    let adjusted = outcome.adjustments.iter().map(|a| format!("{}（{}）：{}", a.reason, a.source, a.result.zh()));
    let why = match &outcome.level {
        Finding::Undecided { why, .. } => Some(why.clone()),
        Finding::Level(_) | Finding::NotGraded => None,
    };
    adjusted.chain(why).chain(outcome.notes.iter().cloned()).map(|text| json!({ "text": text })).collect()
}
