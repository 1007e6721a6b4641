//! HTTP as both servers get it: verified TLS, no redirects, time-outs, size limits, faults in words, the server's clock.
//!
//! Knows nothing of phpIPAM or the scan server. There is no switch that turns verification off.

pub(crate) mod fault;
#[cfg(test)]
pub(crate) mod scripted;
#[cfg(test)]
mod tests;

use std::{
    fmt,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    path::Path,
    sync::{Arc, Once},
    time::{Duration, Instant},
};

use fieldscan_core::problem::Problem;
use jiff::{SignedDuration, Timestamp, fmt::rfc2822};
use reqwest::{
    RequestBuilder,
    header::{AGE, CONTENT_TYPE, DATE, HeaderMap, HeaderName, HeaderValue, LOCATION, RETRY_AFTER},
};
use rustls::{
    RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};
use secrecy::SecretString;
use tokio::sync::watch;
use url::{Host, Url};

use crate::logging::{REDACTED, Redactor};

pub(crate) use self::fault::Fault;

/// The corrected clock (the system's plus `epoch_time_offset`).
#[derive(Clone)]
pub struct Now(Arc<dyn Fn() -> Timestamp + Send + Sync>);

impl Now {
    /// Takes the function that reads the corrected clock.
    pub fn new(read: impl Fn() -> Timestamp + Send + Sync + 'static) -> Self {
        Self(Arc::new(read))
    }

    /// What it shows.
    pub fn read(&self) -> Timestamp {
        (self.0)()
    }
}

impl Default for Now {
    /// The system's clock, uncorrected.
    fn default() -> Self {
        Self::new(Timestamp::now)
    }
}

impl fmt::Debug for Now {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Now(…)")
    }
}

/// A server's clock beside ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// Seconds that our corrected clock is ahead of the server's; negative if it is behind. A `Date` header is exact to a second.
    pub ahead: i64,
}

/// How long to wait and how much to take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For a connection, name resolution and TLS included.
    pub connect: Duration,
    /// For the next bytes.
    pub read: Duration,
    /// For the whole exchange.
    pub total: Duration,
    /// Bytes of an answer's body, after gunzip.
    pub body: usize,
}

impl Limits {
    /// For phpIPAM: tens of thousands of rows may come.
    pub const IPAM: Self = Self {
        connect: Duration::from_secs(10),
        read: Duration::from_secs(60),
        total: Duration::from_secs(180),
        body: 64 << 20,
    };
    /// For the scan server: it answers in some 30 ms, with a few words.
    pub const SCAN_SERVER: Self = Self {
        connect: Duration::from_secs(10),
        read: Duration::from_secs(30),
        total: Duration::from_secs(90),
        body: 64 << 10,
    };
}

/// Whether a URL leads to this machine: `localhost`, 127.0.0.0/8 or ::1. What such a name is resolved to is not left to the DNS.
pub fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name.eq_ignore_ascii_case("localhost"),
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

/// Whether a secret may go there: over TLS, or without leaving this machine.
pub(crate) fn is_safe_for_secrets(url: &Url) -> bool {
    url.scheme() == "https" || is_loopback(url)
}

/// Refuses what can't be a server's URL: another scheme, no host, or a secret in it.
pub(crate) fn check_url(key: &str, url: &Url) -> Result<(), Problem> {
    let detail = if !matches!(url.scheme(), "http" | "https") {
        format!(
            "{key}: expected http:// or https://, found {}:",
            url.scheme()
        )
    } else if url.host().is_none() {
        format!("{key}: there is no host in it")
    } else if !url.username().is_empty() || url.password().is_some() {
        format!("{key}: a user name or password must not stand in it")
    } else {
        return Ok(());
    };
    Err(Problem::SettingsInvalid { detail })
}

/// A client for one server.
pub(crate) struct Http {
    client: reqwest::Client,
    limits: Limits,
    now: Now,
    clock: watch::Sender<Option<ClockReading>>,
}

impl fmt::Debug for Http {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Http")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}

/// How a body that is over the limit is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Take {
    /// Whole or not at all.
    Whole,
    /// Its beginning will do, and none if it breaks off.
    Beginning,
}

/// An answer.
pub(crate) struct Reply {
    pub(crate) status: u16,
    /// `Location`, without user, password, query and fragment.
    pub(crate) location: Option<String>,
    /// What `Retry-After` asks for, at most a day.
    pub(crate) retry_after: Option<Duration>,
    pub(crate) body: Vec<u8>,
}

