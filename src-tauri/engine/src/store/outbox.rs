//! The outbox: reports, where they are, how they came there, and their bodies until they are no longer needed.

use fieldscan_core::{
    delivery::{Report, State, Step},
    ids::{ReportId, ScanId, SubnetId},
    run::Body,
};
use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, Row, Transaction, named_params, params};

use super::{
    CacheKey, Reader, Result, Source, Store,
    error::StoreError,
    source,
    value::{Id, Json, Ms, Runs},
};

/// Which reports to list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct ReportFilter {
    /// Of this subnet only.
    pub subnet: Option<SubnetId>,
    /// Of this scan only.
    pub scan: Option<ScanId>,
    /// Only those that are neither Confirmed nor Superseded.
    pub open: bool,
    /// At most so many, the newest.
    pub limit: Option<u32>,
}

impl Store {
    /// Keeps a report's new state.
    ///
    /// Once it is Confirmed or Superseded, the bodies of such reports of earlier scans of the subnet are given up: they are by
    /// far the largest part of history, and nothing is done with them any more.
    ///
    /// # Errors
    /// If the database can't be written, or has no such report.
    pub fn save_report(&mut self, report: &Report) -> Result<()> {
        let tx = self.write()?;
        let row: Option<i64> = tx
            .prepare_cached(
                "UPDATE reports SET stale = :stale, left_out = :left_out, baseline = :baseline, sends = :sends,
                 state_name = :state_name, state = :state, journey = :journey, changed_at = :changed_at
                 WHERE id = :id RETURNING source",
            )?
            .query_row(
                named_params! {
                    ":id": Id(report.id.0),
                    ":stale": report.stale,
                    ":left_out": Json(&report.left_out),
                    ":baseline": report.baseline,
                    ":sends": report.sends,
                    ":state_name": state_name(&report.state),
                    ":state": Json(&report.state),
                    ":journey": Json(&report.journey),
                    ":changed_at": Ms(changed_at(report)),
                },
                |row| row.get(0),
            )
            .optional()?;
        let Some(source) = row else {
            return Err(StoreError::NoSuchReport(report.id));
        };
        if is_done(&report.state) {
            tx.prepare_cached(
                "DELETE FROM bodies WHERE source = ?1 AND subnet = ?2 AND scan < ?3 AND EXISTS
                 (SELECT 1 FROM reports WHERE id = report AND state_name IN ('confirmed', 'superseded'))",
            )?
            .execute(params![source, Id(report.subnet.0), Id(report.scan.0)])?;
        }
        Ok(tx.commit()?)
    }
}

impl Reader {
    /// A report's body; `None` if there is no such report or its body was given up (see [`Store::save_report`]).
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn report_body(&self, report: ReportId) -> Result<Option<Body>> {
        body(&self.conn, report)
    }

    /// A report, with its body if that is still kept.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn report(&self, report: ReportId) -> Result<Option<(Report, Option<Body>)>> {
        let tx = self.conn.unchecked_transaction()?;
        let found = tx
            .prepare_cached("SELECT * FROM reports WHERE id = ?1")?
            .query_row([Id(report.0)], read)
            .optional()?;
        match found {
            Some(found) => Ok(Some((found, body(&tx, report)?))),
            None => Ok(None),
        }
    }

    /// Reports, the newest first.
    ///
    /// # Errors
    /// If the database can't be read.
    pub fn reports(&self, key: &CacheKey, filter: &ReportFilter) -> Result<Vec<Report>> {
        let Some(source) = source(&self.conn, key)? else {
            return Ok(Vec::new());
        };
        // Only the conditions that there are, so that each query can use its index.
        let mut sql = "SELECT * FROM reports WHERE source = ?1".to_owned();
        if filter.subnet.is_some() {
            sql.push_str(" AND subnet = ?2");
        }
        if filter.scan.is_some() {
            sql.push_str(" AND scan = ?3");
        }
        if filter.open {
            sql.push_str(" AND state_name NOT IN ('confirmed', 'superseded')");
        }
        sql.push_str(" ORDER BY id DESC LIMIT ?4");
        let mut query = self.conn.prepare_cached(&sql)?;
        let rows = query.query_map(
            params![
                source.0,
                filter.subnet.map(|subnet| Id(subnet.0)),
                filter.scan.map(|scan| Id(scan.0)),
                filter.limit.map_or(-1, i64::from)
            ],
            read,
        )?;
        Ok(rows.collect::<rusqlite::Result<_>>()?)
    }
}

