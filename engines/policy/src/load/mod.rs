//! From a document to a pack: every reference, type, period and limit is checked, then the examples are run.
mod conditions;
mod grants;

use crate::error::{PackError, Source};
use crate::expr::PARSER_STACK;
use crate::pack::{Article, Kind, Pack};
use crate::parameter::{HouseholdRule, MonthRule, Parameter, ParameterType, ParameterValue, Setting};
use crate::{Fact, Subject, raw};
use kernel::{CivilDate, Fen, RegionCode};
use std::sync::Arc;
use toml::Spanned;
use toml::value::Datetime;

/// The largest document, in bytes.
const MAX_DOCUMENT: usize = 256 * 1024;
/// The most entries in each list of a document.
const MAX_LIST: usize = 500;
/// The only document format so far.
const FORMAT: u32 = 1;

pub(crate) type Loaded<T> = Result<T, PackError>;

impl Pack {
    /// Reads and checks a pack. `file` is the name errors are reported under.
    ///
    /// # Errors
    /// The first fault found, with line and column; a failing example is a fault.
    pub fn load(file: &str, text: &str) -> Result<Pack, PackError> {
        let src = Source { file, text };
        let (document, built) = read(src)?;
        crate::examples::run(&built, &document.examples, src)?;
        Ok(built)
    }
    /// [`Pack::load`], with every example's own answer: for whoever is still writing the document.
    pub fn check(file: &str, text: &str) -> Check {
        let src = Source { file, text };
        match read(src) {
            Err(fault) => Check { pack: None, fault: Some(fault), examples: Vec::new() },
            Ok((document, built)) => {
                let tried = crate::examples::each(&built, &document.examples, src);
                let fault = tried.iter().find_map(|t| t.fault.clone());
                Check { pack: Some(built), fault, examples: tried }
            }
        }
    }
}

/// What is known of a document that may still be wrong.
#[derive(Debug)]
pub struct Check {
    /// The pack, where everything but perhaps an example is right.
    pub pack: Option<Pack>,
    /// The first fault.
    pub fault: Option<PackError>,
    pub examples: Vec<Tried>,
}

/// An example that was run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tried {
    pub name: String,
    /// What does not agree, where the example stands; nothing where it does.
    pub fault: Option<PackError>,
}

/// A document and the pack it makes, examples not yet run.
fn read(src: Source<'_>) -> Loaded<(raw::Document, Pack)> {
    let text = src.text;
    if text.len() > MAX_DOCUMENT {
        return Err(src.error(0, format!("文件太大：{} 字节，最多 {MAX_DOCUMENT} 字节", text.len())));
    }
    let document: raw::Document =
        toml::from_str(text).map_err(|e| src.error(e.span().map_or(0, |s| s.start), toml_message(e.message())))?;
    // The CEL parser recurses deeply: give it its own large stack.
    let built = std::thread::scope(|scope| {
        let builder = std::thread::Builder::new().name("policy-load".into()).stack_size(PARSER_STACK);
        match builder.spawn_scoped(scope, || Loader { src, doc: &document }.pack()) {
            Ok(handle) => handle.join().unwrap_or_else(|_| Err(src.error(0, "条件读不懂，检查 cel 的写法"))),
            Err(e) => Err(src.error(0, format!("现在读不了政策包：{e}"))),
        }
    })?;
    Ok((document, built))
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
    } else {
        format!("TOML 写法不对：{message}")
    }
}

pub(super) struct Loader<'a> {
    src: Source<'a>,
    doc: &'a raw::Document,
}

/// Small letters, digits and the separator, starting with a letter.
fn is_name(text: &str, separator: char) -> bool {
    text.starts_with(|c: char| c.is_ascii_lowercase())
        && text.len() <= 60
        && text.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == separator)
}

