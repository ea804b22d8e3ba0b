//! The device estate: whose a device is and was, stock, loans, repair, what lists say, doors, and files of devices.

use crate::common::{
    CITY, COUNTY, OTHER_COUNTY, TOWN, VILLAGE, at, elder, elder_at, operator, person, region, scope, second,
};
use kernel::{Actor, Error, Instant, PageAsk, RegionBook, Role};
use safety::devices::{
    self, Command, CommandState, DeviceAsk, DeviceId, DeviceKind, DeviceState, Happened, ImportRowState, ImportState,
    NewBinding, NewDevice, NewSign, Payer, Protocol, Sign, Stranger, View,
};
use safety::model::AlarmKind;
use safety::service;
use store::testing::each_engine;
use store::{Db, SqlExt, vals};
use web::ListFetch;

const NOW: &str = "2026-11-20T10:00";

fn clerk() -> Actor {
    person(21, "钟国栋", Role::TownStaff, TOWN)
}
fn administrator() -> Actor {
    person(22, "管理员", Role::Administrator, COUNTY)
}

fn new(identity: &str, kind: DeviceKind) -> NewDevice {
    NewDevice {
        protocol: if kind.unlocks() { Protocol::Mqtt } else { Protocol::Watch },
        identity: identity.into(),
        kind,
        model: "A9".into(),
        region: region(TOWN),
        firmware: "1.0".into(),
        payer: Payer::Project,
        payer_note: "福彩金".into(),
        secret: None,
        room: None,
        door: None,
    }
}

async fn register(db: &Db, actor: &Actor, new: NewDevice) -> DeviceId {
    let tx = db.begin().await.unwrap();
    let id = devices::register(&tx, db, actor, new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

async fn listed(db: &Db, code: &str, ask: DeviceAsk) -> Vec<String> {
    let fetch = ListFetch { page: PageAsk { page: 1, rows: 50 }, order: "d.identity ASC, d.id ASC".into() };
    let found = devices::list(db, &scope(code), &ask, &fetch).await.unwrap();
    assert_eq!(found.total as usize, found.rows.len());
    found.rows.into_iter().map(|l| l.device.identity).collect()
}

async fn happened(db: &Db, id: DeviceId) -> Vec<Happened> {
    devices::history(db, &scope(COUNTY), id, 50).await.unwrap().into_iter().rev().map(|e| e.kind).collect()
}

fn view(view: View) -> DeviceAsk {
    DeviceAsk { view, ..DeviceAsk::default() }
}

async fn audited(db: &Db, action: &str) -> i64 {
    let sql = "SELECT COUNT(*) FROM audit_log WHERE action = $1";
    db.read().scalar::<i64>(sql, vals![action]).await.unwrap().unwrap()
}

#[tokio::test]
async fn a_device_goes_out_on_loan_comes_back_to_repair_and_ends() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        let (who, id) = (elder(&db).await, register(&db, &clerk(), new("8800000001", DeviceKind::Watch)).await);
        assert_eq!(listed(&db, COUNTY, view(View::Stock)).await, ["8800000001"]);
        let to = NewBinding { elder: who, room: None, door: None, lent: true };
        let late = devices::bind_until(&db, &clerk(), id, to, Some("2026-11-19".parse().unwrap())).await;
        assert!(matches!(late, Err(Error::Invalid(_))), "a day that has passed");
        devices::bind_until(&db, &clerk(), id, to, Some("2026-11-30".parse().unwrap())).await.unwrap();
        let d = devices::device(&db, &scope(COUNTY), id).await.unwrap();
        assert_eq!((d.state, d.region.as_str()), (DeviceState::Lent, VILLAGE), "it belongs where its elder lives");
        assert!(listed(&db, COUNTY, view(View::Overdue)).await.is_empty());
        db.clock().set(at("2026-12-01T09:00"));
        assert_eq!(listed(&db, COUNTY, view(View::Overdue)).await, ["8800000001"]);
        let back = |state, reason: &'static str| {
            let db = db.clone();
            async move {
                let tx = db.begin().await.unwrap();
                let done = devices::unbind(&tx, &db, &clerk(), id, state, reason).await;
                if done.is_ok() {
                    tx.commit().await.unwrap();
                }
                done
            }
        };
        assert!(matches!(back(DeviceState::Stock, " ").await, Err(Error::Invalid(_))), "a reason is asked");
        back(DeviceState::Repair, "表带断了").await.unwrap();
        assert!(listed(&db, COUNTY, view(View::Overdue)).await.is_empty());
        assert_eq!(listed(&db, COUNTY, view(View::Repair)).await, ["8800000001"]);
        let tx = db.begin().await.unwrap();
        devices::set_state(&tx, &db, &administrator(), id, DeviceState::Retired, "修不好").await.unwrap();
        tx.commit().await.unwrap();
        use Happened as H;
        assert_eq!(happened(&db, id).await, [H::Registered, H::Lent, H::Returned, H::Repair, H::Retired]);
        let gone = devices::bind_until(&db, &clerk(), id, to, None).await;
        assert!(matches!(gone, Err(Error::Refused(_))), "what is out of use is bound no more");
        assert_eq!((audited(&db, "device.bound").await, audited(&db, "device.unbound").await), (1, 1));
    })
    .await;
}

