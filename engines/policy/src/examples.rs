//! A pack's own examples: run when it is loaded, so that a changed rule that breaks one is not loaded.
use crate::error::{PackError, Source};
use crate::facts::{FACTS, Fact, FactType, Facts, Value};
use crate::load::{Loaded, Tried};
use crate::months::{MonthStatus, Timeline, entitled_months};
use crate::pack::Pack;
use crate::raw;
use crate::{FactSet, Inputs, Outcome, PackOn, Verdict};
use kernel::{CivilDate, Fen, Quarter, RegionCode};
use toml::Spanned;

pub(crate) fn run(pack: &Pack, examples: &[raw::Example], src: Source) -> Loaded<()> {
    examples.iter().try_for_each(|example| run_one(pack, example, src))
}

/// Every example with its own answer.
pub(crate) fn each(pack: &Pack, examples: &[raw::Example], src: Source) -> Vec<Tried> {
    let tried = |e: &raw::Example| Tried { name: e.name.get_ref().clone(), fault: run_one(pack, e, src).err() };
    examples.iter().map(tried).collect()
}

fn run_one(pack: &Pack, example: &raw::Example, src: Source) -> Loaded<()> {
    let name = example.name.get_ref();
    let wrong = |message: String| src.at(&example.name, format!("样例“{name}”{message}"));
    let mut person = Timeline::new(facts(&example.facts, src)?);
    for change in &example.changes {
        let on = src.date(&change.on)?;
        let changed = facts(&change.facts, src)?;
        for def in FACTS.iter().filter(|d| changed.get(d.fact) != Value::Unknown) {
            person.change(on, def.fact, changed.get(def.fact)).map_err(|e| src.at(&change.on, e.to_string()))?;
        }
    }
    match (&example.on, &example.expect, &example.quarter, &example.months) {
        (Some(on), Some(expect), None, None) => {
            let on = src.date(on)?;
            let expect = Verdict::parse(expect.get_ref())
                .ok_or_else(|| src.at(expect, "expect 可用的是 eligible、not_eligible、unknown"))?;
            decide(pack, example, &person.on(on), on, expect, src)
        }
        (None, None, Some(quarter), Some(expected)) => {
            let quarter: Quarter = quarter.get_ref().parse().map_err(|e: &str| src.at(quarter, e))?;
            let months = entitled_months(&[pack], &person, &quarter.months()).map_err(|e| wrong(e.to_string()))?;
            let entitled = months.iter().filter(|m| matches!(m.status, MonthStatus::Entitled { .. }));
            let got: Vec<String> = entitled.map(|m| m.month.to_string()).collect();
            if got == *expected {
                Ok(())
            } else {
                Err(wrong(format!("不对：应享受 {}，算出 {}", list(expected), list(&got))))
            }
        }
        _ => Err(wrong("要写 on 和 expect，或写 quarter 和 months".into())),
    }
}

fn decide(
    pack: &Pack,
    example: &raw::Example,
    facts: &Facts,
    on: CivilDate,
    expect: Verdict,
    src: Source,
) -> Result<(), PackError> {
    let name = example.name.get_ref();
    let wrong = |message: String| src.at(&example.name, format!("样例“{name}”{message}"));
    let day = pack.at(on).map_err(|e| wrong(e.to_string()))?;
    let outcome = day.decide(facts);
    if outcome.verdict != expect {
        return Err(wrong(format!("不对：应为{}，算出{}", expect.zh(), outcome.verdict.zh())));
    }
    if let Some(class) = &example.class {
        let got = outcome.class.map_or("", |c| pack.classes[usize::from(c)].name.as_str());
        if got != class {
            return Err(wrong(format!("不对：类别应为 {class}，算出 {got}")));
        }
    }
    if let Some(grant) = &example.grant {
        let amount = Fen::parse_yuan(grant.get_ref()).ok_or_else(|| src.at(grant, "金额写成 \"100.00\""))?;
        let got = day.monthly(&outcome);
        if got != amount {
            return Err(src.at(grant, format!("样例“{name}”不对：应为 {amount}，算出 {got}")));
        }
    }
    amounts(&day, example, facts, &outcome, src)?;
    if let Some(missing) = &example.missing {
        let expected: FactSet = missing.iter().filter_map(|m| Fact::parse(m)).collect();
        if outcome.missing != expected || missing.len() != expected.iter().count() {
            let got: Vec<String> = outcome.missing.iter().map(|f| f.name().to_owned()).collect();
            return Err(wrong(format!("不对：应缺 {}，算出缺 {}", list(missing), list(&got))));
        }
    }
    Ok(())
}

