//! The secret of an endpoint, and what it signs.

use std::fmt;

use hmac::digest::CtOutput;
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use super::base64;

const PREFIX: &str = "whsec_";

/// A signature, which compares in constant time.
pub(super) type Signature = CtOutput<Hmac<Sha256>>;

/// The secret that one endpoint shares with the server, `whsec_…`.
///
/// The two forms of signature take different keys from it: `X-Verifa-Signature` the whole text,
/// prefix included, Standard Webhooks the bytes that its base64 stands for.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(String);

impl Secret {
    /// Takes a secret as people keep it; white space around it does not count. `None` if it is
    /// empty.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim_ascii();
        (!text.is_empty()).then(|| Self(text.to_owned()))
    }

    /// The value of `X-Verifa-Signature` for a body that is sent at this Unix second:
    /// `t=<second>,v1=<hex>` over `<second>.<body>`.
    pub fn sign(&self, timestamp: i64, body: &[u8]) -> String {
        let timestamp = timestamp.to_string();
        let mac = self.own(&timestamp, body).into_bytes();
        let mut header = format!("t={timestamp},v1=");
        for byte in mac {
            for digit in [byte >> 4, byte & 15] {
                header.push(char::from_digit(digit.into(), 16).unwrap_or_default());
            }
        }
        header
    }

    /// The value of `webhook-signature` for a message that is sent at this Unix second:
    /// `v1,<base64>` over `<id>.<second>.<body>`. `None` if the secret holds no base64.
    pub fn sign_standard(&self, id: &str, timestamp: i64, body: &[u8]) -> Option<String> {
        let mac = self.standard(id, &timestamp.to_string(), body)?;
        let text = base64::encode(&mac.into_bytes());
        Some(format!("v1,{text}"))
    }

    pub(super) fn own(&self, timestamp: &str, body: &[u8]) -> Signature {
        hmac(self.0.as_bytes(), &[timestamp.as_bytes(), b".", body])
    }

    pub(super) fn standard(&self, id: &str, timestamp: &str, body: &[u8]) -> Option<Signature> {
        let text = self.0.strip_prefix(PREFIX).unwrap_or(&self.0);
        let key = base64::decode(text).filter(|key| !key.is_empty())?;
        let parts = [id.as_bytes(), b".", timestamp.as_bytes(), b".", body];
        Some(hmac(&key, &parts))
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Secret([redacted])")
    }
}

fn hmac(key: &[u8], parts: &[&[u8]]) -> Signature {
    let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key) else {
        unreachable!("HMAC takes keys of any length")
    };
    for part in parts {
        mac.update(part);
    }
    mac.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hex(bytes: &[u8]) -> String {
        use std::fmt::Write;
        let mut text = String::new();
        for byte in bytes {
            write!(text, "{byte:02x}").unwrap();
        }
        text
    }

    /// Test cases 1 to 4, 6 and 7 of RFC 4231 (5 is truncated, which we never do).
    #[test]
    fn the_vectors_of_rfc_4231() {
        let from_1_to_25: Vec<u8> = (1..=25).collect();
        let long = b"This is a test using a larger than block-size key and a larger than block-size data. The key needs to be hashed before being used by the HMAC algorithm.";
        let cases: [(&[u8], &[u8], &str); 6] = [
            (
                &[0x0b; 20],
                b"Hi There",
                "b0344c61d8db38535ca8afceaf0bf12b881dc200c9833da726e9376c2e32cff7",
            ),
            (
                b"Jefe",
                b"what do ya want for nothing?",
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 20],
                &[0xdd; 50],
                "773ea91e36800e46854db8ebd09181a72959098b3ef8c122d9635514ced565fe",
            ),
            (
                &from_1_to_25,
                &[0xcd; 50],
                "82558a389a443c0ea4cc819899f2083a85f0faa3e578f8077a2e3ff46729665b",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
            (
                &[0xaa; 131],
                long,
                "9b09ffa71b942fcb27635fbcd5b0e944bfdc63644f0713938a7f51535c3a35e2",
            ),
        ];
        for (key, text, expected) in cases {
            let (start, end) = text.split_at(text.len() / 3);
            let mac = hmac(key, &[start, end]).into_bytes();
            assert_eq!(hex(&mac), expected);
        }
    }

    /// The figures that the reference libraries of Standard Webhooks hold themselves to.
    #[test]
    fn the_reference_vector_of_standard_webhooks() {
        for text in [
            "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",
            " whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw\n",
        ] {
            let secret = Secret::parse(text).unwrap();
            assert_eq!(
                secret
                    .sign_standard(
                        "msg_p5jXN8AQM9LWM0D4loKWxJek",
                        1_614_265_330,
                        br#"{"test": 2432232314}"#
                    )
                    .as_deref(),
                Some("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
            );
        }
    }

    /// Computed with Python's `hmac`.
    #[test]
    fn the_own_form_signs_with_the_whole_secret() {
        let secret = Secret::parse("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw").unwrap();
        assert_eq!(
            secret.sign(1_614_265_330, br#"{"test": 2432232314}"#),
            "t=1614265330,v1=2e37df5d4a028c51a7f3133d64ae1e300d2c2c900f1b1d49d4369ad2530f8964"
        );
    }

    #[test]
    fn secrets_without_base64_sign_the_own_form_only() {
        let secret = Secret::parse("whsec_not base64").unwrap();
        assert_eq!(secret.sign_standard("m", 1, b""), None);
        assert!(secret.sign(1, b"").starts_with("t=1,v1="));
        assert_eq!(
            Secret::parse("whsec_").unwrap().sign_standard("m", 1, b""),
            None
        );
        assert_eq!(Secret::parse(" \n"), None);
    }

    #[test]
    fn debug_shows_no_secret() {
        assert_eq!(
            format!("{:?}", Secret::parse("whsec_abc")),
            "Some(Secret([redacted]))"
        );
    }
}
