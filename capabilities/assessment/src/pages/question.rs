//! One item of a scale as one screen.
use crate::model::{Field, Sheet, Value};
use scales::{Answer, AnswerKind, ConditionAnswer, ConditionKind, NumberKind, Scale};

/// A possible answer.
pub(super) struct Opt {
    pub code: String,
    /// What stands in the square: the score.
    pub sign: String,
    pub label: String,
    pub meaning: String,
    pub on: bool,
}

/// One screen.
pub(super) struct Question {
    /// From 1.
    pub step: usize,
    pub field: Field,
    pub section: String,
    /// Place inside its section, from 1, and how many it has.
    pub place: (usize, usize),
    pub title: String,
    pub question: String,
    /// Empty for a measured value.
    pub options: Vec<Opt>,
    /// What a written number is multiplied with: 10 for one decimal.
    pub factor: u32,
    /// A measured value: what is written, its unit, and the bounds in words.
    pub number: Option<(String, String, String)>,
    /// Only items have notes.
    pub note: Option<String>,
}

impl Question {
    pub fn answered(&self) -> bool {
        self.options.iter().any(|o| o.on) || self.number.as_ref().is_some_and(|(v, ..)| !v.is_empty())
    }
    pub fn code(&self) -> String {
        self.field.code()
    }
    /// The id of the item, for its note.
    pub fn item(&self) -> &str {
        match &self.field {
            Field::Answer(id) | Field::Condition(id) | Field::Note(id) => id,
        }
    }
    /// How it is answered, for the script that keeps answers.
    pub fn kind(&self) -> &'static str {
        match (&self.field, &self.number) {
            (Field::Condition(_), _) if self.options.len() == 2 => "flag",
            (Field::Condition(_), _) => "count",
            (_, Some(_)) => "number",
            _ => "option",
        }
    }
}

const OTHER: &str = "其他情形";
/// The most often a count of the last days is asked for apart; beyond it is "or more".
const COUNTED: u32 = 3;

/// All screens of a scale, items first.
pub(super) fn questions(scale: &Scale, sheet: &Sheet) -> Vec<Question> {
    let mut out = Vec::new();
    for section in &scale.sections {
        for (n, item) in section.items.iter().enumerate() {
            let now = sheet.answers.get(item.id.as_str());
            let (options, number) = match &item.answer {
                AnswerKind::Options(options) => {
                    let opts = options.iter().map(|o| Opt {
                        code: o.code.to_string(),
                        sign: o.score.to_string(),
                        label: o.label.clone(),
                        meaning: o.meaning.clone(),
                        on: matches!(now, Some(Answer::Option(c)) if *c == o.code),
                    });
                    (opts.collect(), None)
                }
                AnswerKind::Number(kind) => {
                    let value = match now {
                        Some(Answer::Number(n)) => kind.show(*n),
                        _ => String::new(),
                    };
                    let bounds = format!("{} 到 {}", kind.show(kind.range.min), kind.show(kind.range.max));
                    (Vec::new(), Some((value, kind.unit.clone(), bounds)))
                }
            };
            out.push(Question {
                step: out.len() + 1,
                field: Field::Answer(item.id.to_string()),
                section: section.title.clone(),
                place: (n + 1, section.items.len()),
                title: item.title.clone(),
                question: item.question.clone(),
                options,
                factor: match &item.answer {
                    AnswerKind::Number(kind) => 10u32.pow(u32::from(kind.decimals)),
                    AnswerKind::Options(_) => 1,
                },
                number,
                note: Some(sheet.notes.get(item.id.as_str()).cloned().unwrap_or_default()),
            });
        }
    }
    let all = scale.conditions.len();
    for (n, c) in scale.conditions.iter().enumerate() {
        let now = sheet.conditions.get(c.id.as_str()).copied();
        let opt = |code: String, label: String, on| Opt { sign: code.clone(), code, label, meaning: String::new(), on };
        let options = match c.kind {
            ConditionKind::Flag => [("no", "没有", false), ("yes", "有", true)]
                .map(|(code, word, v)| Opt {
                    sign: word.chars().take(1).collect(),
                    ..opt(code.into(), word.into(), now == Some(ConditionAnswer::Flag(v)))
                })
                .into(),
            ConditionKind::Count => (0..=COUNTED)
                .map(|n| {
                    let word = match n {
                        0 => "没有".to_string(),
                        COUNTED => format!("{n} 次以上"),
                        _ => format!("{n} 次"),
                    };
                    opt(n.to_string(), word, now == Some(ConditionAnswer::Count(n)))
                })
                .collect(),
        };
        out.push(Question {
            step: out.len() + 1,
            field: Field::Condition(c.id.to_string()),
            section: OTHER.into(),
            place: (n + 1, all),
            title: OTHER.into(),
            question: c.question.clone(),
            options,
            factor: 1,
            number: None,
            note: None,
        });
    }
    out
}

