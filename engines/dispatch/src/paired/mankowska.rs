//! The text format of the published instances.
//!
//! Sections, each a line with its name followed by its numbers: `nbNodes` (patients and the office twice, first and last),
//! `nbVehi` carers, `nbServi` services, `r` services needed per node, `DS` nodes with two services (counted from 1, the office being 1), `a` skills per carer,
//! `x`, `y` coordinates (not used), `d` travel times, `p` durations per node and carer for each service, `mind`/`maxd` gap
//! bounds and `e`/`l` windows per node.
use super::problem::{Draft, MAX_CARERS, MAX_PATIENTS, MAX_SERVICES, Needs, Patient, Problem, Refusal};

/// Longest text read, in bytes.
pub const MAX_BYTES: usize = 256 << 20;
/// Most digits behind the decimal point.
const MAX_DECIMALS: u32 = 7;

/// An instance; times in ticks of 1 / `per_minute` minutes, fine enough for every number in the file.
#[derive(Clone, Debug)]
pub struct Instance {
    pub problem: Problem,
    pub per_minute: i64,
}

/// What is wrong with a text; lines from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ReadError {
    #[error("the text is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("line {line}: {what}")]
    Line { line: usize, what: String },
    #[error("section {0} is missing")]
    Missing(&'static str),
    #[error(transparent)]
    Refused(#[from] Refusal),
}

const SECTIONS: [&str; 14] =
    ["nbNodes", "nbVehi", "nbServi", "r", "DS", "a", "x", "y", "d", "p", "mind", "maxd", "e", "l"];

struct Row<'a> {
    line: usize,
    words: Vec<&'a str>,
}

fn at<T>(line: usize, what: impl Into<String>) -> Result<T, ReadError> {
    Err(ReadError::Line { line, what: what.into() })
}

