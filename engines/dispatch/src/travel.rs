//! Distance and time on the way, from straight lines.
use kernel::GeoPoint;

/// A way is this much longer than the straight line, in per cent.
pub const DETOUR_PERCENT: u64 = 130;
/// Speed on the way: 30 km/h, an electric bicycle or a small car on local roads.
pub const METRES_PER_MINUTE: u64 = 500;
/// Metres in a millionth of a degree of latitude (mean earth radius 6,371,008.8 m).
const METRES_PER_MICRO_DEGREE: f64 = 6_371_008.8 * std::f64::consts::PI / 180.0 / 1e6;

/// A flat map around one point: distances in whole metres without trigonometry per pair. Within 50 km of the centre
/// it differs from the great circle by less than 1 %. Not for points on both sides of the 180th meridian.
#[derive(Clone, Copy, Debug)]
pub struct Ground {
    lng_scale: f64,
}

impl Ground {
    pub fn around(centre: GeoPoint) -> Ground {
        Ground { lng_scale: METRES_PER_MICRO_DEGREE * centre.lat().to_radians().cos() }
    }
    /// Straight-line distance in metres.
    pub fn metres(&self, a: GeoPoint, b: GeoPoint) -> u32 {
        let north = (a.lat_e6 - b.lat_e6) as f64 * METRES_PER_MICRO_DEGREE;
        let east = (a.lng_e6 - b.lng_e6) as f64 * self.lng_scale;
        (north * north + east * east).sqrt().round() as u32
    }
}

/// Minutes on the way for a straight-line distance, rounded up.
pub fn travel_minutes(metres: u32) -> u32 {
    (u64::from(metres) * DETOUR_PERCENT).div_ceil(100 * METRES_PER_MINUTE) as u32
}
