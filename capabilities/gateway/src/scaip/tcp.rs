//! SCAIP over TCP: one connection of a unit, or of something that speaks for many.
use super::{From, Receiver};
use crate::serve::stopped;
use kernel::{Error, Result};
use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::task::JoinSet;
use wire::sip::{Frame, Message, Stream};

/// How long a unit may take to read what was written.
const WRITE: Duration = Duration::from_secs(10);
const READ: usize = 4_096;

/// Serves a connection until either side ends it.
pub(crate) async fn serve(receiver: Arc<Receiver>, stream: TcpStream, peer: SocketAddr) {
    let _ = stream.set_nodelay(true);
    if let Err(e) = run(receiver, stream, peer).await {
        tracing::debug!(%peer, error = %e, "alarm unit's connection ended");
    }
}

async fn run(receiver: Arc<Receiver>, stream: TcpStream, peer: SocketAddr) -> Result<()> {
    let limits = receiver.shared.limits;
    let local = stream.local_addr().map_err(Error::internal)?;
    let (mut from, mut to) = stream.into_split();
    let mut stop = receiver.shared.stop.clone();
    let (mut cut, mut frames) = (Stream::new(), Vec::new());
    let mut answers: JoinSet<Option<super::Back>> = JoinSet::new();
    let mut buffer = vec![0u8; READ];
    // Until it has said something that can be read.
    let mut allowed = Duration::from_secs(limits.login_s);
    loop {
        let mut out = Vec::new();
        tokio::select! {
            biased;
            () = stopped(&mut stop) => return Ok(()),
            Some(done) = answers.join_next(), if !answers.is_empty() => {
                if let Ok(Some(back)) = done {
                    out.extend(back.answer);
                    out.extend(back.message.into_iter().flat_map(|m| m.1));
                }
            }
            // Beyond so many that wait to be stored the socket is not read.
            got = tokio::time::timeout(allowed, from.read(&mut buffer)), if answers.len() < limits.in_flight => {
                let n = match got {
                    Ok(n) => n.map_err(Error::internal)?,
                    Err(_) => return Ok(()),
                };
                if n == 0 {
                    return Ok(());
                }
                let sound = cut.feed(&buffer[..n], &mut frames);
                for frame in frames.drain(..) {
                    let bytes = match frame {
                        Frame::Ping => {
                            out.extend_from_slice(b"\r\n");
                            continue;
                        }
                        Frame::Message(bytes) => bytes,
                    };
                    match Message::parse(&bytes) {
                        Ok(Message::Request(request)) => {
                            allowed = Duration::from_secs(limits.idle_s);
                            let receiver = receiver.clone();
                            let from = From { peer, local, transport: "TCP" };
                            answers.spawn(async move { receiver.take(&request, from).await });
                        }
                        Ok(Message::Response(_)) => {}
                        Err(_) => {
                            receiver.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
                        }
                    }
                }
                if let Err(wrong) = sound {
                    receiver.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
                    return Err(Error::Internal(format!("{wrong:?}")));
                }
            }
        }
        if !out.is_empty() {
            let done = tokio::time::timeout(WRITE, to.write_all(&out)).await;
            done.map_err(Error::internal)?.map_err(Error::internal)?;
        }
    }
}
