//! Which report is sent next, and which is looked for in phpIPAM. Holds no bodies and does no I/O.
//!
//! Within a subnet reports go out in the order in which they were made. An older one that goes out late all the same
//! (a person retries it) leaves out what a newer one has told, since the scan server would set `lastSeen` back.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::IpAddr,
    time::Duration,
};

use jiff::Timestamp;

use super::{Answer, Cause, Event, ReadBack, Report, State};
use crate::{
    ids::{ReportId, SubnetId},
    problem::{Problem, Subject},
    schedule::{jitter, later, reached},
    snapshot::DeliveryView,
};

const FIRST_BACK_OFF: Duration = Duration::from_secs(60);
const LONGEST_BACK_OFF: Duration = Duration::from_secs(3600);
const LONGEST_RETRY_AFTER: Duration = Duration::from_secs(24 * 3600);
/// The reference server's pace, measured: see the scan server's contract.
const SERVER_TIME_PER_HOST: Duration = Duration::from_millis(900);
const SERVER_SLACK: Duration = Duration::from_secs(60);
const FIRST_CHECK: Duration = Duration::from_secs(1);
const LONGEST_CHECK: Duration = Duration::from_secs(60);
/// Reads before a report is told Partly or Unconfirmed, so that a clock that jumps forward is no proof.
const LEAST_CHECKS: u32 = 4;
/// How often a report that is not seen back is sent before that is told. A repeat is harmless, and mends a server
/// that was restarted and lost what it had taken.
const SENDS: u32 = 2;
/// While phpIPAM can't be asked, what was sent is looked for this seldom at the most.
const LONGEST_READ_BACK_OFF: Duration = Duration::from_secs(600);
/// Tries in a row after which a server that asks for less patience than the back-off has it no longer.
const SHORT_TRIES: u32 = 5;

/// The reports that the agent still has to do with.
#[derive(Debug, Default)]
pub struct Outbox {
    reports: BTreeMap<ReportId, Report>,
    sending: Option<ReportId>,
    reading: Option<Reading>,
    down: Option<Down>,
    /// phpIPAM can't be asked what arrived.
    unreadable: Option<Down>,
    /// Reports that are not yet in the database, with their subnets.
    expected: BTreeMap<ReportId, SubnetId>,
    /// Whether reports came (back) into the queue since older ones were held against newer ones.
    grown: bool,
    seed: u64,
    confirmed: u32,
}

/// What is being looked for in phpIPAM. What is sent meanwhile can't be seen by it.
#[derive(Debug)]
struct Reading {
    subnet: SubnetId,
    reports: BTreeSet<ReportId>,
}

/// A server can't be reached: it is left alone until then.
#[derive(Debug, Clone, Copy)]
struct Down {
    tries: u32,
    until: Timestamp,
}

/// What the agent must do after a change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Keep this report's new state.
    Save(Box<Report>),
    /// Tell of this.
    Raise(Problem),
    /// Problems with the scan server are over.
    ServerWorks,
    /// Problems with this report are over.
    Settled(ReportId),
}

/// What is to be sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Upload {
    /// The report.
    pub report: ReportId,
    /// The subnet whose `lastDiscovery` must be read first: the report has no hosts by which to confirm it.
    pub baseline: Option<SubnetId>,
    /// Hosts to leave out.
    pub leave_out: BTreeSet<IpAddr>,
}

impl Outbox {
    /// Takes up the reports that an earlier process left. `seed` makes back-offs differ between machines.
    pub fn restore(reports: Vec<Report>, seed: u64) -> Self {
        Self {
            reports: reports
                .into_iter()
                .map(|report| (report.id, report))
                .collect(),
            grown: true,
            seed,
            ..Self::default()
        }
    }

    /// Knows of reports that are being committed, so that newer ones aren't forgotten before these have come.
    pub fn expect(&mut self, reports: &[Report]) {
        self.expected
            .extend(reports.iter().map(|report| (report.id, report.subnet)));
    }

    /// Reports that were expected will not come: they could not be committed.
    pub fn expect_no_more(&mut self, reports: &[Report]) {
        for report in reports {
            self.expected.remove(&report.id);
        }
    }

