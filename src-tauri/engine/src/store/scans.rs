//! Finished scans: committed with all that they leave behind, in one transaction.

use std::{collections::BTreeMap, net::IpAddr};

use fieldscan_core::{
    compare::{Changes, Counts, Exception, Memory, Standing, Trace},
    ids::{RunId, ScanId, SubnetId},
    ipam::AddressBook,
    run::{FinishedScan, Rights, Scan},
};
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};

use super::{
    CacheKey, Reader, Result, Source, Store, cache, chunks,
    error::StoreError,
    hosts, outbox, source, source_or_new,
    value::{Id, Ip, Json, Ms},
};

impl Store {
    /// Keeps a finished scan: its record, hosts, findings, misses, and its reports with their bodies. All or nothing.
    ///
    /// Committing the same scan again changes nothing, so that a commit whose end was not seen may be repeated.
    ///
    /// # Errors
    /// If the database can't be written (nothing of the scan is kept), or the subnet has a later scan.
    pub fn commit(&mut self, key: &CacheKey, finished: &FinishedScan) -> Result<()> {
        let scan = &finished.scan;
        let tx = self.write()?;
        let source = source_or_new(&tx, key)?;
        let last = latest(&tx, source, scan.subnet)?;
        if let Some(last) = last
            && last >= scan.id
        {
            return match scan_by_id(&tx, scan.id)? {
                Some((of, kept))
                    if of == source && kept.run == scan.run && kept.subnet == scan.subnet =>
                {
                    Ok(())
                }
                _ => Err(StoreError::OutOfOrder {
                    scan: scan.id,
                    last,
                }),
            };
        }
        chunks::forget(&tx, source, scan.subnet)?;
        insert_scan(&tx, source, scan)?;
        hosts::save(&tx, source, scan, last, &finished.hosts)?;
        save_findings(&tx, source, finished)?;
        for (report, body) in &finished.reports {
            outbox::insert(&tx, source, report, Some(body))?;
        }
        tx.execute(
            "INSERT INTO latest_scans (source, subnet, scan) VALUES (?1, ?2, ?3)
             ON CONFLICT DO UPDATE SET scan = excluded.scan",
            params![source.0, Id(scan.subnet.0), Id(scan.id.0)],
        )?;
        tx.execute(
            "UPDATE last_ids SET scan = max(scan, ?1), run = max(run, ?2)",
            params![Id(scan.id.0), Id(scan.run.0)],
        )?;
        Ok(tx.commit()?)
    }
}

impl Reader {
    /// What is known of a subnet: its addresses as phpIPAM told them last, and what earlier scans left.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn load(&self, key: &CacheKey, subnet: SubnetId) -> Result<(Option<AddressBook>, Memory)> {
        let tx = self.conn.unchecked_transaction()?;
        let Some(source) = source(&tx, key)? else {
            return Ok((None, Memory::default()));
        };
        let book = cache::address_book(&tx, source, subnet)?;
        let misses = tx
            .prepare_cached(
                "SELECT ip, misses FROM findings WHERE source = ?1 AND subnet = ?2 AND misses IS NOT NULL",
            )?
            .query_map(params![source.0, Id(subnet.0)], |row| {
                Ok((row.get::<_, Ip>(0)?.0, row.get(1)?))
            })?
            .collect::<rusqlite::Result<_>>()?;
        let last = match latest(&tx, source, subnet)? {
            Some(scan) => Some(
                hosts::of_scan(&tx, source, subnet, scan)?
                    .iter()
                    .map(|host| (host.ip, Trace::of(host)))
                    .collect(),
            ),
            None => None,
        };
        let exceptions = exceptions(&tx, source, subnet)?;
        let memory = Memory {
            misses,
            last,
            exceptions,
        };
        Ok((book, memory))
    }

    /// Finished scans, the newest first: of one subnet or of all.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn scans(&self, key: &CacheKey, subnet: Option<SubnetId>, limit: u32) -> Result<Vec<Scan>> {
        let Some(source) = source(&self.conn, key)? else {
            return Ok(Vec::new());
        };
        // Two texts, so that the one for a subnet can use its index.
        let mut query = self.conn.prepare_cached(match subnet {
            Some(_) => {
                "SELECT * FROM scans WHERE source = ?1 AND subnet = ?2 ORDER BY id DESC LIMIT ?3"
            }
            None => {
                "SELECT * FROM scans WHERE source = ?1 AND ?2 IS NULL ORDER BY id DESC LIMIT ?3"
            }
        })?;
        let rows = query.query_map(
            params![source.0, subnet.map(|subnet| Id(subnet.0)), limit],
            read_scan,
        )?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }

    /// A finished scan.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn scan(&self, scan: ScanId) -> Result<Option<Scan>> {
        Ok(scan_by_id(&self.conn, scan)?.map(|(_, scan)| scan))
    }
}

