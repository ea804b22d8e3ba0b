//! What the tests share: regions, people and migrations.
#![allow(dead_code)]
use kernel::{Actor, CivilDate, OrgScope, RegionCode, Role, Scope, UserId};
use store::{Db, Migration};

pub const CITY: &str = "441500000000";
pub const COUNTY: &str = "441523000000";
pub const OTHER_COUNTY: &str = "441521000000";
pub const TOWN: &str = "441523103000";
pub const VILLAGE: &str = "441523103201";

pub fn migrations() -> Vec<Migration> {
    [audit::MIGRATIONS, catalogue::MIGRATIONS].concat()
}
pub fn region(code: &str) -> RegionCode {
    code.parse().unwrap()
}
pub fn day(text: &str) -> CivilDate {
    text.parse().unwrap()
}
pub fn scope(code: &str) -> Scope {
    Scope { region: region(code), org: OrgScope::Any }
}
pub fn staff(db: &Db, role: Role, code: &str) -> Actor {
    Actor::Person { user: db.new_id::<UserId>(), name: "陈嘉敏".into(), role, scope: scope(code) }
}
pub fn platform() -> Actor {
    Actor::Platform { job: "test", scope: scope(CITY) }
}
