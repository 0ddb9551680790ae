//! The server's certificate: read at the start, and again whenever its files change, without a restart. Connections
//! keep the one that they began with.

mod certificate;

use std::{
    fmt, fs, io,
    path::{Path, PathBuf},
    sync::{Arc, PoisonError, RwLock},
    time::Duration,
};

use rustls::{
    ServerConfig,
    crypto::ring,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{ClientHello, ResolvesServerCert},
    sign::CertifiedKey,
};
use tokio::task::spawn_blocking;
use tokio_rustls::TlsAcceptor;

use crate::{clock::Clock, config::TlsFiles};
pub use certificate::{Certificate, Expiry, register_metrics};

/// How often the files are looked at. They are compared by what is in them: a renewed certificate often comes by a
/// symbolic link to another folder, whose times say nothing.
const POLL: Duration = Duration::from_secs(5);
/// The protocols above TLS, the preferred one first (RFC 7301).
const PROTOCOLS: [&[u8]; 2] = [HTTP2, b"http/1.1"];
/// The name of HTTP/2 (RFC 9113, section 3.1).
pub const HTTP2: &[u8] = b"h2";

/// Why a certificate cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read.
    #[error("cannot read {path}: {reason}")]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Why it cannot be read.
        reason: String,
    },
    /// A file is not of the right form.
    #[error("{path} has no {what} (PEM): {reason}")]
    Malformed {
        /// The file.
        path: PathBuf,
        /// What it should hold.
        what: &'static str,
        /// What is wrong.
        reason: String,
    },
    /// The key is not that of the certificate, or of a kind that is not supported.
    #[error("the key in {key} does not fit the certificate in {certificate}: {reason}")]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
        /// What is wrong.
        reason: String,
    },
}

/// What the files hold.
#[derive(Clone, PartialEq, Eq)]
struct Contents {
    certificate: Vec<u8>,
    key: Vec<u8>,
}

/// A certificate with its key.
struct Pair {
    certificate: Certificate,
    key: Arc<CertifiedKey>,
}

/// Accepts TLS connections with the present certificate.
pub struct Tls {
    files: TlsFiles,
    clock: Arc<dyn Clock>,
    present: Arc<Present>,
    acceptor: TlsAcceptor,
    first: Contents,
}

/// The certificate that new connections get.
struct Present(RwLock<Arc<CertifiedKey>>);

impl fmt::Debug for Present {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Present")
    }
}

impl ResolvesServerCert for Present {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// Reads the certificate, and sees that its key fits.
///
/// # Errors
/// If a file cannot be read or has another form, or if certificate and key do not belong together.
pub fn read(files: &TlsFiles) -> Result<Certificate, TlsError> {
    Ok(pair(files, &contents(files)?)?.certificate)
}

impl Tls {
    /// Reads the certificate, and reports it.
    ///
    /// # Errors
    /// As [`read`].
    pub fn load(files: TlsFiles, clock: Arc<dyn Clock>) -> Result<Self, TlsError> {
        let first = contents(&files)?;
        let Pair { certificate, key } = pair(&files, &first)?;
        certificate.report(clock.now());
        let present = Arc::new(Present(RwLock::new(key)));
        let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("the provider supports the default versions")
            .with_no_client_auth()
            .with_cert_resolver(present.clone());
        config.alpn_protocols = PROTOCOLS.map(<[u8]>::to_vec).to_vec();
        Ok(Self { files, clock, present, acceptor: Arc::new(config).into(), first })
    }

    /// Performs the handshake of new connections.
    pub fn acceptor(&self) -> &TlsAcceptor {
        &self.acceptor
    }

    /// Follows the files for as long as the future is polled; never resolves. A pair that cannot be used is logged,
    /// once, and leaves the present one in use. It is logged when it is seen for the second time: certificate and key
    /// are written one after the other.
    pub async fn follow(&self) {
        let mut used = Ok(self.first.clone());
        let mut failed = None;
        loop {
            tokio::time::sleep(POLL).await;
            let files = self.files.clone();
            let Ok(found) = spawn_blocking(move || contents(&files)).await else { continue };
            if found == used {
                continue;
            }
            let (files, new) = (self.files.clone(), found.clone());
            let Ok(new) = spawn_blocking(move || pair(&files, &new?)).await else { continue };
            match new {
                Ok(Pair { certificate, key }) => {
                    *self.present.0.write().unwrap_or_else(PoisonError::into_inner) = key;
                    certificate.report(self.clock.now());
                    used = found;
                }
                Err(error) if failed.as_ref() == Some(&found) => {
                    tracing::error!(%error, "the new certificate cannot be used, and the one before stays in use");
                    used = found;
                }
                Err(_) => failed = Some(found),
            }
        }
    }
}

fn contents(files: &TlsFiles) -> Result<Contents, TlsError> {
    let read = |path: &Path| {
        let unreadable = |error: io::Error| TlsError::Unreadable { path: path.to_owned(), reason: error.to_string() };
        fs::read(path).map_err(unreadable)
    };
    Ok(Contents { certificate: read(&files.certificate)?, key: read(&files.key)? })
}

fn pair(files: &TlsFiles, contents: &Contents) -> Result<Pair, TlsError> {
    let malformed = |path: &Path, what, reason| TlsError::Malformed { path: path.to_owned(), what, reason };
    let no_certificate = |reason| malformed(&files.certificate, "certificate", reason);
    let chain: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&contents.certificate).collect();
    let chain = chain.map_err(|error| no_certificate(error.to_string()))?;
    let first = chain.first().ok_or_else(|| no_certificate("there is none in it".to_owned()))?;
    let certificate = Certificate::parse(first).map_err(no_certificate)?;
    let key = PrivateKeyDer::from_pem_slice(&contents.key)
        .map_err(|error| malformed(&files.key, "private key", error.to_string()))?;
    let key = CertifiedKey::from_der(chain, key, &ring::default_provider()).map_err(|error| TlsError::Mismatch {
        key: files.key.clone(),
        certificate: files.certificate.clone(),
        reason: error.to_string(),
    })?;
    Ok(Pair { certificate, key: Arc::new(key) })
}
