//! `cargo bench -p vouchkey-qr` prints how long an image takes, base64 included, and its size; then
//! two decoders read back an image of every length.
#![expect(clippy::expect_used, reason = "what is measured must be right")]

#[path = "../tests/decoders/mod.rs"]
mod decoders;

use std::hint::black_box;
use std::time::{Duration, Instant};

use vouchkey_qr::{TooLong, png_bytes, png_data_url};

/// Characters of the links that are drawn.
const LENGTHS: [usize; 5] = [30, 85, 96, 300, 2_000];
const RUNS: usize = 2_000;

fn main() -> Result<(), TooLong> {
    // `cargo test --benches` passes no `--bench`: then once is enough.
    let is_measured = std::env::args().any(|argument| argument == "--bench");
    let runs = if is_measured { RUNS } else { 1 };
    println!("characters   median   fastest      PNG");
    for length in LENGTHS {
        let mut times = (0..runs)
            .map(|run| time(&link(length, run)))
            .collect::<Result<Vec<_>, _>>()?;
        times.sort();
        let [median, fastest] = [runs / 2, 0].map(|run| times[run].as_secs_f64() * 1e6);
        let bytes = png_bytes(&link(length, 0))?.len();
        println!("{length:10} {median:5.1} µs  {fastest:5.1} µs  {bytes:5} B");
    }
    let lengths = if is_measured { 0..=2_331 } else { 85..=85 };
    for length in lengths.clone() {
        let link = link(length, 0);
        let image = decoders::pixels(&png_bytes(&link)?);
        assert_eq!(decoders::read(&image).0, link);
        assert_eq!(decoders::read_again(&image), link);
    }
    println!("lengths {lengths:?} read back by both decoders");
    Ok(())
}

fn time(link: &str) -> Result<Duration, TooLong> {
    let start = Instant::now();
    black_box(png_data_url(black_box(link))?);
    Ok(start.elapsed())
}

/// A capture link, whose token has letters of both cases and digits. Each number gives another one, as each session has:
/// a processor that draws the same image again and again learns it by heart.
fn link(length: usize, number: usize) -> String {
    let mut state = number;
    let token = std::iter::repeat_with(|| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        char::from(b"AbC0dEf1GhI2jKl3MnO4"[(state >> 33) % 20])
    });
    "https://verify.example.com/verify/"
        .chars()
        .chain(token)
        .take(length)
        .collect()
}
