//! Where the codewords go (ISO/IEC 18004, 7.7.3): through pairs of columns from right to left,
//! upwards and downwards in turn, in each row the right module before the left one.

use crate::grid::Grid;
use crate::patterns::TIMING;

/// Fills the free modules and returns the rows of the symbol. Modules that are left over stay light.
pub(crate) fn place(free: &Grid, codewords: &[u8]) -> Grid {
    let side = free.side();
    let mut rows = Grid::new(side);
    let mut bits = codewords.iter().flat_map(|codeword| {
        (0..8)
            .rev()
            .map(move |place| u64::from(codeword >> place & 1))
    });
    let mut upwards = true;
    for right in (1..side).rev().step_by(2) {
        // The column of the timing pattern belongs to no pair.
        let right = if right > TIMING { right } else { right - 1 };
        for step in 0..side {
            let y = if upwards { side - 1 - step } else { step };
            for x in [right, right - 1] {
                if free.is_set(x, y) {
                    rows.set(x, y, bits.next().unwrap_or(0));
                }
            }
        }
        upwards = !upwards;
    }
    rows
}
