//! QR codes as SVG.
use crate::error::PaperError;
use qrcode::{Color, EcLevel, QrCode};

/// Blank modules around the code, as ISO/IEC 18004 asks.
const QUIET: usize = 4;

/// A QR code as one `<svg>` element without inline style or script, fit for a page under a strict content policy. It
/// scales to the box it is put in. `text` up to about 2,000 bytes.
pub fn qr_svg(text: &str) -> Result<String, PaperError> {
    let code = QrCode::with_error_correction_level(text.as_bytes(), EcLevel::M).map_err(|_| PaperError::QrTooLong)?;
    let side = code.width();
    let full = side + 2 * QUIET;
    let mut path = String::new();
    for y in 0..side {
        let mut x = 0;
        while x < side {
            let start = x;
            while x < side && code[(x, y)] == Color::Dark {
                x += 1;
            }
            if x > start {
                path.push_str(&format!("M{} {}h{}v1h-{}z", start + QUIET, y + QUIET, x - start, x - start));
            } else {
                x += 1;
            }
        }
    }
    Ok(format!(
        r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {full} {full}" role="img" aria-label="二维码" shape-rendering="crispEdges"><rect width="{full}" height="{full}" fill="#fff"/><path d="{path}" fill="#000"/></svg>"##
    ))
}
