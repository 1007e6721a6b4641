//! An HTTP client for the tests of the simulators.

use std::sync::Once;
use std::time::Duration;

use reqwest::{Certificate, ClientBuilder};

/// Long enough for a busy machine; a test that waits this long has failed.
pub(crate) const SOON: Duration = Duration::from_secs(20);

/// A client without redirects, cookies or gzip, which trusts only `ca_pem`.
pub(crate) fn client(ca_pem: Option<&str>) -> ClientBuilder {
    static PROVIDER: Once = Once::new();
    PROVIDER.call_once(|| {
        rustls::crypto::ring::default_provider()
            .install_default()
            .expect("no other provider is installed");
    });
    let roots =
        ca_pem.map(|pem| Certificate::from_pem(pem.as_bytes()).expect("the authority is PEM"));
    reqwest::Client::builder()
        .tls_certs_only(roots)
        .redirect(reqwest::redirect::Policy::none())
        .no_proxy()
        .no_gzip()
        .timeout(SOON)
}
