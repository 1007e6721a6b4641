//! Which targets to scan and how. Knows nothing of nmap's options: the engine makes arguments of a [`Target`].

mod everybody;
mod guard;
mod pieces;
#[cfg(test)]
mod properties;
mod resume;
mod survey;
mod target;
mod timing;

use std::net::IpAddr;

use ipnetwork::IpNetwork;
use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::ids::SubnetId;

pub use everybody::{EverybodyUp, Impostor, accepts_everybody, everybody_up};
pub(crate) use guard::holds;
pub use guard::{judge, network_of};
pub(crate) use resume::is_recent;
pub use resume::{RESUME_WITHIN, Unfinished, may_resume};
pub use survey::survey;
pub(crate) use target::excluded;
pub use target::{CHUNK, target};
pub use timing::{
    Observed, Place, ROUNDS, Timing, another_round, budget, limit, second_pass, second_pass_rate,
    timing, useful_rate,
};

/// Addresses that a subnet may have unless the settings allow more.
pub const LARGE: u32 = 4_096;
/// Addresses that a subnet may have at the most, whatever the settings say.
pub const LARGEST: u32 = 65_536;

/// What the person allows beyond the default: private ranges of at most [`LARGE`] addresses.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Guard {
    /// Public networks that may be scanned, each with all that lies inside it.
    pub public: Vec<IpNetwork>,
    /// Whether subnets of more than [`LARGE`] and at most [`LARGEST`] addresses may be swept.
    pub large: bool,
}

/// How a subnet is scanned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Every address of the range, less the excluded ones.
    Sweep,
    /// Only the addresses that phpIPAM knows.
    Known,
}

/// Where PTR names come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Dns {
    /// None are asked for.
    Off,
    /// The system's resolver.
    System,
    /// The subnet's own servers.
    Servers(Vec<IpAddr>),
}

/// How hard to press. The scheduler of chunks gives each its timing.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Profile {
    /// Shared or fragile links.
    Gentle,
    /// The default.
    #[default]
    Normal,
    /// A link that is one's own.
    Fast,
}

/// A part of a target that one nmap scans.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Chunk {
    /// Networks and single addresses (full prefix), canonical, judged by the guard, in address order.
    pub networks: Vec<IpNetwork>,
    /// Addresses inside `networks` that must not be touched, in address order.
    pub exclude: Vec<IpAddr>,
    /// How many addresses are scanned: those of `networks` less `exclude`.
    pub addresses: u32,
}

/// A subnet that will be scanned, cut into chunks.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// The subnet.
    pub subnet: SubnetId,
    /// Its network.
    pub network: IpNetwork,
    /// How.
    pub mode: Mode,
    /// Whether and where to look up PTR names.
    pub dns: Dns,
    /// In address order; together they cover the target once. None for an IPv6 network of which no address is known.
    pub chunks: Vec<Chunk>,
}

impl Target {
    /// How many addresses are scanned.
    pub fn addresses(&self) -> u32 {
        self.chunks.iter().map(|chunk| chunk.addresses).sum()
    }

    /// Whether this address is scanned.
    pub fn covers(&self, ip: IpAddr) -> bool {
        let begins_by = |network: &IpNetwork| network.network() <= ip;
        let after = self
            .chunks
            .partition_point(|chunk| chunk.networks.first().is_some_and(begins_by));
        let Some(chunk) = after.checked_sub(1).and_then(|at| self.chunks.get(at)) else {
            return false;
        };
        let after = chunk.networks.partition_point(begins_by);
        let network = after.checked_sub(1).and_then(|at| chunk.networks.get(at));
        network.is_some_and(|network| guard::holds(network, ip))
            && chunk.exclude.binary_search(&ip).is_err()
    }
}

/// Why an assigned subnet is not scanned.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum LeftOut {
    /// It is a folder.
    Folder,
    /// Other subnets lie inside it; they are scanned instead.
    Parent,
    /// Its mask is 0 or missing.
    NoMask,
    /// Neither `discoverSubnet` nor `pingSubnet` is set.
    NotEnabled,
    /// Nothing is left to scan: only known addresses are checked and there are none, or all are excluded.
    NothingKnown,
    /// It can be scanned at another site than this one.
    Elsewhere {
        /// That site's name.
        site: String,
    },
    /// The guard refused it.
    Refused(Refusal),
}

/// Why the guard refused a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "refusal")]
#[ts(rename = "Refused")]
pub enum Refusal {
    /// phpIPAM's text is not a network in canonical form.
    NotANetwork,
    /// It reaches outside the private ranges, and the settings don't name it.
    Public,
    /// It holds multicast, broadcast or unspecified addresses, or IPv4 written as IPv6: no setting allows that.
    NotUnicast,
    /// Over [`LARGE`] addresses, and the settings don't allow that.
    Large {
        /// How many it has.
        addresses: u64,
    },
    /// Over [`LARGEST`] addresses.
    TooLarge {
        /// How many it has.
        addresses: u64,
    },
    /// The same network as another assigned subnet, which is scanned instead.
    Duplicate {
        /// The one that is scanned.
        of: SubnetId,
    },
    /// Overlaps a smaller assigned subnet that doesn't lie inside it in phpIPAM's tree.
    Overlaps {
        /// The one that is scanned.
        with: SubnetId,
    },
}

#[cfg(test)]
pub(crate) mod samples {
    //! Rows that tests begin from.

    use super::*;
    use crate::{
        ids::AddressId,
        ipam::{Address, Subnet},
    };

    /// A subnet that is swept, with names.
    pub(crate) fn subnet(id: u64, cidr: &str) -> Subnet {
        Subnet {
            id: SubnetId(id),
            cidr: cidr.to_owned(),
            network: network_of(cidr),
            description: String::new(),
            is_folder: false,
            is_parent: false,
            discover: true,
            ping: false,
            resolve_dns: true,
            name_servers: Vec::new(),
            last_discovery: None,
            last_scan: None,
            custom: Default::default(),
        }
    }

    /// A bare address of a subnet.
    pub(crate) fn address(id: u64, subnet: &Subnet, ip: &str) -> Address {
        Address {
            id: AddressId(id),
            subnet: subnet.id,
            ip: ip.parse().unwrap(),
            hostname: None,
            mac: None,
            description: None,
            owner: None,
            note: None,
            is_gateway: false,
            exclude_ping: false,
            tag: None,
            last_seen: None,
            edit_date: None,
            custom: Default::default(),
        }
    }
}
