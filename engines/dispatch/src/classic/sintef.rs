//! The text format of Solomon's (1987) and Gehring & Homberger's (1999) instances, as SINTEF publishes them.
//!
//! ```text
//! C101
//!
//! VEHICLE
//! NUMBER     CAPACITY
//!   25         200
//!
//! CUSTOMER
//! CUST NO.  XCOORD.  YCOORD.  DEMAND  READY TIME  DUE DATE  SERVICE TIME
//!
//!     0      40         50          0          0       1236          0
//!     1      45         68         10        912        967         90
//! ```
//!
//! All numbers are whole; the row numbered 0 is the depot and comes first, the others follow in order. Times are read as
//! units and kept as tenths.
use super::problem::{Client, MAX_CLIENTS, MAX_VALUE, Problem, Refused};

/// Longest text read.
pub const MAX_BYTES: usize = 1 << 20;

/// An instance as it stands in a file.
#[derive(Clone, Debug)]
pub struct Instance {
    pub name: String,
    pub problem: Problem,
}

/// Why a text is not an instance. Lines count from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SintefError {
    #[error("the text is longer than {MAX_BYTES} bytes")]
    TooLong,
    #[error("the text ends before {0}")]
    Ends(&'static str),
    #[error("line {line}: {wanted} expected")]
    Expected { line: usize, wanted: &'static str },
    #[error("line {line}: {word:?} is not a whole number from {from} to {to}")]
    Number { line: usize, word: String, from: i64, to: i64 },
    #[error("line {line}: row {found} where {wanted} should be")]
    OutOfOrder { line: usize, found: i64, wanted: i64 },
    #[error("line {line}: more than {MAX_CLIENTS} clients")]
    TooManyClients { line: usize },
    #[error(transparent)]
    Refused(#[from] Refused),
}

fn numbers<const N: usize>(line: usize, text: &str, wanted: &'static str) -> Result<[i64; N], SintefError> {
    let mut out = [0; N];
    let mut words = text.split_whitespace();
    for slot in &mut out {
        let word = words.next().ok_or(SintefError::Expected { line, wanted })?;
        // A tenth of the limit: times are multiplied by ten.
        let most = i64::from(MAX_VALUE) / 10;
        let number = || SintefError::Number { line, word: word.chars().take(20).collect(), from: -most, to: most };
        *slot = word.parse::<i64>().map_err(|_| number())?;
        if slot.unsigned_abs() > most.unsigned_abs() {
            return Err(number());
        }
    }
    if words.next().is_some() {
        return Err(SintefError::Expected { line, wanted });
    }
    Ok(out)
}

/// Reads one instance.
///
/// # Errors
/// What is wrong and on which line; or why the problem cannot be planned.
pub fn parse(text: &str) -> Result<Instance, SintefError> {
    if text.len() > MAX_BYTES {
        return Err(SintefError::TooLong);
    }
    let mut lines = text.lines().zip(1..).map(|(l, i)| (i, l.trim())).filter(|(_, l)| !l.is_empty());
    let (_, name) = lines.next().ok_or(SintefError::Ends("a name"))?;
    let mut heading = |first: &'static str| match lines.next() {
        None => Err(SintefError::Ends(first)),
        Some((_, l)) if l.split_whitespace().next().is_some_and(|w| w.eq_ignore_ascii_case(first)) => Ok(()),
        Some((line, _)) => Err(SintefError::Expected { line, wanted: first }),
    };
    heading("VEHICLE")?;
    heading("NUMBER")?;
    let (line, text) = lines.next().ok_or(SintefError::Ends("the fleet"))?;
    let [vehicles, capacity] = numbers(line, text, "number of vehicles and capacity")?;
    let vehicles = usize::try_from(vehicles)
        .map_err(|_| SintefError::Expected { line, wanted: "a number of vehicles that is not negative" })?;
    let mut heading = |first: &'static str| match lines.next() {
        None => Err(SintefError::Ends(first)),
        Some((_, l)) if l.split_whitespace().next().is_some_and(|w| w.eq_ignore_ascii_case(first)) => Ok(()),
        Some((line, _)) => Err(SintefError::Expected { line, wanted: first }),
    };
    heading("CUSTOMER")?;
    heading("CUST")?;
    let mut places = Vec::new();
    for (line, text) in lines {
        let [number, x, y, demand, ready, due, service] =
            numbers(line, text, "number, x, y, demand, ready, due and service")?;
        let wanted = places.len() as i64;
        if number != wanted {
            return Err(SintefError::OutOfOrder { line, found: number, wanted });
        }
        if places.len() > MAX_CLIENTS {
            return Err(SintefError::TooManyClients { line });
        }
        // `numbers` keeps every value, also ten times it, inside 32 bits.
        places.push(Client {
            x: x as i32,
            y: y as i32,
            demand: demand as i32,
            ready: 10 * ready as i32,
            due: 10 * due as i32,
            service: 10 * service as i32,
        });
    }
    let (depot, clients) = places.split_first().ok_or(SintefError::Ends("the depot"))?;
    let problem = Problem::new(vehicles, capacity as i32, *depot, clients)?;
    Ok(Instance { name: name.chars().take(60).collect(), problem })
}
