//! The error correction of a block (ISO/IEC 18004, 7.5.2): the remainder of its data, read as the
//! coefficients of a polynomial over GF(256), by the generator of so many codewords.
//!
//! The `qrcode` crate has all generators as tables, which are a tenth of what a browser loads of
//! rules and QR code together. They are made here as they are needed, with the same result.

/// x^8 + x^4 + x^3 + x^2 + 1, by which the field is defined (Annex A).
const MODULUS: u16 = 0b1_0001_1101;
/// Powers of x after which they begin again.
const ORDER: usize = 255;

/// Makes the correction of blocks, each of so many codewords.
pub(crate) struct Correction {
    powers: [u8; ORDER],
    logarithms: [u8; ORDER + 1],
    /// The logarithms of the generator's coefficients, from the second highest down.
    generator: Vec<u8>,
}

impl Correction {
    /// Of at least one codeword, and at most 68, above which no symbol goes.
    pub(crate) fn of(codewords: usize) -> Self {
        let mut powers = [0; ORDER];
        let mut logarithms = [0; ORDER + 1];
        let mut power: u16 = 1;
        for exponent in 0..=254 {
            let [low, _] = power.to_le_bytes();
            powers[usize::from(exponent)] = low;
            logarithms[usize::from(low)] = exponent;
            power <<= 1;
            if power > 0xFF {
                power ^= MODULUS;
            }
        }
        let mut correction = Self {
            powers,
            logarithms,
            generator: Vec::new(),
        };
        correction.generator = correction.generator(codewords);
        correction
    }

    /// The product of x - x^i for all i below the number of codewords.
    fn generator(&self, codewords: usize) -> Vec<u8> {
        let mut product = vec![0; codewords];
        for factor in 0..codewords {
            // The highest coefficient is one and not written down.
            let mut above = 1;
            for coefficient in product.iter_mut().take(factor + 1) {
                let raised = *coefficient ^ self.times_power(above, factor);
                above = *coefficient;
                *coefficient = raised;
            }
        }
        let logarithm = |coefficient: u8| self.logarithms[usize::from(coefficient)];
        product.into_iter().map(logarithm).collect()
    }

    /// A product with x to the power of `exponent`.
    fn times_power(&self, factor: u8, exponent: usize) -> u8 {
        if factor == 0 {
            return 0;
        }
        let sum = usize::from(self.logarithms[usize::from(factor)]) + exponent;
        self.powers[sum % ORDER]
    }

    /// Writes the correction of a block to every `step`th place of `codewords`.
    pub(crate) fn write(&self, block: &[u8], codewords: &mut [u8], step: usize) {
        let mut remainder = vec![0; self.generator.len()];
        for &byte in block {
            let lead = byte ^ remainder[0];
            // From the lowest coefficient up, each takes the place of the one above it.
            let mut below = 0;
            for (coefficient, &logarithm) in remainder.iter_mut().zip(&self.generator).rev() {
                let moved = below ^ self.times_power(lead, logarithm.into());
                below = *coefficient;
                *coefficient = moved;
            }
        }
        for (place, byte) in codewords.iter_mut().step_by(step).zip(remainder) {
            *place = byte;
        }
    }
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
