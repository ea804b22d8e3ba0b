//! Looking at what devices said of an elder. Every look is a sensitive read and written down; who does not agree to the
//! use of what is known is shown to nobody beyond what an open emergency needs.
use crate::model::{Consent, Fix};
use crate::readings::{self, Hour, Stored};
use crate::store::{cases, home};
use audit::{Action, Entry};
use kernel::{Actor, CivilDate, ElderId, GeoPoint, Permission, Result};
use people::model::ElderCard;
use serde_json::json;
use store::Db;
use vigil::{Fence, Settings};

const VITALS_SEEN: Action = Action::new("safety.vitals_seen", "查看体征");
const VITALS_TAKEN: Action = Action::new("safety.vitals_exported", "导出体征");
const TRACK_SEEN: Action = Action::new("safety.track_seen", "查看轨迹");
const TRACK_TAKEN: Action = Action::new("safety.track_exported", "导出轨迹");

/// A look at an elder's readings.
#[derive(Clone, Copy, Debug)]
pub struct Look {
    pub elder: ElderId,
    pub from: CivilDate,
    /// The last day, included.
    pub to: CivilDate,
    /// They are taken away as a file.
    pub export: bool,
}

/// Vitals of some days.
#[derive(Clone, Debug)]
pub struct Vitals {
    pub card: ElderCard,
    pub consent: Consent,
    pub settings: Settings,
    pub latest: Vec<Stored>,
    /// Single readings; empty for days that are kept as hours, and without consent.
    pub whole: Vec<Stored>,
    pub hours: Vec<Hour>,
}

/// The way of some days.
#[derive(Clone, Debug)]
pub struct Way {
    pub card: ElderCard,
    pub consent: Consent,
    pub home: Option<GeoPoint>,
    pub fences: Vec<Fence>,
    /// Positions, and calls for help that tell of a damaged message.
    pub said: Vec<Stored>,
    /// Without consent: where an open emergency has it.
    pub last: Option<Fix>,
}

async fn written(db: &Db, actor: &Actor, card: &ElderCard, action: Action, look: &Look, shown: bool) -> Result<()> {
    let tx = db.begin().await?;
    let detail = json!({ "from": look.from, "to": look.to, "shown": shown });
    audit::record(&tx, actor, Entry::new(action, "elder", card.id).region(card.region).detail(detail)).await?;
    tx.commit().await
}

/// Vitals, sleep and steps of some days, single or by the hour.
///
/// # Errors
/// `Forbidden`; `NotFound` outside the scope.
pub async fn vitals(db: &Db, telemetry: &Db, actor: &Actor, look: Look, whole: bool) -> Result<Vitals> {
    actor.require(Permission::SafetyRead)?;
    let scope = actor.scope();
    let card = people::service::card(db, scope, look.elder).await?;
    let consent = home::home(db.read(), db, card.id).await?.consent;
    let action = if look.export { VITALS_TAKEN } else { VITALS_SEEN };
    written(db, actor, &card, action, &look, consent.full()).await?;
    let settings = crate::devices::settings(db, scope, card.id).await?;
    let mut out = Vitals { card, consent, settings, latest: Vec::new(), whole: Vec::new(), hours: Vec::new() };
    if !consent.full() {
        return Ok(out);
    }
    let id = out.card.id;
    out.latest = readings::latest(db, telemetry, scope, id).await?;
    if whole {
        out.whole = readings::of_elder(db, telemetry, scope, id, look.from, look.to).await?;
    }
    if out.whole.is_empty() {
        out.hours = readings::hours(db, telemetry, scope, id, look.from, look.to).await?;
    }
    Ok(out)
}

/// The way of some days, with home and fences. Without consent only the place of an emergency that is open.
///
/// # Errors
/// `Forbidden`; `NotFound` outside the scope.
pub async fn way(db: &Db, telemetry: &Db, actor: &Actor, look: Look) -> Result<Way> {
    actor.require(Permission::SafetyRead)?;
    let scope = actor.scope();
    let card = people::service::card(db, scope, look.elder).await?;
    let consent = home::home(db.read(), db, card.id).await?.consent;
    let action = if look.export { TRACK_TAKEN } else { TRACK_SEEN };
    written(db, actor, &card, action, &look, consent.full()).await?;
    let (home, id) = (card.place, card.id);
    let mut out = Way { card, consent, home, fences: Vec::new(), said: Vec::new(), last: None };
    if !consent.full() {
        out.home = None;
        if let Some(case) = cases::open_of(db.read(), id, true, "").await? {
            let all = cases::alarms(db.read(), db, &[case.id]).await?;
            out.last = all.iter().filter_map(|a| a.fix).max_by_key(|f| f.at);
        }
        return Ok(out);
    }
    out.fences = crate::devices::settings(db, scope, id).await?.places.fences;
    out.said = readings::of_elder(db, telemetry, scope, id, look.from, look.to).await?;
    Ok(out)
}
