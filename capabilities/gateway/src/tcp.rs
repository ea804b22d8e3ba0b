//! One TCP connection of a device that speaks its own protocol.
use crate::commands::{self, Online, Sent};
use crate::directory::Entry;
use crate::inbound::{Pending, Taken, protocol};
use crate::limits::Bucket;
use crate::serve::{Shared, stopped};
use crate::translate;
use kernel::{Instant, Result};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::AsyncWriteExt;
use tokio::net::TcpStream;
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use wire::{Framer, Session};

/// How long a device may take to read what was written.
const WRITE: Duration = Duration::from_secs(10);
/// Frames that may be refused before the connection is closed.
const REFUSED_MAX: u64 = 20;
const BUFFER: usize = 8 * 1024;

struct Connection {
    shared: Arc<Shared>,
    session: Session,
    framer: Framer,
    peer: String,
    device: Option<(String, Arc<Entry>, Online)>,
    pending: Pending<Vec<u8>>,
    bucket: Bucket,
    sent: Sent,
    out: Vec<u8>,
}

/// Serves a connection until either side ends it.
pub(crate) async fn serve(shared: Arc<Shared>, stream: TcpStream, peer: String, which: wire::Protocol) {
    let now = shared.db.now();
    let bucket = Bucket::new(shared.limits.rate, shared.limits.burst, now);
    let mut c = Connection {
        session: Session::new(which),
        framer: Framer::new(which),
        peer,
        device: None,
        pending: Pending::new(),
        bucket,
        sent: Sent::default(),
        out: Vec::new(),
        shared,
    };
    // A small frame goes out at once.
    let _ = stream.set_nodelay(true);
    let (mut from, mut to) = stream.into_split();
    if let Err(e) = c.run(&mut from, &mut to).await {
        tracing::debug!(peer = %c.peer, protocol = which.code(), error = %e, "connection ended");
    }
}

impl Connection {
    async fn run(&mut self, from: &mut OwnedReadHalf, to: &mut OwnedWriteHalf) -> Result<()> {
        let shared = self.shared.clone();
        let limits = shared.limits;
        let mut stop = shared.stop.clone();
        let line = self.pending.line.clone();
        let idle = tokio::time::sleep(Duration::from_secs(limits.login_s));
        tokio::pin!(idle);
        let mut heard = shared.db.now();
        let mut poke = self.sent.listen();
        loop {
            tokio::select! {
                biased;
                () = stopped(&mut stop) => return Ok(()),
                () = line.changed() => self.answer(to).await?,
                got = from.readable(), if self.pending.len() < limits.in_flight => {
                    got.map_err(kernel::Error::internal)?;
                    match self.read(from).await? {
                        None => return Ok(()),
                        Some(true) => heard = shared.db.now(),
                        Some(false) => {}
                    }
                    self.write(to).await?;
                }
                _ = poke.changed() => self.deliver(to).await?,
                () = &mut idle => {
                    let allowed = if self.device.is_some() { limits.idle_s } else { limits.login_s };
                    let silent = shared.db.now().since(heard).max(0) as u64;
                    if silent >= allowed * 1_000 {
                        return Ok(());
                    }
                    let rest = Duration::from_millis(allowed * 1_000 - silent);
                    idle.as_mut().reset(tokio::time::Instant::now() + rest);
                }
            }
        }
    }

    /// Takes what is there to be read. `None`: the device closed.
    async fn read(&mut self, from: &OwnedReadHalf) -> Result<Option<bool>> {
        // On the stack while it is filled, so that a silent connection holds no buffer.
        let mut frames = Vec::new();
        let closed = {
            let mut buffer = [0u8; BUFFER];
            match from.try_read(&mut buffer) {
                Ok(0) => {
                    self.framer.finish(&mut frames);
                    true
                }
                Ok(n) => {
                    self.framer.feed(&buffer[..n], &mut frames);
                    false
                }
                Err(e) if e.kind() == io::ErrorKind::WouldBlock => return Ok(Some(false)),
                Err(e) => return Err(kernel::Error::internal(e)),
            }
        };
        let now = self.shared.db.now();
        for frame in frames {
            self.frame(&frame, now).await?;
        }
        if self.session.refused > REFUSED_MAX {
            return Err(kernel::Error::Internal("too many frames that cannot be read".into()));
        }
        Ok((!closed).then_some(true))
    }

