//! What the tests share: elders of two counties, assessors, a provider that serves one of the elders.
#![allow(dead_code)]
use assessment::Scales;
use assessment::model::{Place, Profession, Reason, Sheet};
use assessment::service::{self, Application, Appointment, NewAssessor, Submission};
use kernel::{
    Actor, AssessmentId, AssessorId, CivilDate, ElderId, IdNumber, Instant, OrgScope, RegionCode, Role, Scope, Sex,
    UserId,
};
use people::model::{Hukou, NewElder};
use scales::{Answer, AnswerKind, ConditionAnswer, ConditionKind, Scale};
use store::{Db, Migration};

pub const CITY: &str = "441500000000";
pub const COUNTY: &str = "441523000000";
pub const TOWN: &str = "441523101000";
pub const VILLAGE: &str = "441523101204";
pub const OTHER_COUNTY: &str = "441521000000";
pub const GBT: &str = "gbt-42195-2022";
pub const MZT: &str = "mzt-039-2013";
pub const MORSE: &str = "morse";

pub fn migrations() -> Vec<Migration> {
    [
        audit::MIGRATIONS,
        work::MIGRATIONS,
        access::MIGRATIONS,
        people::MIGRATIONS,
        books::MIGRATIONS,
        entitlement::MIGRATIONS,
        catalogue::MIGRATIONS,
        providers::MIGRATIONS,
        orders::MIGRATIONS,
        assessment::MIGRATIONS,
    ]
    .concat()
}
pub fn region(code: &str) -> RegionCode {
    code.parse().expect("region code")
}
pub fn day(text: &str) -> CivilDate {
    text.parse().expect("date")
}
pub fn scope(code: &str) -> Scope {
    Scope { region: region(code), org: OrgScope::Any }
}
pub fn actor(role: Role, code: &str) -> Actor {
    Actor::Person { user: UserId(uuid::Uuid::from_u128(7)), name: "陈嘉敏".into(), role, scope: scope(code) }
}
pub fn town() -> Actor {
    actor(Role::TownStaff, TOWN)
}
pub fn county() -> Actor {
    actor(Role::CountyStaff, COUNTY)
}
pub fn administrator() -> Actor {
    actor(Role::Administrator, CITY)
}

fn id_number(birth: &str, n: u32) -> IdNumber {
    let first = format!("441523{}{:03}", birth.replace('-', ""), n * 2 + u32::from(Sex::Female == Sex::Male));
    format!("{first}{}", IdNumber::check_char(first.as_bytes()).expect("17 digits")).parse().expect("valid")
}

pub async fn elder(db: &Db, name: &str, village: &str, n: u32) -> ElderId {
    let mut e = NewElder::new(name, id_number("1944-03-02", n), region(village), Hukou::Rural);
    e.address = "上围 17 号".into();
    let clerk = actor(Role::CountyStaff, &format!("{}000000", &village[..6]));
    people::service::create(db, &clerk, e).await.expect("archive opens")
}

/// One in the register with the account they act with.
#[derive(Clone)]
pub struct Who {
    pub id: AssessorId,
    pub actor: Actor,
}

pub fn entry(name: &str, user: UserId, profession: Profession, code: &str) -> NewAssessor {
    NewAssessor {
        name: name.into(),
        user: Some(user),
        profession,
        region: region(code),
        employer: "陆河县人民医院".into(),
        employer_org: None,
        certificate: format!("PGY-{name}"),
        valid_to: day("2027-06-30"),
        active: true,
    }
}

pub async fn enter(db: &Db, new: NewAssessor) -> Who {
    let tx = db.begin().await.unwrap();
    let (name, user, home) = (new.name.clone(), new.user.unwrap(), new.region);
    let id = service::register(&tx, db, &actor(Role::CityStaff, CITY), new).await.unwrap();
    tx.commit().await.unwrap();
    let scope = Scope { region: home, org: OrgScope::Any };
    Who { id, actor: Actor::Person { user, name, role: Role::Assessor, scope } }
}

/// A county at work: an elder, a physician, a nurse and two social workers; the national scale is accepted.
pub struct Stage {
    pub db: Db,
    pub scales: Scales,
    pub elder: ElderId,
    pub physician: Who,
    pub nurse: Who,
    pub social: Who,
    pub other: Who,
}

