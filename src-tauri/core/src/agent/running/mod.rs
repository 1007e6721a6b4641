//! A run over the subnets: which one is at which stage, and what follows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use jiff::Timestamp;

use super::{Agent, Effect, Freshness, ScanEnded, Scope};
use crate::{
    ids::{ScanId, SubnetId},
    ipam::Subnet,
    plan::{LeftOut, Mode, Target},
    problem::Problem,
    run::{Outcome, Run, Scan, SubnetRun, Trigger},
    snapshot::{Progress, Stage, SubnetProgress},
};

mod commit;
mod conclude;
mod pace;
mod steps;

pub(super) use commit::Unwritten;
use pace::Pace;

/// Subnets that are worked on at the same time.
const AT_ONCE: usize = 4;

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Running {
    record: Run,
    /// Whether it is a run over all subnets, from which the schedule counts.
    anchor: bool,
    refresh: bool,
    /// Subnets whose last scan ended since then are done: a run that was cut short scanned them.
    done_since: Option<Timestamp>,
    scopes: Vec<(Trigger, Scope)>,
    /// Subnets that a person asked for by name: they are scanned wherever this machine is.
    asked: BTreeSet<SubnetId>,
    /// Still waiting for the assigned subnets.
    fetching: bool,
    stopping: bool,
    /// Nothing is begun until a person lets it go on.
    held: bool,
    /// phpIPAM did not answer in this run: it is not asked again for each subnet.
    offline: bool,
    queue: VecDeque<(SubnetId, Mode)>,
    active: BTreeMap<SubnetId, Active>,
    view: Vec<SubnetProgress>,
    pace: Pace,
    /// The subnets as they were assigned when they were taken into the run: they may be gone from phpIPAM meanwhile.
    subnets: BTreeMap<SubnetId, Subnet>,
}

/// What is being done for a subnet.
#[derive(Debug)]
enum Active {
    Preparing {
        mode: Mode,
    },
    Scanning {
        scan: ScanId,
        target: Target,
    },
    /// Scanned; its addresses are read again, so that the report is made from what phpIPAM has now.
    Finishing {
        target: Target,
        ended: ScanEnded,
        ended_at: Timestamp,
    },
    Committing {
        scan: Scan,
    },
}

impl Running {
    pub(super) fn progress(&mut self, scan: ScanId, done: u32, up: u32) {
        let subnet = self.active.iter().find_map(|(id, active)| match active {
            Active::Scanning { scan: of, .. } if *of == scan => Some(*id),
            _ => None,
        });
        if let Some(view) = subnet.and_then(|subnet| self.view_of(subnet)) {
            view.done = done.min(view.total);
            view.up = up;
        }
    }

    /// A finished part of a scan can be read.
    pub(super) fn kept(&mut self, scan: ScanId) {
        let subnet = self.active.iter().find_map(|(id, active)| match active {
            Active::Scanning { scan: of, .. } if *of == scan => Some(*id),
            _ => None,
        });
        if let Some(view) = subnet.and_then(|subnet| self.view_of(subnet)) {
            view.kept += 1;
        }
    }

    pub(super) fn is_stopping(&self) -> bool {
        self.stopping
    }

    pub(super) fn record(&self) -> &Run {
        &self.record
    }

    pub(super) fn view(&self) -> Progress {
        let sum = |part: fn(&SubnetProgress) -> u32| self.view.iter().map(part).sum();
        Progress {
            id: self.record.id,
            trigger: self.record.trigger,
            started_at: self.record.started_at,
            stopping: self.stopping,
            held: self.held,
            done: sum(|subnet| subnet.done),
            total: sum(|subnet| subnet.total),
            up: sum(|subnet| subnet.up),
            eta: self.pace.eta().filter(|_| !self.stopping),
            subnets: self.view.clone(),
        }
    }

    /// Looks at how far it got, for the time that it will still take.
    pub(super) fn look(&mut self, now: Timestamp) {
        // What could not be scanned neither took its time nor will.
        let scanned = self.view.iter().filter(|subnet| match subnet.stage {
            Stage::Failed => false,
            Stage::Queued | Stage::Preparing | Stage::Scanning | Stage::Finishing | Stage::Done => {
                true
            }
        });
        let (done, total) = scanned.fold((0, 0), |(done, total), subnet| {
            (done + subnet.done, total + subnet.total)
        });
        self.pace.look(done, total - done, now);
    }

    /// Whether a person asked for this subnet by name.
    pub(super) fn was_asked_for(&self, subnet: SubnetId) -> bool {
        self.asked.contains(&subnet)
    }

