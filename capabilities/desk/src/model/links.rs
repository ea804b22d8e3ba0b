//! Where figures lead.
use kernel::{ElderId, OrderId, RegionCode};

pub fn elder(id: ElderId) -> String {
    format!("/elders/{id}")
}
pub fn edit(id: ElderId) -> String {
    format!("/elders/{id}/edit")
}
pub fn entitlement(id: ElderId) -> String {
    format!("/elders/{id}/entitlement")
}
pub fn order(id: OrderId) -> String {
    format!("/orders/{id}")
}
pub fn follow_up(id: OrderId) -> String {
    format!("/orders/{id}/follow-up")
}
/// Narrows everything to a region and comes back to its desk.
pub fn desk_of(region: &RegionCode) -> String {
    format!("/region/{region}?back=%2F")
}
/// Narrows everything to a region and opens a list there.
pub fn list_in(region: &RegionCode, list: &str) -> String {
    let mut escaped = String::with_capacity(list.len() + 8);
    for c in list.chars() {
        match c {
            '/' => escaped.push_str("%2F"),
            '?' => escaped.push_str("%3F"),
            '&' => escaped.push_str("%26"),
            '=' => escaped.push_str("%3D"),
            c => escaped.push(c),
        }
    }
    format!("/region/{region}?back={escaped}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_inside_a_region_is_one_parameter() {
        let town: RegionCode = "441523101".parse().expect("a code");
        assert_eq!(
            list_in(&town, "/orders?view=late&sort=when"),
            "/region/441523101000?back=%2Forders%3Fview%3Dlate%26sort%3Dwhen"
        );
    }
}
