//! As much of SIP (RFC 3261, 3428, 3581) as a receiver of alarm units needs: requests read, responses and a `MESSAGE` of
//! our own written, and a TCP stream cut into messages. No dialogs, no calls, no registrar.
mod stream;

pub use stream::{Frame, Stream};

/// Longest message in bytes, headers and body.
pub const MAX_MESSAGE: usize = 32 * 1024;
/// Most header lines.
const MAX_HEADERS: usize = 64;
/// What a receiver of messages understands.
pub const ALLOW: &str = "MESSAGE, OPTIONS";

/// Why bytes are no message. There is nobody to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wrong {
    TooLong,
    NotSip,
    Malformed,
    /// One of Via, From, To, Call-ID and CSeq is missing.
    HeaderMissing,
}

/// A message of SIP.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    Request(Request),
    Response(Response),
}

/// A request with all that an answer has to repeat.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    pub method: String,
    pub uri: String,
    headers: Vec<(String, String)>,
    pub body: Vec<u8>,
}

/// An answer to something we sent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Response {
    pub status: u16,
    pub call_id: String,
}

/// A header's full name in small letters; compact forms are one letter.
fn full_name(name: &str) -> String {
    let name = name.trim().to_ascii_lowercase();
    match name.as_str() {
        "v" => "via",
        "f" => "from",
        "t" => "to",
        "i" => "call-id",
        "l" => "content-length",
        "c" => "content-type",
        "m" => "contact",
        _ => return name,
    }
    .to_string()
}

/// Start line and headers, lines that go on joined.
fn head(bytes: &[u8]) -> Result<(String, Vec<(String, String)>), Wrong> {
    let text = std::str::from_utf8(bytes).map_err(|_| Wrong::Malformed)?;
    let mut lines = text.split('\n').map(|l| l.strip_suffix('\r').unwrap_or(l));
    let start = lines.next().unwrap_or_default().to_string();
    let mut headers: Vec<(String, String)> = Vec::new();
    for line in lines {
        if line.is_empty() {
            break;
        }
        if line.chars().any(|c| c.is_control() && c != '\t') {
            return Err(Wrong::Malformed);
        }
        if line.starts_with([' ', '\t']) {
            let (_, value) = headers.last_mut().ok_or(Wrong::Malformed)?;
            value.push(' ');
            value.push_str(line.trim());
            continue;
        }
        let (name, value) = line.split_once(':').ok_or(Wrong::Malformed)?;
        if headers.len() >= MAX_HEADERS {
            return Err(Wrong::TooLong);
        }
        headers.push((full_name(name), value.trim().to_string()));
    }
    if start.chars().any(char::is_control) {
        return Err(Wrong::Malformed);
    }
    Ok((start, headers))
}

fn first<'a>(headers: &'a [(String, String)], name: &str) -> Option<&'a str> {
    headers.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
}

/// Where the headers end: the first byte of the body.
fn body_at(bytes: &[u8]) -> Option<usize> {
    let crlf = bytes.windows(4).position(|w| w == b"\r\n\r\n").map(|p| p + 4);
    let lf = bytes.windows(2).position(|w| w == b"\n\n").map(|p| p + 2);
    match (crlf, lf) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

impl Message {
    /// Reads one whole message, as a datagram or as [`Stream`] cuts it.
    ///
    /// # Errors
    /// [`Wrong`] where it is none, or more than a message may hold.
    pub fn parse(bytes: &[u8]) -> Result<Message, Wrong> {
        if bytes.len() > MAX_MESSAGE {
            return Err(Wrong::TooLong);
        }
        let at = body_at(bytes).ok_or(Wrong::Malformed)?;
        let (start, headers) = head(&bytes[..at])?;
        let must = ["via", "from", "to", "call-id", "cseq"];
        if must.iter().any(|n| first(&headers, n).is_none_or(str::is_empty)) {
            return Err(Wrong::HeaderMissing);
        }
        let rest = &bytes[at..];
        // In a datagram the length may be missing: all of it is the body. A length beyond what came is a cut message.
        let body = match first(&headers, "content-length") {
            None => rest,
            Some(n) => rest.get(..n.parse().map_err(|_| Wrong::Malformed)?).ok_or(Wrong::Malformed)?,
        };
        if let Some(rest) = start.strip_prefix("SIP/2.0 ") {
            let status = rest.split(' ').next().and_then(|s| s.parse().ok()).ok_or(Wrong::NotSip)?;
            let call_id = first(&headers, "call-id").unwrap_or_default().to_string();
            return Ok(Message::Response(Response { status, call_id }));
        }
        let mut parts = start.split(' ');
        let (Some(method), Some(uri), Some("SIP/2.0"), None) = (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return Err(Wrong::NotSip);
        };
        let known = |c: char| c.is_ascii_uppercase();
        let same = first(&headers, "cseq").and_then(|c| c.split_whitespace().nth(1)) == Some(method);
        if method.is_empty() || !method.chars().all(known) || !same {
            return Err(Wrong::Malformed);
        }
        let body = body.to_vec();
        Ok(Message::Request(Request { method: method.into(), uri: uri.into(), headers, body }))
    }
}

/// The URI of a From, To or Contact.
fn uri(value: &str) -> &str {
    match value.split_once('<') {
        Some((_, rest)) => rest.split('>').next().unwrap_or(rest),
        None => value.split(';').next().unwrap_or(value),
    }
    .trim()
}

/// A parameter of a header's value: `Some("")` where it stands without one.
fn parameter<'a>(value: &'a str, name: &str) -> Option<&'a str> {
    value.split(';').skip(1).find_map(|p| {
        let (n, v) = p.split_once('=').unwrap_or((p, ""));
        n.trim().eq_ignore_ascii_case(name).then(|| v.trim())
    })
}

