//! Modules to a PNG file: one bit a pixel, greyscale, three chunks.

use crate::deflate::{Compressor, DARK, LIGHT};
use crate::symbol::Symbol;
use crate::{MODULE_PIXELS, QUIET_ZONE};

const SIGNATURE: &[u8] = b"\x89PNG\r\n\x1a\n";

pub(crate) fn draw(symbol: &Symbol) -> Vec<u8> {
    let side = symbol.width() + 2 * QUIET_ZONE;
    let mut file = SIGNATURE.to_vec();
    chunk(&mut file, *b"IHDR", &header(side * MODULE_PIXELS));
    chunk(&mut file, *b"IDAT", &pixels(symbol, side));
    chunk(&mut file, *b"IEND", &[]);
    file
}

fn header(pixels: usize) -> [u8; 13] {
    // At most 1,480 pixels.
    let [.., high, low] = pixels.to_be_bytes();
    // Bit depth 1, greyscale, deflate, the standard filters, not interlaced.
    [0, 0, high, low, 0, 0, high, low, 1, 0, 0, 0, 0]
}

/// All lines, each with its filter type (0, none) before it. Eight pixels of one bit are one byte,
/// so a module is a byte, and each row of modules eight equal lines.
fn pixels(symbol: &Symbol, side: usize) -> Vec<u8> {
    let mut line = vec![LIGHT; 1 + side];
    line[0] = DARK;
    let mut compressor = Compressor::new(line.len());
    compressor.line(&line, QUIET_ZONE * MODULE_PIXELS);
    for row in symbol.rows() {
        for (byte, &color) in line[1 + QUIET_ZONE..].iter_mut().zip(row) {
            *byte = color.select(DARK, LIGHT);
        }
        compressor.line(&line, MODULE_PIXELS);
    }
    line[1..].fill(LIGHT);
    compressor.line(&line, QUIET_ZONE * MODULE_PIXELS);
    compressor.finish()
}

fn chunk(file: &mut Vec<u8>, kind: [u8; 4], data: &[u8]) {
    // At most some 8 KiB.
    let [.., high, low] = data.len().to_be_bytes();
    file.extend([0, 0, high, low]);
    let start = file.len();
    file.extend(kind);
    file.extend(data);
    let checksum = crc32(&file[start..]);
    file.extend(checksum.to_be_bytes());
}

/// The CRC-32 of PNG, four bits at a time. Chunks are so small that the 16 KiB of tables of a
/// faster one would cost a browser more than they save.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(!0, |crc, &byte| {
        let crc = crc ^ u32::from(byte);
        let crc = NIBBLES[(crc & 0xF) as usize] ^ (crc >> 4);
        NIBBLES[(crc & 0xF) as usize] ^ (crc >> 4)
    })
}

const NIBBLES: [u32; 16] = {
    let mut table = [0; 16];
    let mut nibble = 0;
    while nibble < 16 {
        let mut crc = nibble;
        let mut bit = 0;
        while bit < 4 {
            crc = (crc >> 1) ^ ((crc & 1) * 0xEDB8_8320);
            bit += 1;
        }
        table[nibble as usize] = crc;
        nibble += 1;
    }
    table
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_checksum_is_the_known_one() {
        assert_eq!(crc32(b"123456789"), 0xCBF4_3926);
        assert_eq!(crc32(b"IEND"), 0xAE42_6082);
    }
}
