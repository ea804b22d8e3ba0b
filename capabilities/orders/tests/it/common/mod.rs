//! What the tests share: a village with one entitled elder, two providers with a worker each and three services; all
//! made through the services of their capabilities.
#![allow(dead_code)]
use catalogue::model::{ItemDraft, PriceDraft};
use catalogue::{Category, Skill, Unit};
use dispatch::{SkillSet, Window};
use entitlement::{Packs, PurseView};
use kernel::{
    AccountId, Actor, CivilDate, ElderId, Error, Fen, GeoPoint, HouseholdId, IdNumber, Instant, ItemId, OrderId, OrgId,
    OrgScope, RegionCode, Role, Scope, UserId, WorkerId,
};
use orders::model::{Channel, ConfirmHow, Order};
use orders::service::{self, Ask};
use people::model::{Hukou, NewElder, Source};
use providers::model::{ContractDraft, DocumentDraft, DocumentKind, Language, ProviderDraft, WorkerDraft};
use store::{Db, Migration};

pub const CITY: &str = "441500000000";
pub const COUNTY: &str = "441523000000";
pub const OTHER_COUNTY: &str = "441521000000";
pub const TOWN: &str = "441523101000";
pub const OTHER_TOWN: &str = "441523103000";
pub const VILLAGE: &str = "441523101204";

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
pub fn person(role: Role, name: &str, scope: Scope) -> Actor {
    Actor::Person { user: UserId(uuid::Uuid::from_u128(7)), name: name.into(), role, scope }
}
pub fn platform() -> Actor {
    Actor::Platform { job: "test", scope: scope(CITY) }
}

/// A provider with one worker.
pub struct Team {
    pub org: OrgId,
    pub worker: WorkerId,
    pub manager: Actor,
    pub carer: Actor,
}

/// Everything an order needs.
pub struct World {
    pub db: Db,
    pub elder: ElderId,
    pub household: HouseholdId,
    /// ¥26 a visit, 30 minutes.
    pub haircut: ItemId,
    /// ¥40 an hour.
    pub cleaning: ItemId,
    /// ¥60 a visit; needs a certificate.
    pub bathing: ItemId,
    pub first: Team,
    pub second: Team,
    /// Village staff.
    pub clerk: Actor,
}

pub fn at(db: &Db, date: &str, hour: u32, minute: u32) {
    db.clock().set(day(date).at(hour, minute));
}

fn credit_code(n: u32) -> String {
    const SIGNS: &[u8] = b"0123456789ABCDEFGHJKLMNPQRTUWXY";
    let head = format!("91441523MA4U{n:05}");
    let (mut weight, mut sum) = (1, 0);
    for c in head.bytes() {
        sum += SIGNS.iter().position(|s| *s == c).expect("a sign") * weight;
        weight = weight * 3 % 31;
    }
    format!("{head}{}", SIGNS[(31 - sum % 31) % 31] as char)
}

fn id_number(birth: &str, n: u32) -> IdNumber {
    let first = format!("441523{}{:03}", day(birth).compact(), n * 2);
    let check = IdNumber::check_char(first.as_bytes()).expect("17 digits");
    format!("{first}{check}").parse().expect("a valid number")
}

pub async fn elder(db: &Db, name: &str, birth: &str, n: u32) -> ElderId {
    let mut e = NewElder::new(name, id_number(birth, n), region(VILLAGE), Hukou::Rural);
    e.hukou_region = Some(region(VILLAGE));
    e.address = format!("上围 {n} 号");
    e.place = GeoPoint::from_degrees(23.30, 115.60);
    let clerk = person(Role::TownStaff, "陈嘉敏", scope(TOWN));
    people::service::create(db, &clerk, e).await.expect("archive opens")
}

pub async fn report_death(db: &Db, elder: ElderId, on: &str) {
    let clerk = person(Role::TownStaff, "陈嘉敏", scope(TOWN));
    let seen = people::service::card(db, &scope(CITY), elder).await.expect("card").version;
    people::service::report_death(db, &clerk, elder, seen, day(on), Source::Office, "").await.expect("recorded");
}

/// Delivers what happened to those who listen.
pub async fn tell(db: &Db) {
    let shelf = std::sync::Arc::new(entitlement::Shelf::of(packs()));
    let mut subscribers = entitlement::subscribers(shelf);
    subscribers.extend(orders::subscribers(region(CITY)));
    let runner = work::Runner {
        db: db.clone(),
        jobs: std::sync::Arc::new(Vec::new()),
        schedules: std::sync::Arc::new(Vec::new()),
        subscribers: std::sync::Arc::new(subscribers),
        scope: scope(CITY),
    };
    runner.drain().await.expect("events are delivered");
}

