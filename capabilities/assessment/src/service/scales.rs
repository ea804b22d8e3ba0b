//! Scales of the installation: accepting them, loading one's own, settling what a standard leaves open.
use super::conclude::conclude_in;
use super::{SCALE_ACCEPTED, SCALE_LOADED, SCALE_SET};
use crate::book::{Scales, fingerprint};
use crate::store::cases;
use crate::store::scales as sql;
use ::scales::{Combining, Grading, Scale, Settings, Stacking};
use kernel::{Actor, Error, Instant, Permission, Result};
use std::sync::Arc;
use store::{Db, Sql};

pub use crate::store::scales::Acceptance;

/// What the place has settled, with who did and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settled {
    pub settings: Settings,
    pub reason: String,
    pub set_by: String,
    pub at: Instant,
}

/// A scale with how it stands here.
#[derive(Clone, Debug)]
pub struct ScaleView {
    pub scale: Arc<Scale>,
    pub acceptance: Option<Acceptance>,
    pub settled: Option<Settled>,
}

impl ScaleView {
    /// Its results decide.
    pub fn in_use(&self) -> bool {
        self.scale.to_confirm().is_empty() || self.acceptance.is_some()
    }
    /// The document leaves combinations without a level or with several.
    pub fn asks_combining(&self) -> bool {
        asks_combining(&self.scale)
    }
    /// Several adjustments may raise the level at once.
    pub fn asks_stacking(&self) -> bool {
        asks_stacking(&self.scale)
    }
}

fn asks_combining(scale: &Scale) -> bool {
    matches!(&scale.grading, Grading::Combination(c) if c.ambiguous)
}

fn asks_stacking(scale: &Scale) -> bool {
    scale.adjustments.iter().filter(|a| matches!(a.effect, ::scales::Effect::Raise(_))).count() > 1
}

async fn view(db: &Db, scale: Arc<Scale>) -> Result<ScaleView> {
    let acceptance = sql::acceptance(db.read(), scale.id.as_str(), &fingerprint(&scale)).await?;
    let settled = sql::setting(db.read(), scale.id.as_str()).await?.map(|s| Settled {
        settings: read(&s),
        reason: s.reason,
        set_by: s.set_by,
        at: s.at,
    });
    Ok(ScaleView { scale, acceptance, settled })
}

fn read(row: &sql::SettingRow) -> Settings {
    Settings {
        combination: Combining::parse(&row.combining).unwrap_or_default(),
        stacking: row.stacking.as_deref().and_then(Stacking::parse),
    }
}

/// What the place has settled of a scale; the defaults where nothing was: nothing is chosen silently.
pub async fn settings_of<C: Sql>(conn: &C, scale: &str) -> Result<Settings> {
    Ok(sql::setting(conn, scale).await?.map(|s| read(&s)).unwrap_or_default())
}

/// All scales in use.
pub async fn scales_list(db: &Db, scales: &Scales) -> Result<Vec<ScaleView>> {
    let mut out = Vec::new();
    for scale in scales.all(db).await? {
        out.push(view(db, scale).await?);
    }
    Ok(out)
}

/// One scale.
///
/// # Errors
/// `NotFound`.
pub async fn scale_view(db: &Db, scales: &Scales, id: &str) -> Result<ScaleView> {
    view(db, scales.current(db, id).await?).await
}

/// An administrator has compared the text with the official one: its results decide from now on, those that waited
/// included.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Conflict` when the text is no longer the one that was read (`seen`, its fingerprint);
/// `Invalid` without a word on what it was compared with.
pub async fn accept(db: &Db, scales: &Scales, actor: &Actor, id: &str, seen: &str, note: &str) -> Result<i64> {
    actor.require(Permission::ScaleManage)?;
    let scale = scales.current(db, id).await?;
    let print = fingerprint(&scale);
    if print != seen {
        return Err(Error::Conflict("这份量表刚换了文本，重新看过再启用".into()));
    }
    if note.trim().is_empty() {
        return Err(Error::invalid("note", "写明对照了哪份文件"));
    }
    let tx = db.begin().await?;
    sql::keep(&tx, actor, id, &print, &scale.text, false).await?;
    sql::accept(&tx, actor, id, &print, note.trim()).await?;
    let detail = serde_json::json!({ "fingerprint": print, "to_confirm": scale.to_confirm().len() });
    audit::record(&tx, actor, audit::Entry::new(SCALE_ACCEPTED, "scale", id).reason(note.trim()).detail(detail))
        .await?;
    let mut concluded = 0;
    for case in cases::waiting_for_scale(&tx, id, &print).await? {
        let after = conclude_in(&tx, db, scales, actor, case).await?;
        concluded += i64::from(after.state.counts());
    }
    tx.commit().await?;
    Ok(concluded)
}

/// Loads a place's own scale, or its own text of a shipped one.
///
/// # Errors
/// `Forbidden`; `Invalid` at `text` with line, column and what to do.
pub async fn load_own(db: &Db, actor: &Actor, file: &str, text: &str) -> Result<String> {
    actor.require(Permission::ScaleManage)?;
    let scale = Scale::load(file, text)
        .map_err(|e| Error::invalid("text", format!("第 {} 行第 {} 列：{}", e.line, e.column, e.message)))?;
    let tx = db.begin().await?;
    sql::keep(&tx, actor, scale.id.as_str(), &fingerprint(&scale), text, true).await?;
    let detail = serde_json::json!({ "fingerprint": fingerprint(&scale) });
    audit::record(&tx, actor, audit::Entry::new(SCALE_LOADED, "scale", &scale.id).detail(detail)).await?;
    tx.commit().await?;
    Ok(scale.id.to_string())
}

/// Settles what the standard's text leaves open, for results submitted from now on.
///
/// # Errors
/// `Forbidden`, `NotFound`; `Refused` where the scale leaves nothing open; `Invalid` without a reason.
pub async fn set_setting(
    db: &Db,
    scales: &Scales,
    actor: &Actor,
    id: &str,
    settings: Settings,
    reason: &str,
) -> Result<()> {
    actor.require(Permission::ScaleManage)?;
    let scale = scales.current(db, id).await?;
    if !asks_combining(&scale) && !asks_stacking(&scale) {
        return Err(Error::refused("这份量表没有要设定的"));
    }
    if reason.trim().is_empty() {
        return Err(Error::invalid("reason", "写明依据哪份文件或会议"));
    }
    let stacking = settings.stacking.map(Stacking::code);
    let tx = db.begin().await?;
    sql::set(&tx, actor, id, settings.combination.code(), stacking, reason.trim()).await?;
    let detail = serde_json::json!({ "combining": settings.combination, "stacking": settings.stacking });
    audit::record(&tx, actor, audit::Entry::new(SCALE_SET, "scale", id).reason(reason.trim()).detail(detail)).await?;
    tx.commit().await
}
