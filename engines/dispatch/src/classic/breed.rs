//! The hybrid genetic search: parents exchange groups of routes, every child goes through local search where lateness and
//! overload are priced, then is annealed for a short while.
//!
//! Selection, survival and prices follow Vidal et al. (2012, 2013); the exchange of routes follows Nagata, Bräysy &
//! Dullaert (2010); annealing of children as a mutation follows Simensen, Hasle & Stålhane (2022).
use super::anneal::Anneal;
use super::descent::Descent;
use super::group::{Group, Member};
use super::loose::Prices;
use super::problem::Problem;
use crate::Chance;

/// What decides how the population behaves; found by measuring.
#[derive(Clone, Copy, Debug)]
pub(super) struct Breeding {
    /// Plans kept after a cull.
    pub keep: usize,
    /// Children born before the next cull.
    pub brood: usize,
    /// Plans that survive by cost alone.
    pub elite: usize,
    /// Rounds of annealing per client for a child.
    pub rounds: f64,
    /// How often a child is annealed.
    pub annealed: f64,
    /// Temperatures for children, in mean distances per client.
    pub hot: f64,
    pub cold: f64,
    /// Children without a better plan before a new population begins.
    pub patience: usize,
    /// Share of children without lateness and overload that the prices aim at.
    pub clean: f64,
}

/// Children between two looks at the prices.
const REPRICE: usize = 50;
/// How much dearer lateness and overload become in a repair.
const REPAIR: i64 = 12;
const DEAREST: i64 = 100_000;

pub(super) struct Population<'a> {
    problem: &'a Problem,
    search: Anneal<'a>,
    descent: Descent<'a>,
    breeding: Breeding,
    chance: Chance,
    clean: Group,
    flawed: Group,
    prices: Prices,
    recent_load: usize,
    recent_warp: usize,
    recent: usize,
    pub best_routes: Vec<Vec<u32>>,
    pub best_cost: i64,
    lowest: i64,
    idle: usize,
    children: u64,
}

impl<'a> Population<'a> {
    pub fn new(
        problem: &'a Problem,
        search: Anneal<'a>,
        descent: Descent<'a>,
        breeding: Breeding,
        chance: Chance,
    ) -> Self {
        let clients = problem.clients();
        let demand: i64 = clients.iter().map(|c| i64::from(c.demand)).sum();
        let way: i64 = (1..=clients.len()).map(|c| i64::from(problem.distance(0, c))).sum();
        let best_routes = search.best().0.to_vec();
        let best_cost = search.best_cost();
        Population {
            problem,
            search,
            descent,
            breeding,
            chance,
            clean: Group::default(),
            flawed: Group::default(),
            prices: Prices { overload: (way / demand.max(1)).clamp(1, DEAREST), warp: 1 },
            recent_load: 0,
            recent_warp: 0,
            recent: 0,
            best_routes,
            best_cost,
            lowest: i64::MAX,
            idle: 0,
            children: 0,
        }
    }
    pub fn units(&self) -> u64 {
        self.search.units + self.descent.units
    }

    /// Rounds of annealing and children.
    pub fn rounds(&self) -> u64 {
        self.search.rounds + self.children
    }
    /// Cools one plan for `units` units of work; what comes out is a member.
    pub fn anneal(&mut self, hot: f64, cold: f64, units: u64, go_on: &mut dyn FnMut() -> bool) {
        self.search.run(hot, cold, units, go_on);
        if self.search.best_cost() < self.best_cost {
            self.best_cost = self.search.best_cost();
            self.best_routes = self.search.best().0.to_vec();
        }
    }
    /// Takes a plan from elsewhere in: as the one to go on from, or as a member.
    pub fn welcome(&mut self, routes: &[Vec<u32>], go_on_from_it: bool) {
        self.search.start_from(routes);
        let cost = self.search.best_cost();
        if cost < self.best_cost {
            self.best_cost = cost;
            self.best_routes = self.search.best().0.to_vec();
        }
        if !go_on_from_it && self.search.best().1.is_empty() {
            let routes = self.search.best().0.to_vec();
            self.admit(Member::new(self.problem.clients().len(), routes, cost, 0, 0));
        }
    }

    /// Breeds until `end` units of work are used in all.
    pub fn run(&mut self, end: u64, go_on: &mut dyn FnMut() -> bool) {
        if self.children == 0 && self.search.rounds > 0 && self.search.best().1.is_empty() {
            let routes = self.best_routes.clone();
            self.admit(Member::new(self.problem.clients().len(), routes, self.best_cost, 0, 0));
        }
        while self.units() < end && go_on() {
            self.children += 1;
            let few = self.clean.members.len() + self.flawed.members.len() < self.breeding.keep;
            let child = if few { Vec::new() } else { self.child() };
            self.raise(&child, end, go_on);
            if self.idle > self.breeding.patience {
                self.clean = Group::default();
                self.flawed = Group::default();
                self.lowest = i64::MAX;
                self.idle = 0;
            }
        }
    }

