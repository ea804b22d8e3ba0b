//! Feasible routes that can be changed and put back in little time.
//!
//! Every client knows the earliest time it can be left and the latest time its service may begin without breaking a
//! window further along. With both, whether another client fits between two neighbours is one comparison (Savelsbergh
//! 1992), and a change is carried along the route only as far as it matters.
use super::problem::Problem;

/// Not on any route.
pub(super) const ABSENT: u32 = u32::MAX;

/// A client on its route. Each route also has one stop of its own for the depot, its beginning and its end.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stop {
    pub prev: u32,
    pub next: u32,
    pub route: u32,
    /// Earliest time it is left, service done.
    pub depart: i32,
    /// Latest time service may begin.
    pub late: i32,
    /// Distance to the next stop.
    pub ahead: i32,
    /// Distance from the stop before.
    pub behind: i32,
}

/// What a client needs, packed for speed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Need {
    pub ready: i32,
    pub due: i32,
    pub service: i32,
    pub demand: i32,
}

/// A set of feasible routes over some of the clients.
#[derive(Clone, Debug)]
pub(super) struct Tour<'a> {
    problem: &'a Problem,
    pub clients: usize,
    /// Clients at their number, then the depot of route `r` at `clients + 1 + r`. Index 0 is not used.
    pub stops: Vec<Stop>,
    pub load: Vec<i32>,
    pub count: Vec<u32>,
    pub needs: Vec<Need>,
    pub distance: i64,
}

