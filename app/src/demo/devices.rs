//! The demo's watches: 300 elders wear one. Each is a connection of its own that speaks the real protocol to the real
//! gateway over the loopback: positions that move, vitals, batteries; somebody falls every few minutes.
use super::names::Dice;
use crate::config::Config;
use crate::wire;
use kernel::{Actor, Clock, ElderId, GeoPoint, IdGen, Instant, OrgScope, Result, Scope};
use safety::devices::{self, DeviceKind, NewBinding, NewDevice, Payer, Protocol};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use store::Db;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::watch;

/// How many wear a watch.
const WEARERS: usize = 300;
/// Between two reports of one watch, seconds.
const EVERY: (i64, i64) = (15, 45);
/// Between two falls in town, seconds.
const FALL: (i64, i64) = (150, 300);
/// Nobody walks further from home, metres.
const FAR_M: f64 = 900.0;

/// So many of them have a fence around their home, metres.
const FENCED: usize = 20;
const FENCE_M: u32 = 1_000;

/// What may happen to a wearer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mishap {
    Fall,
    Stray,
}

/// Somebody with a watch.
#[derive(Clone, Debug)]
pub struct Wearer {
    /// As printed on the watch.
    pub identity: String,
    pub home: GeoPoint,
}

/// Gives watches to those who have none yet; all wearers.
///
/// # Errors
/// The database's.
pub async fn wear(db: &Db, config: &Config) -> Result<Vec<Wearer>> {
    let scope = Scope { region: config.region, org: OrgScope::Any };
    let actor: Actor = wire::platform(config, "demo");
    let mut out = Vec::new();
    let mut after = None;
    while out.len() < WEARERS {
        let homes = people::service::households_after(db, &scope, after, 500).await?;
        let Some(last) = homes.last() else { break };
        after = Some(last.household);
        let ids: Vec<ElderId> = homes.iter().filter_map(|h| h.members.first()).map(|m| m.elder).collect();
        let cards = people::service::cards(db, &scope, &ids).await?;
        for id in ids {
            let Some(card) = cards.get(&id).filter(|c| c.died_on.is_none()) else { continue };
            let Some(home) = card.place else { continue };
            let identity = format!("88{:08}", out.len() + 1);
            if devices::by_identity(db, Protocol::Watch, &identity).await?.is_none() {
                give(db, &actor, &identity, id, card.region).await?;
                if out.len() < FENCED {
                    fence(db, &actor, id, home).await?;
                }
            }
            out.push(Wearer { identity, home });
            if out.len() == WEARERS {
                break;
            }
        }
    }
    Ok(out)
}

async fn give(db: &Db, actor: &Actor, identity: &str, elder: ElderId, region: kernel::RegionCode) -> Result<()> {
    let tx = db.begin().await?;
    let new = NewDevice {
        protocol: Protocol::Watch,
        identity: identity.into(),
        kind: DeviceKind::Watch,
        model: "A9".into(),
        region,
        firmware: "1.0.7".into(),
        payer: Payer::Project,
        payer_note: "演示".into(),
        secret: None,
        room: None,
        door: None,
    };
    let id = devices::register(&tx, db, actor, new).await?;
    let to = NewBinding { elder, room: None, door: None, lent: true };
    devices::bind(&tx, db, actor, id, to).await?;
    tx.commit().await
}

async fn fence(db: &Db, actor: &Actor, elder: ElderId, home: GeoPoint) -> Result<()> {
    let fence = vigil::Fence {
        id: 0,
        name: "家附近".into(),
        shape: vigil::Shape::Circle { center: home, radius_m: FENCE_M },
        rule: vigil::FenceRule::StayInside,
        schedule: vigil::Schedule::ALWAYS,
        grace: 10,
    };
    safety::service::edit(db, actor, elder, 0, safety::service::Edit::Fence(fence)).await
}

/// Reports until the program ends. What goes wrong is tried again: watches do so too.
pub async fn report(wearers: Vec<Wearer>, gateway: SocketAddr, seed: u64) {
    let ids = Arc::new(IdGen::new(seed ^ Clock::System.now().0 as u64));
    // The one to whom something happens next; each looks whether it is they.
    let (falls, _) = watch::channel((usize::MAX, Mishap::Fall));
    let falls = Arc::new(falls);
    for (n, w) in wearers.iter().cloned().enumerate() {
        let (ids, falls) = (ids.clone(), falls.subscribe());
        tokio::spawn(async move {
            loop {
                let dice = Dice(&ids);
                tokio::time::sleep(Duration::from_millis(dice.range(100, 20_000) as u64)).await;
                if let Err(e) = live(&w, n, gateway, &dice, falls.clone()).await {
                    tracing::debug!(error = %e, "a demo watch lost its connection");
                }
            }
        });
    }
    let dice = Dice(&ids);
    loop {
        tokio::time::sleep(Duration::from_secs(dice.range(FALL.0, FALL.1) as u64)).await;
        // Every third one walks off beyond their fence: the map moves while somebody looks for them.
        let next = match dice.chance(333) {
            true => (dice.below(FENCED.min(wearers.len()).max(1) as u64) as usize, Mishap::Stray),
            false => (dice.below(wearers.len() as u64) as usize, Mishap::Fall),
        };
        falls.send_replace(next);
    }
}

