//! Who is near whom: the neighbourhoods that keep the search from looking at the whole city for every move.
use super::city::{City, NONE, Point};
use super::model::Ways;

/// Neighbours kept per visit for taking out what lies together.
const AROUND: usize = 64;
/// Neighbours kept per visit for finding tours to go on.
const TOURS: usize = 40;
/// Homes kept per visit: tours that begin near.
const HOMES: usize = 8;
/// A second of waiting weighs so much less than one on the way when neighbours are chosen.
const WAITING: i64 = 5;

/// Neighbours of every visit, each kind in one flat array.
pub(super) struct Near {
    /// The row of each visit of the city, or [`NONE`]: nobody asks for its neighbours.
    row: Vec<u32>,
    around: Vec<u32>,
    tours: Vec<u32>,
    homes: Vec<u32>,
}

impl Near {
    /// Neighbours of these visits among themselves, and these workers' homes.
    pub fn of(city: &City, all: &[u32], workers: &[u32]) -> Near {
        let n = all.len();
        let mut near = Near {
            row: vec![NONE; city.jobs.len()],
            around: Vec::with_capacity(n * AROUND),
            tours: Vec::with_capacity(n * TOURS),
            homes: Vec::with_capacity(n * HOMES),
        };
        let visits = Grid::of(city, all.iter().map(|v| city.jobs[*v as usize].point).collect());
        let homes = Grid::of(city, workers.iter().map(|w| city.hands[*w as usize].start).collect());
        let (mut found, mut keyed) = (Vec::new(), Vec::new());
        for (row, v) in all.iter().enumerate() {
            let v = *v;
            near.row[v as usize] = row as u32;
            let job = &city.jobs[v as usize];
            visits.around(job.point, AROUND + 1, &mut found);
            keyed.clear();
            keyed.extend(found.iter().map(|u| all[*u as usize]).filter(|u| *u != v).map(|u| {
                let other = city.jobs[u as usize].point;
                (i64::from(city.leg(job.point, other)) + i64::from(city.leg(other, job.point)), u)
            }));
            keep(&mut keyed, AROUND, &mut near.around);
            for (key, u) in &mut keyed {
                *key = next_to(city, v, *u);
            }
            // The nearest by the way alone are the pool; a wider one hardly changes what is found.
            keep(&mut keyed, TOURS, &mut near.tours);
            homes.around(job.point, HOMES * 4, &mut found);
            keyed.clear();
            keyed.extend(
                found
                    .iter()
                    .map(|w| workers[*w as usize])
                    .filter(|w| city.suits(v, *w))
                    .map(|w| (i64::from(city.leg(city.hands[w as usize].start, job.point)), w)),
            );
            keep(&mut keyed, HOMES, &mut near.homes);
        }
        near
    }

    /// The nearest visits, nearest first.
    pub fn around(&self, visit: u32) -> &[u32] {
        self.cut(&self.around, visit, AROUND)
    }
    /// Visits that go well before or after this one, best first.
    pub fn tours(&self, visit: u32) -> &[u32] {
        self.cut(&self.tours, visit, TOURS)
    }
    /// Suitable workers who start near, nearest first.
    pub fn homes(&self, visit: u32) -> &[u32] {
        self.cut(&self.homes, visit, HOMES)
    }

    fn cut<'a>(&self, all: &'a [u32], visit: u32, width: usize) -> &'a [u32] {
        let row = self.row[visit as usize];
        if row == NONE {
            return &[];
        }
        let row = &all[row as usize * width..(row as usize + 1) * width];
        &row[..row.iter().position(|u| *u == NONE).unwrap_or(width)]
    }
}

/// The `most` smallest in order, filled up so that every row has the same width.
fn keep(keyed: &mut [(i64, u32)], most: usize, into: &mut Vec<u32>) {
    keyed.sort_unstable();
    let kept = keyed.len().min(most);
    into.extend(keyed[..kept].iter().map(|k| k.1));
    into.resize(into.len() + most - kept, NONE);
}

