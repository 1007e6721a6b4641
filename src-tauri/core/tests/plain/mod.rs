//! What phpIPAM tells, as plain as it can be: tests take from it what they don't care about.

use std::collections::BTreeMap;

use fieldscan_core::{ids::SubnetId, ipam::Subnet};

/// A subnet without a description whose hosts are discovered, without names. What is no CIDR has no network.
pub(crate) fn subnet(id: u64, cidr: &str) -> Subnet {
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
        custom: BTreeMap::new(),
    }
}
