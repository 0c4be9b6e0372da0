//! A square of bits, cut into strips of sixty columns: a word holds one row of a strip, so that
//! one operation on words treats sixty columns at once.

/// Columns of a strip. Twelve divides it, which is the period of every mask in both directions.
pub(crate) const COLUMNS: usize = 60;

/// Empty rows above each strip: before a pattern that looks like a finder, four modules count.
pub(crate) const ABOVE: usize = 4;
/// Empty rows below: with four after the last five rows in which a run can begin, and as many as
/// the pattern is longer than the run.
const BELOW: usize = 6;

/// Bits in rows and columns; bit 0 of a word is the leftmost column of its strip.
#[derive(Clone)]
pub(crate) struct Grid {
    side: usize,
    /// Strip after strip, each with the empty rows around it.
    words: Vec<u64>,
}

impl Grid {
    /// An empty square of so many rows and columns.
    pub(crate) fn new(side: usize) -> Self {
        Self {
            side,
            words: vec![0; side.div_ceil(COLUMNS) * (ABOVE + side + BELOW)],
        }
    }

    /// Rows, and columns.
    pub(crate) fn side(&self) -> usize {
        self.side
    }

    /// Strips that have columns.
    pub(crate) fn strips(&self) -> usize {
        self.side.div_ceil(COLUMNS)
    }

    /// How many columns a strip has.
    pub(crate) fn columns_of(&self, strip: usize) -> usize {
        (self.side - strip * COLUMNS).min(COLUMNS)
    }

    /// The bits of a strip that are columns.
    pub(crate) fn columns(&self, strip: usize) -> u64 {
        (1 << self.columns_of(strip)) - 1
    }

    /// Where a strip begins, with the empty rows above it.
    fn start(&self, strip: usize) -> usize {
        strip * (ABOVE + self.side + BELOW)
    }

    /// A strip from top to bottom, with the empty rows around it.
    pub(crate) fn framed(&self, strip: usize) -> &[u64] {
        &self.words[self.start(strip)..self.start(strip + 1)]
    }

    /// A strip from top to bottom.
    pub(crate) fn rows(&self, strip: usize) -> &[u64] {
        let top = self.start(strip) + ABOVE;
        &self.words[top..top + self.side]
    }

    /// A strip from top to bottom, to be changed.
    pub(crate) fn rows_mut(&mut self, strip: usize) -> &mut [u64] {
        let top = self.start(strip) + ABOVE;
        &mut self.words[top..top + self.side]
    }

    /// A row of a strip.
    pub(crate) fn word(&self, strip: usize, y: usize) -> u64 {
        self.words[self.start(strip) + ABOVE + y]
    }

    /// A row of a strip, to be changed.
    pub(crate) fn word_mut(&mut self, strip: usize, y: usize) -> &mut u64 {
        let place = self.start(strip) + ABOVE + y;
        &mut self.words[place]
    }

    /// Whether a bit is set.
    pub(crate) fn is_set(&self, x: usize, y: usize) -> bool {
        self.word(x / COLUMNS, y) >> (x % COLUMNS) & 1 == 1
    }

    /// Bits that are set.
    pub(crate) fn count(&self) -> usize {
        let mut count = 0;
        for strip in 0..self.strips() {
            for word in self.rows(strip) {
                count += word.count_ones() as usize;
            }
        }
        count
    }

    /// For each bit that is set the rows from it to the bottom, its own included: their sum.
    pub(crate) fn heights(&self) -> u64 {
        let mut heights = 0;
        for strip in 0..self.strips() {
            // What was seen counts once more with each row.
            let mut seen = 0;
            for word in self.rows(strip) {
                seen += u64::from(word.count_ones());
                heights += seen;
            }
        }
        heights
    }

    /// Sets those of at most sixty columns from `x` that have a bit in `bits`.
    pub(crate) fn set(&mut self, x: usize, y: usize, bits: u64) {
        let (strip, shift) = (x / COLUMNS, x % COLUMNS);
        *self.word_mut(strip, y) |= bits << shift & ((1 << COLUMNS) - 1);
        let rest = bits >> (COLUMNS - shift);
        if rest != 0 {
            *self.word_mut(strip + 1, y) |= rest;
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
        for strip in 0..self.strips() {
            for left in 0..self.strips() {
                let mut block = [0; 64];
                let (from, to) = (left * COLUMNS, strip * COLUMNS);
                for y in from..self.side.min(from + COLUMNS) {
                    block[y - from] = self.word(strip, y);
                }
                transpose(&mut block);
                for x in to..self.side.min(to + COLUMNS) {
                    *transposed.word_mut(left, x) = block[x - to];
                }
            }
        }
        transposed
    }
}

/// Exchanges rows and columns: of the quarters of the block first the upper right one with the
/// lower left one, then the same of the quarters of all quarters, down to single bits (Warren,
/// Hacker's Delight, 7-3).
fn transpose(block: &mut [u64; 64]) {
    let mut size = 32;
    let mut left_halves = u64::MAX >> size;
    while size > 0 {
        for y in (0..64).filter(|y| y & size == 0) {
            let (upper, lower) = (block[y], block[y + size]);
            let exchanged = (upper >> size ^ lower) & left_halves;
            block[y] = upper ^ exchanged << size;
            block[y + size] = lower ^ exchanged;
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
            for (x, y) in [(0, 0), (3, side - 1), (side - 1, 7), (20, 13)] {
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
        assert_eq!([grid.word(0, 0), grid.word(1, 0)], [0b101 << 57, 0b101]);
    }
}
