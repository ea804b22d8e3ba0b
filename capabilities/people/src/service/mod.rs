//! Use cases. Each authorises, loads inside the actor's scope, decides, writes, audits and tells, in one transaction.
mod addresses;
mod asked;
mod assessed;
mod bulk;
mod contacts;
mod desk;
mod imports;
mod known;
mod lists;
mod merges;
mod panels;
mod read;
mod regions;
mod reveal;
mod search;
mod write;
mod writing;

pub use crate::store::duplicates::{Merge, Review};
pub use crate::store::imports::Batch;
pub use addresses::{
    AddressChange, NewAddress, add_address, address_changes, change_address, locate_address, remove_address,
    service_addresses,
};
pub use asked::{Answers, answer};
pub use assessed::{Assessed, Indicator, assessed_in};
pub use bulk::{bulk_insert, create};
pub use contacts::{add_contact, contacts, remove_contact};
pub use desk::{RosterLine, VillageTally, roster, tallies};
pub use imports::{
    BatchView, DryError, DryRun, RowView, Tally, import_bad_rows, import_batch, import_batches, import_cure,
    import_drop, import_dry_run, import_fix, import_read, import_rows, import_template,
};
pub use lists::{ElderAsk, View, count_view, elders_list};
pub use merges::{
    RowDecision, decide_different, decide_row, duplicate_review, duplicate_reviews, merge, merge_record, merges_of,
    review_row, unmerge,
};
pub use panels::{Panel, PanelHtml, Panels, Slot, TimelineItem};
pub use read::{
    Archive, archive, card, card_anywhere, cards, code_matches, deaths, elder_code, history, household,
    household_count, household_members, households_after, households_again, identities,
};
pub use regions::{load_book, load_regions, seed_regions, shipped_regions};
pub use reveal::{contact_phone_plain, id_plain, keys_open, phone_for_visit, phone_plain};
pub use search::find;
pub use write::{Changes, correct, move_out, report_death, withdraw_death};
pub use writing::{ImportJob, import_now, import_step, import_take_back, import_write};

use audit::Action;

pub(crate) const CREATED: Action = Action::new("elder.created", "新建档案");
pub(crate) const BULK: Action = Action::new("elder.bulk", "批量建档");
pub(crate) const CORRECTED: Action = Action::new("elder.corrected", "修改档案");
pub(crate) const ASSESSED: Action = Action::new("elder.assessed", "写入能力评估结果");
pub(crate) const ASKED: Action = Action::new("elder.asked", "补登记申请要的情况");
pub(crate) const DIED: Action = Action::new("elder.died", "登记去世");
pub(crate) const DEATH_WITHDRAWN: Action = Action::new("elder.death_withdrawn", "撤回去世登记");
pub(crate) const MOVED: Action = Action::new("elder.moved", "登记迁移");
pub(crate) const UNMASKED: Action = Action::new("elder.unmasked", "查看完整信息");
pub(crate) const CONTACT: Action = Action::new("elder.contact", "修改联系人");
pub(crate) const ADDRESS: Action = Action::new("household.address", "变更服务地址");
pub(crate) const REGIONS: Action = Action::new("regions.loaded", "载入区划");

/// Archives are the government's: a provider's or worker's reader finds nothing here.
pub(crate) fn government(scope: &kernel::Scope) -> kernel::Result<()> {
    match scope.org {
        kernel::OrgScope::Any => Ok(()),
        kernel::OrgScope::Org(_) | kernel::OrgScope::Worker(..) => Err(no_elder()),
    }
}

pub(crate) fn no_elder() -> kernel::Error {
    kernel::Error::NotFound("这位老人的档案".into())
}
