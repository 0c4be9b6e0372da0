//! The DEFLATE stream (RFC 1951) of an image whose lines repeat and consist of two byte values.
//!
//! What general compressors find by searching is known beforehand: the bytes that occur, the
//! distance of all copies, which is a line, and their few lengths. So one block does, with codes
//! made for it: 1 bit for light, 2 for dark, 3 to 5 for the length of a copy and 1 for its distance.

use crate::bits::{BitWriter, Code, code, number};

/// The byte of dark pixels, which is also the filter type before each line.
const DARK: usize = 0x00;
/// The byte of light pixels.
const LIGHT: usize = 0xFF;
const END: usize = 256;
/// The longest copy, whose symbol has no other length.
const LONGEST: usize = 258;
const LONGEST_SYMBOL: usize = 285;

// The canonical codes (3.2.2) of the lengths that `write_codes` tells; their first bit is the
// lowest.
const LIGHT_CODE: Code = code(0b0, 1);
const DARK_CODE: Code = code(0b01, 2);
const LONGEST_CODE: Code = code(0b011, 3);
const ROW_CODE: Code = code(0b0111, 4);
const END_CODE: Code = code(0b0_1111, 5);
const MARGIN_CODE: Code = code(0b1_1111, 5);
const LINE_CODE: Code = code(0b1, 1);

/// The codes of four modules of a byte, and how long they are.
static FOUR_MODULES: [[u8; 2]; 16] = {
    let mut table = [[0; 2]; 16];
    let mut modules = 0;
    while modules < 16 {
        let (mut bits, mut count) = (0, 0);
        let mut module = 0;
        while module < 4 {
            // One bit for light, and for dark one more, which is set.
            let is_dark = modules >> module & 1;
            bits |= is_dark << count;
            count += 1 + is_dark;
            module += 1;
        }
        table[modules as usize] = [bits, count];
        modules += 1;
    }
    table
};

/// Copies of what is a line before: some of the longest, and the rest in one or two that have the
/// same symbol.
struct Copies {
    longest: usize,
    rest: (usize, usize),
}

impl Copies {
    /// For any number of bytes but one and two, which no copy can have.
    fn of(bytes: usize) -> Self {
        let (longest, rest) = (bytes / LONGEST, bytes % LONGEST);
        match rest {
            1 | 2 => Self {
                longest: longest - 1,
                rest: (LONGEST / 2 + rest - 1, LONGEST / 2 + 1),
            },
            _ => Self {
                longest,
                rest: (rest, 0),
            },
        }
    }

    /// The symbol of the rest, if there is one.
    fn symbol(&self) -> Option<usize> {
        (self.rest.0 > 0).then(|| Ranged::length(self.rest.0).symbol)
    }
}

/// Copies as codes.
struct CopyCodes {
    longest: usize,
    rest: (Code, Code),
}

impl CopyCodes {
    fn write(&self, longest: Code, writer: &mut BitWriter) {
        for _ in 0..self.longest {
            writer.write(longest);
        }
        writer.write(self.rest.0);
        writer.write(self.rest.1);
    }
}

/// Writes the stream behind what is in `bytes` already.
pub(crate) struct Deflater {
    writer: BitWriter,
    longest: Code,
    row: CopyCodes,
    margin: CopyCodes,
}

impl Deflater {
    /// Begins the stream of an image whose lines have `line` bytes, at least three, and in which
    /// two numbers of bytes are copied: one for each row of modules, one at both margins.
    pub(crate) fn new(bytes: Vec<u8>, line: usize, row: usize, margin: usize) -> Self {
        let (row, margin) = (Copies::of(row), Copies::of(margin));
        // All codes of a table must have a symbol. Of those that are not needed, any will do.
        let row_symbol = row.symbol().unwrap_or(END + 1);
        let unused = if row_symbol == END + 1 {
            END + 2
        } else {
            END + 1
        };
        let margin_symbol = margin.symbol().filter(|&symbol| symbol != row_symbol);
        let margin_code = margin_symbol.map_or(ROW_CODE, |_| MARGIN_CODE);
        let margin_symbol = margin_symbol.unwrap_or(unused);

        let distance = Ranged::distance(line);
        let mut writer = BitWriter::behind(bytes);
        write_codes(&mut writer, row_symbol, margin_symbol, distance.symbol);
        let line = LINE_CODE.then(distance.extra);
        let codes = |copies: Copies, symbol: Code| {
            let rest = |length: usize| match length {
                0 => code(0, 0),
                _ => symbol.then(Ranged::length(length).extra).then(line),
            };
            CopyCodes {
                longest: copies.longest,
                rest: (rest(copies.rest.0), rest(copies.rest.1)),
            }
        };
        Self {
            longest: LONGEST_CODE.then(line),
            row: codes(row, ROW_CODE),
            margin: codes(margin, margin_code),
            writer,
        }
    }

    /// Writes the filter type of a line.
    pub(crate) fn filter_type(&mut self) {
        self.writer.write(DARK_CODE);
    }

    /// Writes light bytes.
    pub(crate) fn light(&mut self, bytes: usize) {
        for _ in 0..bytes {
            self.writer.write(LIGHT_CODE);
        }
    }

    /// Writes modules, each as so many bytes. The first is the lowest bit, which is set if it is
    /// dark.
    pub(crate) fn modules(&mut self, mut dark: u64, mut modules: usize, bytes: usize) {
        while modules > 0 {
            if bytes == 1 && modules >= 4 {
                let [bits, count] = FOUR_MODULES[(dark & 0xF) as usize];
                self.writer.write(code(bits.into(), count.into()));
                dark >>= 4;
                modules -= 4;
            } else {
                let code = [LIGHT_CODE, DARK_CODE][(dark & 1) as usize];
                for _ in 0..bytes {
                    self.writer.write(code);
                }
                dark >>= 1;
                modules -= 1;
            }
        }
    }

