//! What was learnt, for people to read.
use super::usual::{Feature, LEAST_DAYS, clock, meal_name};
use super::{Day, MEALS, NONE};
use crate::state::State;
use serde::Serialize;

/// One usual thing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Usually {
    /// `rise`, `bed`, `night`, `bathroom`, `bathroom_night`, `bathroom_busy`, `outing`, `back`, `quiet`.
    pub what: &'static str,
    pub zh: &'static str,
    /// Days it was seen on.
    pub days: u16,
    /// Minutes: of the clock (after midnight) for times, of length for durations. A time after midnight that belongs
    /// to the evening before is above 1440.
    pub low: u16,
    pub median: u16,
    pub high: u16,
    /// Beyond this it is a departure; none while there are too few days.
    pub limit: Option<u16>,
    /// In words: `平时 6:50（6:30–7:15）`.
    pub words: String,
}

/// How an elder's days usually go, by the days seen so far.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Learnt {
    /// Days behind it, and whether they are enough to speak of departures.
    pub days: u16,
    pub enough: bool,
    pub usual: Vec<Usually>,
    /// Meals for which the kitchen is used: which, on how many per cent of the days they are in, days.
    pub meals: Vec<(&'static str, u16, u16)>,
    /// Per cent of the days on which they are out in each hour, from four in the morning.
    pub out_hours: Vec<u16>,
    /// Days on which they went out, per cent.
    pub outing_days: u16,
}

impl State {
    /// What is learnt of this elder's usual day.
    pub fn learnt(&self) -> Learnt {
        let mut habit = self.habit.clone();
        let next = habit.today.day.saturating_add(1);
        habit.roll(next);
        let usual = &habit.usual;
        let times = [("rise", "起床", usual.rise), ("bed", "休息", usual.bed), ("back", "最后到家", usual.back)];
        let lengths = [
            ("night", "夜里入睡后活动", usual.night),
            ("bathroom", "白天最长如厕", usual.bath_day),
            ("bathroom_night", "夜里最长如厕", usual.bath_night),
            ("bathroom_busy", "卫生间最长连续活动", usual.bath_run),
            ("outing", "最长外出", usual.out),
            ("quiet", "白天最长无活动", usual.quiet),
        ];
        let mut all: Vec<Usually> = Vec::new();
        all.extend(times.into_iter().filter(|t| t.2.n > 0).map(|(what, zh, f)| time(what, zh, f)));
        all.extend(lengths.into_iter().filter(|t| t.2.n > 0).map(|(what, zh, f)| length(what, zh, f)));
        let meals = (0..MEALS.len())
            .filter(|n| usual.meal_days[*n] > 0)
            .map(|n| (meal_name(n), (1000 - usual.meal_missed[n]) / 10, usual.meal_days[n]))
            .collect();
        let outings = habit.days.iter().filter(|d: &&Day| d.out != NONE).count();
        Learnt {
            days: usual.days,
            enough: usual.days >= LEAST_DAYS,
            usual: all,
            meals,
            out_hours: usual.out_hours.iter().map(|p| p / 10).collect(),
            outing_days: (outings * 100 / habit.days.len().max(1)) as u16,
        }
    }
}

fn usually(what: &'static str, zh: &'static str, f: Feature, shift: u16, words: String) -> Usually {
    let limit = f.known().then_some(f.limit.saturating_add(shift));
    Usually { what, zh, days: f.n, low: f.q10 + shift, median: f.q50 + shift, high: f.q90 + shift, limit, words }
}

fn time(what: &'static str, zh: &'static str, f: Feature) -> Usually {
    let words = format!("平时 {}（{}–{}）", clock(f.q50), clock(f.q10), clock(f.q90));
    usually(what, zh, f, super::DAY_BEGINS as u16, words)
}

fn length(what: &'static str, zh: &'static str, f: Feature) -> Usually {
    usually(what, zh, f, 0, format!("平时 {} 分钟（{}–{}）", f.q50, f.q10, f.q90))
}