#[tokio::test]
async fn another_county_sees_neither_devices_nor_strangers_of_this_one() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        let id = register(&db, &clerk(), new("8800000001", DeviceKind::Watch)).await;
        assert!(listed(&db, OTHER_COUNTY, DeviceAsk::default()).await.is_empty());
        assert_eq!(listed(&db, CITY, DeviceAsk::default()).await, ["8800000001"]);
        let other = scope(OTHER_COUNTY);
        assert!(matches!(devices::listed(&db, &other, id).await, Err(Error::NotFound(_))));
        assert!(matches!(devices::history(&db, &other, id, 5).await, Err(Error::NotFound(_))));
        let firm = kernel::Scope { org: kernel::OrgScope::Org(db.new_id()), ..scope(COUNTY) };
        assert!(matches!(devices::device(&db, &firm, id).await, Err(Error::NotFound(_))), "no provider's");
        let foreign = person(31, "外县", Role::CountyStaff, OTHER_COUNTY);
        let tx = db.begin().await.unwrap();
        let done = devices::set_state(&tx, &db, &foreign, id, DeviceState::Retired, "试").await;
        assert!(matches!(done, Err(Error::NotFound(_))));
        drop(tx);
        let seen = |identity: &str, calls| Stranger {
            protocol: Protocol::Watch,
            identity: identity.into(),
            first_at: db.now(),
            last_at: db.now(),
            count: 3,
            calls,
            peer: "10.0.0.9".into(),
            sample: b"[3G*x]".to_vec(),
        };
        devices::quarantine(&db, vec![seen("8800000001", 0), seen("7700000000", 0), seen("7700000009", 2)])
            .await
            .unwrap();
        let names = |actor: Actor, q: &'static str| {
            let db = db.clone();
            async move {
                let all = devices::strangers_like(&db, &actor, q, 10).await.unwrap();
                all.into_iter().map(|s| s.identity).collect::<Vec<_>>()
            }
        };
        // Who called for help stands first; a registered device in stock is shown to its own county only.
        assert_eq!(names(operator(), "").await, ["7700000009", "7700000000", "8800000001"]);
        assert_eq!(names(foreign.clone(), "").await, ["7700000009", "7700000000"]);
        assert!(names(clerk(), "").await.is_empty(), "a town takes what it can read off the device");
        assert_eq!(names(clerk(), "7700000000").await, ["7700000000"]);
        register(&db, &clerk(), new("7700000000", DeviceKind::Watch)).await;
        assert!(names(clerk(), "7700000000").await.is_empty(), "adopted");
        let no = person(32, "护理员", Role::Worker, COUNTY);
        assert!(matches!(devices::strangers(&db, &no, 10).await, Err(Error::Forbidden(_))));
    })
    .await;
}

