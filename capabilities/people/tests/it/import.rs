//! Importing lists: dry run, correcting in place, writing, interruptions, duplicates, taking back.
use crate::common::*;
use kernel::{Error, Instant, JobId, Sex};
use people::model::{BatchId, BatchState, RowState};
use people::service::{self, ImportJob, RowDecision};
use std::sync::Arc;
use store::testing::each_engine;
use store::{Db, SqlExt};

const HEAD: &str =
    "姓名,身份证号,户籍性质,村（社区）,住址,联系电话,居住情况,经济状况,户号,联系人,联系人电话,关系,备注\n";

fn line(n: u32) -> String {
    let number = id_number("1951-02-03", Sex::Male, n);
    format!(
        "叶金{},{},农村,墩塘村,上围 {n} 号,138660{n:05},空巢,一般,{},叶建,13966010021,儿子,x\n",
        sign(n),
        number.as_str(),
        n / 2
    )
}
/// A different character each row, so that no two rows share a name.
fn sign(n: u32) -> char {
    char::from_u32(0x4E00 + n).expect("a Chinese character")
}

/// 200 rows, five of them wrong.
fn list() -> String {
    let mut text = String::from(HEAD);
    for n in 1..=200u32 {
        let good = line(n);
        text += &match n {
            16 => good.replace(id_number("1951-02-03", Sex::Male, 16).as_str(), "44152319510203O33X"),
            47 => good.replace("农村", "郊区"),
            92 => good.replace("墩塘村", "墩塘坳"),
            120 => good.replace(&format!("138660{n:05}"), "138660"),
            165 => good.replace("农村", ""),
            _ => good,
        };
    }
    text
}

async fn read(db: &Db, text: &str) -> BatchId {
    service::import_read(db, &clerk(), "墩塘村摸底.csv", text.as_bytes().to_vec()).await.expect("the list is read")
}
async fn archives(db: &Db) -> i64 {
    db.read().scalar("SELECT COUNT(*) FROM elder WHERE standing = 'live'", vec![]).await.expect("works").expect("works")
}
fn runner(db: &Db) -> work::Runner {
    work::Runner {
        db: db.clone(),
        jobs: Arc::new(vec![Arc::new(ImportJob)]),
        schedules: Arc::new(Vec::new()),
        subscribers: Arc::new(Vec::new()),
        scope: scope(TOWN),
    }
}
async fn write(db: &Db, id: BatchId) -> JobId {
    let job = service::import_write(db, &clerk(), id).await.expect("works");
    runner(db).run_job(job).await.expect("works");
    job
}

#[tokio::test]
async fn five_bad_rows_of_two_hundred_are_named_corrected_in_place_and_written() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let dry = service::import_dry_run(&db, &clerk(), list().as_bytes()).await.unwrap();
        assert_eq!((dry.tally.total, dry.tally.good, dry.tally.bad), (200, 195, 5));
        let wrong: Vec<(i64, &str)> = dry.errors.iter().map(|e| (e.row, e.column)).collect();
        assert_eq!(wrong, [(17, "证件号码"), (48, "户籍"), (93, "村（社区）"), (121, "联系电话"), (166, "户籍")]);
        assert_eq!(dry.errors[2].cure.as_deref(), Some("墩塘村"));
        let id = read(&db, &list()).await;
        assert_eq!(archives(&db).await, 0, "a dry run writes no archive");
        let bad = service::import_rows(&db, &scope(TOWN), id, RowState::Bad, 50).await.unwrap();
        assert_eq!(bad.iter().map(|r| r.row_no).collect::<Vec<_>>(), [17, 48, 93, 121, 166]);
        let fixes = vec![
            (17, "id_number".to_string(), id_number("1951-02-03", Sex::Male, 16).as_str().to_string()),
            (48, "hukou".into(), "农村".into()),
            (93, "village".into(), "墩塘村".into()),
            (121, "phone".into(), "13866000120".into()),
            (166, "hukou".into(), "还是不对".into()),
        ];
        assert_eq!(service::import_fix(&db, &clerk(), id, fixes).await.unwrap(), 4);
        write(&db, id).await;
        let view = service::import_batch(&db, &scope(TOWN), id).await.unwrap();
        assert_eq!((view.tally.written, view.tally.bad, view.batch.state), (199, 1, BatchState::Done));
        assert_eq!(archives(&db).await, 199);
        let found = service::find(&db, &scope(TOWN), &format!("叶金{}", sign(47)), 5).await.unwrap();
        assert_eq!(found[0].phone_masked, "138****0047");
        let contacts = service::contacts(&db, &scope(TOWN), found[0].id).await.unwrap();
        assert_eq!((contacts[0].name.as_str(), contacts[0].relation.as_str()), ("叶建", "儿子"));
        // The row left over is corrected after the file was written and comes in by itself.
        service::import_fix(&db, &clerk(), id, vec![(166, "hukou".into(), "农村".into())]).await.unwrap();
        write(&db, id).await;
        assert_eq!(archives(&db).await, 200);
    })
    .await;
}

