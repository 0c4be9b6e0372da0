//! Requests byte by byte, for those that no proper client would send.

use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;

use crate::wait::PATIENCE;

/// A connection on which anything may be written.
#[derive(Debug)]
pub struct Wire(TcpStream);

/// What came back on a connection.
#[derive(Clone, Debug)]
pub struct Heard {
    /// All bytes as text.
    pub text: String,
    /// Whether the server closed its side.
    pub closed: bool,
}

impl Heard {
    /// The status of the first answer, if there is one.
    pub fn status(&self) -> Option<u16> {
        self.text
            .strip_prefix("HTTP/1.1 ")?
            .split(' ')
            .next()?
            .parse()
            .ok()
    }

    /// The body of the only answer.
    pub fn body(&self) -> &str {
        self.text
            .split_once("\r\n\r\n")
            .map_or("", |(_, body)| body)
    }
}

impl Wire {
    /// Opens a connection to `HOST:PORT`.
    pub async fn open(address: &str) -> Self {
        Self(
            TcpStream::connect(address)
                .await
                .expect("a connection to the server"),
        )
    }

    /// Writes bytes; whether the server still took them.
    pub async fn write(&mut self, bytes: impl AsRef<[u8]>) -> bool {
        self.0.write_all(bytes.as_ref()).await.is_ok()
    }

    /// Reads until the server closes, or for so long.
    pub async fn read_for(&mut self, patience: Duration) -> Heard {
        let mut bytes = Vec::new();
        let end = timeout(patience, self.0.read_to_end(&mut bytes)).await;
        Heard {
            text: String::from_utf8_lossy(&bytes).into_owned(),
            closed: end.is_ok(),
        }
    }

    /// Reads one answer whose head is complete, and what has come of its body.
    pub async fn read_head(&mut self) -> String {
        let mut bytes = Vec::new();
        let mut part = [0; 4096];
        while !bytes.windows(4).any(|four| four == b"\r\n\r\n") {
            let read = timeout(PATIENCE, self.0.read(&mut part)).await;
            match read.expect("an answer in time") {
                Ok(count) if count > 0 => bytes.extend_from_slice(&part[..count]),
                _ => break,
            }
        }
        String::from_utf8_lossy(&bytes).into_owned()
    }
}

/// Sends bytes on a connection of its own and reads until the server closes it.
pub async fn exchange(address: &str, bytes: impl AsRef<[u8]>) -> Heard {
    let mut wire = Wire::open(address).await;
    wire.write(bytes).await;
    wire.read_for(PATIENCE).await
}
