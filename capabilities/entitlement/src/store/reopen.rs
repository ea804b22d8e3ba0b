//! A cleared purse to which money came back.
use crate::model::PurseState;
use kernel::{AccountId, Result};
use store::{SqlExt, Tx, vals};

/// The purse with this account waits for clearing again, if it was closed. Returns whether it was.
pub(crate) async fn closed_purse(tx: &Tx, account: AccountId) -> Result<bool> {
    let touched = tx
        .exec(
            "UPDATE purse SET state = $2, changed_at = $3 WHERE account = $1 AND state = $4",
            vals![account, PurseState::Waiting.code(), tx.now(), PurseState::Closed.code()],
        )
        .await?;
    Ok(touched > 0)
}
