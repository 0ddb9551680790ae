//! Certificates for tests: authorities, and servers that they vouch for.

use std::{fs, path::PathBuf};

use call_acceptance::config::TlsFiles;
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use tempfile::TempDir;

/// An authority, whose files are in a folder of its own.
pub struct Authority {
    folder: TempDir,
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// A new authority.
    pub fn new() -> Self {
        let mut params = CertificateParams::new(Vec::new()).expect("no name is wrong");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, key()).expect("a certificate can be made");
        let made = Self { folder: TempDir::new().expect("a temporary folder can be made"), issuer };
        fs::write(made.certificate(), made.issuer.pem()).expect("a file can be written");
        made
    }

    /// The file with its own certificate.
    pub fn certificate(&self) -> PathBuf {
        self.folder.path().join("authority.pem")
    }

    /// Its own certificate (DER).
    pub fn der(&self) -> rustls::pki_types::CertificateDer<'static> {
        self.issuer.der().clone()
    }

    /// Writes a certificate for `localhost`, valid from one year to another, and its key.
    pub fn issue(&self, years: std::ops::Range<i32>) -> TlsFiles {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("the name is right");
        params.not_before = rcgen::date_time_ymd(years.start, 1, 1);
        params.not_after = rcgen::date_time_ymd(years.end, 1, 1);
        let key = key();
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate can be made");
        let files =
            TlsFiles { certificate: self.folder.path().join("server.pem"), key: self.folder.path().join("server.key") };
        fs::write(&files.certificate, certificate.pem()).expect("a file can be written");
        fs::write(&files.key, key.serialize_pem()).expect("a file can be written");
        files
    }
}

fn key() -> KeyPair {
    KeyPair::generate().expect("a key can be made")
}
