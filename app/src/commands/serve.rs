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
    /// What this process does: everything, or pages and jobs without devices. One process of an installation has the
    /// devices.
    #[arg(long, value_enum, default_value_t = RoleOf::All)]
    role: RoleOf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
enum RoleOf {
    All,
    Web,
}

pub async fn run(config: Config, args: Args) -> Result<ExitCode> {
    let db = ready_db(&config, true).await?;
    if let Some((login, password)) = access::service::first_run(&db, config.region).await? {
        println!(
            "第一次运行，已建管理员账号。密码只显示这一次：\n  账号  {login}\n  密码  {password}\n登录后要换密码、绑定动态口令。"
        );
    }
    let app = wire::app(db, &config, false).await?;
    let devices = (args.role == RoleOf::All).then(|| config.clone());
    serve(app, args.listen.unwrap_or(config.listen), devices, None).await
}

/// Serves until interrupted. `devices`: the configuration to let devices in by. `ready` is told the bound address.
pub async fn serve(
    app: App,
    listen: SocketAddr,
    devices: Option<Config>,
    ready: Option<tokio::sync::oneshot::Sender<SocketAddr>>,
) -> Result<ExitCode> {
    let listener =
        TcpListener::bind(listen).await.map_err(|e| Error::Internal(format!("cannot listen on {listen}: {e}")))?;
    let bound = listener.local_addr().map_err(Error::internal)?;
    let (stop, stopped) = watch::channel(false);
    let mut devices = match devices {
        Some(config) => Some(crate::devices::start(&app, &config, stopped.clone()).await?),
        None => None,
    };
    let (watched, channel) = (app.clone(), app.thing::<safety::Outbox>()?.0.clone());
    let watch = tokio::spawn(safety::run(watched, channel, stopped.clone()));
    let worker = app.runner().cloned().map(|r| tokio::spawn(async move { r.run(stopped).await }));
    println!("颐年已开始服务：http://{bound}");
    if let Some(tell) = ready {
        // Nobody waiting is fine.
        let _ = tell.send(bound);
    }
    let db = app.db().clone();
    let service = web::finish(wire::routes(), app).into_make_service_with_connect_info::<SocketAddr>();
    let served = web::axum::serve(listener, service).with_graceful_shutdown(interrupted());
    let died = async {
        match &mut devices {
            Some(d) => d.died().await,
            None => std::future::pending().await,
        }
    };
    tokio::select! {
        served = async { served.await } => served.map_err(|e| Error::Internal(format!("serving: {e}")))?,
        // Whoever looks after the program starts it again, and everything is as it was stored.
        () = died => return Err(Error::Internal("the watch over devices ended by itself; see the log".into())),
    }
    stop.send_replace(true);
    if let Some(d) = devices {
        d.ended().await;
    }
    let _ = tokio::time::timeout(std::time::Duration::from_secs(2), watch).await;
    if let Some(w) = worker {
        let _ = tokio::time::timeout(std::time::Duration::from_secs(10), w).await;
    }
    db.close().await?;
    Ok(ExitCode::SUCCESS)
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
