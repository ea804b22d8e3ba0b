//! Grants, classes, evidence, the assessment rule and the parameters a purse needs.
use super::{Loaded, Loader};
use crate::assess::{Assessment, Lapse, standard};
use crate::facts::{Fact, Subject};
use crate::grant::{Covers, GrantKind, Period, Settlement};
use crate::pack::{Article, Class, Condition, Evidence, Grant, HOUSEHOLD_RULE, Kind, MONTH_RULES};
use crate::parameter::{MonthRule, Parameter, ParameterType, Setting};
use crate::raw;
use toml::Spanned;

/// The months an assessment may count for.
const VALID_MONTHS: std::ops::RangeInclusive<i64> = 1..=1200;

/// The items of a grant that its kind may or must have.
struct Items<'l, 'a> {
    loader: &'l Loader<'a>,
    raw: &'l raw::Grant,
    parameters: &'l [Parameter],
    used: Vec<&'static str>,
}

impl<'l> Items<'l, '_> {
    fn need<T>(&mut self, name: &'static str, value: &'l Option<Spanned<T>>) -> Loaded<&'l Spanned<T>> {
        self.used.push(name);
        let kind = self.raw.kind.get_ref();
        value.as_ref().ok_or_else(|| self.loader.src.at(&self.raw.kind, format!("kind = \"{kind}\" 还要写 {name}")))
    }
    fn optional<T>(&mut self, name: &'static str, value: &'l Option<Spanned<T>>) -> Option<&'l Spanned<T>> {
        self.used.push(name);
        value.as_ref()
    }
    fn money(&mut self, name: &'static str, value: &'l Option<Spanned<String>>) -> Loaded<usize> {
        let given = self.need(name, value)?;
        self.loader.parameter_named(self.parameters, given, ParameterType::Money, name)
    }
    /// An int parameter all of whose values lie in `range`.
    fn int(
        &mut self,
        name: &'static str,
        value: &'l Option<Spanned<String>>,
        range: std::ops::RangeInclusive<i64>,
    ) -> Loaded<usize> {
        let given = self.need(name, value)?;
        let found = self.loader.parameter_named(self.parameters, given, ParameterType::Int, name)?;
        self.loader.in_range(self.parameters, found, given, range)?;
        Ok(found)
    }
    fn period(&mut self, allowed: [Period; 2]) -> Loaded<Period> {
        let raw = self.raw;
        let given = self.need("period", &raw.period)?;
        Period::parse(given.get_ref()).filter(|p| allowed.contains(p)).ok_or_else(|| {
            let codes = allowed.map(Period::code).join("、");
            self.loader.src.at(given, format!("period 可用的是 {codes}"))
        })
    }
    fn purse(&mut self) -> Loaded<(usize, Settlement, bool, bool, Option<usize>)> {
        let (raw, src) = (self.raw, self.loader.src);
        let amount = self.money("amount", &raw.amount)?;
        let given = self.need("settlement", &raw.settlement)?;
        let settlement = Settlement::parse(given.get_ref())
            .ok_or_else(|| src.at(given, "settlement 可用的是 month、quarter、year"))?;
        let carry_over = *self.need("carry_over", &raw.carry_over)?.get_ref();
        let accumulates = self.optional("accumulates", &raw.accumulates).is_none_or(|a| *a.get_ref());
        if let Some(given) = raw.carry_over.as_ref().filter(|_| carry_over && !accumulates) {
            return Err(src.at(given, "每月清零的，不能再写结转"));
        }
        let carry_limit = match self.optional("carry_limit", &raw.carry_limit) {
            Some(given) if !carry_over => return Err(src.at(given, "不结转的，不写结转上限")),
            Some(given) => {
                let found = self.loader.parameter_named(self.parameters, given, ParameterType::Money, "carry_limit")?;
                Some(found)
            }
            None => None,
        };
        Ok((amount, settlement, carry_over, accumulates, carry_limit))
    }
    fn kind(&mut self) -> Loaded<GrantKind> {
        let (raw, src) = (self.raw, self.loader.src);
        Ok(match raw.kind.get_ref().as_str() {
            "household_purse" => {
                let (amount, settlement, carry_over, accumulates, carry_limit) = self.purse()?;
                GrantKind::HouseholdPurse { amount, settlement, carry_over, accumulates, carry_limit }
            }
            "person_purse" => {
                let (amount, settlement, carry_over, accumulates, carry_limit) = self.purse()?;
                GrantKind::PersonPurse { amount, settlement, carry_over, accumulates, carry_limit }
            }
            "one_off" => GrantKind::OneOff { amount: self.money("amount", &raw.amount)? },
            "yearly" => GrantKind::Yearly { amount: self.money("amount", &raw.amount)? },
            "reimbursement" => {
                let cap = self.money("cap", &raw.cap)?;
                let given = self.need("covers", &raw.covers)?;
                let covers = Covers::parse(given.get_ref())
                    .ok_or_else(|| src.at(given, "covers 可用的是 basic、basic_then_optional"))?;
                GrantKind::Reimbursement { cap, covers }
            }
            "per_meal" => GrantKind::PerMeal {
                amount: self.money("amount", &raw.amount)?,
                per_day: self.int("per_day", &raw.per_day, 1..=10)?,
            },
            "per_bed" => GrantKind::PerBed {
                amount: self.money("amount", &raw.amount)?,
                period: self.period([Period::Once, Period::Month])?,
            },
            "service_frequency" => GrantKind::ServiceFrequency {
                times: self.int("times", &raw.times, 1..=100)?,
                period: self.period([Period::Week, Period::Month])?,
            },
            "priority_right" => GrantKind::PriorityRight,
            "share_floor" => GrantKind::ShareFloor { percent: self.int("percent", &raw.percent, 0..=100)? },
            "pay_share" => GrantKind::PayShare { percent: self.int("percent", &raw.percent, 0..=100)? },
            _ => return Err(src.at(&raw.kind, format!("kind 可用的是 {}", GrantKind::CODES.join("、")))),
        })
    }
    /// Nothing is written that the kind does not read.
    fn nothing_else(&self) -> Loaded<()> {
        let raw = self.raw;
        let written = [
            ("amount", raw.amount.as_ref().map(|s| s.span())),
            ("settlement", raw.settlement.as_ref().map(|s| s.span())),
            ("carry_over", raw.carry_over.as_ref().map(|s| s.span())),
            ("accumulates", raw.accumulates.as_ref().map(|s| s.span())),
            ("carry_limit", raw.carry_limit.as_ref().map(|s| s.span())),
            ("cap", raw.cap.as_ref().map(|s| s.span())),
            ("covers", raw.covers.as_ref().map(|s| s.span())),
            ("per_day", raw.per_day.as_ref().map(|s| s.span())),
            ("period", raw.period.as_ref().map(|s| s.span())),
            ("times", raw.times.as_ref().map(|s| s.span())),
            ("percent", raw.percent.as_ref().map(|s| s.span())),
        ];
        for (name, span) in written {
            if let Some(span) = span.filter(|_| !self.used.contains(&name)) {
                let message = format!("kind = \"{}\" 不用写 {name}", raw.kind.get_ref());
                return Err(self.loader.src.error(span.start, message));
            }
        }
        Ok(())
    }
}