pub fn packs() -> Packs {
    Packs::shipped().expect("the shipped packs load")
}

async fn item(db: &Db, code: &str, name: &str, unit: Unit, minutes: u32, yuan: i64, skill: Skill) -> ItemId {
    let draft = ItemDraft {
        code: code.into(),
        name: name.into(),
        summary: String::new(),
        category: Category::Household,
        help: None,
        unit,
        minutes,
        skills: Skill::set(&[skill]),
        checklist: Vec::new(),
        photos: 0,
        region: region(COUNTY),
        active: true,
    };
    let price = PriceDraft {
        region: region(COUNTY),
        from: day("2026-01-01"),
        to: None,
        fen: Fen::yuan(yuan),
        document: "陆价〔2026〕3 号".into(),
    };
    let tx = db.begin().await.expect("begins");
    let id = catalogue::service::create_item(&tx, db, &platform(), draft).await.expect("item");
    catalogue::service::add_price(&tx, db, &platform(), id, price).await.expect("price");
    tx.commit().await.expect("commits");
    id
}

async fn team(db: &Db, n: u32) -> Team {
    let tx = db.begin().await.expect("begins");
    let draft = ProviderDraft {
        name: format!("颐安{n}"),
        region: region(COUNTY),
        credit_code: credit_code(n),
        contact: "黄经理".into(),
        phone: "13806601234".parse().expect("phone"),
        active: true,
    };
    let org = providers::service::create_provider(&tx, db, &platform(), draft).await.expect("provider");
    let contract = ContractDraft {
        number: format!("LH-2026-{n:02}"),
        award: "LHCG2026-007".into(),
        from: day("2026-01-01"),
        to: day("2027-12-31"),
        regions: vec![region(COUNTY)],
        categories: vec![Category::Household],
        capacity: None,
        insurer: "人保财险".into(),
        policy_no: format!("PZ-{n}"),
        insured_to: day("2027-12-31"),
    };
    providers::service::sign_contract(&tx, db, &platform(), org, contract).await.expect("contract");
    tx.commit().await.expect("commits");
    let worker = worker(db, org, n, "2026-11-25").await;
    let of = |org_scope| Scope { region: region(COUNTY), org: org_scope };
    Team {
        org,
        worker,
        manager: person(Role::ProviderManager, "黄经理", of(OrgScope::Org(org))),
        carer: person(Role::Worker, &format!("林玉芳{n}"), of(OrgScope::Worker(org, worker))),
    }
}

/// A worker whose bathing certificate ends on `certified_to`; the other papers run on.
pub async fn worker(db: &Db, org: OrgId, n: u32, certified_to: &str) -> WorkerId {
    let draft = WorkerDraft {
        org,
        name: format!("林玉芳{n}"),
        id_number: Some(id_number("1980-01-01", 100 + n)),
        phone: Some("13812345678".parse().expect("phone")),
        skills: Skill::set(&[Skill::Cleaning, Skill::Haircut, Skill::Bathing]),
        languages: Language::set(&[Language::Hakka]),
        hours: (0..7).filter_map(|d| Window::new(d, 8 * 60, 20 * 60)).collect(),
        home: GeoPoint::from_degrees(23.31, 115.60),
        home_address: "水唇圩 3 号".into(),
        training_hours: 80,
        joined_on: day("2025-03-01"),
        active: true,
    };
    let tx = db.begin().await.expect("begins");
    let id = providers::service::register_worker(&tx, db, &platform(), draft).await.expect("worker");
    for kind in DocumentKind::ALL {
        let certificate = *kind == DocumentKind::Certificate;
        let paper = DocumentDraft {
            kind: *kind,
            name: if certificate { "养老护理员（四级）" } else { kind.zh() }.into(),
            number: format!("NO-{n}-{}", kind.code()),
            issuer: "陆河县".into(),
            covers: if certificate { Skill::set(&[Skill::Bathing]) } else { SkillSet::EMPTY },
            from: day("2025-01-01"),
            to: day(if certificate { certified_to } else { "2027-12-31" }),
        };
        providers::service::add_document(&tx, db, &platform(), id, paper).await.expect("paper");
    }
    tx.commit().await.expect("commits");
    id
}

