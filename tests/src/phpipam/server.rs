//! The handle that tests hold, and the way from a request to the bytes of an answer.

use std::io::Write as _;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{Timestamp, ToSpan as _};
use rustls::ServerConfig;

use super::answers::{self, Reply, TokenSeen};
use super::faults::{Behaviour, Fault, FaultRule};
use super::model::{Model, SharedModel};
use super::requests::{RequestSeen, Requests};
use super::users::Users;
use crate::listener::{Answer, AnswerFn, Call, Doors, Listener, Outcome, Payload};
use crate::tls::Authority;

/// A running simulated phpIPAM. Dropping it stops it.
///
/// It runs on a thread of its own; every method may be called from blocking and from async code.
pub struct PhpIpam {
    listener: Listener,
    state: Arc<State>,
    ca_pem: Option<String>,
}

/// How to start a [`PhpIpam`] that is not the usual one.
#[derive(Default)]
pub struct Setup {
    /// Where phpIPAM is installed on its host: `""` or, for instance, `"/phpipam"`.
    pub base_path: String,
    /// Where to listen; default: any free port of 127.0.0.1.
    pub address: Option<SocketAddr>,
    /// Plain HTTP. phpIPAM then refuses apps with tokens, unless [`Behaviour::allow_plain_http`] is set.
    pub plain_http: bool,
    /// A certificate other than a good one from the server's own authority.
    pub tls: Option<Arc<ServerConfig>>,
}

pub(crate) struct State {
    pub(crate) base_path: String,
    model: SharedModel,
    behaviour: Mutex<Behaviour>,
    faults: Mutex<Vec<FaultRule>>,
    requests: Mutex<Requests>,
    users: Mutex<Users>,
}

/// A panic in one test thread must not turn into a second, misleading one here.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl PhpIpam {
    /// Starts over HTTPS on a free port of 127.0.0.1, with an authority of its own (see [`PhpIpam::ca_pem`]).
    pub fn start(model: Model) -> anyhow::Result<PhpIpam> {
        PhpIpam::start_with(model.shared(), Setup::default())
    }

    /// Starts over plain HTTP, with apps allowed to use it.
    pub fn start_plain(model: Model) -> anyhow::Result<PhpIpam> {
        let ipam = PhpIpam::start_with(
            model.shared(),
            Setup {
                plain_http: true,
                ..Setup::default()
            },
        )?;
        ipam.behave(|behaviour| behaviour.allow_plain_http = true);
        Ok(ipam)
    }

    /// Starts as `setup` says, on a model that others may hold too.
    pub fn start_with(model: SharedModel, setup: Setup) -> anyhow::Result<PhpIpam> {
        let state = Arc::new(State {
            base_path: setup.base_path,
            model,
            behaviour: Mutex::default(),
            faults: Mutex::default(),
            requests: Mutex::default(),
            users: Mutex::default(),
        });
        let (tls, ca_pem) = match (setup.plain_http, setup.tls) {
            (true, _) => (None, None),
            (false, Some(tls)) => (Some(tls), None),
            (false, None) => {
                let authority = Authority::new("Simulated phpIPAM CA")?;
                (Some(authority.server()?), Some(authority.pem()))
            }
        };
        let address = setup
            .address
            .unwrap_or_else(|| SocketAddr::from((Ipv4Addr::LOCALHOST, 0)));
        let answering = Arc::clone(&state);
        let answer: AnswerFn = Arc::new(move |call| {
            let state = Arc::clone(&answering);
            Box::pin(async move { state.respond(&call) })
        });
        Ok(PhpIpam {
            listener: Listener::start(address, tls, answer)?,
            state,
            ca_pem,
        })
    }

    /// What the agent has as `api_url`: scheme, host, port and base path, without a slash at the end.
    #[must_use]
    pub fn url(&self) -> String {
        format!("{}{}", self.listener.url(), self.state.base_path)
    }

    /// Where it listens.
    #[must_use]
    pub fn address(&self) -> SocketAddr {
        self.listener.address()
    }

    /// The certificate authority to trust, in PEM; `None` over plain HTTP or with a certificate from the [`Setup`].
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.ca_pem.as_deref()
    }

    /// Writes [`PhpIpam::ca_pem`] to a file, for the agent's `ca_file`.
    pub fn write_ca(&self, path: &Path) -> anyhow::Result<()> {
        let pem = self
            .ca_pem()
            .ok_or_else(|| anyhow::anyhow!("this server has no authority of its own"))?;
        Ok(std::fs::write(path, pem)?)
    }

    /// The database, locked. Don't hold it across a request.
    pub fn model(&self) -> MutexGuard<'_, Model> {
        self.state.model()
    }

    /// The database, to be given to the simulated scan server.
    #[must_use]
    pub fn shared_model(&self) -> SharedModel {
        Arc::clone(&self.state.model)
    }

    /// Changes which phpIPAM is played.
    pub fn behave(&self, change: impl FnOnce(&mut Behaviour)) {
        change(&mut lock(&self.state.behaviour));
    }

    /// Lets requests fail from now on whose path and query match: `*` stands for anything, the rest may begin
    /// anywhere. The first matching rule counts. `""` is everything.
    pub fn fail(&self, pattern: &str, fault: Fault) {
        lock(&self.state.faults).push(FaultRule::new(pattern, None, fault));
    }

    /// [`PhpIpam::fail`] for the next `times` matching requests.
    pub fn fail_times(&self, pattern: &str, times: u32, fault: Fault) {
        lock(&self.state.faults).push(FaultRule::new(pattern, Some(times), fault));
    }

    /// Takes all faults back and opens the port.
    pub fn heal(&self) {
        lock(&self.state.faults).clear();
        lock(&self.state.users).forget_failures();
        self.listener.set_doors(Doors::Open);
    }

    /// Refuses connections and cuts the open ones, until [`PhpIpam::heal`].
    pub fn refuse_connections(&self) {
        self.listener.set_doors(Doors::Closed);
    }

    /// Accepts connections and says nothing, not even TLS, until [`PhpIpam::heal`].
    pub fn mute_connections(&self) {
        self.listener.set_doors(Doors::Mute);
    }

    /// Lets every user token run out.
    pub fn expire_user_tokens(&self) {
        lock(&self.state.users).expire_all();
    }

    /// Every request so far, in order.
    #[must_use]
    pub fn requests(&self) -> Vec<RequestSeen> {
        lock(&self.state.requests).seen.clone()
    }

    /// How many requests had a path and query that match `pattern` (see [`PhpIpam::fail`]).
    #[must_use]
    pub fn count(&self, pattern: &str) -> usize {
        lock(&self.state.requests)
            .seen
            .iter()
            .filter(|request| request.matches(pattern))
            .count()
    }

    /// How often `addresses/{id}/ping/` was called. An agent must never do that.
    #[must_use]
    pub fn pings(&self) -> usize {
        self.count("/addresses/*/ping")
    }

    /// How many sessions were begun: one for each request that came without its cookie.
    #[must_use]
    pub fn sessions(&self) -> usize {
        lock(&self.state.requests).sessions_given
    }

    /// Forgets the requests and the counts, not the sessions themselves.
    pub fn forget_requests(&self) {
        let mut requests = lock(&self.state.requests);
        requests.seen.clear();
        requests.sessions_given = 0;
    }
}

