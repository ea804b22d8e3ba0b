//! The frozen snapshot: a chained SHA-256 over every fact of every line, in the order of the lines.
//!
//! The seal of a list can be carried on batch by batch (it is one hash, not the state of a hasher), so a list that was
//! interrupted half-way is completed to the same seal. What review may change later is not part of it.
use kernel::{
    CivilDate, ElderId, Fen, HouseholdId, Instant, ItemId, OrderId, OrgId, PaymentListId, Quarter, RegionCode, WorkerId,
};
use sha2::{Digest, Sha256};
use store::sea_orm::{self, FromQueryResult};

/// What identifies the list; the start of its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadFacts {
    pub id: PaymentListId,
    pub no: String,
    pub provider: OrgId,
    pub provider_name: String,
    pub county: RegionCode,
    pub quarter: Quarter,
}

/// Every fact a line was made from, copied from the order on the day the list was made.
/// The one place where the columns of a line are named for reading; the seal below takes them one by one.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, FromQueryResult)]
pub struct LineFacts {
    /// Place in the list, from 1.
    pub seq: i64,
    #[sea_orm(from_alias = "order_id")]
    pub order: OrderId,
    pub order_no: String,
    pub town: RegionCode,
    /// The village the elder lived in.
    pub region: RegionCode,
    pub elder: ElderId,
    pub elder_name: String,
    pub household: HouseholdId,
    pub item: ItemId,
    pub item_name: String,
    pub quantity: i64,
    pub served_on: CivilDate,
    pub minutes: i64,
    /// Price of one unit.
    pub price: Fen,
    pub fee: Fen,
    pub gov: Fen,
    pub own: Fen,
    pub pack: Option<String>,
    pub article: String,
    pub purse_account: Option<kernel::AccountId>,
    pub worker: Option<WorkerId>,
    pub worker_name: String,
    pub checked_in_at: Option<Instant>,
    pub checked_out_at: Option<Instant>,
    pub confirm_how: String,
    /// 1–5, 0 when nobody rated.
    pub rating: i64,
}

/// The hash so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Seal([u8; 32]);

struct Parts(Sha256);

impl Parts {
    /// Each part goes in with its length, so no two sets of facts share an encoding.
    fn text(&mut self, s: &str) -> &mut Self {
        self.0.update((s.len() as u64).to_le_bytes());
        self.0.update(s.as_bytes());
        self
    }
    fn int(&mut self, n: i64) -> &mut Self {
        self.0.update(8u64.to_le_bytes());
        self.0.update(n.to_le_bytes());
        self
    }
    fn id(&mut self, id: impl Into<uuid::Uuid>) -> &mut Self {
        let id: uuid::Uuid = id.into();
        self.0.update(16u64.to_le_bytes());
        self.0.update(id.as_bytes());
        self
    }
    fn opt_id(&mut self, id: Option<impl Into<uuid::Uuid>>) -> &mut Self {
        match id {
            Some(id) => self.id(id),
            None => self.text(""),
        }
    }
    fn opt_at(&mut self, at: Option<Instant>) -> &mut Self {
        match at {
            Some(at) => self.int(at.0),
            None => self.text(""),
        }
    }
    fn end(self) -> Seal {
        Seal(self.0.finalize().into())
    }
}

impl Seal {
    /// The seal of a list without lines.
    pub fn begin(head: &HeadFacts) -> Seal {
        let mut p = Parts(Sha256::new());
        p.id(head.id)
            .text(&head.no)
            .id(head.provider)
            .text(&head.provider_name)
            .text(head.county.as_str())
            .text(&head.quarter.to_string());
        p.end()
    }
    /// The seal with one line more.
    pub fn then(&self, l: &LineFacts) -> Seal {
        let mut p = Parts(Sha256::new());
        p.0.update(self.0);
        p.int(l.seq)
            .id(l.order)
            .text(&l.order_no)
            .text(l.town.as_str())
            .text(l.region.as_str())
            .id(l.elder)
            .text(&l.elder_name)
            .id(l.household)
            .id(l.item)
            .text(&l.item_name)
            .int(l.quantity)
            .int(l.served_on.epoch_days())
            .int(l.minutes)
            .int(l.price.0)
            .int(l.fee.0)
            .int(l.gov.0)
            .int(l.own.0)
            .text(l.pack.as_deref().unwrap_or(""))
            .text(&l.article)
            .opt_id(l.purse_account)
            .opt_id(l.worker)
            .text(&l.worker_name)
            .opt_at(l.checked_in_at)
            .opt_at(l.checked_out_at)
            .text(&l.confirm_how)
            .int(l.rating);
        p.end()
    }
    pub fn hex(&self) -> String {
        hex::encode(self.0)
    }
    /// `None` unless it is 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Seal> {
        let bytes = hex::decode(text).ok()?;
        bytes.try_into().ok().map(Seal)
    }
}
