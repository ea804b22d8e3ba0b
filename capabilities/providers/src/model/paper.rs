//! Papers of a worker, bans, and how near a paper's end is.
use super::Faults;
use dispatch::SkillSet;
use kernel::{CivilDate, Error, Result, WorkerId};
use serde::Serialize;
use uuid::Uuid;
use web::Mark;

/// A paper ending within this many days is shown as due.
pub const WARN_DAYS: i64 = 30;

store::words! {
    /// A kind of paper.
    DocumentKind {
        /// Needed for the skills it covers.
        Certificate "certificate" "技能证书",
        /// Accident or work-injury insurance; needed for every visit.
        Insurance "insurance" "意外保险",
        /// Needed for every visit.
        HealthCheck "health_check" "健康体检",
    }
}

/// A paper of a worker.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Document {
    pub id: Uuid,
    pub worker: WorkerId,
    pub kind: DocumentKind,
    /// 养老护理员（四级）
    pub name: String,
    pub number: String,
    pub issuer: String,
    /// The skills a certificate is for; empty for the other kinds.
    pub covers: SkillSet,
    pub from: CivilDate,
    /// The last valid day.
    pub to: CivilDate,
    /// Why it was taken out of force, if it was.
    pub void: Option<String>,
}

impl Document {
    pub fn valid_on(&self, day: CivilDate) -> bool {
        self.void.is_none() && self.from <= day && day <= self.to
    }
    pub fn state_on(&self, day: CivilDate) -> PaperState {
        if self.void.is_some() { PaperState::Void } else { PaperState::of(self.from, self.to, day) }
    }
}

/// A paper to be added.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentDraft {
    pub kind: DocumentKind,
    pub name: String,
    pub number: String,
    pub issuer: String,
    pub covers: SkillSet,
    pub from: CivilDate,
    pub to: CivilDate,
}

impl DocumentDraft {
    /// # Errors
    /// `Invalid` with every field to correct.
    pub fn check(&self) -> Result<()> {
        let mut f = Faults::default();
        f.text(&self.name, "name", "名称", 30, false);
        f.text(&self.number, "number", "编号", 40, false);
        f.text(&self.issuer, "issuer", "发证单位", 30, false);
        f.say(self.to < self.from, "to", format!("到期日早于起始日 {}", self.from));
        let certificate = self.kind == DocumentKind::Certificate;
        f.say(certificate && self.covers.is_empty(), "covers", "选这张证书对应的技能");
        f.say(!certificate && !self.covers.is_empty(), "covers", "只有技能证书才选技能");
        f.done()
    }
}

/// How near the end of a paper is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum PaperState {
    NotYet {
        from: CivilDate,
    },
    Valid,
    /// Days left, 0: today is the last.
    Due {
        days: i64,
    },
    Expired {
        to: CivilDate,
    },
    Void,
}

impl PaperState {
    pub fn of(from: CivilDate, to: CivilDate, day: CivilDate) -> PaperState {
        let left = to.days_since(day);
        if left < 0 {
            PaperState::Expired { to }
        } else if from > day {
            PaperState::NotYet { from }
        } else if left <= WARN_DAYS {
            PaperState::Due { days: left }
        } else {
            PaperState::Valid
        }
    }
    pub const fn mark(&self) -> Mark {
        match self {
            PaperState::NotYet { .. } => Mark::Todo,
            PaperState::Valid => Mark::Ok,
            PaperState::Due { .. } => Mark::Note,
            PaperState::Expired { .. } => Mark::Warn,
            PaperState::Void => Mark::Off,
        }
    }
    pub fn zh(&self) -> String {
        match self {
            PaperState::NotYet { from } => format!("{} 起", from.md()),
            PaperState::Valid => "有效".into(),
            PaperState::Due { days: 0 } => "今天到期".into(),
            PaperState::Due { days } => format!("还有 {days} 天"),
            PaperState::Expired { .. } => "已到期".into(),
            PaperState::Void => "已作废".into(),
        }
    }
}

/// A ban from the trade (行业禁入). It follows the person to any provider.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Ban {
    pub id: Uuid,
    pub from: CivilDate,
    /// The last day; `None`: for life.
    pub to: Option<CivilDate>,
    pub reason: String,
    /// The decision it rests on.
    pub document: String,
    pub made_by: String,
    /// The first day on which it no longer counts because it was lifted.
    pub lifted_on: Option<CivilDate>,
}

impl Ban {
    pub fn covers(&self, day: CivilDate) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to) && self.lifted_on.is_none_or(|l| day < l)
    }
    /// 2026-01-01 至 2027-12-31
    pub fn period_zh(&self) -> String {
        match self.to {
            Some(to) => format!("{} 至 {to}", self.from),
            None => format!("{} 起，终身", self.from),
        }
    }
}

/// A ban to be put on a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BanDraft {
    pub from: CivilDate,
    pub to: Option<CivilDate>,
    pub reason: String,
    pub document: String,
}

impl BanDraft {
    /// # Errors
    /// `Invalid` with every field to correct.
    pub fn check(&self) -> Result<()> {
        let mut f = Faults::default();
        f.text(&self.reason, "reason", "原因", 200, false);
        f.text(&self.document, "document", "决定书文号", 60, false);
        f.say(self.to.is_some_and(|to| to < self.from), "to", format!("截止日早于起始日 {}", self.from));
        f.done()
    }
}

/// The error for a person who is on the ban list.
pub(crate) fn paper_banned(to: Option<CivilDate>) -> Error {
    let until = to.map_or("终身".to_string(), |d| format!("到 {d}"));
    Error::invalid("id_number", format!("这个人在行业禁入名单上，{until}，不能登记"))
}
