//! Builds a side through the services, as a county would come to be.
mod emergencies;
mod policies;

use super::{Keys, Side, World, day, region, scope};
use access::model::NewApiKey;
use catalogue::model::{ItemDraft, PriceDraft};
use catalogue::{Category, Skill, Unit};
use dispatch::{SkillSet, Window};
use entitlement::Packs;
use field::model::Position;
use field::service::FromDevice;
use kernel::{
    Actor, ElderId, Fen, GeoPoint, IdNumber, OrderId, OrgId, OrgScope, PageAsk, Quarter, Role, Scope, Sex, UserId,
    WorkerId,
};
use orders::model::Channel;
use orders::service::{Ask, Detail, HistoryOrder};
use people::model::{ContactKind, Hukou, NewContact, NewElder};
use providers::model::{BanDraft, ContractDraft, DocumentDraft, DocumentKind, Language, ProviderDraft, WorkerDraft};
use std::collections::BTreeMap;
use std::path::Path;
use store::{Db, SqlExt};

pub const CITY: &str = "441500000000";
pub const QUARTER: Quarter = Quarter { year: 2026, q: 3 };

/// What makes a side differ from the others. Names are marks: a page of one side that shows another's is a leak.
pub struct Draft {
    pub n: u32,
    pub county: &'static str,
    pub town: &'static str,
    pub village: &'static str,
    pub village_name: &'static str,
    pub provider: &'static str,
    pub worker: &'static str,
    pub elder: &'static str,
    pub twins: &'static str,
    pub merged: &'static str,
    pub new_row: &'static str,
    /// Begins the names of this side's assessors.
    pub assessor: &'static str,
}

/// What the archive holds before the quarter is served.
pub struct Begun {
    pub draft: Draft,
    org: OrgId,
    worker: WorkerId,
    contract: String,
    document: String,
    ban: String,
    item: kernel::ItemId,
    price: String,
    elder: ElderId,
    merge: String,
    contact: String,
    twin: String,
}

