//! Asks phpIPAM with the cheapest calls that there are, one `Problem` for each way in which that can fail.

use std::{collections::BTreeMap, fmt, path::PathBuf, time::Instant};

use fieldscan_core::{
    ids::{AgentCode, AgentId, SubnetId},
    ipam::{AddressBook, Assignment},
    problem::Problem,
};
use jiff::Timestamp;
use reqwest::{Method, header::ACCEPT};
use secrecy::{ExposeSecret, SecretString};
use tokio::sync::watch;
use url::Url;

use super::{
    answer::{self, Raw},
    session::Session,
};
use crate::http::{
    ClockReading, Fault, Http, Limits, Now, Reply, Take, check_url, fault::scrub,
    is_safe_for_secrets,
};

/// All versions take this header; `phpipam-token` is the newer name of the same.
const TOKEN: &str = "token";

/// How to reach phpIPAM's API.
#[derive(Debug, Clone)]
pub struct Connection {
    /// phpIPAM's address without `/api` (setting `api_url`).
    pub api_url: Url,
    /// The app's id (setting `client_name`).
    pub app: String,
    /// Who asks.
    pub auth: Auth,
    /// Certificates (PEM) to trust beside the OS's.
    pub ca_file: Option<PathBuf>,
    /// The corrected clock.
    pub now: Now,
    /// [`Limits::IPAM`] outside of tests.
    pub limits: Limits,
}

/// Who asks.
#[derive(Debug, Clone)]
pub enum Auth {
    /// App security "SSL with App code token": the code is the token.
    Code(SecretString),
    /// App security "SSL with User token": a log-in gives a token for 6 h.
    User {
        /// phpIPAM's user.
        name: String,
        /// The user's password.
        password: SecretString,
    },
}

/// How far one call without a token came. `None`: not reached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Probe {
    /// Something takes connections there.
    pub reachable: Result<(), Problem>,
    /// It shows a trusted certificate. `None` for plain HTTP, too.
    pub tls: Option<Result<(), Problem>>,
    /// It is phpIPAM's API, switched on, and knows the app.
    pub api: Option<Result<(), Problem>>,
}

/// phpIPAM's API, as one app. A refused password is remembered by the client: make a new one when the settings change.
pub struct Client {
    http: Http,
    base: Url,
    session: Session,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client").finish_non_exhaustive()
    }
}

impl Client {
    /// Makes a client. Sends nothing.
    ///
    /// # Errors
    /// [`Problem::IpamInsecure`] for plain HTTP to another machine, [`Problem::SettingMissing`] or [`Problem::SettingsInvalid`] for an
    /// app, URL, or `ca_file` that can't be used, [`Problem::SecretMissing`] for an empty token or password.
    pub fn new(connection: Connection) -> Result<Self, Problem> {
        let Connection {
            api_url,
            app,
            auth,
            ca_file,
            now,
            limits,
        } = connection;
        check_url("api_url", &api_url)?;
        if !is_safe_for_secrets(&api_url) {
            return Err(Problem::IpamInsecure);
        }
        let app = app.trim();
        if app.is_empty() {
            return Err(Problem::SettingMissing {
                key: "client_name".to_owned(),
            });
        }
        if matches!(app, "." | "..") {
            return Err(Problem::SettingsInvalid {
                detail: "client_name: expected phpIPAM's app id".to_owned(),
            });
        }
        let (secret, name) = match &auth {
            Auth::Code(code) => (code, "client_token"),
            Auth::User { password, .. } => (password, "client_password"),
        };
        if secret.expose_secret().trim().is_empty() {
            return Err(Problem::SecretMissing {
                name: name.to_owned(),
            });
        }
        let http = Http::new(&api_url, ca_file.as_deref(), limits, now)?;
        let base = app_url(api_url, app);
        let session = match auth {
            Auth::Code(code) => Session::Code(code),
            Auth::User { name, password } => {
                let login = below(&base, &["user"], &[]);
                Session::user(name, password, login)
            }
        };
        Ok(Self {
            http,
            base,
            session,
        })
    }