#[tokio::test]
async fn an_interrupted_import_goes_on_and_a_second_one_doubles_nothing() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let mut text = String::from(HEAD);
        (1..=1_500).for_each(|n| text += &line_wide(n));
        let id = read(&db, &text).await;
        let job = service::import_write(&db, &clerk(), id).await.unwrap();
        // The process dies after the first step: the job is never marked done.
        assert_eq!(service::import_step(&db, &clerk(), id).await.unwrap(), 1_000);
        assert_eq!(archives(&db).await, 1_000);
        runner(&db).run_job(job).await.unwrap();
        assert_eq!(archives(&db).await, 1_500);
        service::import_write(&db, &clerk(), id).await.unwrap();
        runner(&db).drain().await.unwrap();
        assert_eq!(archives(&db).await, 1_500);
        // The same file once more: every row is known, and none says anything new.
        let dry = service::import_dry_run(&db, &clerk(), text.as_bytes()).await.unwrap().tally;
        assert_eq!((dry.good, dry.twins, dry.unchanged), (0, 0, 1_500));
        let same = read(&db, &text).await;
        write(&db, same).await;
        let view = service::import_batch(&db, &scope(TOWN), same).await.unwrap();
        assert_eq!((view.tally.written, view.tally.twins, view.tally.unchanged), (0, 0, 1_500));
        assert_eq!(reviews(&db).await, 0, "nobody is asked about what has not changed");
        // With another fact in every row each asks.
        let again = read(&db, &text.replace("农村", "城镇")).await;
        let view = service::import_batch(&db, &scope(TOWN), again).await.unwrap();
        assert_eq!((view.tally.good, view.tally.twins), (0, 1_500));
        write(&db, again).await;
        assert_eq!(archives(&db).await, 1_500);
        assert_eq!(reviews(&db).await, 1_500, "each row asks once");
    })
    .await;
}

async fn reviews(db: &Db) -> i64 {
    let page = kernel::PageAsk { page: 1, rows: 50 };
    let open = people::model::ReviewState::Open;
    service::duplicate_reviews(db, &scope(TOWN), open, page, "d.id").await.expect("reviews are read").total
}

/// A row with everything in it, changed one cell at a time.
#[tokio::test]
async fn a_row_that_says_nothing_new_is_unchanged_and_one_different_cell_asks() {
    const HEAD: &str = "姓名,身份证号,户籍性质,村（社区）,住址,纬度,经度,户籍地,联系电话,居住情况,经济状况,特殊群体,能力,残疾证,慢病,户号,联系人,联系人电话,关系\n";
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let number = id_number("1951-02-03", Sex::Male, 5);
        let row = format!(
            "彭亚九,{},农村,墩塘村,上围 5 号,23.3000,115.6000,墩塘村,13866000005,空巢,低保,无,能力完好,无,高血压,07-012,叶建,13966010021,儿子\n",
            number.as_str()
        );
        let tally = |row: String| {
            let db = db.clone();
            async move {
                service::import_dry_run(&db, &clerk(), format!("{HEAD}{row}").as_bytes()).await.unwrap().tally
            }
        };
        let first = read(&db, &format!("{HEAD}{row}")).await;
        write(&db, first).await;
        assert_eq!(tally(row.clone()).await.unchanged, 1);
        let bare = format!("彭亚九,{},农村,墩塘村,,,,,,,,,,,,,,,\n", number.as_str());
        assert_eq!(tally(bare).await.unchanged, 1, "empty cells say nothing");
        for (was, is) in [
            ("彭亚九", "彭亚久"),
            ("农村", "城镇"),
            ("上围", "岭下"),
            ("23.3000", "23.3100"),
            ("13866000005", "13866000006"),
            ("空巢", "独居"),
            ("低保", "一般"),
            ("高血压", "糖尿病"),
            ("07-012", "07-013"),
            ("叶建", "叶平"),
            ("13966010021", "13966010022"),
            ("儿子", "侄子"),
        ] {
            let t = tally(row.replace(was, is)).await;
            assert_eq!((t.twins, t.unchanged, t.bad), (1, 0, 0), "{was} → {is}");
        }
        // What was changed by hand since differs from the file again.
        let found = service::find(&db, &scope(TOWN), "彭亚九", 1).await.unwrap().remove(0);
        let change = service::Changes { address: Some("岭下 1 号".into()), ..service::Changes::default() };
        let (always, source) = (people::model::Since::Always, people::model::Source::Office);
        service::correct(&db, &clerk(), found.id, 1, change, always, source).await.unwrap();
        let before = service::card(&db, &scope(TOWN), found.id).await.unwrap().version;
        let again = read(&db, &format!("{HEAD}{row}")).await;
        write(&db, again).await;
        assert_eq!(reviews(&db).await, 1);
        assert_eq!(service::card(&db, &scope(TOWN), found.id).await.unwrap().version, before, "asked, not written");
    })
    .await;
}

