//! Where the codewords go (ISO/IEC 18004, 7.7.3): through pairs of columns from right to left,
//! upwards and downwards in turn, in each row the right module before the left one.

use crate::grid::Grid;
use crate::patterns::TIMING;

/// Fills the free modules and returns the columns of the symbol, as the rows of a grid. Modules
/// that are left over stay light.
///
/// The free modules are those of [`crate::patterns::Patterns`], whose columns are like its rows.
pub(crate) fn place(free: &Grid, codewords: &[u8]) -> Grid {
    let (side, strips) = (free.side(), free.strips());
    let mut columns = Grid::new(side);
    let mut bit = 0;
    let mut next_bit = || {
        let codeword = codewords.get(bit / 8).copied().unwrap_or(0);
        bit += 1;
        u64::from(codeword >> (7 - (bit - 1) % 8) & 1)
    };
    let mut upwards = true;
    for right in (1..side).rev().step_by(2) {
        // The column of the timing pattern belongs to no pair.
        let right = if right > TIMING { right } else { right - 1 };
        for strip in 0..strips {
            let strip = if upwards { strips - 1 - strip } else { strip };
            let (free_right, free_left) = (free.word(strip, right), free.word(strip, right - 1));
            let (mut filled_right, mut filled_left) = (0, 0);
            let mut rows = free_right | free_left;
            while rows != 0 {
                let row = if upwards {
                    u64::BITS - 1 - rows.leading_zeros()
                } else {
                    rows.trailing_zeros()
                };
                rows ^= 1 << row;
                if free_right >> row & 1 == 1 {
                    filled_right |= next_bit() << row;
                }
                if free_left >> row & 1 == 1 {
                    filled_left |= next_bit() << row;
                }
            }
            *columns.word_mut(strip, right) = filled_right;
            *columns.word_mut(strip, right - 1) = filled_left;
        }
        upwards = !upwards;
    }
    columns
}