    /// The id and name of the agent with this code.
    ///
    /// # Errors
    /// [`Problem::AgentCodeUnknown`], or what kept phpIPAM from saying so.
    pub async fn agent(&self, code: &AgentCode) -> Result<(AgentId, String), Problem> {
        let value = code.reveal();
        if value.is_empty() {
            return Err(Problem::SettingMissing {
                key: "scanagent_code".to_owned(),
            });
        }
        self.ask(
            &["tools", "scanagents"],
            &[("filter_by", "code"), ("filter_value", value)],
            |raw| answer::agent(raw, code),
        )
        .await
    }

    /// The subnets assigned to the agent with this code, as of `now`. An agent without subnets gets an empty list.
    ///
    /// If the last of its calls fails, which tells the parents, all of it does: a parent taken for a plain subnet would have hosts written
    /// into it that belong to its children.
    ///
    /// # Errors
    /// [`Problem::AgentCodeUnknown`], or what kept phpIPAM from answering. Never an empty list then.
    pub async fn assignment(
        &self,
        code: &AgentCode,
        now: Timestamp,
    ) -> Result<Assignment, Problem> {
        let (agent, agent_name) = self.agent(code).await?;
        let found = self
            .ask(
                &["subnets"],
                &[
                    ("filter_by", "scanAgent"),
                    ("filter_value", &agent.to_string()),
                ],
                |raw| answer::subnets(raw, agent),
            )
            .await?;
        told("subnets", &found.subnets.skipped);
        let mut subnets = found.subnets.rows;
        if !subnets.is_empty() {
            let parents = self.ask(&["subnets"], &[], answer::parents).await?;
            for subnet in &mut subnets {
                subnet.is_parent |= parents.contains(&subnet.id);
            }
        }
        Ok(Assignment {
            agent,
            agent_name,
            subnets,
            fetched_at: now,
        })
    }

    /// A subnet's addresses, as of `now`.
    ///
    /// # Errors
    /// [`Problem::SubnetGone`], or what kept phpIPAM from answering. Never an empty book then.
    pub async fn addresses(
        &self,
        subnet: SubnetId,
        now: Timestamp,
    ) -> Result<AddressBook, Problem> {
        let found = self
            .ask(&["subnets", &subnet.to_string(), "addresses"], &[], |raw| {
                answer::addresses(raw, subnet)
            })
            .await?;
        told("addresses", &found.skipped);
        Ok(AddressBook {
            addresses: found.rows,
            fetched_at: now,
        })
    }

    /// A subnet's `lastDiscovery`, as phpIPAM's clock and zone have it; `None` if it never was discovered.
    ///
    /// # Errors
    /// [`Problem::SubnetGone`], or what kept phpIPAM from answering.
    pub async fn last_discovery(&self, subnet: SubnetId) -> Result<Option<String>, Problem> {
        self.ask(&["subnets", &subnet.to_string()], &[], |raw| {
            answer::last_discovery(raw, subnet)
        })
        .await
    }

    /// Asks without a token how far one comes: connection, TLS, API.
    pub async fn probe(&self) -> Probe {
        let url = below(&self.base, &["tools", "scanagents"], &[]);
        let tls = (url.scheme() == "https").then_some(Ok(()));
        let request = self
            .http
            .request(Method::GET, url)
            .header(ACCEPT, "application/json");
        match self.http.send(request, Take::Whole).await {
            Ok(reply) => Probe {
                reachable: Ok(()),
                tls,
                api: Some(answer::api(raw(&reply))),
            },
            Err(fault @ (Fault::Certificate(_) | Fault::Tls(_))) => Probe {
                reachable: Ok(()),
                tls: Some(Err(fault.of_ipam())),
                api: None,
            },
            Err(fault @ (Fault::TooLarge { .. } | Fault::Broken)) => Probe {
                reachable: Ok(()),
                tls,
                api: Some(Err(fault.of_ipam())),
            },
            Err(fault) => Probe {
                reachable: Err(fault.of_ipam()),
                tls: None,
                api: None,
            },
        }
    }

