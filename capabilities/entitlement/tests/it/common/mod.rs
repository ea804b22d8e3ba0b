//! What the tests share: people of 水唇镇 and their purses, made through the services.
#![allow(dead_code)]
use entitlement::model::PurseRow;
use entitlement::service::{self, Progress, PurseAsk, Quiet};
use entitlement::{Packs, PurseView, Report};
use kernel::{
    Actor, CivilDate, ElderId, Fen, HouseholdId, IdNumber, Instant, OrgId, OrgScope, PageAsk, Quarter, RegionCode,
    Role, Scope, UserId,
};
use ledger::{AccountKind, Action, Command, Key, Reference};
use people::model::{HouseholdOf, Hukou, NewElder, Source};
use store::sea_orm::{self, FromQueryResult};
use store::{Db, Migration, SqlExt, vals};

pub const CITY: &str = "441500000000";
pub const COUNTY: &str = "441523000000";
pub const TOWN: &str = "441523101000";
pub const VILLAGE: &str = "441523101204";
pub const OTHER_TOWN: &str = "441523103000";
pub const RURAL: &str = "rural-home-care-75-79";
pub const OLDER: &str = "rural-home-care-80";
pub const URBAN: &str = "urban-home-care";

pub fn migrations() -> Vec<Migration> {
    [audit::MIGRATIONS, work::MIGRATIONS, people::MIGRATIONS, books::MIGRATIONS, entitlement::MIGRATIONS].concat()
}
pub fn region(code: &str) -> RegionCode {
    code.parse().expect("region code")
}
pub fn day(text: &str) -> CivilDate {
    text.parse().expect("date")
}
pub fn quarter(text: &str) -> Quarter {
    text.parse().expect("quarter")
}
pub fn scope(code: &str) -> Scope {
    Scope { region: region(code), org: OrgScope::Any }
}
pub fn actor(role: Role, code: &str) -> Actor {
    Actor::Person { user: UserId(Default::default()), name: "温国辉".into(), role, scope: scope(code) }
}
pub fn clerk() -> Actor {
    actor(Role::TownStaff, TOWN)
}
pub fn platform() -> Actor {
    Actor::Platform { job: "determine", scope: scope(CITY) }
}
pub fn packs() -> Packs {
    Packs::shipped().expect("the shipped packs load")
}
pub fn yuan(n: i64) -> Fen {
    Fen::yuan(n)
}

/// Sets the clock to the morning of a day.
pub fn at(db: &Db, date: &str) {
    db.clock().set(day(date).at(9, 0));
}
pub fn back(db: &Db) {
    db.clock().set(store::testing::NOW);
}

pub async fn seeded(db: &Db) {
    people::service::seed_regions(db, people::service::shipped_regions()).await.expect("regions load");
}

pub fn id_number(birth: CivilDate, n: u32) -> IdNumber {
    let first = format!("441523{}{:03}", birth.compact(), n * 2);
    let check = IdNumber::check_char(first.as_bytes()).expect("17 digits");
    format!("{first}{check}").parse().expect("a valid number")
}
/// A rural elder of the village, registered there.
pub fn person(birth: &str, n: u32) -> NewElder {
    let mut e = NewElder::new(format!("老人{n}"), id_number(day(birth), n), region(VILLAGE), Hukou::Rural);
    e.hukou_region = Some(region(VILLAGE));
    e.address = format!("上围 {n} 号");
    e
}
pub async fn open(db: &Db, e: NewElder) -> ElderId {
    people::service::create(db, &clerk(), e).await.expect("archive opens")
}
pub async fn home(db: &Db, elder: ElderId) -> HouseholdId {
    people::service::card(db, &scope(CITY), elder).await.expect("card").household
}
/// A second person in the household of `with`.
pub async fn join(db: &Db, with: ElderId, mut e: NewElder) -> ElderId {
    e.household = HouseholdOf::Existing(home(db, with).await);
    open(db, e).await
}
pub async fn died(db: &Db, elder: ElderId, on: &str) {
    let seen = people::service::card(db, &scope(CITY), elder).await.expect("card").version;
    people::service::report_death(db, &clerk(), elder, seen, day(on), Source::Office, "").await.expect("recorded");
}
/// Carries out what archives have told since.
pub async fn tell(db: &Db) {
    let packs = std::sync::Arc::new(entitlement::Shelf::of(packs()));
    let runner = work::Runner {
        db: db.clone(),
        jobs: std::sync::Arc::new(entitlement::jobs(packs.clone())),
        schedules: std::sync::Arc::new(Vec::new()),
        subscribers: std::sync::Arc::new(entitlement::subscribers(packs)),
        scope: scope(CITY),
    };
    runner.drain().await.expect("events are delivered");
}

/// Determines everyone on a day; the clock stands there then.
pub async fn run(db: &Db, date: &str) -> Report {
    at(db, date);
    service::determine(db, &packs(), &platform(), day(date), &Quiet).await.expect("determined")
}
pub async fn purse_on(db: &Db, household: HouseholdId, date: &str) -> Option<PurseView> {
    let mut found = service::purses(db, household, day(date)).await.expect("purses");
    assert!(found.len() <= 1, "one purse a household");
    found.pop()
}
pub async fn purse_rows(db: &Db, household: HouseholdId) -> Vec<PurseRow> {
    let ask = PurseAsk { household: Some(household), ..PurseAsk::default() };
    let page = PageAsk { page: 1, rows: 50 };
    let actor = actor(Role::CountyStaff, COUNTY);
    service::purse_list(db, &actor, &scope(CITY), &ask, "quarter, grp", page).await.expect("listed").rows
}
pub async fn clear(db: &Db, q: &str) -> service::Clearance {
    service::clear_quarter(db, &platform(), quarter(q), &Quiet).await.expect("cleared")
}