pub fn platform() -> Actor {
    Actor::Platform { job: "test", scope: scope(CITY) }
}
fn person(n: u128, role: Role, name: &str, code: &str, org: OrgScope) -> Actor {
    let scope = Scope { region: region(code), org };
    Actor::Person { user: UserId(uuid::Uuid::from_u128(n)), name: name.into(), role, scope }
}
fn id_number(birth: &str, serial: u32) -> IdNumber {
    let head = format!("441523{}{serial:03}", birth.replace('-', ""));
    let check = IdNumber::check_char(head.as_bytes()).expect("17 digits");
    format!("{head}{check}").parse().expect("a valid number")
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
fn door(d: &Draft) -> GeoPoint {
    GeoPoint::from_degrees(23.30 + f64::from(d.n) / 10.0, 115.60).expect("a place")
}

/// Provider with contract and worker, item with price, archives with a pair to review and a pair that was merged.
/// The clock stands in August.
pub async fn begin(db: &Db, d: Draft) -> Begun {
    let me = platform();
    let tx = db.begin().await.unwrap();
    let draft = ProviderDraft {
        name: d.provider.into(),
        region: region(d.county),
        credit_code: credit_code(d.n),
        contact: "黄经理".into(),
        phone: "13806601234".parse().unwrap(),
        active: true,
    };
    let org = providers::service::create_provider(&tx, db, &me, draft).await.unwrap();
    let contract = ContractDraft {
        number: format!("HT-2026-{}", d.n),
        award: format!("中标通知书-{}", d.n),
        from: day("2026-01-01"),
        to: day("2027-12-31"),
        regions: vec![region(d.county)],
        categories: vec![Category::Household],
        capacity: None,
        insurer: "人保财险".into(),
        policy_no: format!("PZ-{}", d.n),
        insured_to: day("2027-12-31"),
    };
    let contract = providers::service::sign_contract(&tx, db, &me, org, contract).await.unwrap();
    let worker = worker(db, &tx, &d, org, d.worker, 700 + d.n).await;
    let paper = DocumentDraft {
        kind: DocumentKind::HealthCheck,
        name: "健康证".into(),
        number: format!("JK-{}", d.n),
        issuer: "疾控中心".into(),
        covers: SkillSet::EMPTY,
        from: day("2025-01-01"),
        to: day("2026-12-05"),
    };
    let document = providers::service::add_document(&tx, db, &me, worker, paper).await.unwrap();
    let insurance = DocumentDraft {
        kind: DocumentKind::Insurance,
        name: "雇主责任险".into(),
        number: format!("BX-{}", d.n),
        issuer: "人保财险".into(),
        covers: SkillSet::EMPTY,
        from: day("2025-01-01"),
        to: day("2027-12-31"),
    };
    providers::service::add_document(&tx, db, &me, worker, insurance).await.unwrap();
    let banned = self::worker(db, &tx, &d, org, &format!("{}妹", d.worker), 800 + d.n).await;
    let ban =
        BanDraft { from: day("2026-08-01"), to: None, reason: "试用没有通过".into(), document: "文 1".into() };
    let ban = providers::service::ban(&tx, db, &me, banned, ban).await.unwrap();
    let item = ItemDraft {
        code: format!("T{}", d.n),
        name: format!("上门助洁{}", d.n),
        summary: String::new(),
        category: Category::Household,
        help: None,
        unit: Unit::Visit,
        minutes: 60,
        skills: Skill::set(&[Skill::Cleaning]),
        checklist: vec!["扫地".into()],
        photos: 1,
        region: region(d.county),
        active: true,
    };
    let item = catalogue::service::create_item(&tx, db, &me, item).await.unwrap();
    let price = PriceDraft {
        region: region(d.county),
        from: day("2026-01-01"),
        to: None,
        fen: Fen::yuan(40),
        document: format!("价批 {}", d.n),
    };
    let price = catalogue::service::add_price(&tx, db, &me, item, price).await.unwrap();
    tx.commit().await.unwrap();

    let clerk = clerk(&d);
    let archive = |name: &str, birth: &str, serial: u32| {
        let mut e = NewElder::new(name, id_number(birth, serial), region(d.village), Hukou::Rural);
        e.hukou_region = Some(region(d.village));
        e.address = format!("上围 {}7 号", d.n);
        e.place = Some(door(&d));
        e.phone = format!("1386602{serial:04}").parse().ok();
        e.contacts = vec![NewContact {
            kind: ContactKind::Family,
            name: format!("{name}之子"),
            relation: "儿子".into(),
            phone: format!("1386603{serial:04}").parse().ok(),
            lives: "深圳".into(),
        }];
        e
    };
    let add = async |name: &str, birth: &str, serial: u32| {
        people::service::create(db, &clerk, archive(name, birth, serial)).await.unwrap()
    };
    let elder = add(d.elder, "1949-03-08", 100 + d.n * 10).await;
    let twin = add(d.twins, "1950-03-08", 101 + d.n * 10).await.to_string();
    add(d.twins, "1950-03-08", 102 + d.n * 10).await;
    let (goes, stays) =
        (add(d.merged, "1951-03-08", 103 + d.n * 10).await, add(d.merged, "1951-03-08", 104 + d.n * 10).await);
    let merge = people::service::merge(db, &clerk, goes, stays, "本人到场").await.unwrap();
    let contact = people::service::contacts(db, &scope(CITY), elder).await.unwrap()[0].id.to_string();
    Begun {
        draft: d,
        org,
        worker,
        contract: contract.to_string(),
        document: document.to_string(),
        ban: format!("{banned}/bans/{ban}"),
        item,
        price: price.to_string(),
        elder,
        merge: merge.to_string(),
        contact,
        twin,
    }
}

fn clerk(d: &Draft) -> Actor {
    person(u128::from(d.n) * 10 + 1, Role::TownStaff, "镇经办", d.town, OrgScope::Any)
}

async fn worker(db: &Db, tx: &store::Tx, d: &Draft, org: OrgId, name: &str, serial: u32) -> WorkerId {
    let draft = WorkerDraft {
        org,
        name: name.into(),
        id_number: Some(id_number("1980-01-01", serial)),
        phone: Some(format!("1381234{serial:04}").parse().unwrap()),
        skills: Skill::set(&[Skill::Cleaning]),
        languages: Language::set(&[Language::Hakka]),
        hours: (0..7).filter_map(|w| Window::new(w, 7 * 60, 20 * 60)).collect(),
        home: Some(door(d)),
        home_address: "圩镇 3 号".into(),
        training_hours: 80,
        joined_on: day("2025-03-01"),
        active: true,
    };
    providers::service::register_worker(tx, db, &platform(), draft).await.unwrap()
}

pub async fn determine(db: &Db) {
    let packs = Packs::shipped().unwrap();
    let today = db.now().date();
    entitlement::service::determine(db, &packs, &platform(), today, &entitlement::service::Quiet).await.unwrap();
}

/// Two visits of August, confirmed, public money in both.
pub async fn serve(db: &Db, b: &Begun) -> Vec<OrderId> {
    let card = people::service::card(db, &scope(CITY), b.elder).await.unwrap();
    let purse = entitlement::service::purses(db, card.household, db.now().date()).await.unwrap().remove(0);
    let visit = |on: &str| HistoryOrder {
        elder: b.elder,
        household: card.household,
        elder_name: b.draft.elder.into(),
        elder_sex: Sex::Female,
        elder_birth: card.birth,
        region: card.region,
        address: card.address.clone(),
        place: card.place,
        item: b.item,
        item_name: format!("上门助洁{}", b.draft.n),
        category: Category::Household,
        unit: Unit::Visit,
        minutes: 60,
        provider: b.org,
        provider_name: b.draft.provider.into(),
        worker: b.worker,
        worker_name: b.draft.worker.into(),
        starts_at: day(on).at(9, 0),
        quantity: 1,
        price: Fen::yuan(40),
        gov: Fen::yuan(40),
        purse_account: Some(purse.account),
        pack_id: Some(purse.pack_id.clone()),
        pack_title: Some(purse.pack_title.clone()),
        article: purse.article.clone(),
        price_document: "价批".into(),
        created_by_name: "镇经办".into(),
        rating: Some(5),
        rating_note: String::new(),
    };
    let tx = db.begin().await.unwrap();
    let visits = vec![visit("2026-08-20"), visit("2026-08-27")];
    let made = orders::service::bulk_insert(&tx, db, &platform(), visits, Detail::Full).await.unwrap();
    tx.commit().await.unwrap();
    made
}

/// The live part: an order assigned for tomorrow, a visit going on now with a photo, an import with a wrong row and a
/// duplicate, a job, an office, an API key.
pub async fn finish(db: &Db, data: &Path, b: Begun, settled: OrderId) -> Side {
    let d = &b.draft;
    let (clerk, me) = (clerk(d), platform());
    let of = |org| person(u128::from(d.n) * 10 + 2, Role::ProviderManager, "黄经理", d.county, org);
    let manager = of(OrgScope::Org(b.org));
    let carer = person(u128::from(d.n) * 10 + 3, Role::Worker, d.worker, d.county, OrgScope::Worker(b.org, b.worker));
    let today = db.now().date();
    let place = async |starts_at| {
        let ask = Ask {
            elder: b.elder,
            item: b.item,
            starts_at,
            quantity: 1,
            provider: Some(b.org),
            wish_worker: None,
            address: None,
            channel: Channel::Staff,
            note: String::new(),
            agreed_own: None,
        };
        let order = orders::service::create(db, &clerk, ask, None).await.unwrap().order;
        orders::service::accept(db, &manager, order.id, None).await.unwrap();
        orders::service::assign(db, &manager, order.id, b.worker, "", None).await.unwrap()
    };
    let visit = place(today.at(10, 20)).await;
    let order = place(today.plus_days(1).at(9, 0)).await;
    let here = FromDevice { position: Some(Position { point: door(d), accuracy_m: 10 }), ..FromDevice::default() };
    field::service::set_out(db, &carer, visit.id, &here).await.unwrap();
    field::service::check_in(db, &carer, visit.id, &here).await.unwrap();
    field::service::add_photo(db, data, &carer, visit.id, photo(d.n)).await.unwrap();
    let proof = field::service::evidence(db, carer.scope(), visit.id).await.unwrap();
    let photo = proof.iter().find(|e| e.file.is_some()).unwrap().id.to_string();

    let head = "姓名,身份证号,户籍性质,村（社区）,住址\n";
    let (known, fresh) = (id_number("1949-03-08", 100 + d.n * 10), id_number("1952-04-08", 105 + d.n * 10));
    let text = format!(
        "{head}{},{},农村,{v},上围\n{},{},农村,{v},上围\n坏行,44152319520101000X,农村,{v},上围\n",
        d.elder,
        known.as_str(),
        d.new_row,
        fresh.as_str(),
        v = d.village_name,
    );
    let village = person(u128::from(d.n) * 10 + 4, Role::VillageStaff, "村专干", d.village, OrgScope::Any);
    let file = format!("名册{}.csv", d.n);
    let batch = people::service::import_read(db, &village, &file, text.into_bytes()).await.unwrap();
    let page = PageAsk { page: 1, rows: 10 };
    let reviews =
        people::service::duplicate_reviews(db, &scope(d.village), people::model::ReviewState::Open, page, "d.id")
            .await
            .unwrap();
    let review = reviews.rows[0].id.to_string();

    let tx = db.begin().await.unwrap();
    let key = format!("job-{}", d.n);
    let here = region(d.village);
    let job = work::enqueue(&tx, db, &me, "import", &key, "导入名册", &serde_json::json!({}), here).await.unwrap();
    let office = access::model::NewOrg {
        name: format!("{}民政办{}", d.village_name, d.n),
        kind: access::model::OrgKind::Government,
        region: region(d.town),
    };
    let office = access::service::create_org(&tx, db, &me, office).await.unwrap();
    let api = |role, org| NewApiKey {
        name: format!("接口{}{}", d.n, role == Role::ProviderManager),
        role,
        region: region(d.county),
        org,
        until: today.plus_days(30),
    };
    let (key, key_text) = access::service::create_key(&tx, db, &me, api(Role::CountyStaff, None)).await.unwrap();
    let (_, firm_key) =
        access::service::create_key(&tx, db, &me, api(Role::ProviderManager, Some(b.org))).await.unwrap();
    tx.commit().await.unwrap();

    let county = scope(d.county);
    let lists = settlement::service::lists(db, &county, &Default::default(), page, "p.no").await.unwrap();
    let list = lists.rows.into_iter().find(|l| l.provider == b.org).unwrap();
    let household = people::service::card(db, &county, b.elder).await.unwrap().household;
    let purse = entitlement::service::purses(db, household, today).await.unwrap().remove(0);
    let payable = books::codes::payable(b.org, QUARTER);
    let payable = books::service::account(db.read(), &payable).await.unwrap().unwrap().id;

    let mut keys: Keys = BTreeMap::new();
    let mut put = |name: &'static str, ids: Vec<String>| {
        keys.insert(name, ids);
    };
    put("elders", vec![b.elder.to_string()]);
    put("twin", vec![b.twin.clone()]);
    put("contact", vec![b.contact.clone()]);
    put("merges", vec![b.merge.clone()]);
    put("duplicates", vec![review]);
    put("imports", vec![batch.to_string()]);
    put("row", vec!["2".into()]);
    put("orders", vec![order.id.to_string(), visit.id.to_string(), settled.to_string()]);
    put("visits", vec![visit.id.to_string(), order.id.to_string()]);
    put("evidence", vec![photo]);
    put("settlements", vec![list.id.to_string()]);
    put("seq", vec!["1".into()]);
    put("accounts-of-books", vec![purse.account.to_string(), payable.to_string()]);
    put("items", vec![b.item.to_string()]);
    put("price", vec![b.price.clone()]);
    put("providers", vec![b.org.to_string()]);
    put("contract", vec![b.contract.clone()]);
    put("workers", vec![b.worker.to_string()]);
    put("document", vec![b.document.clone()]);
    put("banned", vec![b.ban.clone()]);
    put("jobs", vec![job.to_string()]);
    put("orgs", vec![office.to_string()]);
    put("api-keys", vec![key.to_string()]);
    put("region", vec![d.village.into()]);
    let mut side = Side {
        county: region(d.county),
        town: region(d.town),
        village: region(d.village),
        org: b.org,
        worker: b.worker,
        item: b.item,
        list_token: settlement::service::SeenList { id: list.id, version: list.version }.token(),
        key: key_text,
        firm_key,
        keys,
        people: BTreeMap::new(),
        marks: [d.provider, d.worker, d.elder, d.twins, d.merged, d.new_row].map(String::from).to_vec(),
    };
    side.marks.extend([order.no.to_string(), visit.no.to_string(), list.no.clone()]);
    for ids in ["elders", "orders", "settlements", "providers", "workers", "evidence", "accounts-of-books"] {
        side.marks.extend(side.keys[ids].clone());
    }
    for role in Role::ALL {
        World::sign_in(db, &mut side, *role).await;
    }
    assessments(db, &b, &mut side).await;
    emergencies::emergencies(db, &b, &mut side).await;
    policies::policies(db, &b, &mut side).await;
    let accounts = [Role::VillageStaff, Role::Worker].map(|r| side.people[&r].user.to_string()).to_vec();
    side.keys.insert("accounts", accounts);
    side.keys.insert("sessions", vec![side.people[&Role::VillageStaff].session.to_string()]);
    side
}

