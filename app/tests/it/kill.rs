//! The program is killed with SIGKILL in the middle of an import, a determination and a settlement. Run again it comes
//! to the end, and what is stored is what a run that nobody disturbed stores: nothing is missing, nothing doubled.

use crate::program::Folder;
use kernel::{Actor, CivilDate, Clock, Fen, IdGen, IdNumber, OrgScope, Quarter, Scope, Sex, WorkerId};
use orders::service::{Detail, HistoryOrder};
use std::time::{Duration, Instant};
use store::{Db, SqlExt};
use yinian::config::{Config, Flags};

/// More than two batches of each of the three jobs' steps that are counted in households or rows.
const ELDERS: usize = 4_400;
const ORDERS: usize = 1_500;

/// What is counted and added up in a data folder.
const FACTS: &[&str] = &[
    "SELECT COUNT(*) FROM elder",
    "SELECT COUNT(*) FROM household",
    "SELECT COUNT(*) FROM import_row WHERE state = 'written'",
    "SELECT COUNT(*) FROM duplicate_review",
    "SELECT COUNT(*) FROM determination",
    "SELECT COUNT(*) FROM determination WHERE until IS NULL AND superseded_at IS NULL",
    "SELECT COUNT(*) FROM purse",
    "SELECT CAST(COALESCE(SUM(granted), 0) AS BIGINT) FROM purse",
    "SELECT CAST(COALESCE(SUM(cleared), 0) AS BIGINT) FROM purse",
    "SELECT COUNT(*) FROM payment_list",
    "SELECT CAST(COALESCE(SUM(orders), 0) AS BIGINT) FROM payment_list",
    "SELECT CAST(COALESCE(SUM(gov), 0) AS BIGINT) FROM payment_list",
    "SELECT COUNT(*) FROM payment_line",
    "SELECT COUNT(DISTINCT order_id) FROM payment_line",
    "SELECT CAST(COALESCE(SUM(fee), 0) AS BIGINT) FROM payment_line",
    "SELECT COUNT(*) FROM ledger_account",
    "SELECT COUNT(*) FROM ledger_transfer",
    "SELECT CAST(COALESCE(SUM(amount), 0) AS BIGINT) FROM ledger_transfer",
    "SELECT CAST(COALESCE(SUM(debits_posted), 0) AS BIGINT) FROM ledger_balance",
    "SELECT COUNT(*) FROM ledger_hold",
];

/// What was begun and not brought to its end.
const OPEN: &str = "SELECT (SELECT COUNT(*) FROM import_batch WHERE state IN ('reading', 'checked', 'writing'))
    + (SELECT COUNT(*) FROM determination_run WHERE finished_at IS NULL)
    + (SELECT COUNT(*) FROM payment_list WHERE state = 'making')";

fn config(folder: &Folder) -> Config {
    let flags = Flags { data: Some(folder.path().to_path_buf()), ..Flags::default() };
    Config::load(&flags).unwrap()
}

async fn open(folder: &Folder) -> Db {
    yinian::wire::open(&config(folder), Clock::System, false).await.unwrap()
}

async fn count(db: &Db, sql: &str) -> i64 {
    db.read().scalar::<i64>(sql, vec![]).await.unwrap().unwrap()
}

async fn facts(folder: &Folder) -> Vec<(&'static str, i64)> {
    let db = open(folder).await;
    let mut out = Vec::new();
    for sql in FACTS {
        out.push((*sql, count(&db, sql).await));
    }
    db.close().await.unwrap();
    out
}

