//! Times and how they are summed up.
use serde::Serialize;
use std::time::Duration;

/// Percentiles of a set of times, milliseconds.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Times {
    pub n: usize,
    pub p50_ms: f64,
    pub p99_ms: f64,
    pub max_ms: f64,
}

impl Times {
    pub fn of(mut all: Vec<Duration>) -> Times {
        all.sort();
        let at =
            |q: f64| all.get(((all.len() as f64 - 1.0) * q).round().max(0.0) as usize).copied().unwrap_or_default();
        let ms = |d: Duration| (d.as_secs_f64() * 1e6).round() / 1e3;
        Times { n: all.len(), p50_ms: ms(at(0.5)), p99_ms: ms(at(0.99)), max_ms: ms(at(1.0)) }
    }
}

pub fn rate(n: usize, took: Duration) -> f64 {
    (n as f64 / took.as_secs_f64().max(1e-9)).round()
}
