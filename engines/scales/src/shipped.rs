//! The scales that come with the product. `data/scales/` holds them; they are part of the program.
use crate::error::ScaleError;
use crate::scale::Scale;

macro_rules! documents {
    ($($file:literal),* $(,)?) => {
        /// File name and text of every shipped scale.
        pub const SHIPPED: &[(&str, &str)] = &[$(($file, include_str!(concat!("../../../data/scales/", $file)))),*];
    };
}

documents!(
    "gbt-42195-2022.toml",
    "mzt-039-2013.toml",
    "ltci-2021.toml",
    "six-indicators.toml",
    "barthel.toml",
    "lawton-iadl.toml",
    "gds-15.toml",
    "morse.toml",
    "braden.toml",
    "news2.toml",
    "tcm-33.toml",
);

/// Loads the shipped scales.
///
/// # Errors
/// The first fault in a document; the tests keep this from happening in a build that is shipped.
pub fn shipped() -> Result<Vec<Scale>, ScaleError> {
    SHIPPED.iter().map(|(file, text)| Scale::load(file, text)).collect()
}
