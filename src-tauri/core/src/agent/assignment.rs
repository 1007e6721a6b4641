//! What phpIPAM says of the assigned subnets, and whether it can be asked at all.

use jiff::Timestamp;

use super::Agent;
use crate::{
    ids::SubnetId,
    ipam::{self, Assignment},
    plan::{self, LeftOut, Mode},
    problem::{Problem, Subject},
    settings::Settings,
};

impl Agent {
    pub(super) fn assigned(&mut self, result: Result<Assignment, Problem>, now: Timestamp) {
        self.fetching = false;
        self.ipam_answered(result.as_ref().err(), now);
        self.ipam_offline = result.is_err();
        match result {
            Ok(assignment) => {
                self.problems.clear(|problem| {
                    problem.subject() == Subject::Ipam || is_about_access(problem)
                });
                if assignment.subnets.is_empty() {
                    self.problems.raise(Problem::NothingAssigned, now);
                }
                self.last_scans
                    .retain(|id, _| assignment.subnet(*id).is_some());
                self.lasting
                    .missed
                    .retain(|id| assignment.subnet(*id).is_some());
                self.problems.clear(|problem| match problem.subject() {
                    Subject::Subnet(id) => assignment.subnet(id).is_none(),
                    Subject::Report(_)
                    | Subject::Ipam
                    | Subject::Server
                    | Subject::Nmap
                    | Subject::Machine => false,
                });
                self.survey = survey(Some(&assignment), &self.settings);
                self.assignment = Some(assignment);
                self.lists.addresses = self.revision;
                self.plan_run(None, now);
            }
            Err(problem) => {
                self.problems.raise(problem.clone(), now);
                self.plan_run(Some(problem), now);
            }
        }
    }

    /// Takes up what an answer, or none, says about phpIPAM itself.
    pub(super) fn ipam_answered(&mut self, problem: Option<&Problem>, now: Timestamp) {
        match problem {
            Some(problem) if problem.means_offline() => {
                self.ipam_offline = true;
                self.tried_in_vain(problem, now);
                self.problems.raise(problem.clone(), now);
            }
            Some(_) => {}
            None => {
                self.ipam_offline = false;
                self.outbox.ipam_works();
                self.problems.clear(Problem::means_offline);
            }
        }
    }

    /// Whether what phpIPAM said may no longer be used without asking again.
    pub(super) fn is_stale(&self, fetched_at: Timestamp, now: Timestamp) -> bool {
        !ipam::is_fresh(fetched_at, now, self.settings.cache_expire_time)
    }
}

/// What is scanned of the assigned subnets, and how, or why not.
pub(super) fn survey(
    assignment: Option<&Assignment>,
    settings: &Settings,
) -> Vec<(SubnetId, Result<Mode, LeftOut>)> {
    assignment.map_or_else(Vec::new, |assignment| {
        plan::survey(&assignment.subnets, &settings.guard)
    })
}

/// Whether it is a setting or a secret that keeps the agent from phpIPAM.
pub(super) fn is_about_access(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::SettingMissing { .. }
            | Problem::SettingsInvalid { .. }
            | Problem::SecretMissing { .. }
            | Problem::KeychainUnavailable { .. }
    )
}