impl State {
    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        lock(&self.model)
    }

    pub(crate) fn users(&self) -> MutexGuard<'_, Users> {
        lock(&self.users)
    }

    fn respond(&self, call: &Call) -> Outcome {
        let target = match &call.query {
            Some(query) => format!("{}?{query}", call.path),
            None => call.path.clone(),
        };
        let fault = lock(&self.faults)
            .iter_mut()
            .find_map(|rule| rule.strike(&target));
        let behaviour = lock(&self.behaviour).clone();
        let (outcome, token) = match fault {
            Some(fault) => self.failing(call, &behaviour, fault),
            None => {
                let (reply, token) = answers::answer(self, call, &behaviour);
                (Outcome::Answer(self.wrap(call, &behaviour, reply)), token)
            }
        };
        let status = match &outcome {
            Outcome::Answer(answer) => Some(answer.status),
            Outcome::HangUp | Outcome::Silence => None,
        };
        let owned = |name| call.header(name).map(str::to_owned);
        let mut requests = lock(&self.requests);
        let had_cookie = requests.knows_session_of(call);
        requests.seen.push(RequestSeen {
            method: call.method.clone(),
            target,
            had_cookie,
            content_type: owned("content-type"),
            accept_encoding: owned("accept-encoding"),
            user_agent: owned("user-agent"),
            token,
            status,
        });
        match outcome {
            Outcome::Answer(mut answer) => {
                if !had_cookie && starts_session(&answer) {
                    answer
                        .headers
                        .push(("set-cookie", requests.new_session(call.secure)));
                }
                answer
                    .headers
                    .push(("date", http_date(behaviour.date_skew_seconds)));
                Outcome::Answer(answer)
            }
            Outcome::HangUp | Outcome::Silence => outcome,
        }
    }

    fn failing(&self, call: &Call, behaviour: &Behaviour, fault: Fault) -> (Outcome, TokenSeen) {
        let (right, token) = answers::answer(self, call, behaviour);
        let right = self.wrap(call, behaviour, right);
        let message = |status, message: &str| {
            self.wrap(call, behaviour, Reply::Error(status, message.to_owned()))
        };
        let answer = match fault {
            Fault::ApiOff => message(503, "API server disabled"),
            Fault::Unauthorized => message(401, "Unauthorized"),
            Fault::Blocked => self.wrap(call, behaviour, answers::blocked(behaviour)),
            Fault::EmptyError => self.wrap(call, behaviour, Reply::Died),
            Fault::Message {
                status,
                message: words,
            } => message(status, &words),
            Fault::Page(status) => html(
                status,
                &format!("<html><body><h1>{status} from the proxy</h1></body></html>"),
            ),
            Fault::Login => self.wrap(call, behaviour, Reply::Redirect(302, "/login/")),
            Fault::Html => html(
                200,
                "<!DOCTYPE html><html><body>Please accept our terms</body></html>",
            ),
            Fault::Garbage => Answer::new(
                200,
                JSON,
                r#"{"code":200,"success":true,"data":[{"id":10,"sub"#,
            ),
            Fault::Stall => return (Outcome::Silence, token),
            Fault::HangUp => return (Outcome::HangUp, token),
            Fault::CutBody => with_payload(right, Payload::Half),
            Fault::SlowBody { size, pause } => {
                with_payload(right, |bytes| Payload::Slow { bytes, size, pause })
            }
            Fault::EndlessBody => {
                let mut answer = Answer::new(200, JSON, "");
                answer.body =
                    Payload::Endless(format!("{{\"data\":\"{}\",", "x".repeat(16_384)).into());
                answer
            }
        };
        (Outcome::Answer(answer), token)
    }

    /// Puts phpIPAM's envelope, prefix, compression and headers around a reply.
    fn wrap(&self, call: &Call, behaviour: &Behaviour, reply: Reply) -> Answer {
        let (status, body) = match reply {
            Reply::Data(data) => (
                200,
                format!(r#"{{"code":200,"success":true,"data":{data},"time":0.002}}"#),
            ),
            Reply::Error(status, message) => {
                let message = serde_json::Value::String(message)
                    .to_string()
                    .replace('/', "\\/");
                (
                    status,
                    format!(
                        r#"{{"code":{status},"success":false,"message":{message},"time":0.001}}"#
                    ),
                )
            }
            Reply::Died => return html(500, ""),
            Reply::Redirect(status, to) => return self.redirect(call, status, to),
            Reply::LoginPage => {
                return html(
                    200,
                    "<!DOCTYPE html><html><body><form>Please login</form></body></html>",
                );
            }
        };
        let body = format!("{}{body}", behaviour.prefix.text()).into_bytes();
        let gzip = call
            .header("accept-encoding")
            .is_some_and(|accepted| accepted.contains("gzip"));
        let compressed = if gzip { compress(&body) } else { None };
        let encoded = compressed.is_some();
        let mut answer = Answer::new(status, JSON, compressed.unwrap_or(body));
        answer.headers.push(("server", "nginx/1.22.1".into()));
        answer.headers.push(("cache-control", "no-cache".into()));
        answer.headers.push(("vary", "Accept-Encoding".into()));
        if encoded {
            answer.headers.push(("content-encoding", "gzip".into()));
        }
        answer
    }

    fn redirect(&self, call: &Call, status: u16, to: &str) -> Answer {
        let mut answer = if status == 301 {
            html(
                301,
                "<html>\r\n<head><title>301 Moved Permanently</title></head>\r\n</html>\r\n",
            )
        } else {
            html(status, "")
        };
        let scheme = if call.secure { "https" } else { "http" };
        let host = call.header("host").unwrap_or("localhost");
        answer.headers.push((
            "location",
            format!("{scheme}://{host}{}{to}", self.base_path),
        ));
        answer
    }
}

const JSON: &str = "application/json; charset=utf-8";

fn html(status: u16, page: &str) -> Answer {
    Answer::new(status, "text/html; charset=UTF-8", page.to_owned())
}

fn with_payload(mut answer: Answer, payload: impl FnOnce(bytes::Bytes) -> Payload) -> Answer {
    answer.body = match answer.body {
        Payload::Whole(bytes) => payload(bytes),
        other @ (Payload::Half(_) | Payload::Slow { .. } | Payload::Endless(_)) => other,
    };
    answer
}

/// phpIPAM begins a session for whatever its API answers; the web server's own pages and a dead PHP don't.
fn starts_session(answer: &Answer) -> bool {
    answer
        .headers
        .iter()
        .any(|(name, value)| *name == "content-type" && value == JSON)
}

fn compress(body: &[u8]) -> Option<Vec<u8>> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(body).ok()?;
    encoder.finish().ok()
}

fn http_date(skew_seconds: i64) -> String {
    let moved = Timestamp::now() + skew_seconds.seconds();
    moved.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
