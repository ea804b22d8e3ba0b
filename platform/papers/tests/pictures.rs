//! Photos and QR codes.
#![allow(clippy::unwrap_used)]

use image::{DynamicImage, ImageFormat, Rgb, RgbImage, Rgba, RgbaImage};
use papers::photo::{MAX_SIDE, reencode};
use papers::{PaperError, qr_svg};
use proptest::prelude::*;
use std::io::Cursor;

/// Left half red, right half blue.
fn two_halves(width: u32, height: u32) -> DynamicImage {
    DynamicImage::ImageRgb8(RgbImage::from_fn(width, height, |x, _| {
        if x < width / 2 { Rgb([220, 20, 20]) } else { Rgb([20, 20, 220]) }
    }))
}

fn encoded(picture: &DynamicImage, format: ImageFormat) -> Vec<u8> {
    let mut out = Cursor::new(Vec::new());
    picture.write_to(&mut out, format).unwrap();
    out.into_inner()
}

/// Puts an EXIF block with an orientation and a position into a JPEG.
fn with_exif(jpeg: &[u8], orientation: u8) -> Vec<u8> {
    let mut tiff = b"MM\0\x2a\0\0\0\x08\0\x01\x01\x12\0\x03\0\0\0\x01\0".to_vec();
    tiff.extend([orientation, 0, 0, 0, 0, 0, 0]);
    tiff.extend(b"GPS 22.94N 115.64E");
    let body = [b"Exif\0\0".as_slice(), &tiff].concat();
    let length = (body.len() as u16 + 2).to_be_bytes();
    [&jpeg[..2], &[0xFF, 0xE1], &length, &body, &jpeg[2..]].concat()
}

fn contains(bytes: &[u8], needle: &[u8]) -> bool {
    bytes.windows(needle.len()).any(|w| w == needle)
}

#[test]
fn every_format_of_a_phone_becomes_a_small_jpeg() {
    let picture = two_halves(3200, 1200);
    for format in [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP] {
        let photo = reencode(&encoded(&picture, format)).unwrap();
        assert_eq!((photo.width, photo.height), (MAX_SIDE, 600), "{format:?}");
        let back = image::load_from_memory_with_format(&photo.jpeg, ImageFormat::Jpeg).unwrap().into_rgb8();
        assert_eq!(back.dimensions(), (photo.width, photo.height));
        let (left, right) = (back.get_pixel(10, 10).0, back.get_pixel(1590, 10).0);
        assert!(left[0] > 180 && right[2] > 180, "{format:?}: {left:?} {right:?}");
    }
}

#[test]
fn a_small_photo_is_not_blown_up_and_transparency_turns_white() {
    let clear = DynamicImage::ImageRgba8(RgbaImage::from_pixel(40, 30, Rgba([0, 0, 0, 0])));
    let photo = reencode(&encoded(&clear, ImageFormat::Png)).unwrap();
    assert_eq!((photo.width, photo.height), (40, 30));
    let back = image::load_from_memory(&photo.jpeg).unwrap().into_rgb8();
    assert!(back.get_pixel(20, 15).0.iter().all(|c| *c > 250));
}

#[test]
fn metadata_is_gone_and_the_picture_stands_upright() {
    let jpeg = encoded(&two_halves(64, 32), ImageFormat::Jpeg);
    let original = with_exif(&jpeg, 6);
    assert!(contains(&original, b"GPS 22.94N"));
    let photo = reencode(&original).unwrap();
    assert!(!contains(&photo.jpeg, b"Exif") && !contains(&photo.jpeg, b"GPS"));
    // Orientation 6: what was left comes to the top.
    assert_eq!((photo.width, photo.height), (32, 64));
    let back = image::load_from_memory(&photo.jpeg).unwrap().into_rgb8();
    assert!(back.get_pixel(16, 4).0[0] > 180 && back.get_pixel(16, 60).0[2] > 180);
}

#[test]
fn what_is_not_a_photo_is_refused() {
    let jpeg = encoded(&two_halves(64, 32), ImageFormat::Jpeg);
    assert_eq!(reencode(b"").unwrap_err(), PaperError::NotAPhoto);
    assert_eq!(reencode(b"<svg xmlns='http://www.w3.org/2000/svg'/>").unwrap_err(), PaperError::NotAPhoto);
    assert_eq!(reencode(b"GIF89a\x01\0\x01\0").unwrap_err(), PaperError::NotAPhoto);
    assert_eq!(reencode(&jpeg[..20]).unwrap_err(), PaperError::DamagedPhoto);
    assert!(matches!(reencode(&vec![0xFF; (8 << 20) + 1]), Err(PaperError::TooLarge { limit: 8 })));
}

#[test]
fn a_few_bytes_that_claim_a_huge_picture_cost_nothing() {
    let mut png = encoded(&two_halves(8, 8), ImageFormat::Png);
    // Width and height stand in the first chunk; its checksum must fit or the file is merely damaged.
    png[16..20].copy_from_slice(&60_000u32.to_be_bytes());
    png[20..24].copy_from_slice(&60_000u32.to_be_bytes());
    let sum = crc32(&png[12..29]);
    png[29..33].copy_from_slice(&sum.to_be_bytes());
    assert_eq!(reencode(&png).unwrap_err(), PaperError::TooManyPixels { limit: 4_000 });
}

fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0u32, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |c, _| if c & 1 == 1 { (c >> 1) ^ 0xEDB8_8320 } else { c >> 1 })
    })
}

#[test]
fn a_qr_code_is_one_plain_svg() {
    let svg = qr_svg("https://example.org/o/WO20261121-000123").unwrap();
    assert!(svg.starts_with("<svg ") && svg.ends_with("</svg>"));
    assert!(!svg.contains("style") && !svg.contains("<script") && svg.contains(r#"aria-label="二维码""#));
    assert_ne!(svg, qr_svg("https://example.org/o/WO20261121-000124").unwrap());
    assert_eq!(qr_svg(&"长".repeat(2_000)).unwrap_err(), PaperError::QrTooLong);
}

#[test]
fn a_qr_code_draws_the_finder_patterns_inside_its_margin() {
    let svg = qr_svg("颐年").unwrap();
    // Three finder patterns, each with a top edge of 7 dark modules at the 4-module margin.
    assert!(svg.contains("M4 4h7v1h-7z"));
    let side: usize = svg.split("viewBox=\"0 0 ").nth(1).unwrap().split(' ').next().unwrap().parse().unwrap();
    assert!(svg.contains(&format!("M{} 4h7v1h-7z", side - 11)));
    assert!(svg.contains(&format!("M4 {}h7v1h-7z", side - 5)));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_photos_never_panic(format in 0usize..3, at in any::<prop::sample::Index>(), flip in 1u8.., cut in any::<prop::sample::Index>()) {
        let format = [ImageFormat::Jpeg, ImageFormat::Png, ImageFormat::WebP][format];
        let mut bytes = encoded(&two_halves(48, 32), format);
        let at = at.index(bytes.len());
        bytes[at] ^= flip;
        bytes.truncate(cut.index(bytes.len()) + 1);
        let _ = reencode(&bytes);
    }
}
