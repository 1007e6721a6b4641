//! When something that failed is tried again, and what a person or new settings have tried again at once.

use std::time::Duration;

use jiff::Timestamp;

use super::{Change, Outbox};
use crate::{
    delivery::{Event, Report, State},
    ids::ReportId,
    problem::{Problem, Subject},
    schedule::jitter,
};

const FIRST_BACK_OFF: Duration = Duration::from_secs(60);
pub(super) const LONGEST_BACK_OFF: Duration = Duration::from_secs(3600);

impl Outbox {
    /// Has reports tried again now: one, or all that wait or failed. Returns how many.
    pub fn retry(
        &mut self,
        which: Option<ReportId>,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) -> usize {
        self.retry_where(now, changes, |report| {
            which.is_none_or(|id| id == report.id)
        })
    }

    /// Has reports tried again that were refused for a reason that new settings or secrets may have mended.
    pub fn settings_changed(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        self.retry_where(now, changes, |report| match &report.state {
            State::Rejected { problem, .. } | State::Waiting { problem, .. } => {
                problem.subject() != Subject::Report(report.id)
            }
            State::Queued
            | State::Sent { .. }
            | State::Confirmed { .. }
            | State::Partly { .. }
            | State::Unconfirmed { .. }
            | State::Superseded { .. } => false,
        });
    }

    /// The network is another one: a server that could not be reached may be reachable now. How often it failed is not
    /// forgotten, and one that asked for patience gets it.
    pub fn network_changed(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        let unreached = |report: &Report| match &report.state {
            State::Waiting { problem, .. } => matches!(problem, Problem::ServerUnreachable { .. }),
            State::Queued
            | State::Sent { .. }
            | State::Confirmed { .. }
            | State::Partly { .. }
            | State::Unconfirmed { .. }
            | State::Rejected { .. }
            | State::Superseded { .. } => false,
        };
        let again: Vec<ReportId> = self
            .reports
            .values()
            .filter(|report| unreached(report))
            .map(|report| report.id)
            .collect();
        for id in &again {
            self.change(*id, changes, |report| {
                if let State::Waiting { next_at, .. } = &mut report.state {
                    *next_at = (*next_at).min(now);
                }
            });
        }
        if let Some(down) = &mut self.down
            && !again.is_empty()
        {
            down.until = down.until.min(now);
        }
        if let Some(unreadable) = &mut self.unreadable {
            unreadable.until = unreadable.until.min(now);
        }
    }

    fn retry_where(
        &mut self,
        now: Timestamp,
        changes: &mut Vec<Change>,
        wanted: impl Fn(&Report) -> bool,
    ) -> usize {
        self.down = None;
        self.grown = true;
        let again: Vec<ReportId> = self
            .reports
            .values()
            .filter(|report| {
                matches!(
                    report.state,
                    State::Waiting { .. }
                        | State::Rejected { .. }
                        | State::Partly { .. }
                        | State::Unconfirmed { .. }
                ) && wanted(report)
            })
            .map(|report| report.id)
            .collect();
        for id in &again {
            self.change(*id, changes, |report| {
                report.sends = 0;
                report.step(now, Event::Retried, State::Queued);
            });
            changes.push(Change::Settled(*id));
        }
        again.len()
    }

    /// How long to wait after this many failures in a row.
    pub(super) fn back_off(&self, tries: u32, id: ReportId) -> Duration {
        let doubled = FIRST_BACK_OFF.saturating_mul(1 << tries.saturating_sub(1).min(10));
        doubled
            .mul_f64(1.0 + 0.25 * jitter(self.seed, id.0 ^ u64::from(tries) << 32))
            .min(LONGEST_BACK_OFF)
    }
}
