//! What can go wrong between here and an answer, in words that hold no secret and no URL.

use std::{error::Error, io, time::Duration};

use fieldscan_core::problem::Problem;
use jiff::Timestamp;
use rustls::{CertificateError, pki_types::UnixTime};

use super::{Limits, words};

/// Why there is no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Fault {
    #[error("the host name can't be resolved")]
    Dns,
    #[error("the connection was refused: nothing listens there")]
    Refused,
    #[error("there is no route to it")]
    NoRoute,
    #[error("no connection within {} s", .0.as_secs_f32())]
    ConnectTimedOut(Duration),
    #[error("no answer in time ({} s without a byte, or {} s in all)", read.as_secs_f32(), total.as_secs_f32())]
    AnswerTimedOut { read: Duration, total: Duration },
    #[error("{0}")]
    Certificate(String),
    #[error("TLS: {0}")]
    Tls(String),
    #[error("the connection was closed before the answer was complete")]
    Reset,
    #[error("the proxy refused the connection")]
    Proxy,
    #[error("the answer is larger than {limit} bytes")]
    TooLarge { limit: usize },
    #[error("the answer's compression or framing is broken")]
    Broken,
    #[error("what answers there doesn't speak plain HTTP; perhaps its address begins with https")]
    NotPlain,
    #[error("the connection failed")]
    Other,
}

impl Fault {
    /// Sorts what the HTTP client says. Its own text is not used: it may hold the URL.
    pub(super) fn of(error: reqwest::Error, limits: Limits) -> Self {
        let chain: Vec<&(dyn Error + 'static)> = chain(&error);
        if let Some(tls) = find::<rustls::Error>(&chain) {
            return Self::of_tls(tls);
        }
        let says = |what: &str| chain.iter().any(|link| link.to_string().contains(what));
        if says("dns error") {
            return Self::Dns;
        }
        if error.is_timeout() {
            return if error.is_connect() {
                Self::ConnectTimedOut(limits.connect)
            } else {
                Self::AnswerTimedOut {
                    read: limits.read,
                    total: limits.total,
                }
            };
        }
        for kind in chain
            .iter()
            .filter_map(|link| link.downcast_ref::<io::Error>())
            .map(io::Error::kind)
        {
            match kind {
                io::ErrorKind::ConnectionRefused => return Self::Refused,
                io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                    return Self::NoRoute;
                }
                io::ErrorKind::TimedOut => return Self::ConnectTimedOut(limits.connect),
                io::ErrorKind::ConnectionReset
                | io::ErrorKind::ConnectionAborted
                | io::ErrorKind::BrokenPipe
                | io::ErrorKind::UnexpectedEof => return Self::Reset,
                _ => {}
            }
        }
        if says("tunnel") || says("proxy") {
            return Self::Proxy;
        }
        if says("connection closed before message completed")
            || says("end of file before message length reached")
            || says("unexpected EOF")
        {
            return Self::Reset;
        }
        let plain = error.url().is_some_and(|url| url.scheme() == "http");
        if plain && says("invalid HTTP") {
            return Self::NotPlain;
        }
        if error.is_decode() || error.is_body() || says("invalid HTTP") {
            return Self::Broken;
        }
        Self::Other
    }

    fn of_tls(error: &rustls::Error) -> Self {
        match error {
            rustls::Error::InvalidCertificate(error) => Self::Certificate(certificate(error)),
            rustls::Error::NoCertificatesPresented => {
                Self::Certificate("the server shows no certificate".to_owned())
            }
            rustls::Error::InvalidMessage(_) => {
                Self::Tls("what answers there doesn't speak TLS".to_owned())
            }
            rustls::Error::AlertReceived(alert) => {
                Self::Tls(format!("the server broke the connection off ({alert:?})"))
            }
            other => Self::Tls(words(&other.to_string(), &[])),
        }
    }

    /// As a problem with phpIPAM.
    pub(crate) fn of_ipam(self) -> Problem {
        match self {
            Self::Certificate(detail) => Problem::IpamCertificate { detail },
            Self::TooLarge { .. } | Self::Broken => Problem::IpamNotUnderstood {
                detail: self.to_string(),
            },
            Self::Dns
            | Self::Refused
            | Self::NoRoute
            | Self::ConnectTimedOut(_)
            | Self::AnswerTimedOut { .. }
            | Self::Tls(_)
            | Self::Reset
            | Self::Proxy
            | Self::NotPlain
            | Self::Other => Problem::IpamUnreachable {
                detail: self.to_string(),
            },
        }
    }

