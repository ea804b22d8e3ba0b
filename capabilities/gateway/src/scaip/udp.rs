//! SCAIP over UDP: a datagram is a message; ours are said again until they are heard.
use super::{Back, From, Receiver};
use crate::serve::stopped;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::atomic::Ordering;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;
use tokio::net::UdpSocket;
use tokio::sync::{Notify, Semaphore};
use tokio::task::JoinSet;
use wire::sip::{self, MAX_MESSAGE, Message};

/// Requests that may wait to be stored; those beyond it come again.
const AT_ONCE: usize = 1_024;
/// RFC 3261: a message of ours is said again after 0.5 s, then twice as long, at most 4 s; 32 s in all.
const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(4);
const IN_ALL: Duration = Duration::from_secs(32);

type Heard = Mutex<HashMap<String, Arc<Notify>>>;

/// Receives until `stop`.
pub(crate) async fn listen(receiver: Arc<Receiver>, socket: UdpSocket) {
    let socket = Arc::new(socket);
    let Ok(local) = socket.local_addr() else { return };
    let mut stop = receiver.shared.stop.clone();
    let places = Arc::new(Semaphore::new(AT_ONCE));
    let heard: Arc<Heard> = Arc::default();
    let mut tasks = JoinSet::new();
    let mut buffer = vec![0u8; MAX_MESSAGE + 1];
    loop {
        tokio::select! {
            () = stopped(&mut stop) => break,
            Some(_) = tasks.join_next(), if !tasks.is_empty() => {}
            got = socket.recv_from(&mut buffer) => {
                // An unreachable port of somebody's earlier answer, usually.
                let Ok((n, peer)) = got else { continue };
                let request = match Message::parse(&buffer[..n]) {
                    Ok(Message::Request(r)) => r,
                    Ok(Message::Response(r)) => {
                        if let Some(who) = heard.lock().unwrap_or_else(PoisonError::into_inner).get(&r.call_id) {
                            who.notify_one();
                        }
                        continue;
                    }
                    Err(_) => {
                        receiver.shared.counters.refused.fetch_add(1, Ordering::Relaxed);
                        continue;
                    }
                };
                let Ok(place) = places.clone().try_acquire_owned() else {
                    receiver.shared.counters.turned_away.fetch_add(1, Ordering::Relaxed);
                    continue;
                };
                let (receiver, socket, heard) = (receiver.clone(), socket.clone(), heard.clone());
                tasks.spawn(async move {
                    let from = From { peer, local, transport: "UDP" };
                    let back = receiver.take(&request, from).await;
                    drop(place);
                    if let Some(back) = back {
                        answer(&socket, &heard, &request, peer, back).await;
                    }
                });
            }
        }
    }
    tasks.shutdown().await;
}

async fn answer(socket: &UdpSocket, heard: &Heard, request: &sip::Request, peer: SocketAddr, back: Back) {
    let to = SocketAddr::new(peer.ip(), request.answer_port().unwrap_or(peer.port()));
    // What is lost on the way is asked for again.
    let _ = socket.send_to(&back.answer, to).await;
    let Some((key, bytes)) = back.message else { return };
    let arrived = Arc::new(Notify::new());
    {
        let mut all = heard.lock().unwrap_or_else(PoisonError::into_inner);
        // Already being said: the answer alone was lost.
        if all.len() >= AT_ONCE || all.contains_key(&key) {
            return;
        }
        all.insert(key.clone(), arrived.clone());
    }
    let (mut pause, mut passed) = (FIRST, Duration::ZERO);
    while passed < IN_ALL {
        let _ = socket.send_to(&bytes, to).await;
        if tokio::time::timeout(pause, arrived.notified()).await.is_ok() {
            break;
        }
        passed += pause;
        pause = (pause * 2).min(LONGEST);
    }
    heard.lock().unwrap_or_else(PoisonError::into_inner).remove(&key);
}
