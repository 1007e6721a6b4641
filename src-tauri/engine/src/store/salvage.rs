//! What can be read of a damaged database's outbox: reports that were accepted and not yet delivered. History is left.

use std::path::Path;

use fieldscan_core::{
    agent::LastIds,
    delivery::Report,
    ids::{AgentCode, ReportId, RunId, ScanId},
};
use rusqlite::{Connection, OpenFlags, TransactionBehavior, params};

use super::{CacheKey, Result, outbox, restore, source_or_new, value::Id};

/// Takes over what can be read. Returns how many reports that is.
pub(super) fn outbox(damaged: &Path, into: &mut Connection) -> Result<u32> {
    let from = Connection::open_with_flags(
        damaged,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )?;
    let tx = into.transaction_with_behavior(TransactionBehavior::Immediate)?;
    let mut saved = 0;
    for (id, key) in sources(&from)? {
        let source = source_or_new(&tx, &key)?;
        for report in reports(&from, id)? {
            // A report without its body can't be sent.
            let Ok(Some(body)) = outbox::body(&from, report.id) else {
                continue;
            };
            outbox::insert(&tx, source, &report, Some(&body))?;
            saved += 1;
        }
    }
    // So that ids go on rising where they are still known.
    let LastIds {
        run: RunId(run),
        scan: ScanId(scan),
        report: ReportId(report),
        notice: _,
    } = restore::last_ids(&from).unwrap_or_default();
    tx.execute(
        "UPDATE last_ids SET run = max(run, ?1), scan = max(scan, ?2), report = max(report, ?3)",
        params![Id(run), Id(scan), Id(report)],
    )?;
    tx.commit()?;
    Ok(saved)
}

fn sources(from: &Connection) -> Result<Vec<(i64, CacheKey)>> {
    let mut query = from.prepare("SELECT id, api_url, app, agent_code FROM sources NOT INDEXED")?;
    let rows = query.query_map([], |row| {
        Ok((
            row.get(0)?,
            CacheKey {
                api_url: row.get(1)?,
                app: row.get(2)?,
                agent_code: AgentCode::new(row.get::<_, String>(3)?),
            },
        ))
    })?;
    Ok(rows.collect::<rusqlite::Result<_>>()?)
}

/// The readable ones, the oldest first: from the front up to the damage, then from the back down to it.
fn reports(from: &Connection, source: i64) -> Result<Vec<Report>> {
    let read = |order: &str, beyond: i64| -> rusqlite::Result<(Vec<Report>, bool)> {
        let mut found = Vec::new();
        let mut query = from.prepare(&format!(
            "SELECT * FROM reports NOT INDEXED WHERE source = ?1 AND id > ?2
             AND state_name NOT IN ('confirmed', 'superseded') ORDER BY id {order}"
        ))?;
        let mut rows = query.query(params![source, beyond])?;
        loop {
            match rows.next() {
                Ok(Some(row)) => {
                    if let Ok(report) = outbox::read(row) {
                        found.push(report);
                    }
                }
                Ok(None) => return Ok((found, true)),
                Err(_) => return Ok((found, false)),
            }
        }
    };
    let (mut found, whole) = read("ASC", i64::MIN)?;
    if !whole {
        let last = found
            .last()
            .map_or(i64::MIN, |report| report.id.0.cast_signed());
        let (behind, _) = read("DESC", last)?;
        found.extend(behind.into_iter().rev());
    }
    Ok(found)
}