impl Source<'_> {
    pub fn at<T>(&self, spanned: &Spanned<T>, message: impl Into<String>) -> PackError {
        self.error(spanned.span().start, message)
    }
    pub fn date(&self, spanned: &Spanned<Datetime>) -> Loaded<CivilDate> {
        let value = spanned.get_ref();
        match (value.date, value.time, value.offset) {
            (Some(d), None, None) => CivilDate::new(d.year as i16, d.month as i8, d.day as i8),
            _ => None,
        }
        .ok_or_else(|| self.at(spanned, "这里写日期，如 2026-01-01"))
    }
}

impl<'a> Loader<'a> {
    fn pack(&self) -> Loaded<Pack> {
        let (src, doc) = (self.src, self.doc);
        if *doc.format.get_ref() != FORMAT {
            return Err(src.at(&doc.format, format!("format 现在只有 {FORMAT}")));
        }
        if !is_name(doc.id.get_ref(), '-') {
            return Err(src.at(&doc.id, "id 用小写字母、数字和 -，字母开头"));
        }
        self.limits()?;
        let subject = match &doc.subject {
            None => Subject::Person,
            Some(code) => {
                Subject::parse(code.get_ref()).ok_or_else(|| src.at(code, "subject 可用的是 person、facility、fund"))?
            }
        };
        let excludes = self.others(&doc.excludes)?;
        let exclusive_with = self.others(&doc.exclusive_with)?;
        let place: RegionCode = doc.place.get_ref().parse().map_err(|e: &str| src.at(&doc.place, e))?;
        let effective_from = src.date(&doc.effective_from)?;
        let effective_to = doc.effective_to.as_ref().map(|d| src.date(d)).transpose()?;
        if let (Some(to), Some(spanned)) = (effective_to, &doc.effective_to)
            && to < effective_from
        {
            return Err(src.at(spanned, "失效日期早于施行日期"));
        }
        let note = doc.local_example_note.as_ref().map(|n| n.get_ref().trim().to_owned()).unwrap_or_default();
        if doc.local_example && note.is_empty() {
            return Err(src.at(&doc.id, "标了 local_example，还要在 local_example_note 写明哪些是本地举例"));
        }
        let articles = self.articles()?;
        let parameters = self.parameters(&articles)?;
        self.periods(&parameters, effective_from, effective_to)?;
        let conditions = self.conditions(subject, &articles, &parameters)?;
        let assessment = self.assessment(subject, &conditions, &parameters)?;
        let grants = self.grants(&articles, &parameters)?;
        let classes = self.classes(&conditions, &grants)?;
        let evidence = self.evidence(subject, &articles)?;
        let (month_rules, household_rule) = self.rules(&parameters, &grants)?;
        let pack = Pack {
            file: src.file.to_owned(),
            id: doc.id.get_ref().clone(),
            subject,
            title: doc.title.clone(),
            document: doc.document.clone(),
            document_note: doc.document_note.clone(),
            place,
            place_note: doc.place_note.clone(),
            local_example: doc.local_example,
            local_example_note: note,
            group: doc.group.clone(),
            precedence: doc.precedence,
            excludes,
            exclusive_with,
            application_needed: doc.application_needed,
            effective_from,
            effective_to,
            articles,
            parameters,
            conditions: Arc::new(conditions),
            grants,
            classes,
            evidence,
            assessment,
            examples: doc.examples.len(),
            version: fingerprint(src.text),
            text: src.text.to_owned(),
            place_prefix: place.prefix().to_owned(),
            month_rules,
            household_rule,
        };
        self.try_leaves(&pack)?;
        Ok(pack)
    }

    /// Leaves that only the interpreter can decide are tried on sample facts, so that a wrong type shows at once.
    fn try_leaves(&self, pack: &Pack) -> Loaded<()> {
        let Some(settings) =
            pack.parameters.iter().map(|p| p.values.first().map(|v| v.value)).collect::<Option<Vec<_>>>()
        else {
            return Ok(());
        };
        for condition in pack.conditions.iter() {
            let Kind::Leaf(leaf) = &condition.kind else { continue };
            if leaf.native.is_some() {
                continue;
            }
            let samples = crate::examples::samples();
            let works = samples.iter().any(|facts| {
                let view = crate::facts::View::new(facts, pack.effective_from, &pack.place_prefix);
                leaf.eval_cel(&view, &pack.parameters, &settings).is_some()
            });
            if !works {
                let raw = self.doc.conditions.iter().find(|c| *c.name.get_ref() == condition.name);
                let offset = raw.and_then(|c| c.cel.as_ref()).map_or(0, |cel| cel.span().start);
                return Err(self.src.error(offset, "条件算不出“是”或“否”，检查两边的种类"));
            }
        }
        Ok(())
    }

