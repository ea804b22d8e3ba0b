//! Dated facts: what was true from when, and what was only written down wrongly.
use super::words::Source;
use kernel::{CivilDate, ElderId, Instant};

store::words! {
    /// A part of the archive whose changes are kept.
    FactKind {
        Name "name" "姓名",
        IdNumber "id_number" "证件号码",
        Birth "birth" "出生日期",
        Sex "sex" "性别",
        Phone "phone" "电话",
        Region "region" "村（社区）",
        Address "address" "住址",
        Place "place" "位置",
        Household "household" "同住的户",
        Hukou "hukou" "户籍性质",
        HukouRegion "hukou_region" "户籍地",
        Living "living" "居住情况",
        Income "income" "经济状况",
        Specials "specials" "特殊群体",
        Care "care" "能力",
        Certificate "certificate" "残疾证",
        Institution "institution" "养老机构",
        Chronic "chronic" "慢病",
        Preference "preference" "服务意愿",
        Death "death" "去世",
        MovedIn "moved_in" "迁入",
        MovedOut "moved_out" "迁出",
        AssessedOn "assessed_on" "能力评估日期",
        AssessmentStandard "assessment_standard" "能力评估标准",
        AbilityLevel "ability_level" "能力等级",
        AssessmentValidUntil "assessment_valid_until" "能力评估有效期至",
        EatUnaided "eat_unaided" "自主吃饭",
        DressUnaided "dress_unaided" "自主穿衣",
        BedTransferUnaided "bed_transfer_unaided" "自主上下床",
        ToiletUnaided "toilet_unaided" "自主如厕",
        WalkIndoorsUnaided "walk_indoors_unaided" "室内自主行走",
        BatheUnaided "bathe_unaided" "自主洗澡",
        NursingSubsidy "nursing_subsidy" "领失能护理补贴",
        IncapacityRecognised "incapacity_recognised" "已认定特困失能",
        HomeRight "home_right" "住房权属",
        HomeSafe "home_safe" "住房安全",
        DemolitionListed "demolition_listed" "列入征收拆迁",
        RenovationSubsidised "renovation_subsidised" "已享受改造补贴",
        CanLiveElsewhere "can_live_elsewhere" "能自行过渡",
    }
}

impl FactKind {
    /// The six indicators of incapacity, in the order of the rule.
    pub const SIX: [FactKind; 6] = [
        FactKind::EatUnaided,
        FactKind::DressUnaided,
        FactKind::BedTransferUnaided,
        FactKind::ToiletUnaided,
        FactKind::WalkIndoorsUnaided,
        FactKind::BatheUnaided,
    ];
    /// What is asked when something is applied for: kept as dated facts alone, without a place in the archive.
    pub const ASKED: [FactKind; 7] = [
        FactKind::NursingSubsidy,
        FactKind::IncapacityRecognised,
        FactKind::HomeRight,
        FactKind::HomeSafe,
        FactKind::DemolitionListed,
        FactKind::RenovationSubsidised,
        FactKind::CanLiveElsewhere,
    ];
    /// The answers a fact that is [asked](Self::ASKED) can have: code and Chinese.
    pub const fn answers(self) -> &'static [(&'static str, &'static str)] {
        match self {
            FactKind::HomeRight => {
                &[("owned", "有产权"), ("long_use", "有长期使用权"), ("rented", "租住"), ("none", "没有")]
            }
            FactKind::NursingSubsidy
            | FactKind::IncapacityRecognised
            | FactKind::HomeSafe
            | FactKind::DemolitionListed
            | FactKind::RenovationSubsidised
            | FactKind::CanLiveElsewhere => &[("true", "是"), ("false", "否")],
            _ => &[],
        }
    }
    /// Its text never stands in the history in clear.
    pub const fn sealed(self) -> bool {
        matches!(self, FactKind::IdNumber | FactKind::Phone | FactKind::Chronic)
    }
}

/// From when a new value holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Since {
    /// It became so on that day.
    Day(CivilDate),
    /// It always was so; what stood there was wrong.
    Always,
}

impl Since {
    pub const fn day(self) -> Option<CivilDate> {
        match self {
            Since::Day(d) => Some(d),
            Since::Always => None,
        }
    }
}

/// One row of the history of an archive: what was written over what, from when, by whom.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct FactRow {
    pub elder: ElderId,
    pub fact: FactKind,
    /// Codes for closed lists, masked text for sealed facts, empty for none.
    pub old: String,
    pub new: String,
    /// The day it became so; `None` for a correction of what always was.
    pub valid_from: Option<CivilDate>,
    pub recorded_at: Instant,
    pub recorded_by: String,
    pub source: Source,
    pub note: String,
}

/// A change at a known day, for determinations that look back.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct DatedChange {
    /// The first day the new value holds.
    pub on: CivilDate,
    pub fact: FactKind,
    pub old: String,
    pub new: String,
}

/// Brings an elder's rows, oldest record first, to the changes that hold today: a later row for the same day replaces
/// the earlier one, a correction of what always was removes the changes before it.
pub fn dated_changes(rows: &[FactRow]) -> Vec<DatedChange> {
    let mut out: Vec<DatedChange> = Vec::new();
    for kind in FactKind::ALL {
        let mut base: Option<String> = None;
        let mut steps: Vec<(CivilDate, String)> = Vec::new();
        for r in rows.iter().filter(|r| r.fact == *kind) {
            match r.valid_from {
                None => {
                    base = Some(r.new.clone());
                    steps.clear();
                }
                Some(day) => {
                    base.get_or_insert_with(|| r.old.clone());
                    steps.retain(|(d, _)| *d != day);
                    steps.push((day, r.new.clone()));
                    steps.sort_by_key(|(d, _)| *d);
                }
            }
        }
        let mut before = base.unwrap_or_default();
        for (on, new) in steps {
            if new != before {
                out.push(DatedChange { on, fact: *kind, old: before.clone(), new: new.clone() });
            }
            before = new;
        }
    }
    out.sort_by_key(|c| (c.on, c.fact));
    out
}
