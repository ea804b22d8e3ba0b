//! Routes that may be late or overloaded at a price, so that a search can pass through what is forbidden.
//!
//! Lateness is counted as time warp (Nagata, Bräysy & Dullaert 2010): whoever comes too late pays for being set back to
//! the end of the window and goes on from there. A stretch of stops is summed up in four numbers, and two stretches are
//! joined in constant time (Vidal et al. 2013), so a changed route is judged without walking along it.
use super::problem::Problem;

/// Not on any route.
pub(super) const OFF: u32 = u32::MAX;

/// A stretch of stops: how long it takes, how much of that is time warp, and between which times it should begin.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stretch {
    pub duration: i32,
    pub warp: i32,
    pub early: i32,
    pub late: i32,
    pub load: i32,
}

impl Stretch {
    #[inline]
    pub fn then(self, way: i32, next: Stretch) -> Stretch {
        let delta = self.duration - self.warp + way;
        let wait = (next.early - delta - self.late).max(0);
        let warp = (self.early + delta - next.late).max(0);
        Stretch {
            duration: self.duration + next.duration + way + wait,
            warp: self.warp + next.warp + warp,
            early: (next.early - delta).max(self.early) - wait,
            late: (next.late - delta).min(self.late) + warp,
            load: self.load + next.load,
        }
    }
}

/// A client on its route, or the depot of one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    pub prev: u32,
    pub next: u32,
    pub route: u32,
    pub position: u32,
}

/// What a route costs.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Price {
    pub load: i32,
    pub warp: i32,
    /// Price of overload and warp.
    pub penalty: i64,
    pub count: u32,
    /// Number of the change that last touched it.
    pub changed: u32,
}

/// Prices of a unit of overload and of a tenth of time warp.
#[derive(Clone, Copy, Debug)]
pub(super) struct Prices {
    pub overload: i64,
    pub warp: i64,
}

pub(super) struct Loose<'a> {
    pub problem: &'a Problem,
    pub clients: usize,
    pub nodes: Vec<Node>,
    /// Each client alone.
    pub alone: Vec<Stretch>,
    /// From the depot to the stop; for the depot's own stop the beginning alone.
    pub before: Vec<Stretch>,
    /// From the stop to the depot; for the depot's own stop the end alone.
    pub after: Vec<Stretch>,
    pub routes: Vec<Price>,
    pub prices: Prices,
    pub changes: u32,
}

impl<'a> Loose<'a> {
    pub fn new(problem: &'a Problem) -> Loose<'a> {
        let clients = problem.clients().len();
        let depot = problem.depot();
        let mut alone: Vec<Stretch> = problem
            .places()
            .iter()
            .map(|c| Stretch { duration: c.service, warp: 0, early: c.ready, late: c.due, load: c.demand })
            .collect();
        let door = Stretch { duration: 0, warp: 0, early: depot.ready, late: depot.due, load: 0 };
        alone.resize(clients + 1 + problem.vehicles(), door);
        let nodes = (0..alone.len() as u32)
            .map(|i| Node {
                prev: i,
                next: i,
                route: (i as usize).checked_sub(clients + 1).map_or(OFF, |r| r as u32),
                position: 0,
            })
            .collect();
        Loose {
            problem,
            clients,
            nodes,
            before: alone.clone(),
            after: alone.clone(),
            alone,
            routes: vec![Price::default(); problem.vehicles()],
            prices: Prices { overload: 1, warp: 1 },
            changes: 0,
        }
    }
    #[inline]
    pub fn place(&self, node: usize) -> usize {
        if node > self.clients { 0 } else { node }
    }
    #[inline]
    pub fn way(&self, a: usize, b: usize) -> i32 {
        self.problem.distance(self.place(a), self.place(b))
    }
    pub fn door(&self, r: usize) -> usize {
        self.clients + 1 + r
    }
    #[inline]
    pub fn next(&self, node: usize) -> usize {
        self.nodes[node].next as usize
    }
    #[inline]
    pub fn prev(&self, node: usize) -> usize {
        self.nodes[node].prev as usize
    }
    #[inline]
    pub fn penalty(&self, load: i32, warp: i32) -> i64 {
        i64::from((load - self.problem.capacity()).max(0)) * self.prices.overload + i64::from(warp) * self.prices.warp
    }
    #[inline]
    pub fn stretch_penalty(&self, s: Stretch) -> i64 {
        self.penalty(s.load, s.warp)
    }

    /// Loads routes; who is on none of them is off.
    pub fn set(&mut self, routes: &[Vec<u32>], prices: Prices) {
        self.prices = prices;
        self.changes = 0;
        for node in &mut self.nodes[..=self.clients] {
            node.route = OFF;
        }
        for r in 0..self.routes.len() {
            let door = self.door(r);
            let mut p = door;
            for &c in routes.get(r).map_or(&[][..], Vec::as_slice) {
                self.nodes[p].next = c;
                self.nodes[c as usize].prev = p as u32;
                p = c as usize;
            }
            self.nodes[p].next = door as u32;
            self.nodes[door].prev = p as u32;
            self.refresh(r);
            self.routes[r].changed = 0;
        }
    }
    /// Recounts a route from its links.
    pub fn refresh(&mut self, r: usize) {
        let door = self.door(r);
        let depot = self.alone[door];
        self.before[door] = depot;
        self.after[door] = depot;
        let mut sum = depot;
        let mut at = door;
        let mut position = 0;
        loop {
            let next = self.next(at);
            let way = self.way(at, next);
            if next == door {
                sum = sum.then(way, depot);
                break;
            }
            position += 1;
            sum = sum.then(way, self.alone[next]);
            self.before[next] = sum;
            let node = &mut self.nodes[next];
            node.route = r as u32;
            node.position = position;
            node.prev = at as u32;
            at = next;
        }
        self.nodes[door].prev = at as u32;
        let mut back = depot;
        let mut behind = door;
        while at != door {
            back = self.alone[at].then(self.way(at, behind), back);
            self.after[at] = back;
            behind = at;
            at = self.prev(at);
        }
        self.changes += 1;
        self.routes[r] = Price {
            load: sum.load,
            warp: sum.warp,
            penalty: self.penalty(sum.load, sum.warp),
            count: position,
            changed: self.changes,
        };
    }
    pub fn export(&self) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        for r in 0..self.routes.len() {
            let door = self.door(r);
            let mut route = Vec::with_capacity(self.routes[r].count as usize);
            let mut at = self.next(door);
            while at != door {
                route.push(at as u32);
                at = self.next(at);
            }
            if !route.is_empty() {
                all.push(route);
            }
        }
        all
    }
    /// Distance of all routes.
    pub fn distance(&self) -> i64 {
        let mut sum = 0;
        for r in 0..self.routes.len() {
            let door = self.door(r);
            let mut at = door;
            loop {
                let next = self.next(at);
                sum += i64::from(self.way(at, next));
                at = next;
                if at == door {
                    break;
                }
            }
        }
        sum
    }
    pub fn empty_route(&self) -> Option<usize> {
        self.routes.iter().position(|r| r.count == 0)
    }
}
