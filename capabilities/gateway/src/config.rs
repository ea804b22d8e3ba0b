//! What listens where, and how much is let in.
use crate::broker::Broker;
use crate::scaip::ScaipReply;
use serde::Deserialize;
use std::net::SocketAddr;
use std::path::PathBuf;

/// Every address is off until it is set.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Config {
    /// The name the gateway gives signs of life under.
    pub name: Option<String>,
    pub watch: Option<SocketAddr>,
    pub trv: Option<SocketAddr>,
    pub minifinder2: Option<SocketAddr>,
    pub jt808: Option<SocketAddr>,
    pub gt06: Option<SocketAddr>,
    pub mqtt: Option<SocketAddr>,
    /// MQTT over TLS; needs `certificate` and `key`.
    pub mqtts: Option<SocketAddr>,
    /// PEM files.
    pub certificate: Option<PathBuf>,
    pub key: Option<PathBuf>,
    /// Social alarm units: SCAIP in SIP, UDP and TCP on one port.
    pub scaip: Option<SocketAddr>,
    pub scaip_reply: ScaipReply,
    /// Whom a unit is told to call when its alarm is taken: `sip:…` or `tel:…`. Without it no voice is promised.
    pub scaip_voice: Option<String>,
    /// Brokers of others to subscribe to.
    pub brokers: Vec<Broker>,
    pub limits: Limits,
}

impl Config {
    pub fn any(&self) -> bool {
        self.tcp().iter().any(|(_, a)| a.is_some())
            || [self.mqtt, self.mqtts, self.scaip].iter().any(Option::is_some)
            || !self.brokers.is_empty()
    }
    pub(crate) fn tcp(&self) -> [(wire::Protocol, Option<SocketAddr>); 5] {
        [
            (wire::Protocol::Watch, self.watch),
            (wire::Protocol::Trv, self.trv),
            (wire::Protocol::Minifinder2, self.minifinder2),
            (wire::Protocol::Jt808, self.jt808),
            (wire::Protocol::Gt06, self.gt06),
        ]
    }
}

/// How much is let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Limits {
    /// Connections in all.
    pub connections: usize,
    /// Messages a second of one device over a long time, and how many at once. Calls for help are not counted.
    pub rate: u32,
    pub burst: u32,
    /// Messages of one connection that wait to be stored; beyond it the socket is not read.
    pub in_flight: usize,
    /// Seconds in which a connection has to say who it is.
    pub login_s: u64,
    /// Seconds of silence after which a TCP connection is closed. Devices report within minutes.
    pub idle_s: u64,
    /// Longest MQTT packet, bytes.
    pub packet: u32,
}

impl Default for Limits {
    fn default() -> Limits {
        Limits { connections: 50_000, rate: 20, burst: 400, in_flight: 64, login_s: 30, idle_s: 1_800, packet: 262_144 }
    }
}
