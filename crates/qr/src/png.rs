//! Modules to a PNG file: greyscale, one image chunk.
//!
//! A pixel has one bit where modules have a multiple of eight pixels, else two, four or eight:
//! always so many that a module takes whole bytes of a line, all of them `0x00` or `0xFF`. The
//! lines of a row of modules are equal. So neither the compressed form of the image nor its
//! checksums need its pixels; what they need is the modules.

use crate::Options;
use crate::checksums::crc32;
use crate::deflate::Deflater;
use crate::grid::Grid;

const SIGNATURE: [u8; 8] = *b"\x89PNG\r\n\x1a\n";

/// Deflate with a window of 32 KiB, fastest level, which makes the two a multiple of 31.
const ZLIB_HEADER: [u8; 2] = [0x78, 0x01];

pub(crate) fn draw(rows: &Grid, options: Options) -> Vec<u8> {
    let image = Image::of(rows, options);
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, *b"IHDR", &image.header());
    chunk(&mut file, *b"IDAT", &image.pixels());
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    // A file has some KiB.
    let length = u32::try_from(data.len()).unwrap_or(0);
    file.extend_from_slice(&length.to_be_bytes());
    let start = file.len();
    file.extend_from_slice(&kind);
    file.extend_from_slice(data);
    let checksum = crc32(&file[start..]);
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

    fn header(&self) -> [u8; 13] {
        let side = self.scale * (self.rows.side() + 2 * self.margin);
        // At most 7,712 pixels.
        let [a, b, c, d] = u32::try_from(side).unwrap_or(0).to_be_bytes();
        // Greyscale, deflate, the standard filters, not interlaced.
        [a, b, c, d, a, b, c, d, self.bit_depth, 0, 0, 0, 0]
    }

    fn pixels(&self) -> Vec<u8> {
        let mut stream = self.deflate();
        stream.extend_from_slice(&self.adler32().to_be_bytes());
        stream
    }

    /// Of each row only the modules of its first line are written: the margins beside it are
    /// copied too, the left one with what comes before, the right one with what follows. Without a
    /// margin, or if rows have one line, there are only the lines of the row to be copied.
    fn deflate(&self) -> Vec<u8> {
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
        let mut deflater = Deflater::new(ZLIB_HEADER.to_vec(), self.line, row, margin);
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
                let columns = self.rows.columns_of(strip);
                deflater.modules(self.rows.word(strip, y), columns, self.module);
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
        deflater.finish()
    }

    /// The checksum of RFC 1950. Its lower half is one and the sum of all bytes. Its upper half is
    /// the sum of what the lower one was after each byte: one for each, and every byte as often as
    /// there are bytes from it to the end.
    fn adler32(&self) -> u32 {
        const MODULUS: u64 = 65_521;
        const LIGHT: u64 = 0xFF;
        let number = |number: usize| number as u64;
        let (scale, module, line) = (number(self.scale), number(self.module), number(self.line));
        let margin = number(self.margin);
        let lines = scale * (number(self.rows.side()) + 2 * margin);
        let dark = number(self.rows.count());
        // In modules, how far it is from the start of the dark ones to the end of the image.
        let down = margin * dark + self.rows.heights();
        let across = margin * dark + self.rows.transposed().heights();
        // The bytes of the dark modules, and for each those from it to the end: first in the lines
        // below, then in its own line.
        let bytes = scale * module * dark;
        let to_the_end = module * line * (scale * scale * down - scale * (scale + 1) / 2 * dark)
            + scale * (module * module * across - module * (module - 1) / 2 * dark);
        // If all but the filter types were light, less what is dark. In the largest image there
        // are sixty million bytes, of which this gives no more than 2^59.
        let a = 1 + LIGHT * ((line - 1) * lines - bytes);
        let b = line * lines + LIGHT * ((line - 1) * line / 2 * lines * lines - to_the_end);
        let (a, b) = (a % MODULUS, b % MODULUS);
        // Both are below the modulus.
        u32::try_from(b << 16 | a).unwrap_or(0)
    }
}