impl<'a> Loader<'a> {
    /// The parameter an item names, which must be of this type.
    pub(super) fn parameter_named(
        &self,
        parameters: &[Parameter],
        name: &Spanned<String>,
        ty: ParameterType,
        item: &str,
    ) -> Loaded<usize> {
        let found = parameters.iter().position(|p| p.name == *name.get_ref() && p.ty == ty);
        found.ok_or_else(|| self.src.at(name, format!("{item} 写一个 {} 参数的名字", ty.code())))
    }

    fn in_range(
        &self,
        parameters: &[Parameter],
        which: usize,
        at: &Spanned<String>,
        range: std::ops::RangeInclusive<i64>,
    ) -> Loaded<()> {
        let inside = |v: &Setting| matches!(v, Setting::Int(n) if range.contains(n));
        match parameters[which].values.iter().all(|v| inside(&v.value)) {
            true => Ok(()),
            false => {
                let (low, high) = (range.start(), range.end());
                Err(self.src.at(at, format!("参数 {} 要在 {low} 到 {high} 之间", parameters[which].name)))
            }
        }
    }

    pub(super) fn grants(&self, articles: &[Article], parameters: &[Parameter]) -> Loaded<Vec<Grant>> {
        self.unique(self.doc.grants.iter().map(|g| &g.name), "待遇")?;
        let mut grants = Vec::with_capacity(self.doc.grants.len());
        for raw in &self.doc.grants {
            let mut items = Items { loader: self, raw, parameters, used: Vec::new() };
            let kind = items.kind()?;
            items.nothing_else()?;
            grants.push(Grant {
                name: raw.name.get_ref().clone(),
                label: self.label(&raw.label, parameters)?,
                article: self.article(articles, &raw.article)?,
                kind,
            });
        }
        Ok(grants)
    }

    pub(super) fn classes(&self, conditions: &[Condition], grants: &[Grant]) -> Loaded<Vec<Class>> {
        let src = self.src;
        self.unique(self.doc.classes.iter().map(|c| &c.name), "类别")?;
        if self.doc.classes.is_empty() {
            return Err(src.at(&self.doc.id, "至少写一个类别 classes"));
        }
        if let Some(extra) = self.doc.classes.get(usize::from(u8::MAX)) {
            return Err(src.at(&extra.name, "类别太多"));
        }
        let mut classes = Vec::with_capacity(self.doc.classes.len());
        for raw in &self.doc.classes {
            let when = conditions.iter().position(|c| c.name == *raw.when.get_ref());
            let when = when.ok_or_else(|| src.at(&raw.when, format!("没有“{}”这条条件", raw.when.get_ref())))?;
            let mut given = Vec::with_capacity(raw.grants.len());
            for name in &raw.grants {
                let grant = grants.iter().position(|g| g.name == *name.get_ref());
                given.push(grant.ok_or_else(|| src.at(name, format!("没有“{}”这项待遇", name.get_ref())))?);
            }
            classes.push(Class { name: raw.name.get_ref().clone(), label: raw.label.clone(), when, grants: given });
        }
        Ok(classes)
    }

