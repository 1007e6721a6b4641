//! Which report is sent next, and which is looked for in phpIPAM. Holds no bodies and does no I/O.
//!
//! Within a subnet reports go out in the order in which they were made. An older one that goes out late all the same
//! (a person retries it) leaves out what a newer one has told, since the scan server would set `lastSeen` back.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use jiff::Timestamp;

use super::{Report, State};
use crate::{
    ids::{ReportId, SubnetId},
    problem::Problem,
    schedule::reached,
    snapshot::DeliveryView,
};

mod leaving_out;
mod reading;
mod retrying;
mod sending;

/// The reports that the agent still has to do with.
#[derive(Debug, Default)]
pub struct Outbox {
    reports: BTreeMap<ReportId, Report>,
    sending: Option<ReportId>,
    reading: Option<Reading>,
    down: Option<Down>,
    /// phpIPAM can't be asked what arrived.
    unreadable: Option<Down>,
    /// Reports that are not yet in the database, with their subnets.
    expected: BTreeMap<ReportId, SubnetId>,
    /// Whether reports came (back) into the queue since older ones were held against newer ones.
    grown: bool,
    seed: u64,
    confirmed: u32,
}

/// What the agent must do after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Keep this report's new state.
    Save(Box<Report>),
    /// Tell of this.
    Raise(Problem),
    /// Problems with the scan server are over.
    ServerWorks,
    /// Problems with this report are over.
    Settled(ReportId),
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The report.
    pub report: ReportId,
    /// The subnet whose `lastDiscovery` must be read first: the report has no hosts by which to confirm it.
    pub baseline: Option<SubnetId>,
    /// Hosts to leave out.
    pub leave_out: BTreeSet<IpAddr>,
}

/// What is being looked for in phpIPAM. What is sent meanwhile can't be seen by it.
#[derive(Debug)]
struct Reading {
    subnet: SubnetId,
    reports: BTreeSet<ReportId>,
}

/// A server can't be reached: it is left alone until then.
#[derive(Debug, Clone, Copy)]
struct Down {
    tries: u32,
    until: Timestamp,
}

impl Outbox {
    /// Takes up the reports that an earlier process left. `seed` makes back-offs differ between machines.
    pub fn restore(reports: Vec<Report>, seed: u64) -> Self {
        Self {
            reports: reports
                .into_iter()
                .map(|report| (report.id, report))
                .collect(),
            grown: true,
            seed,
            ..Self::default()
        }
    }

    /// Knows of reports that are being committed, so that newer ones aren't forgotten before these have come.
    pub fn expect(&mut self, reports: &[Report]) {
        self.expected
            .extend(reports.iter().map(|report| (report.id, report.subnet)));
    }

    /// Reports that were expected will not come: they could not be committed.
    pub fn expect_no_more(&mut self, reports: &[Report]) {
        for report in reports {
            self.expected.remove(&report.id);
        }
    }

    /// Takes a report that has just been committed.
    pub fn accept(&mut self, report: Report) {
        self.expected.remove(&report.id);
        self.reports.insert(report.id, report);
        self.grown = true;
    }

    /// All reports that it holds, the oldest first.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.values()
    }

    /// A report that it still holds.
    pub fn report(&self, id: ReportId) -> Option<&Report> {
        self.reports.get(&id)
    }

    /// Whether a report is on its way right now.
    pub fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    /// When something is due next.
    pub fn wake_at(&self, now: Timestamp, hold_uploads: bool) -> Option<Timestamp> {
        let from_now = |at| if reached(at, now) { now } else { at };
        let not_before = |down: Option<Down>| down.map_or(now, |down| from_now(down.until));
        let uploads = (!hold_uploads && self.sending.is_none())
            .then(|| self.first_in_line())
            .into_iter()
            .flatten()
            .map(|(_, at)| at.map_or(now, from_now).max(not_before(self.down)));
        let reads = self
            .reports
            .values()
            .filter_map(|report| match report.state {
                State::Sent { check_at, .. } if self.reading.is_none() => {
                    Some(from_now(check_at).max(not_before(self.unreadable)))
                }
                _ => None,
            });
        uploads.chain(reads).min()
    }

    /// The outbox in numbers.
    pub fn view(&self) -> DeliveryView {
        let mut view = DeliveryView {
            sending: self.sending.is_some(),
            confirmed: self.confirmed,
            ..DeliveryView::default()
        };
        for report in self.reports.values() {
            match &report.state {
                State::Queued => view.waiting += 1,
                State::Waiting { next_at, .. } => {
                    view.waiting += 1;
                    view.next_try = Some(view.next_try.map_or(*next_at, |at| at.min(*next_at)));
                }
                State::Sent { .. } => view.sent += 1,
                State::Rejected { .. } => view.rejected += 1,
                State::Partly { .. } | State::Unconfirmed { .. } => view.doubtful += 1,
                State::Confirmed { .. } | State::Superseded { .. } => {}
            }
        }
        view
    }

    /// Lets go of what is deleted from the database: reports that are over with since before this time.
    pub fn prune(&mut self, before: Timestamp, changes: &mut Vec<Change>) {
        self.reports.retain(|id, report| {
            let over = matches!(
                report.state,
                State::Partly { .. } | State::Unconfirmed { .. }
            );
            let old = report.journey.last().is_some_and(|step| step.at < before);
            if over && old {
                changes.push(Change::Settled(*id));
            }
            !(over && old)
        });
    }

    /// Lets go of what has arrived, unless an older report of its subnet might still go out and must know of it.
    fn forget(&mut self) {
        let mut kept_older: BTreeMap<SubnetId, ReportId> = BTreeMap::new();
        for (id, subnet) in &self.expected {
            kept_older.entry(*subnet).or_insert(*id);
        }
        let mut gone = Vec::new();
        for (id, report) in &self.reports {
            let oldest = kept_older.get(&report.subnet);
            match report.state {
                State::Confirmed { .. } | State::Superseded { .. } => {
                    if oldest.is_none_or(|oldest| oldest > id) {
                        gone.push(*id);
                    }
                }
                State::Queued
                | State::Waiting { .. }
                | State::Sent { .. }
                | State::Partly { .. }
                | State::Unconfirmed { .. }
                | State::Rejected { .. } => {
                    if oldest.is_none_or(|oldest| oldest > id) {
                        kept_older.insert(report.subnet, *id);
                    }
                }
            }
        }
        for id in gone {
            self.reports.remove(&id);
        }
    }

    fn change(
        &mut self,
        id: ReportId,
        changes: &mut Vec<Change>,
        change: impl FnOnce(&mut Report),
    ) {
        if let Some(report) = self.reports.get_mut(&id) {
            change(report);
            changes.push(Change::Save(Box::new(report.clone())));
        }
    }
}

#[cfg(test)]
mod tests;
