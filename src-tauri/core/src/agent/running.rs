//! A run over the subnets: which one is at which stage, and what follows.

use std::collections::{BTreeMap, VecDeque};

use jiff::Timestamp;

use super::{Agent, Effect, Freshness, Loaded, ScanEnded, ScanFailure, Scope};
use crate::{
    compare::{self, Memory},
    delivery::{Event, Report, State, Step},
    host::Host,
    ids::{ScanId, SubnetId},
    ipam::{AddressBook, Subnet},
    plan::{self, LeftOut, Mode, Target},
    problem::Problem,
    report,
    run::{Body, FinishedScan, Outcome, Run, Scan, SubnetRun, Trigger},
    snapshot::{LastScan, Progress, Stage, SubnetProgress},
};

/// Subnets that are worked on at the same time.
const AT_ONCE: usize = 4;

/// A run that goes on.
#[derive(Debug)]
pub(super) struct Running {
    record: Run,
    /// Whether it is a run over all subnets, from which the schedule counts.
    anchor: bool,
    refresh: bool,
    scopes: Vec<Scope>,
    /// Still waiting for the assigned subnets.
    fetching: bool,
    stopping: bool,
    /// phpIPAM did not answer in this run: it is not asked again for each subnet.
    offline: bool,
    queue: VecDeque<(SubnetId, Mode)>,
    active: BTreeMap<SubnetId, Active>,
    view: Vec<SubnetProgress>,
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

/// A finished scan on its way into the database.
#[derive(Debug)]
pub(super) struct Unwritten {
    /// Its reports: they are in the outbox once they are in the database.
    reports: Vec<Report>,
    /// All of it, if it could not be written.
    failed: Option<Box<FinishedScan>>,
}

impl Unwritten {
    fn new(reports: Vec<Report>) -> Self {
        Self {
            reports,
            failed: None,
        }
    }

