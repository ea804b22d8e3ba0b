//! From a document to a scale: every name, bound, rule and limit is checked.
use crate::error::{ScaleError, Source};
use crate::ids::{ScaleId, SectionId, is_name};
use crate::load_items::Items;
use crate::raw;
use crate::scale::{Better, Flag, GradingKind, Mark, Part, Range, Scale, Section, Stacking};
use toml::Spanned;

/// The largest document, in bytes.
pub const MAX_DOCUMENT: usize = 256 * 1024;
/// The most sections of a scale.
pub const MAX_SECTIONS: usize = 20;
/// The most items of a scale.
pub const MAX_ITEMS: usize = 200;
/// The most options of an item, bands of a set, levels, grades, conditions, adjustments and rules.
pub const MAX_LIST: usize = 40;
/// The longest text, in characters.
pub const MAX_TEXT: usize = 1000;
/// The highest score of an option, up and down.
pub const MAX_SCORE: i32 = 1000;
/// The only document format so far.
const FORMAT: u32 = 1;
/// The longest validity, in months; more is a slip.
const MAX_VALIDITY: u16 = 60;

pub(crate) type Loaded<T> = Result<T, ScaleError>;

impl Scale {
    /// Reads and checks a scale. `file` is the name errors are reported under.
    ///
    /// # Errors
    /// The first fault found, with line and column.
    pub fn load(file: &str, text: &str) -> Result<Scale, ScaleError> {
        let src = Source { file, text };
        if text.len() > MAX_DOCUMENT {
            return Err(src.error(0, format!("文件太大：{} 字节，最多 {MAX_DOCUMENT} 字节", text.len())));
        }
        let document: raw::Document =
            toml::from_str(text).map_err(|e| src.error(e.span().map_or(0, |s| s.start), toml_message(e.message())))?;
        Loader { src, doc: &document }.scale()
    }
}

/// The TOML reader's words in Chinese where they are common.
fn toml_message(message: &str) -> String {
    let quoted = || message.split('`').nth(1).unwrap_or_default();
    let message = message.trim();
    if message.starts_with("unknown field") {
        format!("不认识的项“{}”：{message}", quoted())
    } else if message.starts_with("missing field") {
        format!("少了“{}”这一项", quoted())
    } else if message.starts_with("duplicate key") {
        format!("同一项写了两次：{message}")
    } else if message.contains("recursion") {
        "套得太深，拆开写".into()
    } else {
        format!("TOML 写法不对：{message}")
    }
}

pub(crate) struct Loader<'a> {
    pub src: Source<'a>,
    pub doc: &'a raw::Document,
}

