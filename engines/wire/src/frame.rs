//! Cutting a byte stream into frames, with resynchronisation after garbage and bounded memory.
use crate::session::Protocol;
use crate::{gt06, jt808, minifinder2, trv, watch};

/// What stands at the start of the unread bytes.
pub(crate) enum Cut {
    /// Not enough bytes yet. How far the search has come, so that it does not start again.
    Need(Resume),
    /// So many bytes are no frame.
    Skip(usize),
    /// A frame takes so many bytes and reads so (unescaped where the protocol escapes).
    Frame(usize, Vec<u8>),
}

/// Where a search for the end of a frame goes on.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Resume {
    pub at: usize,
    pub depth: i32,
}

/// Bytes of an unfinished frame that are kept at most, for any protocol.
pub const MAX_PENDING: usize = 65_536 + 4_096;

/// Cuts one connection's bytes into frames. Holds at most one unfinished frame ([`Protocol::max_frame`]).
#[derive(Clone, Debug)]
pub struct Framer {
    protocol: Protocol,
    pending: Vec<u8>,
    resume: Resume,
    skipped: u64,
}

impl Framer {
    pub fn new(protocol: Protocol) -> Framer {
        Framer { protocol, pending: Vec::new(), resume: Resume::default(), skipped: 0 }
    }

    /// Bytes thrown away because no frame could be made of them.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }
    /// Bytes waiting for the rest of their frame.
    pub fn pending(&self) -> usize {
        self.pending.len()
    }

    /// Takes the next bytes of the stream and appends the frames they complete.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Vec<u8>>) {
        // In pieces, so that a large read cannot make the buffer large.
        for piece in bytes.chunks(4_096) {
            self.pending.extend_from_slice(piece);
            self.cut(out);
        }
    }

    /// The stream has ended or has been silent for a while: what is left is handed out as it is, so that an SOS in
    /// a frame whose end was lost is still seen (as damaged).
    pub fn finish(&mut self, out: &mut Vec<Vec<u8>>) {
        let mut rest = std::mem::take(&mut self.pending);
        self.resume = Resume::default();
        if self.protocol == Protocol::Jt808 && rest.len() > 1 {
            rest = jt808::unescape(&rest);
        }
        if Protocol::detect(&rest) == Some(self.protocol) && rest.len() > 4 {
            out.push(rest);
        } else {
            self.skipped += rest.len() as u64;
        }
    }

    fn cut(&mut self, out: &mut Vec<Vec<u8>>) {
        let mut from = 0;
        while from < self.pending.len() {
            let rest = &self.pending[from..];
            let cut = match self.protocol {
                Protocol::Watch => watch::cut(rest, self.resume),
                Protocol::Trv => trv::cut(rest, self.resume),
                Protocol::Minifinder2 => minifinder2::cut(rest),
                Protocol::Jt808 => jt808::cut(rest, self.resume),
                Protocol::Gt06 => gt06::cut(rest, self.resume),
            };
            let limit = self.protocol.max_frame();
            match cut {
                Cut::Need(resume) if rest.len() <= limit => {
                    self.resume = resume;
                    break;
                }
                // Too long to be a frame: its start was no start. A good part goes at once, so that a flood of starts
                // without ends costs no more than reading it.
                Cut::Need(_) => {
                    let n = rest.len() - limit / 2;
                    from += n;
                    self.skipped += n as u64;
                    self.resume = Resume::default();
                }
                Cut::Frame(n, _) if n > limit => {
                    from += n.min(rest.len());
                    self.skipped += n as u64;
                    self.resume = Resume::default();
                }
                Cut::Skip(n) => {
                    let n = n.clamp(1, rest.len());
                    from += n;
                    self.skipped += n as u64;
                    self.resume = Resume::default();
                }
                Cut::Frame(n, frame) => {
                    from += n.clamp(1, rest.len());
                    self.resume = Resume::default();
                    out.push(frame);
                }
            }
        }
        self.pending.drain(..from);
    }
}

/// Skips to the first place from which `start` can begin, looking from the second byte on.
pub(crate) fn skip_to(bytes: &[u8], start: impl Fn(&[u8]) -> bool) -> Cut {
    Cut::Skip((1..bytes.len()).find(|i| start(&bytes[*i..])).unwrap_or(bytes.len()))
}
