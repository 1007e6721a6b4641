//! What a person or another program asks of the agent.

use jiff::Timestamp;

use super::{
    Agent, Command, Effect,
    assignment::{is_about_access, survey},
};
use crate::{ids::RunId, problem::Problem, run::Trigger, settings::Settings};

impl Agent {
    pub(super) fn command(&mut self, command: Command, now: Timestamp, effects: &mut Vec<Effect>) {
        match command {
            Command::Scan { scope, refresh } => {
                if !self.ending {
                    // Who asks for a scan wants one, whatever was paused.
                    self.hold_run(false, effects);
                    self.start_run(Trigger::Person, scope, refresh, now, effects);
                }
            }
            Command::Stop => {
                self.next_scans.clear();
                self.stop_run(effects);
            }
            Command::Refresh => {
                if !self.fetching && !self.ending {
                    self.fetching = true;
                    effects.push(Effect::FetchAssignment);
                }
            }
            Command::Pause(pause) => {
                self.lasting.paused = Some(pause);
                self.hold_run(true, effects);
            }
            Command::Resume => self.resume(effects),
            Command::Retry(which) => {
                let mut changes = Vec::new();
                self.outbox.retry(which, now, &mut changes);
                self.apply(changes, now, effects);
            }
            Command::Settings(settings) => {
                let old = std::mem::replace(&mut self.settings, *settings);
                if asks_another(&old, &self.settings) {
                    // Its subnets are not those of the one before.
                    self.assignment = None;
                    self.last_scans.clear();
                    self.lasting.news.clear();
                    self.lasting.outage = None;
                    self.whereabouts.forget_all();
                    self.lasting.missed.clear();
                    self.stop_run(effects);
                }
                self.survey = survey(self.assignment.as_ref(), &self.settings);
                self.problems.clear(|problem| {
                    is_about_access(problem) || matches!(problem, Problem::ScheduleInvalid { .. })
                });
                let mut changes = Vec::new();
                self.outbox.settings_changed(now, &mut changes);
                self.apply(changes, now, effects);
            }
            Command::Place { subnet, change } => self.place(subnet, change, now),
            Command::Shutdown => {
                self.ending = true;
                self.next_scans.clear();
                self.stop_run(effects);
            }
        }
    }

    /// The run that does what was asked for last: the one that goes on; the one after it, if it is being stopped; or the
    /// last one, if that ended at once. `None` once the agent ends and nothing is begun any more.
    pub fn run_asked_for(&self) -> Option<RunId> {
        if self.ending {
            return None;
        }
        let last = self.last_ids.run;
        Some(match &self.running {
            Some(running) if running.is_stopping() => RunId(last.0 + 1),
            Some(_) | None => last,
        })
    }
}

/// Whether the subnets come from elsewhere than before.
fn asks_another(old: &Settings, new: &Settings) -> bool {
    old.api_url != new.api_url
        || old.client_name != new.client_name
        || old.scanagent_code != new.scanagent_code
}
