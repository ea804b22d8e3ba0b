//! Ruin and recreate by string removals under simulated annealing: Christiaens & Vanden Berghe (2020), "Slack induction
//! by string removals for vehicle routing problems", with candidate lists instead of a scan of every place.
use super::nearby::Nearby;
use super::problem::Problem;
use super::tour::{ABSENT, Tour};
use crate::Chance;

/// What decides how the search behaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cooling {
    /// Clients taken out per round on average, at most.
    pub removed: f64,
    /// Longest string taken out of one route.
    pub longest: f64,
    /// How often a string keeps clients in its middle.
    pub split: f64,
    /// How often one more client is kept there.
    pub keep: f64,
    /// How often a good place is passed over.
    pub blink: f64,
    /// Temperatures at the beginning and the end, in mean distances per client.
    pub hot: f64,
    pub cold: f64,
    /// Gaps up to this long, in mean distances per client, are never missed because both ends are far.
    pub slack: f64,
}

/// In which order clients are put back; the weights are the paper's.
const ORDERS: usize = 7;
const ORDER_WEIGHTS: [usize; ORDERS] = [4, 4, 2, 1, 2, 2, 2];

/// Cost of leaving a client out: more than any detour.
const UNSERVED: i64 = 1 << 40;

/// The search and its state: the plan it stands at, a working copy, the best plan found.
pub(super) struct Anneal<'a> {
    nearby: &'a Nearby,
    tuning: Cooling,
    chance: Chance,
    /// Rank of each client in each order but the first, which is random.
    ranks: Vec<Vec<u32>>,
    here: Tour<'a>,
    here_absent: Vec<u32>,
    work: Tour<'a>,
    absent: Vec<u32>,
    /// Routes changed in the working copy.
    touched: Vec<u32>,
    is_touched: Vec<bool>,
    /// Places to look at until the next one is passed over.
    until_blink: u32,
    best_cost: i64,
    best_routes: Vec<Vec<u32>>,
    best_absent: Vec<u32>,
    /// Mean distance per client of the first plan.
    scale: f64,
    /// See [`Cooling::slack`], in tenths.
    slack: i32,
    pub units: u64,
    pub rounds: u64,
}

