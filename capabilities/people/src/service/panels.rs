//! How later capabilities appear on the elder's page without this one knowing them.
use crate::model::ElderCard;
use async_trait::async_trait;
use kernel::{ElderId, Instant, Result, Scope};
use std::sync::Arc;
use store::Db;
use web::{App, Viewer};

/// A column of the elder's page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Left,
    Middle,
    Right,
}

/// A card ready for the page: `<section class="card">…`, rendered by its capability's own template.
#[derive(Clone, Debug)]
pub struct PanelHtml {
    pub slot: Slot,
    pub html: String,
}

/// One thing that happened to an elder.
#[derive(Clone, Debug, PartialEq)]
pub struct TimelineItem {
    pub at: Instant,
    pub text: String,
    /// A person, or 自动.
    pub who: String,
    /// Something went wrong: drawn as a red diamond.
    pub bad: bool,
    pub href: Option<String>,
}

/// What a capability shows of an elder.
#[async_trait]
pub trait Panel: Send + Sync {
    /// Place in its column; smaller is higher.
    fn order(&self) -> i32;
    /// The card, or nothing for this viewer.
    async fn panel(&self, app: &App, viewer: &Viewer, elder: &ElderCard) -> Result<Option<PanelHtml>>;
    /// Its events, newest first.
    async fn timeline(&self, db: &Db, scope: &Scope, elder: ElderId) -> Result<Vec<TimelineItem>>;
}

/// All panels of the program; registered as a thing of the [`App`].
pub struct Panels(pub Vec<Arc<dyn Panel>>);
