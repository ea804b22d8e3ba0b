//! P3: find an elder.
use super::figures::Times;
use super::{Bench, fill, stopwatch};
use kernel::{IdGen, OrgScope, Result, Scope};
use serde_json::json;

const ROUNDS: usize = 400;

pub(crate) async fn run(b: &Bench) -> Result<()> {
    let world = fill::people(b).await?;
    let db = &world.db;
    let scope = Scope { region: b.config.region, org: OrgScope::Any };
    let ids = IdGen::new(7);
    let pick = || &world.sample[(ids.next_u64() % world.sample.len().max(1) as u64) as usize];
    let mut lines = serde_json::Map::new();
    let pinyin = |name: &str| people::model::pinyin_of(name).replace(' ', "");
    let initials = |name: &str| people::model::pinyin_of(name).split(' ').filter_map(|s| s.chars().next()).collect();
    let mut kinds: Vec<(&str, Vec<String>)> = Vec::new();
    for kind in ["name", "initials", "pinyin", "phone", "id", "surname"] {
        let asks = (0..ROUNDS)
            .map(|_| {
                let p = pick();
                match kind {
                    "name" => p.name.clone(),
                    "initials" => initials(&p.name),
                    "pinyin" => pinyin(&p.name),
                    "phone" => p.phone.clone().unwrap_or_else(|| "13800000000".into()),
                    "id" => p.id_number.as_str().to_string(),
                    _ => p.name.chars().take(1).collect(),
                }
            })
            .collect();
        kinds.push((kind, asks));
    }
    for (kind, asks) in &kinds {
        let mut times = Vec::with_capacity(ROUNDS);
        let mut found = 0usize;
        for q in asks {
            let t = stopwatch();
            found += people::service::find(db, &scope, q, 20).await?.len();
            times.push(t.elapsed());
        }
        let t = serde_json::to_value(Times::of(times)).map_err(kernel::Error::internal)?;
        lines.insert((*kind).to_string(), json!({ "times": t, "found": found }));
    }
    // The limit: one indexed point read of the same store.
    let mut times = Vec::with_capacity(ROUNDS);
    for _ in 0..ROUNDS {
        let id = world.ids[(ids.next_u64() % world.ids.len().max(1) as u64) as usize];
        let t = stopwatch();
        people::service::card(db, &scope, id).await?;
        times.push(t.elapsed());
    }
    b.tell("P3 search", json!({ "elders": world.ids.len(), "by": lines, "limit_point_read": Times::of(times) }));
    Ok(())
}
