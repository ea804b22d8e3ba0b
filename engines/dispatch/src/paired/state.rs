//! Routes that change: doubly linked lists, earliest starts kept up to date by touching only what changes.
//!
//! Starts are the least solution of "not before the window opens, not before the carer arrives, within the gap to the
//! partner". A change is carried forward in order of time, like Dijkstra's algorithm for longest ways; a visit whose start
//! stays the same ends the wave. A gap's upper bound reaches back in time (the first visit of a pair is put off when the
//! second would come too late), so a visit may be met twice. Two orders that contradict each other push starts up
//! without end; a limit on the wave refuses them.
use super::tables::{Kind, Tables};

#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(crate) struct Node {
    pub start: i64,
    pub earliest: i64,
    pub latest: i64,
    pub duration: i64,
    min_gap: i64,
    max_gap: i64,
    pub prev: u16,
    pub next: u16,
    pub carer: u16,
    pub place: u16,
    pub mate: u16,
    pub kind: Kind,
    /// The change that last moved the start.
    stamp: u32,
}

/// A change of links, for taking it back.
#[derive(Clone, Copy, Debug)]
enum Step {
    /// The visit stood behind this node.
    Shift { visit: u16, behind: u16 },
    /// The tails behind these two were exchanged.
    Tails { a: u16, b: u16 },
}

#[derive(Clone, Debug)]
pub(crate) struct State<'a> {
    pub t: &'a Tables,
    /// The travel table with the surcharge on the legs from and to the office.
    ways: Vec<u32>,
    surcharge: u32,
    /// Visits, then one office node per carer: the ring's head.
    pub nodes: Vec<Node>,
    pub travel: i64,
    pub late: i64,
    pub worst: i64,
    /// Changes are refused as soon as they are too dear even if all lateness vanished on the routes behind whoever still
    /// becomes earlier. What partners elsewhere might gain by that is overlooked: a few refusals in a hundred are wrong,
    /// and most waves are short.
    pub hasty: bool,
    /// Nodes met by waves so far: the measure of work.
    pub met: u64,
    steps: Vec<Step>,
    starts: Vec<(u16, i64)>,
    dirty: Vec<u16>,
    wave: Vec<(i64, u16, bool)>,
    falling: usize,
    change: u32,
    /// The cost's parts before the running change.
    old: (i64, i64, i64),
}

