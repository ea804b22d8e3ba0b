//! How far two assessors agree: Cohen's kappa, plain and weighted (Cohen 1960, 1968).
use serde::Serialize;

/// Agreement beyond chance over pairs of levels. 1 = perfect, 0 = as by chance, below 0 = worse than chance.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Kappa {
    /// How many pairs.
    pub pairs: usize,
    /// How many of them are equal.
    pub equal: usize,
    /// Every disagreement counts the same.
    pub plain: f64,
    /// A disagreement counts as its distance in levels (Cicchetti–Allison).
    pub linear: f64,
    /// A disagreement counts as the square of its distance (Fleiss–Cohen).
    pub quadratic: f64,
}

/// The most levels; far above any scale.
const MAX_LEVELS: usize = 1000;

/// Kappa of pairs of levels (0 to `levels - 1`), one pair per person assessed twice.
///
/// `None`: no pairs, fewer than two levels, a level out of range, or both assessors always chose one and the same level,
/// so that there is nothing chance could get wrong.
pub fn weighted_kappa(pairs: &[(usize, usize)], levels: usize) -> Option<Kappa> {
    if pairs.is_empty() || !(2..=MAX_LEVELS).contains(&levels) {
        return None;
    }
    let (mut first, mut second) = (vec![0u64; levels], vec![0u64; levels]);
    for (a, b) in pairs {
        *first.get_mut(*a)? += 1;
        *second.get_mut(*b)? += 1;
    }
    let of = |weight: fn(usize) -> u64| {
        let observed: u128 = pairs.iter().map(|(a, b)| u128::from(weight(a.abs_diff(*b)))).sum();
        let mut expected = 0u128;
        for (a, n) in first.iter().enumerate().filter(|(_, n)| **n > 0) {
            for (b, m) in second.iter().enumerate().filter(|(_, m)| **m > 0) {
                expected += u128::from(weight(a.abs_diff(b))) * u128::from(*n) * u128::from(*m);
            }
        }
        // 1 − (observed / n) / (expected / n²), exact up to the one division.
        (expected > 0).then(|| 1.0 - (observed * pairs.len() as u128) as f64 / expected as f64)
    };
    Some(Kappa {
        pairs: pairs.len(),
        equal: pairs.iter().filter(|(a, b)| a == b).count(),
        plain: of(|d| u64::from(d > 0))?,
        linear: of(|d| d as u64)?,
        quadratic: of(|d| (d * d) as u64)?,
    })
}
