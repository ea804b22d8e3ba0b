//! A TCP stream cut into messages.
use super::{MAX_MESSAGE, Wrong, body_at, first, head};

/// What a stream holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Frame {
    /// A whole message, to be parsed.
    Message(Vec<u8>),
    /// Two empty lines by which a unit asks whether we are there; one goes back (RFC 5626).
    Ping,
}

/// Holds at most one unfinished message.
#[derive(Debug, Default)]
pub struct Stream {
    buffer: Vec<u8>,
}

impl Stream {
    pub fn new() -> Stream {
        Stream::default()
    }
    /// Takes what was read; what is whole by now goes into `out`.
    ///
    /// # Errors
    /// The stream cannot be followed any more: too long, or a message without its length.
    pub fn feed(&mut self, bytes: &[u8], out: &mut Vec<Frame>) -> Result<(), Wrong> {
        self.buffer.extend_from_slice(bytes);
        let mut at = 0;
        let done = loop {
            let rest = &self.buffer[at..];
            if rest.starts_with(b"\r\n\r\n") {
                out.push(Frame::Ping);
                at += 4;
                continue;
            }
            // Empty lines before a message count for nothing.
            let blank = rest.starts_with(b"\r\n") && rest.len() > 2 && rest[2] != b'\r';
            if blank || rest.starts_with(b"\n") {
                at += if blank { 2 } else { 1 };
                continue;
            }
            let Some(body) = body_at(rest) else { break rest.len() <= MAX_MESSAGE };
            if body > MAX_MESSAGE {
                break false;
            }
            let (_, headers) = head(&rest[..body])?;
            let length = first(&headers, "content-length").ok_or(Wrong::HeaderMissing)?;
            let length: usize = length.parse().map_err(|_| Wrong::Malformed)?;
            if length > MAX_MESSAGE - body {
                break false;
            }
            let Some(message) = rest.get(..body + length) else { break true };
            out.push(Frame::Message(message.to_vec()));
            at += body + length;
        };
        self.buffer.drain(..at);
        if done { Ok(()) } else { Err(Wrong::TooLong) }
    }
}
