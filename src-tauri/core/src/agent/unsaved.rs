//! What could not be saved, and writing it again later.

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use jiff::Timestamp;

use super::{
    Agent, Effect,
    running::{Running, Unwritten},
};
use crate::{
    delivery::{Report, State},
    ids::{NoticeId, ReportId, RunId, SubnetId},
    notice::Notice,
    problem::Problem,
    run::Run,
    schedule::{later, reached},
};

/// How long after a failed write everything unwritten is written again.
const WRITE_AGAIN: Duration = Duration::from_secs(60);
/// As many notices that could not be saved are kept.
const MOST_NOTICES: usize = 100;

/// What could not be saved, by what it is about. Scans that could not be written are kept apart.
#[derive(Debug, Default)]
pub(super) struct Unsaved {
    runs: BTreeMap<RunId, Box<Run>>,
    reports: BTreeMap<ReportId, Box<Report>>,
    notices: BTreeMap<NoticeId, Box<Notice>>,
    places: BTreeSet<SubnetId>,
    lasting: bool,
}

impl Agent {
    /// A change could not be saved.
    pub(super) fn not_saved(&mut self, effect: Effect, problem: Problem, now: Timestamp) {
        self.unsaved.add(effect);
        self.write_again_later(now);
        self.problems.raise(problem, now);
    }

    /// Sets the time at which everything unwritten is written again.
    pub(super) fn write_again_later(&mut self, now: Timestamp) {
        self.write_again_at = Some(later(now, WRITE_AGAIN));
    }

    /// Writes again, in order, what could not be written: runs, then scans, then the newest state of reports.
    pub(super) fn write_again(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let due = self
            .write_again_at
            .is_some_and(|at| reached(at, now) || self.ending);
        if !due {
            return;
        }
        self.write_again_at = None;
        let Unsaved {
            runs,
            reports,
            notices,
            places,
            lasting,
        } = std::mem::take(&mut self.unsaved);
        for (id, run) in runs {
            let newest = [
                self.running.as_ref().map(Running::record),
                self.last_run.as_ref(),
            ];
            let newest = newest.into_iter().flatten().find(|run| run.id == id);
            effects.push(Effect::SaveRun(newest.cloned().map_or(run, Box::new)));
        }
        effects.extend(self.unwritten_scans(None).map(Effect::Commit));
        for (id, report) in reports {
            match self.outbox.report(id) {
                Some(newest) => effects.push(Effect::SaveReport(Box::new(newest.clone()))),
                None => match report.state {
                    State::Confirmed { .. } | State::Superseded { .. } => {
                        effects.push(Effect::SaveReport(report));
                    }
                    // It has come further since, and that was either saved or will be known here as unsaved.
                    State::Queued
                    | State::Waiting { .. }
                    | State::Sent { .. }
                    | State::Partly { .. }
                    | State::Unconfirmed { .. }
                    | State::Rejected { .. } => {}
                },
            }
        }
        effects.extend(notices.into_values().map(Effect::SaveNotice));
        if !places.is_empty() {
            effects.push(Effect::SavePlaces(self.places_of(places)));
        }
        if lasting {
            effects.push(Effect::SaveLasting(Box::new(self.lasting.clone())));
        }
    }

    /// A write worked. What failed before is still written again at its time: writes may work only by turns.
    pub(super) fn store_mended(&mut self) {
        if self.unwritten.values().any(Unwritten::has_failed) || !self.unsaved.is_empty() {
            return;
        }
        self.write_again_at = None;
        self.problems
            .clear(|problem| matches!(problem, Problem::DiskFull | Problem::StoreFailing { .. }));
    }
}

impl Unsaved {
    fn add(&mut self, effect: Effect) {
        match effect {
            Effect::SaveRun(run) => {
                self.runs.insert(run.id, run);
            }
            Effect::SaveReport(report) => {
                self.reports.insert(report.id, report);
            }
            Effect::SavePlaces(places) => self.places.extend(places.into_keys()),
            Effect::SaveLasting(_) => self.lasting = true,
            Effect::Notify(notice) | Effect::SaveNotice(notice) => {
                self.notices.insert(notice.id, notice);
                // Of a disk that is full for weeks the oldest words are the least loss.
                if self.notices.len() > MOST_NOTICES {
                    self.notices.pop_first();
                }
            }
            Effect::FetchAssignment
            | Effect::LoadAddresses { .. }
            | Effect::Scan { .. }
            | Effect::Discard(_)
            | Effect::HoldScans(_)
            | Effect::StopScan(_)
            | Effect::Commit(_)
            | Effect::Upload { .. }
            | Effect::ReadBack { .. }
            | Effect::Prune(_)
            | Effect::WakeAt(_)
            | Effect::End => {}
        }
    }

    fn is_empty(&self) -> bool {
        self.runs.is_empty()
            && self.reports.is_empty()
            && self.notices.is_empty()
            && self.places.is_empty()
            && !self.lasting
    }
}
