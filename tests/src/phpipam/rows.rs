//! Database rows as phpIPAM's API shows them: which fields, in which order, of which JSON types.
//!
//! Follows phpIPAM 1.8.2. A subnet in a list and alone differ, as they do there.

use std::borrow::Cow;
use std::net::{Ipv4Addr, Ipv6Addr};

use serde::ser::{Serialize, SerializeMap as _, Serializer};
use serde_json::{Value, json};

use super::model::{Address, Model, NameServer, ScanAgent, Subnet};

/// A JSON object that keeps its fields' order, as PHP does.
#[derive(Debug, Clone)]
pub(crate) struct Row(Vec<(Cow<'static, str>, Value)>);

impl Row {
    pub(crate) fn get(&self, field: &str) -> Option<&Value> {
        self.0
            .iter()
            .find(|(name, _)| name == field)
            .map(|(_, value)| value)
    }

    fn push(&mut self, field: impl Into<Cow<'static, str>>, value: impl Into<Value>) {
        self.0.push((field.into(), value.into()));
    }

    /// Makes strings of the numbers, as the header `api-stringify-results` asks for. The list of permissions keeps its
    /// numbers there, because phpIPAM adds it afterwards.
    pub(crate) fn stringify(&mut self) {
        for (field, value) in &mut self.0 {
            if field != "permissions" {
                stringify(value);
            }
        }
    }
}

fn stringify(value: &mut Value) {
    match value {
        Value::Number(number) => *value = Value::String(number.to_string()),
        Value::Object(fields) => fields.values_mut().for_each(stringify),
        Value::Array(items) => items.iter_mut().for_each(stringify),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

impl Serialize for Row {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(self.0.len()))?;
        for (field, value) in &self.0 {
            map.serialize_entry(field, value)?;
        }
        map.end()
    }
}

pub(crate) fn scan_agent(agent: &ScanAgent) -> Row {
    let mut row = Row(Vec::with_capacity(6));
    row.push("id", agent.id);
    row.push("name", agent.name.clone());
    row.push("description", agent.description.clone());
    row.push("type", agent.kind);
    row.push("code", agent.code.clone());
    row.push("last_access", agent.last_access.clone());
    row
}

pub(crate) fn name_server(servers: &NameServer) -> Row {
    let mut row = Row(Vec::with_capacity(6));
    row.push("id", servers.id);
    row.push("name", servers.name.clone());
    row.push("namesrv1", servers.addresses.clone());
    row.push("description", servers.description.clone());
    row.push("permissions", servers.permissions.clone());
    row.push("editDate", Value::Null);
    row
}

pub(crate) fn address(address: &Address) -> Row {
    let mut row = Row(Vec::with_capacity(20 + address.custom_fields.len()));
    row.push("id", address.id);
    row.push("subnetId", address.subnet_id);
    row.push("ip", address.ip.clone());
    row.push("is_gateway", i64::from(address.is_gateway));
    row.push("description", address.description.clone());
    row.push("hostname", address.hostname.clone());
    row.push("mac", address.mac.clone());
    row.push("owner", address.owner.clone());
    row.push("tag", address.tag);
    row.push("deviceId", Value::Null);
    row.push("location", Value::Null);
    row.push("port", Value::Null);
    row.push("note", address.note.clone());
    row.push("lastSeen", address.last_seen.clone());
    row.push("excludePing", i64::from(address.exclude_ping));
    row.push("PTRignore", i64::from(address.ptr_ignore));
    row.push("PTR", 0);
    row.push("firewallAddressObject", Value::Null);
    row.push("editDate", address.edit_date.clone());
    row.push("customer_id", Value::Null);
    for (name, value) in &address.custom_fields {
        row.push(name.clone(), value.clone());
    }
    row
}

/// A subnet in the list `subnets/`: permissions as an array of groups, `location` `[]`, and the gateway of another
/// subnet where an address id happens to equal the subnet's id (phpIPAM joins by the wrong column).
pub(crate) fn subnet_in_list(model: &Model, subnet: &Subnet) -> Row {
    let groups = subnet
        .permissions
        .iter()
        .map(|(group, level)| permission_group(*group, *level))
        .collect();
    let mut row = subnet_fields(model, subnet, Value::Array(groups), json!([]));
    if let Some(gateway) = model
        .address(subnet.id)
        .filter(|address| address.is_gateway)
    {
        row.push("gatewayId", gateway.id);
        row.push("gateway", raw_address(gateway));
    }
    row
}

/// A subnet alone (`subnets/{id}/`): permissions as JSON in a string, `location` null, its own gateway, and what can be
/// calculated from its range.
pub(crate) fn subnet_alone(model: &Model, subnet: &Subnet) -> Row {
    let mut row = subnet_fields(model, subnet, stored_permissions(subnet), Value::Null);
    if let Some(gateway) = model
        .addresses_of(subnet.id)
        .find(|address| address.is_gateway)
    {
        row.push("gatewayId", gateway.id);
        row.push(
            "gateway",
            json!({ "ip_addr": gateway.ip, "id": gateway.id }),
        );
    }
    row.push("calculation", calculation(subnet));
    row
}

fn subnet_fields(model: &Model, subnet: &Subnet, permissions: Value, location: Value) -> Row {
    let mut row = Row(Vec::with_capacity(34 + subnet.custom_fields.len()));
    row.push("id", subnet.id);
    row.push("subnet", subnet.subnet.clone());
    row.push("mask", subnet.mask.clone());
    row.push("sectionId", subnet.section_id);
    row.push("description", subnet.description.clone());
    row.push("linked_subnet", Value::Null);
    row.push("firewallAddressObject", Value::Null);
    row.push("vrfId", 0);
    row.push("masterSubnetId", subnet.master_subnet_id);
    row.push("allowRequests", 0);
    row.push("vlanId", 0);
    row.push("showName", 1);
    row.push("device", 0);
    row.push("permissions", permissions);
    row.push("pingSubnet", i64::from(subnet.ping_subnet));
    row.push("discoverSubnet", i64::from(subnet.discover_subnet));
    row.push("resolveDNS", i64::from(subnet.resolve_dns));
    row.push("DNSrecursive", 0);
    row.push("DNSrecords", 0);
    row.push("nameserverId", subnet.name_server_id);
    row.push("scanAgent", subnet.scan_agent);
    row.push("customer_id", Value::Null);
    row.push("isFolder", i64::from(subnet.is_folder));
    row.push("isFull", i64::from(subnet.is_full));
    row.push("isPool", i64::from(subnet.is_pool));
    row.push("tag", 2);
    row.push("threshold", 0);
    row.push("location", location);
    row.push("editDate", subnet.edit_date.clone());
    row.push("lastScan", subnet.last_scan.clone());
    row.push("lastDiscovery", subnet.last_discovery.clone());
    for (name, value) in &subnet.custom_fields {
        row.push(name.clone(), value.clone());
    }
    if let Some(servers) = model
        .name_servers
        .iter()
        .find(|servers| servers.id == subnet.name_server_id)
    {
        row.push(
            "nameservers",
            serde_json::to_value(name_server(servers)).unwrap_or_default(),
        );
    }
    row
}

fn permission_group(group: i64, level: i64) -> Value {
    let (name, description, members) = match group {
        2 => (
            "Operators",
            "default Operator group",
            json!([{ "username": "apiuser" }]),
        ),
        3 => ("Guests", "default Guest group (viewers)", json!(false)),
        _ => ("Others", "", json!(false)),
    };
    json!({ "group_id": group, "permission": level.to_string(), "name": name, "desc": description, "members": members })
}

fn stored_permissions(subnet: &Subnet) -> Value {
    if subnet.permissions.is_empty() {
        return Value::String(String::new());
    }
    let pairs: Vec<String> = subnet
        .permissions
        .iter()
        .map(|(group, level)| format!("\"{group}\":\"{level}\""))
        .collect();
    Value::String(format!("{{{}}}", pairs.join(",")))
}

/// An address under its column names, as it slips out in the list's `gateway`.
fn raw_address(address: &Address) -> Value {
    let mut value = json!({
        "id": address.id, "subnetId": address.subnet_id, "ip_addr": address.ip,
        "is_gateway": i64::from(address.is_gateway), "description": address.description,
        "hostname": address.hostname, "mac": address.mac, "owner": address.owner, "state": address.tag,
        "switch": null, "location": null, "port": null, "note": address.note, "lastSeen": address.last_seen,
        "excludePing": i64::from(address.exclude_ping), "PTRignore": i64::from(address.ptr_ignore), "PTR": 0,
        "firewallAddressObject": null, "editDate": address.edit_date, "customer_id": null,
    });
    for (name, custom) in &address.custom_fields {
        value[name] = custom.clone();
    }
    value
}

fn calculation(subnet: &Subnet) -> Value {
    let bits: u32 = subnet.mask.parse().unwrap_or(0);
    if let Ok(network) = subnet.subnet.parse::<Ipv4Addr>() {
        let wildcard = u32::MAX.checked_shr(bits).unwrap_or(0);
        let first = u32::from(network);
        let last = first | wildcard;
        let (lowest, highest, hosts) = match bits {
            32.. => (first, first, 1),
            31 => (first, last, 2),
            _ => (first.saturating_add(1), last - 1, u64::from(wildcard) - 1),
        };
        json!({
            "Type": "IPv4", "IP address": "/", "Network": network.to_string(),
            "Broadcast": Ipv4Addr::from(last).to_string(), "Subnet bitmask": subnet.mask,
            "Subnet netmask": Ipv4Addr::from(!wildcard).to_string(),
            "Subnet wildcard": Ipv4Addr::from(wildcard).to_string(),
            "Min host IP": Ipv4Addr::from(lowest).to_string(), "Max host IP": Ipv4Addr::from(highest).to_string(),
            "Number of hosts": hosts.to_string(), "Subnet Class": if network.is_private() { "private A" } else { "" },
        })
    } else if let Ok(network) = subnet.subnet.parse::<Ipv6Addr>() {
        let wildcard = u128::MAX.checked_shr(bits).unwrap_or(0);
        json!({
            "Type": "IPv6", "Host address": "/", "Host address (uncompressed)": "/",
            "Subnet prefix": subnet.cidr(), "Prefix length": subnet.mask, "Subnet Reverse DNS": "ip6.arpa",
            "Min host IP": network.to_string(), "Max host IP": Ipv6Addr::from(u128::from(network) | wildcard).to_string(),
            "Number of hosts": wildcard.saturating_add(1).to_string(), "Address type": "NET_IPV6",
        })
    } else {
        json!([])
    }
}
