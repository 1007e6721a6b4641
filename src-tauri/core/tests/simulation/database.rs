//! The simulated database: holds exactly what was written, in the order in which it was written.

use std::collections::BTreeMap;

use fieldscan_core::{
    agent::{Effect, LastIds, Lasting, Loaded, Restored},
    compare::{Memory, Trace},
    delivery::{Report, State},
    ids::{NoticeId, ReportId, RunId, ScanId, SubnetId},
    ipam::{AddressBook, Assignment},
    notice::{Notice, Told},
    place::Binding,
    problem::Problem,
    run::{Body, FinishedScan, Run, Scan},
};
use jiff::Timestamp;

/// What is on the disk.
#[derive(Debug, Default)]
pub(crate) struct Database {
    /// Nothing can be written.
    pub(crate) full: bool,
    pub(crate) assignment: Option<Assignment>,
    pub(crate) books: BTreeMap<SubnetId, AddressBook>,
    pub(crate) reports: BTreeMap<ReportId, (Report, Body)>,
    scans: BTreeMap<ScanId, Scan>,
    memories: BTreeMap<SubnetId, Memory>,
    runs: BTreeMap<RunId, Run>,
    notices: BTreeMap<NoticeId, Notice>,
    places: BTreeMap<SubnetId, Binding>,
    lasting: Lasting,
    /// What is pruned has used its id all the same.
    last_ids: LastIds,
}

impl Database {
    /// One transaction.
    pub(crate) fn commit(&mut self, finished: &FinishedScan) -> Result<(), Problem> {
        self.writable()?;
        let scan = &finished.scan;
        let last = finished.hosts.iter().map(|host| (host.ip, Trace::of(host)));
        self.memories.insert(
            scan.subnet,
            Memory {
                misses: finished.misses.iter().copied().collect(),
                last: Some(last.collect()),
                exceptions: finished
                    .findings
                    .iter()
                    .filter_map(|finding| Some((finding.ip, finding.standing.exception()?)))
                    .collect(),
            },
        );
        self.scans.insert(scan.id, scan.clone());
        self.last_ids.scan = self.last_ids.scan.max(scan.id);
        for (report, body) in &finished.reports {
            self.last_ids.report = self.last_ids.report.max(report.id);
            self.reports
                .insert(report.id, (report.clone(), body.clone()));
        }
        Ok(())
    }

    /// A write that stands alone.
    pub(crate) fn save(&mut self, effect: &Effect) -> Result<(), Problem> {
        self.writable()?;
        match effect {
            Effect::SaveReport(report) => {
                if let Some((kept, _)) = self.reports.get_mut(&report.id) {
                    *kept = (**report).clone();
                }
            }
            Effect::SaveRun(run) => {
                self.runs.insert(run.id, (**run).clone());
                self.last_ids.run = self.last_ids.run.max(run.id);
            }
            Effect::Notify(notice) | Effect::SaveNotice(notice) => {
                self.notices.insert(notice.id, (**notice).clone());
                self.last_ids.notice = self.last_ids.notice.max(notice.id);
            }
            Effect::SavePlaces(places) => {
                for (id, binding) in places {
                    match binding {
                        Some(binding) => self.places.insert(*id, binding.clone()),
                        None => self.places.remove(id),
                    };
                }
            }
            Effect::SaveLasting(lasting) => self.lasting = (**lasting).clone(),
            Effect::Prune(before) => self.prune(*before),
            other => panic!("not a write: {other:?}"),
        }
        Ok(())
    }

    pub(crate) fn keep_assignment(&mut self, assignment: &Assignment) {
        if !self.full {
            self.assignment = Some(assignment.clone());
        }
    }

    pub(crate) fn keep_book(&mut self, subnet: SubnetId, book: &AddressBook) {
        if !self.full {
            self.books.insert(subnet, book.clone());
        }
    }

    /// What is known of a subnet without asking phpIPAM.
    pub(crate) fn load(&self, subnet: SubnetId) -> Loaded {
        Loaded {
            subnet,
            book: self.books.get(&subnet).cloned(),
            asked: false,
            problem: None,
            memory: self.memories.get(&subnet).cloned().unwrap_or_default(),
        }
    }

    /// What a new process finds.
    pub(crate) fn restore(&self) -> Restored {
        let mut last_scans: BTreeMap<SubnetId, Scan> = BTreeMap::new();
        for scan in self.scans.values() {
            last_scans.insert(scan.subnet, scan.clone());
        }
        let finished = |run: &&Run| run.finished_at.is_some();
        Restored {
            assignment: self.assignment.clone(),
            reports: self
                .reports
                .values()
                .map(|(report, _)| report.clone())
                .filter(|report| match report.state {
                    State::Confirmed { .. } | State::Superseded { .. } => false,
                    State::Queued
                    | State::Waiting { .. }
                    | State::Sent { .. }
                    | State::Partly { .. }
                    | State::Unconfirmed { .. }
                    | State::Rejected { .. } => true,
                })
                .collect(),
            last_scans: last_scans.into_values().collect(),
            last_run: self.runs.values().rev().find(finished).cloned(),
            told: Told::restore(
                self.notices
                    .values()
                    .map(|notice| (notice.at, notice.things.clone())),
            ),
            places: self.places.clone(),
            lasting: self.lasting.clone(),
            last_ids: self.last_ids,
        }
    }

    fn prune(&mut self, before: Timestamp) {
        self.scans.retain(|_, scan| scan.finished_at >= before);
        self.notices.retain(|_, notice| notice.at >= before);
        self.runs.retain(|_, run| run.started_at >= before);
        self.reports.retain(|_, (report, _)| {
            let changed = report.journey.last().map(|step| step.at);
            let open = !report.state.is_final() || matches!(report.state, State::Rejected { .. });
            open || changed.is_none_or(|at| at >= before)
        });
    }

    fn writable(&self) -> Result<(), Problem> {
        if self.full {
            Err(Problem::DiskFull)
        } else {
            Ok(())
        }
    }
}
