//! The real nmap on loopback and in network namespaces, and a fake one for what the real one can't be made to do.

// It looks for processes that were left behind in /proc.
#[cfg(target_os = "linux")]
mod fake;
#[cfg(target_os = "linux")]
mod namespace;
mod real;

use std::net::IpAddr;

use fieldscan_core::{
    ids::SubnetId,
    plan::{Chunk, Dns, Mode, Target},
};

/// A target of these networks, a chunk each.
pub(super) fn target(network: &str, chunks: &[&str]) -> Target {
    let chunks = chunks
        .iter()
        .map(|network| {
            let network: ipnetwork::IpNetwork = network.parse().unwrap();
            Chunk {
                networks: vec![network],
                exclude: Vec::new(),
                addresses: match network {
                    ipnetwork::IpNetwork::V4(network) => network.size(),
                    ipnetwork::IpNetwork::V6(network) => u32::try_from(network.size()).unwrap(),
                },
            }
        })
        .collect();
    Target {
        subnet: SubnetId(7),
        network: network.parse().unwrap(),
        mode: Mode::Sweep,
        dns: Dns::Off,
        chunks,
    }
}

fn ip(text: &str) -> IpAddr {
    text.parse().unwrap()
}

/// Processes that are not dead yet, by a field of `/proc/<pid>/stat` counted from the state: 1 is the parent, 2 the group.
#[cfg(target_os = "linux")]
fn living(field: usize, value: u32) -> Vec<u32> {
    let stats = std::fs::read_dir("/proc")
        .unwrap()
        .flatten()
        .filter_map(|entry| {
            let pid: u32 = entry.file_name().to_str()?.parse().ok()?;
            Some((
                pid,
                std::fs::read_to_string(entry.path().join("stat")).ok()?,
            ))
        });
    stats
        .filter(|(_, stat)| {
            // The name in parentheses may hold anything.
            let fields: Vec<_> = stat[stat.rfind(')').unwrap() + 1..]
                .split_whitespace()
                .collect();
            fields[0] != "Z" && fields[field] == value.to_string()
        })
        .map(|(pid, _)| pid)
        .collect()
}
