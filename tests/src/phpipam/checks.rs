//! What phpIPAM checks before it looks for any data, in its order: the app, the way, the token, the controller.

use serde_json::Value;

use super::answers::{Reply, error};
use super::faults::{Behaviour, Version};
use super::model::{App, Model, Security};
use super::request::Request;
use super::state::State;
use super::users::{self, Login};
use crate::listener::Call;

/// How good a request's token was. The token itself is kept nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TokenSeen {
    /// None was sent.
    Missing,
    /// The right one for the app.
    Right,
    /// Any other.
    Wrong,
}

/// The answer to an address that failed to log in too often. 1.6 misspells it.
pub(crate) fn blocked(behaviour: &Behaviour) -> Reply {
    let word = match behaviour.version {
        Version::V1_6_0 => "excesive",
        Version::V1_8_2 => "excessive",
    };
    error(
        500,
        format!("Your IP has been blocked for 5 minutes because of {word} login failures"),
    )
}

/// The checks that come before any data, in phpIPAM's order.
pub(crate) fn check(
    state: &State,
    model: &Model,
    request: &Request,
    call: &Call,
    behaviour: &Behaviour,
    token_seen: &mut TokenSeen,
) -> Result<App, Reply> {
    if !call.body.is_empty() && serde_json::from_slice::<Value>(&call.body).is_err() {
        return Err(error(400, "Invalid JSON: Syntax error"));
    }
    if state.users().is_blocked() {
        return Err(blocked(behaviour));
    }
    let app = model
        .apps
        .iter()
        .find(|app| app.id.eq_ignore_ascii_case(request.part(0)));
    let Some(app) = app.cloned() else {
        return Err(error(400, "Invalid application id"));
    };
    if app.disabled && behaviour.version != Version::V1_6_0 {
        return Err(error(503, "Application disabled"));
    }
    match app.security {
        Security::Encrypted => return Err(error(503, "Invalid enc_request")),
        Security::None => return Err(error(503, "SSL connection is required for API")),
        Security::AppToken | Security::UserToken => {}
    }
    if !call.secure && !behaviour.allow_plain_http {
        return Err(error(503, "SSL connection is required for API"));
    }
    check_content_type(call, behaviour)?;
    check_token(state, model, request, call, behaviour, &app, token_seen)?;
    if request.part(1).is_empty() {
        return Err(error(400, "Request is not valid"));
    }
    if !matches!(request.part(1), "subnets" | "addresses" | "tools" | "user") {
        return Err(error(400, "Invalid controller"));
    }
    if request.write && request.part(1) != "user" {
        return Err(error(401, "invalid permissions"));
    }
    Ok(app)
}

fn check_content_type(call: &Call, behaviour: &Behaviour) -> Result<(), Reply> {
    let content_type = call.header("content-type").unwrap_or("");
    let kind = content_type.split(';').next().unwrap_or("").trim();
    let known = match kind {
        "application/json" | "application/xml" | "application/x-www-form-urlencoded" => true,
        "" => behaviour.version != Version::V1_6_0,
        _ => false,
    };
    if known {
        Ok(())
    } else {
        Err(error(415, format!("Invalid Content type {content_type}")))
    }
}

fn check_token(
    state: &State,
    model: &Model,
    request: &Request,
    call: &Call,
    behaviour: &Behaviour,
    app: &App,
    token_seen: &mut TokenSeen,
) -> Result<(), Reply> {
    let token = call
        .header("phpipam-token")
        .or_else(|| call.header("token"))
        .unwrap_or("");
    if !token.is_empty() {
        *token_seen = TokenSeen::Wrong;
    }
    if app.security == Security::UserToken {
        let login = state.users().judge(token);
        if login == Login::Valid {
            *token_seen = TokenSeen::Right;
        }
        // `user/` is where tokens come from; it judges for itself.
        return if login == Login::Valid || request.part(1) == "user" {
            Ok(())
        } else {
            Err(error(401, "Unauthorized"))
        };
    }
    if request.part(1) == "user" {
        return Err(users::answer_for_app_token(call, behaviour));
    }
    if token.is_empty() {
        return Err(error(401, "Unauthorized"));
    }
    if token.eq_ignore_ascii_case(&app.token) {
        *token_seen = TokenSeen::Right;
        return Ok(());
    }
    let anothers = model
        .apps
        .iter()
        .any(|other| other.token.eq_ignore_ascii_case(token));
    Err(if anothers {
        error(403, "Invalid token")
    } else {
        error(401, "Unauthorized")
    })
}
