//! A group of plans in which a plan counts by its cost and by how much it differs from the others (Vidal et al. 2012).

/// Compared with this many of the most similar plans.
const CLOSEST: usize = 5;

pub(super) struct Member {
    pub routes: Vec<Vec<u32>>,
    pub distance: i64,
    pub overload: i64,
    pub warp: i64,
    /// For each client who comes before and after, 0 for the depot.
    links: Vec<(u32, u32)>,
    /// Broken pairs to each other member, in their order.
    apart: Vec<u32>,
    /// Smaller is better.
    pub fitness: f64,
}

impl Member {
    pub fn new(clients: usize, routes: Vec<Vec<u32>>, distance: i64, overload: i64, warp: i64) -> Member {
        let mut links = vec![(0, 0); clients + 1];
        for route in &routes {
            let mut before = 0;
            for (i, &c) in route.iter().enumerate() {
                links[c as usize] = (before, route.get(i + 1).copied().unwrap_or(0));
                before = c;
            }
        }
        Member { routes, distance, overload, warp, links, apart: Vec::new(), fitness: 0.0 }
    }
    /// Number of links of `self` that `other` does not have.
    fn broken_pairs(&self, other: &Member) -> u32 {
        let mut broken = 0;
        for (a, b) in self.links.iter().zip(&other.links).skip(1) {
            broken += u32::from(a.1 != b.1 && a.1 != b.0);
            broken += u32::from(a.0 == 0 && b.0 != 0 && b.1 != 0);
        }
        broken
    }
}

#[derive(Default)]
pub(super) struct Group {
    pub members: Vec<Member>,
}

impl Group {
    pub fn add(&mut self, mut new: Member) {
        for m in &mut self.members {
            let d = new.broken_pairs(m);
            m.apart.push(d);
            new.apart.push(d);
        }
        new.apart.push(u32::MAX);
        self.members.push(new);
    }

    fn remove(&mut self, gone: usize) {
        self.members.swap_remove(gone);
        for m in &mut self.members {
            m.apart.swap_remove(gone);
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

    /// Recounts everyone's fitness; `cost` prices lateness and overload. Tells who has a twin.
    pub fn judge(&mut self, elite: usize, cost: &dyn Fn(&Member) -> i64) -> Vec<bool> {
        let count = self.members.len();
        let mut near: Vec<u32> = Vec::with_capacity(count);
        let mut twin = vec![false; count];
        let lonely: Vec<i64> = (0..count)
            .map(|i| {
                near.clear();
                near.extend(self.members[i].apart.iter().enumerate().filter(|&(j, _)| j != i).map(|(_, &d)| d));
                if near.len() > CLOSEST {
                    near.select_nth_unstable(CLOSEST - 1);
                    near.truncate(CLOSEST);
                }
                twin[i] = near.contains(&0);
                near.iter().map(|&d| i64::from(d)).sum()
            })
            .collect();
        let by_cost = self.ranks(|i| cost(&self.members[i]));
        let by_distance = self.ranks(|i| -lonely[i]);
        let weight = 1.0 - elite.min(count) as f64 / count.max(1) as f64;
        for (m, (c, d)) in self.members.iter_mut().zip(by_cost.iter().zip(&by_distance)) {
            m.fitness = (*c as f64 + weight * *d as f64) / count as f64;
        }
        // Of two twins the one that costs less is not the twin.
        for i in 0..count {
            twin[i] = twin[i] && (0..count).any(|j| j != i && self.members[i].apart[j] == 0 && by_cost[j] < by_cost[i]);
        }
        twin
    }

    /// Takes the worst out one by one until `keep` are left: copies first, then by fitness.
    pub fn cull(&mut self, keep: usize, elite: usize, cost: &dyn Fn(&Member) -> i64) {
        while self.members.len() > keep {
            let twin = self.judge(elite, cost);
            let worst = (0..self.members.len()).max_by(|&i, &j| {
                let value = |i: usize| self.members[i].fitness;
                twin[i].cmp(&twin[j]).then(value(i).total_cmp(&value(j)))
            });
            match worst {
                Some(worst) => self.remove(worst),
                None => return,
            }
        }
    }
}
