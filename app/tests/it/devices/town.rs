//! A data folder with one elder and devices, and the program serving it.
use crate::program::Folder;
use kernel::{Actor, Clock, ElderId, Instant, OrgScope, Scope};
use people::model::{Hukou, NewElder};
use safety::devices::{self, DeviceKind, NewBinding, NewDevice, Payer, Protocol};
use std::net::TcpStream;
use std::process::{Child, Stdio};
use std::time::Duration;
use store::Db;
use vigil::Measure;
use yinian::config::{Config, Flags};

pub const SECRET: &str = "a-long-enough-secret";

pub fn config(folder: &Folder) -> Config {
    Config::load(&Flags { data: Some(folder.path().to_path_buf()), ..Flags::default() }).unwrap()
}

pub fn free_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

pub struct Town {
    pub folder: Folder,
    pub elder: ElderId,
    pub mqtt: u16,
    pub watch: u16,
    pub web: u16,
}

/// A data folder with one elder, a bound MQTT device and a bound watch.
pub async fn town() -> Town {
    town_with("").await
}

/// The same with more lines in `[gateway]`.
pub async fn town_with(more: &str) -> Town {
    let folder = Folder::new();
    folder.run(&["migrate"]);
    let (mqtt, watch, web) = (free_port(), free_port(), free_port());
    let text = format!("[gateway]\nmqtt = \"127.0.0.1:{mqtt}\"\nwatch = \"127.0.0.1:{watch}\"\n{more}");
    std::fs::write(folder.path().join("yinian.toml"), text).unwrap();
    let config = config(&folder);
    let db = yinian::wire::open(&config, Clock::System, false).await.unwrap();
    people::service::seed_regions(&db, people::service::shipped_regions()).await.unwrap();
    let scope = Scope { region: config.region, org: OrgScope::Any };
    let actor = Actor::Platform { job: "test", scope };
    let id = "44152319440302002";
    let check = kernel::IdNumber::check_char(id.as_bytes()).unwrap();
    let village = "441523101204".parse().unwrap();
    let mut new = NewElder::new("林秀珍", format!("{id}{check}").parse().unwrap(), village, Hukou::Rural);
    new.address = "上围 17 号".into();
    let clerk = Actor::Person {
        user: kernel::UserId(db.ids().uuid(Instant(0))),
        name: "邹建明".into(),
        role: kernel::Role::CountyStaff,
        scope: Scope { region: "441523000000".parse().unwrap(), org: OrgScope::Any },
    };
    let elder = people::service::create(&db, &clerk, new).await.unwrap();
    for (protocol, identity, secret) in [(Protocol::Mqtt, "m1", Some(SECRET)), (Protocol::Watch, "8800000001", None)] {
        let tx = db.begin().await.unwrap();
        let new = NewDevice {
            protocol,
            identity: identity.into(),
            kind: DeviceKind::Watch,
            model: String::new(),
            region: village,
            firmware: String::new(),
            payer: Payer::Own,
            payer_note: String::new(),
            secret: secret.map(String::from),
            room: None,
            door: None,
        };
        let device = devices::register(&tx, &db, &actor, new).await.unwrap();
        let to = NewBinding { elder, room: None, door: None, lent: false };
        devices::bind(&tx, &db, &actor, device, to).await.unwrap();
        tx.commit().await.unwrap();
    }
    db.close().await.unwrap();
    Town { folder, elder, mqtt, watch, web }
}

impl Town {
    pub fn serve(&self) -> Child {
        let listen = format!("127.0.0.1:{}", self.web);
        let mut c = self.folder.command(&["serve", "--listen", &listen]);
        let child = c.stdout(Stdio::null()).stderr(Stdio::inherit()).spawn().unwrap();
        let began = std::time::Instant::now();
        while TcpStream::connect(("127.0.0.1", self.watch)).is_err()
            || TcpStream::connect(("127.0.0.1", self.mqtt)).is_err()
        {
            assert!(began.elapsed() < Duration::from_secs(30), "the gateway listens");
            std::thread::sleep(Duration::from_millis(20));
        }
        child
    }
    /// Everything stored of the elder, and the alarms.
    pub async fn read(&self) -> (Vec<Measure>, Vec<(String, i64)>) {
        let config = config(&self.folder);
        let db: Db = yinian::wire::open(&config, Clock::System, false).await.unwrap();
        let telemetry = yinian::devices::open(&config, &db, false).await.unwrap();
        let scope = Scope { region: config.region, org: OrgScope::Any };
        let today = Clock::System.now().date();
        let all =
            safety::readings::of_elder(&db, &telemetry, &scope, self.elder, today.plus_days(-1), today.plus_days(1));
        let all = all.await.unwrap().into_iter().filter_map(|s| Measure::decode(s.what)).collect();
        let alarms = alarms(&db).await;
        telemetry.close().await.unwrap();
        db.close().await.unwrap();
        (all, alarms)
    }
}

pub async fn alarms(db: &Db) -> Vec<(String, i64)> {
    use store::SqlExt;
    use store::sea_orm::{self, FromQueryResult};
    #[derive(FromQueryResult)]
    struct Row {
        kind: String,
        count: i64,
    }
    let sql = "SELECT kind, count FROM safety_alarm ORDER BY first_at";
    db.read().all::<Row>(sql, vec![]).await.unwrap().into_iter().map(|r| (r.kind, r.count)).collect()
}
