//! For those who watch the machine: alive, ready, figures.
use kernel::Result;
use std::fmt::Write;
use web::axum::extract::State;
use web::axum::http::{StatusCode, header};
use web::axum::response::{IntoResponse, Response};
use web::{App, Need, Routes};

pub fn routes() -> Routes {
    Routes::new("health").get("/healthz", Need::Public, || async { "ok\n" }).get("/readyz", Need::Public, ready).get(
        "/metrics",
        Need::Public,
        metrics,
    )
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
    let info = format!("version=\"{}\",engine=\"{}\"", env!("CARGO_PKG_VERSION"), app.db().engine().name());
    let _ = writeln!(out, "# TYPE yinian_info gauge\nyinian_info{{{info}}} 1");
    Ok(out)
}
