//! What was told, and when.

use std::{collections::BTreeMap, fmt, net::IpAddr, time::Duration};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::Notice;
use crate::{
    compare::Exception,
    ids::SubnetId,
    problem::{Problem, Standing, Subject},
};

/// The same thing is not told twice within this time.
pub(super) const AGAIN: Duration = Duration::from_secs(24 * 3600);

/// What a notice tells of, as a text that stays the same: `unknown/7/10.77.0.9`, `problem/disk-full`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Thing(String);

impl Thing {
    /// An address of a subnet that should be looked at.
    pub fn finding(subnet: SubnetId, ip: IpAddr, what: Exception) -> Self {
        let what = match what {
            Exception::Unknown => "unknown",
            Exception::Missing => "missing",
            Exception::Mismatch => "mismatch",
        };
        Self(format!("{what}/{subnet}/{ip}"))
    }

    /// A problem with what it is about.
    pub fn problem(problem: &Problem) -> Self {
        let code = problem.code();
        Self(match problem.subject() {
            Subject::Subnet(id) => format!("problem/{code}/subnet/{id}"),
            Subject::Report(id) => format!("problem/{code}/report/{id}"),
            Subject::Ipam | Subject::Server | Subject::Nmap | Subject::Machine => match problem {
                Problem::SettingMissing { key: name }
                | Problem::SecretMissing { name }
                | Problem::SecretUnreadable { name, .. } => format!("problem/{code}/{name}"),
                _ => format!("problem/{code}"),
            },
        })
    }

    /// That a server can't be reached.
    pub fn offline() -> Self {
        Self("offline".to_owned())
    }

    /// That the reports of a time offline have arrived.
    pub fn arrived(since: Timestamp) -> Self {
        Self(format!("arrived/{since}"))
    }
}

impl fmt::Display for Thing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// When each thing was told last.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Told(BTreeMap<Thing, Timestamp>);

impl Told {
    /// What notices that were kept have told, the oldest first.
    pub fn restore(notices: impl IntoIterator<Item = (Timestamp, Vec<Thing>)>) -> Self {
        let mut told = Self::default();
        for (at, things) in notices {
            told.0.extend(things.into_iter().map(|thing| (thing, at)));
        }
        told
    }

    /// Takes a notice up.
    pub fn add(&mut self, notice: &Notice) {
        let things = notice.things.iter().cloned();
        self.0.extend(things.map(|thing| (thing, notice.at)));
    }

    /// Whether a thing that happens now was told within a day.
    pub fn lately(&self, thing: &Thing, now: Timestamp) -> bool {
        self.0.get(thing).is_some_and(|at| is_recent(*at, now))
    }

    /// Whether something that stands since `since` need not be told: it was told while it stood, or within a day.
    pub fn standing(&self, thing: &Thing, since: Timestamp, now: Timestamp) -> bool {
        self.0.get(thing).is_some_and(|at| {
            // Times that lie ahead come from a clock that was set back. One of telling proves nothing then, and one since
            // which something stands can't be held against what was told.
            is_recent(*at, now) || (*at <= now && (since <= *at || since > now))
        })
    }

    /// Forgets what may be told again, but for what still stands.
    pub fn forget(&mut self, problems: &[Standing], now: Timestamp) {
        self.0.retain(|thing, at| {
            is_recent(*at, now)
                || *thing == Thing::offline()
                || problems
                    .iter()
                    .any(|standing| Thing::problem(&standing.problem) == *thing)
        });
    }
}

fn is_recent(at: Timestamp, now: Timestamp) -> bool {
    now.duration_since(at).unsigned_abs() < AGAIN
}
