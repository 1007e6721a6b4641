//! Rows of phpIPAM's tables → the core's types. Every rule here comes from how phpIPAM 1.5 to 1.8 was seen to answer.

use std::{borrow::Cow, collections::BTreeMap, fmt, net::IpAddr};

use fieldscan_core::{
    ids::{AddressId, AgentId, SubnetId},
    ipam::{Address, Subnet},
};
use ipnetwork::IpNetwork;
use serde::{
    Deserialize, Deserializer,
    de::{MapAccess, Visitor},
};

use super::field::{Field, Fields, Key};

/// Custom fields that are kept of a row, and characters of each.
const CUSTOM: (usize, usize) = (64, 1_000);

/// Why a row can't be used. Never holds what stands in it.
pub(super) type Unreadable = &'static str;

/// A row as it came.
pub(super) struct Row<'a> {
    fields: Vec<(Cow<'a, str>, Field<'a>)>,
    name_servers: Fields<'a>,
}

impl<'de: 'a, 'a> Deserialize<'de> for Row<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct RowVisitor;
        impl<'de> Visitor<'de> for RowVisitor {
            type Value = Row<'de>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a row")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Row<'de>, A::Error> {
                let mut row = Row {
                    fields: Vec::with_capacity(32),
                    name_servers: Fields::default(),
                };
                while let Some(Key(key)) = map.next_key()? {
                    match &*key {
                        "nameservers" => row.name_servers = map.next_value()?,
                        // Where the app's option "nest custom fields" is on.
                        "custom_fields" => row.fields.extend(map.next_value::<Fields<'_>>()?.0),
                        _ => row.fields.push((key, map.next_value()?)),
                    }
                }
                Ok(row)
            }
        }
        deserializer.deserialize_map(RowVisitor)
    }
}

/// A scan agent's row. Its code is another agent's secret unless it is the one that was asked for.
pub(super) struct Agent<'a> {
    pub(super) id: Option<u64>,
    pub(super) name: Option<String>,
    pub(super) code: Option<Cow<'a, str>>,
}

impl<'a> Agent<'a> {
    pub(super) fn of(row: Row<'a>) -> Self {
        let mut agent = Self {
            id: None,
            name: None,
            code: None,
        };
        for (key, field) in row.fields {
            match &*key {
                "id" => agent.id = field.id(),
                "name" => agent.name = field.trimmed(),
                "code" => {
                    agent.code = match field {
                        Field::Text(code) => Some(code),
                        Field::Int(code) => Some(code.to_string().into()),
                        Field::Null | Field::Bool(_) | Field::Float(_) | Field::Nested => None,
                    }
                }
                _ => {}
            }
        }
        agent
    }
}

/// A subnet's place in the tree.
pub(super) struct Branch {
    pub(super) id: Option<u64>,
    pub(super) master: Option<u64>,
}

impl Branch {
    pub(super) fn of(row: &Row<'_>) -> Self {
        let mut branch = Self {
            id: None,
            master: None,
        };
        for (key, field) in &row.fields {
            match &**key {
                "id" => branch.id = field.id(),
                "masterSubnetId" if *field == Field::Null => branch.master = Some(0),
                "masterSubnetId" => branch.master = field.id(),
                _ => {}
            }
        }
        branch
    }
}

/// A subnet's row with what the core's type leaves out.
#[derive(Debug)]
pub(super) struct SubnetRow {
    pub(super) subnet: Subnet,
    pub(super) agent: Option<AgentId>,
    pub(super) master: Option<SubnetId>,
}

impl SubnetRow {
    pub(super) fn of(row: Row<'_>) -> Result<Self, Unreadable> {
        let (mut id, mut network, mut mask) = (None, None, None);
        let (mut agent, mut master) = (None, None);
        // A flag that can't be read must not lead to a scan.
        let (mut folder, mut discover, mut ping, mut resolve) = (false, false, false, false);
        let (mut description, mut last_discovery, mut last_scan) = (None, None, None);
        let mut custom = BTreeMap::new();
        for (key, field) in row.fields {
            match &*key {
                "id" => id = field.id(),
                "subnet" => network = field.trimmed(),
                "mask" => mask = field.trimmed(),
                "scanAgent" => agent = field.id(),
                "masterSubnetId" => master = field.id(),
                "isFolder" => folder = field.flag().unwrap_or(true),
                "discoverSubnet" => discover = field.flag().unwrap_or(false),
                "pingSubnet" => ping = field.flag().unwrap_or(false),
                "resolveDNS" => resolve = field.flag().unwrap_or(false),
                "description" => description = field.text(),
                "lastDiscovery" => last_discovery = field.time(),
                "lastScan" => last_scan = field.time(),
                // phpIPAM's own columns that the agent has no use for.
                "sectionId"
                | "linked_subnet"
                | "firewallAddressObject"
                | "vrfId"
                | "allowRequests"
                | "vlanId"
                | "showName"
                | "device"
                | "permissions"
                | "DNSrecursive"
                | "DNSrecords"
                | "nameserverId"
                | "customer_id"
                | "isFull"
                | "isPool"
                | "state"
                | "tag"
                | "threshold"
                | "location"
                | "editDate"
                | "gatewayId"
                | "gateway"
                | "calculation"
                | "usage"
                | "links" => {}
                _ => keep(&mut custom, key, &field),
            }
        }
        let id = id.ok_or("a subnet without an id")?;
        let network = network.ok_or("a subnet without a network")?;
        let mask = mask.unwrap_or_default();
        Ok(Self {
            subnet: Subnet {
                id: SubnetId(id),
                cidr: format!("{network}/{mask}"),
                network: canonical(&network, &mask),
                description: description.unwrap_or_default(),
                is_folder: folder,
                is_parent: false,
                discover,
                ping,
                resolve_dns: resolve,
                name_servers: name_servers(&row.name_servers),
                last_discovery,
                last_scan,
                custom,
            },
            agent: agent.map(AgentId),
            master: master.filter(|master| *master != 0).map(SubnetId),
        })
    }
}

