//! The zlib stream (RFC 1950 and 1951) of an image whose lines are made of two byte values.
//!
//! A module is eight pixels wide, one bit each, so every byte of a line is `0x00` (dark, and the
//! filter type before each line) or `0xFF` (light), and a line is followed by copies of itself.
//! One Huffman code fits all such images: light takes one bit, dark two, and a copy some twenty.
//! What the general compressors find by searching is known here beforehand.

/// One byte value of a line: `0x00`.
pub(crate) const DARK: u8 = 0x00;
/// The other one: `0xFF`.
pub(crate) const LIGHT: u8 = 0xFF;

/// The longest copy that DEFLATE can name, and the shortest.
const LONGEST_COPY: usize = 258;
const SHORTEST_COPY: usize = 3;

/// Writes lines of one length, each any number of times, as a zlib stream.
pub(crate) struct Compressor {
    bits: BitWriter,
    adler: Adler32,
    line_length: usize,
}

impl Compressor {
    /// Starts a stream of lines of `line_length` bytes, which must be 25 to 192.
    pub(crate) fn new(line_length: usize) -> Self {
        let mut bits = BitWriter {
            // Deflate with a window of 32 KiB, fastest level, which makes the two a multiple of 31.
            bytes: vec![0x78, 0x01],
            pending: 0,
            count: 0,
        };
        write_block_header(&mut bits, distance_symbol(line_length).symbol);
        Self {
            bits,
            adler: Adler32 { a: 1, b: 0 },
            line_length,
        }
    }

    /// Adds `times` copies of a line that consists of [`DARK`] and [`LIGHT`].
    pub(crate) fn line(&mut self, line: &[u8], times: usize) {
        for &byte in line {
            if byte == LIGHT {
                self.bits.code(0b0, 1);
            } else {
                self.bits.code(0b10, 2);
            }
        }
        self.copy_last_line(self.line_length * (times - 1));
        self.adler.add(line, times);
    }

    fn copy_last_line(&mut self, mut length: usize) {
        let distance = distance_symbol(self.line_length);
        while length > 0 {
            let mut part = length.min(LONGEST_COPY);
            if (1..SHORTEST_COPY).contains(&(length - part)) {
                part -= SHORTEST_COPY;
            }
            self.copy_length(part);
            self.bits.code(0b1, 1);
            self.bits.number(distance.extra, distance.extra_bits);
            length -= part;
        }
    }

    fn copy_length(&mut self, length: usize) {
        if length == LONGEST_COPY {
            self.bits.code(0b1100, 4);
            return;
        }
        let length = length_symbol(length);
        self.symbol(length.symbol);
        self.bits.number(length.extra, length.extra_bits);
    }

    /// Writes the end-of-block symbol 256, or the symbol of a copy's length, 257 to 284.
    fn symbol(&mut self, symbol: usize) {
        match symbol {
            256..=265 => self.bits.code(0b1111_0110 + symbol - 256, 8),
            _ => self.bits.code(0b110_1000 + symbol - 266, 7),
        }
    }

    /// Ends the block and the stream.
    pub(crate) fn finish(mut self) -> Vec<u8> {
        self.symbol(256);
        let mut bytes = self.bits.finish();
        bytes.extend((self.adler.b << 16 | self.adler.a).to_be_bytes());
        bytes
    }
}

