//! What the tests share: elders of two counties, operators at desks, a roster.
#![allow(dead_code)]
pub mod watched;

use kernel::{Actor, ElderId, GeoPoint, IdNumber, Instant, OrgScope, RegionBook, RegionCode, Role, Scope, Sex, UserId};
use people::model::{ContactKind, Hukou, NewContact, NewElder};
use safety::model::{AlarmKind, Case, CaseId, Duty, NewAlarm, Origin};
use safety::service::{self, NewDuty, Raised};
use store::{Db, Migration};

pub const CITY: &str = "441500000000";
pub const COUNTY: &str = "441523000000";
pub const TOWN: &str = "441523101000";
pub const VILLAGE: &str = "441523101204";
pub const OTHER_COUNTY: &str = "441521000000";

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
        safety::MIGRATIONS,
    ]
    .concat()
}
pub fn region(code: &str) -> RegionCode {
    code.parse().expect("region code")
}
pub fn scope(code: &str) -> Scope {
    Scope { region: region(code), org: OrgScope::Any }
}
pub fn at(text: &str) -> Instant {
    Instant::parse_local(text).expect("a moment")
}
pub fn person(n: u128, name: &str, role: Role, code: &str) -> Actor {
    Actor::Person { user: UserId(uuid::Uuid::from_u128(n)), name: name.into(), role, scope: scope(code) }
}
/// 何晓燕 at the hotline of the county.
pub fn operator() -> Actor {
    person(11, "何晓燕", Role::Operator, COUNTY)
}
pub fn second() -> Actor {
    person(12, "许晓岚", Role::Operator, COUNTY)
}
pub fn county() -> Actor {
    person(13, "邹建明", Role::CountyStaff, COUNTY)
}

pub fn id_number(birth: &str, n: u32) -> IdNumber {
    let first = format!("441523{}{:03}", birth.replace('-', ""), n * 2);
    format!("{first}{}", IdNumber::check_char(first.as_bytes()).expect("17 digits")).parse().expect("valid")
}

/// 林秀珍 lives at home with a daughter to be called.
pub async fn elder(db: &Db) -> ElderId {
    elder_at(db, "林秀珍", VILLAGE, 1).await
}

pub async fn elder_at(db: &Db, name: &str, village: &str, n: u32) -> ElderId {
    let mut e = NewElder::new(name, id_number("1944-03-02", n), region(village), Hukou::Rural);
    assert_eq!(e.sex(), Sex::Female);
    e.address = "上围 17 号".into();
    e.chronic = "高血压".into();
    e.place = GeoPoint::from_degrees(23.3, 115.65);
    let contact = |kind, name: &str, relation: &str, phone: &str, lives: &str| NewContact {
        kind,
        name: name.into(),
        relation: relation.into(),
        phone: phone.parse().ok(),
        lives: lives.into(),
    };
    e.contacts = vec![
        contact(ContactKind::Emergency, "蔡文静", "女儿", "13812342716", "在县城"),
        contact(ContactKind::Family, "蔡文辉", "儿子", "13912346630", "在深圳"),
    ];
    let clerk = person(1, "专干", Role::CountyStaff, &format!("{}000000", &village[..6]));
    people::service::create(db, &clerk, e).await.expect("archive opens")
}

pub fn alarm(db: &Db, elder: ElderId, kind: AlarmKind, key: &str) -> NewAlarm {
    NewAlarm {
        key: key.into(),
        elder,
        kind,
        risk: kind.urgency().into(),
        origin: Origin::Device,
        at: db.now(),
        reason: "手表长按 3 秒".into(),
        evidence: serde_json::json!({ "battery": 64 }),
        unverified: false,
        device: Some("YW-20871".into()),
        fix: None,
    }
}

pub async fn raise(db: &Db, new: NewAlarm) -> Raised {
    let tx = db.begin().await.expect("begins");
    let raised = service::raise(&tx, db, new).await.expect("raised");
    tx.commit().await.expect("commits");
    raised
}
pub async fn sos(db: &Db, elder: ElderId, key: &str) -> Raised {
    raise(db, alarm(db, elder, AlarmKind::Sos, key)).await
}

pub async fn case(db: &Db, id: CaseId) -> Case {
    service::record(db, &scope(CITY), id).await.expect("is there")
}
/// The history in words, one line an event.
pub async fn history(db: &Db, id: CaseId) -> Vec<String> {
    let (events, _) = service::case_events(db, &scope(CITY), id).await.expect("is there");
    events.into_iter().map(|e| e.text).collect()
}
pub async fn look(db: &Db) -> service::Looked {
    service::look(db, &RegionBook::default()).await.expect("looks")
}
pub fn later(db: &Db, seconds: i64) {
    db.clock().set(db.now().plus_ms(seconds * 1000));
}
/// Everybody who can climb is on duty round the clock.
pub async fn usual_roster(db: &Db) {
    for (duty, name, code) in
        [(Duty::Lead, "彭志坚", COUNTY), (Duty::Town, "陈嘉敏", TOWN), (Duty::County, "邹建明", COUNTY)]
    {
        service::add_duty(db, &county(), on_duty(duty, name, code, 0, 0)).await.expect("on the roster");
    }
}
pub fn on_duty(duty: Duty, name: &str, code: &str, from: i64, to: i64) -> NewDuty {
    NewDuty {
        region: region(code),
        duty,
        name: name.into(),
        phone: "13812340001".parse().expect("a phone"),
        user: None,
        weekdays: 127,
        from_minute: from * 60,
        to_minute: to * 60,
        since: "2026-01-01".parse().expect("a day"),
        until: None,
    }
}
pub async fn notices(db: &Db) -> Vec<service::NoticeRow> {
    let fetch = web::ListFetch { page: kernel::PageAsk { page: 1, rows: 100 }, order: "n.created_at, n.id".into() };
    service::notices(db, &scope(CITY), None, &fetch).await.expect("listed").rows
}
