//! Who may assess whom.
use super::{Place, Purpose};
use kernel::{AssessorId, CivilDate, ElderId, OrgId, RegionCode, UserId};

store::words! {
    /// What an assessor is by training (MZ/T 039-2013 §4; GB/T 42195-2022 §5).
    Profession {
        Physician "physician" "医师",
        Nurse "nurse" "护士",
        Therapist "therapist" "康复治疗师",
        SocialWorker "social_worker" "社会工作者",
        CareWorkerMid "care_worker_mid" "中级养老护理员",
        CareWorkerSenior "care_worker_senior" "高级养老护理员",
        Psychologist "psychologist" "心理咨询师",
    }
}

impl Profession {
    /// Of the professions one of which has to be present at a home.
    pub const fn medical(self) -> bool {
        matches!(self, Profession::Physician | Profession::Nurse)
    }
}

/// A person in the register.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Assessor {
    pub id: AssessorId,
    /// The account they assess with.
    pub user: Option<UserId>,
    pub name: String,
    pub profession: Profession,
    /// Where they may assess: this region and everything in it.
    pub region: RegionCode,
    /// Who employs them, in words.
    pub employer: String,
    /// The employer as an organisation of the platform, where it is one.
    pub employer_org: Option<OrgId>,
    pub certificate: String,
    /// The last day of the certificate.
    pub valid_to: CivilDate,
    pub active: bool,
}

/// What is known of the two sides when a team is chosen.
#[derive(Clone, Debug, Default)]
pub struct Side {
    /// Declared relatives and others close to the elder, with the relation in words.
    pub related: Vec<(AssessorId, String)>,
    /// Organisations that would gain: those serving the elder now, and the one that applied. With the name.
    pub gaining: Vec<(OrgId, String)>,
    /// Who assessed the first time, when this one looks at it again.
    pub before: Vec<AssessorId>,
}

/// The appointment a team is chosen for.
#[derive(Clone, Copy, Debug)]
pub struct Setting {
    pub elder: ElderId,
    pub region: RegionCode,
    pub place: Place,
    pub purpose: Purpose,
    pub day: CivilDate,
    /// How many the scale wants.
    pub needed: u8,
}

/// Why one person may not assess this elder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Block {
    Inactive,
    Expired(CivilDate),
    OtherRegion,
    Related(String),
    Employed(String),
    AssessedBefore,
    NoAccount,
}

impl Block {
    pub fn zh(&self) -> String {
        match self {
            Block::Inactive => "已停用".into(),
            Block::Expired(day) => format!("证书 {day} 到期"),
            Block::OtherRegion => "不在评估区域".into(),
            Block::Related(how) => format!("是老人的{how}，要回避"),
            Block::Employed(org) => format!("在“{org}”任职，这家服务老人，要回避"),
            Block::AssessedBefore => "第一次就是他评的，要换人".into(),
            Block::NoAccount => "没有登录账号，评不了".into(),
        }
    }
}

/// Everything that speaks against one person.
pub fn blocks(who: &Assessor, setting: &Setting, side: &Side) -> Vec<Block> {
    let mut out = Vec::new();
    if !who.active {
        out.push(Block::Inactive);
    }
    if who.user.is_none() {
        out.push(Block::NoAccount);
    }
    if who.valid_to < setting.day {
        out.push(Block::Expired(who.valid_to));
    }
    if !who.region.contains(&setting.region) {
        out.push(Block::OtherRegion);
    }
    if let Some((_, how)) = side.related.iter().find(|(a, _)| *a == who.id) {
        out.push(Block::Related(how.clone()));
    }
    if let Some((_, name)) = side.gaining.iter().find(|(org, _)| Some(*org) == who.employer_org) {
        out.push(Block::Employed(name.clone()));
    }
    if setting.purpose != Purpose::Regular && side.before.contains(&who.id) {
        out.push(Block::AssessedBefore);
    }
    out
}

/// Those chosen.
#[derive(Clone, Debug)]
pub struct Team<'a> {
    pub first: &'a Assessor,
    pub second: Option<&'a Assessor>,
}

/// Why these people may not assess together, with the field of the form it belongs to; `None` when they may.
/// At home there are always two, and one of them is a physician or nurse (E2).
pub fn team_refusal(team: &Team, setting: &Setting, side: &Side) -> Option<(&'static str, String)> {
    let members = [("first", Some(team.first)), ("second", team.second)];
    for (field, who) in members.iter().filter_map(|(f, w)| w.map(|w| (*f, w))) {
        if let Some(block) = blocks(who, setting, side).first() {
            return Some((field, format!("{}{}", who.name, block.zh())));
        }
    }
    if team.second.is_some_and(|s| s.id == team.first.id) {
        return Some(("second", "两名评估员要是两个人".into()));
    }
    let home = setting.place == Place::Home;
    if team.second.is_none() && (home || setting.needed >= 2) {
        let why = if home { "上门评估要两名评估员" } else { "这份量表要两名评估员" };
        return Some(("second", why.into()));
    }
    let medical = team.first.profession.medical() || team.second.is_some_and(|s| s.profession.medical());
    if home && !medical {
        return Some(("second", "上门评估至少一人是医师或护士".into()));
    }
    None
}