    /// As a problem with the scan server.
    pub(crate) fn of_server(self) -> Problem {
        match self {
            Self::Certificate(detail) => Problem::ServerCertificate { detail },
            Self::TooLarge { .. }
            | Self::Broken
            | Self::Dns
            | Self::Refused
            | Self::NoRoute
            | Self::ConnectTimedOut(_)
            | Self::AnswerTimedOut { .. }
            | Self::Tls(_)
            | Self::Reset
            | Self::Proxy
            | Self::NotPlain
            | Self::Other => Problem::ServerUnreachable {
                detail: self.to_string(),
            },
        }
    }
}

/// An error and its causes. An I/O error's `source` leaves out the error that it wraps, where TLS errors hide.
fn chain<'a>(error: &'a (dyn Error + 'static)) -> Vec<&'a (dyn Error + 'static)> {
    let mut links = Vec::new();
    let mut next = Some(error);
    while let Some(link) = next {
        links.push(link);
        next = match link
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref)
        {
            Some(inner) => Some(inner as &(dyn Error + 'static)),
            None => link.source(),
        };
    }
    links
}

fn find<'a, E: Error + 'static>(chain: &[&'a (dyn Error + 'static)]) -> Option<&'a E> {
    chain.iter().find_map(|link| link.downcast_ref())
}

fn certificate(error: &CertificateError) -> String {
    match error {
        CertificateError::UnknownIssuer => "this machine doesn't know its issuer: set ca_file to \
                                            the issuer's certificate, or add it to the OS's store"
            .to_owned(),
        CertificateError::Expired => "it has expired".to_owned(),
        CertificateError::ExpiredContext { not_after, .. } => {
            format!("it has expired on {}", day(*not_after))
        }
        CertificateError::NotValidYet => {
            "it is not yet valid: check this machine's clock".to_owned()
        }
        CertificateError::NotValidYetContext { not_before, .. } => format!(
            "it is valid only from {} on: check this machine's clock",
            day(*not_before)
        ),
        CertificateError::NotValidForName => "it is made out to another host name".to_owned(),
        CertificateError::NotValidForNameContext {
            expected,
            presented,
        } => words(
            &format!(
                "it is not made out to {}, but to {}",
                expected.to_str(),
                if presented.is_empty() {
                    "no host name".to_owned()
                } else {
                    presented.join(", ")
                }
            ),
            &[],
        ),
        CertificateError::Revoked => "its issuer has revoked it".to_owned(),
        CertificateError::BadSignature => {
            "its signature is not its issuer's: perhaps the issuer's certificate was renewed, and \
             ca_file holds the old one"
                .to_owned()
        }
        // webpki's name for a certificate that is in the trust store as a CA and is shown by the server itself.
        other if format!("{other:?}").contains("CaUsedAsEndEntity") => {
            "it is a CA's certificate and not a server's: the server needs one that is signed by \
             that CA and is none itself (basicConstraints CA:FALSE)"
                .to_owned()
        }
        other => words(&other.to_string(), &[]),
    }
}

fn day(time: UnixTime) -> String {
    i64::try_from(time.as_secs())
        .ok()
        .and_then(|secs| Timestamp::from_second(secs).ok())
        .map_or_else(
            || "a day out of range".to_owned(),
            |time| time.strftime("%Y-%m-%d").to_string(),
        )
}

/// Takes secrets out of a problem's words: a server can repeat what it was sent.
pub(crate) fn scrub(problem: Problem, secrets: &[&str]) -> Problem {
    fn walk(value: &mut serde_json::Value, secrets: &[&str]) -> bool {
        match value {
            serde_json::Value::String(text) => {
                let clean = secrets
                    .iter()
                    .filter(|secret| !secret.is_empty())
                    .fold(text.clone(), |text, secret| text.replace(secret, "…"));
                let changed = clean != *text;
                *text = clean;
                changed
            }
            serde_json::Value::Object(fields) => fields
                .iter_mut()
                .filter(|(key, _)| *key != "code")
                .fold(false, |changed, (_, value)| walk(value, secrets) | changed),
            _ => false,
        }
    }
    let Ok(mut value) = serde_json::to_value(&problem) else {
        return problem;
    };
    if walk(&mut value, secrets) {
        serde_json::from_value(value).unwrap_or(Problem::IpamNotUnderstood {
            detail: "an answer that repeats a secret".to_owned(),
        })
    } else {
        problem
    }
}
