//! The eight masks (ISO/IEC 18004, 7.8.2) and the choice among them.

use qrcode::EcLevel;

use crate::grid::Grid;
use crate::patterns::{Format, Patterns};
use crate::penalty;

const MASKS: usize = 8;
/// After so many rows, and columns, every mask begins again.
const PERIOD: usize = 12;

/// A period of the inverted modules of each row.
static ROWS: [[u16; PERIOD]; MASKS] = periods(false);
/// A period of the inverted modules of each column.
static COLUMNS: [[u16; PERIOD]; MASKS] = periods(true);

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

const fn periods(transposed: bool) -> [[u16; PERIOD]; MASKS] {
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

/// The modules of a symbol under the mask that the fewest penalty points speak against.
///
/// `columns` are those of the data alone.
pub(crate) fn apply_best(patterns: &Patterns, columns: Grid, level: EcLevel) -> Grid {
    let unmasked = [columns.transposed(), columns].map(|mut grid| {
        grid.merge(&patterns.dark);
        grid
    });
    let mut rows = unmasked[0].clone();
    let mut columns = unmasked[1].clone();
    let mut score = |mask: usize| {
        let format = Format::of(level, mask);
        invert(&unmasked[0], &patterns.free, &ROWS[mask], &mut rows);
        invert(&unmasked[1], &patterns.free, &COLUMNS[mask], &mut columns);
        format.draw(&mut rows);
        format.draw_transposed(&mut columns);
        penalty::score(&rows, &columns)
    };
    let best = (0..MASKS).min_by_key(|&mask| score(mask)).unwrap_or(0);
    invert(&unmasked[0], &patterns.free, &ROWS[best], &mut rows);
    Format::of(level, best).draw(&mut rows);
    rows
}

/// Inverts the free modules of a mask.
fn invert(unmasked: &Grid, free: &Grid, mask: &[u16; PERIOD], masked: &mut Grid) {
    let strips = masked
        .strips_mut()
        .zip(unmasked.strips().zip(free.strips()));
    for (masked, (unmasked, free)) in strips {
        let words = masked.iter_mut().zip(unmasked.iter().zip(free));
        for ((masked, (unmasked, free)), &period) in words.zip(mask.iter().cycle()) {
            // Five periods to a word.
            let inverted = u64::from(period) * 0x1_0010_0100_1001;
            *masked = unmasked ^ (inverted & free);
        }
    }
}
