//! The packs in force, shared by a process and brought up to date when another approves a version.
use crate::model::from_day;
use crate::packs::Packs;
use crate::store::versions;
use async_trait::async_trait;
use kernel::{Error, Result};
use policy::Pack;
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use store::Db;

/// Where packs are taken from. Every use asks the store whether something was approved since, which is one small read.
#[derive(Debug)]
pub struct Shelf {
    shipped: Arc<Packs>,
    /// With the stamp of the store they were made at.
    held: RwLock<(i64, Arc<Packs>)>,
}

impl Shelf {
    /// What comes with the product, to be overlaid by what is approved.
    ///
    /// # Errors
    /// As [`Packs::shipped`].
    pub fn shipped() -> Result<Shelf> {
        Ok(Shelf::of(Packs::shipped()?))
    }
    /// These packs, to be overlaid by what is approved.
    pub fn of(packs: Packs) -> Shelf {
        let shipped = Arc::new(packs);
        Shelf { held: RwLock::new((0, shipped.clone())), shipped }
    }
    /// What comes with the product, without what was approved.
    pub fn base(&self) -> &Packs {
        &self.shipped
    }
    /// The packs with every approved version.
    ///
    /// # Errors
    /// `Internal` where an approved text does not load any more.
    pub async fn packs(&self, db: &Db) -> Result<Arc<Packs>> {
        let stamp = versions::stamp(db.read()).await?;
        if let Ok(held) = self.held.read()
            && held.0 == stamp
        {
            return Ok(held.1.clone());
        }
        let mut all = self.shipped.all().to_vec();
        for v in versions::approved(db.read()).await? {
            let pack = Pack::load(&format!("{}@{}", v.pack, v.number), &v.body).map_err(Error::internal)?;
            all.push(from_day(pack, v.effective_on));
        }
        let packs = Arc::new(Packs::of(all));
        if let Ok(mut held) = self.held.write() {
            *held = (stamp, packs.clone());
        }
        Ok(packs)
    }
}

#[async_trait]
impl books::Titles for Shelf {
    async fn titles(&self, db: &Db) -> Result<HashMap<String, String>> {
        Ok(self.packs(db).await?.titles())
    }
}
