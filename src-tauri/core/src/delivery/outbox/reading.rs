//! What is looked for in phpIPAM, when, and what follows from what it shows.

use std::{collections::BTreeMap, net::IpAddr, time::Duration};

use jiff::Timestamp;

use super::{Change, Down, Outbox, Reading};
use crate::{
    delivery::{Cause, Event, ReadBack, Report, State},
    ids::{ReportId, SubnetId},
    problem::Problem,
    schedule::{later, reached},
};

pub(super) const FIRST_CHECK: Duration = Duration::from_secs(1);
pub(super) const LONGEST_CHECK: Duration = Duration::from_secs(60);
/// Reads before a report is told Partly or Unconfirmed, so that a clock that jumps forward is no proof.
const LEAST_CHECKS: u32 = 4;
/// How often a report that is not seen back is sent before that is told. A repeat is harmless, and mends a server
/// that was restarted and lost what it had taken.
const SENDS: u32 = 2;
/// While phpIPAM can't be asked, what was sent is looked for this seldom at the most.
const LONGEST_READ_BACK_OFF: Duration = Duration::from_secs(600);

impl Outbox {
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
