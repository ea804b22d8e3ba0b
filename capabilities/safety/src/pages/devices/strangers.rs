//! Identities that report and are not registered.
use super::{AT, staff, when};
use crate::devices::{self, Protocol};
use askama::Template;
use kernel::Tier;
use web::axum::extract::{Query, State};
use web::axum::response::Response;
use web::{App, Page, Viewer, html};

struct Line {
    identity: String,
    protocol: &'static str,
    adopt: String,
    first: String,
    last: String,
    count: i64,
    calls: i64,
    peer: String,
    sample: String,
}

#[derive(Template)]
#[template(path = "safety/device_strangers.html")]
struct List {
    page: Page,
    lines: Vec<Line>,
    q: String,
    /// Below a county only by the whole number.
    by_number: bool,
}

#[derive(Debug, Default, serde::Deserialize)]
pub(in crate::pages) struct Question {
    #[serde(default)]
    q: String,
}

/// So many are shown; the rest by their number.
const SHOWN: i64 = 200;

fn coded(text: &str) -> String {
    text.bytes()
        .map(|b| match b {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' => char::from(b).to_string(),
            b => format!("%{b:02X}"),
        })
        .collect()
}

/// What can be read of a message's beginning; the rest as dots.
fn readable(sample: &[u8]) -> String {
    let text: String = String::from_utf8_lossy(sample).chars().take(80).collect();
    text.chars().map(|c| if c.is_control() || c == '\u{fffd}' { '·' } else { c }).collect()
}

fn adopt(protocol: Protocol, identity: &str) -> String {
    format!("{AT}/new?protocol={}&identity={}", protocol.code(), coded(identity))
}

pub(in crate::pages) async fn page(
    State(app): State<App>,
    viewer: Viewer,
    Query(q): Query<Question>,
) -> web::Result<Response> {
    let q: String = q.q.trim().chars().take(64).collect();
    let now = app.now();
    let lines = devices::strangers_like(app.db(), &viewer.actor(), &q, SHOWN).await?;
    html(&List {
        lines: lines
            .into_iter()
            .map(|s| Line {
                adopt: adopt(s.protocol, &s.identity),
                protocol: s.protocol.zh(),
                first: when(s.first_at, now),
                last: when(s.last_at, now),
                count: s.count,
                calls: s.calls,
                peer: s.peer,
                sample: readable(&s.sample),
                identity: s.identity,
            })
            .collect(),
        by_number: viewer.full_scope.region.tier() > Tier::County,
        q,
        page: staff(&app, &viewer, "没登记的设备"),
    })
}
