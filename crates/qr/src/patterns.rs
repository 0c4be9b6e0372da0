//! The modules that do not depend on the text (ISO/IEC 18004, 6.3), and the information about
//! version and format beside them (7.9 and 7.10).

use qrcode::EcLevel;

use crate::grid::Grid;

/// Columns of the finder pattern as bits of its rows (6.3.3).
const FINDER: [u64; 7] = [0x7F, 0x41, 0x5D, 0x5D, 0x5D, 0x41, 0x7F];
/// The same of the alignment pattern (6.3.6).
const ALIGNMENT: [u64; 5] = [0x1F, 0x11, 0x15, 0x11, 0x1F];
/// The row, and the column, of the timing pattern (6.3.5).
pub(crate) const TIMING: usize = 6;
/// The modules with even numbers.
const EVEN: u64 = 0x5555_5555_5555_5555;
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
        for strip in 0..dark.strips() {
            let columns = dark.columns(strip);
            *dark.word_mut(strip, TIMING) |= EVEN & columns;
            *taken.word_mut(strip, TIMING) |= columns;
        }
        for y in 0..side {
            dark.set(TIMING, y, EVEN >> (y % 2) & 1);
            taken.set(TIMING, y, 1);
        }
        let (last, distance) = alignments(version);
        let centre = |index| match index {
            0 => TIMING,
            _ => side - 7 - (last - index) * distance,
        };
        for row in 0..=last {
            for column in 0..=last {
                // In three corners there are the finder patterns.
                if ![(0, 0), (0, last), (last, 0)].contains(&(row, column)) {
                    let (x, y) = (centre(column) - 2, centre(row) - 2);
                    draw(&mut dark, x, y, &ALIGNMENT);
                    taken.fill(x, y, 5, 5);
                }
            }
        }
        if version >= 7 {
            let information = protect(version, 12, VERSION_GENERATOR);
            for place in 0..18 {
                let bit = u64::from(information >> place & 1);
                let (near, far) = (place / 3, side - 11 + place % 3);
                dark.set(near, far, bit);
                dark.set(far, near, bit);
            }
            taken.fill(side - 11, 0, 3, 6);
            taken.fill(0, side - 11, 6, 3);
        }
        for strip in 0..taken.strips() {
            let columns = taken.columns(strip);
            for y in 0..side {
                *taken.word_mut(strip, y) ^= columns;
            }
        }
        Self { dark, free: taken }
    }
}

fn draw(grid: &mut Grid, x: usize, y: usize, rows: &[u64]) {
    for (index, &row) in rows.iter().enumerate() {
        grid.set(x, y + index, row);
    }
}

/// The number of the last row, and column, of alignment patterns, counted from that which lies
/// along the timing pattern, and the even distance between all others (Annex E).
fn alignments(version: usize) -> (usize, usize) {
    match version {
        1 => (0, 0),
        32 => (5, 26),
        _ => {
            let last = version / 7 + 1;
            (last, (4 * version + 2 * last + 3) / (2 * last) * 2)
        }
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

/// The two copies of the format information, and the dark module: across the row and down the
/// column with the number 8.
pub(crate) struct Format {
    across: Arm,
    down: Arm,
}

/// Eight modules, and the one in the corner, at the near end, and eight at the far one.
struct Arm {
    near: u64,
    far: u64,
}

impl Arm {
    fn of(bits: u32) -> Self {
        let bits = u64::from(bits);
        Self {
            // Where the timing pattern crosses, nothing.
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
        // The dark module, in place of the bit that is in the corner.
        down.far |= 1;
        Self {
            across: Arm::of(bits.reverse_bits() >> (u32::BITS - 15)),
            down,
        }
    }

    /// For a grid of columns.
    pub(crate) fn transposed(self) -> Self {
        Self {
            across: self.down,
            down: self.across,
        }
    }

    pub(crate) fn draw(&self, grid: &mut Grid) {
        let far = grid.side() - 8;
        grid.set(0, FORMAT, self.across.near);
        grid.set(far, FORMAT, self.across.far);
        for place in 0..8 {
            grid.set(FORMAT, place, self.down.near >> place & 1);
            grid.set(FORMAT, far + place, self.down.far >> place & 1);
        }
    }
}
