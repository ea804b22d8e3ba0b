//! Puts the capabilities together: migrations, routes, jobs and what each keeps in memory.
use crate::config::Config;
use kernel::{Actor, Clock, Error, OrgScope, Result, Scope};
use std::any::Any;
use std::sync::Arc;
use store::{Db, Keys, Migration, Options};
use web::{App, AppParts, NavEntry, Routes, Site};

/// All migrations in the order of the crates.
pub fn migrations() -> Vec<Migration> {
    [
        audit::MIGRATIONS,
        work::MIGRATIONS,
        access::MIGRATIONS,
        people::MIGRATIONS,
        books::MIGRATIONS,
        entitlement::MIGRATIONS,
        catalogue::MIGRATIONS,
        providers::MIGRATIONS,
        orders::MIGRATIONS,
        assessment::MIGRATIONS,
        field::MIGRATIONS,
        safety::MIGRATIONS,
        settlement::MIGRATIONS,
    ]
    .concat()
}

/// All routes of the product: with [`Routes::table`] the authorisation table.
pub fn routes() -> Routes {
    crate::health::routes()
        .merge(access::routes())
        .merge(people::routes())
        .merge(books::routes())
        .merge(entitlement::routes())
        .merge(catalogue::routes())
        .merge(providers::routes())
        .merge(orders::routes())
        .merge(assessment::routes())
        .merge(field::routes())
        .merge(safety::routes())
        .merge(gateway::routes())
        .merge(settlement::routes())
        .merge(desk::routes())
}

fn nav() -> Vec<NavEntry> {
    [
        desk::nav(),
        field::nav(),
        safety::nav(),
        people::nav(),
        entitlement::nav(),
        orders::nav(),
        assessment::nav(),
        settlement::nav(),
        catalogue::nav(),
        providers::nav(),
        books::nav(),
        access::nav(),
    ]
    .concat()
}

/// Opens the database of a configuration. Makes the data folder and its keys when they are not there.
pub async fn open(config: &Config, clock: Clock, durable: bool) -> Result<Db> {
    open_seeded(config, clock, durable, random_seed()?).await
}

/// [`open`] with ids that follow from `seed`: the same demo town in every run.
pub async fn open_seeded(config: &Config, clock: Clock, durable: bool, seed: u64) -> Result<Db> {
    std::fs::create_dir_all(&config.data)
        .map_err(|e| Error::Internal(format!("data folder {}: {e}", config.data.display())))?;
    let keys = Keys::load_or_create(&config.key_file())?;
    let options = Options { connections: config.connections, durable, schema: None };
    Db::open(&config.database_url(), &options, clock, keys, seed).await
}

/// Where the ids of this process begin.
#[expect(clippy::disallowed_methods, reason = "this is the edge the random bytes are passed in from")]
fn random_seed() -> Result<u64> {
    let mut seed = [0u8; 8];
    getrandom::fill(&mut seed).map_err(|e| Error::Internal(format!("random source: {e}")))?;
    Ok(u64::from_le_bytes(seed))
}

/// The scope of the whole installation.
pub fn whole(config: &Config) -> Scope {
    Scope { region: config.region, org: OrgScope::Any }
}

/// The platform itself as an actor.
pub fn platform(config: &Config, job: &'static str) -> Actor {
    Actor::Platform { job, scope: whole(config) }
}

/// The runner of jobs, schedules and events.
pub fn runner(db: &Db, config: &Config, shelf: &Arc<entitlement::Shelf>) -> work::Runner {
    let mut jobs: Vec<Arc<dyn work::Job>> = Vec::new();
    jobs.extend(people::jobs());
    jobs.extend(entitlement::jobs(shelf.clone()));
    jobs.extend(assessment::jobs());
    jobs.extend(safety::jobs());
    jobs.extend(settlement::jobs());
    let mut schedules = Vec::new();
    schedules.extend(entitlement::schedules());
    schedules.extend(assessment::schedules());
    schedules.extend(settlement::schedules());
    let mut subscribers: Vec<Arc<dyn work::Subscriber>> = Vec::new();
    subscribers.extend(entitlement::subscribers(shelf.clone()));
    subscribers.extend(orders::subscribers(config.region));
    subscribers.extend(assessment::subscribers(config.region));
    subscribers.extend(safety::subscribers());
    work::Runner {
        db: db.clone(),
        jobs: Arc::new(jobs),
        schedules: Arc::new(schedules),
        subscribers: Arc::new(subscribers),
        scope: whole(config),
    }
}

/// The runner that also looks after the readings' database.
fn keeping(runner: work::Runner, telemetry: &Db, config: &Config) -> work::Runner {
    let mut jobs = (*runner.jobs).clone();
    jobs.extend(safety::readings::jobs(telemetry, config.keep_readings_days));
    let mut schedules = (*runner.schedules).clone();
    schedules.extend(safety::readings::schedules());
    work::Runner { jobs: Arc::new(jobs), schedules: Arc::new(schedules), ..runner }
}

/// The finished application over an open, migrated database.
pub async fn app(db: Db, config: &Config, demo: bool) -> Result<App> {
    let shelf = Arc::new(entitlement::Shelf::shipped()?);
    let regions = people::service::load_book(&db).await?;
    let panels: Vec<Arc<dyn people::service::Panel>> = entitlement::panels(shelf.clone())
        .into_iter()
        .chain(orders::panels())
        .chain(assessment::panels())
        .chain(safety::panels())
        .collect();
    let access = Arc::new(access::Access::new(db.clone(), config.region));
    let evidence: Arc<dyn orders::EvidencePanel> = Arc::new(field::Panel);
    let channel: Arc<dyn safety::service::Channel> = match &config.notify {
        Some((url, token)) => Arc::new(crate::channel::Http::new(url.clone(), token.clone())),
        None => Arc::new(safety::service::Nothing),
    };
    // Pages read readings, and the jobs keep them.
    let telemetry = crate::devices::open(config, &db, !demo).await?;
    let things: Vec<Arc<dyn Any + Send + Sync>> = vec![
        shelf.clone(),
        Arc::new(people::service::Panels(panels)),
        access.clone(),
        Arc::new(desk::Figures::default()),
        Arc::new(orders::Evidence(evidence)),
        Arc::new(books::PackTitles(shelf.clone())),
        Arc::new(assessment::Scales::shipped()?),
        Arc::new(safety::Bell::default()),
        Arc::new(safety::readings::Watching::default()),
        Arc::new(gateway::Doorway::default()),
        Arc::new(safety::Outbox(channel)),
        Arc::new(safety::readings::Telemetry(telemetry.clone())),
    ];
    let site = Site {
        name: config.site_name.clone(),
        region: config.region,
        demo,
        data: config.data.clone(),
        secure_cookies: config.secure_cookies,
    };
    let runner = keeping(runner(&db, config, &shelf), &telemetry, config);
    Ok(App::new(AppParts { db, site, auth: access, nav: nav(), regions, runner: Some(runner) }, things))
}