impl<'a> Anneal<'a> {
    pub fn new(problem: &'a Problem, nearby: &'a Nearby, tuning: Cooling, chance: Chance) -> Anneal<'a> {
        let tour = Tour::new(problem);
        let n = problem.clients().len();
        let places = problem.places();
        let home = problem.row(0);
        let mut ranks = Vec::new();
        for order in 1..ORDERS {
            let mut all: Vec<u32> = (1..=n as u32).collect();
            all.sort_by_key(|&c| {
                let (c, far) = (&places[c as usize], home[c as usize]);
                match order {
                    1 => -c.demand,
                    2 => -far,
                    3 => far,
                    4 => c.due - c.ready,
                    5 => c.ready,
                    _ => -c.due,
                }
            });
            let mut rank = vec![0; n + 1];
            for (place, &c) in all.iter().enumerate() {
                rank[c as usize] = place as u32;
            }
            ranks.push(rank);
        }
        let mut search = Anneal {
            nearby,
            tuning,
            chance,
            ranks,
            here: tour.clone(),
            here_absent: Vec::new(),
            work: tour,
            absent: (1..=n as u32).collect(),
            touched: Vec::new(),
            is_touched: vec![false; problem.vehicles()],
            until_blink: 1,
            best_cost: i64::MAX,
            best_routes: Vec::new(),
            best_absent: Vec::new(),
            scale: 1.0,
            slack: 100_000,
            units: 0,
            rounds: 0,
        };
        search.draw_blink();
        search.start_anew();
        search.scale = (search.here.distance as f64 / n.max(1) as f64).max(1.0);
        search.slack = (tuning.slack * search.scale) as i32;
        search
    }

    fn draw_blink(&mut self) {
        let u = 1.0 - self.chance.unit();
        self.until_blink = 1 + (u.ln() / (1.0 - self.tuning.blink).ln()) as u32;
    }
    fn cost(tour: &Tour, absent: &[u32]) -> i64 {
        tour.distance + UNSERVED * absent.len() as i64
    }
    fn note_best(&mut self) {
        self.best_cost = Self::cost(&self.here, &self.here_absent);
        self.best_routes = self.here.routes();
        self.best_absent.clone_from(&self.here_absent);
    }
    fn touch(&mut self, route: u32) {
        let seen = &mut self.is_touched[route as usize];
        if !*seen {
            *seen = true;
            self.touched.push(route);
        }
    }

    /// Cools from `hot` to `cold` (mean distances per client) over `units` units of work, as long as `go_on` says so.
    pub fn run(&mut self, hot: f64, cold: f64, units: u64, go_on: &mut dyn FnMut() -> bool) {
        let begin = self.units;
        let end = begin.saturating_add(units);
        let (hot, cold) = (hot * self.scale, cold * self.scale);
        let mut temperature = hot;
        let mut until_look = 0;
        while self.units < end {
            if until_look == 0 {
                if !go_on() {
                    return;
                }
                let done = (self.units - begin) as f64 / units as f64;
                temperature = hot * (cold / hot).powf(done);
                until_look = 64;
            }
            until_look -= 1;
            self.round(temperature);
        }
    }

    /// Goes on from other routes, forgetting the best. Clients on none of the routes are put in at once if they fit.
    pub fn start_from(&mut self, routes: &[Vec<u32>]) {
        self.work.set_routes(routes);
        self.absent.clear();
        for c in 1..=self.work.clients {
            if self.work.stops[c].route == ABSENT {
                self.absent.push(c as u32);
            }
        }
        self.recreate();
        for &r in &self.touched {
            self.is_touched[r as usize] = false;
        }
        self.touched.clear();
        self.here.clone_from(&self.work);
        self.here_absent.clone_from(&self.absent);
        self.note_best();
    }
    /// Who lives nearest to a client, itself first.
    pub fn around(&self, client: usize) -> &'a [u32] {
        let nearby: &'a Nearby = self.nearby;
        &nearby.around[client]
    }
    /// From nothing.
    pub fn start_anew(&mut self) {
        self.start_from(&[]);
    }

    fn round(&mut self, temperature: f64) {
        self.rounds += 1;
        self.units += 20;
        self.ruin();
        self.recreate();
        let old = Self::cost(&self.here, &self.here_absent);
        let new = Self::cost(&self.work, &self.absent);
        let u = 1.0 - self.chance.unit();
        let accept = (new as f64) < old as f64 - temperature * u.ln();
        if accept {
            for i in 0..self.touched.len() {
                self.here.copy_route(&self.work, self.touched[i] as usize);
            }
            self.here.distance = self.work.distance;
            for &c in &self.absent {
                self.here.stops[c as usize].route = ABSENT;
            }
            self.here_absent.clone_from(&self.absent);
            if new < self.best_cost {
                self.note_best();
            }
        } else {
            for i in 0..self.touched.len() {
                self.work.copy_route(&self.here, self.touched[i] as usize);
            }
            self.work.distance = self.here.distance;
            for &c in &self.here_absent {
                self.work.stops[c as usize].route = ABSENT;
            }
            self.absent.clone_from(&self.here_absent);
        }
        for &r in &self.touched {
            self.is_touched[r as usize] = false;
        }
        self.touched.clear();
    }

    /// Takes strings of clients out of routes near a random client.
    fn ruin(&mut self) {
        let n = self.work.clients;
        if n == 0 {
            return;
        }
        let used = self.work.count.iter().filter(|&&c| c > 0).count().max(1);
        let mean = (n - self.absent.len()) as f64 / used as f64;
        let longest = self.tuning.longest.min(mean).max(1.0);
        let most = (4.0 * self.tuning.removed / (1.0 + longest) - 1.0).max(1.0);
        let strings = (self.chance.unit() * most + 1.0) as usize;
        let seed = 1 + self.chance.below(n);
        let nearby = self.nearby;
        for &c in &nearby.around[seed] {
            if self.touched.len() >= strings {
                break;
            }
            let route = self.work.stops[c as usize].route;
            if route == ABSENT || self.is_touched[route as usize] {
                continue;
            }
            self.touch(route);
            let size = self.work.count[route as usize] as usize;
            let cap = longest.min(size as f64);
            let length = ((self.chance.unit() * cap + 1.0) as usize).min(size);
            let mut kept = 0;
            if length > 1 && length < size && self.chance.unit() < self.tuning.split {
                kept = 1;
                while length + kept < size && self.chance.unit() < self.tuning.keep {
                    kept += 1;
                }
            }
            self.take_string(c as usize, length, kept);
        }
    }

    /// Takes `length` clients out around `c`; `kept` in the middle of them stay.
    fn take_string(&mut self, c: usize, length: usize, kept: usize) {
        let span = length + kept;
        let clients = self.work.clients;
        let stops = &self.work.stops;
        let (mut back, mut first) = (0, c);
        while back + 1 < span && (stops[first].prev as usize) <= clients {
            first = stops[first].prev as usize;
            back += 1;
        }
        let (mut forth, mut last) = (0, c);
        while forth + 1 < span && (stops[last].next as usize) <= clients {
            last = stops[last].next as usize;
            forth += 1;
        }
        // The string begins between `low` and `high` places before `c`.
        let low = (span - 1).saturating_sub(forth);
        let begin = low + self.chance.below(back - low + 1);
        for _ in begin..back {
            first = self.work.stops[first].next as usize;
        }
        if kept == 0 {
            let mut last = first;
            for _ in 1..length {
                last = self.work.stops[last].next as usize;
            }
            self.work.take(first, last, &mut self.absent);
            return;
        }
        let head = 1 + self.chance.below(length - 1);
        let mut last = first;
        for _ in 1..head {
            last = self.work.stops[last].next as usize;
        }
        let mut second = self.work.stops[last].next as usize;
        for _ in 0..kept {
            second = self.work.stops[second].next as usize;
        }
        let mut end = second;
        for _ in 1..length - head {
            end = self.work.stops[end].next as usize;
        }
        self.work.take(first, last, &mut self.absent);
        self.work.take(second, end, &mut self.absent);
    }

    /// Puts absent clients back one by one, each at its cheapest place.
    fn recreate(&mut self) {
        let total: usize = ORDER_WEIGHTS.iter().sum();
        let mut draw = self.chance.below(total);
        let mut order = 0;
        while draw >= ORDER_WEIGHTS[order] {
            draw -= ORDER_WEIGHTS[order];
            order += 1;
        }
        let mut absent = std::mem::take(&mut self.absent);
        if order == 0 {
            self.chance.shuffle(&mut absent);
        } else {
            let rank = &self.ranks[order - 1];
            absent.sort_unstable_by_key(|&c| rank[c as usize]);
        }
        absent.retain(|&c| match self.best_place(c as usize) {
            Some(p) => {
                self.touch(self.work.stops[p].route);
                self.work.insert(c as usize, p);
                false
            }
            None => true,
        });
        self.absent = absent;
    }

    /// The stop after which the client costs least, with an occasional blink.
    fn best_place(&mut self, c: usize) -> Option<usize> {
        let nearby = self.nearby;
        let tour = &self.work;
        let need = tour.needs[c];
        let row = tour.problem().row(c);
        let room = tour.problem().capacity() - need.demand;
        let clients = tour.clients;
        let mut best = i32::MAX - self.slack;
        let mut at = None;
        let mut blink = self.until_blink;
        let mut blinked = false;
        let mut seen = 0;
        for near in &nearby.beside[c] {
            let way = near.distance;
            // The nearer end of a gap of length `g` is at least this near where the detour is `2 * way - g`.
            if 2 * way >= best + self.slack {
                break;
            }
            seen += 1;
            let v = near.client as usize;
            let stop = &tour.stops[v];
            if stop.route == ABSENT {
                continue;
            }
            let (p, s) = (stop.prev as usize, stop.next as usize);
            let onward = row[if s > clients { 0 } else { s }];
            let toward = row[if p > clients { 0 } else { p }];
            let more = way + onward - stop.ahead;
            if more < best && tour.load[stop.route as usize] <= room {
                let begin = (stop.depart + way).max(need.ready);
                if begin <= need.due && begin + need.service + onward <= tour.stops[s].late {
                    blink -= 1;
                    if blink == 0 {
                        blinked = true;
                        blink = u32::MAX;
                    } else {
                        best = more;
                        at = Some(v);
                    }
                }
            }
            let more = way + toward - stop.behind;
            if more < best && tour.load[stop.route as usize] <= room {
                let begin = (tour.stops[p].depart + toward).max(need.ready);
                if begin <= need.due && begin + need.service + way <= stop.late {
                    blink -= 1;
                    if blink == 0 {
                        blinked = true;
                        blink = u32::MAX;
                    } else {
                        best = more;
                        at = Some(p);
                    }
                }
            }
        }
        self.units += 10 + seen;
        self.until_blink = blink;
        if blinked {
            self.draw_blink();
        }
        let alone = row[0] * 2;
        if alone < best {
            if let Some(r) = self.work.count.iter().position(|&n| n == 0) {
                // A route of its own is dearer than any place found, unless none was.
                return Some(self.work.door(r));
            }
            if at.is_none() {
                return self.any_place(c);
            }
        }
        at
    }

    /// The cheapest place of all, looking everywhere.
    fn any_place(&mut self, c: usize) -> Option<usize> {
        let tour = &self.work;
        let need = tour.needs[c];
        let row = tour.problem().row(c);
        let room = tour.problem().capacity() - need.demand;
        let mut best = i32::MAX;
        let mut at = None;
        for (p, stop) in tour.stops.iter().enumerate().skip(1) {
            if stop.route == ABSENT || tour.load[stop.route as usize] > room {
                continue;
            }
            let s = stop.next as usize;
            let (toward, onward) = (row[tour.place(p)], row[tour.place(s)]);
            let more = toward + onward - stop.ahead;
            let begin = (stop.depart + toward).max(need.ready);
            if more < best && begin <= need.due && begin + need.service + onward <= tour.stops[s].late {
                best = more;
                at = Some(p);
            }
        }
        self.units += tour.stops.len() as u64;
        at
    }

    /// Cost of the best plan, unserved clients included.
    pub fn best_cost(&self) -> i64 {
        self.best_cost
    }
    /// The best plan: routes and who is not served.
    pub fn best(&self) -> (&[Vec<u32>], &[u32]) {
        (&self.best_routes, &self.best_absent)
    }
}
