//! What can be done with providers, workers, papers and turns.
mod papers;
mod providers;
mod rotation;
mod workers;

pub use crate::store::{PaperFilter, PaperRow, ProviderFilter, WorkerFilter};
pub use papers::{expired, expiring, paper_count, paper_counts, papers};
pub use providers::{
    ProviderLine, change_contract, contract, contracts, create_provider, list, provider, resume, sign_contract,
    suspend, update_provider,
};
pub use rotation::{
    Coverage, Position, Took, WANTED, coverage, eligible, next_in_turn, order_of_turns, position, turn_taken,
};
pub use workers::{
    WorkerAccount, add_document, ban, candidates, dispatchable, lift_ban, link_account, open_account, phone_plain,
    register_worker, update_worker, void_document, worker, worker_list, workers, workers_near,
};

use kernel::Error;

pub(crate) fn no_provider() -> Error {
    Error::NotFound("这家服务商".into())
}
pub(crate) fn no_worker() -> Error {
    Error::NotFound("这位护理员".into())
}
