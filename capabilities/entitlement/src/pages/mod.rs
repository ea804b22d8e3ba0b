//! Pages: policies, those entitled, one elder's reasons, purses.
use crate::packs::Packs;
use people::model::ElderCard;
use web::{App, NavEntry, Routes, Viewer};

pub(crate) fn routes() -> Routes {
    Routes::new("entitlement")
}

pub(crate) fn nav() -> Vec<NavEntry> {
    Vec::new()
}

pub(crate) async fn panel_html(_: &App, _: &Viewer, _: &Packs, _: &ElderCard) -> kernel::Result<String> {
    Ok(String::new())
}