impl Http {
    /// Makes a client for the server at `base`; `ca_file` (PEM) is trusted beside the OS's store.
    ///
    /// # Errors
    /// [`Problem::SettingsInvalid`] for a `ca_file` that can't be used, or where the OS has no certificates to trust.
    pub(crate) fn new(
        base: &Url,
        ca_file: Option<&Path>,
        limits: Limits,
        now: Now,
    ) -> Result<Self, Problem> {
        install_crypto();
        let mut builder = reqwest::Client::builder()
            .user_agent(concat!("fieldscan/", env!("CARGO_PKG_VERSION")))
            .redirect(reqwest::redirect::Policy::none())
            .referer(false)
            .connect_timeout(limits.connect)
            .read_timeout(limits.read)
            .timeout(limits.total)
            .pool_idle_timeout(Duration::from_secs(30))
            .gzip(true)
            .cookie_store(true)
            .default_headers(HeaderMap::from_iter([(
                CONTENT_TYPE,
                HeaderValue::from_static("application/json"),
            )]));
        if is_loopback(base) {
            let here = [
                SocketAddr::new(Ipv4Addr::LOCALHOST.into(), 0),
                SocketAddr::new(Ipv6Addr::LOCALHOST.into(), 0),
            ];
            builder = builder.no_proxy().resolve_to_addrs("localhost", &here);
        }
        let extra = ca_file.map(read_ca_file).transpose()?.unwrap_or_default();
        builder = if base.scheme() == "https" {
            builder.tls_certs_merge(extra)
        } else {
            // A machine without a certificate store can still reach a server on itself.
            builder.tls_certs_only([])
        };
        let client = builder.build().map_err(|_| Problem::SettingsInvalid {
            detail: "this machine has no trusted certificates that can be read: install its \
                     certificate store (package ca-certificates), or set ca_file"
                .to_owned(),
        })?;
        Ok(Self {
            client,
            limits,
            now,
            clock: watch::Sender::new(None),
        })
    }

    /// A request, not yet sent.
    pub(crate) fn request(&self, method: reqwest::Method, url: Url) -> RequestBuilder {
        self.client.request(method, url)
    }

    /// Sends a request and reads its answer within the limits.
    pub(crate) async fn send(&self, request: RequestBuilder, take: Take) -> Result<Reply, Fault> {
        let begun = Instant::now();
        let mut response = request
            .send()
            .await
            .map_err(|error| Fault::of(error, self.limits))?;
        let headers = response.headers();
        let now = self.now.read();
        self.read_clock(headers, now, begun.elapsed());
        let text = |name: HeaderName| headers.get(name).and_then(|value| value.to_str().ok());
        let mut reply = Reply {
            status: response.status().as_u16(),
            location: text(LOCATION).map(|to| harmless_location(to, response.url())),
            retry_after: text(RETRY_AFTER).and_then(|value| retry_after(value, now)),
            body: Vec::new(),
        };
        loop {
            match response.chunk().await {
                Ok(Some(chunk)) => {
                    let room = self.limits.body - reply.body.len();
                    match take {
                        Take::Whole if chunk.len() > room => {
                            return Err(Fault::TooLarge {
                                limit: self.limits.body,
                            });
                        }
                        Take::Beginning if chunk.len() >= room => {
                            reply.body.extend_from_slice(&chunk[..room]);
                            return Ok(reply);
                        }
                        Take::Whole | Take::Beginning => reply.body.extend_from_slice(&chunk),
                    }
                }
                Ok(None) => return Ok(reply),
                Err(error) => match take {
                    Take::Whole => return Err(Fault::of(error, self.limits)),
                    Take::Beginning => return Ok(reply),
                },
            }
        }
    }

    /// The server's clock, as the last answer showed it.
    pub(crate) fn clock(&self) -> watch::Receiver<Option<ClockReading>> {
        self.clock.subscribe()
    }

    fn read_clock(&self, headers: &HeaderMap, now: Timestamp, round_trip: Duration) {
        // An answer out of a cache tells the time at which it was made.
        if headers.contains_key(AGE) {
            return;
        }
        let Some(date) = headers
            .get(DATE)
            .and_then(|date| date.to_str().ok())
            .and_then(http_date)
        else {
            return;
        };
        self.clock.send_replace(Some(ClockReading {
            ahead: ahead(date, now, round_trip),
        }));
    }
}

