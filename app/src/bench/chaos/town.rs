//! The town of the chaos run: elders with devices, operators, families, a short ladder, and people whose timers will fall
//! due while the program is killed.
use super::super::browser::{self, Browser};
use super::super::{Bench, device, fill};
use super::program::Addresses;
use kernel::{Actor, Clock, ElderId, Error, Instant, Result, UserId};
use safety::Bell;
use safety::devices::{self, DeviceKind, Protocol};
use safety::model::{Duty, Ladder, Rung};
use safety::readings::{self, Message, Said, Start};
use safety::service::{self, NewDuty};
use std::sync::Arc;
use store::{Db, Options};
use tokio::sync::watch;
use vigil::{Measure, Room};

/// Elders whose MQTT device reports without pause.
pub(super) const REPORTING: usize = 10;
/// Elders whose watch falls silent; elders in whose home nobody moves any more.
const SILENT: usize = 120;
const STILL: usize = 60;
/// Families, and elders of each.
const FAMILIES: usize = 8;
const OF_FAMILY: usize = 25;
/// Minutes without movement after which somebody has to look.
const STILL_MINUTES: u16 = 60;
/// When the ladder's rungs are due, seconds; and when the last comes again.
pub(super) const RUNGS: [i64; 3] = [10, 20, 30];
pub(super) const AGAIN_S: i64 = 60;

/// Something that has to be raised at a moment without a message.
pub(super) struct Due {
    pub elder: ElderId,
    pub kind: &'static str,
    pub at: Instant,
}

pub(super) struct Town {
    pub db: Db,
    pub telemetry: Db,
    pub at: Addresses,
    pub elders: Vec<ElderId>,
    pub operators: Vec<Browser>,
    pub families: Vec<Browser>,
    pub due: Vec<Due>,
}

impl Town {
    /// The family an elder has, if any.
    pub fn family(&self, elder: usize) -> Option<&Browser> {
        let n = elder.checked_sub(first_caller())?;
        self.families.get(n / OF_FAMILY)
    }
    /// The elders who call, those with a family first.
    pub fn callers(&self) -> std::ops::Range<usize> {
        first_caller()..self.elders.len()
    }
    /// How many of the first callers have a family.
    pub fn callers_by_page(&self) -> usize {
        self.families.len() * OF_FAMILY
    }
}

const fn first_caller() -> usize {
    REPORTING + SILENT + STILL
}

/// How many elders a run of so many kills needs.
pub(super) fn elders(kills: usize) -> usize {
    first_caller() + FAMILIES * OF_FAMILY + 400 + kills * 20
}

pub(super) async fn build(b: &Bench, at: Addresses, seconds: i64) -> Result<Town> {
    std::fs::write(b.config.data.join("yinian.toml"), at.settings()).map_err(Error::internal)?;
    let world = fill::people(b).await?;
    let db = world.db.clone();
    let actor = crate::wire::platform(&b.config, "bench");
    let elders = world.ids;
    for (n, part) in elders.chunks(500).enumerate() {
        let tx = db.begin().await?;
        for (i, elder) in part.iter().enumerate() {
            let n = n * 500 + i;
            if (REPORTING..first_caller()).contains(&n) {
                continue;
            }
            for (protocol, name) in [(Protocol::Mqtt, device::mqtt_name(n)), (Protocol::Watch, device::watch_name(n))] {
                let what = (protocol, DeviceKind::Button);
                device::register(&tx, &db, &actor, *elder, what, name, b.config.region).await?;
            }
        }
        tx.commit().await?;
    }
    duties(b, &db, &actor).await?;
    let (operators, families) = browsers(b, &db, &actor, &elders).await?;
    let telemetry = crate::devices::open(&b.config, &db, false).await?;
    let due = timers(b, &db, &actor, &elders, seconds).await?;
    Ok(Town { db, telemetry, at, elders, operators, families, due })
}

/// A ladder of seconds, and somebody on each of its rungs round the clock.
async fn duties(b: &Bench, db: &Db, actor: &Actor) -> Result<()> {
    let duties = [Duty::Lead, Duty::Town, Duty::County];
    let rungs = RUNGS.iter().zip(duties).map(|(s, duty)| Rung { after_s: *s, duty }).collect();
    service::set_ladder(db, actor, Ladder { region: b.config.region, rungs, again_s: AGAIN_S }).await?;
    for duty in duties {
        let new = NewDuty {
            region: b.config.region,
            duty,
            name: "彭志坚".into(),
            phone: "13812340001".parse().map_err(|_| Error::Internal("a telephone number".into()))?,
            user: None,
            weekdays: 127,
            from_minute: 0,
            to_minute: 0,
            since: db.now().date().plus_days(-30),
            until: None,
        };
        service::add_duty(db, actor, new).await?;
    }
    Ok(())
}

