//! A scale that has been read and checked.
use crate::ids::{ConditionId, ItemId, KindId, LevelCode, OptionCode, ScaleId, SectionId};
use serde::{Deserialize, Serialize};

macro_rules! words {
    ($(#[$meta:meta])* $name:ident { $($(#[$vm:meta])* $variant:ident $code:literal $zh:literal,)* }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum $name { $($(#[$vm])* $variant,)* }
        impl $name {
            pub const ALL: &[$name] = &[$($name::$variant,)*];
            /// As written in documents and stored.
            pub const fn code(self) -> &'static str {
                match self { $($name::$variant => $code,)* }
            }
            pub const fn zh(self) -> &'static str {
                match self { $($name::$variant => $zh,)* }
            }
            pub fn parse(code: &str) -> Option<$name> {
                $name::ALL.iter().copied().find(|v| v.code() == code)
            }
        }
    };
}
pub(crate) use words;

words! {
    /// Which end of the score is the good one.
    Better {
        Higher "higher" "分高为好",
        Lower "lower" "分低为好",
    }
}
words! {
    /// How the level is found.
    GradingKind {
        Bounds "bounds" "按总分分段",
        Combination "combination" "按各部分的分级组合",
        Kinds "kinds" "分类判定",
        None "none" "只记分，不分级",
    }
}
words! {
    /// Whether adjustments that raise the level add up.
    Stacking {
        /// However many apply, one level in all.
        Once "once" "同时有几种情形，一共只提高一级",
        /// Each that applies raises.
        Each "each" "每有一种情形，各提高一级",
    }
}
words! {
    /// What someone needs, as policy packs know it (fact `care_dependence`).
    CareDependence {
        Independent "independent" "自理",
        SemiDisabled "semi_disabled" "半失能",
        Disabled "disabled" "失能",
    }
}
words! {
    /// A part of a scale whose truth is marked.
    Part {
        Items "items" "条目和分值",
        Wording "wording" "选项的说明文字",
        Bands "bands" "分段",
        Levels "levels" "等级",
        Combination "combination" "组合规则",
        Adjustments "adjustments" "等级变更",
        Validity "validity" "有效期",
        CareDependence "care_dependence" "与政策里失能程度的对应",
        Licence "licence" "使用许可",
        Codes "codes" "对外编码",
    }
}
words! {
    /// How sure we are of a part.
    Mark {
        Verified "verified" "已核对",
        /// Ships, but an administrator compares it with the official text and accepts it first.
        ToConfirm "to_confirm" "待核对",
    }
}

/// A mark on a part of a scale, and what is to be compared or was compared.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Flag {
    pub part: Part,
    pub note: String,
}

/// A range of scores, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    pub min: i32,
    pub max: i32,
}

impl Range {
    pub const fn contains(self, value: i32) -> bool {
        self.min <= value && value <= self.max
    }
}

/// A scale as data. Made only by [`Scale::load`]; everything in it has been checked.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Scale {
    pub id: ScaleId,
    pub title: String,
    pub short_title: String,
    /// The edition of the standard or form.
    pub version: String,
    /// The standard or paper it follows.
    pub document: String,
    pub document_note: String,
    /// Who holds what rights, and what that means for a user.
    pub licence: String,
    pub better: Better,
    pub grading: Grading,
    /// Bounds of the sum over all sections, where that sum means something.
    pub total: Option<Range>,
    /// How many assessors sign at least.
    pub assessors: u8,
    /// How long a result holds, in months; `None`: the document does not say.
    pub validity_months: Option<u16>,
    /// LOINC code of the total.
    pub loinc: Option<String>,
    pub sections: Vec<Section>,
    /// From the best to the worst; empty where the scale has no levels.
    pub levels: Vec<Level>,
    pub conditions: Vec<Condition>,
    pub adjustments: Vec<Adjustment>,
    /// What the document says about several raising adjustments; a place may set otherwise.
    pub stacking: Stacking,
    pub verified: Vec<Flag>,
    pub(crate) to_confirm: Vec<Flag>,
    /// Changes with every change of the document's text.
    pub fingerprint: u64,
    /// The document as it was read.
    #[serde(skip)]
    pub text: String,
}

impl Scale {
    /// What an administrator has to compare with the official text and accept before the scale is used for decisions.
    pub fn to_confirm(&self) -> &[Flag] {
        &self.to_confirm
    }
    /// All items, in the document's order.
    pub fn items(&self) -> impl Iterator<Item = &Item> {
        self.sections.iter().flat_map(|s| &s.items)
    }
    pub fn item(&self, id: &ItemId) -> Option<&Item> {
        self.items().find(|i| i.id == *id)
    }
    pub fn level(&self, code: &LevelCode) -> Option<&Level> {
        self.levels.iter().find(|l| l.code == *code)
    }
}

