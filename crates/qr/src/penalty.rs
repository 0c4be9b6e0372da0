//! What speaks against a masked symbol (ISO/IEC 18004, 7.8.3), counted as the `qrcode` crate does.
//!
//! Runs and finder patterns are looked for downwards, in sixty columns at once: a word is a row,
//! and the words after it are what lies below. Across it is the same in the transposed symbol.

use crate::grid::{COLUMNS, Grid};

/// Points of feature 1 for a run of five modules; each further one of the run gives one.
const RUN: u32 = 3;
/// Points of feature 2.
const BLOCK: u32 = 3;
/// Points of feature 3.
const FINDER: u32 = 40;

/// The points of a symbol that is given as its rows and as its columns.
pub(crate) fn score(rows: &Grid, columns: &Grid) -> u32 {
    let points = downwards(rows) + downwards(columns) + blocks(rows) + balance(rows);
    // The crate does not count the finder patterns that belong to the symbol, each of which is
    // found in three lines of both directions, and adds up in 16 bits. Only a text made for it has
    // so many points, and shall have the same mask nevertheless.
    points.wrapping_sub(2 * 3 * 3 * FINDER) & 0xFFFF
}

/// Features 1 and 3 in the columns of a grid.
fn downwards(grid: &Grid) -> u32 {
    let (mut fives, mut runs, mut finders) = (0, 0, 0);
    for strip in 0..grid.strips() {
        let (rows, columns) = (grid.framed(strip), grid.columns(strip));
        // Beside the seven rows of a finder pattern, the four above and below decide.
        for &[a1, a2, a3, a4, m1, m2, m3, m4, m5, m6, m7, b1, b2, b3, b4] in rows.array_windows() {
            // A run of n modules has n - 4 fives of equal ones and gives n - 2 points: one for
            // each five, and two more for the five that differs from the module above.
            let five = (m1 & m2 & m3 & m4 & m5 | !(m1 | m2 | m3 | m4 | m5)) & columns;
            fives += five.count_ones();
            runs += (five & (m1 ^ a4)).count_ones();
            // Dark, light, three dark, light, dark; and four light modules above or below, as
            // which the outside counts.
            let finder = m1 & !m2 & m3 & m4 & m5 & !m6 & m7;
            let crowded = (a1 | a2 | a3 | a4) & (b1 | b2 | b3 | b4);
            finders += (finder & !crowded).count_ones();
        }
        // For a run, what is outside is of no colour.
        let top = grid
            .rows(strip)
            .iter()
            .take(5)
            .fold(0, |dark, row| dark | row);
        runs += (!top & columns).count_ones();
    }
    fives + (RUN - 1) * runs + FINDER * finders
}

/// Feature 2: every square of two by two modules of one colour.
fn blocks(grid: &Grid) -> u32 {
    let mut blocks = 0;
    for strip in 0..grid.strips() {
        let is_last = strip + 1 == grid.strips();
        // The first column of the next strip is the right neighbour of the last one here.
        let next = if is_last { strip } else { strip + 1 };
        let with_right_neighbour = grid.columns(strip) >> u32::from(is_last);
        let pairs = grid.rows(strip).array_windows();
        for (&[upper, lower], &[upper_next, lower_next]) in
            pairs.zip(grid.rows(next).array_windows())
        {
            let upper = upper | upper_next << COLUMNS;
            let lower = lower | lower_next << COLUMNS;
            let (dark, light) = (upper & lower, !(upper | lower));
            let block = (dark & dark >> 1 | light & light >> 1) & with_right_neighbour;
            blocks += block.count_ones();
        }
    }
    BLOCK * blocks
}

/// Feature 4: a point for each half per cent that the share of dark modules is away from a half.
/// The standard gives ten for each whole five per cent.
fn balance(grid: &Grid) -> u32 {
    let share = grid.count() * 200 / (grid.side() * grid.side());
    // At most 100.
    u32::try_from(share.abs_diff(100)).unwrap_or(0)
}
