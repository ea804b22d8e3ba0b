//! The device estate: what is registered, whose it is, where it hangs, and what was told to it.
//!
//! **Words.** A *device* is registered once by protocol and identity (the number printed on it). It is *bound* to one
//! elder, as the elder's *slot* 0–31, from a moment on; every earlier binding stays in its history. *Quarantine* lists
//! identities that report and are not registered. A *command* goes down to a device, with its state of delivery.
//!
//! **Invariants**
//! - A device is bound to at most one elder, and a slot of an elder is taken by at most one device.
//! - Readings are stored under the binding of the moment they come in; a later binding never moves them.
//! - The quarantine is bounded: beyond [`QUARANTINE_MAX`] identities the one heard longest ago makes room.
//! - A command ends: confirmed, failed or expired.
mod commands;
mod estate;
mod imports;
mod model;
mod service;
mod sheet;
mod standing;
mod store;

pub use commands::{
    Command, CommandId, CommandState, Order, confirm_command, due_commands, expire_command, fail_command, order,
    orders_of, overdue_commands, sent_command, unlock, waiting_devices,
};
pub use estate::{
    DeviceAlarmLine, Facts, Fit, Follows, alarms, bind_until, count, edit, ever_heard, fit, history, list, listed,
    listed_of, register_bought, renew_secret, signs, troubles,
};
pub use imports::{
    DeviceImport, ImportId, ImportJob, ImportRow, ImportState, ImportTally, import, import_bad_rows, import_drop,
    import_fix, import_list, import_read, import_rows, import_step, import_template, import_write,
};
pub use model::{
    Binding, Bound, Changed, Device, DeviceEventId, DeviceId, DeviceKind, DeviceState, Known, NewBinding, NewDevice,
    Payer, Protocol, Stranger,
};
pub use service::{
    QUARANTINE_MAX, Watched, bind, bindings, by_identity, changed, device, devices_of, known, known_all, new_secret,
    quarantine, register, set_settings, set_state, settings, strangers, strangers_like, unbind, watched, why_back,
};

pub use sheet::{COLUMNS, ImportRowState, column_title, options};
pub use standing::{
    DeviceAsk, DeviceEvent, Happened, LOW_BATTERY, Listed, NewSign, Sign, Standing, View, minutes_words, standing,
};

/// Tables of this part, after those of the cases.
pub(crate) const MIGRATION: ::store::Migration = store::MIGRATION;
pub(crate) const ESTATE: ::store::Migration = store::ESTATE;
