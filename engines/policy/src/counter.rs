//! What would have to change: for somebody who is not eligible, the fewest conditions that stand in the way, with the
//! value each has and the value it would need.
use crate::decide::{Outcome, PackOn, Truth, Verdict};
use crate::facts::{Fact, Facts, Value, View};
use crate::native::{DateTerm, IntTerm, Native, Op};
use crate::pack::{Join, Kind};
use crate::parameter::Setting;
use kernel::CivilDate;
use serde::{Deserialize, Serialize};

/// A condition that stands in the way.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Need {
    pub condition: String,
    pub label: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub article: Option<String>,
    pub truth: Truth,
    /// The values it was decided on: `年龄 74`.
    pub has: String,
    /// What they would have to be: `年龄要满 75`. Empty where only the label can say it.
    pub needs: String,
    /// The day it will be met by itself, as far as can be foreseen: a birthday.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub met_on: Option<CivilDate>,
    /// Whether it can still change for this person; an age that is past cannot.
    pub can_change: bool,
}

/// What would have to change for one class.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Counterfactual {
    /// The class that is nearest.
    pub class: String,
    /// All of these are needed, and nothing else.
    pub needs: Vec<Need>,
    /// Whether all of them can still change.
    pub possible: bool,
}

/// A change that cannot happen weighs more than any number that can.
const NEVER: u32 = 1_000;

