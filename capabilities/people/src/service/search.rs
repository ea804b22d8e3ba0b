//! Finding an elder by whatever is known of them.
use super::government;
use crate::model::{ElderCard, Question, after_prefix, folded, phone_term, question};
use crate::store::elders::BlindColumn;
use crate::store::{contacts, elders, terms};
use kernel::{ElderId, Result, Scope};
use store::{Db, Secret};

/// Rows of one address term that are looked at before giving up: bounds the time of a question like 1 号.
const LOOK: i64 = 3_000;

/// Elders in the scope that answer a question: part of the name, pinyin in full or initials, identity number, phone (of
/// the elder or a contact) or its last four figures, part of the address. Best first, at most `limit`.
pub async fn find(db: &Db, scope: &Scope, q: &str, limit: usize) -> Result<Vec<ElderCard>> {
    if government(scope).is_err() {
        return Ok(Vec::new());
    }
    let want = limit.clamp(1, 200) as i64;
    let ids = match question(q) {
        Question::Empty => return Ok(Vec::new()),
        Question::IdNumber(n) => {
            elders::by_blind(db, BlindColumn::IdNumber, db.keys().blind(Secret::IdNumber, &n), want).await?
        }
        Question::Phone(p) => {
            let blind = db.keys().blind(Secret::Phone, &p);
            let mut ids = elders::by_blind(db, BlindColumn::Phone, blind.clone(), want).await?;
            ids.extend(contacts::by_phone(db, blind, want).await?);
            ids
        }
        Question::PhoneEnd(d) => terms::exact(db, scope, &phone_term(&d), want).await?,
        Question::Letters(l) => terms::range(db, scope, &l, &after_prefix(&l), want).await?,
        Question::Words { name, address } => {
            let mut ids = terms::range(db, scope, &name, &after_prefix(&name), want).await?;
            if (ids.len() as i64) < want {
                ids.extend(by_address(db, scope, address, want).await?);
            }
            ids
        }
    };
    let mut found = load(db, scope, ids).await?;
    let asked = folded(q);
    // The exact name first, then as the table gave them.
    found.sort_by_key(|c| folded(&c.name) != asked);
    found.truncate(limit);
    Ok(found)
}

async fn by_address(db: &Db, scope: &Scope, pairs: Vec<String>, want: i64) -> Result<Vec<ElderId>> {
    if pairs.is_empty() {
        return Ok(Vec::new());
    }
    let mut counted = Vec::with_capacity(pairs.len());
    for p in pairs.into_iter().take(8) {
        let n = terms::count(db, scope, &p, LOOK).await?;
        if n == 0 {
            return Ok(Vec::new());
        }
        counted.push((n, p));
    }
    counted.sort();
    let rarest_first: Vec<String> = counted.into_iter().map(|(_, p)| p).collect();
    terms::every(db, scope, &rarest_first, LOOK, want).await
}

/// Cards in the order of the ids, each once; merged ids give their survivor.
async fn load(db: &Db, scope: &Scope, ids: Vec<ElderId>) -> Result<Vec<ElderCard>> {
    let mut unique: Vec<ElderId> = Vec::with_capacity(ids.len());
    for id in ids {
        if !unique.contains(&id) {
            unique.push(id);
        }
    }
    let mut by_id = super::cards(db, scope, &unique).await?;
    let mut out: Vec<ElderCard> = Vec::with_capacity(unique.len());
    for id in unique {
        if let Some(c) = by_id.remove(&id)
            && !out.iter().any(|o| o.id == c.id)
        {
            out.push(c);
        }
    }
    Ok(out)
}