#[tokio::test]
async fn lists_tell_who_is_silent_and_whose_battery_ends() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        let who = elder(&db).await;
        let mut ids = Vec::new();
        for n in 1..=3 {
            let id = register(&db, &clerk(), new(&format!("880000000{n}"), DeviceKind::Watch)).await;
            let to = NewBinding { elder: who, room: None, door: None, lent: false };
            devices::bind_until(&db, &clerk(), id, to, None).await.unwrap();
            ids.push(id);
        }
        let no = |id| {
            let db = db.clone();
            async move { devices::device(&db, &scope(COUNTY), id).await.unwrap().no }
        };
        let sign = |minutes: i64, battery| Sign {
            heard_at: at(NOW).plus_ms(minutes * Instant::MINUTE),
            battery,
            signal: Some(-71),
            firmware: None,
        };
        let told = vec![
            NewSign { no: no(ids[0]).await, sign: sign(50, Some(14)) },
            NewSign { no: no(ids[1]).await, sign: sign(50, Some(80)) },
        ];
        devices::signs(&db, told).await.unwrap();
        db.clock().set(at("2026-11-20T10:59"));
        assert_eq!(listed(&db, COUNTY, view(View::Low)).await, ["8800000001"]);
        assert!(listed(&db, COUNTY, view(View::Silent)).await.is_empty(), "an hour is not over");
        db.clock().set(at("2026-11-20T11:00"));
        assert_eq!(listed(&db, COUNTY, view(View::Silent)).await, ["8800000003"], "never heard, an hour after binding");
        // A sign without a battery leaves the last one known.
        devices::signs(&db, vec![NewSign { no: no(ids[0]).await, sign: sign(60, None) }]).await.unwrap();
        let l = devices::listed(&db, &scope(COUNTY), ids[0]).await.unwrap().sign.unwrap();
        assert_eq!((l.battery, l.heard_at, l.signal), (Some(14), at("2026-11-20T11:00"), Some(-71)));
        let card = people::service::card(&db, &scope(COUNTY), who).await.unwrap();
        let mut trouble: Vec<String> =
            devices::troubles(&db, &card).await.unwrap().into_iter().map(|(d, _)| d.identity).collect();
        trouble.sort();
        assert_eq!(trouble, ["8800000001", "8800000003"], "what the family is told of");
        // By number, by elder; who may not see elders finds nothing by name.
        let ask = |q: &str, by_elder| DeviceAsk { q: q.into(), by_elder, ..DeviceAsk::default() };
        assert_eq!(listed(&db, COUNTY, ask("8800000002", true)).await, ["8800000002"]);
        assert_eq!(listed(&db, COUNTY, ask("林秀珍", true)).await.len(), 3);
        assert!(listed(&db, COUNTY, ask("林秀珍", false)).await.is_empty());
        assert_eq!(devices::count(&db, &scope(COUNTY), View::Silent).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn facts_are_changed_by_whoever_saw_the_last_version() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        let id = register(&db, &clerk(), new("8800000001", DeviceKind::Watch)).await;
        let facts = |silent, cost: &str| devices::Facts {
            model: "B2".into(),
            region: region(VILLAGE),
            room: None,
            door: None,
            silent,
            firmware: "1.0".into(),
            payer: Payer::Donation,
            payer_note: "福彩金".into(),
            cost: kernel::Fen::parse_yuan(cost),
            due_back: None,
        };
        assert!(matches!(devices::edit(&db, &clerk(), id, 1, facts(Some(2), "1")).await, Err(Error::Invalid(_))));
        devices::edit(&db, &clerk(), id, 1, facts(Some(120), "398.00")).await.unwrap();
        let stale = devices::edit(&db, &administrator(), id, 1, facts(None, "1")).await;
        assert!(matches!(stale, Err(Error::Conflict(_))));
        let d = devices::device(&db, &scope(COUNTY), id).await.unwrap();
        assert_eq!((d.silent, d.cost, d.payer), (Some(120), kernel::Fen::parse_yuan("398"), Payer::Donation));
        let last = devices::history(&db, &scope(COUNTY), id, 1).await.unwrap().remove(0);
        assert_eq!(last.note, "型号、所属、失联界限、谁出的钱、金额");
        assert!(devices::renew_secret(&db, &clerk(), id, "丢了").await.is_err(), "a watch has no password");
        let lock = register(&db, &clerk(), new("lock1", DeviceKind::Lock)).await;
        let secret = devices::renew_secret(&db, &clerk(), lock, "换了师傅").await.unwrap();
        let known = devices::by_identity(&db, Protocol::Mqtt, "lock1").await.unwrap().unwrap();
        assert!(known.secret_is(secret.as_bytes()) && !known.secret_is(b"x"));
    })
    .await;
}