/// # Errors
/// The first thing in the text that is not understood, with its line; or why the problem has no plan.
pub fn read(text: &str) -> Result<Instance, ReadError> {
    if text.len() > MAX_BYTES {
        return Err(ReadError::TooLong);
    }
    let mut sections: [Option<Vec<Row<'_>>>; SECTIONS.len()] = [const { None }; SECTIONS.len()];
    let mut current = None;
    let mut decimals = 0;
    for (i, raw) in text.lines().enumerate() {
        let line = i + 1;
        let words: Vec<&str> = raw.split_whitespace().collect();
        let Some(&head) = words.first() else { continue };
        if head.starts_with(|c: char| c.is_ascii_alphabetic()) {
            let Some(k) = SECTIONS.iter().position(|&s| s == head && words.len() == 1) else {
                return at(line, format!("unknown section {:?}", raw.trim().chars().take(40).collect::<String>()));
            };
            if sections[k].is_some() {
                return at(line, format!("section {head} a second time"));
            }
            sections[k] = Some(Vec::new());
            current = Some(k);
            continue;
        }
        let Some(rows) = current.and_then(|k| sections[k].as_mut()) else {
            return at(line, "numbers before the first section");
        };
        for word in &words {
            decimals = decimals.max(decimals_of(word).map_or_else(|what| at(line, what), Ok)?);
        }
        rows.push(Row { line, words });
    }
    let file = File { sections, decimals };
    file.instance()
}

struct File<'a> {
    sections: [Option<Vec<Row<'a>>>; SECTIONS.len()],
    decimals: u32,
}

impl File<'_> {
    fn rows(&self, name: &'static str) -> Result<&[Row<'_>], ReadError> {
        let found = SECTIONS.iter().position(|&s| s == name).and_then(|k| self.sections[k].as_deref());
        found.ok_or(ReadError::Missing(name))
    }

    /// A section of one line with `n` numbers.
    fn line(&self, name: &'static str, n: Option<usize>) -> Result<(usize, Vec<i64>), ReadError> {
        match self.rows(name)? {
            [row] => Ok((row.line, self.numbers(row, n)?)),
            [] if n.is_none() => Ok((0, Vec::new())),
            [] => Err(ReadError::Missing(name)),
            [_, second, ..] => at(second.line, format!("section {name} has one line only")),
        }
    }

    fn numbers(&self, row: &Row<'_>, n: Option<usize>) -> Result<Vec<i64>, ReadError> {
        if let Some(n) = n
            && row.words.len() != n
        {
            return at(row.line, format!("{} numbers, expected {n}", row.words.len()));
        }
        row.words.iter().map(|w| ticks(w, self.decimals).map_or_else(|what| at(row.line, what), Ok)).collect()
    }

    fn one(&self) -> i64 {
        10i64.pow(self.decimals)
    }

    fn count(&self, name: &'static str, least: usize, most: usize) -> Result<usize, ReadError> {
        let (line, numbers) = self.line(name, Some(1))?;
        let value = numbers[0] / self.one();
        match usize::try_from(value) {
            Ok(n) if n >= least && n <= most && numbers[0] % self.one() == 0 => Ok(n),
            _ => at(line, format!("{name} must be a whole number from {least} to {most}")),
        }
    }

    fn flags(&self, row: &Row<'_>, n: usize) -> Result<Vec<bool>, ReadError> {
        self.numbers(row, Some(n))?
            .into_iter()
            .map(|x| match x {
                0 => Ok(false),
                x if x == self.one() => Ok(true),
                _ => at(row.line, "only 0 and 1 here"),
            })
            .collect()
    }

    fn table(&self, name: &'static str, rows: usize) -> Result<&[Row<'_>], ReadError> {
        let found = self.rows(name)?;
        if found.len() != rows {
            let line = found.last().map_or(0, |r| r.line);
            return at(line, format!("section {name} has {} lines, expected {rows}", found.len()));
        }
        Ok(found)
    }

    fn short(&self, row: &Row<'_>, n: usize) -> Result<Vec<u32>, ReadError> {
        self.numbers(row, Some(n))?
            .into_iter()
            .map(|x| u32::try_from(x).map_or_else(|_| at(row.line, "a time below 0 or too long"), Ok))
            .collect()
    }

    fn instance(&self) -> Result<Instance, ReadError> {
        let nodes = self.count("nbNodes", 2, MAX_PATIENTS + 2)?;
        let carers = self.count("nbVehi", 1, MAX_CARERS)?;
        let services = self.count("nbServi", 1, MAX_SERVICES)?;
        let n = nodes - 2;
        let skills: Vec<Vec<bool>> =
            self.table("a", carers)?.iter().map(|row| self.flags(row, services)).collect::<Result<_, _>>()?;
        let travel = self.travel(nodes)?;
        let mut durations = Vec::with_capacity(n * carers * services);
        for row in &self.table("p", nodes * carers)?[carers..(nodes - 1) * carers] {
            durations.extend(self.short(row, services)?);
        }
        let (_, min_gap) = self.line("mind", Some(nodes))?;
        let (_, max_gap) = self.line("maxd", Some(nodes))?;
        let (_, earliest) = self.line("e", Some(nodes))?;
        let (_, latest) = self.line("l", Some(nodes))?;
        let (ds_line, doubles) = self.line("DS", None)?;
        let mut patients = Vec::with_capacity(n);
        for (i, row) in self.table("r", nodes)?.iter().enumerate().take(n + 1).skip(1) {
            let flags = self.flags(row, services)?;
            let wanted: Vec<usize> = (0..services).filter(|&s| flags[s]).collect();
            let needs = match wanted[..] {
                [one] => Needs::One(one),
                [first, second] => Needs::Two { first, second, min_gap: min_gap[i], max_gap: max_gap[i] },
                _ => return at(row.line, format!("{} services, expected 1 or 2", wanted.len())),
            };
            if doubles.contains(&((i as i64 + 1) * self.one())) != matches!(needs, Needs::Two { .. }) {
                return at(ds_line.max(1), format!("node {}: DS and r disagree", i + 1));
            }
            patients.push(Patient { earliest: earliest[i], latest: latest[i], needs });
        }
        let problem = Problem::new(Draft { services, patients, skills, travel, durations })?;
        Ok(Instance { problem, per_minute: self.one() })
    }

    /// The office stands in the file twice: routes leave from the first and return to the last node.
    fn travel(&self, nodes: usize) -> Result<Vec<Vec<u32>>, ReadError> {
        let rows = self.table("d", nodes)?;
        rows[..nodes - 1]
            .iter()
            .map(|row| {
                let mut all = self.short(row, nodes)?;
                if let Some(back) = all.pop() {
                    all[0] = back;
                }
                Ok(all)
            })
            .collect()
    }
}

pub(crate) fn decimals_of(word: &str) -> Result<u32, String> {
    let shown = || word.chars().take(20).collect::<String>();
    let digits = word.strip_prefix('-').unwrap_or(word);
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |s: &str| s.bytes().all(|b| b.is_ascii_digit());
    if whole.is_empty() || whole.len() > 9 || !all_digits(whole) || !all_digits(part) {
        return Err(format!("not a number: {:?}", shown()));
    }
    let part = part.trim_end_matches('0');
    match u32::try_from(part.len()) {
        Ok(n) if n <= MAX_DECIMALS => Ok(n),
        _ => Err(format!("more than {MAX_DECIMALS} decimals: {:?}", shown())),
    }
}

/// A decimal number in units of 10^−`decimals`, exactly.
pub(crate) fn ticks(word: &str, decimals: u32) -> Result<i64, String> {
    decimals_of(word)?;
    let (sign, digits) = word.strip_prefix('-').map_or((1, word), |rest| (-1, rest));
    let (whole, part) = digits.split_once('.').unwrap_or((digits, ""));
    let part = part.trim_end_matches('0');
    let number = |s: &str| s.bytes().fold(0i64, |sum, b| sum * 10 + i64::from(b - b'0'));
    Ok(sign * (number(whole) * 10i64.pow(decimals) + number(part) * 10i64.pow(decimals - part.len() as u32)))
}