impl World {
    /// 2026-11-20 10:00; the elder is 77, rural, and the household's purse of the quarter holds ¥300.00.
    pub async fn new(db: &Db) -> World {
        people::service::seed_regions(db, people::service::shipped_regions()).await.expect("regions load");
        db.clock().set(store::testing::NOW);
        let elder = elder(db, "彭桂兰", "1949-03-08", 17).await;
        let household = people::service::card(db, &scope(CITY), elder).await.expect("card").household;
        let today = store::testing::NOW.date();
        entitlement::service::determine(db, &packs(), &platform(), today, &entitlement::service::Quiet)
            .await
            .expect("determined");
        World {
            elder,
            household,
            haircut: item(db, "JZ04", "理发", Unit::Visit, 30, 26, Skill::Haircut).await,
            cleaning: item(db, "JZ01", "助洁", Unit::Hour, 60, 40, Skill::Cleaning).await,
            bathing: item(db, "JZ02", "上门助浴", Unit::Visit, 60, 60, Skill::Bathing).await,
            first: team(db, 1).await,
            second: team(db, 2).await,
            clerk: person(Role::VillageStaff, "温国辉", scope(VILLAGE)),
            db: db.clone(),
        }
    }
    pub fn ask(&self, item: ItemId, start: Instant, quantity: i64) -> Ask {
        Ask {
            elder: self.elder,
            item,
            starts_at: start,
            quantity,
            provider: None,
            wish_worker: None,
            address: None,
            channel: Channel::Staff,
            note: String::new(),
            agreed_own: None,
        }
    }
    pub async fn place(&self, item: ItemId, start: Instant, quantity: i64) -> Order {
        self.try_place(self.ask(item, start, quantity)).await.expect("placed")
    }
    pub async fn try_place(&self, ask: Ask) -> Result<Order, Error> {
        service::create(&self.db, &self.clerk, ask, None).await.map(|p| p.order)
    }
    /// The team an order stands with.
    pub fn team_of(&self, order: &Order) -> &Team {
        if order.provider == self.first.org { &self.first } else { &self.second }
    }
    pub async fn purse(&self) -> PurseView {
        let mut found =
            entitlement::service::purses(&self.db, self.household, self.db.now().date()).await.expect("purses");
        assert_eq!(found.len(), 1);
        found.pop().expect("a purse")
    }
    /// The group of packs whose purse this is.
    pub async fn purse_group(&self) -> String {
        self.purse().await.group
    }
    /// (used, held, available) of the household's purse.
    pub async fn money(&self) -> (Fen, Fen, Fen) {
        let p = self.purse().await;
        (p.used, p.held, p.available)
    }
    /// Balance of an account that may not have been opened yet.
    pub async fn balance(&self, code: String) -> Fen {
        let found = books::service::account(self.db.read(), &code).await.expect("read");
        found.map(|a| a.balance()).unwrap_or_default()
    }
    pub async fn account(&self, code: String) -> Option<AccountId> {
        books::service::account(self.db.read(), &code).await.expect("read").map(|a| a.id)
    }
    /// The order as it is stored now.
    pub async fn again(&self, id: OrderId) -> Order {
        service::order(&self.db, &scope(CITY), id).await.expect("order")
    }
    pub async fn accept_and_assign(&self, order: &Order) -> Order {
        let team = self.team_of(order);
        service::accept(&self.db, &team.manager, order.id, None).await.expect("accepted");
        service::assign(&self.db, &team.manager, order.id, team.worker, "", None).await.expect("assigned")
    }
    /// From assigned to checked out; the clock stands at the end then.
    pub async fn visit(&self, order: &Order) -> Order {
        let carer = &self.team_of(order).carer;
        self.db.clock().set(order.starts_at.plus_minutes(-15));
        service::set_out(&self.db, carer, order.id, None).await.expect("set out");
        self.db.clock().set(order.starts_at);
        service::check_in(&self.db, carer, order.id, serde_json::json!({ "distance_m": 12 }), None).await.expect("in");
        self.db.clock().set(order.ends_at);
        service::check_out(&self.db, carer, order.id, serde_json::Value::Null, None).await.expect("out")
    }
    pub async fn confirm(&self, order: &Order) -> Order {
        let carer = &self.team_of(order).carer;
        service::confirm(&self.db, carer, order.id, ConfirmHow::Code, None).await.expect("confirmed")
    }
    /// Placed, served and confirmed.
    pub async fn served(&self, item: ItemId, start: Instant, quantity: i64) -> Order {
        let order = self.place(item, start, quantity).await;
        let order = self.accept_and_assign(&order).await;
        let order = self.visit(&order).await;
        self.confirm(&order).await
    }
    /// Every total of the books agrees with its transfers.
    pub async fn books_agree(&self) {
        let verdict = books::recount::recount(&self.db).await.expect("recounts");
        assert!(verdict.sound(), "{verdict:?}");
    }
}

/// The sentence of a refusal.
pub fn said<T: std::fmt::Debug>(result: Result<T, Error>) -> String {
    result.expect_err("is refused").user_message()
}
pub fn not_found<T: std::fmt::Debug>(result: Result<T, Error>) -> bool {
    matches!(result, Err(Error::NotFound(_)))
}
