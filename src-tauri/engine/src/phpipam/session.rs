//! How the client shows who it is: an app code, or a user's token that is asked for and renewed.
//!
//! phpIPAM blocks a machine for minutes after some failed log-ins, and its other apps with it. So a password that was refused is
//! never tried again, a block is waited out, and no call logs in more than once.

use std::time::Duration;

use fieldscan_core::problem::Problem;
use reqwest::{Method, header::HeaderValue};
use secrecy::{ExposeSecret, SecretString};
use tokio::{sync::Mutex, time::Instant};
use url::Url;

use super::answer::{self, Raw};
use crate::http::{Http, Take, fault::scrub, secret_header};

/// A user's token is good for 6 h: it is renewed a little earlier, and whenever phpIPAM says so.
const TOKEN_LIFE: Duration = Duration::from_secs(6 * 3600 - 300);
/// phpIPAM blocks for 5 min.
const BLOCK: Duration = Duration::from_secs(5 * 60 + 15);

/// A token as it goes into a request. Which one it was tells whether another call has renewed it meanwhile.
#[derive(Clone)]
pub(super) struct Token {
    pub(super) header: HeaderValue,
    number: u64,
}

pub(super) enum Session {
    Code(SecretString),
    User(Box<User>),
}

pub(super) struct User {
    name: String,
    password: SecretString,
    login: Url,
    state: Mutex<State>,
}

struct State {
    log_ins: u64,
    standing: Standing,
}

enum Standing {
    Out,
    In { token: Token, since: Instant },
    Refused(Problem),
    Blocked { until: Instant, problem: Problem },
}

impl Session {
    pub(super) fn user(name: String, password: SecretString, login: Url) -> Self {
        Self::User(Box::new(User {
            name,
            password,
            login,
            state: Mutex::new(State {
                log_ins: 0,
                standing: Standing::Out,
            }),
        }))
    }

    /// The token to send, after a log-in if that is needed.
    pub(super) async fn token(&self, http: &Http) -> Result<Token, Problem> {
        match self {
            Self::Code(code) => Ok(Token {
                header: header(code)?,
                number: 0,
            }),
            Self::User(user) => user.token(http, None).await,
        }
    }

    /// Another token, after phpIPAM didn't take `stale`; `None` if there can't be one.
    pub(super) async fn renewed(
        &self,
        http: &Http,
        stale: &Token,
    ) -> Result<Option<Token>, Problem> {
        match self {
            Self::Code(_) => Ok(None),
            Self::User(user) => user.token(http, Some(stale.number)).await.map(Some),
        }
    }

    /// What must not be shown even if phpIPAM repeats it.
    pub(super) fn secret(&self) -> &str {
        match self {
            Self::Code(secret) => secret.expose_secret(),
            Self::User(user) => user.password.expose_secret(),
        }
    }
}

impl User {
    async fn token(&self, http: &Http, stale: Option<u64>) -> Result<Token, Problem> {
        // Held over the log-in, so that calls at the same time share it.
        let mut state = self.state.lock().await;
        match &state.standing {
            Standing::In { token, since }
                if stale != Some(token.number) && since.elapsed() < TOKEN_LIFE =>
            {
                return Ok(token.clone());
            }
            Standing::Refused(problem) => return Err(problem.clone()),
            Standing::Blocked { until, problem } if Instant::now() < *until => {
                return Err(problem.clone());
            }
            Standing::In { .. } | Standing::Blocked { .. } | Standing::Out => {}
        }
        state.log_ins += 1;
        match self.log_in(http, state.log_ins).await {
            Ok(token) => {
                state.standing = Standing::In {
                    token: token.clone(),
                    since: Instant::now(),
                };
                Ok(token)
            }
            Err(problem) => {
                state.standing = if matches!(problem, Problem::IpamTokenRejected { .. }) {
                    Standing::Refused(problem.clone())
                } else if matches!(problem, Problem::IpamBlocked { .. }) {
                    Standing::Blocked {
                        until: Instant::now() + BLOCK,
                        problem: problem.clone(),
                    }
                } else {
                    Standing::Out
                };
                Err(problem)
            }
        }
    }

    async fn log_in(&self, http: &Http, number: u64) -> Result<Token, Problem> {
        let password = self.password.expose_secret();
        let request = http
            .request(Method::POST, self.login.clone())
            .basic_auth(&self.name, Some(password));
        let reply = http
            .send(request, Take::Whole)
            .await
            .map_err(|fault| fault.of_ipam())?;
        let login = answer::login(Raw {
            status: reply.status,
            location: reply.location.as_deref(),
            body: &reply.body,
        })
        .map_err(|problem| scrub(problem, &[password]))?;
        Ok(Token {
            header: header(&login.token)?,
            number,
        })
    }
}

fn header(token: &SecretString) -> Result<HeaderValue, Problem> {
    secret_header(token.expose_secret().trim()).ok_or_else(|| Problem::IpamTokenRejected {
        words: "the token holds characters that can't be sent".to_owned(),
    })
}