/// Seconds that `now`, read when the answer came, is ahead of the server's `date`.
fn ahead(date: Timestamp, now: Timestamp, round_trip: Duration) -> i64 {
    // The header was written half a round trip ago, and cuts off half a second on the average.
    let half = SignedDuration::try_from(round_trip / 2).unwrap_or_default();
    let difference = now.duration_since(date) - half - SignedDuration::from_millis(500);
    (difference.as_millis() as f64 / 1000.0).round() as i64
}

/// Reads a date as HTTP writes it.
fn http_date(text: &str) -> Option<Timestamp> {
    static PARSER: rfc2822::DateTimeParser = rfc2822::DateTimeParser::new().relaxed_weekday(true);
    PARSER.parse_timestamp(text).ok()
}

/// Reads `Retry-After`: seconds or a date. At most a day, so that a server can't stop deliveries for good.
fn retry_after(text: &str, now: Timestamp) -> Option<Duration> {
    const LONGEST: Duration = Duration::from_secs(86_400);
    let text = text.trim();
    let wait = if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit()) {
        text.parse().map_or(LONGEST, Duration::from_secs)
    } else {
        Duration::try_from(http_date(text)?.duration_since(now)).unwrap_or_default()
    };
    Some(wait.min(LONGEST))
}

/// Where a redirect leads, without anything that could be a secret.
fn harmless_location(to: &str, from: &Url) -> String {
    let Ok(mut url) = from.join(to) else {
        return "an address that can't be read".to_owned();
    };
    // Fails only for URLs without a host, which have no user either.
    let _ = url.set_username("");
    let _ = url.set_password(None);
    url.set_query(None);
    url.set_fragment(None);
    words(url.as_str(), &[])
}

/// A header that must not be shown.
pub(crate) fn secret_header(value: &str) -> Option<HeaderValue> {
    let mut value = HeaderValue::from_bytes(value.as_bytes()).ok()?;
    value.set_sensitive(true);
    Some(value)
}

/// A server's words for a person: one line, no control characters, at most 500 characters, and none of `secrets` if it repeats them.
pub(crate) fn words(text: &str, secrets: &[&str]) -> String {
    const LONGEST: usize = 500;
    // A server may repeat what it was sent in whatever form.
    let redactor = Redactor::default();
    for secret in secrets {
        redactor.add(&SecretString::from(*secret));
    }
    let text = redactor.text(text).replace(REDACTED, "…");
    let spaced: String = text
        .chars()
        .map(|c| {
            if c.is_control() || is_format(c) {
                ' '
            } else {
                c
            }
        })
        .collect();
    let line = spaced.split_whitespace().collect::<Vec<_>>().join(" ");
    match line.char_indices().nth(LONGEST) {
        Some((end, _)) => line[..end].to_owned(),
        None => line,
    }
}

/// Characters that change the direction or hide what stands beside them.
fn is_format(c: char) -> bool {
    matches!(c, '\u{200B}'..='\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}')
}

/// Makes *ring* the process's cryptography, unless another one was chosen before.
fn install_crypto() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        // Fails only if a provider is installed already, which will do as well.
        let _ = rustls::crypto::ring::default_provider().install_default();
    });
}

fn read_ca_file(path: &Path) -> Result<Vec<reqwest::Certificate>, Problem> {
    let invalid = |what: String| Problem::SettingsInvalid {
        detail: format!("ca_file: {}: {what}", path.display()),
    };
    let pem = std::fs::read(path).map_err(|error| invalid(error.to_string()))?;
    let mut certificates = Vec::new();
    for (index, der) in CertificateDer::pem_slice_iter(&pem).enumerate() {
        let nth = index + 1;
        let der = der.map_err(|_| invalid(format!("certificate {nth} is not valid PEM")))?;
        // The client's own set-up would tell neither which one is wrong nor where it came from.
        RootCertStore::empty()
            .add(der.clone())
            .map_err(|_| invalid(format!("certificate {nth} can't be read")))?;
        let certificate = reqwest::Certificate::from_der(&der)
            .map_err(|_| invalid(format!("certificate {nth} can't be read")))?;
        certificates.push(certificate);
    }
    if certificates.is_empty() {
        return Err(invalid(
            "expected certificates in PEM (-----BEGIN CERTIFICATE-----), found none".to_owned(),
        ));
    }
    Ok(certificates)
}