impl PackOn<'_> {
    /// The fewest leaf conditions that would have to be otherwise for the nearest class; none for somebody eligible.
    /// Classes whose conditions can still change go before those whose cannot.
    pub fn counterfactual(&self, facts: &Facts) -> Option<Counterfactual> {
        let outcome = self.decide(facts);
        if outcome.verdict == Verdict::Eligible {
            return None;
        }
        let view = self.view(facts);
        let ways = self.pack.classes.iter().map(|class| (class, self.cheapest(&outcome, &view, class.when)));
        let (class, (weight, leaves)) = ways.min_by_key(|(_, (weight, _))| *weight)?;
        let mut needs: Vec<Need> = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            let need = self.need(&outcome, &view, facts, leaf);
            if !needs.contains(&need) {
                needs.push(need);
            }
        }
        Some(Counterfactual { class: class.label.clone(), needs, possible: weight < NEVER })
    }

    /// The lightest set of leaves whose change makes condition `i` true, with its weight.
    fn cheapest(&self, outcome: &Outcome, view: &View, i: usize) -> (u32, Vec<usize>) {
        if outcome.truth(i) == Truth::Met {
            return (0, Vec::new());
        }
        let condition = &self.pack.conditions[i];
        let (join, children) = match &condition.kind {
            Kind::Leaf(leaf) => {
                let never = leaf.native.as_ref().is_some_and(|n| !self.can_become(n, view, true));
                return (if never { NEVER } else { 1 }, vec![i]);
            }
            Kind::Assessment => return (1, vec![i]),
            Kind::Group { join, children, .. } => (*join, children),
        };
        let mut ways: Vec<(u32, Vec<usize>)> = children.iter().map(|&c| self.cheapest(outcome, view, c)).collect();
        let wanted = match join {
            Join::All => ways.len(),
            Join::Any => 1,
            Join::AtLeast(parameter) => usize::try_from(self.int(parameter).unwrap_or(0)).unwrap_or(0),
        };
        if join != Join::All {
            ways.sort_by_key(|(weight, _)| *weight);
        }
        if wanted > ways.len() {
            return (NEVER, vec![i]);
        }
        ways.into_iter().take(wanted).fold((0, Vec::new()), |(sum, mut all), (weight, leaves)| {
            all.extend(leaves);
            (sum.saturating_add(weight), all)
        })
    }

    fn need(&self, outcome: &Outcome, view: &View, facts: &Facts, i: usize) -> Need {
        let condition = &self.pack.conditions[i];
        let has = condition.facts().iter().map(|f| format!("{} {}", f.zh(), view.get(f).zh(f.ty())));
        let (needs, met_on, can_change) = match &condition.kind {
            Kind::Leaf(leaf) => match &leaf.native {
                Some(native) => (
                    self.wanted(native, view, true).join("，"),
                    self.birthday(native, facts),
                    self.can_become(native, view, true),
                ),
                None => (String::new(), None, true),
            },
            Kind::Assessment => {
                let names = self.pack.assessment.iter().flat_map(|a| &a.standards);
                let names: Vec<String> = names
                    .map(|code| {
                        let ty = Fact::AssessmentStandard.ty();
                        ty.position(code).map_or_else(String::new, |c| Value::Code(c).zh(ty))
                    })
                    .collect();
                (format!("要有按 {} 做的、还在有效期内的评估", names.join(" 或 ")), None, true)
            }
            Kind::Group { .. } => (String::new(), None, false),
        };
        Need {
            condition: condition.name.clone(),
            label: self.fill(&condition.label),
            article: condition.article.map(|a| self.pack.articles[a].label.clone()),
            truth: outcome.truth(i),
            has: has.collect::<Vec<_>>().join("，"),
            needs,
            met_on,
            can_change,
        }
    }

    fn setting_int(&self, term: IntTerm) -> Option<i64> {
        match term {
            IntTerm::Constant(n) => Some(n),
            IntTerm::Parameter(p) => self.int(p),
            IntTerm::Fact(_) => None,
        }
    }

    /// Whether `native` could become `target` for this person by a change of records or by time going on. Where nothing
    /// is known against it, it could.
    fn can_become(&self, native: &Native, view: &View, target: bool) -> bool {
        match native {
            Native::Constant(b) => *b == target,
            Native::Parameter(p) => (self.setting(*p) == Setting::Bool(true)) == target,
            Native::Not(inner) => self.can_become(inner, view, !target),
            Native::And(a, b) | Native::Or(a, b) => {
                let both = matches!(native, Native::And(..)) == target;
                let (a, b) = (self.can_become(a, view, target), self.can_become(b, view, target));
                if both { a && b } else { a || b }
            }
            // Nobody comes back to life or gets another birth date; a wrong record is a correction.
            Native::Fact(Fact::Alive) => view.get(Fact::Alive) != Value::Bool(false) || !target,
            Native::Int(op, a, b) => match younger(self, *op, *a, *b, target) {
                // The age only grows.
                Some(most) => !matches!(view.get(Fact::Age), Value::Int(age) if age > most),
                None => true,
            },
            Native::Date(op, a, b) => {
                let fixed = |t: &DateTerm| matches!(t, DateTerm::Constant(_) | DateTerm::Fact(Fact::BirthDate));
                let holds = Native::Date(*op, *a, *b).eval(view, &[]);
                let known = [a, b].into_iter().all(|t| match t {
                    DateTerm::Fact(f) => view.get(*f) != Value::Unknown,
                    DateTerm::Constant(_) => true,
                });
                !(fixed(a) && fixed(b) && known) || holds == target
            }
            Native::Fact(_) | Native::OneOf(..) | Native::Holds(..) | Native::Prefix(..) => true,
        }
    }

    /// What `native` would have to be to become `target`: one phrase for each part that is not so yet.
    fn wanted(&self, native: &Native, view: &View, target: bool) -> Vec<String> {
        match native {
            Native::Constant(_) | Native::Parameter(_) => Vec::new(),
            Native::Not(inner) => self.wanted(inner, view, !target),
            Native::And(a, b) | Native::Or(a, b) => {
                let both = matches!(native, Native::And(..)) == target;
                let unmet = |n: &Native| !known(n, view) || n.eval(view, self.settings()) != target;
                let mut parts = Vec::new();
                for part in [a, b] {
                    // Of two ways, one that no change of records can open is not worth naming.
                    if unmet(part) && (both || self.can_become(part, view, target)) {
                        parts.push(self.wanted(part, view, target));
                    }
                }
                match both {
                    true => parts.concat(),
                    false => {
                        let ways: Vec<String> =
                            parts.iter().filter(|p| !p.is_empty()).map(|p| p.join("并且")).collect();
                        if ways.is_empty() { Vec::new() } else { vec![ways.join("，或者")] }
                    }
                }
            }
            Native::Fact(fact) => vec![format!("{}要为{}", fact.zh(), if target { "是" } else { "否" })],
            Native::Int(op, a, b) => vec![self.wanted_int(if target { *op } else { negated(*op) }, *a, *b)],
            Native::Date(op, a, b) => {
                let word = |t: &DateTerm| match t {
                    DateTerm::Fact(f) => f.zh().to_owned(),
                    DateTerm::Constant(d) => d.to_string(),
                };
                let op = if target { *op } else { negated(*op) };
                match (a, b) {
                    (DateTerm::Constant(_), DateTerm::Fact(_)) => {
                        vec![format!("{}要{}{}", word(b), date_zh(turned(op)), word(a))]
                    }
                    _ => vec![format!("{}要{}{}", word(a), date_zh(op), word(b))],
                }
            }
            Native::OneOf(fact, mask) => {
                let mask = if target { *mask } else { !*mask };
                let codes = fact.ty().codes().iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
                let words: Vec<&str> = codes.map(|(_, (_, zh))| *zh).collect();
                vec![match words.len() {
                    1 => format!("{}要为{}", fact.zh(), words.concat()),
                    _ => format!("{}要为{}中的一种", fact.zh(), words.join("、")),
                }]
            }
            Native::Holds(fact, mask) => {
                let codes = fact.ty().codes().iter().enumerate().filter(|(i, _)| mask >> i & 1 == 1);
                let words: Vec<&str> = codes.map(|(_, (_, zh))| *zh).collect();
                let verb = if target { "要有" } else { "不能有" };
                vec![format!("{}{verb}{}", fact.zh(), words.join("、"))]
            }
            Native::Prefix(fact, digits) => {
                let verb = if target { "要在" } else { "不能在" };
                vec![format!("{}{verb}区划 {digits}", fact.zh())]
            }
        }
    }

    fn wanted_int(&self, op: Op, a: IntTerm, b: IntTerm) -> String {
        let (fact, op, bound) = match (a, b) {
            (IntTerm::Fact(fact), b) => (fact, op, b),
            (a, IntTerm::Fact(fact)) => (fact, turned(op), a),
            _ => return String::new(),
        };
        let bound = match (self.setting_int(bound), bound) {
            (Some(n), _) => n.to_string(),
            (None, IntTerm::Fact(other)) => other.zh().to_owned(),
            _ => return String::new(),
        };
        let (age, name) = (fact == Fact::Age, fact.zh());
        match op {
            Op::Ge if age => format!("要满 {bound} 周岁"),
            Op::Lt if age => format!("要不满 {bound} 周岁"),
            Op::Ge => format!("{name}不能少于 {bound}"),
            Op::Gt => format!("{name}要多于 {bound}"),
            Op::Le => format!("{name}不能多于 {bound}"),
            Op::Lt => format!("{name}要少于 {bound}"),
            Op::Eq => format!("{name}要为 {bound}"),
            Op::Ne => format!("{name}不能为 {bound}"),
        }
    }

    /// The birthday on which a condition that wants more years is met.
    fn birthday(&self, native: &Native, facts: &Facts) -> Option<CivilDate> {
        let birth = facts.birth_date()?;
        match native {
            Native::And(a, b) => match (self.birthday(a, facts), self.birthday(b, facts)) {
                (Some(a), Some(b)) => Some(a.max(b)),
                (a, b) => a.or(b),
            },
            Native::Int(op, a, b) => {
                let years = match (*op, *a, *b) {
                    (Op::Ge, IntTerm::Fact(Fact::Age), b) => self.setting_int(b)?,
                    (Op::Gt, IntTerm::Fact(Fact::Age), b) => self.setting_int(b)?.checked_add(1)?,
                    (Op::Le, a, IntTerm::Fact(Fact::Age)) => self.setting_int(a)?,
                    (Op::Lt, a, IntTerm::Fact(Fact::Age)) => self.setting_int(a)?.checked_add(1)?,
                    _ => return None,
                };
                let years = i16::try_from(years).ok().filter(|y| (0..=150).contains(y))?;
                Some(birth.birthday(years)).filter(|day| *day > self.on)
            }
            _ => None,
        }
    }
}

