//! The error correction of a block (ISO/IEC 18004, 7.5.2): the remainder of its data, read as the
//! coefficients of a polynomial over GF(256), by the generator of so many codewords.
//!
//! The `qrcode` crate has all generators as tables, which are a tenth of what a browser loads of
//! rules and QR code together. They are made here as they are needed, with the same result.

/// x^8 + x^4 + x^3 + x^2 + 1, by which the field is defined (Annex A).
const MODULUS: u16 = 0b1_0001_1101;
/// Powers of x after which they begin again.
const ORDER: usize = 255;

/// Coefficients, of which the highest is the lowest byte of the first word. Symbols have at most 30
/// codewords of correction to a block.
type Polynomial = [u64; WORDS];
const WORDS: usize = 4;

/// Makes the correction of blocks, each of so many codewords.
pub(crate) struct Correction {
    codewords: usize,
    /// The products of the generator, without its highest coefficient, and all values of the lower
    /// half of a byte; and of the upper half.
    products: [[Polynomial; 16]; 2],
}

impl Correction {
    /// Of at least one codeword, and at most 32.
    pub(crate) fn of(codewords: usize) -> Self {
        let mut products = [[[0; WORDS]; 16]; 2];
        let mut product = generator(codewords);
        for half in &mut products {
            for bit in 0..4 {
                for value in 0..1 << bit {
                    for word in 0..WORDS {
                        half[value | 1 << bit][word] = half[value][word] ^ product[word];
                    }
                }
                product.iter_mut().for_each(times_x);
            }
        }
        Self {
            codewords,
            products,
        }
    }

    /// Writes the correction of a block to every `step`th place of `codewords`.
    pub(crate) fn write(&self, block: &[u8], codewords: &mut [u8], step: usize) {
        let [low, high] = &self.products;
        let mut remainder = [0_u64; WORDS + 1];
        for &byte in block {
            let [first, ..] = remainder[0].to_le_bytes();
            let lead = usize::from(byte ^ first);
            let (low, high) = (&low[lead & 0xF], &high[lead >> 4]);
            // Each coefficient takes the place of the one above it.
            for word in 0..WORDS {
                let moved = remainder[word] >> 8 | remainder[word + 1] << 56;
                remainder[word] = moved ^ low[word] ^ high[word];
            }
        }
        let bytes = remainder.map(u64::to_le_bytes);
        let places = codewords.iter_mut().step_by(step).take(self.codewords);
        for (index, place) in places.enumerate() {
            *place = bytes[index / 8][index % 8];
        }
    }
}

/// Multiplies eight coefficients by x.
fn times_x(coefficients: &mut u64) {
    const LOWEST: u64 = 0x0101_0101_0101_0101;
    let carries = *coefficients >> 7 & LOWEST;
    // What is carried out of each byte comes back as the rest of the modulus.
    let within = (*coefficients & !(LOWEST << 7)) << 1;
    *coefficients = within ^ (carries * u64::from(MODULUS & 0xFF));
}

/// The product of all factors with a root x^i, for i below the number of codewords, without its
/// highest coefficient, which is one.
fn generator(codewords: usize) -> Polynomial {
    let mut powers = [0; ORDER];
    let mut logarithms = [0; ORDER + 1];
    let mut power: u16 = 1;
    for (exponent, place) in powers.iter_mut().enumerate() {
        *place = power;
        logarithms[usize::from(power)] = exponent;
        power <<= 1;
        if power > 0xFF {
            power ^= MODULUS;
        }
    }
    // By the q-binomial theorem, each coefficient is the one above times a power of x and a ratio
    // of two numbers of this form.
    let one_less = |exponent: usize| logarithms[usize::from(powers[exponent] ^ 1)];
    let mut exponent = 0;
    let mut generator = [0; WORDS];
    for index in 0..codewords {
        exponent += index + one_less(codewords - index) + ORDER - one_less(index + 1);
        exponent %= ORDER;
        generator[index / 8] |= u64::from(powers[exponent]) << (index % 8 * 8);
    }
    generator
}

#[cfg(test)]
mod tests {
    use qrcode::ec::create_error_correction_code;

    use super::*;

    #[test]
    fn it_is_what_the_qrcode_crate_writes() {
        let data: Vec<u8> = (0..=120).map(|byte: u8| byte.wrapping_mul(151)).collect();
        for codewords in [7, 10, 13, 15, 16, 17, 18, 20, 22, 24, 26, 28, 30] {
            let mut written = vec![0; 2 * codewords];
            Correction::of(codewords).write(&data, &mut written, 2);
            let every_second: Vec<u8> = written.iter().copied().step_by(2).collect();
            assert_eq!(every_second, create_error_correction_code(&data, codewords));
        }
    }
}
