//! The only state machine: inputs in, effects out. Does no I/O and reads no clock.

use std::{collections::BTreeMap, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    delivery::Outbox,
    ids::{RunId, ScanId, SubnetId},
    ipam::Assignment,
    notice::Told,
    plan::{LeftOut, Mode},
    problem::{Problem, Problems, Subject},
    run::Run,
    schedule::{later, reached},
    settings::Settings,
    snapshot::{LastScan, Lists},
};

mod assignment;
mod commands;
mod delivering;
mod messages;
mod running;
mod scheduling;
mod telling;
mod unsaved;
mod view;
mod whereabouts;

use assignment::survey;
pub use messages::*;
use running::{Running, Unwritten};
use unsaved::Unsaved;
use whereabouts::Whereabouts;

/// A clock further off than this is a problem.
const CLOCK_TOLERANCE: i64 = 60;
const PRUNE_EVERY: Duration = Duration::from_secs(24 * 3600);

/// How this process uses the agent.
#[derive(Debug, Clone)]
pub struct Options {
    /// Follow the schedule. Off in commands that end after one run.
    pub scheduled: bool,
    /// Keep reports in the outbox instead of sending them.
    pub hold_uploads: bool,
    /// This machine's time zone, for cron expressions.
    pub zone: TimeZone,
    /// Makes jitter and back-offs differ between machines.
    pub seed: u64,
}

/// The agent's whole state. One task owns it.
#[derive(Debug)]
pub struct Agent {
    settings: Settings,
    options: Options,
    assignment: Option<Assignment>,
    /// What is scanned of `assignment`, and how, or why not.
    survey: Vec<(SubnetId, Result<Mode, LeftOut>)>,
    ipam_offline: bool,
    fetching: bool,
    running: Option<Running>,
    last_run: Option<Run>,
    last_scans: BTreeMap<SubnetId, LastScan>,
    outbox: Outbox,
    problems: Problems,
    whereabouts: Whereabouts,
    lasting: Lasting,
    saved: Lasting,
    catch_up: bool,
    unwritten: BTreeMap<ScanId, Unwritten>,
    unsaved: Unsaved,
    write_again_at: Option<Timestamp>,
    prune_at: Option<Timestamp>,
    /// When a server's clock last agreed with this machine's.
    clock_agreed_at: Option<Timestamp>,
    /// Asked for while the run before was being stopped.
    next_scans: Vec<(Scope, bool)>,
    last_ids: LastIds,
    told: Told,
    /// When this process could not reach a server for the first and for the last time, while it can't be reached.
    tried_in_vain: Option<(Timestamp, Timestamp)>,
    ending: bool,
    wake_at: Option<Timestamp>,
    revision: u64,
    lists: Lists,
}

impl Agent {
    /// Takes up where an earlier process ended.
    pub fn new(settings: Settings, options: Options, restored: Restored) -> Self {
        let Restored {
            assignment,
            reports,
            last_scans,
            last_run,
            told,
            places,
            lasting,
            last_ids,
        } = restored;
        let survey = survey(assignment.as_ref(), &settings);
        let outbox = Outbox::restore(reports, options.seed);
        let mut problems = Problems::restore(lasting.problems.clone());
        problems.clear(|problem| match problem.subject() {
            Subject::Report(id) => outbox.report(id).is_none(),
            Subject::Subnet(_)
            | Subject::Ipam
            | Subject::Server
            | Subject::Nmap
            | Subject::Machine => false,
        });
        Self {
            survey,
            outbox,
            problems,
            catch_up: lasting.anchor.is_some() && !lasting.anchor_finished,
            whereabouts: Whereabouts::new(places),
            saved: lasting.clone(),
            lasting,
            settings,
            options,
            assignment,
            ipam_offline: false,
            fetching: false,
            running: None,
            last_run,
            last_scans: last_scans
                .into_iter()
                .map(|scan| {
                    let last = LastScan {
                        at: scan.finished_at,
                        counts: scan.counts,
                        ipam_stale: scan.ipam_stale,
                        rights: scan.rights,
                    };
                    (scan.subnet, last)
                })
                .collect(),
            unwritten: BTreeMap::new(),
            unsaved: Unsaved::default(),
            write_again_at: None,
            prune_at: None,
            clock_agreed_at: None,
            next_scans: Vec::new(),
            last_ids,
            told,
            tried_in_vain: None,
            ending: false,
            wake_at: None,
            revision: 0,
            lists: Lists::default(),
        }
    }

