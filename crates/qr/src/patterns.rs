//! The modules that do not depend on the text (ISO/IEC 18004, 6.3), and the information about
//! version and format beside them (7.9 and 7.10).

use qrcode::EcLevel;

use crate::grid::Grid;

/// Columns of the finder pattern as bits of its rows (6.3.3).
const FINDER: [u64; 7] = [0x7F, 0x41, 0x5D, 0x5D, 0x5D, 0x41, 0x7F];
/// The same of the alignment pattern (6.3.6).
const ALIGNMENT: [u64; 5] = [0x1F, 0x11, 0x15, 0x11, 0x1F];
/// The row, and the column, of the timing pattern (6.3.5).
const TIMING: usize = 6;
/// The row, and the column, along which the format information lies.
const FORMAT: usize = 8;

/// The generators of the codes that protect version and format (Annexes C and D).
const VERSION_GENERATOR: u32 = 0b1_1111_0010_0101;
const FORMAT_GENERATOR: u32 = 0b101_0011_0111;
const FORMAT_MASK: u32 = 0b101_0100_0001_0010;

/// Modules on each side.
pub(crate) fn side(version: usize) -> usize {
    17 + 4 * version
}

/// What is the same in all symbols of a version. Mirrored at the main diagonal, both grids are
/// themselves, so that they serve for rows and for columns.
pub(crate) struct Patterns {
    /// The dark modules of the patterns.
    pub(crate) dark: Grid,
    /// The modules for data.
    pub(crate) free: Grid,
}

impl Patterns {
    /// Draws finder, alignment and timing patterns and the version information.
    pub(crate) fn of(version: usize) -> Self {
        let side = side(version);
        let (mut dark, mut taken) = (Grid::new(side), Grid::new(side));
        for (x, y) in [(0, 0), (side - 7, 0), (0, side - 7)] {
            draw(&mut dark, x, y, &FINDER);
        }
        // With their light borders, and the format information along these.
        taken.fill(0, 0, 9, 9);
        taken.fill(side - 8, 0, 8, 9);
        taken.fill(0, side - 8, 9, 8);
        for place in 0..side {
            let is_dark = u64::from(place % 2 == 0);
            dark.set(TIMING, place, is_dark);
            dark.set(place, TIMING, is_dark);
            taken.set(TIMING, place, 1);
            taken.set(place, TIMING, 1);
        }
        for (x, y) in alignments(version) {
            draw(&mut dark, x - 2, y - 2, &ALIGNMENT);
            taken.fill(x - 2, y - 2, 5, 5);
        }
        if version >= 7 {
            draw_version(&mut dark, version);
            taken.fill(side - 11, 0, 3, 6);
            taken.fill(0, side - 11, 6, 3);
        }
        let mut free = taken;
        let columns: Vec<u64> = free.columns().collect();
        for (strip, columns) in free.strips_mut().zip(columns) {
            for word in strip {
                *word ^= columns;
            }
        }
        Self { dark, free }
    }
}

fn draw(grid: &mut Grid, x: usize, y: usize, rows: &[u64]) {
    for (y, &row) in (y..).zip(rows) {
        grid.set(x, y, row);
    }
}

/// The centres of the alignment patterns (Annex E): at even distances from the far edge, as far
/// apart as they can be, and one more row and column of them along the timing pattern.
fn alignments(version: usize) -> impl Iterator<Item = (usize, usize)> {
    let (last, far) = (version / 7 + 1, side(version) - 7);
    let step = match version {
        32 => 26,
        _ => (4 * version + 2 * last + 3) / (2 * last) * 2,
    };
    let centre = move |index| match index {
        0 => TIMING,
        _ => far - step * (last - index),
    };
    let count = if version == 1 { 0 } else { last + 1 };
    (0..count * count)
        .map(move |index| (index % count, index / count))
        // Where the finder patterns are.
        .filter(move |place| ![(0, 0), (last, 0), (0, last)].contains(place))
        .map(move |(column, row)| (centre(column), centre(row)))
}

fn draw_version(dark: &mut Grid, version: usize) {
    let far = side(version) - 11;
    let information = protect(version, 12, VERSION_GENERATOR);
    for place in 0..18 {
        let bit = u64::from(information >> place & 1);
        let (near, across) = (place / 3, place % 3);
        dark.set(near, far + across, bit);
        dark.set(far + across, near, bit);
    }
}

/// Appends the remainder of the division by a generator to a number.
fn protect(number: usize, bits: u32, generator: u32) -> u32 {
    // At most the number of a version.
    let number = u32::try_from(number).unwrap_or(0) << bits;
    let mut remainder = number;
    while remainder >> bits != 0 {
        remainder ^= generator << (remainder.ilog2() - bits);
    }
    number | remainder
}

/// The two copies of the format information, and the dark module: along the row and down the
/// column with the number 8, each with a part at its near and one at its far end.
pub(crate) struct Format {
    across: Arm,
    down: Arm,
}

struct Arm {
    near: u64,
    far: u64,
}

impl Arm {
    fn of(bits: u32) -> Self {
        let bits = u64::from(bits);
        Self {
            // The timing pattern crosses it.
            near: bits & 0b11_1111 | (bits & 0b1100_0000) << 1,
            far: bits >> 7,
        }
    }
}

impl Format {
    pub(crate) fn of(level: EcLevel, mask: usize) -> Self {
        let level = match level {
            EcLevel::L => 0b01,
            EcLevel::M => 0b00,
            EcLevel::Q => 0b11,
            EcLevel::H => 0b10,
        };
        let bits = protect(level << 3 | mask, 10, FORMAT_GENERATOR) ^ FORMAT_MASK;
        let mut down = Arm::of(bits);
        down.far |= 1;
        Self {
            across: Arm::of(bits.reverse_bits() >> (u32::BITS - 15)),
            down,
        }
    }

    /// Draws it into the grid of rows.
    pub(crate) fn draw(&self, rows: &mut Grid) {
        draw_arms(rows, &self.across, &self.down);
    }

    /// Draws it into the grid of columns.
    pub(crate) fn draw_transposed(&self, columns: &mut Grid) {
        draw_arms(columns, &self.down, &self.across);
    }
}

fn draw_arms(grid: &mut Grid, across: &Arm, down: &Arm) {
    let far = grid.side() - 8;
    grid.set(0, FORMAT, across.near);
    grid.set(far, FORMAT, across.far);
    for place in 0..8 {
        grid.set(FORMAT, place, down.near >> place & 1);
        grid.set(FORMAT, far + place, down.far >> place & 1);
    }
}
