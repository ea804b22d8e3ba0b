//! `POST /api/v1/readings`: other platforms hand in what their devices said, in our JSON, with an API key. The answer comes
//! after everything is stored.
use crate::directory::Directory;
use crate::translate;
use axum::Json;
use axum::body::Bytes;
use axum::extract::State;
use axum::response::{IntoResponse, Response};
use kernel::{Error, Permission};
use safety::devices::Protocol;
use safety::readings::{Intake, Message};
use std::sync::Arc;
use web::{App, Routes, Viewer};
use wire::plain;

/// The application's place for the door; open while a gateway runs in this process.
#[derive(Default)]
pub struct Doorway(std::sync::OnceLock<Door>);

impl Doorway {
    pub fn open(&self, door: Door) {
        // A second gateway of one process would be a mistake of ours; the first stays.
        let _ = self.0.set(door);
    }
}

/// What the pages need of a running gateway.
#[derive(Clone)]
pub struct Door {
    pub intake: Intake,
    pub directory: Arc<Directory>,
}

pub fn routes() -> Routes {
    Routes::new("gateway").post("/api/v1/readings", Permission::SafetyPrepare, take)
}

async fn take(State(app): State<App>, viewer: Viewer, body: Bytes) -> web::Result<Response> {
    let way = app.thing::<Doorway>()?;
    let door = way.0.get().ok_or_else(|| Error::refused("本机没有开设备网关，换到开了网关的地址"))?;
    let now = app.db().now();
    let taken = plain::decode(&body, None, now, |_| true)
        .map_err(|w| Error::invalid(format!("{}.{}", w.at, w.field), w.what))?;
    let (mut stored, mut unknown) = (0usize, Vec::new());
    for record in &taken.records {
        let name = record.device.clone().unwrap_or_default();
        let entry = door.directory.find(Protocol::Http, &name).await?;
        // Of another place's devices a key learns nothing.
        let mine = |d: &safety::devices::Known| d.bound.is_some() && viewer.full_scope.covers(&d.region);
        let device = entry.as_ref().map(|e| e.now()).filter(|d| mine(d));
        let Some(device) = device else {
            let call = record.alarms.iter().any(|a| a.of_a_person());
            door.directory.stranger(Protocol::Http, &name, "api", &body, call);
            unknown.push(name);
            continue;
        };
        let said = translate::said(record, &device, now);
        if let Some(entry) = &entry {
            entry.heard(now, record.vitals.battery, None, None);
            translate::of_itself(record, entry, now);
        }
        door.intake.store(Message::new(device, now, said)).await?;
        stored += 1;
    }
    let answer = serde_json::json!({ "taken": stored, "ids": taken.ids, "unknown": unknown });
    Ok(Json(answer).into_response())
}
