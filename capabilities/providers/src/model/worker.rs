//! Care workers and what keeps one from a visit.
use super::{Ban, Document, DocumentKind, Faults, Language};
use catalogue::Skill;
use dispatch::{Certificate, LanguageSet, SkillSet, Window};
use kernel::{CivilDate, GeoPoint, IdNumber, OrgId, Phone, Result, Sex, UserId, WorkerId};
use serde::Serialize;

/// A care worker with all papers.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct WorkerCard {
    pub id: WorkerId,
    pub org: OrgId,
    pub org_name: String,
    /// The account the worker signs in with.
    pub user: Option<UserId>,
    pub name: String,
    pub sex: Sex,
    pub birth: CivilDate,
    pub id_masked: String,
    pub phone_masked: String,
    pub skills: SkillSet,
    pub languages: LanguageSet,
    /// Weekly working time.
    pub hours: Vec<Window>,
    /// Where the day's way begins.
    pub home: Option<GeoPoint>,
    pub home_address: String,
    /// Hours of training so far.
    pub training_hours: u32,
    pub joined_on: CivilDate,
    pub active: bool,
    pub version: i64,
    pub documents: Vec<Document>,
    /// Every ban on the person, at this provider or another.
    pub bans: Vec<Ban>,
}

/// What keeps a worker from a visit, with the exact paper and date.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub enum WorkerBlock {
    Inactive,
    Banned {
        to: Option<CivilDate>,
    },
    MissingSkill(Skill),
    /// No certificate was ever given in.
    NoCertificate(Skill),
    /// No insurance or health check was ever given in.
    Missing(DocumentKind),
    Expired {
        kind: DocumentKind,
        name: String,
        number: String,
        to: CivilDate,
    },
    NotYet {
        kind: DocumentKind,
        name: String,
        number: String,
        from: CivilDate,
    },
}

impl WorkerBlock {
    pub const fn code(&self) -> &'static str {
        match self {
            WorkerBlock::Inactive => "inactive",
            WorkerBlock::Banned { .. } => "banned",
            WorkerBlock::MissingSkill(_) => "missing_skill",
            WorkerBlock::NoCertificate(_) => "no_certificate",
            WorkerBlock::Missing(_) => "missing",
            WorkerBlock::Expired { .. } => "expired",
            WorkerBlock::NotYet { .. } => "not_yet",
        }
    }
    pub fn zh(&self) -> String {
        match self {
            WorkerBlock::Inactive => "已离职".into(),
            WorkerBlock::Banned { to: Some(to) } => format!("在行业禁入名单上，到 {to}"),
            WorkerBlock::Banned { to: None } => "在行业禁入名单上，终身".into(),
            WorkerBlock::MissingSkill(s) => format!("不会{}", s.zh()),
            WorkerBlock::NoCertificate(s) => format!("没有{}的证书", s.zh()),
            WorkerBlock::Missing(k) => format!("没有{}", k.zh()),
            WorkerBlock::Expired { kind, name, number, to } => {
                format!("{}“{name}”（{number}）已于 {to} 到期", kind.zh())
            }
            WorkerBlock::NotYet { kind, name, number, from } => {
                format!("{}“{name}”（{number}）从 {from} 才有效", kind.zh())
            }
        }
    }
}

impl WorkerCard {
    /// Whether the worker's weekly hours hold a moment.
    pub fn working_at(&self, at: kernel::Instant) -> bool {
        let minute = at.minute_of_day();
        let weekday = (at.date().epoch_days() + 3).rem_euclid(7);
        self.hours.iter().any(|w| {
            i64::from(w.weekday()) == weekday
                && (u32::from(w.from_minute())..u32::from(w.to_minute())).contains(&minute)
        })
    }
    pub fn skills_zh(&self) -> Vec<&'static str> {
        Skill::of(self.skills).into_iter().map(Skill::zh).collect()
    }
    pub fn languages_zh(&self) -> Vec<&'static str> {
        Language::of(self.languages).into_iter().map(Language::zh).collect()
    }
    pub fn ban_on(&self, day: CivilDate) -> Option<&Ban> {
        self.bans.iter().find(|b| b.covers(day))
    }
    /// The paper that counts on a day: a valid one, else the one that ran longest.
    fn best(&self, day: CivilDate, fits: impl Fn(&Document) -> bool) -> Option<&Document> {
        self.documents
            .iter()
            .filter(|d| d.void.is_none() && fits(d))
            .max_by_key(|d| (d.valid_on(day), d.from <= day, d.to))
    }
    /// The paper of a kind that counts on a day; for certificates the one for `skill`.
    pub fn paper(&self, kind: DocumentKind, skill: Option<Skill>, day: CivilDate) -> Option<&Document> {
        self.best(day, |d| d.kind == kind && skill.is_none_or(|s| d.covers.has(s.tag())))
    }
    /// What keeps the worker from a visit that needs `skills` on a day; empty: nothing.
    pub fn blocks(&self, skills: SkillSet, day: CivilDate) -> Vec<WorkerBlock> {
        let mut out = self.standing_blocks(day);
        for skill in Skill::of(skills) {
            if !self.skills.has(skill.tag()) {
                out.push(WorkerBlock::MissingSkill(skill));
            } else if skill.needs_certificate() {
                match self.paper(DocumentKind::Certificate, Some(skill), day) {
                    None => out.push(WorkerBlock::NoCertificate(skill)),
                    Some(d) => out.extend(lapsed(d, day)),
                }
            }
        }
        out.dedup();
        out
    }
    /// What keeps the worker from every visit on a day.
    pub fn standing_blocks(&self, day: CivilDate) -> Vec<WorkerBlock> {
        let mut out = Vec::new();
        if !self.active {
            out.push(WorkerBlock::Inactive);
        }
        if let Some(ban) = self.ban_on(day) {
            out.push(WorkerBlock::Banned { to: ban.to });
        }
        for kind in [DocumentKind::Insurance, DocumentKind::HealthCheck] {
            match self.paper(kind, None, day) {
                None => out.push(WorkerBlock::Missing(kind)),
                Some(d) => out.extend(lapsed(d, day)),
            }
        }
        out
    }
    /// The worker as the dispatch engine sees it; visits and load are the caller's to add.
    pub fn candidate(&self, day: CivilDate) -> Candidate {
        let block = self.standing_blocks(day).into_iter().next();
        let mut certificates = Vec::new();
        let mut skills = SkillSet::EMPTY;
        for skill in Skill::of(self.skills) {
            if !skill.needs_certificate() {
                skills = skills.with(skill.tag());
            } else if let Some(d) = self.paper(DocumentKind::Certificate, Some(skill), day).filter(|d| d.from <= day) {
                skills = skills.with(skill.tag());
                certificates.push(Certificate::of(skill.tag(), d.to));
            }
        }
        let health = self.paper(DocumentKind::HealthCheck, None, day);
        certificates.extend(health.map(|d| Certificate { covers: SkillSet::EMPTY, valid_until: d.to }));
        let insured = self.paper(DocumentKind::Insurance, None, day).filter(|d| d.from <= day);
        let worker = self.home.map(|home| dispatch::Worker {
            id: self.id,
            org: self.org,
            sex: self.sex,
            skills,
            languages: self.languages,
            hours: self.hours.clone(),
            certificates,
            insured_until: insured.map(|d| d.to),
            banned: self.ban_on(day).is_some(),
            home,
            planned: Vec::new(),
            load_minutes: 0,
            rotation_rank: 0,
        });
        Candidate { id: self.id, name: self.name.clone(), block, worker }
    }
}

