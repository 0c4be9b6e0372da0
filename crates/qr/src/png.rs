//! Modules to a PNG file: greyscale, one image chunk.
//!
//! A pixel has one bit where modules have a multiple of eight pixels, else two, four or eight:
//! always so many that a module takes whole bytes of a line, all of them `0x00` or `0xFF`. The
//! lines of a row of modules are equal. So neither the compressed form of the image nor its
//! checksums need its pixels; what they need is the modules.

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
    file.extend([0; 4]);
    file.extend(kind);
    write(file);
    let checksum = crc32(&file[start + 4..]);
    // A file has some KiB.
    let length = u32::try_from(file.len() - start - 8).unwrap_or(0);
    file[start..start + 4].copy_from_slice(&length.to_be_bytes());
    file.extend(checksum.to_be_bytes());
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
        file.extend(side);
        file.extend(side);
        // Greyscale, deflate, the standard filters, not interlaced.
        file.extend([self.bit_depth, 0, 0, 0, 0]);
    }

    fn write_pixels(&self, file: &mut Vec<u8>) {
        file.extend(ZLIB_HEADER);
        if self.margin > 0 && self.scale > 1 {
            self.deflate(file);
        } else {
            self.deflate_each_line(file);
        }
        file.extend(self.adler32().to_be_bytes());
    }

    /// Only the modules of the first line of each row are written: the margins beside it are
    /// copied too, the left one with what comes before, the right one with what follows.
    fn deflate(&self, file: &mut Vec<u8>) {
        let side = self.module * self.margin;
        let left = 1 + side;
        let row = side + (self.scale - 1) * self.line + left;
        // Without the last byte of the margin to the left of the first row, so that it is equal
        // at the lower end.
        let margin = (self.scale * self.margin - 1) * self.line + side;
        let mut deflater = Deflater::new(std::mem::take(file), self.line, row, margin);
        deflater.filter_type();
        deflater.light(self.line - 1);
        deflater.copy_margin();
        deflater.light(1);
        for y in 0..self.rows.side() {
            self.deflate_modules(y, &mut deflater);
            deflater.copy_row();
        }
        deflater.light(self.module * self.rows.side());
        deflater.copy_margin();
        *file = deflater.finish();
    }

    /// Without a margin, or with a line to a row, there is less to be copied.
    fn deflate_each_line(&self, file: &mut Vec<u8>) {
        let row = (self.scale - 1) * self.line;
        let mut deflater = Deflater::new(std::mem::take(file), self.line, row, 0);
        for _ in 0..self.margin {
            deflater.filter_type();
            deflater.light(self.line - 1);
        }
        for y in 0..self.rows.side() {
            deflater.filter_type();
            deflater.light(self.module * self.margin);
            self.deflate_modules(y, &mut deflater);
            deflater.light(self.module * self.margin);
            deflater.copy_row();
        }
        for _ in 0..self.margin {
            deflater.filter_type();
            deflater.light(self.line - 1);
        }
        *file = deflater.finish();
    }

    fn deflate_modules(&self, y: usize, deflater: &mut Deflater) {
        let strips = self.rows.row(y).zip(self.rows.columns());
        for (modules, columns) in strips {
            deflater.modules(modules, columns.count_ones(), self.module);
        }
    }

    fn adler32(&self) -> u32 {
        let [scale, margin, line, module] =
            [self.scale, self.margin, self.line, self.module].map(|number| number as u64);
        let light_line = |adler: &mut Adler32| {
            let sum = 0xFF * (line - 1);
            adler.add(scale * margin, line, sum, sum * line / 2);
        };
        let mut adler = Adler32::new();
        light_line(&mut adler);
        for y in 0..self.rows.side() {
            let (mut dark, mut places) = (0, 0);
            for (left, modules) in (0..).step_by(COLUMNS).zip(self.rows.row(y)) {
                let modules_dark = u64::from(modules.count_ones());
                dark += modules_dark;
                places += left * modules_dark + sum_of_places(modules);
            }
            // Of bytes at the places p, q, … from the end, each counts p, q, … times. A module has
            // the place of its last byte and `module - 1` more.
            let last = line - module * (margin + 1);
            let places =
                module * (last * dark - module * places) + dark * (module * (module - 1) / 2);
            let light = line - 1 - module * dark;
            adler.add(
                scale,
                line,
                0xFF * light,
                0xFF * (line * (line - 1) / 2 - places),
            );
        }
        light_line(&mut adler);
        adler.value()
    }
}

/// The sum of the numbers of all bits that are set: of those whose number has bit 0, and twice
/// those whose number has bit 1, and so on.
fn sum_of_places(bits: u64) -> u64 {
    const WITH_BIT: [u64; 6] = [
        0xAAAA_AAAA_AAAA_AAAA,
        0xCCCC_CCCC_CCCC_CCCC,
        0xF0F0_F0F0_F0F0_F0F0,
        0xFF00_FF00_FF00_FF00,
        0xFFFF_0000_FFFF_0000,
        0xFFFF_FFFF_0000_0000,
    ];
    WITH_BIT.iter().rev().fold(0, |sum, with_bit| {
        2 * sum + u64::from((bits & with_bit).count_ones())
    })
}
