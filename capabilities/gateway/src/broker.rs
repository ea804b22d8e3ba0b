//! Subscription to a broker that is there already: MQTT 3.1.1 with acknowledgements of our own, so that the broker keeps
//! what is not stored. The broker has checked who a device is; its topic says which.
use crate::commands::{self, Online, Sent};
use crate::inbound::{Pending, Taken};
use crate::limits::Bucket;
use crate::mqtt::payload::{self, Hub};
use crate::serve::{Shared, stopped};
use crate::{tls, translate};
use kernel::{Error, Instant, Result};
use rumqttc::{
    AckMode, AsyncClient, ConnectReturnCode, Event, MqttOptions, Packet, Publish, PublishOptions, QoS, SessionMode,
    SubscribeFilter, SubscribeReasonCode, TlsConfiguration, Transport,
};
use safety::devices::{self, DeviceId, Protocol};
use serde::Deserialize;
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

/// A broker to subscribe to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Broker {
    pub host: String,
    pub port: u16,
    /// The client id its session is kept under; one of its own for every gateway.
    pub client: String,
    pub user: Option<String>,
    pub password: Option<String>,
    /// PEM file of the authority that signed the broker's certificate; with it the connection is TLS.
    pub authority: Option<PathBuf>,
    /// The group of a shared subscription (`$share/GROUP/…`); without it a plain one.
    pub share: Option<String>,
    /// Filters; each matches topics that name the device.
    pub topics: Vec<String>,
}

impl Broker {
    /// Checked for what would only show later.
    ///
    /// # Errors
    /// `Internal` naming the key.
    pub(crate) fn checked(&self) -> Result<()> {
        let wrong = |key: &str| Err(Error::Internal(format!("[[gateway.brokers]] needs `{key}`")));
        if self.host.is_empty() {
            return wrong("host");
        }
        if self.port == 0 {
            return wrong("port");
        }
        if self.client.is_empty() {
            return wrong("client");
        }
        if self.topics.is_empty() {
            return wrong("topics");
        }
        Ok(())
    }

    fn options(&self, packet: u32) -> Result<MqttOptions> {
        let mut o = MqttOptions::new(&self.client, (self.host.as_str(), self.port));
        // The broker keeps what comes while we are away, and what was not acknowledged.
        o.set_keep_alive(KEEP_ALIVE_S).set_session_mode(SessionMode::Persistent).set_ack_mode(AckMode::Manual);
        o.set_max_packet_size(packet as usize, packet as usize);
        if let Some(user) = &self.user {
            o.set_credentials(user.clone(), self.password.clone().unwrap_or_default());
        }
        if let Some(authority) = &self.authority {
            let config = TlsConfiguration::Rustls(tls::client(authority)?);
            o.set_transport(Transport::tls_with_config(config));
        }
        Ok(o)
    }

    fn filters(&self) -> Vec<SubscribeFilter> {
        let full = |t: &String| match &self.share {
            Some(group) => format!("$share/{group}/{t}"),
            None => t.clone(),
        };
        self.topics.iter().map(|t| SubscribeFilter::new(full(t), QoS::AtLeastOnce)).collect()
    }
}

const KEEP_ALIVE_S: u16 = 30;
/// Pauses before the broker is tried again.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);
/// Messages that may wait to be stored. More than brokers send unacknowledged (Mosquitto 20, NATS 1,024 at most).
const AT_ONCE: usize = 4_096;
/// Acknowledgements and commands on their way to the broker: never fewer places than messages wait.
const REQUESTS: usize = 4 * AT_ONCE;
/// Messages read ahead.
const AHEAD: usize = 256;
/// How often devices long silent are let go.
const TIDY: Duration = Duration::from_secs(60);

/// Stays subscribed until `stop`. Counted as away before it is called.
pub(crate) async fn run(shared: Arc<Shared>, broker: Broker) {
    let mut stop = shared.stop.clone();
    let mut pause = FIRST;
    loop {
        let mut session = Session::new(shared.clone(), &broker);
        let ended = session.run(&broker).await;
        if session.subscribed {
            shared.counters.brokers_away.fetch_add(1, Ordering::Relaxed);
            pause = FIRST;
        }
        // Its acknowledgements belong to this connection; what waits comes again in the next.
        drop(session);
        let Err(e) = ended else { return };
        tracing::error!(broker = %broker.host, error = %e, pause_ms = pause.as_millis() as u64, "broker lost; tried again");
        tokio::select! {
            () = stopped(&mut stop) => return,
            () = tokio::time::sleep(pause) => {}
        }
        pause = (pause * 2).min(LONGEST);
    }
}

enum Got {
    Connected(ConnectReturnCode),
    Subscribed(Vec<SubscribeReasonCode>),
    Said(Publish),
    Lost(String),
}

/// What waits for a message to be stored: its acknowledgement, and an answer on a topic.
#[derive(Default)]
struct Held {
    ack: Option<Publish>,
    reply: Option<(String, String)>,
}

