//! Handing a message over by SMTP (RFC 5321), one connection a message.
//!
//! The dialogue is walked step by step instead of by the library's one call, because what a refusal means depends on
//! where it comes: at the greeting, at TLS and at authentication it is the server's (everything waits), at the
//! recipient and at the message it is this message's alone.

use std::error::Error as _;
use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::{AsyncSmtpConnection, TlsParameters};
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::message::Outgoing;
use super::smtp_address::{Security, SmtpAddress};

/// For everything but the reply to the message.
const STEP: Duration = Duration::from_mins(1);
/// For the reply to the message: a server may take its time, and giving up early sends duplicates (RFC 5321, 4.5.3.2).
const REPLY: Duration = Duration::from_secs(150);
/// For a polite end that nothing depends on.
const QUIT: Duration = Duration::from_secs(2);

/// A server that takes mail.
#[derive(Debug, Clone)]
pub struct Smtp {
    address: SmtpAddress,
}

/// Why a message was not handed over. The text of [`Failure::as_str`] is kept and shown; replies of servers are not,
/// since they repeat addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No connection, no greeting in time, or a server that says it is not available now (4xx, 421).
    Unreachable,
    /// A 5xx at the greeting, at TLS or at authentication, or a certificate that does not hold.
    ServerRefused,
    /// The connection broke while the message was being handed over; whether it arrived is unknown.
    ConnectionLost,
    /// A 4xx for the message.
    MessageDeferred,
    /// A 4xx for the recipient.
    RecipientDeferred,
    /// A 5xx for the message.
    MessageRefused,
    /// A 5xx for the recipient.
    RecipientRefused,
}

impl Failure {
    /// The class that is stored, logged and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::ServerRefused => "server_refused",
            Self::ConnectionLost => "connection_lost",
            Self::MessageDeferred => "message_deferred",
            Self::RecipientDeferred => "recipient_deferred",
            Self::MessageRefused => "message_refused",
            Self::RecipientRefused => "recipient_refused",
        }
    }

    /// Whether trying again is of no use.
    pub fn is_final(self) -> bool {
        matches!(self, Self::MessageRefused | Self::RecipientRefused)
    }
}

/// The part of the dialogue in which an error comes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Step {
    Opening,
    Recipient,
    Message,
}

impl Smtp {
    /// The longest that [`Smtp::send`] takes, whatever the server does.
    const LONGEST: Duration = Duration::from_mins(5);

    /// For the server at `address`.
    pub fn new(address: SmtpAddress) -> Self {
        Self { address }
    }

    /// Hands a message over. `Ok` means that the server has taken it.
    ///
    /// # Errors
    ///
    /// [`Failure`].
    pub async fn send(&self, message: &Outgoing) -> Result<(), Failure> {
        let sending = async {
            let mut connection = self.open().await?;
            let handed_over = hand_over(&mut connection, message).await;
            // The message's fate is settled; a server that does not say goodbye changes nothing.
            let _ = timeout(QUIT, connection.quit()).await;
            handed_over
        };
        timeout(Self::LONGEST, sending)
            .await
            .unwrap_or(Err(Failure::ConnectionLost))
    }

    /// Opens and closes a connection, authentication included, without sending anything.
    ///
    /// # Errors
    ///
    /// [`Failure::Unreachable`] or [`Failure::ServerRefused`].
    pub async fn probe(&self) -> Result<(), Failure> {
        let mut connection = self.open().await?;
        let _ = timeout(QUIT, connection.quit()).await;
        Ok(())
    }

    async fn open(&self) -> Result<AsyncSmtpConnection, Failure> {
        let SmtpAddress {
            host,
            port,
            security,
            credentials,
        } = &self.address;
        let tls = || TlsParameters::new(host.clone()).map_err(|_| Failure::ServerRefused);
        let hello = ClientId::default();
        let implicit = (*security == Security::Tls).then(tls).transpose()?;
        let server = (host.as_str(), *port);
        let connect =
            AsyncSmtpConnection::connect_tokio1(server, Some(STEP), &hello, implicit, None);
        let mut connection = step(Step::Opening, STEP, connect).await?;
        if *security == Security::StartTls {
            let upgrade = connection.starttls(tls()?, &hello);
            step(Step::Opening, STEP, upgrade).await?;
        }
        if let Some(credentials) = credentials {
            let login = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials);
            step(Step::Opening, STEP, login).await?;
        }
        Ok(connection)
    }
}

async fn hand_over(
    connection: &mut AsyncSmtpConnection,
    message: &Outgoing,
) -> Result<(), Failure> {
    // No address and no body of ours needs SMTPUTF8 or 8BITMIME: both are ASCII once encoded.
    let from = Mail::new(message.envelope().from().cloned(), Vec::new());
    step(Step::Message, STEP, connection.command(from)).await?;
    for to in message.envelope().to() {
        step(
            Step::Recipient,
            STEP,
            connection.command(Rcpt::new(to.clone(), Vec::new())),
        )
        .await?;
    }
    step(Step::Message, STEP, connection.command(Data)).await?;
    step(Step::Message, REPLY, connection.message(message.bytes())).await?;
    Ok(())
}

async fn step<T>(
    at: Step,
    limit: Duration,
    doing: impl Future<Output = Result<T, Error>>,
) -> Result<T, Failure> {
    match timeout(limit, doing).await {
        Ok(done) => done.map_err(|error| failure(at, &error)),
        Err(_) if at == Step::Opening => Err(Failure::Unreachable),
        Err(_) => Err(Failure::ConnectionLost),
    }
}

fn failure(at: Step, error: &Error) -> Failure {
    let code = error.status().map(u16::from);
    match (at, code) {
        // 530 and its like demand TLS or authentication, though late (RFC 4954, 6).
        (_, Some(530 | 534 | 535 | 538)) | (Step::Opening, Some(500..)) => Failure::ServerRefused,
        // STARTTLS or a mechanism that is not offered is the library's own error; so is a certificate that fails.
        (Step::Opening, None) if error.is_tls() || error.is_client() || is_bad_tls(error) => {
            Failure::ServerRefused
        }
        // 421 closes the service, wherever it comes.
        (_, Some(421)) | (Step::Opening, _) => Failure::Unreachable,
        (Step::Recipient, Some(500..)) => Failure::RecipientRefused,
        (Step::Recipient, Some(_)) => Failure::RecipientDeferred,
        (Step::Message, Some(500..)) => Failure::MessageRefused,
        (Step::Message, Some(_)) => Failure::MessageDeferred,
        (Step::Recipient | Step::Message, None) => Failure::ConnectionLost,
    }
}

/// Whether a TLS handshake failed: on a certificate that does not hold, or on what is no TLS at all. The library calls it
/// a failed connection; what lies beneath tells.
fn is_bad_tls(error: &Error) -> bool {
    std::iter::successors(error.source(), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<std::io::Error>())
        .any(|error| error.kind() == std::io::ErrorKind::InvalidData)
}
