//! A square of bits, cut into strips of sixty columns: a word holds one row of a strip, so that
//! one operation on words treats sixty columns at once.

/// Columns of a strip. Twelve divides it, which is the period of every mask pattern in both
/// directions, and three strips hold the 177 columns of version 40.
pub(crate) const COLUMNS: usize = 60;

/// Empty rows around each strip, of which the patterns that look like a finder take notice:
/// four light modules before, and after, where the search goes on as long as runs can begin.
pub(crate) const ABOVE: usize = 4;
const BELOW: usize = 6;

/// Bits in rows and columns; bit 0 of a word is the leftmost column of its strip.
#[derive(Clone)]
pub(crate) struct Grid {
    side: usize,
    /// Strip after strip, each from top to bottom.
    words: Vec<u64>,
}

impl Grid {
    /// An empty square.
    pub(crate) fn new(side: usize) -> Self {
        let words = side.div_ceil(COLUMNS) * (ABOVE + side + BELOW);
        Self {
            side,
            words: vec![0; words],
        }
    }

    /// Rows, and columns.
    pub(crate) fn side(&self) -> usize {
        self.side
    }

    /// The strips from left to right, each with the empty rows around it.
    pub(crate) fn framed_strips(&self) -> impl Iterator<Item = &[u64]> {
        self.words.chunks_exact(ABOVE + self.side + BELOW)
    }

    /// The strips from left to right, and in each the rows from top to bottom.
    pub(crate) fn strips(&self) -> impl Iterator<Item = &[u64]> {
        self.framed_strips()
            .map(|strip| &strip[ABOVE..ABOVE + self.side])
    }

    /// As [`Grid::strips`], to be changed.
    pub(crate) fn strips_mut(&mut self) -> impl Iterator<Item = &mut [u64]> {
        let side = self.side;
        self.words
            .chunks_exact_mut(ABOVE + side + BELOW)
            .map(move |strip| &mut strip[ABOVE..ABOVE + side])
    }

    /// Whether a bit is set.
    pub(crate) fn is_set(&self, x: usize, y: usize) -> bool {
        self.word(x / COLUMNS, y) >> (x % COLUMNS) & 1 == 1
    }

    /// A row of a strip.
    pub(crate) fn word(&self, strip: usize, y: usize) -> u64 {
        self.words[strip * (ABOVE + self.side + BELOW) + ABOVE + y]
    }

    /// Sets what is set in another grid of the same size.
    pub(crate) fn merge(&mut self, other: &Self) {
        for (word, other) in self.words.iter_mut().zip(&other.words) {
            *word |= other;
        }
    }

    /// The words of a row from left to right.
    pub(crate) fn row(&self, y: usize) -> impl Iterator<Item = u64> {
        self.strips().map(move |strip| strip[y])
    }

    /// For each strip, the bits that are columns.
    pub(crate) fn columns(&self) -> impl Iterator<Item = u64> {
        (0..self.side).step_by(COLUMNS).map(|left| {
            let columns = (self.side - left).min(COLUMNS);
            (1 << columns) - 1
        })
    }

    /// Sets those of at most sixty columns from `x` that have a bit in `bits`.
    pub(crate) fn set(&mut self, x: usize, y: usize, bits: u64) {
        let columns = (1 << COLUMNS) - 1;
        let (strip, shift) = (x / COLUMNS, x % COLUMNS);
        let word = strip * (ABOVE + self.side + BELOW) + ABOVE + y;
        self.words[word] |= bits << shift & columns;
        let rest = bits >> (COLUMNS - shift);
        if rest != 0 {
            self.words[word + ABOVE + self.side + BELOW] |= rest;
        }
    }

    /// Sets a rectangle.
    pub(crate) fn fill(&mut self, x: usize, y: usize, columns: usize, rows: usize) {
        for y in y..y + rows {
            self.set(x, y, (1 << columns) - 1);
        }
    }

    /// The columns as rows.
    pub(crate) fn transposed(&self) -> Self {
        let mut transposed = Self::new(self.side);
        for (s, strip) in self.strips().enumerate() {
            for (target, rows) in transposed.strips_mut().zip(strip.chunks(COLUMNS)) {
                let mut block = [0; 64];
                block[..rows.len()].copy_from_slice(rows);
                transpose(&mut block);
                for (word, column) in target[s * COLUMNS..].iter_mut().zip(&block[..COLUMNS]) {
                    *word = *column;
                }
            }
        }
        transposed
    }
}

/// Exchanges rows and columns: first those of the quarters of the block, each as a whole, then
/// those of the quarters of these, down to single bits (Warren, Hacker's Delight, 7-3).
fn transpose(block: &mut [u64; 64]) {
    let mut size = 32;
    let mut left_halves = u64::MAX >> size;
    while size > 0 {
        for y in (0..64).filter(|y| y & size == 0) {
            let exchanged = (block[y] >> size ^ block[y + size]) & left_halves;
            block[y] ^= exchanged << size;
            block[y + size] ^= exchanged;
        }
        size /= 2;
        left_halves ^= left_halves << size;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bit_is_where_it_was_set_and_at_the_mirrored_place_when_transposed() {
        for side in [21, 57, 61, 121, 177] {
            for (x, y) in [
                (0, 0),
                (3, side - 1),
                (side - 1, 7),
                (side / 2, 20),
                (20, 13),
            ] {
                let mut grid = Grid::new(side);
                grid.set(x, y, 1);
                let transposed = grid.transposed();
                for (column, row) in (0..side).flat_map(|y| (0..side).map(move |x| (x, y))) {
                    assert_eq!(grid.is_set(column, row), (column, row) == (x, y));
                    assert_eq!(transposed.is_set(row, column), (column, row) == (x, y));
                }
            }
        }
    }

    #[test]
    fn bits_go_on_in_the_next_strip() {
        let mut grid = Grid::new(65);
        grid.set(57, 0, 0b10_1101);
        assert_eq!(grid.row(0).collect::<Vec<_>>(), [0b101 << 57, 0b101]);
    }
}