    /// Takes one input at the time `now` (the corrected clock), and says what must be done.
    pub fn handle(&mut self, input: Input, now: Timestamp) -> Vec<Effect> {
        let mut effects = Vec::new();
        self.revision += 1;
        match input {
            Input::Command(command) => self.command(command, now, &mut effects),
            // The engine's timer is spent, perhaps before its time: it is set again in any case.
            Input::Tick => self.wake_at = None,
            Input::Surroundings(surroundings) => {
                self.surrounded_by(*surroundings, now, &mut effects);
            }
            Input::Woke => self.woke(now),
            Input::Assignment(result) => self.assigned(result, now),
            Input::Addresses(loaded) => self.loaded(*loaded, now, &mut effects),
            Input::ScanProgress { scan, done, up } => {
                if let Some(running) = &mut self.running {
                    running.progress(scan, done, up);
                }
            }
            Input::ScanKept { scan } => {
                if let Some(running) = &mut self.running {
                    running.kept(scan);
                }
            }
            Input::ScanEnded(ended) => self.scan_ended(*ended, now, &mut effects),
            Input::Committed { scan, result } => self.committed(scan, result, now),
            Input::Uploaded { report, answer } => {
                let mut changes = Vec::new();
                self.outbox.uploaded(report, answer, now, &mut changes);
                self.apply(changes, now, &mut effects);
            }
            Input::ReadBack { subnet, result } => {
                let mut changes = Vec::new();
                self.ipam_answered(result.as_ref().err(), now);
                self.outbox
                    .read_back(subnet, result.as_ref(), now, &mut changes);
                self.apply(changes, now, &mut effects);
            }
            Input::ClockSeen { ahead } => self.clock_seen(ahead, now),
            Input::NotSaved { effect, problem } => self.not_saved(*effect, problem, now),
            Input::Failed(problem) => {
                self.problems.raise(problem, now);
            }
            Input::StoreMended => self.store_mended(),
        }
        self.advance(now, &mut effects);
        effects
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    fn clock_seen(&mut self, ahead: i64, now: Timestamp) {
        if ahead.abs() > CLOCK_TOLERANCE {
            let offset = self.settings.epoch_time_offset - ahead;
            self.problems
                .raise(Problem::ClockOff { ahead, offset }, now);
        } else {
            self.clock_agreed_at = Some(now);
            self.problems
                .clear(|problem| matches!(problem, Problem::ClockOff { .. }));
        }
    }

    /// Does what follows from the state alone, however it came about.
    fn advance(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        self.write_again(now, effects);
        self.follow_schedule(now, effects);
        self.pump(now, effects);
        if !self.ending {
            self.try_again(now, effects);
            self.deliver(now, effects);
            self.prune(now, effects);
        }
        self.problems.forget_old(now);
        if let Some(running) = &mut self.running {
            running.look(now);
        }
        self.tell(now, effects);
        self.save_places(effects);
        self.lasting.problems = self.problems.sorted();
        if self.lasting != self.saved {
            self.saved = self.lasting.clone();
            effects.push(Effect::SaveLasting(Box::new(self.lasting.clone())));
        }
        if self.ending && self.running.is_none() {
            effects.push(Effect::End);
            return;
        }
        let wake_at = self.next_wake(now);
        if wake_at != self.wake_at || wake_at.is_some_and(|at| at <= now) {
            self.wake_at = wake_at;
            effects.extend(wake_at.map(Effect::WakeAt));
        }
    }

    /// Deletes what is old, but never by a clock that no server has agreed with: history would be gone by one jump.
    fn prune(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(agreed_at) = self.clock_agreed_at else {
            return;
        };
        if self.prune_at.is_some_and(|at| !reached(at, now)) {
            return;
        }
        self.prune_at = Some(later(now, PRUNE_EVERY));
        let before = agreed_at
            .min(now)
            .saturating_sub(self.settings.keep_history)
            .unwrap_or(Timestamp::MIN);
        let mut changes = Vec::new();
        self.outbox.prune(before, &mut changes);
        self.apply(changes, now, effects);
        effects.push(Effect::Prune(before));
    }

    fn next_run_id(&mut self) -> RunId {
        self.last_ids.run.0 += 1;
        self.last_ids.run
    }

    fn next_scan_id(&mut self) -> ScanId {
        self.last_ids.scan.0 += 1;
        self.last_ids.scan
    }
}