/// Reads an address row. `asked` is the subnet whose addresses were asked for.
pub(super) fn address(row: Row<'_>, asked: SubnetId) -> Result<Address, Unreadable> {
    let (mut id, mut ip, mut subnet) = (None, None, Some(asked.0));
    let (mut hostname, mut mac, mut tag) = (None, None, None);
    let (mut description, mut owner, mut note) = (None, None, None);
    let (mut gateway, mut exclude) = (false, false);
    let (mut last_seen, mut edit_date) = (None, None);
    let mut custom = BTreeMap::new();
    for (key, field) in row.fields {
        match &*key {
            "id" => id = field.id(),
            "ip" => {
                ip = field.trimmed().and_then(|text| text.parse::<IpAddr>().ok());
            }
            "subnetId" => subnet = field.id(),
            "hostname" => hostname = field.trimmed(),
            "mac" => mac = field.trimmed().and_then(|text| text.parse().ok()),
            "description" => description = field.text(),
            "owner" => owner = field.text(),
            "note" => note = field.text(),
            "is_gateway" => gateway = field.flag().unwrap_or(false),
            // A flag that can't be read must not lead to a scan.
            "excludePing" => exclude = field.flag().unwrap_or(true),
            // Before 1.4 the tag's column had another name.
            "tag" | "state" => tag = field.id().filter(|tag| *tag != 0),
            "lastSeen" => last_seen = field.time(),
            "editDate" => edit_date = field.time(),
            // phpIPAM's own columns that the agent has no use for.
            "ip_addr"
            | "deviceId"
            | "switch"
            | "location"
            | "port"
            | "PTRignore"
            | "PTR"
            | "NAT"
            | "firewallAddressObject"
            | "customer_id"
            | "links" => {}
            _ => keep(&mut custom, key, &field),
        }
    }
    let ip = ip.ok_or("an address that is none")?;
    Ok(Address {
        id: AddressId(id.ok_or(if exclude {
            EXCLUDED_WITHOUT_ID
        } else {
            "an address without an id"
        })?),
        subnet: SubnetId(subnet.ok_or(if exclude {
            EXCLUDED_WITHOUT_ID
        } else {
            "an address without a subnet"
        })?),
        ip,
        hostname,
        mac,
        description,
        owner,
        note,
        is_gateway: gateway,
        exclude_ping: exclude,
        tag,
        last_seen,
        edit_date,
        custom,
    })
}

/// An address must not be scanned, and its row can't be kept: leaving the row out would have it scanned.
pub(super) const EXCLUDED_WITHOUT_ID: Unreadable = "an excluded address without an id";

/// Keeps a custom field that has a value.
fn keep(custom: &mut BTreeMap<String, String>, key: Cow<'_, str>, field: &Field<'_>) {
    let (most, longest) = CUSTOM;
    if custom.len() >= most {
        return;
    }
    if let Some(mut text) = field.text() {
        if let Some((end, _)) = text.char_indices().nth(longest) {
            text.truncate(end);
        }
        custom.insert(key.into_owned(), text);
    }
}

/// The network, if the texts are one: an address without host bits, and a plain number.
fn canonical(network: &str, mask: &str) -> Option<IpNetwork> {
    let plain = !mask.is_empty()
        && mask.bytes().all(|b| b.is_ascii_digit())
        && (mask.len() == 1 || !mask.starts_with('0'));
    let ip: IpAddr = network.parse().ok()?;
    let found = IpNetwork::new(ip, plain.then(|| mask.parse().ok()).flatten()?).ok()?;
    (found.network() == ip).then_some(found)
}

/// The servers of `namesrv1` (`a;b`), in order. What is no address is left out: nothing but addresses may reach nmap.
fn name_servers(fields: &Fields<'_>) -> Vec<IpAddr> {
    let Some(list) = fields.get("namesrv1").and_then(Field::text) else {
        return Vec::new();
    };
    let mut servers = Vec::new();
    for server in list.split([';', ',', ' ', '\n', '\t']) {
        if let Ok(server) = server.trim().parse()
            && !servers.contains(&server)
        {
            servers.push(server);
        }
    }
    servers
}
