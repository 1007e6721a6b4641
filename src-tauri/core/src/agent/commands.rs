//! What a person or another program asks of the agent.

use jiff::Timestamp;

use super::{
    Agent, Command, Effect,
    assignment::{is_about_access, survey},
};
use crate::{problem::Problem, run::Trigger, settings::Settings};

impl Agent {
    pub(super) fn command(&mut self, command: Command, now: Timestamp, effects: &mut Vec<Effect>) {
        match command {
            Command::Scan { scope, refresh } => {
                if !self.ending {
                    self.start_run(Trigger::Person, scope, refresh, now, effects);
                }
            }
            Command::Stop => {
                self.next_scans.clear();
                self.stop_run(effects);
            }
            Command::Hold => self.hold_run(true, effects),
            Command::Continue => self.hold_run(false, effects),
            Command::Refresh => {
                if !self.fetching && !self.ending {
                    self.fetching = true;
                    effects.push(Effect::FetchAssignment);
                }
            }
            Command::Pause(pause) => self.lasting.paused = Some(pause),
            Command::Resume => self.lasting.paused = None,
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
            Command::Shutdown => {
                self.ending = true;
                self.next_scans.clear();
                self.stop_run(effects);
            }
        }
    }
}

/// Whether the subnets come from elsewhere than before.
fn asks_another(old: &Settings, new: &Settings) -> bool {
    old.api_url != new.api_url
        || old.client_name != new.client_name
        || old.scanagent_code != new.scanagent_code
}