    /// No list is longer than any honest document needs.
    fn limits(&self) -> Loaded<()> {
        let doc = self.doc;
        let lists = [
            ("articles", doc.articles.len()),
            ("parameters", doc.parameters.len()),
            ("grants", doc.grants.len()),
            ("evidence", doc.evidence.len()),
            ("examples", doc.examples.len()),
            ("excludes", doc.excludes.len()),
            ("exclusive_with", doc.exclusive_with.len()),
        ];
        match lists.into_iter().find(|(_, len)| *len > MAX_LIST) {
            Some((name, len)) => Err(self.src.at(&doc.id, format!("{name} 有 {len} 项，最多 {MAX_LIST} 项"))),
            None => Ok(()),
        }
    }

    /// The ids of other packs.
    fn others(&self, ids: &[Spanned<String>]) -> Loaded<Vec<String>> {
        for id in ids {
            if !is_name(id.get_ref(), '-') {
                return Err(self.src.at(id, "这里写别的政策包的 id"));
            }
            if id.get_ref() == self.doc.id.get_ref() {
                return Err(self.src.at(id, "政策包不能排除自己"));
            }
        }
        Ok(ids.iter().map(|id| id.get_ref().clone()).collect())
    }

    /// Every parameter has a value from the pack's first day on, without a hole, to its last day if it has one.
    fn periods(&self, parameters: &[Parameter], from: CivilDate, to: Option<CivilDate>) -> Loaded<()> {
        for (raw, parameter) in self.doc.parameters.iter().zip(parameters) {
            let mut due = from;
            let mut open = false;
            for value in &parameter.values {
                if due < value.from {
                    let before = value.from.plus_days(-1);
                    return Err(self.src.at(&raw.name, format!("参数从 {due} 到 {before} 没有值，补上这一段")));
                }
                match value.to {
                    Some(last) => due = due.max(last.plus_days(1)),
                    None => open = true,
                }
            }
            if let Some(to) = to.filter(|to| !open && due <= *to) {
                let last = due.plus_days(-1);
                return Err(self.src.at(&raw.name, format!("参数到 {last} 就没有值了，政策施行到 {to}")));
            }
        }
        Ok(())
    }

