//! Every image reads back as the text that it was made of, by decoders that are not ours: `image`
//! reads the PNG, `rqrr` the QR code in it.
#![expect(clippy::expect_used, reason = "a test may fail")]

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use image::{GrayImage, ImageFormat};
use proptest::prelude::*;
use rqrr::PreparedImage;
use vouchkey_qr::{MODULE_PIXELS, QUIET_ZONE, png_bytes, png_data_url, svg};

fn pixels(png: &[u8]) -> GrayImage {
    image::load_from_memory_with_format(png, ImageFormat::Png)
        .expect("a PNG")
        .into_luma8()
}

/// The text in the only QR code of an image, and the code's version.
fn read(image: &GrayImage) -> (String, usize) {
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

/// The dark modules of the PNG, quiet zone included; fails if a module is not of one colour.
fn modules_of_png(image: &GrayImage) -> Vec<Vec<bool>> {
    let side = u32::try_from(MODULE_PIXELS).expect("a small number");
    let dark = |x: u32, y: u32| {
        let square =
            || (0..side * side).map(|i| image[(x * side + i % side, y * side + i / side)].0);
        let [first] = image[(x * side, y * side)].0;
        assert!(square().all(|[level]| level == first), "module {x}, {y}");
        assert!(first == 0 || first == 255, "level {first}");
        first == 0
    };
    (0..image.height() / side)
        .map(|y| (0..image.width() / side).map(|x| dark(x, y)).collect())
        .collect()
}

/// The dark modules of the SVG, quiet zone included, by walking along its path.
fn modules_of_svg(svg: &str) -> Vec<Vec<bool>> {
    let between = |start: &str, end: &str| {
        let (_, rest) = svg.split_once(start).expect(start);
        rest.split_once(end).expect(end).0
    };
    let side: usize = between("viewBox=\"0 0 ", " ").parse().expect("a number");
    let mut modules = vec![vec![false; side]; side];
    let (mut x, mut y) = (0, 0);
    for command in between(" d=\"", "\"")
        .split_inclusive(['M', 'm', 'h'])
        .collect::<Vec<_>>()
        .windows(2)
    {
        let numbers = command[1].trim_end_matches(['M', 'm', 'h']);
        match &command[0][command[0].len() - 1..] {
            "M" => {
                let (left, middle) = numbers.split_once(' ').expect("two numbers");
                x = left.parse().expect("a number");
                y = middle
                    .strip_suffix(".5")
                    .expect("a half")
                    .parse()
                    .expect("a number");
            }
            "m" => {
                let right = numbers.strip_suffix(" 0").expect("the same row");
                x += right.parse::<usize>().expect("a number");
            }
            _ => {
                let length: usize = numbers.parse().expect("a number");
                modules[y][x..x + length].fill(true);
                x += length;
            }
        }
    }
    modules
}

/// Checks all forms of one text and returns the version of its QR code.
fn check(text: &str) -> usize {
    let png = png_bytes(text).expect("text that fits");
    let url = png_data_url(text).expect("text that fits");
    let encoded = url
        .strip_prefix("data:image/png;base64,")
        .expect("a data URL");
    assert_eq!(STANDARD.decode(encoded).expect("base64"), png);

    let image = pixels(&png);
    let modules = modules_of_png(&image);
    assert_eq!(modules, modules_of_svg(&svg(text).expect("text that fits")));
    let side = modules.len();
    for (y, row) in modules.iter().enumerate() {
        for (x, dark) in row.iter().enumerate() {
            let inside = QUIET_ZONE..side - QUIET_ZONE;
            assert!(
                !dark || inside.contains(&x) && inside.contains(&y),
                "quiet zone {x}, {y}"
            );
        }
    }

    let (read, version) = read(&image);
    assert_eq!(read, text);
    assert_eq!(side, 17 + 4 * version + 2 * QUIET_ZONE);
    version
}

#[test]
fn every_version_reads_back() {
    // Bytes that versions 1 to 40 hold at level M, by table 7 of ISO/IEC 18004.
    let capacities = [
        14, 26, 42, 62, 84, 106, 122, 152, 180, 213, 251, 287, 331, 362, 412, 450, 504, 560, 624,
        666, 711, 779, 857, 911, 997, 1059, 1125, 1190, 1264, 1370, 1452, 1538, 1628, 1722, 1809,
        1911, 1989, 2099, 2213, 2331,
    ];
    for (version, capacity) in (1..).zip(capacities) {
        let text: String = ('a'..='z').cycle().take(capacity).collect();
        assert_eq!(check(&text), version);
    }
}

#[test]
fn every_kind_of_text_reads_back() {
    for text in [
        "",
        "0",
        "A",
        "\0",
        "a\0b",
        "https://verify.example.com/verify/AbCdEfGhIjKlMnOpQrStUvWxYz0123456789-_AbCdEfGhIjKl",
        "HTTPS://VERIFY.EXAMPLE.COM/0123456789",
        "こんにちは、世界",
        "\u{8140}\u{9FFC}",
        "👩‍👩‍👧‍👦 🇨🇭",
        "مرحبا بالعالم",
        "\u{202E}שלום\u{202C}",
        "Zürich 8001",
        "1234567890123456789012345678901234567890aB",
    ] {
        check(text);
    }
}

#[test]
fn the_longest_text_of_each_kind_reads_back() {
    for (character, limit) in [("7", 5_596), ("Z", 3_391), ("z", 2_331), ("é", 1_165)] {
        assert_eq!(check(&character.repeat(limit)), 40);
        let error = png_bytes(&character.repeat(limit + 1)).expect_err("too long");
        let bytes = format!("at most {} bytes", error.limit);
        assert!(error.to_string().contains(&bytes), "{error}");
    }
}

/// Text of one kind, or a mixture of several.
fn texts() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[0-9]{0,80}",
        "[0-9A-Z $%*+./:-]{0,80}",
        "https://[a-z]{1,20}\\.example/verify/[0-9A-Za-z_-]{50}",
        "[ -~]{0,80}",
        "[\\x00-\\x7F]{0,80}",
        "\\PC{0,40}",
        "[\u{0590}-\u{06FF}]{0,40}",
        "[\u{3040}-\u{30FF}\u{4E00}-\u{9FFF}]{0,40}",
        "[\u{1F300}-\u{1FAFF}\u{200D}\u{FE0F}]{0,20}",
    ];
    prop::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_text_reads_back(text in texts()) {
        check(&text);
    }
}
