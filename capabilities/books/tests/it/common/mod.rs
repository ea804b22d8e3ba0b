//! A county with one purse, its fund, a provider and an elder.
#![allow(dead_code)]
use books::{codes, service};
use kernel::{AccountId, Actor, ElderId, Fen, HouseholdId, OrgId, OrgScope, Quarter, RegionCode, Scope};
use ledger::{AccountKind, Action, Command, Key, Purpose, Reference, Transfer};
use store::{Db, Migration};

pub const Q: Quarter = Quarter { year: 2026, q: 4 };
pub const PACK: &str = "rural-75-79";

pub fn migrations() -> Vec<Migration> {
    [audit::MIGRATIONS, access::MIGRATIONS, books::MIGRATIONS].concat()
}

pub fn region(code: &str) -> RegionCode {
    code.parse().expect("a region code")
}

pub fn county() -> RegionCode {
    region("441523000000")
}

pub fn scope(region: RegionCode, org: OrgScope) -> Scope {
    Scope { region, org }
}

pub fn actor() -> Actor {
    Actor::Platform { job: "test", scope: scope(county(), OrgScope::Any) }
}

pub fn key(text: &str) -> Key {
    Key::new(text).expect("a key")
}

pub struct Town {
    pub db: Db,
    pub household: HouseholdId,
    pub elder: ElderId,
    pub provider: OrgId,
    pub fund: AccountId,
    pub purse: AccountId,
    pub payable: AccountId,
    pub paid: AccountId,
    pub own_due: AccountId,
    pub own_earned: AccountId,
}

impl Town {
    pub async fn new(db: &Db) -> Town {
        Town::of(db, db.new_id()).await
    }
    /// The town of a provider that is there already.
    pub async fn of(db: &Db, provider: OrgId) -> Town {
        let (household, elder): (HouseholdId, ElderId) = (db.new_id(), db.new_id());
        let village = region("441523101201");
        let tx = db.begin().await.expect("begins");
        let open = |kind, code: String, place, org| {
            let tx = &tx;
            async move { service::open(tx, db, kind, &code, place, org).await.expect("opens") }
        };
        let fund = open(AccountKind::Fund, codes::fund(&county(), PACK), county(), None).await;
        let purse = open(AccountKind::Purse, codes::purse(household, PACK, Q), village, None).await;
        let payable = open(AccountKind::Payable, codes::payable(provider, Q), county(), Some(provider)).await;
        let paid = open(AccountKind::Paid, codes::paid(provider), county(), Some(provider)).await;
        let own_due = open(AccountKind::OwnDue, codes::own_due(elder), village, None).await;
        let own_earned = open(AccountKind::OwnEarned, codes::provider_own(provider), county(), Some(provider)).await;
        tx.commit().await.expect("commits");
        Town { db: db.clone(), household, elder, provider, fund, purse, payable, paid, own_due, own_earned }
    }
    pub fn command(&self, text: &str, action: Action) -> Command {
        Command { key: key(text), at: self.db.now(), reference: Reference::Quarter(Q), action }
    }
    /// Key texts are made the household's own, so that several towns share a database.
    pub fn named(&self, text: &str) -> String {
        format!("{text}/{}", self.household)
    }
    pub fn grant(&self, text: &str, yuan: i64) -> Command {
        let action =
            Action::Post { purpose: Purpose::Grant, debit: self.fund, credit: self.purse, amount: Fen::yuan(yuan) };
        self.command(&self.named(text), action)
    }
    pub fn hold(&self, text: &str, yuan: i64) -> Command {
        let action = Action::Hold { debit: self.purse, credit: self.payable, amount: Fen::yuan(yuan) };
        self.command(&self.named(text), action)
    }
    pub fn commit(&self, text: &str, hold: &str, yuan: i64) -> Command {
        self.command(&self.named(text), Action::Commit { hold: key(&self.named(hold)), amount: Fen::yuan(yuan) })
    }
    pub fn release(&self, text: &str, hold: &str) -> Command {
        self.command(&self.named(text), Action::Release { hold: key(&self.named(hold)) })
    }
    pub async fn run(&self, command: &Command) -> kernel::Result<Transfer> {
        let tx = self.db.begin().await?;
        let done = service::apply(&tx, &self.db, &actor(), command).await?;
        tx.commit().await?;
        Ok(done)
    }
    pub async fn view(&self, id: AccountId) -> books::model::AccountView {
        service::accounts(self.db.read(), &[id]).await.expect("reads").remove(&id).expect("is there")
    }
    pub async fn clear(&self) -> service::Cleared {
        let tx = self.db.begin().await.expect("begins");
        let purses = [service::Clearing { purse: self.purse, fund: self.fund }];
        let done = service::clear(&tx, &self.db, &actor(), &purses, Q).await.expect("clears");
        tx.commit().await.expect("commits");
        done[0]
    }
}
