//! A population of plans: parents exchange groups of routes, and every child is annealed for a short while.
//!
//! Selection and survival follow the hybrid genetic search of Vidal et al. (2012, 2013), where a plan counts by its cost
//! and by how much it differs from the others; the exchange of routes follows Nagata, Bräysy & Dullaert (2010).
use super::anneal::Anneal;
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
    /// Rounds of annealing per client for the first plans and for children.
    pub first_rounds: f64,
    pub child_rounds: f64,
    /// Temperatures for children, in mean distances per client.
    pub hot: f64,
    pub cold: f64,
    pub first_hot: f64,
    /// Children without a better plan before a new population begins.
    pub patience: usize,
}

/// Compared with this many of the most similar plans.
const CLOSEST: usize = 4;

struct Member {
    routes: Vec<Vec<u32>>,
    cost: i64,
    /// For each client who comes before and after, 0 for the depot.
    links: Vec<(u32, u32)>,
}

impl Member {
    fn new(clients: usize, routes: Vec<Vec<u32>>, cost: i64) -> Member {
        let mut links = vec![(0, 0); clients + 1];
        for route in &routes {
            let mut before = 0;
            for (i, &c) in route.iter().enumerate() {
                links[c as usize] = (before, route.get(i + 1).copied().unwrap_or(0));
                before = c;
            }
        }
        Member { routes, cost, links }
    }
    /// Number of links of `self` that `other` does not have.
    fn broken_pairs(&self, other: &Member) -> usize {
        let mut broken = 0;
        for (a, b) in self.links.iter().zip(&other.links).skip(1) {
            broken += usize::from(a.1 != b.1 && a.1 != b.0);
            broken += usize::from(a.0 == 0 && b.0 != 0 && b.1 != 0);
        }
        broken
    }
}

pub(super) struct Population<'a, 's> {
    problem: &'a Problem,
    search: &'s mut Anneal<'a>,
    breeding: Breeding,
    chance: Chance,
    members: Vec<Member>,
    pub best_routes: Vec<Vec<u32>>,
    pub best_cost: i64,
    lowest: i64,
    idle: usize,
}

impl<'a, 's> Population<'a, 's> {
    pub fn new(problem: &'a Problem, search: &'s mut Anneal<'a>, breeding: Breeding, chance: Chance) -> Self {
        Population {
            problem,
            search,
            breeding,
            chance,
            members: Vec::new(),
            best_routes: Vec::new(),
            best_cost: i64::MAX,
            lowest: i64::MAX,
            idle: 0,
        }
    }

    /// Breeds for `units` units of work.
    pub fn run(&mut self, units: u64, go_on: &mut dyn FnMut() -> bool) {
        let end = self.search.units.saturating_add(units);
        while self.search.units < end && go_on() {
            let b = self.breeding;
            let rounds = if self.members.len() < b.keep {
                self.search.start_anew();
                let share = self.work_of(b.first_rounds).min(end - self.search.units);
                self.search.run(b.first_hot, b.cold, share, go_on);
                b.first_rounds
            } else {
                let child = self.child();
                self.search.start_from(&child);
                let share = self.work_of(b.child_rounds).min(end - self.search.units);
                self.search.run(b.hot, b.cold, share, go_on);
                b.child_rounds
            };
            let _ = rounds;
            self.add();
        }
    }
    /// Units of work for so many rounds per client.
    fn work_of(&self, rounds: f64) -> u64 {
        let per_round = self.search.units as f64 / self.search.rounds.max(1) as f64;
        (per_round * rounds * self.problem.clients().len() as f64) as u64 + 1
    }

    fn add(&mut self) {
        let cost = self.search.best_cost();
        let routes = self.search.best().0.to_vec();
        if cost < self.best_cost {
            self.best_cost = cost;
            self.best_routes.clone_from(&routes);
        }
        if cost < self.lowest {
            self.lowest = cost;
            self.idle = 0;
        } else {
            self.idle += 1;
        }
        self.members.push(Member::new(self.problem.clients().len(), routes, cost));
        if self.idle > self.breeding.patience {
            self.members.clear();
            self.lowest = i64::MAX;
            self.idle = 0;
        } else if self.members.len() >= self.breeding.keep + self.breeding.brood {
            self.cull();
        }
    }

