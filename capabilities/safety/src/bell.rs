//! What wakes the open desks of this process.
use std::sync::Arc;
use tokio::sync::watch;

/// Rung after every commit that changed a case, so that open desks look at once. Whoever writes from another process is
/// noticed by the desks' own look, a moment later. Cheap to clone; one a process.
#[derive(Clone)]
pub struct Bell(Arc<watch::Sender<u64>>);

impl Default for Bell {
    fn default() -> Bell {
        Bell(Arc::new(watch::channel(0).0))
    }
}

impl Bell {
    pub fn ring(&self) {
        self.0.send_modify(|n| *n = n.wrapping_add(1));
    }
    pub fn listen(&self) -> watch::Receiver<u64> {
        self.0.subscribe()
    }
}
