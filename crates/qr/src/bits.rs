//! Codes of some bits, and how they are packed into bytes (RFC 1951, 3.1.1).

/// Bits as they go into the stream, the lowest first.
#[derive(Clone, Copy)]
pub(crate) struct Code {
    pub(crate) bits: u64,
    pub(crate) count: u32,
}

pub(crate) const fn code(bits: u64, count: u32) -> Code {
    Code { bits, count }
}

impl Code {
    /// This code and the next one.
    pub(crate) fn then(self, next: Self) -> Self {
        code(self.bits | next.bits << self.count, self.count + next.count)
    }
}

/// The low bits of a number.
pub(crate) fn number(number: usize, count: u32) -> Code {
    code(number as u64, count)
}

/// Packs codes into bytes.
pub(crate) struct BitWriter {
    bytes: Vec<u8>,
    pending: u64,
    count: u32,
}

impl BitWriter {
    /// Goes on after these bytes.
    pub(crate) fn behind(bytes: Vec<u8>) -> Self {
        Self {
            bytes,
            pending: 0,
            count: 0,
        }
    }

    /// Appends a code of at most 32 bits.
    pub(crate) fn write(&mut self, code: Code) {
        self.pending |= code.bits << self.count;
        self.count += code.count;
        if self.count >= 32 {
            let [a, b, c, d, ..] = self.pending.to_le_bytes();
            self.bytes.extend_from_slice(&[a, b, c, d]);
            self.pending >>= 32;
            self.count -= 32;
        }
    }

    pub(crate) fn number(&mut self, value: usize, count: u32) {
        self.write(number(value, count));
    }

    pub(crate) fn finish(mut self) -> Vec<u8> {
        let bytes = self.count.div_ceil(8) as usize;
        self.bytes
            .extend_from_slice(&self.pending.to_le_bytes()[..bytes]);
        self.bytes
    }
}
