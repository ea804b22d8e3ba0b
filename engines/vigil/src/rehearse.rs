//! Made-up homes: an elder's days as sensors would tell them, with departures planted where wanted. For evaluation,
//! demos and tests; the same seed makes the same home.
use crate::measure::{DoorKind, Measure, Reading, Room};
use crate::routine::{DAY_BEGINS, moment};
use kernel::{CivilDate, Instant};

/// A planted departure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Plant {
    /// Rises this many minutes later than meant.
    LateRise(u16),
    /// Does not enter the kitchen all day.
    NoMeals,
    /// Walks about at night for this many minutes, in several stretches.
    NightWandering(u16),
    /// Stays in the bathroom for this long.
    LongBathroom(u16),
    /// Comes home this many minutes later than meant.
    StayingOut(u16),
}

/// One person's habits. Minutes; clock times after midnight (bedtimes may pass 1440).
#[derive(Clone, Debug)]
pub struct Person {
    pub rise: u16,
    pub bed: u16,
    /// Day-to-day spread of the clock times.
    pub spread: u16,
    /// Rises and retires later by this on weekends.
    pub weekend: u16,
    /// Clock times move by this over a hundred days (season).
    pub season: i16,
    /// Times up at night, in tenths on average.
    pub toilets: u16,
    /// Per cent of the meals cooked: morning, noon, evening.
    pub meals: [u8; 3],
    /// Per cent of the days with an outing in the morning and in the afternoon, and its usual length.
    pub outings: [u8; 2],
    pub outing: u16,
    /// Per cent of the days with a nap after noon.
    pub nap: u8,
    /// How often they turn over in bed, seen by the bedroom's sensor, in a night.
    pub restless: u8,
    pub bed_sensor: bool,
    /// Per cent of sensor events that get lost.
    pub lost: u8,
}

/// A small generator of numbers (splitmix64): the engine has no randomness, a made-up home has a seed.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) ^ 0x5851_f42d_4c95_7f2d)
    }
    pub fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }
    /// 0 … `n` − 1
    pub fn below(&mut self, n: i64) -> i64 {
        (self.roll() % n.max(1) as u64) as i64
    }
    pub fn chance(&mut self, percent: u8) -> bool {
        self.below(100) < i64::from(percent)
    }
    /// Bell-shaped around 0 with this standard deviation (sum of twelve).
    pub fn bell(&mut self, deviation: i64) -> i64 {
        let sum: i64 = (0..12).map(|_| self.below(1000)).sum();
        (sum - 6000) * deviation / 1000
    }
    /// Skewed to the right: around `middle`, rarely more than three times of it.
    fn length(&mut self, middle: i64) -> i64 {
        let stretch = 100 + self.bell(35).abs() * if self.chance(70) { 1 } else { 2 };
        let shrink = 60 + self.below(60);
        (middle * stretch * shrink / 10_000).max(1)
    }
}

impl Person {
    /// Some person, by seed.
    pub fn random(dice: &mut Dice) -> Person {
        let rise = 330 + dice.below(150);
        Person {
            rise: rise as u16,
            bed: (rise + 870 + dice.below(90)).min(1395) as u16,
            spread: 10 + dice.below(20) as u16,
            weekend: dice.below(40) as u16,
            season: dice.below(80) as i16 - 40,
            toilets: dice.below(25) as u16,
            meals: [80 + dice.below(20) as u8, 75 + dice.below(25) as u8, 80 + dice.below(20) as u8],
            outings: [dice.below(80) as u8, dice.below(60) as u8],
            outing: 45 + dice.below(90) as u16,
            nap: dice.below(90) as u8,
            restless: dice.below(14) as u8,
            bed_sensor: dice.chance(50),
            lost: dice.below(6) as u8,
        }
    }
}

/// Where in the home slots are: one sensor a room, the entrance, the bed.
const ROOMS: [Room; 5] = [Room::Bedroom, Room::Living, Room::Kitchen, Room::Bathroom, Room::Hall];

struct Maker<'a> {
    person: &'a Person,
    dice: &'a mut Dice,
    out: Vec<Reading>,
    day: i32,
}

