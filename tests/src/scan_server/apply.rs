//! What the reference's playbook does with one report: the rules, without time and without the network.
//!
//! Its faults are the point: one bad host spoils every later one, host names are executed, other zones than `+0000` are
//! miscalculated. Where the reference was not measured to the end, the reading that is harder for an agent is taken: a
//! report that is spoiled as a whole has still set the subnet's `lastDiscovery`.

use std::net::Ipv4Addr;

use jiff::ToSpan as _;
use jiff::civil::DateTime;
use serde_json::Value;

use super::journal::HostWrite;
use crate::phpipam::{Address, Model, address};

/// The description of a row that the scanner found by itself.
pub const AUTODISCOVERED: &str = "-- autodiscovered --";

/// Longest host name that the table takes.
const HOSTNAME_MAX: usize = 255;
/// Longest MAC address that the table takes.
const MAC_MAX: usize = 20;

/// What begins with a report.
pub(crate) enum Begin {
    /// Nothing happens, and nobody is told: for instance a wrong code.
    Ignored(String),
    /// `lastDiscovery` is set and the hosts follow.
    Hosts(Hosts),
    /// `lastDiscovery` is set and nothing follows.
    Spoiled {
        subnet_id: i64,
        why: String,
        executed: Vec<String>,
    },
}

/// The hosts of a report that is being processed.
pub(crate) struct Hosts {
    pub(crate) subnet_id: i64,
    pub(crate) hosts: Vec<Value>,
    /// Templates that were run on the server while it read the report.
    pub(crate) executed: Vec<String>,
    /// What is taken off `lastSeen`, in seconds. Never negative: the reference ignores the sign of `tz`.
    shift_seconds: i64,
}

/// Looks the agent and the subnet up, sets `lastDiscovery`, and reads the hosts.
pub(crate) fn begin(report: &Value, model: &mut Model) -> Begin {
    let code = report["code"].as_str().unwrap_or("");
    let now = model.clock.now_text();
    let Some(agent) = model
        .scan_agents
        .iter_mut()
        .find(|agent| agent.code.as_deref() == Some(code))
    else {
        return Begin::Ignored("no scan agent has this code".into());
    };
    let agent_id = agent.id;
    let cidr = report["scan"]["subnet"].as_str().unwrap_or("");
    let assigned = model.subnets.values_mut().find(|subnet| {
        !subnet.is_folder && subnet.scan_agent == Some(agent_id) && subnet.cidr() == cidr
    });
    let Some(subnet) = assigned else {
        return Begin::Ignored(format!("no subnet {cidr:?} is assigned to the agent"));
    };
    let subnet_id = subnet.id;
    subnet.last_discovery = Some(now.clone());
    subnet.edit_date = Some(now.clone());
    if let Some(agent) = model
        .scan_agents
        .iter_mut()
        .find(|agent| agent.id == agent_id)
    {
        agent.last_access = Some(now);
    }

    let mut executed = Vec::new();
    match read_hosts(&report["scan"], &mut executed) {
        Ok((hosts, shift_seconds)) => Begin::Hosts(Hosts {
            subnet_id,
            hosts,
            executed,
            shift_seconds,
        }),
        Err(why) => Begin::Spoiled {
            subnet_id,
            why,
            executed,
        },
    }
}

fn read_hosts(scan: &Value, executed: &mut Vec<String>) -> Result<(Vec<Value>, i64), String> {
    let mut hosts = scan["results"]
        .as_array()
        .ok_or("results is no list")?
        .clone();
    let shift_seconds = scan["tz"]
        .as_str()
        .and_then(zone_seconds)
        .ok_or("tz is not +hhmm")?;
    for host in &mut hosts {
        if host["ip"].as_str().is_some_and(|ip| ip.contains(':')) {
            return Err("an IPv6 address".into());
        }
        for text in host
            .as_object_mut()
            .into_iter()
            .flat_map(|fields| fields.values_mut())
        {
            if let Value::String(text) = text {
                if text.chars().any(|character| u32::from(character) > 0xffff) {
                    return Err("a character outside the basic plane".into());
                }
                *text = render(text, executed)?;
            }
        }
    }
    Ok((hosts, shift_seconds))
}

/// The playbook's templating: whatever stands in `{{ … }}` is run on the server.
fn render(text: &str, executed: &mut Vec<String>) -> Result<String, String> {
    let mut rendered = String::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("{{") {
        let (expression, behind) = after.split_once("}}").ok_or("an unbalanced {{")?;
        executed.push(expression.trim().to_owned());
        rendered.push_str(before);
        rest = behind;
    }
    rendered.push_str(rest);
    Ok(rendered)
}

