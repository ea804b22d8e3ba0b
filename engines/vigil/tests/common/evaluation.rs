//! Departures planted in made-up homes, against what the engine says.
use kernel::CivilDate;
use std::collections::BTreeMap;
use std::fmt;
use vigil::rehearse::{Dice, Person, Plant, home};
use vigil::{AlarmKind, Outcome, Settings, State, step, tick};

pub const DAYS: u16 = 90;
/// The first days are for learning: nothing is planted there.
const LEARNING: u16 = 21;

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    pub planted: u32,
    pub found: u32,
    pub false_alarms: u32,
}

impl Tally {
    pub fn precision(&self) -> f64 {
        f64::from(self.found) / f64::from((self.found + self.false_alarms).max(1))
    }
    pub fn recall(&self) -> f64 {
        f64::from(self.found) / f64::from(self.planted.max(1))
    }
}

pub struct Evaluation {
    pub kinds: BTreeMap<AlarmKind, Tally>,
    pub home_days: u32,
}

impl Evaluation {
    pub fn all(&self) -> Tally {
        self.kinds.values().fold(Tally::default(), |a, b| Tally {
            planted: a.planted + b.planted,
            found: a.found + b.found,
            false_alarms: a.false_alarms + b.false_alarms,
        })
    }
}

impl fmt::Display for Evaluation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "{:<16} {:>8} {:>6} {:>6} {:>10} {:>7}",
            "departure", "planted", "found", "false", "precision", "recall"
        )?;
        let all = self.all();
        for (name, t) in self.kinds.iter().map(|(k, t)| (k.code(), t)).chain([("all", &all)]) {
            writeln!(
                f,
                "{name:<16} {:>8} {:>6} {:>6} {:>10.3} {:>7.3}",
                t.planted,
                t.found,
                t.false_alarms,
                t.precision(),
                t.recall()
            )?;
        }
        write!(
            f,
            "false alarms: one in {:.0} home-days",
            f64::from(self.home_days) / f64::from(all.false_alarms.max(1))
        )
    }
}

fn kind(plant: Plant) -> AlarmKind {
    match plant {
        Plant::LateRise(_) => AlarmKind::LateRise,
        Plant::NoMeals => AlarmKind::NoMeal,
        Plant::NightWandering(_) => AlarmKind::NightActivity,
        Plant::LongBathroom(_) => AlarmKind::LongBathroom,
        Plant::StayingOut(_) => AlarmKind::StayingOut,
    }
}

/// What a planted departure truly brings with it on its day: who stays out, or lies in the bathroom, is missed in the
/// kitchen and is up late. Anything else on that day is a false alarm.
fn brings(plant: Plant, kind: AlarmKind) -> bool {
    match plant {
        Plant::LateRise(_) => matches!(kind, AlarmKind::NoMeal | AlarmKind::UpLate),
        Plant::NoMeals => false,
        Plant::NightWandering(_) => kind == AlarmKind::UpLate,
        Plant::LongBathroom(_) => matches!(kind, AlarmKind::NoMeal | AlarmKind::QuietDay),
        Plant::StayingOut(_) => matches!(kind, AlarmKind::NoMeal | AlarmKind::UpLate),
    }
}

/// A day from four to four.
fn day_of(at: kernel::Instant) -> i64 {
    at.plus_minutes(-240).date().epoch_days()
}

/// Runs `homes` homes of 90 days each with ten departures planted in each.
pub fn evaluate(first_seed: u64, homes: u64, verbose: bool) -> Evaluation {
    let start = CivilDate::new(2026, 3, 2).unwrap_or_else(|| CivilDate::from_epoch_days(20_000));
    let mut kinds: BTreeMap<AlarmKind, Tally> = BTreeMap::new();
    let settings = Settings::default();
    for seed in first_seed..first_seed + homes {
        let mut dice = Dice::new(seed ^ 0xfeed);
        let person = Person::random(&mut dice);
        let mut plants: Vec<(u16, Plant)> = Vec::new();
        for n in 0..10 {
            // A week's stretch each, so that no day holds two.
            let day = LEARNING + n * 6 + dice.below(5) as u16;
            let plant = match n % 5 {
                0 => Plant::LateRise(150 + dice.below(90) as u16),
                1 => Plant::NoMeals,
                2 => Plant::NightWandering(75 + dice.below(60) as u16),
                3 => Plant::LongBathroom(75 + dice.below(75) as u16),
                _ => Plant::StayingOut(240 + dice.below(120) as u16),
            };
            plants.push((day, plant));
        }
        let mut found: Vec<(i64, AlarmKind)> = Vec::new();
        let mut state: Option<State> = None;
        let mut hear = |outcomes: Vec<Outcome>| {
            for outcome in outcomes {
                if let Outcome::Raise(alarm) = outcome
                    && alarm.kind.is_departure()
                {
                    let mut day = day_of(alarm.raised);
                    // The night is that of the evening before.
                    if alarm.kind == AlarmKind::NightActivity
                        && alarm.raised.minute_of_day() < 480
                        && alarm.raised.minute_of_day() >= 240
                    {
                        day -= 1;
                    }
                    if verbose {
                        println!("{seed} {} {} {}", day - start.epoch_days(), alarm.kind.code(), alarm.reason);
                    }
                    found.push((day - start.epoch_days(), alarm.kind));
                }
            }
        };
        for reading in home(&person, seed, start, DAYS, &plants) {
            let state = state.get_or_insert_with(|| State::new(reading.at));
            while let Some(due) = state.next_due().filter(|d| *d <= reading.at) {
                hear(tick(&settings, state, due));
            }
            hear(step(&settings, state, &reading));
        }
        if verbose {
            println!("{seed} {person:?}");
            println!("{seed} meals {:?}", state.as_ref().map(|s| s.learnt().meals));
            for u in state.as_ref().map(|s| s.learnt().usual).unwrap_or_default() {
                println!("{seed} {} {} limit {:?}", u.what, u.words, u.limit);
            }
        }
        let mut matched = vec![false; found.len()];
        for (day, plant) in &plants {
            let tally = kinds.entry(kind(*plant)).or_default();
            tally.planted += 1;
            let mut hit = false;
            for (place, (d, k)) in found.iter().enumerate() {
                if *d == i64::from(*day) && *k == kind(*plant) {
                    matched[place] = true;
                    hit = true;
                }
            }
            tally.found += u32::from(hit);
            if verbose && !hit {
                println!("{seed} {day} MISSED {plant:?}");
            }
        }
        for (place, (day, k)) in found.iter().enumerate() {
            let brought = plants.iter().any(|(d, p)| i64::from(*d) == *day && brings(*p, *k));
            if !matched[place] && !brought {
                kinds.entry(*k).or_default().false_alarms += 1;
                if verbose {
                    println!("{seed} {day} FALSE {}", k.code());
                }
            }
        }
    }
    Evaluation { kinds, home_days: homes as u32 * u32::from(DAYS) }
}
