//! The demo town: real region codes, invented people, six months of history made by the real services, and a life that
//! goes on while it runs.
mod assess;
mod cast;
mod devices;
mod history;
mod life;
mod names;
mod policies;
mod population;
mod safety;

pub use assess::write as write_assessments;
pub use cast::{Cast, build_cast};
pub use devices::{report, wear};
pub use history::write as write_history;
pub use life::live;
pub use names::{Dice, Numbers};
pub use policies::{adopt_renovation, late_notices};
pub use population::{Person, Town, people};
pub use safety::write as write_emergencies;

use kernel::{Actor, CivilDate, ElderId, RegionCode, Result};
use people::model::{Care, ContactKind, HouseholdOf, Hukou, IncomeClass, Living, NewContact, NewElder, Source};
use store::Db;

/// The county and towns of the demo: most people live in the first.
pub const COUNTY: &str = "441523";
pub const TOWNS: [&str; 2] = ["441523101", "441523102"];
/// Share of the second town, percent.
pub const SECOND_TOWN: usize = 10;

/// A generated person as an archive to be opened.
pub fn as_new_elder(p: &Person, number: usize) -> NewElder {
    let hukou = if p.rural { Hukou::Rural } else { Hukou::Urban };
    let mut e = NewElder::new(p.name.clone(), p.id_number.clone(), p.region, hukou);
    e.phone = p.phone.as_deref().and_then(|t| t.parse().ok());
    e.address = p.address.clone();
    e.place = Some(p.place);
    e.hukou_region = Some(p.region);
    e.living = match p.living {
        population::Living::WithChildren => Living::WithChildren,
        population::Living::WithSpouse => Living::WithSpouse,
        population::Living::Alone => Living::LivingAlone,
        population::Living::EmptyNest => Living::EmptyNest,
        population::Living::LeftBehind => Living::LeftBehind,
        population::Living::ChildlessAlone => Living::ChildlessAlone,
    };
    e.income = match p.income {
        population::Income::Ordinary => IncomeClass::Ordinary,
        population::Income::Subsistence => IncomeClass::Subsistence,
        population::Income::DestituteDispersed => IncomeClass::DestituteDispersed,
        population::Income::LiftedPoverty => IncomeClass::LiftedPoverty,
    };
    e.care = Some(match p.care {
        population::Care::Independent => Care::Independent,
        population::Care::SemiDisabled => Care::SemiDisabled,
        population::Care::Disabled => Care::Disabled,
    });
    e.household = HouseholdOf::Number(format!("D{number:07}"));
    e.contacts = p
        .contact
        .iter()
        .map(|c| NewContact {
            kind: ContactKind::Emergency,
            name: c.name.clone(),
            relation: c.relation.into(),
            phone: c.phone.parse().ok(),
            lives: String::new(),
        })
        .collect();
    e.source = Source::HomeVisit;
    e
}

/// Opens archives for everyone, in batches of one transaction each.
pub async fn open_archives(db: &Db, actor: &Actor, all: &[Person]) -> Result<Vec<ElderId>> {
    const BATCH: usize = 1_000;
    let mut ids = Vec::with_capacity(all.len());
    // Members of a household stand next to each other; its number is counted once.
    let mut number = 0usize;
    let mut last = None;
    let mut new = Vec::with_capacity(BATCH);
    for (i, p) in all.iter().enumerate() {
        if last != Some(p.household) {
            number += 1;
            last = Some(p.household);
        }
        new.push(as_new_elder(p, number));
        let next_is_same = all.get(i + 1).is_some_and(|n| n.household == p.household);
        if (new.len() >= BATCH && !next_is_same) || i + 1 == all.len() {
            let tx = db.begin().await?;
            ids.extend(people::service::bulk_insert(&tx, db, actor, std::mem::take(&mut new)).await?);
            tx.commit().await?;
        }
    }
    Ok(ids)
}

/// The towns of a demo of `elders` people.
pub fn towns(elders: usize) -> Result<Vec<Town>> {
    let second = elders * SECOND_TOWN / 100;
    TOWNS
        .iter()
        .zip([elders - second, second])
        .enumerate()
        .map(|(index, (code, elders))| {
            let code: RegionCode = code.parse().map_err(kernel::Error::internal)?;
            Ok(Town { code, index, elders })
        })
        .collect()
}

/// First day of the history that leads to `today`: six months.
pub fn history_start(today: CivilDate) -> CivilDate {
    today.month_of().plus(-6).first_day()
}

/// Runs the determination job for a day, as the schedule would.
async fn wire_determine(
    db: &Db,
    config: &crate::config::Config,
    shelf: &std::sync::Arc<entitlement::Shelf>,
    day: CivilDate,
) -> Result<()> {
    let runner = crate::wire::runner(db, config, shelf);
    let actor = crate::wire::platform(config, "determine");
    let tx = db.begin().await?;
    let payload = serde_json::json!({ "day": day });
    let key = format!("demo-determine:{day}");
    let id = work::enqueue(&tx, db, &actor, "determine", &key, "认定待遇", &payload, config.region).await?;
    tx.commit().await?;
    runner.run_job(id).await.map(|_| ())
}
