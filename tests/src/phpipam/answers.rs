//! What phpIPAM answers: routing, checks in phpIPAM's order, and its exact words.
//!
//! Served is what a scan agent may need, and what it must never call (`ping`). Reads only: nothing here can change the
//! model but `ping`, which does so in phpIPAM too.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::State;
use super::faults::{Behaviour, Version};
use super::model::{App, Model, Security};
use super::rows::{self, Row};
use super::users::{self, Login};
use crate::listener::Call;

/// phpIPAM's answer before it is wrapped, prefixed, compressed and sent.
pub(crate) enum Reply {
    /// `data` of a success, as JSON text.
    Data(String),
    /// `message` of a failure.
    Error(u16, String),
    /// 500 without a body.
    Died,
    /// Away from the API: to the address in `Location`.
    Redirect(u16, &'static str),
    /// The page that people log in on.
    LoginPage,
}

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

fn error(status: u16, message: impl Into<String>) -> Reply {
    Reply::Error(status, message.into())
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

/// Answers one request; also says how good its token was.
pub(crate) fn answer(state: &State, call: &Call, behaviour: &Behaviour) -> (Reply, TokenSeen) {
    let Some(path) = call.path.strip_prefix(state.base_path.as_str()) else {
        return (Reply::Redirect(302, "/login/"), TokenSeen::Missing);
    };
    match path.strip_prefix("/api") {
        Some("") => (Reply::Redirect(301, "/api/"), TokenSeen::Missing),
        Some(rest) if rest.starts_with('/') => answer_api(state, call, behaviour, rest),
        _ if path == "/login/" => (Reply::LoginPage, TokenSeen::Missing),
        _ => (Reply::Redirect(302, "/login/"), TokenSeen::Missing),
    }
}

fn answer_api(state: &State, call: &Call, behaviour: &Behaviour, path: &str) -> (Reply, TokenSeen) {
    let request = Request::new(call, path);
    let mut model = state.model();
    let mut token_seen = TokenSeen::Missing;
    let reply = check(state, &model, &request, call, behaviour, &mut token_seen).and_then(|app| {
        if app.security == Security::UserToken && request.part(1) == "user" {
            return Err(users::answer(state, &model, call));
        }
        Ok(())
    });
    match reply {
        Err(reply) => (reply, token_seen),
        Ok(()) => (dispatch(&mut model, &request, behaviour), token_seen),
    }
}

/// The path and the query of a request, as phpIPAM takes them apart.
struct Request {
    parts: Vec<String>,
    query: Vec<(String, String)>,
    stringify: bool,
    write: bool,
}

impl Request {
    fn new(call: &Call, path: &str) -> Request {
        let mut parts: Vec<String> = path
            .split('/')
            .filter(|part| !part.is_empty())
            .map(|part| decode(part).to_owned())
            .collect();
        let mut query = Vec::new();
        if let Some(text) = &call.query {
            // phpIPAM's rewriting needs the slash before `?`; without it the query sticks to the last part of the path.
            match parts.last_mut() {
                Some(last) if !path.ends_with('/') => *last = format!("{last}?{text}"),
                _ => {
                    query = url::form_urlencoded::parse(text.as_bytes())
                        .map(|(name, value)| (name.into_owned(), value.into_owned()))
                        .collect();
                }
            }
        }
        Request {
            parts,
            query,
            stringify: call
                .header("api-stringify-results")
                .is_some_and(|value| value != "0" && value != "false"),
            write: !matches!(call.method.as_str(), "GET" | "HEAD" | "OPTIONS"),
        }
    }

    /// 0: app, 1: controller, 2 and on: ids. Empty where there is none.
    fn part(&self, index: usize) -> &str {
        self.parts.get(index).map_or("", String::as_str)
    }

    fn parameter(&self, name: &str) -> Option<&str> {
        self.query
            .iter()
            .find(|(other, _)| other == name)
            .map(|(_, value)| value.as_str())
    }
}

fn decode(part: &str) -> String {
    // Only `%` matters here: `+` in a path is a plus.
    url::form_urlencoded::parse(part.replace('+', "%2B").as_bytes())
        .map(|(name, value)| {
            if value.is_empty() {
                name.into_owned()
            } else {
                format!("{name}={value}")
            }
        })
        .collect()
}

/// The checks that come before any data, in phpIPAM's order.
fn check(
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

fn dispatch(model: &mut Model, request: &Request, behaviour: &Behaviour) -> Reply {
    let shape = |mut row: Row| {
        if behaviour.stringify || (request.stringify && behaviour.version != Version::V1_6_0) {
            row.stringify();
        }
        row
    };
    let found = match request.part(1) {
        "tools" => tools(model, request),
        "subnets" => subnets(model, request, behaviour),
        "addresses" if request.part(3) == "ping" => return ping(model, request.part(2)),
        _ => addresses(model, request, behaviour),
    };
    match found {
        Ok(Found::One(row)) => Reply::Data(to_json(&shape(row))),
        Ok(Found::Many(rows)) => {
            Reply::Data(to_json(&rows.into_iter().map(shape).collect::<Vec<_>>()))
        }
        Err(reply) => reply,
    }
}

enum Found {
    One(Row),
    Many(Vec<Row>),
}

/// JSON as PHP writes it: slashes are escaped.
fn to_json(value: &impl serde::Serialize) -> String {
    serde_json::to_string(value)
        .unwrap_or_else(|_| "null".into())
        .replace('/', "\\/")
}

fn tools(model: &Model, request: &Request) -> Result<Found, Reply> {
    let rows: Vec<Row> = match request.part(2) {
        "scanagents" => model.scan_agents.iter().map(rows::scan_agent).collect(),
        "nameservers" => model.name_servers.iter().map(rows::name_server).collect(),
        _ => return Err(error(400, "Invalid subcontroller")),
    };
    let id = request.part(3);
    if id.is_empty() {
        if rows.is_empty() {
            return Err(error(404, "No objects found"));
        }
        return filter(rows, request).map(Found::Many);
    }
    if !is_number(id) {
        return Err(error(400, "Identifier must be numeric"));
    }
    let row = rows
        .into_iter()
        .find(|row| row.get("id").map(text_of).as_deref() == Some(id));
    row.map(Found::One)
        .ok_or_else(|| error(404, "No objects found"))
}

fn subnets(model: &Model, request: &Request, behaviour: &Behaviour) -> Result<Found, Reply> {
    let id = request.part(2);
    if matches!(id, "" | "all") {
        if model.subnets.is_empty() {
            return Err(error(500, "Unable to read subnets"));
        }
        let shown = model
            .subnets
            .values()
            .filter(|subnet| behaviour.folders_in_lists || !subnet.is_folder);
        return filter(
            shown
                .map(|subnet| rows::subnet_in_list(model, subnet))
                .collect(),
            request,
        )
        .map(Found::Many);
    }
    let of_addresses = request.part(3) == "addresses";
    if !is_number(id) {
        return Err(error(404, "Invalid Id"));
    }
    let Some(subnet) = id.parse().ok().and_then(|id: i64| model.subnets.get(&id)) else {
        let status = if of_addresses { 404 } else { 400 };
        return Err(error(status, format!("Invalid subnet Id ({id})")));
    };
    match request.part(3) {
        "" if subnet.is_folder => Err(error(404, "No subnets found")),
        "" => Ok(Found::One(rows::subnet_alone(model, subnet))),
        "addresses" => addresses_of(model, subnet.id, request),
        _ => Err(error(400, "Invalid request")),
    }
}

fn addresses_of(model: &Model, subnet_id: i64, request: &Request) -> Result<Found, Reply> {
    let only_ip = request.part(4);
    let mut found: Vec<_> = model
        .addresses_of(subnet_id)
        .filter(|address| only_ip.is_empty() || address.ip == only_ip)
        .collect();
    if found.is_empty() {
        return Err(error(404, "No addresses found"));
    }
    found.sort_by_cached_key(|address| (address.ip.parse::<IpAddr>().ok(), address.id));
    filter(found.into_iter().map(rows::address).collect(), request).map(Found::Many)
}

fn addresses(model: &Model, request: &Request, behaviour: &Behaviour) -> Result<Found, Reply> {
    let id = request.part(2);
    if matches!(id, "" | "all") {
        // The whole table is loaded and only then filtered: this is what kills PHP on large installations.
        if model.addresses().len() > behaviour.address_table_limit {
            return Err(Reply::Died);
        }
        if model.addresses().len() == 0 {
            return Err(error(500, "Unable to read addresses"));
        }
        return filter(model.addresses().map(rows::address).collect(), request).map(Found::Many);
    }
    if id == "search" {
        let rows: Vec<Row> = model
            .addresses_with_ip(request.part(3))
            .map(rows::address)
            .collect();
        return if rows.is_empty() {
            Err(error(404, "Address not found"))
        } else {
            Ok(Found::Many(rows))
        };
    }
    let address = id.parse().ok().and_then(|id| model.address(id));
    address
        .map(|address| Found::One(rows::address(address)))
        .ok_or_else(|| error(404, "Invalid Id"))
}

/// `addresses/{id}/ping/` writes `lastSeen`, even for an app that may only read. An agent must never call it.
fn ping(model: &mut Model, id: &str) -> Reply {
    let now = model.clock.now_text();
    let Some(address) = id.parse().ok().and_then(|id| model.address_mut(id)) else {
        return error(404, "Invalid Id");
    };
    address.last_seen = Some(now);
    Reply::Data(to_json(&json!({
        "scan_type": "fping", "exit_code": 0, "result_code": "SUCCESS", "message": "Address online",
    })))
}

fn filter(rows: Vec<Row>, request: &Request) -> Result<Vec<Row>, Reply> {
    let Some(field) = request.parameter("filter_by") else {
        return Ok(rows);
    };
    let Some(wanted) = request.parameter("filter_value") else {
        return Err(error(400, "Missing filter_value"));
    };
    if wanted.is_empty() {
        return Err(error(400, "Empty filter_value"));
    }
    let partial = match request.parameter("filter_match").unwrap_or("full") {
        "full" => false,
        "partial" => true,
        _ => return Err(error(400, "Invalid filter_match")),
    };
    if rows.first().is_some_and(|row| row.get(field).is_none()) {
        return Err(error(400, "Invalid filter_by"));
    }
    let matches = |row: &Row| {
        let Some(value) = row.get(field) else {
            return false;
        };
        if value.is_null() {
            return false;
        }
        let text = if field == "subnet" {
            as_stored(value)
        } else {
            text_of(value)
        };
        if partial {
            text.contains(wanted)
        } else {
            text == wanted
        }
    };
    let kept: Vec<Row> = rows.into_iter().filter(matches).collect();
    if kept.is_empty() {
        Err(error(404, "No results (filter applied)"))
    } else {
        Ok(kept)
    }
}

/// `subnet` is filtered before phpIPAM turns the stored number into a dotted address.
fn as_stored(value: &Value) -> String {
    let text = text_of(value);
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(ip)) => u32::from(ip).to_string(),
        Ok(IpAddr::V6(ip)) => u128::from(ip).to_string(),
        Err(_) => text,
    }
}

fn text_of(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            value.to_string()
        }
    }
}

fn is_number(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
