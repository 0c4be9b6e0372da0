//! Somebody's web site: one page on an origin of its own.

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinSet;

/// A running site. It ends when the value is dropped.
#[derive(Debug)]
pub struct Site {
    origin: String,
    _serving: JoinSet<()>,
}

/// A place on loopback that is taken, so that its origin is known before the page is.
#[derive(Debug)]
pub struct Place(TcpListener);

impl Place {
    /// Takes a free port.
    pub async fn new() -> Self {
        Self(TcpListener::bind("127.0.0.1:0").await.expect("a free port"))
    }

    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> String {
        let address = self.0.local_addr().expect("a bound socket has an address");
        format!("http://{address}")
    }

    /// Serves this HTML at every path.
    pub fn serve(self, html: &str) -> Site {
        let origin = self.origin();
        let answer = format!(
            "HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {}\r\n\
             Connection: close\r\n\r\n{html}",
            html.len()
        );
        let mut serving = JoinSet::new();
        serving.spawn(async move {
            while let Ok((stream, _)) = self.0.accept().await {
                tokio::spawn(say(stream, answer.clone()));
            }
        });
        Site {
            origin,
            _serving: serving,
        }
    }
}

impl Site {
    /// `http://127.0.0.1:PORT`
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// A site with a page that shows another one in a frame.
    pub async fn framing(url: &str) -> Self {
        Place::new().await.serve(&frame_page(url))
    }
}

/// A page that shows another one in a frame.
pub fn frame_page(url: &str) -> String {
    format!(
        "<!doctype html><html lang=en><head><title>Shop</title><link rel=icon href=\"data:,\"></head>\
         <body><h1>Shop</h1><iframe title=\"Verification\" width=480 height=800 src=\"{url}\"></iframe></body></html>"
    )
}

async fn say(mut stream: TcpStream, answer: String) {
    let mut request = [0; 4096];
    if stream.read(&mut request).await.is_ok() {
        stream.write_all(answer.as_bytes()).await.ok();
        stream.shutdown().await.ok();
    }
}
