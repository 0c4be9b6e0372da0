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
    let side = rows.side();
    let (mut masked_rows, mut masked_columns) = (Grid::new(side), Grid::new(side));
    let mut best = (u32::MAX, 0);
    for mask in 0..MASKS {
        let format = Format::of(level, mask);
        invert(&rows, patterns, &ROWS[mask], &mut masked_rows);
        format.draw(&mut masked_rows);
        // What lies across in the rows lies downwards in the columns.
        invert(columns, patterns, &COLUMNS[mask], &mut masked_columns);
        format.transposed().draw(&mut masked_columns);
        best = best.min((penalty::score(&masked_rows, &masked_columns), mask));
    }
    let (_, mask) = best;
    invert(&rows, patterns, &ROWS[mask], &mut masked_rows);
    Format::of(level, mask).draw(&mut masked_rows);
    masked_rows
}

/// Inverts the modules of a mask and adds the patterns.
fn invert(data: &Grid, patterns: &Patterns, mask: &[u16; PERIOD], masked: &mut Grid) {
    for strip in 0..data.strips() {
        let unmasked = data.rows(strip).iter();
        let free = patterns.free.rows(strip).iter();
        let dark = patterns.dark.rows(strip).iter();
        let target = masked.rows_mut(strip).iter_mut();
        let mut y = 0;
        for (((target, unmasked), free), dark) in target.zip(unmasked).zip(free).zip(dark) {
            // Five periods to a word.
            let inverted = u64::from(mask[y]) * 0x1_0010_0100_1001;
            *target = unmasked ^ (inverted & free) | dark;
            y = if y + 1 < PERIOD { y + 1 } else { 0 };
        }
    }
}
