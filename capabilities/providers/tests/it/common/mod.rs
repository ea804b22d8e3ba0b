//! What the tests share: regions, people, a provider with a contract, a worker with all papers.
#![allow(dead_code)]
use catalogue::model::{ItemDraft, PriceDraft};
use catalogue::{Category, Item, Skill, Unit};
use dispatch::{SkillSet, Window};
use kernel::{Actor, CivilDate, Fen, GeoPoint, IdNumber, OrgId, OrgScope, RegionCode, Role, Scope, UserId, WorkerId};
use providers::model::{ContractDraft, DocumentDraft, DocumentKind, Language, ProviderDraft, WorkerDraft};
use providers::service;
use store::{Db, Migration};

pub const CITY: &str = "441500000000";
pub const COUNTY: &str = "441523000000";
pub const OTHER_COUNTY: &str = "441521000000";
pub const TOWN: &str = "441523103000";
pub const OTHER_TOWN: &str = "441523104000";
pub const VILLAGE: &str = "441523103201";

pub fn migrations() -> Vec<Migration> {
    [audit::MIGRATIONS, access::MIGRATIONS, catalogue::MIGRATIONS, providers::MIGRATIONS].concat()
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
pub fn of(org: OrgId) -> Scope {
    Scope { region: region(COUNTY), org: OrgScope::Org(org) }
}
pub fn staff(db: &Db, role: Role, code: &str) -> Actor {
    Actor::Person { user: db.new_id::<UserId>(), name: "陈嘉敏".into(), role, scope: scope(code) }
}
pub fn manager(db: &Db, org: OrgId) -> Actor {
    Actor::Person { user: db.new_id::<UserId>(), name: "黄经理".into(), role: Role::ProviderManager, scope: of(org) }
}
pub fn platform() -> Actor {
    Actor::Platform { job: "test", scope: scope(CITY) }
}

/// A credit code whose last character is right.
pub fn credit_code(n: u32) -> String {
    const SIGNS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let head = format!("91441523MA4U{n:05}");
    let mut weight = 1;
    let mut sum = 0;
    for c in head.bytes() {
        sum += SIGNS.iter().position(|s| *s == c).unwrap() * weight;
        weight = weight * 3 % 31;
    }
    format!("{head}{}", SIGNS[(31 - sum % 31) % 31] as char)
}
pub fn id_number(n: u32) -> IdNumber {
    let head = format!("44152319800101{:03}", n % 1000);
    format!("{head}{}", IdNumber::check_char(head.as_bytes()).unwrap()).parse().unwrap()
}

pub fn provider_draft(name: &str, n: u32) -> ProviderDraft {
    ProviderDraft {
        name: name.into(),
        region: region(COUNTY),
        credit_code: credit_code(n),
        contact: "黄经理".into(),
        phone: "13806601234".parse().unwrap(),
        active: true,
    }
}
pub fn contract_draft(regions: &[&str]) -> ContractDraft {
    ContractDraft {
        number: "LH-2026-01".into(),
        award: "LHCG2026-007".into(),
        from: day("2026-01-01"),
        to: day("2026-12-31"),
        regions: regions.iter().map(|r| region(r)).collect(),
        categories: vec![Category::Household, Category::DailyCare],
        capacity: None,
        insurer: "人保财险".into(),
        policy_no: "PZ-88".into(),
        insured_to: day("2026-12-31"),
    }
}
/// A provider with a contract.
pub async fn provider(db: &Db, n: u32, contract: ContractDraft) -> OrgId {
    let tx = db.begin().await.unwrap();
    let org = service::create_provider(&tx, db, &platform(), provider_draft(&format!("颐安{n}"), n)).await.unwrap();
    service::sign_contract(&tx, db, &platform(), org, contract).await.unwrap();
    tx.commit().await.unwrap();
    org
}

pub fn worker_draft(org: OrgId, n: u32) -> WorkerDraft {
    WorkerDraft {
        org,
        name: format!("林玉芳{n}"),
        id_number: Some(id_number(n)),
        phone: Some("13812345678".parse().unwrap()),
        skills: Skill::set(&[Skill::Cleaning, Skill::Haircut, Skill::Bathing]),
        languages: Language::set(&[Language::Mandarin, Language::Hakka]),
        hours: (0..5).filter_map(|d| Window::new(d, 8 * 60, 18 * 60)).collect(),
        home: GeoPoint::from_degrees(23.3, 115.6),
        home_address: "水唇圩 3 号".into(),
        training_hours: 80,
        joined_on: day("2025-03-01"),
        active: true,
    }
}
pub fn paper(kind: DocumentKind, to: &str) -> DocumentDraft {
    let certificate = kind == DocumentKind::Certificate;
    DocumentDraft {
        kind,
        name: if certificate { "养老护理员（四级）" } else { kind.zh() }.into(),
        number: format!("NO-{}", kind.code()),
        issuer: "陆河县".into(),
        covers: if certificate { Skill::set(&[Skill::Bathing]) } else { SkillSet::EMPTY },
        from: day("2025-01-01"),
        to: day(to),
    }
}
pub async fn add_paper(db: &Db, id: WorkerId, draft: DocumentDraft) -> uuid::Uuid {
    let tx = db.begin().await.unwrap();
    let made = service::add_document(&tx, db, &platform(), id, draft).await.unwrap();
    tx.commit().await.unwrap();
    made
}
pub async fn bare_worker(db: &Db, org: OrgId, n: u32) -> WorkerId {
    let tx = db.begin().await.unwrap();
    let id = service::register_worker(&tx, db, &platform(), worker_draft(org, n)).await.unwrap();
    tx.commit().await.unwrap();
    id
}
/// A worker with insurance, health check and a bathing certificate until the end of 2027.
pub async fn worker(db: &Db, org: OrgId, n: u32) -> WorkerId {
    let id = bare_worker(db, org, n).await;
    for kind in DocumentKind::ALL {
        add_paper(db, id, paper(*kind, "2027-12-31")).await;
    }
    id
}

/// An item that needs `skills`.
pub async fn item(db: &Db, code: &str, category: Category, skills: &[Skill]) -> Item {
    let draft = ItemDraft {
        code: code.into(),
        name: if skills.contains(&Skill::Bathing) { "上门助浴" } else { "理发" }.into(),
        summary: String::new(),
        category,
        help: None,
        unit: Unit::Visit,
        minutes: 60,
        skills: Skill::set(skills),
        checklist: Vec::new(),
        photos: 0,
        region: region(COUNTY),
        active: true,
    };
    let price = PriceDraft {
        region: region(COUNTY),
        from: day("2026-01-01"),
        to: None,
        fen: Fen::yuan(26),
        document: "批文".into(),
    };
    let tx = db.begin().await.unwrap();
    let id = catalogue::service::create_item(&tx, db, &platform(), draft).await.unwrap();
    catalogue::service::add_price(&tx, db, &platform(), id, price).await.unwrap();
    tx.commit().await.unwrap();
    catalogue::service::item(db, &scope(COUNTY), id).await.unwrap()
}
