//! For those who watch the machine: alive, ready, figures.
use kernel::Result;
use std::fmt::Write;
use web::axum::extract::State;
use web::axum::http::{StatusCode, header};
use web::axum::response::{IntoResponse, Response};
use web::{App, Need, Routes};

pub fn routes() -> Routes {
    Routes::new("health").get("/healthz", Need::Public, alive).get("/readyz", Need::Public, ready).get(
        "/metrics",
        Need::Public,
        metrics,
    )
}

/// Alive, and whether what devices say can be stored. Asks no database, so that it answers when there is none.
async fn alive(State(app): State<App>) -> String {
    let mut out = String::from("ok\n");
    let Some(f) = watched(&app) else { return out };
    if f.unraised > 0 {
        let _ = writeln!(out, "{} alarms are not raised yet; they are tried again", f.unraised);
    }
    if let Some(since) = f.blocked_since {
        let _ = writeln!(out, "nothing could be stored for {} s", app.db().now().since(since).max(0) / 1_000);
    }
    out
}

fn watched(app: &App) -> Option<safety::readings::Figures> {
    app.thing::<safety::readings::Watching>().ok().and_then(|w| w.stats().map(|s| s.now()))
}

/// Ready when the database answers.
async fn ready(State(app): State<App>) -> Response {
    match app.db().ping().await {
        Ok(()) => "ready\n".into_response(),
        Err(_) => (StatusCode::SERVICE_UNAVAILABLE, "database does not answer\n").into_response(),
    }
}

/// Prometheus text format. Counts only; nothing about a person.
async fn metrics(State(app): State<App>) -> Response {
    match figures(&app).await {
        Ok(text) => ([(header::CONTENT_TYPE, "text/plain; version=0.0.4")], text).into_response(),
        Err(_) => StatusCode::SERVICE_UNAVAILABLE.into_response(),
    }
}

async fn figures(app: &App) -> Result<String> {
    let mut out = String::new();
    let backlog = work::backlog(app.db()).await?;
    let _ = writeln!(out, "# TYPE yinian_jobs_waiting gauge\nyinian_jobs_waiting {}", backlog.waiting);
    let _ = writeln!(out, "# TYPE yinian_jobs_failed gauge\nyinian_jobs_failed {}", backlog.failed);
    let _ = writeln!(out, "# TYPE yinian_events_waiting gauge\nyinian_events_waiting {}", backlog.events);
    let _ =
        writeln!(out, "# TYPE yinian_resident_bytes gauge\nyinian_resident_bytes {}", crate::machine::resident_bytes());
    if let Some(f) = watched(app) {
        let blocked = f.blocked_since.map_or(0, |since| app.db().now().since(since).max(0) / 1_000);
        for (name, value) in [
            ("readings_total", f.readings),
            ("alarms_total", f.alarms),
            ("alarms_unraised", f.unraised),
            ("alarms_of_nobody_total", f.nobodys),
            ("store_retries_total", f.retries),
            ("store_blocked_seconds", blocked as u64),
        ] {
            let kind = if name.ends_with("_total") { "counter" } else { "gauge" };
            let _ = writeln!(out, "# TYPE yinian_{name} {kind}\nyinian_{name} {value}");
        }
    }
    let info = format!("version=\"{}\",engine=\"{}\"", env!("CARGO_PKG_VERSION"), app.db().engine().name());
    let _ = writeln!(out, "# TYPE yinian_info gauge\nyinian_info{{{info}}} 1");
    Ok(out)
}