/// Kills `command` again and again, then lets it finish. `middle` answers how far the work is; a kill counts as one in
/// the middle when that is more than nothing and less than what `whole` has in the end.
async fn kill_and_finish(folder: &Folder, whole: &Folder, command: &[&str], middle: &str, seed: u64) {
    let start = watch(folder, middle).await;
    let end = watch(whole, middle).await;
    assert!(end > start, "{command:?} moves {middle}");
    let dice = IdGen::new(seed);
    let (mut in_the_middle, mut finished) = (0, false);
    // Twice as soon as something is stored, then at random moments.
    for round in 0..4u64 {
        let before = watch(folder, middle).await;
        if finished {
            break;
        }
        let mut child = folder.spawn(command);
        if round < 2 {
            let db = open(folder).await;
            let began = Instant::now();
            while began.elapsed() < Duration::from_secs(40) {
                if count(&db, middle).await > before || child.try_wait().unwrap().is_some() {
                    break;
                }
                tokio::time::sleep(Duration::from_millis(2)).await;
            }
            child.kill().unwrap();
            db.close().await.unwrap();
        } else {
            let pause = dice.uuid(kernel::Instant(0)).as_u128() % 2_500;
            tokio::time::sleep(Duration::from_millis(pause as u64)).await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let reached = watch(folder, middle).await;
        println!("{command:?} round {round}: {start} ≤ {reached} ≤ {end}");
        // It was faster than the kill.
        finished = reached == end && watch(folder, OPEN).await == 0;
        if reached > start && reached < end {
            in_the_middle += 1;
        }
        if round == 0 {
            folder.sound();
        }
    }
    assert!(in_the_middle > 0, "no kill of {command:?} landed in the middle");
    if !finished {
        folder.run(command);
    }
    folder.sound();
    let (left, right) = (facts(folder).await, facts(whole).await);
    let other: Vec<_> = left.iter().zip(&right).filter(|(a, b)| a != b).collect();
    assert!(other.is_empty(), "after kills of {command:?}: {other:#?}");
    // A run that died is taken over by the next, not left standing as running.
    assert_eq!(
        watch(folder, "SELECT COUNT(*) FROM job WHERE state = 'running'").await,
        0,
        "after kills of {command:?}"
    );
    // And once more: a finished piece of work is not done twice.
    folder.run(command);
    let again = facts(folder).await;
    let changed: Vec<_> = again.iter().zip(&right).filter(|(a, b)| a != b).collect();
    assert!(changed.is_empty(), "{changed:?}");
}

async fn watch(folder: &Folder, sql: &str) -> i64 {
    let db = open(folder).await;
    let n = count(&db, sql).await;
    db.close().await.unwrap();
    n
}

#[tokio::test]
async fn killed_in_the_middle_and_run_again_is_the_same_as_never_killed() {
    let today = Clock::System.now().date();
    let quarter = today.quarter().previous();
    let granted_on = quarter.first_day().plus_days(40);

    let empty = Folder::new();
    empty.run(&["migrate"]);
    let list = empty.path().join("list.csv");
    std::fs::write(&list, roster(granted_on)).unwrap();
    let (whole, killed) = (empty.copy(), empty.copy());
    let file = list.to_str().unwrap();
    whole.run(&["import", "elders", file]);
    assert_eq!(watch(&whole, "SELECT COUNT(*) FROM elder").await, ELDERS as i64);
    kill_and_finish(&killed, &whole, &["import", "elders", file], "SELECT COUNT(*) FROM elder", 1).await;

    let day = granted_on.to_string();
    let killed = whole.copy();
    whole.run(&["determine", "--on", &day]);
    assert_eq!(watch(&whole, "SELECT COUNT(*) FROM purse").await, ELDERS as i64);
    let households = "SELECT CAST(COALESCE(SUM(households), 0) AS BIGINT) FROM determination_run";
    kill_and_finish(&killed, &whole, &["determine", "--on", &day], households, 2).await;

    serve(&whole, quarter, granted_on).await;
    whole.sound();
    let killed = whole.copy();
    let period = quarter.to_string();
    whole.run(&["settle", "--period", &period]);
    assert_eq!(watch(&whole, "SELECT COUNT(*) FROM payment_line").await, ORDERS as i64);
    let steps =
        "SELECT (SELECT COUNT(*) FROM payment_line) + (SELECT COUNT(*) FROM purse WHERE cleared_at IS NOT NULL)";
    kill_and_finish(&killed, &whole, &["settle", "--period", &period], steps, 3).await;
}

/// People who are 77 on the day, each with a household and a name of their own.
fn roster(on: CivilDate) -> String {
    let mut text = String::from("姓名,身份证号,户籍性质,村（社区）,住址,户籍地\n");
    let first = CivilDate::new(on.year() - 77, 1, 1).unwrap();
    for n in 0..ELDERS as u32 {
        let birth = first.plus_days(-i64::from(n % 300)).compact();
        let head = format!("441523{birth}{:03}", n / 300 * 2);
        let check = IdNumber::check_char(head.as_bytes()).unwrap();
        let sign = char::from_u32(0x4E00 + n).unwrap();
        text += &format!("叶{sign},{head}{check},农村,441523101204,上围 {n} 号,441523101204\n");
    }
    text
}

/// Two providers' finished visits of the quarter, with the money in the books.
async fn serve(folder: &Folder, quarter: Quarter, on: CivilDate) {
    let db = open(folder).await;
    let region = "441500000000".parse().unwrap();
    let scope = Scope { region, org: OrgScope::Any };
    let actor = Actor::Platform { job: "test", scope };
    let tx = db.begin().await.unwrap();
    let mut providers = Vec::new();
    for name in ["颐安居家养老", "康乐上门服务部"] {
        let new = access::model::NewOrg {
            name: name.into(),
            kind: access::model::OrgKind::Provider,
            region: "441523000000".parse().unwrap(),
        };
        providers.push((access::service::create_org(&tx, &db, &actor, new).await.unwrap(), name));
    }
    let seed = catalogue::service::Seed { region, document: "价目".into(), from: quarter.first_day().plus_days(-30) };
    catalogue::service::seed(&tx, &db, &actor, &seed).await.unwrap();
    tx.commit().await.unwrap();
    let village = "441523101204".parse().unwrap();
    let menu = catalogue::service::items(&db, &village, on).await.unwrap();
    let homes = people::service::households_after(&db, &scope, None, ORDERS as i64).await.unwrap();
    let mut visits = Vec::new();
    for (n, home) in homes.iter().enumerate() {
        let elder = &home.members[0];
        let purse = entitlement::service::purses(&db, home.household, on).await.unwrap().remove(0);
        let (org, name) = providers[n % 2];
        let item = &menu[n % menu.len()];
        let price = Fen(3_000 + n as i64 % 700);
        visits.push(HistoryOrder {
            elder: elder.elder,
            household: home.household,
            elder_name: format!("叶{n}"),
            elder_sex: Sex::Female,
            elder_birth: elder.birth,
            region: elder.region,
            address: "上围".into(),
            place: None,
            item: item.item.id,
            item_name: item.item.name.clone(),
            category: item.item.category,
            unit: item.item.unit,
            minutes: 60,
            provider: org,
            provider_name: name.into(),
            worker: WorkerId(db.new_id()),
            worker_name: "林玉芳".into(),
            starts_at: on.plus_days(1 + n as i64 % 20).at(9, 0),
            quantity: 1,
            price,
            gov: price,
            purse_account: Some(purse.account),
            pack_id: Some(purse.pack_id.clone()),
            pack_title: Some(purse.pack_title.clone()),
            article: purse.article.clone(),
            price_document: "价目".into(),
            created_by_name: "陈嘉敏".into(),
            rating: Some(5),
            rating_note: String::new(),
        });
    }
    for part in visits.chunks(1_000) {
        let tx = db.begin().await.unwrap();
        orders::service::bulk_insert(&tx, &db, &actor, part.to_vec(), Detail::Full).await.unwrap();
        tx.commit().await.unwrap();
    }
    db.close().await.unwrap();
}
