//! Registered devices in memory: looked up once, kept fresh by what changed, and the quarantine of those not registered.
use kernel::{Instant, Result};
use safety::devices::{self, DeviceId, Known, NewSign, Protocol, Sign, Stranger};
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use store::Db;

/// A device in use: what is known of it is replaced when it is bound, unbound or changed.
#[derive(Debug)]
pub(crate) struct Entry {
    known: RwLock<Arc<Known>>,
    sign: Mutex<Told>,
}

/// What a device said of itself and is not written yet.
#[derive(Debug, Default)]
struct Told {
    sign: Option<Sign>,
    written: Option<Instant>,
}

impl Entry {
    fn new(known: Known) -> Entry {
        Entry { known: RwLock::new(Arc::new(known)), sign: Mutex::default() }
    }
    pub(crate) fn now(&self) -> Arc<Known> {
        self.known.read().unwrap_or_else(PoisonError::into_inner).clone()
    }
    /// A sign of life with what it said of itself, if anything.
    pub(crate) fn heard(&self, at: Instant, battery: Option<u8>, signal: Option<i32>, firmware: Option<String>) {
        let mut told = self.sign.lock().unwrap_or_else(PoisonError::into_inner);
        let sign = told.sign.get_or_insert(Sign { heard_at: at, battery: None, signal: None, firmware: None });
        sign.heard_at = at;
        sign.battery = battery.or(sign.battery);
        sign.signal = signal.or(sign.signal);
        if firmware.is_some() {
            sign.firmware = firmware;
        }
    }
    /// What is to be written by now: a device that was never written at once, the others once a minute.
    fn due(&self, now: Instant) -> Option<NewSign> {
        let mut told = self.sign.lock().unwrap_or_else(PoisonError::into_inner);
        if told.written.is_some_and(|at| (0..SIGN_MS).contains(&now.since(at))) {
            return None;
        }
        let sign = told.sign.take()?;
        told.written = Some(now);
        Some(NewSign { no: self.now().no, sign })
    }
}

/// How long an unknown identity is remembered as unknown.
const UNKNOWN_MS: i64 = 3_000;
/// Most identities remembered as unknown, and sightings waiting to be written.
const UNKNOWN_MAX: usize = 4_096;
/// Devices in memory beyond which those nobody is connected as are let go.
const KNOWN_MAX: usize = 250_000;
/// A device's signs of life are written so often at most, and so many in one transaction.
const SIGN_MS: i64 = 60_000;
const SIGNS: usize = 500;
/// How far back changes are read again: transactions that took a while.
const BACK_MS: i64 = 60_000;

type Key = (Protocol, String);

#[derive(Default)]
struct Inner {
    known: HashMap<Key, Arc<Entry>>,
    by_id: HashMap<DeviceId, Arc<Entry>>,
    unknown: HashMap<Key, Instant>,
    seen: HashMap<Key, Stranger>,
}

/// The gateway's view of the estate.
pub struct Directory {
    db: Db,
    inner: Mutex<Inner>,
}

impl Directory {
    pub fn new(db: Db) -> Directory {
        Directory { db, inner: Mutex::default() }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The device of an identity, if it is registered and not out of use.
    pub(crate) async fn find(&self, protocol: Protocol, identity: &str) -> Result<Option<Arc<Entry>>> {
        let key = (protocol, identity.to_string());
        let now = self.db.now();
        {
            let inner = self.lock();
            if let Some(e) = inner.known.get(&key) {
                return Ok(Some(e.clone()).filter(|e| e.now().usable()));
            }
            if inner.unknown.get(&key).is_some_and(|at| (0..UNKNOWN_MS).contains(&now.since(*at))) {
                return Ok(None);
            }
        }
        let found = devices::by_identity(&self.db, protocol, identity).await?;
        let mut inner = self.lock();
        let Some(found) = found else {
            if inner.unknown.len() >= UNKNOWN_MAX {
                inner.unknown.clear();
            }
            inner.unknown.insert(key, now);
            return Ok(None);
        };
        if inner.known.len() >= KNOWN_MAX {
            inner.known.retain(|_, e| Arc::strong_count(e) > 2);
            let Inner { known, by_id, .. } = &mut *inner;
            by_id.retain(|_, e| known.values().any(|k| Arc::ptr_eq(k, e)));
        }
        let id = found.id;
        let fresh = || Arc::new(Entry::new(found));
        let entry = inner.known.entry(key).or_insert_with(fresh).clone();
        inner.by_id.insert(id, entry.clone());
        Ok(Some(entry).filter(|e| e.now().usable()))
    }

    /// Counts a message of an identity nobody registered, or of a device that is nobody's.
    pub(crate) fn stranger(&self, protocol: Protocol, identity: &str, peer: &str, sample: &[u8], call: bool) {
        let now = self.db.now();
        let mut inner = self.lock();
        let key = (protocol, identity.chars().take(64).collect::<String>());
        if !inner.seen.contains_key(&key) && inner.seen.len() >= UNKNOWN_MAX {
            return;
        }
        let s = inner.seen.entry(key).or_insert_with_key(|k| Stranger {
            protocol,
            identity: k.1.clone(),
            first_at: now,
            last_at: now,
            count: 0,
            calls: 0,
            peer: peer.to_string(),
            sample: sample.iter().take(256).copied().collect(),
        });
        s.count += 1;
        s.calls += i64::from(call);
        s.last_at = now;
    }

    /// Writes the sightings since the last time and takes over what changed since `since`. Returns the next `since`.
    pub(crate) async fn tend(&self, since: Instant) -> Result<Instant> {
        let now = self.db.now();
        let changed = devices::changed(&self.db, since).await?;
        // Only those in use here whose state is another: an import changes thousands at once.
        let stale: Vec<DeviceId> = {
            let mut inner = self.lock();
            let mut stale = Vec::new();
            for c in changed {
                if inner.by_id.get(&c.id).is_some_and(|e| e.now().version != c.version) {
                    stale.push(c.id);
                }
                inner.unknown.remove(&(c.protocol, c.identity));
            }
            stale
        };
        let changed = devices::known_all(&self.db, &stale).await?;
        let (seen, signs): (Vec<Stranger>, Vec<NewSign>) = {
            let mut inner = self.lock();
            for k in changed {
                if let Some(e) = inner.by_id.get(&k.id) {
                    *e.known.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(k);
                }
            }
            let signs = inner.by_id.values().filter_map(|e| e.due(now)).collect();
            (inner.seen.drain().map(|(_, s)| s).collect(), signs)
        };
        for part in signs.chunks(SIGNS) {
            devices::signs(&self.db, part.to_vec()).await?;
        }
        if !seen.is_empty() {
            devices::quarantine(&self.db, seen).await?;
        }
        Ok(now.plus_ms(-BACK_MS))
    }
}