/// A group of items, with its own sum or grade.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Section {
    pub id: SectionId,
    pub title: String,
    pub note: String,
    /// Which end of this section's scores is the good one.
    pub better: Better,
    pub items: Vec<Item>,
    /// Bounds of the subtotal; `None`: the scores of this section are not added up.
    pub sum: Option<Range>,
    /// From the best to the worst; empty where only the total is graded.
    pub grades: Vec<Grade>,
    /// For a section that is not summed: the first rule that holds gives the grade. Written from the worst on.
    pub rules: Vec<Rule>,
}

/// One grade of a section.
#[derive(Clone, Debug, Serialize)]
pub struct Grade {
    pub code: LevelCode,
    pub title: String,
    pub bounds: Option<Range>,
}

/// One question.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Item {
    pub id: ItemId,
    pub title: String,
    /// What is asked or looked at, in plain words.
    pub question: String,
    pub loinc: Option<String>,
    pub answer: AnswerKind,
    /// The lowest and highest score it can give.
    pub scores: Range,
}

/// How an item is answered.
#[derive(Clone, Debug, Serialize)]
pub enum AnswerKind {
    Options(Vec<Choice>),
    Number(NumberKind),
}

/// One option.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Choice {
    pub code: OptionCode,
    pub score: i32,
    pub label: String,
    /// What choosing it means.
    pub meaning: String,
}

/// A measured value that is turned into a score by bands.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct NumberKind {
    /// What can be measured at all, in units of `10^-decimals`.
    pub range: Range,
    pub decimals: u8,
    /// Chinese.
    pub unit: String,
    pub ucum: String,
    pub bands: Vec<BandSet>,
}

impl NumberKind {
    /// `365` with one decimal: `36.5`.
    pub fn show(&self, value: i32) -> String {
        let decimals = usize::from(self.decimals);
        if decimals == 0 {
            return value.to_string();
        }
        let sign = if value < 0 { "-" } else { "" };
        let digits = format!("{:0>width$}", value.unsigned_abs(), width = decimals + 1);
        let (whole, part) = digits.split_at(digits.len() - decimals);
        format!("{sign}{whole}.{part}")
    }
}

/// Bands of a measured value under certain answers to other items; of all sets of an item exactly one fits.
#[derive(Clone, Debug, Serialize)]
pub struct BandSet {
    pub when: Vec<(ItemId, OptionCode)>,
    pub bands: Vec<Band>,
}

/// Values of `range` score `score`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Band {
    pub range: Range,
    pub score: i32,
}

/// One level of the whole scale.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Level {
    pub code: LevelCode,
    pub title: String,
    /// 0 = best.
    pub order: u8,
    /// For a scale graded by its total.
    pub bounds: Option<Range>,
    pub care: Option<CareMapping>,
}

/// What a level means to policy packs, and who says so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct CareMapping {
    pub care: CareDependence,
    pub basis: Basis,
    pub words: String,
}

words! {
    /// Who says so.
    Basis {
        Source "source" "文件规定",
        LocalChoice "local_choice" "本地对应",
    }
}

/// How the level is found.
#[derive(Clone, Debug, Serialize)]
pub enum Grading {
    /// [`Level::bounds`] over the total.
    Bounds,
    Combination(Combination),
    Kinds(Kinds),
    None,
}

impl Grading {
    pub const fn kind(&self) -> GradingKind {
        match self {
            Grading::Bounds => GradingKind::Bounds,
            Grading::Combination(_) => GradingKind::Combination,
            Grading::Kinds(_) => GradingKind::Kinds,
            Grading::None => GradingKind::None,
        }
    }
}

/// Levels by the grades of all sections. All combinations are tabulated when the document is loaded.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Combination {
    /// Whether the rules leave combinations without a level or with several.
    pub ambiguous: bool,
    /// As the document has them; several may be about one level.
    pub rules: Vec<Rule>,
    /// Number of grades of each section.
    #[serde(skip)]
    pub(crate) sizes: Vec<usize>,
    /// For every combination the orders of the levels whose rules hold.
    #[serde(skip)]
    pub(crate) table: Vec<Vec<u8>>,
}

