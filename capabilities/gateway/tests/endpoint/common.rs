//! A running gateway over a fresh database, with an elder and devices.
use gateway::{Config, Gateway, Limits, Started};
use kernel::{Actor, ElderId, IdNumber, OrgScope, Role, Scope, UserId};
use people::model::{Hukou, NewElder};
use rumqttc_v5::mqttbytes::v5::{Packet, PubAckReason};
use rumqttc_v5::{AsyncClient, Event, EventLoop, MqttOptions};
use safety::Bell;
use safety::devices::{self, DeviceId, DeviceKind, NewBinding, NewDevice, Payer, Protocol, Stranger};
use safety::readings::{self, Start};
use std::future::Future;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;
use store::{Db, Migration, SqlExt};
use tokio::sync::watch;
use vigil::{DoorKind, Measure, Room};

pub const COUNTY: &str = "441523000000";
pub const VILLAGE: &str = "441523101204";
pub const SECRET: &str = "a-long-enough-secret";
/// A heart rate of 72 in our own JSON.
pub const HEART_72: &str = r#"{"readings":{"heartRate":72}}"#;

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
        safety::MIGRATIONS,
        readings::MIGRATIONS,
    ]
    .concat()
}

pub fn scope() -> Scope {
    Scope { region: COUNTY.parse().unwrap(), org: OrgScope::Any }
}

fn person(seed: u64, name: &str, role: Role) -> Actor {
    let user = UserId(kernel::IdGen::new(seed).uuid(kernel::Instant(0)));
    Actor::Person { user, name: name.into(), role, scope: scope() }
}

pub fn clerk() -> Actor {
    person(5, "邹建明", Role::CountyStaff)
}

pub fn operator() -> Actor {
    person(6, "何晓燕", Role::Operator)
}

pub async fn elder(db: &Db) -> ElderId {
    let first = "44152319440302002";
    let check = IdNumber::check_char(first.as_bytes()).unwrap();
    let mut e =
        NewElder::new("林秀珍", format!("{first}{check}").parse().unwrap(), VILLAGE.parse().unwrap(), Hukou::Rural);
    e.address = "上围 17 号".into();
    people::service::create(db, &clerk(), e).await.unwrap()
}

/// A registered device that is nobody's yet.
pub async fn in_stock(db: &Db, protocol: Protocol, identity: &str, kind: DeviceKind) -> DeviceId {
    registered(db, protocol, identity, kind, None).await
}

async fn registered(
    db: &Db,
    protocol: Protocol,
    identity: &str,
    kind: DeviceKind,
    at: Option<(Room, DoorKind)>,
) -> DeviceId {
    let tx = db.begin().await.unwrap();
    let new = NewDevice {
        protocol,
        identity: identity.into(),
        kind,
        model: String::new(),
        region: COUNTY.parse().unwrap(),
        firmware: String::new(),
        payer: Payer::Own,
        payer_note: String::new(),
        secret: (protocol == Protocol::Mqtt).then(|| SECRET.into()),
        room: at.map(|a| a.0),
        door: at.map(|a| a.1),
    };
    let id = devices::register(&tx, db, &clerk(), new).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// A registered device, bound to an elder.
pub async fn device(
    db: &Db,
    elder: ElderId,
    protocol: Protocol,
    identity: &str,
    kind: DeviceKind,
    at: Option<(Room, DoorKind)>,
) -> DeviceId {
    let id = registered(db, protocol, identity, kind, at).await;
    let tx = db.begin().await.unwrap();
    devices::bind(&tx, db, &clerk(), id, NewBinding { elder, room: None, door: None, lent: false }).await.unwrap();
    tx.commit().await.unwrap();
    id
}

/// An elder with an MQTT device `m1`.
pub async fn with_m1(db: &Db) -> ElderId {
    let elder = elder(db).await;
    device(db, elder, Protocol::Mqtt, "m1", DeviceKind::Vitals, None).await;
    elder
}

pub fn pem(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/endpoint/pem").join(name)
}

/// A gateway that listens on free ports.
pub struct Running {
    pub started: Started,
    stop: watch::Sender<bool>,
}

impl Running {
    pub async fn start(db: &Db, limits: Limits) -> Running {
        let local = Some(SocketAddr::from(([127, 0, 0, 1], 0)));
        let config = Config {
            watch: local,
            mqtt: local,
            mqtts: local,
            certificate: Some(pem("server.pem")),
            key: Some(pem("server.key")),
            limits,
            ..Config::default()
        };
        Running::with(db, config).await
    }

    pub async fn with(db: &Db, config: Config) -> Running {
        let (stop, stopped) = watch::channel(false);
        let (intake, _, _) =
            readings::start(db.clone(), db.clone(), Bell::default(), Start::default(), stopped.clone()).await.unwrap();
        let parts = Gateway { db: db.clone(), intake, config, region: COUNTY.parse().unwrap() };
        Running { started: gateway::start(parts, stopped).await.unwrap(), stop }
    }

    pub fn at(&self, name: &str) -> SocketAddr {
        self.started.bound.iter().find(|b| b.0 == name).unwrap().1
    }

    /// A client of MQTT 5.
    pub fn client(&self, identity: &str, secret: &str) -> (AsyncClient, EventLoop) {
        let at = self.at("mqtt");
        let mut o = MqttOptions::new(identity, (at.ip().to_string(), at.port()));
        o.set_credentials(identity.to_owned(), secret.to_owned()).set_keep_alive(10);
        AsyncClient::builder(o).capacity(100).build()
    }

    pub async fn end(self) {
        self.stop.send_replace(true);
        self.started.ended().await;
    }
}

/// Everything here happens at once or never.
pub async fn soon<T>(what: impl Future<Output = T>) -> T {
    tokio::time::timeout(Duration::from_secs(20), what).await.expect("in time")
}

/// The next packet of a kind.
pub async fn next<T>(events: &mut EventLoop, pick: impl Fn(Packet) -> Option<T>) -> T {
    soon(async {
        loop {
            if let Event::Incoming(p) = events.poll().await.unwrap()
                && let Some(t) = pick(p)
            {
                return t;
            }
        }
    })
    .await
}

pub async fn acked(events: &mut EventLoop) -> PubAckReason {
    next(events, |p| if let Packet::PubAck(a) = p { Some(a.reason) } else { None }).await
}

/// What the connection ended with.
pub async fn ended(events: &mut EventLoop) -> String {
    soon(async {
        loop {
            if let Err(e) = events.poll().await {
                return format!("{e:?}");
            }
        }
    })
    .await
}

/// All that is stored of an elder.
pub async fn stored(db: &Db, elder: ElderId) -> Vec<Measure> {
    let day = db.now().date();
    let all = readings::of_elder(db, db, &scope(), elder, day.plus_days(-1), day).await.unwrap();
    all.into_iter().filter_map(|s| Measure::decode(s.what)).collect()
}

/// How many alarms of a kind there are, and how often each was said.
pub async fn alarms(db: &Db, kind: &str) -> Vec<i64> {
    let sql = "SELECT count FROM safety_alarm WHERE kind = $1 ORDER BY first_at";
    db.read().column(sql, store::vals![kind]).await.unwrap()
}

/// The quarantine, once something stands in it.
pub async fn quarantine(db: &Db) -> Vec<Stranger> {
    soon(async {
        loop {
            let listed = devices::strangers(db, &clerk(), 10).await.unwrap();
            if !listed.is_empty() {
                return listed;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    })
    .await
}
