//! Live updates as server-sent events.
use axum::response::sse::{Event, KeepAlive, Sse};
use futures::Stream;
use serde::Serialize;
use std::convert::Infallible;
use std::future::Future;
use std::time::Duration;

/// Sends `next()` every `every` until it answers `None`; the last value before that is always sent. At most an hour:
/// the browser connects again by itself.
pub fn poll<T, F, Fut>(every: Duration, mut next: F) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    T: Serialize + Send + 'static,
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Option<(T, bool)>> + Send,
{
    let (tx, rx) = tokio::sync::mpsc::channel(4);
    tokio::spawn(async move {
        let rounds = Duration::from_secs(3600).as_millis() / every.as_millis().max(1);
        for _ in 0..rounds {
            let Some((value, more)) = next().await else { break };
            let Ok(event) = Event::default().json_data(&value) else { break };
            if tx.send(Ok(event)).await.is_err() || !more {
                break;
            }
            tokio::time::sleep(every).await;
        }
    });
    Sse::new(tokio_stream::wrappers::ReceiverStream::new(rx)).keep_alive(KeepAlive::default())
}

/// Sends `next()` now and whenever the bell rings, and looks at least every `at_least` on its own; sends only what
/// `next` answers `Some` for. Ends when the browser has gone, or after an hour: it connects again by itself.
pub fn woken<T, F, Fut>(
    mut bell: tokio::sync::watch::Receiver<u64>,
    at_least: Duration,
    mut next: F,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>>
where
    T: Serialize + Send + 'static,
    F: FnMut() -> Fut + Send + 'static,
    Fut: Future<Output = Option<T>> + Send,
{
    let (tx, rx) = tokio::sync::mpsc::channel(4);
    tokio::spawn(async move {
        let end = tokio::time::Instant::now() + Duration::from_secs(3600);
        while !tx.is_closed() && tokio::time::Instant::now() < end {
            bell.borrow_and_update();
            if let Some(value) = next().await {
                let Ok(event) = Event::default().json_data(&value) else { break };
                if tx.send(Ok(event)).await.is_err() {
                    break;
                }
            }
            tokio::select! {
                rung = bell.changed() => if rung.is_err() { break },
                () = tokio::time::sleep(at_least) => {}
                () = tx.closed() => break,
            }
        }
    });
    Sse::new(tokio_stream::wrappers::ReceiverStream::new(rx)).keep_alive(KeepAlive::default())
}
