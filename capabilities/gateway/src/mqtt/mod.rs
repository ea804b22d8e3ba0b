//! The MQTT endpoint: 3.1.1 and 5, QoS 0 and 1, no retained messages, no sharing between devices. It is no broker: what a
//! device publishes goes to the watch, what is published to it are its commands and answers.
pub(crate) mod payload;
mod topics;

use crate::commands::{self, Online, Sent};
use crate::directory::Entry;
use crate::inbound::{Pending, Taken};
use crate::limits::Bucket;
use crate::serve::{Shared, stopped};
use crate::translate::calls_for_help;
use kernel::{Error, Instant, Result};
use mqtt_protocol_core::mqtt::common::Cursor;
use mqtt_protocol_core::mqtt::connection::{ConnectionOptions, Event, TimerKind};
use mqtt_protocol_core::mqtt::packet::{GenericPacketTrait, MaximumQos, Packet, Qos, v3_1_1, v5_0};
use mqtt_protocol_core::mqtt::result_code::{
    ConnectReasonCode, ConnectReturnCode, DisconnectReasonCode, PubackReasonCode, SubackReasonCode, SubackReturnCode,
    UnsubackReasonCode,
};
use mqtt_protocol_core::mqtt::{Connection, Version, role};
use payload::Hub;
use safety::devices::Protocol;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, ReadHalf, WriteHalf};
use tokio::sync::Notify;

/// How long a device may take to read what was written.
const WRITE: Duration = Duration::from_secs(10);
/// Bytes read in one go.
const READ: usize = 2_048;
/// Subscriptions of one connection.
const FILTERS: usize = 16;

/// What is sent when a message is stored: its acknowledgement, and an answer on a topic.
#[derive(Default)]
pub(crate) struct Answer {
    pub(crate) ack: Option<(u16, PubackReasonCode)>,
    pub(crate) publish: Option<(String, String)>,
}

struct Client {
    shared: Arc<Shared>,
    con: Connection<role::Server>,
    peer: String,
    five: bool,
    who: Option<Who>,
    pending: Pending<Answer>,
    bucket: Bucket,
    sent: Sent,
    out: Vec<u8>,
    /// When the client has to have said something.
    deadline: Option<(Instant, i64)>,
    closing: bool,
    filters: usize,
}

/// Who signed in.
struct Who {
    identity: String,
    entry: Arc<Entry>,
    kick: Arc<Notify>,
    hub: Hub,
    /// The thing model it listens by.
    thing: Option<(wire::thing::Family, String)>,
    _online: Online,
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve<S: AsyncRead + AsyncWrite + Unpin + Send + 'static>(
    shared: Arc<Shared>,
    stream: S,
    peer: String,
) {
    let limits = shared.limits;
    let options =
        ConnectionOptions::new().maximum_packet_size_recv(limits.packet).receive_maximum(limits.in_flight as u16);
    let mut con = Connection::<role::Server>::with_options(Version::Undetermined, options);
    con.set_auto_ping_response(true);
    con.set_auto_pub_response(false);
    let now = shared.db.now();
    let mut client = Client {
        bucket: Bucket::new(limits.rate, limits.burst, now),
        deadline: Some((now, limits.login_s as i64 * 1_000)),
        con,
        peer,
        five: false,
        who: None,
        pending: Pending::new(),
        sent: Sent::default(),
        out: Vec::new(),
        closing: false,
        filters: 0,
        shared,
    };
    let (mut from, mut to) = tokio::io::split(stream);
    if let Err(e) = client.run(&mut from, &mut to).await {
        tracing::debug!(peer = %client.peer, error = %e, "MQTT connection ended");
    }
    client.leave();
    let _ = to.shutdown().await;
}

impl Client {
    async fn run<S: AsyncRead + AsyncWrite>(&mut self, from: &mut ReadHalf<S>, to: &mut WriteHalf<S>) -> Result<()>
    where
        ReadHalf<S>: AsyncRead + Unpin,
        WriteHalf<S>: AsyncWrite + Unpin,
    {
        let shared = self.shared.clone();
        let mut stop = shared.stop.clone();
        let line = self.pending.line.clone();
        let mut poke = self.sent.listen();
        let nobody = Arc::new(Notify::new());
        let mut buffer = vec![0u8; READ];
        loop {
            let kick = self.who.as_ref().map_or_else(|| nobody.clone(), |w| w.kick.clone());
            let silent = self.deadline.map(|(at, ms)| (ms - shared.db.now().since(at)).max(0) as u64 + 50);
            tokio::select! {
                biased;
                () = stopped(&mut stop) => {
                    self.disconnect(DisconnectReasonCode::ServerShuttingDown);
                    return self.write(to).await;
                }
                () = kick.notified() => {
                    self.disconnect(DisconnectReasonCode::SessionTakenOver);
                    return self.write(to).await;
                }
                () = line.changed() => self.stored()?,
                got = from.read(&mut buffer), if self.pending.len() < shared.limits.in_flight => {
                    let n = got.map_err(Error::internal)?;
                    if n == 0 {
                        return Ok(());
                    }
                    if let Some(d) = &mut self.deadline
                        && self.who.is_some()
                    {
                        d.0 = shared.db.now();
                    }
                    self.received(&buffer[..n]).await?;
                }
                _ = poke.changed() => self.deliver().await?,
                () = tokio::time::sleep(Duration::from_millis(silent.unwrap_or(3_600_000))), if silent.is_some() => {
                    let over = self.deadline.is_some_and(|(at, ms)| shared.db.now().since(at) >= ms);
                    if over {
                        self.disconnect(DisconnectReasonCode::KeepAliveTimeout);
                        return self.write(to).await;
                    }
                }
            }
            self.write(to).await?;
            if self.closing {
                return Ok(());
            }
        }
    }