    async fn frame(&mut self, frame: &[u8], now: Instant) -> Result<()> {
        let mut decoded = wire::decode(frame, &mut self.session, now);
        if let Some(why) = decoded.refused {
            self.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
            tracing::debug!(peer = %self.peer, why = why.code(), kind = %decoded.kind, "frame refused");
            if decoded.records.is_empty() {
                return Ok(());
            }
        }
        let name = decoded.device.take().or_else(|| self.session.device.clone());
        let Some(name) = name else {
            self.out.extend(decoded.reply.unwrap_or_default());
            return Ok(());
        };
        let Some(entry) = self.find(&name).await? else {
            let call = decoded.records.iter().any(|r| r.alarms.iter().any(|a| a.of_a_person()));
            let which = protocol(self.session.protocol);
            self.shared.directory.stranger(which, &name, &self.peer, frame, call);
            self.shared.counters.strangers.fetch_add(1, Ordering::Relaxed);
            return Ok(());
        };
        let device = entry.now();
        let mut said = Vec::with_capacity(decoded.records.len() + 1);
        for r in &decoded.records {
            said.extend(translate::said(r, &device, now));
            translate::of_itself(r, &entry, now);
        }
        if said.is_empty() {
            said.push(safety::readings::Said { at: now, what: vigil::Measure::Heartbeat });
        }
        if let Some(id) = self.sent.answered(&decoded.kind) {
            commands::confirmed(&self.shared.db, id, &decoded.kind).await;
        }
        let call = translate::calls_for_help(&said);
        let reply = decoded.reply.unwrap_or_default();
        let shared = self.shared.clone();
        let (taken, reply) = self.pending.submit(&shared, &mut self.bucket, &entry, now, said, reply).await?;
        if taken == Taken::Nobodys {
            self.shared.directory.stranger(device.protocol, &device.identity, &self.peer, frame, call);
        }
        self.out.extend(reply.unwrap_or_default());
        Ok(())
    }

    async fn find(&mut self, name: &str) -> Result<Option<Arc<Entry>>> {
        if let Some((known, entry, _)) = &self.device
            && known == name
        {
            return Ok(Some(entry.clone()));
        }
        let found = self.shared.directory.find(protocol(self.session.protocol), name).await?;
        if let Some(entry) = &found {
            let device = entry.now();
            if !device.model.is_empty() {
                self.session.model = Some(device.model.clone());
            }
            let online = self.shared.online.here(device.id, &self.sent);
            self.device = Some((name.to_string(), entry.clone(), online));
            // What waited for it is looked up at once.
            self.sent.poke();
        }
        Ok(found)
    }

    async fn answer(&mut self, to: &mut OwnedWriteHalf) -> Result<()> {
        let out = &mut self.out;
        self.pending.ready(false, |bytes| out.extend(bytes));
        self.write(to).await
    }

    async fn write(&mut self, to: &mut OwnedWriteHalf) -> Result<()> {
        if self.out.is_empty() {
            return Ok(());
        }
        let done = tokio::time::timeout(WRITE, to.write_all(&self.out)).await;
        done.map_err(kernel::Error::internal)?.map_err(kernel::Error::internal)?;
        self.out.clear();
        if self.out.capacity() > BUFFER {
            self.out = Vec::new();
        }
        Ok(())
    }

    async fn deliver(&mut self, to: &mut OwnedWriteHalf) -> Result<()> {
        let Some((name, entry, _)) = &self.device else { return Ok(()) };
        let id = entry.now().id;
        for order in commands::due(&self.shared.db, id).await? {
            let Some(bytes) = commands::bytes(&order.command, name, &mut self.session) else {
                commands::failed(&self.shared.db, order.id, "这种设备不支持这条指令").await;
                continue;
            };
            self.out.extend(bytes);
            let done = tokio::time::timeout(WRITE, to.write_all(&self.out)).await;
            done.map_err(kernel::Error::internal)?.map_err(kernel::Error::internal)?;
            self.out.clear();
            commands::sent(&self.shared.db, order.id).await;
            self.sent.remember(order.id, &order.command, self.session.protocol);
        }
        Ok(())
    }
}
