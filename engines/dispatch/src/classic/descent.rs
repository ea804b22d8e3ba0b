//! Local search over [`Loose`] routes: chains of up to three clients moved or exchanged, tails exchanged, each tried only
//! between clients that could be neighbours, until nothing improves.
use super::loose::{Loose, OFF, Prices, Stretch};
use super::nearby::Nearby;
use super::problem::Problem;
use crate::Chance;

/// Longest chain moved or exchanged at once.
const CHAIN: usize = 3;

pub(super) struct Descent<'a> {
    pub loose: Loose<'a>,
    nearby: &'a Nearby,
    breadth: usize,
    order: Vec<u32>,
    tested: Vec<u32>,
    pub units: u64,
}

impl<'a> Descent<'a> {
    pub fn new(problem: &'a Problem, nearby: &'a Nearby, breadth: usize) -> Descent<'a> {
        let n = problem.clients().len();
        Descent {
            loose: Loose::new(problem),
            nearby,
            breadth,
            order: (1..=n as u32).collect(),
            tested: vec![0; n + 1],
            units: 0,
        }
    }

    /// Puts everyone who is off at the cheapest place, lateness and overload priced.
    fn insert_missing(&mut self, chance: &mut Chance) {
        let mut off: Vec<u32> =
            (1..=self.loose.clients as u32).filter(|&c| self.loose.nodes[c as usize].route == OFF).collect();
        chance.shuffle(&mut off);
        for c in off {
            let c = c as usize;
            let mut best = (i64::MAX, 0);
            let look = |l: &Loose, best: &mut (i64, usize), p: usize| {
                let cost = Self::insertion(l, c, p);
                if cost < best.0 {
                    *best = (cost, p);
                }
            };
            for near in self.nearby.beside[c].iter().take(self.breadth) {
                let v = near.client as usize;
                if self.loose.nodes[v].route != OFF {
                    look(&self.loose, &mut best, v);
                    look(&self.loose, &mut best, self.loose.prev(v));
                }
            }
            if let Some(r) = self.loose.empty_route() {
                look(&self.loose, &mut best, self.loose.door(r));
            }
            if best.0 == i64::MAX {
                for p in 1..self.loose.nodes.len() {
                    if self.loose.nodes[p].route != OFF {
                        look(&self.loose, &mut best, p);
                    }
                }
            }
            self.units += 2 * self.breadth as u64;
            self.link_after(c, c, best.1);
            self.loose.refresh(self.loose.nodes[best.1].route as usize);
        }
    }
    fn insertion(l: &Loose, c: usize, p: usize) -> i64 {
        let s = l.next(p);
        let (to, from) = (l.way(p, c), l.way(c, s));
        let new = l.before[p].then(to, l.alone[c]).then(from, l.after[s]);
        i64::from(to) + i64::from(from) - i64::from(l.way(p, s)) + l.stretch_penalty(new)
            - l.routes[l.nodes[p].route as usize].penalty
    }

    /// Links the chain from `first` to `last` in after `p`.
    fn link_after(&mut self, first: usize, last: usize, p: usize) {
        let s = self.loose.next(p);
        let nodes = &mut self.loose.nodes;
        nodes[p].next = first as u32;
        nodes[first].prev = p as u32;
        nodes[last].next = s as u32;
        nodes[s].prev = last as u32;
    }
    fn cut_out(&mut self, first: usize, last: usize) {
        let (p, s) = (self.loose.prev(first), self.loose.next(last));
        self.loose.nodes[p].next = s as u32;
        self.loose.nodes[s].prev = p as u32;
    }

    /// Improves `routes` until no move helps.
    pub fn run(&mut self, routes: &[Vec<u32>], prices: Prices, chance: &mut Chance) {
        self.loose.set(routes, prices);
        self.insert_missing(chance);
        let mut order = std::mem::take(&mut self.order);
        chance.shuffle(&mut order);
        self.tested.fill(0);
        self.units += order.len() as u64;
        let nearby = self.nearby;
        let mut first = true;
        let mut improved = true;
        while improved {
            improved = false;
            for &u in &order {
                let u = u as usize;
                let since = self.tested[u];
                self.tested[u] = self.loose.changes;
                for near in nearby.beside[u].iter().take(self.breadth) {
                    let v = near.client as usize;
                    let changed = |d: &Self, n: usize| d.loose.routes[d.loose.nodes[n].route as usize].changed;
                    if first || changed(self, u).max(changed(self, v)) > since {
                        improved |= self.try_pair(u, v);
                    }
                }
                let stale = first || self.loose.routes[self.loose.nodes[u].route as usize].changed > since;
                if stale && let Some(r) = self.loose.empty_route() {
                    let door = self.loose.door(r);
                    improved |= self.relocate(u, door) || self.exchange_tails(u, door);
                }
            }
            first = false;
        }
        self.order = order;
    }

    /// All moves that bring `u` next to `v`.
    fn try_pair(&mut self, u: usize, v: usize) -> bool {
        self.units += 4;
        if self.relocate(u, v) {
            return true;
        }
        let p = self.loose.prev(v);
        // In front of the first stop of a route.
        if p > self.loose.clients && self.relocate(u, p) {
            return true;
        }
        self.exchange(u, v) || self.exchange_tails(u, v)
    }

    /// Chain from `u` of one to three clients moved after `v`.
    fn relocate(&mut self, u: usize, v: usize) -> bool {
        let l = &self.loose;
        let (ru, rv) = (l.nodes[u].route as usize, l.nodes[v].route as usize);
        if l.next(v) == u || u == v {
            return false;
        }
        let p = l.prev(u);
        let s = l.next(v);
        let joined = l.way(v, u);
        let opened = i64::from(l.way(v, s));
        let entered = i64::from(l.way(p, u));
        let mut last = u;
        let mut chain = l.alone[u];
        for size in 1..=CHAIN {
            if size > 1 {
                let next = l.next(last);
                if next > l.clients || next == v {
                    return false;
                }
                chain = chain.then(l.way(last, next), l.alone[next]);
                last = next;
            }
            if last == v {
                return false;
            }
            let x = l.next(last);
            let (to, from) = (l.way(p, x), l.way(last, s));
            let distance =
                i64::from(joined) + i64::from(from) - opened + i64::from(to) - entered - i64::from(l.way(last, x));
            let gain = if ru == rv {
                let old = l.routes[ru].penalty;
                if distance >= old {
                    continue;
                }
                let new = self.moved_within(u, last, v, chain);
                distance + l.stretch_penalty(new) - old
            } else {
                let old = l.routes[ru].penalty + l.routes[rv].penalty;
                if distance >= old {
                    continue;
                }
                let there = l.before[v].then(joined, chain).then(from, l.after[s]);
                let mut cost = distance + l.stretch_penalty(there) - old;
                if cost < 0 {
                    cost += l.stretch_penalty(l.before[p].then(to, l.after[x]));
                }
                cost
            };
            if gain < 0 {
                self.cut_out(u, last);
                self.link_after(u, last, v);
                self.loose.refresh(rv);
                if ru != rv {
                    self.loose.refresh(ru);
                }
                return true;
            }
        }
        false
    }

    /// The route with the chain from `u` to `last` moved after `v` on the same route.
    fn moved_within(&self, u: usize, last: usize, v: usize, chain: Stretch) -> Stretch {
        let l = &self.loose;
        let (p, x) = (l.prev(u), l.next(last));
        let position = |n: usize| if n > l.clients { 0 } else { l.nodes[n].position };
        if position(v) < position(u) {
            // … v, chain, (s … p), x …
            let s = l.next(v);
            let mut sum = l.before[v].then(l.way(v, u), chain);
            let mut at = s;
            let mut from = last;
            loop {
                sum = sum.then(l.way(from, at), l.alone[at]);
                if at == p {
                    break;
                }
                from = at;
                at = l.next(at);
            }
            sum.then(l.way(p, x), l.after[x])
        } else {
            // … p, (x … v), chain, s …
            let s = l.next(v);
            let mut sum = l.before[p];
            let mut from = p;
            let mut at = x;
            loop {
                sum = sum.then(l.way(from, at), l.alone[at]);
                if at == v {
                    break;
                }
                from = at;
                at = l.next(at);
            }
            sum.then(l.way(v, u), chain).then(l.way(last, s), l.after[s])
        }
    }

    /// A chain from `u` changes places with a chain from `w`, the client after `v`: `u` becomes `v`'s successor.
    fn exchange(&mut self, u: usize, v: usize) -> bool {
        let l = &self.loose;
        let w = l.next(v);
        if w > l.clients || w == u || u == v {
            return false;
        }
        let (ru, rw) = (l.nodes[u].route as usize, l.nodes[w].route as usize);
        let old = if ru == rw { l.routes[ru].penalty } else { l.routes[ru].penalty + l.routes[rw].penalty };
        let p = l.prev(u);
        let joined = l.way(v, u);
        let mut end = u;
        let mut chain = l.alone[u];
        for size in 1..=CHAIN {
            if size > 1 {
                let next = l.next(end);
                if next > l.clients || next == w || next == v {
                    return false;
                }
                chain = chain.then(l.way(end, next), l.alone[next]);
                end = next;
            }
            let x = l.next(end);
            if end == v || x == w {
                return false;
            }
            let mut tail = w;
            let mut other = l.alone[w];
            for width in 1..=CHAIN {
                if width > 1 {
                    let next = l.next(tail);
                    if next > l.clients || next == u {
                        break;
                    }
                    other = other.then(l.way(tail, next), l.alone[next]);
                    tail = next;
                }
                let y = l.next(tail);
                if tail == p || y == u {
                    break;
                }
                let (a, b, c) = (l.way(p, w), l.way(tail, x), l.way(end, y));
                let distance = i64::from(joined) + i64::from(a) + i64::from(b) + i64::from(c)
                    - i64::from(l.way(p, u))
                    - i64::from(l.way(end, x))
                    - i64::from(l.way(v, w))
                    - i64::from(l.way(tail, y));
                if distance >= old {
                    continue;
                }
                let gain = if ru == rw {
                    distance + l.stretch_penalty(self.swapped_within((u, end, chain), (w, tail, other))) - old
                } else {
                    let there = l.before[v].then(joined, chain).then(c, l.after[y]);
                    let mut cost = distance + l.stretch_penalty(there) - old;
                    if cost < 0 {
                        cost += l.stretch_penalty(l.before[p].then(a, other).then(b, l.after[x]));
                    }
                    cost
                };
                if gain < 0 {
                    self.cut_out(u, end);
                    self.cut_out(w, tail);
                    self.link_after(w, tail, p);
                    self.link_after(u, end, v);
                    self.loose.refresh(rw);
                    if ru != rw {
                        self.loose.refresh(ru);
                    }
                    return true;
                }
            }
        }
        false
    }

    /// The route with two chains of it exchanged; they neither overlap nor touch.
    fn swapped_within(&self, one: (usize, usize, Stretch), two: (usize, usize, Stretch)) -> Stretch {
        let l = &self.loose;
        let (a, b) = if l.nodes[one.0].position < l.nodes[two.0].position { (one, two) } else { (two, one) };
        let mut sum = l.before[l.prev(a.0)].then(l.way(l.prev(a.0), b.0), b.2);
        let mut from = b.1;
        let mut at = l.next(a.1);
        while at != b.0 {
            sum = sum.then(l.way(from, at), l.alone[at]);
            from = at;
            at = l.next(at);
        }
        let y = l.next(b.1);
        sum.then(l.way(from, a.0), a.2).then(l.way(a.1, y), l.after[y])
    }

    /// `u` and what follows it go after `v`; what followed `v` goes after `u`'s predecessor.
    fn exchange_tails(&mut self, u: usize, v: usize) -> bool {
        let l = &self.loose;
        let (ru, rv) = (l.nodes[u].route as usize, l.nodes[v].route as usize);
        if ru == rv {
            return false;
        }
        let (p, s) = (l.prev(u), l.next(v));
        let (joined, other) = (l.way(v, u), l.way(p, s));
        let distance = i64::from(joined) + i64::from(other) - i64::from(l.way(p, u)) - i64::from(l.way(v, s));
        let old = l.routes[ru].penalty + l.routes[rv].penalty;
        if distance >= old {
            return false;
        }
        let mut cost = distance + l.stretch_penalty(l.before[v].then(joined, l.after[u])) - old;
        if cost < 0 {
            cost += l.stretch_penalty(l.before[p].then(other, l.after[s]));
        }
        if cost >= 0 {
            return false;
        }
        let (du, dv) = (l.door(ru), l.door(rv));
        let last_u = l.prev(du);
        let last_v = l.prev(dv);
        let nodes = &mut self.loose.nodes;
        // `v` now leads to `u`'s tail, which ends at `v`'s depot.
        nodes[v].next = u as u32;
        nodes[last_u].next = dv as u32;
        if s == dv {
            nodes[p].next = du as u32;
        } else {
            nodes[p].next = s as u32;
            nodes[last_v].next = du as u32;
        }
        self.loose.refresh(ru);
        self.loose.refresh(rv);
        true
    }
}
