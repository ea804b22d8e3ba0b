//! A piece of the earth's surface as pixels: one scale, north up, no tiles.
use kernel::GeoPoint;

/// Metres a degree, along a meridian and along the equator.
const MERIDIAN: f64 = 110_574.0;
const EQUATOR: f64 = 111_320.0;

/// Metres east and north of a point.
pub fn metres_from(centre: GeoPoint, p: GeoPoint) -> (f64, f64) {
    ((p.lng() - centre.lng()) * centre.lat().to_radians().cos() * EQUATOR, (p.lat() - centre.lat()) * MERIDIAN)
}

/// The point so many metres east and north.
pub fn moved(centre: GeoPoint, east: f64, north: f64) -> GeoPoint {
    let e6 = |degrees: f64| (degrees * 1e6).round() as i64;
    GeoPoint {
        lat_e6: centre.lat_e6 + e6(north / MERIDIAN),
        lng_e6: centre.lng_e6 + e6(east / (centre.lat().to_radians().cos() * EQUATOR)),
    }
}

/// Where a drawing's pixels lie on the earth.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Plane {
    pub centre: GeoPoint,
    /// Pixels of the centre.
    pub x: i64,
    pub y: i64,
    /// Pixels a metre.
    pub scale: f64,
}

impl Plane {
    /// The plane on which all of `spots` (a point and the metres around it that must be seen) lie inside `width` ×
    /// `height` with `edge` pixels to spare. Never closer than `least` metres from the middle to the edge. `None` for
    /// nothing.
    pub fn over(spots: &[(GeoPoint, f64)], width: i64, height: i64, edge: i64, least: f64) -> Option<Plane> {
        let (first, _) = *spots.first()?;
        let (mut w, mut e, mut s, mut n) = (f64::MAX, f64::MIN, f64::MAX, f64::MIN);
        for (p, r) in spots {
            let (x, y) = metres_from(first, *p);
            (w, e, s, n) = (w.min(x - r), e.max(x + r), s.min(y - r), n.max(y + r));
        }
        let half = |a: f64, b: f64| ((b - a) / 2.0).max(least);
        let room = |size: i64| ((size - 2 * edge).max(2) as f64) / 2.0;
        let scale = (room(width) / half(w, e)).min(room(height) / half(s, n));
        Some(Plane { centre: moved(first, (w + e) / 2.0, (s + n) / 2.0), x: width / 2, y: height / 2, scale })
    }
    pub fn px(&self, p: GeoPoint) -> (i64, i64) {
        let (east, north) = metres_from(self.centre, p);
        (self.x + (east * self.scale).round() as i64, self.y - (north * self.scale).round() as i64)
    }
    /// A length in pixels, at least 1.
    pub fn length(&self, metres: f64) -> i64 {
        ((metres * self.scale).round() as i64).max(1)
    }
    /// The longest round length that is at most `max` pixels long: metres and pixels.
    pub fn bar(&self, max: i64) -> (i64, i64) {
        let lengths = [10, 20, 50, 100, 200, 500, 1_000, 2_000, 5_000, 10_000, 20_000, 50_000];
        let fits = |m: &i64| self.length(*m as f64) <= max;
        let m = lengths.into_iter().rev().find(fits).unwrap_or(10);
        (m, self.length(m as f64))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_lies_inside_and_one_scale_holds() {
        let p = |lat, lng| GeoPoint::from_degrees(lat, lng).expect("a point");
        let spots = [(p(23.30, 115.65), 30.0), (p(23.31, 115.66), 5.0), (p(23.295, 115.648), 400.0)];
        let plane = Plane::over(&spots, 760, 480, 30, 100.0).expect("drawn");
        for (s, r) in spots {
            let ((x, y), r) = (plane.px(s), plane.length(r));
            assert!(x - r >= 28 && x + r <= 732 && y - r >= 28 && y + r <= 452, "{x} {y} {r}");
        }
        let (m, px) = plane.bar(120);
        assert!(px <= 120 && px > 40, "{m} m are {px} pixels");
        let far = p(23.30, 115.65).distance_m(p(23.31, 115.66));
        let (a, b) = (plane.px(spots[0].0), plane.px(spots[1].0));
        let drawn = (((a.0 - b.0).pow(2) + (a.1 - b.1).pow(2)) as f64).sqrt();
        assert!((drawn - far * plane.scale).abs() < 4.0, "{drawn} {}", far * plane.scale);
        assert!(Plane::over(&[], 10, 10, 1, 1.0).is_none());
    }
}
