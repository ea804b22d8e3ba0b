//! The packs that come with the product. `data/policies/` holds them; they are part of the program.
use crate::error::PackError;
use crate::pack::Pack;

/// File name and text of every shipped pack.
pub const SHIPPED: &[(&str, &str)] = &[
    ("rural-home-care-75-79.toml", include_str!("../../../data/policies/rural-home-care-75-79.toml")),
    ("rural-home-care-80.toml", include_str!("../../../data/policies/rural-home-care-80.toml")),
    ("urban-home-care.toml", include_str!("../../../data/policies/urban-home-care.toml")),
    ("renovation-chongqing-2020.toml", include_str!("../../../data/policies/renovation-chongqing-2020.toml")),
    ("renovation-hubei.toml", include_str!("../../../data/policies/renovation-hubei.toml")),
    ("service-users.toml", include_str!("../../../data/policies/service-users.toml")),
    ("service-need-level.toml", include_str!("../../../data/policies/service-need-level.toml")),
    ("short-stay.toml", include_str!("../../../data/policies/short-stay.toml")),
    ("visits-weekly.toml", include_str!("../../../data/policies/visits-weekly.toml")),
    ("visits-monthly.toml", include_str!("../../../data/policies/visits-monthly.toml")),
    ("meal-help.toml", include_str!("../../../data/policies/meal-help.toml")),
    ("service-tiers-yiwu.toml", include_str!("../../../data/policies/service-tiers-yiwu.toml")),
    ("bed-subsidy-quxian.toml", include_str!("../../../data/policies/bed-subsidy-quxian.toml")),
    ("inner-medical-luoyuan.toml", include_str!("../../../data/policies/inner-medical-luoyuan.toml")),
    ("demonstration-sites.toml", include_str!("../../../data/policies/demonstration-sites.toml")),
    ("canteen-subsidy.toml", include_str!("../../../data/policies/canteen-subsidy.toml")),
    ("lottery-share.toml", include_str!("../../../data/policies/lottery-share.toml")),
    ("fund-uses.toml", include_str!("../../../data/policies/fund-uses.toml")),
];

/// Loads the shipped packs, running their examples.
///
/// # Errors
/// The first fault in a document; the tests keep this from happening in a build that is shipped.
pub fn shipped() -> Result<Vec<Pack>, PackError> {
    SHIPPED.iter().map(|(file, text)| Pack::load(file, text)).collect()
}
