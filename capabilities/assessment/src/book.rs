//! The scales of this installation: those that come with the product and those a place has loaded.
use crate::store::scales as sql;
use kernel::{Error, Result};
use scales::{Scale, ScaleError};
use std::collections::HashMap;
use std::sync::{Arc, RwLock};
use store::{Db, Sql};

/// All scales in memory. Own ones are read once each; which of them hold is asked of the database every time, so that
/// all processes of an installation agree.
pub struct Scales {
    shipped: Vec<Arc<Scale>>,
    read: RwLock<HashMap<(String, String), Arc<Scale>>>,
}

/// The name a text of a scale is stored under.
pub fn fingerprint(scale: &Scale) -> String {
    format!("{:016x}", scale.fingerprint)
}

fn unknown() -> Error {
    Error::NotFound("这份量表".into())
}

impl Scales {
    /// # Errors
    /// `Internal` with the fault in a shipped document.
    pub fn shipped() -> Result<Scales> {
        let shipped = scales::shipped().map_err(|e: ScaleError| Error::internal(e))?;
        Ok(Scales { shipped: shipped.into_iter().map(Arc::new).collect(), read: RwLock::new(HashMap::new()) })
    }
    /// Every scale in use, shipped ones first; a place's own text of a shipped scale takes its place.
    pub async fn all(&self, db: &Db) -> Result<Vec<Arc<Scale>>> {
        let mut out = self.shipped.clone();
        for own in sql::own_latest(db).await? {
            let scale = self.exact(db.read(), &own.id, &own.fingerprint).await?;
            match out.iter_mut().find(|s| s.id == scale.id) {
                Some(place) => *place = scale,
                None => out.push(scale),
            }
        }
        Ok(out)
    }
    /// The text of a scale that new assessments use.
    ///
    /// # Errors
    /// `NotFound`.
    pub async fn current(&self, db: &Db, id: &str) -> Result<Arc<Scale>> {
        self.all(db).await?.into_iter().find(|s| s.id.as_str() == id).ok_or_else(unknown)
    }
    /// One text of a scale, as an assessment was made with it.
    ///
    /// # Errors
    /// `NotFound` for a text nobody kept.
    pub async fn exact<C: Sql>(&self, conn: &C, id: &str, print: &str) -> Result<Arc<Scale>> {
        if let Some(s) = self.shipped.iter().find(|s| s.id.as_str() == id && fingerprint(s) == print) {
            return Ok(s.clone());
        }
        let key = (id.to_string(), print.to_string());
        if let Some(s) = self.read.read().ok().and_then(|r| r.get(&key).cloned()) {
            return Ok(s);
        }
        let text = sql::text(conn, id, print).await?.ok_or_else(unknown)?;
        let scale = Arc::new(Scale::load(id, &text).map_err(Error::internal)?);
        if let Ok(mut read) = self.read.write() {
            read.insert(key, scale.clone());
        }
        Ok(scale)
    }
    /// What a scale is called for people; its id when nobody knows it any more.
    pub fn title(&self, id: &str) -> String {
        let known = self.shipped.iter().find(|s| s.id.as_str() == id).map(|s| s.short_title.clone());
        let own = || {
            let read = self.read.read().ok()?;
            read.iter().find(|((i, _), _)| i == id).map(|(_, s)| s.short_title.clone())
        };
        known.or_else(own).unwrap_or_else(|| id.to_string())
    }
}