fn lapsed(d: &Document, day: CivilDate) -> Option<WorkerBlock> {
    let (kind, name, number) = (d.kind, d.name.clone(), d.number.clone());
    if d.valid_on(day) {
        None
    } else if d.from > day {
        Some(WorkerBlock::NotYet { kind, name, number, from: d.from })
    } else {
        Some(WorkerBlock::Expired { kind, name, number, to: d.to })
    }
}

/// A worker for the dispatch engine.
#[derive(Clone, Debug)]
pub struct Candidate {
    pub id: WorkerId,
    pub name: String,
    /// Keeps the worker from every visit on the day; do not rank such a one.
    pub block: Option<WorkerBlock>,
    /// `None` when no home point is known: can be assigned by hand, not ranked by distance.
    pub worker: Option<dispatch::Worker>,
}

/// What a worker is made from or changed to. See [`WorkerCard`].
#[derive(Clone, Debug)]
pub struct WorkerDraft {
    pub org: OrgId,
    pub name: String,
    /// Sex and birth date are read from it. `None` on a change keeps the known one.
    pub id_number: Option<IdNumber>,
    /// `None` on a change keeps the known one.
    pub phone: Option<Phone>,
    pub skills: SkillSet,
    pub languages: LanguageSet,
    pub hours: Vec<Window>,
    pub home: Option<GeoPoint>,
    pub home_address: String,
    pub training_hours: u32,
    pub joined_on: CivilDate,
    pub active: bool,
}

impl WorkerDraft {
    /// # Errors
    /// `Invalid` with every field to correct.
    pub fn check(&self, new: bool, today: CivilDate) -> Result<()> {
        let mut f = Faults::default();
        f.text(&self.name, "name", "姓名", 20, false);
        f.text(&self.home_address, "home_address", "出发地", 60, true);
        f.say(new && self.id_number.is_none(), "id_number", "证件号码没有填");
        f.say(new && self.phone.is_none(), "phone", "电话没有填");
        if let Some(id) = &self.id_number {
            let age = id.birth().age_on(today);
            f.say(age < 18, "id_number", format!("只有 {age} 周岁，满 18 周岁才能登记"));
        }
        f.say(self.training_hours > 20_000, "training_hours", "培训学时最多 20000");
        f.say(self.joined_on > today.plus_days(366), "joined_on", "入职日期太远");
        f.say(self.hours.len() > 21, "hours", "每天最多 3 段工作时间");
        f.done()
    }
}

/// 周一 08:00–17:00；周二 …, days with the same hours together: 周一至周五 08:00–17:00.
pub fn hours_zh(hours: &[Window]) -> String {
    const DAYS: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
    let clock = |m: u16| format!("{:02}:{:02}", m / 60, m % 60);
    let of_day = |d: u8| {
        let mut spans: Vec<(u16, u16)> =
            hours.iter().filter(|w| w.weekday() == d).map(|w| (w.from_minute(), w.to_minute())).collect();
        spans.sort_unstable();
        spans.iter().map(|(a, b)| format!("{}–{}", clock(*a), clock(*b))).collect::<Vec<_>>().join("、")
    };
    let mut out: Vec<String> = Vec::new();
    let mut day = 0u8;
    while day < 7 {
        let words = of_day(day);
        let mut last = day;
        while last + 1 < 7 && of_day(last + 1) == words {
            last += 1;
        }
        if !words.is_empty() {
            let (a, b) = (DAYS[usize::from(day)], DAYS[usize::from(last)]);
            out.push(if day == last { format!("{a} {words}") } else { format!("{a}至{b} {words}") });
        }
        day = last + 1;
    }
    if out.is_empty() { "没有排班时间".into() } else { out.join("；") }
}
