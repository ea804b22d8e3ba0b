//! P2: somebody presses while the load runs; the time ends when the operator's open page has been told of the case.
use super::browser;
use super::figures::Times;
use super::ingest::{drive, room_for, site};
use super::{Bench, device, stopwatch, store as sql};
use kernel::{Actor, Error, OrgScope, Result, Role, Scope};
use safety::devices::{self, Protocol};
use safety::model::Cause;
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;

/// Calls that are timed.
const CALLS: usize = 300;
/// What the load beside them would be if answers took no time; some 20,000 a second come of it.
const LOAD_PER_S: u64 = 25_500;

pub(crate) async fn run(b: &Bench) -> Result<()> {
    let wanted = room_for(b.connections.min(b.elders))?.saturating_sub(CALLS).max(100);
    let site = Arc::new(site(b, wanted + CALLS).await?);
    let user = browser::operator(b, &site.db, "bench-operator").await?;
    let who = browser::sign_in(&site.app, user).await?;
    let scope = Scope { region: b.config.region, org: OrgScope::Any };
    let actor = Actor::Person { user, name: "何晓燕".into(), role: Role::Operator, scope };
    let (tell, told) = tokio::sync::oneshot::channel();
    let app = site.app.clone();
    tokio::spawn(async move {
        crate::commands::serve::serve(
            app,
            crate::commands::serve::RoleOf::All,
            SocketAddr::from(([127, 0, 0, 1], 0)),
            None,
            Some(tell),
        )
        .await
    });
    let address = told.await.map_err(Error::internal)?;
    let mut page = who.connect(address).await?;
    page.listen("/safety/live").await?;
    page.event().await?;
    let under = site.clone();
    let load = tokio::spawn(async move {
        // A window is twelve readings of a connection.
        let pause = Duration::from_millis(wanted as u64 * 12 * 1_000 / LOAD_PER_S);
        drive(&under, Protocol::Mqtt, wanted, 45, pause).await
    });
    tokio::time::sleep(Duration::from_secs(20)).await;
    let mut times = Vec::new();
    for n in wanted..wanted + CALLS {
        let name = device::watch_name(n);
        let known = devices::by_identity(&site.db, Protocol::Watch, &name).await?;
        let Some(elder) = known.and_then(|k| k.bound).map(|b| b.elder) else { continue };
        let mut s = TcpStream::connect(site.watch).await.map_err(Error::internal)?;
        let call = device::watch_frame(&name, &device::watch_call(site.db.now()));
        let began = stopwatch();
        s.write_all(call.as_bytes()).await.map_err(Error::internal)?;
        let case = loop {
            let told = tokio::time::timeout(Duration::from_secs(20), page.event()).await;
            let told = told.map_err(|_| Error::Internal("an SOS did not reach the page within 20 s".into()))??;
            let took = began.elapsed();
            // Which case it is follows afterwards, so that looking it up is not part of the time.
            if let Some(case) = sql::case_of(&site.db, elder).await?
                && told.contains(&case.to_string())
            {
                times.push(took);
                break case;
            }
        };
        // The page shows a handful: each is taken and closed before the next.
        safety::service::claim(&site.db, &actor, case).await?;
        safety::service::close(&site.db, &actor, case, Cause::Test, "量时间").await?;
        site.bell.ring();
        tokio::time::sleep(Duration::from_millis(40)).await;
    }
    let load = load.await.map_err(Error::internal)??;
    site.stop.send_replace(true);
    b.tell("P2 sos", json!({ "wire_to_open_page": Times::of(times), "load": load }));
    Ok(())
}