impl Combination {
    /// The orders of all levels whose rules hold for these grades (one per section, 0 = best): one where the rules
    /// decide, several where they overlap, none in a gap. `None` when the grades are not of this scale.
    pub fn literal(&self, grades: &[usize]) -> Option<&[u8]> {
        self.table.get(index(&self.sizes, grades)?).map(Vec::as_slice)
    }
    /// Every combination of grades, in order.
    pub fn all(&self) -> impl Iterator<Item = Vec<usize>> {
        combinations(&self.sizes)
    }
}

/// Position in a table that counts the last place fastest.
pub(crate) fn index(sizes: &[usize], places: &[usize]) -> Option<usize> {
    if sizes.len() != places.len() {
        return None;
    }
    sizes.iter().zip(places).try_fold(0, |at, (size, place)| (place < size).then(|| at * size + place))
}

/// Every way to choose one of `sizes[i]` at each place.
pub(crate) fn combinations(sizes: &[usize]) -> impl Iterator<Item = Vec<usize>> + use<> {
    let sizes = sizes.to_vec();
    let count: usize = sizes.iter().product();
    (0..count).map(move |mut n| {
        let mut places: Vec<usize> = sizes
            .iter()
            .rev()
            .map(|size| {
                let place = n % size;
                n /= size;
                place
            })
            .collect();
        places.reverse();
        places
    })
}

/// What must hold for a level or grade.
#[derive(Clone, Debug, Serialize)]
pub struct Rule {
    /// Order of the level or grade.
    pub level: usize,
    /// The rule in plain Chinese.
    pub words: String,
    pub all: Vec<Clause>,
}

/// Of the values at `of`, between `at_least` and `at_most` are among `is`.
/// `of` counts sections of the scale, or items of the section; `is` holds grades by order, or scores.
#[derive(Clone, Debug, Serialize)]
pub struct Clause {
    pub of: Vec<usize>,
    pub is: Vec<i32>,
    pub at_least: usize,
    pub at_most: usize,
}

impl Rule {
    pub fn holds(&self, values: &[i32]) -> bool {
        self.all.iter().all(|clause| {
            let met = clause.of.iter().filter(|i| values.get(**i).is_some_and(|v| clause.is.contains(v))).count();
            (clause.at_least..=clause.at_most).contains(&met)
        })
    }
}

/// Sorting into kinds, several of which may fit (TCM constitution).
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Kinds {
    pub biased: Vec<Kind>,
    pub balanced: Kind,
    /// A biased kind whose sum reaches this is found.
    pub yes_from: i32,
    /// From here to below `yes_from`: a tendency.
    pub tendency_from: i32,
    /// The balanced kind needs this sum …
    pub balanced_from: i32,
    /// … and no biased kind above this.
    pub yes_others_to: i32,
    /// … or, for "basically", no biased kind above this.
    pub basically_others_to: i32,
}

/// A kind and the items its score is the sum of.
#[derive(Clone, Debug, Serialize)]
pub struct Kind {
    pub id: KindId,
    pub title: String,
    pub items: Vec<KindItem>,
}

/// An item of a kind. A reversed one counts lowest + highest score − score.
#[derive(Clone, Debug, Serialize)]
pub struct KindItem {
    pub item: ItemId,
    pub reversed: bool,
}

/// A circumstance that is asked beside the items because an adjustment needs it.
#[derive(Clone, Debug, Serialize)]
pub struct Condition {
    pub id: ConditionId,
    pub question: String,
    pub kind: ConditionKind,
}

words! {
    /// How a condition is answered.
    ConditionKind {
        Flag "flag" "有或没有",
        Count "count" "次数",
    }
}

/// A rule that moves the level found from the scores.
#[derive(Clone, Debug, Serialize)]
pub struct Adjustment {
    pub id: String,
    /// Chinese, shown with the result.
    pub reason: String,
    /// Where it is written.
    pub source: String,
    pub trigger: Trigger,
    pub effect: Effect,
}

/// When an adjustment applies.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Trigger {
    /// Any of these.
    Any(Vec<Cause>),
    /// The counts of these conditions together reach a number.
    Count { of: Vec<ConditionId>, at_least: u32 },
    /// Some item has exactly this score.
    AnyItemScores(i32),
}

/// One cause of an adjustment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum Cause {
    Condition(ConditionId),
    Option(ItemId, OptionCode),
}

/// What an adjustment does. Levels are given by their order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Effect {
    /// So many levels worse, up to the worst.
    Raise(u8),
    /// This level, whatever the scores say.
    Set(u8),
    /// Not better than this level.
    AtLeast(u8),
}