    /// The scans that go on.
    pub(super) fn scans(&self) -> impl Iterator<Item = (SubnetId, ScanId)> + '_ {
        self.active.iter().filter_map(|(id, active)| match active {
            Active::Scanning { scan, .. } => Some((*id, *scan)),
            Active::Preparing { .. } | Active::Finishing { .. } | Active::Committing { .. } => None,
        })
    }

    fn view_of(&mut self, subnet: SubnetId) -> Option<&mut SubnetProgress> {
        self.view.iter_mut().find(|view| view.subnet == subnet)
    }

    fn has(&self, subnet: SubnetId) -> bool {
        self.view.iter().any(|view| view.subnet == subnet)
    }

    fn end(&mut self, id: SubnetId, outcome: Outcome) {
        self.active.remove(&id);
        if let Some(view) = self.view_of(id) {
            view.done = view.total;
            view.stage = match &outcome {
                Outcome::Scanned { .. } | Outcome::LeftOut { .. } => Stage::Done,
                Outcome::Failed { .. } | Outcome::Stopped => Stage::Failed,
            };
        }
        if let Some(subnet) = self.subnets.get(&id) {
            self.record.subnets.push(SubnetRun {
                subnet: id,
                cidr: subnet.cidr.clone(),
                description: subnet.description.clone(),
                outcome,
            });
        }
    }

    fn is_over(&self) -> bool {
        !self.fetching && self.queue.is_empty() && self.active.is_empty()
    }
}

impl Agent {
    /// Begins a run, or adds to the one that goes on: no subnet is ever scanned twice at the same time.
    pub(super) fn start_run(
        &mut self,
        trigger: Trigger,
        scope: Scope,
        refresh: bool,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        if let Some(running) = &mut self.running {
            if running.stopping {
                self.next_scans.push((scope, refresh));
                return;
            }
            running.refresh |= refresh;
            if scope == Scope::All {
                // Somebody wants all of them now.
                running.done_since = None;
            }
            running.scopes.push((trigger, scope));
            if !running.fetching {
                self.enqueue(now);
            }
            return;
        }
        let anchor = scope == Scope::All;
        let mut done_since = None;
        if anchor {
            done_since = self.done_since(trigger, now);
            self.lasting.begun = Some(done_since.unwrap_or(now));
            self.lasting.anchor = Some(now);
            self.lasting.anchor_finished = false;
            self.catch_up = false;
        }
        let expired = self
            .assignment
            .as_ref()
            .is_none_or(|assignment| self.is_stale(assignment.fetched_at, now));
        let fetch = refresh || expired;
        let record = Run {
            id: self.next_run_id(),
            trigger,
            started_at: now,
            finished_at: None,
            stopped: false,
            subnets: Vec::new(),
            problem: None,
        };
        effects.push(Effect::SaveRun(Box::new(record.clone())));
        self.running = Some(Running {
            record,
            anchor,
            refresh,
            done_since,
            scopes: vec![(trigger, scope)],
            asked: BTreeSet::new(),
            fetching: fetch,
            stopping: false,
            held: false,
            offline: false,
            queue: VecDeque::new(),
            active: BTreeMap::new(),
            view: Vec::new(),
            pace: Pace::default(),
            subnets: BTreeMap::new(),
        });
        if !fetch {
            self.enqueue(now);
        } else if !self.fetching {
            self.fetching = true;
            effects.push(Effect::FetchAssignment);
        }
    }

    /// The assigned subnets are known, as well as they can be: a failure falls back to the cache, however old.
    pub(super) fn plan_run(&mut self, problem: Option<Problem>, now: Timestamp) {
        let Some(running) = self.running.as_mut().filter(|running| running.fetching) else {
            return;
        };
        running.fetching = false;
        running.offline = problem.is_some();
        if running.stopping {
            return;
        }
        if self.assignment.is_none() {
            running.record.problem = problem;
            return;
        }
        self.enqueue(now);
    }

