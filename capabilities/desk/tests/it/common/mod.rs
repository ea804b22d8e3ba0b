//! Two counties with elders, services and a provider each, made through the services of their capabilities.
#![allow(dead_code)]
use catalogue::model::{ItemDraft, PriceDraft};
use catalogue::{Category, Skill, Unit};
use entitlement::Packs;
use kernel::{
    Actor, CivilDate, ElderId, Fen, GeoPoint, IdNumber, Instant, ItemId, OrgId, OrgScope, RegionCode, Role, Scope,
    UserId, WorkerId,
};
use orders::service::{Detail, HistoryOrder};
use people::model::{Hukou, NewElder};
use store::{Db, Migration};
use uuid::Uuid;

pub const CITY: &str = "441500000000";
pub const COUNTY: &str = "441523000000";
pub const TOWN: &str = "441523101000";
pub const VILLAGE: &str = "441523101204";
pub const SISTER: &str = "441523101205";
pub const OTHER_TOWN: &str = "441523103000";
pub const OTHER_TOWN_VILLAGE: &str = "441523103201";
pub const OTHER_COUNTY: &str = "441521000000";
pub const FAR: &str = "441521101201";

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
pub fn scope(code: &str) -> Scope {
    Scope { region: region(code), org: OrgScope::Any }
}
pub fn of_provider(code: &str, org: OrgId) -> Scope {
    Scope { region: region(code), org: OrgScope::Org(org) }
}
pub fn person(role: Role, scope: Scope) -> Actor {
    Actor::Person { user: UserId(Uuid::from_u128(7)), name: format!("测试{}", role.zh()), role, scope }
}
pub fn platform() -> Actor {
    Actor::Platform { job: "test", scope: scope(CITY) }
}
pub fn packs() -> Packs {
    Packs::shipped().expect("the shipped packs load")
}

fn id_number(birth: CivilDate, n: u32) -> IdNumber {
    let first = format!("441523{}{:03}", birth.compact(), n * 2);
    let check = IdNumber::check_char(first.as_bytes()).expect("17 digits");
    format!("{first}{check}").parse().expect("a valid number")
}

/// An archive that lacks several parts.
pub async fn elder(db: &Db, name: &str, birth: &str, village: &str, n: u32) -> ElderId {
    let mut e = NewElder::new(name, id_number(day(birth), n), region(village), Hukou::Rural);
    e.hukou_region = Some(region(village));
    e.address = format!("上围 {n} 号");
    e.place = GeoPoint::from_degrees(23.30 + f64::from(n) / 1e3, 115.60);
    people::service::create(db, &platform(), e).await.expect("archive opens")
}

/// ¥26 a visit in the whole city.
async fn haircut(db: &Db) -> ItemId {
    let draft = ItemDraft {
        code: "JZ04".into(),
        name: "理发".into(),
        summary: String::new(),
        category: Category::Household,
        help: None,
        unit: Unit::Visit,
        minutes: 30,
        skills: Skill::set(&[Skill::Haircut]),
        checklist: Vec::new(),
        photos: 0,
        region: region(CITY),
        active: true,
    };
    let price = PriceDraft {
        region: region(CITY),
        from: day("2026-01-01"),
        to: None,
        fen: Fen::yuan(26),
        document: "汕价〔2026〕3 号".into(),
    };
    let tx = db.begin().await.expect("begins");
    let id = catalogue::service::create_item(&tx, db, &platform(), draft).await.expect("item");
    catalogue::service::add_price(&tx, db, &platform(), id, price).await.expect("price");
    tx.commit().await.expect("commits");
    id
}

pub struct World {
    pub item: ItemId,
    pub near: OrgId,
    pub far: OrgId,
    pub elders: Vec<(ElderId, &'static str)>,
}

/// Who lives where: 77 years old and entitled, but for the one who turns 75 in ten days.
const ELDERS: &[(&str, &str, &str)] = &[
    ("彭桂兰", "1949-03-08", VILLAGE),
    ("罗火娇", "1949-05-01", VILLAGE),
    ("叶金水", "1951-11-30", VILLAGE),
    ("范金桂", "1949-07-01", SISTER),
    ("曾月华", "1949-08-01", OTHER_TOWN_VILLAGE),
    ("林远方", "1949-09-01", FAR),
    ("陈海丰", "1949-09-02", FAR),
];

impl World {
    /// 2026-11-20 10:00. Every elder but the one not yet 75 was served once on 10 November.
    pub async fn new(db: &Db) -> World {
        people::service::seed_regions(db, people::service::shipped_regions()).await.expect("regions load");
        db.clock().set(store::testing::NOW);
        let (near, far): (OrgId, OrgId) = (db.new_id(), db.new_id());
        let mut elders = Vec::new();
        for (n, (name, birth, village)) in (1..).zip(ELDERS) {
            elders.push((elder(db, name, birth, village, n).await, *village));
        }
        let today = store::testing::NOW.date();
        let quiet = entitlement::service::Quiet;
        entitlement::service::determine(db, &packs(), &platform(), today, &quiet).await.expect("determined");
        let w = World { item: haircut(db).await, near, far, elders };
        for (i, (id, village)) in w.elders.iter().enumerate() {
            if i != 2 {
                // One worker is at one door at a time.
                w.serve(db, *id, village, day("2026-11-10").at(8 + i as u32, 0), None).await;
            }
        }
        w
    }
    /// A confirmed service of the county's provider, paid by the household's purse.
    pub async fn serve(&self, db: &Db, elder: ElderId, village: &str, starts_at: Instant, rating: Option<i64>) {
        let card = people::service::card(db, &scope(CITY), elder).await.expect("card");
        let purses = entitlement::service::purses(db, card.household, starts_at.date()).await.expect("purses");
        let purse = purses.first().expect("a purse");
        let near = region(COUNTY).contains(&region(village));
        let order = HistoryOrder {
            elder,
            household: card.household,
            elder_name: card.name,
            elder_sex: card.sex,
            elder_birth: card.birth,
            region: region(village),
            address: card.address,
            place: card.place,
            item: self.item,
            item_name: "理发".into(),
            category: Category::Household,
            unit: Unit::Visit,
            minutes: 30,
            provider: if near { self.near } else { self.far },
            provider_name: if near { "颐安" } else { "海丰便民" }.into(),
            worker: WorkerId(Uuid::from_u128(if near { 50 } else { 51 })),
            worker_name: "林玉芳".into(),
            starts_at,
            quantity: 1,
            price: Fen::yuan(26),
            gov: Fen::yuan(26),
            purse_account: Some(purse.account),
            pack_id: Some(purse.pack_id.clone()),
            pack_title: Some(purse.pack_title.clone()),
            article: purse.article.clone(),
            price_document: "汕价〔2026〕3 号".into(),
            created_by_name: "温国辉".into(),
            rating,
            rating_note: String::new(),
        };
        let tx = db.begin().await.expect("begins");
        orders::service::bulk_insert(&tx, db, &platform(), vec![order], Detail::Full).await.expect("written");
        tx.commit().await.expect("commits");
    }
}