    fn unique<'n>(&self, names: impl Iterator<Item = &'n Spanned<String>>, what: &str) -> Loaded<()> {
        let mut seen: Vec<&str> = Vec::new();
        for name in names {
            if !is_name(name.get_ref(), '_') {
                return Err(self.src.at(name, format!("{what}的名字用小写字母、数字和 _，字母开头")));
            }
            if seen.contains(&name.get_ref().as_str()) {
                return Err(self.src.at(name, format!("{what}“{}”写了两次", name.get_ref())));
            }
            seen.push(name.get_ref());
        }
        Ok(())
    }

    fn articles(&self) -> Loaded<Vec<Article>> {
        self.unique(self.doc.articles.iter().map(|a| &a.id), "条款")?;
        let article = |a: &raw::Article| Article {
            id: a.id.get_ref().clone(),
            label: a.label.clone(),
            summary: a.summary.clone(),
        };
        Ok(self.doc.articles.iter().map(article).collect())
    }

    fn article(&self, articles: &[Article], id: &Spanned<String>) -> Loaded<usize> {
        let found = articles.iter().position(|a| a.id == *id.get_ref());
        found.ok_or_else(|| self.src.at(id, format!("没有“{}”这一条，先在 articles 写上", id.get_ref())))
    }

    fn parameters(&self, articles: &[Article]) -> Loaded<Vec<Parameter>> {
        self.unique(self.doc.parameters.iter().map(|p| &p.name), "参数")?;
        self.doc.parameters.iter().map(|p| self.parameter(articles, p)).collect()
    }

    fn parameter(&self, articles: &[Article], raw: &raw::Parameter) -> Loaded<Parameter> {
        let src = self.src;
        if Fact::parse(raw.name.get_ref()).is_some() {
            return Err(src.at(&raw.name, "参数和事实重名，换一个名字"));
        }
        let ty = ParameterType::parse(raw.ty.get_ref())
            .ok_or_else(|| src.at(&raw.ty, "type 可用的是 int、bool、money、month、household"))?;
        let mut values: Vec<ParameterValue> = Vec::with_capacity(raw.values.len());
        for v in &raw.values {
            let value = setting(ty, v.value.get_ref()).ok_or_else(|| src.at(&v.value, setting_help(ty)))?;
            let from = src.date(&v.from)?;
            let to = v.to.as_ref().map(|d| src.date(d)).transpose()?;
            if to.is_some_and(|to| to < from) {
                return Err(src.at(&v.from, "这一段的起日晚于止日"));
            }
            match values.last() {
                Some(last) if from <= last.from => return Err(src.at(&v.from, "各段要按起日先后写")),
                Some(last) if last.to.is_none_or(|to| from <= to) => {
                    return Err(src.at(&v.from, "和上一段重叠，给上一段写上 to"));
                }
                _ => {}
            }
            let article = v.source.as_ref().map(|s| self.article(articles, s)).transpose()?;
            let choice = v.choice.as_ref().map(|c| c.get_ref().trim().to_owned()).filter(|c| !c.is_empty());
            if article.is_some() == choice.is_some() {
                return Err(
                    src.at(&v.value, "写 source（哪一条说的），或写 choice（原文没说，为什么这样定），只写一个")
                );
            }
            values.push(ParameterValue { value, from, to, article, choice });
        }
        if values.is_empty() {
            return Err(src.at(&raw.name, "参数至少要有一个值"));
        }
        Ok(Parameter { name: raw.name.get_ref().clone(), label: raw.label.clone(), ty, values })
    }

    /// Every `{parameter}` in a label must exist.
    fn label(&self, label: &Spanned<String>, parameters: &[Parameter]) -> Loaded<String> {
        let text = label.get_ref();
        for part in text.split('{').skip(1) {
            let name = part.split_once('}').map(|(name, _)| name);
            if !name.is_some_and(|n| parameters.iter().any(|p| p.name == n)) {
                let shown = name.unwrap_or(part);
                return Err(self.src.at(label, format!("名称里的 {{{shown}}} 不是参数")));
            }
        }
        Ok(text.clone())
    }
}

fn setting(ty: ParameterType, value: &toml::Value) -> Option<Setting> {
    Some(match ty {
        ParameterType::Int => Setting::Int(value.as_integer()?),
        ParameterType::Bool => Setting::Bool(value.as_bool()?),
        ParameterType::Money => Setting::Money(Fen::parse_yuan(value.as_str()?)?),
        ParameterType::Month => Setting::Month(MonthRule::parse(value.as_str()?)?),
        ParameterType::Household => Setting::Household(HouseholdRule::parse(value.as_str()?)?),
    })
}

const fn setting_help(ty: ParameterType) -> &'static str {
    match ty {
        ParameterType::Int => "这个参数要写整数",
        ParameterType::Bool => "这个参数要写 true 或 false",
        ParameterType::Money => "金额写成带引号的元，如 \"100.00\"",
        ParameterType::Month => "这个参数可用的是 \"previous\"、\"same\"、\"next\"",
        ParameterType::Household => "这个参数可用的是 \"highest\"、\"lowest\"",
    }
}

/// FNV-1a, 64 bits: tells versions of a document apart; not a signature.
fn fingerprint(text: &str) -> u64 {
    text.bytes().fold(0xcbf2_9ce4_8422_2325, |hash, b| (hash ^ u64::from(b)).wrapping_mul(0x0100_0000_01b3))
}