    /// Position of each member by `key`, smallest first.
    fn ranks(&self, key: impl Fn(usize) -> i64) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.members.len()).collect();
        order.sort_by_key(|&i| key(i));
        let mut rank = vec![0; order.len()];
        for (place, &i) in order.iter().enumerate() {
            rank[i] = place;
        }
        rank
    }

    /// Takes the worst out one by one: copies first, then by cost and by likeness to others.
    fn cull(&mut self) {
        let count = self.members.len();
        let mut apart = vec![vec![0usize; count]; count];
        for i in 0..count {
            for j in 0..i {
                let d = self.members[i].broken_pairs(&self.members[j]);
                apart[i][j] = d;
                apart[j][i] = d;
            }
        }
        while self.members.len() > self.breeding.keep {
            let count = self.members.len();
            let mut near = Vec::new();
            let mut twin = vec![false; count];
            let lonely: Vec<i64> = (0..count)
                .map(|i| {
                    near.clear();
                    near.extend((0..count).filter(|&j| j != i).map(|j| apart[i][j]));
                    near.sort_unstable();
                    twin[i] = near.first() == Some(&0);
                    near.iter().take(CLOSEST).sum::<usize>() as i64
                })
                .collect();
            let by_cost = self.ranks(|i| self.members[i].cost);
            let by_distance = self.ranks(|i| -lonely[i]);
            let weight = 1.0 - self.breeding.elite as f64 / count as f64;
            let worst = (0..count)
                .filter(|&i| by_cost[i] > 0)
                .max_by(|&i, &j| {
                    let value = |i: usize| by_cost[i] as f64 + weight * by_distance[i] as f64;
                    (twin[i], value(i)).partial_cmp(&(twin[j], value(j))).unwrap_or(std::cmp::Ordering::Equal)
                })
                .unwrap_or(count - 1);
            self.members.swap_remove(worst);
            apart.swap_remove(worst);
            for row in &mut apart {
                row.swap_remove(worst);
            }
        }
    }

    /// The better of two by chance.
    fn parent(&mut self) -> usize {
        let (a, b) = (self.chance.below(self.members.len()), self.chance.below(self.members.len()));
        if self.members[a].cost <= self.members[b].cost { a } else { b }
    }

    /// Routes of one parent, a group of neighbouring ones replaced by the other parent's routes over the same clients.
    fn child(&mut self) -> Vec<Vec<u32>> {
        let mother = self.parent();
        let mut father = self.parent();
        for _ in 0..8 {
            if father != mother && self.members[father].cost != self.members[mother].cost {
                break;
            }
            father = self.parent();
        }
        let clients = self.problem.clients().len();
        let of = |m: &Member| {
            let mut route_of = vec![usize::MAX; clients + 1];
            for (r, route) in m.routes.iter().enumerate() {
                for &c in route {
                    route_of[c as usize] = r;
                }
            }
            route_of
        };
        let (mother, father) = (&self.members[mother], &self.members[father]);
        let route_of = of(mother);
        let count = mother.routes.len();
        let most = (count / 2).max(1);
        let take = 1 + self.chance.below(most);
        // The routes met first when walking away from a random client.
        let seed = 1 + self.chance.below(clients);
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
        let mut shares: Vec<(usize, usize)> = father
            .routes
            .iter()
            .enumerate()
            .map(|(r, route)| {
                let common = route.iter().filter(|&&c| {
                    let r = route_of[c as usize];
                    r == usize::MAX || chosen[r]
                });
                (common.count() * 1000 / route.len().max(1), r)
            })
            .collect();
        shares.sort_by(|a, b| b.cmp(a));
        let mut routes: Vec<Vec<u32>> =
            mother.routes.iter().enumerate().filter(|&(r, _)| !chosen[r]).map(|(_, route)| route.clone()).collect();
        let room = self.problem.vehicles() - routes.len();
        for &(share, r) in shares.iter().take(take.min(room)) {
            if share == 0 {
                break;
            }
            let route: Vec<u32> = father.routes[r]
                .iter()
                .copied()
                .filter(|&c| {
                    let r = route_of[c as usize];
                    r == usize::MAX || chosen[r]
                })
                .collect();
            routes.push(route);
        }
        routes
    }
}