    async fn received(&mut self, bytes: &[u8]) -> Result<()> {
        let mut cursor = Cursor::new(bytes);
        while (cursor.position() as usize) < bytes.len() && !self.closing {
            for event in self.con.recv(&mut cursor) {
                self.event(event).await?;
            }
        }
        Ok(())
    }

    async fn event(&mut self, event: Event) -> Result<()> {
        match event {
            Event::NotifyPacketReceived(packet) => self.packet(packet).await?,
            Event::RequestSendPacket { packet, .. } => self.out.extend(packet.to_continuous_buffer()),
            Event::RequestTimerReset { kind: TimerKind::PingreqRecv, duration_ms } => {
                self.deadline = Some((self.shared.db.now(), duration_ms as i64));
            }
            Event::RequestTimerCancel(TimerKind::PingreqRecv) => self.deadline = None,
            Event::RequestClose => self.closing = true,
            Event::NotifyError(e) => {
                self.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(peer = %self.peer, error = ?e, "MQTT protocol error");
                // Who breaks the protocol is let go, as the standard asks, though the library does not always say so.
                self.closing = true;
            }
            _ => {}
        }
        Ok(())
    }

    /// Sends through the protocol's state, so that it knows what is answered.
    fn send(&mut self, packet: impl Into<Packet>) {
        for event in self.con.send(packet.into()) {
            match event {
                Event::RequestSendPacket { packet, .. } => self.out.extend(packet.to_continuous_buffer()),
                Event::RequestTimerReset { kind: TimerKind::PingreqRecv, duration_ms } => {
                    self.deadline = Some((self.shared.db.now(), duration_ms as i64));
                }
                Event::RequestTimerCancel(TimerKind::PingreqRecv) => self.deadline = None,
                Event::RequestClose => self.closing = true,
                Event::NotifyError(e) => {
                    tracing::debug!(peer = %self.peer, error = ?e, "MQTT packet could not be sent");
                }
                _ => {}
            }
        }
    }

    async fn packet(&mut self, packet: Packet) -> Result<()> {
        match packet {
            Packet::V3_1_1Connect(c) => {
                let ok = self.sign_in(c.client_id(), c.user_name(), c.password()).await?;
                if c.keep_alive() == 0 {
                    self.idle_deadline();
                }
                let code = if ok { ConnectReturnCode::Accepted } else { ConnectReturnCode::NotAuthorized };
                self.send(built(v3_1_1::Connack::builder().session_present(false).return_code(code).build())?);
                self.closing |= !ok;
                self.sent.poke();
            }
            Packet::V5_0Connect(c) => {
                self.five = true;
                let ok = self.sign_in(c.client_id(), c.user_name(), c.password()).await?;
                if c.keep_alive() == 0 {
                    self.idle_deadline();
                }
                let code = if ok { ConnectReasonCode::Success } else { ConnectReasonCode::NotAuthorized };
                let mut b = v5_0::Connack::builder().session_present(false).reason_code(code);
                if ok {
                    b = b.props(vec![built(MaximumQos::new(1))?.into()]);
                }
                self.send(built(b.build())?);
                self.closing |= !ok;
                self.sent.poke();
            }
            Packet::V3_1_1Publish(p) => {
                self.publish(p.topic_name(), p.payload().as_slice(), p.qos(), p.packet_id()).await?;
            }
            Packet::V5_0Publish(p) => {
                self.publish(p.topic_name(), p.payload().as_slice(), p.qos(), p.packet_id()).await?;
            }
            Packet::V3_1_1Subscribe(s) => {
                let codes = s.entries().iter().map(|e| match self.grants(e.topic_filter()) {
                    true if e.sub_opts().qos() == Qos::AtMostOnce => SubackReturnCode::SuccessMaximumQos0,
                    true => SubackReturnCode::SuccessMaximumQos1,
                    false => SubackReturnCode::Failure,
                });
                let codes = codes.collect();
                self.filters += s.entries().len();
                self.send(built(v3_1_1::Suback::builder().packet_id(s.packet_id()).return_codes(codes).build())?);
                self.sent.poke();
            }
            Packet::V5_0Subscribe(s) => {
                let codes = s.entries().iter().map(|e| match self.grants(e.topic_filter()) {
                    true if e.sub_opts().qos() == Qos::AtMostOnce => SubackReasonCode::GrantedQos0,
                    true => SubackReasonCode::GrantedQos1,
                    false => SubackReasonCode::NotAuthorized,
                });
                let codes = codes.collect();
                self.filters += s.entries().len();
                self.send(built(v5_0::Suback::builder().packet_id(s.packet_id()).reason_codes(codes).build())?);
                self.sent.poke();
            }
            Packet::V3_1_1Unsubscribe(u) => {
                self.send(built(v3_1_1::Unsuback::builder().packet_id(u.packet_id()).build())?);
            }
            Packet::V5_0Unsubscribe(u) => {
                let codes = u.entries().iter().map(|_| UnsubackReasonCode::Success).collect();
                self.send(built(v5_0::Unsuback::builder().packet_id(u.packet_id()).reason_codes(codes).build())?);
            }
            Packet::V3_1_1Disconnect(_) | Packet::V5_0Disconnect(_) => self.closing = true,
            _ => {}
        }
        Ok(())
    }

