//! Typed identifiers (UUIDv7). A person sees an order number, never one of these.
use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;
use std::sync::atomic::{AtomicU64, Ordering};
use uuid::Uuid;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        $($(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(pub Uuid);
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result { self.0.fmt(f) }
        }
        impl FromStr for $name {
            type Err = uuid::Error;
            fn from_str(s: &str) -> Result<Self, Self::Err> { Uuid::parse_str(s).map($name) }
        }
        impl From<$name> for Uuid { fn from(id: $name) -> Uuid { id.0 } }
        impl From<Uuid> for $name { fn from(id: Uuid) -> $name { $name(id) } }
        #[cfg(feature = "sql")]
        crate::sql::sql_uuid!($name);
        )*
        #[cfg(feature = "sql")]
        #[allow(dead_code)]
        fn _all_ids_bind() { $( let _ = |v: $name| -> sea_orm::Value { v.into() }; )* }
    };
}

ids! {
    /// One elder's archive.
    ElderId,
    /// A household (户): the unit of some entitlements.
    HouseholdId,
    /// A signed-in person's account.
    UserId,
    /// An organisation: government body, provider, institution.
    OrgId,
    /// A care worker.
    WorkerId,
    /// A work order.
    OrderId,
    /// A service item of the catalogue.
    ItemId,
    /// An account of the ledger.
    AccountId,
    /// A provider's payment list of a quarter.
    PaymentListId,
    /// A background job.
    JobId,
    /// A session of a signed-in person.
    SessionId,
    /// One assessment of an elder under a scale.
    AssessmentId,
    /// A person in the register of assessors.
    AssessorId,
    /// A random sample of assessments drawn for a second look.
    SampleId,
    /// A version of a policy pack written here.
    PolicyVersionId,
    /// A month's money that was taken back or made up for.
    CorrectionId,
}

/// Makes UUIDv7 ids from a moment and 74 random bits that are passed in as a seed and then stepped;
/// deterministic for a fixed seed, unique within one generator, ordered by time.
#[derive(Debug)]
pub struct IdGen {
    state: AtomicU64,
}

impl IdGen {
    pub fn new(seed: u64) -> IdGen {
        IdGen { state: AtomicU64::new(seed) }
    }
    /// Next 64 bits of SplitMix64: every state is visited once in 2^64 steps.
    pub fn next_u64(&self) -> u64 {
        let mut z = self.state.fetch_add(0x9E37_79B9_7F4A_7C15, Ordering::Relaxed).wrapping_add(0x9E37_79B9_7F4A_7C15);
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }
    pub fn uuid(&self, at: crate::Instant) -> Uuid {
        let (a, b) = (self.next_u64(), self.next_u64());
        let mut rand = [0u8; 10];
        rand[..8].copy_from_slice(&a.to_le_bytes());
        rand[8..].copy_from_slice(&b.to_le_bytes()[..2]);
        uuid::Builder::from_unix_timestamp_millis(at.0.max(0) as u64, &rand).into_uuid()
    }
    pub fn make<T: From<Uuid>>(&self, at: crate::Instant) -> T {
        T::from(self.uuid(at))
    }
}
