//! The setting `VOUCHKEY_SMTP_CA_FILE`: certificates that mail servers are trusted by, beside the built-in ones.

use std::fmt;
use std::path::Path;

use lettre::transport::smtp::client::{Certificate, CertificateStore, TlsParameters};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;

/// Certificates of authorities, or of mail servers that signed their own. None by default: then only the public
/// authorities that the program has built in are trusted.
#[derive(Clone, Default)]
pub struct MailAuthorities(Vec<Certificate>);

/// Why the file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum MailAuthoritiesError {
    /// It cannot be read.
    #[error("{file} cannot be read: {error}")]
    Unreadable {
        /// The file.
        file: String,
        /// What the system says.
        error: std::io::Error,
    },
    /// There is no certificate in it.
    #[error("{0} holds no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----")]
    Empty(String),
    /// What stands between the lines of PEM is no certificate.
    #[error("certificate {number} in {file} cannot be read; is it whole?")]
    Malformed {
        /// The file.
        file: String,
        /// Which one, from 1 on.
        number: usize,
    },
}

impl MailAuthorities {
    /// Reads a PEM file of one or more certificates.
    ///
    /// # Errors
    /// [`MailAuthoritiesError`].
    pub fn read(file: &Path) -> Result<Self, MailAuthoritiesError> {
        let shown = || file.display().to_string();
        let bytes = std::fs::read(file).map_err(|error| MailAuthoritiesError::Unreadable {
            file: shown(),
            error,
        })?;
        let authorities = CertificateDer::pem_slice_iter(&bytes)
            .enumerate()
            .map(|(index, der)| {
                der.ok().and_then(|der| authority(&der)).ok_or_else(|| {
                    MailAuthoritiesError::Malformed {
                        file: shown(),
                        number: index + 1,
                    }
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        if authorities.is_empty() {
            return Err(MailAuthoritiesError::Empty(shown()));
        }
        Ok(Self(authorities))
    }

    /// How a server of this name is met: its certificate must come from one of these or of the built-in authorities.
    pub(super) fn tls(&self, host: &str) -> Result<TlsParameters, lettre::transport::smtp::Error> {
        let builder = TlsParameters::builder(host.to_owned());
        self.0
            .iter()
            .cloned()
            .fold(builder, |builder, authority| {
                builder.add_root_certificate(authority)
            })
            .build()
    }
}

/// A certificate that can be trusted; none if it is broken, which shows when it is put among others.
fn authority(der: &CertificateDer<'_>) -> Option<Certificate> {
    let authority = Certificate::from_der(der.to_vec()).ok()?;
    TlsParameters::builder(String::new())
        .certificate_store(CertificateStore::None)
        .add_root_certificate(authority.clone())
        .build()
        .ok()?;
    Some(authority)
}

impl fmt::Debug for MailAuthorities {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "MailAuthorities({})", self.0.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(bytes: impl AsRef<[u8]>) -> Result<MailAuthorities, String> {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), bytes).unwrap();
        MailAuthorities::read(file.path()).map_err(|error| {
            let error = error.to_string();
            assert!(error.contains(file.path().to_str().unwrap()), "{error}");
            error
        })
    }

    #[test]
    fn a_file_holds_one_certificate_or_several_and_what_else_stands_there() {
        let made = |name: &str| rcgen::generate_simple_self_signed([name.to_owned()]).unwrap();
        let (first, second) = (made("a.example"), made("b.example"));
        let several = format!(
            "Our authority\n{}{}\n{}",
            first.cert.pem(),
            first.signing_key.serialize_pem(),
            second.cert.pem()
        );
        assert_eq!(read(first.cert.pem()).unwrap().0.len(), 1);
        assert_eq!(read(several).unwrap().0.len(), 2);
    }

    #[test]
    fn what_is_no_certificate_is_refused_and_said() {
        let whole = rcgen::generate_simple_self_signed(["a.example".to_owned()]).unwrap();
        let (pem, der) = (whole.cert.pem(), whole.cert.der());
        let torn = pem.lines().take(3).collect::<Vec<_>>().join("\n");
        let hollow = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        for (bytes, words) in [
            (b"".as_slice(), "no certificate in PEM"),
            (der.as_ref(), "no certificate in PEM"),
            (
                whole.signing_key.serialize_pem().as_bytes(),
                "no certificate",
            ),
            (torn.as_bytes(), "certificate 1 in"),
            (format!("{pem}{hollow}").as_bytes(), "certificate 2 in"),
        ] {
            let error = read(bytes).unwrap_err();
            assert!(error.contains(words), "{words} in {error}");
        }
        let nowhere = MailAuthorities::read(Path::new("/nowhere/ca.pem")).unwrap_err();
        assert!(
            nowhere
                .to_string()
                .contains("/nowhere/ca.pem cannot be read")
        );
    }
}