impl Loader<'_> {
    fn scale(&self) -> Loaded<Scale> {
        let (src, doc) = (self.src, self.doc);
        if *doc.format.get_ref() != FORMAT {
            return Err(src.at(&doc.format, format!("format 现在只有 {FORMAT}")));
        }
        self.name(&doc.id)?;
        let better = self.word(&doc.better, Better::parse, "higher 或 lower")?;
        let kind = self.word(&doc.grading, GradingKind::parse, "bounds、combination、kinds 或 none")?;
        let stacking = match &doc.stacking {
            Some(s) => self.word(s, Stacking::parse, "once 或 each")?,
            None => Stacking::Once,
        };
        if let Some(months) = &doc.validity_months
            && !(1..=MAX_VALIDITY).contains(months.get_ref())
        {
            return Err(src.at(months, format!("有效期写 1 到 {MAX_VALIDITY} 个月")));
        }
        let assessors = doc.assessors.as_ref().map_or(1, |a| *a.get_ref());
        if let Some(a) = &doc.assessors
            && !(1..=5).contains(&assessors)
        {
            return Err(src.at(a, "评估员写 1 到 5 人"));
        }
        let sections = self.sections()?;
        let items = Items::of(&sections);
        self.bands(&items)?;
        let total = self.total(&sections)?;
        let (levels, grading) = self.grading(kind, better, total, &sections)?;
        let conditions = self.conditions()?;
        let adjustments = self.adjustments(&items, &levels, &conditions)?;
        let (verified, to_confirm) = self.confidence(&levels)?;
        Ok(Scale {
            id: ScaleId::new(doc.id.get_ref()),
            title: self.text(&doc.title)?,
            short_title: self.text(&doc.short_title)?,
            version: self.text(&doc.version)?,
            document: self.text(&doc.document)?,
            document_note: doc.document_note.trim().to_owned(),
            licence: self.text(&doc.licence)?,
            better,
            grading,
            total,
            assessors,
            validity_months: doc.validity_months.as_ref().map(|m| *m.get_ref()),
            loinc: doc.loinc.clone(),
            sections,
            levels,
            conditions,
            adjustments,
            stacking,
            verified,
            to_confirm,
            fingerprint: fingerprint(src.text),
            text: src.text.to_owned(),
        })
    }

    /// A sum over sections that are summed themselves.
    fn total(&self, sections: &[Section]) -> Loaded<Option<Range>> {
        if !self.doc.total.get_ref() {
            return Ok(None);
        }
        let sums: Option<Vec<Range>> = sections.iter().map(|s| s.sum).collect();
        let sums = sums.ok_or_else(|| self.src.at(&self.doc.total, "有的部分不计分，total 只能写 false"))?;
        Ok(Some(Range { min: sums.iter().map(|r| r.min).sum(), max: sums.iter().map(|r| r.max).sum() }))
    }

    fn sections(&self) -> Loaded<Vec<Section>> {
        let (src, raws) = (self.src, &self.doc.sections);
        if raws.is_empty() {
            return Err(src.at(&self.doc.id, "至少要有一个部分（sections）"));
        }
        self.unique(raws.iter().map(|s| &s.id), "部分", MAX_SECTIONS)?;
        let all: Vec<&Spanned<String>> = raws.iter().flat_map(|s| &s.items).map(|i| &i.id).collect();
        self.unique(all.iter().copied(), "条目", MAX_ITEMS)?;
        raws.iter()
            .map(|raw| {
                let items: Vec<_> = raw.items.iter().map(|i| self.item(i)).collect::<Loaded<_>>()?;
                if items.is_empty() {
                    return Err(src.at(&raw.id, "这一部分没有条目"));
                }
                let summed = raw.sum.unwrap_or(true);
                let sum = summed.then(|| Range {
                    min: items.iter().map(|i| i.scores.min).sum(),
                    max: items.iter().map(|i| i.scores.max).sum(),
                });
                let better = raw.better.as_ref().unwrap_or(&self.doc.better);
                let better = self.word(better, Better::parse, "higher 或 lower")?;
                let (grades, rules) = self.grades(raw, &items, summed, better)?;
                Ok(Section {
                    id: SectionId::new(raw.id.get_ref()),
                    title: self.text(&raw.title)?,
                    note: raw.note.trim().to_owned(),
                    better,
                    items,
                    sum,
                    grades,
                    rules,
                })
            })
            .collect()
    }

    /// Marks by part. A level that is matched to policy by local choice has to be flagged for confirmation.
    fn confidence(&self, levels: &[crate::scale::Level]) -> Loaded<(Vec<Flag>, Vec<Flag>)> {
        let (mut verified, mut to_confirm) = (Vec::new(), Vec::new());
        let raws = &self.doc.confidence;
        if raws.len() > MAX_LIST {
            return Err(self.src.at(&raws[MAX_LIST].part, format!("最多 {MAX_LIST} 条")));
        }
        for raw in raws {
            let known: Vec<&str> = Part::ALL.iter().map(|p| p.code()).collect();
            let part = self.word(&raw.part, Part::parse, &known.join("、"))?;
            let flag = Flag { part, note: self.text(&raw.note)? };
            match self.word(&raw.mark, Mark::parse, "verified 或 to_confirm")? {
                Mark::Verified => verified.push(flag),
                Mark::ToConfirm => to_confirm.push(flag),
            }
        }
        let local =
            |l: &crate::scale::Level| l.care.as_ref().is_some_and(|c| c.basis == crate::scale::Basis::LocalChoice);
        let flagged = to_confirm.iter().any(|f| f.part == Part::CareDependence);
        if let Some(i) = levels.iter().position(local)
            && !flagged
            && let Some(care) = self.doc.levels.get(i).and_then(|l| l.care_dependence.as_ref())
        {
            return Err(self
                .src
                .at(&care.code, "本地对应要在 confidence 里写一条 care_dependence、to_confirm，请管理员确认"));
        }
        Ok((verified, to_confirm))
    }

    /// A text that is shown: not empty, not endless.
    pub fn text(&self, text: &Spanned<String>) -> Loaded<String> {
        let trimmed = text.get_ref().trim();
        if trimmed.is_empty() {
            return Err(self.src.at(text, "这里不能空着"));
        }
        if trimmed.chars().count() > MAX_TEXT {
            return Err(self.src.at(text, format!("太长，最多 {MAX_TEXT} 字")));
        }
        Ok(trimmed.to_owned())
    }

    pub fn word<T>(&self, text: &Spanned<String>, parse: fn(&str) -> Option<T>, known: &str) -> Loaded<T> {
        parse(text.get_ref()).ok_or_else(|| self.src.at(text, format!("不认识“{}”，可用的是 {known}", text.get_ref())))
    }

    pub fn name(&self, name: &Spanned<String>) -> Loaded<()> {
        if is_name(name.get_ref()) {
            return Ok(());
        }
        Err(self.src.at(name, "名字用字母、数字和 . _ -，字母或数字开头，最多 40 个"))
    }

    pub fn unique<'n>(
        &self,
        names: impl IntoIterator<Item = &'n Spanned<String>>,
        what: &str,
        most: usize,
    ) -> Loaded<()> {
        let mut seen: Vec<&str> = Vec::new();
        for name in names {
            self.name(name)?;
            if seen.contains(&name.get_ref().as_str()) {
                return Err(self.src.at(name, format!("{what}“{}”写了两次", name.get_ref())));
            }
            if seen.len() == most {
                return Err(self.src.at(name, format!("{what}太多，最多 {most} 个")));
            }
            seen.push(name.get_ref());
        }
        Ok(())
    }

    pub fn score(&self, score: &Spanned<i32>) -> Loaded<i32> {
        let value = *score.get_ref();
        if value.unsigned_abs() > MAX_SCORE.unsigned_abs() {
            return Err(self.src.at(score, format!("分值写 -{MAX_SCORE} 到 {MAX_SCORE}")));
        }
        Ok(value)
    }
}

/// FNV-1a: tells one text of a document from the next; not a seal.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}
