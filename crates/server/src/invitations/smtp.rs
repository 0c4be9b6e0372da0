//! Handing a message over by SMTP (RFC 5321), one connection a message.
//!
//! The dialogue is walked step by step instead of by the library's one call, because what a refusal means depends on
//! where it comes: at the greeting, at TLS and at authentication it is the server's (everything waits), at the
//! recipient and at the message it is this message's alone.

use std::future::Future;
use std::time::Duration;

use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::Mechanism;
use lettre::transport::smtp::client::AsyncSmtpConnection;
use lettre::transport::smtp::commands::{Data, Mail, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use tokio::time::timeout;

use super::failure::{Failure, Step};
use super::mail_authorities::MailAuthorities;
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
    authorities: MailAuthorities,
}

impl Smtp {
    /// The longest that [`Smtp::send`] takes, whatever the server does.
    const LONGEST: Duration = Duration::from_mins(5);

    /// For the server at `address`, whose certificate may come from one of `authorities` too.
    pub fn new(address: SmtpAddress, authorities: MailAuthorities) -> Self {
        Self {
            address,
            authorities,
        }
    }

    /// Its host and port.
    pub fn server(&self) -> String {
        self.address.server()
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
    /// A [`Failure`] of the server, none of a message.
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
        let tls = || {
            let tls = self.authorities.tls(host);
            tls.map_err(|error| Failure::of(Step::Tls, &error))
        };
        let hello = ClientId::default();
        let implicit = (*security == Security::Tls).then(tls).transpose()?;
        let server = (host.as_str(), *port);
        let connect =
            AsyncSmtpConnection::connect_tokio1(server, Some(STEP), &hello, implicit, None);
        let mut connection = step(Step::Greeting, STEP, connect).await?;
        if *security == Security::StartTls {
            let upgrade = connection.starttls(tls()?, &hello);
            step(Step::Tls, STEP, upgrade).await?;
        }
        if let Some(credentials) = credentials {
            let login = connection.auth(&[Mechanism::Plain, Mechanism::Login], credentials);
            step(Step::SignIn, STEP, login).await?;
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
        Ok(done) => done.map_err(|error| Failure::of(at, &error)),
        Err(_) => Err(Failure::of_silence(at)),
    }
}
