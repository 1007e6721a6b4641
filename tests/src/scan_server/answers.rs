//! What the reference's webhook answers to a request. It knows nothing of agents, subnets or hosts: whatever is JSON
//! with the right token is 200.

use std::io::Read as _;

use flate2::read::MultiGzDecoder;
use jiff::Timestamp;
use serde_json::Value;

use super::journal::Received;
use super::troubles::{self, Trouble};
use super::work::Shared;
use crate::listener::{Answer, Call, Outcome};

/// The webhook refuses bodies of this size, in bytes, and larger.
pub const BODY_LIMIT: usize = 1_048_576;

/// Answers one request and queues what it brings.
pub(crate) async fn respond(shared: &Shared, call: Call) -> Outcome {
    let (answer_time, trouble) = {
        let mut state = shared.state();
        (state.answer_time, troubles::strike(&mut state.troubles))
    };
    if !answer_time.is_zero() {
        tokio::time::sleep(answer_time).await;
    }
    let token = check_token(call.header("authorization"), &shared.state().token);
    if call.method != "POST" {
        shared.change(|state| state.connection_tests += 1);
        return match (trouble, token) {
            (Some(trouble), _) => outcome_of(trouble),
            (None, Err(words)) => Outcome::Answer(unauthorized(words)),
            (None, Ok(())) => Outcome::Answer(text(405, "405: Method Not Allowed")),
        };
    }

    let body = unzip(&call);
    let json = serde_json::from_slice::<Value>(&body).ok();
    let right = match token {
        Err(words) => unauthorized(words),
        Ok(()) if body.len() >= BODY_LIMIT => text(
            413,
            format!(
                "Maximum request body size {BODY_LIMIT} exceeded, actual body size {}",
                body.len()
            ),
        ),
        Ok(()) if std::str::from_utf8(&body).is_err() => text(
            500,
            "500 Internal Server Error\n\nServer got itself in trouble",
        ),
        Ok(()) if json.is_none() => text(400, "Invalid JSON payload"),
        // The reference answers with the path after the slash: nothing, for `/`.
        Ok(()) => text(200, call.path.trim_start_matches('/').to_owned()),
    };
    let good = right.status == 200;
    let outcome = trouble.map_or(Outcome::Answer(right), outcome_of);
    let taken = good && matches!(trouble, None | Some(Trouble::HangUpAfterTaking));
    let status = match &outcome {
        Outcome::Answer(answer) => Some(answer.status),
        Outcome::HangUp | Outcome::Silence => None,
    };
    let received = Received {
        at: Timestamp::now(),
        path: call.path.clone(),
        body,
        json: json.clone(),
        user_agent: call.header("user-agent").map(str::to_owned),
        content_type: call.header("content-type").map(str::to_owned),
        authorized: token.is_ok(),
        taken,
        status,
    };
    let number = shared.change(|state| {
        state.received.push(received);
        state.received.len() - 1
    });
    if let Some(json) = json.filter(|_| taken) {
        shared.enqueue(number, json);
    }
    outcome
}

/// The header must be exactly `Bearer TOKEN`; the words are the reference's.
fn check_token(header: Option<&str>, token: &str) -> Result<(), &'static str> {
    let header = header.ok_or("Missing authorization token")?;
    let Some((scheme, sent)) = header.trim().split_once(' ') else {
        return Err("Invalid authorization token");
    };
    if sent.contains(' ') {
        return Err("Invalid authorization token");
    }
    if scheme != "Bearer" {
        return Err("Only Bearer type is accepted");
    }
    if sent == token {
        Ok(())
    } else {
        Err("Invalid authorization token")
    }
}

fn unauthorized(words: &'static str) -> Answer {
    if words == "Missing authorization token" {
        // The one refusal that the reference puts into the status line; the body then repeats it after the status.
        Answer {
            reason: Some(words),
            ..text(401, format!("401: {words}"))
        }
    } else {
        text(401, words)
    }
}

fn outcome_of(trouble: Trouble) -> Outcome {
    match trouble {
        Trouble::Stall => Outcome::Silence,
        Trouble::HangUpBeforeTaking | Trouble::HangUpAfterTaking => Outcome::HangUp,
        Trouble::Swallow => Outcome::Answer(text(200, "")),
        Trouble::Status {
            status,
            retry_after,
        } => {
            let mut answer = text(status, format!("{status}: simulated trouble"));
            if let Some(after) = retry_after {
                answer
                    .headers
                    .push(("retry-after", after.as_secs().to_string()));
            }
            Outcome::Answer(answer)
        }
    }
}

fn text(status: u16, words: impl Into<String>) -> Answer {
    let mut answer = Answer::new(status, "text/plain; charset=utf-8", words.into());
    answer
        .headers
        .push(("server", "Python/3.11 aiohttp/3.9.5".into()));
    answer
}

/// The body without its gzip. At most a byte over the limit, so that a zip bomb ends there.
fn unzip(call: &Call) -> Vec<u8> {
    let gzip = call
        .header("content-encoding")
        .is_some_and(|encoding| encoding.eq_ignore_ascii_case("gzip"));
    let mut plain = Vec::new();
    if gzip {
        let mut bounded = MultiGzDecoder::new(&call.body[..]).take(BODY_LIMIT as u64 + 1);
        if bounded.read_to_end(&mut plain).is_ok() {
            return plain;
        }
    }
    call.body.to_vec()
}
