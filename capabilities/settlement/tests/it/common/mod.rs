//! A small county: two towns, two providers, elders with purses, one item with a price, and finished orders.
#![allow(dead_code)]
use access::model::{NewOrg, OrgKind};
use catalogue::model::{Category, ItemDraft, PriceDraft, Unit};
use entitlement::Packs;
use kernel::{
    AccountId, Actor, CivilDate, ElderId, Fen, HouseholdId, IdNumber, ItemId, OrderId, OrgId, OrgScope, PaymentListId,
    Quarter, RegionCode, Role, Scope, Sex, UserId, WorkerId,
};
use orders::service::{Detail, HistoryOrder};
use people::model::{Hukou, NewElder};
use settlement::service::{self, ListView, ListsAsk, SeenList, Settled};
use store::{Db, Migration};
use uuid::Uuid;

pub const COUNTY: &str = "441523000000";
pub const OTHER_COUNTY: &str = "441521000000";
pub const TOWN: &str = "441523101000";
pub const VILLAGE: &str = "441523101204";
pub const TOWN_B: &str = "441523103000";
pub const VILLAGE_B: &str = "441523103201";
pub const PRICE: Fen = Fen(4_000);

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
        settlement::MIGRATIONS,
    ]
    .concat()
}

pub fn region(code: &str) -> RegionCode {
    code.parse().expect("region code")
}
pub fn day(text: &str) -> CivilDate {
    text.parse().expect("date")
}
pub fn q3() -> Quarter {
    Quarter { year: 2026, q: 3 }
}
pub fn scope(code: &str) -> Scope {
    Scope { region: region(code), org: OrgScope::Any }
}
pub fn user(n: u128) -> UserId {
    UserId(Uuid::from_u128(n))
}
pub fn person(n: u128, name: &str, role: Role, scope: Scope) -> Actor {
    Actor::Person { user: user(n), name: name.into(), role, scope }
}
pub fn county() -> Actor {
    person(1, "邹建明", Role::CountyStaff, scope(COUNTY))
}
pub fn clerk() -> Actor {
    person(2, "陈嘉敏", Role::TownStaff, scope(TOWN))
}
pub fn clerk_b() -> Actor {
    person(3, "温国辉", Role::TownStaff, scope(TOWN_B))
}
pub fn finance() -> Actor {
    person(4, "叶文峰", Role::Finance, scope(COUNTY))
}
pub fn platform() -> Actor {
    Actor::Platform { job: "test", scope: scope("441500000000") }
}

#[derive(Clone)]
pub struct Elder {
    pub id: ElderId,
    pub household: HouseholdId,
    pub name: String,
    pub birth: CivilDate,
    pub region: RegionCode,
    pub purse: AccountId,
    pub pack: String,
    pub article: String,
}

#[derive(Clone)]
pub struct World {
    pub db: Db,
    pub yian: OrgId,
    pub kangle: OrgId,
    pub item: ItemId,
    /// Two in the first town, one in the second.
    pub elders: Vec<Elder>,
}

fn number(birth: &str, n: u32) -> IdNumber {
    let first = format!("441523{}{:03}", birth.replace('-', ""), n * 2);
    let check = IdNumber::check_char(first.as_bytes()).expect("17 digits");
    format!("{first}{check}").parse().expect("a valid number")
}

impl World {
    /// On 15 August 2026 everyone is determined and has a purse of the third quarter.
    pub async fn new(db: Db) -> World {
        db.clock().set(day("2026-08-15").at(9, 0));
        people::service::seed_regions(&db, people::service::shipped_regions()).await.expect("regions load");
        let tx = db.begin().await.expect("begins");
        let org = |name: &str| NewOrg { name: name.into(), kind: OrgKind::Provider, region: region(COUNTY) };
        let yian =
            access::service::create_org(&tx, &db, &platform(), org("颐安居家养老服务有限公司")).await.expect("org");
        let kangle = access::service::create_org(&tx, &db, &platform(), org("康乐居家服务部")).await.expect("org");
        let draft = ItemDraft {
            code: "JZ01".into(),
            name: "助洁".into(),
            summary: String::new(),
            category: Category::Household,
            help: None,
            unit: Unit::Visit,
            minutes: 60,
            skills: Default::default(),
            checklist: vec!["扫地".into()],
            photos: 0,
            region: region("441500000000"),
            active: true,
        };
        let item = catalogue::service::create_item(&tx, &db, &platform(), draft).await.expect("item");
        let price = PriceDraft {
            region: region("441500000000"),
            from: day("2026-01-01"),
            to: None,
            fen: PRICE,
            document: "价目 2026 版".into(),
        };
        catalogue::service::add_price(&tx, &db, &platform(), item, price).await.expect("price");
        tx.commit().await.expect("commits");
        let mut made = Vec::new();
        for (n, (name, birth, village)) in
            [("彭桂兰", "1949-03-02", VILLAGE), ("黄水生", "1948-05-06", VILLAGE), ("曾火娣", "1950-01-09", VILLAGE_B)]
                .into_iter()
                .enumerate()
        {
            let mut e = NewElder::new(name, number(birth, n as u32 + 1), region(village), Hukou::Rural);
            e.hukou_region = Some(region(village));
            let id = people::service::create(&db, &county(), e).await.expect("archive");
            made.push((id, name, birth, village));
        }
        let packs = Packs::shipped().expect("packs load");
        entitlement::service::determine(&db, &packs, &county(), day("2026-08-15"), &entitlement::service::Quiet)
            .await
            .expect("determined");
        let mut elders = Vec::new();
        for (id, name, birth, village) in made {
            let card = people::service::card(&db, &scope(COUNTY), id).await.expect("card");
            let purse = entitlement::service::purses(&db, card.household, day("2026-08-15")).await.expect("purses");
            let purse = purse.first().expect("a rural elder of 75 to 79 has a purse").clone();
            elders.push(Elder {
                id,
                household: card.household,
                name: name.into(),
                birth: day(birth),
                region: region(village),
                purse: purse.account,
                pack: purse.pack_id,
                article: purse.article,
            });
        }
        World { db, yian, kangle, item, elders }
    }

