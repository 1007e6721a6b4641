//! A finished scan on its way into the database, and what follows when it is there or can't be written.

use jiff::Timestamp;

use super::Active;
use crate::{
    agent::Agent,
    delivery::Report,
    ids::{ScanId, SubnetId},
    notice::News,
    problem::Problem,
    run::{FinishedScan, Outcome},
    snapshot::LastScan,
};

/// A finished scan on its way into the database.
#[derive(Debug)]
pub(in crate::agent) struct Unwritten {
    /// Its reports: they are in the outbox once they are in the database.
    reports: Vec<Report>,
    /// What it newly found.
    news: Option<News>,
    /// All of it, if it could not be written.
    failed: Option<Box<FinishedScan>>,
}

impl Unwritten {
    pub(super) fn new(reports: Vec<Report>, news: Option<News>) -> Self {
        Self {
            reports,
            news,
            failed: None,
        }
    }

    pub(in crate::agent) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }
}

impl Agent {
    pub(in crate::agent) fn committed(
        &mut self,
        scan: ScanId,
        result: Result<(), (Problem, Box<FinishedScan>)>,
        now: Timestamp,
    ) {
        match result {
            Ok(()) => {
                self.written(scan);
                self.store_mended();
            }
            Err((problem, finished)) => {
                self.not_written(finished, problem, now);
                self.write_again_later(now);
            }
        }
    }

    /// A finished scan is in the database.
    fn written(&mut self, id: ScanId) {
        let Some(unwritten) = self.unwritten.remove(&id) else {
            return;
        };
        for report in unwritten.reports {
            self.outbox.accept(report);
        }
        self.lasting.news.extend(unwritten.news);
        self.lists.addresses = self.revision;
        self.lists.reports = self.revision;
        let Some(running) = &mut self.running else {
            return;
        };
        let scan = running.active.values().find_map(|active| match active {
            Active::Committing { scan } if scan.id == id => Some(scan.clone()),
            _ => None,
        });
        let Some(scan) = scan else {
            return;
        };
        self.last_scans.insert(
            scan.subnet,
            LastScan {
                at: scan.finished_at,
                counts: scan.counts,
                ipam_stale: scan.ipam_stale,
                rights: scan.rights,
            },
        );
        running.end(
            scan.subnet,
            Outcome::Scanned {
                scan: id,
                counts: scan.counts,
            },
        );
    }

    /// A finished scan could not be written; it is kept and written again later.
    ///
    /// Of a subnet only the newest is kept, so that a disk that is full for days doesn't fill the memory too.
    fn not_written(&mut self, finished: Box<FinishedScan>, problem: Problem, now: Timestamp) {
        let (scan, subnet) = (finished.scan.id, finished.scan.subnet);
        self.problems.raise(problem.clone(), now);
        if let Some(unwritten) = self.unwritten.get_mut(&scan) {
            unwritten.failed = Some(finished);
        }
        let failed = |unwritten: &Unwritten| {
            let finished = unwritten.failed.as_ref();
            finished.is_some_and(|finished| finished.scan.subnet == subnet)
        };
        let failed: Vec<ScanId> = self
            .unwritten
            .iter()
            .filter(|(_, unwritten)| failed(unwritten))
            .map(|(id, _)| *id)
            .collect();
        for id in failed.iter().rev().skip(1) {
            if let Some(given_up) = self.unwritten.remove(id) {
                self.outbox.expect_no_more(&given_up.reports);
            }
        }
        if let Some(running) = &mut self.running
            && matches!(running.active.get(&subnet), Some(Active::Committing { scan: of }) if of.id == scan)
        {
            running.end(subnet, Outcome::Failed { problem });
        }
    }

    /// Scans that could not be written, of one subnet or of all, in order; they count as being written from here on.
    pub(in crate::agent) fn unwritten_scans(
        &mut self,
        of: Option<SubnetId>,
    ) -> impl Iterator<Item = Box<FinishedScan>> + '_ {
        self.unwritten.values_mut().filter_map(move |unwritten| {
            unwritten
                .failed
                .take_if(|finished| of.is_none_or(|id| id == finished.scan.subnet))
        })
    }
}
