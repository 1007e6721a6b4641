//! Sends reports to the scan server and sorts its answers. A 2xx says only that the server took a report, not what it did with it.

#[cfg(test)]
mod tests;

use std::{fmt, path::PathBuf};

use fieldscan_core::{delivery::Answer, ids::ReportId, problem::Problem};
use reqwest::{
    Method,
    header::{ACCEPT, AUTHORIZATION},
};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use url::Url;

use crate::http::{
    ClockReading, Http, Limits, Now, Reply, Take, check_url, is_safe_for_secrets, secret_header,
    words,
};

/// What the reference scanner sends where it has no token.
const NO_TOKEN: &str = "no-token-set";

/// How to reach the scan server.
#[derive(Debug, Clone)]
pub struct ServerConnection {
    /// Scheme and host (setting `http_server`).
    pub http_server: Url,
    /// Port (setting `http_port`).
    pub http_port: u16,
    /// The token (secret `auth_token`), if the server wants one.
    pub auth_token: Option<SecretString>,
    /// Certificates (PEM) to trust beside the OS's.
    pub ca_file: Option<PathBuf>,
    /// The corrected clock.
    pub now: Now,
    /// [`Limits::SCAN_SERVER`] outside of tests.
    pub limits: Limits,
}

/// The scan server.
pub struct Server {
    http: Http,
    url: Url,
    token: Option<SecretString>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").finish_non_exhaustive()
    }
}

impl Server {
    /// Makes a client. Sends nothing.
    ///
    /// # Errors
    /// [`Problem::SettingsInvalid`] for a URL or `ca_file` that can't be used.
    pub fn new(connection: ServerConnection) -> Result<Self, Problem> {
        let ServerConnection {
            http_server: mut url,
            http_port,
            auth_token,
            ca_file,
            now,
            limits,
        } = connection;
        check_url("http_server", &url)?;
        url.set_path("/");
        url.set_query(None);
        url.set_fragment(None);
        // Fails only for URLs without a host, and those were refused.
        let _ = url.set_port(Some(http_port));
        Ok(Self {
            http: Http::new(&url, ca_file.as_deref(), limits, now)?,
            url,
            token: auth_token.filter(|token| !token.expose_secret().trim().is_empty()),
        })
    }

    /// Sends a report. `baseline` of the answer is left to the caller.
    pub async fn send(&self, report: ReportId, body: &str) -> Answer {
        let reply = match self.ask(Method::POST, Some(body)).await {
            Ok(reply) => reply,
            Err(problem) => return not_taken(problem),
        };
        tracing::debug!(
            report = report.0,
            status = reply.status,
            bytes = body.len(),
            "the scan server answered"
        );
        let status = reply.status;
        match status {
            // The scan server's answer is empty: a page comes from somebody else, most often a portal that wants a log-in.
            200..=299 if is_page(&reply.body) => not_taken(answered_by_another("a web page")),
            200..=299 => Answer::Taken {
                status,
                baseline: None,
            },
            300..=399 => not_taken(answered_by_another(&self.words(&reply))),
            408 | 429 | 500..=599 => Answer::NotNow {
                problem: Problem::ServerFailing {
                    status,
                    words: self.words(&reply),
                },
                retry_after: reply.retry_after,
            },
            407 => not_taken(proxy_log_in()),
            401 => Answer::Refused {
                problem: Problem::ServerTokenRejected {
                    words: self.words(&reply),
                },
            },
            _ => Answer::Refused {
                problem: Problem::ReportRejected {
                    report,
                    status,
                    words: self.words(&reply),
                },
            },
        }
    }

    /// Tries the connection and the token. Nothing happens on the server.
    ///
    /// # Errors
    /// What is wrong; [`Problem::ServerFailing`] for anything that answers otherwise than the scan server does.
    pub async fn test(&self) -> Result<(), Problem> {
        let reply = self.ask(Method::GET, None).await?;
        match reply.status {
            // The server knows POST only, and looks at the token first.
            405 => Ok(()),
            401 => Err(Problem::ServerTokenRejected {
                words: self.words(&reply),
            }),
            407 => Err(proxy_log_in()),
            status => Err(Problem::ServerFailing {
                status,
                words: self.words(&reply),
            }),
        }
    }

    /// The server's clock, as its last answer showed it.
    pub fn clock(&self) -> watch::Receiver<Option<ClockReading>> {
        self.http.clock()
    }

    async fn ask(&self, method: Method, body: Option<&str>) -> Result<Reply, Problem> {
        if self.token.is_some() && !is_safe_for_secrets(&self.url) {
            return Err(Problem::ServerInsecure);
        }
        let bearer = format!("Bearer {}", self.secret().unwrap_or(NO_TOKEN));
        let bearer = secret_header(&bearer).ok_or_else(|| Problem::ServerTokenRejected {
            words: "the token holds characters that can't be sent".to_owned(),
        })?;
        let mut request = self
            .http
            .request(method, self.url.clone())
            .header(ACCEPT, "*/*")
            .header(AUTHORIZATION, bearer);
        if let Some(body) = body {
            request = request.body(body.to_owned());
        }
        self.http
            .send(request, Take::Beginning)
            .await
            .map_err(|fault| fault.of_server())
    }

    fn secret(&self) -> Option<&str> {
        self.token
            .as_ref()
            .map(|token| token.expose_secret().trim())
    }

    /// The server's words; where it redirects, to where.
    fn words(&self, reply: &Reply) -> String {
        let secrets = [self.secret().unwrap_or_default()];
        match &reply.location {
            Some(to) if (300..400).contains(&reply.status) => {
                words(&format!("a redirect to {to}"), &secrets)
            }
            _ => words(&String::from_utf8_lossy(&reply.body), &secrets),
        }
    }
}

/// No answer, or none that is the server's. Only what a person must mend is not tried again.
fn not_taken(problem: Problem) -> Answer {
    if matches!(
        problem,
        Problem::ServerInsecure | Problem::ServerTokenRejected { .. }
    ) {
        Answer::Refused { problem }
    } else {
        Answer::NotNow {
            problem,
            retry_after: None,
        }
    }
}

/// Whether the body is HTML.
fn is_page(body: &[u8]) -> bool {
    body.trim_ascii_start().starts_with(b"<")
}

fn answered_by_another(what: &str) -> Problem {
    Problem::ServerUnreachable {
        detail: format!(
            "{what} came instead of the scan server's answer: is this a network that wants a log-in first?"
        ),
    }
}

fn proxy_log_in() -> Problem {
    Problem::ServerUnreachable {
        detail: "the proxy asks for a log-in".to_owned(),
    }
}
