//! The table of facts: name, type, Chinese name and meaning of each, by the subject they describe.
use serde::{Deserialize, Serialize};

/// The codes of an enumerated fact with their Chinese words, in the order shown to a person.
pub type Codes = &'static [(&'static str, &'static str)];

/// What a pack decides about: a person, a facility, or a sum of public money.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Subject {
    #[default]
    Person,
    Facility,
    Fund,
}

impl Subject {
    pub const ALL: [Subject; 3] = [Subject::Person, Subject::Facility, Subject::Fund];
    pub const fn code(self) -> &'static str {
        match self {
            Subject::Person => "person",
            Subject::Facility => "facility",
            Subject::Fund => "fund",
        }
    }
    pub const fn zh(self) -> &'static str {
        match self {
            Subject::Person => "老年人",
            Subject::Facility => "设施",
            Subject::Fund => "资金",
        }
    }
    pub fn parse(code: &str) -> Option<Subject> {
        Subject::ALL.into_iter().find(|s| s.code() == code)
    }
}

/// The type of a fact. In CEL a date is text `2026-11-21` (text order is time order), a region its 12-digit code.
/// Integers are counts or fen and never below zero.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FactType {
    Bool,
    Int,
    Date,
    Region,
    /// One of the codes.
    Code(Codes),
    /// Any number of the codes; at most 32 exist.
    Set(Codes),
}

impl FactType {
    /// The type's name in documents and error messages.
    pub const fn zh(self) -> &'static str {
        match self {
            FactType::Bool => "是否",
            FactType::Int => "整数",
            FactType::Date => "日期",
            FactType::Region => "区划代码",
            FactType::Code(_) => "单选",
            FactType::Set(_) => "多选",
        }
    }
    /// The type's name for programs.
    pub const fn code(self) -> &'static str {
        match self {
            FactType::Bool => "bool",
            FactType::Int => "int",
            FactType::Date => "date",
            FactType::Region => "region",
            FactType::Code(_) => "code",
            FactType::Set(_) => "set",
        }
    }
    pub const fn codes(self) -> Codes {
        match self {
            FactType::Code(codes) | FactType::Set(codes) => codes,
            _ => &[],
        }
    }
    /// Position of `code` among the codes.
    pub fn position(self, code: &str) -> Option<u8> {
        self.codes().iter().position(|(c, _)| *c == code).map(|i| i as u8)
    }
}

/// One line of the table of facts.
#[derive(Clone, Copy, Debug)]
pub struct FactDef {
    pub fact: Fact,
    pub subject: Subject,
    /// The name conditions, examples and files of facts use.
    pub name: &'static str,
    pub ty: FactType,
    /// Short Chinese name.
    pub zh: &'static str,
    /// What it means, where it comes from.
    pub meaning: &'static str,
    /// Worked out from other facts, the day and the pack's place; cannot be set.
    pub derived: bool,
}

