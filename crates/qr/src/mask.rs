//! The eight masks (ISO/IEC 18004, 7.8.2) and the choice among them.

use std::mem::swap;

use qrcode::EcLevel;

use crate::grid::Grid;
use crate::patterns::{Patterns, draw_format};
use crate::penalty;

const MASKS: usize = 8;
/// After so many rows, and columns, every mask begins again.
const PERIOD: usize = 12;

/// The first twelve inverted modules of the first twelve rows of a mask, and of its columns.
static INVERTED: [[[u16; PERIOD]; 2]; MASKS] = {
    let mut inverted = [[[0; PERIOD]; 2]; MASKS];
    let mut index = 0;
    while index < MASKS * PERIOD * PERIOD {
        let (mask, i, j) = (
            index / PERIOD / PERIOD,
            index / PERIOD % PERIOD,
            index % PERIOD,
        );
        if inverts(mask, i, j) {
            inverted[mask][0][i] |= 1 << j;
            inverted[mask][1][j] |= 1 << i;
        }
        index += 1;
    }
    inverted
};

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

/// The rows of a symbol under the mask that the fewest penalty points speak against; of several
/// such masks, the first.
///
/// `rows` are those of the data, without the patterns.
pub(crate) fn apply_best(patterns: &Patterns, rows: Grid, level: EcLevel) -> Grid {
    // Rows and columns are masked alike, which is quicker than to turn what was masked.
    let data = [rows.transposed(), rows];
    let mut best = data.clone();
    let mut masked = data.clone();
    let mut fewest = u32::MAX;
    for (mask, inverted) in INVERTED.iter().enumerate() {
        let [columns, rows] = &mut masked;
        invert(&data[0], patterns, &inverted[1], columns);
        invert(&data[1], patterns, &inverted[0], rows);
        draw_format(rows, columns, level, mask);
        let points = penalty::score(rows, columns);
        if points < fewest {
            fewest = points;
            swap(&mut best, &mut masked);
        }
    }
    let [_, rows] = best;
    rows
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
