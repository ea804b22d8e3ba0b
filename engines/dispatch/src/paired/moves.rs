//! The neighbourhoods: small changes of a plan, each tried against a limit on the cost.
use super::state::State;
use crate::Chance;

/// How many neighbourhoods there are.
pub(crate) const KINDS: usize = 8;

/// Shares of the neighbourhoods in 256 parts.
pub(crate) type Mix = [u32; KINDS];

pub(crate) fn step(s: &mut State<'_>, chance: &mut Chance, kind: usize, limit: i64) -> bool {
    let v = chance.below(s.visits());
    match kind {
        0 => {
            let Some(u) = good_prev(s, chance, v) else { return false };
            relocate(s, v, u, limit)
        }
        1 => {
            let Some(x) = pick(&s.t.before[v], chance) else { return false };
            let u = s.prev(x);
            relocate(s, v, u, limit)
        }
        2 => {
            // Somebody who would follow v's predecessor well takes v's place, and v theirs.
            let p = s.prev(v);
            let x = if s.is_visit(p) { pick(&s.t.before[p], chance) } else { pick(&s.t.before[v], chance) };
            let Some(x) = x else { return false };
            swap(s, v, x, limit)
        }
        3 => {
            let Some(x) = pick(&s.t.before[v], chance) else { return false };
            tails(s, v, s.prev(x), limit)
        }
        4 => {
            let length = 2 + chance.below(2);
            let Some(u) = good_prev(s, chance, v) else { return false };
            segment(s, v, length, u, limit)
        }
        5 => {
            let Some(x) = pick(&s.t.before[v], chance) else { return false };
            let (a, b) = (1 + chance.below(3), 1 + chance.below(3));
            cross(s, v, a, s.prev(x), b, limit)
        }
        6 => {
            let w = s.nodes[v].mate as usize;
            if w == v {
                return false;
            }
            let Some(a) = good_prev(s, chance, v) else { return false };
            let b = match chance.below(4) {
                0 => good_prev(s, chance, w),
                1 => Some(when(s, w, s.carer(w), meeting(s, v, a))),
                _ => pick(&s.t.who[w], chance).map(|c| when(s, w, c, meeting(s, v, a))),
            };
            let Some(b) = b else { return false };
            pair(s, v, a, w, b, limit)
        }
        _ => {
            // From route start: whole routes or heads change hands.
            let c = chance.below(s.t.carers);
            let a = s.office(c);
            let Some(x) = pick(&s.t.before[v], chance) else { return false };
            let b = if chance.below(2) == 0 { s.prev(x) } else { s.office(s.carer(x)) };
            tails(s, a, b, limit)
        }
    }
}

fn pick(list: &[u16], chance: &mut Chance) -> Option<usize> {
    if list.is_empty() { None } else { Some(list[chance.below(list.len())] as usize) }
}

/// A node it may well be put behind.
fn good_prev(s: &State<'_>, chance: &mut Chance, v: usize) -> Option<usize> {
    if chance.below(16) == 0 || s.t.after[v].is_empty() {
        // Anywhere on the route of anybody who can.
        let mut u = s.office(pick(&s.t.who[v], chance)?);
        for _ in 0..chance.below(12) {
            u = s.next(u);
        }
        return Some(u);
    }
    pick(&s.t.after[v], chance)
}

/// When the partner of `v` would start if `v` came behind `a`.
fn meeting(s: &State<'_>, v: usize, a: usize) -> i64 {
    let (n, p) = (&s.nodes[v], &s.nodes[a]);
    n.earliest.max(p.start + p.duration + s.way(a, v)) + s.offset(v)
}

/// The node on the carer's route behind which a visit that starts at `time` belongs; never `w` itself.
fn when(s: &State<'_>, w: usize, carer: usize, time: i64) -> usize {
    let head = s.office(carer);
    let mut at = head;
    let mut v = s.next(head);
    while v != head && (v == w || s.nodes[v].start <= time) {
        if v != w {
            at = v;
        }
        v = s.next(v);
    }
    at
}

fn finish(s: &mut State<'_>, limit: i64) -> bool {
    if s.travel <= limit && s.settle(limit) {
        return true;
    }
    s.undo();
    false
}

pub(crate) fn relocate(s: &mut State<'_>, v: usize, u: usize, limit: i64) -> bool {
    let (p, c) = (s.prev(v), s.carer(u));
    if u == v || u == p || (c != s.carer(v) && !s.fits(v, c)) {
        return false;
    }
    let (n, x) = (s.next(v), s.next(u));
    let more = s.way(u, v) + s.way(v, x) - s.way(u, x) + s.way(p, n) - s.way(p, v) - s.way(v, n);
    if s.travel + more > limit {
        return false;
    }
    s.begin();
    s.shift(v, u);
    finish(s, limit)
}

pub(crate) fn swap(s: &mut State<'_>, v: usize, x: usize, limit: i64) -> bool {
    if v == x {
        return false;
    }
    let (p, q) = (s.prev(v), s.prev(x));
    if p == x || q == v {
        return relocate(s, v, if p == x { q } else { x }, limit);
    }
    let (cv, cx) = (s.carer(v), s.carer(x));
    if cv != cx {
        let mates = s.nodes[v].mate as usize == x;
        if mates {
            if !(s.t.can(v, cx) && s.t.can(x, cv)) {
                return false;
            }
        } else if !(s.fits(v, cx) && s.fits(x, cv)) {
            return false;
        }
    }
    let (n, y) = (s.next(v), s.next(x));
    let more =
        s.way(p, x) + s.way(x, n) - s.way(p, v) - s.way(v, n) + s.way(q, v) + s.way(v, y) - s.way(q, x) - s.way(x, y);
    if s.travel + more > limit {
        return false;
    }
    s.begin();
    s.shift(v, q);
    s.shift(x, p);
    finish(s, limit)
}

