//! A time in which a server could not be reached, and the reports that had to wait for it.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::problem::{Severity, Standing, Subject};

/// Offline for this long is told.
const LONG: Duration = Duration::from_secs(3_600);
/// Reports that arrive after a time offline of at least this are told.
const WORTH_TELLING: Duration = Duration::from_secs(600);

/// A time in which a server could not be reached while reports were on their way.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Outage {
    /// Since when.
    pub since: Timestamp,
    /// When it was over; `None` while it lasts.
    pub until: Option<Timestamp>,
    /// Reports that were confirmed since it began.
    pub arrived: u32,
}

impl Outage {
    /// Takes up how things stand. Returns the outage once it is over, all reports have ended their way, and it is worth
    /// telling.
    pub fn follow(
        this: &mut Option<Self>,
        unreachable_since: Option<Timestamp>,
        under_way: bool,
        now: Timestamp,
    ) -> Option<Self> {
        match (this.as_mut(), unreachable_since) {
            (None, Some(since)) if under_way => {
                *this = Some(Self {
                    since,
                    until: None,
                    arrived: 0,
                });
            }
            (None, _) => {}
            (Some(outage), Some(_)) => outage.until = None,
            (Some(outage), None) => {
                outage.until.get_or_insert(now);
            }
        }
        if unreachable_since.is_some() || under_way {
            return None;
        }
        this.take()
            .filter(|over| over.arrived > 0 && over.length() >= WORTH_TELLING)
    }

    /// How long it lasted.
    pub fn length(&self) -> Duration {
        let until = self.until.unwrap_or(self.since);
        Duration::try_from(until.duration_since(self.since)).unwrap_or_default()
    }

    /// Since when a server can't be reached, by the problems that stand.
    pub fn begun(problems: &[Standing]) -> Option<Timestamp> {
        let unreachable = |standing: &&Standing| {
            standing.problem.severity() == Severity::Waiting
                && match standing.problem.subject() {
                    Subject::Ipam | Subject::Server => true,
                    Subject::Subnet(_) | Subject::Report(_) | Subject::Nmap | Subject::Machine => {
                        false
                    }
                }
        };
        let unreachable = problems.iter().filter(unreachable);
        unreachable.map(|standing| standing.since).min()
    }

    /// How long it lasts already, if this process has tried in vain (first, last) for long enough to tell it. What a process
    /// before this one left says little about now: it may be that the network only comes up.
    pub fn is_long(since: Timestamp, tries: Option<(Timestamp, Timestamp)>) -> Option<Duration> {
        let (first, last) = tries?;
        let from = |time: Timestamp| Duration::try_from(last.duration_since(time)).ok();
        if from(first)? < LONG {
            return None;
        }
        from(since.min(first))
    }
}
