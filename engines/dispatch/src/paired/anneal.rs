//! Simulated annealing: worse plans are accepted with a chance that falls as the work goes on.
use super::moves::{self, Mix};
use super::state::State;
use crate::Chance;

/// How one run of annealing goes.
#[derive(Clone, Debug)]
pub(crate) struct Course {
    /// Temperatures in ticks.
    pub hot: f64,
    pub cold: f64,
    /// Steps in all.
    pub steps: u64,
    pub mix: Mix,
    /// Surcharge per used route while hotter than `free_below`.
    pub surcharge: f64,
    pub free_below: f64,
}

/// Steps between two changes of temperature and two looks at the deadline.
const BLOCK: u64 = 4096;
/// Looks at the pace within one run.
const LOOKS: u64 = 32;

/// What a run asks its caller.
pub(crate) trait Guide {
    /// Time is up.
    fn over(&mut self) -> bool;
    /// By what factor the rest of the work has grown, after so many steps of this run.
    fn stretch(&mut self, done: u64) -> f64;
}

/// Runs from `s` and leaves the best plan met in `best`; `s` keeps the last one.
pub(crate) fn run<'a>(
    s: &mut State<'a>,
    best: &mut State<'a>,
    chance: &mut Chance,
    course: &Course,
    guide: &mut dyn Guide,
) -> u64 {
    let ladder: Vec<u8> =
        course.mix.iter().enumerate().flat_map(|(k, &n)| std::iter::repeat_n(k as u8, n as usize)).collect();
    // Exponentially distributed patience, cut into a table: −ln of evenly spread chances.
    let patience: Vec<f64> = (0..1024).map(|i| -((f64::from(i) + 0.5) / 1024.0).ln()).collect();
    let mut best_cost = best.cost();
    let mut done = 0;
    // What is still to do at the present pace, and which part of the run that is.
    let (mut left, mut rest) = (course.steps, course.steps as f64);
    let look = (course.steps / LOOKS).max(1);
    let mut next_look = look;
    while left > 0 {
        if guide.over() {
            break;
        }
        if done >= next_look {
            next_look = done + look;
            let factor = guide.stretch(done);
            if factor != 1.0 {
                left = ((left as f64 * factor) as u64).max(1);
                rest *= factor;
            }
        }
        let progress = 1.0 - left as f64 / rest;
        let heat = course.hot * (course.cold / course.hot).powf(progress);
        let extra = course.surcharge * (heat / course.free_below - 0.5).clamp(0.0, 0.5) * 2.0;
        s.set_surcharge(extra as u32);
        let block = BLOCK.min(left);
        for _ in 0..block {
            let bits = chance.bits();
            let kind = ladder[(bits & 0xff) as usize] as usize;
            let limit = s.cost() + (heat * patience[(bits >> 8 & 1023) as usize]) as i64;
            if moves::step(s, chance, kind, limit) && extra == 0.0 && s.cost() < best_cost {
                best_cost = s.cost();
                best.copy_from(s);
            }
        }
        done += block;
        left -= block;
    }
    done
}