    /// Improves a child and takes it into its group.
    fn raise(&mut self, child: &[Vec<u32>], end: u64, go_on: &mut dyn FnMut() -> bool) {
        self.descent.run(child, self.prices, &mut self.chance);
        self.idle += 1;
        let (overload, warp) = self.flaws();
        self.reprice(overload == 0, warp == 0);
        if overload + warp > 0 {
            let routes = self.descent.loose.export();
            let distance = self.descent.loose.distance();
            let repaired = self.chance.unit() < 0.5;
            let member = Member::new(self.problem.clients().len(), routes, distance, overload, warp);
            if repaired {
                let dear = Prices { overload: self.prices.overload * REPAIR, warp: self.prices.warp * REPAIR };
                self.descent.run(&member.routes, dear, &mut self.chance);
            }
            self.admit(member);
            if !repaired || self.flaws() != (0, 0) {
                return;
            }
        }
        let mut routes = self.descent.loose.export();
        let mut distance = self.descent.loose.distance();
        if self.chance.unit() < self.breeding.annealed {
            self.search.start_from(&routes);
            let share = self.work_of(self.breeding.rounds).min(end.saturating_sub(self.units()));
            self.search.run(self.breeding.hot, self.breeding.cold, share, go_on);
            if self.search.best_cost() < distance {
                distance = self.search.best_cost();
                routes = self.search.best().0.to_vec();
            }
        }
        self.admit(Member::new(self.problem.clients().len(), routes, distance, 0, 0));
    }
    /// Units of work for so many rounds per client.
    fn work_of(&self, rounds: f64) -> u64 {
        let per_round = self.search.units as f64 / self.search.rounds.max(1) as f64;
        (per_round * rounds * self.problem.clients().len() as f64) as u64 + 1
    }
    fn flaws(&self) -> (i64, i64) {
        let capacity = self.problem.capacity();
        let routes = &self.descent.loose.routes;
        (
            routes.iter().map(|r| i64::from((r.load - capacity).max(0))).sum(),
            routes.iter().map(|r| i64::from(r.warp)).sum(),
        )
    }
    fn reprice(&mut self, light: bool, punctual: bool) {
        self.recent += 1;
        self.recent_load += usize::from(light);
        self.recent_warp += usize::from(punctual);
        if self.recent < REPRICE {
            return;
        }
        let adjust = |price: i64, good: usize| {
            let share = good as f64 / REPRICE as f64;
            let factor = if share < self.breeding.clean - 0.05 {
                1.2
            } else if share > self.breeding.clean + 0.05 {
                0.85
            } else {
                1.0
            };
            ((price as f64 * factor + if factor > 1.0 { 0.9 } else { 0.0 }) as i64).clamp(1, DEAREST)
        };
        self.prices = Prices {
            overload: adjust(self.prices.overload, self.recent_load),
            warp: adjust(self.prices.warp, self.recent_warp),
        };
        self.recent = 0;
        self.recent_load = 0;
        self.recent_warp = 0;
    }

    fn admit(&mut self, member: Member) {
        let b = self.breeding;
        let prices = self.prices;
        let cost = |m: &Member| m.distance + m.overload * prices.overload + m.warp * prices.warp;
        let group = if member.overload + member.warp == 0 {
            if member.distance < self.lowest {
                self.lowest = member.distance;
                self.idle = 0;
            }
            if member.distance < self.best_cost {
                self.best_cost = member.distance;
                self.best_routes.clone_from(&member.routes);
            }
            &mut self.clean
        } else {
            &mut self.flawed
        };
        group.add(member);
        if group.members.len() >= b.keep + b.brood {
            group.cull(b.keep, b.elite, &cost);
        }
        group.judge(b.elite, &cost);
    }

    fn member(&self, i: usize) -> &Member {
        let clean = self.clean.members.len();
        if i < clean { &self.clean.members[i] } else { &self.flawed.members[i - clean] }
    }
    /// The better of two by chance.
    fn parent(&mut self) -> usize {
        let count = self.clean.members.len() + self.flawed.members.len();
        let (a, b) = (self.chance.below(count), self.chance.below(count));
        if self.member(a).fitness <= self.member(b).fitness { a } else { b }
    }

    /// Routes of one parent, a group of neighbouring ones replaced by the other parent's routes over the same clients.
    fn child(&mut self) -> Vec<Vec<u32>> {
        let mother = self.parent();
        let mut father = self.parent();
        for _ in 0..8 {
            if father != mother {
                break;
            }
            father = self.parent();
        }
        let clients = self.problem.clients().len();
        let seed = 1 + self.chance.below(clients);
        let count = self.member(mother).routes.len();
        let take = 1 + self.chance.below((count / 2).max(1));
        let (mother, father) = (self.member(mother), self.member(father));
        let mut route_of = vec![usize::MAX; clients + 1];
        for (r, route) in mother.routes.iter().enumerate() {
            for &c in route {
                route_of[c as usize] = r;
            }
        }
        // The routes met first when walking away from a random client.
        let mut chosen = vec![false; count];
        let mut left = take;
        for &c in self.search.around(seed) {
            let r = route_of[c as usize];
            if r != usize::MAX && !chosen[r] {
                chosen[r] = true;
                left -= 1;
                if left == 0 {
                    break;
                }
            }
        }
        // The father's routes that serve most of these clients.
        let free = |c: u32| {
            let r = route_of[c as usize];
            r == usize::MAX || chosen[r]
        };
        let mut shares: Vec<(usize, usize)> = father
            .routes
            .iter()
            .enumerate()
            .map(|(r, route)| (route.iter().filter(|&&c| free(c)).count() * 1000 / route.len().max(1), r))
            .collect();
        shares.sort_by(|a, b| b.cmp(a));
        let mut routes: Vec<Vec<u32>> =
            mother.routes.iter().enumerate().filter(|&(r, _)| !chosen[r]).map(|(_, route)| route.clone()).collect();
        let room = self.problem.vehicles() - routes.len();
        for &(share, r) in shares.iter().take(take.min(room)) {
            if share == 0 {
                break;
            }
            routes.push(father.routes[r].iter().copied().filter(|&c| free(c)).collect());
        }
        routes
    }
}
