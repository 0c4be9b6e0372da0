//! Modules to a PNG file: greyscale, one image chunk.
//!
//! A pixel has one bit where modules have a multiple of eight pixels, else two, four or eight:
//! always so many that a module takes whole bytes of a line, all of them `0x00` or `0xFF`. The
//! lines of a row of modules are equal. So neither the compressed form of the image nor its
//! checksums need its pixels; what they need is the modules.

use std::mem;

use crate::Options;
use crate::checksums::{Adler32, crc32};
use crate::deflate::Deflater;
use crate::grid::{COLUMNS, Grid};

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Deflate with a window of 32 KiB, fastest level, which makes the two a multiple of 31.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

pub(crate) fn draw(rows: &Grid, options: Options) -> Vec<u8> {
    let image = Image::of(rows, options);
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, *b"IHDR", |file| image.write_header(file));
    chunk(&mut file, *b"IDAT", |file| image.write_pixels(file));
    chunk(&mut file, *b"IEND", |_| ());
    file
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], write: impl FnOnce(&mut Vec<u8>)) {
    let start = file.len();
    file.extend_from_slice(&[0; 4]);
    file.extend_from_slice(&kind);
    write(file);
    let checksum = crc32(&file[start + 4..]);
    // A file has some KiB.
    let length = u32::try_from(file.len() - start - 8).unwrap_or(0);
    file[start..start + 4].copy_from_slice(&length.to_be_bytes());
    file.extend_from_slice(&checksum.to_be_bytes());
}

struct Image<'a> {
    rows: &'a Grid,
    /// Pixels of a module, across and down.
    scale: usize,
    /// Modules on each side.
    margin: usize,
    bit_depth: u8,
    /// Bytes of a module in a line.
    module: usize,
    /// Bytes of a line, with its filter type.
    line: usize,
}

impl<'a> Image<'a> {
    fn of(rows: &'a Grid, Options { scale, margin }: Options) -> Self {
        let shared = scale.trailing_zeros().min(3);
        let module = scale >> shared;
        Self {
            rows,
            scale,
            margin,
            bit_depth: 8 >> shared,
            module,
            line: 1 + module * (rows.side() + 2 * margin),
        }
    }

    fn write_header(&self, file: &mut Vec<u8>) {
        let side = self.scale * (self.rows.side() + 2 * self.margin);
        // At most 7,712 pixels.
        let side = u32::try_from(side).unwrap_or(0).to_be_bytes();
        file.extend_from_slice(&side);
        file.extend_from_slice(&side);
        // Greyscale, deflate, the standard filters, not interlaced.
        file.extend_from_slice(&[self.bit_depth, 0, 0, 0, 0]);
    }

    fn write_pixels(&self, file: &mut Vec<u8>) {
        file.extend_from_slice(&ZLIB_HEADER);
        self.deflate(file);
        file.extend_from_slice(&self.adler32().to_be_bytes());
    }

    /// Of each row only the modules of its first line are written: the margins beside it are
    /// copied too, the left one with what comes before, the right one with what follows. Without a
    /// margin, or if rows have one line, there are only the lines of the row to be copied.
    fn deflate(&self, file: &mut Vec<u8>) {
        let right = self.module * self.margin;
        let left = 1 + right;
        let repeated = (self.scale - 1) * self.line;
        let copies_margins = self.margin > 0 && self.scale > 1;
        let (row, margin) = if copies_margins {
            // At the upper margin one byte less than could be copied, so that it is as at the
            // lower one.
            let margin = (self.scale * self.margin - 1) * self.line + right;
            (right + repeated + left, margin)
        } else {
            (repeated, 0)
        };
        let mut deflater = Deflater::new(mem::take(file), self.line, row, margin);
        let light_lines = if copies_margins { 1 } else { self.margin };
        for _ in 0..light_lines {
            deflater.filter_type();
            deflater.light(self.line - 1);
        }
        if copies_margins {
            deflater.copy_margin();
            deflater.light(1);
        }
        for y in 0..self.rows.side() {
            if !copies_margins {
                deflater.filter_type();
                deflater.light(right);
            }
            for strip in 0..self.rows.strips() {
                let count = self.rows.columns(strip).count_ones();
                deflater.modules(self.rows.word(strip, y), count, self.module);
            }
            if !copies_margins {
                deflater.light(right);
            }
            deflater.copy_row();
        }
        if copies_margins {
            deflater.light(self.module * self.rows.side());
            deflater.copy_margin();
        } else {
            for _ in 0..self.margin {
                deflater.filter_type();
                deflater.light(self.line - 1);
            }
        }
        *file = deflater.finish();
    }

    fn adler32(&self) -> u32 {
        let number = |number: usize| number as u64;
        let (line, module) = (number(self.line), number(self.module));
        // The places of bytes are counted from the end of the line, and their sum told by that of
        // the dark ones.
        let add = |adler: &mut Adler32, times: usize, dark: u64, places: u64| {
            let sum = 0xFF * (line - 1 - module * dark);
            let sums = 0xFF * (line * (line - 1) / 2 - places);
            adler.add(number(times), line, sum, sums);
        };
        let mut adler = Adler32::new();
        add(&mut adler, self.scale * self.margin, 0, 0);
        // The place of the last byte of the first module.
        let first = line - module * number(self.margin + 1);
        for y in 0..self.rows.side() {
            let (mut dark, mut numbers) = (0, 0);
            for strip in 0..self.rows.strips() {
                let modules = self.rows.word(strip, y);
                let count = u64::from(modules.count_ones());
                dark += count;
                numbers += number(strip * COLUMNS) * count + sum_of_numbers(modules);
            }
            // The other bytes of a module are further from the end, by one, two, and so on.
            let places =
                module * (first * dark - module * numbers) + dark * (module * (module - 1) / 2);
            add(&mut adler, self.scale, dark, places);
        }
        add(&mut adler, self.scale * self.margin, 0, 0);
        adler.value()
    }
}

/// The sum of the numbers of all bits that are set: of those whose number has bit 0, and twice
/// those whose number has bit 1, and so on.
fn sum_of_numbers(bits: u64) -> u64 {
    const WITH_BIT: [u64; 6] = [
        0xAAAA_AAAA_AAAA_AAAA,
        0xCCCC_CCCC_CCCC_CCCC,
        0xF0F0_F0F0_F0F0_F0F0,
        0xFF00_FF00_FF00_FF00,
        0xFFFF_0000_FFFF_0000,
        0xFFFF_FFFF_0000_0000,
    ];
    let mut sum = 0;
    for (place, with_bit) in WITH_BIT.into_iter().enumerate() {
        sum += u64::from((bits & with_bit).count_ones()) << place;
    }
    sum
}