/// `+0200` and `-0200` are both 7,200.
fn zone_seconds(tz: &str) -> Option<i64> {
    let digits = tz.strip_prefix(['+', '-'])?;
    if digits.len() != 4 || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(digits[..2].parse::<i64>().ok()? * 3600 + digits[2..].parse::<i64>().ok()? * 60)
}

/// Writes one host. An error ends the report: this host and every later one are lost.
pub(crate) fn write_host(
    hosts: &Hosts,
    host: &Value,
    model: &mut Model,
) -> Result<HostWrite, String> {
    if !host.is_object() {
        return Err("a result is no object".into());
    }
    // A string on the wire; a number is not equal to it there either.
    if host["subnetId"].as_str() != Some(hosts.subnet_id.to_string().as_str()) {
        return Ok(HostWrite::SkippedOtherSubnet);
    }
    let ip = host["ip"]
        .as_str()
        .filter(|ip| ip.parse::<Ipv4Addr>().is_ok())
        .ok_or("no IPv4 address in ip")?;
    let sent = host["lastSeen"].as_str().unwrap_or("");
    let seen = parse_time(sent).ok_or_else(|| format!("lastSeen {sent:?} is not Y-m-d H:M:S"))?;
    let hostname = column(host, "hostname", check_hostname)?;
    let mac = column(host, "mac", check_mac)?;

    let now = model.clock.now_text();
    let by_ip = model
        .addresses_with_ip(ip)
        .next()
        .map(|row| (row.id, row.subnet_id));
    let (row, write) = match &host["id"] {
        Value::Null => match by_ip {
            Some((id, subnet_id)) => (
                id,
                HostWrite::UpdatedByIp {
                    address_id: id,
                    subnet_id,
                },
            ),
            None => {
                let row = Address {
                    // The reference stores a new row's time as it was sent, whatever tz says.
                    last_seen: Some(sent.to_owned()),
                    hostname: hostname.unwrap_or_default(),
                    mac: mac.unwrap_or_default(),
                    ..address(ip).described(AUTODISCOVERED)
                };
                let address_id = model.add_address(hosts.subnet_id, row);
                return Ok(HostWrite::Inserted { address_id });
            }
        },
        id => {
            let id = id
                .as_i64()
                .or_else(|| id.as_str()?.parse().ok())
                .ok_or("id is no number")?;
            let belongs = model.address(id).is_some_and(|row| row.ip == ip);
            if !belongs {
                return Err(format!("id {id} does not belong to {ip}"));
            }
            (id, HostWrite::UpdatedById { address_id: id })
        }
    };
    let stored = seen.saturating_sub(hosts.shift_seconds.seconds());
    if let Some(row) = model.address_mut(row) {
        row.last_seen = Some(stored.strftime("%Y-%m-%d %H:%M:%S").to_string());
        if let Some(hostname) = hostname {
            row.hostname = hostname;
        }
        if let Some(mac) = mac {
            row.mac = mac;
        }
        row.edit_date = Some(now);
    }
    Ok(write)
}

/// A column that the host may leave out (`None`: it stays) or erase with null (`Some(None)`).
fn column(
    host: &Value,
    name: &str,
    check: impl Fn(&str) -> Result<(), String>,
) -> Result<Option<Option<String>>, String> {
    match host.get(name) {
        None => Ok(None),
        Some(Value::Null) => Ok(Some(None)),
        Some(Value::String(text)) => {
            check(text)?;
            Ok(Some(Some(text.clone())))
        }
        Some(Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_)) => {
            Err(format!("{name} is no string"))
        }
    }
}

fn check_hostname(name: &str) -> Result<(), String> {
    // The name is put into SQL between quotes, unescaped.
    if name.contains('\'') || name.ends_with('\\') {
        return Err("the host name breaks the SQL statement".into());
    }
    if name.chars().count() > HOSTNAME_MAX {
        return Err("the host name is longer than its column".into());
    }
    Ok(())
}

fn check_mac(mac: &str) -> Result<(), String> {
    if mac.contains('\'') || mac.ends_with('\\') {
        return Err("the MAC address breaks the SQL statement".into());
    }
    if mac.chars().count() > MAC_MAX {
        return Err("the MAC address is longer than its column".into());
    }
    Ok(())
}

fn parse_time(text: &str) -> Option<DateTime> {
    // strptime alone would take "2026-1-2 3:4:5".
    if text.len() != 19 {
        return None;
    }
    DateTime::strptime("%Y-%m-%d %H:%M:%S", text).ok()
}
