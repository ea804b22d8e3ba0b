//! Numbers as people read and sign them.
use kernel::{Quarter, RegionCode, Tier};

/// `JS-2026Q3-441523-2`: the second list of that county and quarter.
pub fn list_no(quarter: Quarter, county: &RegionCode, n: i64) -> String {
    format!("JS-{quarter}-{}-{n}", county.at(Tier::County).prefix())
}