impl<'a> State<'a> {
    /// All visits unplanned.
    pub fn new(t: &'a Tables) -> State<'a> {
        let n = t.visits.len();
        let mut nodes: Vec<Node> = t
            .visits
            .iter()
            .enumerate()
            .map(|(i, v)| Node {
                start: v.earliest,
                earliest: v.earliest,
                latest: v.latest,
                duration: 0,
                min_gap: v.min_gap,
                max_gap: v.max_gap,
                prev: i as u16,
                next: i as u16,
                carer: u16::MAX,
                place: (v.patient + 1) as u16,
                mate: v.mate,
                kind: v.kind,
                stamp: 0,
            })
            .collect();
        nodes.extend((0..t.carers).map(|c| Node {
            start: 0,
            earliest: 0,
            latest: i64::MAX,
            duration: 0,
            min_gap: 0,
            max_gap: 0,
            prev: (n + c) as u16,
            next: (n + c) as u16,
            carer: c as u16,
            place: 0,
            mate: (n + c) as u16,
            kind: Kind::Office,
            stamp: 0,
        }));
        State {
            t,
            ways: t.travel.clone(),
            surcharge: 0,
            nodes,
            travel: 0,
            late: 0,
            worst: 0,
            hasty: false,
            met: 0,
            steps: Vec::new(),
            starts: Vec::new(),
            dirty: Vec::new(),
            wave: Vec::new(),
            falling: 0,
            change: 0,
            old: (0, 0, 0),
        }
    }

    /// Becomes the same plan as `other`, of the same problem.
    pub fn copy_from(&mut self, other: &State<'a>) {
        self.nodes.copy_from_slice(&other.nodes);
        (self.travel, self.late, self.worst) = (other.travel, other.late, other.worst);
    }

    /// Makes every route that has visits cost so much more, to steer how many there are. The surcharge lies on the way
    /// back to the office, where it changes no start.
    pub fn set_surcharge(&mut self, extra: u32) {
        let extra = extra.min(self.t.room);
        if extra == self.surcharge {
            return;
        }
        let width = self.t.width;
        for i in 1..width {
            self.ways[i * width] = self.t.travel[i * width] + extra;
        }
        let used = (0..self.t.carers).filter(|&c| self.next(self.office(c)) != self.office(c)).count() as i64;
        self.travel += used * (i64::from(extra) - i64::from(self.surcharge));
        self.surcharge = extra;
    }

    pub fn cost(&self) -> i64 {
        self.travel + self.late + self.worst
    }
    pub fn visits(&self) -> usize {
        self.t.visits.len()
    }
    pub fn office(&self, carer: usize) -> usize {
        self.t.visits.len() + carer
    }
    #[inline]
    pub fn prev(&self, v: usize) -> usize {
        self.nodes[v].prev as usize
    }
    #[inline]
    pub fn next(&self, v: usize) -> usize {
        self.nodes[v].next as usize
    }
    #[inline]
    pub fn carer(&self, v: usize) -> usize {
        self.nodes[v].carer as usize
    }
    #[inline]
    pub fn is_visit(&self, v: usize) -> bool {
        v < self.t.visits.len()
    }
    #[inline]
    pub fn way(&self, a: usize, b: usize) -> i64 {
        i64::from(self.ways[self.nodes[a].place as usize * self.t.width + self.nodes[b].place as usize])
    }
    /// Whether the carer may do the visit, its partner staying where it is.
    #[inline]
    pub fn fits(&self, v: usize, carer: usize) -> bool {
        let mate = self.nodes[v].mate as usize;
        self.t.can(v, carer) && (mate == v || self.carer(mate) != carer)
    }

    /// How much later than `v` its partner starts at the least.
    pub fn offset(&self, v: usize) -> i64 {
        let n = &self.nodes[v];
        match n.kind {
            Kind::RigidFirst | Kind::GapFirst => n.min_gap,
            Kind::RigidSecond => -n.min_gap,
            Kind::GapSecond => -n.max_gap,
            Kind::Single | Kind::Office => 0,
        }
    }

    fn assign(&mut self, v: usize, carer: u16) {
        self.nodes[v].carer = carer;
        self.nodes[v].duration = i64::from(self.t.duration[v * self.t.carers + carer as usize]);
    }

    /// Begins a change.
    pub fn begin(&mut self) {
        self.steps.clear();
        self.starts.clear();
        self.dirty.clear();
        self.old = (self.travel, self.late, self.worst);
    }

    /// Puts a visit, planned elsewhere or not at all, behind `behind`. Only the links and the travel; [`State::settle`] does the times.
    pub fn shift(&mut self, v: usize, behind: usize) {
        self.steps.push(Step::Shift { visit: v as u16, behind: self.nodes[v].prev });
        let n = self.next(v);
        self.travel += self.relink(v, behind);
        self.dirty.push(n as u16);
        self.dirty.push(v as u16);
        let n = self.nodes[v].next;
        self.dirty.push(n);
    }

    fn relink(&mut self, v: usize, behind: usize) -> i64 {
        let (p, n) = (self.prev(v), self.next(v));
        let mut travel = 0;
        if p != v {
            travel += self.way(p, n) - self.way(p, v) - self.way(v, n);
            self.nodes[p].next = n as u16;
            self.nodes[n].prev = p as u16;
        }
        if behind == v {
            self.nodes[v].prev = v as u16;
            self.nodes[v].next = v as u16;
            self.nodes[v].carer = u16::MAX;
            return travel;
        }
        let x = self.next(behind);
        travel += self.way(behind, v) + self.way(v, x) - self.way(behind, x);
        self.nodes[behind].next = v as u16;
        self.nodes[x].prev = v as u16;
        self.nodes[v].prev = behind as u16;
        self.nodes[v].next = x as u16;
        if self.nodes[v].carer != self.nodes[behind].carer {
            self.assign(v, self.nodes[behind].carer);
        }
        travel
    }

    /// Exchanges what follows `a` with what follows `b`, on two different routes.
    pub fn tails(&mut self, a: usize, b: usize) {
        self.steps.push(Step::Tails { a: a as u16, b: b as u16 });
        self.travel += self.exchange(a, b);
        let (x, y) = (self.nodes[a].next, self.nodes[b].next);
        self.dirty.push(x);
        self.dirty.push(y);
        if !self.t.same_for_all {
            // Other hands, other durations, all the way down.
            for from in [x, y] {
                let mut v = from as usize;
                while self.is_visit(v) {
                    v = self.next(v);
                    self.dirty.push(v as u16);
                }
            }
        }
    }

    fn exchange(&mut self, a: usize, b: usize) -> i64 {
        let (ca, cb) = (self.nodes[a].carer, self.nodes[b].carer);
        let (ha, hb) = (self.office(ca as usize), self.office(cb as usize));
        let (x, y) = (self.next(a), self.next(b));
        let (la, lb) = (self.prev(ha), self.prev(hb));
        let before = self.way(a, x) + self.way(b, y);
        if y == hb {
            self.link(a, ha);
        } else {
            self.link(a, y);
            self.link(lb, ha);
        }
        if x == ha {
            self.link(b, hb);
        } else {
            self.link(b, x);
            self.link(la, hb);
        }
        for (from, head, carer) in [(a, ha, ca), (b, hb, cb)] {
            let mut v = self.next(from);
            while v != head {
                self.assign(v, carer);
                v = self.next(v);
            }
        }
        self.way(a, self.next(a)) + self.way(b, self.next(b)) - before
    }

    fn link(&mut self, a: usize, b: usize) {
        self.nodes[a].next = b as u16;
        self.nodes[b].prev = a as u16;
    }

    /// Takes the running change back.
    pub fn undo(&mut self) {
        while let Some((v, start)) = self.starts.pop() {
            self.nodes[v as usize].start = start;
        }
        while let Some(step) = self.steps.pop() {
            match step {
                Step::Shift { visit, behind } => self.relink(visit as usize, behind as usize),
                Step::Tails { a, b } => self.exchange(a as usize, b as usize),
            };
        }
        (self.travel, self.late, self.worst) = self.old;
    }

    #[inline]
    fn ready(&self, v: usize) -> i64 {
        let n = &self.nodes[v];
        let p = &self.nodes[n.prev as usize];
        let way = i64::from(self.ways[p.place as usize * self.t.width + n.place as usize]);
        n.earliest.max(p.start + p.duration + way)
    }

    /// The earliest start by what is known now; for a rigid pair that of its first visit.
    #[inline]
    fn possible(&self, v: usize) -> i64 {
        let n = &self.nodes[v];
        let mate = n.mate as usize;
        match n.kind {
            Kind::Single | Kind::Office => self.ready(v),
            Kind::RigidFirst | Kind::RigidSecond => self.ready(v).max(self.ready(mate) - n.min_gap),
            Kind::GapFirst => self.ready(v).max(self.nodes[mate].start - n.max_gap),
            Kind::GapSecond => self.ready(v).max(self.nodes[mate].start + n.min_gap),
        }
    }

    #[inline]
    fn push(&mut self, v: usize) {
        let v = match self.nodes[v].kind {
            Kind::Office => return,
            Kind::RigidSecond => self.nodes[v].mate as usize,
            _ => v,
        };
        let (new, old) = (self.possible(v), self.nodes[v].start);
        if let Some(i) = self.wave.iter().position(|w| w.1 as usize == v) {
            let w = &mut self.wave[i];
            w.0 = w.0.min(new);
            if new < old && !w.2 {
                w.2 = true;
                self.falling += 1;
            }
        } else if new != old {
            self.wave.push((new.min(old), v as u16, new < old));
            self.falling += usize::from(new < old);
        }
    }

    /// Too dear although some visits are still becoming earlier?
    fn is_hopeless(&self, limit: i64) -> bool {
        let mut rest = self.travel + self.late - limit;
        if !self.hasty || rest <= 0 {
            return false;
        }
        for (_, v, falls) in &self.wave {
            let v = *v as usize;
            let both = if self.nodes[v].kind == Kind::RigidFirst { [v, self.nodes[v].mate as usize] } else { [v, v] };
            for first in &both[..if both[0] == both[1] { 1 } else { 2 }] {
                let mut u = *first;
                while *falls && self.is_visit(u) {
                    rest -= (self.nodes[u].start - self.nodes[u].latest).max(0);
                    u = self.next(u);
                }
            }
        }
        rest > 0
    }

    /// Brings the starts up to date. `false` when the cost would exceed `limit` or the orders contradict each other; then
    /// the caller must [`State::undo`].
    pub fn settle(&mut self, limit: i64) -> bool {
        self.wave.clear();
        self.falling = 0;
        self.change = self.change.wrapping_add(1);
        for i in 0..self.dirty.len() {
            let v = self.dirty[i] as usize;
            self.push(v);
        }
        let most = self.met + 2 * self.visits() as u64 + 100;
        // The largest lateness among what changed.
        let mut largest = 0i64;
        let (mut worst_fell, mut again) = (false, false);
        while !self.wave.is_empty() {
            let mut at = 0;
            for i in 1..self.wave.len() {
                if self.wave[i].0 < self.wave[at].0 {
                    at = i;
                }
            }
            let (_, v, fell) = self.wave.swap_remove(at);
            self.falling -= usize::from(fell);
            self.met += 1;
            if self.met > most {
                return false;
            }
            let v = v as usize;
            let new = self.possible(v);
            if new == self.nodes[v].start {
                continue;
            }
            let rose = new > self.nodes[v].start;
            let rigid = self.nodes[v].kind == Kind::RigidFirst;
            let mate = self.nodes[v].mate as usize;
            for (u, new) in [(v, new), (mate, new + self.nodes[v].min_gap)].into_iter().take(1 + usize::from(rigid)) {
                let old = self.nodes[u].start;
                self.starts.push((u as u16, old));
                self.nodes[u].start = new;
                let first = self.nodes[u].stamp != self.change;
                self.nodes[u].stamp = self.change;
                let (was, is) = ((old - self.nodes[u].latest).max(0), (new - self.nodes[u].latest).max(0));
                self.late += is - was;
                if first {
                    largest = largest.max(is);
                    worst_fell |= was == self.old.2 && is < was;
                } else {
                    largest = is;
                    again = true;
                }
            }
            // Once nothing is left that becomes earlier (nor follows what just did), starts only rise, and the lateness so
            // far is sure.
            let floor = if worst_fell || again { largest } else { largest.max(self.old.2) };
            if rose && self.travel + self.late + floor > limit && (self.falling == 0 || self.is_hopeless(limit)) {
                return false;
            }
            let next = self.next(v);
            match self.nodes[v].kind {
                Kind::GapFirst | Kind::GapSecond => self.push(mate),
                Kind::RigidFirst => {
                    let other = self.next(mate);
                    self.push(other);
                }
                _ => {}
            }
            self.push(next);
        }
        self.worst = if again || (worst_fell && largest < self.old.2) {
            if self.travel + self.late + largest > limit {
                return false;
            }
            let mut worst = 0;
            for n in &self.nodes[..self.t.visits.len()] {
                worst = worst.max(n.start - n.latest);
            }
            worst
        } else {
            self.old.2.max(largest)
        };
        self.cost() <= limit
    }

    /// Works all starts out anew, from nothing. `false` when the orders contradict each other.
    pub fn rebuild(&mut self) -> bool {
        self.begin();
        let n = self.visits();
        for v in 0..n {
            self.nodes[v].start = i64::MIN / 4;
        }
        let mut left = 4 * n * n + 100;
        let mut changed = true;
        while changed {
            changed = false;
            for v in 0..n {
                if self.prev(v) == v {
                    continue;
                }
                let new = self.possible(v);
                let kind = self.nodes[v].kind;
                if kind != Kind::RigidSecond && new > self.nodes[v].start {
                    if left == 0 {
                        return false;
                    }
                    left -= 1;
                    changed = true;
                    self.nodes[v].start = new;
                    if kind == Kind::RigidFirst {
                        let mate = self.nodes[v].mate as usize;
                        self.nodes[mate].start = new + self.nodes[v].min_gap;
                    }
                }
            }
        }
        (self.travel, self.late, self.worst) = (0, 0, 0);
        for c in 0..self.t.carers {
            let head = self.office(c);
            let mut v = self.next(head);
            self.travel += self.way(head, v);
            while v != head {
                let late = (self.nodes[v].start - self.nodes[v].latest).max(0);
                self.late += late;
                self.worst = self.worst.max(late);
                self.travel += self.way(v, self.next(v));
                v = self.next(v);
            }
        }
        true
    }
}
