//! What phpIPAM answers: routing, data, and its exact words.
//!
//! Served is what a scan agent may need, and what it must never call (`ping`). Reads only: nothing here can change the
//! model but `ping`, which does so in phpIPAM too.

use std::net::IpAddr;

use serde_json::{Value, json};

use super::checks::{TokenSeen, check};
use super::faults::{Behaviour, Version};
use super::model::{Model, Security};
use super::request::Request;
use super::rows::{self, Row};
use super::state::State;
use super::users;
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

pub(crate) fn error(status: u16, message: impl Into<String>) -> Reply {
    Reply::Error(status, message.into())
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
