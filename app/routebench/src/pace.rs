//! Seconds turned into units of work while the work is going on.
use crate::{Args, meter};
use dispatch::Pace;

/// Part of the time still left that is planned to be used; the rest is for the error of the last estimate.
const AIM: f64 = 0.997;
/// Pieces shorter than this say little about the speed.
const SHORTEST: f64 = 0.005;

/// Hands out as many units as fit into `--seconds` of CPU per thread. What was done since the last time it was asked tells
/// how fast it goes, so a machine with changing load and a search with cheap and dear phases both end when the time does.
pub struct Clocked {
    began: f64,
    allowed: f64,
    fixed: Option<u64>,
    /// Units per second.
    rate: f64,
    asked: (u64, f64),
}

impl Clocked {
    /// From now on. `rate` is the first guess of units per second and decides the first piece only. With `--units` the
    /// number is theirs, and the clock says nothing.
    pub fn new(args: &Args, rate: f64) -> Clocked {
        let allowed = args.seconds * args.threads.max(1) as f64;
        Clocked { began: meter::process_seconds(), allowed, fixed: args.units, rate, asked: (0, 0.0) }
    }

    pub fn used(&self) -> f64 {
        meter::process_seconds() - self.began
    }

    fn correct(&mut self, done: u64, used: f64) {
        if done == 0 {
            // Time before the first unit says nothing about units.
            self.asked = (0, used);
        }
        let (units, seconds) = (done.saturating_sub(self.asked.0), used - self.asked.1);
        if units == 0 || seconds < SHORTEST {
            return;
        }
        let now = units as f64 / seconds;
        self.rate = if self.asked.0 == 0 { now } else { 0.5 * (self.rate + now) };
        self.asked = (done, used);
    }
}

impl Pace for Clocked {
    fn total(&mut self, done: u64) -> u64 {
        if let Some(units) = self.fixed {
            return units;
        }
        let used = self.used();
        self.correct(done, used);
        done + ((self.allowed - used).max(0.0) * AIM * self.rate) as u64
    }
    fn over(&mut self) -> bool {
        self.fixed.is_none() && self.used() >= self.allowed
    }
}
