//! An emergency of the side, and its devices.
use super::*;

/// An alarm that rings with a message about it, somebody on duty, a neighbour, and accounts tied to the elder.
pub async fn emergencies(db: &Db, b: &Begun, side: &mut Side) {
    use safety::model::{AlarmKind, Duty, HelperKind, NewAlarm, Origin};
    use safety::service::{self, NewDuty, NewHelper};
    let me = platform();
    let tx = db.begin().await.unwrap();
    let alarm = NewAlarm {
        key: format!("world:{}", b.draft.n),
        elder: b.elder,
        kind: AlarmKind::Sos,
        risk: AlarmKind::Sos.urgency().into(),
        origin: Origin::Device,
        at: db.now(),
        reason: "手表长按 3 秒".into(),
        evidence: serde_json::Value::Null,
        unverified: false,
        device: None,
        fix: None,
    };
    let raised = service::raise(&tx, db, alarm).await.unwrap();
    tx.commit().await.unwrap();
    let duty = NewDuty {
        region: side.county,
        duty: Duty::Lead,
        name: format!("班长{}", b.draft.n),
        phone: "13812340001".parse().unwrap(),
        user: None,
        weekdays: 127,
        from_minute: 0,
        to_minute: 0,
        since: day("2026-01-01"),
        until: None,
    };
    let duty = service::add_duty(db, &me, duty).await.unwrap();
    let helper = NewHelper {
        region: side.village,
        kind: HelperKind::Neighbour,
        name: format!("邻居{}", b.draft.n),
        phone: "13812340002".parse().unwrap(),
        place: None,
        elder: Some(b.elder),
        has_key: true,
        note: String::new(),
    };
    let helper = service::add_helper(db, &me, helper).await.unwrap();
    service::look(db, &kernel::RegionBook::default()).await.unwrap();
    let plan = service::NewDowntime {
        region: side.village,
        from: db.now(),
        until: db.now().plus_minutes(120),
        reason: format!("换网关{}", b.draft.n),
    };
    let downtime = service::plan_downtime(db, &me, plan).await.unwrap();
    let notices = service::notices_of(db, raised.case).await.unwrap();
    for role in [Role::Elder, Role::Family] {
        service::link_account(db, &me, b.elder, side.people[&role].user, "女儿").await.unwrap();
    }
    estate(db, b, side).await;
    side.marks.extend([raised.no, raised.case.to_string()]);
    side.keys.insert("cases", vec![raised.case.to_string()]);
    side.keys.insert("downtime", vec![downtime.to_string()]);
    side.keys.insert("duty", vec![duty.to_string()]);
    side.keys.insert("helpers", vec![helper.to_string()]);
    side.keys.insert("notices", vec![notices[0].id.to_string()]);
    side.keys.insert("user", vec![side.people[&Role::Family].user.to_string()]);
}

/// A lock at the elder's door, a watch in stock, and a file of devices that was read.
async fn estate(db: &Db, b: &Begun, side: &mut Side) {
    use safety::devices::{self, DeviceKind, NewBinding, NewDevice, Payer, Protocol};
    let me = platform();
    let mut ids = Vec::new();
    for (kind, protocol) in [(DeviceKind::Lock, Protocol::Mqtt), (DeviceKind::Watch, Protocol::Watch)] {
        let identity = format!("DEV-{}-{}", b.draft.n, kind.code());
        let new = NewDevice {
            protocol,
            identity: identity.clone(),
            kind,
            model: String::new(),
            region: side.village,
            firmware: String::new(),
            payer: Payer::Project,
            payer_note: String::new(),
            secret: None,
            room: None,
            door: None,
        };
        let tx = db.begin().await.unwrap();
        let id = devices::register(&tx, db, &me, new).await.unwrap();
        if kind.unlocks() {
            let to = NewBinding { elder: b.elder, room: None, door: None, lent: false };
            devices::bind(&tx, db, &me, id, to).await.unwrap();
        }
        tx.commit().await.unwrap();
        side.marks.extend([identity, id.to_string()]);
        ids.push(id.to_string());
    }
    let mut files = Vec::new();
    // One for each rank: a file belongs to the region of whoever brought it.
    for place in [side.village, side.county] {
        let scope = kernel::Scope { region: place, org: kernel::OrgScope::Any };
        let clerk = kernel::Actor::Platform { job: "test", scope };
        let rows = format!("设备号,协议,类型,谁出的钱\nROW-{},watch,手环,自费\n", b.draft.n).into_bytes();
        let book = kernel::RegionBook::default();
        let id = devices::import_read(db, &clerk, &book, "设备.csv", rows).await.unwrap();
        files.push(id.to_string());
    }
    side.keys.insert("devices", ids);
    side.keys.insert("device-imports", files);
}