fn line_wide(n: u32) -> String {
    let birth = format!("19{:02}-0{}-1{}", 40 + n / 400, 1 + n % 9, n % 10);
    let number = id_number(&birth, Sex::Female, n % 499);
    format!("叶{}{},{},农村,墩塘村,,,,,,,,,\n", sign(n), sign(n % 7), number.as_str())
}

#[tokio::test]
async fn duplicates_go_to_the_queue_and_each_decision_does_what_it_says() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let there = open(&db, person("彭桂兰", "1949-03-08", 40)).await;
        let other = open(&db, person("叶四妹", "1950-03-08", 41)).await;
        let same_number = id_number("1949-03-08", Sex::Female, 40);
        let same_name = id_number("1950-03-08", Sex::Female, 99);
        let text = format!(
            "{HEAD}彭桂兰,{},农村,墩塘村,岭下 3 号,13866002210,独居,,,,,,\n叶四妹,{},农村,墩塘村,,,,,,,,,\n",
            same_number.as_str(),
            same_name.as_str()
        );
        let id = read(&db, &text).await;
        let twins = service::import_rows(&db, &scope(TOWN), id, RowState::Twin, 9).await.unwrap();
        assert_eq!(twins.iter().map(|t| t.twin.unwrap()).collect::<Vec<_>>(), [there, other]);
        write(&db, id).await;
        assert_eq!(archives(&db).await, 2);
        let two_people = service::decide_row(&db, &clerk(), id, 2, RowDecision::Different).await;
        assert!(matches!(two_people, Err(Error::Refused(_))), "one number cannot be two people");
        service::decide_row(&db, &clerk(), id, 2, RowDecision::SameTakeRow).await.unwrap();
        let card = service::card(&db, &scope(TOWN), there).await.unwrap();
        assert_eq!((card.phone_masked.as_str(), card.address.as_str()), ("138****2210", "岭下 3 号"));
        service::decide_row(&db, &clerk(), id, 3, RowDecision::Different).await.unwrap();
        assert_eq!(archives(&db).await, 3);
        assert!(matches!(
            service::decide_row(&db, &clerk(), id, 3, RowDecision::Different).await,
            Err(Error::Refused(_))
        ));
    })
    .await;
}

#[tokio::test]
async fn a_written_file_can_be_taken_back_for_a_day_and_spares_what_was_changed() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let mut text = String::from(HEAD);
        (1..=20).for_each(|n| text += &line(n));
        let id = read(&db, &text).await;
        write(&db, id).await;
        let touched = service::find(&db, &scope(TOWN), &format!("叶金{}", sign(3)), 1).await.unwrap().remove(0);
        let change = service::Changes { address: Some("岭下 1 号".into()), ..service::Changes::default() };
        let always = people::model::Since::Always;
        let source = people::model::Source::Office;
        service::correct(&db, &clerk(), touched.id, 1, change, always, source).await.unwrap();
        db.clock().set(store::testing::NOW.plus_ms(Instant::DAY + 1));
        assert!(matches!(service::import_take_back(&db, &clerk(), id).await, Err(Error::Refused(_))));
        db.clock().set(store::testing::NOW.plus_ms(Instant::DAY - 1));
        assert_eq!(service::import_take_back(&db, &clerk(), id).await.unwrap(), (19, 1));
        db.clock().set(store::testing::NOW);
        assert_eq!(archives(&db).await, 1);
        assert_eq!(service::find(&db, &scope(TOWN), "叶金", 50).await.unwrap().len(), 1);
        // The same people can come in again.
        let again = read(&db, &text).await;
        let view = service::import_batch(&db, &scope(TOWN), again).await.unwrap();
        assert_eq!((view.tally.good, view.tally.twins), (19, 1));
    })
    .await;
}

#[tokio::test]
async fn what_is_staged_is_sealed_and_belongs_to_its_region() {
    each_engine(&migrations(), |db| async move {
        seeded(&db).await;
        let id = read(&db, &format!("{HEAD}{}", line(1))).await;
        let cells: Vec<u8> = db.read().scalar("SELECT cells FROM import_row", vec![]).await.unwrap().unwrap();
        let number = id_number("1951-02-03", Sex::Male, 1);
        assert!(!cells.windows(18).any(|w| w == number.as_str().as_bytes()));
        assert!(matches!(service::import_batch(&db, &scope(OTHER_TOWN), id).await, Err(Error::NotFound(_))));
        let stranger = actor(kernel::Role::TownStaff, OTHER_TOWN);
        assert!(matches!(service::import_write(&db, &stranger, id).await, Err(Error::NotFound(_))));
        let outside = service::import_dry_run(&db, &stranger, format!("{HEAD}{}", line(1)).as_bytes()).await.unwrap();
        assert_eq!(outside.tally.bad, 1, "a village of another town is an error of the row");
    })
    .await;
}
