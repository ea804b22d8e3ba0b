//! MQTT byte by byte, for what no library's client would say.
use crate::common::{SECRET, soon};
use std::net::SocketAddr;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;

pub const CONNACK: u8 = 0x20;
pub const PUBACK: u8 = 0x40;
pub const SUBACK: u8 = 0x90;
pub const PINGRESP: u8 = 0xD0;

fn text(s: &str) -> Vec<u8> {
    let mut out = (s.len() as u16).to_be_bytes().to_vec();
    out.extend(s.as_bytes());
    out
}

fn packet(first: u8, body: &[u8]) -> Vec<u8> {
    let (mut out, mut n) = (vec![first], body.len());
    loop {
        let byte = (n % 128) as u8;
        n /= 128;
        out.push(if n > 0 { byte | 0x80 } else { byte });
        if n == 0 {
            break;
        }
    }
    out.extend(body);
    out
}

/// What a CONNECT says.
pub struct Hello<'a> {
    pub client: &'a str,
    pub user: &'a str,
    pub keep_alive: u16,
    /// Topic and payload.
    pub will: Option<(&'a str, &'a str)>,
}

impl Default for Hello<'_> {
    fn default() -> Self {
        Hello { client: "m1", user: "m1", keep_alive: 60, will: None }
    }
}

pub fn connect(hello: &Hello<'_>) -> Vec<u8> {
    let mut body = text("MQTT");
    // Clean session, user name, password; a will at QoS 1.
    let flags = 0b1100_0010 | if hello.will.is_some() { 0b0000_1100 } else { 0 };
    body.extend([4, flags]);
    body.extend(hello.keep_alive.to_be_bytes());
    body.extend(text(hello.client));
    if let Some((topic, payload)) = hello.will {
        body.extend(text(topic));
        body.extend(text(payload));
    }
    body.extend(text(hello.user));
    body.extend(text(SECRET));
    packet(0x10, &body)
}

/// QoS 1 with an id, QoS 0 without.
pub fn publish(topic: &str, payload: &str, id: Option<u16>) -> Vec<u8> {
    let mut body = text(topic);
    body.extend(id.map(u16::to_be_bytes).into_iter().flatten());
    body.extend(payload.as_bytes());
    packet(if id.is_some() { 0x32 } else { 0x30 }, &body)
}

pub fn subscribe(id: u16, filters: &[&str]) -> Vec<u8> {
    let mut body = id.to_be_bytes().to_vec();
    for f in filters {
        body.extend(text(f));
        body.push(1);
    }
    packet(0x82, &body)
}

/// A connection of MQTT 3.1.1.
pub struct Raw<S>(S);

impl Raw<TcpStream> {
    pub async fn open(at: SocketAddr) -> Raw<TcpStream> {
        Raw(TcpStream::connect(at).await.unwrap())
    }
    pub async fn signed_in(at: SocketAddr, hello: &Hello<'_>) -> Raw<TcpStream> {
        let mut raw = Raw::open(at).await;
        raw.hello(hello).await;
        raw
    }
}

impl<S: AsyncRead + AsyncWrite + Unpin> Raw<S> {
    pub fn over(stream: S) -> Raw<S> {
        Raw(stream)
    }
    pub async fn say(&mut self, bytes: &[u8]) {
        soon(async {
            self.0.write_all(bytes).await.unwrap();
            self.0.flush().await.unwrap();
        })
        .await;
    }
    pub async fn hello(&mut self, hello: &Hello<'_>) {
        self.say(&connect(hello)).await;
        assert_eq!(self.hear().await, Some((CONNACK, vec![0, 0])));
    }
    /// The next packet's first byte and body; `None` when the other side has closed.
    pub async fn hear(&mut self) -> Option<(u8, Vec<u8>)> {
        soon(async {
            let first = self.0.read_u8().await.ok()?;
            let (mut n, mut shift) = (0usize, 0);
            loop {
                let byte = self.0.read_u8().await.ok()?;
                n |= usize::from(byte & 0x7F) << shift;
                shift += 7;
                if byte & 0x80 == 0 {
                    break;
                }
            }
            let mut body = vec![0; n];
            self.0.read_exact(&mut body).await.ok()?;
            Some((first, body))
        })
        .await
    }
}
