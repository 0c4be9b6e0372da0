//! Why a message was not handed over, told apart by what mends it.

use std::error::Error as _;
use std::io;

use lettre::transport::smtp::Error;
use rustls::CertificateError;

/// Why a message was not handed over. The text of [`Failure::as_str`] is kept and shown; replies of servers are not,
/// since they repeat addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Failure {
    /// No connection, no greeting in time, or a server that says it is not available now (4xx, 421).
    Unreachable,
    /// A 5xx at the greeting.
    ServerRefused,
    /// No TLS came about: STARTTLS is not offered or refused, or what answers speaks no TLS that this program does.
    TlsFailed,
    /// The certificate comes from nobody who is trusted.
    CertificateUntrusted,
    /// The certificate is another host's.
    CertificateMismatch,
    /// The certificate has expired, or is not valid yet.
    CertificateExpired,
    /// The certificate cannot be a server's for another reason.
    CertificateInvalid,
    /// The server does not take user and password, or wants them where there are none.
    SignInRefused,
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

/// The part of the dialogue in which an error comes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Step {
    /// The connection with what belongs to it: TLS too, where it comes first.
    Greeting,
    Tls,
    SignIn,
    Recipient,
    Message,
}

impl Failure {
    /// The class that is stored, logged and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unreachable => "unreachable",
            Self::ServerRefused => "server_refused",
            Self::TlsFailed => "tls_failed",
            Self::CertificateUntrusted => "certificate_untrusted",
            Self::CertificateMismatch => "certificate_mismatch",
            Self::CertificateExpired => "certificate_expired",
            Self::CertificateInvalid => "certificate_invalid",
            Self::SignInRefused => "sign_in_refused",
            Self::ConnectionLost => "connection_lost",
            Self::MessageDeferred => "message_deferred",
            Self::RecipientDeferred => "recipient_deferred",
            Self::MessageRefused => "message_refused",
            Self::RecipientRefused => "recipient_refused",
        }
    }

    /// What the operator can do about a server that cannot be used; none where it is the message's own failure, which
    /// others get past.
    pub fn remedy(self) -> Option<&'static str> {
        Some(match self {
            Self::Unreachable => {
                "it does not answer as an SMTP server; check host and port of VOUCHKEY_SMTP_URL, the firewall, and that port 465 goes with smtps://"
            }
            Self::ServerRefused => {
                "it refuses this machine before anybody signs in; allow its address there, or name another server in VOUCHKEY_SMTP_URL"
            }
            Self::TlsFailed => {
                "no TLS comes about: smtp:// wants STARTTLS (mostly port 587), smtps:// TLS from the first byte (mostly 465), both TLS 1.2 or 1.3"
            }
            Self::CertificateUntrusted => {
                "its certificate comes from no authority that is trusted; name the PEM file of its authority in VOUCHKEY_SMTP_CA_FILE, or have it send its intermediate certificates too"
            }
            Self::CertificateMismatch => {
                "its certificate is for another name; write the host in VOUCHKEY_SMTP_URL as the certificate's subjectAltName has it (the common name does not count)"
            }
            Self::CertificateExpired => {
                "its certificate has expired or is not valid yet; renew it, and check the clock of this machine"
            }
            Self::CertificateInvalid => {
                "its certificate cannot be a server's: one that is itself an authority (CA:TRUE), say; give the server another"
            }
            Self::SignInRefused => {
                "it does not let this server sign in; check user and password of VOUCHKEY_SMTP_URL, special characters percent-encoded, and that it offers PLAIN or LOGIN"
            }
            Self::ConnectionLost
            | Self::MessageDeferred
            | Self::RecipientDeferred
            | Self::MessageRefused
            | Self::RecipientRefused => return None,
        })
    }

    /// Whether trying again is of no use.
    pub fn is_final(self) -> bool {
        matches!(self, Self::MessageRefused | Self::RecipientRefused)
    }

    /// What an error means, by where it comes.
    pub(super) fn of(at: Step, error: &Error) -> Self {
        let code = error.status().map(u16::from);
        match (at, code) {
            // They demand TLS or a sign-in, though late (RFC 4954, 6).
            (_, Some(530 | 534 | 535)) => Self::SignInRefused,
            (_, Some(538)) | (Step::Tls, Some(500..)) => Self::TlsFailed,
            (Step::Greeting, Some(500..)) => Self::ServerRefused,
            (Step::SignIn, Some(500..)) => Self::SignInRefused,
            (Step::Greeting | Step::Tls, None) => of_tls(error).unwrap_or(Self::Unreachable),
            // No mechanism that is offered is the library's own error.
            (Step::SignIn, None) if error.is_client() => Self::SignInRefused,
            // 421 closes the service, wherever it comes.
            (_, Some(421)) | (Step::Greeting | Step::Tls | Step::SignIn, _) => Self::Unreachable,
            (Step::Recipient, Some(500..)) => Self::RecipientRefused,
            (Step::Recipient, Some(_)) => Self::RecipientDeferred,
            (Step::Message, Some(500..)) => Self::MessageRefused,
            (Step::Message, Some(_)) => Self::MessageDeferred,
            (Step::Recipient | Step::Message, None) => Self::ConnectionLost,
        }
    }

    /// What it means that nothing came in time.
    pub(super) fn of_silence(at: Step) -> Self {
        match at {
            Step::Greeting | Step::Tls | Step::SignIn => Self::Unreachable,
            Step::Recipient | Step::Message => Self::ConnectionLost,
        }
    }
}

/// What went wrong with TLS, if that is what it was. The library calls a failed handshake a failed connection; what lies
/// beneath tells.
fn of_tls(error: &Error) -> Option<Failure> {
    let beneath = std::iter::successors(error.source(), |&error| error.source())
        .filter_map(|error| error.downcast_ref::<io::Error>())
        .filter_map(io::Error::get_ref)
        .find_map(|error| error.downcast_ref::<rustls::Error>());
    match beneath {
        Some(rustls::Error::InvalidCertificate(fault)) => Some(of_certificate(fault)),
        Some(_) => Some(Failure::TlsFailed),
        // STARTTLS that is not offered is the library's own error.
        None => (error.is_tls() || error.is_client()).then_some(Failure::TlsFailed),
    }
}

fn of_certificate(fault: &CertificateError) -> Failure {
    use CertificateError as Fault;
    match fault {
        Fault::UnknownIssuer | Fault::BadSignature => Failure::CertificateUntrusted,
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => {
            Failure::CertificateMismatch
        }
        Fault::Expired
        | Fault::ExpiredContext { .. }
        | Fault::NotValidYet
        | Fault::NotValidYetContext { .. } => Failure::CertificateExpired,
        _ => Failure::CertificateInvalid,
    }
}
