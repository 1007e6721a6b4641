//! Passes on what the outbox decides: what is sent, looked for in phpIPAM, saved and told.

use jiff::Timestamp;

use super::{Agent, Effect};
use crate::{
    delivery::Change,
    problem::{Problem, Subject},
};

impl Agent {
    pub(super) fn deliver(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if self.whereabouts.is_offline(now) {
            return;
        }
        let mut changes = Vec::new();
        let upload = if self.options.hold_uploads {
            None
        } else {
            self.outbox.next_upload(now, &mut changes)
        };
        self.apply(changes, now, effects);
        if let Some(upload) = upload {
            effects.push(Effect::Upload {
                report: upload.report,
                baseline: upload.baseline,
                leave_out: upload.leave_out,
            });
        }
        if let Some((subnet, last_discovery)) = self.outbox.next_read(now) {
            effects.push(Effect::ReadBack {
                subnet,
                last_discovery,
            });
        }
    }

    pub(super) fn apply(
        &mut self,
        changes: Vec<Change>,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        for change in changes {
            match change {
                Change::Save(report) => {
                    self.lists.reports = self.revision;
                    self.report_changed(&report);
                    effects.push(Effect::SaveReport(report));
                }
                Change::Raise(problem) => {
                    self.tried_in_vain(&problem, now);
                    self.problems.raise(problem, now);
                }
                Change::ServerWorks => {
                    self.problems.clear(|problem| {
                        problem.subject() == Subject::Server
                            || matches!(problem, Problem::KeychainUnavailable { .. })
                    });
                }
                Change::Settled(report) => {
                    self.problems
                        .clear(|problem| problem.subject() == Subject::Report(report));
                }
            }
        }
    }
}