impl Maker<'_> {
    /// A moment by the clock of the day, with seconds.
    fn at(&mut self, clock: i64) -> Instant {
        moment(self.day, 0).plus_minutes(clock - DAY_BEGINS).plus_ms(self.dice.below(60) * 1000)
    }
    fn say(&mut self, at: Instant, device: u8, what: Measure) {
        if !self.dice.chance(self.person.lost) {
            self.out.push(Reading::now(at, device, what));
        }
    }
    fn motion(&mut self, clock: i64, room: Room) {
        let at = self.at(clock);
        self.move_at(at, room);
    }
    fn move_at(&mut self, at: Instant, room: Room) {
        let slot = ROOMS.iter().position(|r| *r == room).unwrap_or(0) as u8;
        self.say(at, slot, Measure::Motion { room });
    }
    /// Walks into a room: the sensor sees it more than once.
    fn walk_in(&mut self, clock: i64, room: Room) {
        let at = self.at(clock);
        self.move_at(at, room);
        self.move_at(at.plus_ms(12_000), room);
    }
    /// Stays in a room from one clock minute to another, moving every few minutes.
    fn stay(&mut self, from: i64, to: i64, room: Room) {
        self.walk_in(from, room);
        let mut at = from + 1 + self.dice.below(3);
        while at < to {
            self.motion(at, room);
            at += match room {
                Room::Living => 1 + self.dice.length(9),
                Room::Bathroom => 1 + self.dice.below(4),
                _ => 1 + self.dice.below(6),
            };
        }
    }
    fn door(&mut self, clock: i64) {
        let at = self.at(clock);
        for (open, later) in [(true, 0), (false, 8_000)] {
            self.say(at.plus_ms(later), 5, Measure::Door { door: DoorKind::Entrance, room: Room::Hall, open });
        }
    }
    fn bed(&mut self, clock: i64, occupied: bool) {
        if self.person.bed_sensor {
            let at = self.at(clock);
            self.say(at, 6, Measure::Bed { occupied });
        }
    }
    /// Gets up in the night for a while, in a room.
    fn up_at_night(&mut self, from: i64, minutes: i64, rooms: &[Room]) {
        self.bed(from, false);
        self.motion(from, Room::Bedroom);
        let each = (minutes / rooms.len() as i64).max(1);
        for (n, room) in rooms.iter().enumerate() {
            let start = from + 1 + n as i64 * each;
            self.stay(start, start + each, *room);
        }
        self.walk_in(from + 2 + minutes, Room::Bedroom);
        self.bed(from + 3 + minutes, true);
    }
    /// An outing, back at the clock time given back.
    fn outing(&mut self, from: i64, minutes: i64) -> i64 {
        self.motion(from - 1, Room::Hall);
        self.door(from);
        let back = from + minutes.max(20);
        self.door(back);
        self.walk_in(back + 1, Room::Hall);
        back + 2
    }
}