/// How well two visits stand side by side in one tour: the way and some of the waiting, the better way round.
fn next_to(city: &City, v: u32, u: u32) -> i64 {
    let side = |a: u32, b: u32| {
        let (first, second) = (&city.jobs[a as usize], &city.jobs[b as usize]);
        let way = i64::from(city.leg(first.point, second.point));
        let wait = i64::from(second.from) - i64::from(first.until) - i64::from(first.seconds) - way;
        let late = i64::from(first.from) + i64::from(first.seconds) + way - i64::from(second.until);
        if late > 0 { i64::MAX / 4 } else { way + wait.max(0) / WAITING }
    };
    side(v, u).min(side(u, v))
}

/// Points in squares, so that the nearest are found by looking at a few squares.
pub(super) struct Grid {
    points: Vec<Point>,
    /// Members of each square, square after square.
    members: Vec<u32>,
    first: Vec<u32>,
    side: i32,
    low: Point,
    columns: i32,
    rows: i32,
    flat: bool,
}

/// Points in a square on average.
const PER_SQUARE: usize = 8;

impl Grid {
    pub fn of(city: &City, points: Vec<Point>) -> Grid {
        let flat = matches!(city.ways, Ways::Flat { .. });
        let low = Point {
            x: points.iter().map(|p| p.x).min().unwrap_or(0),
            y: points.iter().map(|p| p.y).min().unwrap_or(0),
        };
        let high = Point {
            x: points.iter().map(|p| p.x).max().unwrap_or(0),
            y: points.iter().map(|p| p.y).max().unwrap_or(0),
        };
        let squares = (points.len() / PER_SQUARE).max(1) as f64;
        let (wide, tall) = (f64::from(high.x - low.x + 1), f64::from(high.y - low.y + 1));
        let side = if flat { ((wide * tall / squares).sqrt().ceil() as i32).max(1) } else { i32::MAX };
        let columns = if flat { (high.x - low.x) / side + 1 } else { 1 };
        let rows = if flat { (high.y - low.y) / side + 1 } else { 1 };
        let mut grid = Grid { points, members: Vec::new(), first: Vec::new(), side, low, columns, rows, flat };
        let squares: Vec<usize> = grid.points.iter().map(|p| grid.square(*p)).collect();
        let mut first = vec![0u32; (columns * rows) as usize + 1];
        for s in &squares {
            first[s + 1] += 1;
        }
        for i in 1..first.len() {
            first[i] += first[i - 1];
        }
        let mut next = first.clone();
        let mut members = vec![0u32; grid.points.len()];
        for (i, s) in squares.iter().enumerate() {
            members[next[*s] as usize] = i as u32;
            next[*s] += 1;
        }
        grid.members = members;
        grid.first = first;
        grid
    }

    fn column_row(&self, p: Point) -> (i32, i32) {
        if !self.flat {
            return (0, 0);
        }
        (
            ((p.x - self.low.x) / self.side).clamp(0, self.columns - 1),
            ((p.y - self.low.y) / self.side).clamp(0, self.rows - 1),
        )
    }

    fn square(&self, p: Point) -> usize {
        let (column, row) = self.column_row(p);
        (row * self.columns + column) as usize
    }

    /// At least the `want` nearest (or all there are), among others that are hardly further.
    pub fn around(&self, p: Point, want: usize, into: &mut Vec<u32>) {
        into.clear();
        let (column, row) = self.column_row(p);
        let mut ring = 0;
        let mut enough_at = i32::MAX;
        loop {
            let (left, right) = (column - ring, column + ring);
            let (top, bottom) = (row - ring, row + ring);
            for y in top.max(0)..=bottom.min(self.rows - 1) {
                let edge = y == top || y == bottom;
                let mut x = left;
                while x <= right {
                    if x >= 0 && x < self.columns {
                        let s = (y * self.columns + x) as usize;
                        into.extend_from_slice(&self.members[self.first[s] as usize..self.first[s + 1] as usize]);
                    }
                    x += if edge || ring == 0 { 1 } else { 2 * ring };
                }
            }
            if into.len() >= want && enough_at == i32::MAX {
                // One ring more: the corners of the last one are further than the sides of the next.
                enough_at = ring + 1;
            }
            let whole = left <= 0 && top <= 0 && right >= self.columns - 1 && bottom >= self.rows - 1;
            if whole || ring >= enough_at {
                return;
            }
            ring += 1;
        }
    }
}
