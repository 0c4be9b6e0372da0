//! A mail server on loopback: enough SMTP for a real client, and a memory of what it took.

mod certificates;
mod dialogue;
mod mail;

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::net::{TcpListener, TcpSocket};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

pub use self::certificates::{Authority, Certificate};
pub use self::mail::{Image, Mail};
use crate::wait;

/// A port that belongs to a mail server which does not run yet: connections to it are refused.
#[derive(Debug)]
pub struct Reserved(TcpSocket, u16);

/// A running mail server. It ends when the value is dropped.
#[derive(Debug)]
pub struct Smtp {
    port: u16,
    state: Shared,
    _listening: JoinSet<()>,
}

type Shared = Arc<Mutex<State>>;

#[derive(Debug, Default)]
struct State {
    taken: Vec<Taken>,
    refused: Vec<Taken>,
    manners: Manners,
    connections: u64,
    credentials: Vec<String>,
}

/// What the server answers where it should not simply agree.
#[derive(Clone, Debug, Default)]
struct Manners {
    greeting: Option<String>,
    data: Option<String>,
    recipients: HashMap<String, String>,
    asks_for_password: bool,
    sign_in: Option<String>,
    silent: bool,
    tls: Option<Tls>,
}

/// How a connection is protected.
#[derive(Clone)]
struct Tls {
    acceptor: TlsAcceptor,
    /// From the first byte, instead of after `STARTTLS`.
    at_once: bool,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Tls")
            .field("at_once", &self.at_once)
            .finish_non_exhaustive()
    }
}

/// A message as it came over the wire.
#[derive(Clone, Debug)]
pub struct Taken {
    /// The address of `MAIL FROM`.
    pub sender: String,
    /// The addresses of `RCPT TO`.
    pub recipients: Vec<String>,
    /// The message itself, dots unstuffed.
    pub bytes: Vec<u8>,
}

impl Reserved {
    /// Takes a free port without listening on it.
    pub fn new() -> Self {
        let socket = TcpSocket::new_v4().expect("a socket");
        socket
            .bind(([127, 0, 0, 1], 0).into())
            .expect("a free port");
        let port = socket
            .local_addr()
            .expect("a bound socket has an address")
            .port();
        Self(socket, port)
    }

    /// The address for `VOUCHKEY_SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.1)
    }

    /// Begins to listen.
    pub fn open(self) -> Smtp {
        let Self(socket, port) = self;
        Smtp::on(
            socket
                .listen(64)
                .expect("the reserved port can be listened on"),
            port,
        )
    }
}

impl Default for Reserved {
    fn default() -> Self {
        Self::new()
    }
}

impl Smtp {
    /// A server on a free port.
    pub fn start() -> Self {
        Reserved::new().open()
    }

    fn on(listener: TcpListener, port: u16) -> Self {
        let state = Shared::default();
        let mut listening = JoinSet::new();
        listening.spawn(accept(listener, state.clone()));
        Self {
            port,
            state,
            _listening: listening,
        }
    }

    /// The address for `VOUCHKEY_SMTP_URL`.
    pub fn url(&self) -> String {
        format!("smtp://127.0.0.1:{}", self.port)
    }

    /// The same with a user and a password, percent-encoded by the caller.
    pub fn url_with(&self, credentials: &str) -> String {
        format!("smtp://{credentials}@127.0.0.1:{}", self.port)
    }

    /// The same for a server that speaks TLS from the first byte.
    pub fn url_of_tls(&self) -> String {
        format!("smtps://127.0.0.1:{}", self.port)
    }

    /// The same for a server that begins in clear, by a name of this machine that does not say so: a client that goes
    /// without TLS to loopback demands `STARTTLS` here. The certificate must be for `0.0.0.0`.
    pub fn url_of_starttls(&self) -> String {
        format!("smtp://0.0.0.0:{}", self.port)
    }

    /// From now on speaks TLS with this certificate, from the first byte.
    pub fn speak_tls(&self, certificate: &Certificate) {
        self.protect(certificate, true);
    }

    /// From now on offers `STARTTLS` with this certificate.
    pub fn offer_starttls(&self, certificate: &Certificate) {
        self.protect(certificate, false);
    }

    fn protect(&self, certificate: &Certificate, at_once: bool) {
        let acceptor = certificate.acceptor();
        lock(&self.state).manners.tls = Some(Tls { acceptor, at_once });
    }

    /// From now on answers this to a sign-in, or lets in again.
    pub fn answer_sign_in(&self, answer: Option<&str>) {
        lock(&self.state).manners.sign_in = answer.map(str::to_owned);
    }

    /// From now on answers this to `RCPT TO` of an address.
    pub fn answer_recipient(&self, address: &str, answer: &str) {
        let recipients = &mut lock(&self.state).manners.recipients;
        recipients.insert(address.to_owned(), answer.to_owned());
    }

    /// From now on greets with this line, or properly again.
    pub fn answer_greeting(&self, answer: Option<&str>) {
        lock(&self.state).manners.greeting = answer.map(str::to_owned);
    }

    /// From now on answers this to a message, or takes messages again.
    pub fn answer_message(&self, answer: Option<&str>) {
        lock(&self.state).manners.data = answer.map(str::to_owned);
    }

    /// From now on takes messages and never says so, or says so again: between the two a client cannot know.
    pub fn say_nothing_to_messages(&self, silent: bool) {
        lock(&self.state).manners.silent = silent;
    }

    /// From now on offers `AUTH PLAIN` and takes mail only after it.
    pub fn ask_for_password(&self) {
        lock(&self.state).manners.asks_for_password = true;
    }

    /// What clients gave at `AUTH PLAIN`, decoded, `\0` shown as a space.
    pub fn credentials(&self) -> Vec<String> {
        lock(&self.state).credentials.clone()
    }

    /// How many connections were opened so far.
    pub fn connections(&self) -> u64 {
        lock(&self.state).connections
    }

    /// All messages taken so far, as they came.
    pub fn taken(&self) -> Vec<Taken> {
        lock(&self.state).taken.clone()
    }

    /// All messages that were offered and refused as a whole, read.
    pub fn refused(&self) -> Vec<Mail> {
        lock(&self.state).refused.iter().map(Mail::read).collect()
    }

    /// All messages taken so far, read.
    pub fn mails(&self) -> Vec<Mail> {
        self.taken().iter().map(Mail::read).collect()
    }

    /// Waits until so many messages have come, and returns all of them.
    pub async fn wait_for(&self, count: usize) -> Vec<Mail> {
        wait::until(
            &format!("{count} messages at the mail server"),
            async || {
                let mails = self.mails();
                (mails.len() >= count).then_some(mails)
            },
        )
        .await
    }

    /// Waits for a message to an address.
    pub async fn wait_for_mail_to(&self, address: &str) -> Mail {
        wait::until(&format!("a message to {address}"), async || {
            self.mails()
                .into_iter()
                .find(|mail| mail.recipients == [address])
        })
        .await
    }
}

async fn accept(listener: TcpListener, state: Shared) {
    let mut dialogues = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        lock(&state).connections += 1;
        dialogues.spawn(dialogue::hold(stream, state.clone()));
    }
}

fn lock(state: &Shared) -> MutexGuard<'_, State> {
    state.lock().unwrap_or_else(PoisonError::into_inner)
}
