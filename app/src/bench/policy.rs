//! P5: the engine alone, then everyone determined and stored.
use super::figures::rate;
use super::{Bench, fill, stopwatch};
use kernel::{CivilDate, Error, IdGen, Result};
use policy::{Fact, Facts};
use serde_json::json;
use std::path::Path;

/// People the engine decides on in one go.
const ENGINE_PEOPLE: usize = 200_000;

fn somebody(ids: &IdGen) -> Option<Facts> {
    let below = |n: u64| ids.next_u64() % n;
    let birth = CivilDate::from_epoch_days(-16_000 + below(14_600) as i64);
    let hukou = if below(10) < 7 { "rural" } else { "urban" };
    let facts = Facts::new()
        .with(Fact::BirthDate, &birth.to_string())
        .and_then(|f| f.with(Fact::Hukou, hukou))
        .and_then(|f| f.with(Fact::HukouRegion, "441523101204"))
        .and_then(|f| f.with(Fact::Alive, "true"));
    facts.ok()
}

/// The packs that `xtask/rivals/openfisca_bench.py` says in OpenFisca.
const BESIDE: [&str; 3] = ["rural-home-care-75-79", "rural-home-care-80", "urban-home-care"];

/// The day, then birth date and hukou of everyone: what a rival reads.
fn write_people(path: &Path, day: CivilDate, people: &[Facts]) -> Result<()> {
    let mut text = format!("{day}\n");
    for f in people {
        let facts = f.to_json();
        let word = |name: &str| facts.get(name).and_then(|v| v.as_str()).unwrap_or_default();
        text.push_str(&format!("{},{}\n", word("birth_date"), word("hukou")));
    }
    std::fs::write(path, text).map_err(|e| Error::Internal(format!("{}: {e}", path.display())))
}

/// The engine on the rival's packs, the way the rival is measured: everyone, amounts only.
fn beside(b: &Bench, packs: &[policy::Pack], people: &[Facts], today: CivilDate) {
    let on: Vec<_> =
        packs.iter().filter(|p| BESIDE.contains(&p.id.as_str())).filter_map(|p| p.at(today).ok()).collect();
    let t = stopwatch();
    let eligible: usize =
        people.iter().map(|f| on.iter().filter(|p| p.monthly(&p.decide(f)) > kernel::Fen::ZERO).count()).sum();
    let took = t.elapsed();
    let decisions = people.len() * on.len();
    b.tell(
        "P5 beside OpenFisca",
        json!({
            "people": people.len(), "packs": on.len(), "eligible": eligible,
            "determinations_per_second": rate(decisions, took),
        }),
    );
}

pub(crate) async fn run(b: &Bench) -> Result<()> {
    let today = kernel::Clock::System.today();
    let packs = policy::shipped().map_err(kernel::Error::internal)?;
    let ids = IdGen::new(11);
    let people: Vec<Facts> = (0..ENGINE_PEOPLE).filter_map(|_| somebody(&ids)).collect();
    if let Some(path) = &b.people_out {
        write_people(path, today, &people)?;
    }
    beside(b, &packs, &people, today);
    let persons = packs.iter().filter(|p| p.subject == policy::Subject::Person);
    let on: Vec<_> = persons.filter_map(|p| p.at(today).ok()).collect();
    let t = stopwatch();
    let mut eligible = 0usize;
    for f in &people {
        for p in &on {
            eligible += usize::from(p.monthly(&p.decide(f)) > kernel::Fen::ZERO);
        }
    }
    let engine = t.elapsed();
    let t = stopwatch();
    let mut explained = 0usize;
    for f in people.iter().take(20_000) {
        for p in &on {
            explained += p.explain(&p.decide(f), f).root.count().1;
        }
    }
    let explain = t.elapsed();
    let decisions = people.len() * on.len();
    b.tell(
        "P5 engine",
        json!({
            "people": people.len(), "packs": on.len(), "decisions": decisions, "eligible": eligible,
            "decisions_per_second_per_core": rate(decisions, engine),
            "explanations_per_second_per_core": rate(20_000 * on.len(), explain), "reasons": explained,
        }),
    );
    let world = fill::people(b).await?;
    let first = fill::determine(&world.db, b, today).await?;
    // Everyone has a stored determination, with its reasons, under every pack about persons that is in place here.
    let here = entitlement::Packs::shipped()?.local(&b.config.region).len();
    let stored = world.ids.len() * here;
    let second = fill::determine(&world.db, b, today).await?;
    b.tell(
        "P5 stored",
        json!({
            "elders": world.ids.len(), "packs": here, "determinations": stored, "seconds": first, "rerun_seconds": second,
            "determinations_per_second": (stored as f64 / first.max(1e-9)).round(),
        }),
    );
    trial(b, &world.db, today).await
}

/// Tries “75 → 70” out over everyone of the archive, as its page does, with the people written apart for their list.
async fn trial(b: &Bench, db: &store::Db, today: CivilDate) -> Result<()> {
    let packs = entitlement::Packs::shipped()?;
    let Some(from) = packs.get(BESIDE[0], today) else { return Ok(()) };
    // The examples are of 75 and would refuse the text.
    let head = from.text.split("[[examples]]").next().unwrap_or_default();
    let (before, rest) = head.split_at(head.find("name = \"min_age\"").unwrap_or(head.len()));
    let text = format!("{before}{}", rest.replacen("value = 75", "value = 70", 1));
    let draft = policy::Pack::load("bench", &text).map_err(Error::internal)?;
    let actor = crate::wire::platform(&b.config, "policy");
    let t = stopwatch();
    let found = entitlement::service::simulate(db, &packs, &draft, &actor, today, &entitlement::service::Quiet).await?;
    let took = t.elapsed();
    b.tell(
        "P5 trial 75 to 70",
        json!({
            "elders": found.total.people, "gains": found.total.gains, "losses": found.total.losses,
            "towns": found.by_town.len(), "more_fen_a_month": (found.total.then - found.total.now).0,
            "seconds": took.as_secs_f64(),
        }),
    );
    Ok(())
}
