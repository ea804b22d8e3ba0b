//! Why someone is sent, or not, in words for the person who decides.
use crate::rank::Origin;
use crate::tags::{Language, Skill, SkillSet};
use kernel::{CivilDate, Instant, Sex};

/// The Chinese names of skills and languages, by number.
#[derive(Clone, Debug, Default)]
pub struct Vocabulary {
    pub skills: Vec<String>,
    pub languages: Vec<String>,
}

impl Vocabulary {
    fn skill(&self, skill: Skill) -> &str {
        self.skills.get(skill.number()).map_or("所需技能", String::as_str)
    }
    fn language(&self, language: Language) -> &str {
        self.languages.get(language.number()).map_or("所需语言", String::as_str)
    }
}

/// One thing that speaks for or against a worker who can go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    Distance { metres: u32, minutes: u32, origin: Origin },
    Known { times: u32 },
    Language { language: Language, speaks: bool },
    Gender { wished: Sex, matched: bool },
    VisitsThatDay(u32),
    Turn { rank: u32 },
}

impl Reason {
    pub fn zh(&self, words: &Vocabulary) -> String {
        match *self {
            Reason::Distance { metres, origin: Origin::Home, .. } => format!("距离 {}", length(metres)),
            Reason::Distance { metres, origin: Origin::PreviousVisit, .. } => format!("离上一户 {}", length(metres)),
            Reason::Known { times } => format!("来过 {times} 次"),
            Reason::Language { language, speaks: true } => format!("会{}", words.language(language)),
            Reason::Language { language, speaks: false } => format!("不会{}", words.language(language)),
            Reason::Gender { wished, matched: true } => format!("{}护理员，合老人的意思", wished.zh()),
            Reason::Gender { wished, matched: false } => format!("老人想要{}护理员", wished.zh()),
            Reason::VisitsThatDay(0) => "当天还没有单".into(),
            Reason::VisitsThatDay(n) => format!("当天已排 {n} 户"),
            Reason::Turn { rank: 0 } => "轮到这家".into(),
            Reason::Turn { rank } => format!("前面还有 {rank} 家"),
        }
    }
    /// Speaks for the worker; the others are neutral or against.
    pub const fn favours(&self) -> bool {
        match self {
            Reason::Known { .. } | Reason::Turn { rank: 0 } | Reason::VisitsThatDay(0) => true,
            Reason::Language { speaks, .. } => *speaks,
            Reason::Gender { matched, .. } => *matched,
            Reason::Distance { .. } | Reason::VisitsThatDay(_) | Reason::Turn { .. } => false,
        }
    }
}

/// Why a worker is not sent, in the order in which it is looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exclusion {
    /// On the ban list (行业禁入).
    Banned,
    /// Needed and not known.
    MissingSkills(SkillSet),
    /// The earliest end among the certificates needed.
    CertificateExpired(CivilDate),
    Uninsured,
    InsuranceExpired(CivilDate),
    /// The elder takes nobody of the other sex.
    Gender(Sex),
    /// Not, or not wholly, inside the working hours.
    OffDuty,
    /// Another visit at the same time.
    Overlap {
        from: Instant,
        to: Instant,
    },
    /// The visit before ends too late for the way.
    CannotArrive {
        free_at: Instant,
        minutes: u32,
    },
    /// Further than [`crate::REACH_MINUTES`].
    TooFar {
        metres: u32,
    },
    /// The visit after would be reached too late.
    CannotReachNext {
        next_at: Instant,
        minutes: u32,
    },
}

impl Exclusion {
    pub fn zh(&self, words: &Vocabulary) -> String {
        match *self {
            Exclusion::Banned => "在禁入名单上".into(),
            Exclusion::MissingSkills(missing) => {
                let names: Vec<&str> = missing.iter().map(|s| words.skill(s)).collect();
                format!("不会{}", names.join("、"))
            }
            Exclusion::CertificateExpired(day) => format!("证书 {day} 到期"),
            Exclusion::Uninsured => "没有保险".into(),
            Exclusion::InsuranceExpired(day) => format!("保险 {day} 到期"),
            Exclusion::Gender(wished) => format!("老人只要{}护理员", wished.zh()),
            Exclusion::OffDuty => "下班时间".into(),
            Exclusion::Overlap { from, to } => format!("时间冲突：{}–{} 有单", from.hhmm(), to.hhmm()),
            Exclusion::CannotArrive { free_at, minutes } => {
                format!("赶不到：上一户 {} 结束，路上要 {minutes} 分钟", free_at.hhmm())
            }
            Exclusion::TooFar { metres } => format!("太远：{}", length(metres)),
            Exclusion::CannotReachNext { next_at, minutes } => {
                format!("赶不上 {} 的下一户，路上要 {minutes} 分钟", next_at.hhmm())
            }
        }
    }
    /// The text stored and counted by.
    pub const fn code(&self) -> &'static str {
        match self {
            Exclusion::Banned => "banned",
            Exclusion::MissingSkills(_) => "missing_skills",
            Exclusion::CertificateExpired(_) => "certificate_expired",
            Exclusion::Uninsured => "uninsured",
            Exclusion::InsuranceExpired(_) => "insurance_expired",
            Exclusion::Gender(_) => "gender",
            Exclusion::OffDuty => "off_duty",
            Exclusion::Overlap { .. } => "overlap",
            Exclusion::CannotArrive { .. } => "cannot_arrive",
            Exclusion::TooFar { .. } => "too_far",
            Exclusion::CannotReachNext { .. } => "cannot_reach_next",
        }
    }
}

/// `300 米`, `1.2 公里`
fn length(metres: u32) -> String {
    if metres < 1000 {
        format!("{metres} 米")
    } else {
        let tenths = (metres + 50) / 100;
        format!("{}.{} 公里", tenths / 10, tenths % 10)
    }
}
