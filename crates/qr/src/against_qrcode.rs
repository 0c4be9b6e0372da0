//! 100,000 symbols of random texts, of all versions and levels, are module for module those that
//! the `qrcode` crate draws from the same bits.

use qrcode::bits::Bits;
use qrcode::{Color, EcLevel, QrCode, Version};

use crate::symbol;

#[test]
fn symbols_of_level_l_are_those_of_the_qrcode_crate() {
    compare(EcLevel::L);
}

#[test]
fn symbols_of_level_m_are_those_of_the_qrcode_crate() {
    compare(EcLevel::M);
}

#[test]
fn symbols_of_level_q_are_those_of_the_qrcode_crate() {
    compare(EcLevel::Q);
}

#[test]
fn symbols_of_level_h_are_those_of_the_qrcode_crate() {
    compare(EcLevel::H);
}

/// Texts of a version. The crate takes a hundred times as long for the largest as for the smallest
/// one, so most texts are short.
fn texts(version: i16) -> u32 {
    match version {
        1 | 2 => 9_100,
        3..=10 => 750,
        11..=20 => 60,
        _ => 10,
    }
}

fn compare(level: EcLevel) {
    let mut random = Random(level as u64);
    for number in 1..=40 {
        let version = Version::Normal(number);
        for _ in 0..texts(number) {
            let text = random.text(version, level);
            let bits = || {
                let mut bits = Bits::new(version);
                bits.push_byte_data(&text).unwrap();
                bits.push_terminator(level).unwrap();
                bits
            };
            let expected = QrCode::with_bits(bits(), level).unwrap();
            let drawn = symbol::draw(bits(), level).unwrap();
            let side = drawn.side();
            let is_dark = |index| drawn.is_set(index % side, index / side);
            assert!(
                (0..side * side).map(is_dark).eq(expected
                    .into_colors()
                    .into_iter()
                    .map(|color| color == Color::Dark)),
                "{version:?} {level:?} {text:?}"
            );
        }
    }
}

#[test]
fn there_are_a_hundred_thousand_texts() {
    assert_eq!(4 * (1..=40).map(texts).sum::<u32>(), 100_000);
}

/// Random numbers from any seed, by the method `SplitMix64`.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        mixed ^ (mixed >> 31)
    }

    /// Bytes that fit, from none to as many as do. Every eighth text is one byte repeated, which
    /// gives the masks other scores than noise does.
    fn text(&mut self, version: Version, level: EcLevel) -> Vec<u8> {
        let header = 4 + 16;
        let most = (Bits::new(version).max_len(level).unwrap() - header) / 8;
        let length = self.next() % (most as u64 + 1);
        let (first, is_noise) = (self.next(), !self.next().is_multiple_of(8));
        (0..length)
            .map(|index| first.wrapping_add(index * u64::from(is_noise)))
            .map(|seed| Random(seed).next().to_le_bytes()[0])
            .collect()
    }
}
