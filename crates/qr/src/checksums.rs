//! The checksums of PNG and zlib.

/// The CRC-32 of PNG, of which half a byte at a time is looked up. Files are so small that the
/// longer tables of a faster one would cost a browser more than they save.
pub(crate) fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        let [index, ..] = (crc ^ u32::from(byte)).to_le_bytes();
        let (low, high) = (usize::from(index & 0xF), usize::from(index >> 4));
        crc >> 8 ^ LOW[low] ^ HIGH[high]
    })
}

/// What the low half of a byte adds, and what the high half does.
static LOW: [u32; 16] = remainders(8);
static HIGH: [u32; 16] = remainders(4);

const fn remainders(shifts: u32) -> [u32; 16] {
    let mut table = [0; 16];
    let mut half = 0;
    while half < 16 {
        let mut crc = half;
        let mut shift = 0;
        while shift < shifts {
            crc = (crc >> 1) ^ ((crc & 1) * 0xEDB8_8320);
            shift += 1;
        }
        table[half as usize] = crc;
        half += 1;
    }
    table
}

/// The checksum of RFC 1950, of lines instead of bytes: a line that is repeated costs no second
/// look at it.
pub(crate) struct Adler32 {
    a: u64,
    b: u64,
}

impl Adler32 {
    const MODULUS: u64 = 65_521;

    pub(crate) fn new() -> Self {
        Self { a: 1, b: 0 }
    }

    /// Adds the same line some times.
    pub(crate) fn add(&mut self, times: u64, line: &Line) {
        // The bytes of a line raise `a` by their sum, and `b` by all values that `a` had meanwhile,
        // of which the first line sees the present `a`, the next one more `sum`, and so on.
        let earlier = times * times.saturating_sub(1) / 2;
        self.b += times * (line.length * self.a + line.sums) + earlier * line.length * line.sum;
        self.a += times * line.sum;
        self.a %= Self::MODULUS;
        self.b %= Self::MODULUS;
    }

    pub(crate) fn value(&self) -> u32 {
        // Both are below the modulus.
        u32::try_from(self.b << 16 | self.a).unwrap_or(0)
    }
}

/// What of a line enters the checksum.
#[derive(Default)]
pub(crate) struct Line {
    /// Its bytes.
    length: u64,
    /// The sum of them.
    sum: u64,
    /// The sum of the sums of all its beginnings.
    sums: u64,
}

impl Line {
    /// Adds the same byte some times.
    pub(crate) fn add(&mut self, times: u64, byte: u64) {
        self.length += times;
        self.sums += times * self.sum + byte * (times * (times + 1) / 2);
        self.sum += times * byte;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_known_ones() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
        let mut line = Line::default();
        for byte in *b"Wikipedia" {
            line.add(1, byte.into());
        }
        let mut adler = Adler32::new();
        adler.add(1, &line);
        assert_eq!(adler.value(), 0x11E6_0398);
    }

    #[test]
    fn repeated_lines_are_summed_like_their_bytes() {
        let (mut lines, mut bytes) = (Adler32::new(), Adler32::new());
        let mut line = Line::default();
        line.add(1, 7);
        line.add(2, 255);
        lines.add(1024, &line);
        for byte in [7, 255, 255].repeat(1024) {
            let mut line = Line::default();
            line.add(1, byte);
            bytes.add(1, &line);
        }
        assert_eq!(lines.value(), bytes.value());
    }
}
