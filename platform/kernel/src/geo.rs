//! Points on the earth, WGS-84.
use serde::{Deserialize, Serialize};

/// A position in micro-degrees (1e-6°, about 11 cm), so that it is stored and compared exactly.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct GeoPoint {
    pub lat_e6: i64,
    pub lng_e6: i64,
}

impl GeoPoint {
    pub fn from_degrees(lat: f64, lng: f64) -> Option<GeoPoint> {
        if !(-90.0..=90.0).contains(&lat) || !(-180.0..=180.0).contains(&lng) {
            return None;
        }
        Some(GeoPoint { lat_e6: (lat * 1e6).round() as i64, lng_e6: (lng * 1e6).round() as i64 })
    }
    pub fn lat(self) -> f64 {
        self.lat_e6 as f64 / 1e6
    }
    pub fn lng(self) -> f64 {
        self.lng_e6 as f64 / 1e6
    }
    /// Great-circle distance in metres (haversine, mean earth radius 6,371,008.8 m).
    pub fn distance_m(self, other: GeoPoint) -> f64 {
        const R: f64 = 6_371_008.8;
        let (p1, p2) = (self.lat().to_radians(), other.lat().to_radians());
        let dp = (other.lat() - self.lat()).to_radians();
        let dl = (other.lng() - self.lng()).to_radians();
        let a = (dp / 2.0).sin().powi(2) + p1.cos() * p2.cos() * (dl / 2.0).sin().powi(2);
        2.0 * R * a.sqrt().min(1.0).asin()
    }
}
