//! P4: the most used pages, signed in, 50 people at once.
use super::figures::{Times, rate};
use super::http::Client;
use super::{Bench, fill, stopwatch};
use kernel::{Error, Result, Role};
use serde_json::json;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

const PEOPLE: usize = 50;
const SECONDS: u64 = 15;

pub(crate) async fn run(b: &Bench) -> Result<()> {
    let served = fill::orders(b).await?;
    let db = served.world.db.clone();
    let app = crate::wire::app(db.clone(), &b.config, true).await?;
    let access = app.thing::<access::Access>()?;
    let mut cookies = Vec::new();
    for role in [Role::CountyStaff, Role::TownStaff, Role::VillageStaff, Role::Operator, Role::ProviderManager] {
        let who = access::directory::find(&db, role, None, None).await?;
        let user =
            who.and_then(|a| a.user_id()).ok_or_else(|| Error::Internal(format!("no {} in the bench", role.code())))?;
        let s = access.demo_login(app.site(), &access::service::Client::default(), user).await?;
        cookies.push((role, format!("{}={}", access::COOKIE, s.token)));
    }
    let county = &cookies[0].1;
    let elders = people::service::find(&db, served.cast.county_staff.scope(), "叶", 20).await?;
    let elder = elders.first().map(|e| e.id).ok_or_else(|| Error::Internal("nobody found in the county".into()))?;
    let order = orders::service::for_elder(&db, served.cast.county_staff.scope(), elder, 1).await?;
    let mut urls: Vec<(String, String)> = Vec::new();
    let mut add = |cookie: &str, url: &str| urls.push((cookie.to_string(), url.to_string()));
    for url in [
        "/",
        "/elders",
        "/elders?page=3",
        "/elders?q=彭",
        "/search?q=ygl",
        "/orders",
        "/orders?page=2",
        "/entitled",
        "/purses",
        "/policies",
        "/catalogue",
        "/providers",
        "/settlements",
        "/jobs",
    ] {
        add(county, url);
    }
    add(county, &format!("/elders/{elder}"));
    add(county, &format!("/elders/{elder}/entitlement"));
    if let Some(o) = order.first() {
        add(county, &format!("/orders/{}", o.id));
    }
    for (role, cookie) in &cookies[1..] {
        add(cookie, "/");
        add(cookie, if *role == Role::ProviderManager { "/orders/board" } else { "/orders" });
    }
    let (tell, told) = tokio::sync::oneshot::channel();
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
    // One by one first: each page alone.
    let mut alone = serde_json::Map::new();
    let mut client_errors = 0;
    for (cookie, url) in &urls {
        let url = url.replace('彭', "%E5%BD%AD");
        let mut c = Client::connect(address, cookie).await?;
        let (mut times, mut bytes, mut status) = (Vec::new(), 0, 0);
        for i in 0..60 {
            let t = stopwatch();
            let a = c.get(&url).await?;
            // The first answers fill caches.
            if i >= 10 {
                times.push(t.elapsed());
            }
            (bytes, status) = (a.bytes, a.status);
        }
        client_errors += usize::from(status != 200);
        let t = Times::of(times);
        alone.insert(url, json!({ "status": status, "bytes": bytes, "p50_ms": t.p50_ms, "p99_ms": t.p99_ms }));
    }
    let urls = Arc::new(urls);
    let started = stopwatch();
    let mut crowd = Vec::new();
    for person in 0..PEOPLE {
        let urls = urls.clone();
        crowd.push(tokio::spawn(async move {
            let mut times = Vec::new();
            let mut n = person;
            let mut clients: Vec<Option<Client>> = (0..urls.len()).map(|_| None).collect();
            while started.elapsed() < Duration::from_secs(SECONDS) {
                let at = n % urls.len();
                let (cookie, url) = &urls[at];
                let slot = &mut clients[at];
                if slot.is_none() {
                    *slot = Some(Client::connect(address, cookie).await?);
                }
                if let Some(c) = slot {
                    let t = stopwatch();
                    c.get(&url.replace('彭', "%E5%BD%AD")).await?;
                    times.push(t.elapsed());
                }
                n += 1;
            }
            Ok::<_, Error>(times)
        }));
    }
    let mut all = Vec::new();
    for c in crowd {
        all.extend(c.await.map_err(Error::internal)??);
    }
    let took = started.elapsed();
    let n = all.len();
    b.tell(
        "P4 pages",
        json!({
            "elders": served.world.ids.len(), "orders": b.orders, "people_at_once": PEOPLE, "pages": n,
            "pages_per_second": rate(n, took), "mixed": Times::of(all), "not_200": client_errors, "alone": alone,
        }),
    );
    Ok(())
}
