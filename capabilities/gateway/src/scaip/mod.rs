//! Social alarm units: SCAIP in SIP `MESSAGE`s over UDP and TCP. A request is answered when its alarm is stored; a unit that
//! is not known here is told so, that it may turn to its second receiver.
mod memory;
mod tcp;
mod udp;

pub(crate) use tcp::serve;
pub(crate) use udp::listen;

use crate::config::Config;
use crate::directory::Entry;
use crate::limits::Bucket;
use crate::serve::Shared;
use crate::translate;
use kernel::{Instant, Result};
use memory::{Memory, Seen};
use safety::devices::{DeviceId, Protocol};
use safety::readings::Message;
use serde::Deserialize;
use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use wire::scaip::{CONTENT_TYPE, Kind, Reply, Request, Status};
use wire::sip::{self, Answer};

/// How the reply goes back to a unit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ScaipReply {
    /// As a SIP `MESSAGE` of its own, as the standard has it.
    #[default]
    Message,
    /// In the body of the `200 OK`, as some units want it.
    Body,
}

/// Devices whose allowance is remembered.
const BUCKETS: usize = 65_536;

/// What all units share, whatever they come over.
pub(crate) struct Receiver {
    shared: Arc<Shared>,
    reply: ScaipReply,
    /// Whom a unit is told to call.
    voice: Option<String>,
    memory: Memory,
    buckets: Mutex<HashMap<DeviceId, Bucket>>,
}

/// Where a request came from and how answers go back.
#[derive(Clone, Copy, Debug)]
pub(crate) struct From {
    pub peer: SocketAddr,
    /// Our own address, as far as it is known.
    pub local: SocketAddr,
    pub transport: &'static str,
}

/// What goes back.
#[derive(Clone, Debug, Default)]
pub(crate) struct Back {
    pub answer: Vec<u8>,
    /// A `MESSAGE` that follows, with the name its answer comes under.
    pub message: Option<(String, Vec<u8>)>,
}

impl Receiver {
    pub(crate) fn new(shared: Arc<Shared>, config: &Config) -> Receiver {
        let (reply, voice) = (config.scaip_reply, config.scaip_voice.clone());
        Receiver { shared, reply, voice, memory: Memory::default(), buckets: Mutex::default() }
    }

    /// Takes one request: `None` where nothing goes back, now or at all.
    pub(crate) async fn take(&self, request: &sip::Request, from: From) -> Option<Back> {
        let tag = self.shared.db.ids().next_u64();
        let tag = format!("{tag:016x}");
        let host = from.peer.ip().to_string();
        let plain = |status, reason, header| {
            let what = Answer { status, reason, tag: &tag, header, body: None };
            Some(Back { answer: request.answer((&host, from.peer.port()), &what), message: None })
        };
        let allow = format!("Allow: {}", sip::ALLOW);
        match request.method.as_str() {
            "MESSAGE" => {}
            // Answers nothing of ours.
            "ACK" => return None,
            "OPTIONS" => return plain(200, "OK", Some(&allow)),
            _ => return plain(405, "Method Not Allowed", Some(&allow)),
        }
        if !request.content_type().ends_with("scaip+xml") {
            return plain(415, "Unsupported Media Type", Some(&format!("Accept: {CONTENT_TYPE}")));
        }
        let now = self.shared.db.now();
        // Seen before: an answer that was lost is sent again, one that is still made is made once.
        let transaction = format!("t|{}|{}", from.peer.ip(), request.transaction());
        match self.memory.seen(&transaction, now) {
            Seen::New => {}
            Seen::Working => return None,
            Seen::Answered(back) => return Some(back),
        }
        let back = match self.reply_to(request, from, now).await {
            Ok(Some(reply)) => self.back(request, from, &reply, &tag),
            Ok(None) => {
                self.memory.forget(&transaction);
                return plain(403, "Forbidden", None);
            }
            // Not stored, not answered: it comes again.
            Err(e) => {
                tracing::debug!(peer = %from.peer, error = %e, "alarm unit's message not stored");
                self.memory.forget(&transaction);
                return None;
            }
        };
        self.memory.answered(&transaction, back.clone(), now);
        Some(back)
    }

