//! Levels by combination, where the words of a standard may leave gaps or overlap.
use crate::answers::Combining;
use crate::outcome::{Ambiguity, Finding, Graded};
use crate::scale::{Combination, Scale};

/// A level on its way to the outcome, by order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    Level(u8),
    Undecided { cause: Ambiguity, between: Vec<u8>, why: String },
    NotGraded,
}

impl Found {
    pub fn finding(&self, scale: &Scale) -> Finding {
        match self {
            Found::Level(order) => graded(scale, *order).map_or(Finding::NotGraded, Finding::Level),
            Found::Undecided { cause, between, why } => Finding::Undecided {
                cause: *cause,
                between: between.iter().filter_map(|o| graded(scale, *o)).collect(),
                why: why.clone(),
            },
            Found::NotGraded => Finding::NotGraded,
        }
    }
}

fn graded(scale: &Scale, order: u8) -> Option<Graded> {
    let level = scale.levels.get(usize::from(order))?;
    Some(Graded { code: level.code.clone(), zh: level.title.clone(), order })
}

/// `“轻度失能”和“中度失能”`
fn named(scale: &Scale, orders: &[u8]) -> String {
    let titles = orders.iter().filter_map(|o| scale.levels.get(usize::from(*o))).map(|l| format!("“{}”", l.title));
    titles.collect::<Vec<_>>().join("和")
}

/// The level of a combination of grades, decided by the rules or else as the place has set; a decision of the place is
/// explained in `notes`.
pub(crate) fn combined(
    scale: &Scale,
    rules: &Combination,
    grades: &[usize],
    setting: Combining,
    notes: &mut Vec<String>,
) -> Found {
    let Some(literal) = rules.literal(grades) else { return Found::NotGraded };
    let (cause, between) = match literal {
        [one] => return Found::Level(*one),
        [] => (Ambiguity::Gap, neighbours(rules, grades)),
        several => (Ambiguity::Overlap, several.to_vec()),
    };
    let shown: Vec<String> = scale.sections.iter().zip(grades).map(|(s, g)| format!("{} {g} 级", s.title)).collect();
    let shown = shown.join("、");
    let why = match cause {
        Ambiguity::Overlap => format!("{shown}：按原文，{}都符合。", named(scale, &between)),
        Ambiguity::Gap => {
            format!("{shown}：原文没有写这种组合定为几级；相邻的组合定为{}。", named(scale, &between))
        }
    };
    let decided = match setting {
        Combining::Undecided => None,
        Combining::LowerLevel => between.first(),
        Combining::HigherLevel => between.last(),
    };
    match decided {
        Some(order) => {
            notes.push(format!("{why}本地的规定是{}，定为{}。", setting.zh(), named(scale, &[*order])));
            Found::Level(*order)
        }
        None => Found::Undecided { cause, between, why },
    }
}

/// Around a gap: the worst level decided for someone no worse in any grade, and the best level decided for someone no
/// better in any grade; one entry where they agree.
fn neighbours(rules: &Combination, grades: &[usize]) -> Vec<u8> {
    let mut below: Option<u8> = None;
    let mut above: Option<u8> = None;
    for other in rules.all() {
        let Some([level]) = rules.literal(&other) else { continue };
        if other.iter().zip(grades).all(|(o, g)| o <= g) {
            below = below.max(Some(*level));
        }
        if other.iter().zip(grades).all(|(o, g)| o >= g) {
            above = Some(above.map_or(*level, |a| a.min(*level)));
        }
    }
    let mut around: Vec<u8> = below.into_iter().chain(above).collect();
    around.sort_unstable();
    around.dedup();
    around
}
