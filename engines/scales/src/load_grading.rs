//! Reading grades, levels, rules and adjustments. Bounds must cover every reachable score, rules every combination.
use crate::ids::{ConditionId, ItemId, KindId, LevelCode, OptionCode};
use crate::load::{Loaded, Loader, MAX_LIST};
use crate::load_items::Items;
use crate::raw;
use crate::scale::{
    Adjustment, AnswerKind, Basis, Better, CareDependence, CareMapping, Cause, Clause, Combination, Condition,
    ConditionKind, Effect, Grade, Grading, GradingKind, Item, Kind, KindItem, Kinds, Level, Range, Rule, Section,
    Trigger, combinations,
};
use std::collections::BTreeSet;
use toml::Spanned;

/// The most combinations a table of rules is checked over.
const MAX_COMBINATIONS: usize = 100_000;
/// The most different sums a section or scale may have.
const MAX_SUMS: usize = 2_000;

/// One band of a level or grade, with the place to complain at.
struct Bound<'a> {
    place: &'a Spanned<String>,
    min: Option<i32>,
    max: Option<i32>,
}

impl<'a> Bound<'a> {
    fn of(place: &'a Spanned<String>, min: &Option<Spanned<i32>>, max: &Option<Spanned<i32>>) -> Bound<'a> {
        Bound { place, min: min.as_ref().map(|m| *m.get_ref()), max: max.as_ref().map(|m| *m.get_ref()) }
    }
}

impl Loader<'_> {
    /// Every sum these items can give, rising.
    fn reachable<'i>(&self, items: impl Iterator<Item = &'i Item>, place: &Spanned<String>) -> Loaded<Vec<i32>> {
        let mut sums = BTreeSet::from([0]);
        for item in items {
            let scores: BTreeSet<i32> = match &item.answer {
                AnswerKind::Options(options) => options.iter().map(|o| o.score).collect(),
                AnswerKind::Number(n) => n.bands.iter().flat_map(|s| &s.bands).map(|b| b.score).collect(),
            };
            sums = sums.iter().flat_map(|sum| scores.iter().map(move |s| sum + s)).collect();
            if sums.len() > MAX_SUMS {
                return Err(self.src.at(place, format!("能得出的分数太多，最多 {MAX_SUMS} 种")));
            }
        }
        Ok(sums.into_iter().collect())
    }

    /// Bounds from the best to the worst: every reachable sum lies in exactly one, and none is empty.
    fn cover(&self, bounds: &[Bound], sums: &[i32], better: Better) -> Loaded<Vec<Range>> {
        let mut found: Vec<Range> = Vec::with_capacity(bounds.len());
        for b in bounds {
            let (Some(min), Some(max)) = (b.min, b.max) else {
                return Err(self.src.at(b.place, "分段要写 min 和 max"));
            };
            let range = Range { min, max };
            if min > max {
                return Err(self.src.at(b.place, "min 大于 max"));
            }
            if let Some(last) = found.last() {
                let worse = match better {
                    Better::Higher => max < last.min,
                    Better::Lower => min > last.max,
                };
                if !worse {
                    return Err(self.src.at(b.place, "和上一段重叠，或先后不对（从最好的写到最差的）"));
                }
            }
            let inside = sums.first().is_some_and(|low| *low <= min) && sums.last().is_some_and(|high| max <= *high);
            if !inside || !sums.iter().any(|s| range.contains(*s)) {
                return Err(self.src.at(b.place, "没有分数落在这一段，或这一段超出了总分"));
            }
            found.push(range);
        }
        if let (Some(open), Some(last)) = (sums.iter().find(|s| !found.iter().any(|r| r.contains(**s))), bounds.last())
        {
            return Err(self.src.at(last.place, format!("分段空着：{open} 分没有归到任何一段")));
        }
        Ok(found)
    }

    /// Grades of a section: by bounds of its sum, or by rules over its items' scores.
    pub fn grades(
        &self,
        raw: &raw::Section,
        items: &[Item],
        summed: bool,
        better: Better,
    ) -> Loaded<(Vec<Grade>, Vec<Rule>)> {
        let src = self.src;
        self.unique(raw.grades.iter().map(|g| &g.code), "分级", MAX_LIST)?;
        let titles: Vec<String> = raw.grades.iter().map(|g| self.text(&g.title)).collect::<Loaded<_>>()?;
        let codes = raw.grades.iter().map(|g| LevelCode::new(g.code.get_ref()));
        let (ranges, rules) = match (raw.grades.is_empty(), raw.rules.is_empty(), summed) {
            (true, true, _) => (Vec::new(), Vec::new()),
            (true, false, _) => return Err(src.at(&raw.rules[0].level, "先在 grades 写上分级")),
            (false, true, true) => {
                let bounds: Vec<Bound> = raw.grades.iter().map(|g| Bound::of(&g.code, &g.min, &g.max)).collect();
                let sums = self.reachable(items.iter(), &raw.id)?;
                (self.cover(&bounds, &sums, better)?.into_iter().map(Some).collect(), Vec::new())
            }
            (false, true, false) => return Err(src.at(&raw.id, "不计分的部分要用 rules 定分级")),
            (false, false, _) => {
                if let Some(g) = raw.grades.iter().find(|g| g.min.is_some() || g.max.is_some()) {
                    return Err(src.at(&g.code, "用了 rules，就不写 min 和 max"));
                }
                let names: Vec<&str> = items.iter().map(|i| i.id.as_str()).collect();
                let levels: Vec<&Spanned<String>> = raw.grades.iter().map(|g| &g.code).collect();
                let rules = self.rules(&raw.rules, &levels, &names)?;
                self.rules_cover_items(raw, items, &rules)?;
                (vec![None; raw.grades.len()], rules)
            }
        };
        let grades = codes.zip(titles).zip(ranges);
        Ok((grades.map(|((code, title), bounds)| Grade { code, title, bounds }).collect(), rules))
    }

    /// The first rule that holds decides, so together they only have to leave nothing out.
    fn rules_cover_items(&self, raw: &raw::Section, items: &[Item], rules: &[Rule]) -> Loaded<()> {
        let mut scores: Vec<Vec<i32>> = Vec::new();
        for item in items {
            let AnswerKind::Options(options) = &item.answer else {
                return Err(self.src.at(&raw.id, "rules 只能用在有选项的条目"));
            };
            let mut values: Vec<i32> = options.iter().map(|o| o.score).collect();
            values.sort_unstable();
            values.dedup();
            scores.push(values);
        }
        let sizes: Vec<usize> = scores.iter().map(Vec::len).collect();
        self.few_enough(&sizes, &raw.id)?;
        for places in combinations(&sizes) {
            let values: Vec<i32> = places.iter().zip(&scores).map(|(at, s)| s[*at]).collect();
            if !rules.iter().any(|r| r.holds(&values)) {
                return Err(self.src.at(&raw.id, format!("分值 {values:?} 没有规则管到")));
            }
        }
        Ok(())
    }

    fn few_enough(&self, sizes: &[usize], place: &Spanned<String>) -> Loaded<()> {
        let count = sizes.iter().try_fold(1usize, |n, s| n.checked_mul(*s));
        match count {
            Some(n) if n <= MAX_COMBINATIONS => Ok(()),
            _ => Err(self.src.at(place, format!("组合太多，最多 {MAX_COMBINATIONS} 种"))),
        }
    }

    fn rules(&self, raws: &[raw::Rule], levels: &[&Spanned<String>], names: &[&str]) -> Loaded<Vec<Rule>> {
        let src = self.src;
        if let Some(extra) = raws.get(MAX_LIST) {
            return Err(src.at(&extra.level, format!("规则太多，最多 {MAX_LIST} 条")));
        }
        raws.iter()
            .map(|rule| {
                let level = levels.iter().position(|l| l.get_ref() == rule.level.get_ref());
                let level =
                    level.ok_or_else(|| src.at(&rule.level, format!("没有“{}”这一级", rule.level.get_ref())))?;
                if rule.all.get_ref().is_empty() || rule.all.get_ref().len() > MAX_LIST {
                    return Err(src.at(&rule.all, format!("all 写 1 到 {MAX_LIST} 句")));
                }
                let all = rule.all.get_ref().iter().map(|c| self.clause(c, names)).collect::<Loaded<_>>()?;
                Ok(Rule { level, words: self.text(&rule.words)?, all })
            })
            .collect()
    }

    fn clause(&self, raw: &raw::Clause, names: &[&str]) -> Loaded<Clause> {
        let src = self.src;
        let mut of = Vec::with_capacity(raw.of.len());
        for name in &raw.of {
            let at = names.iter().position(|n| n == name.get_ref());
            let at = at.ok_or_else(|| src.at(name, format!("这里没有“{}”", name.get_ref())))?;
            if of.contains(&at) {
                return Err(src.at(name, "写了两次"));
            }
            of.push(at);
        }
        if of.is_empty() || raw.is.get_ref().is_empty() {
            return Err(src.at(&raw.is, "of 和 is 都不能空着"));
        }
        let at_most = raw.at_most.as_ref().map_or(of.len(), |n| *n.get_ref());
        let at_least = match (&raw.at_least, &raw.at_most) {
            (Some(n), _) => *n.get_ref(),
            (None, Some(_)) => 0,
            (None, None) => return Err(src.at(&raw.is, "写 at_least 或 at_most：几项符合")),
        };
        if at_least > at_most || at_most > of.len() {
            return Err(src.at(&raw.is, format!("at_least 不能多于 at_most，at_most 不能多于 {}", of.len())));
        }
        Ok(Clause { of, is: raw.is.get_ref().clone(), at_least, at_most })
    }

    pub fn grading(
        &self,
        kind: GradingKind,
        better: Better,
        total: Option<Range>,
        sections: &[Section],
    ) -> Loaded<(Vec<Level>, Grading)> {
        let (src, doc) = (self.src, self.doc);
        self.unique(doc.levels.iter().map(|l| &l.code), "等级", MAX_LIST)?;
        let needs_levels = matches!(kind, GradingKind::Bounds | GradingKind::Combination);
        if needs_levels == doc.levels.is_empty() {
            let what = if needs_levels { "要写 levels" } else { "不用 levels" };
            return Err(src.at(&doc.grading, format!("grading 是 {} 时{what}", kind.code())));
        }
        if doc.combination.is_some() != (kind == GradingKind::Combination) {
            return Err(src.at(&doc.grading, "combination 只和 grading = \"combination\" 一起写"));
        }
        if doc.kinds.is_some() != (kind == GradingKind::Kinds) {
            return Err(src.at(&doc.grading, "kinds 只和 grading = \"kinds\" 一起写"));
        }
        let mut ranges = vec![None; doc.levels.len()];
        let grading = match (kind, &doc.combination, &doc.kinds) {
            (GradingKind::Bounds, ..) => {
                if total.is_none() {
                    return Err(src.at(&doc.grading, "按总分分段，total 要写 true"));
                }
                // A level without bounds is one that only an adjustment reaches (NEWS2: low-medium).
                let bounded = |l: &&raw::Level| !(l.min.is_none() && l.max.is_none() && self.is_target(&l.code));
                let bounds = doc.levels.iter().filter(bounded).map(|l| Bound::of(&l.code, &l.min, &l.max));
                let sums = self.reachable(sections.iter().flat_map(|s| &s.items), &doc.grading)?;
                let mut found = self.cover(&bounds.collect::<Vec<_>>(), &sums, better)?.into_iter();
                for (range, level) in ranges.iter_mut().zip(&doc.levels) {
                    *range = bounded(&level).then(|| found.next()).flatten();
                }
                Grading::Bounds
            }
            (GradingKind::Combination, Some(raw), _) => self.combination(raw, sections)?,
            (GradingKind::Kinds, _, Some(raw)) => Grading::Kinds(self.kinds(raw, sections)?),
            (GradingKind::None, ..) => Grading::None,
            (GradingKind::Combination | GradingKind::Kinds, ..) => {
                return Err(src.at(&doc.grading, "少了规则"));
            }
        };
        let levels = doc.levels.iter().zip(ranges).enumerate();
        let levels = levels.map(|(i, (raw, bounds))| {
            Ok(Level {
                code: LevelCode::new(raw.code.get_ref()),
                title: self.text(&raw.title)?,
                // At most MAX_LIST levels.
                order: i as u8,
                bounds,
                care: raw.care_dependence.as_ref().map(|c| self.care(c)).transpose()?,
            })
        });
        Ok((levels.collect::<Loaded<_>>()?, grading))
    }

    /// Whether an adjustment leads to this level by name.
    fn is_target(&self, level: &Spanned<String>) -> bool {
        let targets = self.doc.adjustments.iter().flat_map(|a| [&a.set, &a.at_least_level]);
        targets.flatten().any(|t| t.get_ref() == level.get_ref())
    }

    fn care(&self, raw: &raw::Care) -> Loaded<CareMapping> {
        let care = self.word(&raw.code, CareDependence::parse, "independent、semi_disabled 或 disabled")?;
        let (basis, words) = match (&raw.source, &raw.choice) {
            (Some(source), None) => (Basis::Source, self.text(source)?),
            (None, Some(choice)) => (Basis::LocalChoice, self.text(choice)?),
            _ => {
                return Err(self
                    .src
                    .at(&raw.code, "写 source（哪份文件说的），或写 choice（文件没说，为什么这样对应），只写一个"));
            }
        };
        Ok(CareMapping { care, basis, words })
    }

    /// Tabulates the levels of every combination of grades; refuses gaps and overlaps that are not declared.
    fn combination(&self, raw: &raw::Combination, sections: &[Section]) -> Loaded<Grading> {
        let src = self.src;
        if let Some(bare) = sections.iter().position(|s| s.grades.is_empty()) {
            return Err(src.at(&self.doc.sections[bare].id, "按组合定级，每个部分都要有 grades"));
        }
        if let Some(l) = self.doc.levels.iter().find(|l| l.min.is_some() || l.max.is_some()) {
            return Err(src.at(&l.code, "按组合定级，等级不写 min 和 max"));
        }
        let names: Vec<&str> = sections.iter().map(|s| s.id.as_str()).collect();
        let codes: Vec<&Spanned<String>> = self.doc.levels.iter().map(|l| &l.code).collect();
        let rules = self.rules(&raw.rules, &codes, &names)?;
        let sizes: Vec<usize> = sections.iter().map(|s| s.grades.len()).collect();
        self.few_enough(&sizes, &self.doc.grading)?;
        let mut table = Vec::new();
        for places in combinations(&sizes) {
            let values: Vec<i32> = places.iter().map(|p| *p as i32).collect();
            let mut orders: Vec<u8> = rules.iter().filter(|r| r.holds(&values)).map(|r| r.level as u8).collect();
            orders.sort_unstable();
            orders.dedup();
            if !raw.ambiguous.get_ref() && orders.len() != 1 {
                let what = if orders.is_empty() { "没有等级" } else { "有几个等级" };
                return Err(
                    src.at(&raw.ambiguous, format!("分级组合 {values:?} {what}，补上规则或改成 ambiguous = true"))
                );
            }
            table.push(orders);
        }
        if *raw.ambiguous.get_ref() && table.iter().all(|orders| orders.len() == 1) {
            return Err(src.at(&raw.ambiguous, "规则没有缺口和重叠，写 ambiguous = false"));
        }
        Ok(Grading::Combination(Combination { ambiguous: *raw.ambiguous.get_ref(), rules, sizes, table }))
    }

    fn kinds(&self, raw: &raw::Kinds, sections: &[Section]) -> Loaded<Kinds> {
        let src = self.src;
        let ids = raw.biased.iter().map(|k| &k.id).chain([&raw.balanced.id]);
        self.unique(ids, "类型", MAX_LIST)?;
        let items = Items::of(sections);
        let of = |names: &[Spanned<String>], reversed: &[Spanned<String>], id: &Spanned<String>| {
            self.unique(names, "条目", MAX_LIST)?;
            if names.is_empty() {
                return Err(src.at(id, "这一类没有条目"));
            }
            for name in names {
                self.options_of(&items, name)?;
            }
            if let Some(stray) = reversed.iter().find(|r| !names.iter().any(|n| n.get_ref() == r.get_ref())) {
                return Err(src.at(stray, "反向计分的条目要先写在 items 里"));
            }
            let item = |n: &Spanned<String>| KindItem {
                item: ItemId::new(n.get_ref()),
                reversed: reversed.iter().any(|r| r.get_ref() == n.get_ref()),
            };
            Ok(names.iter().map(item).collect::<Vec<_>>())
        };
        let biased = raw.biased.iter().map(|k| {
            let items = of(&k.items, &[], &k.id)?;
            Ok(Kind { id: KindId::new(k.id.get_ref()), title: self.text(&k.title)?, items })
        });
        let biased = biased.collect::<Loaded<Vec<_>>>()?;
        if biased.is_empty() {
            return Err(src.at(&raw.balanced.id, "至少要有一个偏颇类型"));
        }
        if raw.tendency_from.get_ref() >= raw.yes_from.get_ref() {
            return Err(src.at(&raw.tendency_from, "tendency_from 要小于 yes_from"));
        }
        if raw.balanced.yes_others_to.get_ref() >= raw.balanced.basically_others_to.get_ref() {
            return Err(src.at(&raw.balanced.yes_others_to, "yes_others_to 要小于 basically_others_to"));
        }
        let balanced = Kind {
            id: KindId::new(raw.balanced.id.get_ref()),
            title: self.text(&raw.balanced.title)?,
            items: of(&raw.balanced.items, &raw.balanced.reversed, &raw.balanced.id)?,
        };
        Ok(Kinds {
            biased,
            balanced,
            yes_from: *raw.yes_from.get_ref(),
            tendency_from: *raw.tendency_from.get_ref(),
            balanced_from: *raw.balanced.yes_from.get_ref(),
            yes_others_to: *raw.balanced.yes_others_to.get_ref(),
            basically_others_to: *raw.balanced.basically_others_to.get_ref(),
        })
    }

    pub fn adjustments(&self, items: &Items, levels: &[Level], conditions: &[Condition]) -> Loaded<Vec<Adjustment>> {
        let raws = &self.doc.adjustments;
        self.unique(raws.iter().map(|a| &a.id), "变更", MAX_LIST)?;
        if let Some(first) = raws.first()
            && levels.is_empty()
        {
            return Err(self.src.at(&first.id, "没有等级的量表不能有等级变更"));
        }
        let found: Vec<Adjustment> = raws
            .iter()
            .map(|raw| {
                Ok(Adjustment {
                    id: raw.id.get_ref().clone(),
                    reason: self.text(&raw.reason)?,
                    source: self.text(&raw.source)?,
                    trigger: self.trigger(raw, items, conditions)?,
                    effect: self.effect(raw, levels)?,
                })
            })
            .collect::<Loaded<_>>()?;
        for (i, condition) in conditions.iter().enumerate() {
            let used = found.iter().any(|a| match &a.trigger {
                Trigger::Any(causes) => causes.contains(&Cause::Condition(condition.id.clone())),
                Trigger::Count { of, .. } => of.contains(&condition.id),
                Trigger::AnyItemScores(_) => false,
            });
            if !used {
                return Err(self.src.at(&self.doc.conditions[i].id, "这个情形没有用在任何变更里，不要白问"));
            }
        }
        Ok(found)
    }

    fn effect(&self, raw: &raw::Adjustment, levels: &[Level]) -> Loaded<Effect> {
        let order = |code: &Spanned<String>| {
            let found = levels.iter().find(|l| l.code.as_str() == code.get_ref()).map(|l| l.order);
            found.ok_or_else(|| self.src.at(code, format!("没有“{}”这一级", code.get_ref())))
        };
        match (&raw.raise, &raw.set, &raw.at_least_level) {
            (Some(n), None, None) if *n.get_ref() > 0 => Ok(Effect::Raise(*n.get_ref())),
            (Some(n), None, None) => Err(self.src.at(n, "raise 至少写 1")),
            (None, Some(code), None) => Ok(Effect::Set(order(code)?)),
            (None, None, Some(code)) => Ok(Effect::AtLeast(order(code)?)),
            _ => Err(self.src.at(&raw.id, "写 raise、set 或 at_least_level，只写一个")),
        }
    }

    fn condition(&self, id: &Spanned<String>, kind: ConditionKind, conditions: &[Condition]) -> Loaded<ConditionId> {
        match conditions.iter().find(|c| c.id.as_str() == id.get_ref()) {
            Some(c) if c.kind == kind => Ok(c.id.clone()),
            Some(_) => Err(self.src.at(id, format!("“{}”的 kind 要是 {}", id.get_ref(), kind.code()))),
            None => Err(self.src.at(id, format!("没有“{}”这个情形", id.get_ref()))),
        }
    }

    fn trigger(&self, raw: &raw::Adjustment, items: &Items, conditions: &[Condition]) -> Loaded<Trigger> {
        let src = self.src;
        match (raw.any.is_empty(), &raw.count_of, &raw.count_at_least, &raw.any_item_scores) {
            (false, None, None, None) => {
                let cause = |t: &raw::Trigger| match (&t.condition, &t.item, &t.option) {
                    (Some(c), None, None) => {
                        Ok(Cause::Condition(self.condition(c, ConditionKind::Flag, conditions)?))
                    }
                    (None, Some(item), Some(option)) => {
                        if !self.options_of(items, item)?.contains(&option.get_ref().as_str()) {
                            return Err(self.no_option(item, option));
                        }
                        Ok(Cause::Option(ItemId::new(item.get_ref()), OptionCode::new(option.get_ref())))
                    }
                    _ => Err(src.at(&raw.id, "any 里每一个写 condition，或写 item 和 option")),
                };
                Ok(Trigger::Any(raw.any.iter().map(cause).collect::<Loaded<_>>()?))
            }
            (true, Some(of), Some(n), None) => {
                let ids = of.iter().map(|c| self.condition(c, ConditionKind::Count, conditions));
                let ids = ids.collect::<Loaded<Vec<_>>>()?;
                if ids.is_empty() || *n.get_ref() == 0 {
                    return Err(src.at(n, "count_of 和 count_at_least 都不能是空的或 0"));
                }
                Ok(Trigger::Count { of: ids, at_least: *n.get_ref() })
            }
            (true, None, None, Some(score)) => Ok(Trigger::AnyItemScores(self.score(score)?)),
            _ => Err(src.at(&raw.id, "写 any、count_of 加 count_at_least、或 any_item_scores，只写一种")),
        }
    }
}
