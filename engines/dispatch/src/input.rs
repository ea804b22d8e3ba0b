//! What is asked and who could go.
use crate::hours::Window;
use crate::tags::{Language, LanguageSet, Skill, SkillSet};
use kernel::{CivilDate, GeoPoint, Instant, OrgId, Sex, WorkerId};

/// What the elder wishes about the worker's sex.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GenderWish {
    /// Counts in favour.
    Prefer(Sex),
    /// Nobody else is sent.
    Require(Sex),
}

/// A worker who has been at this elder's before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Previous {
    pub worker: WorkerId,
    pub times: u32,
}

/// The visit somebody is looked for. Certificates and insurance are judged on its date.
#[derive(Clone, Copy, Debug)]
pub struct Visit<'a> {
    /// All of them are needed.
    pub skills: SkillSet,
    pub place: GeoPoint,
    pub start: Instant,
    pub minutes: u32,
    pub gender: Option<GenderWish>,
    pub language: Option<Language>,
    pub previous: &'a [Previous],
}

impl Visit<'_> {
    pub fn end(&self) -> Instant {
        self.start.plus_minutes(i64::from(self.minutes))
    }
}

/// A certificate, the latest of its kind. While it is expired the worker does not do what it covers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The skills it is needed for; empty: for every visit (health certificate).
    pub covers: SkillSet,
    /// The last day on which it is valid.
    pub valid_until: CivilDate,
}

impl Certificate {
    /// For one skill.
    pub const fn of(skill: Skill, valid_until: CivilDate) -> Certificate {
        Certificate { covers: SkillSet::EMPTY.with(skill), valid_until }
    }
}

/// A visit the worker already has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Planned {
    pub start: Instant,
    pub end: Instant,
    pub place: GeoPoint,
}

/// A care worker who might go.
#[derive(Clone, Debug)]
pub struct Worker {
    pub id: WorkerId,
    pub org: OrgId,
    pub sex: Sex,
    pub skills: SkillSet,
    pub languages: LanguageSet,
    pub hours: Vec<Window>,
    pub certificates: Vec<Certificate>,
    /// The last day of the accident insurance; `None`: there is none.
    pub insured_until: Option<CivilDate>,
    /// On the ban list (行业禁入).
    pub banned: bool,
    /// Where the worker sets out from when not coming from a visit.
    pub home: GeoPoint,
    /// Visits around the time asked for, in any order. They do not overlap each other.
    pub planned: Vec<Planned>,
    /// Minutes of work already given in the period over which work is to be spread.
    pub load_minutes: u32,
    /// Place of the worker's provider in the rotation; 0: its turn. See [`crate::rotation::order`].
    pub rotation_rank: u32,
}
