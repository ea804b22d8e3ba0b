//! Rows of a file that say nothing new: the same person by identity number, and nothing that the archive does not hold
//! already. The same list handed in again asks nobody anything.
use super::imports::{Judged, Outcome};
use crate::model::{HouseholdOf, NewContact, NewElder, TwinWhy, groups_text};
use crate::store::contacts::{self, KnownContact};
use crate::store::elders::{self, ElderRow};
use kernel::{ElderId, HouseholdId, Result};
use std::collections::HashMap;
use store::{Db, Secret};

/// Archives a part of a file may be about, with what stands beside them.
struct Held {
    rows: HashMap<ElderId, ElderRow>,
    numbers: HashMap<HouseholdId, String>,
    contacts: HashMap<ElderId, Vec<KnownContact>>,
}

impl Held {
    async fn load<C: store::Sql>(conn: &C, ids: &[ElderId]) -> Result<Held> {
        let rows = elders::by_ids(conn, ids).await?;
        let homes: Vec<HouseholdId> = rows.iter().map(|r| r.household_id).collect();
        let mut of: HashMap<ElderId, Vec<KnownContact>> = HashMap::new();
        for c in contacts::known(conn, ids).await? {
            of.entry(c.elder_id).or_default().push(c);
        }
        Ok(Held {
            numbers: elders::household_numbers(conn, &homes).await?,
            rows: rows.into_iter().map(|r| (r.id, r)).collect(),
            contacts: of,
        })
    }

    /// Whether the archive `id` holds all the row says. Cells left empty say nothing.
    fn holds(&self, db: &Db, id: ElderId, new: &NewElder) -> Result<bool> {
        let Some(row) = self.rows.get(&id) else { return Ok(false) };
        let said = |text: &str, held: &str| text.trim().is_empty() || text.trim() == held;
        let numbered = match &new.household {
            HouseholdOf::Own => true,
            HouseholdOf::Existing(h) => *h == row.household_id,
            HouseholdOf::Number(n) => self.numbers.get(&row.household_id) == Some(n),
        };
        let open = numbered
            && new.name.trim() == row.name
            && new.region == row.region
            && said(&new.address, &row.address)
            && new.place.is_none_or(|p| Some(p) == row.place())
            && new.hukou == row.hukou
            && new.hukou_region.is_none_or(|r| Some(r) == row.hukou_region)
            && (!new.living.known() || new.living == row.living)
            && (!new.income.known() || new.income == row.income)
            && (new.specials.is_empty() || groups_text(&new.specials) == row.specials)
            && new.care.is_none_or(|c| Some(c) == row.care)
            && new.certificate.is_none_or(|c| Some(c) == row.certificate)
            && said(&new.preference, &row.preference)
            && new.contacts.iter().all(|c| self.knows(db, id, c));
        if !open {
            return Ok(false);
        }
        let opened = |kind, sealed: &Option<Vec<u8>>| sealed.as_ref().map(|s| db.keys().open(kind, s)).transpose();
        if let Some(phone) = &new.phone
            && opened(Secret::Phone, &row.phone_sealed)?.as_deref() != Some(phone.as_str())
        {
            return Ok(false);
        }
        Ok(said(&new.chronic, &opened(Secret::Health, &row.chronic_sealed)?.unwrap_or_default()))
    }

    fn knows(&self, db: &Db, id: ElderId, new: &NewContact) -> bool {
        let phone = new.phone.as_ref().map(|p| db.keys().blind(Secret::Phone, p.as_str()));
        self.contacts.get(&id).is_some_and(|held| {
            held.iter().any(|c| {
                c.name == new.name.trim()
                    && (new.relation.trim().is_empty() || c.relation == new.relation.trim())
                    && (phone.is_none() || c.phone_blind == phone)
            })
        })
    }
}

/// Finds among rows that look like an archive (`twins`: the row's place, the archive, why) those that say nothing new.
pub(super) async fn sort_out<C: store::Sql>(
    db: &Db,
    conn: &C,
    rows: &mut [Judged],
    twins: Vec<(usize, ElderId, TwinWhy)>,
) -> Result<()> {
    let same: Vec<ElderId> =
        twins.iter().filter(|(_, _, why)| *why == TwinWhy::SameNumber).map(|(_, id, _)| *id).collect();
    let held = Held::load(conn, &same).await?;
    for (at, id, why) in twins {
        let Outcome::Good(new) = &rows[at].outcome else { continue };
        let unchanged = why == TwinWhy::SameNumber && held.holds(db, id, new)?;
        rows[at].outcome = if unchanged { Outcome::Unchanged(id) } else { Outcome::Twin(id, why) };
    }
    Ok(())
}
