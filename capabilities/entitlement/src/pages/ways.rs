//! What would have to change, and where what is missing is recorded.
use crate::model::DeterminationView;
use kernel::{ElderId, Permission};
use policy::{Fact, FactShown, Need, Verdict};
use web::Viewer;

/// 要怎样才符合: a heading and one line a condition.
pub(crate) struct Way {
    pub head: String,
    pub lines: Vec<String>,
}

/// Facts nobody recorded, with the one place to record them.
pub(crate) struct Missing {
    /// 能力等级、评估标准
    pub word: String,
    /// The page, and what its link says.
    pub link: Option<(String, &'static str)>,
    pub how: &'static str,
}

/// What would make somebody eligible who is not; `None` for everybody else.
pub(crate) fn way(d: &DeterminationView) -> Option<Way> {
    let found = d.counterfactual.as_ref().filter(|_| d.verdict == Verdict::NotEligible)?;
    let head = match (found.possible, found.needs.len()) {
        (false, _) => "有改不了的条件，以后也不会符合".to_string(),
        (true, n) => format!("离“{}”还差 {n} 条", found.class),
    };
    Some(Way { head, lines: found.needs.iter().map(line).collect() })
}

/// 年龄要满 75；现在年龄 74；2027-03-08 起就满足（服务对象）
fn line(need: &Need) -> String {
    let mut out = if need.needs.is_empty() { need.label.clone() } else { need.needs.clone() };
    if !need.has.is_empty() {
        out.push_str(&format!("；现在{}", need.has));
    }
    match (need.met_on, need.can_change) {
        (Some(day), _) => out.push_str(&format!("；{day} 起就满足")),
        (None, false) => out.push_str("；这一条改不了"),
        (None, true) => {}
    }
    if let Some(article) = &need.article {
        out.push_str(&format!("（{article}）"));
    }
    out
}

/// Where a fact comes from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kept {
    Archive,
    Assessment,
    /// Said when the thing is applied for, and kept.
    Asked,
    /// Said when the thing is applied for.
    Application,
    /// The platform has no place for it yet.
    Nowhere,
}

fn kept(fact: Fact) -> Kept {
    match fact {
        Fact::AbilityLevel
        | Fact::AssessmentStandard
        | Fact::AssessedOn
        | Fact::AssessmentValidUntil
        | Fact::EatUnaided
        | Fact::DressUnaided
        | Fact::BedTransferUnaided
        | Fact::ToiletUnaided
        | Fact::WalkIndoorsUnaided
        | Fact::BatheUnaided => Kept::Assessment,
        Fact::BirthDate
        | Fact::Sex
        | Fact::Alive
        | Fact::DeathDate
        | Fact::Hukou
        | Fact::HukouRegion
        | Fact::ResidenceRegion
        | Fact::IncomeClass
        | Fact::Living
        | Fact::SpecialGroups
        | Fact::CareDependence
        | Fact::DisabilityCert
        | Fact::InstitutionResident => Kept::Archive,
        Fact::NursingSubsidy
        | Fact::IncapacityRecognised
        | Fact::HomeRight
        | Fact::HomeSafe
        | Fact::DemolitionListed
        | Fact::RenovationSubsidised
        | Fact::CanLiveElsewhere => Kept::Asked,
        Fact::StayDays | Fact::MealsPerDay => Kept::Application,
        _ => Kept::Nowhere,
    }
}

/// The missing facts of a determination by the place they are recorded in, each with its page if the viewer may use it.
pub(crate) fn missing(d: &DeterminationView, elder: ElderId, viewer: &Viewer) -> Vec<Missing> {
    let place = |f: &FactShown| Fact::parse(&f.name).map_or(Kept::Nowhere, kept);
    let of = |wanted: Kept| {
        let words: Vec<&str> =
            d.explanation.missing.iter().filter(|f| place(f) == wanted).map(|f| f.zh.as_str()).collect();
        let (link, how) = match wanted {
            Kept::Archive => (
                viewer.may(Permission::ElderWrite).then(|| (format!("/elders/{elder}/edit"), "到档案里补")),
                "在档案里补，存好就重新认定",
            ),
            Kept::Assessment => (
                viewer
                    .may(Permission::AssessmentApply)
                    .then(|| (format!("/assessments/new?elder={elder}"), "申请能力评估")),
                "评估有了结果就重新认定",
            ),
            Kept::Asked => (
                viewer
                    .may(Permission::ElderWrite)
                    .then(|| (format!("/elders/{elder}/entitlement/answers?pack={}", d.pack), "补登记")),
                "申请时登记，存好就重新认定",
            ),
            Kept::Application => (None, "申请这一项时才填"),
            Kept::Nowhere => (None, "档案里还没有这一项，凭证件人工核对"),
        };
        (!words.is_empty()).then(|| Missing { word: words.join("、"), link, how })
    };
    [Kept::Archive, Kept::Assessment, Kept::Asked, Kept::Application, Kept::Nowhere]
        .into_iter()
        .filter_map(of)
        .collect()
}
