//! The requirement read a second time: subjects as plain structures, rules as plain conditions. Nothing here looks at a
//! pack; ages and month ends are counted anew.
use kernel::{CivilDate, Fen};
use policy::{Fact, Facts, Subject};

mod others;
mod people;

pub use others::{Facility, Fund};
pub use people::Person;

/// A small generator of numbers: the same every time.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64) -> Dice {
        Dice(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) % n
    }
    pub fn coin(&mut self) -> bool {
        self.below(2) == 0
    }
    /// True in all but one of `n`.
    pub fn mostly(&mut self, n: u64) -> bool {
        self.below(n) != 0
    }
    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as u64) as usize]
    }
    pub fn some(&mut self, of: &[&'static str]) -> Vec<&'static str> {
        of.iter().filter(|_| self.below(3) == 0).copied().collect()
    }
}

/// What a rule gives: the class, and for each grant what is paid and what is left to pay.
#[derive(Debug, PartialEq, Eq)]
pub struct Answer {
    pub class: Option<String>,
    pub sums: Vec<(String, Option<(Fen, Fen)>)>,
    /// Neither given nor refused: an assessment is needed first.
    pub open: bool,
}

impl Answer {
    pub fn none() -> Answer {
        Answer { class: None, sums: Vec::new(), open: false }
    }
    pub fn open() -> Answer {
        Answer { class: None, sums: Vec::new(), open: true }
    }
    /// A class with grants and their sums in fen, ordered by name.
    pub fn of(class: &str, sums: &[(&str, Option<(i64, i64)>)]) -> Answer {
        let sums = sums.iter().map(|(name, sum)| ((*name).to_owned(), sum.map(|(a, b)| (Fen(a), Fen(b))))).collect();
        Answer { class: Some(class.to_owned()), sums, open: false }
    }
}

/// A subject of one kind.
pub enum Case {
    Person(Box<Person>),
    Facility(Facility),
    Fund(Fund),
}

impl Case {
    pub fn random(dice: &mut Dice, subject: Subject, on: CivilDate) -> Case {
        match subject {
            Subject::Person => Case::Person(Box::new(Person::random(dice, on))),
            Subject::Facility => Case::Facility(Facility::random(dice)),
            Subject::Fund => Case::Fund(Fund::random(dice)),
        }
    }
    pub fn facts(&self) -> Facts {
        match self {
            Case::Person(p) => p.facts(),
            Case::Facility(f) => f.facts(),
            Case::Fund(f) => f.facts(),
        }
    }
    /// What the requirement says about this subject.
    pub fn read(&self, pack: &str, on: CivilDate) -> Answer {
        match self {
            Case::Person(p) => p.read(pack, on),
            Case::Facility(f) => f.read(pack),
            Case::Fund(f) => f.read(pack),
        }
    }
    pub fn born(&mut self, day: CivilDate) {
        if let Case::Person(p) = self {
            p.birth = day;
        }
    }
    pub fn age(&self, on: CivilDate) -> i64 {
        match self {
            Case::Person(p) => p.age(on),
            _ => 0,
        }
    }
}

/// Facts from texts.
pub fn record(items: &[(Fact, String)]) -> Facts {
    items.iter().fold(Facts::new(), |facts, (fact, text)| facts.with(*fact, text).unwrap())
}
