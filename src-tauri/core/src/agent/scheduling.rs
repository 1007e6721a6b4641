//! When the next scheduled run is due, and when the agent must be woken.

use jiff::Timestamp;

use super::{Agent, Effect, Scope};
use crate::{
    place::Held,
    plan,
    problem::Problem,
    run::Trigger,
    schedule::{Due, Schedule, jitter, reached},
    snapshot::Pause,
};

impl Agent {
    /// Begins a scheduled run when it is time for one.
    pub(super) fn follow_schedule(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if let Some(Pause::Until(until)) = self.lasting.paused
            && until <= now
        {
            self.resume(effects);
        }
        if !self.options.scheduled || self.ending || self.running.is_some() {
            return;
        }
        match (self.lasting.anchor, &self.settings.schedule) {
            // A cron expression counts from the first start; a clock that was set back, from now.
            (None, Schedule::Cron(_)) => {
                self.lasting.anchor = Some(now);
                self.lasting.anchor_finished = true;
            }
            (Some(anchor), _) if anchor > now => self.lasting.anchor = Some(now),
            (None, Schedule::Off | Schedule::Every(_)) | (Some(_), _) => {}
        }
        match self.due(now) {
            Ok(due) => {
                self.problems
                    .clear(|problem| matches!(problem, Problem::ScheduleInvalid { .. }));
                if self.lasting.paused.is_none() {
                    self.begin_what_is_due(due, now, effects);
                }
            }
            Err(detail) => {
                self.problems
                    .raise(Problem::ScheduleInvalid { detail }, now);
            }
        }
    }

    /// Ends the pause: the schedule goes on, and so does the run that it held.
    pub(super) fn resume(&mut self, effects: &mut Vec<Effect>) {
        self.lasting.paused = None;
        self.hold_run(false, effects);
    }

    /// Begins the run that is due, or what of an earlier one can be made now, unless something holds it back. What is held
    /// back stays due: it begins once, when the reason is gone.
    fn begin_what_is_due(&mut self, due: Option<Due>, now: Timestamp, effects: &mut Vec<Effect>) {
        let due = due.filter(|due| due.at <= now);
        match (self.held(now), due) {
            (None, Some(due)) => {
                let trigger = if due.missed {
                    Trigger::CatchUp
                } else {
                    Trigger::Schedule
                };
                self.start_run(trigger, Scope::All, false, now, effects);
            }
            (None, None) => {
                let missed = self.missed_here();
                if !missed.is_empty() {
                    let scope = Scope::Subnets(missed);
                    self.start_run(Trigger::CatchUp, scope, false, now, effects);
                }
            }
            (Some(Held::Elsewhere { .. }), Some(_)) => self.look_for_new_subnets(now, effects),
            (Some(Held::Elsewhere { .. }), None)
            | (Some(Held::Network | Held::Battery { .. } | Held::Metered), _) => {}
        }
    }

    /// Since when subnets that were scanned are done in a run that begins now: since the begin of the run that a crash cut
    /// short, unless all of them are due again anyway.
    pub(super) fn done_since(&self, trigger: Trigger, now: Timestamp) -> Option<Timestamp> {
        if !self.catch_up || trigger != Trigger::CatchUp {
            return None;
        }
        let begun = self.lasting.begun.or(self.lasting.anchor)?;
        let again = self
            .settings
            .schedule
            .next(Some(begun), now, &self.options.zone);
        let goes_on = match again {
            Ok(Some(due)) => begun <= now && now < due.at,
            Ok(None) | Err(_) => plan::is_recent(begun, now),
        };
        goes_on.then_some(begun)
    }

    /// When something is due next, in the whole agent.
    pub(super) fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        if self.ending {
            // Nothing new is begun, and what goes on ends by itself.
            return None;
        }
        let scheduled = self.options.scheduled && self.running.is_none();
        let due = match self.lasting.paused {
            Some(Pause::Until(until)) => Some(until),
            Some(Pause::UntilResumed) => None,
            None if scheduled => self.due(now).ok().flatten().and_then(|due| {
                match self.held(now).filter(|_| due.at <= now) {
                    None => Some(due.at),
                    Some(Held::Elsewhere { .. }) => Some(self.look_at(now)),
                    // Whatever ends it comes as an input.
                    Some(Held::Network | Held::Battery { .. } | Held::Metered) => None,
                }
            }),
            None => None,
        };
        let reports = (!self.whereabouts.is_offline(now))
            .then(|| self.outbox.wake_at(now, self.options.hold_uploads));
        let from_now = |at| if reached(at, now) { now } else { at };
        [
            due,
            reports.flatten(),
            self.whereabouts.wake_at(now).map(from_now),
            self.write_again_at.map(from_now),
            self.prune_at.map(from_now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// The next scheduled run, jitter included.
    pub(super) fn due(&self, now: Timestamp) -> Result<Option<Due>, String> {
        if self.catch_up {
            return Ok(Some(Due {
                at: now,
                missed: true,
            }));
        }
        let anchor = self.lasting.anchor;
        let due = self
            .settings
            .schedule
            .next(anchor, now, &self.options.zone)?;
        Ok(due.map(|due| {
            if anchor.is_none() {
                return due;
            }
            let share = jitter(self.options.seed, due.at.as_second().unsigned_abs());
            due.put_off(self.settings.schedule_jitter.mul_f64(share), now)
        }))
    }
}