/// The example's sums by grant: what is given, and what is left to pay.
fn amounts(day: &PackOn, example: &raw::Example, facts: &Facts, outcome: &Outcome, src: Source) -> Loaded<()> {
    let inputs = Inputs::of(facts);
    let sums = example.amounts.iter().map(|(name, text)| (name, text, false));
    for (name, text, own) in sums.chain(example.own.iter().map(|(name, text)| (name, text, true))) {
        let wrong = |message: String| src.at(text, format!("样例“{}”{message}", example.name.get_ref()));
        let Some((grant, _)) = day.grants(outcome).find(|(grant, _)| grant.name == *name) else {
            return Err(wrong(format!("不对：没有给“{name}”这项待遇")));
        };
        let wanted = Fen::parse_yuan(text.get_ref()).ok_or_else(|| src.at(text, "金额写成 \"100.00\""))?;
        let amount = day.amount_for(&grant.kind, &inputs).map_err(|e| wrong(e.to_string()))?;
        let got = if own { amount.own } else { amount.granted };
        if got != wanted {
            return Err(wrong(format!("不对：{name} 应为 {wanted}，算出 {got}")));
        }
    }
    Ok(())
}

fn list(items: &[String]) -> String {
    if items.is_empty() { "无".into() } else { items.join("、") }
}

fn facts(table: &Spanned<toml::Table>, src: Source) -> Loaded<Facts> {
    let fault = |e: crate::FactError| src.at(table, e.to_string());
    let json = serde_json::to_value(table.get_ref()).map_err(|e| src.at(table, e.to_string()))?;
    let serde_json::Value::Object(mut object) = json else { return Err(src.at(table, "这里写一张表")) };
    // A TOML date arrives as a small table of its own; written out it is the text a fact takes.
    for (name, value) in table.get_ref() {
        if let toml::Value::Datetime(date) = value {
            object.insert(name.clone(), date.to_string().into());
        }
    }
    Facts::from_json(&object).map_err(fault)
}

/// A few people between them having every code of every fact: enough to see whether a condition can be worked out.
pub(crate) fn samples() -> Vec<Facts> {
    let kinds = FACTS.iter().map(|d| d.ty.codes().len()).max().unwrap_or(0).max(2);
    let region: Option<RegionCode> = "441523102205".parse().ok();
    let sample = |n: usize| {
        let mut facts = Facts::new();
        for def in FACTS.iter().filter(|d| !d.derived) {
            let value = match def.ty {
                FactType::Bool => Value::Bool(n.is_multiple_of(2)),
                FactType::Int => Value::Int(n as i64 + 1),
                FactType::Date => CivilDate::new(1940 + n as i16, 2, 1 + n as i8).map_or(Value::Unknown, Value::Date),
                FactType::Region => region.map_or(Value::Unknown, Value::Region),
                FactType::Code(codes) => Value::Code((n % codes.len()) as u8),
                FactType::Set(codes) => Value::Set(1 << (n % codes.len())),
            };
            // Every value above is of the fact's own type.
            let _ = facts.set(def.fact, value);
        }
        facts
    };
    (0..kinds).map(sample).collect()
}
