//! Several packs together: whether they fit one another, and which gives way where two would give.
use crate::decide::{Outcome, PackOn, Verdict};
use crate::error::{PackError, Refusal, Source};
use crate::pack::Pack;
use kernel::CivilDate;

/// Whether the effective periods of two packs share a day.
fn overlap(a: &Pack, b: &Pack) -> bool {
    let ends_before = |x: &Pack, y: &Pack| x.effective_to.is_some_and(|to| to < y.effective_from);
    !ends_before(a, b) && !ends_before(b, a)
}

/// Whether one of the places contains the other.
fn near(a: &Pack, b: &Pack) -> bool {
    a.place.contains(&b.place) || b.place.contains(&a.place)
}

/// Whether `a` and `b` are of one group, or one names the other as exclusive.
fn exclusive(a: &Pack, b: &Pack) -> bool {
    (a.group.is_some() && a.group == b.group) || a.exclusive_with.contains(&b.id) || b.exclusive_with.contains(&a.id)
}

/// Whether `a` keeps `b` from giving where both would.
fn beats(a: &Pack, b: &Pack) -> bool {
    if a.id == b.id || a.subject != b.subject || b.excludes.contains(&a.id) {
        return false;
    }
    a.excludes.contains(&b.id) || (exclusive(a, b) && a.precedence < b.precedence)
}

/// A fault at the place where `pack` writes `word`.
fn fault(pack: &Pack, word: &str, message: String) -> PackError {
    let src = Source { file: &pack.file, text: &pack.text };
    src.error(pack.text.find(&format!("\"{word}\"")).unwrap_or(0), message)
}

/// Checks packs that are to work together; an empty list means that they fit. Versions of one pack may not be in effect
/// on the same day, packs that are named must exist and be of the same subject, exclusion may not go round in a circle,
/// and of two packs that exclude each other one must stand before the other.
pub fn check_set(packs: &[Pack]) -> Vec<PackError> {
    let mut faults = Vec::new();
    for (i, pack) in packs.iter().enumerate() {
        for other in packs[..i].iter().filter(|o| o.id == pack.id && overlap(o, pack)) {
            let (from, since) = (pack.effective_from, other.effective_from);
            let message = format!("“{}”两个版本的施行期重叠：{since} 起的没有写到 {from} 之前为止", pack.title);
            faults.push(fault(pack, &pack.id, message));
        }
        for id in pack.excludes.iter().chain(&pack.exclusive_with) {
            match packs.iter().find(|p| p.id == *id) {
                None => faults.push(fault(pack, id, format!("没有“{id}”这个政策包"))),
                Some(other) if other.subject != pack.subject => {
                    let (of, about) = (other.subject.zh(), pack.subject.zh());
                    faults.push(fault(pack, id, format!("“{id}”说的是{of}，这个政策包说的是{about}，不会相斥")));
                }
                Some(_) => {}
            }
        }
        for other in &packs[..i] {
            let clash = other.id != pack.id
                && exclusive(other, pack)
                && other.precedence == pack.precedence
                && !other.excludes.contains(&pack.id)
                && !pack.excludes.contains(&other.id);
            if clash && overlap(other, pack) && near(other, pack) {
                let message = format!("和“{}”相斥，precedence 又一样，分不出先后", other.title);
                faults.push(fault(pack, &pack.id, message));
            }
        }
    }
    faults.extend(circles(packs));
    faults
}

/// Circles among packs that displace one another.
fn circles(packs: &[Pack]) -> Vec<PackError> {
    // Versions that are never in effect on one day do not meet.
    let displaces = |i: usize| {
        let a = &packs[i];
        let over = |b: &Pack| {
            let ranked = exclusive(a, b) && a.precedence < b.precedence;
            a.id != b.id && overlap(a, b) && (a.excludes.contains(&b.id) || ranked)
        };
        (0..packs.len()).filter(|&j| over(&packs[j])).collect::<Vec<usize>>()
    };
    let mut faults = Vec::new();
    let mut done = vec![false; packs.len()];
    for start in 0..packs.len() {
        // A path with, for each pack on it, those still to be followed.
        let mut path: Vec<(usize, Vec<usize>)> = if done[start] { Vec::new() } else { vec![(start, displaces(start))] };
        while let Some((at, rest)) = path.last_mut() {
            let Some(next) = rest.pop() else {
                done[*at] = true;
                path.pop();
                continue;
            };
            if let Some(from) = path.iter().position(|(i, _)| *i == next) {
                let round: Vec<&str> = path[from..].iter().map(|(i, _)| packs[*i].id.as_str()).collect();
                let message = format!("政策包互相排除，绕成了圈：{} → {}", round.join(" → "), packs[next].id);
                faults.push(fault(&packs[next], &packs[next].id, message));
            } else if !done[next] {
                path.push((next, displaces(next)));
            }
        }
    }
    faults
}

/// The packs of a set that are in effect on a day, parameters resolved: make it once, decide many.
#[derive(Debug)]
pub struct PacksOn<'p> {
    pub on: CivilDate,
    pub packs: Vec<PackOn<'p>>,
    /// Packs in effect that do not decide, because a parameter has run out.
    pub refused: Vec<Refusal>,
    /// For each pack those that keep it from giving.
    beaten_by: Vec<Vec<usize>>,
}

impl<'p> PacksOn<'p> {
    /// Packs not in effect on `on` are left out.
    pub fn new(packs: &'p [Pack], on: CivilDate) -> PacksOn<'p> {
        let mut day = PacksOn { on, packs: Vec::new(), refused: Vec::new(), beaten_by: Vec::new() };
        for pack in packs.iter().filter(|p| p.in_effect(on)) {
            match pack.at(on) {
                Ok(pack) => day.packs.push(pack),
                Err(refusal) => day.refused.push(refusal),
            }
        }
        let stronger = |b: &PackOn| {
            let others = day.packs.iter().enumerate();
            others.filter(|(_, a)| beats(a.pack, b.pack)).map(|(i, _)| i).collect::<Vec<usize>>()
        };
        day.beaten_by = day.packs.iter().map(stronger).collect();
        day
    }

    /// For each pack the one that keeps it from giving, of the outcomes of all packs of this set in order. A pack gives
    /// way only to one that is eligible and does not itself give way.
    pub fn displaced(&self, outcomes: &[Option<Outcome>]) -> Vec<Option<usize>> {
        let eligible = |i: usize| outcomes.get(i).copied().flatten().is_some_and(|o| o.verdict == Verdict::Eligible);
        let mut by = vec![None; self.packs.len()];
        let mut settled: Vec<bool> = (0..self.packs.len()).map(|i| !eligible(i)).collect();
        // Each round settles at least one pack, or what is left beats itself in a circle and all of it stands.
        loop {
            let mut changed = false;
            for i in 0..self.packs.len() {
                if settled[i] {
                    continue;
                }
                let mut open = false;
                let mut winner = None;
                for &j in self.beaten_by[i].iter().filter(|&&j| eligible(j)) {
                    match (settled[j], by[j]) {
                        (true, None) => winner = Some(j),
                        (true, Some(_)) => {}
                        (false, _) => open = true,
                    }
                }
                if winner.is_some() || !open {
                    (by[i], settled[i], changed) = (winner, true, true);
                }
            }
            if !changed {
                return by;
            }
        }
    }
}