#[tokio::test]
async fn a_door_opens_for_the_owner_of_an_open_case_only_and_for_a_minute() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        let (who, other) = (elder(&db).await, elder_at(&db, "黄月娥", VILLAGE, 2).await);
        let lock = register(&db, &clerk(), new("lock1", DeviceKind::Lock)).await;
        let to = |elder| NewBinding { elder, room: None, door: None, lent: false };
        devices::bind_until(&db, &clerk(), lock, to(who), None).await.unwrap();
        let foreign = crate::common::sos(&db, other, "o1").await.case;
        let case = crate::common::raise(&db, crate::common::alarm(&db, who, AlarmKind::Fall, "f1")).await.case;
        service::claim(&db, &second(), foreign).await.unwrap();
        let unlock = |actor: Actor, case, reason: &'static str| {
            let db = db.clone();
            async move { devices::unlock(&db, &actor, lock, case, reason).await }
        };
        assert!(matches!(unlock(operator(), case, "救人").await, Err(Error::Conflict(_))), "nobody has it yet");
        service::claim(&db, &operator(), case).await.unwrap();
        assert!(matches!(unlock(second(), case, "救人").await, Err(Error::Conflict(_))), "somebody else has it");
        assert!(matches!(unlock(second(), foreign, "救人").await, Err(Error::Refused(_))), "another elder's case");
        assert!(matches!(unlock(operator(), case, "").await, Err(Error::Invalid(_))), "a reason is asked");
        let by_the_way = devices::order(&db, &operator(), lock, Command::Unlock { case }).await;
        assert!(matches!(by_the_way, Err(Error::Refused(_))), "there is no other way to open it");
        assert_eq!(devices::orders_of(&db, lock, 5).await.unwrap(), [], "nothing was queued");
        unlock(operator(), case, "消防到门口，敲门没人应").await.unwrap();
        let queued = devices::due_commands(&db, lock).await.unwrap().remove(0);
        assert_eq!(queued.expires_at.since(queued.created_at), Instant::MINUTE);
        let lines = crate::common::history(&db, case).await;
        assert!(lines.iter().any(|l| l == "远程开锁（门锁）：消防到门口，敲门没人应"), "{lines:?}");
        let last = devices::history(&db, &scope(COUNTY), lock, 1).await.unwrap().remove(0);
        assert_eq!((last.kind, last.elder), (Happened::Unlocked, Some(who)));
        let logged: Option<String> =
            db.read().scalar("SELECT reason FROM audit_log WHERE action = 'device.command'", vec![]).await.unwrap();
        assert_eq!(logged.as_deref(), Some("消防到门口，敲门没人应"));
        // Not opened within the minute it never opens.
        db.clock().set(at("2026-11-20T10:01"));
        for late in devices::overdue_commands(&db).await.unwrap() {
            let tx = db.begin().await.unwrap();
            assert_eq!(devices::expire_command(&tx, &db, late).await.unwrap(), 1);
            tx.commit().await.unwrap();
        }
        assert_eq!(devices::orders_of(&db, lock, 1).await.unwrap()[0].state, CommandState::Expired);
        let lines = crate::common::history(&db, case).await;
        assert!(lines.iter().any(|l| l.contains("1 分钟内门锁没有回话")), "the case says it: {lines:?}");
        service::settle(&db, &operator(), case, "没事").await.unwrap();
        service::close(&db, &operator(), case, safety::model::Cause::Unwell, "没事").await.unwrap();
        assert!(matches!(unlock(operator(), case, "再开一次").await, Err(Error::Refused(_))), "the case is closed");
        let watch = register(&db, &clerk(), new("8800000001", DeviceKind::Watch)).await;
        assert!(devices::unlock(&db, &operator(), watch, case, "试").await.is_err(), "a watch has no door");
    })
    .await;
}

