//! `yinian serve`.
use crate::commands::ready_db;
use crate::config::Config;
use crate::wire;
use kernel::{Error, Result};
use std::net::SocketAddr;
use std::process::ExitCode;
use tokio::net::TcpListener;
use tokio::sync::watch;
use web::App;

#[derive(clap::Args)]
pub struct Args {
    /// Address to listen on. Default: the file's `listen`, 127.0.0.1:8080.
    #[arg(long, env = "YINIAN_LISTEN", value_name = "ADDRESS")]
    listen: Option<SocketAddr>,
    /// What this process does. Of several that may do it, one has the devices and one climbs the ladders; the others
    /// stand by and take over.
    #[arg(long, value_enum, default_value_t = RoleOf::All)]
    role: RoleOf,
}

/// What a process of an installation does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum RoleOf {
    /// Everything.
    All,
    /// Pages.
    Web,
    /// Devices, and the interface third-party platforms send readings to.
    Gateway,
    /// Jobs, ladders, messages.
    Worker,
}

impl RoleOf {
    const fn has_devices(self) -> bool {
        matches!(self, RoleOf::All | RoleOf::Gateway)
    }
    const fn works(self) -> bool {
        matches!(self, RoleOf::All | RoleOf::Worker)
    }
    /// What it answers over HTTP; each says how it is and counts.
    fn routes(self) -> web::Routes {
        match self {
            RoleOf::All | RoleOf::Web => wire::routes(),
            RoleOf::Gateway => crate::health::routes().merge(gateway::routes()),
            RoleOf::Worker => crate::health::routes(),
        }
    }
}

pub async fn run(config: Config, args: Args) -> Result<ExitCode> {
    let db = ready_db(&config, true).await?;
    if let Some((login, password)) = access::service::first_run(&db, config.region).await? {
        println!(
            "第一次运行，已建管理员账号。密码只显示这一次：\n  账号  {login}\n  密码  {password}\n登录后要换密码、绑定动态口令。"
        );
    }
    let app = wire::app(db, &config, false).await?;
    serve(app, args.role, args.listen.unwrap_or(config.listen), Some(config), None).await
}

/// Serves until interrupted. `devices`: the configuration to let devices in by, where the role has them; without it none
/// are let in. `ready` is told the bound address.
pub async fn serve(
    app: App,
    role: RoleOf,
    listen: SocketAddr,
    devices: Option<Config>,
    ready: Option<tokio::sync::oneshot::Sender<SocketAddr>>,
) -> Result<ExitCode> {
    tracing::info!(open_files = crate::machine::open_files()?, "every device and every page in use is an open file");
    let listener =
        TcpListener::bind(listen).await.map_err(|e| Error::Internal(format!("cannot listen on {listen}: {e}")))?;
    let bound = listener.local_addr().map_err(Error::internal)?;
    let (stop, stopped) = watch::channel(false);
    let mut devices = match devices.filter(|_| role.has_devices()) {
        Some(config) => {
            let (begun, began) = tokio::sync::oneshot::channel();
            let mut task = tokio::spawn(crate::devices::hold(app.clone(), config, stopped.clone(), begun));
            tokio::select! {
                Ok(()) = began => {}
                ended = &mut task => return over(ended).map(|()| ExitCode::FAILURE),
            }
            Some(task)
        }
        None => None,
    };
    let (watched, channel) = (app.clone(), app.thing::<safety::Outbox>()?.0.clone());
    let watch = tokio::spawn(safety::run(watched, channel, role.works(), stopped.clone()));
    let runner = app.runner().cloned().filter(|_| role.works());
    let worker = runner.map(|r| tokio::spawn(async move { r.run(stopped).await }));
    println!("颐年已开始服务：http://{bound}");
    if let Some(tell) = ready {
        // Nobody waiting is fine.
        let _ = tell.send(bound);
    }
    let db = app.db().clone();
    let service = web::finish(role.routes(), app).into_make_service_with_connect_info::<SocketAddr>();
    let served = web::axum::serve(listener, service).with_graceful_shutdown(interrupted());
    let until = async {
        match &mut devices {
            Some(task) => over(task.await),
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        served = async { served.await } => served.map_err(|e| Error::Internal(format!("serving: {e}")))?,
        ended = until => ended?,
    }
    stop.send_replace(true);
    if let Some(task) = devices {
        let _ = task.await;
    }
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), watch).await;
    if let Some(w) = worker {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(10), w).await;
    }
    db.close().await?;
    Ok(ExitCode::SUCCESS)
}

/// How the devices' task ended.
fn over(ended: std::result::Result<Result<()>, tokio::task::JoinError>) -> Result<()> {
    ended.map_err(Error::internal)?
}

async fn interrupted() {
    let ctrl_c = async {
        let _ = tokio::signal::ctrl_c().await;
    };
    #[cfg(unix)]
    {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut term) => tokio::select! { _ = ctrl_c => {}, _ = term.recv() => {} },
            Err(_) => ctrl_c.await,
        }
    }
    #[cfg(not(unix))]
    ctrl_c.await;
}
