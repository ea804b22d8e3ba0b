//! The menu that comes with the product, for a start and for the demo.
use crate::model::{Category, Help, ItemDraft, PriceDraft, Skill, Unit};
use crate::service;
use crate::store as sql;
use kernel::{Actor, CivilDate, Error, Fen, RegionCode, Result};
use serde::Deserialize;
use store::{Db, Tx};

const MENU: &str = include_str!("../../../data/catalogue.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Menu {
    item: Vec<Line>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Line {
    code: String,
    name: String,
    summary: String,
    category: Category,
    help: Option<Help>,
    unit: Unit,
    minutes: u32,
    #[serde(default)]
    skills: Vec<Skill>,
    #[serde(default)]
    checklist: Vec<String>,
    #[serde(default)]
    photos: u32,
    fen: Fen,
}

/// Where and on which document the shipped menu is put in force.
#[derive(Clone, Debug)]
pub struct Seed {
    pub region: RegionCode,
    pub document: String,
    pub from: CivilDate,
}

/// Loads the shipped menu with its example prices. Items whose code is already there are left as they are.
/// Returns how many were added.
///
/// # Errors
/// `Forbidden` outside the actor's region; `Invalid` without a document.
pub async fn seed(tx: &Tx, db: &Db, actor: &Actor, ask: &Seed) -> Result<usize> {
    let menu: Menu = toml::from_str(MENU).map_err(|e| Error::Internal(format!("data/catalogue.toml: {e}")))?;
    let mut added = 0;
    for line in menu.item {
        if sql::item_by_code(tx, &line.code).await?.is_some() {
            continue;
        }
        let price =
            PriceDraft { region: ask.region, from: ask.from, to: None, fen: line.fen, document: ask.document.clone() };
        let draft = ItemDraft {
            code: line.code,
            name: line.name,
            summary: line.summary,
            category: line.category,
            help: line.help,
            unit: line.unit,
            minutes: line.minutes,
            skills: Skill::set(&line.skills),
            checklist: line.checklist,
            photos: line.photos,
            region: ask.region,
            active: true,
        };
        let id = service::create_item(tx, db, actor, draft).await?;
        service::add_price(tx, db, actor, id, price).await?;
        added += 1;
    }
    Ok(added)
}