/// The register, a finished assessment, one that is waited for today, and a sample drawn from the finished one.
async fn assessments(db: &Db, b: &Begun, side: &mut Side) {
    use assessment::model::{Place, Profession, Purpose, Reason};
    use assessment::service::{self, HistoryCase, NewAssessor};
    let (d, me) = (&b.draft, platform());
    let scales = assessment::Scales::shipped().unwrap();
    let scale = scales.current(db, "gbt-42195-2022").await.unwrap();
    let print = format!("{:016x}", scale.fingerprint);
    service::accept(db, &scales, &me, "gbt-42195-2022", &print, "对照标准原文").await.unwrap();
    let tx = db.begin().await.unwrap();
    let mut team = Vec::new();
    let second = kernel::UserId(uuid::Uuid::from_u128(9_000 + u128::from(d.n)));
    for (user, profession) in
        [(side.people[&Role::Assessor].user, Profession::Physician), (second, Profession::SocialWorker)]
    {
        let new = NewAssessor {
            name: format!("{}{}", d.assessor, profession.zh()),
            user: Some(user),
            profession,
            region: region(d.county),
            employer: "县人民医院".into(),
            employer_org: None,
            certificate: format!("PGY-{}", d.n),
            valid_to: day("2027-06-30"),
            active: true,
        };
        team.push(service::register(&tx, db, &me, new).await.unwrap());
    }
    let elder = people::service::card(db, &scope(CITY), b.elder).await.unwrap();
    let first = HistoryCase {
        elder,
        purpose: Purpose::Regular,
        prior: None,
        place: Place::Home,
        at: day("2026-11-02").at(9, 0),
        first: team[0],
        second: Some(team[1]),
        sheet: sheet(&scale),
    };
    let made = service::bulk_insert(&tx, db, &me, &scale, &[first]).await.unwrap();
    tx.commit().await.unwrap();
    let ask = service::Application {
        elder: b.elder,
        scale: "gbt-42195-2022".into(),
        reason: Reason::Change,
        org: None,
        note: String::new(),
    };
    let open = service::apply(db, &scales, &me, ask).await.unwrap();
    let appointment = service::Appointment {
        place: Place::Home,
        starts_at: db.now().plus_minutes(60),
        address: String::new(),
        first: team[0],
        second: Some(team[1]),
    };
    service::appoint(db, &scales, &me, open, 1, appointment).await.unwrap();
    let sample = service::NewSample {
        region: region(d.county),
        scale: "gbt-42195-2022".into(),
        from: day("2026-11-01"),
        to: day("2026-11-30"),
        size: 1,
    };
    let county = person(u128::from(d.n) * 10 + 5, Role::CountyStaff, "县民政", d.county, OrgScope::Any);
    let sample = service::draw_sample(db, &scales, &county, sample).await.unwrap();
    let sight = service::Sight::all(scope(d.county));
    for id in [made[0], open] {
        side.marks.push(service::case(db, &sight, id).await.unwrap().no);
    }
    side.marks.push(d.assessor.into());
    side.keys.insert("assess", vec![open.to_string()]);
    side.keys.insert("assessments", vec![made[0].to_string(), open.to_string()]);
    side.keys.insert("assessors", team.iter().map(|a| a.to_string()).collect());
    side.keys.insert("assessment-samples", vec![sample.to_string()]);
    side.keys.insert("step", vec!["1".into()]);
    side.keys.insert("scale", vec!["mzt-039-2013".into()]);
}

/// A complete sheet: the first answer of every item.
fn sheet(scale: &scales::Scale) -> assessment::model::Sheet {
    use scales::{Answer, AnswerKind, ConditionAnswer, ConditionKind};
    let mut out = assessment::model::Sheet::default();
    for item in scale.items() {
        let answer = match &item.answer {
            AnswerKind::Options(options) => Answer::Option(options[0].code.clone()),
            AnswerKind::Number(kind) => Answer::Number(kind.range.min),
        };
        out.answers.insert(item.id.to_string(), answer);
    }
    for c in &scale.conditions {
        let answer = match c.kind {
            ConditionKind::Flag => ConditionAnswer::Flag(false),
            ConditionKind::Count => ConditionAnswer::Count(0),
        };
        out.conditions.insert(c.id.to_string(), answer);
    }
    out
}

/// A small photo; a different one each side, because the same shot is refused for a second order.
fn photo(n: u32) -> Vec<u8> {
    let mut bytes = std::io::Cursor::new(Vec::new());
    let picture = image::RgbImage::from_pixel(64, 64, image::Rgb([n as u8 * 40, 90, 90]));
    image::DynamicImage::ImageRgb8(picture).write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}