    /// A client without keep-alive is let go after the silence allowed to any device.
    fn idle_deadline(&mut self) {
        self.deadline = Some((self.shared.db.now(), self.shared.limits.idle_s as i64 * 1_000));
    }

    /// Checks name and password; the user name is the device's identity, or, as thing models do, the client id is.
    async fn sign_in(&mut self, client: &str, user: Option<&str>, password: Option<&[u8]>) -> Result<bool> {
        for name in [user, Some(client)].into_iter().flatten().filter(|n| !n.is_empty()) {
            let Some(entry) = self.shared.directory.find(Protocol::Mqtt, name).await? else { continue };
            let device = entry.now();
            if !password.is_some_and(|p| device.secret_is(p)) {
                continue;
            }
            let kick = Arc::new(Notify::new());
            let before = {
                let mut all = self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner);
                all.insert(name.to_string(), kick.clone())
            };
            if let Some(old) = before {
                old.notify_one();
            }
            let online = self.shared.online.here(device.id, &self.sent);
            let hub = Hub::default();
            self.who = Some(Who { identity: name.to_string(), entry, kick, hub, thing: None, _online: online });
            return Ok(true);
        }
        let name = user.filter(|u| !u.is_empty()).unwrap_or(client);
        self.shared.directory.stranger(Protocol::Mqtt, name, &self.peer, b"", false);
        self.shared.counters.strangers.fetch_add(1, Ordering::Relaxed);
        Ok(false)
    }

    fn leave(&mut self) {
        let Some(who) = self.who.take() else { return };
        let mut all = self.shared.sessions.lock().unwrap_or_else(PoisonError::into_inner);
        if all.get(&who.identity).is_some_and(|k| Arc::ptr_eq(k, &who.kick)) {
            all.remove(&who.identity);
        }
    }

    fn grants(&mut self, filter: &str) -> bool {
        let room = self.filters < FILTERS;
        let Some(who) = self.who.as_mut().filter(|w| room && topics::may_hear(&w.identity, filter)) else {
            return false;
        };
        // A device that listens as its thing model says is spoken to so.
        if let Some(thing) = topics::thing_of(filter) {
            who.thing = Some(thing);
        }
        true
    }

    async fn publish(&mut self, topic: &str, bytes: &[u8], qos: Qos, id: Option<u16>) -> Result<()> {
        let now = self.shared.db.now();
        if qos == Qos::ExactlyOnce {
            self.disconnect(DisconnectReasonCode::ImplementationSpecificError);
            return Ok(());
        }
        let shared = self.shared.clone();
        let Some(who) = &mut self.who else {
            self.closing = true;
            return Ok(());
        };
        let ack = |code| id.map(|id| (id, code));
        if !topics::may_say(&who.identity, topic) {
            shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            if self.five {
                self.acknowledge(ack(PubackReasonCode::NotAuthorized));
            } else {
                // 3.1.1 has no word for it.
                self.closing = true;
            }
            return Ok(());
        }
        let own = who.entry.clone();
        let read = payload::read(&shared, &own, &who.identity, &mut who.hub, topic, bytes, now).await?;
        let (parts, reply, done) = match read {
            Ok(r) => (r.parts, r.reply, r.answered),
            Err(why) => {
                shared.counters.refused.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(peer = %self.peer, topic, why = %why.what, "payload refused");
                // Sent again it would be refused again.
                let mut answer = Answer { ack: ack(PubackReasonCode::PayloadFormatInvalid), publish: why.reply };
                self.answer(&mut answer);
                return Ok(());
            }
        };
        match done {
            Some((command, true, answer)) => commands::confirmed(&shared.db, command, &answer).await,
            Some((command, false, why)) => commands::failed(&shared.db, command, &why).await,
            None => {}
        }
        let mut answer = Some(Answer { ack: ack(PubackReasonCode::Success), publish: reply });
        let last = parts.len();
        for (n, (entry, said)) in parts.into_iter().enumerate() {
            let call = calls_for_help(&said);
            let mine = if n + 1 == last { answer.take().unwrap_or_default() } else { Answer::default() };
            let (taken, back) = self.pending.submit(&shared, &mut self.bucket, &entry, now, said, mine).await?;
            match taken {
                Taken::Waits => {}
                Taken::Nobodys => {
                    let d = entry.now();
                    shared.directory.stranger(d.protocol, &d.identity, &self.peer, bytes, call);
                    // In order, behind what is stored still.
                    if let Some(mut a) = back {
                        self.answer(&mut a);
                    }
                }
                // Not acknowledged: it comes again when the client does.
                Taken::Limited => self.disconnect(DisconnectReasonCode::QuotaExceeded),
            }
        }
        if let Some(mut a) = answer {
            self.answer(&mut a);
        }
        Ok(())
    }

    fn stored(&mut self) -> Result<()> {
        let mut ready = Vec::new();
        self.pending.ready(true, |a| ready.push(a));
        for mut a in ready {
            self.answer(&mut a);
        }
        Ok(())
    }

    fn answer(&mut self, a: &mut Answer) {
        self.acknowledge(a.ack.take());
        if let Some((topic, text)) = a.publish.take() {
            self.tell(&topic, text.as_bytes());
        }
    }

    fn acknowledge(&mut self, ack: Option<(u16, PubackReasonCode)>) {
        let Some((id, code)) = ack else { return };
        if self.five {
            if let Ok(p) = v5_0::Puback::builder().packet_id(id).reason_code(code).build() {
                self.send(p);
            }
        } else if let Ok(p) = v3_1_1::Puback::builder().packet_id(id).build() {
            self.send(p);
        }
    }

    fn tell(&mut self, topic: &str, bytes: &[u8]) {
        if self.five {
            let made =
                v5_0::Publish::builder().topic_name(topic).map(|b| b.qos(Qos::AtMostOnce).payload(bytes).build());
            if let Ok(Ok(p)) = made {
                self.send(p);
            }
        } else {
            let made =
                v3_1_1::Publish::builder().topic_name(topic).map(|b| b.qos(Qos::AtMostOnce).payload(bytes).build());
            if let Ok(Ok(p)) = made {
                self.send(p);
            }
        }
    }

    fn disconnect(&mut self, why: DisconnectReasonCode) {
        self.closing = true;
        if self.five
            && self.who.is_some()
            // An empty list of properties: some clients wait for one.
            && let Ok(p) = v5_0::Disconnect::builder().reason_code(why).props(vec![]).build()
        {
            self.send(p);
        }
    }

    /// Commands that wait, once the device listens.
    async fn deliver(&mut self) -> Result<()> {
        if self.filters == 0 {
            return Ok(());
        }
        let Some(who) = &self.who else { return Ok(()) };
        let (identity, id, thing) = (who.identity.clone(), who.entry.now().id, who.thing.clone());
        for order in commands::due(&self.shared.db, id).await? {
            match &thing {
                Some((family, product)) => {
                    let (topic, text) = commands::thing(&order, *family, product, &identity);
                    self.tell(&topic, text.as_bytes());
                }
                None => self.tell(&format!("yinian/{identity}/down"), commands::json(&order).as_bytes()),
            }
            commands::sent(&self.shared.db, order.id).await;
        }
        Ok(())
    }

    async fn write<S>(&mut self, to: &mut WriteHalf<S>) -> Result<()>
    where
        WriteHalf<S>: AsyncWrite + Unpin,
    {
        if self.out.is_empty() {
            return Ok(());
        }
        let done = tokio::time::timeout(WRITE, async {
            to.write_all(&self.out).await?;
            to.flush().await
        });
        done.await.map_err(Error::internal)?.map_err(Error::internal)?;
        self.out.clear();
        Ok(())
    }
}

fn built<T, E: std::fmt::Debug>(made: std::result::Result<T, E>) -> Result<T> {
    made.map_err(|e| Error::Internal(format!("MQTT packet: {e:?}")))
}
