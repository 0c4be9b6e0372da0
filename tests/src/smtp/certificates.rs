//! An authority of the test's own, and the certificates that it gives to mail servers.

use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose,
    date_time_ymd,
};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

/// An authority that nobody has built in.
#[derive(Debug)]
pub struct Authority {
    issuer: Issuer<'static, KeyPair>,
    pem: String,
}

/// A certificate with its key, as a mail server has them.
#[derive(Debug)]
pub struct Certificate {
    der: CertificateDer<'static>,
    pem: String,
    key: KeyPair,
}

impl Authority {
    /// A new one.
    pub fn new(name: &str) -> Self {
        let mut params = named(name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self {
            issuer: Issuer::new(params, key),
            pem: certificate.pem(),
        }
    }

    /// Its own certificate in PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// A certificate for a host: a name or an address.
    pub fn certify(&self, host: &str) -> Certificate {
        self.sign(&server(host))
    }

    /// The same, of which the time is over.
    pub fn certify_until_2020(&self, host: &str) -> Certificate {
        let mut params = server(host);
        params.not_before = date_time_ymd(2019, 1, 1);
        params.not_after = date_time_ymd(2020, 1, 1);
        self.sign(&params)
    }

    fn sign(&self, params: &CertificateParams) -> Certificate {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer);
        Certificate::of(&certificate.expect("a certificate"), key)
    }
}

impl Certificate {
    /// One that a server signed itself, as `openssl req -x509` makes them if it is told `basicConstraints=CA:FALSE`.
    pub fn of_its_own(host: &str) -> Self {
        Self::self_signed(&server(host))
    }

    /// One that is an authority at once, as `openssl req -x509` makes them by itself.
    pub fn and_authority(host: &str) -> Self {
        let mut params = server(host);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        Self::self_signed(&params)
    }

    fn self_signed(params: &CertificateParams) -> Self {
        let key = KeyPair::generate().expect("a key");
        let certificate = params.self_signed(&key).expect("a certificate");
        Self::of(&certificate, key)
    }

    fn of(certificate: &rcgen::Certificate, key: KeyPair) -> Self {
        Self {
            der: certificate.der().clone(),
            pem: certificate.pem(),
            key,
        }
    }

    /// In PEM.
    pub fn pem(&self) -> &str {
        &self.pem
    }

    /// What speaks TLS with it.
    pub(super) fn acceptor(&self) -> TlsAcceptor {
        let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(self.key.serialize_der()));
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("TLS 1.2 and 1.3")
            .with_no_client_auth()
            .with_single_cert(vec![self.der.clone()], key)
            .expect("a certificate with its key");
        TlsAcceptor::from(Arc::new(config))
    }
}

fn named(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn server(host: &str) -> CertificateParams {
    let mut params = CertificateParams::new([host.to_owned()]).expect("a name or an address");
    params.distinguished_name.push(DnType::CommonName, host);
    params
}
