//! The scan server's wire format, byte for byte, and the filter that nothing hostile passes.
//! Doesn't send: a report's life is in [`crate::delivery`].

mod admit;
mod body;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod tests;

use std::{collections::BTreeMap, net::IpAddr};

use jiff::{Timestamp, tz::TimeZone};

pub(crate) use admit::bare;
pub use admit::{Barred, Candidate, Entry, Row, admit, host_name, is_time};
use body::Envelope;
pub use body::{BadBody, Told, check, masked, without};

use crate::{
    host::{Host, SeenBy},
    ids::AgentCode,
    ipam::{Address, Subnet},
    plan::{Mode, excluded, network_of},
    run::Body,
};

/// Hosts that one report tells of at the most.
pub const MOST_HOSTS: usize = 500;
/// Bytes that a report's body has at the most. The server refuses 1 MiB.
pub const MOST_BYTES: usize = 256 * 1024;

/// A finished scan of one subnet, as far as reports need it.
///
/// Only of a scan that really ran: of one that failed there is nothing to report, least of all that nobody is up.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    /// The agent's code.
    pub code: &'a AgentCode,
    /// The subnet.
    pub subnet: &'a Subnet,
    /// How it was scanned. Where only known addresses were checked, only those are reported.
    pub mode: Mode,
    /// The hosts that answered, in any order.
    pub hosts: &'a [Host],
    /// The subnet's addresses in phpIPAM, as fresh as can be.
    pub book: &'a [Address],
    /// When the hosts were seen, by the corrected clock.
    pub seen_at: Timestamp,
    /// The zone in which phpIPAM keeps its times.
    pub zone: &'a TimeZone,
    /// Whether IPv6 hosts are sent.
    pub report_ipv6: bool,
}

/// One report, to be given its ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// Part `.0` of `.1`, from 1.
    pub part: (u32, u32),
    /// The hosts that it tells of, in address order.
    pub hosts: Vec<IpAddr>,
    /// Its `lastSeen`, in phpIPAM's time zone.
    pub last_seen: String,
    /// Its body.
    pub body: Body,
}

/// The reports of one finished scan, in address order: one that says that nobody is up if no host is reported.
///
/// Empty for an IPv6 subnet unless IPv6 is sent: an empty report would say that nobody is up.
///
/// # Errors
/// The subnet, the code or the time is not such that the server can be told.
pub fn make(source: Source<'_>) -> Result<Vec<Draft>, BadBody> {
    let subnet = source.subnet;
    let network = network_of(&subnet.cidr)
        .filter(|network| subnet.network == Some(*network) && network.prefix() > 0)
        .ok_or(BadBody::Subnet)?;
    if network.is_ipv6() && !source.report_ipv6 {
        return Ok(Vec::new());
    }
    let last_seen = source
        .seen_at
        .to_zoned(source.zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S")
        .to_string();
    if !is_time(&last_seen) {
        return Err(BadBody::Time);
    }

    let excluded = excluded(&network, source.book);
    let rows = rows(subnet, source.book);
    let mut entries = BTreeMap::new();
    for host in source.hosts {
        let row = rows.get(&host.ip).copied();
        let known = match source.mode {
            Mode::Sweep => true,
            Mode::Known => row.is_some(),
        };
        if !known || excluded.contains(&host.ip) {
            continue;
        }
        let candidate = Candidate {
            ip: host.ip,
            name: host.ptr.as_deref(),
            mac: match host.seen_by {
                SeenBy::LocalhostResponse => None,
                SeenBy::ArpResponse
                | SeenBy::NdResponse
                | SeenBy::EchoReply
                | SeenBy::TimestampReply
                | SeenBy::AddressmaskReply
                | SeenBy::SynAck
                | SeenBy::Reset
                | SeenBy::ConnRefused
                | SeenBy::Neighbour
                | SeenBy::Other => host.mac,
            },
            row: row.map(|row| Row {
                id: row.id,
                ip: row.ip,
                subnet: row.subnet,
            }),
            subnet: subnet.id,
            network,
            last_seen: &last_seen,
        };
        // Who is barred lies outside the subnet, where nothing may be told of anybody.
        if let Ok(entry) = admit(&candidate) {
            entries.entry(host.ip).or_insert(entry);
        }
    }

    let envelope = Envelope::new(source.code, subnet);
    let bodies = split(&envelope, entries.into_values().collect());
    let parts = bodies.len() as u32;
    (1..)
        .zip(bodies)
        .map(|(part, entries)| {
            let hosts = entries.iter().map(Entry::ip).collect();
            let body = envelope.write(entries);
            check(&body)?;
            Ok(Draft {
                part: (part, parts),
                hosts,
                last_seen: last_seen.clone(),
                body: Body(body),
            })
        })
        .collect()
}

/// The row that speaks for each address: the lowest id, where phpIPAM has several.
pub(crate) fn rows<'a>(subnet: &Subnet, book: &'a [Address]) -> BTreeMap<IpAddr, &'a Address> {
    let mut rows = BTreeMap::new();
    for address in book.iter().filter(|address| address.subnet == subnet.id) {
        rows.entry(address.ip)
            .and_modify(|row: &mut &Address| {
                if address.id < row.id {
                    *row = address;
                }
            })
            .or_insert(address);
    }
    rows
}

/// Cuts entries so that each part is within the limits. There is always one part, if an empty one.
fn split(envelope: &Envelope, entries: Vec<Entry>) -> Vec<Vec<Entry>> {
    let empty = envelope.write(Vec::new()).len();
    let mut parts = vec![Vec::new()];
    let mut bytes = empty;
    for entry in entries {
        let more = body::length(&entry);
        let full = |part: &Vec<Entry>| part.len() == MOST_HOSTS || bytes + more > MOST_BYTES;
        match parts.last_mut() {
            Some(part) if part.is_empty() || !full(part) => part.push(entry),
            _ => {
                parts.push(vec![entry]);
                bytes = empty;
            }
        }
        bytes += more;
    }
    parts
}