/// What an answer says beside what it repeats.
#[derive(Clone, Copy, Debug, Default)]
pub struct Answer<'a> {
    pub status: u16,
    pub reason: &'a str,
    /// Marks the receiver of this request; the same for all answers to it.
    pub tag: &'a str,
    /// `Name: value`.
    pub header: Option<&'a str>,
    /// Content type and body.
    pub body: Option<(&'a str, &'a str)>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        first(&self.headers, name)
    }
    /// The media type of the body without parameters, in small letters.
    pub fn content_type(&self) -> String {
        self.header("content-type").and_then(|c| c.split(';').next()).unwrap_or_default().trim().to_ascii_lowercase()
    }
    /// The user who sent it: `26317` of `<sip:26317@unit.example>`.
    pub fn from_user(&self) -> Option<&str> {
        let from = uri(self.header("from")?);
        let (scheme, rest) = from.split_once(':')?;
        let user = match scheme.to_ascii_lowercase().as_str() {
            "sip" | "sips" => rest.split_once('@')?.0,
            "tel" => rest,
            _ => return None,
        };
        let user = user.split([';', ':']).next().unwrap_or(user);
        (!user.is_empty()).then_some(user)
    }
    fn via(&self) -> &str {
        self.header("via").and_then(|v| v.split(',').next()).unwrap_or_default().trim()
    }
    /// What is the same in a retransmission and in nothing else.
    pub fn transaction(&self) -> String {
        let sent_by = self.via().split(';').next().unwrap_or_default();
        let branch = parameter(self.via(), "branch").unwrap_or_default();
        let of = |n| self.header(n).unwrap_or_default();
        format!("{branch}|{sent_by}|{}|{}", of("call-id"), of("cseq"))
    }
    /// The port a datagram's answer goes to; `None`: where it came from (RFC 3581).
    pub fn answer_port(&self) -> Option<u16> {
        if parameter(self.via(), "rport").is_some() {
            return None;
        }
        let host = self.via().split(';').next()?.split_whitespace().nth(1)?;
        let port = host.rsplit_once(':').filter(|(_, p)| !p.contains(']')).map(|(_, p)| p.parse());
        match port {
            Some(p) => p.ok(),
            None => Some(5_060),
        }
    }
    /// The answer's bytes; `source`: where the request came from, as text, with its port.
    pub fn answer(&self, source: (&str, u16), what: &Answer<'_>) -> Vec<u8> {
        let mut out = format!("SIP/2.0 {} {}\r\n", what.status, what.reason);
        let mut top = true;
        for (_, value) in self.headers.iter().filter(|(n, _)| n == "via") {
            let line = if std::mem::take(&mut top) { received(value, source) } else { value.clone() };
            out += &format!("Via: {line}\r\n");
        }
        let of = |n| self.header(n).unwrap_or_default();
        let to = of("to");
        let tag = if parameter(to, "tag").is_some() { String::new() } else { format!(";tag={}", what.tag) };
        out +=
            &format!("From: {}\r\nTo: {to}{tag}\r\nCall-ID: {}\r\nCSeq: {}\r\n", of("from"), of("call-id"), of("cseq"));
        if let Some(header) = what.header {
            out += &format!("{header}\r\n");
        }
        if let Some((kind, _)) = what.body {
            out += &format!("Content-Type: {kind}\r\n");
        }
        let body = what.body.map_or("", |b| b.1);
        out += &format!("Content-Length: {}\r\n\r\n{body}", body.len());
        out.into_bytes()
    }
    /// A `MESSAGE` back to whoever sent this one. `key` names it; `local` is where its answer comes to.
    pub fn message_back(&self, key: &str, transport: &str, local: &str, kind: &str, body: &str) -> Vec<u8> {
        let of = |n| self.header(n).unwrap_or_default();
        let target = self.header("contact").map_or_else(|| uri(of("from")), uri);
        format!(
            "MESSAGE {target} SIP/2.0\r\nVia: SIP/2.0/{transport} {local};branch=z9hG4bK{key};rport\r\nMax-Forwards: 70\r\n\
             From: <{}>;tag={key}\r\nTo: <{}>\r\nCall-ID: {key}\r\nCSeq: 1 MESSAGE\r\nContent-Type: {kind}\r\n\
             Content-Length: {}\r\n\r\n{body}",
            uri(of("to")),
            uri(of("from")),
            body.len()
        )
        .into_bytes()
    }
}

/// The topmost Via with where the request really came from.
fn received(value: &str, (host, port): (&str, u16)) -> String {
    let (top, rest) = value.split_once(',').map_or((value, None), |(t, r)| (t, Some(r)));
    let mut parts = top.trim().split(';');
    let mut out = parts.next().unwrap_or_default().to_string();
    for p in parts {
        let name = p.split('=').next().unwrap_or_default().trim();
        if name.eq_ignore_ascii_case("rport") {
            out += &format!(";rport={port}");
        } else if !name.eq_ignore_ascii_case("received") {
            out += &format!(";{p}");
        }
    }
    out += &format!(";received={host}");
    rest.map_or(out.clone(), |r| format!("{out},{r}"))
}
