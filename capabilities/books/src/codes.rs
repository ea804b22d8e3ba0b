//! The unique codes by which accounts are found again: the same subject always gives the same code.
use kernel::{ElderId, HouseholdId, OrgId, Quarter, RegionCode};
use std::fmt;

/// What an account is about, as written in its code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A household's entitlement of one pack in one quarter.
    Purse { household: HouseholdId, quarter: Quarter, pack: String },
    /// The money behind one pack in one county.
    Fund { county: RegionCode, pack: String },
    /// Owed to one provider out of public money for services of one quarter.
    Payable { provider: OrgId, quarter: Quarter },
    /// Paid to one provider through the bank.
    Paid { provider: OrgId },
    /// To be given back by one provider.
    Clawback { provider: OrgId },
    /// Own parts one elder still owes.
    OwnDue { elder: ElderId },
    /// Own parts one provider has earned.
    OwnEarned { provider: OrgId },
    /// Own parts one provider has received.
    OwnReceived { provider: OrgId },
}

impl fmt::Display for Subject {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            // The pack comes last: its id is free text.
            Subject::Purse { household, quarter, pack } => write!(f, "purse/{household}/{quarter}/{pack}"),
            Subject::Fund { county, pack } => write!(f, "fund/{county}/{pack}"),
            Subject::Payable { provider, quarter } => write!(f, "payable/{provider}/{quarter}"),
            Subject::Paid { provider } => write!(f, "paid/{provider}"),
            Subject::Clawback { provider } => write!(f, "clawback/{provider}"),
            Subject::OwnDue { elder } => write!(f, "own_due/{elder}"),
            Subject::OwnEarned { provider } => write!(f, "own_earned/{provider}"),
            Subject::OwnReceived { provider } => write!(f, "own_received/{provider}"),
        }
    }
}

/// Reads a code back; `None` if it is not one of these.
pub fn parse(code: &str) -> Option<Subject> {
    let (kind, rest) = code.split_once('/')?;
    Some(match kind {
        "purse" => {
            let (household, rest) = rest.split_once('/')?;
            let (quarter, pack) = rest.split_once('/')?;
            Subject::Purse { household: household.parse().ok()?, quarter: quarter.parse().ok()?, pack: pack.into() }
        }
        "fund" => {
            let (county, pack) = rest.split_once('/')?;
            Subject::Fund { county: county.parse().ok()?, pack: pack.into() }
        }
        "payable" => {
            let (provider, quarter) = rest.split_once('/')?;
            Subject::Payable { provider: provider.parse().ok()?, quarter: quarter.parse().ok()? }
        }
        "paid" => Subject::Paid { provider: rest.parse().ok()? },
        "clawback" => Subject::Clawback { provider: rest.parse().ok()? },
        "own_due" => Subject::OwnDue { elder: rest.parse().ok()? },
        "own_earned" => Subject::OwnEarned { provider: rest.parse().ok()? },
        "own_received" => Subject::OwnReceived { provider: rest.parse().ok()? },
        _ => return None,
    })
}

/// A household's purse of one pack and quarter ([`ledger::AccountKind::Purse`]).
pub fn purse(household: HouseholdId, pack: &str, quarter: Quarter) -> String {
    Subject::Purse { household, quarter, pack: pack.into() }.to_string()
}
/// The money behind a pack in a county ([`ledger::AccountKind::Fund`]).
pub fn fund(county: &RegionCode, pack: &str) -> String {
    Subject::Fund { county: *county, pack: pack.into() }.to_string()
}
/// Owed to a provider for a quarter ([`ledger::AccountKind::Payable`]).
pub fn payable(provider: OrgId, quarter: Quarter) -> String {
    Subject::Payable { provider, quarter }.to_string()
}
/// Paid to a provider ([`ledger::AccountKind::Paid`]).
pub fn paid(provider: OrgId) -> String {
    Subject::Paid { provider }.to_string()
}
/// To be given back by a provider ([`ledger::AccountKind::Clawback`]).
pub fn clawback(provider: OrgId) -> String {
    Subject::Clawback { provider }.to_string()
}
/// Own parts an elder owes ([`ledger::AccountKind::OwnDue`]).
pub fn own_due(elder: ElderId) -> String {
    Subject::OwnDue { elder }.to_string()
}
/// Own parts a provider has earned ([`ledger::AccountKind::OwnEarned`]).
pub fn provider_own(provider: OrgId) -> String {
    Subject::OwnEarned { provider }.to_string()
}
/// Own parts a provider has received ([`ledger::AccountKind::OwnReceived`]).
pub fn own_received(provider: OrgId) -> String {
    Subject::OwnReceived { provider }.to_string()
}