    /// Writes the copies that each row of modules has.
    pub(crate) fn copy_row(&mut self) {
        self.row.write(self.longest, &mut self.writer);
    }

    /// Writes the copies that both margins have.
    pub(crate) fn copy_margin(&mut self) {
        self.margin.write(self.longest, &mut self.writer);
    }

    /// Ends the stream and returns all bytes.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.writer.write(END_CODE);
        self.writer.finish()
    }
}

/// Begins the only block and tells its codes by their lengths (3.2.7).
fn write_codes(writer: &mut BitWriter, row: usize, margin: usize, line: usize) {
    // The code lengths have codes of 3 bits themselves: 0 to 5, and 17 and 18, runs of zeros.
    const ORDER: [usize; 18] = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1];
    writer.number(0b1, 1); // the last block
    writer.number(0b10, 2); // with codes of its own
    writer.number(LONGEST_SYMBOL - 256, 5);
    writer.number(line, 5);
    writer.number(ORDER.len() - 4, 4);
    for length in ORDER {
        let is_used = matches!(length, 0..=5 | 17 | 18);
        writer.number(3 * usize::from(is_used), 3);
    }
    let (row, margin) = ((row, 4), (margin, 5));
    let mut next = 0;
    for (symbol, length) in [
        (DARK, 2),
        (LIGHT, 1),
        (END, 5),
        row.min(margin),
        row.max(margin),
        (LONGEST_SYMBOL, 3),
        // Of the distances, the first is there to make the code complete for every reader.
        (LONGEST_SYMBOL + 1, 1),
        (LONGEST_SYMBOL + 1 + line, 1),
    ] {
        write_zeros(writer, symbol - next);
        writer.write(LENGTH_CODES[length]);
        next = symbol + 1;
    }
}

/// The codes of the code lengths 0 to 5.
const LENGTH_CODES: [Code; 6] = [
    code(0b000, 3),
    code(0b100, 3),
    code(0b010, 3),
    code(0b110, 3),
    code(0b001, 3),
    code(0b101, 3),
];
const FEW_ZEROS_CODE: Code = code(0b011, 3);
const MANY_ZEROS_CODE: Code = code(0b111, 3);

/// Symbols that do not occur.
fn write_zeros(writer: &mut BitWriter, mut count: usize) {
    while count > 0 {
        let run = count.min(138);
        match run {
            ..3 => (0..run).for_each(|_| writer.write(LENGTH_CODES[0])),
            3..11 => writer.write(FEW_ZEROS_CODE.then(number(run - 3, 3))),
            _ => writer.write(MANY_ZEROS_CODE.then(number(run - 11, 7))),
        }
        count -= run;
    }
}

/// A length or distance as DEFLATE writes it (3.2.5).
struct Ranged {
    symbol: usize,
    /// Which one of the symbol's range.
    extra: Code,
}

impl Ranged {
    /// Groups of symbols have ranges of the same size, each group of twice the size of the one
    /// before.
    fn of(value: usize, group_bits: u32) -> Self {
        let count = (value | 1 << group_bits).ilog2() - group_bits;
        Self {
            symbol: (value >> count) + ((count as usize) << group_bits),
            extra: number(value & ((1 << count) - 1), count),
        }
    }

    /// For copies of 3 to 257 bytes.
    fn length(length: usize) -> Self {
        let ranged = Self::of(length - 3, 2);
        Self {
            symbol: END + 1 + ranged.symbol,
            ..ranged
        }
    }

    fn distance(distance: usize) -> Self {
        Self::of(distance - 1, 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn copies_have_the_wanted_length_and_one_symbol() {
        for bytes in (0..20_000).filter(|bytes| ![1, 2].contains(bytes)) {
            let Copies { longest, rest } = Copies::of(bytes);
            assert_eq!(longest * LONGEST + rest.0 + rest.1, bytes);
            let symbols = <[usize; 2]>::from(rest)
                .map(|rest| (rest > 0).then(|| Ranged::length(rest).symbol));
            assert!(symbols[1].is_none() || symbols[0] == symbols[1], "{bytes}");
        }
    }

    #[test]
    fn lengths_and_distances_have_the_symbols_of_the_tables() {
        let symbol = |ranged: Ranged| (ranged.symbol, ranged.extra.count, ranged.extra.bits);
        let lengths = [3, 10, 11, 18, 19, 35, 114, 115, 130, 131, 257].map(Ranged::length);
        let expected = [
            (257, 0, 0),
            (264, 0, 0),
            (265, 1, 0),
            (268, 1, 1),
            (269, 2, 0),
            (273, 3, 0),
            (279, 4, 15),
            (280, 4, 0),
            (280, 4, 15),
            (281, 5, 0),
            (284, 5, 30),
        ];
        assert_eq!(lengths.map(symbol), expected);
        let distances = [1, 4, 5, 30, 50, 193, 7_473, 32_768].map(Ranged::distance);
        let expected = [
            (0, 0, 0),
            (3, 0, 0),
            (4, 1, 0),
            (9, 3, 5),
            (11, 4, 1),
            (15, 6, 0),
            (25, 11, 1_328),
            (29, 13, 8_191),
        ];
        assert_eq!(distances.map(symbol), expected);
    }
}
