//! What the tests share: people of 水唇镇, made through the services.
#![allow(dead_code)]
use kernel::{Actor, CivilDate, ElderId, IdNumber, OrgScope, RegionCode, Role, Scope, Sex, UserId};
use people::model::{Hukou, NewElder};
use store::{Db, Migration};

pub const DUNTANG: &str = "441523101204";
pub const TOWN: &str = "441523101000";
pub const OTHER_TOWN: &str = "441523103000";

pub fn migrations() -> Vec<Migration> {
    [audit::MIGRATIONS, work::MIGRATIONS, people::MIGRATIONS].concat()
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
    Actor::Person { user: UserId(uuid::Uuid::from_u128(7)), name: "温国辉".into(), role, scope: scope(code) }
}
pub fn clerk() -> Actor {
    actor(Role::TownStaff, TOWN)
}
pub fn id_number(birth: &str, sex: Sex, n: u32) -> IdNumber {
    let serial = n * 2 + u32::from(sex == Sex::Male);
    let first = format!("441523{}{serial:03}", birth.replace('-', ""));
    let check = IdNumber::check_char(first.as_bytes()).expect("17 digits");
    format!("{first}{check}").parse().expect("a valid number")
}
pub fn person(name: &str, birth: &str, n: u32) -> NewElder {
    let mut e = NewElder::new(name, id_number(birth, Sex::Female, n), region(DUNTANG), Hukou::Rural);
    e.address = "上围 17 号".into();
    e
}
pub async fn open(db: &Db, e: NewElder) -> ElderId {
    people::service::create(db, &clerk(), e).await.expect("archive opens")
}
pub async fn seeded(db: &Db) {
    people::service::seed_regions(db, people::service::shipped_regions()).await.expect("regions load");
}
