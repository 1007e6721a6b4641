//! A private certificate authority and the server certificates that it signs.
//!
//! The agent always verifies TLS, so the simulated servers need certificates that it can trust by its `ca_file`, and
//! others that it must refuse. Nothing here touches the machine's own trust store.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::Path;
use std::sync::Arc;

use anyhow::Context as _;
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa,
    KeyPair, SanType,
};
use rustls::ServerConfig;
use rustls::pki_types::PrivateKeyDer;

/// A certificate authority made up for one test.
///
/// Two authorities never trust each other, so a second one is all that an "untrusted issuer" test needs.
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

impl Authority {
    /// Makes an authority with a fresh key. `name` shows up as the issuer in a client's error.
    pub fn new(name: &str) -> anyhow::Result<Authority> {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, name);
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let issuer = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
        Ok(Authority { issuer })
    }

    /// The authority's certificate in PEM, as a client's `ca_file` holds it.
    #[must_use]
    pub fn pem(&self) -> String {
        self.issuer.pem()
    }

    /// Writes [`Authority::pem`] to `path`.
    pub fn write_pem(&self, path: &Path) -> anyhow::Result<()> {
        std::fs::write(path, self.pem()).with_context(|| format!("cannot write {}", path.display()))
    }

    /// A valid certificate for `localhost`, `127.0.0.1` and `::1`.
    pub fn server(&self) -> anyhow::Result<Arc<ServerConfig>> {
        self.sign(loopback_names()?, Validity::Now)
    }

    /// A certificate for the same names that ran out in 2001.
    pub fn expired_server(&self) -> anyhow::Result<Arc<ServerConfig>> {
        self.sign(loopback_names()?, Validity::RanOut)
    }

    /// A valid certificate for another host, so that the name does not match.
    pub fn server_for(&self, dns_name: &str) -> anyhow::Result<Arc<ServerConfig>> {
        self.sign(vec![SanType::DnsName(dns_name.try_into()?)], Validity::Now)
    }

    fn sign(&self, names: Vec<SanType>, validity: Validity) -> anyhow::Result<Arc<ServerConfig>> {
        let key = KeyPair::generate()?;
        let mut params = CertificateParams::default();
        params
            .distinguished_name
            .push(DnType::CommonName, "simulated server");
        params.subject_alt_names = names;
        params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
        match validity {
            Validity::Now => {}
            Validity::RanOut => {
                params.not_before = rcgen::date_time_ymd(2000, 1, 1);
                params.not_after = rcgen::date_time_ymd(2001, 1, 1);
            }
        }
        let certificate = params.signed_by(&key, &self.issuer)?;
        let private_key =
            PrivateKeyDer::try_from(key.serialize_der()).map_err(anyhow::Error::msg)?;
        // The provider is named because no process-wide default is installed in a library.
        let config =
            ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
                .with_safe_default_protocol_versions()?
                .with_no_client_auth()
                .with_single_cert(vec![certificate.der().clone()], private_key)?;
        Ok(Arc::new(config))
    }
}

enum Validity {
    Now,
    RanOut,
}

fn loopback_names() -> anyhow::Result<Vec<SanType>> {
    Ok(vec![
        SanType::DnsName("localhost".try_into()?),
        SanType::IpAddress(IpAddr::V4(Ipv4Addr::LOCALHOST)),
        SanType::IpAddress(IpAddr::V6(Ipv6Addr::LOCALHOST)),
    ])
}
