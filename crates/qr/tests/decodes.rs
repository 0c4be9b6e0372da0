//! Every image reads back as the text that it was made of, by decoders that are not ours: `image`
//! reads the PNG, `rqrr` and `quircs` the QR code in it.
#![expect(clippy::expect_used, reason = "a test may fail")]

mod decoders;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use decoders::{pixels, read, read_again};
use image::GrayImage;
use proptest::prelude::*;
use vouchkey_qr::{MODULE_PIXELS, Options, QUIET_ZONE, png_bytes, png_data_url, svg};

/// The checksum of the lines of an image, which the reader of PNGs does not look at.
fn adler32(image: &GrayImage, bit_depth: u8) -> u32 {
    let (mut a, mut b) = (1, 0);
    for line in image.rows() {
        let pixels: Vec<u8> = line.map(|level| level.0[0]).collect();
        let bytes = pixels.chunks(8 / usize::from(bit_depth)).map(|pixels| {
            let byte = pixels.iter().fold(0, |byte: u8, level| {
                byte.checked_shl(bit_depth.into()).unwrap_or(0) | level >> (8 - bit_depth)
            });
            u32::from(byte)
        });
        for byte in std::iter::once(0).chain(bytes) {
            a = (a + byte) % 65_521;
            b = (b + a) % 65_521;
        }
    }
    b << 16 | a
}

/// The checksum, and the bits of a pixel, that a PNG tells.
fn told_by_png(png: &[u8]) -> (u32, u8) {
    // Then come the checksum of the chunk and the last chunk.
    let end_of_data = png.len() - 4 - 12;
    let checksum = png[end_of_data - 4..end_of_data].try_into();
    (u32::from_be_bytes(checksum.expect("four bytes")), png[24])
}

/// The dark modules of the PNG, quiet zone included; fails if a module is not of one colour.
fn modules_of_png(image: &GrayImage, scale: usize) -> Vec<Vec<bool>> {
    let side = u32::try_from(scale).expect("a small number");
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
    assert_eq!(told_by_png(&png), (adler32(&image, 1), 1));
    let modules = modules_of_png(&image, MODULE_PIXELS);
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
    assert_eq!(read_again(&image), text);
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

#[test]
fn every_scale_and_margin_shows_the_same_modules() {
    for text in [
        "0",
        "https://verify.example.com/verify/AbCdEf",
        &"x".repeat(1_200),
    ] {
        for (scale, margin) in (1..=Options::MAX_SCALE)
            .map(|scale| (scale, scale % 6))
            .chain((0..=Options::MAX_MARGIN).map(|margin| (margin % 3 + 1, margin)))
        {
            let options = Options::new(scale, margin).expect("a size that is offered");
            let png = options.png_bytes(text).expect("text that fits");
            let image = pixels(&png);
            let (checksum, bit_depth) = told_by_png(&png);
            assert_eq!(checksum, adler32(&image, bit_depth), "{options:?}");
            let modules = modules_of_png(&image, scale);
            let svg = options.svg(text).expect("text that fits");
            assert_eq!(modules, modules_of_svg(&svg), "{options:?}");
            let plain = modules_of_svg(&vouchkey_qr::svg(text).expect("text that fits"));
            let inner = |modules: &[Vec<bool>], margin: usize| -> Vec<Vec<bool>> {
                let inside = margin..modules.len() - margin;
                let rows = modules[inside.clone()].iter();
                rows.map(|row| row[inside.clone()].to_vec()).collect()
            };
            assert_eq!(
                inner(&modules, margin),
                inner(&plain, QUIET_ZONE),
                "{options:?}"
            );
        }
    }
}

#[test]
fn other_sizes_than_those_offered_are_refused() {
    for (scale, margin) in [(0, 4), (33, 4), (8, 33), (usize::MAX, 0), (1, usize::MAX)] {
        assert_eq!(Options::new(scale, margin), None);
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
