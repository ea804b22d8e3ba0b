//! The shape of a pack's TOML document, with the place of everything a check may complain about.
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;
use toml::value::Datetime;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub format: Spanned<u32>,
    pub id: Spanned<String>,
    pub subject: Option<Spanned<String>>,
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
    pub excludes: Vec<Spanned<String>>,
    #[serde(default)]
    pub exclusive_with: Vec<Spanned<String>>,
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
    pub evidence: Vec<Evidence>,
    pub assessment: Option<Assessment>,
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
    /// The name of an int parameter; goes with `of`.
    pub at_least: Option<Spanned<String>>,
    pub of: Option<Vec<Spanned<String>>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Assessment {
    pub name: Spanned<String>,
    pub label: Spanned<String>,
    pub article: Option<Spanned<String>>,
    pub standards: Spanned<Vec<Spanned<String>>>,
    pub valid_months: Option<Spanned<String>>,
    pub missing: Spanned<String>,
    pub expired: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Evidence {
    pub id: Spanned<String>,
    pub label: String,
    pub article: Spanned<String>,
    #[serde(default)]
    pub proves: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grant {
    pub name: Spanned<String>,
    pub label: Spanned<String>,
    pub article: Spanned<String>,
    pub kind: Spanned<String>,
    pub amount: Option<Spanned<String>>,
    pub settlement: Option<Spanned<String>>,
    pub carry_over: Option<Spanned<bool>>,
    pub accumulates: Option<Spanned<bool>>,
    pub carry_limit: Option<Spanned<String>>,
    pub cap: Option<Spanned<String>>,
    pub covers: Option<Spanned<String>>,
    pub per_day: Option<Spanned<String>>,
    pub period: Option<Spanned<String>>,
    pub times: Option<Spanned<String>>,
    pub percent: Option<Spanned<String>>,
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
    /// What each grant comes to, by name, in yuan.
    #[serde(default)]
    pub amounts: BTreeMap<String, Spanned<String>>,
    /// What is left to pay beside each grant, by name, in yuan.
    #[serde(default)]
    pub own: BTreeMap<String, Spanned<String>>,
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