/// Begins the only block and describes its codes, by length (RFC 1951, 3.2.7): `0xFF` 1 bit,
/// `0x00` 2, a copy of 258 bytes 4, copies from 13 bytes 7, the rest 8; of the distances the
/// symbol of a line and, so that the code is complete for every reader, an unused one, 1 bit each.
fn write_block_header(bits: &mut BitWriter, line_distance: usize) {
    bits.number(0b1, 1); // the last block
    bits.number(0b10, 2); // with codes of its own
    bits.number(286 - 257, 5);
    bits.number(line_distance, 5);
    bits.number(18 - 4, 4);
    // Each code length that occurs is written in 3 bits: 16, 17, 18, 8, 7, 4, 2 and 1, in the order
    // 16 17 18 0 8 7 9 6 10 5 11 4 12 3 13 2 14 1 of the format.
    for is_used in [1, 1, 1, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1] {
        bits.number(3 * is_used, 3);
    }
    let [one, two, four, seven, eight, again, few_zeros, many_zeros] = [0, 1, 2, 3, 4, 5, 6, 7];
    let mut lengths = |code: usize, extra: usize, extra_bits: u32| {
        bits.code(code, 3);
        bits.number(extra, extra_bits);
    };
    lengths(two, 0, 0); // 0
    lengths(many_zeros, 138 - 11, 7); // 1 to 254 do not occur
    lengths(many_zeros, 116 - 11, 7);
    lengths(one, 0, 0); // 255
    lengths(eight, 0, 0); // 256 to 265
    lengths(again, 6 - 3, 2);
    lengths(again, 0, 2); // three times
    lengths(seven, 0, 0); // 266 to 284
    lengths(again, 6 - 3, 2);
    lengths(again, 6 - 3, 2);
    lengths(again, 6 - 3, 2);
    lengths(four, 0, 0); // 285
    lengths(one, 0, 0); // the distance that is not used
    match line_distance - 1 {
        zeros @ 3..=10 => lengths(few_zeros, zeros - 3, 3),
        zeros => lengths(many_zeros, zeros - 11, 7),
    }
    lengths(one, 0, 0); // the distance of a line
}

/// A length or distance as DEFLATE writes it: a symbol, and bits that tell within its range.
struct Ranged {
    symbol: usize,
    extra: usize,
    extra_bits: u32,
}

/// For copies of 3 to 257 bytes.
fn length_symbol(length: usize) -> Ranged {
    let length = length - SHORTEST_COPY;
    let extra_bits = (length | 4).ilog2() - 2;
    Ranged {
        symbol: 257 + 4 * extra_bits as usize + (length >> extra_bits),
        extra: length & ((1 << extra_bits) - 1),
        extra_bits,
    }
}

/// For distances from 3.
fn distance_symbol(distance: usize) -> Ranged {
    let distance = distance - 1;
    let extra_bits = distance.ilog2() - 1;
    Ranged {
        symbol: 2 * extra_bits as usize + (distance >> extra_bits),
        extra: distance & ((1 << extra_bits) - 1),
        extra_bits,
    }
}

/// Packs bits into bytes from the least significant end.
struct BitWriter {
    bytes: Vec<u8>,
    pending: usize,
    count: u32,
}

impl BitWriter {
    /// Appends the low bits of a number, the lowest first.
    fn number(&mut self, number: usize, bits: u32) {
        self.pending |= number << self.count;
        self.count += bits;
        while self.count >= 8 {
            self.bytes.push(self.pending.to_le_bytes()[0]);
            self.pending >>= 8;
            self.count -= 8;
        }
    }

    /// Appends a Huffman code, its highest bit first.
    fn code(&mut self, code: usize, bits: u32) {
        self.number(code.reverse_bits() >> (usize::BITS - bits), bits);
    }

    fn finish(mut self) -> Vec<u8> {
        if self.count > 0 {
            self.bytes.push(self.pending.to_le_bytes()[0]);
        }
        self.bytes
    }
}

/// The checksum of RFC 1950, of which a repeated line costs no second look at its bytes.
struct Adler32 {
    a: u32,
    b: u32,
}

impl Adler32 {
    const MODULUS: u32 = 65_521;

    fn add(&mut self, line: &[u8], times: usize) {
        // A line raises `a` by the sum of its bytes, and `b` by its length times `a` and by each
        // byte times its place from the end. With at most 192 bytes, nothing here overflows.
        let (mut sum, mut weighted, mut length) = (0, 0, 0);
        for &byte in line {
            sum += u32::from(byte);
            weighted += sum;
            length += 1;
        }
        for _ in 0..times {
            self.b = (self.b + length * self.a + weighted) % Self::MODULUS;
            self.a = (self.a + sum) % Self::MODULUS;
        }
    }
}
