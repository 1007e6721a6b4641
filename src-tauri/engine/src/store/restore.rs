//! What the agent begins with: what an earlier process left.

use fieldscan_core::{
    agent::{LastIds, Restored},
    ids::{ReportId, RunId, ScanId},
};
use rusqlite::Connection;

use super::{
    CacheKey, Reader, Result, cache, notices, outbox, places, runs, scans, source, value::Id,
};

impl Reader {
    /// What an earlier process left of the present server, app and agent. No addresses are read.
    ///
    /// Reports of another key wait until that key comes back: they would be looked for in the wrong phpIPAM.
    ///
    /// # Errors
    /// If the database can't be read; after [`super::StoreError::Damaged`] see [`super::Store::set_aside`].
    pub fn restore(&self, key: &CacheKey) -> Result<Restored> {
        let tx = self.conn.unchecked_transaction()?;
        let mut restored = Restored {
            lasting: runs::lasting(&tx)?,
            last_ids: LastIds {
                notice: notices::last_id(&tx)?,
                ..last_ids(&tx)?
            },
            ..Restored::default()
        };
        if let Some(source) = source(&tx, key)? {
            restored.assignment = cache::assignment(&tx, source)?;
            restored.reports = outbox::open(&tx, source)?;
            restored.last_scans = scans::last_scans(&tx, source)?;
            restored.told = notices::told(&tx, source)?;
            restored.last_run = runs::last_finished(&tx, source)?;
            restored.places = places::places(&tx, source)?;
        }
        Ok(restored)
    }
}

/// All but that of a notice.
pub(super) fn last_ids(conn: &Connection) -> Result<LastIds> {
    Ok(
        conn.query_row("SELECT run, scan, report FROM last_ids", [], |row| {
            let [run, scan, report] = [row.get::<_, Id>(0)?, row.get(1)?, row.get(2)?];
            Ok(LastIds {
                run: RunId(run.0),
                scan: ScanId(scan.0),
                report: ReportId(report.0),
                ..LastIds::default()
            })
        })?,
    )
}
