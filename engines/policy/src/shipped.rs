//! The packs that come with the product. `data/policies/` holds them; they are part of the program.
use crate::error::PackError;
use crate::pack::Pack;

/// File name and text of every shipped pack.
pub const SHIPPED: &[(&str, &str)] = &[
    ("rural-home-care-75-79.toml", include_str!("../../../data/policies/rural-home-care-75-79.toml")),
    ("rural-home-care-80.toml", include_str!("../../../data/policies/rural-home-care-80.toml")),
    ("urban-home-care.toml", include_str!("../../../data/policies/urban-home-care.toml")),
];

/// Loads the shipped packs, running their examples.
///
/// # Errors
/// The first fault in a document; the tests keep this from happening in a build that is shipped.
pub fn shipped() -> Result<Vec<Pack>, PackError> {
    SHIPPED.iter().map(|(file, text)| Pack::load(file, text)).collect()
}