#[tokio::test]
async fn devices_follow_an_elder_who_moves() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        let (who, id) = (elder(&db).await, register(&db, &clerk(), new("8800000001", DeviceKind::Watch)).await);
        let to = NewBinding { elder: who, room: None, door: None, lent: false };
        devices::bind_until(&db, &clerk(), id, to, None).await.unwrap();
        let tx = db.begin().await.unwrap();
        tx.exec("UPDATE elder SET region = $2 WHERE id = $1", vals![who, "441521101001"]).await.unwrap();
        tx.commit().await.unwrap();
        let event = work::Event {
            id: db.new_id(),
            topic: "elder.changed".into(),
            payload: serde_json::json!({ "elder": who }),
            at: db.now(),
        };
        work::Subscriber::handle(&devices::Follows, &db, &event).await.unwrap();
        assert!(matches!(devices::device(&db, &scope(COUNTY), id).await, Err(Error::NotFound(_))));
        assert_eq!(listed(&db, OTHER_COUNTY, DeviceAsk::default()).await, ["8800000001"]);
    })
    .await;
}

fn book() -> RegionBook {
    let row = |code: &str, name: &str| kernel::Region { code: region(code), name: name.into() };
    RegionBook::new([row(COUNTY, "陆河县"), row(TOWN, "水唇镇"), row(VILLAGE, "墩塘村"), row(OTHER_COUNTY, "海丰县")])
}

fn file(rows: &str) -> Vec<u8> {
    format!("设备号,协议,类型,谁出的钱,金额,所属,老人证件号,借出\n{rows}").into_bytes()
}

async fn read_in(db: &Db, actor: &Actor, rows: &str) -> devices::ImportId {
    devices::import_read(db, actor, &book(), "设备.csv", file(rows)).await.unwrap()
}

#[tokio::test]
async fn a_file_is_judged_corrected_written_once_and_goes_on_after_an_interruption() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        let who = elder(&db).await;
        let number = crate::common::id_number("1944-03-02", 1).as_str().to_string();
        register(&db, &clerk(), new("8800000009", DeviceKind::Watch)).await;
        let mut rows = format!("8800000001,watch,手表,项目配发,398,墩塘村,{number},是\n");
        rows +=
            "8800000002,watch,智能手环,项目配发,,,,\n8800000009,watch,手表,自费,,,,\n8800000001,watch,手表,自费,,,,\n";
        // More than one step.
        for n in 0..150 {
            rows += &format!("99{n:08},jt808,吊坠,捐赠,,水唇镇,,\n");
        }
        let id = read_in(&db, &clerk(), &rows).await;
        let (f, t) = devices::import(&db, &scope(COUNTY), id).await.unwrap();
        assert_eq!((f.state, t.good, t.bad, t.known), (ImportState::Checked, 151, 2, 1));
        assert_eq!(listed(&db, COUNTY, DeviceAsk::default()).await.len(), 1, "nothing is registered by reading");
        let wrong = devices::import_rows(&db, &scope(COUNTY), id, ImportRowState::Bad, 9).await.unwrap();
        assert_eq!((wrong[0].row_no, wrong[0].errors[0].cure.as_deref()), (3, Some("手表")));
        assert_eq!(wrong[1].errors[0].why, "和第 2 行是同一台设备");
        // One by its cure, the other by hand.
        let cells = vec![(3, "kind".to_string(), None), (5, "identity".to_string(), Some("8800000005".into()))];
        assert_eq!(devices::import_fix(&db, &clerk(), &book(), id, cells).await.unwrap(), 2);
        let foreign = person(31, "外县", Role::CountyStaff, OTHER_COUNTY);
        assert!(matches!(devices::import_write(&db, &foreign, id).await, Err(Error::NotFound(_))));
        let job = devices::import_write(&db, &clerk(), id).await.unwrap();
        assert_eq!(devices::import_write(&db, &clerk(), id).await.unwrap(), job, "asked twice it is one job");
        assert_eq!(devices::import_step(&db, &clerk(), &book(), id).await.unwrap(), 100);
        // The process dies here; whoever takes the job up again goes on where it stood.
        let mut dealt = 0;
        loop {
            match devices::import_step(&db, &clerk(), &book(), id).await.unwrap() {
                0 => break,
                n => dealt += n,
            }
        }
        assert_eq!(dealt, 53);
        let (f, t) = devices::import(&db, &scope(COUNTY), id).await.unwrap();
        assert_eq!((f.state, t.written, t.good, t.bad, t.known), (ImportState::Done, 153, 0, 0, 1));
        assert_eq!(devices::count(&db, &scope(COUNTY), View::Stock).await.unwrap(), 153, "152 of the file, one before");
        let of = devices::listed_of(&db, &scope(COUNTY), who).await.unwrap().remove(0).device;
        assert_eq!(
            (of.identity.as_str(), of.state, of.cost),
            ("8800000001", DeviceState::Lent, kernel::Fen::parse_yuan("398"))
        );
        assert!(devices::import_drop(&db, &clerk(), id).await.is_err(), "what is written is not dropped");
    })
    .await;
}

