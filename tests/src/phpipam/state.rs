//! From a request to the bytes of an answer: faults, phpIPAM's envelope, compression, headers, sessions.

use std::io::Write as _;
use std::sync::{Mutex, MutexGuard, PoisonError};

use flate2::Compression;
use flate2::write::GzEncoder;
use jiff::{Timestamp, ToSpan as _};

use super::answers::{self, Reply};
use super::checks::{self, TokenSeen};
use super::faults::{Behaviour, Fault, FaultRule};
use super::model::{Model, SharedModel};
use super::requests::{RequestSeen, Requests};
use super::users::Users;
use crate::listener::{Answer, Call, Outcome, Payload};

/// A panic in one test thread must not turn into a second, misleading one here.
pub(crate) fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// What the requests and the handle share.
pub(crate) struct State {
    pub(crate) base_path: String,
    pub(crate) model: SharedModel,
    pub(crate) behaviour: Mutex<Behaviour>,
    pub(crate) faults: Mutex<Vec<FaultRule>>,
    pub(crate) requests: Mutex<Requests>,
    pub(crate) users: Mutex<Users>,
}

impl State {
    pub(crate) fn model(&self) -> MutexGuard<'_, Model> {
        lock(&self.model)
    }

    pub(crate) fn users(&self) -> MutexGuard<'_, Users> {
        lock(&self.users)
    }

    pub(crate) fn respond(&self, call: &Call) -> Outcome {
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
            Fault::Blocked => self.wrap(call, behaviour, checks::blocked(behaviour)),
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
