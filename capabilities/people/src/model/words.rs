//! The words an archive is written in: closed lists with a stable code and the Chinese people read.

store::words! {
    /// 户籍性质 (B1: rural and urban come under different schemes).
    Hukou {
        Urban "urban" "城镇" ["城镇户籍", "城市", "非农", "非农业", "居民", "城镇户口", "城镇居民"],
        Rural "rural" "农村" ["农村户籍", "农业", "农村户口", "农村居民"],
    }
}
store::words! {
    /// 居住情况 (ELD-1).
    Living {
        WithChildren "with_children" "与子女同住" ["与家人同住", "和子女同住", "随子女", "与子女"],
        WithSpouse "with_spouse" "与配偶同住" ["与老伴同住", "夫妻同住"],
        LivingAlone "living_alone" "独居" ["独居老人"],
        EmptyNest "empty_nest" "空巢" ["空巢老人"],
        LeftBehind "left_behind" "留守" ["留守老人"],
        ChildlessAlone "childless_alone" "孤寡" ["孤寡老人", "孤老"],
        Institution "institution" "住养老机构" ["机构", "养老院", "敬老院", "入住机构"],
        /// Not collected yet: the archive is not complete.
        Unknown "unknown" "没填" ["不详", "未知"],
    }
}
store::words! {
    /// 经济状况 as the civil-affairs department recognised it (ELD-1).
    IncomeClass {
        Ordinary "ordinary" "一般" ["一般家庭", "普通", "无", "正常"],
        Subsistence "subsistence" "低保" ["低保户", "低保对象", "最低生活保障"],
        DestituteDispersed "destitute_dispersed" "特困分散供养" ["特困分散", "分散供养", "分散特困", "五保分散"],
        DestituteInstitution "destitute_institution" "特困集中供养" ["特困集中", "集中供养", "集中特困", "五保集中"],
        LowIncome "low_income" "低收入" ["低收入户", "低收入家庭", "低保边缘"],
        LiftedPoverty "lifted_poverty" "脱贫" ["脱贫户", "脱贫人口", "建档立卡", "脱贫（建档立卡）"],
        /// Not collected yet: the archive is not complete.
        Unknown "unknown" "没填" ["不详", "未知"],
    }
}
store::words! {
    /// 特殊群体 (ELD-1).
    SpecialGroup {
        FamilyPlanningSpecial "family_planning_special" "计划生育特殊家庭" ["计生特殊家庭", "计生特扶"],
        BereavedOfOnlyChild "bereaved_of_only_child" "失独" ["失独老人", "失独家庭"],
        PreferentialTreatment "preferential_treatment" "重点优抚" ["重点优抚对象", "优抚", "优抚对象"],
        Dementia "dementia" "失智" ["失智老人", "认知障碍", "老年痴呆"],
    }
}
store::words! {
    /// 能力: how far someone needs care, from an assessment or the recognition as destitute (ELD-1).
    Care {
        Independent "independent" "能力完好" ["自理", "能自理", "完全自理"],
        SemiDisabled "semi_disabled" "半失能" ["半自理", "轻度失能", "中度失能"],
        Disabled "disabled" "失能" ["不能自理", "全失能", "重度失能", "完全失能"],
    }
}
store::words! {
    /// 残疾证 by generation; both count for benefits (E1), older papers do not.
    DisabilityCert {
        None "none" "没有残疾证" ["无", "否", "没有"],
        Second "second" "第二代残疾证" ["二代", "第二代", "是", "有"],
        Third "third" "第三代残疾证" ["三代", "第三代"],
    }
}
store::words! {
    /// 家人与联系人 by what they are to the platform.
    ContactKind {
        Family "family" "家人",
        Guardian "guardian" "监护人",
        Emergency "emergency" "紧急联系人",
    }
}
store::words! {
    /// Where a fact comes from (ELD-7: provenance).
    Source {
        HomeVisit "home_visit" "入户采集",
        Office "office" "本人来办",
        Phone "phone" "电话核实",
        Import "import" "表格导入",
        Department "department" "部门反馈",
        Platform "platform" "平台登记",
        Assessment "assessment" "能力评估",
    }
}

impl Living {
    /// The code policy conditions use; `None` while nobody has collected it.
    pub const fn policy_code(self) -> Option<&'static str> {
        match self {
            Living::WithChildren | Living::WithSpouse => Some("with_family"),
            Living::Unknown => None,
            other => Some(other.code()),
        }
    }
    pub const fn known(self) -> bool {
        !matches!(self, Living::Unknown)
    }
}

impl IncomeClass {
    /// The code policy conditions use; `None` while nobody has collected it.
    pub const fn policy_code(self) -> Option<&'static str> {
        match self {
            IncomeClass::Unknown => None,
            other => Some(other.code()),
        }
    }
    pub const fn known(self) -> bool {
        !matches!(self, IncomeClass::Unknown)
    }
}

impl DisabilityCert {
    pub const fn held(self) -> bool {
        !matches!(self, DisabilityCert::None)
    }
}

/// Special groups as stored: codes joined by commas, in the order of the enum.
pub fn groups_text(groups: &[SpecialGroup]) -> String {
    let mut sorted = groups.to_vec();
    sorted.sort();
    sorted.dedup();
    sorted.iter().map(|g| g.code()).collect::<Vec<_>>().join(",")
}

/// Reads [`groups_text`]; what is no group is left out.
pub fn groups_from(text: &str) -> Vec<SpecialGroup> {
    text.split(',').filter_map(SpecialGroup::parse).collect()
}