    pub fn provider(&self, org: OrgId) -> Actor {
        person(5, "彭经理", Role::ProviderManager, Scope { region: region(COUNTY), org: OrgScope::Org(org) })
    }
    pub fn provider_scope(&self, org: OrgId) -> Scope {
        Scope { region: region(COUNTY), org: OrgScope::Org(org) }
    }

    /// A finished visit of one hour; change it as the test needs.
    pub fn visit(&self, elder: usize, org: OrgId, on: &str, hour: u32) -> HistoryOrder {
        let e = &self.elders[elder];
        HistoryOrder {
            elder: e.id,
            household: e.household,
            elder_name: e.name.clone(),
            elder_sex: Sex::Female,
            elder_birth: e.birth,
            region: e.region,
            address: "上围 17 号".into(),
            place: None,
            item: self.item,
            item_name: "助洁".into(),
            category: Category::Household,
            unit: Unit::Visit,
            minutes: 60,
            provider: org,
            provider_name: if org == self.yian {
                "颐安居家养老服务有限公司"
            } else {
                "康乐居家服务部"
            }
            .into(),
            worker: WorkerId(Uuid::from_u128(if org == self.yian { 100 } else { 200 })),
            worker_name: "林玉芳".into(),
            starts_at: day(on).at(hour, 0),
            quantity: 1,
            price: PRICE,
            gov: PRICE,
            purse_account: Some(e.purse),
            pack_id: Some(e.pack.clone()),
            pack_title: Some("农村居家养老".into()),
            article: e.article.clone(),
            price_document: "价目 2026 版".into(),
            created_by_name: "陈嘉敏".into(),
            rating: Some(5),
            rating_note: String::new(),
        }
    }
    pub async fn serve(&self, visits: Vec<HistoryOrder>) -> Vec<OrderId> {
        let tx = self.db.begin().await.expect("begins");
        let ids = orders::service::bulk_insert(&tx, &self.db, &platform(), visits, Detail::Full).await.expect("orders");
        tx.commit().await.expect("commits");
        ids
    }
    /// The usual quarter: four visits of 颐安 in both towns, one of 康乐. ¥200.00 of public money.
    pub async fn usual(&self) -> Vec<OrderId> {
        self.serve(vec![
            self.visit(0, self.yian, "2026-08-16", 9),
            self.visit(0, self.yian, "2026-08-23", 9),
            self.visit(1, self.yian, "2026-09-01", 9),
            self.visit(2, self.yian, "2026-09-02", 14),
            self.visit(1, self.kangle, "2026-09-03", 9),
        ])
        .await
    }
    pub async fn close(&self) -> Settled {
        self.db.clock().set(day("2026-10-08").at(9, 0));
        service::settle(&self.db, &county(), q3(), &service::NoProgress).await.expect("settles")
    }
    pub async fn lists(&self) -> Vec<ListView> {
        let page = kernel::PageAsk { page: 1, rows: 50 };
        service::lists(&self.db, &scope(COUNTY), &ListsAsk::default(), page, "p.no").await.expect("lists").rows
    }
    /// The first list of a provider.
    pub async fn list_of(&self, org: OrgId) -> ListView {
        self.lists().await.into_iter().find(|l| l.provider == org).expect("a list")
    }
    pub async fn seen(&self, id: PaymentListId) -> SeenList {
        let list = service::list(&self.db, &scope(COUNTY), id).await.expect("list");
        SeenList { id, version: list.version }
    }
    pub async fn balance(&self, code: &str) -> Fen {
        books::service::account(self.db.read(), code).await.expect("reads").map(|a| a.balance()).unwrap_or_default()
    }
    pub async fn order_state(&self, id: OrderId) -> orders::model::State {
        orders::service::order(&self.db, &scope(COUNTY), id).await.expect("order").state
    }
}
