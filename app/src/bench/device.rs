//! Devices as the benches play them: what they send, and how they hear that it is stored.
use kernel::{Actor, ElderId, Instant, RegionCode, Result};
use safety::devices::{self, DeviceKind, NewBinding, NewDevice, Payer, Protocol};
use std::net::SocketAddr;
use store::{Db, Tx};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// The password of every device here.
const SECRET: &str = "bench-bench-bench";

/// The user name of the MQTT device of the `n`th elder.
pub fn mqtt_name(n: usize) -> String {
    format!("m{n}")
}

/// The number of the watch of the `n`th elder.
pub fn watch_name(n: usize) -> String {
    format!("88{n:08}")
}

/// Registers a device and binds it.
pub async fn register(
    tx: &Tx,
    db: &Db,
    actor: &Actor,
    elder: ElderId,
    (protocol, kind): (Protocol, DeviceKind),
    identity: String,
    region: RegionCode,
) -> Result<()> {
    let secret = (protocol == Protocol::Mqtt).then(|| SECRET.to_string());
    let new = NewDevice {
        protocol,
        identity,
        kind,
        model: String::new(),
        region,
        firmware: String::new(),
        payer: Payer::Own,
        payer_note: String::new(),
        secret,
        room: None,
        door: None,
    };
    let id = devices::register(tx, db, actor, new).await?;
    devices::bind(tx, db, actor, id, NewBinding { elder, room: None, door: None, lent: false }).await.map(|_| ())
}

fn text(packet: &mut Vec<u8>, s: &str) {
    packet.extend((s.len() as u16).to_be_bytes());
    packet.extend(s.as_bytes());
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

/// Connects and signs in over MQTT 3.1.1.
pub async fn mqtt_connect(at: SocketAddr, name: &str) -> std::io::Result<TcpStream> {
    let mut s = TcpStream::connect(at).await?;
    s.set_nodelay(true)?;
    let mut body = Vec::new();
    text(&mut body, "MQTT");
    body.extend([4, 0b1100_0010, 0, 0]);
    for part in [name, name, SECRET] {
        text(&mut body, part);
    }
    s.write_all(&packet(0x10, &body)).await?;
    let mut answer = [0u8; 4];
    s.read_exact(&mut answer).await?;
    if answer != [0x20, 2, 0, 0] {
        return Err(std::io::Error::other(format!("sign-in refused: {answer:?}")));
    }
    Ok(s)
}

/// A message at QoS 1.
pub fn mqtt_publish(name: &str, id: u16, payload: &str) -> Vec<u8> {
    let mut body = Vec::new();
    text(&mut body, &format!("yinian/{name}/up"));
    body.extend(id.to_be_bytes());
    body.extend(payload.as_bytes());
    packet(0x32, &body)
}

/// Waits for the next acknowledgement; its number.
pub async fn mqtt_puback(s: &mut TcpStream) -> std::io::Result<u16> {
    let mut ack = [0u8; 4];
    s.read_exact(&mut ack).await?;
    if ack[..2] != [0x40, 2] {
        return Err(std::io::Error::other(format!("not an acknowledgement: {ack:?}")));
    }
    Ok(u16::from_be_bytes([ack[2], ack[3]]))
}

/// A frame of the watch protocol.
pub fn watch_frame(name: &str, content: &str) -> String {
    format!("[3G*{name}*{:04X}*{content}]", content.len())
}

/// The content of a call for help with a place.
pub fn watch_call(at: Instant) -> String {
    let utc = at.plus_ms(-Instant::ZONE_MS);
    let (d, t) = (utc.date().compact().to_string(), utc.stamp_seconds());
    let t: String = t.chars().skip(11).filter(|c| *c != ':').collect();
    format!("AL,{}{}{},{t},A,23.301000,N,115.651000,E,0,0,30,9,80,81,1200,0,00010000,0,0", &d[6..], &d[4..6], &d[2..4])
}

/// Says one thing and waits for its answer.
pub async fn watch_say(s: &mut TcpStream, name: &str, content: &str) -> std::io::Result<()> {
    s.write_all(watch_frame(name, content).as_bytes()).await?;
    let word = content.split(',').next().unwrap_or_default();
    let mut answer = vec![0u8; watch_frame(name, word).len()];
    s.read_exact(&mut answer).await?;
    if answer != watch_frame(name, word).as_bytes() {
        return Err(std::io::Error::other("not the answer"));
    }
    Ok(())
}
