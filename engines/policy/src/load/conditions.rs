//! The tree of conditions: order, references, limits and the compiled leaves.
use super::{Loaded, Loader};
use crate::expr::Leaf;
use crate::facts::Subject;
use crate::pack::{Article, Condition, Join, Kind};
use crate::parameter::{Parameter, ParameterType};
use crate::raw;
use toml::Spanned;

/// The most conditions one pack may have: their states fit one word.
const MAX_CONDITIONS: usize = 64;
/// The deepest tree of conditions.
const MAX_TREE: usize = 16;

/// A condition as written: one of the list, or the assessment rule, which stands in the tree by its name.
#[derive(Clone, Copy)]
enum Item<'a> {
    Listed(&'a raw::Condition),
    Assessment(&'a raw::Assessment),
}

impl<'a> Item<'a> {
    fn name(self) -> &'a Spanned<String> {
        match self {
            Item::Listed(c) => &c.name,
            Item::Assessment(a) => &a.name,
        }
    }
    fn label(self) -> &'a Spanned<String> {
        match self {
            Item::Listed(c) => &c.label,
            Item::Assessment(a) => &a.label,
        }
    }
    fn article(self) -> Option<&'a Spanned<String>> {
        match self {
            Item::Listed(c) => c.article.as_ref(),
            Item::Assessment(a) => a.article.as_ref(),
        }
    }
    fn members(self) -> impl Iterator<Item = &'a Vec<Spanned<String>>> {
        let lists = match self {
            Item::Listed(c) => [c.all.as_ref(), c.any.as_ref(), c.of.as_ref()],
            Item::Assessment(_) => [None; 3],
        };
        lists.into_iter().flatten()
    }
}

impl<'a> Loader<'a> {
    pub(super) fn conditions(
        &self,
        subject: Subject,
        articles: &[Article],
        parameters: &[Parameter],
    ) -> Loaded<Vec<Condition>> {
        let listed = self.doc.conditions.iter().map(Item::Listed);
        let items: Vec<Item> = listed.chain(self.doc.assessment.iter().map(Item::Assessment)).collect();
        self.unique(items.iter().map(|i| i.name()), "条件")?;
        if let Some(extra) = items.get(MAX_CONDITIONS) {
            return Err(self.src.at(extra.name(), format!("条件太多，一个政策包最多 {MAX_CONDITIONS} 条")));
        }
        let mut order = Order { loader: self, items: &items, path: Vec::new(), placed: Vec::new() };
        for i in 0..items.len() {
            order.visit(i)?;
        }
        let placed = order.placed;
        let place_of = |names: &[Spanned<String>]| {
            let index = |n: &Spanned<String>| items.iter().position(|i| i.name().get_ref() == n.get_ref());
            let children: Vec<usize> =
                names.iter().filter_map(index).filter_map(|r| placed.iter().position(|&p| p == r)).collect();
            let mask = children.iter().fold(0u64, |m, c| m | 1 << c);
            (children, mask)
        };
        let group = |join: Join, names: &[Spanned<String>]| {
            let (children, mask) = place_of(names);
            Kind::Group { join, children, mask }
        };
        let mut conditions = Vec::with_capacity(items.len());
        for &i in &placed {
            let item = items[i];
            let kind = match item {
                Item::Assessment(_) => Kind::Assessment,
                Item::Listed(raw) => match (&raw.cel, &raw.all, &raw.any, &raw.at_least, &raw.of) {
                    (Some(cel), None, None, None, None) => Kind::Leaf(self.leaf(subject, parameters, cel)?),
                    (None, Some(all), None, None, None) => group(Join::All, all),
                    (None, None, Some(any), None, None) => group(Join::Any, any),
                    (None, None, None, Some(count), Some(of)) => {
                        let parameter = self.parameter_named(parameters, count, ParameterType::Int, "at_least")?;
                        group(Join::AtLeast(parameter), of)
                    }
                    _ => {
                        let message = "一条条件只写 cel、all、any 中的一个，或写 at_least 和 of";
                        return Err(self.src.at(&raw.name, message));
                    }
                },
            };
            conditions.push(Condition {
                name: item.name().get_ref().clone(),
                label: self.label(item.label(), parameters)?,
                article: item.article().map(|a| self.article(articles, a)).transpose()?,
                kind,
            });
        }
        Ok(conditions)
    }

    fn leaf(&self, subject: Subject, parameters: &[Parameter], cel: &Spanned<String>) -> Loaded<Leaf> {
        let compiled = Leaf::compile(cel.get_ref(), subject, parameters);
        let leaf = compiled.map_err(|f| self.src.error(self.inside(cel, f.offset), f.message))?;
        if leaf.facts.is_empty() {
            return Err(self.src.at(cel, "条件里没有用到任何事实"));
        }
        Ok(leaf)
    }

    /// The place in the document of byte `offset` of a string's value.
    fn inside(&self, text: &Spanned<String>, offset: usize) -> usize {
        let span = text.span();
        // With escapes in the string the value is not found as written; its beginning is near enough then.
        let written = self.src.text.get(span.clone()).and_then(|w| w.find(text.get_ref().as_str()));
        written.map_or(span.start, |i| span.start + i + offset)
    }
}

/// Places every condition after those it is made of.
struct Order<'a, 'b> {
    loader: &'b Loader<'a>,
    items: &'b [Item<'a>],
    path: Vec<usize>,
    placed: Vec<usize>,
}

impl Order<'_, '_> {
    fn visit(&mut self, i: usize) -> Loaded<()> {
        let (src, items) = (self.loader.src, self.items);
        let name = items[i].name();
        if self.placed.contains(&i) {
            return Ok(());
        }
        if self.path.contains(&i) {
            let round: Vec<&str> = self.path.iter().chain([&i]).map(|&p| items[p].name().get_ref().as_str()).collect();
            return Err(src.at(name, format!("条件互相引用，绕成了圈：{}", round.join(" → "))));
        }
        if self.path.len() >= MAX_TREE {
            return Err(src.at(name, format!("条件套得太深，最多 {MAX_TREE} 层")));
        }
        self.path.push(i);
        for list in items[i].members() {
            if list.is_empty() {
                return Err(src.at(name, "all、any、of 里至少写一条"));
            }
            for (n, child) in list.iter().enumerate() {
                if list[..n].iter().any(|c| c.get_ref() == child.get_ref()) {
                    return Err(src.at(child, format!("“{}”写了两次", child.get_ref())));
                }
                let found = items.iter().position(|r| r.name().get_ref() == child.get_ref());
                let found = found.ok_or_else(|| src.at(child, format!("没有“{}”这条条件", child.get_ref())))?;
                self.visit(found)?;
            }
        }
        self.path.pop();
        self.placed.push(i);
        Ok(())
    }
}