/// A device that was heard through the broker.
struct Heard {
    identity: String,
    at: Instant,
    _online: Online,
}

struct Session {
    shared: Arc<Shared>,
    pending: Pending<Held>,
    bucket: Bucket,
    heard: HashMap<DeviceId, Heard>,
    sent: Sent,
    subscribed: bool,
    /// Numbers of messages not yet acknowledged. A broker that grows impatient sends one again under its number (NATS
    /// does); the first is still on its way to the disk, and one acknowledgement answers both.
    unanswered: HashSet<u16>,
    name: String,
}

/// Ends the task that talks to the broker with the session.
struct Talking(JoinHandle<()>);

impl Drop for Talking {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl Session {
    fn new(shared: Arc<Shared>, broker: &Broker) -> Session {
        // How much a device may say is the broker's to limit: what is not acknowledged would hold up all the others.
        let bucket = Bucket::unlimited(shared.db.now());
        Session {
            shared,
            pending: Pending::new(),
            bucket,
            heard: HashMap::new(),
            sent: Sent::default(),
            subscribed: false,
            unanswered: HashSet::new(),
            name: format!("{}:{}", broker.host, broker.port),
        }
    }

    /// # Errors
    /// The connection ended, or the database does not answer: tried again later.
    async fn run(&mut self, broker: &Broker) -> Result<()> {
        let shared = self.shared.clone();
        let (client, mut events) = AsyncClient::builder(broker.options(shared.limits.packet)?)
            .capacity(REQUESTS)
            .try_build()
            .map_err(Error::internal)?;
        let (tx, mut rx) = mpsc::channel(AHEAD);
        let _talking = Talking(tokio::spawn(async move {
            loop {
                let got = match events.poll().await {
                    Ok(Event::Incoming(Packet::ConnAck(c))) => Got::Connected(c.code),
                    Ok(Event::Incoming(Packet::SubAck(s))) => Got::Subscribed(s.return_codes),
                    Ok(Event::Incoming(Packet::Publish(p))) => Got::Said(p),
                    Ok(_) => continue,
                    Err(e) => Got::Lost(e.to_string()),
                };
                let lost = matches!(got, Got::Lost(_));
                if tx.send(got).await.is_err() || lost {
                    return;
                }
            }
        }));
        let mut stop = shared.stop.clone();
        let line = self.pending.line.clone();
        let mut poke = self.sent.listen();
        let mut tidy = tokio::time::interval(TIDY);
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return Ok(()),
                () = line.changed() => {
                    let mut ready = Vec::new();
                    self.pending.ready(true, |h| ready.push(h));
                    for held in ready {
                        self.answer(&client, held).await?;
                    }
                }
                got = rx.recv(), if self.pending.len() < AT_ONCE => match got {
                    Some(Got::Connected(ConnectReturnCode::Success)) => {
                        client.subscribe_many(broker.filters()).await.map_err(Error::internal)?;
                    }
                    Some(Got::Connected(code)) => return Err(Error::Internal(format!("broker refused: {code:?}"))),
                    Some(Got::Subscribed(codes)) => {
                        if codes.contains(&SubscribeReasonCode::Failure) {
                            return Err(Error::Internal("broker refused a subscription".into()));
                        }
                        self.subscribed = true;
                        shared.counters.brokers_away.fetch_sub(1, Ordering::Relaxed);
                        tracing::info!(broker = %self.name, "subscribed");
                    }
                    Some(Got::Said(p)) => self.said(&client, p).await?,
                    Some(Got::Lost(e)) => return Err(Error::Internal(e)),
                    None => return Err(Error::Internal("the connection's task ended".into())),
                },
                _ = poke.changed() => self.deliver(&client).await?,
                _ = tidy.tick() => {
                    let (now, idle) = (shared.db.now(), shared.limits.idle_s as i64 * 1_000);
                    self.heard.retain(|_, h| now.since(h.at) < idle);
                }
            }
        }
    }

    async fn said(&mut self, client: &AsyncClient, mut p: Publish) -> Result<()> {
        if p.qos != QoS::AtMostOnce && !self.unanswered.insert(p.pkid) {
            return Ok(());
        }
        let shared = self.shared.clone();
        let now = shared.db.now();
        // What waits to be acknowledged needs its number only.
        let (topic, bytes) = (std::mem::take(&mut p.topic), std::mem::take(&mut p.payload));
        let topic = String::from_utf8_lossy(&topic);
        let held = Held { ack: Some(p), reply: None };
        // What a broker kept from before is no message of now.
        if held.ack.as_ref().is_some_and(|p| p.retain) {
            return self.answer(client, held).await;
        }
        let Some(identity) = device_of(&topic) else {
            shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            return self.answer(client, held).await;
        };
        let Some(entry) = shared.directory.find(Protocol::Mqtt, identity).await? else {
            shared.directory.stranger(Protocol::Mqtt, identity, &self.name, &bytes, false);
            shared.counters.strangers.fetch_add(1, Ordering::Relaxed);
            return self.answer(client, held).await;
        };
        self.hears(entry.now().id, identity, now);
        let read = payload::read(&shared, &entry, identity, &mut Hub::default(), &topic, &bytes, now).await?;
        let read = match read {
            Ok(read) => read,
            Err(why) => {
                shared.counters.refused.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(broker = %self.name, %topic, why = %why.what, "payload refused");
                // Sent again it would be refused again.
                return self.answer(client, Held { reply: why.reply, ..held }).await;
            }
        };
        match read.answered {
            Some((command, true, text)) => commands::confirmed(&shared.db, command, &text).await,
            Some((command, false, text)) => commands::failed(&shared.db, command, &text).await,
            None => {}
        }
        let mut held = Some(Held { reply: read.reply, ..held });
        let last = read.parts.len();
        for (n, (entry, said)) in read.parts.into_iter().enumerate() {
            let call = translate::calls_for_help(&said);
            let mine = if n + 1 == last { held.take().unwrap_or_default() } else { Held::default() };
            let (taken, back) = self.pending.submit(&shared, &mut self.bucket, &entry, now, said, mine).await?;
            if taken == Taken::Nobodys {
                let d = entry.now();
                shared.directory.stranger(d.protocol, &d.identity, &self.name, &bytes, call);
            }
            if let Some(back) = back {
                self.answer(client, back).await?;
            }
        }
        match held {
            Some(held) => self.answer(client, held).await,
            None => Ok(()),
        }
    }

    async fn answer(&mut self, client: &AsyncClient, held: Held) -> Result<()> {
        if let Some(p) = &held.ack {
            self.unanswered.remove(&p.pkid);
            client.ack(p).await.map_err(Error::internal)?;
        }
        if let Some((topic, text)) = held.reply {
            client.publish(topic, text, PublishOptions::at_most_once()).await.map_err(Error::internal)?;
        }
        Ok(())
    }

    fn hears(&mut self, id: DeviceId, identity: &str, now: Instant) {
        if let Some(h) = self.heard.get_mut(&id) {
            h.at = now;
            return;
        }
        let online = self.shared.online.here(id, &self.sent);
        self.heard.insert(id, Heard { identity: identity.to_string(), at: now, _online: online });
        // What waited for it is looked up at once.
        self.sent.poke();
    }

    /// Commands that wait for devices heard through this broker.
    async fn deliver(&mut self, client: &AsyncClient) -> Result<()> {
        let db = &self.shared.db;
        for id in devices::waiting_devices(db, db.now().plus_ms(-25 * Instant::HOUR)).await? {
            let Some(heard) = self.heard.get(&id) else { continue };
            let topic = format!("yinian/{}/down", heard.identity);
            for order in commands::due(db, id).await? {
                // Said again after a minute, so that a lost one needs no second mechanism.
                let said = client.publish(&topic, commands::json(&order), PublishOptions::at_most_once());
                said.await.map_err(Error::internal)?;
                commands::sent(db, order.id).await;
            }
        }
        Ok(())
    }
}