impl<'a> Tour<'a> {
    /// All routes empty, all clients absent.
    pub fn new(problem: &'a Problem) -> Tour<'a> {
        let clients = problem.clients().len();
        let depot = problem.depot();
        let absent = Stop { prev: 0, next: 0, route: ABSENT, depart: 0, late: 0, ahead: 0, behind: 0 };
        let mut stops = vec![absent; clients + 1];
        for r in 0..problem.vehicles() {
            let own = (clients + 1 + r) as u32;
            stops.push(Stop {
                prev: own,
                next: own,
                route: r as u32,
                depart: depot.ready,
                late: depot.due,
                ahead: 0,
                behind: 0,
            });
        }
        let needs = problem
            .places()
            .iter()
            .map(|c| Need { ready: c.ready, due: c.due, service: c.service, demand: c.demand })
            .collect();
        let fleet = problem.vehicles();
        Tour { problem, clients, stops, load: vec![0; fleet], count: vec![0; fleet], needs, distance: 0 }
    }
    pub fn problem(&self) -> &'a Problem {
        self.problem
    }
    /// The stop that stands for the depot of route `r`.
    pub fn door(&self, r: usize) -> usize {
        self.clients + 1 + r
    }
    /// Place of a stop in the table of distances.
    pub fn place(&self, stop: usize) -> usize {
        if stop > self.clients { 0 } else { stop }
    }
    pub fn is_absent(&self, client: usize) -> bool {
        self.stops[client].route == ABSENT
    }
    /// Puts an absent client after stop `p`; the caller knows that it fits.
    pub fn insert(&mut self, client: usize, p: usize) {
        let s = self.stops[p].next as usize;
        let row = self.problem.row(client);
        let (to, from) = (row[self.place(p)], row[self.place(s)]);
        let route = self.stops[p].route;
        self.distance += i64::from(to) + i64::from(from) - i64::from(self.stops[p].ahead);
        self.load[route as usize] += self.needs[client].demand;
        self.count[route as usize] += 1;
        self.stops[p].next = client as u32;
        self.stops[p].ahead = to;
        self.stops[s].prev = client as u32;
        self.stops[s].behind = from;
        let stop = &mut self.stops[client];
        stop.prev = p as u32;
        stop.next = s as u32;
        stop.route = route;
        stop.ahead = from;
        stop.behind = to;
        stop.depart = i32::MIN;
        stop.late = i32::MIN;
        self.carry_forward(client);
        self.carry_back(client);
    }
    /// Takes the stops from `first` to `last` (one route, in this order, no depot) out.
    pub fn take(&mut self, first: usize, last: usize, gone: &mut Vec<u32>) {
        let p = self.stops[first].prev as usize;
        let s = self.stops[last].next as usize;
        let route = self.stops[first].route as usize;
        self.distance -= i64::from(self.stops[p].ahead);
        let mut at = first;
        loop {
            let stop = &mut self.stops[at];
            stop.route = ABSENT;
            self.distance -= i64::from(stop.ahead);
            let next = stop.next as usize;
            self.load[route] -= self.needs[at].demand;
            self.count[route] -= 1;
            gone.push(at as u32);
            if at == last {
                break;
            }
            at = next;
        }
        let ahead = self.problem.distance(self.place(p), self.place(s));
        self.distance += i64::from(ahead);
        self.stops[p].next = s as u32;
        self.stops[p].ahead = ahead;
        self.stops[s].prev = p as u32;
        self.stops[s].behind = ahead;
        self.carry_forward(s);
        self.carry_back(p);
    }
    /// Recounts earliest departures from `at` on, as far as they change.
    fn carry_forward(&mut self, mut at: usize) {
        while at <= self.clients {
            let before = self.stops[self.stops[at].prev as usize];
            let need = self.needs[at];
            let depart = (before.depart + before.ahead).max(need.ready) + need.service;
            let stop = &mut self.stops[at];
            if stop.depart == depart {
                break;
            }
            stop.depart = depart;
            at = stop.next as usize;
        }
    }
    /// Recounts latest starts from `at` back, as far as they change.
    fn carry_back(&mut self, mut at: usize) {
        while at <= self.clients {
            let here = self.stops[at];
            let need = self.needs[at];
            let late = need.due.min(self.stops[here.next as usize].late - here.ahead - need.service);
            if here.late == late {
                break;
            }
            self.stops[at].late = late;
            at = here.prev as usize;
        }
    }
    /// Makes route `r` the same as in `other`, clients of the route only. The total distance is not touched.
    pub fn copy_route(&mut self, other: &Tour, r: usize) {
        let door = self.door(r);
        self.load[r] = other.load[r];
        self.count[r] = other.count[r];
        let mut at = door;
        loop {
            let stop = other.stops[at];
            self.stops[at] = stop;
            at = stop.next as usize;
            if at == door {
                break;
            }
        }
    }
    /// The routes that are not empty.
    pub fn routes(&self) -> Vec<Vec<u32>> {
        let mut all = Vec::new();
        for r in 0..self.load.len() {
            let door = self.door(r) as u32;
            let mut route = Vec::with_capacity(self.count[r] as usize);
            let mut at = self.stops[door as usize].next;
            while at != door {
                route.push(at);
                at = self.stops[at as usize].next;
            }
            if !route.is_empty() {
                all.push(route);
            }
        }
        all
    }
    /// Makes `routes` the routes, at most as many as there are vehicles. A client that breaks a window or the capacity
    /// where it stands is left out.
    pub fn set_routes(&mut self, routes: &[Vec<u32>]) {
        for stop in &mut self.stops {
            stop.route = ABSENT;
        }
        self.distance = 0;
        let problem = self.problem;
        for r in 0..self.load.len() {
            let door = self.door(r);
            self.load[r] = 0;
            self.count[r] = 0;
            let mut p = door;
            self.stops[door].route = r as u32;
            for &c in routes.get(r).map_or(&[][..], Vec::as_slice) {
                let c = c as usize;
                let need = self.needs[c];
                let row = problem.row(c);
                let way = row[self.place(p)];
                let begin = (self.stops[p].depart + way).max(need.ready);
                let back = begin + need.service + row[0];
                let full = self.load[r] + need.demand > problem.capacity();
                if full || begin > need.due || back > self.stops[door].late {
                    continue;
                }
                self.stops[p].next = c as u32;
                self.stops[p].ahead = way;
                let stop = &mut self.stops[c];
                stop.prev = p as u32;
                stop.behind = way;
                stop.route = r as u32;
                stop.depart = begin + need.service;
                stop.late = i32::MIN;
                self.distance += i64::from(way);
                self.load[r] += need.demand;
                self.count[r] += 1;
                p = c;
            }
            let way = problem.distance(self.place(p), 0);
            self.distance += i64::from(way);
            self.stops[p].next = door as u32;
            self.stops[p].ahead = way;
            self.stops[door].prev = p as u32;
            self.stops[door].behind = way;
            self.carry_back(p);
        }
    }
}