/// The value a form sends for a screen: nothing for nothing chosen.
///
/// # Errors
/// A sentence for a number that cannot be read.
pub(super) fn value_of(scale: &Scale, field: &Field, text: &str) -> Result<Option<Value>, String> {
    let text = text.trim();
    if text.is_empty() {
        return Ok(None);
    }
    Ok(Some(match field {
        Field::Answer(id) => match scale.item(&id.as_str().into()).map(|i| &i.answer) {
            Some(AnswerKind::Number(kind)) => Value::Answer(Answer::Number(number(kind, text)?)),
            Some(AnswerKind::Options(_)) | None => Value::Answer(Answer::Option(text.into())),
        },
        Field::Condition(_) => match text {
            "yes" => Value::Condition(ConditionAnswer::Flag(true)),
            "no" => Value::Condition(ConditionAnswer::Flag(false)),
            n => Value::Condition(ConditionAnswer::Count(n.parse().map_err(|_| "次数要写成数字".to_string())?)),
        },
        Field::Note(_) => Value::Note(text.to_string()),
    }))
}

/// `36.5` with one decimal: 365.
fn number(kind: &NumberKind, text: &str) -> Result<i32, String> {
    let wrong = || format!("要写成数字，在 {} 到 {} 之间", kind.show(kind.range.min), kind.show(kind.range.max));
    let decimals = usize::from(kind.decimals);
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    if part.len() > decimals || !part.chars().all(|c| c.is_ascii_digit()) {
        return Err(wrong());
    }
    let digits = format!("{whole}{part:0<decimals$}");
    digits.parse().map_err(|_| wrong())
}

/// The words of a value, for showing two of them beside each other.
pub(super) fn words_of(scale: &Scale, field: &Field, value: Option<&Value>) -> String {
    let Some(value) = value else { return "没有填".into() };
    match (field, value) {
        (Field::Answer(id), Value::Answer(answer)) => {
            match (scale.item(&id.as_str().into()).map(|i| &i.answer), answer) {
                (Some(AnswerKind::Options(options)), Answer::Option(code)) => options
                    .iter()
                    .find(|o| o.code == *code)
                    .map(|o| format!("{} 分　{}：{}", o.score, o.label, o.meaning))
                    .unwrap_or_else(|| code.to_string()),
                (Some(AnswerKind::Number(kind)), Answer::Number(n)) => format!("{} {}", kind.show(*n), kind.unit),
                (_, Answer::Option(code)) => code.to_string(),
                (_, Answer::Number(n)) => n.to_string(),
            }
        }
        (_, Value::Condition(ConditionAnswer::Flag(true))) => "有".into(),
        (_, Value::Condition(ConditionAnswer::Flag(false))) => "没有".into(),
        (_, Value::Condition(ConditionAnswer::Count(n))) => format!("{n} 次"),
        (_, Value::Note(text)) => text.clone(),
        (_, Value::Answer(_)) => "—".into(),
    }
}

/// What a place is called.
pub(super) fn title_of(scale: &Scale, field: &Field) -> String {
    match field {
        Field::Answer(id) => scale.item(&id.as_str().into()).map_or_else(|| id.clone(), |i| i.title.clone()),
        Field::Note(id) => {
            format!("{}（看到了什么）", scale.item(&id.as_str().into()).map_or(id.as_str(), |i| i.title.as_str()))
        }
        Field::Condition(id) => {
            scale.conditions.iter().find(|c| c.id.as_str() == id).map_or_else(|| id.clone(), |c| c.question.clone())
        }
    }
}
