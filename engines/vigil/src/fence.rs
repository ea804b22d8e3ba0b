//! Fences: where an elder should or should not be, and when.
use crate::settings::Span;
use kernel::{GeoPoint, Instant};
use serde::{Deserialize, Serialize};

/// Corners a polygon may have.
pub const MAX_CORNERS: usize = 64;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Shape {
    Circle {
        center: GeoPoint,
        radius_m: u32,
    },
    /// Corners in order, 3–[`MAX_CORNERS`]; the last is joined to the first. A polygon with fewer corners holds nothing.
    Polygon(Vec<GeoPoint>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FenceRule {
    /// Should be inside while the schedule runs: leaving is an alarm, and so is not being there.
    StayInside,
    /// Should not be inside while the schedule runs: coming in is an alarm at once.
    KeepOut,
}

/// When a fence is watched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Schedule {
    /// Bit 0 = Monday … bit 6 = Sunday: the day on which a stretch begins.
    pub weekdays: u8,
    pub span: Span,
}

impl Schedule {
    pub const ALWAYS: Schedule = Schedule { weekdays: 0x7f, span: Span { from: 0, to: 0 } };

    /// Whether it runs at a moment. A stretch across midnight belongs to the day on which it began.
    pub fn runs(self, at: Instant) -> bool {
        let minute = at.minute_of_day();
        let day = weekday(at);
        let (from, to) = (u32::from(self.span.from), u32::from(self.span.to));
        let on = |day: u8| self.weekdays & (1 << day) != 0;
        if from < to {
            on(day) && from <= minute && minute < to
        } else if from == to {
            on(if minute >= from { day } else { (day + 6) % 7 })
        } else if minute >= from {
            on(day)
        } else {
            minute < to && on((day + 6) % 7)
        }
    }
    /// The next moment after `at` when a stretch begins; `None` when no day is set.
    pub fn next_start(self, at: Instant) -> Option<Instant> {
        let midnight = at.0 - (at.0 + Instant::ZONE_MS).rem_euclid(Instant::DAY);
        (0..=7)
            .map(|d| Instant(midnight + d * Instant::DAY + i64::from(self.span.from) * Instant::MINUTE))
            .find(|start| *start > at && self.weekdays & (1 << weekday(*start)) != 0)
    }
}

/// 0 = Monday, in the city's zone.
pub(crate) fn weekday(at: Instant) -> u8 {
    // 1970-01-01 was a Thursday.
    ((at.0 + Instant::ZONE_MS).div_euclid(Instant::DAY) + 3).rem_euclid(7) as u8
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fence {
    /// Stays the same when the fence is edited.
    pub id: u16,
    pub name: String,
    pub shape: Shape,
    pub rule: FenceRule,
    pub schedule: Schedule,
    /// After the schedule begins, or positions come again, this long may pass before "not there" is told, minutes.
    pub grace: u16,
}

/// Where the error circle of a fix lies against a fence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// The fix itself is inside.
    Inside,
    /// The fix is outside, but its error circle still touches the fence.
    Doubt,
    /// The whole error circle is outside.
    Outside,
}

impl Shape {
    /// How far a point lies outside, in metres; 0 or less inside.
    pub fn distance_outside_m(&self, p: GeoPoint) -> f64 {
        match self {
            Shape::Circle { center, radius_m } => center.distance_m(p) - f64::from(*radius_m),
            Shape::Polygon(corners) if corners.len() >= 3 => {
                polygon_distance(&corners[..corners.len().min(MAX_CORNERS)], p)
            }
            Shape::Polygon(_) => f64::INFINITY,
        }
    }
    pub fn side(&self, p: GeoPoint, accuracy_m: u16) -> Side {
        let d = self.distance_outside_m(p);
        if d <= 0.0 {
            Side::Inside
        } else if d <= f64::from(accuracy_m) {
            Side::Doubt
        } else {
            Side::Outside
        }
    }
}

/// Distance from `p` to the polygon on the plane tangent at `p`; negative inside. Exact to well under a metre for
/// fences of a city's size.
fn polygon_distance(corners: &[GeoPoint], p: GeoPoint) -> f64 {
    const METRES: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0;
    let east = METRES * p.lat().to_radians().cos();
    let to_plane = |q: GeoPoint| ((q.lng() - p.lng()) * east, (q.lat() - p.lat()) * METRES);
    let mut inside = false;
    let mut nearest = f64::INFINITY;
    let Some(last) = corners.last() else { return f64::INFINITY };
    let mut a = to_plane(*last);
    for corner in corners {
        let b = to_plane(*corner);
        if (a.1 > 0.0) != (b.1 > 0.0) && a.0 + (b.0 - a.0) * (-a.1) / (b.1 - a.1) > 0.0 {
            inside = !inside;
        }
        let (dx, dy) = (b.0 - a.0, b.1 - a.1);
        let length = dx * dx + dy * dy;
        let t = if length > 0.0 { (-(a.0 * dx + a.1 * dy) / length).clamp(0.0, 1.0) } else { 0.0 };
        nearest = nearest.min((a.0 + t * dx).hypot(a.1 + t * dy));
        a = b;
    }
    if inside { -nearest } else { nearest }
}
