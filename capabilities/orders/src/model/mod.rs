//! The work order: its states and steps, the fee and how it is split, the number, the rules of time and cancelling.
//! Pure.
mod facts;
mod fee;
mod own;
mod rules;
mod steps;

pub use facts::{Channel, ConfirmHow, Event, Finished, Order, PaidBy, ReceiptKind, Unserved};
pub use fee::{Split, fee_of, split};
pub use own::{Receipt, own_left, paid_of, receipt_no};
pub use rules::{
    AHEAD_DAYS, CancelEffect, LAPSE_MINUTES, LATE_SOON_MINUTES, MAX_QUANTITY, Number, cancel_effect, check_start,
    late_by, no_show_open,
};
pub use steps::{Next, Refusal, State, Step, Who, next};