/// One day from four to four. `first`: the day before is not there (begins asleep).
fn day(person: &Person, dice: &mut Dice, day: i32, index: i32, plants: &[Plant]) -> Vec<Reading> {
    let weekend = if (day + 3).rem_euclid(7) >= 5 { i64::from(person.weekend) } else { 0 };
    let season = i64::from(person.season) * i64::from(index) / 100;
    let spread = i64::from(person.spread);
    let mut m = Maker { person, dice, out: Vec::new(), day };
    let mut rise = i64::from(person.rise) + weekend + season + m.dice.bell(spread);
    let mut no_kitchen = false;
    let mut bathroom = None;
    let mut late_home = 0;
    let mut wandering = 0;
    for plant in plants {
        match *plant {
            Plant::LateRise(by) => rise += i64::from(by),
            Plant::NoMeals => no_kitchen = true,
            Plant::NightWandering(minutes) => wandering = i64::from(minutes),
            Plant::LongBathroom(minutes) => bathroom = Some(i64::from(minutes)),
            Plant::StayingOut(by) => late_home = i64::from(by),
        }
    }
    let rise = rise.max(DAY_BEGINS + 5);
    let bed = (i64::from(person.bed) + weekend + season + m.dice.bell(spread * 3 / 2)).max(rise + 600);
    // Early in the morning, before rising: the last time up at night.
    if m.dice.below(10) < i64::from(person.toilets / 3) && rise > DAY_BEGINS + 70 {
        let at = DAY_BEGINS + 5 + m.dice.below(rise - DAY_BEGINS - 65);
        m.up_at_night(at, 4, &[Room::Bathroom]);
    }
    m.bed(rise, false);
    m.stay(rise, rise + 8, Room::Bedroom);
    let wash = m.dice.length(9);
    m.stay(rise + 9, rise + 9 + wash, Room::Bathroom);
    let mut now = rise + 10 + wash;
    let mut long_left = bathroom.map(|minutes| (9 * 60 + m.dice.below(9 * 60), minutes));
    let meal_at = [rise + 40, 11 * 60 + 10 + m.dice.bell(12), 17 * 60 + 20 + m.dice.bell(15)];
    let outing_at = [9 * 60 + m.dice.bell(20), 15 * 60 + m.dice.bell(25)];
    let mut outing_left = [m.dice.chance(person.outings[0]), m.dice.chance(person.outings[1]) || late_home > 0];
    let mut meal_left: [bool; 3] = std::array::from_fn(|n| m.dice.chance(person.meals[n]) && !no_kitchen);
    let mut nap_left = m.dice.chance(person.nap);
    while now < bed - 15 {
        if let Some((_, minutes)) = long_left.filter(|(at, _)| now >= *at) {
            // On the floor, or sitting: after a while nothing moves.
            long_left = None;
            m.stay(now, now + minutes.min(30), Room::Bathroom);
            now += minutes + 1;
        } else if let Some(n) = (0..3).find(|n| meal_left[*n] && now >= meal_at[*n]) {
            meal_left[n] = false;
            let cooking = m.dice.length(25);
            if now < meal_at[n] + 150 {
                m.stay(now, now + cooking, Room::Kitchen);
                now += cooking + 1;
                m.stay(now, now + 20, Room::Living);
                now += 21;
            }
        } else if let Some(n) = (0..2).find(|n| outing_left[*n] && now >= outing_at[*n]) {
            outing_left[n] = false;
            if now < outing_at[n] + 120 || (n == 1 && late_home > 0) {
                let mut minutes = m.dice.length(i64::from(person.outing));
                if n == 1 && late_home > 0 {
                    minutes += late_home;
                }
                now = m.outing(now, minutes);
            }
        } else if nap_left && (12 * 60 + 30..14 * 60).contains(&now) {
            nap_left = false;
            let nap = 30 + m.dice.length(30);
            m.motion(now, Room::Bedroom);
            m.bed(now + 1, true);
            m.bed(now + nap, false);
            m.motion(now + nap, Room::Bedroom);
            now += nap + 2;
        } else if m.dice.chance(18) {
            let stay = m.dice.length(6);
            m.stay(now, now + stay, Room::Bathroom);
            now += stay + 1;
        } else if !no_kitchen && m.dice.chance(22) {
            // Water, fruit, a look at the pot.
            let stay = m.dice.length(4);
            m.stay(now, now + stay, Room::Kitchen);
            now += stay + 1;
        } else {
            let room = if m.dice.chance(75) { Room::Living } else { Room::Bedroom };
            let stay = 15 + m.dice.below(45);
            m.stay(now, (now + stay).min(bed - 10), room);
            now += stay;
        }
    }
    let bed = bed.max(now);
    m.stay(bed - 6, bed, Room::Bathroom);
    m.walk_in(bed + 1, Room::Bedroom);
    m.bed(bed + 3, true);
    let night = DAY_BEGINS + 1440 - bed - 60;
    for _ in 0..(person.toilets + m.dice.below(10) as u16) / 10 {
        if night > 60 {
            let at = bed + 45 + m.dice.below(night - 45);
            m.up_at_night(at, 4, &[Room::Bathroom]);
        }
    }
    for _ in 0..person.restless {
        let at = bed + 20 + m.dice.below(DAY_BEGINS + 1440 - bed - 20);
        m.motion(at, Room::Bedroom);
    }
    for _ in 0..person.restless / 3 {
        let at = DAY_BEGINS + m.dice.below(rise - DAY_BEGINS);
        m.motion(at, Room::Bedroom);
    }
    if wandering > 0 && night > 100 {
        let parts = 3;
        for part in 0..parts {
            let at = bed + 60 + part * (night - 60) / parts;
            m.up_at_night(at, wandering / parts, &[Room::Living, Room::Kitchen, Room::Hall, Room::Living]);
        }
    }
    let mut out = m.out;
    out.sort_by_key(|r| r.at);
    out
}

/// Days of a home from `start`, with the departures planted on days counted from 0, in order of time.
pub fn home(person: &Person, seed: u64, start: CivilDate, days: u16, plants: &[(u16, Plant)]) -> Vec<Reading> {
    let mut dice = Dice::new(seed);
    let first = start.epoch_days() as i32;
    let mut all = Vec::new();
    for n in 0..days {
        let today: Vec<Plant> = plants.iter().filter(|(d, _)| *d == n).map(|(_, p)| *p).collect();
        all.extend(day(person, &mut dice, first + i32::from(n), i32::from(n), &today));
    }
    all.sort_by_key(|r| r.at);
    all
}

/// Readings of a home as a recording: the file format of [`crate::replay`].
pub fn recording(readings: &[Reading]) -> String {
    let mut text = String::from("local time,sensor,room,kind,state\n");
    for reading in readings {
        let at = reading.at.stamp_seconds();
        text.push_str(&match reading.what {
            Measure::Motion { room } => format!("{at},M{:03},{},motion,ON\n", reading.device + 1, room.code()),
            Measure::Door { open, .. } => format!("{at},D001,entrance,door,{}\n", if open { "OPEN" } else { "CLOSE" }),
            Measure::Bed { occupied } => format!("{at},B001,bedroom,bed,{}\n", if occupied { "ON" } else { "OFF" }),
            _ => continue,
        });
    }
    text
}
