//! Where devices knock: TCP servers for the pendants' own protocols, an MQTT 3.1.1/5 endpoint, and HTTPS for other
//! platforms. Bytes come in here, are read by `wire`, become measures of `vigil` ([`translate`]) and are handed to the
//! watch ([`safety::readings`]); what the protocol answers goes back only after the watch has stored it.
//!
//! **Words.** A *line* is one connection's tickets. *Quarantine* is where identities stand that nobody registered.
//!
//! **Invariants**
//! - Nothing is acknowledged before alarm and reading are committed; a device whose message was not stored says it again.
//! - A device speaks for itself only: over TCP as the identity it names, over MQTT as the one it signed in as (a home hub
//!   also for the devices registered under it).
//! - Memory is bounded: frames, packets, messages in flight a connection, connections, unknown identities. A full queue
//!   stops the reading of sockets.
//! - Limits of a device never hold up a call for help.
#![forbid(unsafe_code)]

mod api;
mod broker;
mod commands;
mod config;
mod directory;
mod inbound;
mod limits;
mod mqtt;
mod scaip;
mod serve;
mod tcp;
mod tls;
pub mod translate;

pub use api::{Door, Doorway, routes};
pub use broker::Broker;
pub use config::{Config, Limits};
pub use directory::Directory;
pub use scaip::ScaipReply;
pub use serve::{Bound, Figures, Gateway, Started, start};
