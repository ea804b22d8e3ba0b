//! How long a planner may work.

/// A number of units of work, and the caller's word that time is up.
///
/// Stopping by the clock makes results unrepeatable, so the budget counts work (moves tried, iterations: each planner says
/// what one unit is). The same seed and the same number of units give the same plan. `stop` is asked now and then; a caller
/// with a deadline answers `true` when it has passed and gets the best plan so far.
pub struct Budget<'a> {
    /// Units of work at most.
    pub units: u64,
    /// Asked at least every few milliseconds of work; `true` ends the search.
    pub stop: &'a mut dyn FnMut() -> bool,
}

impl std::fmt::Debug for Budget<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget").field("units", &self.units).finish_non_exhaustive()
    }
}

/// A budget handed out in pieces: a caller who knows seconds but not how many units fit into them corrects the number
/// while the search goes on. The plan depends on the seed and on the answers only; a [`Budget`] always answers the same.
pub trait Pace {
    /// Units the search may use in all, now that it has used `done`. Asked at the beginning and some dozen times on the
    /// way; the search is then planned anew to end, cooled down, at that number.
    fn total(&mut self, done: u64) -> u64;
    /// Asked at least every few milliseconds of work; `true` ends the search.
    fn over(&mut self) -> bool;
}

impl Pace for Budget<'_> {
    fn total(&mut self, _: u64) -> u64 {
        self.units
    }
    fn over(&mut self) -> bool {
        (self.stop)()
    }
}
