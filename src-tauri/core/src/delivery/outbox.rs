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
    schedule::jitter,
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
/// A planned time further away than this comes from a clock that was set back, and counts as reached.
const PLAUSIBLE: Duration = Duration::from_secs(48 * 3600);

/// The reports that the agent still has to do with.
#[derive(Debug, Default)]
pub struct Outbox {
    reports: BTreeMap<ReportId, Report>,
    sending: Option<ReportId>,
    reading: Option<SubnetId>,
    down: Option<Down>,
    /// Whether reports came (back) into the queue since older ones were held against newer ones.
    grown: bool,
    seed: u64,
    confirmed: u32,
}

/// The scan server can't be reached: nothing is sent before `until`.
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

    /// Takes a report that has just been committed.
    pub fn accept(&mut self, report: Report) {
        self.reports.insert(report.id, report);
        self.grown = true;
    }

    /// All reports that it holds, the oldest first.
    pub fn reports(&self) -> impl Iterator<Item = &Report> {
        self.reports.values()
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
        let mut held_up = BTreeSet::new();
        for report in self.reports.values() {
            let due = match &report.state {
                State::Queued => true,
                State::Waiting { next_at, .. } => reached(*next_at, now),
                State::Sent { .. }
                | State::Confirmed { .. }
                | State::Partly { .. }
                | State::Unconfirmed { .. }
                | State::Rejected { .. }
                | State::Superseded { .. } => continue,
            };
            if !due {
                held_up.insert(report.subnet);
            } else if !held_up.contains(&report.subnet) {
                self.sending = Some(report.id);
                return Some(Upload {
                    report: report.id,
                    baseline: report.told().next().is_none().then_some(report.subnet),
                    leave_out: report.left_out.clone(),
                });
            }
        }
        None
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
                    State::Queued | State::Waiting { .. } => report
                        .hosts
                        .iter()
                        .copied()
                        .filter(|ip| told.contains(ip))
                        .collect(),
                    State::Rejected { .. } | State::Superseded { .. } => continue,
                    State::Sent { .. }
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
                    if let Some(baseline) = baseline {
                        report.baseline = baseline;
                    }
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
                let mut wait = self.back_off(tries, id);
                if concerns_all {
                    let tries = self.down.map_or(1, |down| down.tries + 1);
                    wait = self.back_off(tries, id);
                }
                if let Some(asked) = retry_after {
                    wait = asked.clamp(FIRST_CHECK, LONGEST_RETRY_AFTER);
                }
                let next_at = later(now, wait);
                if concerns_all {
                    let tries = self.down.map_or(1, |down| down.tries + 1);
                    self.down = Some(Down {
                        tries,
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
        if self.reading.is_some() {
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
        let last_discovery = self.reports.values().any(|report| {
            report.subnet == subnet
                && matches!(report.state, State::Sent { .. })
                && report.told().next().is_none()
        });
        self.reading = Some(subnet);
        Some((subnet, last_discovery))
    }

    /// Takes what phpIPAM shows of a subnet.
    pub fn read_back(
        &mut self,
        subnet: SubnetId,
        result: Result<&ReadBack, &Problem>,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        self.reading = None;
        let sent: Vec<ReportId> = self
            .reports
            .values()
            .filter(|report| report.subnet == subnet && matches!(report.state, State::Sent { .. }))
            .map(|report| report.id)
            .collect();
        for id in sent {
            match result {
                Ok(shown) => self.hold_against(id, shown, now, changes),
                // Nothing was seen, so nothing is told: it is looked for again, however late.
                Err(_) => self.check_later(id, now, false),
            }
        }
        self.forget();
    }

    fn hold_against(
        &mut self,
        id: ReportId,
        shown: &ReadBack,
        now: Timestamp,
        changes: &mut Vec<Change>,
    ) {
        let report = &self.reports[&id];
        let State::Sent {
            expected_by,
            checks,
            ..
        } = report.state
        else {
            return;
        };
        let told: Vec<IpAddr> = report.told().collect();
        let missing: Vec<IpAddr> = told
            .iter()
            .copied()
            .filter(|ip| !is_seen_back(report, *ip, shown))
            .collect();
        let confirmed = if told.is_empty() {
            shown
                .last_discovery
                .as_ref()
                .is_some_and(|shown| *shown != report.baseline)
        } else {
            missing.is_empty()
        };
        if confirmed {
            self.confirmed += 1;
            self.change(id, changes, |report| {
                report.step(now, Event::Confirmed, State::Confirmed { at: now });
            });
            changes.push(Change::Settled(id));
            self.settle_older(id, now, changes);
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

    /// What is told by a newer report that has arrived needs no care any more.
    fn settle_older(&mut self, by: ReportId, now: Timestamp, changes: &mut Vec<Change>) {
        let subnet = self.reports[&by].subnet;
        let scan = self.reports[&by].scan;
        let told: BTreeSet<IpAddr> = self
            .reports
            .values()
            .filter(|report| {
                report.subnet == subnet
                    && report.scan == scan
                    && matches!(report.state, State::Confirmed { .. })
            })
            .flat_map(Report::told)
            .collect();
        let older: Vec<ReportId> = self
            .reports
            .range(..by)
            .map(|(_, report)| report)
            .filter(|report| {
                report.subnet == subnet
                    && report.scan < scan
                    && matches!(
                        report.state,
                        State::Rejected { .. } | State::Partly { .. } | State::Unconfirmed { .. }
                    )
                    && report.told().all(|ip| told.contains(&ip))
            })
            .map(|report| report.id)
            .collect();
        for id in older {
            self.change(id, changes, |report| {
                report.step(now, Event::Superseded, State::Superseded { by });
            });
            changes.push(Change::Settled(id));
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
        let not_before = self.down.map_or(now, |down| down.until);
        let mut held_up = BTreeSet::new();
        let mut next: Option<Timestamp> = None;
        for report in self.reports.values() {
            let sendable = !hold_uploads && self.sending.is_none();
            let at = match &report.state {
                State::Queued if sendable && !held_up.contains(&report.subnet) => not_before,
                State::Waiting { next_at, .. } if sendable => {
                    held_up.insert(report.subnet);
                    (*next_at).max(not_before)
                }
                State::Sent { check_at, .. } if self.reading.is_none() => *check_at,
                State::Queued
                | State::Waiting { .. }
                | State::Sent { .. }
                | State::Confirmed { .. }
                | State::Partly { .. }
                | State::Unconfirmed { .. }
                | State::Rejected { .. }
                | State::Superseded { .. } => continue,
            };
            let at = if reached(at, now) { now } else { at };
            next = Some(next.map_or(at, |next| next.min(at)));
        }
        next
    }

    /// The outbox in numbers.
    pub fn view(&self) -> DeliveryView {
        let mut view = DeliveryView {
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

    /// Lets go of what has arrived, unless an older report of its subnet might still go out and must know of it.
    fn forget(&mut self) {
        let mut kept_older = BTreeSet::new();
        let mut gone = Vec::new();
        for report in self.reports.values() {
            match report.state {
                State::Confirmed { .. } | State::Superseded { .. } => {
                    if !kept_older.contains(&report.subnet) {
                        gone.push(report.id);
                    }
                }
                State::Queued
                | State::Waiting { .. }
                | State::Sent { .. }
                | State::Partly { .. }
                | State::Unconfirmed { .. }
                | State::Rejected { .. } => {
                    kept_older.insert(report.subnet);
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

fn later(now: Timestamp, wait: Duration) -> Timestamp {
    now.saturating_add(wait).unwrap_or(Timestamp::MAX)
}

fn reached(at: Timestamp, now: Timestamp) -> bool {
    at <= now || at > later(now, PLAUSIBLE)
}
