//! Where the codewords go (ISO/IEC 18004, 7.7.3): through pairs of columns from right to left,
//! upwards and downwards in turn, in each row the right module before the left one.

use crate::grid::{COLUMNS, Grid};

/// The column of the timing pattern, which belongs to no pair.
const TIMING: usize = 6;

/// Fills the free modules and returns the columns of the symbol, as the rows of a grid. Modules
/// that are left over stay light. The free modules are those of [`crate::patterns::Patterns`],
/// whose columns are like its rows.
pub(crate) fn place(free: &Grid, codewords: impl Iterator<Item = u8>) -> Grid {
    let (side, strips) = (free.side(), free.strips().count());
    let mut columns = Grid::new(side);
    let mut bits = Bits::of(codewords);
    let pairs = (1..side)
        .rev()
        .step_by(2)
        .zip([true, false].into_iter().cycle());
    for (right, upwards) in pairs {
        let right = if right > TIMING { right } else { right - 1 };
        let pair = [right, right - 1];
        for strip in 0..strips {
            let strip = if upwards { strips - 1 - strip } else { strip };
            let free = pair.map(|column| free.word(strip, column));
            let mut filled = [0; 2];
            let mut rows = free[0] | free[1];
            while rows != 0 {
                let row = if upwards {
                    rows.ilog2()
                } else {
                    rows.trailing_zeros()
                };
                rows ^= 1 << row;
                for (filled, free) in filled.iter_mut().zip(free) {
                    if free >> row & 1 == 1 {
                        *filled |= bits.next() << row;
                    }
                }
            }
            for (column, filled) in pair.into_iter().zip(filled) {
                columns.set(strip * COLUMNS, column, filled);
            }
        }
    }
    columns
}

/// The bits of codewords, the highest of each first, and then zeros.
struct Bits<I> {
    codewords: I,
    codeword: u8,
    left: u32,
}

impl<I: Iterator<Item = u8>> Bits<I> {
    fn of(codewords: I) -> Self {
        Self {
            codewords,
            codeword: 0,
            left: 0,
        }
    }

    fn next(&mut self) -> u64 {
        if self.left == 0 {
            self.codeword = self.codewords.next().unwrap_or(0);
            self.left = u8::BITS;
        }
        self.left -= 1;
        u64::from(self.codeword >> self.left & 1)
    }
}
