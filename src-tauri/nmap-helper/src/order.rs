//! From words to nmap's arguments, by the guard. Pure: it asks the system nothing.

use std::ffi::OsString;

use fieldscan_core::{
    nmap_args,
    plan::{Guard, LARGEST, Refusal, judge},
};
use ipnetwork::IpNetwork;

use crate::Refused;

/// What is started once the system's side is in order.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    /// The process that must be the parent.
    pub parent: u32,
    /// nmap's arguments, all of them made here.
    pub args: Vec<OsString>,
}

/// Reads the words and judges their networks. `allowed` are the public networks that root has listed.
pub fn build(words: &[OsString], allowed: &[IpNetwork]) -> Result<Order, Refused> {
    let asked = nmap_args::read(words)?;
    let guard = Guard {
        public: allowed.to_vec(),
        large: true,
    };
    let mut addresses = 0;
    for network in &asked.request.networks {
        judge(network, &guard).map_err(|refusal| Refused::Network {
            network: *network,
            why: why(&refusal),
        })?;
        addresses += size(network);
        if addresses > u64::from(LARGEST) {
            return Err(Refused::TooMany);
        }
    }
    Ok(Order {
        parent: asked.parent,
        args: asked.request.for_nmap(true),
    })
}

/// Addresses of a network that was judged, and so has few enough to count.
fn size(network: &IpNetwork) -> u64 {
    match network {
        IpNetwork::V4(network) => u64::from(network.size()),
        IpNetwork::V6(network) => u64::try_from(network.size()).unwrap_or(u64::MAX),
    }
}

fn why(refusal: &Refusal) -> &'static str {
    match refusal {
        Refusal::NotANetwork => "it is no network in canonical form",
        Refusal::Public => "it is not private, and root has not listed it",
        Refusal::NotUnicast => "it holds addresses that no host has",
        Refusal::Large { .. } | Refusal::TooLarge { .. } => "it is too large",
        // Of subnets, which this program doesn't know.
        Refusal::Duplicate { .. } | Refusal::Overlaps { .. } => "it overlaps another one",
    }
}
