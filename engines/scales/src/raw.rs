//! The shape of a scale's TOML document, with the place of everything a check may complain about.
use serde::Deserialize;
use std::collections::BTreeMap;
use toml::Spanned;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    pub format: Spanned<u32>,
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    pub short_title: Spanned<String>,
    pub version: Spanned<String>,
    pub document: Spanned<String>,
    #[serde(default)]
    pub document_note: String,
    pub licence: Spanned<String>,
    pub better: Spanned<String>,
    pub grading: Spanned<String>,
    /// Whether the sum of all sections means something.
    pub total: Spanned<bool>,
    pub assessors: Option<Spanned<u8>>,
    pub validity_months: Option<Spanned<u16>>,
    pub loinc: Option<String>,
    /// How adjustments that raise by a level add up.
    pub stacking: Option<Spanned<String>>,
    #[serde(default)]
    pub confidence: Vec<Confidence>,
    #[serde(default)]
    pub option_sets: Vec<OptionSet>,
    #[serde(default)]
    pub sections: Vec<Section>,
    #[serde(default)]
    pub levels: Vec<Level>,
    pub combination: Option<Combination>,
    pub kinds: Option<Kinds>,
    #[serde(default)]
    pub conditions: Vec<Condition>,
    #[serde(default)]
    pub adjustments: Vec<Adjustment>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Confidence {
    pub part: Spanned<String>,
    pub mark: Spanned<String>,
    pub note: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OptionSet {
    pub id: Spanned<String>,
    pub options: Vec<Choice>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Choice {
    pub code: Spanned<String>,
    pub score: Spanned<i32>,
    pub label: Spanned<String>,
    pub meaning: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Section {
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    #[serde(default)]
    pub note: String,
    /// Where it differs from the scale's.
    pub better: Option<Spanned<String>>,
    /// `false`: the section is graded by its rules, its scores are not added up.
    pub sum: Option<bool>,
    #[serde(default)]
    pub items: Vec<Item>,
    #[serde(default)]
    pub grades: Vec<Grade>,
    #[serde(default)]
    pub rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Item {
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    pub question: Spanned<String>,
    pub loinc: Option<String>,
    pub options: Option<Vec<Choice>>,
    pub options_from: Option<Spanned<String>>,
    pub number: Option<Number>,
    #[serde(default)]
    pub bands: Vec<BandSet>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Number {
    pub min: Spanned<i32>,
    pub max: Spanned<i32>,
    #[serde(default)]
    pub decimals: u8,
    pub unit: String,
    pub ucum: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BandSet {
    #[serde(default)]
    pub when: BTreeMap<Spanned<String>, Spanned<String>>,
    pub scores: Spanned<Vec<Band>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Band {
    pub min: Option<Spanned<i32>>,
    pub max: Option<Spanned<i32>>,
    pub score: Spanned<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Grade {
    pub code: Spanned<String>,
    pub title: Spanned<String>,
    pub min: Option<Spanned<i32>>,
    pub max: Option<Spanned<i32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Level {
    pub code: Spanned<String>,
    pub title: Spanned<String>,
    pub min: Option<Spanned<i32>>,
    pub max: Option<Spanned<i32>>,
    pub care_dependence: Option<Care>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Care {
    pub code: Spanned<String>,
    pub source: Option<Spanned<String>>,
    pub choice: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Combination {
    /// `true`: the standard's own words are not a function; gaps and overlaps are kept and never silently decided.
    pub ambiguous: Spanned<bool>,
    #[serde(default)]
    pub rules: Vec<Rule>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    pub level: Spanned<String>,
    pub words: Spanned<String>,
    pub all: Spanned<Vec<Clause>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Clause {
    pub of: Vec<Spanned<String>>,
    pub is: Spanned<Vec<i32>>,
    pub at_least: Option<Spanned<usize>>,
    pub at_most: Option<Spanned<usize>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kinds {
    pub yes_from: Spanned<i32>,
    pub tendency_from: Spanned<i32>,
    #[serde(default)]
    pub biased: Vec<Kind>,
    pub balanced: Balanced,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Kind {
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    pub items: Vec<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Balanced {
    pub id: Spanned<String>,
    pub title: Spanned<String>,
    pub items: Vec<Spanned<String>>,
    #[serde(default)]
    pub reversed: Vec<Spanned<String>>,
    pub yes_from: Spanned<i32>,
    pub yes_others_to: Spanned<i32>,
    pub basically_others_to: Spanned<i32>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Condition {
    pub id: Spanned<String>,
    pub question: Spanned<String>,
    pub kind: Spanned<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Adjustment {
    pub id: Spanned<String>,
    pub reason: Spanned<String>,
    pub source: Spanned<String>,
    pub raise: Option<Spanned<u8>>,
    pub set: Option<Spanned<String>>,
    pub at_least_level: Option<Spanned<String>>,
    #[serde(default)]
    pub any: Vec<Trigger>,
    pub count_of: Option<Vec<Spanned<String>>>,
    pub count_at_least: Option<Spanned<u32>>,
    pub any_item_scores: Option<Spanned<i32>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trigger {
    pub condition: Option<Spanned<String>>,
    pub item: Option<Spanned<String>>,
    pub option: Option<Spanned<String>>,
}
