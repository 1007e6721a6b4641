//! The only state machine: inputs in, effects out. Does no I/O and reads no clock.

use std::{collections::BTreeMap, time::Duration};

use jiff::{Timestamp, tz::TimeZone};

use crate::{
    delivery::{Change, Outbox, Report, State},
    ids::{ReportId, RunId, ScanId, SubnetId},
    ipam::{self, Assignment},
    plan::{self, LeftOut, Mode},
    problem::{Problem, Problems, Subject},
    run::{FinishedScan, Run, Trigger},
    schedule::{Due, Schedule, jitter, later, reached},
    settings::Settings,
    snapshot::{IpamView, LastScan, Lists, Pause, PlanView, Snapshot, SubnetView},
};

mod messages;
mod running;

pub use messages::*;
use running::{Running, Unwritten};

/// A clock further off than this is a problem.
const CLOCK_TOLERANCE: i64 = 60;
/// How long after a failed write everything unwritten is written again.
const WRITE_AGAIN: Duration = Duration::from_secs(60);
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
            Input::Assignment(result) => self.assigned(result, now),
            Input::Addresses(loaded) => self.loaded(*loaded, now, &mut effects),
            Input::ScanProgress { scan, done, up } => {
                if let Some(running) = &mut self.running {
                    running.progress(scan, done, up);
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
            Input::NotSaved { effect, problem } => {
                self.unsaved.add(*effect);
                self.write_again_at = Some(later(now, WRITE_AGAIN));
                self.problems.raise(problem, now);
            }
            Input::Failed(problem) => {
                self.problems.raise(problem, now);
            }
            Input::StoreMended => self.store_mended(),
        }
        self.advance(now, &mut effects);
        effects
    }

    fn command(&mut self, command: Command, now: Timestamp, effects: &mut Vec<Effect>) {
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

    fn assigned(&mut self, result: Result<Assignment, Problem>, now: Timestamp) {
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
    fn ipam_answered(&mut self, problem: Option<&Problem>, now: Timestamp) {
        match problem {
            Some(problem) if problem.means_offline() => {
                self.ipam_offline = true;
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

    fn committed(
        &mut self,
        scan: ScanId,
        result: Result<(), (Problem, Box<FinishedScan>)>,
        now: Timestamp,
    ) {
        match result {
            Ok(()) => {
                self.written(scan);
                self.store_mended();
            }
            Err((problem, finished)) => {
                self.not_written(finished, problem, now);
                self.write_again_at = Some(later(now, WRITE_AGAIN));
            }
        }
    }

    /// A write worked. What failed before is still written again at its time: writes may work only by turns.
    fn store_mended(&mut self) {
        if self.unwritten.values().any(Unwritten::has_failed) || !self.unsaved.is_empty() {
            return;
        }
        self.write_again_at = None;
        self.problems
            .clear(|problem| matches!(problem, Problem::DiskFull | Problem::StoreFailing { .. }));
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
            self.deliver(now, effects);
            self.prune(now, effects);
        }
        self.problems.forget_old(now);
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

    /// Writes again, in order, what could not be written: runs, then scans, then the newest state of reports.
    fn write_again(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
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
        if lasting {
            effects.push(Effect::SaveLasting(Box::new(self.lasting.clone())));
        }
    }

    fn follow_schedule(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        if let Some(Pause::Until(until)) = self.lasting.paused
            && until <= now
        {
            self.lasting.paused = None;
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
                if let Some(due) = due
                    && due.at <= now
                    && self.lasting.paused.is_none()
                {
                    let trigger = if due.missed {
                        Trigger::CatchUp
                    } else {
                        Trigger::Schedule
                    };
                    self.start_run(trigger, Scope::All, false, now, effects);
                }
            }
            Err(detail) => {
                self.problems
                    .raise(Problem::ScheduleInvalid { detail }, now);
            }
        }
    }

    /// The next scheduled run, jitter included.
    fn due(&self, now: Timestamp) -> Result<Option<Due>, String> {
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

    fn deliver(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
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

    fn apply(&mut self, changes: Vec<Change>, now: Timestamp, effects: &mut Vec<Effect>) {
        for change in changes {
            match change {
                Change::Save(report) => {
                    self.lists.reports = self.revision;
                    effects.push(Effect::SaveReport(report));
                }
                Change::Raise(problem) => {
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

    fn next_wake(&self, now: Timestamp) -> Option<Timestamp> {
        if self.ending {
            // Nothing new is begun, and what goes on ends by itself.
            return None;
        }
        let scheduled = self.options.scheduled && self.running.is_none();
        let due = match self.lasting.paused {
            Some(Pause::Until(until)) => Some(until),
            Some(Pause::UntilResumed) => None,
            None if scheduled => self.due(now).ok().flatten().map(|due| due.at),
            None => None,
        };
        let from_now = |at| if reached(at, now) { now } else { at };
        [
            due,
            self.outbox.wake_at(now, self.options.hold_uploads),
            self.write_again_at.map(from_now),
            self.prune_at.map(from_now),
        ]
        .into_iter()
        .flatten()
        .min()
    }

    /// Whether what phpIPAM said may no longer be used without asking again.
    fn is_stale(&self, fetched_at: Timestamp, now: Timestamp) -> bool {
        !ipam::is_fresh(fetched_at, now, self.settings.cache_expire_time)
    }

    /// The settings in force.
    pub fn settings(&self) -> &Settings {
        &self.settings
    }

    /// All that a view may show.
    pub fn snapshot(&self, now: Timestamp) -> Snapshot {
        let fetched_at = self.assignment.as_ref().map(|all| all.fetched_at);
        let next_run = match self.lasting.paused {
            Some(_) => None,
            None if self.options.scheduled => self.due(now).ok().flatten().map(|due| due.at),
            None => None,
        };
        Snapshot {
            revision: self.revision,
            run: self.running.as_ref().map(Running::view),
            last_run: self.last_run.clone(),
            subnets: self.subnet_views(),
            ipam: IpamView {
                fetched_at,
                stale: fetched_at.is_some_and(|at| self.is_stale(at, now)),
                offline: self.ipam_offline,
            },
            delivery: self.outbox.view(),
            next_run,
            paused: self.lasting.paused,
            problems: self.problems.sorted(),
            lists: self.lists,
        }
    }

    fn subnet_views(&self) -> Vec<SubnetView> {
        let Some(assignment) = &self.assignment else {
            return Vec::new();
        };
        let plans: BTreeMap<_, _> = self.survey.iter().map(|(id, plan)| (id, plan)).collect();
        assignment
            .subnets
            .iter()
            .filter_map(|subnet| {
                Some(SubnetView {
                    id: subnet.id,
                    cidr: subnet.cidr.clone(),
                    network: subnet.network,
                    description: subnet.description.clone(),
                    plan: match plans.get(&subnet.id)? {
                        Ok(mode) => PlanView::Scanned(*mode),
                        Err(why) => PlanView::LeftOut(why.clone()),
                    },
                    last_scan: self.last_scans.get(&subnet.id).copied(),
                })
            })
            .collect()
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

/// What could not be saved, by what it is about. Scans that could not be written are kept apart.
#[derive(Debug, Default)]
struct Unsaved {
    runs: BTreeMap<RunId, Box<Run>>,
    reports: BTreeMap<ReportId, Box<Report>>,
    lasting: bool,
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
            Effect::SaveLasting(_) => self.lasting = true,
            Effect::FetchAssignment
            | Effect::LoadAddresses { .. }
            | Effect::Scan { .. }
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
        self.runs.is_empty() && self.reports.is_empty() && !self.lasting
    }
}

/// Whether the subnets come from elsewhere than before.
fn asks_another(old: &Settings, new: &Settings) -> bool {
    old.api_url != new.api_url
        || old.client_name != new.client_name
        || old.scanagent_code != new.scanagent_code
}

/// Whether it is a setting or a secret that keeps the agent from phpIPAM.
fn is_about_access(problem: &Problem) -> bool {
    matches!(
        problem,
        Problem::SettingMissing { .. }
            | Problem::SettingsInvalid { .. }
            | Problem::SecretMissing { .. }
            | Problem::KeychainUnavailable { .. }
    )
}

fn survey(
    assignment: Option<&Assignment>,
    settings: &Settings,
) -> Vec<(SubnetId, Result<Mode, LeftOut>)> {
    assignment.map_or_else(Vec::new, |assignment| {
        plan::survey(&assignment.subnets, &settings.guard)
    })
}
