//! A plan as text, to keep and to compare.
//!
//! ```text
//! # any remark
//! carer 1
//! 17 4 203.5
//! ```
//! After each `carer` line its stops in order: patient, service, start in minutes; all counted from 1.
use super::mankowska::{Instance, ReadError, decimals_of, ticks};
use super::plan::{Cost, Plan, Stop};
use std::fmt::Write;

/// Longest listing read, in bytes.
pub const MAX_LISTING: usize = 16 << 20;

impl Instance {
    /// The plan as text; starts exact to the tick.
    pub fn listing(&self, plan: &Plan, remark: &str) -> String {
        let mut text = String::new();
        for line in remark.lines() {
            let _ = writeln!(text, "# {line}");
        }
        let digits = self.per_minute.ilog10() as usize;
        for (carer, route) in plan.routes.iter().enumerate() {
            let _ = writeln!(text, "carer {}", carer + 1);
            for stop in route {
                let (whole, part) = (stop.start / self.per_minute, stop.start % self.per_minute);
                let _ = write!(text, "{} {} {whole}", stop.patient + 1, stop.service + 1);
                let part = format!("{part:0digits$}");
                let part = part.trim_end_matches('0');
                let _ = if part.is_empty() { writeln!(text) } else { writeln!(text, ".{part}") };
            }
        }
        text
    }

    /// Reads a listing; `cost` of the plan is what the starts and ways sum up to where they make sense, for
    /// [`super::check`] to judge.
    ///
    /// # Errors
    /// The first line that is not understood.
    pub fn read_listing(&self, text: &str) -> Result<Plan, ReadError> {
        if text.len() > MAX_LISTING {
            return Err(ReadError::TooLong);
        }
        let digits = self.per_minute.ilog10();
        let mut routes = vec![Vec::new(); self.problem.carers()];
        let mut current: Option<&mut Vec<Stop>> = None;
        for (i, raw) in text.lines().enumerate() {
            let wrong = |what: &str| ReadError::Line { line: i + 1, what: what.into() };
            let words: Vec<&str> = raw.split_whitespace().collect();
            match words[..] {
                [] => {}
                [first, ..] if first.starts_with('#') => {}
                ["carer", number] => {
                    let carer = number.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                    current = carer.and_then(|c| routes.get_mut(c));
                    if current.is_none() {
                        return Err(wrong("no such carer"));
                    }
                }
                [patient, service, start] => {
                    let number = |s: &str| s.parse::<usize>().ok().and_then(|n| n.checked_sub(1));
                    let (Some(patient), Some(service)) = (number(patient), number(service)) else {
                        return Err(wrong("patient and service are numbers from 1"));
                    };
                    if decimals_of(start).map_err(|what| wrong(&what))? > digits {
                        return Err(wrong("finer than the instance"));
                    }
                    let start = ticks(start, digits).map_err(|what| wrong(&what))?;
                    let Some(route) = current.as_mut() else { return Err(wrong("a stop before the first carer")) };
                    route.push(Stop { patient, service, start });
                }
                _ => return Err(wrong("neither a carer nor a stop")),
            }
        }
        let cost = self.sum(&routes);
        Ok(Plan { routes, cost, work: 0 })
    }

    fn sum(&self, routes: &[Vec<Stop>]) -> Cost {
        let mut cost = Cost::default();
        for route in routes {
            let mut place = 0;
            for stop in route {
                let Some(who) = self.problem.patients().get(stop.patient) else { continue };
                let late = (stop.start - who.latest).max(0);
                cost.travel += self.problem.travel(place, stop.patient + 1);
                cost.late += late;
                cost.worst = cost.worst.max(late);
                place = stop.patient + 1;
            }
            if place > 0 {
                cost.travel += self.problem.travel(place, 0);
            }
        }
        cost
    }
}
