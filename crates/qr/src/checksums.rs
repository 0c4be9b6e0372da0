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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_the_known_ones() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
    }
}
