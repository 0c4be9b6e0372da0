//! The modules that do not depend on the text (ISO/IEC 18004, 6.3), and the information about
//! version and format beside them (7.9 and 7.10).

use qrcode::EcLevel;

use crate::grid::Grid;

/// The rings of the finder pattern (6.3.3), of which the innermost is the lowest bit.
const FINDER: u64 = 0b1011;
/// The same of the alignment pattern (6.3.6).
const ALIGNMENT: u64 = 0b101;
/// The row, and the column, of the timing pattern (6.3.5).
pub(crate) const TIMING: usize = 6;
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
        for place in 0..side {
            let bit = u64::from(place % 2 == 0);
            dark.set(TIMING, place, bit);
            dark.set(place, TIMING, bit);
            taken.set(TIMING, place, 1);
            taken.set(place, TIMING, 1);
        }
        for (x, y) in [(3, 3), (side - 4, 3), (3, side - 4)] {
            draw(&mut dark, x, y, FINDER);
        }
        // With their light borders, and the format information along these.
        taken.fill(0, 0, 9, 9);
        taken.fill(side - 8, 0, 8, 9);
        taken.fill(0, side - 8, 9, 8);
        let (last, distance) = alignments(version);
        let centre = |index| match index {
            0 => TIMING,
            _ => side - 7 - (last - index) * distance,
        };
        for row in 0..=last {
            for column in 0..=last {
                // In three corners there are the finder patterns.
                if ![(0, 0), (0, last), (last, 0)].contains(&(row, column)) {
                    let (x, y) = (centre(column), centre(row));
                    draw(&mut dark, x, y, ALIGNMENT);
                    taken.fill(x - 2, y - 2, 5, 5);
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
            for word in taken.rows_mut(strip) {
                *word ^= columns;
            }
        }
        Self { dark, free: taken }
    }
}

/// Draws a square of rings around a centre, dark where a bit is set: of the innermost, which is the
/// centre itself, the lowest.
fn draw(grid: &mut Grid, x: usize, y: usize, rings: u64) {
    let size = rings.ilog2() as usize;
    for down in 0..=2 * size {
        for across in 0..=2 * size {
            let ring = down.abs_diff(size).max(across.abs_diff(size));
            grid.set(x + across - size, y + down - size, rings >> ring & 1);
        }
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

/// Draws both copies of the format information, and the dark module: across the row and down the
/// column with the number 8. The symbol is given as its rows and as its columns.
pub(crate) fn draw_format(rows: &mut Grid, columns: &mut Grid, level: EcLevel, mask: usize) {
    let level = match level {
        EcLevel::L => 0b01,
        EcLevel::M => 0b00,
        EcLevel::Q => 0b11,
        EcLevel::H => 0b10,
    };
    let down = protect(level << 3 | mask, 10, FORMAT_GENERATOR) ^ FORMAT_MASK;
    let across = down.reverse_bits() >> (u32::BITS - 15);
    // Eight modules at each end, of which the eighth bit is in both. Down, where it is in the
    // corner already, the dark module takes its second place.
    let ends = |bits: u32| [u64::from(bits & 0xFF), u64::from(bits >> 7)];
    let (across, [top, bottom]) = (ends(across), ends(down));
    let down = [top, bottom | 1];
    draw_ends(rows, across, down);
    draw_ends(columns, down, across);
}

/// Draws eight modules at the near end and at the far end of the row, and of the column.
fn draw_ends(grid: &mut Grid, across: [u64; 2], down: [u64; 2]) {
    // At the near end the timing pattern crosses.
    let spread = |[near, far]: [u64; 2]| [near & 0x3F | (near & 0xC0) << 1, far];
    let far = grid.side() - 8;
    let (across, down) = (spread(across), spread(down));
    for (end, start) in [0, far].into_iter().enumerate() {
        grid.set(start, FORMAT, across[end]);
        for place in 0..9 - end {
            grid.set(FORMAT, start + place, down[end] >> place & 1);
        }
    }
}
