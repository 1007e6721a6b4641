//! The list of addresses that a person looks at: phpIPAM's rows, what scans saw, and what is to be said of each, in one.

use std::{collections::BTreeMap, net::IpAddr};

use fieldscan_core::{
    compare::Standing,
    host::Host,
    ids::{ScanId, SubnetId},
    ipam::Address,
};
use ipnetwork::IpNetwork;
use jiff::Timestamp;
use rusqlite::{Connection, params};
use serde::Serialize;

use super::{
    CacheKey, Reader, Result, Source, cache, hosts, scans, source,
    value::{Id, Ip, Json},
};

/// Which addresses to list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    /// Those of a subnet.
    Subnet(SubnetId),
    /// Those inside a network, of whatever subnets.
    Network(IpNetwork),
}

/// An address: in phpIPAM, or seen by the subnet's last scan, or both.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AddressRow {
    /// The address.
    pub ip: IpAddr,
    /// The subnet.
    pub subnet: SubnetId,
    /// phpIPAM's row.
    pub ipam: Option<Address>,
    /// How it was seen last, be it long ago.
    pub seen: Option<Seen>,
    /// What the subnet's last scan made of it.
    pub standing: Option<Standing>,
}

/// When and how an address was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Seen {
    /// As it was seen last.
    pub host: Host,
    /// The end of the first scan in the kept history that saw it.
    pub first_at: Timestamp,
    /// The end of the last scan that saw it.
    pub last_at: Timestamp,
    /// That scan.
    pub last_scan: ScanId,
    /// Whether that is the subnet's last scan: it is up as far as known.
    pub up: bool,
}

impl Reader {
    /// The addresses of a subnet or network, in address order, then by subnet.
    ///
    /// Hosts that are not in phpIPAM are listed while the subnet's last scan saw them; [`Reader::history`] knows them longer.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn addresses(&self, key: &CacheKey, scope: Scope) -> Result<Vec<AddressRow>> {
        let tx = self.conn.unchecked_transaction()?;
        let Some(source) = source(&tx, key)? else {
            return Ok(Vec::new());
        };
        let subnets = match scope {
            Scope::Subnet(subnet) => vec![subnet],
            Scope::Network(network) => overlapping(&tx, source, network)?,
        };
        let mut rows = Vec::new();
        for subnet in subnets {
            of_subnet(&tx, source, subnet, &mut rows)?;
        }
        if let Scope::Network(network) = scope {
            rows.retain(|row| network.contains(row.ip));
        }
        rows.sort_by_key(|row| (row.ip, row.subnet));
        Ok(rows)
    }
}

/// The subnets, assigned now or scanned at some time, that share addresses with a network.
fn overlapping(conn: &Connection, source: Source, network: IpNetwork) -> Result<Vec<SubnetId>> {
    let assigned = cache::assignment(conn, source)?.map_or_else(Vec::new, |all| all.subnets);
    let assigned = assigned
        .into_iter()
        .filter_map(|subnet| Some((subnet.id, subnet.network?)));
    let scanned = scans::last_scans(conn, source)?
        .into_iter()
        .filter_map(|scan| Some((scan.subnet, scan.cidr.parse().ok()?)));
    let mut subnets: Vec<SubnetId> = assigned
        .chain(scanned)
        .filter(|(_, other)| overlap(network, *other))
        .map(|(subnet, _)| subnet)
        .collect();
    subnets.sort_unstable();
    subnets.dedup();
    Ok(subnets)
}

fn overlap(a: IpNetwork, b: IpNetwork) -> bool {
    // Networks share addresses only where one holds the other.
    a.contains(b.network()) || b.contains(a.network())
}

fn of_subnet(
    conn: &Connection,
    source: Source,
    subnet: SubnetId,
    into: &mut Vec<AddressRow>,
) -> Result<()> {
    let latest = scans::latest(conn, source, subnet)?;
    let mut seen: BTreeMap<IpAddr, Seen> = BTreeMap::new();
    hosts::each(conn, source, subnet, |sighting| {
        let first_at = match seen.get(&sighting.host.ip) {
            Some(before) if before.last_scan > sighting.last_scan => return,
            Some(before) => before.first_at.min(sighting.first_at),
            None => sighting.first_at,
        };
        seen.insert(
            sighting.host.ip,
            Seen {
                first_at,
                last_at: sighting.last_at,
                last_scan: sighting.last_scan,
                up: Some(sighting.last_scan) == latest,
                host: sighting.host,
            },
        );
    })?;
    let mut standings: BTreeMap<IpAddr, Standing> = conn
        .prepare_cached(
            "SELECT ip, standing FROM findings WHERE source = ?1 AND subnet = ?2 AND standing IS NOT NULL ORDER BY ip",
        )?
        .query_map(params![source.0, Id(subnet.0)], |row| {
            Ok((row.get::<_, Ip>(0)?.0, row.get::<_, Json<_>>(1)?.0))
        })?
        .collect::<rusqlite::Result<_>>()?;
    for address in cache::addresses(conn, source, subnet)? {
        let ip = address.ip;
        into.push(AddressRow {
            ip,
            subnet,
            seen: seen.remove(&ip),
            standing: standings.remove(&ip),
            ipam: Some(address),
        });
    }
    for (ip, seen) in seen {
        if seen.up {
            into.push(AddressRow {
                ip,
                subnet,
                ipam: None,
                standing: standings.remove(&ip),
                seen: Some(seen),
            });
        }
    }
    Ok(())
}