/// Which device a topic speaks for.
fn device_of(topic: &str) -> Option<&str> {
    let mut parts = topic.split('/');
    let name = match (parts.next()?, parts.next()?, parts.next()?) {
        ("yinian", device, "up" | "answer") if parts.next().is_none() => device,
        ("$sys", _, device) => device,
        ("", "sys", _) => parts.next()?,
        _ => return None,
    };
    (!name.is_empty()).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_topic_names_its_device() {
        for (topic, device) in [
            ("yinian/d1/up", Some("d1")),
            ("yinian/d1/answer", Some("d1")),
            ("yinian/d1/down", None),
            ("yinian/d1/up/more", None),
            ("yinian//up", None),
            ("$sys/p/d1/thing/property/post", Some("d1")),
            ("/sys/p/d1/thing/event/property/post", Some("d1")),
            ("zigbee2mqtt/x/y", None),
            ("up", None),
        ] {
            assert_eq!(device_of(topic), device, "{topic}");
        }
    }

    #[test]
    fn a_broker_without_what_it_needs_is_refused_at_the_start() {
        let whole = Broker {
            host: "h".into(),
            port: 1883,
            client: "c".into(),
            share: Some("g".into()),
            topics: vec!["yinian/+/up".into()],
            ..Broker::default()
        };
        assert!(whole.checked().is_ok());
        assert_eq!(whole.filters()[0].path, "$share/g/yinian/+/up");
        for broken in [
            Broker { host: String::new(), ..whole.clone() },
            Broker { port: 0, ..whole.clone() },
            Broker { client: String::new(), ..whole.clone() },
            Broker { topics: Vec::new(), ..whole.clone() },
        ] {
            assert!(broken.checked().is_err(), "{broken:?}");
        }
    }
}
