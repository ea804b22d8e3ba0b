//! Cutting a city into regions of about the same work.
use super::city::Point;

/// Splits members into parts of at most `most`, by halving along the longer side of a map turned into the direction
/// `(a, b)`: whole numbers, so that every machine cuts at the same places.
pub(super) fn split(members: Vec<(u32, Point)>, most: usize, turn: (i64, i64)) -> Vec<Vec<u32>> {
    let (a, b) = turn;
    let turned = members
        .into_iter()
        .map(|(m, p)| {
            let (x, y) = (i64::from(p.x), i64::from(p.y));
            (m, (x * a - y * b, x * b + y * a))
        })
        .collect();
    let mut parts = Vec::new();
    halve(turned, most.max(1), &mut parts);
    parts
}

fn halve(mut members: Vec<(u32, (i64, i64))>, most: usize, parts: &mut Vec<Vec<u32>>) {
    if members.len() <= most {
        parts.push(members.into_iter().map(|m| m.0).collect());
        return;
    }
    let side = |get: fn(&(i64, i64)) -> i64| {
        let low = members.iter().map(|m| get(&m.1)).min().unwrap_or(0);
        let high = members.iter().map(|m| get(&m.1)).max().unwrap_or(0);
        high - low
    };
    if side(|p| p.0) >= side(|p| p.1) {
        members.sort_unstable_by_key(|m| (m.1.0, m.1.1, m.0));
    } else {
        members.sort_unstable_by_key(|m| (m.1.1, m.1.0, m.0));
    }
    let rest = members.split_off(members.len() / 2);
    halve(members, most, parts);
    halve(rest, most, parts);
}
