//! History that is old enough to go. What is still to be delivered or mended never is.

use jiff::Timestamp;
use rusqlite::params;

use super::{Result, Store, value::Ms};

impl Store {
    /// Deletes what ended before `before`: scans with their hosts, ended or cut short, runs, notices, reports that are done with, and the addresses of subnets
    /// that are no longer assigned.
    ///
    /// Stays, however old: reports on their way and Rejected ones, the last scan of each subnet, the last finished run, the runs
    /// of scans that stay, and the hosts of scans that stay.
    ///
    /// # Errors
    /// If the database can't be written.
    pub fn prune(&mut self, before: Timestamp) -> Result<()> {
        let tx = self.write()?;
        let before = params![Ms(before)];
        // On its way is whatever is not named here: a state that this version doesn't know must not be deleted.
        tx.execute(
            "DELETE FROM reports WHERE changed_at < ?1
             AND state_name IN ('confirmed', 'partly', 'unconfirmed', 'superseded')",
            before,
        )?;
        let scans = tx.execute(
            "DELETE FROM scans WHERE finished_at < ?1 AND id NOT IN (SELECT scan FROM latest_scans)",
            before,
        )?;
        if scans > 0 {
            tx.execute(
                "DELETE FROM sightings WHERE last_scan <
                 (SELECT min(id) FROM scans WHERE scans.source = sightings.source AND scans.subnet = sightings.subnet)",
                [],
            )?;
        }
        tx.execute(
            "DELETE FROM runs WHERE started_at < ?1
             AND NOT EXISTS (SELECT 1 FROM scans WHERE scans.run = runs.id)
             AND id NOT IN (SELECT max(id) FROM runs WHERE finished_at IS NOT NULL GROUP BY source)",
            before,
        )?;
        tx.execute(
            "DELETE FROM books WHERE fetched_at < ?1
             AND EXISTS (SELECT 1 FROM assignments WHERE assignments.source = books.source)
             AND NOT EXISTS (SELECT 1 FROM subnets WHERE subnets.source = books.source AND subnets.id = books.subnet)",
            before,
        )?;
        tx.execute("DELETE FROM notices WHERE at < ?1", before)?;
        tx.execute("DELETE FROM unfinished WHERE started_at < ?1", before)?;
        Ok(tx.commit()?)
    }
}