    /// Puts the subnets of the scopes that were asked for into the queue.
    fn enqueue(&mut self, now: Timestamp) {
        let (Some(running), Some(assignment)) = (&mut self.running, &self.assignment) else {
            return;
        };
        if assignment.subnets.is_empty() {
            running.record.problem = Some(Problem::NothingAssigned);
        }
        for (trigger, scope) in std::mem::take(&mut running.scopes) {
            if let Scope::Networks(networks) = &scope {
                for network in networks {
                    let assigned = |subnet: &Subnet| subnet.network.as_ref() == Some(network);
                    if !assignment.subnets.iter().any(assigned) {
                        let problem = Problem::NotAssigned { network: *network };
                        running.record.problem.get_or_insert(problem);
                    }
                }
            }
            for (id, plan) in &self.survey {
                let Some(subnet) = assignment.subnet(*id) else {
                    continue;
                };
                let wanted = match &scope {
                    Scope::All => true,
                    Scope::Networks(networks) => {
                        subnet.network.is_some_and(|own| networks.contains(&own))
                    }
                    Scope::Subnets(ids) => ids.contains(id),
                };
                if !wanted || running.has(*id) {
                    continue;
                }
                let scanned_at = self.last_scans.get(id).map(|last| last.at);
                let is_done = |since| scanned_at.is_some_and(|at| since <= at && at <= now);
                if plan.is_ok() && scope == Scope::All && running.done_since.is_some_and(is_done) {
                    continue;
                }
                let asked = Running::is_asked(trigger, &scope);
                let elsewhere = match plan {
                    Ok(_) if !asked => self.whereabouts.elsewhere(*id, &self.settings),
                    Ok(_) | Err(_) => None,
                };
                let plan = &elsewhere.map_or_else(|| plan.clone(), Err);
                match plan {
                    Ok(_) => self.lasting.missed.remove(id),
                    Err(LeftOut::Elsewhere { .. }) => self.lasting.missed.insert(*id),
                    Err(_) => false,
                };
                if asked {
                    running.asked.insert(*id);
                }
                self.problems.clear(|problem| {
                    matches!(problem, Problem::SubnetRefused { subnet, .. } if subnet == id)
                });
                running.subnets.insert(*id, subnet.clone());
                running.view.push(SubnetProgress {
                    subnet: *id,
                    cidr: subnet.cidr.clone(),
                    stage: Stage::Queued,
                    done: 0,
                    total: 0,
                    up: 0,
                    kept: 0,
                });
                match plan {
                    Ok(mode) => {
                        if let Some(view) = running.view_of(*id) {
                            view.total = expected_size(subnet, *mode);
                        }
                        running.queue.push_back((*id, *mode));
                    }
                    Err(why) => {
                        if let LeftOut::Refused(refusal) = why {
                            self.problems.raise(
                                Problem::SubnetRefused {
                                    subnet: *id,
                                    cidr: subnet.cidr.clone(),
                                    refusal: refusal.clone(),
                                },
                                now,
                            );
                        }
                        running.end(*id, Outcome::LeftOut { why: why.clone() });
                    }
                }
            }
        }
    }

    /// Begins subnets while there is room, and ends the run when nothing is left.
    pub(super) fn pump(&mut self, now: Timestamp, effects: &mut Vec<Effect>) {
        let Some(running) = &mut self.running else {
            return;
        };
        while !running.held
            && running.active.len() < AT_ONCE
            && let Some((subnet, mode)) = running.queue.pop_front()
        {
            let freshness = if running.offline {
                Freshness::Cached
            } else if running.refresh {
                Freshness::Since(running.record.started_at)
            } else {
                Freshness::Settings
            };
            if let Some(view) = running.view_of(subnet) {
                view.stage = Stage::Preparing;
            }
            running.active.insert(subnet, Active::Preparing { mode });
            effects.push(Effect::LoadAddresses { subnet, freshness });
        }
        if !running.is_over() {
            return;
        }
        if let Some(mut running) = self.running.take() {
            if running.held {
                effects.push(Effect::HoldScans(false));
            }
            running.record.finished_at = Some(now);
            running.record.stopped = running.stopping;
            // A run that the process's end cut short is caught up at the next start.
            self.lasting.anchor_finished |= running.anchor && !self.ending;
            self.last_run = Some(running.record.clone());
            self.lists.runs = self.revision;
            effects.push(Effect::SaveRun(Box::new(running.record)));
            for (scope, refresh) in std::mem::take(&mut self.next_scans) {
                self.start_run(Trigger::Person, scope, refresh, now, effects);
            }
            self.pump(now, effects);
        }
    }

    /// Holds the run that goes on, or lets it go on.
    pub(super) fn hold_run(&mut self, hold: bool, effects: &mut Vec<Effect>) {
        if let Some(running) = &mut self.running
            && running.held != hold
            && !(hold && running.stopping)
        {
            running.held = hold;
            effects.push(Effect::HoldScans(hold));
        }
    }

    pub(super) fn stop_run(&mut self, effects: &mut Vec<Effect>) {
        let Some(running) = &mut self.running else {
            return;
        };
        running.stopping = true;
        running.fetching = false;
        for (id, _) in std::mem::take(&mut running.queue) {
            running.end(id, Outcome::Stopped);
        }
        let mut preparing = Vec::new();
        for (id, active) in &running.active {
            match active {
                Active::Preparing { .. } => preparing.push(*id),
                Active::Scanning { scan, .. } => effects.push(Effect::StopScan(*scan)),
                Active::Finishing { .. } | Active::Committing { .. } => {}
            }
        }
        for id in preparing {
            running.end(id, Outcome::Stopped);
        }
    }
}

/// The addresses that a subnet will have to be scanned for, before its own addresses are known.
fn expected_size(subnet: &Subnet, mode: Mode) -> u32 {
    match (mode, subnet.network) {
        (Mode::Sweep, Some(ipnetwork::IpNetwork::V4(network))) => network.size(),
        (Mode::Sweep | Mode::Known, _) => 0,
    }
}
