//! Apps with user tokens: `user/` logs in, shows the expiry, extends it and logs out.

use std::collections::HashMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde_json::json;

use super::answers::Reply;
use super::faults::{Behaviour, Version};
use super::model::Model;
use super::state::State;
use crate::listener::Call;

/// phpIPAM blocks an address after more failures than this.
const FAILURES_ALLOWED: u32 = 10;
/// How long a user token lives, in seconds.
const TOKEN_LIFE_SECONDS: i64 = 6 * 60 * 60;

/// Who is logged in.
#[derive(Debug, Default)]
pub(crate) struct Users {
    /// By user name.
    tokens: HashMap<String, UserToken>,
    given: u64,
    failures: u32,
}

#[derive(Debug, Clone)]
struct UserToken {
    token: String,
    /// `Y-m-d H:i:s` by the database's clock.
    expires: String,
    expired: bool,
}

/// What a user token is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Login {
    Valid,
    Expired,
    Unknown,
}

impl Users {
    pub(crate) fn is_blocked(&self) -> bool {
        self.failures > FAILURES_ALLOWED
    }

    pub(crate) fn forget_failures(&mut self) {
        self.failures = 0;
    }

    pub(crate) fn expire_all(&mut self) {
        self.tokens
            .values_mut()
            .for_each(|token| token.expired = true);
    }

    pub(crate) fn judge(&self, token: &str) -> Login {
        match self.find(token) {
            Some(found) if found.expired => Login::Expired,
            Some(_) => Login::Valid,
            None => Login::Unknown,
        }
    }

    fn find(&self, token: &str) -> Option<&UserToken> {
        self.tokens
            .values()
            .find(|held| !token.is_empty() && held.token == token)
    }

    /// The token that the user has, or a new one when there is none or it has expired.
    fn log_in(&mut self, user: &str, expires: String) -> UserToken {
        if let Some(held) = self.tokens.get(user).filter(|held| !held.expired) {
            return held.clone();
        }
        self.given += 1;
        let token = UserToken {
            token: format!("UserToken-{:014}", self.given),
            expires,
            expired: false,
        };
        self.tokens.insert(user.to_owned(), token.clone());
        token
    }
}

/// Answers `user/` for an app with user tokens.
pub(crate) fn answer(state: &State, model: &Model, call: &Call) -> Reply {
    match call.method.as_str() {
        "POST" => log_in(state, model, call),
        "GET" | "HEAD" | "PATCH" | "DELETE" => with_token(state, model, call),
        _ => Reply::Error(405, "Method not allowed".into()),
    }
}

/// Answers `user/` for an app that needs no login.
pub(crate) fn answer_for_app_token(call: &Call, behaviour: &Behaviour) -> Reply {
    match (behaviour.version, call.method.as_str()) {
        (Version::V1_6_0, "GET") => Reply::Data(json!({ "expires": null }).to_string()),
        (Version::V1_8_2, "POST") if call.header("authorization").is_none() => {
            Reply::Error(400, "Please provide username and password".into())
        }
        (Version::V1_6_0 | Version::V1_8_2, _) => {
            Reply::Error(409, "Authentication not needed".into())
        }
    }
}

fn log_in(state: &State, model: &Model, call: &Call) -> Reply {
    let Some((name, password)) = basic_credentials(call) else {
        return Reply::Error(400, "Please provide username and password".into());
    };
    let mut users = state.users();
    if !model
        .users
        .iter()
        .any(|user| user.name == name && user.password == password)
    {
        users.failures += 1;
        return Reply::Error(500, "Invalid username or password".into());
    }
    users.failures = 0;
    let token = users.log_in(&name, model.clock.text_in(TOKEN_LIFE_SECONDS));
    Reply::Data(json!({ "token": token.token, "expires": token.expires }).to_string())
}

fn with_token(state: &State, model: &Model, call: &Call) -> Reply {
    let sent = call
        .header("phpipam-token")
        .or_else(|| call.header("token"))
        .unwrap_or("");
    let mut users = state.users();
    match users.judge(sent) {
        Login::Unknown => return Reply::Error(401, "Unauthorized".into()),
        Login::Expired => return Reply::Error(403, "Token expired".into()),
        Login::Valid => {}
    }
    if call.method == "DELETE" {
        users.tokens.retain(|_, held| held.token != sent);
        return Reply::Data(json!(["Token removed"]).to_string());
    }
    if call.method == "PATCH"
        && let Some(held) = users.tokens.values_mut().find(|held| held.token == sent)
    {
        held.expires = model.clock.text_in(TOKEN_LIFE_SECONDS);
    }
    let expires = users.find(sent).map(|held| held.expires.clone());
    Reply::Data(json!({ "expires": expires }).to_string())
}

fn basic_credentials(call: &Call) -> Option<(String, String)> {
    let encoded = call.header("authorization")?.strip_prefix("Basic ")?;
    let decoded = String::from_utf8(BASE64.decode(encoded.trim()).ok()?).ok()?;
    decoded
        .split_once(':')
        .map(|(name, password)| (name.to_owned(), password.to_owned()))
}
