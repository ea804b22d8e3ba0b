//! Reading items: options, measured values and their bands, conditions.
use crate::error::ScaleError;
use crate::ids::{ConditionId, ItemId, OptionCode};
use crate::load::{Loaded, Loader, MAX_LIST};
use crate::raw;
use crate::scale::{
    AnswerKind, Band, BandSet, Choice, Condition, ConditionKind, Item, NumberKind, Range, Section, combinations,
};
use toml::Spanned;

/// The furthest a measured value may lie from 0.
const MAX_VALUE: u32 = 1_000_000;

/// The items of a scale by name.
pub(crate) struct Items<'s>(Vec<&'s Item>);

impl<'s> Items<'s> {
    pub fn of(sections: &'s [Section]) -> Items<'s> {
        Items(sections.iter().flat_map(|s| &s.items).collect())
    }
    pub fn find(&self, id: &str) -> Option<&'s Item> {
        self.0.iter().copied().find(|i| i.id.as_str() == id)
    }
}

impl Loader<'_> {
    pub fn item(&self, raw: &raw::Item) -> Loaded<Item> {
        let src = self.src;
        let answer = match (&raw.options, &raw.options_from, &raw.number) {
            (Some(options), None, None) => AnswerKind::Options(self.options(&raw.id, options)?),
            (None, Some(set), None) => {
                let found = self.doc.option_sets.iter().find(|s| s.id.get_ref() == set.get_ref());
                let found = found.ok_or_else(|| src.at(set, format!("没有“{}”这组选项", set.get_ref())))?;
                AnswerKind::Options(self.options(&found.id, &found.options)?)
            }
            (None, None, Some(number)) => AnswerKind::Number(self.number(raw, number)?),
            _ => return Err(src.at(&raw.id, "写 options、options_from 或 number，只写一个")),
        };
        if !raw.bands.is_empty() && matches!(answer, AnswerKind::Options(_)) {
            return Err(src.at(&raw.bands[0].scores, "bands 只用在填数的条目"));
        }
        let scores: Vec<i32> = match &answer {
            AnswerKind::Options(options) => options.iter().map(|o| o.score).collect(),
            AnswerKind::Number(n) => n.bands.iter().flat_map(|s| &s.bands).map(|b| b.score).collect(),
        };
        let (min, max) = (scores.iter().min(), scores.iter().max());
        let (Some(&min), Some(&max)) = (min, max) else { return Err(src.at(&raw.id, "这一项没有任何分值")) };
        Ok(Item {
            id: ItemId::new(raw.id.get_ref()),
            title: self.text(&raw.title)?,
            question: self.text(&raw.question)?,
            loinc: raw.loinc.clone(),
            answer,
            scores: Range { min, max },
        })
    }

    fn options(&self, of: &Spanned<String>, raws: &[raw::Choice]) -> Loaded<Vec<Choice>> {
        if raws.len() < 2 {
            return Err(self.src.at(of, "至少要有两个选项"));
        }
        self.unique(raws.iter().map(|o| &o.code), "选项", MAX_LIST)?;
        raws.iter()
            .map(|o| {
                Ok(Choice {
                    code: OptionCode::new(o.code.get_ref()),
                    score: self.score(&o.score)?,
                    label: self.text(&o.label)?,
                    meaning: self.text(&o.meaning)?,
                })
            })
            .collect()
    }

    fn number(&self, item: &raw::Item, raw: &raw::Number) -> Loaded<NumberKind> {
        let src = self.src;
        let range = Range { min: *raw.min.get_ref(), max: *raw.max.get_ref() };
        if range.min.unsigned_abs() > MAX_VALUE || range.max.unsigned_abs() > MAX_VALUE || range.min >= range.max {
            return Err(src.at(&raw.min, format!("min 要小于 max，都在 -{MAX_VALUE} 到 {MAX_VALUE} 之间")));
        }
        if raw.decimals > 3 {
            return Err(src.at(&raw.min, "decimals 最多 3"));
        }
        let bands = item.bands.iter().map(|set| self.band_set(set, range)).collect::<Loaded<Vec<_>>>()?;
        if bands.is_empty() || bands.len() > MAX_LIST {
            return Err(src.at(&item.id, format!("填数的条目要有 bands，最多 {MAX_LIST} 组")));
        }
        Ok(NumberKind { range, decimals: raw.decimals, unit: raw.unit.clone(), ucum: raw.ucum.clone(), bands })
    }

    /// Bands follow each other without gap or overlap; the first begins and the last ends where the item does.
    fn band_set(&self, set: &raw::BandSet, whole: Range) -> Loaded<BandSet> {
        let src = self.src;
        let raws = set.scores.get_ref();
        if raws.is_empty() || raws.len() > MAX_LIST {
            return Err(src.at(&set.scores, format!("写 1 到 {MAX_LIST} 段")));
        }
        let mut next = whole.min;
        let mut bands = Vec::with_capacity(raws.len());
        for (i, raw) in raws.iter().enumerate() {
            let min = raw.min.as_ref().map_or(whole.min, |m| *m.get_ref());
            let max = raw.max.as_ref().map_or(whole.max, |m| *m.get_ref());
            let place = raw.min.as_ref().or(raw.max.as_ref()).unwrap_or(&raw.score);
            if min != next {
                let what = if min > next { "空着一段" } else { "和上一段重叠" };
                return Err(src.at(place, format!("{what}：这一段应从 {next} 起")));
            }
            if max < min || max > whole.max {
                return Err(src.at(place, "这一段的上限不对"));
            }
            if i + 1 == raws.len() && max != whole.max {
                return Err(src.at(place, format!("最后一段要到 {}", whole.max)));
            }
            bands.push(Band { range: Range { min, max }, score: self.score(&raw.score)? });
            next = max.saturating_add(1);
        }
        let when = set
            .when
            .iter()
            .map(|(item, option)| (ItemId::new(item.get_ref()), OptionCode::new(option.get_ref())))
            .collect();
        Ok(BandSet { when, bands })
    }

    /// Of an item's band sets exactly one must fit, whatever is answered to the items they depend on.
    pub fn bands(&self, items: &Items) -> Loaded<()> {
        for raw in self.doc.sections.iter().flat_map(|s| &s.items).filter(|i| i.number.is_some()) {
            let mut on: Vec<(&str, Vec<&str>)> = Vec::new();
            for (item, option) in raw.bands.iter().flat_map(|b| &b.when) {
                let options = self.options_of(items, item)?;
                if !options.contains(&option.get_ref().as_str()) {
                    return Err(self.no_option(item, option));
                }
                if !on.iter().any(|(id, _)| id == item.get_ref()) {
                    on.push((item.get_ref(), options));
                }
            }
            let sizes: Vec<usize> = on.iter().map(|(_, options)| options.len()).collect();
            let ways = sizes.iter().try_fold(1usize, |n, s| n.checked_mul(*s)).filter(|n| *n <= 10_000);
            if ways.is_none() {
                return Err(self.src.at(&raw.id, "when 牵涉的条目太多"));
            }
            for places in combinations(&sizes) {
                let fits = |set: &&raw::BandSet| {
                    set.when.iter().all(|(item, option)| {
                        on.iter()
                            .zip(&places)
                            .any(|((id, options), at)| id == item.get_ref() && options[*at] == option.get_ref())
                    })
                };
                match raw.bands.iter().filter(fits).count() {
                    1 => {}
                    0 => return Err(self.src.at(&raw.id, "有的情形没有写 bands")),
                    _ => return Err(self.src.at(&raw.id, "有的情形适用两组 bands")),
                }
            }
        }
        Ok(())
    }

    /// The option codes of an item that a rule refers to.
    pub fn options_of<'s>(&self, items: &Items<'s>, item: &Spanned<String>) -> Loaded<Vec<&'s str>> {
        let found = items.find(item.get_ref());
        let found = found.ok_or_else(|| self.src.at(item, format!("没有“{}”这一项", item.get_ref())))?;
        match &found.answer {
            AnswerKind::Options(options) => Ok(options.iter().map(|o| o.code.as_str()).collect()),
            AnswerKind::Number(_) => Err(self.src.at(item, "这里只能写有选项的条目")),
        }
    }

    pub fn no_option(&self, item: &Spanned<String>, option: &Spanned<String>) -> ScaleError {
        self.src.at(option, format!("“{}”没有“{}”这个选项", item.get_ref(), option.get_ref()))
    }

    pub fn conditions(&self) -> Loaded<Vec<Condition>> {
        self.unique(self.doc.conditions.iter().map(|c| &c.id), "情形", MAX_LIST)?;
        self.doc
            .conditions
            .iter()
            .map(|c| {
                Ok(Condition {
                    id: ConditionId::new(c.id.get_ref()),
                    question: self.text(&c.question)?,
                    kind: self.word(&c.kind, ConditionKind::parse, "flag 或 count")?,
                })
            })
            .collect()
    }
}
