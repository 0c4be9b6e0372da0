//! Base64 (RFC 4648, 4). The `base64` crate's encoder is faster on what is long, but here it would
//! be a kilobyte more that a browser loads.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Appends `bytes` as text.
pub(crate) fn append(text: &mut Vec<u8>, bytes: &[u8]) {
    for three in bytes.chunks(3) {
        let byte = |place| u32::from(three.get(place).copied().unwrap_or(0));
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        let four: [u8; 4] = std::array::from_fn(|place| {
            if place > three.len() {
                return b'=';
            }
            ALPHABET[(bits >> (18 - 6 * place) & 0x3F) as usize]
        });
        text.extend_from_slice(&four);
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use base64::engine::general_purpose::STANDARD;

    use super::*;

    #[test]
    fn it_is_what_the_base64_crate_writes() {
        let bytes: Vec<u8> = (0..=255).collect();
        for length in 0..=bytes.len() {
            let mut text = b"data:".to_vec();
            append(&mut text, &bytes[..length]);
            let expected = format!("data:{}", STANDARD.encode(&bytes[..length]));
            assert_eq!(text, expected.into_bytes());
        }
    }
}