    pub(super) fn evidence(&self, subject: Subject, articles: &[Article]) -> Loaded<Vec<Evidence>> {
        self.unique(self.doc.evidence.iter().map(|e| &e.id), "材料")?;
        let mut out = Vec::with_capacity(self.doc.evidence.len());
        for raw in &self.doc.evidence {
            let mut proves = Vec::with_capacity(raw.proves.len());
            for name in &raw.proves {
                let fact = Fact::parse(name.get_ref()).filter(|f| f.subject() == subject && !f.def().derived);
                let fact = fact.ok_or_else(|| {
                    self.src.at(name, format!("没有“{}”这个可以登记的事实，名字看事实表", name.get_ref()))
                })?;
                proves.push(fact.name());
            }
            out.push(Evidence {
                id: raw.id.get_ref().clone(),
                label: raw.label.clone(),
                article: self.article(articles, &raw.article)?,
                proves,
            });
        }
        Ok(out)
    }

    pub(super) fn assessment(
        &self,
        subject: Subject,
        conditions: &[Condition],
        parameters: &[Parameter],
    ) -> Loaded<Option<Assessment>> {
        let (src, Some(raw)) = (self.src, &self.doc.assessment) else { return Ok(None) };
        if subject != Subject::Person {
            return Err(src.at(&raw.name, "只有老年人的政策能写 assessment"));
        }
        let Some(condition) = conditions.iter().position(|c| matches!(c.kind, Kind::Assessment)) else {
            return Ok(None);
        };
        let used = conditions.iter().any(|c| c.children().contains(&condition))
            || self.doc.classes.iter().any(|c| c.when.get_ref() == raw.name.get_ref());
        if !used {
            return Err(src.at(&raw.name, format!("没有条件用到“{}”，把它写进 all 或 any", raw.name.get_ref())));
        }
        let mut standards = Vec::new();
        let mut accepted = 0;
        for code in raw.standards.get_ref() {
            let (name, bit) = standard(code.get_ref())
                .ok_or_else(|| src.at(code, "没有这个评估标准，可用的看事实 assessment_standard"))?;
            standards.push(name);
            accepted |= bit;
        }
        if standards.is_empty() {
            return Err(src.at(&raw.standards, "至少写一个评估标准"));
        }
        let lapse = |code: &Spanned<String>| {
            Lapse::parse(code.get_ref()).ok_or_else(|| src.at(code, "这里可用的是 unknown、not_eligible"))
        };
        let valid_months = match &raw.valid_months {
            Some(name) => {
                let found = self.parameter_named(parameters, name, ParameterType::Int, "valid_months")?;
                self.in_range(parameters, found, name, VALID_MONTHS)?;
                Some(found)
            }
            None => None,
        };
        Ok(Some(Assessment {
            condition,
            standards,
            valid_months,
            missing: lapse(&raw.missing)?,
            expired: lapse(&raw.expired)?,
            accepted,
        }))
    }

    /// A pack that fills a purse must say which months count, even where its source does not.
    pub(super) fn rules(
        &self,
        parameters: &[Parameter],
        grants: &[Grant],
    ) -> Loaded<(Option<[usize; 5]>, Option<usize>)> {
        let find = |name: &str, ty| {
            let found = parameters.iter().position(|p| p.name == name && p.ty == ty);
            found.ok_or_else(|| {
                self.src.at(&self.doc.id, format!("有按月的待遇，要写参数 {name}（type = \"{}\"）", ty.code()))
            })
        };
        if !grants.iter().any(|g| g.kind.is_purse()) {
            return Ok((None, None));
        }
        let mut rules = [0; 5];
        for (slot, name) in rules.iter_mut().zip(MONTH_RULES) {
            *slot = find(name, ParameterType::Month)?;
            let mut values = parameters[*slot].values.iter();
            if name.starts_with("start") && values.any(|v| v.value == Setting::Month(MonthRule::Previous)) {
                let raw = self.doc.parameters.get(*slot).map_or(&self.doc.id, |p| &p.name);
                return Err(self.src.at(raw, "开始的月份只能是 \"same\" 或 \"next\""));
            }
        }
        let by_household = grants.iter().any(|g| matches!(g.kind, GrantKind::HouseholdPurse { .. }));
        let household = if by_household { Some(find(HOUSEHOLD_RULE, ParameterType::Household)?) } else { None };
        Ok((Some(rules), household))
    }
}
