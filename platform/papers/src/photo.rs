//! Photos from phones: decoded under caps, turned upright, made smaller, written anew without any metadata.
use crate::error::PaperError;
use image::codecs::jpeg::JpegEncoder;
use image::metadata::Orientation;
use image::{DynamicImage, ImageDecoder, ImageFormat, ImageReader, RgbImage, imageops::FilterType};
use std::io::Cursor;

/// Bytes of the upload.
pub const MAX_BYTES: usize = 8 << 20;
/// Width × height of the upload.
pub const MAX_PIXELS: u64 = 40_000_000;
/// Longest side of what is stored.
pub const MAX_SIDE: u32 = 1_600;
const QUALITY: u8 = 80;

/// A photo fit for storing: JPEG, at most [`MAX_SIDE`] on its longest side, without position, time or camera in it.
#[derive(Clone, Debug)]
pub struct Photo {
    pub jpeg: Vec<u8>,
    pub width: u32,
    pub height: u32,
}

/// Reads a JPEG, PNG or WebP and writes it anew. The format is told by the content. Nothing of the original file survives
/// but the pixels; the orientation mark is applied before it is dropped, or portraits would lie on their side.
///
/// # Errors
/// [`PaperError::TooLarge`], [`PaperError::TooManyPixels`], [`PaperError::NotAPhoto`], [`PaperError::DamagedPhoto`].
pub fn reencode(bytes: &[u8]) -> Result<Photo, PaperError> {
    if bytes.len() > MAX_BYTES {
        return Err(PaperError::TooLarge { limit: MAX_BYTES >> 20 });
    }
    let format = image::guess_format(bytes).map_err(|_| PaperError::NotAPhoto)?;
    if !matches!(format, ImageFormat::Jpeg | ImageFormat::Png | ImageFormat::WebP) {
        return Err(PaperError::NotAPhoto);
    }
    let mut reader = ImageReader::with_format(Cursor::new(bytes), format);
    let mut limits = image::Limits::default();
    // Four bytes for each pixel allowed, and once more for the decoder's own work.
    limits.max_alloc = Some(MAX_PIXELS * 8);
    reader.limits(limits);
    let mut decoder = reader.into_decoder().map_err(|_| PaperError::DamagedPhoto)?;
    let (width, height) = decoder.dimensions();
    if u64::from(width) * u64::from(height) > MAX_PIXELS {
        return Err(PaperError::TooManyPixels { limit: (MAX_PIXELS / 10_000) as u32 });
    }
    let orientation = decoder.orientation().unwrap_or(Orientation::NoTransforms);
    let mut picture = DynamicImage::from_decoder(decoder).map_err(|_| PaperError::DamagedPhoto)?;
    if width.max(height) > MAX_SIDE {
        picture = picture.resize(MAX_SIDE, MAX_SIDE, FilterType::Triangle);
    }
    picture.apply_orientation(orientation);
    let pixels = on_white(picture);
    let mut jpeg = Vec::new();
    JpegEncoder::new_with_quality(&mut jpeg, QUALITY).encode_image(&pixels).map_err(|_| PaperError::DamagedPhoto)?;
    Ok(Photo { jpeg, width: pixels.width(), height: pixels.height() })
}

/// JPEG knows no transparency: what shines through is white.
fn on_white(picture: DynamicImage) -> RgbImage {
    if !picture.color().has_alpha() {
        return picture.into_rgb8();
    }
    let see_through = picture.into_rgba8();
    RgbImage::from_fn(see_through.width(), see_through.height(), |x, y| {
        let [r, g, b, a] = see_through.get_pixel(x, y).0;
        let over = |c: u8| ((u32::from(c) * u32::from(a) + 255 * (255 - u32::from(a))) / 255) as u8;
        image::Rgb([over(r), over(g), over(b)])
    })
}
