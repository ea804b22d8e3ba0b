//! An elder with a bound watch, and a running watch over a database.
use super::{COUNTY, at, county, elder_at, migrations, region, scope};
use kernel::{ElderId, Instant};
use safety::Bell;
use safety::devices::{self, DeviceKind, Known, NewBinding, NewDevice, Payer, Protocol};
use safety::readings::{self, Intake, Message, Said, Start, Stats};
use std::sync::Arc;
use std::time::Duration;
use store::{Db, SqlExt};
use tokio::sync::watch;
use vigil::Measure;

pub const NOW: &str = "2026-11-20T10:00";

pub fn all() -> Vec<store::Migration> {
    [migrations(), readings::MIGRATIONS.to_vec()].concat()
}

/// An elder with a bound watch.
pub async fn worn(db: &Db, n: u32) -> (ElderId, Arc<Known>) {
    let elder = elder_at(db, "林秀珍", super::VILLAGE, n).await;
    let identity = format!("862{n:012}");
    let actor = county();
    let tx = db.begin().await.unwrap();
    let new = NewDevice {
        protocol: Protocol::Watch,
        identity: identity.clone(),
        kind: DeviceKind::Watch,
        model: "A9".into(),
        region: region(COUNTY),
        firmware: String::new(),
        payer: Payer::Project,
        payer_note: String::new(),
        secret: None,
        room: None,
        door: None,
    };
    let id = devices::register(&tx, db, &actor, new).await.unwrap();
    tx.commit().await.unwrap();
    let tx = db.begin().await.unwrap();
    devices::bind(&tx, db, &actor, id, NewBinding { elder, room: None, door: None, lent: true }).await.unwrap();
    tx.commit().await.unwrap();
    (elder, Arc::new(devices::by_identity(db, Protocol::Watch, &identity).await.unwrap().unwrap()))
}

pub struct Running {
    pub intake: Intake,
    pub stats: Stats,
    pub stop: watch::Sender<bool>,
    pub handle: tokio::task::JoinHandle<()>,
}

impl Running {
    pub async fn start(db: &Db, size: Start) -> Running {
        Running::over(db, db, size).await
    }
    pub async fn over(db: &Db, telemetry: &Db, size: Start) -> Running {
        let (stop, stopped) = watch::channel(false);
        let (intake, stats, handle) =
            readings::start(db.clone(), telemetry.clone(), Bell::default(), size, stopped).await.unwrap();
        Running { intake, stats, stop, handle }
    }
    pub async fn store(&self, device: &Arc<Known>, received: Instant, said: &[(Instant, Measure)]) {
        let said = said.iter().map(|(at, what)| Said { at: *at, what: *what }).collect();
        let message = Message::new(device.clone(), received, said);
        tokio::time::timeout(Duration::from_secs(20), self.intake.store(message)).await.unwrap().unwrap();
    }
    pub async fn end(self) {
        self.stop.send_replace(true);
        self.handle.await.unwrap();
    }
    /// As if the power went off: nothing more is written.
    pub async fn die(self) {
        self.handle.abort();
        let _ = self.handle.await;
    }
}

pub async fn alarms(db: &Db) -> Vec<(String, i64)> {
    #[derive(store::sea_orm::FromQueryResult)]
    struct Row {
        kind: String,
        count: i64,
    }
    use store::sea_orm;
    let rows: Vec<Row> =
        db.read().all("SELECT kind, count FROM safety_alarm ORDER BY first_at, kind", vec![]).await.unwrap();
    rows.into_iter().map(|r| (r.kind, r.count)).collect()
}

pub async fn read(db: &Db, elder: ElderId) -> Vec<Measure> {
    let day = at(NOW).date();
    let all = readings::of_elder(db, db, &scope(COUNTY), elder, day.plus_days(-1), day).await.unwrap();
    all.into_iter().filter_map(|s| Measure::decode(s.what)).collect()
}