/// The last scan of each subnet.
pub(super) fn last_scans(conn: &Connection, source: Source) -> Result<Vec<Scan>> {
    let mut query = conn.prepare_cached(
        "SELECT scans.* FROM latest_scans JOIN scans ON scans.id = latest_scans.scan WHERE latest_scans.source = ?1
         ORDER BY latest_scans.subnet",
    )?;
    let rows = query.query_map([source.0], read_scan)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The last scan of a subnet.
pub(super) fn latest(
    conn: &Connection,
    source: Source,
    subnet: SubnetId,
) -> Result<Option<ScanId>> {
    Ok(conn
        .prepare_cached("SELECT scan FROM latest_scans WHERE source = ?1 AND subnet = ?2")?
        .query_row(params![source.0, Id(subnet.0)], |row| row.get(0))
        .optional()?
        .map(|Id(scan)| ScanId(scan)))
}

pub(super) fn scan_by_id(conn: &Connection, scan: ScanId) -> Result<Option<(Source, Scan)>> {
    Ok(conn
        .prepare_cached("SELECT * FROM scans WHERE id = ?1")?
        .query_row([Id(scan.0)], |row| {
            Ok((Source(row.get("source")?), read_scan(row)?))
        })
        .optional()?)
}

/// What there was to look at after the last scan of a subnet.
fn exceptions(
    conn: &Connection,
    Source(source): Source,
    subnet: SubnetId,
) -> Result<BTreeMap<IpAddr, Exception>> {
    let mut query = conn.prepare_cached(
        "SELECT ip, standing FROM findings WHERE source = ?1 AND subnet = ?2 AND standing <> ?3",
    )?;
    // Most are as documented, and need not be read.
    let rows = query.query_map(
        params![source, Id(subnet.0), Json(Standing::Known)],
        |row| {
            let Json(standing) = row.get::<_, Json<Standing>>(1)?;
            Ok((row.get::<_, Ip>(0)?.0, standing.exception()))
        },
    )?;
    let mut exceptions = BTreeMap::new();
    for row in rows {
        let (ip, exception) = row?;
        exceptions.extend(exception.map(|what| (ip, what)));
    }
    Ok(exceptions)
}

fn insert_scan(tx: &Transaction<'_>, source: Source, scan: &Scan) -> Result<()> {
    let counts = &scan.counts;
    tx.execute(
        "INSERT INTO scans VALUES (:id, :source, :subnet, :run, :cidr, :started_at, :finished_at, :mode, :addresses,
         :rights, :ipam_at, :ipam_stale, :known, :unknown, :unseen, :missing, :mismatch, :excluded, :changes)",
        named_params! {
            ":id": Id(scan.id.0),
            ":source": source.0,
            ":subnet": Id(scan.subnet.0),
            ":run": Id(scan.run.0),
            ":cidr": scan.cidr,
            ":started_at": Ms(scan.started_at),
            ":finished_at": Ms(scan.finished_at),
            ":mode": Json(&scan.mode),
            ":addresses": scan.addresses,
            ":rights": rights_number(scan.rights),
            ":ipam_at": Ms(scan.ipam_at),
            ":ipam_stale": scan.ipam_stale,
            ":known": counts.known,
            ":unknown": counts.unknown,
            ":unseen": counts.unseen,
            ":missing": counts.missing,
            ":mismatch": counts.mismatch,
            ":excluded": counts.excluded,
            ":changes": (scan.changes != Changes::default()).then_some(Json(&scan.changes)),
        },
    )?;
    Ok(())
}

fn rights_number(rights: Rights) -> i64 {
    match rights {
        Rights::Connect => 0,
        Rights::Raw => 1,
        Rights::Helper => 2,
    }
}

fn rights_of(number: i64) -> Rights {
    match number {
        0 => Rights::Connect,
        2 => Rights::Helper,
        _ => Rights::Raw,
    }
}

fn read_scan(row: &Row<'_>) -> rusqlite::Result<Scan> {
    Ok(Scan {
        id: ScanId(row.get::<_, Id>("id")?.0),
        run: RunId(row.get::<_, Id>("run")?.0),
        subnet: SubnetId(row.get::<_, Id>("subnet")?.0),
        cidr: row.get("cidr")?,
        started_at: row.get::<_, Ms>("started_at")?.0,
        finished_at: row.get::<_, Ms>("finished_at")?.0,
        mode: row.get::<_, Json<_>>("mode")?.0,
        addresses: row.get("addresses")?,
        rights: rights_of(row.get("rights")?),
        ipam_at: row.get::<_, Ms>("ipam_at")?.0,
        ipam_stale: row.get("ipam_stale")?,
        counts: Counts {
            known: row.get("known")?,
            unknown: row.get("unknown")?,
            unseen: row.get("unseen")?,
            missing: row.get("missing")?,
            mismatch: row.get("mismatch")?,
            excluded: row.get("excluded")?,
        },
        changes: row
            .get::<_, Option<Json<_>>>("changes")?
            .map_or_else(Default::default, |Json(changes)| changes),
    })
}

fn save_findings(
    tx: &Transaction<'_>,
    Source(source): Source,
    finished: &FinishedScan,
) -> Result<()> {
    let subnet = Id(finished.scan.subnet.0);
    tx.execute(
        "DELETE FROM findings WHERE source = ?1 AND subnet = ?2",
        params![source, subnet],
    )?;
    let mut insert = tx.prepare_cached(
        "INSERT INTO findings (source, subnet, ip, address, standing) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT DO UPDATE SET address = excluded.address, standing = excluded.standing",
    )?;
    for finding in &finished.findings {
        insert.execute(params![
            source,
            subnet,
            Ip(finding.ip),
            finding.address.map(|address| Id(address.0)),
            Json(&finding.standing)
        ])?;
    }
    let mut miss = tx.prepare_cached(
        "INSERT INTO findings (source, subnet, ip, misses) VALUES (?1, ?2, ?3, ?4)
         ON CONFLICT DO UPDATE SET misses = excluded.misses",
    )?;
    for (ip, misses) in &finished.misses {
        miss.execute(params![source, subnet, Ip(*ip), misses])?;
    }
    Ok(())
}