    fn back(&self, request: &sip::Request, from: From, reply: &str, tag: &str) -> Back {
        let in_body = self.reply == ScaipReply::Body;
        let body = in_body.then_some((CONTENT_TYPE, reply));
        let what = Answer { status: 200, reason: "OK", tag, header: None, body };
        let answer = request.answer((&from.peer.ip().to_string(), from.peer.port()), &what);
        let message = (!in_body).then(|| {
            let local = from.local.to_string();
            (tag.to_string(), request.message_back(tag, from.transport, &local, CONTENT_TYPE, reply))
        });
        Back { answer, message }
    }

    /// The reply's XML, once what was said is stored. `None`: it speaks for another.
    ///
    /// # Errors
    /// The watch has stopped, or the database does not answer.
    async fn reply_to(&self, request: &sip::Request, from: From, now: Instant) -> Result<Option<String>> {
        let shared = &self.shared;
        let said = match Request::parse(&request.body) {
            Ok(said) => said,
            Err(refused) => {
                shared.counters.refused.fetch_add(1, Ordering::Relaxed);
                tracing::debug!(peer = %from.peer, status = refused.status.number(), tag = %refused.tag, "message refused");
                return Ok(Some(refused.reply()));
            }
        };
        if !request.from_user().is_some_and(|u| said.sent_by(u)) {
            shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            return Ok(None);
        }
        let record = said.record();
        let call = !record.alarms.is_empty() && said.kind == Kind::Alarm;
        let Some(entry) = self.unit(&said.controller).await? else {
            self.stranger(&said, from, &request.body, call);
            return Ok(Some(said.refuse(Status::NotTreated).to_xml()));
        };
        let device = entry.now();
        if device.bound.is_none() {
            self.stranger(&said, from, &request.body, call);
            // Whose alarm it is nobody knows; its second receiver may.
            let reply = if call { said.refuse(Status::NotTreated) } else { said.accept(None) };
            return Ok(Some(reply.to_xml()));
        }
        // The same message in a new transaction: the unit did not hear the reply.
        let same = format!("r|{}|{}|{:x}", device.id, said.reference, fingerprint(&request.body));
        match self.memory.seen(&same, now) {
            Seen::New => {}
            Seen::Working => return Err(kernel::Error::refused("the same message is being stored")),
            Seen::Answered(_) => return Ok(Some(self.accepted(&said, call).to_xml())),
        }
        let measures = translate::said(&record, &device, now);
        entry.heard(now, None, None, None);
        translate::of_itself(&record, &entry, now);
        if !call && !self.allowed(device.id, now) {
            shared.counters.limited.fetch_add(1, Ordering::Relaxed);
            self.memory.forget(&same);
            return Ok(Some(said.refuse(Status::Busy).to_xml()));
        }
        if let Err(e) = shared.intake.store(Message::new(device, now, measures)).await {
            self.memory.forget(&same);
            return Err(e);
        }
        shared.counters.messages.fetch_add(1, Ordering::Relaxed);
        self.memory.answered(&same, Back::default(), now);
        Ok(Some(self.accepted(&said, call).to_xml()))
    }

    fn accepted(&self, said: &Request, call: bool) -> Reply {
        said.accept(self.voice.as_deref().filter(|_| call))
    }

    /// A unit by its number as sent, or without the zeros before it.
    async fn unit(&self, number: &str) -> Result<Option<Arc<Entry>>> {
        let found = self.shared.directory.find(Protocol::Scaip, number).await?;
        let short = number.trim_start_matches('0');
        if found.is_some() || short == number || short.is_empty() {
            return Ok(found);
        }
        self.shared.directory.find(Protocol::Scaip, short).await
    }

    fn stranger(&self, said: &Request, from: From, body: &[u8], call: bool) {
        self.shared.counters.strangers.fetch_add(1, Ordering::Relaxed);
        let peer = from.peer.ip().to_string();
        self.shared.directory.stranger(Protocol::Scaip, &said.controller, &peer, body, call);
    }

    fn allowed(&self, device: DeviceId, now: Instant) -> bool {
        let limits = self.shared.limits;
        let mut all = self.buckets.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= BUCKETS && !all.contains_key(&device) {
            all.clear();
        }
        all.entry(device).or_insert_with(|| Bucket::new(limits.rate, limits.burst, now)).take(now)
    }
}

/// A message by what it says, so that two under one reference are not taken for one.
fn fingerprint(body: &[u8]) -> u64 {
    let mut hasher = DefaultHasher::new();
    body.hash(&mut hasher);
    hasher.finish()
}
