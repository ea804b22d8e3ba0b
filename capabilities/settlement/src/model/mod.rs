//! What a payment list is and what may be done to it. Pure: no clock, no database.
mod chain;
mod checks;
mod figures;
mod line;
mod seal;
mod words;

pub use books::rmb_upper;
pub use chain::{Act, Chain, ListState, Step, TownReview, TownState};
pub use checks::{Flag, Visit, VisitFacts, flags, overlapping};
pub use figures::{Cause, CauseKind, LineMoney, Totals, share_of_price};
pub use line::{Decision, LineChange, LineState, Standing, answer_dispute, decide, dispute};
pub use seal::{HeadFacts, LineFacts, Seal};
pub use words::list_no;
