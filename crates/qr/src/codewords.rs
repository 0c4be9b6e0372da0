//! Data to codewords: cut into blocks, each with its error correction, and interleaved
//! (ISO/IEC 18004, 7.5 and 7.6).

use qrcode::EcLevel;

use crate::correction::Correction;

/// Blocks of each version, by table 9.
#[rustfmt::skip]
static BLOCKS_M: [u8; 40] = [
    1, 1, 1, 2, 2, 4, 4, 4, 5, 5, 5, 8, 9, 9, 10, 10, 11, 13, 14, 16,
    17, 17, 18, 20, 21, 23, 25, 26, 28, 29, 31, 33, 35, 37, 38, 40, 43, 45, 47, 49,
];
#[rustfmt::skip]
static BLOCKS_L: [u8; 40] = [
    1, 1, 1, 1, 1, 2, 2, 2, 2, 4, 4, 4, 4, 4, 6, 6, 6, 6, 7, 8,
    8, 9, 9, 10, 12, 12, 12, 13, 14, 15, 16, 17, 18, 19, 19, 20, 21, 22, 24, 25,
];
#[rustfmt::skip]
static BLOCKS_Q: [u8; 40] = [
    1, 1, 2, 2, 4, 4, 6, 6, 8, 8, 8, 10, 12, 16, 12, 17, 16, 18, 21, 20,
    23, 23, 25, 27, 29, 34, 34, 35, 38, 40, 43, 45, 48, 51, 53, 56, 59, 62, 65, 68,
];
#[rustfmt::skip]
static BLOCKS_H: [u8; 40] = [
    1, 1, 2, 4, 4, 4, 5, 6, 8, 8, 11, 11, 16, 16, 18, 16, 19, 21, 25, 25,
    25, 34, 30, 32, 35, 37, 40, 42, 45, 48, 51, 54, 57, 60, 63, 66, 70, 74, 77, 81,
];

/// Fills `count` codewords with the data, whose length fits version and level, and its correction.
pub(crate) fn interleave(data: &[u8], count: usize, version: usize, level: EcLevel) -> Vec<u8> {
    // The linker leaves out the tables of levels that nobody asks for.
    let blocks = match level {
        EcLevel::L => &BLOCKS_L,
        EcLevel::M => &BLOCKS_M,
        EcLevel::Q => &BLOCKS_Q,
        EcLevel::H => &BLOCKS_H,
    };
    let blocks = usize::from(blocks[version - 1]);
    let correction = Correction::of((count - data.len()) / blocks);
    let short = data.len() / blocks;
    // The last blocks have a codeword more, which has no counterpart in the first ones.
    let short_blocks = blocks - data.len() % blocks;
    let mut codewords = vec![0; count];
    let mut rest = data;
    for block in 0..blocks {
        let length = short + usize::from(block >= short_blocks);
        let (of_block, others) = rest.split_at(length);
        rest = others;
        for (index, &byte) in of_block.iter().enumerate() {
            let missing = if index < short { 0 } else { short_blocks };
            codewords[index * blocks + block - missing] = byte;
        }
        correction.write(of_block, &mut codewords[data.len() + block..], blocks);
    }
    codewords
}