/// What follows `a` and what follows `b` change places.
pub(crate) fn tails(s: &mut State<'_>, a: usize, b: usize, limit: i64) -> bool {
    let (ca, cb) = (s.carer(a), s.carer(b));
    if ca == cb {
        return false;
    }
    let (x, y) = (s.next(a), s.next(b));
    let (ha, hb) = (s.office(ca), s.office(cb));
    if x == ha && y == hb {
        return false;
    }
    let (to_y, to_x) = (if y == hb { ha } else { y }, if x == ha { hb } else { x });
    let more = s.way(a, to_y) + s.way(b, to_x) - s.way(a, x) - s.way(b, y);
    if s.travel + more > limit {
        return false;
    }
    // Skills of both tails; partners are judged after the exchange.
    for (from, head, to) in [(x, ha, cb), (y, hb, ca)] {
        let mut v = from;
        while v != head {
            if !s.t.can(v, to) {
                return false;
            }
            v = s.next(v);
        }
    }
    s.begin();
    s.tails(a, b);
    for (from, head) in [(a, ha), (b, hb)] {
        let mut v = s.next(from);
        while v != head {
            if !apart(s, v) {
                s.undo();
                return false;
            }
            v = s.next(v);
        }
    }
    finish(s, limit)
}

#[inline]
fn apart(s: &State<'_>, v: usize) -> bool {
    let mate = s.nodes[v].mate as usize;
    mate == v || s.carer(mate) != s.carer(v)
}

/// Puts the `length` visits from `v` on behind `u`.
fn segment(s: &mut State<'_>, v: usize, length: usize, u: usize, limit: i64) -> bool {
    let p = s.prev(v);
    if u == p {
        return false;
    }
    let c = s.carer(u);
    let other = c != s.carer(v);
    let mut last = v;
    for i in 0..length {
        if i > 0 {
            last = s.next(last);
        }
        if !s.is_visit(last) || last == u || (other && !s.fits(last, c)) {
            return false;
        }
    }
    let (n, x) = (s.next(last), s.next(u));
    let more = s.way(u, v) + s.way(last, x) - s.way(u, x) + s.way(p, n) - s.way(p, v) - s.way(last, n);
    if s.travel + more > limit {
        return false;
    }
    s.begin();
    let (mut v, mut behind) = (v, u);
    for _ in 0..length {
        let next = s.next(v);
        s.shift(v, behind);
        behind = v;
        v = next;
    }
    finish(s, limit)
}

/// Exchanges the `a` visits behind `p` with the `b` visits behind `q`, on two routes.
fn cross(s: &mut State<'_>, p: usize, a: usize, q: usize, b: usize, limit: i64) -> bool {
    let (cp, cq) = (s.carer(p), s.carer(q));
    if cp == cq {
        return false;
    }
    let (x, y) = (s.next(p), s.next(q));
    let Some(lx) = run(s, x, a, cq) else { return false };
    let Some(ly) = run(s, y, b, cp) else { return false };
    let (nx, ny) = (s.next(lx), s.next(ly));
    let more = s.way(p, y) + s.way(ly, nx) + s.way(q, x) + s.way(lx, ny)
        - s.way(p, x)
        - s.way(lx, nx)
        - s.way(q, y)
        - s.way(ly, ny);
    if s.travel + more > limit {
        return false;
    }
    s.begin();
    for (from, length, to) in [(x, a, q), (y, b, p)] {
        let (mut v, mut behind) = (from, to);
        for _ in 0..length {
            let next = s.next(v);
            s.shift(v, behind);
            behind = v;
            v = next;
        }
    }
    let (mut v, mut w) = (x, y);
    let mut fine = true;
    for _ in 0..a {
        fine &= apart(s, v);
        v = s.next(v);
    }
    for _ in 0..b {
        fine &= apart(s, w);
        w = s.next(w);
    }
    if !fine {
        s.undo();
        return false;
    }
    finish(s, limit)
}

/// The last of `length` visits from `v` on, all of which the carer can do.
fn run(s: &State<'_>, v: usize, length: usize, carer: usize) -> Option<usize> {
    let mut last = v;
    for i in 0..length {
        if i > 0 {
            last = s.next(last);
        }
        if !s.is_visit(last) || !s.t.can(last, carer) {
            return None;
        }
    }
    Some(last)
}

/// Both visits of a pair to new places.
fn pair(s: &mut State<'_>, v: usize, a: usize, w: usize, b: usize, limit: i64) -> bool {
    let (ca, cb) = (s.carer(a), s.carer(b));
    if ca == cb || a == v || a == w || b == v || b == w || !s.t.can(v, ca) || !s.t.can(w, cb) {
        return false;
    }
    s.begin();
    if a != s.prev(v) {
        s.shift(v, a);
    }
    if b != s.prev(w) {
        s.shift(w, b);
    }
    finish(s, limit)
}
