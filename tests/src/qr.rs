//! Reading QR codes with a decoder that shares nothing with the one that drew them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, ImageFormat};
use rqrr::PreparedImage;

/// The beginning of every QR image in an answer.
pub const DATA_URL: &str = "data:image/png;base64,";

/// The texts of all QR codes in a PNG, a screenshot too.
pub fn read_all(png: &[u8]) -> Vec<String> {
    let image = picture(png);
    let (width, height) = (image.width() as usize, image.height() as usize);
    let pixels = image.as_raw();
    let light = |x: usize, y: usize| pixels[y * width + x];
    let mut prepared = PreparedImage::prepare_from_greyscale(width, height, light);
    let grids = prepared.detect_grids();
    grids
        .iter()
        .filter_map(|grid| grid.decode().ok())
        .map(|(_, text)| text)
        .collect()
}

/// The text of the only QR code in a PNG.
#[track_caller]
pub fn read(png: &[u8]) -> String {
    let texts = read_all(png);
    assert_eq!(
        texts.len(),
        1,
        "one readable code in the image, not {texts:?}"
    );
    texts.into_iter().next().unwrap_or_default()
}

/// The PNG inside a data URL.
#[track_caller]
pub fn png_of(data_url: &str) -> Vec<u8> {
    let Some(data) = data_url.strip_prefix(DATA_URL) else {
        panic!("a PNG data URL begins with {DATA_URL}, not with {data_url:.40}");
    };
    STANDARD.decode(data).expect("base64 in the data URL")
}

/// The text of the QR code in a data URL.
#[track_caller]
pub fn read_data_url(data_url: &str) -> String {
    read(&png_of(data_url))
}

/// Width and height of a PNG.
pub fn size(png: &[u8]) -> (u32, u32) {
    picture(png).dimensions()
}

fn picture(png: &[u8]) -> GrayImage {
    image::load_from_memory_with_format(png, ImageFormat::Png)
        .expect("a PNG")
        .to_luma8()
}