    /// Takes a report that has just been committed.
    pub fn accept(&mut self, report: Report) {
        self.expected.remove(&report.id);
        self.reports.insert(report.id, report);
        self.grown = true;
    }

    /// All reports that it holds, the oldest first.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.values()
    }

    /// A report that it still holds.
    pub fn report(&self, id: ReportId) -> Option<&Report> {
        self.reports.get(&id)
    }

    /// Whether a report is on its way right now.
    pub fn is_sending(&self) -> bool {
        self.sending.is_some()
    }

    /// The next report to send, if one may be sent now. It counts as on its way until [`Self::uploaded`].
    pub fn next_upload(&mut self, now: Timestamp, changes: &mut Vec<Change>) -> Option<Upload> {
        if self.sending.is_some() || self.down.is_some_and(|down| !reached(down.until, now)) {
            return None;
        }
        if std::mem::take(&mut self.grown) {
            self.leave_out_what_newer_ones_tell(now, changes);
            self.forget();
        }
        let report = self
            .first_in_line()
            .find(|(_, not_before)| not_before.is_none_or(|at| reached(at, now)))
            .map(|(report, _)| report)?;
        let upload = Upload {
            report: report.id,
            baseline: report.told().next().is_none().then_some(report.subnet),
            leave_out: report.left_out.clone(),
        };
        self.sending = Some(upload.report);
        Some(upload)
    }

    /// The report of each subnet that must be sent before its newer ones, and its time if it has to wait.
    ///
    /// One without hosts is left out while an older one may still be worked on: both would be confirmed by the same
    /// change of `lastDiscovery`.
    fn first_in_line(&self) -> impl Iterator<Item = (&Report, Option<Timestamp>)> {
        let (mut seen, mut under_way) = (BTreeSet::new(), BTreeSet::new());
        self.reports.values().filter_map(move |report| {
            let not_before = match &report.state {
                State::Queued => None,
                State::Waiting { next_at, .. } => Some(*next_at),
                State::Sent { .. } => {
                    under_way.insert(report.subnet);
                    return None;
                }
                State::Confirmed { .. }
                | State::Partly { .. }
                | State::Unconfirmed { .. }
                | State::Rejected { .. }
                | State::Superseded { .. } => return None,
            };
            let first = seen.insert(report.subnet);
            let unclear = under_way.contains(&report.subnet) && report.told().next().is_none();
            (first && !unclear).then_some((report, not_before))
        })
    }

    fn leave_out_what_newer_ones_tell(&mut self, now: Timestamp, changes: &mut Vec<Change>) {
        let mut by_subnet: BTreeMap<SubnetId, Vec<&Report>> = BTreeMap::new();
        for report in self.reports.values().rev() {
            by_subnet.entry(report.subnet).or_default().push(report);
        }
        let mut less = Vec::new();
        for newest_first in by_subnet.into_values() {
            // Of scans newer than the one at hand, and of the one at hand: its parts don't count as newer.
            let (mut told, mut of_scan) = (BTreeSet::<IpAddr>::new(), BTreeSet::new());
            let (mut newest, mut newest_of_scan) = (None, None);
            let mut scan = None;
            for report in newest_first {
                if scan != Some(report.scan) {
                    scan = Some(report.scan);
                    told.append(&mut of_scan);
                    newest = newest.or(newest_of_scan);
                }
                let left_out = match report.state {
                    // What was left out once stays so: the newer report may have arrived and be forgotten.
                    State::Queued | State::Waiting { .. } => report
                        .hosts
                        .iter()
                        .copied()
                        .filter(|ip| told.contains(ip) || report.left_out.contains(ip))
                        .collect(),
                    State::Superseded { .. } => continue,
                    // One that is refused is kept, and may have been taken all the same if that could not be saved.
                    State::Rejected { .. }
                    | State::Sent { .. }
                    | State::Confirmed { .. }
                    | State::Partly { .. }
                    | State::Unconfirmed { .. } => report.left_out.clone(),
                };
                match newest {
                    Some(by) if left_out.len() == report.hosts.len() => {
                        if !report.state.is_sent() {
                            less.push((report.id, left_out, Some(by)));
                        }
                        continue;
                    }
                    Some(_) | None if left_out != report.left_out => {
                        less.push((report.id, left_out.clone(), None));
                    }
                    Some(_) | None => {}
                }
                newest_of_scan = newest_of_scan.or(Some(report.id));
                of_scan.extend(report.hosts.iter().filter(|ip| !left_out.contains(ip)));
            }
        }
        for (id, left_out, superseded_by) in less {
            self.change(id, changes, |report| match superseded_by {
                Some(by) => report.step(now, Event::Superseded, State::Superseded { by }),
                None => report.left_out = left_out,
            });
            if superseded_by.is_some() {
                changes.push(Change::Settled(id));
            }
        }
    }

    /// Takes what came of an upload.
    pub fn uploaded(
        &mut self,
        id: ReportId,
        answer: Answer,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        if self.sending == Some(id) {
            self.sending = None;
        }
        if !self.reports.contains_key(&id) {
            return;
        }
        match answer {
            Answer::Taken { status, baseline } => {
                self.down = None;
                let queued: usize = self
                    .reports
                    .values()
                    .filter(|other| {
                        other.id == id
                            || matches!(other.state, State::Sent { expected_by, .. } if !reached(expected_by, now))
                    })
                    .map(|report| report.told().count())
                    .sum();
                let needed = SERVER_TIME_PER_HOST * u32::try_from(queued).unwrap_or(u32::MAX);
                self.change(id, changes, |report| {
                    report.sends += 1;
                    // An older one could have been changed by an older report.
                    report.baseline = baseline;
                    let left_out = report.left_out.len() as u32;
                    report.step(
                        now,
                        Event::Sent { status, left_out },
                        State::Sent {
                            at: now,
                            check_at: later(now, FIRST_CHECK),
                            expected_by: later(now, SERVER_SLACK + needed * 2),
                            checks: 0,
                        },
                    );
                });
                changes.push(Change::ServerWorks);
            }
            Answer::NotNow {
                problem,
                retry_after,
            } => {
                let tries = match &self.reports[&id].state {
                    State::Waiting { tries, .. } => tries + 1,
                    State::Queued
                    | State::Sent { .. }
                    | State::Confirmed { .. }
                    | State::Partly { .. }
                    | State::Unconfirmed { .. }
                    | State::Rejected { .. }
                    | State::Superseded { .. } => 1,
                };
                let concerns_all = match &problem {
                    Problem::ServerFailing { status, .. } => {
                        matches!(status, 408 | 429 | 502 | 503 | 504)
                    }
                    problem => problem.subject() != Subject::Report(id),
                };
                let in_a_row = if concerns_all {
                    self.down.map_or(1, |down| down.tries + 1)
                } else {
                    tries
                };
                let back_off = self.back_off(in_a_row, id);
                let wait = match retry_after {
                    Some(asked) if in_a_row <= SHORT_TRIES || asked > back_off => {
                        asked.clamp(FIRST_CHECK, LONGEST_RETRY_AFTER)
                    }
                    Some(_) | None => back_off,
                };
                let next_at = later(now, wait);
                if concerns_all {
                    self.down = Some(Down {
                        tries: in_a_row,
                        until: next_at,
                    });
                }
                changes.push(Change::Raise(problem.clone()));
                self.change(id, changes, |report| {
                    report.step(
                        now,
                        Event::Failed {
                            problem: problem.clone(),
                        },
                        State::Waiting {
                            tries,
                            next_at,
                            problem,
                        },
                    );
                });
            }
            Answer::Refused { problem } => {
                self.down = None;
                changes.push(Change::Raise(problem.clone()));
                self.relieve_older(id, false, now, changes);
                self.change(id, changes, |report| {
                    report.step(
                        now,
                        Event::Rejected {
                            problem: problem.clone(),
                        },
                        State::Rejected { at: now, problem },
                    );
                });
            }
        }
        self.forget();
    }

    fn back_off(&self, tries: u32, id: ReportId) -> Duration {
        let doubled = FIRST_BACK_OFF.saturating_mul(1 << tries.saturating_sub(1).min(10));
        doubled
            .mul_f64(1.0 + 0.25 * jitter(self.seed, id.0 ^ u64::from(tries) << 32))
            .min(LONGEST_BACK_OFF)
    }

    /// The next subnet in which to look for what was sent, and whether its `lastDiscovery` is needed.
    /// It counts as being read until [`Self::read_back`].
    pub fn next_read(&mut self, now: Timestamp) -> Option<(SubnetId, bool)> {
        if self.reading.is_some()
            || self
                .unreadable
                .is_some_and(|down| !reached(down.until, now))
        {
            return None;
        }
        let (_, subnet) = self
            .reports
            .values()
            .filter_map(|report| match report.state {
                State::Sent { check_at, .. } if reached(check_at, now) => {
                    Some((check_at, report.subnet))
                }
                _ => None,
            })
            .min()?;
        let sent = || self.sent_of(subnet);
        let last_discovery = sent().any(|report| report.told().next().is_none());
        let reports = sent().map(|report| report.id).collect();
        self.reading = Some(Reading { subnet, reports });
        Some((subnet, last_discovery))
    }

    fn sent_of(&self, subnet: SubnetId) -> impl Iterator<Item = &Report> {
        self.reports.values().filter(move |report| {
            report.subnet == subnet && matches!(report.state, State::Sent { .. })
        })
    }

    /// Takes what phpIPAM shows of a subnet.
    pub fn read_back(
        &mut self,
        subnet: SubnetId,
        result: Result<&ReadBack, &Problem>,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let Some(reading) = self.reading.take_if(|reading| reading.subnet == subnet) else {
            return;
        };
        let nothing = ReadBack {
            last_discovery: None,
            last_seen: BTreeMap::new(),
        };
        let shown = match result {
            Ok(shown) => Some(shown),
            // Nobody will ever see the report there.
            Err(Problem::SubnetGone { .. }) => Some(&nothing),
            // Nothing was seen, so nothing is told: it is looked for again, however late.
            Err(_) => None,
        };
        self.unreadable = match shown {
            Some(_) => None,
            None => {
                let tries = self.unreadable.map_or(1, |down| down.tries + 1);
                let wait = self.back_off(tries, ReportId(subnet.0));
                Some(Down {
                    tries,
                    until: later(now, wait.min(LONGEST_READ_BACK_OFF)),
                })
            }
        };
        for id in reading.reports {
            match shown {
                Some(shown) => self.hold_against(id, shown, now, changes),
                None => self.check_later(id, now, false),
            }
        }
        self.forget();
    }

    /// phpIPAM answers again: what was sent may be looked for.
    pub fn ipam_works(&mut self) {
        self.unreadable = None;
    }

    fn hold_against(
        &mut self,
        id: ReportId,
        shown: &ReadBack,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let Some(report) = self.reports.get_mut(&id) else {
            return;
        };
        let State::Sent {
            expected_by,
            checks,
            ..
        } = report.state
        else {
            return;
        };
        let baseline = report.baseline.clone();
        if baseline.is_none() {
            // Not known before it was sent: what is seen now can't confirm it, but a change from now on can.
            report.baseline = shown.last_discovery.clone();
        }
        let report = &*report;
        let told: Vec<IpAddr> = report.told().collect();
        let missing: Vec<IpAddr> = told
            .iter()
            .copied()
            .filter(|ip| !is_seen_back(report, *ip, shown))
            .collect();
        let confirmed = if told.is_empty() {
            match (&baseline, &shown.last_discovery) {
                (Some(before), Some(shown)) => before != shown,
                (None, _) | (_, None) => false,
            }
        } else {
            missing.is_empty()
        };
        if confirmed {
            self.confirmed += 1;
            // Before it counts as confirmed: a new process knows nothing of what is confirmed.
            self.relieve_older(id, true, now, changes);
            self.change(id, changes, |report| {
                report.step(now, Event::Confirmed, State::Confirmed { at: now });
            });
            changes.push(Change::Settled(id));
            return;
        }
        self.check_later(id, now, true);
        if !reached(expected_by, now) || checks + 1 < LEAST_CHECKS {
            return;
        }
        let some = missing.len() < told.len();
        let report = &self.reports[&id];
        let (again, of) = (report.sends < SENDS, told.len() as u32);
        let causes = self.causes(report, some);
        let problem = if some {
            Problem::ReportPartly {
                report: id,
                missing: missing.len() as u32,
                of,
            }
        } else {
            Problem::ReportUnconfirmed { report: id }
        };
        let event = if some {
            Event::Partly
        } else {
            Event::Unconfirmed
        };
        let state = if again {
            State::Waiting {
                tries: 1,
                next_at: later(now, self.back_off(1, id)),
                problem,
            }
        } else {
            changes.push(Change::Raise(problem));
            self.relieve_older(id, false, now, changes);
            if some {
                State::Partly {
                    at: now,
                    missing,
                    causes,
                }
            } else {
                State::Unconfirmed { at: now, causes }
            }
        };
        self.grown |= again;
        self.change(id, changes, |report| report.step(now, event, state));
    }

    fn check_later(&mut self, id: ReportId, now: Timestamp, read: bool) {
        if let Some(Report {
            state: State::Sent {
                check_at, checks, ..
            },
            ..
        }) = self.reports.get_mut(&id)
        {
            if read {
                *checks += 1;
            }
            let wait = FIRST_CHECK
                .saturating_mul(1 << (*checks).min(6))
                .min(LONGEST_CHECK);
            *check_at = later(now, if read { wait } else { LONGEST_CHECK });
        }
    }

    /// Older reports of the subnet need not tell what this one tells. Those that are over with don't pile up by that,
    /// and once this one has arrived none sets `lastSeen` back.
    fn relieve_older(
        &mut self,
        by: ReportId,
        arrived: bool,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let newer = &self.reports[&by];
        let told: BTreeSet<IpAddr> = newer.told().collect();
        let mut less = Vec::new();
        for (id, report) in self.reports.range(..by) {
            let relieved = match report.state {
                State::Rejected { .. } | State::Partly { .. } | State::Unconfirmed { .. } => true,
                State::Queued | State::Waiting { .. } | State::Sent { .. } => arrived,
                State::Confirmed { .. } | State::Superseded { .. } => false,
            };
            let older = report.subnet == newer.subnet && report.scan < newer.scan;
            if !relieved || !older || self.sending == Some(*id) {
                continue;
            }
            let mut left_out = report.left_out.clone();
            left_out.extend(report.hosts.iter().filter(|ip| told.contains(ip)));
            if left_out.len() == report.hosts.len() || left_out != report.left_out {
                less.push((*id, left_out));
            }
        }
        for (id, left_out) in less {
            let nothing_left = left_out.len() == self.reports[&id].hosts.len();
            self.change(id, changes, |report| {
                report.left_out = left_out;
                if nothing_left {
                    report.step(now, Event::Superseded, State::Superseded { by });
                }
            });
            if nothing_left {
                changes.push(Change::Settled(id));
            }
        }
    }

    fn causes(&self, report: &Report, some: bool) -> Vec<Cause> {
        let mut causes = Vec::new();
        if report.stale {
            causes.push(Cause::StaleAddresses);
        }
        let busy = self
            .reports
            .values()
            .any(|other| other.id < report.id && matches!(other.state, State::Sent { .. }));
        if busy {
            causes.push(Cause::ServerBusy);
        }
        if some {
            causes.extend([Cause::RowsChanged, Cause::ServerRestarted]);
        } else {
            let others_arrive = self.reports.values().any(|other| {
                other.id != report.id && matches!(other.state, State::Confirmed { .. })
            });
            if others_arrive || self.confirmed > 0 {
                causes.extend([Cause::ServerRestarted, Cause::NotAssigned]);
            } else {
                causes.extend([
                    Cause::NotAssigned,
                    Cause::ServerElsewhere,
                    Cause::ServerRestarted,
                ]);
            }
        }
        causes
    }

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

    /// When something is due next.
    pub fn wake_at(&self, now: Timestamp, hold_uploads: bool) -> Option<Timestamp> {
        let from_now = |at| if reached(at, now) { now } else { at };
        let not_before = |down: Option<Down>| down.map_or(now, |down| from_now(down.until));
        let uploads = (!hold_uploads && self.sending.is_none())
            .then(|| self.first_in_line())
            .into_iter()
            .flatten()
            .map(|(_, at)| at.map_or(now, from_now).max(not_before(self.down)));
        let reads = self
            .reports
            .values()
            .filter_map(|report| match report.state {
                State::Sent { check_at, .. } if self.reading.is_none() => {
                    Some(from_now(check_at).max(not_before(self.unreadable)))
                }
                _ => None,
            });
        uploads.chain(reads).min()
    }

    /// The outbox in numbers.
    pub fn view(&self) -> DeliveryView {
        let mut view = DeliveryView {
            sending: self.sending.is_some(),
            confirmed: self.confirmed,
            ..DeliveryView::default()
        };
        for report in self.reports.values() {
            match &report.state {
                State::Queued => view.waiting += 1,
                State::Waiting { next_at, .. } => {
                    view.waiting += 1;
                    view.next_try = Some(view.next_try.map_or(*next_at, |at| at.min(*next_at)));
                }
                State::Sent { .. } => view.sent += 1,
                State::Rejected { .. } => view.rejected += 1,
                State::Partly { .. } | State::Unconfirmed { .. } => view.doubtful += 1,
                State::Confirmed { .. } | State::Superseded { .. } => {}
            }
        }
        view
    }

    fn change(
        &mut self,
        id: ReportId,
        changes: &mut Vec<Change>,
        change: impl FnOnce(&mut Report),
    ) {
        if let Some(report) = self.reports.get_mut(&id) {
            change(report);
            changes.push(Change::Save(Box::new(report.clone())));
        }
    }

    /// Lets go of what is deleted from the database: reports that are over with since before this time.
    pub fn prune(&mut self, before: Timestamp, changes: &mut Vec<Change>) {
        self.reports.retain(|id, report| {
            let over = matches!(
                report.state,
                State::Partly { .. } | State::Unconfirmed { .. }
            );
            let old = report.journey.last().is_some_and(|step| step.at < before);
            if over && old {
                changes.push(Change::Settled(*id));
            }
            !(over && old)
        });
    }

    /// Lets go of what has arrived, unless an older report of its subnet might still go out and must know of it.
    fn forget(&mut self) {
        let mut kept_older: BTreeMap<SubnetId, ReportId> = BTreeMap::new();
        for (id, subnet) in &self.expected {
            kept_older.entry(*subnet).or_insert(*id);
        }
        let mut gone = Vec::new();
        for (id, report) in &self.reports {
            let oldest = kept_older.get(&report.subnet);
            match report.state {
                State::Confirmed { .. } | State::Superseded { .. } => {
                    if oldest.is_none_or(|oldest| oldest > id) {
                        gone.push(*id);
                    }
                }
                State::Queued
                | State::Waiting { .. }
                | State::Sent { .. }
                | State::Partly { .. }
                | State::Unconfirmed { .. }
                | State::Rejected { .. } => {
                    if oldest.is_none_or(|oldest| oldest > id) {
                        kept_older.insert(report.subnet, *id);
                    }
                }
            }
        }
        for id in gone {
            self.reports.remove(&id);
        }
    }
}

/// Whether phpIPAM shows that the scan server wrote what the report told of this host.
fn is_seen_back(report: &Report, ip: IpAddr, shown: &ReadBack) -> bool {
    match shown.last_seen.get(&ip) {
        Some(seen) if *seen == report.last_seen => true,
        // Later than what was told: a newer report or another scanner wrote since – unless it stood there before.
        Some(seen) if *seen > report.last_seen => report.ahead.get(&ip) != Some(seen),
        Some(_) | None => false,
    }
}

#[cfg(test)]
mod tests;