#[tokio::test]
async fn a_row_that_cannot_be_written_any_more_stops_no_other_and_leaves_nothing() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        let who = elder(&db).await;
        let number = crate::common::id_number("1944-03-02", 1).as_str().to_string();
        for n in 0..32 {
            let id = register(&db, &clerk(), new(&format!("70{n:08}"), DeviceKind::Watch)).await;
            let to = NewBinding { elder: who, room: None, door: None, lent: false };
            devices::bind_until(&db, &clerk(), id, to, None).await.unwrap();
        }
        let rows = format!("8800000001,watch,手表,自费,,,{number},\n8800000002,watch,手表,自费,,,,\n");
        let id = read_in(&db, &clerk(), &rows).await;
        devices::import_write(&db, &clerk(), id).await.unwrap();
        while devices::import_step(&db, &clerk(), &book(), id).await.unwrap() > 0 {}
        let (f, t) = devices::import(&db, &scope(COUNTY), id).await.unwrap();
        assert_eq!((f.state, t.written, t.bad), (ImportState::Done, 1, 1));
        let q = |q: &str| DeviceAsk { q: q.into(), ..DeviceAsk::default() };
        assert!(listed(&db, COUNTY, q("8800000001")).await.is_empty(), "neither registered nor bound");
        assert_eq!(listed(&db, COUNTY, q("8800000002")).await.len(), 1);
        // Corrected later it is written by a second round.
        let cells = vec![(2, "elder".to_string(), Some("无".to_string()))];
        assert_eq!(devices::import_fix(&db, &clerk(), &book(), id, cells).await.unwrap(), 1);
        devices::import_write(&db, &clerk(), id).await.unwrap();
        while devices::import_step(&db, &clerk(), &book(), id).await.unwrap() > 0 {}
        assert_eq!(listed(&db, COUNTY, q("8800000001")).await.len(), 1);
    })
    .await;
}

#[tokio::test]
async fn who_may_not_bind_registers_without_elders() {
    each_engine(&crate::common::migrations(), |db| async move {
        db.clock().set(at(NOW));
        elder(&db).await;
        let number = crate::common::id_number("1944-03-02", 1).as_str().to_string();
        let row = format!("8800000001,watch,手表,自费,,,{number},\n");
        let id = read_in(&db, &administrator(), &row).await;
        let wrong = devices::import_rows(&db, &scope(COUNTY), id, ImportRowState::Bad, 9).await.unwrap();
        assert_eq!((wrong[0].errors.len(), wrong[0].errors[0].column.as_str()), (1, "elder"));
        let unknown = crate::common::id_number("1944-03-02", 7).as_str().to_string();
        let row = format!("8800000001,watch,手表,自费,,,{unknown},\n");
        let id = read_in(&db, &clerk(), &row).await;
        let wrong = devices::import_rows(&db, &scope(COUNTY), id, ImportRowState::Bad, 9).await.unwrap();
        assert_eq!(wrong[0].errors[0].why, "你管的区域里没有这个证件号的档案。先不绑就写“无”");
        // What stands in the cells is sealed at rest.
        let cells: Vec<Vec<u8>> = db.read().column("SELECT cells FROM device_import_row", vec![]).await.unwrap();
        assert!(cells.iter().all(|c| !String::from_utf8_lossy(c).contains("1944")));
        devices::import_drop(&db, &clerk(), id).await.unwrap();
        assert!(matches!(devices::import_write(&db, &clerk(), id).await, Err(Error::Refused(_))));
    })
    .await;
}