    /// Whether phpIPAM takes the token (after a log-in, for a user's).
    ///
    /// # Errors
    /// What it says instead.
    pub async fn check_token(&self) -> Result<(), Problem> {
        self.ask(
            &["tools", "scanagents"],
            // No agent's code is like this, so that none comes over the wire.
            &[("filter_by", "code"), ("filter_value", "-")],
            answer::token,
        )
        .await
    }

    /// phpIPAM's clock, as its last answer showed it.
    pub fn clock(&self) -> watch::Receiver<Option<ClockReading>> {
        self.http.clock()
    }

    /// One GET, and once more with a new token if phpIPAM no longer takes the old one.
    async fn ask<T>(
        &self,
        path: &[&str],
        query: &[(&str, &str)],
        read: impl Fn(Raw<'_>) -> Result<T, Problem>,
    ) -> Result<T, Problem> {
        let url = below(&self.base, path, query);
        let token = self.session.token(&self.http).await?;
        let mut reply = self.get(&url, &token.header).await?;
        let mut secrets = vec![token.header.clone()];
        if matches!(reply.status, 401 | 403)
            && answer::wants_log_in(raw(&reply))
            && let Some(renewed) = self.session.renewed(&self.http, &token).await?
        {
            reply = self.get(&url, &renewed.header).await?;
            secrets.push(renewed.header);
        }
        read(raw(&reply)).map_err(|problem| {
            let mut hide = vec![self.session.secret()];
            hide.extend(
                secrets
                    .iter()
                    .filter_map(|token| std::str::from_utf8(token.as_bytes()).ok()),
            );
            scrub(problem, &hide)
        })
    }

    async fn get(&self, url: &Url, token: &reqwest::header::HeaderValue) -> Result<Reply, Problem> {
        let begun = Instant::now();
        let request = self
            .http
            .request(Method::GET, url.clone())
            .header(ACCEPT, "application/json")
            .header(TOKEN, token);
        let reply = self
            .http
            .send(request, Take::Whole)
            .await
            .map_err(|fault| fault.of_ipam())?;
        // Without the query: it can hold the agent's code.
        tracing::debug!(
            path = url.path(),
            status = reply.status,
            bytes = reply.body.len(),
            elapsed = ?begun.elapsed(),
            "phpIPAM answered"
        );
        Ok(reply)
    }
}

fn raw(reply: &Reply) -> Raw<'_> {
    Raw {
        status: reply.status,
        location: reply.location.as_deref(),
        body: &reply.body,
    }
}

/// `{api_url}/api/{app}`. People write `/api` into `api_url`, too, although it does not belong there.
fn app_url(mut url: Url, app: &str) -> Url {
    url.set_query(None);
    url.set_fragment(None);
    let path = url.path().trim_end_matches('/');
    let path = path.strip_suffix("/api").unwrap_or(path).to_owned();
    url.set_path(&path);
    below(&url, &["api", app], &[])
}

/// A URL below another, with the slash at its end without which phpIPAM takes the query for a part of the path.
fn below(base: &Url, path: &[&str], query: &[(&str, &str)]) -> Url {
    let mut url = base.clone();
    // Only URLs without a host have no segments, and those were refused.
    if let Ok(mut segments) = url.path_segments_mut() {
        segments.pop_if_empty().extend(path).push("");
    }
    if !query.is_empty() {
        url.query_pairs_mut().extend_pairs(query);
    }
    url
}

fn told(what: &str, skipped: &BTreeMap<&'static str, u32>) {
    if !skipped.is_empty() {
        tracing::warn!(what, ?skipped, "rows of phpIPAM's answer were left out");
    }
}
