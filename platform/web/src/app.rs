//! The handle every handler takes.
use crate::viewer::Authenticator;
use kernel::{Clock, Error, Instant, Permission, RegionBook, RegionCode, Result};
use std::any::{Any, TypeId};
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, RwLock};
use store::Db;

/// What the installation is.
#[derive(Clone, Debug)]
pub struct Site {
    /// Shown in titles: 汕尾市智慧养老服务平台.
    pub name: String,
    /// The region the installation serves.
    pub region: RegionCode,
    /// Demo data: banner on every page, one-click sign-in.
    pub demo: bool,
    /// Where files (photos, exports) are kept.
    pub data: PathBuf,
    /// Session cookies only over https.
    pub secure_cookies: bool,
}

/// One entry of the rail; shown to roles that hold the permission.
#[derive(Clone, Copy, Debug)]
pub struct NavEntry {
    pub href: &'static str,
    pub icon: &'static str,
    pub word: &'static str,
    pub needs: Permission,
    /// Roles on phones have their own shell and no rail.
    pub order: u8,
}

/// Something everyone of a place has to see on every page until it is over: an alarm nobody answers, a gateway cut off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Banner {
    /// Shown to whoever looks at a region inside or around it.
    pub region: RegionCode,
    pub text: String,
    pub href: &'static str,
    pub needs: Permission,
}

/// What [`App::new`] is made from.
pub struct AppParts {
    pub db: Db,
    pub site: Site,
    pub auth: Arc<dyn Authenticator>,
    pub nav: Vec<NavEntry>,
    pub regions: RegionBook,
    pub runner: Option<work::Runner>,
}

struct Inner {
    parts: AppParts,
    regions: RwLock<Arc<RegionBook>>,
    banners: RwLock<Arc<Vec<Banner>>>,
    things: HashMap<TypeId, Arc<dyn Any + Send + Sync>>,
}

/// Cheap to clone; one per process.
#[derive(Clone)]
pub struct App(Arc<Inner>);

impl App {
    /// `things` are what capabilities keep in memory (loaded policy packs, caches), found again by type.
    pub fn new(mut parts: AppParts, things: Vec<Arc<dyn Any + Send + Sync>>) -> App {
        parts.nav.sort_by_key(|n| n.order);
        let regions = RwLock::new(Arc::new(parts.regions.clone()));
        let things = things.into_iter().map(|t| ((*t).type_id(), t)).collect();
        App(Arc::new(Inner { parts, regions, banners: RwLock::default(), things }))
    }
    pub fn db(&self) -> &Db {
        &self.0.parts.db
    }
    pub fn site(&self) -> &Site {
        &self.0.parts.site
    }
    pub fn clock(&self) -> &Clock {
        self.db().clock()
    }
    pub fn now(&self) -> Instant {
        self.db().now()
    }
    pub fn nav(&self) -> &[NavEntry] {
        &self.0.parts.nav
    }
    pub fn runner(&self) -> Option<&work::Runner> {
        self.0.parts.runner.as_ref()
    }
    pub(crate) fn auth(&self) -> &Arc<dyn Authenticator> {
        &self.0.parts.auth
    }
    pub fn regions(&self) -> Arc<RegionBook> {
        self.0.regions.read().map(|r| r.clone()).unwrap_or_default()
    }
    /// After another city's file was loaded.
    pub fn set_regions(&self, book: RegionBook) {
        if let Ok(mut slot) = self.0.regions.write() {
            *slot = Arc::new(book);
        }
    }
    /// What has to be seen on every page from now on; an empty list ends it.
    pub fn set_banners(&self, banners: Vec<Banner>) {
        if let Ok(mut slot) = self.0.banners.write() {
            *slot = Arc::new(banners);
        }
    }
    pub fn banners(&self) -> Arc<Vec<Banner>> {
        self.0.banners.read().map(|b| b.clone()).unwrap_or_default()
    }
    /// What a capability registered at start.
    ///
    /// # Errors
    /// `Internal` if the program was wired without it.
    pub fn thing<T: Any + Send + Sync>(&self) -> Result<Arc<T>> {
        self.0
            .things
            .get(&TypeId::of::<T>())
            .and_then(|t| t.clone().downcast::<T>().ok())
            .ok_or_else(|| Error::Internal(format!("{} is not wired", std::any::type_name::<T>())))
    }
}
