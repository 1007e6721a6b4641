//! The hosts of scans, run-length encoded: a host that stays the same costs one row, however often it is scanned.

use std::{
    collections::{HashMap, HashSet},
    net::IpAddr,
    time::Duration,
};

use fieldscan_core::{
    host::{Host, Mac},
    ids::{ScanId, SubnetId},
    run::Scan,
};
use jiff::Timestamp;
use rusqlite::{Connection, Row, Transaction, named_params, params};
use serde::Serialize;

use super::{
    CacheKey, Reader, Result, Source, scans, source,
    value::{Id, Ip, Json, MacBytes, Ms},
};

/// A host over consecutive scans of its subnet that saw it with the same MAC and name.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sighting {
    /// The subnet.
    pub subnet: SubnetId,
    /// The host as the last of these scans saw it.
    pub host: Host,
    /// The first of these scans.
    pub first_scan: ScanId,
    /// When that ended.
    pub first_at: Timestamp,
    /// The last of these scans.
    pub last_scan: ScanId,
    /// When that ended.
    pub last_at: Timestamp,
}

impl Reader {
    /// The hosts that a scan saw, in address order; empty if the scan is not, or no longer, known.
    ///
    /// Address, MAC and name are as that scan saw them; the rest is of the last scan that saw the host like this.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn hosts_of_scan(&self, scan: ScanId) -> Result<Vec<Host>> {
        let tx = self.conn.unchecked_transaction()?;
        match scans::scan_by_id(&tx, scan)? {
            Some((source, record)) => of_scan(&tx, source, record.subnet, scan),
            None => Ok(Vec::new()),
        }
    }

    /// All sightings of an address, the newest first.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn history(&self, key: &CacheKey, ip: IpAddr) -> Result<Vec<Sighting>> {
        let Some(source) = source(&self.conn, key)? else {
            return Ok(Vec::new());
        };
        // By subnet, since that is what the rows are sorted by; a subnet with sightings has a latest scan.
        let mut query = self.conn.prepare_cached(
            "SELECT sightings.* FROM latest_scans CROSS JOIN sightings USING (source, subnet)
             WHERE latest_scans.source = ?1 AND ip = ?2 ORDER BY last_scan DESC, first_scan DESC",
        )?;
        let rows = query.query_map(params![source.0, Ip(ip)], read)?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Extends the rows of hosts that the subnet's scan before saw alike, and begins rows for the others.
pub(super) fn save(
    tx: &Transaction<'_>,
    source: Source,
    scan: &Scan,
    before: Option<ScanId>,
    hosts: &[Host],
) -> Result<()> {
    let mut same: HashMap<IpAddr, (Option<Mac>, Option<String>, Id)> = match before {
        Some(before) => tx
            .prepare_cached(
                "SELECT ip, mac, name, first_scan FROM sightings WHERE source = ?1 AND subnet = ?2 AND last_scan = ?3",
            )?
            .query_map(params![source.0, Id(scan.subnet.0), Id(before.0)], |row| {
                let mac: Option<MacBytes> = row.get(1)?;
                Ok((
                    row.get::<_, Ip>(0)?.0,
                    (mac.map(|mac| mac.0), row.get(2)?, row.get(3)?),
                ))
            })?
            .collect::<rusqlite::Result<_>>()?,
        None => HashMap::new(),
    };
    let mut extend = tx.prepare_cached(
        "UPDATE sightings SET last_scan = :scan, last_at = :at, vendor = :vendor, seen_by = :seen_by, rtt_us = :rtt_us, also = :also
         WHERE source = :source AND subnet = :subnet AND ip = :ip AND first_scan = :first",
    )?;
    let mut begin = tx.prepare_cached(
        "INSERT INTO sightings VALUES (:source, :subnet, :ip, :scan, :scan, :at, :at, :mac, :name, :vendor, :seen_by, :rtt_us, :also)",
    )?;
    let mut done = HashSet::with_capacity(hosts.len());
    for host in hosts {
        if !done.insert(host.ip) {
            // Twice in one scan: the first one stands.
            continue;
        }
        let rtt_us = host
            .rtt
            .map(|rtt| i64::try_from(rtt.as_micros()).unwrap_or(i64::MAX));
        let also = (!host.also.is_empty()).then_some(Json(&host.also));
        let known = same.remove(&host.ip);
        match known {
            Some((mac, name, first)) if mac == host.mac && name == host.ptr => {
                extend.execute(named_params! {
                    ":source": source.0,
                    ":subnet": Id(scan.subnet.0),
                    ":ip": Ip(host.ip),
                    ":first": first,
                    ":scan": Id(scan.id.0),
                    ":at": Ms(scan.finished_at),
                    ":vendor": host.vendor,
                    ":seen_by": Json(host.seen_by),
                    ":rtt_us": rtt_us,
                    ":also": also,
                })?;
            }
            _ => {
                begin.execute(named_params! {
                    ":source": source.0,
                    ":subnet": Id(scan.subnet.0),
                    ":ip": Ip(host.ip),
                    ":scan": Id(scan.id.0),
                    ":at": Ms(scan.finished_at),
                    ":mac": host.mac.map(MacBytes),
                    ":name": host.ptr,
                    ":vendor": host.vendor,
                    ":seen_by": Json(host.seen_by),
                    ":rtt_us": rtt_us,
                    ":also": also,
                })?;
            }
        }
    }
    Ok(())
}

pub(super) fn of_scan(
    conn: &Connection,
    source: Source,
    subnet: SubnetId,
    scan: ScanId,
) -> Result<Vec<Host>> {
    let mut query = conn.prepare_cached(
        "SELECT * FROM sightings WHERE source = ?1 AND subnet = ?2 AND first_scan <= ?3 AND last_scan >= ?3 ORDER BY ip",
    )?;
    let rows = query.query_map(params![source.0, Id(subnet.0), Id(scan.0)], |row| {
        Ok(read(row)?.host)
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// Calls `each` with all sightings of a subnet, by address, the oldest first.
pub(super) fn each(
    conn: &Connection,
    source: Source,
    subnet: SubnetId,
    mut each: impl FnMut(Sighting),
) -> Result<()> {
    let mut query = conn.prepare_cached(
        "SELECT * FROM sightings WHERE source = ?1 AND subnet = ?2 ORDER BY ip, first_scan",
    )?;
    for sighting in query.query_map(params![source.0, Id(subnet.0)], read)? {
        each(sighting?);
    }
    Ok(())
}

// By position: this is read by the ten thousand. The order is the table's.
fn read(row: &Row<'_>) -> rusqlite::Result<Sighting> {
    Ok(Sighting {
        subnet: SubnetId(row.get::<_, Id>(1)?.0),
        first_scan: ScanId(row.get::<_, Id>(3)?.0),
        last_scan: ScanId(row.get::<_, Id>(4)?.0),
        first_at: row.get::<_, Ms>(5)?.0,
        last_at: row.get::<_, Ms>(6)?.0,
        host: Host {
            ip: row.get::<_, Ip>(2)?.0,
            mac: row.get::<_, Option<MacBytes>>(7)?.map(|mac| mac.0),
            ptr: row.get(8)?,
            also: row
                .get::<_, Option<Json<_>>>(12)?
                .map_or_else(Vec::new, |Json(also)| also),
            vendor: row.get(9)?,
            seen_by: row.get::<_, Json<_>>(10)?.0,
            rtt: row
                .get::<_, Option<i64>>(11)?
                .map(|us| Duration::from_micros(us.unsigned_abs())),
        },
    })
}
