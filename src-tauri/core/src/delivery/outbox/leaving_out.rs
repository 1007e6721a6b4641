//! What an older report need not tell, because a newer one of its subnet tells it.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
};

use jiff::Timestamp;

use super::{Change, Outbox};
use crate::{
    delivery::{Event, Report, State},
    ids::{ReportId, SubnetId},
};

impl Outbox {
    /// Of those that are still to be sent, none tells what a report of a newer scan tells.
    pub(super) fn leave_out_what_newer_ones_tell(
        &mut self,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let mut by_subnet: BTreeMap<SubnetId, Vec<&Report>> = BTreeMap::new();
        for report in self.reports.values().rev() {
            by_subnet.entry(report.subnet).or_default().push(report);
        }
        let mut less = Vec::new();
        for newest_first in by_subnet.into_values() {
            // Of scans newer than the one at hand, and of the one at hand: its parts don't count as newer.
            let (mut told, mut of_scan) = (BTreeSet::<IpAddr>::new(), BTreeSet::new());
            let (mut newest, mut newest_of_scan) = (None, None);
            let mut scan = None;
            for report in newest_first {
                if scan != Some(report.scan) {
                    scan = Some(report.scan);
                    told.append(&mut of_scan);
                    newest = newest.or(newest_of_scan);
                }
                let left_out = match report.state {
                    // What was left out once stays so: the newer report may have arrived and be forgotten.
                    State::Queued | State::Waiting { .. } => report
                        .hosts
                        .iter()
                        .copied()
                        .filter(|ip| told.contains(ip) || report.left_out.contains(ip))
                        .collect(),
                    State::Superseded { .. } => continue,
                    // One that is refused is kept, and may have been taken all the same if that could not be saved.
                    State::Rejected { .. }
                    | State::Sent { .. }
                    | State::Confirmed { .. }
                    | State::Partly { .. }
                    | State::Unconfirmed { .. } => report.left_out.clone(),
                };
                match newest {
                    Some(by) if left_out.len() == report.hosts.len() => {
                        if !report.state.is_sent() {
                            less.push((report.id, left_out, Some(by)));
                        }
                        continue;
                    }
                    Some(_) | None if left_out != report.left_out => {
                        less.push((report.id, left_out.clone(), None));
                    }
                    Some(_) | None => {}
                }
                newest_of_scan = newest_of_scan.or(Some(report.id));
                of_scan.extend(report.hosts.iter().filter(|ip| !left_out.contains(ip)));
            }
        }
        for (id, left_out, superseded_by) in less {
            self.change(id, changes, |report| match superseded_by {
                Some(by) => report.step(now, Event::Superseded, State::Superseded { by }),
                None => report.left_out = left_out,
            });
            if superseded_by.is_some() {
                changes.push(Change::Settled(id));
            }
        }
    }

    /// Older reports of the subnet need not tell what this one tells. Those that are over with don't pile up by that,
    /// and once this one has arrived none sets `lastSeen` back.
    pub(super) fn relieve_older(
        &mut self,
        by: ReportId,
        arrived: bool,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let newer = &self.reports[&by];
        let told: BTreeSet<IpAddr> = newer.told().collect();
        let mut less = Vec::new();
        for (id, report) in self.reports.range(..by) {
            let relieved = match report.state {
                State::Rejected { .. } | State::Partly { .. } | State::Unconfirmed { .. } => true,
                State::Queued | State::Waiting { .. } | State::Sent { .. } => arrived,
                State::Confirmed { .. } | State::Superseded { .. } => false,
            };
            let older = report.subnet == newer.subnet && report.scan < newer.scan;
            if !relieved || !older || self.sending == Some(*id) {
                continue;
            }
            let mut left_out = report.left_out.clone();
            left_out.extend(report.hosts.iter().filter(|ip| told.contains(ip)));
            if left_out.len() == report.hosts.len() || left_out != report.left_out {
                less.push((*id, left_out));
            }
        }
        for (id, left_out) in less {
            let nothing_left = left_out.len() == self.reports[&id].hosts.len();
            self.change(id, changes, |report| {
                report.left_out = left_out;
                if nothing_left {
                    report.step(now, Event::Superseded, State::Superseded { by });
                }
            });
            if nothing_left {
                changes.push(Change::Settled(id));
            }
        }
    }
}