/// The greatest age an upper bound on the age allows.
fn younger(on: &PackOn, op: Op, a: IntTerm, b: IntTerm, target: bool) -> Option<i64> {
    let op = if target { op } else { negated(op) };
    let (op, bound) = match (a, b) {
        (IntTerm::Fact(Fact::Age), b) => (op, b),
        (a, IntTerm::Fact(Fact::Age)) => (turned(op), a),
        _ => return None,
    };
    let bound = on.setting_int(bound)?;
    match op {
        Op::Lt => bound.checked_sub(1),
        Op::Le | Op::Eq => Some(bound),
        _ => None,
    }
}

const fn negated(op: Op) -> Op {
    match op {
        Op::Eq => Op::Ne,
        Op::Ne => Op::Eq,
        Op::Lt => Op::Ge,
        Op::Ge => Op::Lt,
        Op::Gt => Op::Le,
        Op::Le => Op::Gt,
    }
}

/// The same comparison with its sides exchanged.
const fn turned(op: Op) -> Op {
    match op {
        Op::Lt => Op::Gt,
        Op::Gt => Op::Lt,
        Op::Le => Op::Ge,
        Op::Ge => Op::Le,
        same => same,
    }
}

const fn date_zh(op: Op) -> &'static str {
    match op {
        Op::Eq => "在 ",
        Op::Ne => "不在 ",
        Op::Lt => "早于 ",
        Op::Le => "不晚于 ",
        Op::Gt => "晚于 ",
        Op::Ge => "不早于 ",
    }
}

/// Whether every fact of a condition is known.
fn known(native: &Native, view: &View) -> bool {
    let fact = |f: Fact| view.get(f) != Value::Unknown;
    let int = |t: &IntTerm| !matches!(t, IntTerm::Fact(f) if !fact(*f));
    let date = |t: &DateTerm| !matches!(t, DateTerm::Fact(f) if !fact(*f));
    match native {
        Native::Constant(_) | Native::Parameter(_) => true,
        Native::Not(inner) => known(inner, view),
        Native::And(a, b) | Native::Or(a, b) => known(a, view) && known(b, view),
        Native::Fact(f) | Native::OneOf(f, _) | Native::Holds(f, _) | Native::Prefix(f, _) => fact(*f),
        Native::Int(_, a, b) => int(a) && int(b),
        Native::Date(_, a, b) => date(a) && date(b),
    }
}
