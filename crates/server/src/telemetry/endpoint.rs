//! Where traces go.

use std::fmt;

/// The address of a collector that takes OTLP over plain HTTP.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OtlpEndpoint(String);

impl OtlpEndpoint {
    /// Reads `http://HOST:PORT`, with a path or without.
    ///
    /// # Errors
    /// What would be right.
    pub fn parse(text: &str) -> Result<Self, String> {
        let wrong = || {
            "must be an http address such as http://127.0.0.1:4318: a collector that others reach by TLS is best asked through one beside the server".to_owned()
        };
        let url = url::Url::parse(text).map_err(|_| wrong())?;
        let is_plain = url.scheme() == "http"
            && url.has_host()
            && url.username().is_empty()
            && url.password().is_none()
            && url.query().is_none()
            && url.fragment().is_none();
        is_plain
            .then(|| Self(text.trim_end_matches('/').to_owned()))
            .ok_or_else(wrong)
    }

    /// Where it takes traces.
    pub fn traces(&self) -> String {
        format!("{}/v1/traces", self.0)
    }
}

impl fmt::Display for OtlpEndpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_a_plain_http_address() {
        let traces = |text| OtlpEndpoint::parse(text).map(|endpoint| endpoint.traces());
        assert_eq!(
            traces("http://127.0.0.1:4318/").unwrap(),
            "http://127.0.0.1:4318/v1/traces"
        );
        assert_eq!(
            traces("http://[::1]:4318/otlp").unwrap(),
            "http://[::1]:4318/otlp/v1/traces"
        );
        for wrong in [
            "127.0.0.1:4318",
            "https://collector.example",
            "http://user:word@a.example",
            "http://a.example?key=1",
            "grpc://a.example",
        ] {
            assert!(OtlpEndpoint::parse(wrong).is_err(), "{wrong}");
        }
    }
}
