//! Subnets and addresses as the agent keeps what phpIPAM told: plain ones, from which a test takes what it doesn't care about.

use std::net::IpAddr;

use fieldscan_core::{
    ids::{AddressId, SubnetId},
    ipam::{Address, Subnet},
};

/// A subnet without a description whose hosts are discovered. What is no CIDR has no network.
#[must_use]
pub fn subnet(id: u64, cidr: &str) -> Subnet {
    Subnet {
        id: SubnetId(id),
        cidr: cidr.to_owned(),
        network: cidr.parse().ok(),
        description: String::new(),
        is_folder: false,
        is_parent: false,
        discover: true,
        ping: false,
        resolve_dns: false,
        name_servers: Vec::new(),
        last_discovery: None,
        last_scan: None,
        custom: Default::default(),
    }
}

/// An address in use of which phpIPAM knows no more than that.
#[must_use]
pub fn address(id: u64, subnet: SubnetId, ip: IpAddr) -> Address {
    Address {
        id: AddressId(id),
        subnet,
        ip,
        hostname: None,
        mac: None,
        description: None,
        owner: None,
        note: None,
        is_gateway: false,
        exclude_ping: false,
        tag: Some(2),
        last_seen: None,
        edit_date: None,
        custom: Default::default(),
    }
}
