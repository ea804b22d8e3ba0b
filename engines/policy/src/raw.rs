//! The shape of a pack's TOML document, with the place of everything a check may complain about.
use serde::Deserialize;
use toml::Spanned;
use toml::value::Datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub format: Spanned<u32>,
    pub id: Spanned<String>,
    pub title: String,
    pub document: String,
    #[serde(default)]
    pub document_note: String,
    pub place: Spanned<String>,
    #[serde(default)]
    pub place_note: String,
    #[serde(default)]
    pub local_example: bool,
    pub local_example_note: Option<Spanned<String>>,
    pub group: Option<String>,
    #[serde(default)]
    pub precedence: u16,
    #[serde(default)]
    pub application_needed: bool,
    pub effective_from: Spanned<Datetime>,
    pub effective_to: Option<Spanned<Datetime>>,
    #[serde(default)]
    pub articles: Vec<Article>,
    #[serde(default)]
    pub parameters: Vec<Parameter>,
    #[serde(default)]
    pub conditions: Vec<Condition>,
    #[serde(default)]
    pub grants: Vec<Grant>,
    #[serde(default)]
    pub classes: Vec<Class>,
    #[serde(default)]
    pub examples: Vec<Example>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Article {
    pub id: Spanned<String>,
    pub label: String,
    pub summary: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Parameter {
    pub name: Spanned<String>,
    pub label: String,
    #[serde(rename = "type")]
    pub ty: Spanned<String>,
    pub values: Vec<ParameterValue>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ParameterValue {
    pub value: Spanned<toml::Value>,
    pub from: Spanned<Datetime>,
    pub to: Option<Spanned<Datetime>>,
    pub source: Option<Spanned<String>>,
    pub choice: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub name: Spanned<String>,
    pub label: Spanned<String>,
    pub article: Option<Spanned<String>>,
    pub cel: Option<Spanned<String>>,
    pub all: Option<Vec<Spanned<String>>>,
    pub any: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub name: Spanned<String>,
    pub label: Spanned<String>,
    pub article: Spanned<String>,
    pub kind: Spanned<String>,
    pub amount: Spanned<String>,
    pub settlement: Spanned<String>,
    pub carry_over: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Class {
    pub name: Spanned<String>,
    pub label: String,
    pub when: Spanned<String>,
    pub grants: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Example {
    pub name: Spanned<String>,
    pub on: Option<Spanned<Datetime>>,
    pub facts: Spanned<toml::Table>,
    pub expect: Option<Spanned<String>>,
    pub class: Option<String>,
    pub grant: Option<Spanned<String>>,
    pub missing: Option<Vec<String>>,
    #[serde(default)]
    pub changes: Vec<Change>,
    pub quarter: Option<Spanned<String>>,
    pub months: Option<Vec<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Change {
    pub on: Spanned<Datetime>,
    pub facts: Spanned<toml::Table>,
}