async fn live(
    w: &Wearer,
    n: usize,
    gateway: SocketAddr,
    dice: &Dice<'_>,
    mut falls: watch::Receiver<(usize, Mishap)>,
) -> std::io::Result<()> {
    let mut stream = TcpStream::connect(gateway).await?;
    let (mut at, mut steps, mut battery) = (w.home, dice.range(200, 4_000), dice.range(35, 100));
    let mut pulse = dice.range(62, 82);
    // Reports for which one lies after a fall, and is out of the fence.
    let (mut lying, mut away) = (0_i64, 0_i64);
    say(&mut stream, w, &format!("LK,{steps},0,{battery}")).await?;
    loop {
        let pause = Duration::from_millis(dice.range(EVERY.0 * 1_000, EVERY.1 * 1_000) as u64);
        let mishap = tokio::select! {
            () = tokio::time::sleep(pause) => None,
            changed = falls.changed() => match changed {
                Ok(()) => Some(*falls.borrow_and_update()).filter(|(who, _)| *who == n).map(|(_, what)| what),
                // Nothing will happen to anybody any more.
                Err(_) => return Ok(()),
            },
        };
        match mishap {
            Some(Mishap::Fall) => {
                say(&mut stream, w, &format!("AL,{}", position(at, steps, battery, 1 << 21))).await?;
                lying = dice.range(10, 25);
                continue;
            }
            Some(Mishap::Stray) => away = dice.range(40, 70),
            None => {}
        }
        // Whoever fell lies where they are; whoever strays goes on north-east until they turn round.
        at = match (lying > 0, away) {
            (true, _) => at,
            (false, left) if left > 20 => strayed(at, dice),
            _ => walked(at, w.home, dice),
        };
        (lying, away) = ((lying - 1).max(0), (away - 1).max(0));
        steps += dice.range(0, 40);
        say(&mut stream, w, &format!("UD,{}", position(at, steps, battery, 8))).await?;
        if dice.chance(300) {
            pulse = (pulse + dice.range(-4, 4)).clamp(56, 104);
            say(&mut stream, w, &format!("HEART,{pulse}")).await?;
        }
        if dice.chance(60) {
            say(&mut stream, w, &format!("BLOOD,{},{}", dice.range(112, 148), dice.range(66, 88))).await?;
            say(&mut stream, w, &format!("oxygen,0,{}", dice.range(95, 99))).await?;
        }
        if dice.chance(30) {
            battery = if battery < 25 { 100 } else { battery - 1 };
            say(&mut stream, w, &format!("LK,{steps},0,{battery}")).await?;
        }
    }
}

/// Sends a frame and takes whatever the gateway has answered so far.
async fn say(stream: &mut TcpStream, w: &Wearer, content: &str) -> std::io::Result<()> {
    stream.write_all(format!("[3G*{}*{:04X}*{content}]", w.identity, content.len()).as_bytes()).await?;
    let mut answer = [0u8; 512];
    match tokio::time::timeout(Duration::from_millis(50), stream.read(&mut answer)).await {
        Ok(Ok(0)) => Err(std::io::ErrorKind::UnexpectedEof.into()),
        Ok(Err(e)) => Err(e),
        _ => Ok(()),
    }
}

/// The protocol's position block: UTC, satellite fix, status word.
fn position(at: GeoPoint, steps: i64, battery: i64, status: u32) -> String {
    let now = Clock::System.now().plus_ms(-Instant::ZONE_MS);
    let (day, time) = (now.date().compact().to_string(), now.stamp_seconds());
    let day = format!("{}{}{}", &day[6..8], &day[4..6], &day[2..4]);
    let time: String = time.chars().skip(11).filter(|c| *c != ':').collect();
    format!("{day},{time},A,{:.6},N,{:.6},E,1.2,90,30,9,80,{battery},{steps},0,{status:08X},0,0", at.lat(), at.lng())
}

fn strayed(at: GeoPoint, dice: &Dice<'_>) -> GeoPoint {
    GeoPoint { lat_e6: at.lat_e6 + dice.range(400, 800), lng_e6: at.lng_e6 + dice.range(300, 700) }
}

/// A few steps; from too far away, steps towards home.
fn walked(at: GeoPoint, home: GeoPoint, dice: &Dice<'_>) -> GeoPoint {
    let far = at.distance_m(home);
    if far > FAR_M {
        let part = |from: i64, to: i64| from + ((to - from) as f64 * 90.0 / far) as i64;
        return GeoPoint { lat_e6: part(at.lat_e6, home.lat_e6), lng_e6: part(at.lng_e6, home.lng_e6) };
    }
    let to = GeoPoint { lat_e6: at.lat_e6 + dice.range(-400, 400), lng_e6: at.lng_e6 + dice.range(-400, 400) };
    if to.distance_m(home) <= FAR_M { to } else { at }
}
