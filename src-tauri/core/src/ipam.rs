//! What phpIPAM believes: the subnets assigned to this agent and their addresses, and how old that belief is.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use ipnetwork::IpNetwork;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{
    host::Mac,
    ids::{AddressId, AgentId, SubnetId},
};

/// The subnets that phpIPAM assigns to this agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Assignment {
    /// phpIPAM's id of the agent that the setting `scanagent_code` names.
    pub agent: AgentId,
    /// The agent's name in phpIPAM.
    pub agent_name: String,
    /// The assigned subnets, folders and parents included, by id.
    pub subnets: Vec<Subnet>,
    /// When phpIPAM said so.
    pub fetched_at: Timestamp,
}

impl Assignment {
    /// The assigned subnet with this id.
    pub fn subnet(&self, id: SubnetId) -> Option<&Subnet> {
        self.subnets.iter().find(|subnet| subnet.id == id)
    }
}

/// A subnet row of phpIPAM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// phpIPAM's id.
    pub id: SubnetId,
    /// `subnet/mask` exactly as phpIPAM has it: the scan server looks it up by that.
    pub cidr: String,
    /// The network, if `cidr` is one in canonical form; `None` is refused by the plan and never scanned.
    pub network: Option<IpNetwork>,
    /// Free text.
    pub description: String,
    /// A folder holds other subnets and has no addresses.
    pub is_folder: bool,
    /// Other subnets, of whatever agent, lie inside it.
    pub is_parent: bool,
    /// `discoverSubnet`: sweep the whole range.
    pub discover: bool,
    /// `pingSubnet`: check the known addresses.
    pub ping: bool,
    /// `resolveDNS`: look up PTR names.
    pub resolve_dns: bool,
    /// The subnet's own name servers, in order; empty means the system's.
    pub name_servers: Vec<IpAddr>,
    /// `lastDiscovery`, as phpIPAM's clock and zone have it. Only ever compared as text.
    pub last_discovery: Option<String>,
    /// `lastScan`, likewise.
    pub last_scan: Option<String>,
    /// Fields that an administrator added, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
}

/// An address row of phpIPAM.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Address {
    /// phpIPAM's id.
    pub id: AddressId,
    /// The subnet that it belongs to.
    pub subnet: SubnetId,
    /// The address.
    pub ip: IpAddr,
    /// Host name, as entered by a person or a scan.
    pub hostname: Option<String>,
    /// MAC, where phpIPAM has one that can be read.
    pub mac: Option<Mac>,
    /// Free text.
    pub description: Option<String>,
    /// Free text.
    pub owner: Option<String>,
    /// Free text.
    pub note: Option<String>,
    /// It is the subnet's gateway.
    pub is_gateway: bool,
    /// `excludePing`: must not be scanned.
    pub exclude_ping: bool,
    /// phpIPAM's tag: 1 offline, 2 used, 3 reserved, 4 DHCP, or the site's own.
    pub tag: Option<u64>,
    /// `lastSeen` in the zone in which phpIPAM keeps its times; never-seen markers are `None`. Only ever compared as text.
    pub last_seen: Option<String>,
    /// `editDate`, likewise.
    pub edit_date: Option<String>,
    /// Fields that an administrator added, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub custom: BTreeMap<String, String>,
}

/// The addresses of one subnet, as phpIPAM gave them at one time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AddressBook {
    /// The rows, in address order.
    pub addresses: Vec<Address>,
    /// When phpIPAM said so.
    pub fetched_at: Timestamp,
}

/// Whether what was fetched at `fetched_at` may still be used without asking again.
///
/// A time in the future (the clock was set back) counts as expired, so that a wrong clock can't pin an old cache.
pub fn is_fresh(fetched_at: Timestamp, now: Timestamp, expire: Duration) -> bool {
    Duration::try_from(now.duration_since(fetched_at)).is_ok_and(|age| age < expire)
}