async fn browsers(b: &Bench, db: &Db, actor: &Actor, elders: &[ElderId]) -> Result<(Vec<Browser>, Vec<Browser>)> {
    let app = crate::wire::app(db.clone(), &b.config, true).await?;
    let mut users: Vec<UserId> = Vec::new();
    for n in 0..2 {
        users.push(browser::operator(b, db, &format!("chaos-desk-{n}")).await?);
    }
    for (n, part) in elders[first_caller()..].chunks(OF_FAMILY).take(FAMILIES).enumerate() {
        let account = service::home_account(false, "彭小梅", "女儿", &format!("chaos-family-{n}"));
        let user = service::open_home_account(db, actor, part[0], account).await?;
        for elder in &part[1..] {
            service::link_account(db, actor, *elder, user, "女儿").await?;
        }
        users.push(user);
    }
    let mut out = Vec::new();
    for user in users {
        out.push(browser::sign_in(&app, user).await?);
    }
    let families = out.split_off(2);
    Ok((out, families))
}

/// Lets an hour pass for some elders: their last sign of life was so long ago that a timer falls due within `seconds`.
async fn timers(b: &Bench, db: &Db, actor: &Actor, elders: &[ElderId], seconds: i64) -> Result<Vec<Due>> {
    let now = db.now();
    // The first is due a little after the program is up.
    let lead = 45_000;
    let begin = now.plus_ms(lead - 60 * Instant::MINUTE);
    let clock = Clock::fixed(begin.plus_ms(-1_000));
    let options = Options { connections: 4, durable: false, schema: None };
    let open = |url: String, seed| {
        let (options, clock, keys) = (options.clone(), clock.clone(), db.keys().clone());
        async move { Db::open(&url, &options, clock, keys, seed).await }
    };
    let then = open(b.config.database_url(), db.ids().next_u64()).await?;
    let telemetry = match b.config.database {
        Some(_) => then.clone(),
        None => open(Db::sqlite_url(&b.config.data.join("telemetry.sqlite")), db.ids().next_u64()).await?,
    };
    let night = |at: Instant| !(6 * 60 + 5..22 * 60 - 5).contains(&(at.minute_of_day() as i64));
    let still = if night(begin) || night(now.plus_ms(seconds * 1_000)) { 0 } else { STILL };
    let tx = then.begin().await?;
    for (n, elder) in elders.iter().enumerate().take(REPORTING + SILENT + still).skip(REPORTING) {
        let kind = if n < REPORTING + SILENT { DeviceKind::Watch } else { DeviceKind::Motion };
        let what = (Protocol::Mqtt, kind);
        device::register(&tx, &then, actor, *elder, what, device::mqtt_name(n), b.config.region).await?;
    }
    tx.commit().await?;
    for elder in &elders[REPORTING + SILENT..REPORTING + SILENT + still] {
        let mut settings = devices::settings(&then, actor.scope(), *elder).await?;
        settings.home.no_motion = Some(STILL_MINUTES);
        let tx = then.begin().await?;
        devices::set_settings(&tx, &then, actor, *elder, &settings).await?;
        tx.commit().await?;
    }
    let (stop, stopped) = watch::channel(false);
    let (intake, _, running) =
        readings::start(then.clone(), telemetry.clone(), Bell::default(), Start::default(), stopped).await?;
    let mut due = Vec::new();
    let span = (seconds * 1_000).max(30_000);
    let mut moments: Vec<(i64, usize)> = Vec::new();
    moments.extend((0..SILENT).map(|i| (span * i as i64 / SILENT as i64, REPORTING + i)));
    moments.extend((0..still).map(|i| (span * i as i64 / STILL as i64, REPORTING + SILENT + i)));
    moments.sort_unstable();
    for (after, n) in moments {
        let at = begin.plus_ms(after);
        clock.set(at);
        let known = devices::by_identity(&then, Protocol::Mqtt, &device::mqtt_name(n)).await?;
        let known = Arc::new(known.ok_or_else(|| Error::Internal("a device of the chaos run is gone".into()))?);
        let silent = n < REPORTING + SILENT;
        let what = if silent { Measure::Heartbeat } else { Measure::Motion { room: Room::Living } };
        intake.store(Message::new(known, at, vec![Said { at, what }])).await?;
        let kind = if silent { "device_silent" } else { "no_motion" };
        due.push(Due { elder: elders[n], kind, at: at.plus_minutes(60) });
    }
    stop.send_replace(true);
    running.await.map_err(Error::internal)?;
    if b.config.database.is_none() {
        telemetry.close().await?;
    }
    then.close().await?;
    Ok(due)
}
