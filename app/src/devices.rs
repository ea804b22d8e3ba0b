//! The way in for devices, put together: the readings' own database, the watch, the gateway.
use crate::config::Config;
use gateway::{Door, Doorway, Gateway};
use kernel::Result;
use std::sync::Arc;
use std::time::Duration;
use store::{Db, Options};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::App;

/// A running watch with its gateway.
pub struct Devices {
    pub stats: safety::readings::Stats,
    pub gateway: gateway::Started,
    watch: JoinHandle<()>,
}

/// Opens the readings' database of an installation: a file beside the main one, or PostgreSQL's own.
///
/// # Errors
/// The database's.
pub async fn open(config: &Config, main: &Db, durable: bool) -> Result<Db> {
    let db = attach(config, main, durable).await?;
    store::migrate(&db, safety::readings::MIGRATIONS).await?;
    Ok(db)
}

/// The readings' file beside the main database; PostgreSQL keeps them itself.
pub const FILE: &str = "telemetry.sqlite";

/// [`open`] as it is, without bringing it up to date: for looking.
///
/// # Errors
/// The database's.
pub async fn attach(config: &Config, main: &Db, durable: bool) -> Result<Db> {
    match &config.database {
        Some(_) => Ok(main.clone()),
        None => {
            let url = Db::sqlite_url(&config.data.join(FILE));
            let options = Options { connections: 4, durable, schema: None };
            Db::open(&url, &options, main.clock().clone(), main.keys().clone(), main.ids().next_u64()).await
        }
    }
}

/// Starts watch and gateway; the pages' door to them is opened. Ends when `stop` turns true.
///
/// # Errors
/// An address that cannot be listened on, a certificate that cannot be read, the database's.
pub async fn start(app: &App, config: &Config, stop: watch::Receiver<bool>) -> Result<Devices> {
    let telemetry = app.thing::<safety::readings::Telemetry>()?.0.clone();
    let bell = app.thing::<safety::Bell>()?;
    let size = safety::readings::Start::default();
    let (intake, stats, watch) =
        safety::readings::start(app.db().clone(), telemetry, (*bell).clone(), size, stop.clone()).await?;
    app.thing::<safety::readings::Watching>()?.begin(stats.clone());
    let parts =
        Gateway { db: app.db().clone(), intake: intake.clone(), config: config.gateway.clone(), region: config.region };
    let gateway = gateway::start(parts, stop).await?;
    for (name, at) in &gateway.bound {
        println!("设备接入 {name}：{at}");
    }
    let directory: Arc<gateway::Directory> = gateway.directory.clone();
    app.thing::<Doorway>()?.open(Door { intake, directory });
    Ok(Devices { stats, gateway, watch })
}

impl Devices {
    /// Resolves when the watch ends though nobody asked it to: it must not run on without being able to take anything.
    pub async fn died(&mut self) {
        let _ = (&mut self.watch).await;
    }
    /// Waits until everything taken is stored.
    pub async fn ended(self) {
        let both = async {
            self.gateway.ended().await;
            let _ = self.watch.await;
        };
        let _ = tokio::time::timeout(Duration::from_secs(10), both).await;
    }
}
