//! The way in for devices, put together: the readings' own database, the watch, the gateway.
use crate::config::Config;
use gateway::{Door, Doorway, Gateway};
use kernel::{Error, Result};
use std::sync::Arc;
use std::time::Duration;
use store::{Db, Options, Sole};
use tokio::sync::watch;
use tokio::task::JoinHandle;
use web::App;

/// How often a process that waits for its turn asks, and one that has it looks whether it still has.
const TURN: Duration = Duration::from_millis(500);
/// Right after the start, or after a lost connection, it asks so often and so many times: the process or the connection
/// before was perhaps ended a moment ago, and a server lets go of what it held only when it sees that.
const SOON: Duration = Duration::from_millis(30);
const EAGER: u32 = 50;

/// A running watch with its gateway.
struct Devices {
    gateway: gateway::Started,
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

/// Takes devices as long as this process alone may, and waits for its turn before. `begun` is told once devices are let in
/// or, in a process that stands by, once it waits. Ends when `stop` turns true and everything taken is stored.
///
/// # Errors
/// As [`start`]; and when the watch ends by itself or another process has taken over, because then this one must not go on:
/// whoever looks after the program starts it again, and everything is as it was stored.
pub async fn hold(
    app: App,
    config: Config,
    mut stop: watch::Receiver<bool>,
    begun: tokio::sync::oneshot::Sender<()>,
) -> Result<()> {
    let mut begun = Some(begun);
    let mut asked = 0;
    let mut sole = loop {
        asked += 1;
        match app.db().sole("devices").await {
            Ok(Some(sole)) => break sole,
            Ok(None) if asked < EAGER => {}
            Ok(None) => {
                // Said before it is told, because who is told says at once that the program serves.
                if let Some(begun) = begun.take() {
                    println!("设备由另一个进程接入，本进程备用：它停了就接手");
                    // Nobody waiting is fine, here and below.
                    let _ = begun.send(());
                }
            }
            Err(e) => tracing::error!(error = %e, "could not ask whose turn the devices are"),
        }
        tokio::select! {
            _ = stop.changed() => return Ok(()),
            () = tokio::time::sleep(if asked < EAGER { SOON } else { TURN }) => {}
        }
    };
    let mut devices = start(&app, &config, stop.clone()).await?;
    if let Some(begun) = begun.take() {
        let _ = begun.send(());
    }
    loop {
        tokio::select! {
            _ = stop.changed() => break,
            () = devices.died() => return Err(Error::Internal("the watch over devices ended by itself; see the log".into())),
            () = tokio::time::sleep(TURN) => {}
        }
        if !sole.held().await {
            // Without a database nothing is acknowledged, and it may come back with the turn still ours.
            match at_once(app.db()).await {
                Ok(Some(again)) => sole = again,
                Ok(None) => return Err(Error::Internal("another process has taken the devices over".into())),
                Err(e) => tracing::error!(error = %e, "could not ask whose turn the devices are"),
            }
        }
    }
    devices.ended().await;
    Ok(())
}

/// The turn for who had it a moment ago; `None` when another process has it by now.
async fn at_once(db: &Db) -> Result<Option<Sole>> {
    for _ in 1..EAGER {
        if let Some(sole) = db.sole("devices").await? {
            return Ok(Some(sole));
        }
        tokio::time::sleep(SOON).await;
    }
    db.sole("devices").await
}

/// Starts watch and gateway; the pages' door to them is opened. Ends when `stop` turns true.
///
/// # Errors
/// An address that cannot be listened on, a certificate that cannot be read, the database's.
async fn start(app: &App, config: &Config, stop: watch::Receiver<bool>) -> Result<Devices> {
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
    Ok(Devices { gateway, watch })
}

impl Devices {
    /// Resolves when the watch ends though nobody asked it to: it must not run on without being able to take anything.
    async fn died(&mut self) {
        let _ = (&mut self.watch).await;
    }
    /// Waits until everything taken is stored.
    async fn ended(self) {
        let both = async {
            self.gateway.ended().await;
            let _ = self.watch.await;
        };
        let _ = tokio::time::timeout(Duration::from_secs(10), both).await;
    }
}
