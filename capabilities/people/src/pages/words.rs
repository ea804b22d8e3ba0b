//! Sentences of the history and of what was done.
use crate::model::{Care, DisabilityCert, ElderCard, FactKind, FactRow, Hukou, IncomeClass, Living, groups_from};
use crate::service::TimelineItem;
use kernel::{RegionBook, RegionCode, Sex};

/// `女 77 岁`
pub(crate) fn sex_age(card: &ElderCard, today: kernel::CivilDate) -> String {
    format!("{} {} 岁", card.sex.zh(), card.age(today))
}

/// `墩塘村 上围 17 号`
pub(crate) fn home(book: &RegionBook, region: &RegionCode, address: &str) -> String {
    format!("{} {}", book.name(region), address).trim().to_string()
}

/// The Chinese of a stored value.
pub(crate) fn value(book: &RegionBook, kind: FactKind, code: &str) -> String {
    if code.is_empty() {
        return "空".into();
    }
    let word = match kind {
        FactKind::Hukou => Hukou::parse(code).map(|v| v.zh().to_string()),
        FactKind::Living => Living::parse(code).map(|v| v.zh().to_string()),
        FactKind::Income => IncomeClass::parse(code).map(|v| v.zh().to_string()),
        FactKind::Care => Care::parse(code).map(|v| v.zh().to_string()),
        FactKind::Certificate => DisabilityCert::parse(code).map(|v| v.zh().to_string()),
        FactKind::Sex => Sex::parse(code).map(|v| v.zh().to_string()),
        FactKind::Specials => {
            Some(groups_from(code).iter().map(|g| g.zh()).collect::<Vec<_>>().join("、")).filter(|t| !t.is_empty())
        }
        kind if FactKind::SIX.contains(&kind) => Some(if code == "true" { "做得到" } else { "做不到" }.to_string()),
        kind if FactKind::ASKED.contains(&kind) => {
            kind.answers().iter().find(|(c, _)| *c == code).map(|(_, zh)| zh.to_string())
        }
        FactKind::Region | FactKind::HukouRegion => code.parse::<RegionCode>().ok().map(|r| book.short(&r)),
        _ => None,
    };
    word.filter(|w| !w.is_empty()).unwrap_or_else(|| code.to_string())
}

/// One row of the history as an event.
pub(crate) fn event(book: &RegionBook, row: &FactRow) -> TimelineItem {
    let new = value(book, row.fact, &row.new);
    let old = value(book, row.fact, &row.old);
    let mut text = match row.fact {
        FactKind::Death if row.new.is_empty() => "撤回去世登记".to_string(),
        FactKind::Death => format!("{new} 去世"),
        FactKind::MovedOut => format!("{new} 迁出"),
        FactKind::Household => "换了同住的户".to_string(),
        FactKind::Chronic => "慢病记录已改".to_string(),
        FactKind::Phone | FactKind::IdNumber if row.old.is_empty() => format!("登记{} {new}", row.fact.zh()),
        _ if row.valid_from.is_none() => format!("更正{}：{old} 改为 {new}", row.fact.zh()),
        _ => format!("{}：{old} → {new}", row.fact.zh()),
    };
    if let Some(day) = row.valid_from
        && day != row.recorded_at.date()
        && !matches!(row.fact, FactKind::Death | FactKind::MovedOut)
    {
        text.push_str(&format!("（{day} 起）"));
    }
    let who = format!("{} · {}", row.recorded_by, row.source.zh());
    TimelineItem { at: row.recorded_at, text, who, bad: false, href: None }
}

/// The sentence for a `done` code of the address; anything else says nothing.
pub(crate) fn done(code: &str) -> Option<String> {
    let words = match code {
        "created" => "档案已建好",
        "saved" => "档案已改好",
        "nothing" => "没有改动，档案照旧",
        "died" => "已登记去世，待遇会在当天重新认定",
        "withdrawn" => "已撤回去世登记，待遇会重新认定",
        "moved" => "已登记迁移，待遇会重新认定",
        "contact" => "联系人已登记",
        "removed" => "联系人已删去",
        "address" => "服务地址已变更",
        "merged" => "已合并，另一份的编号、电话和证件号都指向这一份",
        "unmerged" => "已撤回合并，两份档案都恢复",
        "different" => "已认定是两个人",
        "decided" => "已认定",
        "read" => "试读完了，没有写入任何数据",
        "fixed" => "改好的行已重新核对",
        "written" => "开始写入，可以离开这一页",
        "dropped" => "已放弃，没有写入任何数据",
        "taken" => "已整批撤回，后来改过的档案留着",
        "regions" => "区划已载入",
        _ => return None,
    };
    Some(words.to_string())
}

#[derive(serde::Deserialize, Default)]
pub(crate) struct Done {
    #[serde(default)]
    pub(crate) done: String,
}

/// Completeness in whole percents: six asked-for parts.
pub(crate) fn complete(lacks: i64) -> i64 {
    (6 - lacks.clamp(0, 6)) * 100 / 6
}