pub async fn stage(db: &Db) -> Stage {
    people::service::seed_regions(db, people::service::shipped_regions()).await.expect("regions load");
    let scales = Scales::shipped().unwrap();
    let who = |n: u128, name: &str, p| entry(name, UserId(uuid::Uuid::from_u128(n)), p, COUNTY);
    let stage = Stage {
        db: db.clone(),
        elder: elder(db, "彭运招", VILLAGE, 1).await,
        physician: enter(db, who(101, "罗志成", Profession::Physician)).await,
        nurse: enter(db, who(102, "曾美兰", Profession::Nurse)).await,
        social: enter(db, who(103, "丘小燕", Profession::SocialWorker)).await,
        other: enter(db, who(104, "江志明", Profession::SocialWorker)).await,
        scales,
    };
    stage.accept(GBT).await;
    stage
}

impl Stage {
    pub async fn accept(&self, scale: &str) {
        let view = service::scale_view(&self.db, &self.scales, scale).await.unwrap();
        let print = format!("{:016x}", view.scale.fingerprint);
        service::accept(&self.db, &self.scales, &administrator(), scale, &print, "对照标准原文").await.unwrap();
    }
    pub async fn scale(&self, id: &str) -> std::sync::Arc<Scale> {
        self.scales.current(&self.db, id).await.unwrap()
    }
    pub async fn apply(&self, scale: &str) -> AssessmentId {
        let ask = Application {
            elder: self.elder,
            scale: scale.into(),
            reason: Reason::Application,
            org: None,
            note: "最近走路不稳".into(),
        };
        service::apply(&self.db, &self.scales, &town(), ask).await.unwrap()
    }
    pub fn at_home(&self, first: &Who, second: Option<&Who>) -> Appointment {
        Appointment {
            place: Place::Home,
            starts_at: now().plus_minutes(30),
            address: String::new(),
            first: first.id,
            second: second.map(|w| w.id),
        }
    }
    pub async fn appoint(&self, id: AssessmentId, ask: Appointment) -> kernel::Result<assessment::model::Case> {
        let seen = self.version(id).await;
        service::appoint(&self.db, &self.scales, &town(), id, seen, ask).await
    }
    pub async fn version(&self, id: AssessmentId) -> i64 {
        self.case(id).await.version
    }
    pub async fn case(&self, id: AssessmentId) -> assessment::model::Case {
        service::case(&self.db, &service::Sight::all(scope(CITY)), id).await.unwrap()
    }
    pub async fn send(
        &self,
        who: &Who,
        id: AssessmentId,
        key: &str,
        base: i64,
        sheet: &Sheet,
    ) -> kernel::Result<service::Saved> {
        let sent = Submission { key: key.into(), base, sheet: sheet.clone(), device_at: None };
        service::save(&self.db, &self.scales, &who.actor, id, sent).await
    }
    /// Answers, submission and both signatures.
    pub async fn finish(&self, id: AssessmentId, team: [&Who; 2], sheet: &Sheet) -> assessment::model::Case {
        self.send(team[0], id, &format!("k-{id}"), 0, sheet).await.unwrap();
        service::submit(&self.db, &self.scales, &team[1].actor, id).await.unwrap();
        for who in team {
            service::sign(&self.db, &self.scales, &who.actor, id, self.version(id).await).await.unwrap();
        }
        self.case(id).await
    }
    /// From the application to a result that counts.
    pub async fn assessed(&self, scale: &str, team: [&Who; 2], sheet: &Sheet) -> assessment::model::Case {
        let id = self.apply(scale).await;
        self.appoint(id, self.at_home(team[0], Some(team[1]))).await.unwrap();
        self.finish(id, team, sheet).await
    }
}

pub fn now() -> Instant {
    store::testing::NOW
}

/// A complete sheet: the option nearest to `part` (0 worst … 100 best) of every item, and no circumstances.
pub fn filled(scale: &Scale, part: i32) -> Sheet {
    let mut sheet = Sheet::default();
    for item in scale.items() {
        let answer = match &item.answer {
            AnswerKind::Options(options) => {
                let mut by_score: Vec<_> = options.iter().collect();
                by_score.sort_by_key(|o| o.score);
                let at = (by_score.len() as i32 - 1) * part / 100;
                Answer::Option(by_score[at as usize].code.clone())
            }
            AnswerKind::Number(kind) => Answer::Number(kind.range.min),
        };
        sheet.answers.insert(item.id.to_string(), answer);
    }
    for c in &scale.conditions {
        let answer = match c.kind {
            ConditionKind::Flag => ConditionAnswer::Flag(false),
            ConditionKind::Count => ConditionAnswer::Count(0),
        };
        sheet.conditions.insert(c.id.to_string(), answer);
    }
    sheet
}