macro_rules! facts {
    ($($subject:ident { $($variant:ident $name:literal $ty:expr, $zh:literal, $meaning:literal, $derived:literal;)* })*) => {
        /// A fact of one person or their household, of one facility, or of one sum of public money.
        /// The number is an index into [`FACTS`].
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum Fact { $($(#[doc = $meaning] $variant,)*)* }

        /// Every fact, in the order of [`Fact`].
        pub const FACTS: &[FactDef] = &[$($(FactDef {
            fact: Fact::$variant, subject: Subject::$subject, name: $name, ty: $ty, zh: $zh, meaning: $meaning,
            derived: $derived,
        },)*)*];
    };
}

const SEX: Codes = &[("male", "男"), ("female", "女")];
const HUKOU: Codes = &[("rural", "农村"), ("urban", "城镇")];
const INCOME: Codes = &[
    ("ordinary", "一般"),
    ("low_income", "低收入"),
    ("subsistence", "低保"),
    ("lifted_poverty", "脱贫（建档立卡）"),
    ("destitute_dispersed", "特困分散供养"),
    ("destitute_institution", "特困集中供养"),
];
const LIVING: Codes = &[
    ("with_family", "与家人同住"),
    ("living_alone", "独居"),
    ("empty_nest", "空巢"),
    ("left_behind", "留守"),
    ("childless_alone", "孤寡"),
    ("institution", "住养老机构"),
];
const GROUPS: Codes = &[
    ("family_planning_special", "计划生育特殊家庭"),
    ("bereaved_of_only_child", "失独"),
    ("preferential_treatment", "重点优抚对象"),
    ("dementia", "失智"),
    ("special_contribution", "特殊贡献"),
];
const DEPENDENCE: Codes = &[("independent", "自理"), ("semi_disabled", "半失能"), ("disabled", "失能")];
const GRADE: Codes =
    &[("none", "无残疾证"), ("grade1", "一级"), ("grade2", "二级"), ("grade3", "三级"), ("grade4", "四级")];
const ABILITY: Codes = &[
    ("intact", "能力完好"),
    ("mild", "轻度失能"),
    ("moderate", "中度失能"),
    ("severe", "重度失能"),
    ("complete", "完全失能"),
];
const STANDARD: Codes = &[
    ("mzt039", "MZ/T 039-2013"),
    ("gbt42195", "GB/T 42195-2022"),
    ("ltci", "长期护理失能等级"),
    ("six_indicators", "六项指标"),
];
const HOME_RIGHT: Codes = &[("owned", "有产权"), ("long_use", "有长期使用权"), ("rented", "租住"), ("none", "没有")];
const FACILITY: Codes = &[
    ("institution", "养老机构"),
    ("town_centre", "镇（街道）综合养老服务中心"),
    ("community_station", "村（社区）居家养老服务站"),
    ("day_care", "日间照料中心"),
    ("canteen", "幸福食堂"),
];
const OPERATOR: Codes = &[
    ("public", "公办"),
    ("public_private", "公建民营"),
    ("private_nonprofit", "民办非营利"),
    ("private_profit", "民办营利"),
];
const MEDICAL: Codes = &[("clinic", "诊所、卫生所（室）、医务室"), ("nursing_station", "护理站")];
const SUBSIDIES: Codes = &[
    ("beds", "床位建设"),
    ("clinic", "内设医务室"),
    ("nursing_station", "内设护理站"),
    ("demonstration", "示范点奖补"),
    ("canteen_this_year", "幸福食堂本年度"),
];
const SOURCE: Codes = &[
    ("general_budget", "一般公共预算"),
    ("upper_lottery", "上级福利彩票公益金"),
    ("local_lottery", "本级福利彩票公益金"),
    ("donation", "社会捐助"),
    ("other", "其他"),
];
const PURPOSE: Codes = &[
    ("loan_interest", "社会办养老机构贷款贴息"),
    ("institution_operating", "社会办养老机构运营补贴"),
    ("centre_operating", "三级中心运营补贴"),
    ("service_purchase", "政府购买服务补贴"),
    ("other", "其他"),
];
const USE: Codes = &[
    ("equipment", "设备、设施添置更新"),
    ("wages", "人员工资"),
    ("training", "人员培训"),
    ("liability_insurance", "综合责任保险"),
    ("building", "房屋建设"),
    ("office", "办公经费"),
    ("vehicle", "购置车辆"),
    ("other", "其他"),
];

facts! {
    Person {
    BirthDate "birth_date" FactType::Date, "出生日期", "身份证上的出生日期", false;
    Age "age" FactType::Int, "年龄", "认定那天的周岁，由出生日期算出；2 月 29 日出生的，平年 2 月 28 日满岁", true;
    Sex "sex" FactType::Code(SEX), "性别", "身份证上的性别", false;
    Alive "alive" FactType::Bool, "在世", "那天在世。有死亡日期的，从死亡当天起为否", false;
    DeathDate "death_date" FactType::Date, "死亡日期", "死亡证明上的日期；在世的不填", false;
    Hukou "hukou" FactType::Code(HUKOU), "户籍性质", "农村户籍还是城镇户籍", false;
    HukouRegion "hukou_region" FactType::Region, "户籍地", "户籍所在的区划代码，写到村（社区）", false;
    ResidenceRegion "residence_region" FactType::Region, "居住地", "现在住处的区划代码，写到村（社区）", false;
    InLocalHukou "in_local_hukou" FactType::Bool, "本地户籍", "户籍地在政策的适用地区以内，由户籍地算出", true;
    InLocalResidence "in_local_residence" FactType::Bool, "住在本地", "居住地在政策的适用地区以内，由居住地算出", true;
    IncomeClass "income_class" FactType::Code(INCOME), "收入类别", "民政部门认定的收入类别", false;
    Living "living" FactType::Code(LIVING), "居住状况", "和谁一起住", false;
    SpecialGroups "special_groups" FactType::Set(GROUPS), "特殊群体", "属于哪些特殊群体；一项都不属于写空表", false;
    CareDependence "care_dependence" FactType::Code(DEPENDENCE), "失能程度", "能力评估或特困认定得出的自理程度", false;
    DisabilityCert "disability_cert" FactType::Bool, "持残疾证", "有第二代或第三代残疾人证", false;
    InstitutionResident "institution_resident" FactType::Bool, "在机构集中供养", "住在养老机构、由机构供养", false;
    HouseholdSize "household_size" FactType::Int, "户内人数", "同一户共有几人", false;
    HouseholdElders "household_elders" FactType::Int, "户内老年人数", "同一户 60 周岁以上有几人", false;
    EatUnaided "eat_unaided" FactType::Bool, "能自主吃饭", "六项指标之一：不用人帮能吃饭", false;
    DressUnaided "dress_unaided" FactType::Bool, "能自主穿衣", "六项指标之二：不用人帮能穿脱衣服", false;
    BedTransferUnaided "bed_transfer_unaided" FactType::Bool, "能自主上下床", "六项指标之三：不用人帮能上下床", false;
    ToiletUnaided "toilet_unaided" FactType::Bool, "能自主如厕", "六项指标之四：不用人帮能上厕所", false;
    WalkIndoorsUnaided "walk_indoors_unaided" FactType::Bool, "能室内自主行走", "六项指标之五：不用人帮能在屋里走动", false;
    BatheUnaided "bathe_unaided" FactType::Bool, "能自主洗澡", "六项指标之六：不用人帮能洗澡", false;
    IncapacityRecognised "incapacity_recognised" FactType::Bool, "已认定特困失能", "特困供养认定时已认定为失能，不用重新认定", false;
    NursingSubsidy "nursing_subsidy" FactType::Bool, "领失能护理补贴", "正在领经济困难失能老年人护理补贴", false;
    DisabilityGrade "disability_grade" FactType::Code(GRADE), "残疾等级", "残疾人证上的等级；没有证的写无残疾证", false;
    AbilityLevel "ability_level" FactType::Code(ABILITY), "能力等级", "最近一次能力评估的等级，也就是照顾需求等级；完全失能只有 GB/T 42195-2022 才有", false;
    AssessmentStandard "assessment_standard" FactType::Code(STANDARD), "评估标准", "最近一次能力评估用的标准", false;
    AssessedOn "assessed_on" FactType::Date, "评估日期", "最近一次能力评估的日期", false;
    AssessmentValidUntil "assessment_valid_until" FactType::Date, "评估有效期至", "评估结论自己写明的有效期最后一天；没写明的不填，按政策里的月数算", false;
    HomeRight "home_right" FactType::Code(HOME_RIGHT), "住房权属", "拟改造的住房归谁、能用多久", false;
    HomeSafe "home_safe" FactType::Bool, "住房安全", "拟改造的住房质量安全，具备改造条件", false;
    DemolitionListed "demolition_listed" FactType::Bool, "列入征收拆迁", "住房近期列入政府征收、拆迁计划", false;
    RenovationSubsidised "renovation_subsidised" FactType::Bool, "已享受改造补贴", "残联或其他部门已经补贴过这套住房的改造", false;
    CanLiveElsewhere "can_live_elsewhere" FactType::Bool, "能自行过渡", "施工时要迁出的，自己能在别处过渡；不用迁出的也填是", false;
    RenovationBasicDone "renovation_basic_done" FactType::Bool, "基础项目已完成", "改造方案里的基础类项目都已完成", false;
    RenovationBasicCost "renovation_basic_cost" FactType::Int, "基础项目费用", "基础类项目的实际费用，单位分", false;
    RenovationOptionalCost "renovation_optional_cost" FactType::Int, "可选项目费用", "可选类项目的实际费用，单位分；没有选的填 0", false;
    StayDays "stay_days" FactType::Int, "想住天数", "短期托养想住几天，含首尾两天", false;
    LowIncomeYears "low_income_years" FactType::Int, "低收入年数", "连续认定为低收入、低保或特困的整年数", false;
    MealsPerDay "meals_per_day" FactType::Int, "每天助餐次数", "每天在助餐点吃几餐", false;
    }
    Facility {
    FacilityRegion "facility_region" FactType::Region, "设施所在地", "设施所在的区划代码，写到村（社区）", false;
    InLocalFacility "in_local_facility" FactType::Bool, "设施在本地", "设施在政策的适用地区以内，由设施所在地算出", true;
    FacilityKind "facility_kind" FactType::Code(FACILITY), "设施类型", "设施是哪一类", false;
    Operator "operator" FactType::Code(OPERATOR), "举办性质", "谁建、谁办、是不是营利", false;
    Filed "filed" FactType::Bool, "已备案", "已在民政部门备案", false;
    Accepted "accepted" FactType::Bool, "验收合格", "建设内容已经验收合格", false;
    AcceptedOn "accepted_on" FactType::Date, "验收日期", "验收合格的日期", false;
    Demonstration "demonstration" FactType::Bool, "示范点", "列入当年的示范点名单", false;
    NewBuild "new_build" FactType::Bool, "新建", "新建的设施；改建、扩建、利用旧房的为否", false;
    UrbanSite "urban_site" FactType::Bool, "在城市社区", "设施在城市社区；在农村的为否", false;
    FloorArea "floor_area" FactType::Int, "建筑面积", "建筑面积，单位平方米，不足 1 平方米的舍去", false;
    PremisesYears "premises_years" FactType::Int, "场地年限", "租来的场地租期几年；自有的填 99", false;
    Beds "beds" FactType::Int, "床位数", "现有床位", false;
    NewBeds "new_beds" FactType::Int, "新增床位数", "这次新增并验收合格的床位", false;
    InnerMedical "inner_medical" FactType::Set(MEDICAL), "内设医疗", "养老机构里设了哪些医疗点；没有写空表", false;
    SubsidiesReceived "subsidies_received" FactType::Set(SUBSIDIES), "已领补助", "已经领过哪些补助；没有写空表", false;
    OpenedOn "opened_on" FactType::Date, "开业日期", "开始提供服务的日期", false;
    YearsOperating "years_operating" FactType::Int, "运营年数", "认定那天已运营的整年数，由开业日期算出", true;
    }
    Fund {
    FundRegion "fund_region" FactType::Region, "资金所属地", "哪一级的资金，写那一级的区划代码", false;
    InLocalFund "in_local_fund" FactType::Bool, "本地资金", "资金属于政策的适用地区，由资金所属地算出", true;
    FundSource "fund_source" FactType::Code(SOURCE), "资金来源", "钱从哪里来", false;
    LotteryTotal "lottery_total" FactType::Int, "留存公益金", "当年本级留存的福利彩票公益金，单位分", false;
    LotteryElderly "lottery_elderly" FactType::Int, "用于养老的公益金", "其中用于养老服务的金额，单位分", false;
    LotteryElderlyPercent "lottery_elderly_percent" FactType::Int, "养老占比", "用于养老的公益金占留存公益金的百分比，舍去小数；没有留存的算 100", true;
    FundPurpose "fund_purpose" FactType::Code(PURPOSE), "补助项目", "这笔钱属于哪一项补助", false;
    FundUse "fund_use" FactType::Code(USE), "拟用于", "这笔钱打算买什么、付什么", false;
    }
}

/// How many facts there are; a set of facts fits one 128-bit word.
pub const FACT_COUNT: usize = FACTS.len();
const _: () = assert!(FACT_COUNT <= 128);

impl Fact {
    pub fn def(self) -> &'static FactDef {
        &FACTS[self as usize]
    }
    pub fn name(self) -> &'static str {
        self.def().name
    }
    pub fn zh(self) -> &'static str {
        self.def().zh
    }
    pub fn ty(self) -> FactType {
        self.def().ty
    }
    pub fn subject(self) -> Subject {
        self.def().subject
    }
    pub fn parse(name: &str) -> Option<Fact> {
        FACTS.iter().find(|d| d.name == name).map(|d| d.fact)
    }
    pub(crate) const fn bit(self) -> u128 {
        1 << self as u8
    }
    /// For a fact derived from one other, that one; otherwise the fact itself.
    pub(super) const fn basis(self) -> Fact {
        match self {
            Fact::Age => Fact::BirthDate,
            Fact::InLocalHukou => Fact::HukouRegion,
            Fact::InLocalResidence => Fact::ResidenceRegion,
            Fact::InLocalFacility => Fact::FacilityRegion,
            Fact::YearsOperating => Fact::OpenedOn,
            Fact::InLocalFund => Fact::FundRegion,
            other => other,
        }
    }
}
