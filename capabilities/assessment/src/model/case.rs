//! One assessment.
use super::State;
use kernel::{AssessmentId, AssessorId, CivilDate, ElderId, Instant, OrgId, RegionCode};

store::words! {
    /// What an assessment is for.
    Purpose {
        /// The result decides.
        Regular "regular" "评估",
        /// Others assess again because the elder objects; the result decides and is the last word.
        SecondOpinion "second_opinion" "复评",
        /// Drawn at random to see how far assessors agree; decides nothing.
        Quality "quality" "质量抽查",
    }
}

store::words! {
    /// Why somebody is assessed.
    Reason {
        Application "application" "本人或家属申请",
        Due "due" "到期重评",
        Change "change" "身体情况变化",
        Objection "objection" "对结果有异议",
        Sample "sample" "质量抽查",
        Recognition "recognition" "认可其他部门的结果",
    }
}

impl Reason {
    /// What staff choose from when they apply.
    pub const APPLY: [Reason; 2] = [Reason::Application, Reason::Change];
}

store::words! {
    /// Where the assessors meet the elder.
    Place {
        Home "home" "上门",
        FixedPoint "fixed_point" "评估点",
    }
}

/// One assessment of an elder under one scale. What was found is sealed and read apart.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Case {
    pub id: AssessmentId,
    /// `PG20261120-000001`
    pub no: String,
    pub elder: ElderId,
    pub elder_name: String,
    /// Where the elder lived when it was asked for.
    pub region: RegionCode,
    /// Id of the scale, e.g. `gbt-42195-2022`.
    pub scale: String,
    /// Which text of the scale; set when answers begin.
    pub fingerprint: Option<String>,
    pub purpose: Purpose,
    pub reason: Reason,
    pub state: State,
    /// Goes up with every step.
    pub version: i64,
    /// The organisation that applied; its people may not assess.
    pub applied_org: Option<OrgId>,
    pub place: Option<Place>,
    pub starts_at: Option<Instant>,
    /// Where to go: the home's address or the assessment point.
    pub address: String,
    pub first: Option<AssessorId>,
    pub second: Option<AssessorId>,
    /// The assessment this one looks at again.
    pub prior: Option<AssessmentId>,
    /// The department and paper of a recognised result; empty otherwise.
    pub provenance: String,
    pub created_at: Instant,
    pub created_by: String,
    pub submitted_at: Option<Instant>,
    pub first_signed_at: Option<Instant>,
    pub second_signed_at: Option<Instant>,
    /// The day of the assessment: from when the result holds.
    pub assessed_on: Option<CivilDate>,
    pub valid_until: Option<CivilDate>,
    /// Code of the final level.
    pub level: Option<String>,
    pub level_zh: Option<String>,
    /// 0 = best.
    pub level_order: Option<i64>,
    pub care: Option<people::model::Care>,
}

impl Case {
    pub fn assessors(&self) -> impl Iterator<Item = AssessorId> {
        self.first.into_iter().chain(self.second)
    }
    pub fn assessed_by(&self, who: AssessorId) -> bool {
        self.assessors().any(|a| a == who)
    }
    /// When an assessor of the team signed; `None` for whoever has not, or is not of the team.
    pub fn signed_at(&self, who: AssessorId) -> Option<Instant> {
        if self.first == Some(who) {
            self.first_signed_at
        } else {
            self.second_signed_at.filter(|_| self.second == Some(who))
        }
    }
    /// Everyone of the team has signed.
    pub fn signed_by_all(&self) -> bool {
        self.first.is_some() && self.assessors().all(|a| self.signed_at(a).is_some())
    }
    /// The result counts on `day`.
    pub fn in_force(&self, day: CivilDate) -> bool {
        self.state.counts() && self.purpose != Purpose::Quality && self.valid_until.is_none_or(|u| day <= u)
    }
}