/// A provider that takes money from purses.
pub struct Spender {
    provider: OrgId,
    n: std::cell::Cell<u32>,
}
impl Spender {
    pub fn new(db: &Db) -> Spender {
        Spender { provider: db.new_id(), n: std::cell::Cell::new(0) }
    }
    /// Holds `amount`; the key of the hold.
    pub async fn hold(&self, db: &Db, purse: &PurseView, amount: Fen) -> Key {
        self.n.set(self.n.get() + 1);
        let key = Key::new(format!("order_hold/test/{}/{}", purse.household, self.n.get())).expect("key");
        let tx = db.begin().await.expect("begins");
        let code = books::codes::payable(self.provider, purse.quarter);
        let county = region(COUNTY);
        let payable = books::service::open(&tx, db, AccountKind::Payable, &code, county, Some(self.provider)).await;
        let action = Action::Hold { debit: purse.account, credit: payable.expect("payable"), amount };
        self.done(&tx, db, key.clone(), purse.quarter, action).await;
        tx.commit().await.expect("commits");
        key
    }
    pub async fn spend(&self, db: &Db, purse: &PurseView, amount: Fen) {
        let hold = self.hold(db, purse, amount).await;
        self.close(db, purse, Action::Commit { hold, amount }).await;
    }
    pub async fn release(&self, db: &Db, purse: &PurseView, hold: Key) {
        self.close(db, purse, Action::Release { hold }).await;
    }
    async fn close(&self, db: &Db, purse: &PurseView, action: Action) {
        self.n.set(self.n.get() + 1);
        let key = Key::new(format!("order_close/test/{}/{}", purse.household, self.n.get())).expect("key");
        let tx = db.begin().await.expect("begins");
        self.done(&tx, db, key, purse.quarter, action).await;
        tx.commit().await.expect("commits");
    }
    async fn done(&self, tx: &store::Tx, db: &Db, key: Key, quarter: Quarter, action: Action) {
        let command = Command { key, at: db.now(), reference: Reference::Quarter(quarter), action };
        books::service::apply(tx, db, &platform(), &command).await.expect("the purse allows it");
    }
}

#[derive(Clone, Debug, PartialEq, Eq, FromQueryResult)]
pub struct Row {
    pub elder: ElderId,
    pub pack: String,
    pub since: String,
    pub until: Option<String>,
    pub verdict: String,
    pub monthly: i64,
    pub facts: String,
    pub superseded_at: Option<Instant>,
}

/// All determinations.
pub async fn rows(db: &Db) -> Vec<Row> {
    db.read()
        .all(
            "SELECT elder, pack, since, until, verdict, monthly, facts, superseded_at FROM determination
             ORDER BY elder, pack, since, revision",
            vec![],
        )
        .await
        .expect("rows")
}
pub async fn rows_of(db: &Db, elder: ElderId, pack: &str) -> Vec<Row> {
    rows(db).await.into_iter().filter(|r| r.elder == elder && r.pack == pack).collect()
}
/// (since, until, verdict) of the rows that stand.
pub fn standing(rows: &[Row]) -> Vec<(&str, Option<&str>, &str)> {
    rows.iter()
        .filter(|r| r.superseded_at.is_none())
        .map(|r| (r.since.as_str(), r.until.as_deref(), r.verdict.as_str()))
        .collect()
}

/// Household, quarter, month and pack with target, net and cleared, for every purse; months with nothing left out.
pub async fn lines(db: &Db) -> Vec<(HouseholdId, String, String)> {
    #[derive(FromQueryResult)]
    struct Purse {
        household: HouseholdId,
        quarter: String,
        lines: String,
    }
    let found: Vec<Purse> = db
        .read()
        .all("SELECT household, quarter, lines FROM purse ORDER BY household, quarter, grp", vec![])
        .await
        .expect("purses");
    let mut out = Vec::new();
    for p in found {
        let all: Vec<entitlement::model::Line> = serde_json::from_str(&p.lines).expect("lines");
        let shown: Vec<String> = all
            .iter()
            .filter(|l| l.target > Fen::ZERO || l.net > Fen::ZERO)
            .map(|l| format!("{} {} {} {} {}", l.month, l.pack, l.target, l.net, l.cleared))
            .collect();
        out.push((p.household, p.quarter, shown.join("; ")));
    }
    out
}

/// How many transfers the books hold.
pub async fn postings(db: &Db) -> i64 {
    let transfers = "SELECT COUNT(*) FROM ledger_transfer";
    db.read().scalar(transfers, vals![]).await.expect("count").unwrap_or(0)
}

/// Everything that must not change when something is done twice.
pub async fn state(db: &Db) -> (Vec<Row>, Vec<(HouseholdId, String, String)>, i64) {
    (rows(db).await, lines(db).await, postings(db).await)
}

/// The books agree with themselves.
pub async fn sound(db: &Db) {
    let verdict = books::service::recount(db).await.expect("recounted");
    assert!(verdict.sound(), "{verdict:?}");
}

/// Stops the work after so many steps, as a kill between two transactions does.
pub struct Killed(pub std::sync::atomic::AtomicI64);

#[async_trait::async_trait]
impl Progress for Killed {
    async fn told(&self, _: i64, _: i64) -> kernel::Result<()> {
        if self.0.fetch_sub(1, std::sync::atomic::Ordering::SeqCst) <= 1 {
            return Err(kernel::Error::Internal("killed".into()));
        }
        Ok(())
    }
}
