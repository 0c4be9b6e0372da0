//! One connection of a mail client, from the greeting to `QUIT`.

use std::io;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader};
use tokio::net::TcpStream;
use tokio_rustls::TlsAcceptor;

use super::{Shared, Taken, lock};

/// Answers a client until it leaves. A broken connection ends the dialogue, nothing else.
pub(super) async fn hold(stream: TcpStream, state: Shared) {
    let tls = lock(&state).manners.tls.clone();
    let (at_once, later): (Option<TlsAcceptor>, _) = match tls {
        Some(tls) if tls.at_once => (Some(tls.acceptor), None),
        Some(tls) => (None, Some(tls.acceptor)),
        None => (None, None),
    };
    let stream: Box<dyn Wire> = match at_once {
        None => Box::new(stream),
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => Box::new(stream),
            Err(_) => return,
        },
    };
    let mut dialogue = Dialogue {
        stream: BufReader::new(stream),
        starttls: later,
        state,
        sender: String::new(),
        recipients: Vec::new(),
        known: false,
    };
    dialogue.run().await.ok();
}

/// A connection, in clear or not.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

struct Dialogue {
    stream: BufReader<Box<dyn Wire>>,
    /// What `STARTTLS` begins, if it is offered.
    starttls: Option<TlsAcceptor>,
    state: Shared,
    sender: String,
    recipients: Vec<String>,
    known: bool,
}

impl Dialogue {
    async fn run(&mut self) -> io::Result<()> {
        let greeting = lock(&self.state).manners.greeting.clone();
        if let Some(refusal) = greeting {
            return self.say(&refusal).await;
        }
        self.say("220 mail.example.com ESMTP").await?;
        while let Some(line) = self.line().await? {
            let text = String::from_utf8_lossy(&line).trim_end().to_owned();
            if !self.answer(&text).await? {
                break;
            }
        }
        Ok(())
    }

    /// Answers one command; whether the dialogue goes on.
    async fn answer(&mut self, text: &str) -> io::Result<bool> {
        let verb = text
            .split(' ')
            .next()
            .unwrap_or_default()
            .to_ascii_uppercase();
        match verb.as_str() {
            "EHLO" => self.greet().await?,
            "STARTTLS" => self.begin_tls().await?,
            "AUTH" => self.sign_in(text).await?,
            "MAIL" => {
                self.sender = address(text);
                self.recipients.clear();
                let refused = lock(&self.state).manners.asks_for_password && !self.known;
                let answer = if refused {
                    "530 5.7.0 Sign in first"
                } else {
                    "250 2.1.0 Ok"
                };
                self.say(answer).await?;
            }
            "RCPT" => self.take_recipient(&address(text)).await?,
            "DATA" => self.take_message().await?,
            "QUIT" => {
                self.say("221 2.0.0 Bye").await?;
                return Ok(false);
            }
            "HELO" | "NOOP" | "RSET" => self.say("250 2.0.0 Ok").await?,
            _ => self.say("502 5.5.2 Not known here").await?,
        }
        Ok(true)
    }

    async fn greet(&mut self) -> io::Result<()> {
        self.say("250-mail.example.com").await?;
        let asks = lock(&self.state).manners.asks_for_password;
        if self.starttls.is_some() {
            self.say("250-STARTTLS").await?;
        } else if asks {
            self.say("250-AUTH PLAIN").await?;
        }
        self.say("250 8BITMIME").await
    }

    async fn begin_tls(&mut self) -> io::Result<()> {
        let Some(acceptor) = self.starttls.take() else {
            return self.say("502 5.5.1 Not offered").await;
        };
        self.say("220 2.0.0 Go on").await?;
        let clear = std::mem::replace(
            &mut self.stream,
            BufReader::new(Box::new(tokio::io::empty())),
        );
        let protected = acceptor.accept(clear.into_inner()).await?;
        self.stream = BufReader::new(Box::new(protected));
        Ok(())
    }

    async fn sign_in(&mut self, text: &str) -> io::Result<()> {
        let given = text.rsplit(' ').next().unwrap_or_default();
        let plain = STANDARD.decode(given).unwrap_or_default();
        let shown = String::from_utf8_lossy(&plain)
            .replace('\0', " ")
            .trim()
            .to_owned();
        let refusal = {
            let mut state = lock(&self.state);
            state.credentials.push(shown);
            state.manners.sign_in.clone()
        };
        self.known = refusal.is_none();
        let answer = refusal.as_deref().unwrap_or("235 2.7.0 Welcome");
        self.say(answer).await
    }

    async fn take_recipient(&mut self, address: &str) -> io::Result<()> {
        let refusal = lock(&self.state).manners.recipients.get(address).cloned();
        if refusal.is_none() {
            self.recipients.push(address.to_owned());
        }
        self.say(refusal.as_deref().unwrap_or("250 2.1.5 Ok")).await
    }

    async fn take_message(&mut self) -> io::Result<()> {
        if self.recipients.is_empty() {
            return self.say("554 5.5.1 No valid recipients").await;
        }
        self.say("354 Go on").await?;
        let mut bytes = Vec::new();
        while let Some(line) = self.line().await? {
            if line == b".\r\n" {
                return self.finish(bytes).await;
            }
            bytes.extend_from_slice(line.strip_prefix(b".").unwrap_or(&line));
        }
        Ok(())
    }

    async fn finish(&mut self, bytes: Vec<u8>) -> io::Result<()> {
        let offered = Taken {
            sender: std::mem::take(&mut self.sender),
            recipients: std::mem::take(&mut self.recipients),
            bytes,
        };
        let (refusal, silent) = {
            let mut state = lock(&self.state);
            let refusal = state.manners.data.clone();
            let pile = if refusal.is_some() {
                &mut state.refused
            } else {
                &mut state.taken
            };
            pile.push(offered);
            (refusal, state.manners.silent)
        };
        if silent {
            // Until the client leaves.
            return self.line().await.map(drop);
        }
        self.say(refusal.as_deref().unwrap_or("250 2.0.0 Taken"))
            .await
    }

    async fn line(&mut self) -> io::Result<Option<Vec<u8>>> {
        let mut line = Vec::new();
        let read = self.stream.read_until(b'\n', &mut line).await?;
        Ok((read > 0).then_some(line))
    }

    async fn say(&mut self, text: &str) -> io::Result<()> {
        let stream = self.stream.get_mut();
        stream.write_all(format!("{text}\r\n").as_bytes()).await?;
        stream.flush().await
    }
}

/// What stands between `<` and `>`.
fn address(text: &str) -> String {
    let inside = text
        .split_once('<')
        .and_then(|(_, rest)| rest.split_once('>'));
    inside
        .map(|(address, _)| address.to_owned())
        .unwrap_or_default()
}