/// Reports that the agent or a person may still have to do with, the oldest first, and newer ones of their subnets: an
/// older report that still goes out must leave out what those told.
pub(super) fn open(conn: &Connection, source: Source) -> Result<Vec<Report>> {
    let mut query = conn.prepare_cached(
        "SELECT * FROM reports AS report WHERE source = ?1 AND id >=
         (SELECT min(id) FROM reports AS open WHERE open.source = ?1 AND open.subnet = report.subnet
          AND open.state_name NOT IN ('confirmed', 'superseded')) ORDER BY id",
    )?;
    let rows = query.query_map([source.0], read)?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

pub(super) fn insert(
    tx: &Transaction<'_>,
    source: Source,
    report: &Report,
    body: Option<&Body>,
) -> Result<()> {
    tx.prepare_cached(
        "INSERT INTO reports VALUES (:id, :source, :subnet, :scan, :cidr, :part, :parts, :created_at, :changed_at, :last_seen,
         :hosts, :stale, :left_out, :ahead, :baseline, :sends, :state_name, :state, :journey)",
    )?
    .execute(named_params! {
        ":id": Id(report.id.0),
        ":source": source.0,
        ":subnet": Id(report.subnet.0),
        ":scan": Id(report.scan.0),
        ":cidr": report.cidr,
        ":part": report.part.0,
        ":parts": report.part.1,
        ":created_at": Ms(report.created_at),
        ":changed_at": Ms(changed_at(report)),
        ":last_seen": report.last_seen,
        // The list is the longest part of a report, and the column's own encoding a short one.
        ":hosts": Runs(report.hosts.clone()),
        ":stale": report.stale,
        ":left_out": Json(&report.left_out),
        ":ahead": Json(&report.ahead),
        ":baseline": report.baseline,
        ":sends": report.sends,
        ":state_name": state_name(&report.state),
        ":state": Json(&report.state),
        ":journey": Json(&report.journey),
    })?;
    if let Some(Body(body)) = body {
        tx.prepare_cached(
            "INSERT INTO bodies (report, source, subnet, scan, body) VALUES (?1, ?2, ?3, ?4, ?5)",
        )?
        .execute(params![
            Id(report.id.0),
            source.0,
            Id(report.subnet.0),
            Id(report.scan.0),
            body
        ])?;
    }
    tx.prepare_cached("UPDATE last_ids SET report = max(report, ?1), scan = max(scan, ?2)")?
        .execute([Id(report.id.0), Id(report.scan.0)])?;
    Ok(())
}

pub(super) fn body(conn: &Connection, report: ReportId) -> Result<Option<Body>> {
    Ok(conn
        .prepare_cached("SELECT body FROM bodies WHERE report = ?1")?
        .query_row([Id(report.0)], |row| Ok(Body(row.get(0)?)))
        .optional()?)
}

pub(super) fn read(row: &Row<'_>) -> rusqlite::Result<Report> {
    Ok(Report {
        id: ReportId(row.get::<_, Id>("id")?.0),
        subnet: SubnetId(row.get::<_, Id>("subnet")?.0),
        scan: ScanId(row.get::<_, Id>("scan")?.0),
        cidr: row.get("cidr")?,
        part: (row.get("part")?, row.get("parts")?),
        created_at: row.get::<_, Ms>("created_at")?.0,
        last_seen: row.get("last_seen")?,
        hosts: row.get::<_, Runs>("hosts")?.0,
        stale: row.get("stale")?,
        left_out: row.get::<_, Json<_>>("left_out")?.0,
        ahead: row.get::<_, Json<_>>("ahead")?.0,
        baseline: row.get("baseline")?,
        sends: row.get("sends")?,
        state: row.get::<_, Json<_>>("state")?.0,
        journey: row.get::<_, Json<Vec<Step>>>("journey")?.0,
    })
}

/// Whether nothing will ever be done with the body again, not even by a person.
fn is_done(state: &State) -> bool {
    match state {
        State::Confirmed { .. } | State::Superseded { .. } => true,
        State::Queued
        | State::Waiting { .. }
        | State::Sent { .. }
        | State::Partly { .. }
        | State::Unconfirmed { .. }
        | State::Rejected { .. } => false,
    }
}

/// For indexes and pruning; the JSON beside it says the rest.
fn state_name(state: &State) -> &'static str {
    match state {
        State::Queued => "queued",
        State::Waiting { .. } => "waiting",
        State::Sent { .. } => "sent",
        State::Confirmed { .. } => "confirmed",
        State::Partly { .. } => "partly",
        State::Unconfirmed { .. } => "unconfirmed",
        State::Rejected { .. } => "rejected",
        State::Superseded { .. } => "superseded",
    }
}

fn changed_at(report: &Report) -> Timestamp {
    report
        .journey
        .last()
        .map_or(report.created_at, |step| step.at.max(report.created_at))
}
