//! The eight masks (ISO/IEC 18004, 7.8.2) and the choice among them.

use qrcode::EcLevel;

use crate::grid::Grid;
use crate::patterns::{Format, Patterns};
use crate::penalty;

const MASKS: usize = 8;
/// After so many rows, and columns, every mask begins again.
const PERIOD: usize = 12;

type Periods = [[u16; PERIOD]; MASKS];

/// The first twelve inverted modules of the first twelve rows.
static ROWS: Periods = periods(false);
/// The same of columns.
static COLUMNS: Periods = periods(true);

/// The conditions of table 10, where i is the row and j the column.
const fn inverts(mask: usize, i: usize, j: usize) -> bool {
    0 == match mask {
        0 => (i + j) % 2,
        1 => i % 2,
        2 => j % 3,
        3 => (i + j) % 3,
        4 => (i / 2 + j / 3) % 2,
        5 => (i * j) % 2 + (i * j) % 3,
        6 => ((i * j) % 2 + (i * j) % 3) % 2,
        _ => ((i + j) % 2 + (i * j) % 3) % 2,
    }
}

const fn periods(transposed: bool) -> Periods {
    let mut periods = [[0; PERIOD]; MASKS];
    let mut index = 0;
    while index < MASKS * PERIOD * PERIOD {
        let (mask, y, x) = (
            index / PERIOD / PERIOD,
            index / PERIOD % PERIOD,
            index % PERIOD,
        );
        let (i, j) = if transposed { (x, y) } else { (y, x) };
        if inverts(mask, i, j) {
            periods[mask][y] |= 1 << x;
        }
        index += 1;
    }
    periods
}

/// The rows of a symbol under the mask that the fewest penalty points speak against; of several
/// such masks, the first.
///
/// `columns` are those of the data, without the patterns.
pub(crate) fn apply_best(patterns: &Patterns, columns: &Grid, level: EcLevel) -> Grid {
    let rows = columns.transposed();
    // What lies across in the rows lies downwards in the columns.
    let draw = |mask: usize| {
        let format = Format::of(level, mask);
        let mut masked = invert(&rows, patterns, &ROWS[mask]);
        format.draw(&mut masked);
        masked
    };
    let score = |mask: usize| {
        let format = Format::of(level, mask).transposed();
        let mut masked = invert(columns, patterns, &COLUMNS[mask]);
        format.draw(&mut masked);
        penalty::score(&draw(mask), &masked)
    };
    let mut best = (score(0), 0);
    for mask in 1..MASKS {
        best = best.min((score(mask), mask));
    }
    draw(best.1)
}

/// Inverts the modules of a mask and adds the patterns.
fn invert(data: &Grid, patterns: &Patterns, mask: &[u16; PERIOD]) -> Grid {
    let mut masked = Grid::new(data.side());
    for strip in 0..data.strips() {
        for y in 0..data.side() {
            // Five periods to a word.
            let inverted = u64::from(mask[y % PERIOD]) * 0x1_0010_0100_1001;
            let data = data.word(strip, y) ^ (inverted & patterns.free.word(strip, y));
            *masked.word_mut(strip, y) = data | patterns.dark.word(strip, y);
        }
    }
    masked
}