    pub(super) fn has_failed(&self) -> bool {
        self.failed.is_some()
    }
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
            done: sum(|subnet| subnet.done),
            total: sum(|subnet| subnet.total),
            up: sum(|subnet| subnet.up),
            subnets: self.view.clone(),
        }
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
            running.scopes.push(scope);
            if !running.fetching {
                self.enqueue(now);
            }
            return;
        }
        let anchor = scope == Scope::All;
        if anchor {
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
            scopes: vec![scope],
            fetching: fetch,
            stopping: false,
            offline: false,
            queue: VecDeque::new(),
            active: BTreeMap::new(),
            view: Vec::new(),
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
        for scope in std::mem::take(&mut running.scopes) {
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
        while running.active.len() < AT_ONCE
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

    /// A subnet's addresses are there, or can't be had.
    pub(super) fn loaded(&mut self, loaded: Loaded, now: Timestamp, effects: &mut Vec<Effect>) {
        if loaded.asked {
            self.ipam_answered(loaded.problem.as_ref(), now);
        }
        let id = loaded.subnet;
        let Some(running) = &mut self.running else {
            return;
        };
        running.offline |= loaded.problem.as_ref().is_some_and(Problem::means_offline);
        let Some(active) = running.active.remove(&id) else {
            return;
        };
        let assigned = self
            .assignment
            .as_ref()
            .and_then(|assignment| assignment.subnet(id))
            .cloned();
        let gone = Problem::SubnetGone { subnet: id };
        // Times don't tell: the clock may have been set between the two.
        let stale = !loaded.asked || loaded.problem.is_some();
        let known = match (assigned, loaded.book, loaded.problem) {
            (None, _, _) => Err(gone),
            (Some(_), _, Some(problem)) if problem == gone => Err(problem),
            (Some(subnet), Some(book), _) => Ok((subnet, book)),
            (Some(_), None, Some(problem)) if !problem.means_offline() => Err(problem),
            (Some(_), None, _) => Err(Problem::AddressesUnknown { subnet: id }),
        };
        match (active, known) {
            (Active::Preparing { .. } | Active::Finishing { .. }, Err(problem)) => {
                self.problems.raise(problem.clone(), now);
                running.end(id, Outcome::Failed { problem });
            }
            (Active::Preparing { mode }, Ok((subnet, book))) => {
                match plan::target(&subnet, mode, &book.addresses, &self.settings.guard) {
                    Ok(target) => self.scan(id, target, effects),
                    Err(why) => running.end(id, Outcome::LeftOut { why }),
                }
            }
            (
                Active::Finishing {
                    target,
                    ended,
                    ended_at,
                },
                Ok((subnet, book)),
            ) => {
                let known = (book, stale, loaded.memory);
                self.conclude(&subnet, target, ended, ended_at, known, effects);
            }
            (active @ (Active::Scanning { .. } | Active::Committing { .. }), _) => {
                running.active.insert(id, active);
            }
        }
    }

    fn scan(&mut self, id: SubnetId, target: Target, effects: &mut Vec<Effect>) {
        let scan = self.next_scan_id();
        let Some(running) = &mut self.running else {
            return;
        };
        if let Some(view) = running.view_of(id) {
            view.stage = Stage::Scanning;
            view.total = target.addresses();
        }
        effects.push(Effect::Scan {
            scan,
            target: target.clone(),
            profile: self.settings.profile,
        });
        running.active.insert(id, Active::Scanning { scan, target });
    }

    pub(super) fn scan_ended(
        &mut self,
        ended: ScanEnded,
        now: Timestamp,
        effects: &mut Vec<Effect>,
    ) {
        let Some(running) = &mut self.running else {
            return;
        };
        let Some(id) = running.active.iter().find_map(|(id, active)| match active {
            Active::Scanning { scan, .. } if *scan == ended.scan => Some(*id),
            _ => None,
        }) else {
            return;
        };
        let Some(Active::Scanning { target, .. }) = running.active.remove(&id) else {
            return;
        };
        match &ended.result {
            Ok(hosts) => {
                if let Some(view) = running.view_of(id) {
                    view.stage = Stage::Finishing;
                    view.done = view.total;
                    view.up = hosts.len() as u32;
                }
                self.problems.clear(|problem| {
                    matches!(
                        problem,
                        Problem::NmapFailed { subnet, .. }
                        | Problem::NmapHung { subnet }
                        | Problem::NoRoute { subnet }
                        | Problem::AddressesUnknown { subnet }
                        | Problem::SubnetGone { subnet } if *subnet == id
                    ) || matches!(problem, Problem::NmapMissing | Problem::NmapTooOld { .. })
                });
                if ended.privileged {
                    self.problems
                        .clear(|problem| matches!(problem, Problem::NmapUnprivileged));
                } else {
                    self.problems.raise(Problem::NmapUnprivileged, now);
                }
                let freshness = if running.offline || running.stopping {
                    Freshness::Cached
                } else {
                    Freshness::Since(now)
                };
                running.active.insert(
                    id,
                    Active::Finishing {
                        target,
                        ended,
                        ended_at: now,
                    },
                );
                effects.push(Effect::LoadAddresses {
                    subnet: id,
                    freshness,
                });
            }
            Err(ScanFailure::Stopped) => running.end(id, Outcome::Stopped),
            Err(ScanFailure::Failed(problem)) => {
                self.problems.raise(problem.clone(), now);
                let problem = problem.clone();
                running.end(id, Outcome::Failed { problem });
            }
        }
    }

    /// Compares, makes the reports, and has all of it committed.
    fn conclude(
        &mut self,
        subnet: &Subnet,
        target: Target,
        ended: ScanEnded,
        ended_at: Timestamp,
        (book, stale, memory): (AddressBook, bool, Memory),
        effects: &mut Vec<Effect>,
    ) {
        let hosts = ended.result.unwrap_or_default();
        let comparison = compare::compare(
            subnet,
            &target,
            &book.addresses,
            &hosts,
            &memory,
            self.settings.misses_before_missing,
        );
        let Some(running) = &mut self.running else {
            return;
        };
        let scan = Scan {
            id: ended.scan,
            run: running.record.id,
            subnet: subnet.id,
            cidr: subnet.cidr.clone(),
            started_at: ended.started_at,
            finished_at: ended_at,
            mode: target.mode,
            addresses: target.addresses(),
            privileged: ended.privileged,
            ipam_at: book.fetched_at,
            ipam_stale: stale,
            counts: comparison.counts,
            changes: comparison.changes,
        };
        running
            .active
            .insert(subnet.id, Active::Committing { scan: scan.clone() });
        let reports = self.reports(&scan, subnet, &book, &hosts);
        // What could not be written before comes first: it is older.
        effects.extend(self.unwritten_scans(Some(subnet.id)).map(Effect::Commit));
        let accepted: Vec<_> = reports.iter().map(|(report, _)| report.clone()).collect();
        self.outbox.expect(&accepted);
        self.unwritten.insert(scan.id, Unwritten::new(accepted));
        effects.push(Effect::Commit(Box::new(FinishedScan {
            scan,
            hosts,
            findings: comparison.findings,
            misses: comparison.misses,
            reports,
        })));
    }

    /// Makes the reports of a finished scan and takes them into the outbox once they are committed.
    fn reports(
        &mut self,
        scan: &Scan,
        subnet: &Subnet,
        book: &AddressBook,
        hosts: &[Host],
    ) -> Vec<(Report, Body)> {
        let Some(code) = self.settings.scanagent_code.clone() else {
            return Vec::new();
        };
        let drafts = report::make(report::Source {
            code: &code,
            subnet,
            mode: scan.mode,
            hosts,
            book: &book.addresses,
            seen_at: scan.finished_at,
            zone: &self.settings.ipam_time_zone,
            report_ipv6: self.settings.report_ipv6,
        });
        let drafts = match drafts {
            Ok(drafts) => drafts,
            Err(error) => {
                let detail = format!("no report can be made of {}: {error}", subnet.cidr);
                self.problems
                    .raise(Problem::SettingsInvalid { detail }, scan.finished_at);
                Vec::new()
            }
        };
        let mut reports = Vec::new();
        for draft in drafts {
            self.last_ids.report.0 += 1;
            let ahead = book
                .addresses
                .iter()
                .filter_map(|address| Some((address.ip, address.last_seen.clone()?)))
                .filter(|(ip, seen)| *seen > draft.last_seen && draft.hosts.contains(ip))
                .collect();
            let report = Report {
                id: self.last_ids.report,
                subnet: subnet.id,
                scan: scan.id,
                cidr: subnet.cidr.clone(),
                part: draft.part,
                created_at: scan.finished_at,
                last_seen: draft.last_seen,
                hosts: draft.hosts,
                stale: scan.ipam_stale,
                left_out: Default::default(),
                ahead,
                baseline: None,
                sends: 0,
                state: State::Queued,
                journey: vec![Step {
                    at: scan.finished_at,
                    event: Event::Queued,
                }],
            };
            reports.push((report, draft.body));
        }
        reports
    }

    /// Scans that could not be written, of one subnet or of all, in order; they count as being written from here on.
    pub(super) fn unwritten_scans(
        &mut self,
        of: Option<SubnetId>,
    ) -> impl Iterator<Item = Box<FinishedScan>> + '_ {
        self.unwritten.values_mut().filter_map(move |unwritten| {
            unwritten
                .failed
                .take_if(|finished| of.is_none_or(|id| id == finished.scan.subnet))
        })
    }

    /// A finished scan could not be written; it is kept and written again later.
    ///
    /// Of a subnet only the newest is kept, so that a disk that is full for days doesn't fill the memory too.
    pub(super) fn not_written(
        &mut self,
        finished: Box<FinishedScan>,
        problem: Problem,
        now: Timestamp,
    ) {
        let (scan, subnet) = (finished.scan.id, finished.scan.subnet);
        self.problems.raise(problem.clone(), now);
        if let Some(unwritten) = self.unwritten.get_mut(&scan) {
            unwritten.failed = Some(finished);
        }
        let failed = |unwritten: &Unwritten| {
            let finished = unwritten.failed.as_ref();
            finished.is_some_and(|finished| finished.scan.subnet == subnet)
        };
        let failed: Vec<ScanId> = self
            .unwritten
            .iter()
            .filter(|(_, unwritten)| failed(unwritten))
            .map(|(id, _)| *id)
            .collect();
        for id in failed.iter().rev().skip(1) {
            if let Some(given_up) = self.unwritten.remove(id) {
                self.outbox.expect_no_more(&given_up.reports);
            }
        }
        if let Some(running) = &mut self.running
            && matches!(running.active.get(&subnet), Some(Active::Committing { scan: of }) if of.id == scan)
        {
            running.end(subnet, Outcome::Failed { problem });
        }
    }

    /// A finished scan is in the database.
    pub(super) fn written(&mut self, id: ScanId) {
        let Some(unwritten) = self.unwritten.remove(&id) else {
            return;
        };
        for report in unwritten.reports {
            self.outbox.accept(report);
        }
        self.lists.addresses = self.revision;
        self.lists.reports = self.revision;
        let Some(running) = &mut self.running else {
            return;
        };
        let scan = running.active.values().find_map(|active| match active {
            Active::Committing { scan } if scan.id == id => Some(scan.clone()),
            _ => None,
        });
        let Some(scan) = scan else {
            return;
        };
        self.last_scans.insert(
            scan.subnet,
            LastScan {
                at: scan.finished_at,
                counts: scan.counts,
                ipam_stale: scan.ipam_stale,
            },
        );
        running.end(
            scan.subnet,
            Outcome::Scanned {
                scan: id,
                counts: scan.counts,
            },
        );
    }
}

/// The addresses that a subnet will have to be scanned for, before its own addresses are known.
fn expected_size(subnet: &Subnet, mode: Mode) -> u32 {
    match (mode, subnet.network) {
        (Mode::Sweep, Some(ipnetwork::IpNetwork::V4(network))) => network.size(),
        (Mode::Sweep | Mode::Known, _) => 0,
    }
}
