//! Which report is sent next, and what an upload's answer means for it and for the ones behind it.

use std::{collections::BTreeSet, time::Duration};

use jiff::Timestamp;

use super::{Change, Down, Outbox, Upload, reading::FIRST_CHECK};
use crate::{
    delivery::{Answer, Event, Report, State},
    ids::ReportId,
    problem::{Problem, Subject},
    schedule::{later, reached},
};

const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// The reference server's pace, measured: see the scan server's contract.
const SERVER_TIME_PER_HOST: Duration = Duration::from_millis(900);
const SERVER_SLACK: Duration = Duration::from_secs(60);
/// Tries in a row after which a server that asks for less patience than the back-off has it no longer.
const SHORT_TRIES: u32 = 5;

impl Outbox {
    /// The next report to send, if one may be sent now. It counts as on its way until [`Self::uploaded`].
    pub fn next_upload(&mut self, now: Timestamp, changes: &mut Vec<Change>) -> Option<Upload> {
        if self.sending.is_some() || self.down.is_some_and(|down| !reached(down.until, now)) {
            return None;
        }
        if std::mem::take(&mut self.grown) {
            self.leave_out_what_newer_ones_tell(now, changes);
            self.forget();
        }
        let report = self
            .first_in_line()
            .find(|(_, not_before)| not_before.is_none_or(|at| reached(at, now)))
            .map(|(report, _)| report)?;
        let upload = Upload {
            report: report.id,
            baseline: report.told().next().is_none().then_some(report.subnet),
            leave_out: report.left_out.clone(),
        };
        self.sending = Some(upload.report);
        Some(upload)
    }

    /// The report of each subnet that must be sent before its newer ones, and its time if it has to wait.
    ///
    /// One without hosts is left out while an older one may still be worked on: both would be confirmed by the same
    /// change of `lastDiscovery`.
    pub(super) fn first_in_line(&self) -> impl Iterator<Item = (&Report, Option<Timestamp>)> {
        let (mut seen, mut under_way) = (BTreeSet::new(), BTreeSet::new());
        self.reports.values().filter_map(move |report| {
            let not_before = match &report.state {
                State::Queued => None,
                State::Waiting { next_at, .. } => Some(*next_at),
                State::Sent { .. } => {
                    under_way.insert(report.subnet);
                    return None;
                }
                State::Confirmed { .. }
                | State::Partly { .. }
                | State::Unconfirmed { .. }
                | State::Rejected { .. }
                | State::Superseded { .. } => return None,
            };
            let first = seen.insert(report.subnet);
            let unclear = under_way.contains(&report.subnet) && report.told().next().is_none();
            (first && !unclear).then_some((report, not_before))
        })
    }

    /// Takes what came of an upload.
    pub fn uploaded(
        &mut self,
        id: ReportId,
        answer: Answer,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        if self.sending == Some(id) {
            self.sending = None;
        }
        if !self.reports.contains_key(&id) {
            return;
        }
        match answer {
            Answer::Taken { status, baseline } => {
                self.down = None;
                let queued: usize = self
                    .reports
                    .values()
                    .filter(|other| {
                        other.id == id
                            || matches!(other.state, State::Sent { expected_by, .. } if !reached(expected_by, now))
                    })
                    .map(|report| report.told().count())
                    .sum();
                let needed = SERVER_TIME_PER_HOST * u32::try_from(queued).unwrap_or(u32::MAX);
                self.change(id, changes, |report| {
                    report.sends += 1;
                    // An older one could have been changed by an older report.
                    report.baseline = baseline;
                    let left_out = report.left_out.len() as u32;
                    report.step(
                        now,
                        Event::Sent { status, left_out },
                        State::Sent {
                            at: now,
                            check_at: later(now, FIRST_CHECK),
                            expected_by: later(now, SERVER_SLACK + needed * 2),
                            checks: 0,
                        },
                    );
                });
                changes.push(Change::ServerWorks);
            }
            Answer::NotNow {
                problem,
                retry_after,
            } => {
                let tries = match &self.reports[&id].state {
                    State::Waiting { tries, .. } => tries + 1,
                    State::Queued
                    | State::Sent { .. }
                    | State::Confirmed { .. }
                    | State::Partly { .. }
                    | State::Unconfirmed { .. }
                    | State::Rejected { .. }
                    | State::Superseded { .. } => 1,
                };
                let concerns_all = match &problem {
                    Problem::ServerFailing { status, .. } => {
                        matches!(status, 408 | 429 | 502 | 503 | 504)
                    }
                    problem => problem.subject() != Subject::Report(id),
                };
                let in_a_row = if concerns_all {
                    self.down.map_or(1, |down| down.tries + 1)
                } else {
                    tries
                };
                let back_off = self.back_off(in_a_row, id);
                let wait = match retry_after {
                    Some(asked) if in_a_row <= SHORT_TRIES || asked > back_off => {
                        asked.clamp(FIRST_CHECK, LONGEST_RETRY_AFTER)
                    }
                    Some(_) | None => back_off,
                };
                let next_at = later(now, wait);
                if concerns_all {
                    self.down = Some(Down {
                        tries: in_a_row,
                        until: next_at,
                    });
                }
                changes.push(Change::Raise(problem.clone()));
                self.change(id, changes, |report| {
                    report.step(
                        now,
                        Event::Failed {
                            problem: problem.clone(),
                        },
                        State::Waiting {
                            tries,
                            next_at,
                            problem,
                        },
                    );
                });
            }
            Answer::Refused { problem } => {
                self.down = None;
                changes.push(Change::Raise(problem.clone()));
                self.relieve_older(id, false, now, changes);
                self.change(id, changes, |report| {
                    report.step(
                        now,
                        Event::Rejected {
                            problem: problem.clone(),
                        },
                        State::Rejected { at: now, problem },
                    );
                });
            }
        }
        self.forget();
    }
}
