//! Two decoders that are not ours.

use image::{GrayImage, ImageFormat};
use rqrr::PreparedImage;

/// The pixels of a PNG.
pub(crate) fn pixels(png: &[u8]) -> GrayImage {
    image::load_from_memory_with_format(png, ImageFormat::Png)
        .expect("a PNG")
        .into_luma8()
}

/// The text in the only QR code of an image, and the code's version.
pub(crate) fn read(image: &GrayImage) -> (String, usize) {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let level = |x: usize, y: usize| image.as_raw()[y * width + x];
    let mut prepared = PreparedImage::prepare_from_greyscale(width, height, level);
    let grids = prepared.detect_grids();
    assert_eq!(grids.len(), 1, "QR codes in the image");
    let mut bytes = Vec::new();
    let data = grids[0].decode_to(&mut bytes).expect("a QR code");
    assert_eq!(data.ecc_level, 0, "level M is written as 0");
    (String::from_utf8(bytes).expect("UTF-8"), data.version.0)
}

/// The same by a second decoder, which has other ideas of where in an image a code is.
pub(crate) fn read_again(image: &GrayImage) -> String {
    let (width, height) = (image.width() as usize, image.height() as usize);
    let mut decoder = quircs::Quirc::default();
    let codes: Vec<_> = decoder.identify(width, height, image.as_raw()).collect();
    assert_eq!(codes.len(), 1, "QR codes in the image");
    let code = codes[0].as_ref().expect("a QR code");
    String::from_utf8(code.decode().expect("a QR code").payload).expect("UTF-8")
}
